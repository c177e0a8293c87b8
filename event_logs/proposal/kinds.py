"""What kind of table an extract is, and which of its columns is for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from event_logs.proposal.profiles import Column, Extract
from event_logs.proposal.words import (
    COLUMNS,
    NEAR,
    PLACEMENTS,
    STATUSES,
    SURE,
    Match,
    matches,
    similarity,
    step_of,
    words,
)

KINDS: Mapping[str, tuple[str, ...]] = {
    "children": ("child", "birth"),
    "episodes": ("episode", "child", "start", "end"),
    "legal_statuses": ("key", "status", "start", "end"),
    "placements": ("key", "type", "start", "end"),
    "reviews": ("key", "date", "outcome"),
    "milestones": ("key", "label", "date"),
    "tracker": ("key",),
}
"""Kind of table -> what its columns must be for."""
LEFT_OUT = "left out"
_CALLED: Mapping[str, tuple[str, ...]] = {
    "children": ("children", "child", "clients", "persons", "people", "young people"),
    "episodes": ("episodes", "episode", "periods of care", "looked after episodes", "cases", "spells"),
    "legal_statuses": ("legal statuses", "legal status", "legal", "legal reasons", "statuses", "orders"),
    "placements": ("placements", "placement", "accommodation"),
    "reviews": ("reviews", "review", "laac reviews", "looked after reviews"),
    "milestones": ("milestones", "milestone", "events", "event log", "activities", "steps", "long", "events long"),
    "tracker": ("tracker", "permanence tracker", "pace tracker", "tracking", "trackers"),
}
_DATED = frozenset(("birth", "start", "end", "date"))
_IDS = frozenset(("child", "episode"))
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "children": ("sex", "locality", "family"),
    "episodes": ("destination",),
    "tracker": ("sex", "locality", "family", "destination", "first_placement", "legal_basis"),
    "milestones": ("sex", "locality", "family", "destination", "first_placement", "legal_basis"),
}
"""Kind of table -> what else is read of it, where a column is surely called so."""
_MARGIN = 0.2


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How well a column fits what it would be for."""

    column: str
    score: float
    rivals: tuple[str, ...] = ()
    """Other columns that would do, the best first."""

    @property
    def sure(self) -> bool:
        """Whether it can be taken without asking."""
        return self.score >= SURE


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an extract would be as a table of one kind."""

    kind: str
    score: float
    roles: Mapping[str, Fit] = field(default_factory=dict)
    steps: Mapping[str, Match] = field(default_factory=dict)
    """Trackers: date column -> the step that it is called after."""
    strangers: tuple[str, ...] = ()
    """Trackers: date columns that are called like no step."""


@lru_cache(maxsize=256)
def readings(extract: Extract) -> tuple[Reading, ...]:
    """What an extract can be, the most likely first."""
    found = [reading for kind in KINDS if (reading := as_kind(extract, kind)) is not None]
    return tuple(sorted(found, key=lambda reading: -reading.score))


def is_sure(found: Sequence[Reading]) -> bool:
    """Whether the first reading is well ahead of the next."""
    return bool(found) and found[0].score >= 1.1 and (len(found) == 1 or found[0].score - found[1].score >= _MARGIN)


def as_kind(extract: Extract, kind: str) -> Reading | None:
    """The extract read as one kind of table; None where a column that it would need is not there."""
    if kind == "tracker":
        return _as_tracker(extract)
    roles = _assigned(extract, kind)
    needed = [role for role in KINDS[kind] if role != "outcome"]
    if any(role not in roles and not (role == "key" and _key_role(roles)) for role in needed):
        return None
    fits = [roles[_key_role(roles) if role == "key" else role].score for role in needed]
    score = sum(fits) / len(fits) + 0.3 * _called(extract, kind)
    if kind == "children":
        score += 0.2 if extract.column(roles["child"].column).unique else -0.5
        score -= 0.4 if _has(extract, "start") and _has(extract, "end") else 0.0
        score -= 0.15 * len(_step_columns(extract, set())[0])
    elif kind == "episodes":
        score += 0.2 if extract.column(roles["episode"].column).unique else -0.5
        score -= 0.3 * (_share(extract, "type") > 0.5) + 0.3 * (_share(extract, "status") > 0.5)
    elif kind in ("legal_statuses", "placements"):
        score += 0.3 * (_share(extract, "status" if kind == "legal_statuses" else "type") > 0.5)
    elif kind == "reviews":
        score += 0.2 * ("outcome" in roles) - 0.3 * _has(extract, "end") - 0.3 * (_label_share(extract) > 0.5)
        score -= 0.15 * len(_step_columns(extract, {roles["date"].column})[0])
    elif kind == "milestones":
        share = _label_share(extract)
        score += 0.3 * (share > 0.5) - 0.4 * (share < 0.2) - 0.3 * _has(extract, "end")
    return Reading(kind=kind, score=round(score, 3), roles=roles)


def _as_tracker(extract: Extract) -> Reading | None:
    roles = _assigned(extract, "tracker")
    key = _key_role(roles)
    if not key:
        return None
    taken = {fit.column for role, fit in roles.items() if role in _DATED | _IDS}
    steps, strangers = _step_columns(extract, taken)
    # A column "start date" is the start of the episode where it stands among steps.
    if len(steps) < 2:
        return None
    score = 0.5 * roles[key].score + min(1.0, 0.3 * len(steps)) + 0.3 * _called(extract, "tracker")
    return Reading(kind="tracker", score=round(score, 3), roles=roles, steps=steps, strangers=tuple(strangers))


def _step_columns(extract: Extract, taken: set[str]) -> tuple[dict[str, Match], list[str]]:
    steps: dict[str, Match] = {}
    strangers: list[str] = []
    for column in extract.columns:
        if not column.dated or column.name in taken or best_role(column.name) == "birth":
            continue
        found = step_of(column.name)
        if found is not None:
            steps[column.name] = found
        else:
            strangers.append(column.name)
    return steps, strangers


def best_role(name: str) -> str:
    """What a column of this name is most likely for; empty if nothing is near."""
    found = matches(name, COLUMNS)
    return found[0].meaning if found else ""


def _key_role(roles: Mapping[str, Fit]) -> str:
    return "episode" if "episode" in roles else "child" if "child" in roles else ""


def _assigned(extract: Extract, kind: str) -> dict[str, Fit]:
    """For each thing that the kind needs or can use, the column that fits it best; each column is taken once."""
    wanted = [role for role in KINDS[kind] if role != "key"]
    if "key" in KINDS[kind]:
        wanted = ["episode", "child", *wanted]
    if kind in ("tracker", "milestones"):
        wanted += ["birth"]
    if kind == "tracker":
        wanted += ["start", "end"]
    wanted += ATTRIBUTES.get(kind, ())
    scores = {
        (role, column.name): score
        for role in wanted
        for column in extract.columns
        if (score := _fit(column, role, kind)) >= NEAR
    }
    chosen: dict[str, Fit] = {}
    taken: set[str] = set()
    order = {column.name: place for place, column in enumerate(extract.columns)}
    for role, name in sorted(scores, key=lambda pair: (-scores[pair], wanted.index(pair[0]), order[pair[1]])):
        if role in chosen or name in taken:
            continue
        rivals = [other for (what, other), score in scores.items() if what == role and other != name and score >= NEAR]
        # Two columns that fit as well as each other are a question.
        equal = [other for other in rivals if scores[role, other] > scores[role, name] - 0.02 and other not in taken]
        score = min(scores[role, name], 0.85) if equal else scores[role, name]
        chosen[role] = Fit(column=name, score=score, rivals=tuple(sorted(rivals, key=lambda o: -scores[role, o])))
        taken.add(name)
    return {role: fit for role, fit in chosen.items() if role not in ATTRIBUTES.get(kind, ()) or fit.score >= SURE}


def _fit(column: Column, role: str, kind: str) -> float:
    name = max(similarity(column.name, other) for other in COLUMNS[role])
    if kind == "tracker" and role in ("start", "end"):
        step = step_of(column.name)
        if step is not None and step.score >= name:
            return 0.0
    if column.personal or (column.dated != (role in _DATED) and (column.filled or role in _DATED)):
        return 0.0
    if role in _IDS and name < SURE and words(column.name) in words(" ".join(COLUMNS[role])):
        name = max(name, 0.7)
    if role in ("type", "status", "label") and column.labels and _may_be(column, role):
        share = known_share(column, role)
        if role == "label" and share > 0.5:
            return max(name, 0.95)
        return max(name, 0.9 + 0.05 * share) if share > 0.5 else name
    if role == "child" and kind == "children" and not column.unique:
        return 0.6 * name
    return name


def known_share(column: Column, role: str) -> float:
    """How large a share of a column's values are known placement types, legal statuses or steps."""
    total = sum(column.labels.values())
    if not total:
        return 0.0
    known = 0
    for label, count in column.labels.items():
        if role == "label":
            found = step_of(label)
            known += count if found is not None and found.sure else 0
        else:
            near = matches(label, PLACEMENTS if role == "type" else STATUSES)
            known += count if near and near[0].sure else 0
    return known / total


def _may_be(column: Column, role: str) -> bool:
    """Whether a column's name does not surely say something else."""
    found = matches(column.name, COLUMNS)
    return not found or not found[0].sure or found[0].meaning == role


def _share(extract: Extract, role: str) -> float:
    return max((known_share(column, role) for column in extract.columns if _may_be(column, role)), default=0.0)


def _label_share(extract: Extract) -> float:
    return _share(extract, "label")


def _has(extract: Extract, role: str) -> bool:
    return any(column.dated and best_role(column.name) == role for column in extract.columns)


def _called(extract: Extract, kind: str) -> float:
    """1 where the name of the file or sheet says the kind, less where it is only near."""
    names = [extract.sheet, extract.path.name.split(".")[0]] if extract.sheet else [extract.path.name.split(".")[0]]
    best = 0.0
    for name in names:
        plain = words("".join(sign if not sign.isdigit() else " " for sign in name))
        best = max(best, *(similarity(plain, other) for other in _CALLED[kind]))
    return best if best >= 0.5 else 0.0
