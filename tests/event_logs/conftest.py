"""A council of three children as CSV files, small enough to work out every event by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = """\
schema_version = 1
name = "Three children"

[window]
recording_start = 2019-01-01
extraction_date = 2022-12-31
[window.recorded_from]
"Permanence recommended" = 2020-01-01

[reading]
date_format = "%d/%m/%Y"
missing = ["", "n/k"]
total_row_labels = ["Total"]

[children]
file = "children.csv"
child = "child_id"
birth = "date_of_birth"
attributes = { sex = "sex" }

[episodes]
file = "episodes.csv"
episode = "episode_id"
child = "child_id"
start = "start_date"
end = "end_date"
attributes = { destination = "destination" }

[legal_statuses]
file = "legal_statuses.csv"
episode = "episode_id"
status = "legal_status"
start = "start_date"
end = "end_date"
codes = ["Section 25 (voluntary)", "Compulsory supervision order"]

[placements]
file = "placements.csv"
episode = "episode_id"
type = "placement_type"
start = "start_date"
end = "end_date"
[placements.settings]
"At home with parents" = "home"
"Kinship carer" = "away"
"Foster carer" = "away"

[reviews]
file = "reviews.csv"
episode = "episode_id"
date = "review_date"
outcome = "outcome"
[reviews.outcomes]
"Permanence away from home recommended" = "Permanence recommended"
"Return home recommended" = "Return home recommended"
"Plan continues" = ""

[milestones]
file = "milestones.csv"
episode = "episode_id"
milestone = "milestone"
date = "date"
[milestones.codes]
"Legal advice requested" = "Legal advice requested"
"Legal advice received" = "Legal advice received"
"Permanence panel" = "Permanence panel"

[panel]
weekday = "Tuesday"
weeks_of_month = [1, 3]
skip_months = [7]
slots = 4
lead_days = 14
"""

TABLES = {
    "children.csv": """\
child_id,date_of_birth,sex,surname
C1,29/02/2016,Female,Zoë
C2,10/06/2010,Male,Reid
C3,01/12/2019,Female,Ross
""",
    "episodes.csv": """\
episode_id,child_id,start_date,end_date,destination
E1,C1,01/03/2020,,
E2,C2,05/01/2021,20/09/2021,Home with parents
E3,C3,10/01/2020,15/11/2021,Own tenancy
""",
    "legal_statuses.csv": """\
episode_id,legal_status,start_date,end_date
E1,Compulsory supervision order,01/03/2020,
E1,Section 25 (voluntary),01/03/2020,10/03/2020
E2,Compulsory supervision order,05/01/2021,20/09/2021
E3,Section 25 (voluntary),10/01/2020,10/02/2020
E3,Compulsory supervision order,10/02/2020,15/11/2021
""",
    "placements.csv": """\
episode_id,placement_type,start_date,end_date
E1,Foster carer,01/03/2020,01/06/2020
E1,Kinship carer,01/06/2020,
E2,Kinship carer,05/01/2021,20/09/2021
E3,At home with parents,10/01/2020,01/02/2020
E3,Foster carer,01/02/2020,01/08/2021
E3,At home with parents,01/08/2021,15/11/2021
""",
    "reviews.csv": """\
episode_id,review_date,outcome
E1,10/04/2020,Plan continues
E1,09/07/2020,Permanence away from home recommended
E1,09/01/2021,Permanence away from home recommended
E2,16/02/2021,Return home recommended
E3,14/03/2020,
E3,13/06/2020,n/k
""",
    "milestones.csv": """\
episode_id,milestone,date
E1,Legal advice requested,09/07/2020
E1,Legal advice received,03/09/2020
E1,Permanence panel,06/10/2020
E1,Permanence panel,03/11/2020
""",
}

CouncilWriter = Callable[..., Path]


@pytest.fixture
def write_council(tmp_path: Path) -> CouncilWriter:
    """Writes the three-child council and returns its folder.

    `tables` replaces whole files by name (None leaves the file out), `added` puts lines at the end of files,
    `project` is a pair of texts: what to replace in the project file, and by what.
    """

    def write(
        *,
        tables: dict[str, str | None] | None = None,
        added: dict[str, str] | None = None,
        project: tuple[str, str] | None = None,
        encoding: str = "utf-8",
    ) -> Path:
        for name, text in (TABLES | (tables or {})).items():
            if text is not None:
                (tmp_path / name).write_bytes((text + (added or {}).get(name, "")).encode(encoding))
        toml = PROJECT
        if project is not None:
            assert project[0] in toml
            toml = toml.replace(*project)
        (tmp_path / "permanence.toml").write_text(toml, encoding="utf-8")
        return tmp_path

    return write
