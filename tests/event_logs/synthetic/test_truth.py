"""The planted truth: right by hand, by counting day by day, and by the laws themselves."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from event_logs import vocabulary as v
from event_logs.synthetic import CHANGES, Change, Council, Generated, Journeys, Law, generate, simulate_council, visits
from event_logs.synthetic.truth import burden, effect, stage_truth

PLANNING, PAPERS, PANEL, DECISION, LODGING, COURT = v.STAGES


def test_visits_follow_the_stage_clock_by_hand(small: Journeys) -> None:
    """Each stage's clock recomputed child by child, with plain comparisons."""
    for stage in v.STAGES:
        expected = []
        for row in range(len(small)):
            begins = [small.days[a][row] for a in stage.starts]
            if any(np.isnan(begins)):
                continue
            enter = max(begins)
            stops = [small.days[a][row] for a in stage.stops]
            if stage.all_stops:
                stop = np.inf if any(np.isnan(stops)) else max(enter, *stops)
            else:
                stop = min((day for day in stops if day >= enter), default=np.inf)
            expected.append((enter, min(stop, small.end[row])))
        found = visits(small, stage)
        assert list(zip(found.enter, found.leave, strict=True)) == expected, stage.name


def test_burden_is_what_counting_children_every_day_gives(small: Journeys) -> None:
    first, last = small.council.window
    days = np.arange(first, last)
    for entry in burden(small):
        stage = next(stage for stage in v.STAGES if stage.name == entry["stage"])
        there = visits(small, stage)
        counted = sum(int(((there.enter <= day) & (there.leave > day)).sum()) for day in days)
        assert entry["child_days"] == counted


def test_stages_of_the_sample_agree_with_the_council(journeys: Journeys) -> None:
    planted = stage_truth(journeys)
    for stage, sigma in ((PAPERS, 0.45), (LODGING, 0.55), (COURT, 0.65)):
        there = visits(journeys, stage)
        found = np.median(there.days[there.stopped])
        tolerance = 4 * 1.2533 * sigma / np.sqrt(there.stopped.sum())
        assert found == pytest.approx(planted[stage.name]["median_days"], rel=tolerance), stage.name
    there = visits(journeys, PLANNING)
    below = (there.days < planted[PLANNING.name]["median_days"]).mean()
    at_most = (there.days <= planted[PLANNING.name]["median_days"] + 1).mean()
    assert below - 0.03 < 0.5 < at_most + 0.03
    assert there.days.mean() == pytest.approx(planted[PLANNING.name]["mean_days"], rel=0.04)


def test_court_median_is_that_of_the_two_laws(journeys: Journeys) -> None:
    """The median of the mixture of two lognormals, found by bisection on their distribution functions."""
    from scipy.stats import lognorm

    council = journeys.council
    low, high = 50.0, 500.0
    for _ in range(60):
        middle = (low + high) / 2
        short = lognorm.cdf(middle, council.court_uncontested.sigma, scale=council.court_uncontested.median)
        long = lognorm.cdf(middle, council.court_contested.sigma, scale=council.court_contested.median)
        below = (1 - council.contested) * short + council.contested * long
        low, high = (middle, high) if below < 0.5 else (low, middle)
    assert stage_truth(journeys)[COURT.name]["median_days"] == pytest.approx(low, abs=3)


def test_another_bottleneck_can_be_planted() -> None:
    council = replace(
        Council.of_size(300),
        readiness=Law(20, 0.5),
        court_uncontested=Law(700, 0.5),
        court_contested=Law(1200, 0.5),
    )
    assert burden(simulate_council(council, 1))[0]["stage"] == COURT.name
    assert burden(simulate_council(Council.of_size(300), 1))[0]["stage"] == PLANNING.name


def test_a_change_without_effect_saves_exactly_nothing(small: Journeys) -> None:
    nothing = Change(name="nothing", description="")
    found = effect(small, simulate_council(small.council, small.seed, nothing), nothing)
    assert found["child_weeks_saved"] == 0
    assert all(stage["difference_weeks"] == 0 for stage in found["stages"].values())


def test_effects_have_the_sign_of_their_mechanism(journeys: Journeys) -> None:
    found = {
        name: effect(journeys, simulate_council(journeys.council, journeys.seed, change), change)["stages"]
        for name, change in CHANGES.items()
    }
    assert found["four-week-review"][PLANNING.name]["difference_weeks"] < -2
    assert found["earlier-legal-advice"][PAPERS.name]["difference_weeks"] < -1
    assert found["earlier-legal-advice"][PLANNING.name]["difference_weeks"] == 0
    assert found["earlier-health-advice"][PAPERS.name]["difference_weeks"] < 0
    assert found["leaflet-and-conversations"][COURT.name]["difference_weeks"] < 0
    for stage in (PLANNING, PAPERS, PANEL, DECISION, LODGING):
        assert found["leaflet-and-conversations"][stage.name]["child_weeks_saved"] == 0


def test_child_weeks_saved_are_what_counting_weeks_gives(small: Journeys) -> None:
    change = CHANGES["four-week-review"]
    changed = simulate_council(small.council, small.seed, change)
    found = effect(small, changed, change)["stages"][PLANNING.name]
    today = small.council.window[1]
    days = np.arange(today, today + small.council.horizon_days)
    spent = [
        sum(int(((there.enter <= day) & (there.leave > day)).sum()) for day in days)
        for there in (visits(small, PLANNING), visits(changed, PLANNING))
    ]
    assert found["child_weeks_saved"] == pytest.approx((spent[0] - spent[1]) / 7, abs=0.01)
    assert spent[0] > spent[1]


def test_truth_file_has_what_the_readers_need(clean: Generated) -> None:
    written = json.loads(clean.paths["truth"].read_text(encoding="utf-8"))
    assert written == clean.truth
    assert set(written) >= {"seed", "parameters", "stages", "burden", "changes", "horizon_days", "panel"}
    assert list(written["stages"]) == [stage.name for stage in v.STAGES]
    assert set(written["changes"]) == set(CHANGES)
    days = [entry["child_days"] for entry in written["burden"]]
    assert days == sorted(days, reverse=True)
    assert written["parameters"]["extraction_date"] == "2024-07-31"


def test_same_arguments_give_the_same_bytes(tmp_path: Path, swift: Generated) -> None:
    again = generate(tmp_path, council=Council.of_size(300), seed=3, mess="swift")
    assert again.paths.keys() == swift.paths.keys()
    for name, path in again.paths.items():
        assert path.read_bytes() == swift.paths[name].read_bytes(), name


def test_ten_years_of_edinburgh_take_under_five_seconds(tmp_path: Path) -> None:
    before = time.process_time()
    generated = generate(tmp_path)
    assert time.process_time() - before < 5
    assert generated.rows["episodes"] > 4000
