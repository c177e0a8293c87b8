"""Opening files that may be packed without letting them unfold too far, and writing files whole or not at all."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from event_logs.errors import InputError, Problem

MAX_BYTES = 2_000_000_000
"""No file may unfold to more than this."""
_RATIO, _RATIO_FROM = 100, 64_000_000
"""Nor to more than this many times its packed size, once it is larger than `_RATIO_FROM`: logs pack 20 to 50 times."""


class BoundedStream:
    """A stream of bytes that raises InputError when it unfolds further than a log can honestly need."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, packed_size: int, file: str) -> None:
        self._stream, self._packed, self.file, self._read = stream, max(packed_size, 1), file, 0
        self._head = b""

    def peek(self, size: int) -> bytes:
        """The first bytes, which will be read again."""
        while len(self._head) < size and (more := self._next(size - len(self._head))):
            self._head += more
        return self._head[:size]

    def read(self, size: int = -1) -> bytes:
        """The next bytes; all that remain if no size is given."""
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        if self._head:
            part, self._head = self._head[:size], self._head[size:]
            return part
        return self._next(size)

    def _next(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._read += len(data)
        if self._read > MAX_BYTES or (self._read > _RATIO_FROM and self._read > _RATIO * self._packed):
            problem = f"the file unfolds to more than {self._read / 1e6:,.0f} MB, which no honest log does"
            raise InputError(Problem(self.file, "", problem, "Look at what is in it before trying again"))
        return data


@contextmanager
def opened(path: Path) -> Iterator[BoundedStream]:
    """The bytes of a file, unpacked when its name ends in .gz.

    Raises InputError when the file is missing, empty, unreadable, damaged, or unfolds too far.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InputError(Problem(str(path), "", "this is a folder, not a file", "Name a file in it"))
        if size == 0:
            raise InputError(Problem(path.name, "", "the file is empty", "Export it again"))
        with path.open("rb") as file:
            stream = gzip.GzipFile(fileobj=file) if path.suffix.lower() == ".gz" else file
            yield BoundedStream(stream, size, path.name)
    except FileNotFoundError:
        raise InputError(Problem(str(path), "", "the file does not exist", "Check the name and the folder")) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        problem = "the packed file is damaged or cut off"
        raise InputError(Problem(path.name, "", problem, "Copy or export it again")) from None
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or error})"
        raise InputError(Problem(str(path), "", problem, "Close it in other programs, check permissions")) from None


def read_bytes(path: Path) -> bytes:
    """All that a file holds; raises as `opened` does."""
    with opened(path) as stream:
        return stream.read()


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place only when it is complete and on the disk."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
