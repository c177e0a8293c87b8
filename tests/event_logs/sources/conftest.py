"""A real PostgreSQL server for the tests, from the binaries that Debian and Ubuntu install."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import PASSWORD, TABLES, Server, binaries


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of its own, on a socket in a temporary folder, for the length of the test run."""
    server = binaries()
    user = "postgres" if os.geteuid() == 0 else None  # initdb refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="permanence-pg-"))
    try:
        if user:
            shutil.chown(folder, user)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        data = str(folder / "data")
        run: dict[str, Any] = {"cwd": folder, "user": user, "check": True, "capture_output": True, "timeout": 60}
        init = [server / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*init, "--no-sync", f"--pwfile={password}"], **run)
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c max_connections=10"
        log = str(folder / "log")
        # Its output goes to a file: the server would keep a pipe open, and we would wait for its end.
        quiet = {**run, "capture_output": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([server / "pg_ctl", "-D", data, "-o", settings, "-l", log, "-w", "start"], **quiet)
        try:
            running = Server(folder)
            running.asked("CREATE DATABASE records")
            running.asked(TABLES)
            yield running
        finally:
            subprocess.run([server / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
