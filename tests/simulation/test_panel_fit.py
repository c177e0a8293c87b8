"""The calendar of a panel as its observed sessions suggest it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from event_logs.log import from_days, to_days
from simulation.gates import Sessions
from simulation.panel_fit import MAY_BE_LESS, Waits, inferred_sessions


def heard(calendar: Sessions, years: int, rng: np.random.Generator) -> np.ndarray:
    """One date an appearance: between none and all of the slots of each session are used."""
    days = to_days(pd.Series(calendar.dates(pd.Timestamp("2015-01-01"), pd.Timestamp(f"{2015 + years}-01-01"))))
    return rng.permutation(np.repeat(days, rng.integers(0, calendar.slots + 1, len(days))))


@pytest.mark.parametrize(
    "true",
    [
        Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4),
        Sessions(weekday="Thursday", weeks_of_month=(2,), skip_months=(1, 8), slots=6),
        Sessions(weekday="Friday", weeks_of_month=(1, 2, 3, 4, 5), slots=3),
    ],
)
def test_a_calendar_is_recovered_from_its_sessions(true: Sessions) -> None:
    days = heard(true, 8, np.random.default_rng(4))
    found = inferred_sessions(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months, found.slots) == (
        true.weekday,
        true.weeks_of_month,
        true.skip_months,
        true.slots,
    )
    assert "inferred" in found.source


def test_a_few_odd_days_do_not_change_the_calendar() -> None:
    true = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4)
    rng = np.random.default_rng(2)
    days = heard(true, 8, rng)
    days[:: len(days) // 12] += rng.choice([-1.0, 1.0, 2.0, 7.0], len(days[:: len(days) // 12]))
    found = inferred_sessions(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months) == ("Tuesday", (1, 3), (7,))


def test_a_short_log_claims_no_month_without_panel() -> None:
    days = to_days(pd.Series(pd.to_datetime(["2024-02-06", "2024-03-05", "2024-03-05", "2024-06-04", "2024-10-01"])))
    found = inferred_sessions(days)
    assert (found.weekday, found.weeks_of_month, found.skip_months, found.slots) == ("Tuesday", (1,), (), 2)


def test_no_session_no_calendar() -> None:
    with pytest.raises(ValueError, match="without any observed session"):
        inferred_sessions(np.zeros(0))


# With the children who waited ---------------------------------------------------------------------------------------

TRUE = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4, lead_days=14)
SPAN = pd.Timestamp("2015-01-01"), pd.Timestamp("2023-01-01")
Floats = np.ndarray


def panel(
    true: Sessions, a_year: float, seed: int, *, cancelled: tuple[int, ...] = (), large: tuple[int, ...] = ()
) -> tuple[Floats, Waits, list[str]]:
    """Eight years of a panel, first come first served: the days children were heard on, their waits, all its dates.

    `cancelled` and `large` are numbers of sessions: nobody is heard, or everybody who is in time.
    """
    rng = np.random.default_rng(seed)
    first, last = to_days(pd.Series(SPAN))
    ready = np.sort(np.floor(rng.uniform(first, last, rng.poisson(a_year * 8))))
    heard = np.full(len(ready), np.inf)
    dates = to_days(pd.Series(true.dates(*SPAN)))
    for number, day in enumerate(dates):
        waiting = np.flatnonzero((ready + true.lead_days <= day) & np.isinf(heard))
        slots = 0 if number in cancelled else len(waiting) if number in large else true.slots
        heard[waiting[:slots]] = day
    done = np.isfinite(heard)
    return (
        heard[done],
        Waits(ready, heard, np.where(done, heard, last)),
        [f"{pd.Timestamp(d):%Y-%m-%d}" for d in from_days(dates)],
    )


@pytest.mark.parametrize("a_year", [20.0, 50.0, 76.0])
@pytest.mark.parametrize("seed", range(8))
def test_slots_and_lead_are_found_from_those_who_waited(a_year: float, seed: int) -> None:
    days, waits, _ = panel(TRUE, a_year, seed)
    found = inferred_sessions(days, waits)
    assert (found.weekday, found.weeks_of_month, found.skip_months) == ("Tuesday", (1, 3), (7,))
    # A quiet panel hardly ever leaves anybody, and its shortest wait may be a day or two longer than it need be.
    assert found.slots == 4 or (a_year == 20.0 and found.slots == 3)
    assert 14.0 <= found.lead_days <= (16.0 if a_year == 20.0 else 15.0)
    assert found.cancelled == found.added == ()
    assert found.quorum_failure == 0.0


def test_a_cancelled_date_is_told_from_an_empty_one_by_who_was_waiting() -> None:
    gone = (20, 47, 90, 131)
    named, rates = 0, []
    for seed in range(20):
        days, waits, dates = panel(TRUE, 60.0, seed, cancelled=gone)
        found = inferred_sessions(days, waits)
        assert set(found.cancelled) <= {dates[number] for number in gone}
        assert found.slots == 4
        # Without the children who waited, an empty date may be anything.
        assert inferred_sessions(days).cancelled == ()
        named += len(found.cancelled)
        rates.append(found.quorum_failure)
    # With 2.7 children to a date, two or more are in time for three dates of four; of the others nothing is said.
    assert named == pytest.approx(0.75 * 80, abs=3.5 * np.sqrt(80 * 0.75 * 0.25))
    assert np.mean(rates) == pytest.approx(4 / len(dates), abs=0.006)


def test_an_extraordinary_session_does_not_set_the_slots() -> None:
    for seed in range(8):
        days, waits, dates = panel(TRUE, 74.0, seed, large=(30, 31))
        for found in (inferred_sessions(days, waits), inferred_sessions(days)):
            assert found.slots == 4
            assert set(found.slots_on) <= {dates[30], dates[31]}
        assert all(slots > 4 for slots in found.slots_on.values())


def test_a_session_off_the_calendar_is_named_and_one_wrong_date_is_not() -> None:
    days, waits, _ = panel(TRUE, 60.0, 1)
    extra, wrong = to_days(pd.Series(pd.to_datetime(["2018-03-08", "2019-05-23"])))
    found = inferred_sessions(np.append(days, [extra, extra, wrong]), waits)
    assert found.added == ("2018-03-08",)
    assert (found.weekday, found.slots) == ("Tuesday", 4)


def test_papers_dated_wrongly_do_not_shorten_the_lead_time() -> None:
    rng = np.random.default_rng(5)
    for seed in range(8):
        days, waits, _ = panel(TRUE, 60.0, seed)
        # One in a hundred has its papers dated up to two weeks before the hearing, two in a hundred after it.
        odd = rng.random(len(waits.ready))
        ready = np.where(odd < 0.01, waits.heard - rng.integers(0, 14, len(odd)), waits.ready)
        ready = np.where(odd > 0.98, waits.heard + 5.0, ready)
        known = np.isfinite(ready)
        found = inferred_sessions(days, Waits(ready[known], waits.heard[known], waits.gone[known]))
        assert found.lead_days == pytest.approx(14.0, abs=1.0)


@pytest.mark.parametrize("seed", range(6))
def test_a_long_queue_does_not_hide_the_lead_time(seed: int) -> None:
    # More children than slots: after the first months nobody is heard on the first date there could be.
    days, waits, _ = panel(TRUE, 92.0, seed)
    assert np.median(waits.heard[np.isfinite(waits.heard)] - waits.ready[np.isfinite(waits.heard)]) > 40
    found = inferred_sessions(days, waits)
    assert (found.slots, found.cancelled) == (4, ())
    assert found.lead_days == pytest.approx(14.0, abs=2.0)


def test_at_a_panel_that_is_always_full_the_lead_time_is_said_to_be_no_more_than_that() -> None:
    _, waits, _ = panel(TRUE, 130.0, 1)
    late = waits.ready > np.quantile(waits.ready, 0.3)  # records that begin when the queue is long
    seen = waits.heard[late & np.isfinite(waits.heard)]
    found = inferred_sessions(seen, Waits(waits.ready[late], waits.heard[late], waits.gone[late]))
    assert found.lead_days > 20.0
    assert found.source.endswith(MAY_BE_LESS)
    assert not inferred_sessions(*panel(TRUE, 60.0, 1)[:2]).source.endswith(MAY_BE_LESS)


def test_from_a_few_waits_no_lead_is_told() -> None:
    ready = to_days(pd.Series(pd.to_datetime(["2024-01-10", "2024-02-01", "2024-05-01", "2024-06-01"])))
    heard = to_days(pd.Series(pd.to_datetime(["2024-02-06", "2024-03-05", "2024-06-04", "2024-10-01"])))
    assert inferred_sessions(heard, Waits(ready, heard, heard)).lead_days == 0.0
