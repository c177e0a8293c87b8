"""The comparison on a council whose true effects are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from event_logs.derive import derive
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from scenarios import ALL_STAGES, IDEAS, NULL, AddReview, Range, ReadySooner, RequestBeforeReview, Scenario, compare
from simulation import Sessions


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> tuple[EventLog, Sessions, dict]:
    """A council of about a third of Edinburgh's size, with its panel calendar and its planted truth."""
    folder: Path = tmp_path_factory.mktemp("council")
    generated = generate(folder, council=Council().scaled(100), seed=11)
    project = load_project(folder)
    assert project.panel is not None
    calendar = project.panel
    panel = Sessions(
        weekday=calendar.weekday,
        weeks_of_month=calendar.weeks_of_month,
        slots=calendar.slots,
        lead_days=calendar.lead_days,
        skip_months=calendar.skip_months,
    )
    return derive(project).log, panel, generated.truth


def exactly(name: str) -> Scenario:
    """A ready-made idea with the very size that was planted, so that only the method is on trial."""
    changes = {
        "earlier-legal-advice": (RequestBeforeReview(activity="Legal advice requested", lead_days=Range.exactly(28)),),
        "four-week-review": (AddReview(day=Range.exactly(28)), ReadySooner(factor=Range.exactly(0.85))),
    }
    idea = IDEAS[name]
    return Scenario(name=name, title=idea.title, rationale="as planted", evidence="planted", changes=changes[name])


@pytest.fixture(scope="module")
def result(council: tuple[EventLog, Sessions, dict]):
    log, panel, _ = council
    chosen = [NULL, exactly("earlier-legal-advice"), exactly("four-week-review")]
    return compare(log, chosen, panel=panel, draws=8, replications=1, seed=3)


def test_no_change_differs_by_exactly_nothing(result) -> None:
    null = result.stages[result.stages["scenario"] == "no-change"]
    assert (null[["difference_child_weeks", "low_child_weeks", "high_child_weeks"]] == 0.0).all(axis=None)
    assert (null["difference_weeks"].dropna() == 0.0).all()
    assert "no-change" not in set(result.workload["scenario"])


@pytest.mark.parametrize(
    ("idea", "stage"),
    [
        ("earlier-legal-advice", "Papers: recommendation to papers complete"),
        ("four-week-review", "Planning: accommodated to plan decided"),
    ],
)
def test_the_planted_effect_lies_in_the_interval_of_its_stage(council, result, idea: str, stage: str) -> None:
    truth = council[2]["changes"][idea]["stages"][stage]
    row = result.stages[(result.stages["scenario"] == idea) & (result.stages["stage"] == stage)].iloc[0]
    assert row["low_weeks"] <= truth["difference_weeks"] <= row["high_weeks"]
    assert row["low_child_weeks"] <= -truth["child_weeks_saved"] <= row["high_child_weeks"]
    assert row["difference_weeks"] < 0
    assert row["probability_helps"] > 0.9


def test_earlier_legal_advice_leaves_planning_untouched(result) -> None:
    rows = result.stages[result.stages["scenario"] == "earlier-legal-advice"].set_index("stage")
    planning = rows.loc["Planning: accommodated to plan decided"]
    assert planning["difference_child_weeks"] == 0.0
    assert planning["high_child_weeks"] == 0.0


def test_the_price_of_earlier_legal_advice_is_shown_as_extra_requests(result) -> None:
    work = result.workload[result.workload["scenario"] == "earlier-legal-advice"].set_index("activity")
    # Three in four children decided do not go on to permanence, so requests multiply.
    assert work.loc["Legal advice requested", "low"] > work.loc["Legal advice requested", "baseline_per_year"]


def test_all_stages_is_the_sum_of_the_stages(result) -> None:
    for _, rows in result.stages.groupby("scenario"):
        parts, whole = rows[rows["stage"] != ALL_STAGES], rows[rows["stage"] == ALL_STAGES].iloc[0]
        assert parts["difference_child_weeks"].sum() == pytest.approx(whole["difference_child_weeks"])
        assert np.isnan(whole["difference_weeks"])


def test_the_number_of_workers_changes_nothing(council) -> None:
    log, panel, _ = council
    settings = {"panel": panel, "draws": 3, "replications": 1, "seed": 4, "years": 1.0}
    alone, together = compare(log, [NULL], workers=1, **settings), compare(log, [NULL], workers=2, **settings)
    assert alone.stages.equals(together.stages)


def test_another_scenario_beside_it_changes_nothing(council, result) -> None:
    log, panel, _ = council
    alone = compare(log, [exactly("four-week-review")], panel=panel, draws=8, replications=1, seed=3)
    beside = result.stages[result.stages["scenario"] == "four-week-review"].reset_index(drop=True)
    assert alone.stages.equals(beside)


def test_too_few_draws_are_refused(council) -> None:
    with pytest.raises(ValueError, match="draws must be at least 2"):
        compare(council[0], draws=1)
