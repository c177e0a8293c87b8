"""Rules about the order of steps: what cannot come before what, and what cannot be without what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from event_logs import vocabulary as v
from event_logs.rules.facts import Bools, Facts, Floats, Ints
from event_logs.rules.rule import Hits, Rule, Severity


@dataclass(frozen=True)
class Order:
    """A step that cannot happen before another has."""

    before: tuple[str, ...]
    """The step that comes first; of several, whichever came first."""
    after: tuple[str, ...]
    """The steps that need it."""
    never_without: bool = True
    """Whether the later step also shows that the first one happened, so that it is missing if it is not on record."""

    @property
    def first(self) -> str:
        """The step that comes first, in words."""
        return _IN_WORDS.get(self.before, " or ".join(self.before))

    @property
    def then(self) -> str:
        """The later step, in words."""
        return _IN_WORDS.get(self.after, " or ".join(self.after))


_PLANS = (v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.LONG_TERM, v.RECOMMENDED)
_FROM_PETITION = (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT, v.NOT_GRANTED)
_IN_WORDS = {_PLANS: "A plan for the child", _FROM_PETITION: "The court's answer to the application"}
ORDERS: tuple[Order, ...] = (
    Order((v.ACCOMMODATED,), _PLANS),
    Order((v.RECOMMENDED,), (v.PANEL,)),
    Order((v.LEGAL_REQUESTED,), (v.LEGAL_RECEIVED,)),
    Order((v.HEALTH_REQUESTED,), (v.HEALTH_COMPLETED,)),
    Order((v.LEGAL_RECEIVED,), (v.PANEL,)),
    Order((v.HEALTH_COMPLETED,), (v.PANEL,)),
    Order((v.REPORT_COMPLETED,), (v.PANEL,)),
    Order((v.PANEL,), (v.INFORMATION_RECEIVED,)),
    Order((v.PANEL,), (v.AGENCY_DECISION,)),
    Order((v.AGENCY_DECISION,), (v.LODGED,)),
    # Advice may be asked for before the decision in some councils, so its absence before proves nothing.
    Order((v.AGENCY_DECISION,), (v.HEARING_ADVICE,), never_without=False),
    Order((v.LODGED,), _FROM_PETITION),
    # Adoption follows a petition of the council's, or an order with authority to adopt, made by anybody's petition.
    Order((v.LODGED, v.AUTHORITY_TO_ADOPT), (v.ADOPTION_ORDER,)),
    Order((v.KINSHIP_ORDER_PLANNED,), (v.KINSHIP_ORDER,)),
)
"""The order of the permanence steps. Papers may be asked for before the recommendation, so that is no violation."""


@dataclass(frozen=True)
class WrongOrder:
    """Finds the first later step of an episode where it is dated before the step that should precede it."""

    order: Order

    def __call__(self, facts: Facts) -> Iterator[Hits]:
        """The later steps, each with the step it should have followed and by how many days."""
        day, event = facts.firsts.first(self.order.before)
        then, where = facts.firsts.first(self.order.after)
        early = np.flatnonzero(then < day)
        yield Hits("events", where[early], other=event[early], days=(day - then)[early])


@dataclass(frozen=True)
class Missing:
    """Finds the first later step of an episode where the step that must have preceded it is not on record at all.

    Only where it would be: an episode begun before its recording was reliable says nothing.
    """

    order: Order

    def __call__(self, facts: Facts) -> Iterator[Hits]:
        """The later steps."""
        where, missing = self.due(facts)
        yield Hits("events", where[missing])

    def due(self, facts: Facts) -> tuple[Ints, Bools]:
        """The first later steps whose precedent should be on record, and for which of them it is not."""
        day, _ = facts.firsts.first(self.order.before)
        then, where = facts.firsts.first(self.order.after)
        due = ~np.isnan(then) & (facts.days("episodes", "start") >= reliable_from(facts, self.order.before))
        return where[due], np.isnan(day[due])


def reliable_from(facts: Facts, activities: tuple[str, ...]) -> float:
    """The day from which these activities are on record; the window's start, or later if the project says so."""
    since = facts.window.reliable_from(*activities)
    return float((since.normalize() - np.datetime64("1970-01-01")) / np.timedelta64(1, "D"))


def _outside(facts: Facts, *, after: bool) -> Iterator[Hits]:
    at, day = facts.events["at"].to_numpy(), facts.days("events", "date")
    bound: Floats = facts.of_episode("events", "end" if after else "start")
    days = day - bound if after else bound - day
    found = np.flatnonzero(days > 0)
    yield Hits("events", found, other=at[found], other_table="episodes", days=days[found])


def _before_start(facts: Facts) -> Iterator[Hits]:
    yield from _outside(facts, after=False)


def _after_end(facts: Facts) -> Iterator[Hits]:
    yield from _outside(facts, after=True)


def _rules() -> Iterator[Rule]:
    yield Rule("E89.1", "A step is dated before the child became looked after.", Severity.WARN, _before_start,
               "Does it belong to an earlier episode? Otherwise correct one of the two dates.")  # fmt: skip
    yield Rule("E89.2", "A step is dated after the child ceased to be looked after.", Severity.WARN, _after_end,
               "Did the episode end later, or does the step belong to another one?")  # fmt: skip
    for number, order in enumerate(ORDERS, start=10):
        concerned = (*order.before, *order.after)
        said = f"{order.then} is dated before {order.first}."
        advice = "Correct the date that is wrong."
        yield Rule(f"E89.{number}", said, Severity.WARN, WrongOrder(order), advice, concerned)
        if order.never_without:
            said = f"{order.then} is on record but {order.first} is not."
            advice = "Enter the step that is missing, with its date."
            yield Rule(f"E89.{number}m", said, Severity.WARN, Missing(order), advice, concerned)


RULES: tuple[Rule, ...] = tuple(_rules())
"""The rules about the order of steps: a list of what does not conform, never a reason to delete anything."""
