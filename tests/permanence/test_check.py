"""The data-quality page and its files."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from event_logs import InputError
from event_logs.synthetic import Council, generate
from permanence.check import check


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("messy")
    generate(folder, council=Council.of_size(80, years=8), seed=3, mess="swift")
    return folder


class _Tables(HTMLParser):
    """Counts what a screen reader needs."""

    def __init__(self) -> None:
        super().__init__()
        self.count: dict[str, int] = {}
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            if name in ("href", "src"):
                (self.links if (value or "").startswith("#") else self.outside).append(value or "")


def test_all_files_are_written_and_the_page_stands_alone(messy: Path, tmp_path: Path) -> None:
    files = check(messy, tmp_path / "out")
    assert files[0].name == "data_quality.html"
    assert all(file.is_file() for file in files)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {file.name for file in files}
    text = files[0].read_text(encoding="utf-8")
    page = _Tables()
    page.feed(text)
    assert page.outside == []
    assert "<script" not in text
    assert page.count["table"] == page.count["caption"]
    assert {link.removeprefix("#") for link in page.links} <= page.ids
    named = re.findall(r"data_quality_\w+\.csv", text)
    assert set(named) <= {file.name for file in files}
    assert page.count["h1"] == 1
    assert "What to take to the team first" in text


def test_the_same_records_give_the_same_bytes(messy: Path, tmp_path: Path) -> None:
    one, two = (check(messy, tmp_path / name) for name in ("one", "two"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]


def test_the_page_quotes_no_child_s_own_data(messy: Path, tmp_path: Path) -> None:
    text = check(messy, tmp_path)[0].read_text(encoding="utf-8")
    children = pd.read_csv(messy / "children.csv", encoding="cp1252", dtype=str)
    for column in ("child_id", "date_of_birth"):
        # A date of birth may by chance be the date on which something else was due; most may not.
        shown = [value for value in children[column].dropna().unique() if value in text]
        assert len(shown) <= (0 if column == "child_id" else 3)


def test_a_second_extract_in_the_same_folder_gives_the_trend(messy: Path, tmp_path: Path) -> None:
    check(messy, tmp_path)
    history = tmp_path / "data_quality_history.csv"
    text = history.read_text(encoding="utf-8")
    history.write_text(re.sub(r"^\d{4}-\d\d-\d\d", "2019-07-31", text, flags=re.MULTILINE), encoding="utf-8")
    page = check(messy, tmp_path)[0].read_text(encoding="utf-8")
    assert "Nothing has changed since the extract of 31 July 2019." in page
    assert pd.read_csv(history)["extraction_date"].nunique() == 2


def test_a_label_with_markup_is_shown_as_text(messy: Path, tmp_path: Path) -> None:
    children = (messy / "children.csv").read_text(encoding="cp1252")
    project = tmp_path / "project"
    project.mkdir()
    for file in messy.iterdir():
        (project / file.name).write_bytes(file.read_bytes())
    (project / "children.csv").write_text(children.replace("North West", "<b>=1+1</b>"), encoding="cp1252")
    page = check(project, tmp_path / "out")[0].read_text(encoding="utf-8")
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in page
    assert "<b>=1+1" not in page


def test_an_id_that_is_no_child_s_stops_with_a_plain_error(messy: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        check(tmp_path / "nowhere")
