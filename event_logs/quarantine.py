"""The records of one file while they are checked, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from event_logs.account import (
    BLANK_ROW,
    EXACT_DUPLICATE,
    REPEATED,
    RULES,
    SAME_DETAILS,
    SUPERSEDED,
    Account,
    Mask,
    Notice,
    ledgers,
    notices,
    stop_if_unusable,
)
from event_logs.project.fields import nearest
from event_logs.sources.furniture import TOTAL_ROW
from event_logs.values import cells, codes, date_remarks
from event_logs.values.dates import DateColumn, parse_dates, read_dates
from event_logs.values.reading import CellReading, cell_reading

if TYPE_CHECKING:
    from event_logs.project import Reading
    from event_logs.sources import TextTable

Dates = pd.Series  # of datetime64[us]

_SUGGESTIONS = 200
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_SPACE = " \t\r\n\u00a0"
_LONGEST_CODE = 60
_LIVE = r"\s*[=+\-@\t\r＝＋－＠]"


class Records(Account):
    """The records of one file while they are checked; a mistake is noted against its record, never dropped.

    Empty lines, totals and exact duplicates are ignored, and records with the wrong number of fields rejected, on
    creation. The methods that read a column note what is wrong with it and return one value a record, missing where
    it cannot be used; `used` says which records passed everything. What the text as it was written is, `table.cells`
    says. `extraction` is the date of the extract, where it is known.
    """

    def __init__(
        self, table: TextTable, reading: Reading, columns: Iterable[str], extraction: pd.Timestamp | None = None
    ) -> None:
        super().__init__(table)
        self.reading = reading
        self.extraction = extraction
        self.columns = list(dict.fromkeys(columns))
        self._text: dict[str, pd.Series[str]] = {}
        self._unknown: dict[str, tuple[pd.Series[str], dict[str, list[str]]]] = {}
        self._ignore_what_is_no_record()
        wrong = table.fields != len(table.columns)
        self.reject(wrong, [_fields_reason(int(n), len(table.columns)) for n in table.fields[wrong & self._readable]])
        self._readable &= ~wrong
        for column in self.columns if re.search(_CONTROL, table.text) else ():
            self.reject(self._control_characters(column), f"{column}: control character in the text")

    def _ignore_what_is_no_record(self) -> None:
        table = self.table
        self.ignore(BLANK_ROW, table.blank)
        for rule, mask in table.ignored.items():
            self.ignore(rule, mask)
        labels = [label.strip().casefold() for label in self.reading.total_row_labels]
        first = table.cells[table.columns[0]].str.strip().str.casefold()
        self.ignore(TOTAL_ROW, first.isin(labels).to_numpy(dtype=bool))
        # Records with the wrong number of fields are cut or filled up, so equal cells would not mean equal records.
        sound = self._readable & (table.fields == len(table.columns))
        duplicate = np.zeros(len(table), dtype=bool)
        duplicate[sound] = table.cells[sound].duplicated().to_numpy()
        self.ignore(EXACT_DUPLICATE, duplicate)

    def _control_characters(self, column: str) -> Mask:
        return self.table.cells[column].str.contains(_CONTROL, regex=True).to_numpy(dtype=bool)

    def how(self, column: str) -> CellReading:
        """How the column is declared to be written."""
        return cell_reading(self.reading, self.table.file, column)

    def text(self, column: str) -> pd.Series[str]:
        """The column without outer spaces, missing where the cell holds one of the declared texts for "not known"."""
        if column not in self._text:
            values = self.table.cells[column].str.strip(_SPACE)
            if not self.table.text.isascii():  # the same name may be written with one or with two characters
                values = values.str.normalize("NFC")
            missing = values.isin(["", *(label.strip() for label in self.how(column).missing)])
            self._text[column] = values.mask(missing | ~self._readable)
        return self._text[column]

    def required(self, column: str, what: str) -> pd.Series[str]:
        """The column's text; a missing value is a reason."""
        values = self.text(column)
        self.reject(values.isna().to_numpy(), f"{column}: missing {what}")
        return values

    def attribute(self, column: str) -> pd.Series[str]:
        """The column's text as it is to be kept, cut to its declared length; what is odd about it is told."""
        values = self.text(column)
        seems = cells.seems_missing(values)
        words = "but is not declared under `missing`; kept as it is"
        many = "but are not declared under `missing`; kept as they are"
        self.notice(
            "W",
            "seems missing",
            seems,
            (f'text looks like "not known" {words}', f'texts look like "not known" {many}'),
            column,
        )
        contact = cells.contact_details(values)
        words = "a telephone number, an e-mail address, a postcode or a national insurance number"
        self.notice("W", "contact details", contact, (f"text holds {words}", f"texts hold {words}"), column)
        longest = self.how(column).longest_text
        if longest is not None:
            values, cut = cells.cut(values, longest)
            words = f"longer than {longest:,} characters and was cut"
            self.notice("F", "text cut", cut, (f"text was {words}", f"texts were {words}"), column)
        return values

    def identifier(self, column: str, what: str) -> pd.Series[str]:
        """The column's identifiers as text, leading zeros and all; a missing or damaged one is a reason.

        `what` it identifies, such as "child id". Where most are damaged the file cannot be used at all.
        """
        values = self.required(column, what)
        unknown = cells.seems_missing(values)
        self.reject(unknown, f'{column}: no {what} but a text for "not known" that is not declared under `missing`')
        damaged = cells.damaged_by_excel(values)
        self.reject(damaged, f"{column}: id damaged by Excel")
        if damaged.sum() * 2 > values.notna().sum():
            remedy = "Export the table again with this column as text, and do not save it in Excel"
            self.stop(
                "damaged ids",
                damaged,
                ("id is damaged by Excel", "ids are damaged by Excel, most of the column"),
                remedy,
                column,
            )
        self._mixed(column, values)
        return values.mask(unknown | damaged)

    def _mixed(self, column: str, values: pd.Series[str]) -> None:
        mixed = cells.text_and_number(values)
        words = "written as a text here and as a number there, so taken for different ones"
        self.notice("W", "text and number", mixed, (f"value is {words}", f"values are {words}"), column)

    def date(self, column: str, *, required: bool = True) -> Dates:
        """The column as days, in the declared formats; a date of which only the month is known is a reason."""
        return self._dates(column, required, partial=False).day

    def dates(self, column: str, *, required: bool = True) -> DateColumn:
        """The column with the time of day, UTC, and how exactly each date is known; a month or a year will do."""
        return self._dates(column, required, partial=True)

    def _dates(self, column: str, required: bool, *, partial: bool) -> DateColumn:
        values = self.required(column, "date") if required else self.text(column)
        how = self.how(column).dates
        read = read_dates(values, how, date1904=self.table.date1904, reference=self.extraction)
        for refusal in date_remarks.refusals(values, read, how, required=required, partial=partial):
            bad = refusal.mask & self._readable
            reasons = refusal.reason
            if not isinstance(reasons, str):  # a record may have been left out since its text was read
                reasons = [reason for reason, there in zip(reasons, bad[refusal.mask], strict=True) if there]
            self.reject(
                bad, f"{column}: {reasons}" if isinstance(reasons, str) else [f"{column}: {r}" for r in reasons]
            )
        for remark in date_remarks.remarks(read, how, self.extraction, partial=partial):
            if remark.letter == "E":
                self.stop(remark.rule, remark.mask, remark.words, remark.remedy, column)
            else:
                self.notice(remark.letter, remark.rule, remark.mask, remark.words, column)
        return read

    def code(
        self,
        column: str,
        known: Iterable[str | codes.DatedCode],
        *,
        required: bool = True,
        on: Dates | None = None,
    ) -> pd.Series[str]:
        """The column's text where it is one of the known codes; another is a reason that names the nearest.

        Where codes have dates, `on` gives the date of each record, and the result is what the code meant on it.
        """
        values = self.required(column, "code") if required else self.text(column)
        entries = list(known)
        dated = [entry for entry in entries if isinstance(entry, codes.DatedCode)]
        listed = list(dict.fromkeys(entry.code if isinstance(entry, codes.DatedCode) else entry for entry in entries))
        if self.how(column).normalise_codes:
            values, changed = codes.normalised(values, listed)
            words = "another case or other spaces than in the list and was read as the list has it"
            self.notice("F", "code normalised", changed, (f"code has {words}", f"codes have {words}"), column)
        bad = self._readable & (values.notna() & ~values.isin(listed)).to_numpy()
        self._reject_codes(column, values[bad], bad, listed)
        values = values.mask(bad)
        self._mixed(column, values)
        if not dated:
            return values
        if on is None:
            raise ValueError(f"{column}: codes with dates need the date of each record")
        always = [codes.DatedCode(code=entry, means=entry) for entry in entries if isinstance(entry, str)]
        meaning, outside = codes.in_use(values, on, [*dated, *always])
        self.reject(outside, f"{column}: the code was not in use on this date")
        return meaning

    def _reject_codes(self, column: str, unknown: pd.Series[str], bad: Mask, listed: Sequence[str]) -> None:
        if not len(unknown):
            return
        contact = cells.contact_details(unknown)
        free = contact | (unknown.str.len() > _LONGEST_CODE).to_numpy(dtype=bool)
        where = np.zeros(len(self.table), dtype=bool)
        where[np.flatnonzero(bad)[contact]] = True
        words = "a telephone number, an e-mail address, a postcode or a national insurance number"
        self.notice("W", "contact details", where, (f"text holds {words}", f"texts hold {words}"), column)
        # Free text in a code column could be different in each row; finding the nearest code is slow.
        ranked = codes.most_frequent(unknown[~free], {}, _SUGGESTIONS)["value"]
        near = {value: nearest(value, listed) for value in ranked}
        self._unknown[column] = (unknown[~free], near)
        pairs = zip(unknown, free, strict=True)
        self.reject(bad, [_code_reason(column, value, near.get(value, []), bool(is_free)) for value, is_free in pairs])

    @property
    def has_unknown_codes(self) -> bool:
        """Whether a column held codes that are not known."""
        return bool(self._unknown)

    def unknown_codes(self, top: int = 20) -> pd.DataFrame:
        """The unknown codes that stand most often: `file`, `column`, `value`, `rows`, `nearest`, up to `top` a column.

        For the team that knows the records; a value may be a child's.
        """
        parts = [
            codes.most_frequent(unknown, near, top).assign(file=self.table.file, column=column)
            for column, (unknown, near) in self._unknown.items()
        ]
        names = ["file", "column", "value", "rows", "nearest"]
        kinds = {"file": "str", "column": "str", "value": "str", "rows": "int64", "nearest": "str"}
        return (pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names))[names].astype(kinds)

    def boolean(self, column: str, meaning: Mapping[str, bool], *, required: bool = True) -> pd.Series[bool]:
        """The column as yes or no by a declared map, type boolean; a text that is not in it is a reason."""
        values = self.required(column, "answer") if required else self.text(column)
        answers, unknown = cells.booleans(values, meaning)
        self.reject(unknown, f"{column}: neither yes nor no")
        return answers

    def number(self, column: str, reading: cells.NumberReading, *, required: bool = True) -> pd.Series[float]:
        """The column as numbers; a text that is none, or one beyond what is possible, is a reason."""
        values = self.required(column, "number") if required else self.text(column)
        found, none, impossible, unusual = cells.numbers(values, reading)
        self.reject(none, f"{column}: not a number as numbers are written here")
        self.reject(impossible, f"{column}: a number that cannot be")
        words = "outside of what is usual; kept"
        self.notice("W", "unusual number", unusual, (f"number is {words}", f"numbers are {words}"), column)
        return found

    def reference(self, column: str, what: str, other: Records, key: str) -> pd.Series[str]:
        """The column's text where the other file has a usable record with it in its column `key`."""
        values = self.identifier(column, f"{what} id")
        keys, present = other.text(key), values.notna().to_numpy()
        there, usable = _within(values, keys), _within(values, keys[other.used])
        absent = self._readable & present & ~there
        self.reject(absent, f"{column}: unknown {what}, not in {other.table.file}")
        refused = self._readable & present & there & ~usable
        self.reject(refused, f"{column}: the {what}'s own row in {other.table.file} is quarantined")
        return values.mask(absent | refused)

    def same_details(self, read: pd.DataFrame) -> None:
        """Ignore every record of which the same is read as of one before it; `read` holds what is read of each."""
        again = np.zeros(len(self.table), dtype=bool)
        again[self.used] = read[self.used].duplicated().to_numpy()
        self.ignore(SAME_DETAILS, again)

    def unique(self, column: str, read: pd.DataFrame) -> None:
        """Make the ids of the column unique: the same details again are ignored, other details reject all of them.

        `read` holds what is read of each record. No record wins over another silently, whichever comes first.
        """
        self.same_details(read)
        ids = self.text(column)[self.used]
        clash = np.zeros(len(self.table), dtype=bool)
        clash[self.used] = ids.duplicated(keep=False).to_numpy()
        self.reject(clash, f"{column}: the id stands on several rows with different details")


def _within(values: pd.Series[str], known: pd.Series[str]) -> Mask:
    """Which values are among the known; much faster on text than `isin`, which goes through Python."""
    return np.asarray(pd.Index(known.dropna().unique()).get_indexer(pd.Index(values)) >= 0)


def inert(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every text that a spreadsheet would run as a formula made inert by an apostrophe in front."""
    rows = rows.copy()
    for column in rows:
        if pd.api.types.is_string_dtype(rows[column]):
            live = rows[column].str.match(_LIVE).fillna(False).astype(bool)
            rows[column] = rows[column].mask(live, "'" + rows[column])
    return rows


def _fields_reason(found: int, wanted: int) -> str:
    if found < 0:
        return "quotation marks are used in a way that cannot be read"
    return f"wrong number of fields: {found} where the header has {wanted}"


def _code_reason(column: str, value: str, near: Sequence[str], free: bool) -> str:
    if free:
        return f"{column}: free text where a code should stand"
    hint = f", the nearest known is {' or '.join(repr(name) for name in near)}" if near else ""
    return f"{column}: unknown code {value!r}{hint}"


__all__ = [
    "BLANK_ROW",
    "EXACT_DUPLICATE",
    "REPEATED",
    "RULES",
    "SAME_DETAILS",
    "SUPERSEDED",
    "TOTAL_ROW",
    "Account",
    "Dates",
    "Mask",
    "Notice",
    "Records",
    "inert",
    "ledgers",
    "notices",
    "parse_dates",
    "stop_if_unusable",
]
