"""Points from a log: periods and cohorts by hand, and what a cleared backlog does to either kind of chart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.log import EventLog, from_days
from event_logs.window import ObservationWindow
from mining.charts import completion_series, entry_cohort_series, run_chart
from mining.charts.points import COHORT_COLUMNS, COMPLETION_COLUMNS, completed_durations

RANKS = {activity: milestone.rank for activity, milestone in v.MILESTONES.items()}
LODGING, AIM = v.STAGES[4], v.AIMS[3]  # agency decision to application lodged: the clock of aim 4
BASE = 18262  # 1 January 2020


def log_of(
    rows: Sequence[tuple[str, str, str]],
    *,
    window: tuple[str, str] = ("2020-01-01", "2021-12-31"),
    **attributes: dict[str, str],
) -> EventLog:
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = pd.to_datetime(events["date"])
    events = events[events["date"] <= window[1]]  # what lay ahead at the extraction date
    log = EventLog.of(
        events, ObservationWindow(pd.Timestamp(window[0]), pd.Timestamp(window[1])), ranks=RANKS, final=[v.CEASED]
    )
    cases = log.cases.assign(**{name: log.cases["case"].map(values) for name, values in attributes.items()})
    return EventLog(log.events, cases, log.window)


def visit(case: str, start: str, stop: str | None = None, left: str | None = None) -> list[tuple[str, str, str]]:
    rows = [(case, v.AGENCY_DECISION, start)]
    rows += [(case, v.LODGED, stop)] if stop else []
    return rows + ([(case, v.CEASED, left)] if left else [])


ROWS = [
    *visit("a", "2020-01-10", "2020-02-09"),  # 30 days
    *visit("b", "2020-01-20", "2020-02-29"),  # 40
    *visit("c", "2020-02-01", "2020-04-01"),  # 60, nobody finishes in March
    *visit("d", "2020-04-30", left="2020-06-30"),  # leaves without the stop
    *visit("e", "2020-05-01"),  # waits to this day
]


def test_completions_by_month() -> None:
    frame = completion_series(log_of(ROWS, window=("2020-01-01", "2020-05-20")), LODGING)
    assert tuple(frame.columns) == COMPLETION_COLUMNS
    assert frame["label"].tolist() == ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"]
    assert frame["n"].tolist() == [0, 2, 0, 1, 0]
    assert frame["value"].tolist() == pytest.approx([np.nan, 35, np.nan, 60, np.nan], nan_ok=True)
    assert frame["complete"].tolist() == [True] * 4 + [False]
    assert frame["reason"].iloc[-1] == "the period was not over at the extraction date"
    assert (frame["start"].iloc[1], frame["end"].iloc[1]) == (pd.Timestamp("2020-02-01"), pd.Timestamp("2020-02-29"))


@pytest.mark.parametrize(
    ("statistic", "values"),
    [
        ("mean", [35, 60, np.nan, np.nan]),
        ("count", [2, 1, 0, 0]),
        ("share within limit", [1, 1, np.nan, np.nan]),
    ],
)
def test_other_statistics_and_periods(statistic: str, values: list[float]) -> None:
    log = log_of(ROWS, window=("2020-01-01", "2020-12-31"))
    frame = completion_series(log, LODGING, period="quarter", statistic=statistic)  # type: ignore[arg-type]
    assert frame["label"].tolist() == ["2020 Q1", "2020 Q2", "2020 Q3", "2020 Q4"]
    assert frame["value"].tolist() == pytest.approx(values, nan_ok=True)
    assert completion_series(log, LODGING, period="year")["label"].tolist() == ["2020"]


def test_a_window_that_starts_within_a_period() -> None:
    log = log_of(ROWS, window=("2020-02-10", "2020-05-31"))
    frame = completion_series(log, LODGING)
    # a had finished on the 9th, before recording began; b's true start is known.
    assert frame["n"].tolist() == [1, 0, 1, 0]
    assert frame["value"].iloc[0] == 40
    assert frame["reason"].tolist()[:2] == ["recording began within the period", ""]


def test_completions_while_starts_were_not_yet_recorded_are_marked() -> None:
    """Recommendations recorded from 2020: those who began earlier are missing, so only short waits are seen."""
    stage = v.Stage("x", starts=(v.RECOMMENDED,), stops=(v.PANEL,))
    rows: list[tuple[str, str, str]] = []
    for number in range(24):
        start = pd.Timestamp("2020-01-05") + pd.DateOffset(months=number)
        rows += [(f"c{number}", v.RECOMMENDED, f"{start:%Y-%m-%d}")]
        rows += [(f"c{number}", v.PANEL, f"{start + pd.Timedelta(days=100):%Y-%m-%d}")]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"]).assign(date=lambda t: pd.to_datetime(t["date"]))
    reliable = {v.RECOMMENDED: pd.Timestamp("2020-01-01")}
    window = ObservationWindow(pd.Timestamp("2019-01-01"), pd.Timestamp("2022-12-31"), reliable)
    frame = completion_series(EventLog.of(events, window, ranks=RANKS), stage)
    marked = frame.loc[frame["reason"].str.startswith("children who began"), "label"]
    # Nobody takes longer than 100 days, so from 11 April 2020 on everybody is there: May is the first whole month.
    assert marked.tolist()[-1] == "2020-04"
    assert frame.set_index("label").loc["2020-05":"2022-03", "complete"].all()


def test_entry_cohorts_by_hand() -> None:
    frame = entry_cohort_series(log_of(ROWS, window=("2020-01-01", "2020-07-10")), AIM, horizon_days=45, period="month")
    assert tuple(frame.columns) == COHORT_COLUMNS
    table = frame.set_index("label")
    assert table["n"].tolist() == [2, 1, 0, 1, 1, 0, 0]
    assert table["reached"].tolist() == [2, 0, 0, 0, 0, 0, 0]
    assert table["value"].tolist() == pytest.approx([1, 0, np.nan, 0, 0, np.nan, np.nan], nan_ok=True)
    assert table["complete"].tolist() == [True] * 6 + [False]  # July is not over


def test_a_cohort_is_complete_when_its_last_child_has_had_the_horizon() -> None:
    rows = [*visit("a", "2020-01-10", "2020-01-30"), *visit("b", "2020-01-20"), *visit("c", "2020-01-31")]
    for end, complete in (("2020-03-15", False), ("2020-03-16", True)):  # 45 days after 31 January
        frame = entry_cohort_series(log_of(rows, window=("2020-01-01", end)), AIM, horizon_days=45, period="month")
        assert bool(frame["complete"].iloc[0]) is complete
        assert frame["reason"].iloc[0] == ("" if complete else "complete on 2020-03-16")
        # b had the horizon at the earlier date too, so the share can be estimated: nobody after a reached the stop.
        assert frame["value"].iloc[0] == pytest.approx(1 / 3)


def test_an_incomplete_cohort_counts_the_waiting_as_far_as_they_were_seen() -> None:
    rows = [*visit("a", "2020-01-01", "2020-01-11"), *visit("b", "2020-01-01", "2020-02-20"), *visit("c", "2020-01-25")]
    frame = entry_cohort_series(log_of(rows, window=("2020-01-01", "2020-02-25")), AIM, horizon_days=52, period="month")
    first = frame.iloc[0]
    # By hand: 1 of 3 by day 10; c is last seen on day 31; then the only one at risk reaches the stop on day 50.
    assert (first["reached"], first["complete"]) == (2, False)
    assert first["value"] == pytest.approx(1 / 3 + 2 / 3)
    early = entry_cohort_series(log_of(rows, window=("2020-01-01", "2020-02-25")), AIM, horizon_days=60, period="month")
    assert np.isnan(early["value"].iloc[0]) or early["value"].iloc[0] == 1


def test_children_who_began_before_recording_are_no_cohort() -> None:
    """Only those still waiting then are in the log: a cohort of the slow."""
    log = log_of(ROWS, window=("2020-02-15", "2020-12-31"))
    frame = entry_cohort_series(log, LODGING, horizon_days=45, period="month")
    assert frame["label"].iloc[0] == "2020-02"
    assert frame["n"].tolist()[:4] == [0, 0, 1, 1]


def test_the_limit_is_the_default_horizon() -> None:
    log = log_of(ROWS)
    default = entry_cohort_series(log, LODGING)
    assert default.equals(entry_cohort_series(log, LODGING, horizon_days=112))
    with pytest.raises(ValueError, match="horizon_days must be given and positive for 'Court"):
        entry_cohort_series(log, v.STAGES[5])
    with pytest.raises(ValueError, match="got 0"):
        entry_cohort_series(log, LODGING, horizon_days=0)
    with pytest.raises(ValueError, match="needs a stage with a limit"):
        completion_series(log, v.STAGES[5], statistic="share within limit")


def test_by_locality() -> None:
    log = log_of(ROWS, locality={"a": "North", "b": "South", "c": "North", "d": "South"})
    frame = completion_series(log, LODGING, period="quarter", by="locality")
    assert frame["group"].unique().tolist() == ["North", "South", "not recorded"]
    assert frame.groupby("group")["label"].nunique().tolist() == [8, 8, 8]
    assert frame.groupby("group")["n"].sum().tolist() == [2, 1, 0]
    whole = completion_series(log, LODGING, period="quarter")
    assert frame.groupby("label")["n"].sum().tolist() == whole["n"].tolist()
    cohorts = entry_cohort_series(log, AIM, by="locality")
    assert cohorts.groupby("group")["n"].sum().tolist() == [2, 2, 1]
    chart = run_chart(cohorts[cohorts["group"] == "North"])
    assert chart.points.labels[0] == "2020 Q1"
    with pytest.raises(ValueError, match="did you mean 'locality'"):
        completion_series(log, LODGING, by="localty")


def test_wrong_period_and_activity() -> None:
    log = log_of(ROWS)
    with pytest.raises(ValueError, match="period must be one of month, quarter, year, got 'week'"):
        completion_series(log, LODGING, period="week")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="did you mean 'Application lodged'"):
        completion_series(log, v.Stage("x", starts=(v.AGENCY_DECISION,), stops=("Application lodgd",)))


def test_nothing_there() -> None:
    empty = EventLog.of(
        pd.DataFrame({"case": [], "activity": [], "date": []}),
        ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-12-31")),
    )
    for frame in (completion_series(empty, LODGING), entry_cohort_series(empty, AIM)):
        assert frame.empty
        assert run_chart(frame).notes == ("There are no points to plot",)
    all_open = log_of([*visit("a", "2021-12-01"), *visit("b", "2021-12-05")])
    assert completion_series(all_open, LODGING).empty
    chart = run_chart(entry_cohort_series(all_open, AIM))
    assert chart.notes == ("All points are missing",)


def test_durations_in_the_order_in_which_children_finish() -> None:
    table = completed_durations(log_of(ROWS), LODGING)
    assert table["case"].tolist() == ["a", "b", "c"]
    assert table["days"].tolist() == [30, 40, 60]
    assert table["end"].is_monotonic_increasing


# --- what to plot for a long process: methods 6.5 ------------------------------------------------------------------


def council(*, blitz: bool = False, change: float = 1.0, per_quarter: int = 1500) -> EventLog:
    """Eight years of children; durations lognormal, median 200 days, sigma 0.8; day 0 is 1 January 2022.

    With `blitz` everybody who has waited 26 weeks on that day is dealt with in the quarter that follows. With `change`
    the durations of children who enter from that day on are multiplied by it.
    """
    generator = np.random.default_rng(2022)
    n = per_quarter * 32
    start = np.floor(generator.uniform(-1461, 1461, n))
    days = np.exp(np.log(200) + 0.8 * generator.standard_normal(n))
    dealt_with = generator.uniform(0, 90, n)
    days = np.where(start >= 0, days * change, days)
    stop = np.floor(start + days)
    if blitz:
        backlog = (start <= -182) & (stop > 90)
        stop = np.where(backlog, np.floor(dealt_with), stop)
    start, stop = start + 18993, stop + 18993
    end = 18993 + 1095
    case = np.array([f"c{number:05d}" for number in range(n)])
    entered, done = start <= end, (start <= end) & (stop <= end)
    events = pd.DataFrame(
        {
            "case": np.concatenate([case[entered], case[done]]),
            "activity": np.repeat([v.AGENCY_DECISION, v.LODGED], [entered.sum(), done.sum()]),
            "date": from_days(np.concatenate([start[entered], stop[done]])),
        }
    )
    window = ObservationWindow(pd.Timestamp("2018-01-01"), pd.Timestamp("2024-12-31"))
    return EventLog.of(events, window, ranks=RANKS)


def by_completion(log: EventLog) -> pd.Series[float]:
    return completion_series(log, LODGING, period="quarter").set_index("label")["value"]


def by_entry(log: EventLog) -> pd.Series[float]:
    frame = entry_cohort_series(log, LODGING, horizon_days=84)
    return frame[frame["complete"]].set_index("label")["value"]


def test_a_cleared_backlog_misleads_by_completion_and_not_by_entry_cohort() -> None:
    """No child who enters has a different journey, yet the completion chart says worse, then better."""
    usual, blitz = council(), council(blitz=True)
    before, after = by_completion(usual)["2021 Q1":"2021 Q4"].mean(), by_completion(blitz)
    assert before == pytest.approx(197, abs=8)
    assert after["2022 Q1"] > 1.5 * before  # "much worse"
    assert after["2022 Q2"] < 0.92 * before  # "then better"
    assert after["2024 Q3":"2024 Q4"].mean() == pytest.approx(before, rel=0.04)
    # By entry cohort nothing happens, not even by chance: those dealt with had all been past the horizon.
    pd.testing.assert_series_equal(by_entry(usual), by_entry(blitz))
    assert by_entry(blitz).mean() == pytest.approx(0.14, abs=0.01)


def test_a_real_change_shows_in_the_first_cohort_and_takes_long_by_completion() -> None:
    usual, changed = council(), council(change=0.7)
    share = by_entry(changed)
    assert share["2021 Q1":"2021 Q4"].to_numpy() == pytest.approx(0.14, abs=0.02)
    assert share["2022 Q1":"2023 Q4"].to_numpy() == pytest.approx(0.26, abs=0.035)
    assert share["2022 Q1"] > share["2020 Q1":"2021 Q4"].max()
    late = by_completion(changed)
    # The true median is 140 from the first day; published: 188, 166, 153 and 146 in quarters 0, 2, 4 and 7.
    found = late[["2022 Q1", "2022 Q3", "2023 Q1", "2023 Q4"]].to_numpy()
    assert found == pytest.approx([188, 166, 153, 146], abs=9)
    assert by_completion(usual)["2022 Q1"] > late["2022 Q1"]


def test_rows_in_another_order_change_nothing() -> None:
    log = log_of(ROWS)
    mixed = log_of(ROWS[::-1])
    pd.testing.assert_frame_equal(completion_series(log, LODGING), completion_series(mixed, LODGING))
    pd.testing.assert_frame_equal(entry_cohort_series(log, AIM), entry_cohort_series(mixed, AIM))


def test_the_tiny_log(tiny_log: EventLog) -> None:
    """Child A: decision on 11 September, application on 20 December 2020: 100 days."""
    frame = completion_series(tiny_log, LODGING)
    assert frame.loc[frame["n"] > 0, ["label", "value"]].to_numpy().tolist() == [["2020-12", 100.0]]
    cohort = entry_cohort_series(tiny_log, AIM)
    assert cohort.loc[cohort["n"] > 0, ["label", "reached", "value"]].to_numpy().tolist() == [["2020 Q3", 1, 1.0]]
