"""The project file that describes a synthetic council's tables."""

from __future__ import annotations

from event_logs import vocabulary as v
from event_logs.synthetic.council import LEGAL_STATUSES, PLACEMENT_TYPES, Council
from event_logs.synthetic.spells import HOME
from event_logs.synthetic.tables import MILESTONE_LABELS, OUTCOMES, Writing

PROJECT_FILE = "permanence.toml"


def project_text(council: Council, writing: Writing) -> str:
    """The project file of a synthetic council; forename and surname are not in it, so they are never read."""
    settings = "\n".join(
        f'"{name}" = "{"home" if kind == HOME else "away"}"' for kind, name in enumerate(PLACEMENT_TYPES)
    )
    outcomes = "\n".join(f'"{label}" = "{activity}"' for label, activity in OUTCOMES.items())
    codes = "\n".join(f'"{label}" = "{label}"' for label in MILESTONE_LABELS)
    weekday = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[council.panel_weekday]
    return _PROJECT.format(
        window=window_text(council),
        encoding=writing.encoding,
        date_format=writing.date_format,
        missing=_strings(writing.missing),
        total_row_labels=_strings(writing.total_row_labels),
        statuses=_strings(LEGAL_STATUSES),
        settings=settings,
        outcomes=outcomes,
        codes=codes,
        weekday=weekday,
        weeks=list(council.panel_weeks),
        skip=list(council.panel_skip_months),
        slots=council.panel_slots,
        lead=council.panel_lead_days,
    )


def window_text(council: Council) -> str:
    """The section [window] of a synthetic council's project file."""
    recorded = "\n".join(
        f'"{activity}" = {council.outcomes_recorded_from.isoformat()}'
        for activity in (v.RECOMMENDED, v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.LONG_TERM)
    )
    return (
        f"[window]\nrecording_start = {council.recording_start.isoformat()}\n"
        f"extraction_date = {council.extraction_date.isoformat()}\n\n[window.recorded_from]\n{recorded}\n"
    )


def _strings(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


_PROJECT = """\
# A synthetic council: no record in these tables is of a real child.
schema_version = 1
name = "Synthetic council"

{window}
[reading]
encoding = "{encoding}"
delimiter = ","
date_format = "{date_format}"
missing = {missing}
total_row_labels = {total_row_labels}

[children]
file = "children.csv"
child = "child_id"
birth = "date_of_birth"
attributes = {{ sex = "sex", locality = "locality", family = "family_id" }}

[episodes]
file = "episodes.csv"
episode = "episode_id"
child = "child_id"
start = "start_date"
end = "end_date"
attributes = {{ destination = "destination" }}

[legal_statuses]
file = "legal_statuses.csv"
episode = "episode_id"
status = "legal_status"
start = "start_date"
end = "end_date"
codes = {statuses}

[placements]
file = "placements.csv"
episode = "episode_id"
type = "placement_type"
start = "start_date"
end = "end_date"

[placements.settings]
{settings}

[reviews]
file = "reviews.csv"
episode = "episode_id"
date = "review_date"
outcome = "outcome"

[reviews.outcomes]
{outcomes}

[milestones]
file = "milestones.csv"
episode = "episode_id"
milestone = "milestone"
date = "date"

[milestones.codes]
{codes}

[panel]
weekday = "{weekday}"
weeks_of_month = {weeks}
skip_months = {skip}
slots = {slots}
lead_days = {lead}
"""
