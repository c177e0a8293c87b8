"""Route and return: which way children go, and how often papers come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from pydantic import ConfigDict

from event_logs import vocabulary as v
from event_logs.project.fields import FORBID, Text
from scenarios.parts import ChangeError, Touch, begun_after, known_activity, reviews, share_between, unknown
from scenarios.ranges import Elicited, Range, Size
from scenarios.two_kinds import Together
from simulation.gates import ReviewCycle
from simulation.model import Choice, PathwayModel


@dataclass(frozen=True, kw_only=True)
class Route:
    """`route`: another share of children goes a certain way.

    The way is (1) an activity that may follow `after`; (2) with `after` the reviews, `to` "decided": the chance that a
    plan which is ready is decided at a review; or (3) a kind of case that the records do not tell apart, such as
    "contested": then `share_now` and `times_as_long` say what is known of it (see `scenarios.two_kinds`).

    Of (1), a new `share` of all children shifts the odds of every age band by the same factor, and the other ways keep
    their proportions. Of (3), which order is made does not depend on the kind.
    """

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["route"] = "route"
    after: Text
    """The activity after which the ways part."""
    to: Text
    """The way."""
    share: Size | None = None
    """The share of children who go that way, from 0 to 1."""
    times: Size | None = None
    """Instead: so many times the share there is now."""
    share_now: Size | None = None
    """Of a kind of case that the records do not tell apart: its share now."""
    times_as_long: Size | None = None
    """... and how many times as long it typically takes as the others, above 1."""

    def __post_init__(self) -> None:
        if (self.share is None) == (self.times is None):
            raise ValueError("say how many go that way: `share` or `times`, exactly one of them")
        if (self.share_now is None) != (self.times_as_long is None):
            raise ValueError("`share_now` and `times_as_long` go together; give both or neither")

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        keys = ("share", "times", "share_now", "times_as_long")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part: the shares of one choice make one whole."""
        if self.share_now is not None:
            return frozenset({("which kinds of case there are", f"{self.after}, {self.to}")})
        return frozenset({("which way children go", self.after)})

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the other shares. Raises ChangeError where the pathway has no such way.

        Where the two kinds cannot be so far apart as `times_as_long` says, they are as far apart as they can be:
        `check_kinds` tells whether that is so at the likely sizes.
        """
        size = dict(zip(self.ranges(), sizes, strict=True))
        known_activity(model, self.after, "after")
        if self.share_now is not None:
            return self._with_kinds(model, size)
        cycles = [gate for gate in model.gates.values() if isinstance(gate, ReviewCycle) and gate.review == self.after]
        if cycles and self.to == "decided":
            name, cycle = reviews(model, "after")
            chance = self._new_share(cycle.decides, size)
            share_between("share", chance, 0.0, 1.0, "the share of ready plans decided at a review")
            return replace(model, gates={**model.gates, name: replace(cycle, decides=chance)})
        if self.after not in model.choices:
            raise ChangeError("after", f"the ways do not part after {self.after!r}", "Name another activity")
        choice = model.choices[self.after]
        ways = [{model.steps[name].activity for name in option.starts} for option in choice.options]
        common = set.intersection(*ways) if len(ways) > 1 else set().union(*ways)
        mine = [self.to in way - common for way in ways]
        if not any(mine):
            kind = f"way that only some children go after {self.after!r},"
            raise unknown("to", self.to, kind, set().union(*ways) - common)
        return replace(model, choices={**model.choices, self.after: self._shifted(choice, mine, size)})

    def _new_share(self, now: float, size: Mapping[str, float]) -> float:
        """The share aimed at, from 0 to 1."""
        key = "share" if "share" in size else "times"
        share = size["share"] if key == "share" else now * size["times"]
        if not 0.0 <= share <= 1.0:
            problem = f"the share of {self.to!r} would be {share:g}, and must be in [0, 1]"
            raise ChangeError(key, problem, f"Change the limits of `{key}`")
        return share

    def _shifted(self, choice: Choice, mine: list[bool], size: Mapping[str, float]) -> Choice:
        """The choice with the odds of these options shifted alike in every stratum."""
        now = _share_of(choice, "", mine)
        target = self._new_share(now, size)
        if target == now:
            return choice
        if not 0.0 < now < 1.0:
            problem = f"now nobody or everybody goes to {self.to!r} after {self.after!r}: no share can be shifted"
            raise ChangeError("to", problem, "Name another way")
        strata = dict.fromkeys(["", *(key for option in choice.options for key in option.share)])
        shares: list[dict[str, float]] = [{} for _ in choice.options]
        for key in strata:
            old = _share_of(choice, key, mine)
            # odds(new) / odds(old) is the same in every stratum; 0 and 1 stay what they are.
            grown, shrunk = old * target / now, (1.0 - old) * (1.0 - target) / (1.0 - now)
            for one, option, is_mine in zip(shares, choice.options, mine, strict=True):
                factor = target / now if is_mine else (1.0 - target) / (1.0 - now)
                one[key] = option.share.get(key, option.share.get("", 0.0)) * factor / (grown + shrunk)
        options = (replace(option, share=one) for option, one in zip(choice.options, shares, strict=True))
        return replace(choice, options=tuple(options))

    def check_kinds(self, model: PathwayModel) -> None:
        """Raise ChangeError where the two kinds, at their likely sizes, are further apart than the records allow."""
        if self.share_now is None or self.times_as_long is None:
            return
        _, together = self._together(model)
        share, ratio = self.share_now.quantile(0.5), self.times_as_long.quantile(0.5)
        most = together.most_apart(share)
        if ratio > most:
            problem = (
                f"{self.to} cases cannot take {ratio:.2f} times as long as the others: if {share:.0%} of cases are "
                f"{self.to}, what the records show allows at most {most:.2f} times"
            )
            raise ChangeError("times_as_long", problem, "Change `share_now` or `times_as_long`")

    def _together(self, model: PathwayModel) -> tuple[list[str], Together]:
        """The steps that follow, and their laws put together by the share of children in each."""
        choice = model.choices.get(self.after)
        names = [name for name in sorted(begun_after(model, self.after)) if not model.steps[name].by_age]
        if not names or choice is None:
            raise ChangeError("after", f"nothing follows {self.after!r} by itself", "Name another activity")
        shares = {name: sum(o.share.get("", 0.0) for o in choice.options if name in o.starts) for name in names}
        return names, Together.of([(shares[name], model.steps[name].law("")) for name in names])

    def _with_kinds(self, model: PathwayModel, size: Mapping[str, float]) -> PathwayModel:
        names, together = self._together(model)
        now, share = size["share_now"], self._new_share(size["share_now"], size)
        try:
            kinds = together.split(now, size["times_as_long"])
        except ValueError as error:
            key = "share_now" if not 0.0 < now < 1.0 else "times_as_long"
            raise ChangeError(key, str(error), f"Change the limits of `{key}`") from None
        if share == now:
            return model
        changed = {}
        for name in names:
            laws = {key: kinds.with_share(law, share) for key, law in model.steps[name].laws.items()}
            changed[name] = replace(model.steps[name], laws=laws)
        return replace(model, steps={**model.steps, **changed})

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        size = f"share {self.share.brief}" if self.share else f"share × {self.times.brief}" if self.times else ""
        if self.share_now is not None:
            return f"{self.after} → [{self.to}: {size}, now {self.share_now.brief}] → {_nexts(model, self.after)}"
        return f"{self.after} → [{size}] → {self.to}"


@dataclass(frozen=True, kw_only=True)
class Return:
    """`return`: papers come back from the panel, for further information, with another probability."""

    __pydantic_config__: ClassVar[ConfigDict] = FORBID
    type: Literal["return"] = "return"
    probability: Size | None = None
    """The probability that they come back, from 0 to 1."""
    times: Size | None = None
    """Instead: so many times the probability there is now."""
    after: Text = v.PANEL
    """What they come back from."""
    to: Text = v.INFORMATION_RECEIVED
    """What has to happen before they go there again."""

    def __post_init__(self) -> None:
        if (self.probability is None) == (self.times is None):
            raise ValueError("say how often papers come back: `probability` or `times`, exactly one of them")

    @property
    def route(self) -> Route:
        """The same as a route: to what has to happen before the papers go there again."""
        return Route(after=self.after, to=self.to, share=self.probability, times=self.times)

    def ranges(self) -> Mapping[str, Range | Elicited]:
        """What is uncertain in it, by key."""
        return {"probability": self.probability} if self.probability is not None else {"times": self.times}  # type: ignore[dict-item]

    def touches(self, model: PathwayModel) -> frozenset[Touch]:
        """What it does, and to which part."""
        return self.route.touches(model)

    def apply(self, model: PathwayModel, *sizes: float) -> PathwayModel:
        """The model with the other probability. Raises ChangeError where the pathway has no such return."""
        try:
            return self.route.apply(model, *sizes)
        except ChangeError as error:
            key = "probability" if error.key == "share" else error.key
            raise ChangeError(key, error.problem, error.remedy.replace("`share`", "`probability`")) from None

    def pictured(self, model: PathwayModel) -> str:
        """One line: what it touches on the map."""
        known, times = self.probability, self.times
        size = f"probability {known.brief}" if known else f"probability × {times.brief}" if times else ""
        return f"{self.after} → [comes back: {size}] → {self.to} → {self.after}"


def _nexts(model: PathwayModel, after: str) -> str:
    """What comes next, the first of many by name."""
    found = [model.steps[name].activity for option in model.choices[after].options for name in option.starts]
    names = list(dict.fromkeys(filter(None, found)))
    return " or ".join(names) if len(names) < 3 else f"{names[0]} or one of {len(names) - 1} other ways"


def _share_of(choice: Choice, stratum: str, mine: list[bool]) -> float:
    """The share of a stratum that goes one of these ways."""
    shares = [option.share.get(stratum, option.share.get("", 0.0)) for option in choice.options]
    total = sum(shares)
    return sum(share for share, yes in zip(shares, mine, strict=True) if yes) / total if total > 0.0 else 0.0
