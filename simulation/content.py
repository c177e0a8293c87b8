"""What a value is, as a digest: the same on every machine and in every process, another for any other content."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd

Memo = dict[int, tuple[object, bytes]]
"""Digests of objects met before, by identity; each is held, so that no other object can take its identity."""


def content_digest(value: object, memo: Memo | None = None) -> str:
    """SHA-256 of what `value` holds: frozen dataclasses, frames, arrays, mappings, sequences and plain values.

    Functions count with their name and the text of the file that they stand in. What is worked out from the fields
    (cached properties) does not count. With a `memo`, what several values share is read once. Raises TypeError for what
    has no content that outlasts the process, such as an open file or a lambda.

    >>> content_digest({"a": 1}) == content_digest({"a": 1})
    True
    >>> content_digest({"a": 1}) == content_digest({"a": 1.0})
    False
    """
    return _digest(value, {} if memo is None else memo).hex()


def _digest(value: object, memo: Memo) -> bytes:
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return _sha(type(value).__name__.encode(), value if isinstance(value, bytes) else repr(value).encode())
    known = memo.get(id(value))
    if known is None:
        known = memo[id(value)] = (value, _sha(*_parts(value, memo)))
    return known[1]


def _sha(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _parts(value: Any, memo: Memo) -> list[bytes]:
    """The kind of a value, then what it holds."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}".encode()
    if isinstance(value, Enum):
        return [kind, value.name.encode()]
    if is_dataclass(value) and not isinstance(value, type):
        return [kind, *(_digest((field.name, getattr(value, field.name)), memo) for field in fields(value))]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return [b"array", value.dtype.str.encode(), repr(value.shape).encode(), value.tobytes()]
    if isinstance(value, np.ndarray):
        return [b"objects", repr(value.shape).encode(), *(_digest(item, memo) for item in value.ravel().tolist())]
    if isinstance(value, np.generic):
        return [b"scalar", value.dtype.str.encode(), value.tobytes()]
    if isinstance(value, pd.DataFrame):
        return [
            b"frame",
            *_parts(value.index, memo),
            *(part for name in value for part in _column(name, value[name], memo)),
        ]
    if isinstance(value, pd.Series):
        return [b"series", *_parts(value.index, memo), *_column(value.name, value, memo)]
    if isinstance(value, pd.Index):
        return [b"index", str(value.dtype).encode(), *(_digest(item, memo) for item in value.tolist())]
    if isinstance(value, (pd.Timestamp, pd.Timedelta)) or value is pd.NaT or value is pd.NA:
        return [kind, str(value).encode()]
    if isinstance(value, Mapping):
        return [b"mapping", *(_digest(pair, memo) for pair in value.items())]
    if isinstance(value, (tuple, list)):
        return [kind, *(_digest(item, memo) for item in value)]
    if isinstance(value, (set, frozenset)):
        return [b"set", *sorted(_digest(item, memo) for item in value)]
    if isinstance(value, range):
        return [b"range", repr(value).encode()]
    if isinstance(value, Path):
        return [b"path", str(value).encode()]
    if isinstance(value, partial):
        return [b"partial", _digest((value.func, value.args, value.keywords), memo)]
    if isinstance(value, (FunctionType, type)):
        return [b"code", *_code(value)]
    raise TypeError(f"{type(value).__qualname__} has no content that can be told from that of another: {value!r}")


def _column(name: object, column: pd.Series[Any], memo: Memo) -> list[bytes]:
    values: Any = column.array
    if isinstance(column.dtype, pd.CategoricalDtype):
        held = [_digest(values.categories, memo), values.codes.tobytes(), str(values.ordered).encode()]
    elif isinstance(column.dtype, np.dtype) and column.dtype != object:
        held = [column.to_numpy().tobytes()]
    else:
        known = column.notna().to_numpy()
        held = [known.tobytes(), *(_digest(item, memo) for item in column[known].tolist())]
    return [_digest(str(name), memo), str(column.dtype).encode(), *held]


def _code(value: Callable[..., Any]) -> list[bytes]:
    """Where a function or class stands, and the text of the file that it stands in."""
    name = f"{value.__module__}.{value.__qualname__}".encode()
    if "<lambda>" in value.__qualname__ or "<locals>" in value.__qualname__:
        raise TypeError(f"{value.__qualname__} is made anew in each process; use a function of a module")
    try:
        return [name, Path(inspect.getfile(value)).read_bytes()]
    except (OSError, TypeError):
        return [name, inspect.getsource(value).encode()]
