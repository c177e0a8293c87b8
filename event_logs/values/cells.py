"""Identifiers, yes-or-no answers, numbers and notes; and what looks like something it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]

SEEMS_MISSING = ("null", "n/a", "na", "#n/a", "none", "nan", "nil", "-", "--", ".", "?", "n/k", "not known", "unknown")
"""Texts that mean "not known" in many extracts, in small letters; they are only read so where they are declared."""
_EXCEL_DIGITS = 15
_CONTACT = (
    r"(?:\+44|\b0)[\s()-]?\d(?:[\s()-]{0,2}\d){8,9}\b"  # telephone
    r"|[\w.+-]+@[\w-]+\.[\w.]+"  # e-mail address
    r"|(?i:\b[a-z]{1,2}\d[a-z\d]?\s\d[a-z]{2}\b)"  # postcode
    r"|(?i:\b[a-ceghj-prtw-z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[a-d]\b)"  # national insurance number
)


def seems_missing(values: pd.Series[str]) -> Mask:
    """Which values look like "not known", written in a way that nobody declared."""
    return np.asarray(values.str.casefold().isin(SEEMS_MISSING), dtype=bool)


def damaged_by_excel(ids: pd.Series[str]) -> Mask:
    """Which identifiers show that Excel took them for numbers.

    `1.23E+15` has lost its digits, `1234567.0` has won one, and a number of more than 15 digits that ends in zeros
    from the sixteenth on was rounded: three zeros or more, or fewer where most long ids of the column end so.
    """
    if not ids.str.contains(r"[.eE]|\d{16}", regex=True).any():
        return np.zeros(len(ids), dtype=bool)
    turned = ids.str.fullmatch(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+|\d+[.,]0+").eq(True).to_numpy(dtype=bool)
    long = ids.str.fullmatch(rf"\d{{{_EXCEL_DIGITS + 1},}}").eq(True).to_numpy(dtype=bool)
    tail = ids.str.slice(_EXCEL_DIGITS)
    zeros = long & tail.str.fullmatch("0+").eq(True).to_numpy(dtype=bool)
    many = zeros & (tail.str.len() >= 3).to_numpy(dtype=bool, na_value=False)
    if zeros.sum() >= 5 and zeros.sum() * 2 > long.sum():
        many = zeros
    return np.asarray(turned | many)


def text_and_number(values: pd.Series[str]) -> Mask:
    """Which values stand in a column once as text and once as a number: "1.0" beside "1", "1" beside "01"."""
    unique = values.dropna().drop_duplicates()
    digits = unique[unique.str.fullmatch(r"\d+(\.0+)?")]
    short = digits.str.replace(r"\.0+$", "", regex=True).str.replace(r"^0+(?=\d)", "", regex=True)
    return np.asarray(values.isin(digits[short.duplicated(keep=False)]), dtype=bool)


def contact_details(values: pd.Series[str]) -> Mask:
    """Which texts hold a telephone number, an e-mail address, a postcode or a national insurance number."""
    if not values.str.contains(r"\d|@", regex=True).any():
        return np.zeros(len(values), dtype=bool)
    return values.str.contains(_CONTACT, regex=True).eq(True).to_numpy(dtype=bool)


def booleans(values: pd.Series[str], meaning: Mapping[str, bool]) -> tuple[pd.Series[bool], Mask]:
    """The answers by a declared map, and which are not in it; case and spaces make no difference.

    The result is of type boolean, missing where the value is missing or not in the map. ValueError where the map
    gives one text two meanings.
    """
    known: dict[str, bool] = {}
    for text, answer in meaning.items():
        form = " ".join(text.split()).casefold()
        if known.setdefault(form, answer) != answer:
            raise ValueError(f"{text!r} means both yes and no")
    forms = values.str.replace(r"\s+", " ", regex=True).str.strip().str.casefold()
    answers = forms.map(known).astype("boolean")
    return answers, (answers.isna() & values.notna()).to_numpy(dtype=bool)


@dataclass(frozen=True, kw_only=True)
class NumberReading:
    """How numbers are written, and which are possible."""

    decimal: str = "."
    thousands: str = ""
    """Between groups of exactly three digits; empty: nothing may stand there."""
    units: tuple[str, ...] = ()
    """What may stand before or after the number, such as "£"."""
    minimum: float | None = None
    maximum: float | None = None
    """A number beyond one of these cannot be."""
    usual: tuple[float, float] | None = None
    """A number outside is kept, and counted."""

    def __post_init__(self) -> None:
        if len(self.decimal) != 1 or self.decimal == self.thousands or self.decimal.isalnum():
            raise ValueError(f"decimal must be one sign other than thousands, got {self.decimal!r}")


def numbers(values: pd.Series[str], reading: NumberReading) -> tuple[pd.Series[float], Mask, Mask, Mask]:
    """The numbers, and which texts are none, which are impossible, and which are unusual.

    >>> numbers(pd.Series(["£1,234.50", "1,2 34"]), NumberReading(thousands=",", units=("£",)))[0].tolist()
    [1234.5, nan]
    """
    whole = "[0-9]+"
    if reading.thousands:
        whole = rf"(?:[0-9]{{1,3}}(?:{re.escape(reading.thousands)}[0-9]{{3}})+|[0-9]+)"
    unit = "(?:" + "|".join(map(re.escape, reading.units)) + r")?\s*" if reading.units else ""
    shape = rf"{unit}-?{unit}{whole}(?:{re.escape(reading.decimal)}[0-9]+)?\s*{unit}"
    fits = values.str.fullmatch(shape).eq(True)
    plain = values.where(fits)
    for mark in (*reading.units, reading.thousands):
        plain = plain.str.replace(mark, "", regex=False) if mark else plain
    plain = plain.str.replace(reading.decimal, ".", regex=False).str.replace(r"\s", "", regex=True)
    found = plain.astype("float64")
    none = (values.notna() & ~fits).to_numpy(dtype=bool)
    low = -np.inf if reading.minimum is None else reading.minimum
    high = np.inf if reading.maximum is None else reading.maximum
    impossible = (found.notna() & ~found.between(low, high)).to_numpy(dtype=bool)
    usual = reading.usual or (-np.inf, np.inf)
    unusual = (found.notna() & ~found.between(*usual)).to_numpy(dtype=bool) & ~impossible
    return found.mask(impossible), none, impossible, unusual


def cut(values: pd.Series[str], longest: int) -> tuple[pd.Series[str], Mask]:
    """The texts, cut to a length, and which were longer."""
    longer = (values.str.len() > longest).to_numpy(dtype=bool, na_value=False)
    return (values.str.slice(0, longest) if longer.any() else values), longer
