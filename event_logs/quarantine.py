"""What became of each record of a file: used, quarantined with every reason, or ignored by a named rule."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.project import Reading, nearest
from event_logs.sources.furniture import RULES as FURNITURE
from event_logs.sources.furniture import TOTAL_ROW

if TYPE_CHECKING:
    from event_logs.sources import TextTable

Mask = npt.NDArray[np.bool_]
Dates = pd.Series  # of datetime64[us]

BLANK_ROW = "blank row"
EXACT_DUPLICATE = "exact duplicate"
SAME_DETAILS = "same details again"
RULES = (BLANK_ROW, *FURNITURE, EXACT_DUPLICATE, SAME_DETAILS)
"""The named rules by which a record is ignored."""

_SUGGESTIONS = 200
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_SPACE = " \t\r\n\u00a0"


class Records:
    """The records of one file while they are checked; a mistake is noted against its record, never dropped.

    Empty lines, totals and exact duplicates are ignored, and records with the wrong number of fields rejected, on
    creation. The methods that read a column note what is wrong with it and return one value a record, missing where
    it cannot be used; `used` says which records passed everything.
    """

    def __init__(self, table: TextTable, reading: Reading, columns: Iterable[str]) -> None:
        self.table = table
        self.reading = reading
        self.columns = list(dict.fromkeys(columns))
        self._reasons: list[tuple[npt.NDArray[np.int64], list[str]]] = []
        self._rejected: Mask = np.zeros(len(table), dtype=bool)
        self._ignored: dict[str, Mask] = {}
        self._readable: Mask = np.ones(len(table), dtype=bool)
        self._text: dict[str, pd.Series[str]] = {}
        self._ignore_what_is_no_record()
        wrong = table.fields != len(table.columns)
        self.reject(wrong, [_fields_reason(int(n), len(table.columns)) for n in table.fields[wrong & self._readable]])
        self._readable &= ~wrong
        for column in self.columns if re.search(_CONTROL, table.text) else ():
            self.reject(self._control_characters(column), f"{column}: control character in the text")

    def _ignore_what_is_no_record(self) -> None:
        table = self.table
        self._ignore(BLANK_ROW, table.blank)
        for rule, mask in table.ignored.items():
            self._ignore(rule, mask)
        labels = [label.strip().casefold() for label in self.reading.total_row_labels]
        first = table.cells[table.columns[0]].str.strip().str.casefold()
        self._ignore(TOTAL_ROW, first.isin(labels).to_numpy(dtype=bool))
        # Records with the wrong number of fields are cut or filled up, so equal cells would not mean equal records.
        sound = self._readable & (table.fields == len(table.columns))
        duplicate = np.zeros(len(table), dtype=bool)
        duplicate[sound] = table.cells[sound].duplicated().to_numpy()
        self._ignore(EXACT_DUPLICATE, duplicate)

    def _ignore(self, rule: str, mask: Mask) -> None:
        self._ignored[rule] = self._ignored.get(rule, False) | (mask & self._readable)
        self._readable &= ~mask

    def _control_characters(self, column: str) -> Mask:
        return self.table.cells[column].str.contains(_CONTROL, regex=True).to_numpy(dtype=bool)

    @property
    def used(self) -> Mask:
        """Which records have passed every check so far."""
        return self._readable & ~self._rejected

    def reject(self, mask: Mask, reason: str | Sequence[str]) -> None:
        """Note a reason against the records of the mask; a sequence gives one reason for each of them."""
        at = np.flatnonzero(mask & self._readable)
        if not len(at):
            return
        texts = [reason] * len(at) if isinstance(reason, str) else list(reason)
        if len(texts) != len(at):
            raise ValueError(f"one reason a rejected record is needed: {len(at)}, got {len(texts)}")
        self._reasons.append((at, texts))
        self._rejected[at] = True

    def text(self, column: str) -> pd.Series[str]:
        """The column without outer spaces, missing where the cell holds one of the declared texts for "not known"."""
        if column not in self._text:
            values = self.table.cells[column].str.strip(_SPACE)
            if not self.table.text.isascii():  # the same name may be written with one or with two characters
                values = values.str.normalize("NFC")
            missing = values.isin(["", *(label.strip() for label in self.reading.missing)])
            self._text[column] = values.mask(missing | ~self._readable)
        return self._text[column]

    def required(self, column: str, what: str) -> pd.Series[str]:
        """The column's text; a missing value is a reason."""
        values = self.text(column)
        self.reject(values.isna().to_numpy(), f"{column}: missing {what}")
        return values

    def date(self, column: str, *, required: bool = True) -> Dates:
        """The column as dates in the declared format."""
        values = self.required(column, "date") if required else self.text(column)
        dates = parse_dates(values, self.reading.date_format)
        bad = self._readable & (dates.isna() & values.notna()).to_numpy()
        example = datetime.date(2024, 12, 25).strftime(self.reading.date_format)
        reason = f"{column}: unreadable date {{!r}}, a date is written like {example}"
        self.reject(bad, [reason.format(_short(value)) for value in values[bad]])
        return dates

    def code(self, column: str, known: Iterable[str], *, required: bool = True) -> pd.Series[str]:
        """The column's text where it is one of the known codes; another is a reason that names the nearest."""
        values = self.required(column, "code") if required else self.text(column)
        codes = list(known)
        bad = self._readable & (values.notna() & ~values.isin(codes)).to_numpy()
        unknown = values[bad]
        # Free text in a code column could be different in each row; finding the nearest code is slow.
        near = {value: nearest(value, codes) for value in unknown.unique()[:_SUGGESTIONS]}
        self.reject(bad, [_code_reason(column, value, near.get(value, [])) for value in unknown])
        return values.mask(bad)

    def reference(self, column: str, what: str, other: Records, key: str) -> pd.Series[str]:
        """The column's text where the other file has a usable record with it in its column `key`."""
        values = self.required(column, f"{what} id")
        keys, present = other.text(key), values.notna().to_numpy()
        there, usable = _within(values, keys), _within(values, keys[other.used])
        absent = self._readable & present & ~there
        self.reject(absent, f"{column}: unknown {what}, not in {other.table.file}")
        refused = self._readable & present & there & ~usable
        self.reject(refused, f"{column}: the {what}'s own row in {other.table.file} is quarantined")
        return values.mask(absent | refused)

    def unique(self, column: str, read: pd.DataFrame) -> None:
        """Make the ids of the column unique: the same details again are ignored, other details reject all of them.

        `read` holds what is read of each record. No record wins over another silently, whichever comes first.
        """
        used = read[self.used]
        again = np.zeros(len(self.table), dtype=bool)
        again[self.used] = used.duplicated().to_numpy()
        self._ignore(SAME_DETAILS, again)
        ids = self.text(column)[self.used]
        clash = np.zeros(len(self.table), dtype=bool)
        clash[self.used] = ids.duplicated(keep=False).to_numpy()
        self.reject(clash, f"{column}: the id stands on several rows with different details")

    def quarantined(self) -> pd.DataFrame:
        """One row a quarantined record: `file`, `row` (line in the file), `raw` (its text), `reasons`."""
        if not self._reasons:
            return pd.DataFrame({"file": [], "row": [], "raw": [], "reasons": []}).astype(
                {"file": "str", "row": "int64", "raw": "str", "reasons": "str"}
            )
        at = np.concatenate([positions for positions, _ in self._reasons])
        texts = [text for _, part in self._reasons for text in part]
        joined = pd.Series(texts, index=at, dtype="str").groupby(level=0, sort=True).agg("; ".join)
        records = joined.index.to_numpy()
        raw = pd.Series(self.table.raw(records), dtype="str")
        return pd.DataFrame(
            {
                "file": pd.Series([self.table.file] * len(records), dtype="str"),
                "row": self.table.line[records],
                "raw": raw,
                "reasons": joined.to_numpy(),
            }
        )

    def ledger(self) -> dict[str, object]:
        """How many records were read, used, quarantined, and ignored by each rule; the parts make up the whole."""
        ignored = {rule: int(self._ignored[rule].sum()) if rule in self._ignored else 0 for rule in RULES}
        counts = {
            "rows_read": len(self.table),
            "used": int(self.used.sum()),
            "quarantined": int(self._rejected.sum()),
            "ignored": sum(ignored.values()),
        }
        if counts["rows_read"] != counts["used"] + counts["quarantined"] + counts["ignored"]:
            raise AssertionError(f"rows of {self.table.file} do not add up: {counts}")
        return {"file": self.table.file, **counts, **ignored}


def parse_dates(values: pd.Series[str], date_format: str) -> Dates:
    """Dates from text in exactly the given format, NaT for anything else; each distinct text is parsed once."""
    codes, unique = pd.factorize(values)
    texts = pd.Series(unique, dtype="str")
    # pandas reads "now" and "today" in any format, as the wall clock, and a leading minus as a year before Christ.
    texts = texts.where(texts.str.contains(r"\d", regex=True) & ~texts.str.startswith(("-", "+")))
    parsed = pd.to_datetime(texts, format=date_format, errors="coerce").astype("datetime64[us]")
    padded = np.append(parsed.to_numpy(), np.datetime64("NaT", "us"))  # code -1, a missing value, takes the last
    return pd.Series(padded[codes], index=values.index)


def _within(values: pd.Series[str], known: pd.Series[str]) -> Mask:
    """Which values are among the known; much faster on text than `isin`, which goes through Python."""
    return np.asarray(pd.Index(known.dropna().unique()).get_indexer(pd.Index(values)) >= 0)


def inert(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every text that a spreadsheet would run as a formula made inert by an apostrophe in front."""
    rows = rows.copy()
    for column in rows:
        if pd.api.types.is_string_dtype(rows[column]):
            live = rows[column].str.match(r"\s*[=+\-@\t\r]").fillna(False).astype(bool)
            rows[column] = rows[column].mask(live, "'" + rows[column])
    return rows


def _fields_reason(found: int, wanted: int) -> str:
    if found < 0:
        return "quotation marks are used in a way that cannot be read"
    return f"wrong number of fields: {found} where the header has {wanted}"


def _code_reason(column: str, value: str, near: Sequence[str]) -> str:
    hint = f", the nearest known is {' or '.join(repr(name) for name in near)}" if near else ""
    return f"{column}: unknown code {_short(value)!r}{hint}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
