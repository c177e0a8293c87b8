"""A declared pathway with laws, shares and arrivals of our own, to be found again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hand_models import weibull

from event_logs import vocabulary as v
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from simulation import pathway as p
from simulation.arrivals import Arrivals
from simulation.fit import fit_pathway
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import Law
from simulation.model import Choice, PathwayModel
from simulation.readiness import lognormal

PANEL = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), skip_months=(7,), slots=4, lead_days=14)
BURN_IN, RECORDING, EXTRACT = pd.Timestamp("2008-01-01"), pd.Timestamp("2014-01-01"), pd.Timestamp("2022-01-01")
WEIBULLS: dict[str, tuple[float, float]] = {
    f"{v.AT_HOME} → {v.ACCOMMODATED}": (1.2, 400.0),
    f"{v.AT_HOME} → {v.CEASED}": (1.2, 500.0),
    f"{v.RETURN_HOME} → {v.RETURNED_HOME}": (1.5, 90.0),
    f"{v.RETURNED_HOME} → {v.CEASED}": (1.2, 500.0),
    f"{v.KINSHIP_ORDER_PLANNED} → {v.KINSHIP_ORDER}": (2.0, 260.0),
    f"{v.LEGAL_REQUESTED} → {v.LEGAL_RECEIVED}": (1.8, 70.0),
    f"{v.HEALTH_REQUESTED} → {v.HEALTH_COMPLETED}": (1.8, 55.0),
    f"{v.PANEL} → {v.AGENCY_DECISION}": (2.0, 14.0),
    f"{v.PANEL} → {v.INFORMATION_RECEIVED}": (2.0, 35.0),
    f"{v.LODGED} → {v.PERMANENCE_ORDER}": (2.0, 150.0),
    f"{v.LODGED} → {v.AUTHORITY_TO_ADOPT}": (2.0, 280.0),
    f"{v.LODGED} → {v.ADOPTION_ORDER}": (2.0, 200.0),
    f"{v.LODGED} → {v.NOT_GRANTED}": (2.0, 250.0),
    f"{v.AUTHORITY_TO_ADOPT} → {v.ADOPTION_ORDER}": (1.8, 280.0),
    f"{v.RECOMMENDED} → {v.LEGAL_REQUESTED}": (1.5, 18.0),
    f"{v.RECOMMENDED} → {v.HEALTH_REQUESTED}": (1.5, 9.0),
    f"{v.RECOMMENDED} → {v.REPORT_COMPLETED}": (2.5, 80.0),
    f"{v.AGENCY_DECISION} → {v.LODGED}": (2.0, 125.0),
    f"{v.AGENCY_DECISION} → {v.HEARING_ADVICE}": (2.0, 40.0),
}
SHARES: dict[str, tuple[float, ...]] = {
    v.AT_HOME: (0.2, 0.8),
    v.PANEL: (0.85, 0.15),
    v.LODGED: (0.48, 0.35, 0.13, 0.04),
    p.PLAN_DECIDED: (0.45, 0.12, 0.17, 0.26),
}
LEAVING = np.linspace(16.4, 18.4, 101) * 365.25
"""Ages at which young people leave; some of them are 18 before."""
READY_MEDIAN, READY_SIGMA, DECIDES = 120.0, 0.8, 0.75


def with_shares(choice: Choice, shares: tuple[float, ...]) -> Choice:
    options = tuple(replace(o, share={"": share}) for o, share in zip(choice.options, shares, strict=True))
    return Choice(options=options)


def planted() -> PathwayModel:
    """The declared pathway with laws and shares of our own; the log of one child gives it its shape."""
    one_child = EventLog.of(
        pd.DataFrame({"case": ["a"], "activity": [v.BECAME_LOOKED_AFTER], "date": [RECORDING]}),
        ObservationWindow(RECORDING, EXTRACT),
        ranks={v.BECAME_LOOKED_AFTER: 10},
    )
    model = fit_pathway(one_child, panel=PANEL)
    steps = dict(model.steps)
    for name, (shape, scale) in WEIBULLS.items():
        steps[name] = replace(steps[name], laws={"": weibull(shape, scale)})
    steps[p.PLANNING] = replace(steps[p.PLANNING], laws={"": lognormal(float(np.log(READY_MEDIAN)), READY_SIGMA)})
    for name in (f"{v.KINSHIP_ORDER} → {v.CEASED}", f"{v.ADOPTION_ORDER} → {v.CEASED}"):
        steps[name] = replace(steps[name], laws={"": Law(np.array([0.0]), np.array([0.0]))})
    for after in p.BY_AGE:
        name = f"{after} → {v.CEASED}"
        steps[name] = replace(steps[name], by_age=True, laws={"": Law(LEAVING, np.linspace(1.0, 0.0, 101))})
    # A third go on to be looked after at home; the others cease on the day they return.
    home = f"{v.RETURNED_HOME} → {v.CEASED}"
    steps[home] = replace(steps[home], laws={"": Law(np.array([0.0]), np.array([0.4]), 1.2, 500.0)})
    choices = {name: with_shares(c, SHARES[name]) if name in SHARES else c for name, c in model.choices.items()}
    always, advised = (f"{v.AGENCY_DECISION} → {v.LODGED}", f"{v.AGENCY_DECISION} → {v.HEARING_ADVICE}")
    one = choices[v.AGENCY_DECISION].options[0]
    choices[v.AGENCY_DECISION] = Choice(
        options=(
            replace(one, starts=(always,), share={"": 0.25}),
            replace(one, starts=(always, advised), share={"": 0.75}),
        )
    )
    gaps = tuple(weibull(k, s) for k, s in ((14.0, 45.0), (25.0, 93.0), (40.0, 185.0)))
    gates: dict[str, Sessions | ReviewCycle] = {
        p.REVIEW_GATE: ReviewCycle(review=v.REVIEW, gaps=gaps, decides=DECIDES),
        p.PANEL_GATE: PANEL,
    }
    rng = np.random.default_rng(1)
    ages = rng.uniform(0, 14, 600)
    pool = pd.DataFrame(
        {
            "child": [str(n) for n in range(600)],
            "birth": pd.Timestamp("2000-01-01"),
            "age_days": np.floor(ages * 365.25),
            "age_band": pd.cut(ages, [-1, 1, 5, 12, 18], labels=["0", "1-4", "5-11", "12+"]).astype("str"),
            "first_setting": np.where(rng.random(600) < 0.28, v.AT_HOME, v.ACCOMMODATED),
        }
    )
    return replace(
        model, steps=steps, choices=choices, gates=gates, arrivals=Arrivals(np.full(12, 27.0), pool, np.ones(600))
    )
