"""The JSON form of OCEL 2.0 (ocel-standard.org): lists of types, objects and events, checked and turned into tables.

The published schema wants every attribute value as text; its type (string, time, integer, float, boolean) stands in
the declaration of the object or event type. Other products write numbers as numbers: read too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.xes import without_offset

Item = dict[str, Any]
Document = Mapping[str, list[Item]]
"""`objectTypes`, `eventTypes`, `objects`, `events`."""

_ALWAYS = "1970-01-01T00:00:00Z"  # the standard's time for a value that does not change
_NAMED, _LINKED = ("name",), ("objectId", "qualifier")
_SHAPES: Mapping[str, tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]] = {
    "objectTypes": (("name",), {"attributes": ("name", "type")}),
    "eventTypes": (("name",), {"attributes": ("name", "type")}),
    "objects": (("id", "type"), {"attributes": ("name", "time"), "relationships": _LINKED}),
    "events": (("id", "type", "time"), {"attributes": _NAMED, "relationships": _LINKED}),
}
"""For each list of a document the texts that its items must have, and those that the items of their lists must have."""
_SHOWN = 5


def declared(frame: pd.DataFrame) -> list[Item]:
    """The attributes of a type, as its declaration lists them."""
    return [{"name": str(column), "type": _kind(frame[column])} for column in frame]


def attribute_items(frame: pd.DataFrame, *, timed: bool) -> list[list[Item]]:
    """For each row the attributes that are not missing; those of objects carry a time."""
    rows: list[list[Item]] = [[] for _ in range(len(frame))]
    for column in frame:
        name = str(column)
        for row, text in zip(rows, _texts(frame[column]), strict=True):
            if text is not None:
                row.append({"name": name, "time": _ALWAYS, "value": text} if timed else {"name": name, "value": text})
    return rows


def object_items(ids: Iterable[str], kind: str, frame: pd.DataFrame, links: pd.DataFrame | None = None) -> list[Item]:
    """Objects of one type with the attributes of `frame`, row by row, and their `links`: `from`, `to`, `qualifier`."""
    related: dict[str, list[Item]] = {}
    if links is not None:
        for source, target, qualifier in links[["from", "to", "qualifier"]].itertuples(index=False):
            related.setdefault(source, []).append({"objectId": target, "qualifier": qualifier})
    return [
        {"id": key, "type": kind, "attributes": attributes, "relationships": related.get(key, [])}
        for key, attributes in zip(ids, attribute_items(frame, timed=True), strict=True)
    ]


def table(items: Sequence[Item], types: Sequence[Item], kind_of_item: str | None = None) -> pd.DataFrame:
    """One row an item, by id: every attribute that its type (or any) declares or that an item has, typed as declared.

    Text that does not read as its declared type, and attributes that types declare differently, stay text.
    """
    declarations: dict[str, str] = {}
    for each in types:
        for attribute in each.get("attributes", []) if kind_of_item in (None, each["name"]) else []:
            name, kind = attribute["name"], attribute["type"]
            declarations[name] = kind if declarations.get(name, kind) == kind else "string"
    columns: dict[str, list[str | None]] = {name: [None] * len(items) for name in declarations}
    for row, item in enumerate(items):
        # A value may change over time: the last one counts.
        for attribute in sorted(item.get("attributes", []), key=lambda one: one.get("time", "")):
            if attribute["name"] not in columns:
                columns[attribute["name"]] = [None] * len(items)
            columns[attribute["name"]][row] = _plain(attribute.get("value"))
    ids = pd.Index([item["id"] for item in items], dtype="str")
    return pd.DataFrame(
        {name: _typed(texts, declarations.get(name, "string")).set_axis(ids) for name, texts in columns.items()},
        index=ids,
    )


def render(document: Document) -> bytes:
    """The document as JSON in ASCII, one item a line, so that two of them can be compared line by line."""
    sections = []
    for name in _SHAPES:
        lines = ",\n".join(json.dumps(item, separators=(",", ":"), allow_nan=False) for item in document[name])
        sections.append(f'"{name}":[\n{lines}\n]')
    return ("{" + ",\n".join(sections) + "}\n").encode("ascii")


def parse(data: bytes, file: str) -> Document:
    """The document in a file. Raises InputError if it is not OCEL 2.0 JSON, has ids twice, or unknown objects."""
    remedy = "Export the log again as OCEL 2.0 JSON"
    try:
        document = json.loads(data)
    except json.JSONDecodeError as error:
        raise InputError(Problem(file, f"line {error.lineno}", f"not well-formed JSON: {error.msg}", remedy)) from None
    except (UnicodeDecodeError, RecursionError):
        raise InputError(Problem(file, "", "the file is not JSON in UTF-8, or nested too deeply", remedy)) from None
    found = [problem for section in _SHAPES for problem in _misshapen(document, section)] or list(
        _disagreeing(document)
    )
    if found:
        raise InputError([Problem(file, place, problem, remedy) for place, problem in found])
    return {section: document[section] for section in _SHAPES}


def _misshapen(document: object, section: str) -> Iterator[tuple[str, str]]:
    """Place and problem of what is not as the standard has it, the first few of a section."""
    if not isinstance(document, dict) or not isinstance(document.get(section), list):
        yield section, f"there is no list {section!r}: this is not OCEL 2.0 JSON"
        return
    own, nested = _SHAPES[section]
    wrong: list[str] = []
    for place, item in enumerate(document[section], start=1):
        if not _has(item, own):
            wrong.append(f"{place} must have the texts {', '.join(own)}")
            continue
        for name, keys in nested.items():
            inner = item.get(name, [])
            if not isinstance(inner, list) or not all(_has(one, keys) for one in inner):
                wrong.append(f"{place}: each of its {name} must have the texts {', '.join(keys)}")
    yield from ((section, f"item {problem}") for problem in wrong[:_SHOWN])
    if len(wrong) > _SHOWN:
        yield section, f"and {len(wrong) - _SHOWN:,} more items"


def _has(item: object, keys: Sequence[str]) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(key), str) for key in keys)


def _disagreeing(document: Document) -> Iterator[tuple[str, str]]:
    """Ids that are not unique, and relations to objects that are not there."""
    known = {item["id"] for item in document["objects"]}
    for section in ("objects", "events"):
        twice = [key for key, count in Counter(item["id"] for item in document[section]).items() if count > 1]
        if twice:
            yield section, f"{len(twice):,} ids stand more than once, first {twice[0]!r}"
        links = [link["objectId"] for item in document[section] for link in item.get("relationships", [])]
        strangers = [key for key in links if key not in known]
        if strangers:
            yield section, f"{len(strangers):,} relations lead to objects that are not there, first {strangers[0]!r}"


def _kind(values: pd.Series[Any]) -> str:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "time"
    if pd.api.types.is_bool_dtype(values):
        return "boolean"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    return "float" if pd.api.types.is_float_dtype(values) else "string"


def _texts(values: pd.Series[Any]) -> list[str | None]:
    """Each value as text, None for a missing one; each distinct value is written once."""
    codes, unique = pd.factorize(values)
    kind = _kind(values)
    if kind == "time":
        texts = [f"{stamp}Z" for stamp in np.datetime_as_string(np.asarray(unique, dtype="datetime64[us]"), unit="us")]
    elif kind == "boolean":
        texts = ["true" if value else "false" for value in unique]
    elif kind == "integer":
        texts = [str(int(value)) for value in unique]
    elif kind == "float":
        texts = [repr(float(value)) for value in unique]
    else:
        texts = [str(value) for value in unique]
    written = [*texts, None]  # code -1, a missing value
    return [written[code] for code in codes]


def _plain(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _typed(texts: list[str | None], kind: str) -> pd.Series[Any]:
    values = pd.Series(texts, dtype="str")
    try:
        if kind == "integer":
            whole = pd.Series([pd.NA if text is None else int(text) for text in texts], dtype="Int64")
            return whole if whole.isna().any() else whole.astype("int64")
        if kind == "float":
            return pd.Series([np.nan if text is None else float(text) for text in texts], dtype="float64")
        if kind == "time":
            return pd.to_datetime(without_offset(values), format="ISO8601").astype("datetime64[us]")
        if kind == "boolean" and values.dropna().isin(["true", "false"]).all():
            truth = pd.Series([None if text is None else text == "true" for text in texts], dtype="boolean")
            return truth if truth.isna().any() else truth.astype("bool")
    except (ValueError, OverflowError):
        pass
    return values
