"""Trackers: a row a child, a column a milestone; several of them; one wrong date costs that date only."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.derive import NothingUsableError, derive
from event_logs.errors import InputError
from event_logs.project import load_project

from .conftest import HEAD, Derive, rows

PANEL = """
[[trackers]]
file = "panel.csv"
child = "Child"
birth = "DOB"
start = "Looked after"
end = "Ceased"
attributes = { sex = "Sex", family = "Family" }
[trackers.columns]
"Accommodated" = "Accommodated"
"Recommended" = "Permanence recommended"
"Panel" = "Permanence panel"
"Panel again" = "Permanence panel"
"Order" = "Permanence order granted"
"""
PANEL_CSV = """\
Child,DOB,Sex,Family,Looked after,Accommodated,Recommended,Panel,Panel again,Order,Ceased
C1,29/02/2016,F,F1,01/03/2020,01/03/2020,09/07/2020,06/10/2020,03/11/2020,04/05/2021,
C2,10/06/2010,M,F1,05/01/2021,05/01/2021,,,,,20/09/2021
C2,10/06/2010,M,F1,03/02/2022,03/02/2022,,,,,
C3,01/12/2019,F,,,,,07/07/2020,,,
"""
COURT = """
[[trackers]]
file = "court.csv"
child = "Ref"
[trackers.columns]
"Panel date" = "Permanence panel"
"Lodged" = "Application lodged"
"Order granted" = "Permanence order granted"
"""
COURT_CSV = """\
Ref,Panel date,Lodged,Order granted
C1,08/10/2020,10/02/2021,04/05/2021
"""


def test_one_tracker_by_hand(derive_files: Derive) -> None:
    found = derive_files(PANEL, {"panel.csv": PANEL_CSV})
    assert rows(found) == [
        ("C1-1", v.BECAME_LOOKED_AFTER, "2020-03-01"),
        ("C1-1", v.ACCOMMODATED, "2020-03-01"),
        ("C1-1", v.RECOMMENDED, "2020-07-09"),
        ("C1-1", v.PANEL, "2020-10-06"),
        ("C1-1", v.PANEL, "2020-11-03"),
        ("C1-1", v.PERMANENCE_ORDER, "2021-05-04"),
        ("C2-1", v.BECAME_LOOKED_AFTER, "2021-01-05"),
        ("C2-1", v.ACCOMMODATED, "2021-01-05"),
        ("C2-1", v.CEASED, "2021-09-20"),
        ("C2-2", v.BECAME_LOOKED_AFTER, "2022-02-03"),
        ("C2-2", v.ACCOMMODATED, "2022-02-03"),
        ("C3-1", v.PANEL, "2020-07-07"),  # when it began is not on record, so nothing says that it did
    ]
    cases = found.log.cases.set_index("case")
    assert cases["start_known"].tolist() == [True, True, True, False]
    assert cases["start"].dt.strftime("%Y-%m-%d").tolist()[3] == "2020-07-07"
    assert cases["end"].isna().tolist() == [True, False, True, True]
    assert cases["episode_number"].tolist() == [1, 1, 2, 1]
    assert cases["siblings"].fillna(-1).tolist() == [1, 1, 1, -1]
    assert cases["age_band"].tolist() == ["1-4", "5-11", "5-11", "0"]
    # Under a permanence order, and looked after still: two different ends.
    assert cases.loc["C1-1", "permanence_date"] == pd.Timestamp("2021-05-04")
    assert cases.loc["C1-1", "permanence_as"] == v.PERMANENCE_ORDER
    assert cases["permanence_date"].notna().tolist() == [True, False, False, False]
    assert found.ledger[["file", "rows_read", "used"]].to_numpy().tolist() == [
        ["panel.csv", 4, 4],
        ["panel.csv (dates)", 8, 8],
    ]


def test_two_trackers_of_one_child(derive_files: Derive) -> None:
    found = derive_files(PANEL + COURT, {"panel.csv": PANEL_CSV, "court.csv": COURT_CSV})
    of_c1 = [(activity, date) for case, activity, date in rows(found) if case == "C1-1"]
    # Told twice with one date, the order happened once; of the two dates of the first panel the earliest stands.
    assert of_c1[3:] == [
        (v.PANEL, "2020-10-06"),
        (v.PANEL, "2020-11-03"),
        (v.LODGED, "2021-02-10"),
        (v.PERMANENCE_ORDER, "2021-05-04"),
    ]
    (told,) = found.reconciled.to_dict("records")
    assert told == {
        "rule": "the earliest date stands",
        "what": v.PANEL,
        "child": told["child"],
        "case": "C1-1",
        "kept": "2020-10-06",
        "kept_file": "panel.csv",
        "kept_line": 2,
        "other": "2020-10-08",
        "other_file": "court.csv",
        "other_line": 2,
    }
    assert any(note.startswith("Permanence panel: 1 record tells another thing") for note in found.notes)


def test_the_order_of_trackers_and_rows_never_matters(derive_files: Derive) -> None:
    expected = rows(derive_files(PANEL + COURT, {"panel.csv": PANEL_CSV, "court.csv": COURT_CSV}))
    assert rows(derive_files(COURT + PANEL, {})) == expected
    header, *lines = PANEL_CSV.splitlines()
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        assert rows(derive_files(PANEL + COURT, {"panel.csv": "\n".join([header, *lines, ""])})) == expected


def test_a_wrong_date_costs_that_date_not_the_child(derive_files: Derive) -> None:
    wrong = PANEL_CSV.replace("06/10/2020,03/11", "31/02/2020,03/11").replace("04/05/2021", "04/05/2031")
    found = derive_files(PANEL, {"panel.csv": wrong})
    assert found.quarantine[["file", "row"]].to_numpy().tolist() == [["panel.csv", 2]] * 2
    assert "Panel: unreadable date '31/02/2020'" in found.quarantine["reasons"].iloc[0]
    assert found.quarantine["reasons"].iloc[1] == "Order: after the extraction date, 2022-12-31"
    assert found.quarantine["raw"].iloc[0] == wrong.splitlines()[1]
    assert ("C1-1", v.PANEL, "2020-11-03") in rows(found)
    ledger = found.ledger.set_index("file")
    assert ledger.loc["panel.csv", ["rows_read", "used"]].tolist() == [4, 4]
    assert ledger.loc["panel.csv (dates)", ["rows_read", "used", "quarantined"]].tolist() == [8, 6, 2]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("C9,01/01/2015,F,,02/03/2020,,,,,,01/03/2020", "end before start: Ceased is before Looked after"),
        ("C9,01/01/2015,F,,02/03/2014,,,,,,", "Looked after: before the child's birth"),
        ("C9,01/01/2015,F,,,,,,,,", "no date of the row can be used, so nothing can be said of when"),
        (",01/01/2015,F,,02/03/2020,,,,,,", "Child: missing child id"),
    ],
)
def test_a_row_that_cannot_be_used(derive_files: Derive, row: str, reason: str) -> None:
    found = derive_files(PANEL, {"panel.csv": PANEL_CSV + row + "\n"})
    assert found.quarantine["reasons"].tolist() == [reason]
    assert len(found.log.cases) == 4


def test_trackers_beside_a_table_of_episodes(derive_files: Derive) -> None:
    tables = """
[children]
file = "children.csv"
child = "id"
birth = "dob"
[episodes]
file = "episodes.csv"
episode = "ep"
child = "id"
start = "from"
end = "to"
"""
    files = {
        "children.csv": "id,dob\nC1,29/02/2016\nC2,10/06/2010\n",
        "episodes.csv": "ep,id,from,to\nE1,C1,01/03/2020,\nE2,C2,05/01/2021,20/09/2021\nE3,C2,03/02/2022,\n",
        "court.csv": COURT_CSV + "C2,06/07/2021,01/03/2022,\nC7,06/07/2021,,\n",
    }
    found = derive_files(tables + COURT, files)
    assert [event for event in rows(found) if event[1] in (v.PANEL, v.LODGED)] == [
        ("E1", v.PANEL, "2020-10-08"),
        ("E1", v.LODGED, "2021-02-10"),
        ("E2", v.PANEL, "2021-07-06"),  # in the first episode; the petition came in the second
        ("E3", v.LODGED, "2022-03-01"),
    ]
    assert found.quarantine["reasons"].tolist() == ["Ref: unknown child, not in children.csv"]


def test_two_files_that_tell_different_births(derive_files: Derive) -> None:
    other = COURT.replace('child = "Ref"', 'child = "Ref"\nbirth = "Born"')
    found = derive_files(
        PANEL + other,
        {"panel.csv": PANEL_CSV, "court.csv": "Ref,Born,Panel date,Lodged,Order granted\nC3,02/12/2019,07/07/2020,,\n"},
    )
    (told,) = found.reconciled.to_dict("records")
    assert (told["what"], told["child"], told["kept"], told["other"]) == ("birth", "C3", "2019-12-01", "2019-12-02")
    assert (told["kept_file"], told["other_file"]) == ("panel.csv", "court.csv")
    assert found.warnings["code"].str.startswith("E74").any()


def test_pseudonyms_replace_every_id(
    derive_files: Derive, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from event_logs.pseudonyms import Pseudonyms, create_key

    path = tmp_path_factory.mktemp("elsewhere") / "key.toml"
    key = create_key(path)
    plain = derive_files(PANEL + COURT, {"panel.csv": PANEL_CSV, "court.csv": COURT_CSV + "C1,31/02/2020,,\n"})
    found = derive_files(f'pseudonyms = {{ key = "{path}" }}\n' + PANEL + COURT, {})
    names = Pseudonyms(key, "Shapes")
    assert found.log.cases.set_index("case").loc[names.token("C1-1", "episode"), "child"] == names.token("C1", "child")
    assert sorted(found.log.cases["family"].dropna()) == [names.token("F1", "family")] * 3
    assert set(found.reconciled["case"].dropna()) == {names.token("C1-1", "episode")}
    assert found.findings is not None
    assert found.facts is not None
    shown = [
        found.log.events,
        found.log.cases,
        found.reconciled,
        found.findings.rows,
        found.warnings,
        found.facts.episodes,
    ]
    for frame in shown:
        text = frame.to_csv()
        assert not any(name in text for name in ("C1-1", "C2-1", ",C1,", ",C2,", ",C3,", "F1"))
    assert not any("C1" in note or "C2" in note for note in found.notes)
    # The quarantine is the council's own file, to find the row by.
    assert found.quarantine.equals(plain.quarantine)
    durations = [(log.cases["end"] - log.cases["start"]).dt.days.dropna().tolist() for log in (plain.log, found.log)]
    assert sorted(durations[0]) == sorted(durations[1])
    (tmp_path / "inside.toml").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="project folder"):
        derive_files('pseudonyms = { key = "inside.toml" }\n' + PANEL, {})


def test_nothing_usable(tmp_path: Path) -> None:
    (tmp_path / "panel.csv").write_text(PANEL_CSV.splitlines()[0] + "\n,01/01/2015,F,,,,,,,,\n", encoding="utf-8")
    (tmp_path / "permanence.toml").write_text(HEAD + PANEL, encoding="utf-8")
    with pytest.raises(NothingUsableError) as caught:
        derive(load_project(tmp_path), quarantine=tmp_path / "run" / "quarantine.csv")
    assert (tmp_path / "run" / "quarantine.csv").is_file()
    assert caught.value.quarantine["reasons"].tolist() == ["Child: missing child id"]


def test_a_mistake_in_the_second_tracker_is_found_with_its_line(tmp_path: Path) -> None:
    text = HEAD + PANEL + COURT.replace('"Application lodged"', '"Aplication lodged"')
    (tmp_path / "panel.csv").write_text(PANEL_CSV, encoding="utf-8")
    (tmp_path / "permanence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_project(tmp_path)
    (problem,) = caught.value.problems
    line = text[: text.index("Aplication")].count("\n") + 1
    assert problem.place == f"trackers.1.columns.Lodged (line {line})"
    assert "the nearest is 'Application lodged'" in problem.problem
