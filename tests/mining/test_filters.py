"""Filters judge by hand and by trying every order, join as sets do, and say what they take out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.filters import (
    Attribute,
    Choice,
    Duration,
    Endpoints,
    Filter,
    Follower,
    HasActivity,
    InVariants,
    KeepOnly,
    TimeFrame,
    Trim,
)
from mining.process_map import discover_map
from mining.visits import stage_visits

BASE = 18262
START = pd.Timestamp("2020-01-01")
Row = tuple[str, str, float]


def log_of(rows: Sequence[Row], *, final: tuple[str, ...] = (), end: int = 1000) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    events["date"] = from_days(events.pop("day").to_numpy(dtype=float) + BASE)
    return EventLog.of(events, ObservationWindow(START, START + pd.Timedelta(days=end)), final=final)


def day(number: int) -> pd.Timestamp:
    return START + pd.Timedelta(days=number)


def kept(chosen: Filter, log: EventLog, *, keep_unknown: bool = False) -> str:
    return "".join(chosen.apply(log, keep_unknown=keep_unknown).log.cases["case"])


def judged(chosen: Choice, log: EventLog) -> str:
    """One letter a case: y, n or ? for not known."""
    found = chosen.verdict(log)
    assert not (found.surely & ~found.possibly).any()
    return "".join("y" if s else "?" if p else "n" for s, p in zip(found.surely, found.possibly, strict=True))


# The tiny log: A ran 2020-01-01 to 2021-03-01, B 2020-03-01 to 2020-06-01, C from 2020-06-01 and open on 2021-06-30.
@pytest.mark.parametrize(
    ("relation", "start", "end", "expected"),
    [
        ("started", "2020-02-01", "2020-06-01", "nyy"),
        ("ended", "2020-02-01", "2020-06-01", "nyn"),
        ("ended", "2020-02-01", "2021-06-30", "yyn"),
        ("ended", "2020-02-01", "2021-12-31", "yy?"),
        ("contained", "2020-03-01", "2020-06-01", "nyn"),
        ("contained", "2020-01-01", "2021-12-31", "yy?"),
        ("contained", "2020-01-01", "2021-06-30", "yyn"),
        ("intersecting", "2020-06-01", "2020-06-01", "yyy"),
        ("intersecting", "2021-05-01", "2021-06-01", "nny"),
        ("intersecting", "2020-01-01", "2020-02-01", "ynn"),
    ],
)
def test_time_frames(tiny_log: EventLog, relation: str, start: str, end: str, expected: str) -> None:
    frame = TimeFrame(pd.Timestamp(start), pd.Timestamp(end), relation)  # type: ignore[arg-type]
    assert judged(frame, tiny_log) == expected


def test_the_last_day_of_a_frame_belongs_to_it_whatever_the_time() -> None:
    log = log_of([("a", "in", 0.5), ("a", "out", 3.9)], final=("out",))
    assert judged(TimeFrame(day(0), day(3)), log) == "y"
    assert judged(TimeFrame(day(0), day(2)), log) == "n"
    assert len(Trim(day(0), day(3)).apply(log).log) == 2


def test_trim_sets_the_window_and_keeps_true_starts(tiny_log: EventLog) -> None:
    done = Trim(pd.Timestamp("2020-05-01"), pd.Timestamp("2020-10-31")).apply(tiny_log)
    log = done.log
    assert (log.window.start, log.window.end) == (pd.Timestamp("2020-05-01"), pd.Timestamp("2020-10-31"))
    assert dict(log.window.recorded_from) == dict(tiny_log.window.recorded_from)
    assert log.cases["case"].tolist() == ["A", "B", "C"]
    assert log.cases["start"].tolist() == tiny_log.cases["start"].tolist()
    # A ended later: open at the frame's end. B ended inside.
    assert log.cases["end"].isna().tolist() == [True, False, True]
    assert log.events["date"].between("2020-05-01", "2020-10-31").all()
    assert "2 of the cases left were running when the frame begins" in done.text
    assert "1 that ended after it count as open" in done.text
    # The map's child-days of the trimmed log lie inside the frame.
    assert discover_map(log).child_days <= 3 * 184


def test_trim_with_history_keeps_waits_that_were_running_with_delayed_entry(tiny_log: EventLog) -> None:
    frame = pd.Timestamp("2020-09-05"), pd.Timestamp("2020-12-31")
    decision = v.STAGES[3]
    assert len(stage_visits(Trim(*frame).apply(tiny_log).log, decision)) == 0
    visits = stage_visits(Trim(*frame, history=True).apply(tiny_log).log, decision)
    assert visits.days.tolist() == [10]
    assert visits.entry_delay.tolist() == [4]


def test_trimming_to_the_window_changes_nothing(tiny_log: EventLog) -> None:
    done = Trim(tiny_log.window.start, tiny_log.window.end).apply(tiny_log)
    pd.testing.assert_frame_equal(done.log.events, tiny_log.events)
    pd.testing.assert_frame_equal(done.log.cases, tiny_log.cases)
    assert done.removed[["cases", "events", "open_cases", "child_days"]].iloc[0].tolist() == [0, 0, 0, 0]


def test_endpoints(tiny_log: EventLog) -> None:
    assert judged(Endpoints(starts=(v.BECAME_LOOKED_AFTER,)), tiny_log) == "yyy"
    assert judged(Endpoints(starts=(v.ACCOMMODATED,)), tiny_log) == "nnn"
    assert judged(Endpoints(ends=(v.CEASED,)), tiny_log) == "yy?"
    assert judged(Endpoints(ends=(v.PANEL,)), tiny_log) == "nn?"
    assert judged(Endpoints(starts=(v.ACCOMMODATED,), ends=(v.CEASED,)), tiny_log) == "nnn"
    # B began before the frame, so what the trimmed log shows first is not its beginning; with history it is.
    frame = pd.Timestamp("2020-05-01"), pd.Timestamp("2020-12-31")
    trimmed = Trim(*frame).apply(tiny_log).log
    assert judged(Endpoints(starts=(v.BECAME_LOOKED_AFTER,)), trimmed) == "??y"
    trimmed = Trim(*frame, history=True).apply(tiny_log).log
    assert judged(Endpoints(starts=(v.BECAME_LOOKED_AFTER,)), trimmed) == "yyy"


def test_endpoints_of_a_day_in_unknown_order_are_not_known() -> None:
    log = log_of([("a", "A", 1), ("a", "B", 1), ("a", "C", 2)])
    assert judged(Endpoints(starts=("A",)), log) == "?"
    assert judged(Endpoints(starts=("A", "B")), log) == "y"
    assert judged(Endpoints(starts=("C",)), log) == "n"


def test_attributes_with_missing_values() -> None:
    log = log_of([(case, "in", 0) for case in "abc"])
    cases = log.cases.assign(locality=["North", None, "South"], age=[1.0, 7.0, np.nan])
    log = EventLog(log.events, cases, log.window)
    assert judged(Attribute.equals("locality", "North"), log) == "y?n"
    assert judged(~Attribute.equals("locality", "North"), log) == "n?y"
    assert judged(Attribute.one_of("locality", ("North", "South")), log) == "y?y"
    assert judged(Attribute.missing("locality"), log) == "nyn"
    assert judged(Attribute.between("age", 0, 5), log) == "yn?"
    assert judged(Attribute.between("age", low=7), log) == "ny?"
    assert judged(Attribute.between("start", START, START), log) == "yyy"
    done = Attribute.equals("locality", "North").apply(log)
    assert done.removed.iloc[0]["not_known"] == 1
    assert "of 1 case it is not known, because locality is missing" in done.text
    assert kept(Attribute.equals("locality", "North"), log, keep_unknown=True) == "ab"


def test_activities(tiny_log: EventLog) -> None:
    assert judged(HasActivity(v.REVIEW), tiny_log) == "yyy"
    assert judged(HasActivity(v.REVIEW, 2), tiny_log) == "ynn"
    # So far: C is open, and its record so far has no plan.
    assert judged(~HasActivity(v.RECOMMENDED), tiny_log) == "nyy"
    done = KeepOnly((v.PANEL, v.LODGED)).apply(tiny_log)
    assert done.log.events["activity"].tolist() == [v.PANEL, v.LODGED]
    assert done.removed.iloc[0][["cases", "events"]].tolist() == [0, 18]
    assert "2 cases have none of these events" in done.text


def test_followers(tiny_log: EventLog) -> None:
    assert judged(Follower(v.REVIEW, v.RETURN_HOME), tiny_log) == "ny?"
    assert judged(Follower(v.REVIEW, v.RETURN_HOME, "never"), tiny_log) == "yn?"
    assert judged(Follower(v.PANEL, v.AGENCY_DECISION, within_days=10), tiny_log) == "ynn"
    assert judged(Follower(v.PANEL, v.AGENCY_DECISION, within_days=9), tiny_log) == "nnn"
    assert judged(Follower(v.REVIEW, v.REVIEW), tiny_log) == "yn?"
    # C's review was 263 days before the extract, so a follower within 200 days is out of the question.
    assert judged(Follower(v.REVIEW, v.RETURN_HOME, within_days=200), tiny_log) == "nyn"
    assert judged(Follower(v.REVIEW, v.RETURN_HOME, within_days=300), tiny_log) == "ny?"
    assert judged(Follower(v.REVIEW, v.RETURN_HOME, "directly"), tiny_log) == "ny?"
    assert judged(Follower(v.AT_HOME, v.REVIEW, "directly"), tiny_log) == "nnn"


rows_of_logs = st.lists(
    st.tuples(st.sampled_from("xy"), st.sampled_from("ABC"), st.integers(0, 4)), min_size=1, max_size=9
)


@settings(max_examples=100, deadline=None)
@given(rows_of_logs, st.sampled_from("ABC"), st.sampled_from("ABC"), st.sampled_from([None, 0, 1, 2]), st.booleans())
def test_followers_over_every_order_there_is(
    rows: list[Row], source: str, target: str, within: float | None, directly: bool
) -> None:
    log = log_of([*rows, *((case, "end", 9) for case in {row[0] for row in rows})], final=("end",), end=50)
    found = Follower(source, target, "directly" if directly else "eventually", within).verdict(log)
    for place, case in enumerate(log.cases["case"]):
        days: dict[float, list[str]] = {}
        for _, activity, when in [row for row in rows if row[0] == case]:
            days.setdefault(when, []).append(activity)
        outcomes = set()
        for choice in product(*(set(permutations(days[when])) for when in sorted(days))):
            line = [(name, when) for when, group in zip(sorted(days), choice, strict=True) for name in group]
            pairs = pairwise(line) if directly else [(line[i], line[j]) for j in range(len(line)) for i in range(j)]
            outcomes.add(
                any(
                    a == source and b == target and (within is None or later - sooner <= within)
                    for (a, sooner), (b, later) in pairs
                )
            )
        assert found.surely[place] == (outcomes == {True})
        assert found.possibly[place] == (True in outcomes)


def test_durations_of_open_cases_are_not_yet_known_until_past_the_limit(tiny_log: EventLog) -> None:
    # A 425 days, B 92 days, C 394 days so far.
    assert judged(Duration(at_least=400), tiny_log) == "yn?"
    assert judged(Duration(at_least=394), tiny_log) == "yny"
    assert judged(Duration(at_most=400), tiny_log) == "ny?"
    assert judged(Duration(at_most=393), tiny_log) == "nyn"
    assert judged(Duration(at_least=93, at_most=500), tiny_log) == "yn?"
    assert "its length so far has not passed the limit" in Duration(at_least=400).apply(tiny_log).text


def test_variants() -> None:
    rows = [(case, name, place) for case in "abc" for place, name in enumerate(["in", "mid", "out"])]
    rows += [("d", "in", 0), ("d", "out", 1), ("e", "in", 0)]
    log = log_of(rows, final=("out",))
    assert judged(InVariants.top(1), log) == "yyyn?"
    assert judged(InVariants.top(9), log) == "yyyy?"
    assert judged(InVariants.covering(0.75), log) == "yyyn?"
    assert judged(InVariants.covering(0.76), log) == "yyyy?"
    assert judged(InVariants.named("in → out"), log) == "nnny?"


choices: tuple[Choice, ...] = (
    Duration(at_least=400),
    Follower(v.REVIEW, v.RETURN_HOME),
    HasActivity(v.RECOMMENDED),
    Endpoints(ends=(v.CEASED,)),
)


@pytest.mark.parametrize("one", choices, ids=lambda choice: choice.label)
@pytest.mark.parametrize("other", choices, ids=lambda choice: choice.label)
def test_filters_join_as_sets_do(tiny_log: EventLog, one: Choice, other: Choice) -> None:
    both, either = one & other, one | other
    assert isinstance(both, Choice)
    assert judged(~both, tiny_log) == judged(~one | ~other, tiny_log)
    assert judged(~~both, tiny_log) == judged(both, tiny_log)
    assert kept(both, tiny_log) == kept(other & one, tiny_log)
    assert set(kept(either, tiny_log)) >= set(kept(one, tiny_log)) | set(kept(other, tiny_log))
    assert set(kept(both, tiny_log)) == set(kept(one, tiny_log)) & set(kept(other, tiny_log))


def test_every_step_says_what_it_took_out_and_the_steps_add_up(tiny_log: EventLog) -> None:
    chosen = (HasActivity(v.REVIEW, 1) & Duration(at_least=100)) & KeepOnly((v.REVIEW,)) & HasActivity(v.REVIEW, 2)
    done = chosen.apply(tiny_log)
    assert done.removed["step"].tolist() == [
        "cases with LAAC review recorded",
        "cases that last at least 100 days",
        "only the events LAAC review",
        "cases with LAAC review recorded at least 2 times",
    ]
    assert done.removed["cases"].sum() == len(tiny_log.cases) - len(done.log.cases) == 2
    assert done.removed["events"].sum() == len(tiny_log) - len(done.log)
    assert done.removed["open_cases"].tolist() == [0, 0, 0, 1]
    assert done.removed["child_days"].tolist() == [0, 92, 0, 394]
    assert done.text.splitlines()[1] == (
        "Kept: cases that last at least 100 days. Taken out: 1 case (0 open), 6 events and 92 child-days; "
        "left: 2 cases (1 open)."
    )


def test_a_name_that_an_earlier_step_took_away_is_not_misspelt() -> None:
    log = log_of([("a", "in", 0), ("a", "late", 90), ("b", "in", 5)])
    assert kept(Trim(day(0), day(30)) & HasActivity("late"), log) == ""
    assert kept(Trim(day(0), day(30)) & ~HasActivity("late"), log) == "ab"
    with pytest.raises(ValueError, match="did you mean 'late'"):
        (Trim(day(0), day(30)) & HasActivity("latte")).apply(log)


def test_what_changes_cases_cannot_be_turned_round(tiny_log: EventLog) -> None:
    with pytest.raises(ValueError, match="only filters that choose whole cases"):
        _ = ~KeepOnly((v.REVIEW,))
    with pytest.raises(ValueError, match="only filters that choose whole cases"):
        _ = HasActivity(v.REVIEW) | Trim(START, START)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (HasActivity("Permanence panl"), "did you mean 'Permanence panel'"),
        (Follower("LAAC reviw", v.PANEL), "did you mean 'LAAC review'"),
        (Endpoints(ends=("Ceased to be lookd after",)), "did you mean 'Ceased to be looked after'"),
        (KeepOnly(("Permanence panl",)), "did you mean 'Permanence panel'"),
        (Attribute.equals("age_bnd", "0"), "did you mean 'age_band'"),
        (Attribute.equals("age_band", "1-5"), "did you mean '1-4'"),
        (Attribute.between("age_band", 1, 2), "must hold numbers or dates"),
        (InVariants.named("Became"), "variant must be in the log"),
        (TimeFrame(pd.Timestamp("2031-01-01"), pd.Timestamp("2031-12-31")), "must overlap the window"),
        (Trim(pd.Timestamp("2031-01-01"), pd.Timestamp("2031-12-31")), "must overlap the window"),
    ],
)
def test_misspelt_names_and_frames_beside_the_window(tiny_log: EventLog, chosen: Filter, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        chosen.apply(tiny_log)


def test_values_that_cannot_be_meant() -> None:
    for wrong in (
        lambda: TimeFrame(pd.Timestamp("2021-01-01"), START),
        lambda: TimeFrame(START, START, "during"),  # type: ignore[arg-type]
        lambda: Duration(),
        lambda: Duration(at_least=3, at_most=1),
        lambda: Endpoints(),
        lambda: Endpoints(starts="in"),  # type: ignore[arg-type]
        lambda: KeepOnly(()),
        lambda: HasActivity("in", 0),
        lambda: Follower("a", "b", "sometimes"),  # type: ignore[arg-type]
        lambda: Follower("a", "b", within_days=-1),
        lambda: Attribute.between("age"),
        lambda: Attribute.one_of("age", ()),
        lambda: InVariants.top(0),
        lambda: InVariants.covering(0),
        lambda: InVariants.named(),
    ):
        with pytest.raises(ValueError, match=r"must|got"):
            wrong()


EVERY: tuple[Filter, ...] = (
    TimeFrame(START, day(500)),
    Trim(START, day(500)),
    Endpoints(starts=(v.BECAME_LOOKED_AFTER,), ends=(v.CEASED,)),
    HasActivity(v.BECAME_LOOKED_AFTER),
    KeepOnly((v.BECAME_LOOKED_AFTER,)),
    Follower(v.BECAME_LOOKED_AFTER, v.CEASED),
    Follower(v.BECAME_LOOKED_AFTER, v.CEASED, "directly"),
    Duration(at_least=10),
    InVariants.top(3),
)


@pytest.mark.parametrize("chosen", EVERY, ids=lambda chosen: chosen.label)
def test_empty_logs_one_case_equal_dates_and_all_open(chosen: Filter) -> None:
    one = log_of([("a", v.BECAME_LOOKED_AFTER, 0), ("a", v.CEASED, 0)], final=(v.CEASED,))
    assert len(chosen.apply(one).removed) == 1
    empty = EventLog(one.events.iloc[:0], one.cases.iloc[:0], one.window)
    done = chosen.apply(empty)
    assert len(done.log.cases) == 0
    assert "Nothing is left" in done.text
    bare = EventLog(one.events.iloc[:0], one.cases, one.window)
    assert len(chosen.apply(bare).log) == 0
    still_open = EventLog(one.events, one.cases.assign(end=pd.NaT), one.window)
    assert chosen.apply(still_open).text


def test_filters_are_values() -> None:
    assert HasActivity("x") == HasActivity("x")
    assert len({HasActivity("x") & Duration(at_least=1), HasActivity("x") & Duration(at_least=1)}) == 1
