"""Fitting the declared pathway: a model is planted, simulated, observed through a window, and must be found again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import cut, open_ends, weibull
from planted_pathway import (
    BURN_IN,
    DECIDES,
    EXTRACT,
    LEAVING,
    PANEL,
    READY_MEDIAN,
    READY_SIGMA,
    RECORDING,
    SHARES,
    WEIBULLS,
    planted,
)

from event_logs import vocabulary as v
from event_logs.log import EventLog, to_days
from event_logs.window import ObservationWindow
from simulation import pathway as p
from simulation.cohort import Cohort, snapshot
from simulation.engine import simulate
from simulation.fit import fit_pathway
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law
from simulation.model import UNRECORDED, Choice, PathwayModel


@pytest.fixture(scope="module")
def truth() -> PathwayModel:
    return planted()


@pytest.fixture(scope="module")
def whole(truth: PathwayModel) -> EventLog:
    """Fourteen years from nobody."""
    frame = pd.DataFrame({"case": pd.Series(dtype="str"), "start": pd.Series(dtype="datetime64[us]")})
    frame["end"] = frame["start"]
    nobody = Cohort.newcomers(truth, frame, np.zeros(0), float(to_days(pd.Series([BURN_IN]))[0]))
    return simulate(truth, nobody, EXTRACT, seed=11)


@pytest.fixture(scope="module")
def log(whole: EventLog) -> EventLog:
    """Eight years of records of it: cases that ended before are missing, those then running are truncated."""
    first, last = to_days(pd.Series([RECORDING, EXTRACT]))
    return cut(whole, float(last), start=float(first))


@pytest.fixture(scope="module")
def fitted(log: EventLog) -> PathwayModel:
    return fit_pathway(log, panel=PANEL)


def test_the_records_are_truncated_and_censored(log: EventLog) -> None:
    assert (log.cases["start"] < RECORDING).sum() > 100
    assert log.open_cases > 300
    assert len(log.cases) > 2500


@pytest.mark.parametrize("name", WEIBULLS)
def test_medians_are_found_again(fitted: PathwayModel, name: str) -> None:
    law = fitted.steps[name].laws[""]
    shape, scale = WEIBULLS[name]
    if name == f"{v.RETURNED_HOME} → {v.CEASED}":
        assert law.sf(0.0) == pytest.approx(0.4, abs=0.05)
        return
    median = scale * np.log(2) ** (1 / shape)
    # Three standard errors of a Weibull median at about 60 endings; few children lodge and are refused, or grow up.
    few = name.endswith((v.NOT_GRANTED, v.CEASED))
    assert law.isf(0.5) == pytest.approx(median, rel=0.5 if few else 0.22, abs=2.0)


@pytest.mark.parametrize("after", [v.AT_HOME, v.PANEL, v.LODGED])
def test_shares_are_found_again(fitted: PathwayModel, after: str) -> None:
    shares = [option.share[""] for option in fitted.choices[after].options]
    assert sum(shares) == pytest.approx(1.0)
    np.testing.assert_allclose(shares, SHARES[after], atol=0.075)


def test_what_plans_decide_is_found_again_in_every_age_band(fitted: PathwayModel) -> None:
    choice = fitted.choices[p.PLAN_DECIDED]
    assert choice.by == "age_band"
    for band in ("", "1-4", "5-11", "12+"):
        shares = [option.share[band] for option in choice.options]
        np.testing.assert_allclose(shares, SHARES[p.PLAN_DECIDED], atol=0.03 if band == "" else 0.08)


def test_readiness_and_the_chance_of_a_decision_are_found_again(fitted: PathwayModel) -> None:
    cycle = fitted.gates[p.REVIEW_GATE]
    assert isinstance(cycle, ReviewCycle)
    law = fitted.steps[p.PLANNING].laws[""]
    assert law.isf(0.5) == pytest.approx(READY_MEDIAN, rel=0.2)
    assert np.log(law.isf(0.159) / law.isf(0.5)) == pytest.approx(READY_SIGMA, abs=0.15)
    assert cycle.decides == pytest.approx(DECIDES, abs=0.15)
    for gap, (shape, scale) in zip(cycle.gaps, ((14.0, 45.0), (25.0, 93.0), (40.0, 185.0)), strict=True):
        assert gap.isf(0.5) == pytest.approx(scale * np.log(2) ** (1 / shape), rel=0.03)


def test_optional_hearing_advice_is_found_again(fitted: PathwayModel) -> None:
    options = fitted.choices[v.AGENCY_DECISION].options
    assert [len(option.starts) for option in options] == [1, 2]
    # Advice that comes after the application counts too.
    assert options[1].share[""] == pytest.approx(0.75, abs=0.1)


def test_the_panel_calendar_is_found_again_from_the_dates(log: EventLog) -> None:
    found = fit_pathway(log).gates[p.PANEL_GATE]
    assert isinstance(found, Sessions)
    assert (found.weekday, found.weeks_of_month, found.skip_months, found.slots) == ("Tuesday", (1, 3), (7,), 4)
    assert found.lead_days == 14.0
    assert found.cancelled == found.added == ()


def test_arrivals_are_those_of_the_last_three_years(fitted: PathwayModel, log: EventLog) -> None:
    assert fitted.arrivals is not None
    begin = EXTRACT - pd.Timedelta(days=3 * 365.25)
    recent = ((log.cases["start"] > begin) & (log.cases["start"] <= EXTRACT)).sum()
    assert fitted.arrivals.expected(begin, EXTRACT) == pytest.approx(recent, rel=0.001)
    assert fitted.arrivals.per_month.sum() == pytest.approx(recent / 3, rel=0.1)
    assert len(fitted.arrivals.pool) == recent
    assert (fitted.arrivals.pool["first_setting"] == v.AT_HOME).mean() == pytest.approx(0.28, abs=0.06)
    assert fitted.arrivals.pool["age_days"].between(0, 14 * 366).all()


def test_the_window_does_not_bias_the_fit(whole: EventLog, fitted: PathwayModel) -> None:
    # Against a fit to all fourteen years; a fit that ignored delayed entry would be far too slow in the long stages.
    everything = fit_pathway(whole, panel=PANEL)
    for name in (f"{v.AT_HOME} → {v.CEASED}", f"{v.RETURNED_HOME} → {v.CEASED}"):
        full, seen = (m.steps[name].laws[""].mean(1500.0) for m in (everything, fitted))
        assert seen == pytest.approx(full, rel=0.08)


def test_ages_at_which_young_people_leave_are_found_again(fitted: PathwayModel) -> None:
    for after in (v.LONG_TERM, v.PERMANENCE_ORDER):
        step = fitted.steps[f"{after} → {v.CEASED}"]
        assert step.by_age
        assert step.rho == 0.0
        assert step.laws[""].sf(16.3 * 365.25) == 1.0
        assert step.laws[""].isf(0.5) / 365.25 == pytest.approx(17.4, abs=0.15)
        assert step.laws[""].isf(0.75) / 365.25 == pytest.approx(16.9, abs=0.15)
    assert not fitted.steps[f"{v.ADOPTION_ORDER} → {v.CEASED}"].by_age


def test_without_dates_of_birth_leaving_is_by_the_time_since(log: EventLog) -> None:
    cases = log.cases.copy()
    cases.loc[0, "birth"] = pd.NaT
    fit = fit_pathway(EventLog(log.events, cases, log.window), panel=PANEL)
    assert not any(step.by_age for step in fit.steps.values())
    assert fit.steps[f"{v.LONG_TERM} → {v.CEASED}"].laws[""].isf(0.5) < 5000


def test_a_late_recording_of_decisions_does_not_bias_planning(whole: EventLog) -> None:
    # Decisions before 2018 were not recorded; those children are not taken for undecided ones.
    since = pd.Timestamp("2018-01-01")
    first, last = to_days(pd.Series([RECORDING, EXTRACT]))
    seen = cut(whole, float(last), start=float(first))
    hidden = seen.events["activity"].isin(p.DECISIONS) & (seen.events["date"] < since)
    assert hidden.sum() > 300
    window = ObservationWindow(RECORDING, EXTRACT, dict.fromkeys(p.DECISIONS, since))
    partial = EventLog(seen.events[~hidden].reset_index(drop=True), seen.cases, window)
    model = fit_pathway(partial, panel=PANEL)
    assert model.steps[p.PLANNING].laws[""].isf(0.5) == pytest.approx(READY_MEDIAN, rel=0.25)
    shares = [option.share[""] for option in model.choices[p.PLAN_DECIDED].options]
    np.testing.assert_allclose(shares, SHARES[p.PLAN_DECIDED], atol=0.05)
    for name in (f"{v.RETURN_HOME} → {v.RETURNED_HOME}", f"{v.RECOMMENDED} → {v.REPORT_COMPLETED}"):
        shape, scale = WEIBULLS[name]
        assert model.steps[name].laws[""].isf(0.5) == pytest.approx(scale * np.log(2) ** (1 / shape), rel=0.15)
    # Those away since before 2018, of whom no plan is known, leave at the ages at which such young people leave.
    cohort = snapshot(partial, model)
    assert cohort.unplaced.empty
    waiting = [item for item in cohort.undecided if item.choice == UNRECORDED]
    assert len(waiting) > 20
    (name,) = model.choices[UNRECORDED].options[0].starts
    law = model.steps[name].laws[""]
    assert model.steps[name].by_age
    planted_law = Law(LEAVING, np.linspace(1.0, 0.0, 101))
    for age in (16.3, 17.0, 17.5):
        assert law.sf(age * 365.25) == pytest.approx(planted_law.sf(age * 365.25), abs=0.2)


def test_side_by_side_papers_are_not_taken_for_passed(log: EventLog) -> None:
    # Open legal advice of a child whose report is in is an open stay, and counts.
    from simulation.fit import _Fitter

    fitter = _Fitter(log, np.ones(len(log.cases)))
    stays = fitter.stays(v.LEGAL_REQUESTED, (v.LEGAL_RECEIVED,))
    requested, received, ended = (
        fitter.first(v.LEGAL_REQUESTED), fitter.first(v.LEGAL_RECEIVED), ~np.isnan(log.arrays.end)
    )  # fmt: skip
    still_open = ~np.isnan(requested) & np.isnan(received) & ~ended
    assert still_open.sum() > 5
    assert int((stays.cause == 0).sum()) >= int(still_open.sum())


def test_an_ending_recorded_only_late_does_not_make_earlier_stays_look_open(log: EventLog) -> None:
    since = pd.Timestamp("2018-01-01")
    hidden = (log.events["activity"] == v.RETURNED_HOME) & (log.events["date"] < since)
    assert hidden.sum() > 100
    window = ObservationWindow(RECORDING, EXTRACT, {v.RETURNED_HOME: since})
    partial = EventLog(log.events[~hidden].reset_index(drop=True), log.cases, window)
    name = f"{v.RETURN_HOME} → {v.RETURNED_HOME}"
    law = fit_pathway(partial, panel=PANEL).steps[name].laws[""]
    shape, scale = WEIBULLS[name]
    assert law.isf(0.5) == pytest.approx(scale * np.log(2) ** (1 / shape), rel=0.1)
    assert law.isf(0.1) == pytest.approx(scale * np.log(10) ** (1 / shape), rel=0.12)


def test_leaving_at_eighteen_is_the_calendars_doing_and_not_the_steps(log: EventLog) -> None:
    from simulation.fit import _Fitter

    fitter = _Fitter(log, np.ones(len(log.cases)))
    stays = fitter.stays(v.LONG_TERM, (v.CEASED,))
    agreed = ~np.isnan(fitter.first(v.LONG_TERM))
    ended = agreed & ~np.isnan(log.arrays.end)
    grown_up = ended & (log.arrays.end == fitter.adult)
    assert grown_up.sum() > 10
    assert int((stays.cause > 0).sum()) == int((ended & ~grown_up).sum())


def describe(model: PathwayModel) -> pd.DataFrame:
    return pd.DataFrame(model.describe()).drop(columns="waits_for")


def test_children_heard_and_not_yet_decided_are_open_stays(log: EventLog) -> None:
    from simulation.fit import _Fitter

    fitter = _Fitter(log, np.ones(len(log.cases)))
    about = log.events[log.events["activity"].isin([v.PANEL, v.INFORMATION_RECEIVED, v.AGENCY_DECISION])]
    last = about.groupby("case")["activity"].last().astype("str")
    running = set(log.cases["case"][log.cases["end"].isna()])
    waiting = [case for case, activity in last.items() if activity == v.PANEL and case in running]
    stays = fitter.stays(v.PANEL, (v.AGENCY_DECISION, v.INFORMATION_RECEIVED))
    assert len(waiting) > 0
    assert int((stays.cause == 0).sum()) == len(waiting)


def test_doubling_all_weights_changes_nothing(log: EventLog, fitted: PathwayModel) -> None:
    double = fit_pathway(log, panel=PANEL, weight=np.full(len(log.cases), 2.0))
    pd.testing.assert_frame_equal(describe(double), describe(fitted))


def test_a_weight_is_a_case_repeated(log: EventLog) -> None:
    rng = np.random.default_rng(3)
    n = len(log.cases)
    times = np.bincount(rng.integers(0, n, n), minlength=n)
    weighted = fit_pathway(log, panel=PANEL, weight=times.astype(float))
    cases = log.cases.loc[np.repeat(np.arange(n), times)]
    copy = pd.Series(np.concatenate([np.arange(k) for k in times])).astype("str").to_numpy()
    cases = cases.assign(original=cases["case"].to_numpy(), case=cases["case"].to_numpy() + "/" + copy)
    events = log.events.merge(cases[["original", "case"]].rename(columns={"case": "copy"}),
                              left_on="case", right_on="original")  # fmt: skip
    events = events.assign(case=events["copy"])[["case", "activity", "date"]]
    ranks = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
    repeated = EventLog.of(events, log.window, cases=cases.drop(columns="original"), ranks=ranks)
    again = fit_pathway(repeated, panel=PANEL)
    one, other = describe(weighted), describe(again)
    assert one["step"].tolist() == other["step"].tolist()
    planning = (one["step"] == p.PLANNING).to_numpy()
    np.testing.assert_allclose(one["median_days"][~planning], other["median_days"][~planning], rtol=1e-3)
    np.testing.assert_allclose(one["median_days"][planning], other["median_days"][planning], rtol=0.02)
    np.testing.assert_allclose(one["share_from_tail"], other["share_from_tail"], atol=1e-6)
    for after, choice in weighted.choices.items():
        for option, same in zip(choice.options, again.choices[after].options, strict=True):
            assert option.share[""] == pytest.approx(same.share[""], abs=1e-9)
    assert weighted.arrivals is not None
    assert again.arrivals is not None
    # How far a trend is drawn to none depends on the scatter of the cases as they are: a case repeated scatters more.
    np.testing.assert_allclose(weighted.arrivals.per_month, again.arrivals.per_month, rtol=1e-3)


@pytest.mark.parametrize("weight", [[1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0], [1.0, float("nan"), 1.0]])
def test_impossible_weights_are_refused(tiny_log: EventLog, weight: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        fit_pathway(tiny_log, weight=np.array(weight))


def test_a_refit_from_an_earlier_fit_finds_the_same(log: EventLog, fitted: PathwayModel) -> None:
    again = fit_pathway(log, panel=PANEL, base=fitted)
    assert again.steps[p.PLANNING].laws[""].isf(0.5) == pytest.approx(
        fitted.steps[p.PLANNING].laws[""].isf(0.5), rel=0.02
    )


def test_three_children_are_enough_for_a_model_that_runs_and_says_what_it_lacks(tiny_log: EventLog) -> None:
    model = fit_pathway(tiny_log)
    assert len(model.warnings) > 10
    assert any("no ended stay" in warning for warning in model.warnings)
    cohort = snapshot(tiny_log, model)
    assert [(item.step, item.child) for item in cohort.running] == [(p.PLANNING, 0)]
    future = simulate(model, cohort, pd.Timestamp("2023-06-30"), seed=1)
    assert len(future) > 10


def test_without_any_decision_the_log_still_gives_a_model_that_runs() -> None:
    begun = [("x", v.BECAME_LOOKED_AFTER), ("x", v.ACCOMMODATED), ("y", v.BECAME_LOOKED_AFTER), ("y", v.ACCOMMODATED)]
    events = pd.DataFrame(begun, columns=["case", "activity"]).assign(date=pd.Timestamp("2021-06-01"))
    ranks = {name: milestone.rank for name, milestone in v.MILESTONES.items()}
    log = EventLog.of(events, ObservationWindow(RECORDING, EXTRACT), ranks=ranks)
    model = fit_pathway(log)
    assert any("equally likely" in warning for warning in model.warnings)
    future = simulate(model, snapshot(log, model), pd.Timestamp("2030-01-01"), seed=1)
    assert set(p.DECISIONS) & set(future.events["activity"])


def test_a_band_that_carries_no_weight_takes_the_common_shares(log: EventLog) -> None:
    model = fit_pathway(log, weight=(log.cases["age_band"] != "12+").to_numpy().astype(float))
    assert all("12+" not in option.share for option in model.choices[p.PLAN_DECIDED].options)
    assert all("1-4" in option.share for option in model.choices[p.PLAN_DECIDED].options)


def test_a_case_without_a_placement_still_finds_its_way(tiny_log: EventLog, fitted: PathwayModel) -> None:
    cases = pd.DataFrame({"case": ["x"], "start": [pd.Timestamp("2021-06-01")], "end": open_ends(1)})
    events = pd.DataFrame({"case": ["x"], "activity": [v.BECAME_LOOKED_AFTER], "date": [pd.Timestamp("2021-06-01")]})
    log = EventLog.of(events, tiny_log.window, cases=cases, ranks=fitted.ranks)
    alone = replace(fitted, arrivals=None)
    for model in (fitted, alone):
        settings = set()
        for seed in range(12):
            future = simulate(model, snapshot(log, model), pd.Timestamp("2022-06-30"), seed=seed)
            mine = future.events[future.events["case"] == "x"]["activity"].astype("str").tolist()
            settings.add(mine[1])
        assert settings == {v.AT_HOME, v.ACCOMMODATED}


def test_returning_home_and_ceasing_can_fall_on_one_day_and_stand_in_order(whole: EventLog) -> None:
    events = whole.events
    ceased = events[events["activity"] == v.CEASED].set_index("case")["date"]
    returned = events[events["activity"] == v.RETURNED_HOME].set_index("case")["date"]
    same = returned[returned.index.isin(ceased.index)].eq(ceased.reindex(returned.index)[lambda s: s.notna()])
    assert 0.4 < same.mean() < 0.75
    last = events.groupby("case")["activity"].last().astype("str")
    assert (last[ceased.index] == v.CEASED).all()


def test_nobody_is_looked_after_beyond_eighteen(whole: EventLog) -> None:
    ages = (to_days(whole.cases["end"]) - to_days(whole.cases["birth"]))[whole.cases["end"].notna()]
    assert ages.max() == p.LEAVES_AT_DAYS
    assert (ages == p.LEAVES_AT_DAYS).sum() > 50
    still = (to_days(pd.Series([EXTRACT]))[0] - to_days(whole.cases["birth"]))[whole.cases["end"].isna()]
    assert still.max() <= p.LEAVES_AT_DAYS


def test_age_bands_have_their_own_laws_and_shares_where_enough_were_seen_and_share_the_others(
    truth: PathwayModel,
) -> None:
    # The youngest wait half as long for legal advice, and hardly any of the oldest is adopted.
    legal = f"{v.LEGAL_REQUESTED} → {v.LEGAL_RECEIVED}"
    steps = dict(truth.steps)
    steps[legal] = replace(steps[legal], laws={"": weibull(1.8, 100.0), "1-4": weibull(1.8, 50.0)})
    orders = {"": SHARES[v.LODGED], "12+": (0.9, 0.02, 0.02, 0.06)}
    options = tuple(
        replace(option, share={band: shares[number] for band, shares in orders.items()})
        for number, option in enumerate(truth.choices[v.LODGED].options)
    )
    choices = {**truth.choices, v.LODGED: Choice(options=options, by="age_band")}
    planted = replace(truth, steps=steps, choices=choices)
    frame = pd.DataFrame({"case": pd.Series(dtype="str"), "start": pd.Series(dtype="datetime64[us]")})
    frame["end"] = frame["start"]
    nobody = Cohort.newcomers(planted, frame, np.zeros(0), float(to_days(pd.Series([BURN_IN]))[0]))
    records = simulate(planted, nobody, EXTRACT, seed=12)
    fit = fit_pathway(records, panel=PANEL, by_age=True)
    laws = fit.steps[legal].laws
    assert laws["1-4"].isf(0.5) == pytest.approx(50 * np.log(2) ** (1 / 1.8), rel=0.15)
    assert laws["5-11"].isf(0.5) == pytest.approx(100 * np.log(2) ** (1 / 1.8), rel=0.15)
    court = fit.choices[v.LODGED]
    assert court.by == "age_band"
    for band, shares in (("12+", orders["12+"]), ("5-11", orders[""])):
        np.testing.assert_allclose([option.share[band] for option in court.options], shares, atol=0.1)
        assert sum(option.share[band] for option in court.options) == pytest.approx(1.0)
    # Too few of the oldest were adopted for a law of their own, and too few of any age were refused.
    assert "12+" not in fit.steps[f"{v.LODGED} → {v.ADOPTION_ORDER}"].laws
    refused = records.events["activity"].eq(v.NOT_GRANTED).sum()
    assert set(fit.steps[f"{v.LODGED} → {v.NOT_GRANTED}"].laws) <= {"", "5-11"}, refused
    pooled = fit_pathway(records, panel=PANEL)
    assert set(pooled.steps[legal].laws) == {""}
    assert pooled.choices[v.LODGED].by == ""
    again = simulate(fit, snapshot(cut(records, float(to_days(pd.Series([EXTRACT]))[0]) - 400), fit), EXTRACT, seed=1)
    assert len(again) > 1000
