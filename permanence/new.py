"""Starting a project: from the files of an extract to a permanence.toml, asking what the files leave open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from event_logs.errors import InputError, Problem
from event_logs.project import PROJECT_FILE
from event_logs.project.schema import published_schema
from event_logs.proposal import SCHEMA_NAME, Extract, Proposal, Question, propose, read_extracts
from permanence.files import complete_files, write_text

if TYPE_CHECKING:
    from rich.console import Console

Ask = Callable[[Question], str | None]
"""Gives the answer to a question; None leaves it open."""
_SHOWN_OPTIONS = 9
_TABLES = (".csv", ".csv.gz", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods", ".parquet")


@dataclass(frozen=True)
class NewProject:
    """A project file that was written."""

    path: Path
    proposal: Proposal
    """With the questions that are still open, each marked in the file."""


def read_for(folder: Path, given: Sequence[Path], progress: Callable[[int, int], None] | None = None) -> list[Extract]:
    """The tables of an extract for a project that is to stand in `folder`; the files are only read.

    A folder stands for every table in it, and a name with a `*` for every file so called. Raises InputError if the
    folder has a project already, or with all that is wrong with all files. `progress` is told how many files have
    been read, and of how many.
    """
    path = folder / PROJECT_FILE
    if path.exists():
        remedy = "Edit that file, take it away, or name another folder"
        raise InputError(Problem(str(path), "", "there is a project already, and it is never overwritten", remedy))
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem(str(folder), "", "this is a file, not a folder", "Name a new or existing folder"))
    files = _files(given)
    done: dict[str, None] = {}

    def reading(file: str, _: int) -> None:
        done[file] = None
        if progress is not None:
            progress(len(done) - 1, len(files))

    return read_extracts(files, reading)


def write_project(
    folder: Path, extracts: Sequence[Extract], *, ask: Ask | None = None, name: str = "", pseudonyms: bool = True
) -> NewProject:
    """Write a proposed permanence.toml, and its JSON Schema for editors, into `folder`, which is made if need be.

    What the extract leaves open is given to `ask`; without it, or where it gives None, it is marked in the file, and
    the project does not load until the mark is gone. Raises InputError where the folder cannot be written to.
    """
    proposal = answered(extracts, folder, ask, name=name, pseudonyms=pseudonyms)
    with complete_files(folder) as scratch:
        write_text(scratch / SCHEMA_NAME, published_schema())
        write_text(scratch / PROJECT_FILE, f"#:schema ./{SCHEMA_NAME}\n{proposal.text}")
    return NewProject(folder / PROJECT_FILE, proposal)


def answered(
    extracts: Sequence[Extract], folder: Path, ask: Ask | None, *, name: str = "", pseudonyms: bool = True
) -> Proposal:
    """The proposal after every question has been asked, those too that an answer raises."""
    answers: dict[str, str] = {}
    asked: set[str] = set()
    while True:
        proposal = propose(extracts, folder, answers=answers, name=name, pseudonyms=pseudonyms)
        question = next((question for question in proposal.questions if question.key not in asked), None)
        if ask is None or question is None:
            return proposal
        asked.add(question.key)
        answer = ask(question)
        if answer is not None:
            answers[question.key] = answer


def on_terminal(console: Console) -> Ask:
    """Asks a person. No question has a default: Enter leaves it open, to be seen to in the file."""

    def ask(question: Question) -> str | None:
        console.print()
        console.print(question.asks, style="bold")
        for sentence in question.evidence:
            console.print(f"  {sentence}", style="dim")
        try:
            return _asked_date(console, question) if question.kind == "date" else _asked_choice(console, question)
        except EOFError:  # nobody is there any more
            return None

    return ask


def _asked_date(console: Console, question: Question) -> str | None:
    while True:
        hint = f"[dim](such as {question.proposed}; Enter leaves it open)[/dim]"
        text = console.input(f"  Date as YYYY-MM-DD {hint}: ").strip()
        if not text:
            return None
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            console.print("  That is no date such as 2024-07-31.", style="red")


def _asked_choice(console: Console, question: Question) -> str | None:
    if len(question.options) == 1:
        return question.proposed if _yes(console) else None
    options = question.options
    shown = options if len(options) <= _SHOWN_OPTIONS else options[:_SHOWN_OPTIONS]
    for number, option in enumerate(shown, start=1):
        console.print(f"  {number}  {option}", markup=False)
    if len(shown) < len(options):
        console.print("  or any of: " + ", ".join(options[_SHOWN_OPTIONS:]), style="dim", markup=False)
    while True:
        text = console.input("  Number or word [dim](Enter leaves it open)[/dim]: ").strip()
        if not text:
            return None
        if text.isdecimal() and 1 <= int(text) <= len(options):
            return options[int(text) - 1]
        chosen = [option for option in options if option.casefold() == text.casefold()]
        chosen = chosen or [option for option in options if option.casefold().startswith(text.casefold())]
        if len(chosen) == 1:
            return chosen[0]
        console.print("  Give one of the numbers, or enough of the word.", style="red")


def _yes(console: Console) -> bool:
    while True:
        text = console.input("  yes or no [dim](Enter leaves it open)[/dim]: ").strip().casefold()
        if text in ("y", "yes"):
            return True
        if text in ("", "n", "no"):
            return False


def _files(given: Sequence[Path]) -> list[Path]:
    """Every file that is meant, each once; what is not there is left for the reader to say."""
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            files += sorted(item for item in path.iterdir() if _is_table(item))
        elif "*" in path.name and not path.exists():
            files += sorted(item for item in path.parent.glob(path.name) if _is_table(item))
        else:
            files.append(path)
    if not files:
        shown = ", ".join(map(str, given)) or "--from"
        raise InputError(Problem(shown, "", "there is no table that can be read", "Name the files of the extract"))
    return list({path.resolve(): path for path in files}.values())


def _is_table(path: Path) -> bool:
    """Whether a file in a folder is one that can be read, by its ending."""
    name = path.name.lower()
    return path.is_file() and name.endswith(_TABLES) and not name.startswith((".", "~$"))


def show_new(made: NewProject, console: Console) -> None:
    """What was proposed, what is open, and what to do next."""
    for file, kind in made.proposal.kinds.items():
        console.print(f"{file}: {kind}", markup=False, highlight=False)
    open_questions = len(made.proposal.questions)
    console.print(f"Project: {made.path}", markup=False, highlight=False)
    if open_questions:
        things = "thing is" if open_questions == 1 else "things are"
        console.print(f"{open_questions} {things} still to be checked: see the comments with # CHECK.", highlight=False)
    where = made.path.parent
    key = f"permanence key {where}, then " if "\n[pseudonyms]\n" in made.proposal.text else ""
    console.print(f"Next: {key}permanence check {where}", markup=False, highlight=False)
