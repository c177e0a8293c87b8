"""The account of the records of a file: each one used, quarantined with every reason, or ignored by a named rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from event_logs.errors import InputError, Problem
from event_logs.sources.furniture import RULES as FURNITURE
from event_logs.values.remarks import counted

if TYPE_CHECKING:
    from event_logs.sources import TextTable

Mask = npt.NDArray[np.bool_]

BLANK_ROW = "blank row"
EXACT_DUPLICATE = "exact duplicate"
SAME_DETAILS = "same details again"
REPEATED = "the same in a later return"
SUPERSEDED = "superseded by a later return"
RULES = (BLANK_ROW, *FURNITURE, EXACT_DUPLICATE, SAME_DETAILS, REPEATED, SUPERSEDED)
"""The named rules by which a record is ignored; whoever ignores may bring further ones."""

_SHOWN_LINES = 5


@dataclass(frozen=True, eq=False)
class Notice:
    """Something seen in records that are used all the same; it holds no value of a cell."""

    letter: Literal["W", "F"]
    """W: to be looked at; F: put right by a declared rule."""
    rule: str
    """Short name of what was seen, the same for every column and file."""
    file: str
    column: str
    """Empty where the whole record is meant."""
    sentence: str
    """What was seen, with the count, in words for a social worker."""
    lines: npt.NDArray[np.int64]
    """Where in the file, one line a record."""

    @property
    def count(self) -> int:
        """How many records are meant."""
        return len(self.lines)

    def __str__(self) -> str:
        return f"{self.file}: {self.sentence}"


class Account:
    """What became of each record of a table. A mistake is noted against its record, and no record is ever dropped."""

    def __init__(self, table: TextTable) -> None:
        self.table = table
        self._reasons: list[tuple[npt.NDArray[np.int64], list[str]]] = []
        self._rejected: Mask = np.zeros(len(table), dtype=bool)
        self._ignored: dict[str, Mask] = {}
        self._readable: Mask = np.ones(len(table), dtype=bool)
        self._notices: dict[tuple[str, str], Notice] = {}
        self._problems: dict[tuple[str, str], Problem] = {}

    @property
    def used(self) -> Mask:
        """Which records have passed every check so far."""
        return self._readable & ~self._rejected

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is to be told of records that are used, in the order in which it was seen."""
        return tuple(self._notices.values())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What makes the whole file unusable; see `stop_if_unusable`."""
        return tuple(self._problems.values())

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

    def ignore(self, rule: str, mask: Mask) -> None:
        """Leave the records of the mask out by a named rule; a record already rejected stays rejected."""
        mask = mask & ~self._rejected
        self._ignored[rule] = self._ignored.get(rule, False) | (mask & self._readable)
        self._readable &= ~mask

    def notice(
        self, letter: Literal["W", "F"], rule: str, mask: Mask, words: tuple[str, str], column: str = ""
    ) -> None:
        """Have it told that the records of the mask are used although there is something about them.

        `words` follow the count, for one and for many. Said again of the same column, it takes the place of the first.
        """
        lines = self.table.line[mask & self._readable]
        if len(lines):
            sentence = f"{column}: {counted(len(lines), *words)}" if column else counted(len(lines), *words)
            self._notices[column, rule] = Notice(letter, rule, self.table.file, column, sentence, lines)

    def stop(self, rule: str, mask: Mask, words: tuple[str, str], remedy: str, column: str = "") -> None:
        """Note that the records of the mask make the whole file unusable; nothing is raised yet."""
        lines = self.table.line[mask & self._readable]
        if len(lines):
            shown = ", ".join(map(str, lines[:_SHOWN_LINES])) + (", ..." if len(lines) > _SHOWN_LINES else "")
            place = f"column {column!r}, line {shown}" if column else f"line {shown}"
            problem = Problem(self.table.file, place, counted(len(lines), *words), remedy)
            self._problems[column, rule] = problem

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
        """How many records were read, used, quarantined, and ignored by each rule; the parts make up the whole.

        Raises InputError for a file that cannot be used as a whole: no figure comes out of it.
        """
        stop_if_unusable([self])
        names = dict.fromkeys((*RULES, *self._ignored))
        ignored = {rule: int(self._ignored[rule].sum()) if rule in self._ignored else 0 for rule in names}
        counts = {
            "rows_read": len(self.table),
            "used": int(self.used.sum()),
            "quarantined": int(self._rejected.sum()),
            "ignored": sum(ignored.values()),
        }
        if counts["rows_read"] != counts["used"] + counts["quarantined"] + counts["ignored"]:
            raise AssertionError(f"rows of {self.table.file} do not add up: {counts}")
        return {"file": self.table.file, **counts, **ignored}


def stop_if_unusable(accounts: Iterable[Account]) -> None:
    """Raise InputError with everything that makes one of the files unusable as a whole; the message holds no value."""
    problems = [problem for account in accounts for problem in account.problems]
    if problems:
        raise InputError(list(dict.fromkeys(problems)))


def ledgers(accounts: Iterable[Account]) -> pd.DataFrame:
    """The ledgers of several files, one row a file; a rule that a file knows nothing of counts 0."""
    table = pd.DataFrame([account.ledger() for account in accounts])
    counts = [str(column) for column in table if column != "file"]
    table[counts] = table[counts].fillna(0).astype("int64")
    return table


def notices(accounts: Iterable[Account]) -> pd.DataFrame:
    """What is to be told of records that are used: `letter`, `rule`, `file`, `column`, `sentence`, `count`, `lines`.

    `lines` names the first few; the ones to be looked at (W) come before those put right by a declared rule (F).
    """
    said = sorted((notice for account in accounts for notice in account.notices), key=lambda n: n.letter != "W")
    columns = {"letter": "str", "rule": "str", "file": "str", "column": "str", "sentence": "str", "count": "int64"}
    rows = [{**{name: getattr(notice, name) for name in columns}, "lines": _shown(notice.lines)} for notice in said]
    return pd.DataFrame(rows, columns=[*columns, "lines"]).astype({**columns, "lines": "str"})


def _shown(lines: npt.NDArray[np.int64]) -> str:
    more = f" and {len(lines) - _SHOWN_LINES:,} more" if len(lines) > _SHOWN_LINES else ""
    return ", ".join(map(str, lines[:_SHOWN_LINES])) + more
