"""Results kept under what they are results of, so that an interrupted piece of work goes on where it stopped.

A result's name is the digest of the program's version, the function and its arguments: it can be found again only for
exactly the same question. Files hold plain arrays and no code; each is whole or not there, and one whose content does
not fit its own digest is not used.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.digests import code_digest, combined_digest
from simulation.content import Memo, content_digest

_PARTIAL = ".partial"
_ENDING = ".npz"
_LIBRARIES = ("numpy", "scipy", "pandas", "simpy")
KEPT_DAYS = 30.0
"""A result that nobody has asked for in this time is let go."""
MOST_BYTES = 500_000_000
"""Beyond this the results asked for longest ago are let go."""


class Store:
    """A folder of results. Opening it clears away what was left half-written and what can no longer be asked for.

    Results of another version of the program, those not asked for in `KEPT_DAYS`, and the oldest beyond `MOST_BYTES`
    are removed. The folder can be deleted at any time: all it costs is to work out again.
    """

    def __init__(self, folder: Path | str) -> None:
        self.root = Path(folder)
        self.folder = self.root / version()[:16]
        self._memo: Memo = {}
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.root / _PARTIAL, ignore_errors=True)
        for other in self.root.iterdir():
            # Only what a store made itself: a folder named by 16 digits of a digest.
            if other != self.folder and other.is_dir() and len(other.name) == 16 and _is_hexadecimal(other.name):
                shutil.rmtree(other, ignore_errors=True)
        self._let_go()

    def _let_go(self) -> None:
        held = []
        for path in self.folder.glob(f"*{_ENDING}"):
            about = path.stat()
            held.append((about.st_mtime, path.name, about.st_size))
        oldest, room = time.time() - KEPT_DAYS * 86_400.0, MOST_BYTES
        for asked, name, size in sorted(held, reverse=True):
            room -= size
            if room < 0 or asked < oldest:
                (self.folder / name).unlink(missing_ok=True)

    def key(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
        """The name of the result of `function(*arguments)`. Raises TypeError as `content_digest` does."""
        return content_digest((function, arguments), self._memo)

    def holds(self, key: str) -> bool:
        """Whether there is a file for this result; whether it can be used shows when it is read."""
        return self._file(key).is_file()

    def get(self, key: str) -> tuple[Any, ...]:
        """The result as a tuple of one, or an empty tuple where there is none that can be used."""
        path = self._file(key)
        try:
            found = _read(path.read_bytes(), key)
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
            return ()
        return (found,)

    def put(self, key: str, result: object) -> None:
        """Keep a result. It is on disk before it gets its name. Raises TypeError for what is not plain data."""
        data = _written(result, key)
        partial = self.root / _PARTIAL / f"{key}.{os.getpid()}"
        for attempt in (1, 2):
            try:
                partial.parent.mkdir(exist_ok=True)
                with partial.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(self._file(key))
                return
            except FileNotFoundError:
                # Another process has opened the store just now, and took this for something left behind.
                self.folder.mkdir(parents=True, exist_ok=True)
                if attempt == 2:
                    raise

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}{_ENDING}"


@cache
def version() -> str:
    """Digest of the program and of the libraries whose figures depend on their version."""
    return combined_digest({"code": code_digest()} | {name: metadata.version(name) for name in _LIBRARIES})


def _is_hexadecimal(name: str) -> bool:
    return set(name) <= set("0123456789abcdef")


def _written(result: object, key: str) -> bytes:
    """A result as the bytes of an .npz file: its shape as JSON, its arrays, and the digest of both."""
    arrays: list[npt.NDArray[Any]] = []
    shape = json.dumps(_taken_apart(result, arrays))
    held: dict[str, Any] = {f"a{number}": array for number, array in enumerate(arrays)}
    data = io.BytesIO()
    np.savez(data, shape=np.asarray(shape), digest=np.asarray(_digest_of(key, shape, arrays)), **held)
    return data.getvalue()


def _read(data: bytes, key: str) -> Any:
    """The inverse of `_written`. Raises ValueError for a content that does not fit its digest."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        shape = str(file["shape"])
        arrays = [file[f"a{number}"] for number in range(len(file.files) - 2)]
        if str(file["digest"]) != _digest_of(key, shape, arrays):
            raise ValueError("the content does not fit its digest")
    return _put_together(json.loads(shape), arrays)


def _digest_of(key: str, shape: str, arrays: list[npt.NDArray[Any]]) -> str:
    return content_digest((key, shape, arrays))


def _taken_apart(value: Any, arrays: list[npt.NDArray[Any]]) -> Any:
    """A value as JSON, with its arrays set aside in `arrays`."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype != object:
        arrays.append(np.asarray(value))
        return {"array" if isinstance(value, np.ndarray) else "scalar": len(arrays) - 1}
    if isinstance(value, pd.DataFrame):
        if not isinstance(value.index, pd.RangeIndex):
            raise TypeError("a table with an index of its own cannot be kept; reset it")
        index = [value.index.start, value.index.stop, value.index.step]
        return {"frame": [[str(name), _column(value[name], arrays)] for name in value], "index": index}
    if isinstance(value, pd.Timestamp):
        return {"timestamp": value.isoformat(), "unit": value.unit}
    if is_dataclass(value) and not isinstance(value, type):
        name = f"{type(value).__module__}:{type(value).__qualname__}"
        held = {field.name: _taken_apart(getattr(value, field.name), arrays) for field in fields(value)}
        return {"dataclass": name, "fields": held}
    if type(value) in (tuple, list):
        return {type(value).__name__: [_taken_apart(item, arrays) for item in value]}
    if type(value) in (dict, MappingProxyType):
        return {"dict": [[_taken_apart(part, arrays) for part in pair] for pair in value.items()]}
    raise TypeError(f"{type(value).__qualname__} is not plain data and cannot be kept: {value!r}")


def _put_together(shape: Any, arrays: list[npt.NDArray[Any]]) -> Any:
    """The inverse of `_taken_apart`."""
    if not isinstance(shape, dict):
        return shape
    kind, held = next(iter(shape.items()))
    if kind == "array":
        return arrays[held]
    if kind == "scalar":
        return arrays[held][()]
    if kind == "frame":
        columns = {name: _column_of(column, arrays) for name, column in held}
        return pd.DataFrame(columns, index=pd.RangeIndex(*shape["index"]))
    if kind == "timestamp":
        return pd.Timestamp(held).as_unit(shape["unit"])
    if kind == "dataclass":
        module, _, name = held.partition(":")
        # Never imported for a file's sake: whoever asks for the result has its class already.
        found: Any = getattr(sys.modules[module], name)
        return found(**{field: _put_together(part, arrays) for field, part in shape["fields"].items()})
    if kind == "dict":
        return {_put_together(name, arrays): _put_together(part, arrays) for name, part in held}
    items = [_put_together(item, arrays) for item in held]
    return tuple(items) if kind == "tuple" else items


def _column(column: pd.Series[Any], arrays: list[npt.NDArray[Any]]) -> dict[str, Any]:
    """A column of a table as JSON; what does not fit an array is a list, with None for missing values."""
    values: Any = column.array
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = _column(pd.Series(values.categories), arrays)
        codes = _taken_apart(np.asarray(values.codes), arrays)
        return {"codes": codes, "categories": categories, "ordered": bool(values.ordered)}
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return {"values": _taken_apart(column.to_numpy(), arrays)}
    items = [item if known else None for item, known in zip(column.tolist(), column.notna(), strict=True)]
    return {"items": [_taken_apart(item, arrays) for item in items], "dtype": str(column.dtype)}


def _column_of(shape: dict[str, Any], arrays: list[npt.NDArray[Any]]) -> Any:
    """The inverse of `_column`."""
    if "codes" in shape:
        categories = pd.Index(_column_of(shape["categories"], arrays))
        return pd.Categorical.from_codes(_put_together(shape["codes"], arrays), categories, shape["ordered"])
    if "values" in shape:
        return _put_together(shape["values"], arrays)
    return pd.array([_put_together(item, arrays) for item in shape["items"]], dtype=shape["dtype"])
