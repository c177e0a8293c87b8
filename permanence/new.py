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


@dataclass(frozen=True)
class NewProject:
    """A project file that was written."""

    path: Path
    proposal: Proposal
    """With the questions that are still open, each marked in the file."""


def new_project(
    folder: Path,
    files: Sequence[Path],
    *,
    ask: Ask | None = None,
    name: str = "",
    pseudonyms: bool = True,
    progress: Callable[[str, int], None] | None = None,
) -> NewProject:
    """Write a proposed permanence.toml, and its JSON Schema for editors, into `folder`, which is made if need be.

    The extract's files are only read, and referred to where they are. What they leave open is given to `ask`; without
    it, or where it gives None, it is marked in the file, and the project does not load until the mark is gone.
    Raises InputError if the folder has a project file already, or with all that is wrong with all files.
    """
    path = folder / PROJECT_FILE
    if path.exists():
        remedy = "Edit that file, take it away, or name another folder"
        raise InputError(Problem(str(path), "", "there is a project already, and it is never overwritten", remedy))
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem(str(folder), "", "this is a file, not a folder", "Name a new or existing folder"))
    extracts = read_extracts(_different(files), progress)
    proposal = answered(extracts, folder, ask, name=name, pseudonyms=pseudonyms)
    with complete_files(folder) as scratch:
        write_text(scratch / SCHEMA_NAME, published_schema())
        write_text(scratch / PROJECT_FILE, f"#:schema ./{SCHEMA_NAME}\n{proposal.text}")
    return NewProject(path, proposal)


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
    """Asks a person; Enter takes what is proposed only where the question has a single answer or shows evidence for it.

    The order of day and month and the dates of the window have no default: Enter leaves them open, to be seen to in
    the file.
    """

    def ask(question: Question) -> str | None:
        console.print()
        console.print(question.asks, style="bold")
        for sentence in question.evidence:
            console.print(f"  {sentence}", style="dim")
        if question.kind == "date":
            return _asked_date(console, question)
        return _asked_choice(console, question)

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


def _different(files: Sequence[Path]) -> list[Path]:
    """Each file once; InputError where two of them have the same name in one folder only by their spelling."""
    if not files:
        raise InputError(Problem("--from", "", "no file is named", "Name the files of the extract after --from"))
    return list({path.resolve(): path for path in files}.values())


def show_new(made: NewProject, console: Console) -> None:
    """What was proposed, what is open, and what to do next."""
    for file, kind in made.proposal.kinds.items():
        console.print(f"{file}: {kind}", markup=False, highlight=False)
    open_questions = len(made.proposal.questions)
    console.print(f"Project: {made.path}", markup=False, highlight=False)
    if open_questions:
        things = "thing is" if open_questions == 1 else "things are"
        console.print(f"{open_questions} {things} still to be checked: the lines with # CHECK in it.", highlight=False)
    console.print(
        f"Next: permanence key {made.path.parent}, then permanence check {made.path.parent}", markup=False, highlight=False
    )
