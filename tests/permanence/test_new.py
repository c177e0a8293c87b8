"""Starting a project: what is asked, what is written, and what is refused."""

from __future__ import annotations

import io
import os
import pty
import select
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from event_logs.errors import InputError
from event_logs.project import load_project
from event_logs.proposal import CHECK, Question
from permanence.new import NewProject, on_terminal, read_for, show_new, write_project

EXTRACT = {
    "children.csv": "child_id,surname,date_of_birth\nC1,Reid,25/12/2015\nC2,Kerr,03/04/2016\n",
    "episodes.csv": "episode_id,child_id,start_date,end_date\nE1,C1,03/04/2020,05/06/2021\nE2,C2,07/08/2020,\n",
}
"""The dates of birth are day-first; no date of an episode decides."""


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    folder = tmp_path / "extract"
    folder.mkdir()
    for name, text in EXTRACT.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def new(folder: Path, files: list[Path], ask: Callable[[Question], str | None] | None = None) -> NewProject:
    return write_project(folder, read_for(folder, files), ask=ask)


def test_without_answers_every_doubt_is_marked_and_the_project_refused(extract: Path, tmp_path: Path) -> None:
    made = new(tmp_path / "project", [extract])
    text = made.path.read_text(encoding="utf-8")
    assert text.startswith("#:schema ./permanence.schema.json\n")
    assert text.count(CHECK) == len(made.proposal.questions) == 4
    assert {question.key for question in made.proposal.questions} == {
        "episodes.csv:start_date:order",
        "episodes.csv:end_date:order",
        "window.recording_start",
        "window.extraction_date",
    }
    with pytest.raises(InputError, match="still to be checked"):
        load_project(made.path)


def test_with_answers_the_project_loads(extract: Path, tmp_path: Path) -> None:
    made = new(tmp_path / "project", [extract / "children.csv", extract / "episodes.csv"], lambda q: q.proposed)
    assert made.proposal.questions == ()
    project = load_project(made.path)
    assert project.records.resolve() == extract.resolve()
    assert project.pseudonyms is not None
    assert sorted(path.name for path in made.path.parent.iterdir()) == ["permanence.schema.json", "permanence.toml"]


def test_a_question_is_asked_once_and_may_be_left_open(extract: Path, tmp_path: Path) -> None:
    asked: list[str] = []
    made = new(tmp_path / "project", [extract], lambda question: asked.append(question.key))
    assert len(asked) == len(set(asked)) == len(made.proposal.questions)


def test_a_project_that_is_there_is_never_overwritten(extract: Path, tmp_path: Path) -> None:
    made = new(tmp_path / "project", [extract])
    before = made.path.read_bytes()
    with pytest.raises(InputError, match="never overwritten"):
        read_for(tmp_path / "project", [extract])
    assert made.path.read_bytes() == before


def test_files_may_be_a_folder_or_a_pattern_and_are_read_once(extract: Path, tmp_path: Path) -> None:
    (extract / "readme.pdf").write_bytes(b"%PDF")
    folder, project = extract, tmp_path / "project"
    assert [one.name for one in read_for(project, [folder])] == ["children.csv", "episodes.csv"]
    assert [one.name for one in read_for(project, [folder / "*.csv", folder / "children.csv"])] == [
        "children.csv",
        "episodes.csv",
    ]
    with pytest.raises(InputError, match="no table that can be read"):
        read_for(project, [folder / "*.xlsx"])
    with pytest.raises(InputError, match="does not exist"):
        read_for(project, [folder / "absent.csv"])
    with pytest.raises(InputError, match="a file, not a folder"):
        read_for(folder / "children.csv", [folder])


def test_progress_counts_the_files(extract: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    read_for(tmp_path / "project", [extract], lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 2)
    assert seen[-1] == (1, 2)


def typed(question: Question, *lines: str) -> str | None:
    """What the dialogue makes of what a person types."""
    console = Console(file=io.StringIO(), force_terminal=True)
    answers = iter(lines)

    def next_line(*_: object, **__: object) -> str:
        try:
            return next(answers)
        except StopIteration:
            raise EOFError from None

    console.input = next_line  # type: ignore[method-assign]
    return on_terminal(console)(question)


ORDER = Question(key="o", asks="Which?", options=("%d/%m/%Y", "%m/%d/%Y"), proposed="%d/%m/%Y")
DATE = Question(key="d", asks="When?", proposed="2024-07-31", kind="date")
CONFIRM = Question(key="c", asks="Leave out?", options=("leave out",), proposed="leave out")


@pytest.mark.parametrize(
    ("question", "lines", "answer"),
    [
        (ORDER, ["1"], "%d/%m/%Y"),
        (ORDER, ["7", "2"], "%m/%d/%Y"),
        (ORDER, ["%m"], "%m/%d/%Y"),
        (ORDER, [""], None),
        (ORDER, [], None),
        (DATE, ["31/07/2024", "2024-07-31"], "2024-07-31"),
        (DATE, [""], None),
        (CONFIRM, ["maybe", "y"], "leave out"),
        (CONFIRM, ["no"], None),
    ],
)
def test_the_dialogue_takes_nothing_for_granted(question: Question, lines: list[str], answer: str | None) -> None:
    assert typed(question, *lines) == answer


def test_the_end_says_what_is_open_and_what_comes_next(extract: Path, tmp_path: Path) -> None:
    with (tmp_path / "said").open("w") as file:
        show_new(new(tmp_path / "project", [extract]), Console(file=file, width=200))
    said = (tmp_path / "said").read_text()
    assert "children.csv: children\nepisodes.csv: episodes\n" in said
    assert "4 things are still to be checked" in said
    assert "permanence key" in said


def test_the_command_writes_a_marked_project_and_refuses_to_run_it(permanence, extract: Path, tmp_path: Path) -> None:
    done = permanence("new", "council", "--from", extract / "children.csv", extract / "episodes.csv", "--yes")
    assert done.returncode == 0, done.stderr
    assert "4 things are still to be checked" in done.stdout
    assert tomllib.loads((tmp_path / "council" / "permanence.toml").read_text())["name"] == "council"
    refused = permanence("derive", "council")
    assert refused.returncode == 1
    assert refused.stderr.count("still to be checked") == 4
    assert "Traceback" not in refused.stderr
    again = permanence("new", "council", "--from", extract, "--yes")
    assert (again.returncode, "never overwritten" in again.stderr) == (1, True)


def test_a_child_of_no_file_is_named_in_what_is_said(permanence, extract: Path) -> None:
    done = permanence("new", "council", "--from", extract, "--yes")
    assert not [name for name in ("Reid", "Kerr", "C1", "E1") if name in done.stdout + done.stderr]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_on_a_terminal_a_person_is_asked(extract: Path, tmp_path: Path) -> None:
    answers = ["1", "1", "2020-01-01", "2021-12-31"]
    leader, follower = pty.openpty()
    code = "from permanence.cli import main; main()"
    arguments = [sys.executable, "-c", code, "new", str(tmp_path / "project"), "--from", str(extract), "--keep-ids"]
    child = subprocess.Popen(arguments, stdin=follower, stdout=follower, stderr=follower, close_fds=True)
    os.close(follower)
    said, waited = "", time.monotonic() + 60
    while child.poll() is None and time.monotonic() < waited:
        if select.select([leader], [], [], 0.2)[0]:
            try:
                said += os.read(leader, 65_536).decode()
            except OSError:  # the other end is closed
                break
        if answers and said.count("leaves it open") == 5 - len(answers):
            os.write(leader, f"{answers.pop(0)}\n".encode())
    assert child.wait(10) == 0, said
    os.close(leader)
    project = load_project(tmp_path / "project")
    assert (f"{project.window.start:%Y-%m-%d}", f"{project.window.end:%Y-%m-%d}") == ("2020-01-01", "2021-12-31")
    assert project.pseudonyms is None
