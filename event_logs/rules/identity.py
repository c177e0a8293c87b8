"""Rules about which record is whose: duplicates, ids that are used twice, missing or damaged, children with two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from event_logs.log import to_days
from event_logs.rules.facts import BOOKKEEPING, CASE_TABLES, RECORDS, Bools, Facts, Ints, position
from event_logs.rules.pairs import alike, canonical, codes_of, overlapping
from event_logs.rules.rule import Hits, Rule, Severity

_NEAR: dict[str, tuple[tuple[str, ...], ...]] = {
    "legal_statuses": (("case", "status", "start"), ("case", "status", "end")),
    "placements": (("case", "type", "start"), ("case", "type", "end"), ("case", "start", "end")),
    "reviews": (("case", "date"),),
}
"""Table -> the columns in which two records of one thing agree, so that they differ in one of the others."""


def _exact(facts: Facts) -> Iterator[Hits]:
    for name in RECORDS:
        frame = facts.table(name)
        told = [column for column in frame if column not in BOOKKEEPING]
        again = frame[told].duplicated() & frame[told[0]].notna()
        yield Hits(name, np.flatnonzero(again))


def _near(facts: Facts) -> Iterator[Hits]:
    for name, choices in _NEAR.items():
        frame = facts.table(name)
        told = [column for column in frame if column not in BOOKKEEPING]
        whole = {column: codes_of(frame[column]) for column in told}
        found: list[tuple[Ints, Ints]] = []
        for agreed in choices:
            known = np.logical_and.reduce([whole[column] >= 0 for column in agreed])
            found.append(alike([whole[column] for column in agreed], among=known))
        first, second = (np.concatenate(side) for side in zip(*found, strict=True))
        equal = np.logical_and.reduce([whole[column][first] == whole[column][second] for column in told])
        _, once = np.unique(np.stack([first, second]), axis=1, return_index=True)
        keep = np.sort(once[~equal[once]])
        yield Hits(name, second[keep], other=first[keep])


def _near_steps(facts: Facts) -> Iterator[Hits]:
    for name, what in (("milestones", "activity"), ("reviews", "outcome")):
        frame, day = facts.table(name), facts.days(name, "date")
        keys = [frame["at"].to_numpy(), codes_of(frame[what])]
        first, second = alike(keys, day, among=(keys[0] >= 0) & (keys[1] >= 0) & ~np.isnan(day))
        apart = day[second] - day[first]
        near = (apart > 0) & (apart <= facts.policy.near_days)
        yield Hits(name, second[near], other=first[near], days=apart[near])


def _near_ids(facts: Facts) -> Iterator[Hits]:
    for name, column in (("children", "child"), ("episodes", "case")):
        ids = facts.table(name)[column]
        short = codes_of(canonical(ids))
        first, second = alike([short], among=short >= 0)
        differ = (ids.to_numpy(dtype=object)[first] != ids.to_numpy(dtype=object)[second]).astype(bool)
        yield Hits(name, second[differ], other=first[differ])


def _exported_again(facts: Facts) -> Iterator[Hits]:
    older, newer = older_exports(facts.episodes)
    yield Hits("episodes", older, other=newer)


def older_exports(episodes: pd.DataFrame) -> tuple[Ints, Ints]:
    """Rows that were exported before another of the same `case`, `child` and `start`, and the latest of those.

    Rows without a date in `exported` are no export of which anything is known. Of three exports two are older.
    """
    exported = to_days(episodes["exported"])
    keys = ["case", "child", "start"]
    known = np.flatnonzero(~np.isnan(exported) & episodes["case"].notna().to_numpy())
    group = episodes.iloc[known].groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    latest = np.full(group.max(initial=-1) + 1, -1, dtype=np.int64)
    order = np.argsort(exported[known], kind="stable")
    latest[group[order]] = known[order]  # the latest is written last
    newer = latest[group]
    older = exported[known] < exported[newer]
    return known[older], newer[older]


def _two_births(facts: Facts) -> tuple[Ints, Ints, Ints]:
    """Records of one child id with another date of birth or sex: their positions, those of the other, the child."""
    frame = facts.children
    child = codes_of(frame["child"])
    other, again = alike([child], among=child >= 0)
    conflict = np.zeros(len(again), dtype=bool)
    for column in ("birth", "sex"):
        if column in frame:
            code = codes_of(frame[column])
            conflict |= (code[again] != code[other]) & (code[again] >= 0) & (code[other] >= 0)
    return again[conflict], other[conflict], child[again[conflict]]


def _reused(facts: Facts) -> Iterator[Hits]:
    again, other, _ = _two_births(facts)
    yield Hits("children", again, other=other)


def _too_many_reused(facts: Facts) -> Iterator[Hits]:
    again, other, child = _two_births(facts)
    share = len(np.unique(child)) / max(facts.children["child"].nunique(), 1)
    # One child in a hand-made extract of fifty is already 2 %: two at the least before the column is doubted.
    if share > facts.policy.reused_ids_share and len(np.unique(child)) > 1:
        yield Hits("children", again, other=other)


def _family_as_child(facts: Facts) -> Iterator[Hits]:
    again, other, _ = _two_births(facts)
    ids = facts.children["child"]
    suspect = at_once(facts, ids)
    if "family" in facts.children:
        suspect = suspect | ids.isin(facts.children["family"].dropna()).to_numpy()
    keep = suspect[again]
    yield Hits("children", again[keep], other=other[keep])


def at_once(facts: Facts, ids: pd.Series[str]) -> Bools:
    """Which of these child ids have two episodes that run at the same time."""
    episodes = facts.episodes
    child = codes_of(episodes["child"])
    end = np.where(np.isnan(facts.days("episodes", "end")), facts.today, facts.days("episodes", "end"))
    first, _, _ = overlapping(child, facts.days("episodes", "start"), end)
    return np.asarray(ids.isin(episodes["child"].take(first)))


def _same_child_twice(facts: Facts) -> Iterator[Hits]:
    frame = facts.children
    birth, child = codes_of(frame["birth"]), codes_of(frame["child"])
    known = (birth >= 0) & (child >= 0)
    pairs = []
    if "name" in frame:
        name = codes_of(canonical(frame["name"]))
        pairs.append(alike([birth, name], among=known & (name >= 0)))
    if "family" in frame:
        keys = [birth, codes_of(frame["family"])] + ([codes_of(frame["sex"])] if "sex" in frame else [])
        known_all = np.logical_and.reduce([key >= 0 for key in keys]) & known
        first, second = alike(keys, among=known_all)
        apart = ~_together(facts, first, second)
        if "name" in frame:  # another name is evidence of twins
            other = codes_of(frame["name"])
            apart &= (other[first] < 0) | (other[second] < 0)
        pairs.append((first[apart], second[apart]))
    for first, second in pairs:
        keep = child[first] != child[second]
        if "sex" in frame:
            sex = codes_of(frame["sex"])
            keep &= (sex[first] == sex[second]) | (sex[first] < 0) | (sex[second] < 0)
        yield Hits("children", second[keep], other=first[keep])


def _together(facts: Facts, first: Ints, second: Ints) -> Bools:
    """Whether two children were looked after at the same time, or no episode of theirs is known: as twins are."""
    ids = facts.children["child"]
    spans = facts.episodes.assign(end=facts.episodes["end"].fillna(facts.window.end))
    spans = spans.groupby("child")[["start", "end"]].agg({"start": "min", "end": "max"})
    one, two = (spans.reindex(ids.take(side)).reset_index(drop=True) for side in (first, second))
    apart = (one["end"] <= two["start"]) | (two["end"] <= one["start"])
    return ~apart.to_numpy(dtype=bool)


def _blank(facts: Facts) -> Iterator[Hits]:
    tables = (("children", "child", "child"), ("episodes", "child", "child"), ("episodes", "case", "episode"))
    for name, column, what in (*tables, *((table, "case", "episode") for table in CASE_TABLES[:-1])):
        blank = np.flatnonzero(facts.table(name)[column].isna())
        yield Hits(name, blank, f"{facts.column(name, column)}: missing {what} id")


def _damaged(facts: Facts) -> Iterator[Hits]:
    ids, policy = facts.children["child"], facts.policy
    codes, unique = pd.factorize(ids)
    texts = pd.Series(unique, dtype="str")
    wrong = pd.Series(False, index=texts.index)
    if policy.child_id:
        wrong |= ~texts.str.fullmatch(policy.child_id)
    if policy.check_digit == "mod 11":
        wrong |= ~texts.map(mod_11).astype(bool)
    bad = np.append(wrong.to_numpy(dtype=bool), False)[codes]
    reason = f"{facts.column('children', 'child')}: the id has the wrong length or form, or its check digit is wrong"
    yield Hits("children", np.flatnonzero(bad), reason)


def mod_11(text: str) -> bool:
    """Whether the last digit of a number is its check digit by modulus 11, as in CHI and NHS numbers.

    >>> mod_11("9434765919"), mod_11("9434765918"), mod_11("94347x5919")
    (True, False, False)
    """
    if not (text.isascii() and text.isdigit() and len(text) > 1):
        return False
    total = sum(weight * int(digit) for weight, digit in enumerate(reversed(text[:-1]), start=2))
    return (11 - total % 11) % 11 == int(text[-1])


def _odd_shape(facts: Facts) -> Iterator[Hits]:
    ids = facts.children["child"]
    codes, unique = pd.factorize(ids)
    shapes = pd.Series(unique, dtype="str").str.replace(r"[A-Za-z]", "A", regex=True)
    shape, names = pd.factorize(shapes.str.replace(r"[0-9]", "9", regex=True))
    if facts.policy.child_id or len(names) < 2:
        return
    usual = np.bincount(shape).argmax()
    rare = np.append(shape != usual, False)[codes]
    if rare.sum() <= 0.01 * len(ids):
        yield Hits("children", np.flatnonzero(rare))


def _strangers(facts: Facts) -> Iterator[Hits]:
    if "children" in facts.given:
        frame, column = facts.episodes, facts.column("episodes", "child")
        unknown = (frame["at"].to_numpy() < 0) & frame["child"].notna().to_numpy()
        yield Hits("episodes", np.flatnonzero(unknown), f"{column}: unknown child, not in {_file(facts, 'children')}")
    if "episodes" in facts.given:
        for name in CASE_TABLES[:-1]:
            frame, column = facts.table(name), facts.column(name, "case")
            unknown = (frame["at"].to_numpy() < 0) & frame["case"].notna().to_numpy()
            yield Hits(name, np.flatnonzero(unknown), f"{column}: unknown episode, not in {_file(facts, 'episodes')}")


def _file(facts: Facts, table: str) -> str:
    files = facts.table(table)["file"].unique()
    return str(files[0]) if len(files) == 1 else f"the {table}"


def _no_episode(facts: Facts) -> Iterator[Hits]:
    if "episodes" in facts.given:
        unseen = position(facts.children["child"], facts.episodes["child"]) < 0
        yield Hits("children", np.flatnonzero(unseen & facts.children["child"].notna().to_numpy()))


_ASK = "Look at the pair in the case management system and delete the one that is wrong there."
RULES: tuple[Rule, ...] = (
    Rule("E71", "exact duplicate", Severity.FIX, _exact, ignores=True),
    Rule("E72", "Two records are the same but for one field.", Severity.WARN, _near, _ASK),
    Rule(
        "E72.1",
        "The same step of a child is recorded twice within a few days.",
        Severity.WARN,
        _near_steps,
        "Was it one step? Then keep the record with the right date and delete the other.",
    ),
    Rule("E72.2", "Two ids differ only in capitals, spaces or punctuation.", Severity.WARN, _near_ids, _ASK),
    Rule("E73", "older export of the same episode", Severity.FIX, _exported_again, ignores=True),
    Rule(
        "E74",
        "One child id stands for two children: date of birth or sex differ.",
        Severity.WARN,
        _reused,
        "Find out whose id it is; the other child needs one of their own.",
    ),
    Rule(
        "E74.1",
        "Too many child ids stand for two children each.",
        Severity.STOP,
        _too_many_reused,
        "Check that the right column is named as the child id; it may be a family's or a worker's number",
    ),
    Rule(
        "E75",
        "Two ids are probably one child: the same date of birth and the same name, or the same family and sex and "
        "never looked after at the same time.",
        Severity.WARN,
        _same_child_twice,
        "Compare the two. Nothing is merged here: if they are one child, merge them in the case management system.",
    ),
    Rule(
        "E76",
        "A child id has several dates of birth at once: it is probably the number of a sibling group.",
        Severity.WARN,
        _family_as_child,
        "Use each child's own number as the id, and the group's as the family.",
    ),
    Rule("E77", "The id is missing.", Severity.QUARANTINE, _blank, "Fill in the id and export again."),
    Rule(
        "E78",
        "The id has the wrong length or form, or its check digit is wrong.",
        Severity.QUARANTINE,
        _damaged,
        "Was the id typed by hand, or the file opened in Excel? Export again without opening it.",
    ),
    Rule(
        "E78.1",
        "A few ids are written in another form than all the others.",
        Severity.WARN,
        _odd_shape,
        "Check for ids cut short, or typed by hand.",
    ),
    Rule(
        "E90",
        "It belongs to a child or episode that is not on record.",
        Severity.QUARANTINE,
        _strangers,
        "Was the extract of children or episodes filtered? Export all of them.",
    ),
    Rule(
        "E90.1",
        "The child has no episode on record.",
        Severity.WARN,
        _no_episode,
        "Was the extract of episodes filtered, or was the child never looked after?",
    ),
)
"""The rules about identity."""
