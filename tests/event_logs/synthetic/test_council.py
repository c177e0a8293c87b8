"""The frozen parameters, and councils of other sizes."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest

from event_logs.synthetic import Council, Law
from event_logs.synthetic.council import HEARINGS_PER_START


def test_window_of_ten_years() -> None:
    council = Council()
    assert council.recording_start == date(2014, 8, 1)
    first, last = council.window
    assert last - first == (date(2024, 7, 31) - date(2014, 8, 1)).days
    assert first - council.first_day > 19 * 365


def test_window_that_would_start_on_29_february() -> None:
    council = Council(extraction_date=date(2024, 2, 28), years=1)
    assert council.recording_start == date(2023, 2, 28)


def test_every_set_of_shares_is_a_distribution() -> None:
    council = Council()
    shares = [*council.routes, *council.orders, *council.first_away, *council.later_away]
    shares += [council.family_sizes, council.locality_shares, council.first_basis, council.interim_orders]
    for one in shares:
        assert sum(one) == pytest.approx(1.0)
        assert min(one) >= 0
    assert council.age_cumulative[0] == 0
    assert council.age_cumulative[-1] == 1
    assert (np.diff(council.age_cumulative) > 0).all()


def test_mean_of_a_law_is_that_of_many_draws() -> None:
    law = Law(100, 0.6)
    draws = law.median * np.exp(law.sigma * np.random.default_rng(1).standard_normal(200_000))
    assert draws.mean() == pytest.approx(law.mean, rel=0.01)


def test_default_size_keeps_its_panel() -> None:
    assert Council.of_size(1350) == Council()


@pytest.mark.parametrize("children", [150, 300, 600, 1000, 2700])
def test_other_sizes_get_a_panel_with_a_load_that_is_stable(children: int) -> None:
    council = Council.of_size(children)
    load = HEARINGS_PER_START * council.starts_per_year / (council.sessions_per_year * council.panel_slots)
    assert 0.5 < load <= 0.95
    same = {field.name for field in fields(council)} - {"starts_per_year", "panel_slots", "panel_weeks"}
    assert all(getattr(council, name) == getattr(Council(), name) for name in same)


def test_a_council_that_cannot_be_is_refused_with_the_value() -> None:
    with pytest.raises(ValueError, match="panel_slots=0"):
        replace(Council(), panel_slots=0)
    with pytest.raises(ValueError, match=r"burn_in_years must be at least 18.*got 5"):
        Council(burn_in_years=5)
    with pytest.raises(ValueError, match=r"voluntary_throughout=0\.5"):
        Council(voluntary_throughout=0.5)
