"""The observation window that is proposed, with what speaks for it: both ends are always asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from event_logs import vocabulary as v
from event_logs.proposal.codes import sorted_out
from event_logs.proposal.deciding import Decisions, Span
from event_logs.proposal.document import Section
from event_logs.proposal.gaps import recorded_from
from event_logs.proposal.kinds import readings
from event_logs.proposal.profiles import Extract
from event_logs.proposal.words import OUTCOMES

_NO_DATE = date(2000, 1, 1)


def window_sections(extracts: Sequence[Extract], kinds: Mapping[str, str], decisions: Decisions) -> list[Section]:
    """The observation window: the last date is no proof of the date of the extract, so both ends are asked."""
    section = Section(header="window")
    spans = decisions.spans or [Span(column="no column", first=_NO_DATE, last=_NO_DATE, ends=False)]
    latest = max(spans, key=lambda span: span.last)
    ends = [span for span in spans if span.ends]
    earliest = min(ends or spans, key=lambda span: span.first)
    what = "episode ended" if ends else "date is"
    said = f"The earliest {what} on {earliest.first.isoformat()} ({earliest.column})."
    value, check = decisions.choose(
        "window.recording_start",
        asks="From which day on does the extract hold every child who was looked after?",
        evidence=(said,),
        proposed=earliest.first.isoformat(),
        options=(),
        kind="date",
    )
    section.add("recording_start", date.fromisoformat(value), said, check=check)
    start = value
    said = f"The latest date is {latest.last.isoformat()} ({latest.column})."
    value, check = decisions.choose(
        "window.extraction_date",
        asks="On which day was the extract taken?",
        evidence=(said,),
        proposed=latest.last.isoformat(),
        options=(),
        kind="date",
    )
    section.add("extraction_date", date.fromisoformat(value), said, check=check)
    return [section, *_recorded_from(extracts, kinds, decisions, start)]


def _recorded_from(
    extracts: Sequence[Extract], kinds: Mapping[str, str], decisions: Decisions, start: str
) -> list[Section]:
    """From when on the outcomes of reviews were recorded: asked wherever the extract tells of them."""
    steps, proposed, said = _outcome_steps(extracts, kinds), start, ""
    for extract in extracts:
        found = recorded_from(extract.outcome_months) if kinds[extract.name] == "reviews" else None
        if found is not None:
            proposed = found.month.date().isoformat()
            said = (
                f"{found.blank_before:.0%} of the outcomes in {extract.name} before {proposed} are blank, "
                f"{found.blank_after:.0%} since."
            )
    in_reviews = any(kind == "reviews" for kind in kinds.values())
    if not steps or (in_reviews and not said):
        return []
    said = said or "Systems often recorded what a review decided only from some year on; here nothing tells from when."
    value, check = decisions.choose(
        "window.recorded_from",
        asks="From which day on were outcomes of reviews recorded reliably?",
        evidence=(said,),
        proposed=proposed,
        options=(),
        kind="date",
    )
    section = Section(header="window.recorded_from", evidence=[said])
    for number, step in enumerate(steps):
        section.add(step, date.fromisoformat(value), check=check if number == 0 else "")
    return [section]


def _outcome_steps(extracts: Sequence[Extract], kinds: Mapping[str, str]) -> list[str]:
    """The steps that a review decides, as far as the extract tells of them."""
    seen: set[str] = set()
    for extract in extracts:
        kind, found = kinds[extract.name], readings(extract)
        reading = next((reading for reading in found if reading.kind == kind), None)
        if reading is None:
            continue
        seen |= {match.meaning for match in reading.steps.values()}
        role = {"reviews": "outcome", "milestones": "label"}.get(kind, "")
        if role in reading.roles:
            labels = sorted_out(extract.column(reading.roles[role].column), role)
            seen |= {label.meaning for label in labels.known}
    return [step for step in v.MILESTONES if step in seen and step in OUTCOMES]
