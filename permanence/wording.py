"""Figures in words: how a number, an interval and a verdict are said, in one place for the report and the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from permanence.compared import ScenarioResult, WorkloadEffect
from permanence.mined import GroupMedian, StageFlow
from permanence.results import (
    AimStanding,
    Bottleneck,
    Results,
    StageDuration,
)

NOT_KNOWN = "not known"
# Not the calendar module's names, which change with the computer's language.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def percent(share: float | None) -> str:
    """A share as a percentage; one decimal only where it would otherwise read 0% or 100%.

    >>> percent(0.674), percent(0.004), percent(0.0), percent(None)
    ('67%', '0.4%', '0%', 'not known')
    """
    if share is None:
        return NOT_KNOWN
    rounded = round(share * 100)
    if (rounded == 0 and share > 0) or (rounded == 100 and share < 1):
        return f"{min(max(share * 100, 0.1), 99.9):.1f}%"
    return f"{rounded}%"


def percent_interval(low: float | None, high: float | None) -> str:
    """The two ends of an interval of shares."""
    return NOT_KNOWN if low is None or high is None else f"{percent(low)} to {percent(high)}"


def whole(number: float | None) -> str:
    """A number without decimals, with thousands separated.

    >>> whole(-1234.4), whole(-0.2)
    ('−1,234', '0')
    """
    return NOT_KNOWN if number is None else _signed(f"{number:,.0f}")


def signed(number: float) -> str:
    """A difference without decimals, always with its sign.

    >>> signed(3.2), signed(-1.0), signed(0.2)
    ('+3', '−1', '0')
    """
    text = whole(number)
    return text if text == "0" or number < 0 else f"+{text}"


def weeks(number: float | None) -> str:
    """Weeks with one decimal.

    >>> weeks(-0.26), weeks(-0.04)
    ('−0.3', '0.0')
    """
    return NOT_KNOWN if number is None else _signed(f"{number:,.1f}")


def _signed(text: str) -> str:
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def interval(low: float | None, high: float | None, *, decimals: int = 0) -> str:
    """The two ends of an interval."""
    say = weeks if decimals else whole
    return NOT_KNOWN if low is None or high is None else f"{say(low)} to {say(high)}"


def date(iso: str) -> str:
    """An ISO date as it is said in Britain.

    >>> date("2024-07-31")
    '31 July 2024'
    """
    day = pd.Timestamp(iso)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short(stage: str) -> str:
    """A stage's name without its explanation.

    >>> short("Court: application lodged to order")
    'Court'
    """
    return stage.split(":")[0]


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def headlines(results: Results) -> list[str]:
    """What the reader gets, in a few sentences; parts that have not run say nothing."""
    sentences = []
    if results.bottlenecks:
        sentences.append(longest_wait(results.bottlenecks))
    if results.stages and results.bottlenecks:
        by_name = {stage.stage: stage for stage in results.stages}
        if (first := by_name.get(results.bottlenecks[0].stage)) is not None:
            sentences.append(stage_length(first))
    if results.aims:
        sentences.append(aims_standing(results.aims))
    if results.scenarios is not None:
        sentences += [change_verdict(idea, results.scenarios.horizon_years) for idea in results.scenarios.ideas]
    return sentences


def longest_wait(ranking: Sequence[Bottleneck]) -> str:
    """Where children wait longest, and how sure that is."""
    tied = [row for row in ranking if row.tied]
    first = ranking[0]
    if first.share is None:
        return "No days of waiting are on record, so nothing can be said about where children wait."
    if len(tied) > 1:
        shares = listed([f"{short(row.stage)} {percent(row.share)}" for row in tied])
        return (
            f"No single stage stands out as the longest wait: {listed([short(row.stage) for row in tied])} are tied "
            f"({shares} of all child-days)."
        )
    often = first.first_probability
    sure = "every resample" if often == 1 else f"{percent(often)} of resamples"
    return (
        f"Children wait longest in “{first.stage}”: {percent(first.share)} of all child-days in the stages "
        f"(95% interval {percent_interval(first.low_share, first.high_share)}). It came first in {sure} of the "
        "episodes."
    )


def stage_length(stage: StageDuration) -> str:
    """How long a stage takes, and how many pass its limit."""
    if stage.median_days is None:
        known = f" in the {whole(stage.more_than_days)} days seen" if stage.more_than_days is not None else ""
        length = f"More than half of the children in {short(stage.stage)} had not left it{known}"
    else:
        span = interval(stage.low_days, stage.high_days)
        length = f"Half of the children spend more than {whole(stage.median_days)} days in {short(stage.stage)}"
        length += f" (95% interval {span})" if span != NOT_KNOWN else ""
    if stage.limit_days is None or stage.beyond_limit_share is None:
        return f"{length}."
    doubt = "" if stage.limit_confirmed else ", a limit no source confirms"
    beyond, limit = percent(stage.beyond_limit_share), whole(stage.limit_days)
    return f"{length}; {beyond} are still there after the {limit} days that are meant{doubt}."


def aims_standing(aims: Sequence[AimStanding]) -> str:
    """Which aims are on target, and by which figures."""
    words = {"yes": "on target", "no": "below target", "cannot tell": "too uncertain to say"}
    parts = []
    for verdict, meaning in words.items():
        found = [f"aim {aim.number} {percent(aim.met_share)}" for aim in aims if aim.meets_target == verdict]
        if found:
            parts.append(f"{listed(found)} ({meaning})")
    doubt = "" if all(aim.confirmed for aim in aims) else " Limits and targets are not confirmed by a source."
    return f"Children in time for each PACE aim: {'; '.join(parts)}.{doubt}"


def left_out(aim: AimStanding) -> str:
    """How many children an aim could not count, and why; reasons without children are not said."""
    reasons = {
        "from before reliable recording": aim.before_reliable_children,
        "whose step was not recorded": aim.not_recorded_children,
        "of unknown age": aim.age_unknown_children,
    }
    return listed([f"{count:,} {reason}" for reason, count in reasons.items() if count])


def sentence(text: str) -> str:
    """A text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def detectable(low: float | None, high: float | None) -> bool:
    """Whether an interval lies wholly on one side of no difference."""
    return low is not None and high is not None and (high < 0 or low > 0)


def change_verdict(idea: ScenarioResult, years: float) -> str:
    """What a change would save over the years of the comparison, or that nothing can be detected."""
    verdict = idea.verdict
    expected, low, high = verdict.effect_child_weeks, verdict.effect_low_child_weeks, verdict.effect_high_child_weeks
    if low is None or high is None or expected is None:
        return f"{idea.title}: the difference could not be estimated."
    if low == high == 0:
        return f"{idea.title}: no difference at all over {years:g} years."
    if not detectable(low, high):
        said = (
            f"{idea.title}: no detectable difference in all over {years:g} years; anything from "
            f"{_saved_or_added(low)} to {_saved_or_added(high)} is compatible with the records."
        )
        return said + _shorter_somewhere(idea)
    less = expected < 0
    size, ends = abs(expected), sorted((abs(low), abs(high)))
    verb = "save" if less else "add"
    where = _where(idea) if less else ""
    return (
        f"{idea.title} would {verb} about {whole(size)} child-weeks of waiting over {years:g} years (95% interval "
        f"{whole(ends[0])} to {whole(ends[1])}){where}{_if_it_takes_hold(verdict.no_effect_share)}."
    )


def _if_it_takes_hold(no_effect: float) -> str:
    """The stated chance of no effect, where there is one."""
    return (
        f", if it takes hold here; the chance that it changes nothing is put at {percent(no_effect)}"
        if no_effect
        else ""
    )


def _saved_or_added(child_weeks: float) -> str:
    return f"{whole(abs(child_weeks))} child-weeks {'saved' if child_weeks < 0 else 'added'}"


def _shorter_somewhere(idea: ScenarioResult) -> str:
    """Where each child's wait is surely shorter, for an idea whose total cannot be told from no difference."""
    shorter = [stage for stage in idea.stages if detectable(stage.low_weeks, stage.high_weeks)]
    parts = [
        f"{short(stage.stage)} is {weeks(-stage.difference_weeks)} weeks shorter for each child"
        for stage in shorter
        if stage.difference_weeks is not None and stage.difference_weeks < 0
    ]
    return f" {listed(parts)}, but what is saved there is waited elsewhere or too little to show." if parts else ""


def _where(idea: ScenarioResult) -> str:
    """In which stage a change saves most, when that can be told."""
    if not idea.delay.saves_stage:
        return ""
    most = next(stage for stage in idea.stages if stage.stage == idea.delay.saves_stage)
    each = most.difference_weeks
    if each is None or not detectable(most.low_weeks, most.high_weeks):
        return f", most of it in {short(most.stage)}"
    span = f"{weeks(-(most.high_weeks or 0))} to {weeks(-(most.low_weeks or 0))}"
    return f", most of it in {short(most.stage)}: {weeks(-each)} weeks less for each child ({span})"


def effect_verdict(
    low: float | None,
    high: float | None,
    less: str = "less waiting",
    more: str = "more waiting",
    *,
    unsure: bool = False,
) -> str:
    """A difference in a word or two; `unsure` where a chance of no effect is stated, which ends intervals at 0."""
    if low is None or high is None:
        return NOT_KNOWN
    if low == high == 0:
        return "no difference"
    if unsure and (high == 0 or low == 0):
        return f"{less if high == 0 else more} if it takes hold"
    if not detectable(low, high):
        return "no detectable difference"
    return less if high < 0 else more


def moved_work(workload: Sequence[WorkloadEffect]) -> list[WorkloadEffect]:
    """Steps that a change would make more or less often, beyond chance, largest difference first."""
    sure = [row for row in workload if detectable(row.low_per_year, row.high_per_year)]
    return sorted(sure, key=lambda row: (-abs(row.difference_per_year or 0.0), row.activity))


def plain_attribute(name: str) -> str:
    """An attribute's name as it is said.

    >>> plain_attribute("age_band")
    'age band'
    """
    return name.replace("_", " ")


def groups_compared(found: Sequence[GroupMedian]) -> str:
    """How many comparisons of groups there were, and how many showed a difference."""
    tests = {(row.attribute, row.stage): row.chance_probability for row in found if row.chance_probability is not None}
    shown = sum(value < 0.05 for value in tests.values())
    attributes = listed(sorted({plain_attribute(name) for name, _ in tests}))
    if not tests:
        return "No groups were large enough to compare."
    many = "1 shows" if shown == 1 else f"{shown} show" if shown else "none shows"
    return (
        f"Of {len(tests)} comparisons of stages by {attributes}, {many} a difference beyond chance once their number "
        "is allowed for. Where none is shown, what is seen may be chance, or the groups too small to tell."
    )


def flow_checked(found: Sequence[StageFlow]) -> str:
    """Whether the days of all visits are those of the daily counts, as Little's law has it."""
    worst = max(abs(row.child_days - row.counted_child_days) for row in found)
    total = sum(row.child_days for row in found)
    agree = worst <= 1e-6 * max(total, 1.0)
    said = "agree" if agree else f"differ by up to {worst:,.0f} days, which should not be: please tell us"
    return f"Check: child-days counted by visit and by day {said} in each of {len(found)} rows (Little's law)."
