"""Competing outcomes worked by hand, against statsmodels, and on odd logs."""

from __future__ import annotations

import numpy as np
import pytest
from made_logs import log_of, odd_logs, stage_log
from statsmodels.duration.survfunc import CumIncidenceRight

from event_logs import vocabulary as v
from event_logs.log import EventLog
from mining.outcomes import (
    CASE_ENDED,
    CASE_START,
    CEASED,
    ENDS,
    PERMANENCE,
    STILL_WAITING,
    YEAR,
    Outcome,
    competing_outcomes,
    journeys,
    outcome_curves,
)


def test_tiny_log(tiny_log: EventLog) -> None:
    found = journeys(tiny_log, v.ACCOMMODATED)
    # A adopted and ceased on one day: the order stands first. B went home. C waits from 1 September to 30 June.
    assert found.cause.tolist() == [3, 4, 0]
    assert found.days.tolist() == [425, 92, 302]
    table = competing_outcomes(tiny_log, v.ACCOMMODATED, years=(0.5,)).set_index("outcome")
    assert table.loc["Returned home", "share"] == pytest.approx(1 / 3)
    assert table.loc[STILL_WAITING, "share"] == pytest.approx(2 / 3)
    assert table["reached"].tolist() == [0, 0, 1, 1, 0, 1]


def test_permanence_and_ceasing_are_different_ends() -> None:
    rows = [("a", v.ACCOMMODATED, 0), ("a", v.PERMANENCE_ORDER, 100), ("b", v.ACCOMMODATED, 0), ("b", v.CEASED, 200)]
    rows += [("c", v.ACCOMMODATED, 0), ("c", v.PERMANENCE_ORDER, 150), ("c", v.CEASED, 300)]
    log = log_of(rows)
    one_year = competing_outcomes(log, v.ACCOMMODATED, PERMANENCE, years=(1,)).set_index("outcome")["share"]
    assert one_year.round(6).tolist() == [0.666667, 0.333333, 0.0]
    ceased = competing_outcomes(log, v.ACCOMMODATED, CEASED, years=(1,)).set_index("outcome")["share"]
    assert ceased.round(6).tolist() == [0.666667, 0.333333]


def test_ending_the_case_is_an_end_of_its_own() -> None:
    rows = [("a", v.ACCOMMODATED, 0), ("a", v.CEASED, 100), ("b", v.ACCOMMODATED, 0), ("b", v.ADOPTION_ORDER, 200)]
    table = competing_outcomes(log_of(rows), v.ACCOMMODATED, (Outcome("Adopted", (v.ADOPTION_ORDER,)),), years=(1,))
    assert table["outcome"].tolist() == ["Adopted", CASE_ENDED, STILL_WAITING]
    assert table["share"].tolist() == [0.5, 0.5, 0]


def test_shares_add_up_and_equal_statsmodels() -> None:
    log = log_of([row for row in _ROWS if row[2] <= 1000])
    outcomes = (Outcome("Ordered", (v.ADOPTION_ORDER,)), Outcome("Home", (v.RETURNED_HOME,)))
    found = journeys(log, v.LODGED, outcomes)
    assert np.bincount(found.cause).min() > 10
    with np.errstate(divide="ignore", invalid="ignore"):  # statsmodels has no error where nobody is left
        theirs = CumIncidenceRight(found.days, found.cause)
    shares = found.incidence()
    step = np.searchsorted(theirs.times, shares.times)
    assert shares.incidence[0] == pytest.approx(theirs.cinc[0][step], abs=1e-9)
    assert shares.incidence[1] == pytest.approx(theirs.cinc[1][step], abs=1e-9)
    table = competing_outcomes(log, v.LODGED, outcomes)
    assert table.groupby("years")["share"].sum().to_numpy() == pytest.approx(1.0, abs=1e-12)
    one_year = np.searchsorted(theirs.times, 365.25, side="right") - 1
    assert table["share"].iloc[0] == pytest.approx(theirs.cinc[0][one_year], abs=1e-9)
    assert (table["low_share"] <= table["share"] + 1e-12).all()
    assert (table["share"] <= table["high_share"] + 1e-12).all()


def _rows() -> list[tuple[str, str, float]]:
    rng = np.random.default_rng(12)
    start = np.floor(rng.uniform(0, 1000, 120))
    days = np.ceil(rng.lognormal(5.3, 0.7, 120))
    ways = rng.choice([v.ADOPTION_ORDER, v.RETURNED_HOME], 120, p=[0.7, 0.3])
    rows = [(f"c{i:03d}", v.LODGED, float(start[i])) for i in range(120)]
    return rows + [(f"c{i:03d}", str(ways[i]), float(start[i] + days[i])) for i in range(120)]


_ROWS = _rows()


def test_not_followed_that_long_is_said() -> None:
    table = competing_outcomes(odd_logs()["all open"], v.ACCOMMODATED, years=(1, 3))
    near, far = table[table["years"] == 1], table[table["years"] == 3]
    assert near["share"].tolist() == [0, 0, 0, 0, 0, 1]
    assert near["high_share"].iloc[0] == pytest.approx(0.161, abs=1e-3)  # none of 20
    assert far[["share", "low_share"]].isna().all(axis=None)
    assert far["note"].str.contains("followed for more than 1000 days").all()


def test_children_under_way_are_at_risk_from_the_window_on() -> None:
    rows = [(f"c{i}", v.ACCOMMODATED, -400) for i in range(10)] + [
        (f"c{i}", v.RETURNED_HOME, 50 + i) for i in range(10)
    ]
    found = journeys(log_of(rows), v.ACCOMMODATED)
    assert (found.entry_delay == 400).all()
    gone = [*rows, ("x", v.ACCOMMODATED, -300), ("x", v.RETURNED_HOME, -20)]
    assert journeys(log_of(gone), v.ACCOMMODATED).before_window == 1


def test_unreliable_early_recording_leaves_cases_out() -> None:
    rows = [("a", v.ACCOMMODATED, 10), ("b", v.ACCOMMODATED, 500), ("b", v.KINSHIP_ORDER, 600)]
    found = journeys(log_of(rows, recorded_from={v.KINSHIP_ORDER: 300}), v.ACCOMMODATED)
    assert (len(found), found.before_reliable) == (1, 1)


def test_stage_and_case_start_as_states(tiny_log: EventLog) -> None:
    assert journeys(tiny_log, v.STAGES[3], CEASED).days.tolist() == [181]
    assert len(journeys(tiny_log, CASE_START)) == 3


def test_curves_add_up_to_one() -> None:
    curves = outcome_curves(stage_log(3), v.PANEL)
    assert curves.groupby("days")["share"].sum().to_numpy() == pytest.approx(1.0, abs=1e-9)
    assert curves["days"].iloc[0] == 0
    assert outcome_curves(odd_logs()["empty"]).empty


@pytest.mark.parametrize("name", list(odd_logs()))
def test_odd_logs(name: str) -> None:
    log = odd_logs()[name]
    table = competing_outcomes(log, v.ACCOMMODATED)
    assert len(table) == 3 * (len(ENDS) + 1)
    if name == "empty":
        assert (table["note"] == "nobody came into this state").all()
    if name == "all dates equal":
        assert table.loc[table["outcome"] == ENDS[-1].name, "share"].tolist() == [1, 1, 1]


def test_bad_requests(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="did you mean 'Accommodated'"):
        competing_outcomes(tiny_log, "Acommodated")
    with pytest.raises(ValueError, match="did you mean"):
        competing_outcomes(tiny_log, CASE_START, (Outcome("x", ("Adoption order grantd",)),))
    with pytest.raises(ValueError, match="names of their own"):
        journeys(tiny_log, CASE_START, ())
    with pytest.raises(ValueError, match="above 0"):
        competing_outcomes(tiny_log, years=(0,))
    assert YEAR == 365.25
