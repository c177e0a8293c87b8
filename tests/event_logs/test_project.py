"""The project file: read right, and every mistake in it named at once with place and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from event_logs.errors import InputError, Problem
from event_logs.project import load_project, nearest

Write = Callable[..., Path]


def problems(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        load_project(folder)
    assert all(p.file and p.problem and p.remedy for p in caught.value.problems)
    return caught.value.problems


def test_reads_the_folder_or_the_file(write_council: Write) -> None:
    folder = write_council()
    project = load_project(folder)
    assert project == load_project(folder / "permanence.toml")
    assert project.folder == folder
    assert (project.window.start, project.window.end) == (pd.Timestamp("2019-01-01"), pd.Timestamp("2022-12-31"))
    assert dict(project.window.recorded_from) == {"Permanence recommended": pd.Timestamp("2020-01-01")}
    assert project.reading.missing == ("", "n/k")
    assert project.children.attributes == {"sex": "sex"}
    assert project.panel is not None
    assert (project.panel.weeks_of_month, project.panel.slots) == ((1, 3), 4)


def test_tables_beyond_children_and_episodes_may_be_left_out(write_council: Write) -> None:
    folder = write_council()
    text = (folder / "permanence.toml").read_text(encoding="utf-8")
    (folder / "permanence.toml").write_text(text[: text.index("[legal_statuses]")], encoding="utf-8")
    project = load_project(folder)
    assert (project.legal_statuses, project.placements, project.reviews, project.panel) == (None, None, None, None)


def test_no_file(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert problem.problem == "the project file does not exist"


def test_invalid_toml_names_the_line(write_council: Write) -> None:
    (problem,) = problems(write_council(project=('name = "Three children"', "name = Three children")))
    assert problem.place == "line 2"
    assert problem.problem.startswith("not valid TOML")


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        (("schema_version = 1", "schema_version = 2"), "schema_version", "got 2"),
        (('name = "Three children"', ""), "name", "the key is missing"),
        (("date_format =", "date_fromat ="), "reading.date_fromat", "Did you mean 'date_format'?"),
        (("[panel]", "[pannel]"), "pannel", "Did you mean 'panel'?"),
        (("slots = 4", 'slots = "4"'), "panel.slots", "valid integer, got '4'"),
        (("slots = 4", "slots = 0"), "panel.slots", "greater than or equal to 1, got 0"),
        (('weekday = "Tuesday"', 'weekday = "Tue"'), "panel.weekday", "got 'Tue'"),
        (("2022-12-31", '"31/12/2022"'), "window.extraction_date", "such as 2024-07-31, got '31/12/2022'"),
        (('"%d/%m/%Y"', '"%d/%m"'), "reading.date_format", "does not say day, month and year"),
        (('missing = ["", "n/k"]', 'missing = "n/k"'), "reading.missing", "valid list"),
        (
            ('= "home"', '= "hame"'),
            "placements.settings.At home with parents",
            "'home' or 'away', got 'hame'",
        ),
        (
            ('= "Permanence panel"', '= "Permanence panl"'),
            "milestones.codes.Permanence panel",
            "'Permanence panl' is not an activity; the nearest is 'Permanence panel'",
        ),
        (
            ('[window.recorded_from]\n"Permanence recommended"', '[window.recorded_from]\n"Permanence recomended"'),
            "window.recorded_from.Permanence recomended",
            "the nearest is 'Permanence recommended'",
        ),
        (("= 2019-01-01", "= 2023-01-01"), "window.recording_start", "2023-01-01 is after extraction_date"),
        (('"reviews.csv"', '"review.csv"'), "reviews.file", "the nearest name there is 'reviews.csv'"),
    ],
)
def test_one_mistake(write_council: Write, change: tuple[str, str], place: str, says: str) -> None:
    sound = (write_council() / "permanence.toml").read_text(encoding="utf-8")
    line = sound.count("\n", 0, sound.index(change[0])) + 1 + change[0].count("\n")
    (problem,) = problems(write_council(project=change))
    assert problem.file == "permanence.toml"
    assert problem.place == (place if place == "name" else f"{place} (line {line})")
    assert says in f"{problem.problem}. {problem.remedy}"


def test_all_mistakes_at_once(write_council: Write) -> None:
    folder = write_council(tables={"reviews.csv": None}, project=("slots = 4", "slots = 0\nseats = 3"))
    text = (folder / "permanence.toml").read_text(encoding="utf-8")
    (folder / "permanence.toml").write_text(text.replace('birth = "date_of_birth"\n', ""), encoding="utf-8")
    assert {p.place.split(" ")[0] for p in problems(folder)} == {
        "panel.slots",
        "panel.seats",
        "children.birth",
        "reviews.file",
    }


def test_nearest_ignores_case_and_gives_nothing_for_nonsense() -> None:
    assert nearest("FOSTER CARER", ["Kinship carer", "Foster carer"], 1) == ["Foster carer"]
    assert nearest("zzzz", ["Kinship carer"]) == []


def test_the_councils_own_holidays_change_its_working_days(write_council: Write) -> None:
    folder = write_council()
    file = folder / "permanence.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\n[holidays]\nclosed = [2020-09-21]\nopen = [2020-08-03]\n", encoding="utf-8")
    days = pd.Series(pd.to_datetime(["2020-09-21", "2020-08-03", "2020-12-25", "2020-09-22"]))
    assert load_project(folder).working_days.is_working_day(days).tolist() == [False, True, False, True]
    file.write_text(f"{text}\n[holidays]\nopen = [2020-09-21]\n", encoding="utf-8")
    (problem,) = problems(folder)
    assert problem.place.startswith("holidays (line ")
    assert "removed, but not bank holidays of Scotland" in problem.problem


def test_a_test_of_change_has_a_date_and_a_name(write_council: Write) -> None:
    folder = write_council()
    file = folder / "permanence.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f'{text}\n[test_of_change]\ndate = 2022-03-01\nname = "Four-week review"\n', encoding="utf-8")
    tried = load_project(folder).test_of_change
    assert tried is not None
    assert (str(tried.date), tried.name, tried.planned) == ("2022-03-01", "Four-week review", None)
    file.write_text(f'{text}\n[test_of_change]\nname = "Four-week review"\n', encoding="utf-8")
    (problem,) = problems(folder)
    assert problem.place.startswith("test_of_change.date")
