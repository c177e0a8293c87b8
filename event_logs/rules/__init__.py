"""Which records cannot be right, and which are worth a look: rules as values, and what they find in the facts."""

from event_logs.rules.facts import Facts
from event_logs.rules.findings import Findings, apply_rules, remaining
from event_logs.rules.overlaps import resolve
from event_logs.rules.own import OwnRule, read_own_rules
from event_logs.rules.policy import Policy
from event_logs.rules.rule import Hits, Rule, Severity
from event_logs.rules.standard import RULES

__all__ = [
    "RULES",
    "Facts",
    "Findings",
    "Hits",
    "OwnRule",
    "Policy",
    "Rule",
    "Severity",
    "apply_rules",
    "read_own_rules",
    "remaining",
    "resolve",
]
