"""Date formats: what may stand in one, and the dates they find in text, in any locale."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Language = Literal["en", "gd"]
Ints = npt.NDArray[np.int64]


def _names(text: str) -> list[str]:
    return text.split()


_ENGLISH = (
    _names("january february march april may june july august september october november december"),
    _names("jan feb mar apr may jun jul aug sep oct nov dec"),
)
_GAELIC_ARTICLES = r"(?:dhen t-|dhen |an t-|am |an |a' ?|a’ ?)?"
_GAELIC = (
    _names("faoilleach gearran mart giblean ceitean ogmhios iuchar lunastal sultain damhair samhain dubhlachd"),
    _names("fhaoilleach ghearran mhart ghiblean cheitean ogmhios iuchar lunastal sultain damhair samhain dubhlachd"),
    _names("fhaoillich ghearrain mhairt ghiblein cheitein ogmhios iuchair lunastail sultain damhair samhain dubhlachd"),
    _names("faoi gearr mart gibl ceit ogmh iuch luna sult damh samh dubh"),
)
"""Without accents: as a list has them, after "dhen", in the genitive, short."""
_PLAIN = {
    "d": r"\d{1,2}",
    "m": r"\d{1,2}",
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{1,2}",
    "S": r"\d{1,2}",
    "f": r"\d{1,9}",
    "p": r"(?:[AaPp]\.?[Mm]\.?)",
    "z": r"(?:[Zz]|[+-]\d{2}:?(?:\d{2})?)",
}
_WIDE = {"d", "m", "H", "I", "M", "S"}
_TIME = (
    r"(?:[T ](?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.(?P<f>\d{1,9}))?)?)?"
    r"(?: ?(?P<z>[Zz]|[+-]\d{2}:?(?:\d{2})?))?"
)
ISO = "%Y-%m-%d"


def tokens(date_format: str) -> list[tuple[str, str]]:
    """A format in pieces: (directive, "") or ("", literal text). ValueError for a directive that is not known.

    >>> tokens("%d/%m/%Y")
    [('d', ''), ('', '/'), ('m', ''), ('', '/'), ('Y', '')]
    """
    found = []
    for directive, literal in re.findall(r"%(.?)|([^%]+)", date_format):
        if directive == "%":
            found.append(("", "%"))
        elif directive and directive not in _PLAIN and directive not in "bBaA":
            known = ", ".join(f"%{letter}" for letter in (*_PLAIN, *"bBaA"))
            raise ValueError(f"{date_format!r} has %{directive}, which cannot be read; what can be: {known}")
        elif not literal and not directive:
            raise ValueError(f"{date_format!r} ends in a single %")
        else:
            found.append((directive, literal))
    return found


def checked_format(date_format: str) -> str:
    """The format, if it says day, month and year in a way that can be read; ValueError if not."""
    used = [directive for directive, _ in tokens(date_format) if directive]
    twice = sorted({directive for directive in used if used.count(directive) > 1})
    if "d" not in used or not set(used) & set("mbB") or not set(used) & set("Yy") or twice:
        problem = f"says %{twice[0]} twice" if twice else "does not say day, month and year"
        raise ValueError(f"{date_format!r} {problem}; write for example '%d/%m/%Y' for 25/12/2024")
    return date_format


def shape(date_format: str) -> str:
    """What a date in the format looks like, with # for each digit: two formats of one shape read the same text.

    >>> shape("%d/%m/%Y") == shape("%m/%d/%Y")
    True
    """
    widths = {"Y": "####", "f": "#", "p": "AM", "z": "Z", "b": "name", "B": "name", "a": "day", "A": "day"}
    return "".join(widths.get(directive, "##") if directive else literal for directive, literal in tokens(date_format))


def example(date_format: str) -> str:
    """25 December 2024 as it is written in the format, in any locale.

    >>> example("%d-%b-%y")
    '25-Dec-24'
    """
    parts = {"d": "25", "m": "12", "Y": "2024", "y": "24", "H": "14", "I": "02", "M": "30", "S": "00", "f": "0"}
    parts |= {"p": "PM", "z": "+00:00", "b": "Dec", "B": "December", "a": "Wed", "A": "Wednesday"}
    return "".join(parts[directive] if directive else literal for directive, literal in tokens(date_format))


def other_order(date_format: str) -> str | None:
    """The format with day and month changed over, None where that is no order anybody writes.

    >>> other_order("%d/%m/%Y"), other_order("%Y-%m-%d")
    ('%m/%d/%Y', None)
    """
    order = [directive for directive, _ in tokens(date_format) if directive in ("d", "m", "Y", "y")]
    if len(order) != 3 or order[2] not in ("Y", "y"):
        return None
    return date_format.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")


@cache
def month_numbers(languages: tuple[Language, ...]) -> dict[str, int]:
    """Folded name of a month -> its number."""
    lists = [names for language in languages for names in (_ENGLISH if language == "en" else _GAELIC)]
    numbers = {name: number for names in lists for number, name in enumerate(names, start=1)}
    return numbers | ({"sept": 9} if "en" in languages else {})


@cache
def month_pattern(languages: tuple[Language, ...]) -> str:
    """A regular expression for a folded month name, in the group `b`."""
    names = sorted(month_numbers(languages), key=lambda name: (-len(name), name))
    articles = _GAELIC_ARTICLES if "gd" in languages else ""
    return rf"{articles}(?P<b>{'|'.join(names)})\.?"


def folded(texts: pa.Array) -> pa.Array:
    """The texts in small letters without accents, as month names are compared."""
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return pc.ascii_lower(texts)
    plain = [
        "".join(sign for sign in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(sign))
        for text in texts.to_pylist()
    ]
    return pa.array(plain, pa.large_string())


@cache
def pattern(date_format: str, languages: tuple[Language, ...], times: bool) -> str:
    """The regular expression (RE2) of a format; with `times` a time of day and an offset may follow the date."""
    pieces = tokens(date_format)
    parts = []
    for place, (directive, literal) in enumerate(pieces):
        beside = [pieces[i][0] for i in (place - 1, place + 1) if 0 <= i < len(pieces)]
        if not directive:
            parts.append(re.sub(r"\s+", " ", re.escape(literal).replace(r"\ ", " ")))
        elif directive in "bB":
            parts.append(month_pattern(languages))
        elif directive in "aA":
            parts.append(r"\pL+\.?")
        else:
            width = r"\d{2}" if directive in _WIDE and any(near in _PLAIN for near in beside) else _PLAIN[directive]
            parts.append(f"(?P<{directive}>{width})")
    timed = any(directive in ("H", "I", "z") for directive, _ in pieces)
    return rf"\A(?i:{''.join(parts)}{_TIME if times and not timed else ''})\z"


Fields = dict[str, Ints]
"""Directive -> its number for each text that matched, -1 where an optional one is not there. `z` is in minutes, or
`NO_OFFSET`."""
NO_OFFSET = -100_000


def find(texts: pa.Array, regular: str, languages: Sequence[Language] = ("en",)) -> tuple[Ints, Fields]:
    """The positions of the texts that match, and the numbers in them."""
    found = pc.extract_regex(texts, regular)
    at = np.flatnonzero(pc.is_valid(found).to_numpy(zero_copy_only=False))
    found = found.take(pa.array(at))
    fields: Fields = {}
    for place, item in enumerate(found.type):
        column = pc.struct_field(found, place)
        if item.name == "b":
            fields["b"] = _coded(column, month_numbers(tuple(languages)))
        elif item.name == "p":
            fields["p"] = (
                pc.ascii_lower(pc.utf8_slice_codeunits(column, 0, 1)).to_numpy(zero_copy_only=False) == "p"
            ) * 1
        elif item.name == "z":
            fields["z"] = _offsets(column)
        elif item.name == "f":
            padded = pc.utf8_slice_codeunits(pc.utf8_rpad(column, 6, "0"), 0, 6)
            fields["f"] = _number(padded)
        else:
            fields[item.name] = _number(column)
    return at, fields


def _number(column: pa.Array) -> Ints:
    present = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
    return np.asarray(pc.fill_null(pc.cast(present, pa.int64()), -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _coded(column: pa.Array, numbers: dict[str, int]) -> Ints:
    coded = pc.dictionary_encode(pc.ascii_lower(column))
    values = np.array([numbers[name] for name in coded.dictionary.to_pylist()] or [0], dtype=np.int64)
    return np.asarray(values[coded.indices.to_numpy(zero_copy_only=False)])


def _offsets(column: pa.Array) -> Ints:
    coded = pc.dictionary_encode(column)
    values = [_minutes(text) for text in coded.dictionary.to_pylist()] or [0]
    return np.asarray(np.array(values, dtype=np.int64)[coded.indices.to_numpy(zero_copy_only=False)])


def _minutes(text: str) -> int:
    if not text:
        return NO_OFFSET
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if text[0] == "-" else minutes


def moments(fields: Fields, year: Ints) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.bool_]]:
    """The moments that the numbers stand for, NaT where no calendar or clock has them, and which carry a time.

    Midnight is how many systems write a date without a time, so it counts as none.
    """
    month = fields["b"] if "b" in fields else fields["m"]
    day = fields["d"]
    hour, minute, second = (fields.get(part, np.full(len(year), -1)) for part in "HMS")
    micro = fields.get("f", np.full(len(year), -1))
    if "I" in fields:
        hour = np.where((fields["I"] >= 1) & (fields["I"] <= 12), fields["I"] % 12 + 12 * fields.get("p", 0), 24)
    good = (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(good, day - 1, 0).astype("timedelta64[D]")
    good &= days.astype("datetime64[M]") == months
    clock = (np.maximum(hour, 0) * 60 + np.maximum(minute, 0)) * 60 + np.maximum(second, 0)
    clock = clock * 1_000_000 + np.maximum(micro, 0)
    found = days.astype("datetime64[us]") + np.where(good, clock, 0).astype("timedelta64[us]")
    found[~good] = np.datetime64("NaT", "us")
    return found, good & (clock > 0)


def tidied(texts: pd.Series[str]) -> pa.Array:
    """The texts with single ordinary spaces, as Arrow."""
    array = pa.array(texts, pa.large_string())
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if len(array) and pc.any(pc.match_substring_regex(array, r"\s\s|[\t\r\n\x{a0}\x{202f}\x{2007}]")).as_py():
        array = pc.replace_substring_regex(array, r"[\s\x{a0}\x{202f}\x{2007}]+", " ")
    return array
