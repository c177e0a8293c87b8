"""Writing so that a file under its final name is always whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from event_logs.errors import InputError, Problem

_PARTIAL = ".partial"


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
