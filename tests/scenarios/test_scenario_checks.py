"""What cannot be compared is said before anything is simulated, in one message each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_models import DAY_ZERO, model_of, only, step

from event_logs.errors import InputError
from event_logs.log import from_days
from scenarios import AppliesTo, Range, Scenario
from scenarios.checks import check, children_reached
from scenarios.shorter import Shorten
from simulation.cohort import Cohort
from simulation.gates import Arrivals
from simulation.laws import fixed
from simulation.model import START, PathwayModel

IDEA = Scenario(
    name="idea", title="I", rationale="r", changes=(Shorten(activities=("end",), factor=Range.exactly(0.9)),)
)


@pytest.fixture
def model() -> PathwayModel:
    """One step; twelve new children a year, a quarter of them in the north, half of them under 12."""
    pool = pd.DataFrame({"locality": ["N", "S", "S", "S"], "age_days": [3000.0, 3000.0, 5000.0, 5000.0]})
    model = model_of([step("end", fixed(100))], {START: only("end")})
    return replace(model, arrivals=Arrivals(np.full(12, 1.0), pool, np.ones(4)))


@pytest.fixture
def cohort(model: PathwayModel) -> Cohort:
    """Eight children open: four in the north, six under 12, of one neither is known."""
    years = [2, 4, 6, 8, 10, 11.9, 12.1, None]
    births = [pd.NaT if age is None else pd.Timestamp(from_days([DAY_ZERO - age * 365.25])[0]) for age in years]
    cases = pd.DataFrame(
        {
            "case": list("abcdefgh"),
            "start": from_days([DAY_ZERO - 30.0] * 8),
            "birth": pd.Series(births, dtype="datetime64[us]"),
            "locality": ["N", "N", "N", "N", "S", "S", "S", None],
        }
    )
    return replace(Cohort.newcomers(model, cases, np.zeros(0), DAY_ZERO), rows=np.arange(8))


def told(scenario: Scenario, model: PathwayModel, cohort: Cohort, years: float) -> list[str]:
    with pytest.raises(InputError) as error:
        check([scenario], model, cohort, years)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("who", "years", "reached"),
    [
        (AppliesTo(), 2.0, 8 + 24),
        (AppliesTo(locality=("N",)), 2.0, 4 + 6),
        (AppliesTo(locality=("N", "S")), 1.0, 7 + 12),
        (AppliesTo(age_under=12), 2.0, 6 + 12),
        (AppliesTo(age_under=12, locality=("S",), share_reached=0.5), 2.0, (2 + 6) / 2),
    ],
)
def test_children_reached_are_those_open_and_those_expected(
    model: PathwayModel, cohort: Cohort, who: AppliesTo, years: float, reached: float
) -> None:
    assert children_reached(who, model, cohort, years) == pytest.approx(reached, rel=0.01)


def test_fewer_than_ten_children_are_too_few(model: PathwayModel, cohort: Cohort) -> None:
    few = replace(IDEA, applies_to=AppliesTo(locality=("N",)))
    (line,) = told(few, model, cohort, 1.0)
    assert line == (
        "scenario 'idea', applies_to: the change reaches about 7 children in 1 years (children of locality N); with "
        "fewer than 10 no effect can be told, and single children might be. Let it apply to more children, or compare "
        "over more years"
    )
    check([few], model, cohort, 2.1)  # ten are enough


def test_an_attribute_that_the_records_do_not_have(model: PathwayModel, cohort: Cohort) -> None:
    (line,) = told(replace(IDEA, applies_to=AppliesTo(attributes={"localty": ("N",)})), model, cohort, 3.0)
    assert "applies_to.localty: nothing is known of the children's 'localty'. Did you mean 'locality'?" in line
    unborn = replace(cohort, cases=cohort.cases.drop(columns="birth"))
    (line,) = told(replace(IDEA, applies_to=AppliesTo(age_under=12)), model, unborn, 3.0)
    assert "nothing is known of the children's 'birth'" in line


def test_all_scenarios_are_checked_at_once(model: PathwayModel, cohort: Cohort) -> None:
    wrong = replace(IDEA, name="wrong", changes=(Shorten(activities=("ende",), factor=Range.exactly(0.9)),))
    with pytest.raises(InputError) as error:
        check([IDEA, wrong, replace(IDEA, applies_to=AppliesTo(locality=("N",)))], model, cohort, 1.0)
    assert [problem.file for problem in error.value.problems] == ["scenario 'wrong'", "scenario 'idea'"]
    assert error.value.problems[0].remedy == "Did you mean 'end'?"


def test_two_scenarios_of_the_same_thing_cannot_be_run_together(model: PathwayModel, cohort: Cohort) -> None:
    other = replace(IDEA, name="other")
    check([IDEA, other], model, cohort, 3.0)
    with pytest.raises(InputError, match=r"scenarios 'idea' and 'other': they overlap: both change how long it takes"):
        check([IDEA, other], model, cohort, 3.0, together=[(0, 1)])
