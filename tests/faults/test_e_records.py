"""Faults 79 to 94: records and logic, each with the treatment it must get."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.rules import Policy, resolve
from faults.e_council import ONE_CHILD, council, count, facts, found, lines
from faults.registry import fault


@fault(79)
def test_79_end_before_start_is_quarantined(tmp_path: Path) -> None:
    derivation, _ = council(tmp_path, placements="E2,Foster carer,2021-05-01,2021-04-01\n")
    (row,) = derivation.quarantine.to_dict("records")
    assert row["reasons"] == "end before start: end_date is before start_date"
    findings = found(placements=[("E1", "Foster carer", "2021-05-01", "2021-04-01")])
    assert findings.quarantined["reasons"].tolist() == ["end before start: end is before start"]
    assert findings.of("E79")["days"].tolist() == [30]


@fault(80)
def test_80_a_placement_of_no_days_is_kept_and_comes_first(tmp_path: Path) -> None:
    moves = "E2,Foster carer,2021-02-01,2021-02-01\nE2,At home with parents,2021-02-01,2021-03-01\n"
    derivation, findings = council(tmp_path, placements=moves)
    assert count(derivation, "placements.csv", "used") == 4
    assert lines(findings, "E80") == [("placements.csv", 4)]
    assert findings.of("E80")["severity"].tolist() == ["F"]
    assert findings.quarantined.empty
    # Foster carer and home on one day: the placement that ended that day came first, so the child went home from it.
    (home,) = derivation.log.events.loc[derivation.log.events["activity"] == v.RETURNED_HOME, "date"]
    assert home == pd.Timestamp("2021-02-01")


OVERLAPPING = [("E1", "Foster carer", "2020-03-01", "2020-05-01"), ("E1", "Kinship carer", "2020-04-01", "2020-06-01")]


@fault(81)
def test_81_overlapping_placements_stay_and_the_overlap_is_measured() -> None:
    from event_logs.rules.overlaps import overlap_matrix

    bundle = facts(placements=OVERLAPPING)
    findings = found(placements=OVERLAPPING)
    assert findings.of("E81")[["line", "other_line", "days"]].to_numpy().tolist() == [[3, 2, 30]]
    assert findings.ignored.empty
    assert findings.quarantined.empty
    matrix = overlap_matrix(bundle)
    assert matrix.to_numpy().tolist() == [["Foster carer", "Kinship carer", 1, 30]]


@fault(81)
@pytest.mark.parametrize(
    ("by", "primary", "days"),
    [
        ("last", (), [31, 61]),
        ("primary", ("Foster carer",), [61, 31]),
        ("primary", ("Kinship carer",), [31, 61]),
        ("primary", (), [61, 31]),
        ("shared", (), [46, 46]),
    ],
)
def test_81_the_user_chooses_whose_the_shared_days_are(by: str, primary: tuple[str, ...], days: list[int]) -> None:
    pieces = resolve(facts(placements=OVERLAPPING), by, primary=primary)  # type: ignore[arg-type]
    length = (pieces["end"] - pieces["start"]) * pieces["weight"]
    assert length.groupby(pieces["placement"]).sum().tolist() == days  # 92 days in all, however they are shared


@fault(82)
def test_82_a_gap_while_looked_after_is_told_with_its_days() -> None:
    placements = [
        ("E1", "Foster carer", "2020-03-11", "2020-05-01"),
        ("E1", "Kinship carer", "2020-05-31", "2022-12-01"),
    ]
    findings = found(placements=placements)
    assert findings.of("E82")["days"].tolist() == [10, 30, 30]
    assert set(findings.of("E82")["severity"]) == {"W"}
    next_day = [("E1", "Foster carer", "2020-03-01", "2020-05-01"), ("E1", "Kinship carer", "2020-05-02", None)]
    assert found(placements=next_day).of("E82").empty


@fault(83)
def test_83_a_placement_outside_episode_or_order_is_told() -> None:
    episodes = [("E1", "C1", "2020-03-01", "2021-03-01")]
    outside = [("E1", "Foster carer", "2020-02-20", "2020-12-31"), ("E1", "Kinship carer", "2020-12-31", None)]
    orders = [("E1", "CSO", "2020-02-01", "2020-06-30"), ("E1", "CSO", "2020-06-30", "2021-01-30")]  # from before, too
    findings = found(episodes=episodes, placements=outside, legal_statuses=orders)
    assert lines(findings, "E83") == [("legal_statuses.csv", 2), ("placements.csv", 2), ("placements.csv", 3)]
    assert findings.of("E83")["days"].tolist() == [10, 670, 29]
    assert findings.of("E83.1")[["line", "days"]].to_numpy().tolist() == [[3, 700]]
    assert set(findings.of("E83")["severity"]) | set(findings.of("E83.1")["severity"]) == {"W"}


@fault(84)
def test_84_an_event_before_birth_is_quarantined(tmp_path: Path) -> None:
    derivation, _ = council(tmp_path, milestones="E1,Agency decision,2016-02-28\n")
    assert derivation.quarantine["reasons"].tolist() == ["date: before the child's birth"]
    findings = found(milestones=[("E1", v.PANEL, "2016-02-28"), ("E1", v.PANEL, "2016-02-29")])
    assert lines(findings, "E84") == [("milestones.csv", 2)]
    assert findings.quarantined["reasons"].tolist() == ["date: before the child's birth"]


@fault(85)
def test_85_an_unborn_baby_is_allowed_by_a_named_rule() -> None:
    unborn = [("C1", "2023-02-01", None, None), ("C2", None, None, None), ("C3", "2024-02-01", None, None)]
    episodes = [(f"E{n}", f"C{n}", "2022-12-01", None) for n in (1, 2, 3)]
    findings = found(children=unborn, episodes=episodes)
    assert lines(findings, "E85") == [("children.csv", 2), ("children.csv", 3), ("episodes.csv", 2)]
    assert set(findings.of("E85")["severity"]) == {"F"}
    # Only the child whose birth lies further ahead than a pregnancy lasts is set aside, and its episode with it.
    assert findings.quarantined[["file", "line"]].to_numpy().tolist() == [["children.csv", 4], ["episodes.csv", 4]]
    registered = [("E1", "Pre-birth registration", "2016-01-10"), ("E1", v.PANEL, "2016-01-10")]
    policy = Policy(unborn_activities=("Pre-birth registration",))
    born_since = found(policy, milestones=registered)
    assert lines(born_since, "E84") == [("milestones.csv", 3)]
    assert ("milestones.csv", 2) in lines(born_since, "E85")


@fault(85)
def test_85_a_council_with_children_registered_unborn(tmp_path: Path) -> None:
    born = "C3,2023-02-01,,F3\nC4,,,F4\nC5,2024-02-01,,F5\n"
    episodes = "E3,C3,2022-12-01,\nE4,C4,2022-12-01,\nE5,C5,2022-12-01,\n"
    derivation, findings = council(tmp_path, children=born, episodes=episodes)
    assert {"E3", "E4"} < set(derivation.log.cases["case"])
    assert derivation.quarantine[["file", "row"]].to_numpy().tolist() == [["children.csv", 6], ["episodes.csv", 6]]
    assert ("children.csv", 4) in lines(findings, "E85")
    assert ("children.csv", 5) in lines(findings, "E85")
    bands = derivation.log.cases.set_index("case")["age_band"]
    assert bands["E3"] == "before birth"
    assert pd.isna(bands["E4"])


@fault(86)
def test_86_a_council_that_names_the_date_of_death(tmp_path: Path) -> None:
    children = "child_id,date_of_birth,sex,family_id,died\nC1,2016-02-29,Female,F1,2020-10-05\nC2,2010-06-10,Male,F2,\n"
    derivation, _ = council(tmp_path, replaced={"children": (children, 'died = "died"\n')})
    assert derivation.quarantine[["file", "row", "reasons"]].to_numpy().tolist() == [
        ["milestones.csv", 3, "date: after the child's death"]
    ]


@fault(86)
def test_86_after_death_or_age_26_is_quarantined_after_adoption_told() -> None:
    children = pd.DataFrame(
        {"child": ["C1", "C2"], "birth": ["2016-02-29", "1994-05-05"], "died": ["2021-01-01", None]}
    )
    episodes = [("E1", "C1", "2020-03-01", None), ("E2", "C2", "2010-03-01", None)]
    steps = [("E1", v.PANEL, "2021-01-02"), ("E1", v.PANEL, "2021-01-01"), ("E2", v.PANEL, "2020-05-05")]
    findings = found(children=children, episodes=episodes, milestones=[*steps, ("E2", v.LODGED, "2020-05-04")])
    assert findings.quarantined[["line", "reasons"]].to_numpy().tolist() == [
        [2, "date: after the child's death"],
        [4, "date: the child was 26 or older"],
    ]
    adopted = [("E1", v.ADOPTION_ORDER, "2021-06-01"), ("E1", v.PANEL, "2021-06-11"), ("E1", v.LODGED, "2021-05-01")]
    told = found(milestones=adopted)
    assert told.of("E86.2")[["line", "other_line", "days"]].to_numpy().tolist() == [[3, 2, 10]]
    assert told.quarantined.empty


@fault(87)
def test_87_over_18_is_allowed_by_code_else_told() -> None:
    children = [("C1", "2002-05-05", "Male", None)]
    placements = [
        ("E1", "Foster carer", "2020-03-01", "2020-05-05"),
        ("E1", "Foster carer", "2020-05-05", "2020-05-25"),
        ("E1", "Continuing care", "2020-05-25", None),
    ]
    findings = found(children=children, placements=placements)
    assert findings.of("E87")[["line", "days", "severity"]].to_numpy().tolist() == [[3, 20, "W"]]


@fault(88)
def test_88_two_open_placements_or_none() -> None:
    episodes = [
        ("E1", "C1", "2020-03-01", None),
        ("E2", "C1", "2022-03-01", None),
        ("E3", "C1", "2018-03-01", "2019-03-01"),
    ]
    placements = [
        ("E1", "Foster carer", "2020-03-01", None),
        ("E1", "Kinship carer", "2020-06-01", None),
        ("E2", "Kinship carer", "2022-03-01", "2022-06-01"),
    ]
    findings = found(episodes=episodes, placements=placements)
    assert lines(findings, "E88") == [("placements.csv", 2), ("placements.csv", 3)]
    assert lines(findings, "E88.1") == [("episodes.csv", 3)]
    assert found(episodes=episodes).of("E88.1").empty  # no table of placements was given


@fault(89)
def test_89_impossible_order_is_a_list_and_nothing_is_deleted(tmp_path: Path) -> None:
    derivation, findings = council(
        tmp_path, milestones="E1,Agency decision,2020-10-01\nE2,Agency decision,2021-06-01\n"
    )
    wrong = findings.rows[findings.rows["reason"] == "Agency decision is dated before Permanence panel."]
    assert wrong[["file", "line", "other_line", "days", "severity"]].to_numpy().tolist() == [
        ["milestones.csv", 4, 3, 5, "W"]
    ]
    missing = findings.rows[findings.rows["reason"] == "Agency decision is on record but Permanence panel is not."]
    assert missing["line"].tolist() == [5]
    assert derivation.log.events["activity"].eq(v.AGENCY_DECISION).sum() == 2
    early = found(reviews=[("E1", "2020-02-01", None)])
    assert early.of("E89.1")[["file", "line", "days"]].to_numpy().tolist() == [["reviews.csv", 2, 29]]


@fault(90)
def test_90_unknown_child_is_quarantined_and_a_child_without_episode_told(tmp_path: Path) -> None:
    derivation, findings = council(
        tmp_path,
        placements="E9,Foster carer,2021-05-01,\n",
        children="C3,2012-01-01,Male,F9\n",
        episodes="E4,C8,2021-01-01,\n",
    )
    assert derivation.quarantine[["file", "reasons"]].to_numpy().tolist() == [
        ["episodes.csv", "child_id: unknown child, not in children.csv"],
        ["placements.csv", "episode_id: unknown episode, not in episodes.csv"],
    ]
    assert lines(findings, "E90.1") == [("children.csv", 4)]
    assert findings.of("E90.1")["severity"].tolist() == ["W"]
    both_ways = found(
        episodes=[("E1", "C9", "2020-03-01", None)], placements=[("E7", "Foster carer", "2020-03-01", None)]
    )
    assert both_ways.quarantined["reasons"].tolist() == [
        "child: unknown child, not in children.csv",
        "case: unknown episode, not in episodes.csv",
    ]
    assert lines(both_ways, "E90.1") == [("children.csv", 2)]


@fault(91)
def test_91_histories_at_the_edges_are_flagged_and_stay(tmp_path: Path) -> None:
    derivation, findings = council(tmp_path, episodes="E5,C2,2018-05-01,2019-05-01\n")
    assert lines(findings, "E91") == [("episodes.csv", 4)]
    assert lines(findings, "E91.1") == [("episodes.csv", 2)]
    assert {*findings.of("E91")["severity"], *findings.of("E91.1")["severity"]} == {"F"}
    cases = derivation.log.cases.set_index("case")
    assert cases.loc["E5", "start"] < derivation.log.window.start
    assert pd.isna(cases.loc["E1", "end"])
    assert any("began before recording did" in note for note in derivation.notes)


@fault(92)
def test_92_a_migration_day_is_told() -> None:
    days = pd.date_range("2019-01-01", periods=300)
    steady = [("E1", v.PANEL, day) for day in days for _ in range(2)]
    migrated = [("E1", v.PANEL, pd.Timestamp("2020-04-01"))] * 21
    findings = found(events=[*steady, *migrated])
    assert findings.of("E92")["line"].tolist() == list(range(602, 623))
    assert found(events=[*steady, *migrated[:20]]).of("E92").empty  # ten times is not more than ten times


@fault(93)
def test_93_late_entry_is_told_with_its_lag() -> None:
    milestones = pd.DataFrame(
        {
            "case": ["E1"] * 3,
            "activity": [v.RECOMMENDED, v.PANEL, v.AGENCY_DECISION],
            "date": ["2020-04-01", "2020-06-01", "2020-07-01"],
            "entered": ["2020-07-01", "2021-06-01", "2020-06-30"],
        }
    )
    bundle = facts(milestones=milestones)
    findings = found(milestones=milestones)
    assert findings.of("E93")[["line", "days"]].to_numpy().tolist() == [[2, 91], [3, 365]]
    assert findings.of("E93.1")[["line", "days"]].to_numpy().tolist() == [[4, 1]]
    from event_logs.data_quality.spread import recording_lag

    assert recording_lag(bundle).set_index("activity")["median_days"].to_dict() == {
        v.AGENCY_DECISION: -1,
        v.PANEL: 365,
        v.RECOMMENDED: 91,
    }


@fault(93)
def test_93_a_council_that_names_the_day_of_entry(tmp_path: Path) -> None:
    steps = "episode_id,milestone,date,typed\nE1,Permanence recommended,2020-07-09,2020-07-10\n"
    steps += "E1,Permanence panel,2020-10-06,2021-10-06\n"
    derivation, findings = council(tmp_path, replaced={"milestones": (steps, 'entered = "typed"\n')})
    assert lines(findings, "E93") == [("milestones.csv", 3)]
    assert derivation.facts is not None
    from event_logs.data_quality.spread import recording_lag

    assert recording_lag(derivation.facts).set_index("activity")["median_days"].to_dict() == {
        v.RECOMMENDED: 1,
        v.PANEL: 365,
    }


@fault(94)
def test_94_a_child_with_5000_events_and_one_team_with_90_percent() -> None:
    random = np.random.default_rng(7)
    cases = [f"E{n}" for n in range(2_000)]
    episodes = pd.DataFrame({"case": cases, "child": "C1", "start": "2020-03-01", "end": None})
    episodes["team"] = np.where(random.random(2_000) < 0.9, "North", "South")
    busy = pd.DataFrame(
        {"case": "E7", "date": pd.Timestamp("2020-03-01") + pd.to_timedelta(np.arange(5_000) % 900, "D")}
    )
    usual = pd.DataFrame({"case": cases * 4, "date": pd.Timestamp("2021-03-01")})
    placements = busy.rename(columns={"date": "start"}).assign(type="Foster carer", end=None)  # all open, all overlap
    begun = time.process_time()
    findings = found(
        children=ONE_CHILD,
        episodes=episodes,
        reviews=pd.concat([busy, usual], ignore_index=True),
        placements=placements,
    )
    assert time.process_time() - begun < 10
    assert findings.of("E94")["case"].tolist() == ["E7"]
    assert set(findings.of("E94.1")["line"]) == set(np.flatnonzero(episodes["team"] == "North") + 2)
    assert findings.of("E81")["case"].unique().tolist() == ["E7"]
