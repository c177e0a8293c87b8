"""Stage visits worked by hand, and the stage summary against the truth of simulated stages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.visits import find_visits, first_days, last_days, nth_days, stage_summary, stage_visits

RANKS = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
PLANNING, PAPERS, PANEL, DECISION, LODGING, COURT = v.STAGES


def log_of(
    *rows: tuple[str, str, int], window: tuple[int, int] = (0, 1000), recorded_from: dict[str, int] | None = None
) -> EventLog:
    """A log from (case, activity, day) rows, days counted from 1 January 2020."""
    base = 18262
    events = pd.DataFrame(rows, columns=["case", "activity", "day"])
    days = from_days(events.pop("day").to_numpy(dtype=float) + base)
    origin = pd.Timestamp("2020-01-01")
    reliable = {name: origin + pd.Timedelta(days=day) for name, day in (recorded_from or {}).items()}
    begin, end = (origin + pd.Timedelta(days=day) for day in window)
    return EventLog.of(events.assign(date=days), ObservationWindow(begin, end, reliable), ranks=RANKS, final=[v.CEASED])


def test_tiny_log(tiny_log: EventLog) -> None:
    planning = stage_visits(tiny_log, PLANNING)
    assert planning.before_reliable == 1  # child A began before recommendations were reliably recorded
    assert planning.case.tolist() == [1, 2]
    assert planning.days.tolist() == [40, 302]
    assert planning.cause.tolist() == [1, 0]
    assert stage_visits(tiny_log, DECISION).days.tolist() == [10]
    assert stage_visits(tiny_log, LODGING).days.tolist() == [100]
    assert stage_visits(tiny_log, COURT).days.tolist() == [71]
    papers = stage_visits(tiny_log, PAPERS)
    assert (len(papers), papers.not_recorded) == (0, 1)  # the panel met, so papers there must have been


def test_clock_starts_when_all_starts_have_happened() -> None:
    log = log_of(
        ("a", v.RECOMMENDED, 10), ("a", v.LEGAL_RECEIVED, 60), ("a", v.HEALTH_COMPLETED, 5),
        ("a", v.REPORT_COMPLETED, 80), ("a", v.PANEL, 101),
        ("b", v.RECOMMENDED, 10), ("b", v.LEGAL_RECEIVED, 60),
    )  # fmt: skip
    panel = stage_visits(log, PANEL)
    assert panel.case.tolist() == [0]
    assert panel.days.tolist() == [21]
    papers = stage_visits(log, PAPERS)
    assert papers.days.tolist() == [70, 990]
    assert papers.cause.tolist() == [1, 0]


def test_papers_ready_before_the_start_take_no_days() -> None:
    papers = [("a", paper, 5) for paper in (v.LEGAL_RECEIVED, v.HEALTH_COMPLETED, v.REPORT_COMPLETED)]
    visits = stage_visits(log_of(*papers, ("a", v.RECOMMENDED, 10)), PAPERS)
    assert visits.days.tolist() == [0]
    assert visits.cause.tolist() == [1]


def test_stop_before_the_start_does_not_count_but_the_next_does() -> None:
    log = log_of(("a", v.AGENCY_DECISION, 5), ("a", v.PANEL, 10), ("a", v.AGENCY_DECISION, 33))
    assert stage_visits(log, DECISION).days.tolist() == [23]


def test_same_day_stop_takes_no_days() -> None:
    log = log_of(("a", v.PANEL, 10), ("a", v.AGENCY_DECISION, 10))
    assert stage_visits(log, DECISION).days.tolist() == [0]


def test_only_the_first_start_counts() -> None:
    log = log_of(("a", v.PANEL, 10), ("a", v.PANEL, 50), ("a", v.AGENCY_DECISION, 60))
    assert stage_visits(log, DECISION).days.tolist() == [50]


def test_case_that_ends_without_the_stop_left_another_way() -> None:
    visits = stage_visits(log_of(("a", v.LODGED, 10), ("a", v.CEASED, 70)), COURT)
    assert (visits.cause.tolist(), visits.days.tolist()) == ([2], [60])
    row = stage_summary(log_of(("a", v.LODGED, 10), ("a", v.CEASED, 70)), [COURT]).iloc[0]
    assert (row["left"], row["reached"], row["open"], row["median_days"]) == (1, 0, 0, 60)
    assert np.isnan(row["naive_median_days"])


def test_already_waiting_when_the_window_begins_enters_late() -> None:
    log = log_of(("a", v.LODGED, -30), ("b", v.LODGED, -50), ("b", v.ADOPTION_ORDER, -1), ("c", v.LODGED, 4))
    visits = stage_visits(log, COURT)
    assert visits.case.tolist() == [0, 2]
    assert visits.entry_delay.tolist() == [30, 0]
    assert visits.days.tolist() == [1030, 996]  # the true start, never the window's
    assert visits.before_window == 1


def test_visit_over_on_the_windows_first_day() -> None:
    rows = [("a", v.LODGED, -5), ("a", v.ADOPTION_ORDER, 0), ("b", v.LODGED, 0), ("b", v.ADOPTION_ORDER, 0)]
    visits = stage_visits(log_of(*rows), COURT)
    assert (visits.case.tolist(), visits.before_window) == ([1], 1)


@pytest.mark.parametrize(
    ("event", "stage", "proves"),
    [
        (v.PANEL, PLANNING, True),
        (v.ADOPTION_ORDER, PLANNING, True),
        (v.LEGAL_REQUESTED, PLANNING, False),  # advice may be asked for before the plan is decided
        (v.HEALTH_REQUESTED, PLANNING, False),
        (v.REVIEW, PLANNING, False),
        (v.CEASED, PLANNING, False),
    ],
)
def test_later_milestone_proves_an_unrecorded_stop(event: str, stage: v.Stage, proves: bool) -> None:
    log = log_of(("a", v.ACCOMMODATED, 10), ("a", event, 50))
    visits = stage_visits(log, stage)
    assert visits.not_recorded == int(proves)
    assert len(visits) == int(not proves)


def test_milestone_before_the_start_proves_nothing() -> None:
    visits = stage_visits(log_of(("a", v.PANEL, 5), ("a", v.ACCOMMODATED, 10)), PLANNING)
    assert (len(visits), visits.not_recorded) == (1, 0)


def test_recording_not_yet_reliable() -> None:
    rows = [("a", v.ACCOMMODATED, 10), ("b", v.ACCOMMODATED, 200), ("c", v.ACCOMMODATED, 201)]
    visits = stage_visits(log_of(*rows, recorded_from={v.RECOMMENDED: 200}), PLANNING)
    assert (visits.case.tolist(), visits.before_reliable) == ([1, 2], 1)
    # A start whose recording was not reliable bends no duration: the visit is used.
    rows = [("a", v.RECOMMENDED, 10), *(("a", paper, 90) for paper in PAPERS.stops)]
    visits = stage_visits(log_of(*rows, recorded_from={v.RECOMMENDED: 200}), PAPERS)
    assert (visits.days.tolist(), visits.before_reliable) == ([80], 0)
    # Reliable from before the window on: the rule does not apply, also not to those already waiting.
    rows = [("a", v.ACCOMMODATED, -300), ("b", v.ACCOMMODATED, 5)]
    visits = stage_visits(log_of(*rows, recorded_from={v.RECOMMENDED: -200}), PLANNING)
    assert (len(visits), visits.before_reliable) == (2, 0)


def test_each_visit_left_out_is_counted_once() -> None:
    rows = [
        ("over", v.ACCOMMODATED, -90), ("over", v.PANEL, -10),
        ("early", v.ACCOMMODATED, 10), ("early", v.PANEL, 90),
        ("unrecorded", v.ACCOMMODATED, 300), ("unrecorded", v.PANEL, 390),
        ("used", v.ACCOMMODATED, 300),
    ]  # fmt: skip
    log = log_of(*rows, recorded_from={v.RECOMMENDED: 200})
    visits = stage_visits(log, PLANNING)
    counts = (len(visits), visits.before_window, visits.before_reliable, visits.not_recorded)
    assert counts == (1, 1, 1, 1)
    assert len(find_visits(log, PLANNING).case) == 4


def test_activities_the_log_lacks() -> None:
    table = stage_summary(log_of(("a", v.BECAME_LOOKED_AFTER, 3)))
    assert table["stage"].tolist() == [stage.name for stage in v.STAGES]
    assert (table["children"] == 0).all()
    assert table[["median_days", "low_days", "share_beyond_limit", "restricted_mean_days"]].isna().all(axis=None)


def test_misspelt_activity_names_the_nearest() -> None:
    stage = replace(DECISION, stops=("Agency decison",))
    with pytest.raises(ValueError, match="did you mean 'Agency decision'"):
        stage_visits(log_of(("a", v.PANEL, 3)), stage)


def test_empty_log() -> None:
    table = stage_summary(log_of())
    assert (len(table), table["children"].sum()) == (6, 0)


def test_everybody_open() -> None:
    rows = [(f"c{i}", v.LODGED, 100 * i) for i in range(5)]
    row = stage_summary(log_of(*rows), [COURT]).iloc[0]
    assert (row["open"], row["children"], row["more_than_days"]) == (5, 5, 1000)
    assert np.isnan(row["median_days"])


def test_all_dates_equal() -> None:
    rows = [(f"c{i}", a, 10) for i in range(8) for a in (v.PANEL, v.AGENCY_DECISION)]
    row = stage_summary(log_of(*rows), [DECISION]).iloc[0]
    assert (row["median_days"], row["low_days"], row["high_days"], row["share_beyond_limit"]) == (0, 0, 0, 0)


def stage_log(seed: int, median: float = 300, cases: int = 400) -> EventLog:
    """Court stages with a known median, seen through a window of two years that begins amid some of them."""
    rng = np.random.default_rng(seed)
    start = np.floor(rng.uniform(-2000, 730, cases))
    stop = start + np.ceil(rng.lognormal(np.log(median), 0.8, cases))
    rows = [(f"c{i:03d}", v.LODGED, int(start[i])) for i in range(cases) if stop[i] >= 0]
    rows += [(f"c{i:03d}", v.ADOPTION_ORDER, int(stop[i])) for i in range(cases) if 0 <= stop[i] <= 730]
    return log_of(*rows, window=(0, 730))


def test_interval_covers_the_truth() -> None:
    tables = pd.concat([stage_summary(stage_log(seed), [COURT]) for seed in range(30)])
    covered = (tables["low_days"] <= 300) & ~(tables["high_days"] < 300)
    assert covered.sum() >= 26
    assert abs(tables["median_days"].mean() / 300 - 1) < 0.05


def test_naive_median_is_far_too_short_for_those_who_began_in_the_window() -> None:
    rows = []
    for seed in range(8):
        log = stage_log(seed, cases=1500)
        began = log.cases.loc[log.cases["start"] >= log.window.start, "case"]
        events = log.events.loc[log.events["case"].isin(began), ["case", "activity", "date"]]
        rows.append(stage_summary(EventLog.of(events, log.window, ranks=RANKS), [COURT]))
    table = pd.concat(rows)
    assert (table["naive_median_days"] < 240).all()
    assert table["median_days"].between(260, 340).all()
    assert ((table["low_days"] <= 300) & (table["high_days"] >= 300)).sum() >= 6


def test_cutting_a_log_earlier_makes_open_what_had_not_ended() -> None:
    whole = stage_log(1)
    cut_day = whole.window.end - pd.Timedelta(days=200)
    events = whole.events[whole.events["date"] <= cut_day]
    cut = EventLog.of(
        events[["case", "activity", "date"]],
        ObservationWindow(whole.window.start, cut_day),
        ranks=RANKS,
        final=[v.CEASED],
    )
    names = whole.cases["case"].to_numpy()
    late, early = stage_visits(whole, COURT), stage_visits(cut, COURT)
    full = pd.DataFrame({"start": late.start, "exit": late.exit}, index=names[late.case])
    part = pd.DataFrame({"start": early.start, "exit": early.exit}, index=cut.cases["case"].to_numpy()[early.case])
    end = cut.arrays.window_end
    expected = full[full["start"] <= end].clip(upper=end)
    pd.testing.assert_frame_equal(part, expected, check_names=False)


def test_a_look_at_the_latest_years_uses_only_the_visits_begun_in_them() -> None:
    # Eight children enter a month apart; the first four leave after 30 days, the later four are still there.
    begun = pd.date_range("2020-01-01", periods=8, freq="MS")
    rows = [(f"c{i}", "in", day) for i, day in enumerate(begun)]
    rows += [(f"c{i}", "out", day + pd.Timedelta(days=30)) for i, day in enumerate(begun[:4])]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    log = EventLog.of(events, ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-12-31")), final=["out"])
    stage = v.Stage("in to out", starts=("in",), stops=("out",))
    whole = stage_summary(log, [stage]).iloc[0]
    late = stage_summary(log, [stage], begun_since=begun[3]).iloc[0]
    assert (whole["children"], whole["open"]) == (8, 4)
    assert (late["children"], late["reached"], late["open"]) == (5, 1, 4)
    assert late["naive_median_days"] == 30  # the one completed visit
    assert np.isnan(late["median_days"])  # four of five are still waiting: the median is not reached


def test_first_last_and_nth_day_of_an_activity() -> None:
    log = log_of(
        ("a", v.REVIEW, 10), ("a", v.REVIEW, 50), ("a", v.REVIEW, 90), ("b", v.REVIEW, 20), ("c", v.PANEL, 5)
    )  # fmt: skip
    start = log.arrays.start + 1.0  # from the day after each first event on
    base = 18262
    assert first_days(log.arrays, (v.REVIEW,), start).tolist() == pytest.approx(
        [50 + base, np.nan, np.nan], nan_ok=True
    )
    until = np.array([60.0 + base, np.nan, np.nan])
    assert last_days(log.arrays, (v.REVIEW,), until).tolist() == pytest.approx(
        [50 + base, 20 + base, np.nan], nan_ok=True
    )
    assert nth_days(log.arrays, (v.REVIEW,), 2, log.arrays.start).tolist() == pytest.approx(
        [50 + base, np.nan, np.nan], nan_ok=True
    )
    assert nth_days(log.arrays, (v.REVIEW,), 1, start).tolist() == pytest.approx(
        [50 + base, np.nan, np.nan], nan_ok=True
    )
