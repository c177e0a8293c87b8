"""Verdicts against hand-worked cases, against every order of one day's events, and against pm4py."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.exchange import read_log
from event_logs.log import EventLog, from_days
from event_logs.log_tables import LogColumns
from event_logs.window import ObservationWindow
from mining import declare as d
from mining.measures import wilson
from mining.rule_checks import check_rules
from mining.rule_verdicts import CANNOT_TELL, DOES_NOT_APPLY, SATISFIED, STILL_OPEN, VIOLATED

LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"
BASE = 18262


def log_of(
    rows: Sequence[tuple[str, str, float]],
    *,
    closed: Sequence[str] = (),
    until: int = 1000,
    recorded: dict[str, int] | None = None,
) -> EventLog:
    """A log from (case, activity, day) rows, days counted from 1 January 2020; ranks by name."""
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    zero = pd.Timestamp("2020-01-01")
    since = {name: zero + pd.Timedelta(days=day) for name, day in (recorded or {}).items()}
    window = ObservationWindow(zero, zero + pd.Timedelta(days=until), since)
    cases = events.groupby("case")["date"].agg(start="min", end="max").reset_index()
    cases.loc[~cases["case"].isin(list(closed)), "end"] = pd.NaT
    ranks = {name: rank for rank, name in enumerate(sorted(events["activity"].unique()))}
    return EventLog.of(events, window, cases=cases, ranks=ranks)


def verdicts(log: EventLog, rule: d.Rule) -> dict[str, int]:
    check = check_rules(log, [rule])
    return dict(zip(check.cases, check.verdicts[0].tolist(), strict=True))


ROWS = [
    ("answered", "a", 0), ("answered", "b", 50),
    ("late", "a", 0), ("late", "b", 200),
    ("never", "a", 0), ("never", "c", 10),
    ("waiting", "a", 950),
    ("overdue", "a", 500),
    ("other", "c", 5),
    ("again", "a", 0), ("again", "b", 10), ("again", "a", 990),
]  # fmt: skip
CLOSED = ["answered", "late", "never", "other"]


def test_response_with_a_limit_by_hand() -> None:
    found = verdicts(log_of(ROWS, closed=CLOSED), d.response("a", "b", within_days=100))
    assert found == {
        "answered": SATISFIED, "late": VIOLATED, "never": VIOLATED, "waiting": STILL_OPEN, "overdue": VIOLATED,
        "other": DOES_NOT_APPLY, "again": STILL_OPEN,
    }  # fmt: skip


def test_response_without_a_limit_blames_no_open_case() -> None:
    found = verdicts(log_of(ROWS, closed=CLOSED), d.response("a", "b"))
    assert found["late"] == SATISFIED
    assert found["never"] == VIOLATED
    assert found["overdue"] == STILL_OPEN


def test_the_last_day_of_a_limit_is_in_time() -> None:
    rows = [("x", "a", 0), ("x", "b", 50), ("y", "a", 900)]
    log = log_of(rows, closed=["x"])
    assert verdicts(log, d.response("a", "b", within_days=50))["x"] == SATISFIED
    assert verdicts(log, d.response("a", "b", within_days=49))["x"] == VIOLATED
    assert verdicts(log, d.response("a", "b", within_days=100))["y"] == STILL_OPEN
    assert verdicts(log, d.response("a", "b", within_days=99))["y"] == VIOLATED


def test_precedence_with_a_limit_by_hand() -> None:
    rows = [("x", "a", 0), ("x", "b", 50), ("y", "b", 3), ("z", "a", 1)]
    log = log_of(rows, closed=["x"])
    assert verdicts(log, d.precedence("a", "b")) == {"x": SATISFIED, "y": VIOLATED, "z": DOES_NOT_APPLY}
    assert verdicts(log, d.precedence("a", "b", within_days=49))["x"] == VIOLATED
    assert verdicts(log, d.succession("a", "b")) == {"x": SATISFIED, "y": VIOLATED, "z": STILL_OPEN}


def test_counts_and_edges_by_hand() -> None:
    log = log_of([("x", "a", 0), ("x", "a", 5), ("y", "a", 0), ("z", "b", 0)], closed=["x", "z"])
    assert verdicts(log, d.existence("a", 2)) == {"x": SATISFIED, "y": STILL_OPEN, "z": VIOLATED}
    assert verdicts(log, d.existence("a", 2, within_days=4)) == {"x": VIOLATED, "y": VIOLATED, "z": VIOLATED}
    assert verdicts(log, d.absence("a")) == {"x": VIOLATED, "y": VIOLATED, "z": SATISFIED}
    assert verdicts(log, d.absence("a", 1)) == {"x": VIOLATED, "y": STILL_OPEN, "z": SATISFIED}
    assert verdicts(log, d.exactly("a")) == {"x": VIOLATED, "y": STILL_OPEN, "z": VIOLATED}
    assert verdicts(log, d.init("a")) == {"x": SATISFIED, "y": SATISFIED, "z": VIOLATED}
    assert verdicts(log, d.end("a")) == {"x": SATISFIED, "y": STILL_OPEN, "z": VIOLATED}


def test_pairs_by_hand() -> None:
    rows = [("both", "b", 0), ("both", "a", 9), ("one", "a", 0), ("open", "a", 0), ("none", "c", 0)]
    log = log_of(rows, closed=["both", "one", "none"])
    expected = {"both": SATISFIED, "one": VIOLATED, "open": STILL_OPEN, "none": DOES_NOT_APPLY}
    assert verdicts(log, d.responded_existence("a", "b")) == expected
    assert verdicts(log, d.co_existence("a", "b")) == expected
    assert verdicts(log, d.responded_existence("a", "b", within_days=8))["both"] == VIOLATED
    opposite = {"both": VIOLATED, "one": SATISFIED, "open": STILL_OPEN, "none": DOES_NOT_APPLY}
    assert verdicts(log, d.not_co_existence("a", "b")) == opposite


def test_an_open_chain_is_broken_once_another_step_came_between() -> None:
    log = log_of([("x", "a", 0), ("x", "c", 3), ("y", "a", 0), ("z", "a", 0), ("z", "b", 9)])
    assert verdicts(log, d.chain_response("a", "b")) == {"x": VIOLATED, "y": STILL_OPEN, "z": SATISFIED}
    assert verdicts(log, d.chain_precedence("a", "b")) == {"x": 0, "y": 0, "z": SATISFIED}


def test_nothing_is_held_against_a_case_for_what_was_not_recorded() -> None:
    rows = [("old", "a", 0), ("old", "c", 80), ("new", "a", 60), ("new", "c", 80), ("fine", "b", 70)]
    log = log_of(rows, closed=["old", "new", "fine"], recorded={"b": 50})
    assert verdicts(log, d.response("a", "b")) == {"old": CANNOT_TELL, "new": VIOLATED, "fine": DOES_NOT_APPLY}
    assert verdicts(log, d.precedence("b", "c")) == {"old": CANNOT_TELL, "new": VIOLATED, "fine": DOES_NOT_APPLY}
    # Looking back 20 days only, the records are whole.
    assert verdicts(log, d.precedence("b", "c", within_days=20))["old"] == VIOLATED
    assert verdicts(log, d.absence("b"))["old"] == CANNOT_TELL
    assert verdicts(log, d.existence("b"))["old"] == CANNOT_TELL


def test_an_activity_nowhere_in_the_log_is_no_proof() -> None:
    log = log_of([("x", v.PANEL, 0), ("y", v.PANEL, 5)], closed=["x"])
    assert verdicts(log, d.response(v.PANEL, v.AGENCY_DECISION)) == {"x": CANNOT_TELL, "y": STILL_OPEN}


def test_table_and_findings() -> None:
    check = check_rules(log_of(ROWS, closed=CLOSED), [d.response("a", "b", within_days=100), d.init("a")])
    row = check.table.iloc[0]
    parts = ["satisfied", "violated", "still_open", "does_not_apply", "cannot_tell"]
    assert row[parts].tolist() == [1, 3, 2, 1, 0]
    assert row["cases"] == row[parts].sum() == 7
    assert (row["low_share"], row["high_share"]) == tuple(map(float, wilson(3, 4, 0.95)))
    assert check.violating(0) == ["late", "never", "overdue"]
    assert check.findings[0] == (
        "After a comes b within 100 days (limit not confirmed by a source): broken in 3 of 4 cases (75%); "
        "besides 2 still open."
    )
    assert check.findings[1].startswith("The journey begins with a: broken in 1 of 7 cases (14%)")


def test_wilson_against_statsmodels() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for count, total in ((0, 5), (3, 4), (50, 50), (17, 120)):
        expected = proportion.proportion_confint(count, total, method="wilson")
        assert tuple(map(float, wilson(count, total, 0.95))) == pytest.approx(expected, abs=1e-12)


# Every template by its definition on one trace; nothing shared with the vectorised form.
def _each(trace: str, one: str, ok: Callable[[int], bool]) -> bool:
    return all(ok(i) for i, x in enumerate(trace) if x == one)


BY_DEFINITION: dict[str, tuple[d.Rule, Callable[[str], bool]]] = {
    "existence": (d.existence("a", 2), lambda t: t.count("a") >= 2),
    "absence": (d.absence("a", 1), lambda t: t.count("a") <= 1),
    "exactly": (d.exactly("b"), lambda t: t.count("b") == 1),
    "init": (d.init("a"), lambda t: t[0] == "a"),
    "end": (d.end("b"), lambda t: t[-1] == "b"),
    "response": (d.response("a", "b"), lambda t: _each(t, "a", lambda i: "b" in t[i + 1 :])),
    "precedence": (d.precedence("a", "b"), lambda t: _each(t, "b", lambda i: "a" in t[:i])),
    "succession": (
        d.succession("a", "b"),
        lambda t: _each(t, "a", lambda i: "b" in t[i + 1 :]) and _each(t, "b", lambda i: "a" in t[:i]),
    ),
    "chain response": (d.chain_response("a", "b"), lambda t: _each(t, "a", lambda i: t[i + 1 : i + 2] == "b")),
    "chain precedence": (d.chain_precedence("a", "b"), lambda t: _each(t, "b", lambda i: i > 0 and t[i - 1] == "a")),
    "responded existence": (d.responded_existence("a", "b"), lambda t: "a" not in t or "b" in t),
    "co-existence": (d.co_existence("a", "b"), lambda t: ("a" in t) == ("b" in t)),
    "not co-existence": (d.not_co_existence("a", "b"), lambda t: not ("a" in t and "b" in t)),
}


@pytest.mark.parametrize("template", BY_DEFINITION)
def test_against_every_order_of_one_days_events(template: str) -> None:
    rule, holds = BY_DEFINITION[template]
    rng = np.random.default_rng(7)
    sizes = rng.integers(1, 6, 300)
    cases = {f"{k:03d}": sorted(zip(rng.integers(0, 4, n), rng.choice(list("abc"), n), strict=True))
             for k, n in enumerate(sizes)}  # fmt: skip
    log = log_of([(case, str(x), float(day)) for case, rows in cases.items() for day, x in rows], closed=list(cases))
    check = check_rules(log, [rule])
    codes = check.verdicts[0]
    vanish = appear = 0
    for code, turns, rows in zip(codes, check.turning[0], cases.values(), strict=True):
        days = [["".join(p) for p in itertools.permutations(x for e, x in rows if e == day)] for day in range(4)]
        declared = "".join(x for _, x in rows)
        assert (code == VIOLATED) == (not holds(declared)), declared
        outcomes = {holds("".join(order)) for order in itertools.product(*days)}
        if "chain" not in template:
            assert turns == (len(outcomes) == 2), declared
        elif len(outcomes) == 2:
            assert turns, declared  # an upper bound: never missed
        vanish += code == VIOLATED and turns
        appear += code != VIOLATED and turns
    row = check.table.iloc[0]
    assert (row["could_vanish"], row["could_appear"]) == (vanish, appear)
    assert 0 < row["violated"] < 300
    if template in ("response", "precedence", "init", "end", "chain response"):
        assert vanish + appear > 10


@pytest.mark.parametrize("name", ["receipt_wabo.xes.gz", "sepsis_full.xes.gz", "traffic_fines_sample.csv.gz"])
def test_verdicts_equal_pm4py_on_closed_cases(name: str) -> None:
    if not (LOGS / name).exists():
        pytest.skip("the public logs are not beside the repository")
    sys._pm4py_welcome_shown = True  # type: ignore[attr-defined]  # no banner on standard output
    from pm4py.algo.conformance.declare.variants import classic

    columns = LogColumns(case="case_id", activity="activity", timestamp="timestamp") if "csv" in name else None
    whole = read_log(LOGS / name, columns=columns) if columns else read_log(LOGS / name)
    first = whole.cases.head(1500)
    raw = EventLog(whole.events[whole.events["case"].isin(first["case"])].reset_index(drop=True), first, whole.window)
    last = raw.events.groupby("case")["date"].max()
    cases = raw.cases.assign(end=raw.cases["case"].map(last))
    log = EventLog(raw.events, cases, raw.window)
    traces = log.events.groupby("case", sort=True)["activity"].agg(list)
    frequent = log.events["activity"].value_counts().index[:6].astype("str").tolist()
    makers = {
        "response": d.response, "precedence": d.precedence, "succession": d.succession,
        "chainresponse": d.chain_response, "chainprecedence": d.chain_precedence,
        "responded_existence": d.responded_existence, "coexistence": d.co_existence,
        "noncoexistence": d.not_co_existence,
    }  # fmt: skip
    pairs = list(itertools.permutations(frequent, 2))
    rules = [(key, pair, make(*pair)) for key, make in makers.items() for pair in pairs]
    ones = {"existence": d.existence, "absence": d.absence, "exactly_one": d.exactly, "init": d.init}
    rules += [(key, one, make(one)) for key, make in ones.items() for one in frequent]  # type: ignore[misc]
    model: dict[str, dict[object, dict[str, int]]] = {}
    for key, what, _ in rules:
        model.setdefault(key, {})[what] = {"support": 1, "confidence": 1}
    theirs: dict[tuple[str, object], set[str]] = {}
    for case, result in zip(traces.index, classic.apply_list(traces.tolist(), model), strict=True):
        for key, what in result["deviations"]:
            theirs.setdefault((key, what), set()).add(str(case))
    check = check_rules(log, [rule for _, _, rule in rules])
    compared = 0
    for number, (key, what, rule) in enumerate(rules):
        assert set(check.violating(number)) == theirs.get((key, what), set()), rule.name
        compared += len(theirs.get((key, what), set()))
    assert compared > 1000


def test_odd_logs_get_a_clear_answer(tiny_log: EventLog) -> None:
    rules = d.pathway_rules()
    with pytest.raises(ValueError, match="did you mean 'Permanence panel'"):
        check_rules(tiny_log, [d.existence("Permanence pannel")])
    empty = EventLog.of(pd.DataFrame({"case": [], "activity": [], "date": pd.to_datetime([])}), tiny_log.window)
    check = check_rules(empty, rules)
    assert check.findings == ("There are no cases to check.",)
    assert (check.table["cases"] == 0).all()
    assert check_rules(tiny_log, []).findings == ("There are no rules to check.",)
    one = log_of([("x", v.BECAME_LOOKED_AFTER, 0), ("x", v.ACCOMMODATED, 0)])
    table = check_rules(one, rules).table.set_index("name")
    # Ranks go by name in this log, so the first of two events of one day is the wrong one, or may be.
    assert table.loc["init(Became looked after)", ["violated", "could_vanish"]].tolist() == [1, 1]
    assert table["violated"].sum() == 1
    all_open = log_of([(str(k), v.BECAME_LOOKED_AFTER, 990) for k in range(9)])
    opened = check_rules(all_open, rules)
    assert opened.findings == ("No case breaks the 1 rule that could be judged.",)
    assert opened.table["violated"].sum() == 0
    same_day = log_of([("x", name, 5) for name in "abc"] + [("y", name, 5) for name in "ba"], closed=["x", "y"])
    table = check_rules(same_day, [d.precedence("b", "a"), d.response("a", "c")]).table
    assert table["could_vanish"].tolist() == [2, 0]
    assert table["could_appear"].tolist() == [0, 1]


def test_the_pathway_on_the_tiny_log(tiny_log: EventLog) -> None:
    check = check_rules(tiny_log, d.pathway_rules())
    table = check.table.set_index("name")
    assert table.loc["init(Became looked after)", "satisfied"] == 3
    assert check.cases[0] == "A"
    # Child A's panel came without legal advice, of which the log holds nothing at all.
    assert table.loc["precedence(Legal advice received, Permanence panel)", "cannot_tell"] == 1
    late = [rule.name for number, rule in enumerate(check.rules) if "C" in check.violating(number)]
    assert len(late) == 1  # no plan within 183 days
    assert "183" in late[0]


def test_a_million_events_are_quick() -> None:
    rng = np.random.default_rng(0)
    n = 200_000
    case = np.sort(rng.integers(0, n // 10, n))
    events = pd.DataFrame({"case": case.astype(str), "activity": rng.choice(list("abcdef"), n)})
    events["date"] = from_days(BASE + rng.integers(0, 900, n).astype(float))
    zero = pd.Timestamp("2020-01-01")
    log = EventLog.of(events, ObservationWindow(zero, zero + pd.Timedelta(days=1000)))
    log.arrays  # noqa: B018 - computed once for every use
    began = time.process_time()
    check_rules(log, [d.response(x, y, within_days=30) for x, y in itertools.permutations("abcd", 2)])
    assert time.process_time() - began < 2.5
