"""Faults 71 to 78: which record is whose, each with the treatment it must get."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from event_logs import InputError
from event_logs import vocabulary as v
from event_logs.rules import Policy
from faults.e_council import ONE_EPISODE, council, count, facts, found, lines
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
