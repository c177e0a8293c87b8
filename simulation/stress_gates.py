"""Gates in words, for the report of a model (STRESS-DES 2.4 and 2.5)."""

from __future__ import annotations

from collections.abc import Sequence

from simulation.gates import DecisionMaker, Gate, Places, Priority, ReviewCycle, Sessions


def rule_of(gate: Gate) -> str:
    """Who goes on from a gate, and when."""
    match gate:
        case ReviewCycle():
            return (
                f"a plan that is ready is decided at the next {gate.review} with probability {gate.decides:.2f}, "
                "otherwise at a later one"
            )
        case DecisionMaker():
            return _decisions(gate)
        case Places():
            until = f"until {gate.until} happens" if gate.until else "until the step ends"
            return f"{_order(gate.priority, 'ready')}; a place is held {until}{_chances(gate)}"
        case Sessions():
            how = "booked into the first date with a free slot" if gate.booking else "called off the list"
            siblings = ", siblings in one slot" if gate.siblings_together else ""
            kept = f", {sum(one.slots for one in gate.carve_outs)} slots kept for some" if gate.carve_outs else ""
            return f"{_order(gate.priority, 'the papers were complete')}, {how}{siblings}{kept}{_chances(gate)}"


def resource_of(gate: Sessions | Places) -> str:
    """What there is of a gate: dates and slots, or places."""
    if isinstance(gate, Places):
        each = f", {gate.cases_each} cases each" if gate.cases_each > 1 else ""
        away = f", fewer at {len(gate.away)} times" if gate.away else ""
        return f"{_count(gate.places, 'place')}{each}{away}{', on working days' if gate.working_days else ''}"
    months = f", not in months {listed([str(month) for month in gate.skip_months])}" if gate.skip_months else ""
    weeks = listed([str(week) for week in gate.weeks_of_month])
    other = [f"{len(gate.cancelled)} cancelled"] * bool(gate.cancelled) + [f"{len(gate.added)} added"] * bool(
        gate.added
    )
    changed = f" ({' and '.join(other)})" if other else ""
    return (
        f"{gate.weekday} of weeks {weeks} of the month{months}{changed}, {_count(gate.slots, 'slot')}, "
        f"lead {gate.lead_days:.0f} days ({gate.source})"
    )


def _decisions(gate: DecisionMaker) -> str:
    on = "decisions are made on working days" if gate.working_days else "decisions are made on any day"
    if gate.limit_days is None:
        return on
    limit = f"{gate.limit_days:g} days"
    return f"{on}; of those that would take longer than {limit}, {gate.keeps_limit:.0%} are made on the last lawful day"


def _order(rule: Priority | None, day: str) -> str:
    first = f"first those whose {rule.by.replace('_', ' ')} is {', then '.join(rule.first)}, then " if rule else ""
    return f"{first}first come, first served by the day {day if day != 'ready' else 'each was ready'}"


def _chances(gate: Sessions | Places) -> str:
    if isinstance(gate, Places):
        return f"; the work is continued with probability {gate.continued:.2f}" if gate.continued else ""
    found = f"; a child is deferred with probability {gate.deferral:.2f}" if gate.deferral else ""
    return found + (f"; a session fails with probability {gate.quorum_failure:.2f}" if gate.quorum_failure else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def listed(words: Sequence[str]) -> str:
    """Words in a row: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
