"""Which unknown is worth measuring first: how much of the spread between draws each of them accounts for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.effects import explained, holm, size_terms
from scenarios.inputs import Input
from scenarios.scenario import Scenario
from scenarios.tables import Compared

Floats = npt.NDArray[np.float64]
RECORDS, JUDGEMENT = "records", "judgement"
"""Where an unknown comes from: fitted from the records, or stated with the idea."""
_COLUMNS = ["scenario", "input", "kind", "share", "chance_probability", "adjusted_probability", "told", "rank"]


def unknowns_table(compared: Compared, inputs: Sequence[Input]) -> pd.DataFrame:
    """One row a scenario and unknown, those that matter most first.

    Columns: `scenario`; `input` (a group of fitted parameters, or a size stated with the idea); `kind` ("records" or
    "judgement"); `share` (of the variance between the draws' differences in child-weeks of all stages: the first-order
    share, adjusted R^2 of a regression on the input's telling number and its square); `chance_probability` (of such a
    share where the input plays no part: F test) and, for the number of inputs, `adjusted_probability` (Holm); `told`
    (that is below 0.05: measuring this is worth it); `rank`. Inputs that do not vary are left out; with fewer than 10
    draws there are no rows.
    """
    rows = []
    for number, scenario in enumerate(compared.scenarios):
        means = np.nanmean(compared.saved_in_all(number), axis=1)
        if len(means) < 10:
            continue
        told = _named(compared, number, inputs)
        shares = np.asarray([explained(means, terms) for _, _, terms in told])
        chances = np.asarray([chance_of(means, terms) for _, _, terms in told])
        adjusted = holm(chances)
        order = sorted(range(len(told)), key=lambda place: (-shares[place], told[place][0]))
        for rank, place in enumerate(order, start=1):
            name, kind, _ = told[place]
            found = (float(shares[place]), float(chances[place]), float(adjusted[place]))
            rows.append((scenario.name, name, kind, *found, bool(adjusted[place] < 0.05), rank))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _named(compared: Compared, number: int, inputs: Sequence[Input]) -> list[tuple[str, str, Floats]]:
    """Name, kind and regressors of everything uncertain that varies between the draws."""
    found = []
    for one, values in zip(inputs, compared.draws.inputs.T, strict=True):
        found.append((one.name, RECORDS, size_terms(values[:, None])))
    sizes = compared.draws.sizes[number]
    for place, name in enumerate(size_names(compared.scenarios[number])):
        found.append((name, JUDGEMENT, size_terms(sizes[:, [place]])))
    return [one for one in found if one[2].shape[1]]


def size_names(scenario: Scenario) -> list[str]:
    """What the sizes of a scenario are called, in their order: the kind of change and the key in its file.

    A scenario of which nothing is uncertain but whether it takes hold has one size, of that name.
    """
    named = []
    for place in scenario.ranges():
        number, key = place.removeprefix("changes.").split(".", 1)
        named.append(f"{sentence_case(scenario.changes[int(number)].type)}: {key.replace('_', ' ')}")
    return named or (["Whether it takes hold"] if scenario.changes else [])


def sentence_case(text: str) -> str:
    """With a capital at its beginning.

    >>> sentence_case("bring forward")
    'Bring forward'
    """
    return text[:1].upper() + text[1:]


def chance_of(outcome: Floats, terms: Floats) -> float:
    """Probability of so large an R^2 where the terms play no part (F test); 1 where nothing can be told."""
    from scipy.special import fdtrc

    rows, columns = terms.shape
    left = rows - columns - 1
    adjusted = explained(outcome, terms)
    if columns == 0 or left < 1 or adjusted <= 0.0:
        return 1.0
    plain = 1.0 - (1.0 - adjusted) * left / (rows - 1)
    if plain >= 1.0:
        return 0.0
    return float(fdtrc(columns, left, (plain / columns) / ((1.0 - plain) / left)))
