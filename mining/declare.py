"""Rules of the pathway as values, by their Declare names, each with the sentence that a social worker would say.

A rule is made by the function of its name and checked by `mining.rule_checks.check_rules`. Where several activities are
named together, any of them will do. Names as in Declare (van der Aalst, Pesic and Schonenberg 2009), so that a rule
means here what it means in other tools; time limits are in days, as in Metric Temporal Declare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from event_logs import vocabulary as v

Template = Literal[
    "existence",
    "absence",
    "exactly",
    "init",
    "end",
    "response",
    "precedence",
    "succession",
    "chain response",
    "chain precedence",
    "responded existence",
    "co-existence",
    "not co-existence",
]
Activities: TypeAlias = "str | Sequence[str]"


@dataclass(frozen=True)
class Rule:
    """One rule about the events of a case; make it with the function of its name, which checks it."""

    template: Template
    first: tuple[str, ...]
    """The activity the rule is about; several mean any of them."""
    second: tuple[str, ...] = ()
    """The other activity of a rule about two."""
    times: int = 1
    """How often at least (existence), at most (absence), or exactly."""
    within_days: float | None = None
    """The time limit; None for none."""
    source: str = ""
    """Where the rule, or its limit, is from."""
    confirmed: bool = False
    """Whether the source confirms the limit. Unconfirmed limits are shown as such."""
    words: str = ""
    """What to say instead of the template's words, limit and full stop apart; empty for those."""

    @property
    def name(self) -> str:
        """The rule as Declare writes it."""
        parts = [_any(self.first)]
        if self.second:
            parts.append(_any(self.second))
        elif self.template in ("existence", "absence", "exactly"):
            parts.append(str(self.times))
        limit = "" if self.within_days is None else f" within {self.within_days:g} days"
        return f"{self.template}({', '.join(parts)}){limit}"

    @property
    def sentence(self) -> str:
        """The rule in words, without a full stop."""
        limit = "" if self.within_days is None else f" within {self.within_days:g} {_days(self.within_days)}"
        a, b = _any(self.first), _any(self.second)
        doubt = "" if self.confirmed or self.within_days is None else " (limit not confirmed by a source)"
        if self.words:
            return self.words + (_turned(limit) if "precedence" in self.template else limit) + doubt
        said = _SENTENCES[self.template]
        return said.format(a=a, b=b, limit=limit, times=_times(self), before=_turned(limit)) + doubt

    def __str__(self) -> str:
        return self.sentence


def existence(activity: Activities, times: int = 1, *, within_days: float | None = None) -> Rule:
    """The activity happens at least so often, with a limit within so many days of the case's start."""
    return _rule("existence", activity, times=times, within_days=within_days)


def absence(activity: Activities, at_most: int = 0) -> Rule:
    """The activity does not happen, or not more often than `at_most`."""
    return _rule("absence", activity, times=at_most)


def exactly(activity: Activities, times: int = 1) -> Rule:
    """The activity happens so often, no more and no less."""
    return _rule("exactly", activity, times=times)


def init(activity: Activities) -> Rule:
    """The case begins with the activity."""
    return _rule("init", activity)


def end(activity: Activities) -> Rule:
    """The case ends with the activity."""
    return _rule("end", activity)


def response(activity: Activities, then: Activities, *, within_days: float | None = None) -> Rule:
    """After each occurrence of the activity the other one comes, with a limit within so many days.

    A case that ends without it breaks the rule; name the end of the case among `then` where leaving answers it too.

    >>> print(response("Agency decision", "Application lodged", within_days=112).name)
    response(Agency decision, Application lodged) within 112 days
    """
    return _rule("response", activity, then, within_days=within_days)


def precedence(before: Activities, activity: Activities, *, within_days: float | None = None) -> Rule:
    """Before each occurrence of the activity the first one came, with a limit at most so many days before.

    >>> print(precedence("Permanence panel", "Agency decision"))
    Agency decision comes only after Permanence panel
    """
    return _rule("precedence", before, activity, within_days=within_days)


def succession(activity: Activities, then: Activities, *, within_days: float | None = None) -> Rule:
    """Response and precedence together."""
    return _rule("succession", activity, then, within_days=within_days)


def chain_response(activity: Activities, then: Activities, *, within_days: float | None = None) -> Rule:
    """The very next event after each occurrence of the activity is the other one."""
    return _rule("chain response", activity, then, within_days=within_days)


def chain_precedence(before: Activities, activity: Activities, *, within_days: float | None = None) -> Rule:
    """The event just before each occurrence of the activity is the first one."""
    return _rule("chain precedence", before, activity, within_days=within_days)


def responded_existence(activity: Activities, other: Activities, *, within_days: float | None = None) -> Rule:
    """A case with the activity also has the other, before or after; with a limit at most so many days apart."""
    return _rule("responded existence", activity, other, within_days=within_days)


def co_existence(activity: Activities, other: Activities) -> Rule:
    """A case has both or neither."""
    return _rule("co-existence", activity, other)


def not_co_existence(activity: Activities, other: Activities) -> Rule:
    """No case has both."""
    return _rule("not co-existence", activity, other)


_PAPERS = (v.LEGAL_RECEIVED, v.HEALTH_COMPLETED, v.REPORT_COMPLETED)
_PLANS = (v.RETURN_HOME, v.KINSHIP_ORDER_PLANNED, v.LONG_TERM, v.RECOMMENDED)
_ORDERS = (v.PERMANENCE_ORDER, v.AUTHORITY_TO_ADOPT, v.ADOPTION_ORDER, v.NOT_GRANTED)
_PLAN = "a plan is decided"
_REVIEWS = "Looked After Children (Scotland) Regulations 2009, reg 45: first review within 6 weeks of placement"


def pathway_rules(stages: Sequence[v.Stage] = v.STAGES) -> tuple[Rule, ...]:
    """The declared permanence pathway as rules: what comes first, what needs what before it, what must follow.

    The time limits are those of the stages given. A child may cease to be looked after at any time, so where
    something must follow, ceasing answers too. Unconfirmed limits say so in their sentence.
    """
    leaving = (v.RETURNED_HOME, v.CEASED)
    return (
        init(v.BECAME_LOOKED_AFTER),
        exactly(v.BECAME_LOOKED_AFTER),
        end(v.CEASED),
        replace(
            response(v.ACCOMMODATED, (v.REVIEW, v.CEASED), within_days=42),
            words=f"After {v.ACCOMMODATED} comes a {v.REVIEW}, or the child leaves,",
            source=_REVIEWS,
            confirmed=True,
        ),
        _said(response(v.ACCOMMODATED, (*_PLANS, *leaving)), f"After {v.ACCOMMODATED} {_PLAN}, or the child leaves"),
        _said(precedence(v.ACCOMMODATED, _PLANS), f"A plan is decided only after {v.ACCOMMODATED}"),
        precedence(v.LEGAL_REQUESTED, v.LEGAL_RECEIVED),
        precedence(v.HEALTH_REQUESTED, v.HEALTH_COMPLETED),
        precedence(v.RECOMMENDED, v.PANEL),
        *(precedence(paper, v.PANEL) for paper in _PAPERS),
        _or_leaves(response(v.RECOMMENDED, (v.PANEL, v.CEASED))),
        _or_leaves(response(v.PANEL, (v.AGENCY_DECISION, v.INFORMATION_RECEIVED, v.CEASED))),
        precedence(v.PANEL, v.AGENCY_DECISION),
        _or_leaves(response(v.AGENCY_DECISION, (v.LODGED, v.CEASED))),
        precedence(v.AGENCY_DECISION, v.LODGED),
        _said(
            response(v.LODGED, (*_ORDERS, v.CEASED)),
            f"After {v.LODGED} the court decides, or the application is withdrawn, or the child leaves",
        ),
        *(precedence(v.LODGED, order) for order in _ORDERS),
        _or_leaves(response(v.KINSHIP_ORDER_PLANNED, (v.KINSHIP_ORDER, v.CEASED))),
        precedence(v.KINSHIP_ORDER_PLANNED, v.KINSHIP_ORDER),
        _or_leaves(response(v.RETURN_HOME, (v.RETURNED_HOME, v.CEASED))),
        not_co_existence(v.ADOPTION_ORDER, v.RETURNED_HOME),
        absence(v.ADOPTION_ORDER, 1),
        *(_limit_rule(stage) for stage in stages if stage.limit_days is not None and len(stage.starts) == 1),
    )


def _limit_rule(stage: v.Stage) -> Rule:
    source, confirmed = stage.limit_source, stage.confirmed
    # A panel may put a decision off, and the clock then starts afresh: the limit is looked back on from the decision.
    if stage.starts == (v.PANEL,) and stage.stops == (v.AGENCY_DECISION,):
        rule = precedence(stage.starts, stage.stops, within_days=stage.limit_days)
        return replace(rule, source=source, confirmed=confirmed)
    rule = response(stage.starts, (*stage.stops, v.CEASED), within_days=stage.limit_days)
    if set(stage.stops) == set(_PLANS):
        rule = _said(rule, f"After {_any(stage.starts)} {_PLAN}, or the child leaves,")
    else:
        rule = _said(rule, f"After {_any(stage.starts)} comes {_any(stage.stops)}, or the child leaves,")
    return replace(rule, source=source, confirmed=confirmed)


def _said(rule: Rule, words: str) -> Rule:
    return replace(rule, words=words)


def _or_leaves(rule: Rule) -> Rule:
    """The rule in words in which leaving care is not one of the steps that should follow."""
    answers = [name for name in rule.second if name != v.CEASED]
    return _said(rule, f"After {_any(rule.first)} comes {_any(answers)}, or the child leaves")


def _rule(
    template: Template,
    first: Activities,
    second: Activities = (),
    *,
    times: int = 1,
    within_days: float | None = None,
) -> Rule:
    a, b = _names(first), _names(second)
    two = template not in ("existence", "absence", "exactly", "init", "end")
    if not a or (two and not b):
        raise ValueError(
            f"{template} must name {'two activities' if two else 'an activity'}, got {first!r}, {second!r}"
        )
    both = sorted(set(a) & set(b))
    if both:
        raise ValueError(f"{template} must be about two different activities; {both[0]!r} stands on both sides")
    least = 0 if template == "absence" else 1
    if times < least:
        raise ValueError(f"times of {template} must be at least {least}, got {times}")
    if within_days is not None and not 0 <= within_days < float("inf"):
        raise ValueError(f"within_days must be a number of days, 0 or more, got {within_days}")
    return Rule(template, a, b, times, None if within_days is None else float(within_days))


def _names(activities: Activities) -> tuple[str, ...]:
    return (activities,) if isinstance(activities, str) else tuple(dict.fromkeys(activities))


def _any(names: Sequence[str]) -> str:
    return " or ".join(names)


def _days(number: float) -> str:
    return "day" if number == 1 else "days"


def _turned(limit: str) -> str:
    return limit.replace(" within", ", at most", 1) + (" before" if limit else "")


def _times(rule: Rule) -> str:
    if rule.template == "absence":
        if rule.times == 0:
            return "never"
        return "no more than once" if rule.times == 1 else f"no more than {rule.times} times"
    return "once" if rule.times == 1 else "twice" if rule.times == 2 else f"{rule.times} times"


_SENTENCES: dict[Template, str] = {
    "existence": "{a} happens at least {times}{limit}",
    "absence": "{a} happens {times}",
    "exactly": "{a} happens exactly {times}",
    "init": "The journey begins with {a}",
    "end": "The journey ends with {a}",
    "response": "After {a} comes {b}{limit}",
    "precedence": "{b} comes only after {a}{before}",
    "succession": "After {a} comes {b}{limit}, and {b} comes only after {a}",
    "chain response": "The very next step after {a} is {b}{limit}",
    "chain precedence": "The step just before {b} is {a}{before}",
    "responded existence": "A child with {a} also has {b}{limit}",
    "co-existence": "A child has both {a} and {b}, or neither",
    "not co-existence": "No child has both {a} and {b}",
}
