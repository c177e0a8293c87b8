"""Back-casting: the past as it was known, and forecasts that are neither biased nor too sure of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hand_models import DAY_ZERO, at, weibull
from past_councils import AIM, FIRST, STAGES, YEAR, changed, council, fitted, history, truth
from scipy.stats import norm

from event_logs import vocabulary as v
from event_logs.log import EventLog, to_days
from event_logs.vocabulary import Aim
from simulation.backcast import (
    Backcast,
    backcast,
    cut_log,
    independent,
    measured,
    measures_of,
    past_cuts,
    resampled_fit,
    score,
)
from simulation.model import PathwayModel


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


def test_an_extract_of_a_past_day_holds_nothing_later(tiny_log: EventLog) -> None:
    cases = tiny_log.cases.assign(
        destination=["Adopted", "Home", None],
        permanence_date=pd.to_datetime(["2021-03-01", None, None]).astype("datetime64[us]"),
    )
    cut = cut_log(EventLog(tiny_log.events, cases, tiny_log.window), day("2020-06-01"))
    assert cut.window.end == day("2020-06-01")
    assert cut.window.start == tiny_log.window.start
    assert cut.cases["case"].tolist() == ["A", "B", "C"]
    assert cut.events["date"].max() == day("2020-06-01")
    # B ended on that day, A and C were running: nobody knew where A would go.
    assert cut.cases["end"].isna().tolist() == [True, False, True]
    assert cut.cases["destination"].fillna("").tolist() == ["", "Home", ""]
    assert cut.cases["permanence_date"].isna().all()
    assert len(cut) == 5 + 6 + 2


def test_a_case_not_begun_is_not_in_the_extract(tiny_log: EventLog) -> None:
    assert cut_log(tiny_log, day("2020-05-31")).cases["case"].tolist() == ["A", "B"]


def test_the_last_day_changes_nothing(tiny_log: EventLog) -> None:
    cut = cut_log(tiny_log, tiny_log.window.end)
    pd.testing.assert_frame_equal(cut.events, tiny_log.events)
    pd.testing.assert_frame_equal(cut.cases, tiny_log.cases)


def test_a_day_outside_the_log_is_refused(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="cut must lie in the window"):
        cut_log(tiny_log, day("2019-12-31"))


def test_cuts_leave_the_months_ahead_and_two_reliable_years_behind() -> None:
    log = history(council(), 5.0, seed=1)
    cuts = past_cuts(log)
    assert cuts[-1] == log.window.end.normalize() - pd.DateOffset(months=12)
    assert len(cuts) == 4
    assert all((cut - log.window.start).days >= 730 for cut in cuts)
    late = replace(log.window, recorded_from={"decided": log.window.start + pd.Timedelta(days=600)})
    assert past_cuts(EventLog(log.events, log.cases, late)) == cuts[3:]
    assert past_cuts(history(council(), 2.5, seed=1)) == ()


def test_what_is_measured_by_hand(tiny_log: EventLog) -> None:
    measures = measures_of_vocabulary()
    cut = float(to_days(pd.Series([day("2020-05-20")]))[0])
    end = float(to_days(pd.Series([day("2020-09-05")]))[0])
    found = measured(cut_log(reliable(tiny_log), day("2020-09-05")), measures, cut, [cut + 12.0, end])
    values = {measure.name: found[place, :, 0].tolist() for place, measure in enumerate(measures)}
    # B ends on 1 June, exactly twelve days later.
    assert values["Closures"] == [1.0, 1.0]
    # A decided before the cut; B at its review; C is accommodated on 1 September and still waits.
    assert values["Planning: accommodated to plan decided"] == [0.0, 1.0]
    # A's panel was on 1 September, the decision came after: one child waits for it.
    assert values["Decision: panel to agency decision"] == [0.0, 1.0]
    # A's 98 days were up on 16 August, without a decision; nobody else's were.
    third, second = (next(p for p, m in enumerate(measures) if m.aim == v.AIMS[number]) for number in (2, 1))
    assert found[third, 1].tolist() == [0.0, 1.0]
    assert np.isnan(found[third, 0, 0])
    assert found[third, 0, 1] == 0.0
    # The 228 days of A were up on 16 August, but its plan was decided before the cut: nothing to forecast.
    assert found[second, 1, 1] == 0.0


def test_whoever_leaves_on_the_day_is_no_longer_in_the_stage(tiny_log: EventLog) -> None:
    measures = measures_of_vocabulary()
    cut, end = (float(to_days(pd.Series([day(text)]))[0]) for text in ("2020-04-01", "2020-04-10"))
    found = measured(cut_log(reliable(tiny_log), day("2020-04-10")), measures, cut, [end - 1.0, end])
    planning = next(place for place, measure in enumerate(measures) if measure.stage == v.STAGES[0])
    # A and B until B's plan is decided on 10 April.
    assert found[planning, :, 0].tolist() == [2.0, 1.0]


def test_what_was_not_reliably_recorded_counts_nowhere(tiny_log: EventLog) -> None:
    cut, end = (float(to_days(pd.Series([day(text)]))[0]) for text in ("2020-04-01", "2020-04-10"))
    found = measured(cut_log(tiny_log, day("2020-04-10")), measures_of_vocabulary(), cut, [end - 1.0, end])
    # A was accommodated in January; what a plan decides is on record from February on only.
    assert found[1, :, 0].tolist() == [1.0, 0.0]


def reliable(log: EventLog) -> EventLog:
    """The same log, with everything on record from its first day."""
    return EventLog(log.events, log.cases, replace(log.window, recorded_from={}))


def measures_of_vocabulary() -> tuple[Any, ...]:
    """Closures, the stages and aims 2 and 3, as a model with a step for every milestone would have them."""
    steps = {name: replace(next(iter(council().steps.values())), name=name, activity=name) for name in v.MILESTONES}
    model = replace(council(), steps=steps, choices={}, ranks={name: m.rank for name, m in v.MILESTONES.items()})
    return measures_of(model, v.STAGES, v.AIMS[1:3])


def one_year(log: EventLog, fit: Any, *, seed: int = 1, **settings: Any) -> Backcast:
    cut = log.window.end.normalize() - pd.DateOffset(months=12)
    return backcast(log, cuts=[cut], stages=STAGES, aims=[AIM], fit=fit, draws=39, seed=seed, **settings)


@pytest.fixture(scope="module")
def stationary() -> pd.DataFrame:
    """Forecasts of 14 councils that stay as they are, each from a fit to its own log."""
    found = []
    for seed in range(14):
        log = history(council(per_month=6.0), 4.0, seed=seed)
        found.append(one_year(log, fitted, seed=seed).forecasts.assign(council=seed))
    return pd.concat(found, ignore_index=True)


def test_intervals_of_stationary_councils_hold_what_happened_as_often_as_they_say(stationary: pd.DataFrame) -> None:
    for percent, low, high in ((80, 0.70, 0.90), (95, 0.90, 0.99)):
        inside = stationary["observed"].between(stationary[f"low{percent}"], stationary[f"high{percent}"])
        assert low <= inside.mean() <= high, f"{percent} %: {inside.mean():.3f}"
    # Figures of one council go together: its spread is what chance allows.
    by_council = stationary.groupby("council")["score"].apply(lambda score: (score**2).mean())
    assert 0.7 < by_council.mean() < 1.4


def test_forecasts_of_stationary_councils_are_not_biased(stationary: pd.DataFrame) -> None:
    error = (stationary["forecast"] - stationary["observed"]).groupby([stationary["measure"], stationary["months"]])
    off = error.mean() / (error.std() / np.sqrt(error.size()))
    # Twelve figures: three standard errors is what chance makes of the worst of them.
    assert len(off) == 12
    assert off.abs().max() < 3.0


def test_one_fit_alone_is_too_sure_of_itself() -> None:
    short = history(council(per_month=3.0), 4.0, seed=2)
    base = fitted(cut_log(short, short.window.end.normalize() - pd.DateOffset(months=12)))
    honest, sure = one_year(short, fitted), one_year(short, truth(base))
    widths = [(found.forecasts["high95"] - found.forecasts["low95"]).mean() for found in (honest, sure)]
    assert widths[0] > 1.05 * widths[1]


def test_the_same_for_any_number_of_workers_and_whatever_other_cuts(always_processes: None) -> None:
    log = history(council(per_month=4.0), 4.0, seed=3)
    alone = one_year(log, fitted)
    shared = one_year(log, fitted, workers=2)
    pd.testing.assert_frame_equal(alone.forecasts, shared.forecasts)
    cuts = [log.window.end.normalize() - pd.DateOffset(months=months) for months in (18, 12)]
    both = backcast(log, cuts=cuts, stages=STAGES, aims=[AIM], fit=fitted, draws=39).forecasts
    pd.testing.assert_frame_equal(both[both["cut"] == cuts[1]].reset_index(drop=True), alone.forecasts)
    other = one_year(log, fitted, seed=2).forecasts
    assert (other["forecast"] != alone.forecasts["forecast"]).any()


def test_progress_is_told_to_the_end() -> None:
    seen: list[tuple[int, int]] = []
    log = history(council(per_month=2.0), 4.0, seed=3)
    one_year(log, truth(council()), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (39, 39)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_process_that_changed_is_missed_from_then_on() -> None:
    slow = council(weibull(1.5, 400.0), weibull(1.5, 500.0))
    log = changed(council(), slow, (4.0, 1.0), seed=5)
    row = one_year(log, fitted).forecasts.query("measure == 'Closures' and months == 12").iloc[0]
    assert row["observed"] < row["low95"]
    assert row["score"] < -4.0


def test_what_some_forecasts_foresaw_is_no_surprise() -> None:
    one, none = np.ones(70), np.zeros(9)
    # Nearly all forecasts say 1 and nine of 79 say 0: seeing 0 is as likely as nine in eighty.
    assert norm.sf(abs(score(0.0, np.append(one, none), counts=True))) == pytest.approx(9 / 80, abs=0.002)
    assert score(0.0, np.append(one, none), counts=True) < 0.0
    # Where no forecast came near, their spread says how far off it is.
    spread = np.arange(79.0) / 10
    assert score(39.0, spread, counts=False) == pytest.approx((39.0 - 3.9) / (spread.std(ddof=1) * np.sqrt(80 / 79)))
    assert score(3.9, spread, counts=False) == 0.0
    assert score(1.0, np.ones(79), counts=True) == 0.0


def test_families_are_drawn_together() -> None:
    log = history(council(per_month=4.0), 3.0, seed=1)
    family = [f"f{number // 3}" for number in range(len(log.cases))]
    log = EventLog(log.events, log.cases.assign(family=family), log.window)
    seen: list[npt.NDArray[np.float64]] = []

    def fit(log: EventLog, *, panel: object, weight: npt.NDArray[np.float64], base: PathwayModel) -> PathwayModel:
        seen.append(weight)
        return base

    for draw in range(2):
        resampled_fit(log, council(), fit, None, seed=1, draw=draw)
    weights = pd.Series(seen[0]).groupby(family)
    assert (weights.nunique() == 1).all()
    assert seen[0].max() > 1.0
    assert (seen[0] != seen[1]).any()


def test_forecasts_that_overlap_count_once() -> None:
    cuts = pd.Series(pd.to_datetime(["2020-01-01", "2020-07-01", "2021-01-01"]))
    assert independent(cuts, 12) == pytest.approx(2.0, abs=0.02)
    assert independent(cuts, 3) == 3.0
    assert independent(cuts[:1], 12) == 1.0


def test_what_the_model_has_no_step_for_is_named_and_not_judged() -> None:
    log = history(council(per_month=4.0), 4.0, seed=3)
    reviews = Aim(9, "reviewed", clock_start="in", clock_stops=(v.REVIEW,), limit_days=91, target_share=0.75)
    cut = log.window.end.normalize() - pd.DateOffset(months=12)
    found = backcast(log, cuts=[cut], stages=[FIRST], aims=[reviews], fit=truth(council()), draws=19)
    assert set(found.forecasts["measure"]) == {"Closures", FIRST.name}
    assert any(note.startswith("Aim 9: reviewed: not forecast") for note in found.notes)


def test_what_cannot_be_forecast_is_refused() -> None:
    log = history(council(per_month=2.0), 4.0, seed=3)
    with pytest.raises(ValueError, match="at least 19"):
        backcast(log, draws=5, fit=truth(council()))
    with pytest.raises(ValueError, match="must lie in the log"):
        backcast(log, cuts=[at(3.5 * YEAR)], fit=truth(council()))
    with pytest.raises(ValueError, match="two years behind it"):
        backcast(history(council(), 2.0, seed=1), fit=truth(council()))
    assert to_days(pd.Series([log.window.start]))[0] == DAY_ZERO
