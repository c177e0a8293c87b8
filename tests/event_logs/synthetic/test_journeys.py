"""The planted process: what must hold for every child, and that the council is like the real one."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from event_logs import vocabulary as v
from event_logs.synthetic import CHANGES, Change, Council, Journeys, simulate_council
from event_logs.synthetic.council import PLACEMENT_TYPES
from event_logs.synthetic.entries import YEAR
from event_logs.synthetic.spells import legal_statuses, placements

OFFICIAL = [a for a in v.MILESTONES if a not in (v.BECAME_LOOKED_AFTER, v.AT_HOME, v.ACCOMMODATED, v.RETURNED_HOME)]


def test_same_seed_same_journeys_other_seed_others(small: Journeys) -> None:
    again = simulate_council(small.council, small.seed)
    for activity, days in small.days.items():
        assert np.array_equal(days, again.days[activity], equal_nan=True)
    other = simulate_council(small.council, small.seed + 1)
    assert len(other) != len(small) or not np.array_equal(other.start, small.start)


def test_milestones_come_in_order_and_none_after_the_end(journeys: Journeys) -> None:
    days = journeys.days
    chains = [
        (v.BECAME_LOOKED_AFTER, v.ACCOMMODATED, v.RECOMMENDED, v.LEGAL_REQUESTED, v.LEGAL_RECEIVED, v.PANEL),
        (v.RECOMMENDED, v.HEALTH_REQUESTED, v.HEALTH_COMPLETED, v.PANEL),
        (v.RECOMMENDED, v.REPORT_COMPLETED, v.PANEL, v.AGENCY_DECISION, v.HEARING_ADVICE, v.LODGED),
        (v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER, v.CEASED),
        (v.ACCOMMODATED, v.RETURN_HOME, v.RETURNED_HOME, v.CEASED),
        (v.ACCOMMODATED, v.KINSHIP_ORDER_PLANNED, v.KINSHIP_ORDER, v.CEASED),
        (v.LODGED, v.PERMANENCE_ORDER, v.CEASED),
        (v.LODGED, v.NOT_GRANTED, v.CEASED),
    ]
    for chain in chains:
        for before, after in pairwise(chain):
            both = np.isfinite(days[before]) & np.isfinite(days[after])
            assert both.any(), (before, after)
            assert (days[before][both] <= days[after][both]).all(), (before, after)
    for activity, day in days.items():
        assert not (day > journeys.end).any(), activity


def test_official_acts_fall_on_working_days(journeys: Journeys) -> None:
    acts = [a for a in OFFICIAL if a != v.CEASED]
    weekdays = {a: np.mod(journeys.days[a][np.isfinite(journeys.days[a])] + 3, 7) for a in acts}
    weekdays |= {"every review": np.mod(journeys.reviews[np.isfinite(journeys.reviews)] + 3, 7)}
    for activity, weekday in weekdays.items():
        assert weekday.max() <= 4, activity
    assert (weekdays[v.PANEL] == 1).all()


def test_episodes_of_a_child_do_not_overlap_and_nobody_is_an_adult(journeys: Journeys) -> None:
    entries = journeys.entries
    order = np.lexsort((entries.start, entries.child))
    same = np.diff(entries.child[order]) == 0
    assert same.sum() > 500
    assert (entries.start[order][1:][same] > journeys.end[order][:-1][same]).all()
    assert (entries.number[order][1:][same] == entries.number[order][:-1][same] + 1).all()
    age_at_start, age_at_end = (entries.start - entries.birth) / YEAR, (journeys.end - entries.birth) / YEAR
    assert age_at_start.min() >= 0
    assert age_at_start.max() < 16
    assert age_at_end.max() <= 18
    assert (journeys.end > journeys.start).all()


def test_only_one_plan_and_a_review_on_its_day(journeys: Journeys) -> None:
    plans = np.column_stack(
        [journeys.days[a] for a in (v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.RECOMMENDED, v.LONG_TERM)]
    )
    assert np.isfinite(plans).sum(axis=1).max() == 1
    decided = np.isfinite(plans).any(axis=1)
    day = np.nanmax(plans[decided], axis=1)
    assert (journeys.reviews[decided] == day[:, None]).any(axis=1).all()


def test_stages_of_one_child_are_correlated(journeys: Journeys) -> None:
    days = journeys.days
    health = days[v.HEALTH_COMPLETED] - days[v.HEALTH_REQUESTED]
    court = np.fmin(days[v.PERMANENCE_ORDER], days[v.AUTHORITY_TO_ADOPT]) - days[v.LODGED]
    court = np.where(journeys.contested, np.nan, court)
    both = np.isfinite(health) & np.isfinite(court)
    assert both.sum() > 500
    correlation = np.corrcoef(np.log(health[both]), np.log(court[both]))[0, 1]
    assert correlation == pytest.approx(0.3, abs=4 / np.sqrt(both.sum()))
    independent = simulate_council(replace(journeys.council, frailty_correlation=0.0), 1)
    health = independent.days[v.HEALTH_COMPLETED] - independent.days[v.HEALTH_REQUESTED]
    report = independent.days[v.REPORT_COMPLETED] - independent.days[v.RECOMMENDED]
    both = np.isfinite(health) & np.isfinite(report)
    assert abs(np.corrcoef(np.log(health[both]), np.log(report[both]))[0, 1]) < 4 / np.sqrt(both.sum())


def test_contested_share_and_court_medians_are_the_planted_ones(journeys: Journeys) -> None:
    lodged = np.isfinite(journeys.days[v.LODGED])
    share = journeys.contested[lodged].mean()
    assert share == pytest.approx(0.45, abs=4 * np.sqrt(0.45 * 0.55 / lodged.sum()))
    orders = (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT, v.NOT_GRANTED)
    days = np.fmin.reduce([journeys.days[a] for a in orders]) - journeys.days[v.LODGED]
    for contested, median in ((False, 130), (True, 280)):
        those = days[lodged & (journeys.contested == contested) & np.isfinite(days)]
        tolerance = 4 * 1.2533 * 0.5 / np.sqrt(len(those))
        # Weekends add between nought and two days, 0.43 on average.
        assert np.median(those) == pytest.approx(median + 0.4, rel=tolerance)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_change_leaves_the_past_and_the_starts_alone(small: Journeys, name: str) -> None:
    changed = simulate_council(small.council, small.seed, CHANGES[name])
    today = small.council.window[1]
    assert np.array_equal(small.start, changed.start)
    moved = 0
    for activity, days in small.days.items():
        past = days <= today
        assert np.array_equal(past, changed.days[activity] <= today), activity
        assert np.array_equal(days[past], changed.days[activity][past]), activity
        moved += int((~np.isclose(days, changed.days[activity], equal_nan=True)).sum())
    assert moved > 0


def test_a_change_that_changes_nothing_is_the_baseline(small: Journeys) -> None:
    same = simulate_council(small.council, small.seed, Change(name="none", description="", contested=0.45))
    for activity, days in small.days.items():
        assert np.array_equal(days, same.days[activity], equal_nan=True)


def test_mechanisms_of_the_changes(small: Journeys) -> None:
    today = small.council.window[1]
    run = {name: simulate_council(small.council, small.seed, change) for name, change in CHANGES.items()}
    plans = (v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.RECOMMENDED, v.LONG_TERM)

    def decided(journeys: Journeys) -> np.ndarray:
        return np.asarray(np.fmin.reduce([journeys.days[a] for a in plans]))

    both = np.isfinite(decided(small)) & np.isfinite(decided(run["four-week-review"]))
    gain = (decided(small) - decided(run["four-week-review"]))[both]
    assert gain.min() >= 0
    assert (gain > 0).sum() > 20

    legal = run["earlier-legal-advice"].days
    lead = decided(run["earlier-legal-advice"]) - legal[v.LEGAL_REQUESTED]
    later = np.isfinite(lead) & (legal[v.LEGAL_REQUESTED] > today) & (decided(small) > today + 60)
    went_home = np.isfinite(legal[v.RETURN_HOME])
    assert (later & went_home).any()
    assert (lead[later] >= 28).all()
    assert (lead[later] <= 30).all()

    health = run["earlier-health-advice"].days
    accommodated = health[v.ACCOMMODATED] > today
    assert (health[v.HEALTH_REQUESTED][accommodated] == health[v.ACCOMMODATED][accommodated]).all()

    contested = run["leaflet-and-conversations"].contested
    assert not (contested & ~small.contested).any()
    assert (small.contested & ~contested).any()


# What a council of Edinburgh's size looks like: figure, target, tolerance. Sources in council.py.
CALIBRATION = {
    "starts a year": (340, 10),
    "looked after on a day": (1350, 0.05 * 1350),
    "last two years over first two": (1.0, 0.06),
    "starts under 4": (0.36, 0.025),  # more than a third
    "boys": (0.56, 0.02),
    "at home": (0.25, 0.02),
    "kinship": (0.20, 0.02),
    "foster": (0.42, 0.025),
    "residential": (0.08, 0.015),
    "at home for two years, of those at home": (0.20, 0.03),
    "under 5 in stock": (0.20, 0.03),
    "16 and over in stock": (0.09, 0.025),
    "children who start again": (0.13, 0.02),
    "placements an episode": (2.1, 0.15),
    "legal reasons an episode": (2.9, 0.2),
    # A known gap: published are 13.9 % for Scotland; permanence orders (48 % of orders) that last to 16 or 18 make it.
    "permanence order or authority in stock": (0.26, 0.03),
    "up to 5 and away: home at four years": (0.31, 0.06),
    "up to 5 and away: kinship order at four years": (0.11, 0.04),
    "up to 5 and away: adopted or moving to adoption": (0.22, 0.08),
    "route: return home": (0.45, 0.04),
    "route: kinship order": (0.12, 0.03),
    "route: permanence": (0.26, 0.04),
    "route: long term": (0.17, 0.03),
    "order: permanence order": (0.48, 0.05),
    "order: authority to adopt": (0.35, 0.05),
    "order: adoption": (0.13, 0.04),
    "order: not granted": (0.04, 0.02),
    "panel load": (0.92, 0.03),
}


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    runs = [_figures(simulate_council(Council(), seed)) for seed in (1, 2, 3, 4)]
    return {name: float(np.mean([run[name] for run in runs])) for name in CALIBRATION}


@pytest.mark.parametrize("name", sorted(CALIBRATION))
def test_calibration(figures: dict[str, float], name: str) -> None:
    target, tolerance = CALIBRATION[name]
    assert figures[name] == pytest.approx(target, abs=tolerance)


def _figures(journeys: Journeys) -> dict[str, float]:
    first, last = journeys.council.window
    start, end, birth = journeys.start, journeys.end, journeys.entries.birth
    days = np.arange(first, last, 61)
    lived, legal = placements(journeys), legal_statuses(journeys)
    stock = np.array([((start <= day) & (end > day)).sum() for day in days])
    living = np.array(
        [[((lived.start <= d) & (lived.end > d) & (lived.kind == k)).sum() for k in range(4)] for d in days]
    )
    home = lived.kind == PLACEMENT_TYPES.index("At home with parents")
    long_home = [((lived.start <= d - 731) & (lived.end > d) & home).sum() for d in days]
    ages = np.concatenate([(d - birth[(start <= d) & (end > d)]) / YEAR for d in days])
    ordered = [((legal.start <= d) & (legal.end > d) & (legal.kind >= 4)).sum() for d in days]
    inside = (start >= first) & (start <= last)
    children, counts = np.unique(journeys.entries.child, return_counts=True)
    settled = journeys.children.first_start[children] < last - 5 * YEAR
    touching = np.flatnonzero((end >= first) & (start <= last))
    decided = inside & (journeys.route >= 0)
    lodged = inside & (journeys.order >= 0)
    hearings = journeys.hearings
    held = (hearings.session >= first) & (hearings.session <= last)
    routes, orders = journeys.route[decided], journeys.order[lodged]
    return {
        "starts a year": inside.sum() / journeys.council.years,
        "looked after on a day": stock.mean(),
        "last two years over first two": stock[-12:].mean() / stock[:12].mean(),
        "starts under 4": (start - birth < 4 * YEAR)[inside].mean(),
        "boys": journeys.children.boy[journeys.entries.child][inside].mean(),
        **dict(zip(("at home", "kinship", "foster", "residential"), living.sum(0) / stock.sum(), strict=True)),
        "at home for two years, of those at home": np.sum(long_home) / living[:, 0].sum(),
        "under 5 in stock": (ages < 5).mean(),
        "16 and over in stock": (ages >= 16).mean(),
        "children who start again": (counts[settled] > 1).mean(),
        "placements an episode": _rows(lived.episode, lived.start, touching, last),
        "legal reasons an episode": _rows(legal.episode, legal.start, touching, last),
        "permanence order or authority in stock": np.sum(ordered) / stock.sum(),
        **_after_four_years(journeys),
        **{f"route: {name}": (routes == k).mean() for k, name in enumerate(_ROUTES)},
        **{f"order: {name}": (orders == k).mean() for k, name in enumerate(_ORDERS)},
        "panel load": hearings.heard[held].sum() / (held.sum() * journeys.council.panel_slots),
    }


_ROUTES = ("return home", "kinship order", "permanence", "long term")
_ORDERS = ("permanence order", "authority to adopt", "adoption", "not granted")


def _rows(episode: np.ndarray, start: np.ndarray, touching: np.ndarray, last: float) -> float:
    return float((np.isin(episode, touching) & (start <= last)).sum() / len(touching))


def _after_four_years(journeys: Journeys) -> dict[str, float]:
    """The published cohort: first starts up to age 5, away from home, followed for four years."""
    days, start = journeys.days, journeys.start
    young = start - journeys.entries.birth < 6 * YEAR
    cohort = young & (days[v.ACCOMMODATED] == start) & (journeys.entries.number == 0)
    cohort &= (start > journeys.council.window[0]) & (start < journeys.council.window[1] - 4 * YEAR)
    until = start + 4 * YEAR
    adopted = days[v.ADOPTION_ORDER] <= until
    moving = np.isin(journeys.order, [1, 2]) & (days[v.AGENCY_DECISION] <= until)
    return {
        "up to 5 and away: home at four years": (days[v.RETURNED_HOME] <= until)[cohort].mean(),
        "up to 5 and away: kinship order at four years": (days[v.KINSHIP_ORDER] <= until)[cohort].mean(),
        "up to 5 and away: adopted or moving to adoption": (adopted | moving)[cohort].mean(),
    }
