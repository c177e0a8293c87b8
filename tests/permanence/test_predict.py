"""`permanence compare --predict`, `--power` and `--observed`: a prediction saved today, judged by a later extract."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from event_logs.errors import InputError
from event_logs.synthetic import CHANGES, Council, generate
from event_logs.synthetic.later import generate_later
from permanence.pipeline import Run, run_stages
from permanence.predict import (
    DATA,
    PAGE,
    Wanted,
    command,
    lay_over,
    make_prediction,
    said_after,
    said_power,
    save,
    saved_today,
    scenario_named,
)
from permanence.progress import StageDisplay
from scenarios import IDEAS, scenario_text

IDEA = "earlier-legal-advice"
COUNCIL = Council(years=7, horizon_days=1100).scaled(50)


def derived(folder: Path) -> Run:
    """The run of a project, its log made."""
    run = Run.of(folder)
    run_stages(run, ("derive",), StageDisplay())
    return run


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a saved prediction that now holds the later extract."""
    folder = tmp_path_factory.mktemp("project")
    generate(folder, council=COUNCIL, seed=6)
    run = derived(folder)
    with pytest.raises(InputError, match="no prediction has been saved"):
        lay_over(run)
    prediction = make_prediction(run, IDEA, Wanted(draws=20, months=12))
    path, new = save(run, prediction)
    assert new
    assert path.parent == folder / "predictions"
    with pytest.raises(InputError, match=f"{path.name}.*made from an extract to 2024-07-31"):
        lay_over(run)
    # The chances are read from what was saved from this very extract.
    table = command(run, {"predict": None, "power": IDEA, "observed": None}, months=24, monthly=False, draws=100)
    assert table == said_power(prediction)
    assert any("one rank test at the end" in line for line in table)
    # The project now holds the extract of two years later, in which the change happened.
    generate_later(folder, COUNCIL, 6, CHANGES[IDEA], years=2)
    return folder


def test_the_verdict_is_said_and_written(project: Path) -> None:
    run = derived(project)
    assert saved_today(run, IDEA) is None
    found = lay_over(run)
    lines = said_after(found, run.folder)
    assert lines[0] == "Earlier legal advice: predicted from records to 2024-07-31, seen to 2026-07-31."
    assert any(line.startswith("The first to respond. Legal advice") for line in lines)
    assert lines[-1] == f"Page: {run.folder / PAGE}"
    content = json.loads((run.folder / DATA).read_text(encoding="utf-8"))
    assert content["scenario"] == IDEA
    assert {chart["verdict"] for chart in content["charts"]} == {one.verdict for one in found.charts}
    assert content["responds_first"].startswith("Legal advice")


def test_the_page_stands_alone_and_shows_every_chart_that_should_move(project: Path) -> None:
    run = derived(project)
    found = lay_over(run, IDEA)
    page = (run.folder / PAGE).read_text(encoding="utf-8")
    moved = [one for one in found.charts if one.predicted.touched]
    assert page.count("<figure") == len(moved)
    assert page.count("<desc>Run chart") == len(moved)
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "For internal use only" in page
    assert "Made-up data" in page
    for one in found.charts:
        assert one.predicted.watched.name.replace("'", "&#39;") in page
    again = derived(project)
    lay_over(again)
    assert (again.folder / PAGE).read_text(encoding="utf-8") == page


def test_an_unknown_idea_is_met_with_the_nearest(project: Path) -> None:
    with pytest.raises(InputError, match="Did you mean 'earlier-legal-advice'"):
        scenario_named(derived(project), "earlier-legal-advise")


def test_an_idea_of_the_council_s_own_is_a_file_in_its_project(project: Path) -> None:
    run = derived(project)
    own = scenario_text(replace(IDEAS[IDEA], name="our-idea", title="Ours"))
    (project / "scenarios").mkdir(exist_ok=True)
    file = project / "scenarios" / "our-idea.toml"
    file.write_text(own, encoding="utf-8")
    assert scenario_named(run, "our-idea").title == "Ours"
    with pytest.raises(InputError, match="Did you mean 'our-idea'"):
        scenario_named(run, "our-ideas")


def test_the_commands(project: Path, tmp_path: Path, permanence) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(project, folder)
    after = permanence("compare", folder, "--observed")
    assert after.returncode == 0, after.stderr
    assert "The stage that decides" in after.stdout
    wrong = permanence("compare", folder, "--observed", "--prediction", "four-week-review")
    assert wrong.returncode == 1
    assert "there is no prediction 'four-week-review'" in wrong.stderr
    assert IDEA in wrong.stderr
    both = permanence("compare", folder, "--observed", "--power", IDEA)
    assert both.returncode == 2
    alone = permanence("compare", folder, "--prediction", IDEA)
    assert alone.returncode == 2
