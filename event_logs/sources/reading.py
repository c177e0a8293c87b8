"""One way to read a table, whatever it stands in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from event_logs.errors import InputError, Problem
from event_logs.packed import read_bytes
from event_logs.sources.delimited import read_delimited
from event_logs.sources.excel import SUFFIXES as WORKBOOKS
from event_logs.sources.excel import read_excel
from event_logs.sources.parquet import read_parquet
from event_logs.sources.spec import Source
from event_logs.sources.sql import read_sql
from event_logs.sources.table import TextTable

_TEXT = (".csv", ".txt", ".tsv", ".tab", ".psv", ".dat")
_PARQUET = (".parquet", ".pq")
_KNOWN = (*_TEXT, *(f"{suffix}.gz" for suffix in _TEXT), *WORKBOOKS, *_PARQUET)
_CONTENTS = {
    b"PK\x03\x04": "a zip archive or a workbook of the .xlsx kind",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a workbook of the .xls kind, or one protected by a password",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a file packed with gzip",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"%PDF": "a PDF",
}
_FITS = {b"PK\x03\x04": (".xlsx", ".xlsm", ".ods"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": (".xls",), b"PAR1": _PARQUET}
_CLOSE = "Close it in Excel and in other programs, and check your rights to the file"


def read_source(spec: Source, folder: Path, progress: Callable[[int], None] | None = None) -> TextTable:
    """The table that a source names, as text, with the sentences that say how it was read in `found` and `warnings`.

    An encoding or a delimiter that the source leaves open is found as with "auto". `progress` is called with the
    number of records read so far. Raises InputError, with file, place, problem and remedy, for whatever keeps the
    table from being read whole: nothing is ever read in part.
    """
    if spec.file is None:
        return read_sql(spec, folder, progress)
    path = folder / spec.file
    kind = _kind(path)
    _check_readable(path)
    _check_contents(path, kind)
    if kind in WORKBOOKS:
        return _opened_elsewhere(read_excel(path, spec, progress), path)
    if kind in _PARQUET:
        return read_parquet(path, spec, progress)
    return _opened_elsewhere(read_delimited(read_bytes(path), spec, progress), path)


def _kind(path: Path) -> str:
    """The ending that says what a file is; a file that is none of the known kinds is refused unread."""
    name = path.name.lower()
    if path.name.startswith("~$"):
        problem = "this is the mark that Excel leaves beside an open workbook, not the workbook"
        raise InputError(Problem(str(path), "", problem, f"Name {path.name[2:]!r} instead"))
    for ending in sorted(_KNOWN, key=len, reverse=True):
        if name.endswith(ending):
            return ending
    problem = f"a file ending in {path.suffix!r} is no table that can be read"
    if not path.suffix:
        problem = "the file has no ending that says what it is"
    if path.is_dir():
        problem = "this is a folder, not a file"
    elif not path.exists():
        problem = "the file does not exist"
    remedy = f"Name a file that ends in one of: {', '.join(_KNOWN[: len(_TEXT)] + WORKBOOKS + _PARQUET)}"
    if path.suffix.lower() == ".zip":
        remedy = "Unpack the archive and name the file in it"
    raise InputError(Problem(str(path), "", problem, remedy))


def _check_readable(path: Path) -> None:
    try:
        if path.is_dir():
            raise InputError(Problem(str(path), "", "this is a folder, not a file", "Name a file in it"))
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        raise InputError(Problem(str(path), "", "the file does not exist", "Check the name and the folder")) from None
    except PermissionError:
        problem = "the file is locked by another program, or you may not read it"
        raise InputError(Problem(str(path), "", problem, _CLOSE)) from None
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or error})"
        raise InputError(Problem(str(path), "", problem, _CLOSE)) from None
    if empty:
        raise InputError(Problem(path.name, "", "the file is empty", "Export it again"))


def _check_contents(path: Path, kind: str) -> None:
    """Refuse a file whose contents are not what its name says."""
    with path.open("rb") as file:
        head = file.read(512)
    mark = next((start for start in _CONTENTS if head.startswith(start)), None)
    if mark == b"MZ" and b"\x00" not in head:
        mark = None  # a text may well begin with these two letters
    if mark is None:
        if kind in WORKBOOKS or kind in _PARQUET:
            web = head.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"\xef\xbb\xbf<"))
            what = "a web page" if web else "text" if b"\x00" not in head else "something else"
            problem = f"the name ends in {kind}, but the file holds {what}"
            remedy = "Open it in Excel and save it as an Excel workbook (.xlsx)"
            if what == "text":
                remedy += ", or let its name end in .csv"
            raise InputError(Problem(path.name, "", problem, remedy))
        return
    if kind not in _FITS.get(mark, ()) and not (mark == b"\x1f\x8b" and kind.endswith(".gz")):
        problem = f"the name ends in {kind}, but the file is {_CONTENTS[mark]}"
        raise InputError(Problem(path.name, "", problem, "Give the file its right ending, or export it again"))


def _opened_elsewhere(table: TextTable, path: Path) -> TextTable:
    if (path.parent / f"~${path.name}").exists() or (path.parent / f".~lock.{path.name}#").exists():
        warning = "the file is open in Excel or another program: what was last saved was read"
        return replace(table, warnings=(*table.warnings, warning))
    return table
