"""The tables of the data-quality report, worked out by hand on a few children and compared on a council."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import EventLog, InputError, derive, load_project
from event_logs import vocabulary as v
from event_logs.data_quality import quality_report, read_history, track, trend
from event_logs.data_quality.completeness import completeness
from event_logs.data_quality.report import quarantine_reasons
from event_logs.data_quality.spread import missing_months, recording_lag, same_day
from event_logs.data_quality.tracking import standing
from event_logs.data_quality.trend import with_earlier
from event_logs.rules import RULES, Facts, apply_rules, remaining
from event_logs.synthetic import Council, generate
from event_logs.window import ObservationWindow
from mining.aims import aims

RELIABLE = {v.RECOMMENDED: pd.Timestamp("2020-07-01")}
WINDOW = ObservationWindow(pd.Timestamp("2020-01-01"), pd.Timestamp("2022-12-31"), RELIABLE)
Extract = tuple[Facts, EventLog, pd.DataFrame, pd.DataFrame]


def facts(steps: list[tuple[str, str, str]], ends: dict[str, str] | None = None) -> Facts:
    cases = sorted({case for case, *_ in steps})
    episodes = pd.DataFrame({"case": cases, "child": cases, "start": pd.Timestamp("2020-01-01"), "locality": "North"})
    episodes["end"] = pd.to_datetime(episodes["case"].map(ends or {}))
    children = pd.DataFrame({"child": cases, "birth": pd.Timestamp("2018-01-01")})
    events = pd.DataFrame(steps, columns=["case", "activity", "date"]).astype({"date": "datetime64[us]"})
    return Facts.of({"children": children, "episodes": episodes, "events": events}, WINDOW)


def test_each_child_of_an_aim_has_one_status() -> None:
    begun = [(case, v.AGENCY_DECISION, "2022-01-01") for case in "ABCDEF"]
    answers = [
        ("A", v.LODGED, "2022-04-23"),  # day 112
        ("B", v.LODGED, "2022-04-24"),  # day 113
        ("C", v.PERMANENCE_ORDER, "2022-06-01"),
        ("G", v.AGENCY_DECISION, "2022-12-01"),
    ]
    found = track(facts([*begun, *answers], {"D": "2022-06-01"}))
    lodging = found[found["aim"] == 4].set_index("case")
    assert lodging["status"].to_dict() == {
        "A": "recorded in time",
        "B": "recorded late",
        "C": "none recorded, but a later step is",
        "D": "episode ended without one",
        "E": "due, none recorded",
        "F": "due, none recorded",
        "G": "not due yet",
    }
    assert lodging.loc["E", "days_over"] == (pd.Timestamp("2022-12-31") - pd.Timestamp("2022-04-23")).days
    assert lodging.loc["B", "days_over"] == 1
    row = standing(found).set_index("aim").loc[4]
    assert (row["children"], row["unrecorded"], row["due_none_recorded"]) == (7, 3, 2)


def test_the_clock_before_reliable_recording_says_nothing() -> None:
    found = track(facts([("A", v.ACCOMMODATED, "2020-06-30"), ("B", v.ACCOMMODATED, "2020-07-01")]))
    assert found["case"].tolist() == ["B"]


def test_completeness_by_year_and_group(tiny_log: EventLog) -> None:
    log = EventLog.of(
        tiny_log.events.drop(columns="rank").query("activity != 'Agency decision'"),
        tiny_log.window,
        cases=tiny_log.cases.assign(locality=["North", "South", None]),
        ranks={name: milestone.rank for name, milestone in v.MILESTONES.items()},
    )
    found = completeness(log, groups=["locality", "team"])
    decision = found[found["activity"] == v.AGENCY_DECISION]
    assert decision[["by", "group", "year", "expected", "recorded"]].to_numpy().tolist() == [
        ["all", "all", 2020, 1, 0],
        ["locality", "North", 2020, 1, 0],
    ]
    recommended = found[(found["activity"] == v.RECOMMENDED) & (found["by"] == "all")]
    assert recommended[["expected", "recorded", "reliable"]].to_numpy().tolist() == [[1, 1, False]]


def test_same_day_pairs(tiny_log: EventLog) -> None:
    found = same_day(tiny_log).set_index(["first", "second"])["pairs"]
    assert found.to_dict() == {
        (v.BECAME_LOOKED_AFTER, v.ACCOMMODATED): 2,
        (v.ADOPTION_ORDER, v.CEASED): 1,
        (v.BECAME_LOOKED_AFTER, v.AT_HOME): 1,
        (v.REVIEW, v.RECOMMENDED): 1,
        (v.REVIEW, v.RETURN_HOME): 1,
        (v.RETURNED_HOME, v.CEASED): 1,
    }


def test_missing_months_are_told_and_a_yearly_pause_is_not() -> None:
    months = pd.period_range("2020-01", "2022-12", freq="M").astype("str")
    gone = {"2021-03", "2021-04"}
    steps = [
        ("A", v.REVIEW, f"{month}-{day:02d}")
        for month in months
        if month not in gone and not month.endswith("-07")  # the panel rests every July
        for day in range(1, 21)
    ]
    (gap,) = missing_months(facts(steps)).to_dict("records")
    assert (gap["first_month"], gap["last_month"], gap["months"]) == ("2021-03", "2021-04", 2)
    assert gap["usual"] == pytest.approx(20 * 31 / 33)
    assert missing_months(facts(steps[::20])).empty  # one a month: two empty months are chance


def test_lag_is_empty_without_entry_dates() -> None:
    assert recording_lag(facts([("A", v.REVIEW, "2020-05-01")])).empty


def test_equal_reasons_fall_together_without_the_record_s_own_words() -> None:
    reasons = ["code: unknown code 'Zoë', the nearest known is 'x'", 'code: unknown code "D\'Arcy"; date: missing date']
    found = quarantine_reasons(pd.DataFrame({"file": "a.csv", "reasons": reasons}))
    assert found.to_numpy().tolist() == [["a.csv", "code: unknown code", 2], ["a.csv", "date: missing date", 1]]


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Extract:
    folder: Path = tmp_path_factory.mktemp("council")
    generate(folder, council=Council.of_size(300), seed=4, mess="swift")
    derivation = derive(load_project(folder))
    assert derivation.facts is not None
    assert derivation.findings is not None
    bundle, _ = remaining(derivation.facts, derivation.findings)
    return bundle, derivation.log, derivation.ledger, derivation.quarantine


def test_the_events_of_the_facts_are_those_of_the_log(
    council: Extract,
) -> None:
    bundle, log, *_ = council
    keys = ["case", "activity", "date"]
    told = bundle.events[keys].drop_duplicates().sort_values(keys, ignore_index=True)
    derived = log.events.assign(activity=log.events["activity"].astype("str"))[keys].drop_duplicates()
    derived = derived[derived["activity"] != v.RETURNED_HOME].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(told, derived)


def test_aims_agree_with_mining(council: Extract) -> None:
    bundle, log, *_ = council
    ours = standing(track(bundle)).set_index("aim")
    theirs = aims(log).set_index("number")
    # Mining leaves out children whose milestone went unrecorded, and takes those from before the window: at most more.
    both = pd.DataFrame({"ours": ours["due_none_recorded"], "theirs": theirs["overdue"]})
    assert (both["ours"] <= both["theirs"]).all()
    assert ours["due_none_recorded"].sum() > 0.8 * theirs["overdue"].sum()
    assert ours["not_due_yet"].tolist() == theirs["open_within"].tolist()


def test_the_report_of_a_council(council: Extract) -> None:
    bundle, log, ledger, quarantine = council
    findings = apply_rules(bundle, RULES)
    report = quality_report(log, bundle, findings, account=(ledger, quarantine))
    again = quality_report(log, bundle, findings, account=(ledger, quarantine))
    for name in report.__dataclass_fields__:
        pd.testing.assert_frame_equal(getattr(report, name), getattr(again, name))
    assert report.first["children"].max() > 0
    assert report.gaps["days"].sum() == findings.of("E82")["days"].sum()
    assert len(report.order) == 14
    assert report.trend.empty


def test_the_trend_compares_the_last_two_extracts(council: Extract, tmp_path: Path) -> None:
    bundle, log, ledger, quarantine = council
    report = quality_report(log, bundle, apply_rules(bundle, RULES), account=(ledger, quarantine))
    earlier = report.history.assign(extraction_date="2023-07-31")
    earlier = earlier[earlier["measure"] != "rule E82"].copy()
    earlier.loc[earlier["measure"] == "aim 4", "count"] += 10
    path = tmp_path / "data_quality_history.csv"
    earlier.to_csv(path, index=False)
    kept = quality_report(
        log, bundle, apply_rules(bundle, RULES), account=(ledger, quarantine), earlier=read_history(path)
    )
    changed = kept.trend[kept.trend["change"] != 0].set_index("measure")["change"]
    assert changed.to_dict() == {"aim 4": -10, "rule E82": len(report.gaps)}
    assert kept.trend["earlier_date"].unique().tolist() == ["2023-07-31"]
    assert len(with_earlier(report.history, report.history)) == len(report.history)  # the same extract again
    assert trend(report.history).empty


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "extraction_date,measure,what,count,out_of\nsoon,x,x,1,2\n"])
def test_another_file_is_no_history(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"data_quality_history\.csv"):
        read_history(path)
    with pytest.raises(InputError, match="does not exist"):
        read_history(tmp_path / "none.csv")


def test_spikes_of_one_step_hidden_among_others() -> None:
    random = np.random.default_rng(2)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.sort(random.integers(0, 1000, 3000)), "D")
    steps = [("A", v.REVIEW, str(day.date())) for day in days]
    steps += [("A", v.PANEL, str(day.date())) for day in days[::30]] + [("A", v.PANEL, "2021-04-01")] * 25
    bundle = facts(steps)
    report_days = quality_spikes(bundle)
    assert report_days == [("any step", "2021-04-01", 31), (v.PANEL, "2021-04-01", 25)]


def quality_spikes(bundle: Facts) -> list[tuple[str, str, int]]:
    from event_logs.rules.spread import spikes

    found = spikes(bundle)
    return [(row["activity"], str(row["date"].date()), row["events"]) for row in found.to_dict("records")]
