"""All rules of the product, in the order in which they are applied."""

from __future__ import annotations

from event_logs.rules import ages, identity, order, spells, spread
from event_logs.rules.rule import Rule, Severity

RULES: tuple[Rule, ...] = (*identity.RULES, *spells.RULES, *ages.RULES, *order.RULES, *spread.RULES)
"""Every rule that needs no council's word."""


def of_severity(*severities: Severity, rules: tuple[Rule, ...] = RULES) -> tuple[Rule, ...]:
    """The rules of some severities, in their order.

    >>> {rule.code for rule in of_severity(Severity.STOP)}
    {'E74.1'}
    """
    return tuple(rule for rule in rules if rule.severity in severities)
