"""What is proposed for an extract, and that nothing is proposed that the values do not decide."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_logs import vocabulary as v
from event_logs.derive import derive
from event_logs.errors import InputError
from event_logs.project import load_project
from event_logs.project.schema import project_schema, published_schema, schema_text
from event_logs.proposal import CHECK, Proposal, propose, read_extracts
from event_logs.proposal.dates import date_evidence
from event_logs.proposal.words import matches, step_of, words
from event_logs.synthetic import Council, generate
from event_logs.synthetic.shapes import write_long, write_tracker

COUNCIL = Council.of_size(40, years=6)
WINDOW = {
    "window.recording_start": COUNCIL.recording_start.isoformat(),
    "window.extraction_date": COUNCIL.extraction_date.isoformat(),
    "window.recorded_from": COUNCIL.outcomes_recorded_from.isoformat(),
}
LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "logs"


def proposed(folder: Path, files: Sequence[Path], answers: Mapping[str, str] | None = None) -> Proposal:
    """What is proposed for some files."""
    return propose(read_extracts(files), folder, answers=answers, pseudonyms=False)


def settled(folder: Path, files: Sequence[Path], answers: Mapping[str, str]) -> Proposal:
    """The proposal when every question is answered: as given, and else by taking what is proposed."""
    extracts, given = read_extracts(files), dict(answers)
    while (proposal := propose(extracts, folder, answers=given, pseudonyms=False)).questions:
        question = proposal.questions[0]
        assert question.key not in given
        given[question.key] = question.proposed
    return proposal


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def said(text: str) -> str:
    """The text of a proposal with its comments unwrapped."""
    return re.sub(r"\n# +", " ", text)


def tables(folder: Path) -> Path:
    return generate(folder, council=COUNCIL, seed=5).project


def swift(folder: Path) -> Path:
    return generate(folder, council=COUNCIL, seed=5, mess="swift").project


def tracker(folder: Path) -> Path:
    return write_tracker(folder, council=COUNCIL, seed=5)


def long(folder: Path) -> Path:
    return write_long(folder, council=COUNCIL, seed=5)


@pytest.mark.parametrize("shape", [tables, swift, tracker, long])
def test_a_proposed_project_derives_the_log_of_the_generators_own(
    shape: Callable[[Path], Path], tmp_path: Path
) -> None:
    own = shape(tmp_path / "extract")
    folder = tmp_path / "project"
    folder.mkdir()
    answers = WINDOW | {"missing:TBC": "a code"}  # the generator's own file does not take it for "not known"
    proposal = settled(folder, sorted(own.parent.glob("*.csv")), answers)
    assert CHECK not in proposal.text
    (folder / "permanence.toml").write_text(proposal.text, encoding="utf-8")
    ours, theirs = derive(load_project(folder)), derive(load_project(own))
    pd.testing.assert_frame_equal(ours.log.events, theirs.log.events)
    pd.testing.assert_frame_equal(ours.log.cases, theirs.log.cases)
    assert ours.log.window == theirs.log.window
    assert len(ours.log.events) > 500
    assert ours.quarantine["reasons"].tolist() == theirs.quarantine["reasons"].tolist()


def test_clean_tables_raise_questions_about_the_window_only(tmp_path: Path) -> None:
    own = tables(tmp_path / "extract")
    proposal = proposed(tmp_path, sorted(own.parent.glob("*.csv")))
    assert [question.key for question in proposal.questions] == list(WINDOW)
    assert proposal.text.count(CHECK) == len(WINDOW)
    assert all(question.evidence for question in proposal.questions)


def test_a_project_is_not_loaded_until_every_mark_is_gone(tmp_path: Path) -> None:
    own = tables(tmp_path)
    own.unlink()
    text = proposed(tmp_path, sorted(tmp_path.glob("*.csv"))).text
    (tmp_path / "permanence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_project(tmp_path)
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if CHECK in line]
    assert [problem.place for problem in caught.value.problems] == [f"line {number}" for number in lines]
    assert all(problem.problem == "still to be checked" for problem in caught.value.problems)
    seen = "\n".join(line for line in text.splitlines() if CHECK not in line)
    (tmp_path / "permanence.toml").write_text(seen, encoding="utf-8")
    assert load_project(tmp_path).episodes is not None


def test_the_same_files_give_the_same_text_in_any_order(tmp_path: Path) -> None:
    files = sorted(swift(tmp_path).parent.glob("*.csv"))
    assert proposed(tmp_path, files).text == proposed(tmp_path, files).text
    there, back = (tomllib.loads(proposed(tmp_path, some).text) for some in (files, files[::-1]))
    assert there == back


def test_what_the_messy_extract_shows_is_in_the_proposal(tmp_path: Path) -> None:
    own = swift(tmp_path / "extract")
    text = proposed(tmp_path, sorted(own.parent.glob("*.csv"))).text
    reading = tomllib.loads(text)["reading"]
    assert reading["encoding"] == "cp1252"
    assert reading["date_format"] == "%d/%m/%Y"
    assert {"", "n/k", "-", "NULL"} <= set(reading["missing"])
    assert reading["total_row_labels"] == ["Total"]
    children = pd.read_csv(own.parent / "children.csv", dtype="str", encoding="cp1252", keep_default_na=False)
    births = children.loc[children["child_id"] != "Total", "date_of_birth"]
    excluding = int((births.str[:2].astype(int) > 12).sum())
    assert f"{excluding} of {len(births)} dates exclude month-first, 0 exclude day-first" in said(text)
    assert "forename" not in str(tomllib.loads(text)), "names are not to be read"
    assert "Not read, as they are personal or free text: forename, surname." in text


def evidence(*texts: str, called_date: bool = True):
    found = date_evidence(pd.Series(list(texts), dtype="str"), called_date=called_date)
    assert found is not None
    return found


def test_the_order_of_day_and_month_is_counted_not_guessed() -> None:
    (way,) = evidence("25/12/2023", "03/04/2024", "31/01/2024", "03/04/2024").ways
    assert (way.format, way.only_day_first, way.only_month_first, way.read) == ("%d/%m/%Y", 2, 0, 4)
    assert way.order == "day"


def test_an_order_that_no_date_decides_is_open() -> None:
    found = evidence("03/04/2024", "05/06/2023")
    assert found.ways[0].order == "unclear"
    assert found.unclear


def test_dates_that_contradict_each_other_are_open() -> None:
    found = evidence("25/12/2023", "26/12/2023", "12/25/2023")
    assert found.formats == ("%d/%m/%Y",)
    assert found.ways[0].order == "unclear"


def test_month_first_is_never_taken_without_asking() -> None:
    found = evidence("12/25/2023", "12/26/2023")
    assert found.formats == ("%m/%d/%Y",)
    assert found.unclear


DAYS = st.dates(min_value=pd.Timestamp("1990-01-01").date(), max_value=pd.Timestamp("2024-12-31").date())
FORMATS = st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y %H:%M", "%d/%m/%y"])


@settings(max_examples=200, deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=30), FORMATS)
def test_a_day_first_column_is_never_proposed_month_first(days, date_format) -> None:
    found = evidence(*(day.strftime(date_format) for day in days))
    assert found.formats == (date_format,)
    assert found.ways[0].only_month_first == 0
    assert bool(found.unclear) == all(day.day <= 12 for day in days)


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["2024-01-05", "2023-12-31"], ("%Y-%m-%d",)),
        (["5-Jan-24", "31-Dec-23"], ("%d-%b-%y",)),
        (["5 January 2024", "31 Dec 2023"], ("%d %b %Y",)),
        (["20240105", "20231231"], ("%Y%m%d",)),
        (["31/12/2023 14:30", "05/01/2024 00:00"], ("%d/%m/%Y %H:%M",)),
        (["31/12/2023", "05/01/2024", "2024-04-05"], ("%d/%m/%Y", "%Y-%m-%d")),
    ],
)
def test_formats_are_found(texts, formats) -> None:
    assert evidence(*texts).formats == formats


def test_ids_are_not_taken_for_dates() -> None:
    for ids in (["1001", "1002"], ["20240105", "20231231"], ["C000123", "C000124"], ["12/345", "12/346"]):
        assert date_evidence(pd.Series(ids, dtype="str")) is None


def test_numbers_of_excel_sentinels_and_words_for_open_are_seen() -> None:
    assert evidence("45292", "45293.5").serials == 2
    found = evidence("31/12/9999", "31/12/9999", "25/12/2023", "01/01/1900", "ongoing")
    assert {day.year: count for day, count in found.sentinels.items()} == {1900: 1, 9999: 2}
    assert found.last == pd.Timestamp("2023-12-25").date()
    assert found.open_words == ("ongoing",)


AMBIGUOUS = ("Child ID,DOB,Date accommodated,Permanence panel date", "1001,01/02/2015,03/04/2020,05/06/2021")


def test_a_column_that_decides_nothing_is_marked_and_what_is_answered_stands(tmp_path: Path) -> None:
    file = write(tmp_path / "tracker.csv", *AMBIGUOUS)
    proposal = proposed(tmp_path, [file])
    orders = [question for question in proposal.questions if question.key.endswith(":order")]
    assert [question.key.split(":")[1] for question in orders] == ["DOB", "Date accommodated", "Permanence panel date"]
    assert all(question.options == ("%d/%m/%Y", "%m/%d/%Y") for question in orders)
    for question in orders:
        assert f"{CHECK} {question.asks[:40]}" in proposal.text
    answers = {orders[0].key: "%m/%d/%Y", orders[1].key: "%d/%m/%Y"}
    done = proposed(tmp_path, [file], answers)
    assert [question.key for question in done.questions if question.key.endswith(":order")] == [orders[2].key]
    columns = tomllib.loads(done.text)["reading"]["columns"]
    assert columns["tracker.csv:DOB"]["formats"] == ["%m/%d/%Y"]


def test_columns_of_a_tracker_are_known_by_many_names(tmp_path: Path) -> None:
    header = "Child ID,DOB,LAC start,Date accommodated,LAAC review 1,LAAC review 2,Perm. recommended,Legal advice req,"
    header += "Legal advice rec'd,Form E,2nd panel,ADM sign-off,Petition lodged,POA granted,Ceased,Football club joined"
    dates = ",".join(f"{day}/01/2020" for day in range(13, 28))
    file = write(tmp_path / "PACE tracker.csv", header, f"A1,{dates}", f"A2,{dates}")
    proposal = proposed(tmp_path, [file])
    (section,) = tomllib.loads(proposal.text)["trackers"]
    assert section["columns"] == {
        "LAC start": v.BECAME_LOOKED_AFTER,
        "Date accommodated": v.ACCOMMODATED,
        "LAAC review 1": v.REVIEW,
        "LAAC review 2": v.REVIEW,
        "Perm. recommended": v.RECOMMENDED,
        "Legal advice req": v.LEGAL_REQUESTED,
        "Legal advice rec'd": v.LEGAL_RECEIVED,
        "Form E": v.REPORT_COMPLETED,
        "2nd panel": v.PANEL,
        "ADM sign-off": v.AGENCY_DECISION,
        "Petition lodged": v.LODGED,
        "POA granted": v.AUTHORITY_TO_ADOPT,
        "Ceased": v.CEASED,
    }
    assert (section["child"], section["birth"]) == ("Child ID", "DOB")
    assert [q.key for q in proposal.questions if "Football" in q.asks] == ["PACE tracker.csv:Football club joined"]


def test_a_code_that_is_not_known_is_asked_and_a_note_is_never_shown(tmp_path: Path) -> None:
    rows = [f"E{n},{'Foster carer' if n % 2 else 'Fostre carer'},{n % 28 + 1:02}/01/2020," for n in range(40)]
    note = "Zoe's mum rang 0131 496 0000 re placement"
    file = write(tmp_path / "placements.csv", "Episode,Placement type,From,To", *rows, f"E1,{note},01/02/2020,")
    proposal = proposed(tmp_path, [file])
    (asked,) = (question for question in proposal.questions if "Fostre" in question.key)
    assert asked.proposed == "away"
    assert "'foster carer'" in asked.asks
    assert "Zoe" not in proposal.text
    assert "1 text that is no known placement type, on 1 row" in said(proposal.text)


def test_a_file_that_fits_nothing_is_left_out_and_said(tmp_path: Path) -> None:
    own = tables(tmp_path / "extract")
    stranger = write(tmp_path / "extract" / "budget.csv", "Cost centre,Amount", "A1,100", "A2,200")
    proposal = proposed(tmp_path, [*sorted(own.parent.glob("[c-r]*.csv")), stranger])
    assert proposal.kinds["budget.csv"] == "left out"
    assert f"{CHECK} budget.csv fits no kind of table" in proposal.text


def test_every_file_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "open.csv", "a,b", '1,"2', "3,4")
    with pytest.raises(InputError) as caught:
        read_extracts([tmp_path / "absent.csv", tmp_path / "open.csv"])
    assert len(caught.value.problems) == 2


def test_files_are_named_from_the_project_on_and_never_copied(tmp_path: Path) -> None:
    own = tables(tmp_path / "council" / "extract")
    project = tmp_path / "council" / "project"
    project.mkdir()
    content = tomllib.loads(proposed(project, sorted(own.parent.glob("*.csv"))).text)
    assert content["folder"] == "../extract"
    assert content["children"]["file"] == "children.csv"
    assert not list(project.iterdir())


def test_a_title_above_the_header_another_delimiter_and_a_workbook(tmp_path: Path) -> None:
    from openpyxl import Workbook

    head = ("Permanence tracker;;;;", "Run on 31/07/2024;;;;", "Child ID;Name;Accommodated;Panel;Agency decision")
    rows = (f"C{n};Ann;{n + 12}/01/2020;{n + 12}/02/2020;{n + 12}/03/2020" for n in range(1, 9))
    write(tmp_path / "tracker.csv", *head, *rows)
    book = Workbook()
    for sheet, kind in (("Children", ["Child ID", "DOB"]), ("Reviews", ["Child ID", "Review date", "Outcome"])):
        page = book.create_sheet(sheet)
        page.append(kind)
        for n in range(1, 9):
            page.append([f"C{n}", pd.Timestamp(2015, 1, n + 12).to_pydatetime(), *(["No change"] * (len(kind) - 2))])
    del book["Sheet"]
    book.save(tmp_path / "case.xlsx")
    text = settled(tmp_path, [tmp_path / "case.xlsx", tmp_path / "tracker.csv"], WINDOW).text
    content = tomllib.loads(text)
    (found,) = content["trackers"]
    assert found["header_row"] == "auto"
    assert "The header was found on line 3" in text
    assert content["reading"]["delimiter"] == ";"
    assert content["details"]["children"]["sheet"] == "Children"
    assert content["reviews"]["sheet"] == "Reviews"
    (tmp_path / "permanence.toml").write_text(text, encoding="utf-8")
    assert derive(load_project(tmp_path)).log.events["activity"].value_counts()[v.PANEL] == 8


def test_the_english_return_is_known_by_its_names_and_columns(tmp_path: Path) -> None:
    folder = LOGS / "ssda903_synthetic"
    if not folder.is_dir():
        pytest.skip("the shared logs are not there")
    proposal = proposed(tmp_path, sorted(folder.glob("*.csv")))
    content = tomllib.loads(proposal.text)
    assert content["preset"] == "ssda903"
    assert {question.key for question in proposal.questions} == {"window.recording_start", "window.extraction_date"}


def test_names_are_compared_as_words() -> None:
    assert words("LegalAdvice_Req") == "legal advice requested"
    assert step_of("PO granted").meaning == v.PERMANENCE_ORDER
    assert step_of("Football club joined") is None or not step_of("Football club joined").sure
    assert matches("banana", {"fruit": ("apple",)}) == []


@pytest.mark.parametrize("activity", list(v.MILESTONES))
def test_every_activity_is_known_by_its_own_name(activity: str) -> None:
    found = step_of(activity)
    assert found is not None
    assert (found.meaning, found.sure) == (activity, True)


def test_the_published_schema_is_that_of_the_model() -> None:
    assert published_schema() == schema_text(), (
        "the model has changed: write schema_text() into event_logs/project.schema.json"
    )


def test_the_schema_explains_and_names_every_key() -> None:
    schema = project_schema()
    assert set(schema["properties"]) >= {"window", "reading", "children", "trackers", "events", "pseudonyms", "rules"}
    assert schema["additionalProperties"] is False
    assert '"null"' not in json.dumps(schema)
    children = schema["$defs"]["Children"]["properties"]
    assert children["header_row"]["description"].startswith("The line of the header")
