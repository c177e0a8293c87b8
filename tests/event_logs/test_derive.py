"""From records to event log: three children worked out by hand, each kind of dirt caught, no row lost."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_logs import vocabulary as v
from event_logs.derive import Derivation, NothingUsableError, derive, write_quarantine
from event_logs.errors import InputError
from event_logs.project import load_project
from event_logs.synthetic import Council, generate

Write = Callable[..., Path]

EXPECTED = [
    ("E1", v.BECAME_LOOKED_AFTER, "2020-03-01"),
    ("E1", v.ACCOMMODATED, "2020-03-01"),
    ("E1", v.REVIEW, "2020-04-10"),
    ("E1", v.REVIEW, "2020-07-09"),
    ("E1", v.RECOMMENDED, "2020-07-09"),
    ("E1", v.LEGAL_REQUESTED, "2020-07-09"),
    ("E1", v.LEGAL_RECEIVED, "2020-09-03"),
    ("E1", v.PANEL, "2020-10-06"),
    ("E1", v.PANEL, "2020-11-03"),
    ("E1", v.REVIEW, "2021-01-09"),  # recommended again: the plan was decided once
    ("E2", v.BECAME_LOOKED_AFTER, "2021-01-05"),
    ("E2", v.ACCOMMODATED, "2021-01-05"),
    ("E2", v.REVIEW, "2021-02-16"),
    ("E2", v.RETURN_HOME, "2021-02-16"),
    ("E2", v.RETURNED_HOME, "2021-09-20"),  # by its destination, straight from an away placement
    ("E2", v.CEASED, "2021-09-20"),
    ("E3", v.BECAME_LOOKED_AFTER, "2020-01-10"),
    ("E3", v.AT_HOME, "2020-01-10"),
    ("E3", v.ACCOMMODATED, "2020-02-01"),
    ("E3", v.REVIEW, "2020-03-14"),
    ("E3", v.REVIEW, "2020-06-13"),
    ("E3", v.RETURNED_HOME, "2021-08-01"),  # home again is a return, not "looked after at home"
    ("E3", v.CEASED, "2021-11-15"),
]


def derived(folder: Path) -> Derivation:
    found = derive(load_project(folder))
    rows_add_up(found.ledger, found.quarantine)
    return found


def rows_add_up(ledger: pd.DataFrame, quarantine: pd.DataFrame) -> None:
    assert (ledger["rows_read"] == ledger["used"] + ledger["quarantined"] + ledger["ignored"]).all()
    assert ledger["quarantined"].sum() == len(quarantine)


def count(found: Derivation, file: str, column: str) -> int:
    return int(found.ledger.set_index("file").loc[file, column])


def rows(found: Derivation) -> list[tuple[str, str, str]]:
    events = found.log.events
    return list(zip(events["case"], events["activity"], events["date"].dt.strftime("%Y-%m-%d"), strict=True))


def test_three_children_by_hand(write_council: Write) -> None:
    found = derived(write_council())
    assert rows(found) == EXPECTED
    assert found.quarantine.empty
    assert found.ledger["used"].tolist() == [3, 3, 5, 6, 6, 4]
    assert found.log.window == load_project(write_council()).window


def test_case_table_by_hand(write_council: Write) -> None:
    cases = derived(write_council()).log.cases.set_index("case")
    assert cases["end"].dt.strftime("%Y-%m-%d").tolist()[1:] == ["2021-09-20", "2021-11-15"]
    assert cases["end"].isna().tolist() == [True, False, False]
    assert cases["child"].tolist() == ["C1", "C2", "C3"]
    assert cases["sex"].tolist() == ["Female", "Male", "Female"]
    assert cases["age_band"].tolist() == ["1-4", "5-11", "0"]
    assert cases["age_at_start"].tolist() == pytest.approx([1462 / 365.25, 3862 / 365.25, 40 / 365.25])
    # Two statuses begin on E1's first day: the one that the project lists first stands.
    assert cases["legal_basis"].tolist() == [
        "Section 25 (voluntary)",
        "Compulsory supervision order",
        "Section 25 (voluntary)",
    ]
    assert cases["first_placement"].tolist() == ["Foster carer", "Kinship carer", "At home with parents"]
    assert cases["destination"].fillna("-").tolist() == ["-", "Home with parents", "Own tenancy"]


@pytest.mark.parametrize(
    ("birth", "start", "band"),
    [
        ("29/02/2016", "28/02/2017", "0"),  # 1 March is the birthday in ordinary years
        ("29/02/2016", "01/03/2017", "1-4"),
        ("05/03/2015", "04/03/2020", "1-4"),
        ("05/03/2015", "05/03/2020", "5-11"),
        ("05/03/2008", "04/03/2020", "5-11"),
        ("05/03/2008", "05/03/2020", "12+"),
    ],
)
def test_age_band_turns_on_the_birthday(write_council: Write, birth: str, start: str, band: str) -> None:
    found = derived(write_council(added={"children.csv": f"C9,{birth},,\n", "episodes.csv": f"E9,C9,{start},,\n"}))
    assert found.log.cases.set_index("case").loc["E9", "age_band"] == band


def test_notes_and_completeness_say_what_is_true(write_council: Write) -> None:
    found = derived(write_council())
    notes = " ".join(found.notes)
    assert "children.csv: 1 column is not named in the project, so not read: surname." in notes
    assert "13 of 23 events share their day" in notes
    assert "these 7 neighbouring pairs" in notes
    assert "2020 2 of 4." in notes
    assert "began before recording" not in notes
    outcomes = found.data_quality[found.data_quality["activity"] == "Review outcome"]
    assert outcomes[["year", "expected", "recorded"]].to_numpy().tolist() == [[2020, 4, 2], [2021, 2, 2]]
    legal = found.data_quality[found.data_quality["activity"] == v.REPORT_COMPLETED]
    assert legal[["year", "implied_by", "expected", "recorded"]].to_numpy().tolist() == [[2020, v.PANEL, 1, 0]]


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("children.csv", ",01/01/2015,Male,X", "child_id: missing child id"),
        ("children.csv", "C9,31/12/2023,Male,X", "date_of_birth: birth after the extraction date"),
        ("children.csv", "C9,01/01/2015,Male", "wrong number of fields: 3 where the header has 4"),
        ("children.csv", "C9,01/01/2015,Male,X,Y", "wrong number of fields: 5 where the header has 4"),
        ("children.csv", 'C9,01/01/2015,Male,"X"Y', "quotation marks are used in a way that cannot be read"),
        ("episodes.csv", "E9,C9,01/01/2020,,", "child_id: unknown child, not in children.csv"),
        (
            "episodes.csv",
            "E9,C1,31/02/2020,,",
            "start_date: unreadable date '31/02/2020', a date is written like 25/12/2024",
        ),
        (
            "episodes.csv",
            "E9,C1,2020-04-05,,",
            "start_date: unreadable date '2020-04-05', a date is written like 25/12/2024",
        ),
        ("episodes.csv", "E9,C1,today,,", "start_date: unreadable date 'today', a date is written like 25/12/2024"),
        ("episodes.csv", "E9,C1,,,", "start_date: missing date"),
        ("episodes.csv", "E9,C1,02/03/2020,01/03/2020,", "end before start: end_date is before start_date"),
        ("episodes.csv", "E9,C1,28/02/2016,,", "start_date: before the child's birth"),
        ("episodes.csv", "E9,C1,01/03/2020,01/01/2023,", "end_date: after the extraction date, 2022-12-31"),
        ("legal_statuses.csv", "E1,CSO,01/03/2020,", "legal_status: unknown code 'CSO'"),
        (
            "placements.csv",
            "E1,foster carers,01/03/2020,",
            "placement_type: unknown code 'foster carers', the nearest known is 'Foster carer'",
        ),
        ("placements.csv", "E8,Foster carer,01/03/2020,", "episode_id: unknown episode, not in episodes.csv"),
        ("reviews.csv", "E1,01/01/2023,Plan continues", "review_date: after the extraction date, 2022-12-31"),
        ("milestones.csv", "E1,n/k,01/03/2020", "milestone: missing code"),
        ("milestones.csv", "E1,Permanence\x07panel,01/03/2020", None),
    ],
)
def test_each_fault_is_quarantined_with_its_reason(
    write_council: Write, file: str, line: str, reason: str | None
) -> None:
    found = derived(write_council(added={file: line + "\n"}))
    (row,) = found.quarantine.to_dict("records")
    assert (row["file"], row["raw"]) == (file, line)
    assert row["row"] == (write_council(added={file: line + "\n"}) / file).read_text(encoding="utf-8").count("\n")
    if reason is None:
        assert "milestone: control character in the text" in row["reasons"].split("; ")
    else:
        assert row["reasons"] == reason
    assert rows(found) == EXPECTED


def test_all_reasons_of_a_row_are_given(write_council: Write) -> None:
    found = derived(write_council(added={"placements.csv": "E8,,31/04/2020,32/01/2021\n"}))
    assert found.quarantine["reasons"].tolist() == [
        "episode_id: unknown episode, not in episodes.csv; placement_type: missing code; "
        "start_date: unreadable date '31/04/2020', a date is written like 25/12/2024; "
        "end_date: unreadable date '32/01/2021', a date is written like 25/12/2024"
    ]


def test_records_of_a_quarantined_child_say_so(write_council: Write) -> None:
    children = "child_id,date_of_birth,sex,surname\nC1,29/02/2016,F,\nC2,soon,M,\nC3,01/12/2019,F,\n"
    found = derived(write_council(tables={"children.csv": children}))
    reasons = found.quarantine.set_index("file")["reasons"]
    assert reasons["episodes.csv"] == "child_id: the child's own row in children.csv is quarantined"
    assert reasons["placements.csv"] == "episode_id: the episode's own row in episodes.csv is quarantined"
    assert rows(found) == [event for event in EXPECTED if event[0] != "E2"]


@pytest.mark.parametrize("file", ["placements.csv", "reviews.csv", "milestones.csv"])
def test_a_table_of_which_nothing_can_be_used(write_council: Write, file: str) -> None:
    header, *lines = (write_council() / file).read_text(encoding="utf-8").splitlines()
    bad = "\n".join([header, *("?" + line for line in lines), ""])
    nothing = "\n".join([header, *(",".join([""] * header.count(",")) + ",x" for _ in lines), ""])
    for text in (bad, nothing):
        found = derived(write_council(tables={file: text}))
        assert count(found, file, "used") == 0
        assert len(found.log.cases) == 3


@pytest.mark.parametrize("file", ["children.csv", "episodes.csv"])
def test_nothing_is_left_when_no_child_or_no_episode_is(write_council: Write, file: str, tmp_path: Path) -> None:
    header, *lines = (write_council() / file).read_text(encoding="utf-8").splitlines()
    bad = "\n".join([header, *(",".join([""] * header.count(",")) + ",x" for _ in lines), ""])
    project = load_project(write_council(tables={file: bad}))
    path = tmp_path / "run" / "quarantine.csv"
    with pytest.raises(NothingUsableError, match=r"no child's episode can be used: \d+ rows") as caught:
        derive(project, quarantine=path)
    assert str(path) in str(caught.value)
    refused = caught.value.quarantine
    rows_add_up(caught.value.ledger, refused)
    written = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert written["reasons"].tolist() == refused["reasons"].tolist()
    assert refused.loc[refused["file"] == file, "reasons"].str.contains("missing").all()


def test_ignored_by_a_named_rule(write_council: Write) -> None:
    added = {
        "episodes.csv": "\n,,,,\nE1,C1,01/03/2020,,\nTotal,4\n",
        "milestones.csv": "E1,Permanence panel,06/10/2020\nE1,Permanence panel,06/10/2020\ntotal,6,\n",
        "children.csv": "C1,29/02/2016,Female,Zoe\n",
    }
    found = derived(write_council(added=added))
    assert found.quarantine.empty
    assert rows(found) == EXPECTED
    assert [count(found, "episodes.csv", c) for c in ("blank row", "exact duplicate", "total row")] == [2, 1, 1]
    assert [count(found, "milestones.csv", c) for c in ("exact duplicate", "total row", "ignored")] == [2, 1, 3]
    # The surname differs, but it is not read: the child's details are the same again.
    assert count(found, "children.csv", "same details again") == 1


def test_no_row_wins_over_another_of_the_same_id(write_council: Write) -> None:
    found = derived(write_council(added={"episodes.csv": "E1,C2,01/03/2020,,\n"}))
    clash = found.quarantine[found.quarantine["file"] == "episodes.csv"]
    assert clash["row"].tolist() == [2, 5]
    assert set(clash["reasons"]) == {"episode_id: the id stands on several rows with different details"}
    assert {case for case, *_ in rows(found)} == {"E2", "E3"}


def test_events_outside_their_episode_are_kept_and_told(write_council: Write) -> None:
    found = derived(write_council(added={"milestones.csv": "E2,Permanence panel,21/09/2021\n"}))
    assert any(
        note.startswith("0 events are dated before their episode began and 1 after it ended") for note in found.notes
    )
    assert ("E2", v.PANEL, "2021-09-21") in rows(found)


def test_all_bad_files_are_named_at_once(write_council: Write) -> None:
    folder = write_council(
        tables={
            "children.csv": "child_id,date_birth,sex\nC1,01/01/2015,F\n",
            "episodes.csv": "",
            "reviews.csv": "episode_id,review_date,outcome\n",
        }
    )
    project = load_project(folder)
    (folder / "placements.csv").unlink()
    (folder / "milestones.csv").write_bytes(b"episode_id,milestone,date\nE1,Zo\xeb,01/01/2020\n")
    with pytest.raises(InputError) as caught:
        derive(project)
    said = {Path(p.file).name: str(p) for p in caught.value.problems}
    assert "there is no column 'date_of_birth'; the nearest is 'date_birth'" in said["children.csv"]
    assert "the file is empty" in said["episodes.csv"]
    assert "has a header but no records" in said["reviews.csv"]
    assert "does not exist" in said["placements.csv"]
    assert "line 2: the file is not written in utf-8" in said["milestones.csv"]
    assert len(caught.value.problems) == 5


def test_quarantine_file_holds_no_live_formula(write_council: Write, tmp_path: Path) -> None:
    found = derived(write_council(added={"episodes.csv": '"=HYPERLINK(""x"")",C9,01/01/2020,,é\n'}))
    write_quarantine(found, tmp_path / "quarantine.csv")
    text = (tmp_path / "quarantine.csv").read_text(encoding="utf-8")
    (row,) = csv.DictReader(io.StringIO(text))
    assert list(row) == ["file", "row", "raw", "reasons"]
    assert row["row"] == "5"
    assert row["raw"] == '"=HYPERLINK(""x"")",C9,01/01/2020,,é'  # begins with a quote: text, not a formula
    live = found.quarantine.assign(raw="=1+1")
    write_quarantine(Derivation(found.log, live, found.ledger, (), found.data_quality), tmp_path / "live.csv")
    assert "'=1+1" in (tmp_path / "live.csv").read_text(encoding="utf-8")


FILES = ("children.csv", "episodes.csv", "legal_statuses.csv", "placements.csv", "reviews.csv", "milestones.csv")
HEALTH = [HealthCheck.function_scoped_fixture]


@settings(max_examples=30, deadline=None, suppress_health_check=HEALTH)
@given(seed=st.integers(0, 10_000))
def test_order_of_rows_never_matters(write_council: Write, seed: int) -> None:
    folder = write_council()
    shuffle = random.Random(seed)
    for file in FILES:
        header, *lines = (folder / file).read_text(encoding="utf-8").splitlines()
        shuffle.shuffle(lines)
        (folder / file).write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    assert rows(derived(folder)) == EXPECTED


DIRT = st.sampled_from(
    ["", "n/k", "C1", "E2", "31/02/2020", "01/01/1990", "05/06/2030", "Foster carer", "zzz", "Total", " ", '"']
)


@settings(max_examples=50, deadline=None, suppress_health_check=HEALTH)
@given(cells=st.lists(st.tuples(st.sampled_from(FILES), st.integers(1, 3), st.integers(0, 4), DIRT), max_size=12))
def test_no_row_is_lost_whatever_the_dirt(write_council: Write, cells: list[tuple[str, int, int, str]]) -> None:
    folder = write_council()
    for file, line, column, dirt in cells:
        lines = [text.split(",") for text in (folder / file).read_text(encoding="utf-8").splitlines()]
        lines[line][column : column + 1] = [dirt]
        (folder / file).write_text("".join(",".join(row) + "\n" for row in lines), encoding="utf-8")
    try:
        found = derived(folder)
    except NothingUsableError as error:
        rows_add_up(error.ledger, error.quarantine)
        return
    except InputError as error:  # a stray quote can swallow the rest of a file: then nothing is read at all
        other = [str(p) for p in error.problems if "never closed" not in p.problem]
        if other:
            pytest.fail("; ".join(other))
        return
    quarantine = found.quarantine
    for file in FILES:
        text = (folder / file).read_text(encoding="utf-8")
        if '"' not in text:
            assert count(found, file, "rows_read") == text.count("\n") - 1
        for row, raw in quarantine.loc[quarantine["file"] == file, ["row", "raw"]].itertuples(index=False):
            assert text.splitlines()[row - 1].startswith(raw.split("\n")[0])
    assert quarantine["reasons"].str.len().gt(0).all()
    assert set(found.log.events["case"]) == set(found.log.cases["case"])


@pytest.fixture(scope="module")
def ten_year_councils(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Derivation]]:
    made = {}
    for mess in ("none", "swift"):
        folder = tmp_path_factory.mktemp(mess)
        generate(folder, council=Council.of_size(300), seed=3, mess=mess)  # type: ignore[arg-type]
        made[mess] = (folder, derived(folder))
    return made


def test_every_row_of_a_clean_council_is_used(ten_year_councils: dict[str, tuple[Path, Derivation]]) -> None:
    _, found = ten_year_councils["none"]
    assert found.quarantine.empty
    assert (found.ledger["used"] == found.ledger["rows_read"]).all()
    assert found.log.open_cases > 200


def test_every_planted_fault_is_caught_and_nothing_else(ten_year_councils: dict[str, tuple[Path, Derivation]]) -> None:
    folder, found = ten_year_councils["swift"]
    planted = json.loads((folder / "mess.json").read_text(encoding="utf-8"))["faults"]
    words = {
        "end before start": "end before start",
        "unknown code": "unknown code",
        "impossible date": "unreadable date",
        "unknown episode": "unknown episode",
    }
    reasons = found.quarantine.set_index(["file", "row"])["reasons"].to_dict()
    expected: dict[tuple[str, int], str] = {}
    for fault in planted:
        if fault["fault"] in words:
            expected |= {(fault["file"], line): words[fault["fault"]] for line in fault["lines"]}
        else:
            assert count(found, fault["file"], fault["fault"]) == fault["count"]
    assert set(reasons) == set(expected)
    assert all(expected[key] in reasons[key] for key in expected)
    clean = ten_year_councils["none"][1]
    pd.testing.assert_frame_equal(
        found.log.cases.drop(columns=["legal_basis", "first_placement"]),
        clean.log.cases.drop(columns=["legal_basis", "first_placement"]),
    )


def test_progress_is_told_from_nothing_to_all(write_council: Write) -> None:
    seen: list[tuple[int, int]] = []
    derive(load_project(write_council()), advance=lambda done, total: seen.append((done, total)))
    steps = {total for _, total in seen}
    assert len(steps) == 1
    assert [done for done, _ in seen] == list(range(steps.pop()))
