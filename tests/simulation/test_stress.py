"""The STRESS-DES answers: all twenty, from the model, and nothing made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hand_models import arriving, either, model_of, only, single, step, weibull
from past_councils import council

from event_logs.log import EventLog
from simulation.cohort import snapshot
from simulation.gates import ReviewCycle, Sessions
from simulation.laws import fixed
from simulation.model import START, PathwayModel, Step
from simulation.stress import ITEMS, NOT_STATED, RunFacts, stress_des


def answers(model: PathwayModel, facts: RunFacts | None = None, **more: object) -> pd.Series[str]:
    table = stress_des(model, facts or RunFacts(), **more)  # type: ignore[arg-type]
    return table.set_index("number")["answer"]


def gated() -> PathwayModel:
    sessions = Sessions(weekday="Tuesday", weeks_of_month=(1, 3), slots=4, lead_days=14, skip_months=(7,))
    cycle = ReviewCycle(review="review", gaps=(weibull(9.0, 45.0),), decides=0.75)
    planning = Step(name="planning", activity="", laws={"": weibull(1.5, 130.0)}, gate="reviews", then="decided")
    steps = [
        step("in", fixed(0.0)),
        planning,
        step("a", weibull(1.0, 100.0)),
        step("b", weibull(1.0, 100.0)),
        step("panel", fixed(0.0), waits_for=("a", "b"), gate="panel"),
        step("end", weibull(1.0, 100.0)),
    ]
    choices = {
        START: only("in"),
        "in": only("planning"),
        "decided": only("a", "b"),
        "panel": either({"end": 0.7, "b": 0.3}),
    }
    return model_of(steps, choices, gates={"panel": sessions, "reviews": cycle}, whole_days=True)


def test_every_item_is_there_once_and_in_order() -> None:
    table = stress_des(single(fixed(3.0)), RunFacts())
    assert table["number"].tolist() == list(ITEMS)
    assert len(table) == 20
    assert list(table.columns) == ["section", "number", "item", "answer"]
    assert (table["answer"].str.len() > 0).all()
    assert table["section"].nunique() == 6


def test_what_is_not_known_is_not_stated() -> None:
    found = answers(single(fixed(3.0)))
    unknown = ["1.1", "1.2", "1.3", "2.1", "2.3", "3.1", "3.3", "4.1", "4.2", "4.3", "5.1", "5.4", "6.1"]
    assert found.index[found == NOT_STATED].tolist() == unknown


def test_gates_joins_and_shares_come_from_the_model() -> None:
    found = answers(gated())
    assert "“panel” begins when all of a and b have happened" in found["2.2"]
    assert "After “panel”: “end” or “b”" in found["2.2"]
    assert "After “decided”: “a” together with “b”" in found["2.2"]
    assert "decided at the next review with probability 0.75" in found["2.4"]
    assert "Tuesday of weeks 1 and 3 of the month, not in months 7, 4 slots, lead 14 days (declared)" in found["2.5"]
    assert "Entry points: none: no new cases arrive. Exit points: end." in found["2.5"]
    assert "end 70 %, b 30 %" in found["3.2"]
    # Median of an exponential law of mean 100 days.
    assert "“end”: median 69 days" in found["3.2"]
    assert "Durations are whole days." in found["3.4"]


def test_arrivals_come_from_the_model() -> None:
    found = answers(council(per_month=10.0))
    assert "new cases: 120.0 a year" in found["3.2"]
    assert "Poisson process" in found["2.4"]
    assert "Resources and queues: none" in found["2.5"]


def test_the_start_is_told_step_by_step(tiny_log: EventLog) -> None:
    model = gated()
    assert answers(model, cohort=arriving(model, [1.0]))["4.1"] == "The run starts empty."
    cohort = snapshot(tiny_log, model)
    found = answers(model, log=tiny_log, cohort=cohort)
    assert "the 1 case open on 2021-06-30" in found["4.1"]
    assert "3 cases (1 open)" in found["3.1"]
    assert "Permanence recommended from 2020-02-01" in found["3.1"]


def test_what_the_run_says_of_itself_is_answered_word_for_word() -> None:
    facts = RunFacts(
        purpose="To find out.",
        outputs=("closures", "queues"),
        scenarios={"sooner": "Asks earlier."},
        sources=("children.csv",),
        horizon="3 years.",
        draws=50,
        replications=2,
        seed=7,
        versions={"python": "3.11"},
    )
    found = answers(single(fixed(3.0)), facts)
    assert found["1.1"] == "To find out."
    assert found["1.2"] == "closures; queues"
    assert found["2.3"] == "sooner: Asks earlier."
    assert found["3.1"] == "Files: children.csv."
    assert found["4.2"] == "3 years."
    assert found["4.3"].startswith("50 fits, each to children drawn again from the log. Replications of each: 2.")
    assert found["5.1"] == "python 3.11"
    assert found["5.2"].endswith("Seed 7.")
    assert found["6.1"] == NOT_STATED


def test_warnings_of_the_fit_are_among_the_assumptions() -> None:
    model = replace(single(weibull(1.0, float(np.e))), warnings=("Court: fitted from only 3 ended stays",))
    assert "Court: fitted from only 3 ended stays." in answers(model)["3.4"]


def test_every_gate_and_the_first_of_several_are_described() -> None:
    from test_gate_data import full

    found = answers(full())
    assert "“end” begins when all of panel have happened and the first of decision and order happens" in found["2.2"]
    assert "Panel: first those whose age band is 0, then 1-4, then first come, first served by the day" in found["2.4"]
    assert "a child is deferred with probability 0.25; a session fails with probability 0.10" in found["2.4"]
    assert "Decision maker: decisions are made on working days." in found["2.4"]
    assert "of those that would take longer than 14 days, 100% are made on the last lawful day" in found["2.4"]
    assert "a place is held until end happens; the work is continued with probability 0.30" in found["2.4"]
    assert "Tuesday of weeks 1 and 3 of the month, not in months 7 (1 cancelled and 1 added), 4 slots" in found["2.5"]
    assert "Court, 3 places, 2 cases each, fewer at 2 times, on working days" in found["2.5"]
    assert "unlimited but for those with room for 12" in found["2.5"]
    assert "Holidays: 2 days, 2025-01-01 to 2025-01-02." in found["2.5"]
