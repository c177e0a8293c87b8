"""The comparison on a council whose true effects are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from event_logs.derive import derive
from event_logs.errors import InputError
from event_logs.log import EventLog
from event_logs.project import load_project
from event_logs.synthetic import Council, generate
from scenarios import ALL_STAGES, NULL, AppliesTo, Range, Scenario, compare
from scenarios.activities import Add
from scenarios.planted import planted_idea
from simulation import Sessions
from simulation.model import PathwayModel
from simulation.pathway import REVIEW_GATE


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


@dataclass(frozen=True, kw_only=True)
class Once(Add):
    """An additional review that cannot stand beside another one."""

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        if model.gates[REVIEW_GATE].extra_days:
            raise ValueError("there is one already")
        return super().apply(model, *sizes)


@pytest.fixture(scope="module")
def result(council: tuple[EventLog, Sessions, dict]):
    log, panel, _ = council
    chosen = [NULL, planted_idea("earlier-legal-advice"), planted_idea("four-week-review")]
    pairs = [("no-change", "four-week-review"), ("earlier-legal-advice", "four-week-review")]
    return compare(log, chosen, together=pairs, panel=panel, draws=8, replications=2, seed=3)


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


def test_the_number_of_workers_changes_nothing(council, always_processes: None) -> None:
    log, panel, _ = council
    settings = {"panel": panel, "draws": 5, "replications": 1, "seed": 4, "years": 1.0}
    alone, together = compare(log, [NULL], workers=1, **settings), compare(log, [NULL], workers=2, **settings)
    assert alone.stages.equals(together.stages)


def test_another_scenario_beside_it_changes_nothing(council, result) -> None:
    log, panel, _ = council
    alone = compare(log, [planted_idea("four-week-review")], panel=panel, draws=2, replications=2, seed=3)
    beside = result.draws.values[:2, :, [0, 3]]
    assert np.array_equal(alone.draws.values, beside, equal_nan=True)


def test_the_null_scenario_changes_no_measure_at_all(result) -> None:
    runs = result.draws.values
    assert np.array_equal(runs[:, :, 0], runs[:, :, 1], equal_nan=True)
    verdict = result.verdicts.set_index("scenario").loc["no-change"]
    assert (verdict["effect_child_weeks"], verdict["chance_probability"]) == (0.0, 1.0)
    assert not verdict["detectable"]


def test_aims_name_their_target_and_how_likely_it_is_met(result) -> None:
    aims = result.aims
    assert set(aims["number"]) == {2, 3, 4}
    assert "Aim 1: not known" in result.not_simulated[0]
    shares = aims["changed_share"] - aims["baseline_share"]
    assert aims["difference_share"].to_numpy() == pytest.approx(shares.to_numpy())
    planning = aims[(aims["number"] == 2) & (aims["scenario"] == "four-week-review")].iloc[0]
    assert planning["difference_share"] > 0.05
    assert planning["probability_better"] > 0.9
    assert planning["probability_meets"] >= planning["probability_meets_now"]


def test_queues_over_time_and_on_average_are_of_the_same_children(result) -> None:
    mean = result.gates.set_index(["scenario", "gate"])["baseline_children"]
    for (scenario, count), rows in result.over_time.groupby(["scenario", "count"]):
        assert len(rows) == 12
        if (scenario, count) in mean.index:
            assert rows["baseline_children"].mean() == pytest.approx(mean[scenario, count], rel=0.25, abs=1.0)


def test_the_parts_of_the_spread_add_up(result) -> None:
    shares = result.parts[["stochastic_share", "parameter_share", "effect_share"]]
    known = shares.dropna()
    assert known.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert (result.parts["effect_share"].dropna() == 0).all()  # every size is known exactly here


def test_common_random_numbers_correlate(result) -> None:
    verdicts = result.verdicts.set_index("scenario")
    assert verdicts.loc["earlier-legal-advice", "correlation"] > 0.9
    assert verdicts.loc["earlier-legal-advice", "variance_reduction"] > 10


def test_where_the_delay_goes_is_named(result) -> None:
    moved = result.moved.set_index("scenario")
    assert moved.loc["four-week-review", "saves_stage"] == "Planning: accommodated to plan decided"
    assert moved.loc["no-change"].tolist()[::2] == ["", "", ""]


def test_with_no_change_two_together_are_the_other_alone(result) -> None:
    pairs = result.interactions.set_index("first")
    assert pairs.loc["no-change", "interaction_child_weeks"] == 0.0
    assert pairs.loc["no-change", "high_child_weeks"] == 0.0
    legal = pairs.loc["earlier-legal-advice"]
    parts = legal["first_child_weeks"] + legal["second_child_weeks"] + legal["interaction_child_weeks"]
    assert legal["together_child_weeks"] == pytest.approx(parts)
    assert legal["low_child_weeks"] < legal["interaction_child_weeks"] < legal["high_child_weeks"]


def test_pairs_must_be_compared_and_fit_together(council) -> None:
    log, panel, _ = council
    with pytest.raises(ValueError, match="got 'four-week', the nearest is 'four-week-review'"):
        compare(log, [planted_idea("four-week-review")], together=[("four-week", "four-week-review")], panel=panel)
    once = Once(activity="LAAC review", day=Range.exactly(21))
    again = Scenario(name="again", title="", rationale="", changes=(once,))
    with pytest.raises(
        ValueError, match="'four-week-review' and 'again' cannot be made together: there is one already"
    ):
        compare(log, [planted_idea("four-week-review"), again], together=[("four-week-review", "again")], panel=panel)


def test_the_other_planted_ideas_save_what_they_truly_save_in_their_stage(council) -> None:
    log, panel, truth = council
    stages = {
        "earlier-health-advice": "Papers: recommendation to papers complete",
        "leaflet-and-conversations": "Court: application lodged to order",
    }
    found = compare(log, [planted_idea(name) for name in stages], panel=panel, draws=8, replications=1, seed=3).stages
    for name, stage in stages.items():
        true = truth["changes"][name]["stages"][stage]
        row = found[(found["scenario"] == name) & (found["stage"] == stage)].iloc[0]
        assert row["difference_weeks"] < 0
        assert row["low_weeks"] <= true["difference_weeks"] <= row["high_weeks"]
        assert row["low_child_weeks"] <= -true["child_weeks_saved"] <= row["high_child_weeks"]
        others = found[(found["scenario"] == name) & found["stage"].str.startswith("Planning")].iloc[0]
        assert others["difference_child_weeks"] == 0.0


def test_a_change_that_reaches_hardly_anybody_is_refused_before_anything_is_run(council) -> None:
    log, panel, _ = council
    few = replace(
        planted_idea("earlier-legal-advice"), applies_to=AppliesTo(locality=("North East",), share_reached=0.01)
    )
    with pytest.raises(InputError, match=r"applies_to: the change reaches about [0-9] children in 3 years"):
        compare(log, [few], panel=panel)
    unknown = replace(few, applies_to=AppliesTo(attributes={"localty": ("North East",)}))
    with pytest.raises(InputError, match="Did you mean 'locality'"):
        compare(log, [unknown], panel=panel)


def test_a_change_for_some_children_saves_less_and_null_is_exactly_nothing(council) -> None:
    log, panel, _ = council
    whole = planted_idea("four-week-review")
    some = replace(whole, name="some", applies_to=AppliesTo(age_under=12, share_reached=0.5, ramp_up_months=12))
    none = replace(some, name="none", no_effect=1.0)
    found = compare(log, [whole, some, none], panel=panel, draws=4, replications=1, years=2.0).stages
    saved = found[found["stage"] == ALL_STAGES].set_index("scenario")["difference_child_weeks"]
    assert saved["four-week-review"] < saved["some"] < 0.0
    assert saved["none"] == 0.0


def test_moves_are_known_where_placements_are(council, result) -> None:
    log, panel, _ = council
    assert result.moves["difference_moves"].isna().all()
    assert "not known" in result.moves_note
    starts = log.cases["start"].repeat(2).reset_index(drop=True)
    starts[1::2] += np.timedelta64(400, "D")
    placements = log.cases[["case"]].loc[log.cases.index.repeat(2)].reset_index(drop=True).assign(start=starts)
    told = compare(log, [planted_idea("four-week-review")], placements=placements, panel=panel, draws=3, years=1.0)
    assert "stated model" in told.moves_note
    assert told.moves["baseline_moves"].iloc[0] > 0
    # Plans are made sooner, so that some go home sooner and are away, and moved, less.
    assert told.moves["difference_moves"].iloc[0] < 0


def test_too_few_draws_are_refused(council) -> None:
    with pytest.raises(ValueError, match="draws must be at least 2"):
        compare(council[0], draws=1)
