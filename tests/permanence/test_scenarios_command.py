"""`permanence scenarios`, and the scenarios of a project."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from event_logs.errors import InputError
from event_logs.project import Project, load_project
from permanence.cli import app
from permanence.pipeline import Run, run_stages
from permanence.progress import StageDisplay
from permanence.project_scenarios import compared_scenarios, known_scenarios, own_scenarios
from scenarios.ready_made import IDEAS, POSTER, idea_text

OWN = """\
schema_version = 1
name = "quicker-decisions"
title = "Quicker decisions"
rationale = "The agency decision maker decides at once."

[[changes]]
type = "shorten"
activities = ["Agency decision"]
factor = 0.5
"""


def said(*words: object) -> str:
    """What the command says on standard output; it ends well."""
    result = CliRunner().invoke(app, ["scenarios", *map(str, words)])
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: object) -> str:
    """What is wrong, in words."""
    result = CliRunner().invoke(app, ["scenarios", *map(str, words)])
    assert isinstance(result.exception, InputError), result.output
    return str(result.exception)


def with_own(folder: Path, text: str = OWN, name: str = "own.toml") -> Project:
    """The project with one more scenario file."""
    (folder / "scenarios").mkdir(exist_ok=True)
    (folder / "scenarios" / name).write_text(text, encoding="utf-8")
    return load_project(folder)


def test_the_list_names_every_idea_with_a_picture_of_what_it_touches(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = said()
    for name, idea in IDEAS.items():
        assert f"{'*' if name in POSTER else ' '} {name}: {idea.title}\n" in text
    assert "Accommodated → [LAAC review day 28] → plan decided" in text
    assert "[Legal advice requested 14–42 days before] → LAAC review that decides" in text
    assert text.count("not possible here") == 0


def test_a_project_lists_its_own_scenarios_too(project: Path) -> None:
    with_own(project)
    text = said(project)
    assert "* quicker-decisions: Quicker decisions  (in the project)" in text
    assert "Permanence panel → [time × 0.5] → Agency decision" in text


def test_one_scenario_is_shown_whole_by_its_name_or_its_file(project: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = said("earlier-legal-advice")
    idea = IDEAS["earlier-legal-advice"]
    flat = " ".join(text.split())
    assert all(" ".join(one.text.split()) in flat for one in idea.evidence)
    assert "days before review: 14 to 42, most likely 28" in flat
    assert "Chance that, tried here, it changes nothing: 10%." in flat
    assert "[no source]" in flat
    assert "[confirmed]" in flat
    with_own(project)
    assert said("quicker-decisions", "--project", project) == said(project / "scenarios" / "own.toml")


def test_a_copy_keeps_the_comments_can_be_read_and_never_overwrites(project: Path) -> None:
    file = project / "scenarios" / "mine.toml"
    assert said("--copy", "leaflet-and-conversations", file).strip() == f"Scenario: {file}"
    assert file.read_text(encoding="utf-8") == idea_text("leaflet-and-conversations")
    assert own_scenarios(load_project(project)).keys() == {"leaflet-and-conversations"}
    assert "is there already" in refused("--copy", "four-week-review", file)


def test_names_that_there_are_not(project: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no scenario 'four-week-reviw'. Did you mean 'four-week-review'?" in refused("four-week-reviw")
    text = (project / "permanence.toml").read_text(encoding="utf-8")
    use = '\n[scenarios]\nuse = ["two-panels-a-month", "quicker-decision"]\n'
    (project / "permanence.toml").write_text(text + use, encoding="utf-8")
    line = len((text + use).splitlines())
    with pytest.raises(InputError) as error:
        compared_scenarios(with_own(project))
    assert str(error.value) == (
        f"permanence.toml, scenarios.use (line {line}): there is no scenario 'quicker-decision'. "
        "Did you mean 'quicker-decisions'?"
    )


def test_what_is_compared(project: Path) -> None:
    assert [one.name for one in compared_scenarios(load_project(project))] == list(POSTER)
    assert [one.name for one in compared_scenarios(with_own(project))] == [*POSTER, "quicker-decisions"]
    mine = OWN.replace("quicker-decisions", "four-week-review")
    changed = with_own(project, mine, "changed.toml")
    # A changed copy of an idea stands in its place.
    assert [one.name for one in compared_scenarios(changed)] == [*POSTER, "quicker-decisions"]
    assert known_scenarios(changed)["four-week-review"].title == "Quicker decisions"
    text = (project / "permanence.toml").read_text(encoding="utf-8")
    use = '\n[scenarios]\nuse = ["two-panels-a-month", "quicker-decisions"]\n'
    (project / "permanence.toml").write_text(text + use, encoding="utf-8")
    assert [one.name for one in compared_scenarios(load_project(project))] == [
        "two-panels-a-month",
        "quicker-decisions",
    ]


def test_faults_of_all_files_are_told_at_once_and_before_anything_is_run(project: Path) -> None:
    with_own(project)
    with_own(project, OWN, "again.toml")
    with_own(project, OWN.replace('"Agency decision"', '"Agency decison"'), "wrong.toml")
    run = Run.of(project)
    with pytest.raises(InputError) as error, StageDisplay() as display:
        run_stages(run, ("derive", "fit", "compare"), display)
    lines = [str(problem) for problem in error.value.problems]
    assert lines == [
        "own.toml, name: the name 'quicker-decisions' is also that of the scenario in again.toml. "
        "Give one of the two another name",
        "wrong.toml, changes.0.activities (line 8): the pathway has no activity 'Agency decison'. "
        "Did you mean 'Agency decision'?",
    ]
    assert not run.folder.exists()


def test_a_gate_that_the_project_declares_can_be_changed(project: Path) -> None:
    staff = OWN[: OWN.index("[[changes]]")] + '[[changes]]\ntype = "staff"\ngate = "court"\nmore = 1\n'
    with pytest.raises(InputError, match="the pathway has no gate 'court'"):
        own_scenarios(with_own(project, staff))
    text = (project / "permanence.toml").read_text(encoding="utf-8")
    (project / "permanence.toml").write_text(text + "\n[court]\nplaces = 5\n", encoding="utf-8")
    assert own_scenarios(load_project(project)).keys() == {"quicker-decisions"}


def test_the_comparison_depends_on_the_scenario_files_and_nothing_else_does(project: Path) -> None:
    with_own(project)

    def keys() -> dict[str, str]:
        return {name: Run.of(project).key(name) for name in ("derive", "fit", "compare")}

    before = keys()
    with_own(project, OWN.replace("0.5", "0.6"))
    after = keys()
    assert [name for name in before if before[name] != after[name]] == ["compare"]
    shutil.rmtree(project / "scenarios")
    assert keys()["compare"] not in (before["compare"], after["compare"])
