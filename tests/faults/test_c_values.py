"""Faults 33 to 50: what stands for nothing, ids that Excel spoiled, codes, notes, numbers and answers."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from event_logs.exchange import read_log, write_log
from event_logs.log import EventLog
from event_logs.project import Reading
from event_logs.quarantine import Records, inert
from event_logs.sources.delimited import parse_table
from event_logs.values import ColumnReading
from event_logs.values.cells import NumberReading
from event_logs.values.codes import DatedCode
from event_logs.window import ObservationWindow
from faults.declared import records, stopped, told, why
from faults.e_council import council
from faults.registry import fault
from mining.drawing import Diagram, DiagramNode
from mining.drawing.drawing import draw
from mining.drawing.svg import svg_text

SVG = "{http://www.w3.org/2000/svg}"
NOTHINGS = ["NULL", "n/a", "NA", "-", "--", "None", "nan", "#N/A", ".", " ", ""]


@fault(33)
def test_33_one_declared_list_says_what_is_not_known() -> None:
    checked = records(NOTHINGS, missing=NOTHINGS)
    assert checked.text("value").isna().all()
    some = records([*NOTHINGS, "Male"], missing=["", "NULL"])
    assert some.text("value").isna().tolist() == [text in ("NULL", " ", "") for text in [*NOTHINGS, "Male"]]


@fault(33)
def test_33_the_others_are_set_aside_where_a_value_is_read() -> None:
    code = records(NOTHINGS, missing=["", "NULL"])
    code.code("value", ["Male", "Female"], required=False)
    assert [bool(reason) for reason in why(code)] == [text not in ("NULL", " ", "") for text in NOTHINGS]
    ids = records(["00123", "NULL", "None", ""])
    ids.identifier("value", "child id")
    unknown = 'value: no child id but a text for "not known" that is not declared under `missing`'
    assert why(ids) == ["", unknown, unknown, "value: missing child id"]


@fault(33)
def test_33_a_column_may_have_its_own_list() -> None:
    columns = {"value": ColumnReading(missing=("-",)), "extract.csv:id": ColumnReading(missing=("1",))}
    checked = records(["-", "n/k"], missing=["", "n/k"], columns=columns)
    assert checked.text("value").isna().tolist() == [True, False]
    assert checked.text("id").isna().tolist() == [True, False]


@fault(34)
def test_34_a_code_and_a_surname_that_look_like_nothing_are_real() -> None:
    checked = records(["NA", "WH", "NA"], missing=["", "n/k"])
    assert checked.code("value", ["NA", "WH"]).tolist() == ["NA", "WH", "NA"]
    names = records(["Null", "Nan", "Reid"])
    assert names.attribute("value").tolist() == ["Null", "Nan", "Reid"]
    assert why(names) == ["", "", ""]
    assert told(names, "seems missing").count == 2


@fault(35)
def test_35_leading_zeros_stay() -> None:
    assert records(["00123", "0", "123"]).identifier("value", "child id").tolist() == ["00123", "0", "123"]


@fault(36)
def test_36_a_blank_does_not_turn_ids_into_numbers() -> None:
    checked = records(["1234567", "", "1234568"])
    assert checked.identifier("value", "child id").fillna("").tolist() == ["1234567", "", "1234568"]
    assert why(checked) == ["", "value: missing child id", ""]


@fault(36, 37)
def test_36_37_ids_that_excel_damaged_are_set_aside() -> None:
    cells = ["C001", "1234567.0", "1.23E+15", "1,23E+15", "4E5", "12345678901234500000", "12345678901234567891", "C1.0"]
    checked = records([*cells, "C2", "C3"])
    found = checked.identifier("value", "child id")
    reason = "value: id damaged by Excel"
    assert why(checked)[:8] == ["", reason, reason, reason, reason, reason, "", ""]
    assert found[6] == "12345678901234567891"  # 20 digits, each of them


@fault(37)
def test_37_a_column_of_damaged_ids_stops_the_run() -> None:
    checked = records(["1.23E+15", "1.24E+15", "C003"])
    checked.identifier("value", "child id")
    problem = stopped(checked)
    assert problem.problem == "2 ids are damaged by Excel, most of the column"
    assert problem.place == "column 'value', line 2, 3"
    tails = records([f"123456789012345{n}0" for n in range(6)])  # each might be by chance, all of them cannot
    tails.identifier("value", "child id")
    tails.ledger()
    tails = records([f"12345678901{n:04d}0" for n in range(6)])
    tails.identifier("value", "child id")
    assert "6 ids are damaged by Excel" in stopped(tails).problem


@fault(38)
def test_38_case_and_spaces_by_a_declared_rule_with_the_raw_text_kept() -> None:
    cells = ["foster carers la ", "Foster\u00a0Carers  LA", "FOSTER CARERS LA", "Foster carers LA", "foster carer"]
    checked = records(cells, normalise_codes=True)
    found = checked.code("value", ["Foster carers LA", "Residential"])
    assert found[:4].tolist() == ["Foster carers LA"] * 4
    assert "unknown code 'foster carer', the nearest known is 'Foster carers LA'" in why(checked)[4]
    assert told(checked, "code normalised").count == 3
    assert told(checked, "code normalised").letter == "F"
    assert checked.table.cells["value"].tolist() == cells
    strict = records(cells)
    strict.code("value", ["Foster carers LA"])
    assert [bool(reason) for reason in why(strict)] == [True, True, True, False, True]
    either = records(["ab"], normalise_codes=True)  # two known codes differ in case only: none is chosen
    either.code("value", ["Ab", "aB"])
    assert "unknown code 'ab'" in why(either)[0]


@fault(39)
def test_39_unknown_codes_with_the_nearest_and_the_most_frequent() -> None:
    cells = ["Foster carer"] * 3 + ["Fostr carer"] * 4 + ["PL99"] * 2 + [f"Z{n:02d}" for n in range(30)]
    checked = records(cells)
    checked.code("value", ["Foster carer", "Kinship carer"])
    assert why(checked)[3] == "value: unknown code 'Fostr carer', the nearest known is 'Foster carer'"
    assert why(checked)[7] == "value: unknown code 'PL99'"
    unknown = checked.unknown_codes()
    assert len(unknown) == 20
    assert unknown.iloc[0].to_dict() == {
        "file": "extract.csv",
        "column": "value",
        "value": "Fostr carer",
        "rows": 4,
        "nearest": "Foster carer",
    }
    assert unknown["value"].tolist()[1:4] == ["PL99", "Z00", "Z01"]
    assert records(["a"]).unknown_codes().empty


@fault(40)
def test_40_codes_have_the_meaning_of_their_year() -> None:
    listed = [
        DatedCode(code="S1", means="Section 25", last=date(2015, 3, 31)),
        DatedCode(code="S1", means="Compulsory supervision order", first=date(2015, 4, 1)),
        DatedCode(code="S70", means="Supervision requirement", last=date(2013, 6, 23)),
        "S9",
    ]
    checked = records(["S1", "S1", "S70", "S70", "S9", "S71"])
    days = ["2015-03-31", "2015-04-01", "2013-06-23", "2013-06-24", "1999-01-01", "2015-01-01"]
    meaning = checked.code("value", listed, on=pd.Series(pd.to_datetime(days)))
    assert meaning[:3].tolist() == ["Section 25", "Compulsory supervision order", "Supervision requirement"]
    assert meaning[4] == "S9"
    reasons = why(checked)
    assert reasons[:5] == ["", "", "", "value: the code was not in use on this date", ""]
    assert reasons[5].startswith("value: unknown code 'S71', the nearest known is 'S")
    with pytest.raises(ValueError, match="means 'a' and 'b' on the same day"):
        records(["S1"]).code(
            "value",
            [DatedCode(code="S1", means="a"), DatedCode(code="S1", means="b", first=date(2020, 1, 1))],
            on=pd.Series(pd.to_datetime(["2021-01-01"])),
        )


NAMES = ["Zoë O’Neill", "Zoe\u0308 Ross", "Màiri NicDhòmhnaill", "Ògmhios 🧒", "שלום", "محمد"]


@fault(41)
def test_41_names_in_any_script_survive_the_round_trip(tmp_path: Path) -> None:
    read = records(NAMES).text("value")
    assert read.tolist() == [unicodedata.normalize("NFC", name) for name in NAMES]
    assert read[1] == "Zo\u00eb Ross"
    events = pd.DataFrame({"case": read, "activity": read, "date": pd.Timestamp("2020-01-01")})
    log = EventLog.of(events, ObservationWindow(pd.Timestamp("2019-01-01"), pd.Timestamp("2021-01-01")))
    for path in write_log(log, tmp_path):
        if "cases" not in path.name:
            back = read_log(path)
            assert sorted(back.events["activity"]) == sorted(read)
            assert sorted(back.events["case"].astype("str")) == sorted(read)


@fault(42)
def test_42_long_notes_are_kept_or_cut_by_a_declared_rule() -> None:
    note = "Visited. " * 11_112
    assert len(note.strip()) > 100_000 - 10
    kept = records([note, "short"]).attribute("value")
    assert kept[0] == note.strip()
    checked = records([note, "short"], columns={"value": ColumnReading(longest_text=255)})
    assert checked.attribute("value").str.len().tolist() == [255, 5]
    assert told(checked, "text cut").sentence == "value: 1 text was longer than 255 characters and was cut"
    assert why(checked) == ["", ""]


LIVE = ["=1+1", "+44 7700 900123", "@SUM(A1)", "-5", '=HYPERLINK("http://x")', "\t=1+1", " =1+1", "＝1+1"]


@fault(43)
def test_43_formulas_are_text_and_inert_on_export() -> None:
    read = records(LIVE).text("value")
    assert read.tolist() == [text.strip() for text in LIVE]
    written = inert(pd.DataFrame({"raw": pd.Series(LIVE, dtype="str"), "number": np.full(len(LIVE), -5)}))
    assert written["raw"].tolist() == ["'" + text for text in LIVE]
    assert written["number"].tolist() == [-5] * len(LIVE)
    cells = [row["raw"] for row in csv.DictReader(io.StringIO(written.to_csv(index=False)))]
    assert all(cell.startswith("'") for cell in cells)


MARKUP = [
    "<b>Foster</b>",
    "<script>alert(1)</script>",
    "<not recorded>",
    "ends with \\",
    "$x$ and $",
    'a "quoted" one',
    "&amp;",
]


def shown_in_a_picture(labels: list[str]) -> list[str]:
    """The tooltips of the boxes of a map with these steps, as a browser shows them."""
    diagram = Diagram("Map", tuple(DiagramNode(f"n{n}", label, title=label) for n, label in enumerate(labels)), ())
    text = svg_text(draw(diagram).scene)
    tags = {element.tag.partition("}")[2] for element in ElementTree.fromstring(text).iter()}
    assert tags <= {"svg", "title", "desc", "g", "rect", "path", "polygon", "text"}
    return [title for group in ElementTree.fromstring(text).iter(f"{SVG}g") if (title := group.findtext(f"{SVG}title"))]


@fault(44)
def test_44_markup_is_shown_as_it_is_written() -> None:
    read = records(MARKUP)
    labels = read.code("value", MARKUP).tolist()
    assert labels == MARKUP
    assert why(read) == [""] * len(MARKUP)
    assert sorted(shown_in_a_picture(labels)) == sorted(MARKUP)


@fault(41)
def test_41_names_in_any_script_are_shown_in_pictures() -> None:
    labels = records(NAMES).text("value").tolist()
    assert sorted(shown_in_a_picture(labels)) == sorted(labels)


@fault(45)
def test_45_numbers_only_as_declared() -> None:
    plain = records(["1234.5", "1,234.50", "£12", "1,2 34", "1,5", "12.", "-3", "1e3", "٣"])
    assert plain.number("value", NumberReading()).dropna().tolist() == [1234.5, -3.0]
    assert [bool(reason) for reason in why(plain)] == [False, True, True, True, True, True, False, True, True]
    uk = NumberReading(thousands=",", units=("£", "%"))
    money = records(["£1,234.50", "1,234", "12,34", "1,2 34", "£ 5", "£-5", "-£5", "1234567", "50%"])
    assert money.number("value", uk).dropna().tolist() == [1234.5, 1234.0, 5.0, -5.0, -5.0, 1234567.0, 50.0]
    assert [line for line, reason in enumerate(why(money)) if reason] == [2, 3]
    comma = NumberReading(decimal=",", thousands=".")
    assert records(["1.234,5", "0,5"]).number("value", comma).tolist() == [1234.5, 0.5]


@fault(46)
def test_46_impossible_numbers_are_set_aside_and_unusual_ones_told() -> None:
    checked = records(["-1", "0", "250", "9000", "99999999"])
    days = NumberReading(minimum=0, maximum=20_000, usual=(1, 6_600))
    assert checked.number("value", days).fillna(-1).tolist() == [-1, 0, 250, 9000, -1]
    assert why(checked) == ["value: a number that cannot be", "", "", "", "value: a number that cannot be"]
    assert told(checked, "unusual number").lines.tolist() == [3, 5]


@fault(47)
def test_47_files_that_contradict_each_other(tmp_path: Path) -> None:
    episodes = "episode_id,child_id,start_date,end_date,sex\nE1,C1,2020-03-01,,Male\nE2,C2,2021-01-05,2021-09-20,Male\n"
    derivation, _ = council(tmp_path, replaced={"episodes": (episodes, 'attributes = { sex = "sex" }\n')})
    (found,) = derivation.reconciled.to_dict("records")
    assert (found["what"], found["child"], found["rule"]) == ("sex", "C1", "what is told of the episode itself stands")
    assert (found["kept"], found["kept_file"], found["kept_line"]) == ("Male", "episodes.csv", 2)
    assert (found["other"], found["other_file"], found["other_line"]) == ("Female", "children.csv", 2)
    assert any(note.startswith("sex: 1 record tells another thing") for note in derivation.notes)


YES_NO = {"Y": True, "yes": True, "1": True, "TRUE": True, "✓": True, "N": False, "0": False}


@fault(48)
def test_48_yes_and_no_by_a_declared_map() -> None:
    checked = records(["Y", "yes", "1", "TRUE", "✓", "N", "0", "true ", "NO", "?"])
    answers = checked.boolean("value", YES_NO)
    assert answers[:8].tolist() == [True] * 5 + [False] * 2 + [True]
    assert answers[8:].isna().all()
    assert why(checked)[7:] == ["", "value: neither yes nor no", "value: neither yes nor no"]
    with pytest.raises(ValueError, match="both yes and no"):
        records(["x"]).boolean("value", {"x": True, "X": False})


@fault(49)
def test_49_free_text_and_telephone_numbers_in_a_code_column() -> None:
    note = "Mum rang the team and said that she would like to see him on Friday if that is possible"
    checked = records(["Foster carer", note, "call 07700 900123", "kin at EH1 1YZ"])
    checked.code("value", ["Foster carer"])
    free = "value: free text where a code should stand"
    assert why(checked) == ["", free, free, free]
    assert told(checked, "contact details").count == 2
    assert "07700" not in str(told(checked, "contact details"))
    assert checked.unknown_codes().empty  # no free text goes on a list that is passed around
    notes = records(["nothing", "ring 0131 496 0000", "a.b@example.org", "QQ 12 34 56 C", "E123456", "01/02/2024"])
    notes.attribute("value")
    assert told(notes, "contact details").lines.tolist() == [3, 4]
    assert why(notes) == [""] * 6


@fault(50)
def test_50_a_code_once_as_text_and_once_as_number() -> None:
    checked = records(["1", "01", "2", "A3", "2.0", "4"], normalise_codes=True)
    assert checked.code("value", ["1", "2", "A3", "4", "01"]).tolist() == ["1", "01", "2", "A3", "2", "4"]
    assert told(checked, "code normalised").count == 1
    assert told(checked, "text and number").lines.tolist() == [2, 3]
    plain = records(["1", "1.0", "2"])
    plain.code("value", ["1", "2"])
    assert "unknown code '1.0'" in why(plain)[1]


@fault(35, 50)
def test_ids_are_text_whatever_the_shape_of_the_file() -> None:
    table = parse_table(b"id,value\n1,001\n2,1001\n3,1e3x\n", "a.csv", encoding="utf-8", delimiter=",")
    assert Records(table, Reading(), ["value"]).identifier("value", "child id").tolist() == ["001", "1001", "1e3x"]
