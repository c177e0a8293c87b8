"""Results made by hand, small enough to work out on paper."""

from __future__ import annotations

import pandas as pd

from permanence.compared import Scenarios, Sensitivity
from permanence.results import LogSummary


def log_summary(**changes: object) -> LogSummary:
    """A log summary for hand-made results."""
    values = {
        "name": "Hand-made council",
        "synthetic": False,
        "cases": 12,
        "open_cases": 5,
        "events": 40,
        "activities": ["Accommodated", "Permanence recommended"],
        "observed_from": "2014-08-01",
        "observed_to": "2024-07-31",
        "recorded_from": {"Permanence recommended": "2018-01-01"},
        "same_day_pairs": 3,
    }
    return LogSummary.model_validate(values | changes)


def bottleneck_table(shares: list[float], tied: list[bool]) -> pd.DataFrame:
    """A ranking of stages named A: first, B: second, ..."""
    number = len(shares)
    return pd.DataFrame(
        {
            "rank": range(1, number + 1),
            "stage": [f"{letter}: stage {letter.lower()}" for letter in "ABCDEF"[:number]],
            "child_days": [1000.0 * share for share in shares],
            "share": shares,
            "low_share": [share - 0.05 for share in shares],
            "high_share": [share + 0.05 for share in shares],
            "probability_first": [0.5 if tied[0] else 1.0] + [0.0] * (number - 1),
            "tied": tied,
            "excess_days": [250.0] + [float("nan")] * (number - 1),
            "children": [9] * number,
            "open": [4] * number,
            "not_recorded": [1] + [0] * (number - 1),
            "before_reliable": [0] * number,
            "since": pd.Timestamp("2018-01-01"),
        }
    )


def stage_table() -> pd.DataFrame:
    """Two stages: one with a confirmed limit and an open-case correction, one whose median is not reached."""
    nan = float("nan")
    return pd.DataFrame(
        {
            "stage": ["A: stage a", "B: stage b"],
            "children": [9, 4],
            "reached": [5, 1],
            "left": [0, 1],
            "open": [4, 2],
            "median_days": [511.0, nan],
            "low_days": [400.0, 30.0],
            "high_days": [nan, nan],
            "p25_days": [200.0, 20.0],
            "p75_days": [nan, nan],
            "p90_days": [nan, nan],
            "more_than_days": [nan, 77.0],
            "naive_median_days": [394.0, 12.0],
            "recent_naive_median_days": [210.0, 11.0],
            "restricted_mean_days": [450.5, nan],
            "limit_days": [183.0, nan],
            "limit_confirmed": [True, False],
            "share_beyond_limit": [0.552, nan],
            "not_recorded": [0, 0],
            "before_reliable": [2, 0],
            "before_window": [1, 0],
            "warning": ["", "few children"],
        }
    )


def aim_table() -> pd.DataFrame:
    """Three aims: on target and confirmed, below target, and not to be told."""
    return pd.DataFrame(
        {
            "number": [1, 2, 3],
            "name": ["First aim", "Second aim", "Third aim"],
            "eligible": [10, 20, 4],
            "met": [9, 4, 2],
            "late": [1, 10, 1],
            "overdue": [0, 3, 0],
            "open_within": [0, 2, 1],
            "left": [0, 1, 0],
            "share_met": [0.91, 0.22, 0.6],
            "low_share": [0.8, 0.1, 0.2],
            "high_share": [0.99, 0.35, 0.9],
            "target_share": [0.75, 0.75, 0.75],
            "limit_days": [91.0, 228.0, 98.0],
            "crude_share": [0.9, 0.29, 0.67],
            "meets_target": ["yes", "no", "cannot tell"],
            "not_recorded": [0, 5, 0],
            "before_reliable": [0, 7, 0],
            "before_window": [0, 0, 0],
            "age_unknown": [0, 0, 0],
            "clock": ["from a to b; limit 91 days"] * 3,
            "population": ["children of all ages"] * 3,
            "confirmed": [True, False, False],
            "source": ["a regulation", "as recalled", "as recalled"],
            "warning": ["", "", ""],
        }
    )


def around(unit: str, middle: float, half: float) -> dict[str, float]:
    """Both limits of an interval."""
    return {f"low_{unit}": middle - half, f"high_{unit}": middle + half}


def more(
    whole: tuple[float, float, float], *, saves: tuple[str, float] = ("", 0.0), fills: tuple[str, float] = ("", 0.0)
) -> dict[str, object]:
    """All that an idea has beside its stages, for a difference in all stages with its interval."""
    mean, low, high = whole
    counted = {"baseline_children": 12.0, "difference_children": 0.4}
    counted |= around("children", 0.4, 0.3) | around("80_children", 0.4, 0.2)
    share = {"baseline_share": 0.5, "changed_share": 0.6, "difference_share": 0.1}
    chances = {"better_probability": 0.97, "meets_now_probability": 0.1, "meets_probability": 0.3}
    detectable = low > 0 or high < 0
    return {
        "aims": [
            {
                "number": 3,
                "aim": "Permanence recommended to agency decision",
                "target_share": 0.75,
                **(share | around("share", 0.1, 0.05) | around("80_share", 0.1, 0.03) | chances),
            }
        ],
        "gates": [{"gate": "Court", **counted}],
        "quarters": [{"count": name, "date": "2024-10-31", **counted} for name in ("Court", "Past two years")],
        "moves": {
            "baseline_moves": 30.0,
            "difference_moves": -2.0,
            "note": "by a stated model",
            **(around("moves", -2.0, 1.0) | around("80_moves", -2.0, 0.5)),
        },
        "spread": [
            {
                "stage": "All stages",
                "spread_child_weeks": 40.0,
                "stochastic_share": 0.5,
                "parameter_share": 0.3,
                "effect_share": 0.2,
            }
        ],
        "verdict": {
            "helps_probability": 0.95,
            "no_effect_share": 0.0,
            "effect_child_weeks": mean,
            "effect_low_child_weeks": low,
            "effect_high_child_weeks": high,
            "effect_low_80_child_weeks": low / 2,
            "effect_high_80_child_weeks": high / 2,
            "chance_probability": 0.01,
            "adjusted_probability": 0.02,
            "detectable": detectable,
            "detectable_among_all": detectable,
            "correlation": 0.97,
            "variance_reduction": 24.0,
        },
        "delay": {
            "saves_stage": saves[0],
            "saves_child_weeks": saves[1] or None,
            "grows_stage": "",
            "grows_weeks": None,
            "fills_gate": fills[0],
            "fills_children": fills[1] or None,
        },
        "unknowns": [
            {
                "input": "Size of the effect",
                "kind": "judgement",
                "share": 0.4,
                "adjusted_probability": 0.001,
                "told": True,
                "rank": 1,
            }
        ],
    }


def scenario_part() -> Scenarios:
    """Two ideas: one that saves, one without a detectable difference."""

    def effect(stage: str, weeks: tuple[float | None, ...], child_weeks: tuple[float, ...]) -> dict[str, object]:
        names = ("difference_weeks", "low_weeks", "high_weeks")
        totals = ("difference_child_weeks", "low_child_weeks", "high_child_weeks")
        base = {"stage": stage, "baseline_weeks": None if weeks[0] is None else 40.0, "changed_weeks": None}
        base |= {"baseline_child_weeks": 900.0, "helps_probability": 0.95}
        base |= dict.fromkeys(("low_80_weeks", "high_80_weeks", "low_80_child_weeks", "high_80_child_weeks"))
        return base | dict(zip(names, weeks, strict=True)) | dict(zip(totals, child_weeks, strict=True))

    none = (None, None, None)
    ideas = [
        {
            "name": "saves",
            "title": "Saving idea",
            "rationale": "Because.",
            "evidence": "None measured.",
            "confirmed": False,
            "touches": ["A → [one more step] → B"],
            "applies_to": "children of locality North",
            "first_measure": "Steps taken",
            "side_effects": ["More work.", "Another queue."],
            "stages": [
                effect("A: stage a", (-2.0, -3.0, -1.0), (-120.0, -200.0, -40.0)),
                effect("B: stage b", (0.1, -0.4, 0.6), (20.0, 5.0, 35.0)),
            ],
            "all_stages": effect("All stages", none, (-100.0, -180.0, -20.0)),
            "workload": [
                {
                    "activity": "Review",
                    "baseline_per_year": 60.0,
                    "difference_per_year": 12.0,
                    "low_per_year": 10.0,
                    "high_per_year": 14.0,
                    "low_80_per_year": 11.0,
                    "high_80_per_year": 13.0,
                },
                {
                    "activity": "Unmoved step",
                    "baseline_per_year": 9.0,
                    "difference_per_year": 0.1,
                    "low_per_year": -1.0,
                    "high_per_year": 1.2,
                    "low_80_per_year": -0.5,
                    "high_80_per_year": 0.8,
                },
            ],
            **more((-100.0, -180.0, -20.0), saves=("A: stage a", -120.0), fills=("Court", 0.4)),
        },
        {
            "name": "nothing",
            "title": "Idle idea",
            "rationale": "Hope.",
            "evidence": "A trial.",
            "confirmed": True,
            "touches": [],
            "applies_to": "all children",
            "first_measure": "",
            "side_effects": [],
            "stages": [effect("A: stage a", (0.1, -1.0, 1.2), (3.0, -30.0, 36.0))],
            "all_stages": effect("All stages", none, (3.0, -30.0, 36.0)),
            "workload": [],
            **more((3.0, -30.0, 36.0)),
        },
    ]
    return Scenarios.model_validate(
        {
            "horizon_years": 3.0,
            "draws": 40,
            "replications": 2,
            "seed": 1,
            "open_children": 5,
            "new_cases_per_year": 4.2,
            "ideas": ideas,
            "interactions": [
                {
                    "first": "saves",
                    "second": "nothing",
                    "first_child_weeks": -100.0,
                    "second_child_weeks": 3.0,
                    "together_child_weeks": -60.0,
                    **around("together_child_weeks", -60.0, 40.0),
                    "interaction_child_weeks": 37.0,
                    **around("child_weeks", 37.0, 20.0),
                    **around("80_child_weeks", 37.0, 10.0),
                }
            ],
            "not_simulated": ["Aim 1: not known"],
            "warnings": [],
        }
    )


def sensitivity_part() -> Sensitivity:
    """What the saving idea depends on: two unknowns, and a break-even size that is met and one that is not."""
    bar = {"kind": "records", "unit": "a year", "low_value": 300.0, "high_value": 360.0, "error_child_weeks": 2.0}
    size = {"target_share": 0.75, "none_value": 0.0, "tried_value": 180.0, "without_share": 0.1}
    return Sensitivity.model_validate(
        {
            "draws": 40,
            "replications": 3,
            "ideas": [
                {
                    "name": "saves",
                    "title": "Saving idea",
                    "middle_child_weeks": -100.0,
                    "tornado": [
                        bar
                        | {"input": "New cases", "at_low_child_weeks": -80.0, "at_high_child_weeks": -130.0}
                        | {"swing_child_weeks": 50.0, "told": True},
                        bar
                        | {"input": "Size", "kind": "judgement", "unit": "as stated", "at_low_child_weeks": -99.0}
                        | {"at_high_child_weeks": -101.0, "swing_child_weeks": 2.0, "told": False},
                    ],
                    "screened": [
                        {"input": "New cases", "kind": "records", "importance_child_weeks": 60.0, "rank": 1}
                        | {"error_child_weeks": 5.0, "interaction_child_weeks": 4.0}
                    ],
                    "break_even": [
                        size
                        | {"effect": "bring forward: days before review", "aim": 3, "size_value": 42.5}
                        | {"low_value": 30.0, "high_value": None, "reached_share": 0.9, "tried_share": 0.9},
                        size
                        | {"effect": "shorten: factor", "aim": 4, "size_value": None, "low_value": None}
                        | {"high_value": None, "reached_share": 0.0, "tried_share": 0.2},
                    ],
                }
            ],
        }
    )
