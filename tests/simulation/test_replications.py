"""Replications end when the interval is narrow enough, and the same ones whatever the number of workers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_models import at, single
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs.log import EventLog
from simulation.cohort import Cohort
from simulation.laws import exponential
from simulation.replications import Precision, half_widths, precise_from, replicate

SLOW, QUICK = single(exponential(100.0)), single(exponential(60.0))


def counted(log: EventLog) -> Mapping[str, float]:
    """Cases that ended, and the mean days they took; the latter is not known where none ended."""
    ended = log.arrays.end
    known = ~np.isnan(ended)
    days = float((ended - log.arrays.start)[known].mean()) if known.any() else float("nan")
    return {"closures": float(known.sum()), "days": days, "never": float("nan")}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Fifty cases that are to come in the first half year."""
    from hand_models import arriving

    return arriving(SLOW, np.linspace(1.0, 180.0, 50))


def twenty(cohort: Cohort, **more: object) -> pd.DataFrame:
    return replicate(SLOW, cohort, at(365), counted, seed=1, until=20, **more).values


def test_half_widths_are_those_of_student() -> None:
    # Values 2, 4, 9: mean 5, sd sqrt(13), t of 2 degrees at 97.5 % 4.30265.
    found = half_widths([2.0, 4.0, 9.0])
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(12.7062 * np.sqrt(2.0) / np.sqrt(2.0), rel=1e-5)
    assert found[2] == pytest.approx(4.30265 * np.sqrt(13.0 / 3.0), rel=1e-5)
    # What is not known is left out.
    assert half_widths([2.0, np.nan, 4.0, 9.0])[3] == pytest.approx(found[2])
    assert half_widths([2.0, 4.0, 9.0], 0.8)[2] == pytest.approx(1.88562 * np.sqrt(13.0 / 3.0), rel=1e-5)


def test_differences_with_a_negative_mean_are_judged_by_their_size() -> None:
    """A width divided by the mean itself would be negative, and any number of replications enough."""
    values = np.random.default_rng(1).normal(-10.0, 30.0, 1500)
    precision = Precision(relative=0.2)
    found = precise_from(values, precision)
    assert found == precise_from(-values, precision)
    assert found is not None
    assert found > 100  # (1.96 * 30 / 2)^2 is 864 at the planted mean; six would be absurd
    assert half_widths(values)[found - 1] <= 0.2 * abs(values[:found].mean())


def test_narrow_by_chance_is_not_enough() -> None:
    # Ten equal values, then spread: the first interval has no width at all.
    values = [5.0] * 10 + [-15.0, 25.0] * 30
    assert precise_from(values, Precision(absolute=0.5, look_ahead=0)) == 10
    found = precise_from(values, Precision(absolute=4.6, look_ahead=5))
    assert found is not None
    assert found > 10
    assert (half_widths(values)[found - 1 : found + 5] <= 4.6).all()
    assert half_widths(values)[found - 2] > 4.6
    assert precise_from(values[: found + 4], Precision(absolute=4.6, look_ahead=5)) is None


@given(
    st.lists(st.floats(-100.0, 100.0), min_size=12, max_size=60),
    st.floats(0.1, 50.0),
    st.integers(0, 6),
    st.floats(-1.0, 1.0).filter(lambda factor: abs(factor) > 0.01),
)
@settings(max_examples=60, deadline=None)
def test_precision_does_not_depend_on_unit_and_sign(
    values: list[float], width: float, look_ahead: int, factor: float
) -> None:
    scaled = [value * factor for value in values]
    one = precise_from(values, Precision(absolute=width, look_ahead=look_ahead, fewest=5))
    other = precise_from(scaled, Precision(absolute=width * abs(factor) * (1 + 1e-9), look_ahead=look_ahead, fewest=5))
    assert other == one or (other or 999) <= (one or 999)


def test_a_given_number(cohort: Cohort) -> None:
    found = replicate(SLOW, cohort, at(365), counted, seed=1, until=20)
    assert found.values.shape == (20, 3)
    assert found.why == "20 replications, as asked"
    row = found.intervals.set_index("figure").loc["closures"]
    closures = found.values["closures"]
    assert row["mean"] == closures.mean()
    assert (row["low"], row["high"]) == pytest.approx(
        (row["mean"] - row["half_width"], row["mean"] + row["half_width"])
    )
    never = found.intervals.set_index("figure").loc["never"]
    assert (never["replications"], np.isnan(never["mean"])) == (0, True)
    # The planted truth: each case ends within its time at risk with probability 1 - exp(-t / 100).
    risk = 365.0 - np.linspace(1.0, 180.0, 50)
    assert row["low"] < (1.0 - np.exp(-risk / 100.0)).sum() < row["high"]


def test_until_precise_is_as_precise_as_asked_and_no_more_than_needed(cohort: Cohort) -> None:
    found = replicate(SLOW, cohort, at(365), counted, seed=2, until={"closures": Precision(absolute=0.8)})
    row = found.intervals.set_index("figure").loc["closures"]
    assert row["half_width"] <= 0.8
    assert len(found.values) == row["precise_from"] + 5
    widths = half_widths(found.values["closures"])
    assert widths[int(row["precise_from"]) - 2] > 0.8
    assert found.why.startswith("every interval was as narrow as asked")
    # The same as looking after every single one, however many were made at a time.
    more = replicate(SLOW, cohort, at(365), counted, seed=2, until=len(found.values) + 10).values
    pd.testing.assert_frame_equal(more.iloc[: len(found.values)], found.values)
    assert precise_from(more["closures"], Precision(absolute=0.8)) == row["precise_from"]


def test_the_most_allowed_is_said_plainly(cohort: Cohort) -> None:
    wanted = {"closures": Precision(absolute=0.05), "days": Precision(relative=0.5)}
    found = replicate(SLOW, cohort, at(365), counted, seed=1, until=wanted, most=30)
    assert len(found.values) == 30
    assert found.why.startswith("stopped at 30 replications, the most allowed: closures is known to ± ")
    assert found.why.endswith("asked was ± 0.05")


def test_pairs_differ_by_the_change_alone(cohort: Cohort) -> None:
    none = replicate(SLOW, cohort, at(365), counted, seed=1, until=Precision(absolute=0.1), changed=SLOW, most=20)
    assert (none.values[["closures", "days"]] == 0.0).all(axis=None)
    paired = replicate(SLOW, cohort, at(365), counted, seed=1, until=15, changed=QUICK)
    apart = [replicate(model, cohort, at(365), counted, seed=1, until=15).values for model in (SLOW, QUICK)]
    pd.testing.assert_frame_equal(paired.values, apart[1] - apart[0])
    assert paired.intervals.set_index("figure").loc["days", "high"] < 0.0
    relative = replicate(
        SLOW, cohort, at(365), counted, seed=1, until={"days": Precision(relative=0.2)}, changed=QUICK
    ).intervals.set_index("figure")
    assert relative.loc["days", "mean"] < 0.0
    assert relative.loc["days", "half_width"] <= 0.2 * abs(relative.loc["days", "mean"])


def test_the_same_for_any_number_of_workers_and_after_an_interruption(
    cohort: Cohort, tmp_path: Path, always_processes: None
) -> None:
    alone, together = twenty(cohort), twenty(cohort, workers=2)
    pd.testing.assert_frame_equal(alone, together)

    def interrupted(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        twenty(cohort, store=tmp_path, progress=interrupted)
    assert len(list(tmp_path.glob("*/*.npz"))) == 7
    again = twenty(cohort, store=tmp_path)
    assert again.to_csv() == alone.to_csv()
    assert len(list(tmp_path.glob("*/*.npz"))) == 20


def test_what_cannot_be_is_refused(cohort: Cohort) -> None:
    for wrong in ({}, {"absolute": 1.0, "relative": 0.1}, {"absolute": 0.0}, {"relative": -0.1}):
        with pytest.raises(ValueError, match="give one of absolute and relative"):
            Precision(**wrong)
    with pytest.raises(ValueError, match=r"not measured: visits; measured are: closures, days, never"):
        replicate(SLOW, cohort, at(365), counted, seed=1, until={"visits": Precision(absolute=1.0)})
    with pytest.raises(ValueError, match="at least 1 replication, got 0"):
        replicate(SLOW, cohort, at(365), counted, seed=1, until=0)
