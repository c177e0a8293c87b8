"""What is decided about an extract: by its values, by a person's answer, or not yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from event_logs.proposal.dates import DateEvidence
from event_logs.proposal.document import Question, Section, section_name
from event_logs.proposal.profiles import PLAINLY_MISSING, Column
from event_logs.values.reading import OPEN_SENTINELS

_TWO_DIGITS = "birth"


@dataclass(frozen=True, kw_only=True)
class ColumnDates:
    """How the dates of one column are to be read."""

    key: str
    """"file:column", as `[reading.columns]` has it."""
    formats: tuple[str, ...]
    evidence: DateEvidence
    own_missing: tuple[str, ...]
    """Texts that mean "not known" here and might be codes elsewhere."""
    checks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Span:
    """The first and the last date of a column."""

    column: str
    first: date
    last: date
    ends: bool
    """Whether it holds the days on which episodes ended."""


@dataclass
class Decisions:
    """Every decision about the extracts; what is not decided is a question and is proposed with a mark."""

    answers: Mapping[str, str]
    encoding: str
    delimiter: str
    questions: list[Question] = field(default_factory=list)
    read: dict[str, ColumnDates] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    """First and last date of every column of dates that is read, births left out."""
    declared: str = ""
    """The format that the form of the extract prescribes; it decides where no date does."""

    def choose(
        self,
        key: str,
        *,
        asks: str,
        proposed: str,
        options: Sequence[str],
        sure: bool = False,
        evidence: Sequence[str] = (),
        kind: Literal["choice", "date"] = "choice",
    ) -> tuple[str, str]:
        """What holds, and what is to be checked about it: empty where it is sure or answered."""
        if key in self.answers:
            return self.answers[key], ""
        if sure:
            return proposed, ""
        self.questions.append(
            Question(key=key, asks=asks, evidence=tuple(evidence), options=tuple(options), proposed=proposed, kind=kind)
        )
        return proposed, asks

    def dates(self, file: str, name: str, column: Column, *, role: str = "") -> list[str]:
        """Have a column's dates read, and return the evidence in sentences; nothing for one without dates.

        The role says whether they are births ("birth") or the ends of episodes ("end"), for the observation window.
        """
        found = column.dates
        if found is None:
            return []
        formats, checks = [], []
        for way in found.ways:
            chosen, check = way.format, ""
            undecided = not way.only_day_first and not way.only_month_first
            if undecided and self.declared and self.declared in (way.format, way.other):
                chosen = self.declared
            elif way in found.unclear:
                chosen, check = self.choose(
                    f"{name}:{column.name}:order",
                    asks=_order_question(column.name, name, way.only_day_first, way.only_month_first),
                    evidence=found.sentences(),
                    proposed=way.format,
                    options=(way.format, way.other),
                )
            formats.append(chosen)
            checks += [check] if check else []
        if found.short_years:
            _, check = self.choose(
                f"{name}:{column.name}:century",
                asks=f"The years in {column.name!r} of {name} have two digits. Read each as of the latest century that "
                "does not put the date after the extraction?",
                proposed=_TWO_DIGITS,
                options=(_TWO_DIGITS,),
            )
            checks += [check] if check else []
        if found.serials:
            _, check = self.choose(
                f"{name}:{column.name}:serials",
                asks=f"{found.serials:,} values in {column.name!r} of {name} are numbers such as Excel shows as dates. "
                "Read them as Excel dates?",
                proposed="excel",
                options=("excel",),
            )
            checks += [check] if check else []
        own = tuple(text for text in column.missing if text.casefold() not in PLAINLY_MISSING)
        key = f"{file}:{column.name}"
        self.read[key] = ColumnDates(
            key=key, formats=tuple(dict.fromkeys(formats)), evidence=found, own_missing=own, checks=tuple(checks)
        )
        if found.first and found.last and role != "birth":
            label = f"{column.name} of {name}"
            self.spans.append(Span(column=label, first=found.first, last=found.last, ends=role == "end"))
        said = found.sentences()
        return [f"{column.name}: {'; '.join(said)}."] if said else []

    def usual_format(self) -> str:
        """The format of most columns; of equals the one met first."""
        counts: dict[str, int] = {}
        for read in self.read.values():
            for item in read.formats[:1]:
                counts[item] = counts.get(item, 0) + 1
        return max(counts, key=lambda item: counts[item]) if counts else "%d/%m/%Y"

    def column_sections(self, usual: str, missing: Sequence[str]) -> list[Section]:
        """What is different in single columns."""
        sections = []
        for read in self.read.values():
            section = Section(header=section_name("reading", "columns", read.key))
            found = read.evidence
            if read.formats and (read.formats != (usual,) or read.checks):
                section.add("formats", read.formats, check=" ".join(read.checks))
            elif read.checks:
                section.checks += read.checks
            if found.short_years:
                section.add("two_digit_pivot", _TWO_DIGITS)
            if found.serials:
                section.add("excel_serials", True)
            unknown = [day for day in found.sentinels if day not in OPEN_SENTINELS]
            still = [day for day in found.sentinels if day in OPEN_SENTINELS]
            if unknown:
                section.add("sentinels_null", unknown, _sentinel_words(found, unknown, "not known"))
            if still:
                section.add("sentinels_open", still, _sentinel_words(found, still, "still open"))
            if found.open_words:
                section.add("open_texts", found.open_words)
            if read.own_missing:
                section.add("missing", (*missing, *read.own_missing))
            if section.entries or section.checks:
                sections.append(section)
        return sections


def _sentinel_words(found: DateEvidence, days: Sequence[date], meaning: str) -> str:
    counts = ", ".join(f"{day.isoformat()} {found.sentinels[day]:,} times" for day in days)
    return f'Taken for "{meaning}": {counts}.'


def _order_question(column: str, name: str, only_day: int, only_month: int) -> str:
    where = f"{column!r} of {name}"
    if only_day and only_month:
        return (
            f"Does the day or the month come first in {where}? The dates contradict each other: {only_day:,} exclude "
            f"month-first, {only_month:,} exclude day-first."
        )
    if only_month:
        return (
            f"Does the month come first in {where}, as in America? {only_month:,} dates exclude day-first and none "
            "excludes month-first."
        )
    return f"Does the day or the month come first in {where}? No date in it decides."
