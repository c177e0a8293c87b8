"""A small permanence line to be simulated: reviews, papers side by side, a panel, orders that compete."""

from __future__ import annotations

from hand_models import (
    arriving,
    at,
    either,
    model_of,
    only,
    poisson_days,
    step,
    weibull,
)

from event_logs.log import EventLog
from simulation.engine import simulate
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import fixed
from simulation.model import START, Choice, Option, PathwayModel, Step

SLOW, QUICK = weibull(2.0, 300.0), weibull(2.0, 60.0)
"""Coefficients of variation of about one half: a re-drawn duration is far from a remaining one."""


def permanence() -> PathwayModel:
    """A small permanence line: reviews, parallel papers, a panel with a queue, competing orders, optional advice."""
    cycle = ReviewCycle(review="review", gaps=(weibull(9.0, 45.0), weibull(9.0, 95.0)), decides=0.75)
    planning = Step(name="planning", activity="", laws={"": weibull(1.5, 130.0)}, gate="reviews", then="decided")
    steps = [
        step("in", fixed(0.0)),
        planning,
        step("go home", fixed(0.0)),
        step("recommended", fixed(0.0)),
        step("legal", QUICK),
        step("health", weibull(2.0, 40.0)),
        step("report", weibull(3.0, 80.0)),
        step("panel", fixed(0.0), waits_for=("recommended", "legal", "health", "report"), gate="panel"),
        step("more", weibull(2.0, 30.0)),
        step("panel", fixed(0.0), gate="panel", name="panel again"),
        step("decision", weibull(2.0, 14.0)),
        step("lodged", weibull(2.0, 110.0)),
        step("advice", weibull(2.0, 45.0)),
        step("order", weibull(2.0, 150.0)),
        step("contested order", SLOW),
        step("end", fixed(0.0)),
        step("end", weibull(2.0, 70.0), name="home end"),
    ]
    choices = {
        START: only("in"),
        "in": only("planning"),
        "decided": either({"go home": 0.4, "recommended": 0.6}),
        "go home": only("home end"),
        "recommended": only("legal", "health", "report"),
        "panel": either({"decision": 0.85, "more": 0.15}),
        "more": only("panel again"),
        "decision": Choice(
            options=(
                Option(starts=("lodged",), share={"": 0.25}),
                Option(starts=("lodged", "advice"), share={"": 0.75}),
            )
        ),
        "lodged": either({"order": 0.55, "contested order": 0.45}),
        "order": only("end"),
        "contested order": only("end"),
    }
    panel = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=3, lead_days=14)
    return model_of(steps, choices, gates={"reviews": cycle, "panel": panel}, whole_days=True)


HISTORY, AHEAD = 1500.0, 300.0


def world(model: PathwayModel, seed: int) -> EventLog:
    """Five years from nobody, at 0.17 a day."""
    days = poisson_days(0.17, HISTORY + AHEAD, seed=seed, whole=True)
    return simulate(model, arriving(model, days), at(HISTORY + AHEAD), seed=seed)
