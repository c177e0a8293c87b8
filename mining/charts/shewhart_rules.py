"""The rules by which a Shewhart chart is read, as values; several sets are in use, so none is hidden in code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mining.charts.rules import (
    BoolArray,
    Finding,
    FloatArray,
    IntArray,
    Stretch,
    run_lengths,
    same_side,
    sides,
    steps,
    trends,
)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Which signals a Shewhart chart is searched for; None or False leaves a rule out.

    Ready sets: `Rules.public_health_scotland()`, `Rules.making_data_count()`, `Rules.nelson()`.
    """

    label: str = "points outside the limits and 8 on one side"
    outside: bool = True
    """A point outside the control limits (three standard deviations)."""
    one_side: int | None = 8
    """So many points in a row on one side of the centre line; points on it neither break nor count."""
    trend: int | None = None
    """So many points in a row all going up, or all down; equal ones neither break nor count."""
    outer_third: bool = False
    """Two of three points in a row beyond two standard deviations on the same side."""
    beyond_one: bool = False
    """Four of five points in a row beyond one standard deviation on the same side."""
    near_centre: int | None = None
    """So many points in a row within one standard deviation of the centre line."""
    away_from_centre: int | None = None
    """So many points in a row beyond one standard deviation, on either side."""
    alternating: int | None = None
    """So many points in a row going up and down in turn."""

    @classmethod
    def public_health_scotland(cls) -> Rules:
        """Public Health Scotland's dashboards: outside, 8 one side, trend of 6, 2 of 3 outer third, 15 near centre."""
        return cls(label="Public Health Scotland", one_side=8, trend=6, outer_third=True, near_centre=15)

    @classmethod
    def making_data_count(cls) -> Rules:
        """NHS England's Making Data Count: outside, 7 one side, trend of 7, 2 of 3 near the limits."""
        return cls(label="Making Data Count", one_side=7, trend=7, outer_third=True)

    @classmethod
    def nelson(cls) -> Rules:
        """Nelson's eight (1984)."""
        return cls(
            label="Nelson",
            one_side=9,
            trend=6,
            alternating=14,
            outer_third=True,
            beyond_one=True,
            near_centre=15,
            away_from_centre=8,
        )

    def __post_init__(self) -> None:
        for name in ("one_side", "trend", "near_centre", "away_from_centre", "alternating"):
            number = getattr(self, name)
            if number is not None and number < 3:
                raise ValueError(f"{name} must be at least 3, or None to leave the rule out, got {number}")


def signals(points: FloatArray, centre: FloatArray, distance: FloatArray, rules: Rules) -> tuple[Finding, ...]:
    """What the rules find in one part of a chart; `points` may hold NaN.

    `distance` is each point's distance from the centre in standard deviations (3 is the limit), NaN where zones have
    no meaning. Positions are those in `points`.
    """
    known = np.flatnonzero(~np.isnan(points))
    y, middle, z = points[known], centre[known], distance[known]
    found: list[Finding] = []
    if rules.outside:
        found += _outside(z)
    if rules.one_side:
        found += [_row(row, "one side", ("above", "below")) for row in same_side(y, middle, rules.one_side)]
    if rules.trend:
        found += [_row(row, "trend", ("up", "down")) for row in trends(y, rules.trend)]
    if rules.outer_third:
        found += _cluster(z, 2, 3, 2.0, "2 of 3 in the outer third")
    if rules.beyond_one:
        found += _cluster(z, 4, 5, 1.0, "4 of 5 beyond one standard deviation")
    if rules.near_centre:
        found += _together(np.abs(z) < 1, rules.near_centre, "near the centre line")
    if rules.away_from_centre:
        found += _together(np.abs(z) > 1, rules.away_from_centre, "away from the centre line")
    if rules.alternating:
        found += _alternating(y, rules.alternating)
    places = [int(place) for place in known]
    return tuple(
        Finding(
            one.rule,
            tuple(places[i] for i in one.points),
            one.direction,
            one.words,
            tuple(places[i] for i in one.passed_over),
        )
        for one in found
    )


def any_signal(points: FloatArray, centre: FloatArray, distance: FloatArray, rules: Rules) -> BoolArray:
    """For each row of charts without missing points whether any of the rules speaks; for simulation."""
    z = distance
    found = np.zeros(points.shape[0], dtype=bool)
    if rules.outside:
        found |= (np.abs(z) > 3).any(axis=1)
    if rules.one_side:
        found |= (run_lengths(sides(points, centre)) >= rules.one_side).any(axis=1)
    if rules.trend:
        found |= (run_lengths(steps(points)) >= rules.trend - 1).any(axis=1)
    for on, least, width, zone in ((rules.outer_third, 2, 3, 2.0), (rules.beyond_one, 4, 5, 1.0)):
        if on:
            found |= (_windows(z > zone, width) >= least).any(axis=1) | (_windows(z < -zone, width) >= least).any(
                axis=1
            )
    for number, flags in ((rules.near_centre, np.abs(z) < 1), (rules.away_from_centre, np.abs(z) > 1)):
        if number:
            found |= (_windows(flags, number) == number).any(axis=1)
    if rules.alternating:
        turns = rules.alternating - 2
        found |= (_windows(_turns(points), turns) == turns).any(axis=1)
    return found


def _windows(flags: BoolArray, width: int) -> IntArray:
    """How many flags are up in each window of so many points in a row."""
    total = np.cumsum(np.concatenate([np.zeros((*flags.shape[:-1], 1), dtype=bool), flags], axis=-1), axis=-1)
    count: IntArray = total[..., width:] - total[..., :-width]
    return count


def _turns(y: FloatArray) -> BoolArray:
    """At each point but the first and the last whether the moves to it and from it go opposite ways."""
    moves = np.sign(np.diff(y, axis=-1))
    turns: BoolArray = moves[..., 1:] * moves[..., :-1] < 0
    return turns


def _outside(z: FloatArray) -> list[Finding]:
    found = []
    for i in np.flatnonzero(np.abs(z) > 3):
        way, limit = ("above", "upper") if z[i] > 0 else ("below", "lower")
        found.append(Finding("outside the limits", (int(i),), way, f"A point {way} the {limit} control limit"))
    return found


def _row(stretch: Stretch, rule: str, ways: tuple[str, str]) -> Finding:
    way = ways[0] if stretch.sign > 0 else ways[1]
    number = len(stretch.points)
    words = f"{number} points in a row going {way}" if rule == "trend" else f"{number} points in a row {way} the centre"
    return Finding(rule, stretch.points, way, words, stretch.passed_over)


def _cluster(z: FloatArray, least: int, width: int, zone: float, rule: str) -> list[Finding]:
    found = []
    for sign, way in ((1.0, "above"), (-1.0, "below")):
        flags = sign * z > zone
        starts = np.flatnonzero(_windows(flags, width) >= least) if len(z) >= width else np.empty(0, dtype=np.int64)
        for group in _joined(starts, width):
            points = tuple(int(i) for i in range(*group) if flags[i])
            found.append(Finding(rule, points, way, f"{rule}, {way} the centre"))
    return found


def _together(flags: BoolArray, number: int, rule: str) -> list[Finding]:
    starts = np.flatnonzero(_windows(flags, number) == number) if len(flags) >= number else np.empty(0, dtype=np.int64)
    return [
        Finding(rule, tuple(range(*group)), "", f"{group[1] - group[0]} points in a row {rule}")
        for group in _joined(starts, number)
    ]


def _alternating(y: FloatArray, number: int) -> list[Finding]:
    turns = _turns(y)
    starts = np.flatnonzero(_windows(turns, number - 2) == number - 2) if len(y) >= number else turns[:0].nonzero()[0]
    rule = "alternating up and down"
    return [
        Finding(rule, tuple(range(first, stop)), "", f"{stop - first} points in a row {rule}")
        for first, stop in _joined(starts, number)
    ]


def _joined(starts: IntArray, width: int) -> list[tuple[int, int]]:
    """Windows that overlap made one: (first, one past the last)."""
    groups: list[tuple[int, int]] = []
    for start in starts.tolist():
        if groups and start < groups[-1][1]:
            groups[-1] = (groups[-1][0], start + width)
        else:
            groups.append((start, start + width))
    return groups
