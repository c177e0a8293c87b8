"""Digests: telling whether a file, or the program itself, has changed."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

_PACKAGES = ("event_logs", "mining", "simulation", "scenarios", "permanence")


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
