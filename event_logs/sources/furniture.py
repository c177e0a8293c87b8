"""Lines that stand in an export but are no records: totals, repeated headers, page lines; and what the totals say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from event_logs.sources.table import Header, Mask

TOTAL_ROW = "total row"
SUBTOTAL_ROW = "subtotal row"
REPEATED_HEADER = "repeated header"
PAGE_LINE = "page line"
HIDDEN_ROW = "hidden row"
RULES = (REPEATED_HEADER, PAGE_LINE, SUBTOTAL_ROW, TOTAL_ROW, HIDDEN_ROW)
"""The named rules by which a line of an export is no record."""

_COUNT = re.compile(
    r"\(?\s*(?:(?:total|number|no\.?|count)\s+(?:of\s+)?)?(?:records?|rows?|record count|row count|count)"
    r"(?:\s+(?:returned|exported|read|affected))?\s*[:=]?\s*(?P<after>\d[\d,]*)?\s*\)?"
    r"|\(?\s*(?P<before>\d[\d,]*)\s+(?:records?|rows?)(?:\s+(?:returned|exported|read|affected|selected))?\.?\s*\)?",
    re.IGNORECASE,
)
_SUBTOTAL = re.compile(r"sub-?\s?totals?\b.*|totals?\s+(?:for|of)\b.*|.{1,60}\s(?:sub-?)?totals?\s*:?", re.IGNORECASE)
_TOTAL = re.compile(r"(?:(?:grand|overall)\s+)?totals?\s*[:=]?\s*(?P<after>\d[\d,.]*)?", re.IGNORECASE)
_GRAND = re.compile(r"(?:grand|overall)\s+totals?\b.*", re.IGNORECASE)
_PAGE = re.compile(
    r"page\s+\d+(?:\s*(?:of|/)\s*\d+)?|[*\s-]*end of (?:report|file|extract|data)[*\s.-]*", re.IGNORECASE
)
_NUMBER = re.compile(r"[£$]?-?\d[\d,]*(?:\.\d+)?%?")
_ANY = r"(?i)total|record|row|count|page\s+\d|end of"
_SHOWN = 5


@dataclass(frozen=True)
class Furniture:
    """The lines that are no records, by rule, and what can be said about them."""

    ignored: dict[str, Mask]
    found: tuple[str, ...]
    warnings: tuple[str, ...]


def furniture(cells: pd.DataFrame, fields: np.ndarray, line: np.ndarray, header: Header) -> Furniture:
    """Which lines of a table are no records, and whether the numbers in its totals agree with what was read.

    A repeated header has the header's text in every cell. A total, subtotal, count or page line has such a label as
    its first text, and beside it nothing but numbers, in at most half of the columns or two: a line with anything
    more, a date above all, is a record.
    """
    ignored = {REPEATED_HEADER: _repeated(cells, fields, header)}
    labels = _labelled(cells, fields)
    kinds = {at: kind for at, (kind, _) in labels.items()}
    for rule in (PAGE_LINE, SUBTOTAL_ROW, TOTAL_ROW):
        mask = np.zeros(len(fields), dtype=bool)
        mask[[at for at, kind in kinds.items() if kind == rule]] = True
        ignored[rule] = mask
    ignored = {rule: mask for rule, mask in ignored.items() if mask.any()}
    found = [_listed(rule, line[mask]) for rule, mask in ignored.items()]
    agreed, warned = _control(cells, ignored, labels, line) if labels else ([], [])
    return Furniture(ignored, (*found, *agreed), tuple(warned))


def _repeated(cells: pd.DataFrame, fields: np.ndarray, header: Header) -> Mask:
    mask = np.zeros(len(fields), dtype=bool)
    for part in header.parts:
        same = np.asarray(fields > 0)
        for position, column in enumerate(cells):
            written = part[position].strip() if position < len(part) else ""
            same = same & (cells[column].str.strip() == written).to_numpy(dtype=bool)
            if not same.any():
                break
        mask |= same
    return mask


def _labelled(cells: pd.DataFrame, fields: np.ndarray) -> dict[int, tuple[str, re.Match[str]]]:
    """Position of each line that is a total or page line -> its rule and its label."""
    filled = np.zeros(len(fields), dtype=np.int64)
    for column in cells:
        filled += (cells[column] != "").to_numpy(dtype=bool)
    width = len(cells.columns)
    sparse = np.flatnonzero((filled > 0) & (filled <= max(2, width // 2)) & (fields <= width) & (fields > 0))
    if not len(sparse):
        return {}
    some = np.zeros(len(sparse), dtype=bool)
    for column in cells:
        some |= cells[column].iloc[sparse].str.contains(_ANY, regex=True).to_numpy(dtype=bool)
    labels = {}
    for at in sparse[some]:
        texts = [text for text in (str(cell).strip() for cell in cells.iloc[at]) if text]
        if texts and all(_NUMBER.fullmatch(text) for text in texts[1:]) and (kind := _kind(texts[0])):
            labels[int(at)] = kind
    return labels


def _kind(label: str) -> tuple[str, re.Match[str]] | None:
    for rule, pattern in (
        (PAGE_LINE, _PAGE),
        (TOTAL_ROW, _COUNT),
        (TOTAL_ROW, _TOTAL),
        (TOTAL_ROW, _GRAND),
        (SUBTOTAL_ROW, _SUBTOTAL),
    ):
        if match := pattern.fullmatch(label):
            return rule, match
    return None


def _control(
    cells: pd.DataFrame, ignored: dict[str, Mask], labels: dict[int, tuple[str, re.Match[str]]], line: np.ndarray
) -> tuple[list[str], list[str]]:
    """Compare the numbers in totals with the records above them: sentences that agree, sentences that do not."""
    record = ~np.logical_or.reduce(list(ignored.values()))
    blank = np.ones(len(cells), dtype=bool)
    for column in cells:
        blank &= (cells[column].str.strip() == "").to_numpy(dtype=bool)
    record &= ~blank
    agreed, warned, group = [], [], 0
    for at in sorted(labels):
        rule, match = labels[at]
        begin = group if rule == SUBTOTAL_ROW else 0
        group = at + 1 if rule != PAGE_LINE else group
        said = _said(cells, at, match)
        if rule == PAGE_LINE or not said:
            continue
        above = np.flatnonzero(record[begin:at]) + begin
        where = f"line {line[at]}: the {rule} says"
        counted = any(number == len(above) for _, number in said)
        summed = all(column is not None and _sum(cells, column, above) == number for column, number in said)
        numbers = " and ".join(f"{number:,g}" for _, number in said)
        if counted:
            agreed.append(f"{where} {len(above):,}, and {len(above):,} records stand above it")
        elif summed:
            agreed.append(f"{where} {numbers}, which is the sum of the column above it")
        else:
            warned.append(f"{where} {numbers}, but {len(above):,} records stand above it: records may be missing")
    return agreed, warned


def _said(cells: pd.DataFrame, at: int, match: re.Match[str]) -> list[tuple[str | None, float]]:
    """The numbers of a total, each with the column that it stands in; the label's own number has none."""
    said: list[tuple[str | None, float]] = [
        (None, float(text.replace(",", ""))) for text in match.groupdict().values() if text
    ]
    for column in cells:
        text = str(cells[column].iloc[at]).strip()
        if _NUMBER.fullmatch(text):
            said.append((str(column), _value(text)))
    return said


def _sum(cells: pd.DataFrame, column: str, rows: np.ndarray) -> float | None:
    texts = cells[column].iloc[rows].str.strip()
    texts = texts[texts != ""]
    if texts.empty or not texts.str.fullmatch(_NUMBER.pattern).all():
        return None
    return round(sum(_value(text) for text in texts), 2)


def _value(text: str) -> float:
    return float(text.strip("£$%").replace(",", ""))


def _listed(rule: str, lines: Sequence[int] | np.ndarray) -> str:
    shown = ", ".join(str(line) for line in lines[:_SHOWN]) + (", ..." if len(lines) > _SHOWN else "")
    many = len(lines) > 1
    return f"{len(lines):,} {'lines are' if many else 'line is'} no record but a {rule} (line {shown}), so ignored"
