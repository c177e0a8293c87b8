"""The ready-made project files: the English return, five years of it in one history, and CLAS-shaped tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from event_logs import vocabulary as v
from event_logs.derive import Derivation, derive
from event_logs.errors import InputError
from event_logs.project import load_project, preset_names, preset_text
from event_logs.project.presets import preset_content

RETURNS = Path(__file__).resolve().parents[2].parent / "shared" / "logs" / "ssda903_synthetic"
THREE_LINES = """\
schema_version = 1
preset = "ssda903"
window = { recording_start = 2017-04-01, extraction_date = 2022-03-31 }
"""
NAMES = ("episodes", "header", "reviews", "oc2", "oc3", "previous_permanence", "missing", "uasc")


def accounted(found: Derivation) -> Derivation:
    ledger = found.ledger
    assert (ledger["rows_read"] == ledger["used"] + ledger["quarantined"] + ledger["ignored"]).all()
    assert ledger["quarantined"].sum() == len(found.quarantine)
    return found


@pytest.fixture(scope="module")
def five_returns(tmp_path_factory: pytest.TempPathFactory) -> Derivation:
    if not RETURNS.is_dir():
        pytest.skip("the synthetic returns are not beside the repository")
    folder = tmp_path_factory.mktemp("returns")
    for path in RETURNS.glob("*.csv"):
        shutil.copy(path, folder / path.name)
    (folder / "permanence.toml").write_text(THREE_LINES, encoding="utf-8")
    return accounted(derive(load_project(folder)))


def test_every_preset_is_a_project_file_but_for_the_window() -> None:
    assert preset_names() == ("clas", "ssda903")
    for name in preset_names():
        assert set(preset_content(name)) & {"window", "schema_version", "preset"} == set()
        assert "Sources:" in preset_text(name)


def test_five_returns_with_three_lines(five_returns: Derivation) -> None:
    ledger = five_returns.ledger.set_index("file")
    for path in RETURNS.glob("*.csv"):
        lines = path.read_bytes().count(b"\n")
        assert ledger.loc[path.name, "rows_read"] == lines - 1
    assert len(ledger) == 5 * len(NAMES)
    assert ledger["rows_read"].sum() == 21_441


def test_open_in_one_return_and_closed_in_a_later_one_is_one_episode(five_returns: Derivation) -> None:
    files = {
        year: pd.read_csv(RETURNS / f"{year}-episodes.csv", dtype=str, keep_default_na=False)
        for year in range(2017, 2022)
    }
    told = pd.concat([table.assign(year=year, line=table.index + 2) for year, table in files.items()])
    earlier = told.duplicated(["CHILD", "DECOM"], keep="last")
    ledger = five_returns.ledger.set_index("file")["superseded by a later return"]
    assert ledger[ledger > 0].to_dict() == {
        f"{year}-episodes.csv": int(count) for year, count in told[earlier].groupby("year").size().items()
    }
    shown = five_returns.reconciled[five_returns.reconciled["rule"] == "superseded by a later return"]
    places = set(zip(shown["other_file"], shown["other_line"], strict=True))
    assert places == {
        (f"{year}-episodes.csv", line) for year, line in told.loc[earlier, ["year", "line"]].itertuples(index=False)
    }
    assert len(shown) == 910
    assert (shown["other"] == "end not known ").all()
    assert shown["kept"].str.match(r"end \d{4}-\d\d-\d\d $").all()


def test_one_childs_history_by_hand(five_returns: Derivation) -> None:
    """Child 101362: home in April 2017, back in June, moved on over three returns, closed in 2020 by a death."""
    cases = five_returns.log.cases.set_index("case")
    assert cases.loc["101362-1", ["start", "end", "start_known"]].tolist() == [
        pd.Timestamp("2016-08-09"), pd.Timestamp("2017-04-04"), False,
    ]  # fmt: skip
    assert cases.loc["101362-2", ["start", "end", "start_known", "destination"]].tolist() == [
        pd.Timestamp("2017-06-12"), pd.Timestamp("2020-06-18"), True, "Died (E2)",
    ]  # fmt: skip
    assert cases.loc["101362-2", ["sex", "legal_basis", "first_placement"]].tolist() == [
        "Male", "Full care order (C2)", "Fostered, long term (U4)",
    ]  # fmt: skip
    events = five_returns.log.events
    second = events[(events["case"] == "101362-2") & (events["activity"] != v.REVIEW)]
    assert second["activity"].tolist() == [v.BECAME_LOOKED_AFTER, v.ACCOMMODATED, v.CEASED]
    first = events[(events["case"] == "101362-1") & (events["activity"] != v.REVIEW)]
    # Its first stretch on record is no start; "returned home" (E4B) is how it ended.
    assert first["activity"].tolist() == [v.RETURNED_HOME, v.CEASED]


def test_figures_of_the_five_returns(five_returns: Derivation) -> None:
    """Against a count of the raw files made here by other means."""
    told = pd.concat(
        [pd.read_csv(RETURNS / f"{year}-episodes.csv", dtype=str, keep_default_na=False) for year in range(2017, 2022)]
    ).drop_duplicates(["CHILD", "DECOM"], keep="last")
    log = five_returns.log
    assert log.cases["child"].nunique() == told["CHILD"].nunique() == 820
    assert log.open_cases == (told["DEC"] == "").sum() == 86
    reviews = pd.concat([pd.read_csv(RETURNS / f"{year}-reviews.csv", dtype=str) for year in range(2017, 2022)])
    reviews = reviews.drop_duplicates(["CHILD", "REVIEW"])
    in_time = pd.to_datetime(reviews["REVIEW"], format="%d/%m/%Y") <= pd.Timestamp("2022-03-31")
    assert (log.events["activity"] == v.REVIEW).sum() == in_time.sum()
    adopted = log.cases["destination"].str.contains(r"^Adopted", na=False)
    assert (log.cases["permanence_as"] == v.ADOPTION_ORDER).sum() == adopted.sum() == 87
    assert (log.cases.loc[adopted, "permanence_date"] == log.cases.loc[adopted, "end"]).all()
    assert len(log.cases) == 870
    late = five_returns.quarantine["reasons"] == "REVIEW: after the extraction date, 2022-03-31"
    assert late.all()


def test_later_return_wins_by_hand(tmp_path: Path) -> None:
    """One child over two returns: a stretch amended, one closed, one dropped; the header corrected."""
    head = "CHILD,DECOM,RNE,LS,PLACE,DEC,REC\n"
    files = {
        "2019-episodes.csv": head
        + "7,01/05/2019,S,V2,U6,01/09/2019,X1\n7,01/09/2019,P,V2,U4,,\n8,01/05/2019,S,V2,P1,,\n",
        "2020-episodes.csv": head + "7,01/09/2019,B,C2,U4,03/06/2020,E45\n7,01/02/2021,S,V2,U6,,\n",
        "2019-header.csv": "CHILD,SEX,DOB\n7,1,10/06/2010\n8,2,01/01/2012\n",
        "2020-header.csv": "CHILD,SEX,DOB\n7,1,11/06/2010\n",
        "2019-reviews.csv": "CHILD,DOB,REVIEW\n7,10/06/2010,01/06/2019\n9,10/06/2010,01/06/2019\n",
        "2020-reviews.csv": "CHILD,DOB,REVIEW\n7,10/06/2010,01/06/2019\n7,10/06/2010,15/02/2021\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    window = "window = { recording_start = 2019-04-01, extraction_date = 2021-03-31 }\n"
    (tmp_path / "permanence.toml").write_text(f'schema_version = 1\npreset = "ssda903"\n{window}', encoding="utf-8")
    found = accounted(derive(load_project(tmp_path)))
    events = found.log.events
    assert list(zip(events["case"], events["activity"], events["date"].dt.strftime("%Y-%m-%d"), strict=True)) == [
        ("7-1", v.BECAME_LOOKED_AFTER, "2019-05-01"),
        ("7-1", v.ACCOMMODATED, "2019-05-01"),
        ("7-1", v.REVIEW, "2019-06-01"),
        ("7-1", v.KINSHIP_ORDER, "2020-06-03"),
        ("7-1", v.CEASED, "2020-06-03"),
        ("7-2", v.BECAME_LOOKED_AFTER, "2021-02-01"),
        ("7-2", v.ACCOMMODATED, "2021-02-01"),
        ("7-2", v.REVIEW, "2021-02-15"),
        ("8-1", v.BECAME_LOOKED_AFTER, "2019-05-01"),
        ("8-1", v.AT_HOME, "2019-05-01"),
    ]
    cases = found.log.cases.set_index("case")
    assert cases["birth"].tolist() == list(pd.to_datetime(["2010-06-11", "2010-06-11", "2012-01-01"]))
    assert cases["episode_number"].tolist() == [1, 2, 1]
    shown = found.reconciled.set_index("what")
    stretch = shown.loc["stretch in placement and legal status"]
    assert stretch["other"] == "end not known status V2 began P reason not known "
    assert stretch["kept"] == "end 2020-06-03 status C2 began B reason E45 "
    assert shown.loc["details of the child", "other"] == "birth 2010-06-10 "
    assert found.quarantine["reasons"].tolist() == ["CHILD: unknown child, not in 2019-header.csv or 2020-header.csv"]
    assert found.ledger.set_index("file").loc["2019-reviews.csv", "the same in a later return"] == 1
    said = " ".join(found.notes)
    assert "stretches.episodes: 1 episodes are open in an earlier return and not in the latest" in said


def test_codes_of_a_preset_can_be_changed_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "2019-episodes.csv").write_text(
        "CHILD,DECOM,RNE,LS,PLACE,DEC,REC\n7,01/05/2019,S,V2,Q9,,\n", encoding="utf-8"
    )
    (tmp_path / "2019-header.csv").write_text("CHILD,SEX,DOB\n7,1,10/06/2010\n", encoding="utf-8")
    (tmp_path / "2019-reviews.csv").write_text("CHILD,REVIEW\n7,01/06/2019\n", encoding="utf-8")
    own = '[stretches.episodes.settings]\n"Q9" = "home"\n[stretches.episodes.placement_names]\n"Q9" = "With an aunt"\n'
    (tmp_path / "permanence.toml").write_text(THREE_LINES + own, encoding="utf-8")
    found = accounted(derive(load_project(tmp_path)))
    assert found.log.cases["first_placement"].tolist() == ["With an aunt"]
    assert v.AT_HOME in set(found.log.events["activity"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (THREE_LINES.replace("ssda903", "ssda93"), "there is no preset 'ssda93'. Did you mean 'ssda903'?"),
        (THREE_LINES, "no file in the folder of the extracts is named like *[Ee]pisodes*.csv"),
        (THREE_LINES.replace(", extraction_date = 2022-03-31", ""), "the key is missing. Add `extraction_date`"),
    ],
)
def test_mistakes_with_a_preset(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "permanence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_project(tmp_path)
    assert any(says in str(problem) for problem in caught.value.problems)


CLAS = """\
schema_version = 1
preset = "clas"
window = { recording_start = 2014-08-01, extraction_date = 2024-07-31 }
"""
PLACEMENTS = """\
CHILD_ID,DATE_OF_BIRTH,GENDER,EPISODE_START_DATE,EPISODE_END_DATE,DESTINATION,PLACEMENT_START_DATE,PLACEMENT_END_DATE,PLACEMENT_TYPE
0011,29/02/2016,Female,01/03/2020,,,01/03/2020,01/06/2020,At home with parents
0011,29/02/2016,Female,01/03/2020,,,01/06/2020,,With friends or relatives
0012,10/06/2010,Male,05/01/2021,20/09/2021,Home with parents,05/01/2021,20/09/2021,Prospective adopters
0012,10/06/2010,Male,03/02/2022,,,03/02/2022,,Crisis care
"""
LEGAL = """\
CHILD_ID,EPISODE_START_DATE,LEGAL_REASON_START_DATE,LEGAL_REASON_END_DATE,LEGAL_REASON
0011,01/03/2020,01/03/2020,,Compulsory supervision order
0012,05/01/2021,05/01/2021,20/09/2021,Section 25
0012,03/02/2022,03/02/2022,,Child protection order
"""


def test_clas_tables_by_hand(tmp_path: Path) -> None:
    (tmp_path / "placements.csv").write_text(
        PLACEMENTS + "0012,10/06/2010,Male,03/02/2022,,,04/02/2022,,Foster\n", encoding="utf-8"
    )
    (tmp_path / "legal_reasons.csv").write_text(LEGAL, encoding="utf-8")
    (tmp_path / "permanence.toml").write_text(CLAS, encoding="utf-8")
    found = accounted(derive(load_project(tmp_path)))
    events = found.log.events
    assert list(zip(events["case"], events["activity"], events["date"].dt.strftime("%Y-%m-%d"), strict=True)) == [
        ("0011-1", v.BECAME_LOOKED_AFTER, "2020-03-01"),
        ("0011-1", v.AT_HOME, "2020-03-01"),
        ("0011-1", v.ACCOMMODATED, "2020-06-01"),
        ("0012-1", v.BECAME_LOOKED_AFTER, "2021-01-05"),
        ("0012-1", v.ACCOMMODATED, "2021-01-05"),
        ("0012-1", v.RETURNED_HOME, "2021-09-20"),
        ("0012-1", v.CEASED, "2021-09-20"),
        ("0012-2", v.BECAME_LOOKED_AFTER, "2022-02-03"),
        ("0012-2", v.ACCOMMODATED, "2022-02-03"),
    ]
    cases = found.log.cases.set_index("case")
    assert cases["sex"].tolist() == ["Female", "Male", "Male"]
    assert cases["legal_basis"].tolist() == [
        "Compulsory supervision order",
        "Section 25 (voluntary)",
        "Child protection order",
    ]
    assert cases["destination"].fillna("-").tolist() == ["-", "Home with parents", "-"]
    assert cases["birth"].notna().all()
    (refused,) = found.quarantine["reasons"]
    assert refused.startswith("PLACEMENT_TYPE: unknown code 'Foster'")


def test_clas_preset_invents_no_codes() -> None:
    for section in preset_content("clas")["stretches"].values():
        for labels in (section.get("settings", {}), section.get("statuses", {})):
            assert all(len(label) > 5 and not label.replace(" ", "").isdigit() for label in labels)
