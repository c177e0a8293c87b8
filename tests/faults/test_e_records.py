"""Faults 71 to 94: records and logic, each with the treatment it must get."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from event_logs import InputError
from event_logs import vocabulary as v
from event_logs.rules import Policy, resolve
from faults.e_council import ONE_CHILD, ONE_EPISODE, council, count, facts, found, lines
from faults.registry import fault


@fault(71)
def test_71_exact_duplicate_is_kept_once_by_a_named_rule(tmp_path: Path) -> None:
    derivation, _ = council(tmp_path, milestones="E1,Permanence panel,2020-10-06\n")
    assert count(derivation, "milestones.csv", "exact duplicate") == 1
    assert derivation.log.events["activity"].eq(v.PANEL).sum() == 1
    findings = found(milestones=[("E1", v.PANEL, "2020-10-06")] * 3)
    assert lines(findings, "E71") == [("milestones.csv", 3), ("milestones.csv", 4)]
    assert findings.ignored["rule"].unique().tolist() == ["exact duplicate"]


@fault(71)
def test_71_a_record_told_again_beside_its_notes_is_left_out_by_name(tmp_path: Path) -> None:
    noted = {"milestones": ("episode_id,milestone,date,note\nE1,Permanence panel,2020-10-06,first\n", "")}
    again = "E1,Permanence panel,2020-10-06,typed twice\n"
    derivation, _ = council(tmp_path, replaced=noted, milestones=again)
    assert count(derivation, "milestones.csv", "exact duplicate") == 1
    assert derivation.log.events["activity"].eq(v.PANEL).sum() == 1
    assert derivation.quarantine.empty


@fault(72)
def test_72_near_duplicates_are_a_list_of_pairs_and_both_are_kept(tmp_path: Path) -> None:
    derivation, findings = council(tmp_path, milestones="E1,Permanence panel,2020-10-07\n")
    assert derivation.log.events["activity"].eq(v.PANEL).sum() == 2
    pair = findings.of("E72.1").iloc[0]
    assert (pair["line"], pair["other_line"], pair["days"]) == (4, 3, 1)
    one_field = found(
        placements=[("E1", "Foster carer", "2020-03-01", "2020-05-01"), ("E1", "Foster carer", "2020-03-01", None)]
    )
    assert one_field.of("E72")[["line", "other_line"]].to_numpy().tolist() == [[3, 2]]
    spelled = found(children=[("C-1", "2016-02-29", "F", "F1"), ("c1 ", "2016-02-29", "F", "F1")])
    assert spelled.of("E72.2")[["line", "other_line"]].to_numpy().tolist() == [[3, 2]]
    assert set(findings.of("E72.1")["severity"]) == {"W"}


@fault(73)
def test_73_the_latest_export_of_an_episode_counts_and_the_older_is_shown() -> None:
    episodes = pd.DataFrame(
        {
            "case": ["E1", "E1", "E2"],
            "child": ["C1"] * 3,
            "start": ["2020-03-01"] * 2 + ["2022-01-01"],
            "end": ["2021-06-01", None, None],
            "exported": ["2022-07-31", "2020-07-31", "2020-07-31"],
            "file": ["2022.csv", "2020.csv", "2020.csv"],
        }
    )
    findings = found(episodes=episodes)
    assert findings.ignored[["file", "line", "rule"]].to_numpy().tolist() == [
        ["2020.csv", 3, "older export of the same episode"]
    ]
    assert findings.of("E73")["other_file"].tolist() == ["2022.csv"]
    kept = facts(episodes=episodes).without(findings.ignored).episodes
    assert kept.loc[kept["case"] == "E1", "end"].tolist() == [pd.Timestamp("2021-06-01")]


@fault(73)
def test_73_without_export_dates_neither_row_wins(tmp_path: Path) -> None:
    derivation, _ = council(tmp_path, episodes="E2,C2,2021-01-05,\n")
    clash = derivation.quarantine[derivation.quarantine["file"] == "episodes.csv"]
    assert clash["row"].tolist() == [3, 4]


@fault(73)
def test_73_a_council_that_names_the_export_date_keeps_the_latest(tmp_path: Path) -> None:
    head = "episode_id,child_id,start_date,end_date,exported\n"
    exports = "E1,C1,2020-03-01,,2022-12-31\nE2,C2,2021-01-05,,2021-06-30\nE2,C2,2021-01-05,2021-09-20,2022-12-31\n"
    derivation, _ = council(tmp_path, replaced={"episodes": (head + exports, 'exported = "exported"\n')})
    assert count(derivation, "episodes.csv", "older export of the same episode") == 1
    assert derivation.quarantine.empty
    ends = derivation.log.cases.set_index("case")["end"]
    assert ends["E2"] == pd.Timestamp("2021-09-20")
    assert pd.isna(ends["E1"])
    (older,) = derivation.reconciled.to_dict("records")
    assert (older["kept"], older["kept_line"], older["other_line"]) == ("2021-09-20", 4, 3)


@fault(74)
def test_74_of_a_reused_id_the_birth_is_not_known_and_nothing_is_lost(tmp_path: Path) -> None:
    derivation, findings = council(tmp_path, children="C1,2003-04-05,Male,F1\n")
    assert derivation.quarantine.empty
    assert lines(findings, "E74") == [("children.csv", 4)]
    cases = derivation.log.cases.set_index("case")
    assert pd.isna(cases.loc["E1", "birth"])
    assert pd.isna(cases.loc["E1", "sex"])
    assert cases.loc["E1", "family"] == "F1"
    told = derivation.reconciled[derivation.reconciled["what"] == "birth"]
    assert told["other"].tolist() == ["2016-02-29", "2003-04-05"]
    assert set(told["rule"]) == {"it is taken as not known"}


@fault(74)
def test_74_reused_id_is_told_and_too_many_stop() -> None:
    children = [(f"C{n}", "2015-01-01", "Female", None) for n in range(400)]
    one = found(children=[*children, ("C7", "2003-04-05", "Male", None)])
    assert one.of("E74")[["line", "other_line", "severity"]].to_numpy().tolist() == [[402, 9, "W"]]
    assert one.of("E74.1").empty
    many = found(children=[*children, *[(f"C{n}", "2003-04-05", "Male", None) for n in range(5)]])
    with pytest.raises(InputError, match=r"children\.csv, line 402: too many child ids stand for two children") as stop:
        many.stop_if_unusable()
    assert "C0" not in str(stop.value)


@fault(75)
def test_75_two_ids_of_one_child_are_listed_and_not_merged() -> None:
    twice = [("C1", "2016-02-29", "Female", "F1"), ("C9", "2016-02-29", "Female", "F1")]
    apart = [("E1", "C1", "2019-03-01", "2020-03-01"), ("E9", "C9", "2021-03-01", None)]
    findings = found(children=twice, episodes=apart)
    assert findings.of("E75")[["line", "other_line", "severity"]].to_numpy().tolist() == [[3, 2, "W"]]
    assert findings.ignored.empty
    together = [("E1", "C1", "2019-03-01", "2020-03-01"), ("E9", "C9", "2019-03-01", "2020-03-01")]
    assert found(children=twice, episodes=together).of("E75").empty  # twins
    names = pd.DataFrame(
        {"child": ["C1", "C9"], "birth": ["2016-02-29"] * 2, "name": ["Mhairi O’Neill", "MHAIRI ONEILL"]}
    )
    assert len(found(children=names, episodes=together).of("E75")) == 1


@fault(75)
def test_75_names_find_the_pair_and_go_no_further(tmp_path: Path) -> None:
    children = (
        "child_id,date_of_birth,sex,family_id,name\n"
        "C1,2016-02-29,Female,F1,Mhairi O’Neill\nC2,2010-06-10,Male,F2,Ian Orr\nC9,2016-02-29,Female,F3,MHAIRI ONEILL\n"
    )
    derivation, findings = council(tmp_path, replaced={"children": (children, 'full_name = "name"\n')})
    assert lines(findings, "E75") == [("children.csv", 4)]
    assert "name" not in derivation.log.cases
    assert not derivation.log.cases.astype("str").apply(lambda column: column.str.contains("hairi")).any(axis=None)


@fault(76)
def test_76_a_sibling_group_id_used_as_child_id_is_told() -> None:
    siblings = [("F1", "2016-02-29", "Female", None), ("F1", "2018-05-01", "Male", None)]
    at_once = [("E1", "F1", "2020-03-01", None), ("E2", "F1", "2020-03-01", None)]
    assert lines(found(children=siblings, episodes=at_once), "E76") == [("children.csv", 3)]
    one_after_the_other = [("E1", "F1", "2019-03-01", "2019-06-01"), ("E2", "F1", "2020-03-01", None)]
    later = found(children=siblings, episodes=one_after_the_other)
    assert later.of("E76").empty
    assert len(later.of("E74")) == 1
    known_family = [("F1", "2016-02-29", "Female", "F1"), ("F1", "2018-05-01", "Male", "F1")]
    assert lines(found(children=known_family, episodes=one_after_the_other), "E76") == [("children.csv", 3)]


@fault(77)
def test_77_blank_ids_are_quarantined_never_one_case(tmp_path: Path) -> None:
    derivation, _ = council(tmp_path, episodes=",C1,2020-01-01,\n,C2,2021-01-01,\n", children=",2012-01-01,Male,F9\n")
    assert derivation.quarantine[["file", "row"]].to_numpy().tolist() == [
        ["children.csv", 4],
        ["episodes.csv", 4],
        ["episodes.csv", 5],
    ]
    assert set(derivation.log.cases["case"]) == {"E1", "E2"}
    findings = found(episodes=[*ONE_EPISODE, (None, "C1", "2020-01-01", None)], reviews=[(None, "2020-04-01", None)])
    assert findings.quarantined[["file", "line", "reasons"]].to_numpy().tolist() == [
        ["episodes.csv", 3, "case: missing episode id"],
        ["reviews.csv", 2, "case: missing episode id"],
    ]


@fault(78)
def test_78_an_id_with_a_wrong_length_or_check_digit_is_quarantined() -> None:
    good, bad, short = "9434765919", "9434765918", "943476591"
    children = [(name, "2015-01-01", "Female", None) for name in (good, bad, short)]
    policy = Policy(child_id=r"\d{10}", check_digit="mod 11")
    findings = found(policy, children=children, episodes=[])
    assert lines(findings, "E78") == [("children.csv", 3), ("children.csv", 4)]
    assert len(findings.quarantined) == 2
    assert found(children=children, episodes=[]).of("E78").empty  # no form declared, none assumed
    usual = [(f"C{n:04}", "2015-01-01", "Female", None) for n in range(200)]
    assert lines(found(children=[*usual, ("C12", "2015-01-01", "Female", None)]), "E78.1") == [("children.csv", 202)]


@fault(78)
def test_78_a_council_declares_the_form_of_its_ids(tmp_path: Path) -> None:
    policy = "[policy]\nchild_id = 'C\\d'\n"
    derivation, _ = council(tmp_path, children="C77,2015-01-01,Male,F9\n", policy=policy)
    (row,) = derivation.quarantine.to_dict("records")
    assert (row["file"], row["row"]) == ("children.csv", 4)
    assert row["reasons"] == "child_id: the id has the wrong length or form, or its check digit is wrong"


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
