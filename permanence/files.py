"""Writing so that a file under its final name is always whole, and telling whether a file has changed."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

from event_logs.errors import InputError, Problem

_PARTIAL = ".partial"
_PACKAGES = ("event_logs", "mining", "simulation", "scenarios", "permanence")


@contextmanager
def complete_files(folder: Path) -> Iterator[Path]:
    """A scratch folder whose files appear in `folder` under their own names only when the block ends without error.

    Each file is on disk before it gets its name, so an interrupted run leaves the former file or none, never a part
    of one. What an earlier interrupted run left behind is cleared away. Raises InputError when `folder` cannot be
    written to.
    """
    scratch = folder / _PARTIAL
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        yield scratch
        for path in sorted(scratch.iterdir()):
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            path.replace(folder / path.name)
    except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        named = Path(error.filename2 or error.filename or folder)
        problem = f"it cannot be written ({(error.strerror or str(error)).lower()})"
        remedy = "Close it in other programs, or choose another folder with --out"
        raise InputError(Problem(str(folder / named.name), "", problem, remedy)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, the same bytes on every system."""
    path.write_bytes(text.encode("utf-8"))


def digest(data: bytes) -> str:
    """SHA-256 of some bytes, as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content; empty text when there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def combined_digest(parts: dict[str, str]) -> str:
    """One digest of several named ones, in the order of their names."""
    return digest("\n".join(f"{name}={parts[name]}" for name in sorted(parts)).encode())


@cache
def code_digest() -> str:
    """Digest of the program itself, so that results of another version of it are not taken for current ones."""
    parts = {}
    for package in _PACKAGES:
        root = Path(str(resources.files(package)))
        for path in root.rglob("*"):
            if path.suffix in {".py", ".j2", ".css", ".toml"}:
                parts[f"{package}/{path.relative_to(root).as_posix()}"] = file_digest(path)
    return combined_digest(parts)
