"""What the tests know of their PostgreSQL server: where its binaries are, what its tables hold, how to ask it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PASSWORD = "s3cret-Of-The-Owner"
_FOLDERS = "/usr/lib/postgresql/*/bin"
_NO_SERVER = f"PostgreSQL is not installed (apt-get install postgresql puts it in {_FOLDERS})"
TABLES = """
CREATE TABLE children (
    child_id text, "Swift No" bigint, born date, seen timestamp, moved timestamptz, cost numeric(10, 2),
    share double precision, open boolean, note text
);
INSERT INTO children VALUES
    ('00123', 9007199254740993, '2016-02-29', '2024-03-31 00:00', '2024-07-01 00:00+01', 1234.50, 0.1, true, 'Zoë'),
    ('NA', NULL, NULL, '2024-03-31 10:30:00', NULL, NULL, NULL, false, NULL),
    ('003', 7, '1900-01-01', NULL, NULL, 0, 1, NULL, E'a,b\nc');
CREATE TABLE "odd""; DROP TABLE children; --" (id text, "a ""b"" c" text);
INSERT INTO "odd""; DROP TABLE children; --" VALUES ('1', 'kept');
CREATE SCHEMA social;
CREATE TABLE social.placements (id int, team text);
INSERT INTO social.placements SELECT n, CASE WHEN n % 2 = 0 THEN 'North' ELSE 'O''Brien; --' END
    FROM generate_series(1, 20000) n;
CREATE SEQUENCE counter;
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path

    @property
    def url(self) -> str:
        """The address for the owner of all tables, who may change everything; without the password."""
        return f"postgresql://owner@/records?host={self.folder}"

    def asked(self, statement: str) -> str:
        """What psql answers."""
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [str(binaries() / "psql"), "-h", str(self.folder), "-U", "owner", "-v", "ON_ERROR_STOP=1", "-At"]
        command += ["-d", "records" if "CREATE DATABASE" not in statement else "postgres", "-c", statement]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def binaries() -> Path:
    """The folder of the newest server installed; skips the test where there is none."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(
        (f for f in found if (f / "initdb").is_file()), key=lambda f: int(re.sub(r"\D", "", f.parent.name))
    )
    if not folders:
        pytest.skip(_NO_SERVER)
    return folders[-1]
