"""From the tables of an extract to a project file, with what is still to be asked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from event_logs.project.loading import year_of
from event_logs.proposal.deciding import Decisions
from event_logs.proposal.document import Entry, Question, Section, rendered
from event_logs.proposal.kinds import LEFT_OUT, is_sure, readings
from event_logs.proposal.observed import window_sections
from event_logs.proposal.presets import preset_for
from event_logs.proposal.profiles import Extract
from event_logs.proposal.tables import Placed, details_section, table_sections
from event_logs.proposal.written import missing_texts, reading_section, usual_delimiter, usual_encoding

_SINGLE = ("children", "episodes", "legal_statuses", "placements", "reviews")
KIND_WORDS: Mapping[str, str] = {
    "children": "one row a child",
    "episodes": "one row an episode of being looked after",
    "legal_statuses": "one row a legal status",
    "placements": "one row a placement",
    "reviews": "one row a review",
    "milestones": "one row a step",
    "tracker": "one row a child or episode, with a date column for each step",
    LEFT_OUT: "not used",
}
"""Kind of table -> what one row of it is."""
SCHEMA_NAME = "permanence.schema.json"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A proposed project file."""

    text: str
    """The project file. What is not sure has a line with `# CHECK` above it, and keeps the project from loading."""
    questions: tuple[Question, ...]
    """What the extracts do not decide, in the order in which a person would be asked."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """File or sheet -> what it is taken for."""


def propose(
    extracts: Sequence[Extract],
    folder: Path,
    *,
    answers: Mapping[str, str] | None = None,
    name: str = "",
    pseudonyms: bool = True,
) -> Proposal:
    """A project file, to be written into `folder`, for the tables of an extract.

    `answers` holds answers to questions of an earlier proposal, by their keys; a new answer may raise new questions.
    Nothing is asked that the values decide, and nothing is decided that they leave open. The same tables and answers
    give the same text.
    """
    answers = dict(answers or {})
    decisions = Decisions(answers=answers, encoding=usual_encoding(extracts), delimiter=usual_delimiter(extracts))
    where, files = _places(extracts, folder)
    kinds: dict[str, str] = {}
    if (preset := preset_for(extracts)) is not None:
        tables: list[Section] = []
        decisions.declared = preset.date_format
        for extract in extracts:
            kinds[extract.name] = preset.kinds.get(extract.name, LEFT_OUT)
            for column in extract.columns:
                if column.name in preset.dated:
                    role = "birth" if column.name in preset.births else ""
                    decisions.dates(files[extract.name], extract.name, column, role=role)
    else:
        placed = [_placed(extract, files[extract.name], decisions) for extract in extracts]
        kinds = {
            extract.name: found.reading.kind if found else LEFT_OUT
            for extract, found in zip(extracts, placed, strict=True)
        }
        tables = _tables([one for one in placed if one is not None], decisions)
    missing, doubtful = missing_texts(extracts, decisions)
    window = window_sections(extracts, kinds, decisions)
    top = Section(header="", evidence=_opening(extracts, kinds))
    top.add("schema_version", 1)
    top.add("name", name or folder.resolve().name)
    if preset is not None:
        top.add("preset", preset.name, preset.evidence)
    if where:
        top.add("folder", where)
    top.checks += _unplaced(extracts, kinds, decisions, tables, preset is not None)
    usual = decisions.usual_format()
    reading = reading_section(extracts, decisions, usual, missing, doubtful)
    sections = [top, *window, reading, *decisions.column_sections(usual, missing), *tables]
    if pseudonyms:
        sections.append(
            Section(
                header="pseudonyms",
                evidence=[
                    "Identifiers are replaced under a key that `permanence key` makes outside this folder.",
                    'Add `key = "PATH"` for a key kept elsewhere; take this section out to keep the identifiers.',
                ],
            )
        )
    return Proposal(text=rendered(sections), questions=tuple(_in_order(decisions.questions)), kinds=kinds)


def _in_order(questions: Sequence[Question]) -> list[Question]:
    """What a file is comes first, then its columns and dates, then its codes, and the window last."""

    def rank(question: Question) -> int:
        key = question.key
        return 0 if key.endswith(":kind") else 3 if key.startswith("window.") else 2 if "=" in key else 1

    return sorted(questions, key=rank)


def _opening(extracts: Sequence[Extract], kinds: Mapping[str, str]) -> list[str]:
    said = [
        "Proposed by `permanence new`. What stands in a comment is what was found in the files. Where a comment begins "
        'with the word "CHECK", see to it, then take the comment out: until then the project is not run.'
    ]
    for extract in extracts:
        kind = kinds[extract.name]
        said.append(f"{extract.name}: {kind} ({KIND_WORDS.get(kind, 'as the preset has it')}).")
    return said


def _placed(extract: Extract, file: str, decisions: Decisions) -> Placed | None:
    found = readings(extract)
    proposed = found[0].kind if found else LEFT_OUT
    options = (*(reading.kind for reading in found), LEFT_OUT)
    asks = f"What is {extract.name}? It looks like {proposed} ({KIND_WORDS[proposed]})."
    if not found:
        asks = f"{extract.name} fits no kind of table that can be used, so it is left out. Is that right?"
    kind, _ = decisions.choose(
        f"{extract.name}:kind",
        asks=asks,
        evidence=(f"Its columns are: {', '.join(column.name for column in extract.columns)}.",),
        proposed=proposed,
        options=options,
        sure=is_sure(found),
    )
    reading = next((reading for reading in found if reading.kind == kind), None)
    return None if reading is None else Placed(extract=extract, reading=reading, file=file)


def _tables(placed: Sequence[Placed], decisions: Decisions) -> list[Section]:
    """The sections of all tables, in the order of a project file."""
    by_kind: dict[str, list[Placed]] = {}
    for one in placed:
        by_kind.setdefault(one.reading.kind, []).append(one)
    episodes = "episodes" in by_kind
    sections: list[Section] = []
    for kind in _SINGLE:
        if kind not in by_kind:
            continue
        first, *others = by_kind[kind]
        if kind == "children" and not episodes:
            sections.append(details_section(first, decisions))
            continue
        added = table_sections(first, decisions, header=kind)
        if others and all(year_of(one.file) for one in by_kind[kind]):
            _take_all(added[0], by_kind[kind], decisions)
        sections += added
    if episodes and "children" not in by_kind:
        sections.append(details_section(by_kind["episodes"][0], decisions))
    for number, one in enumerate(by_kind.get("milestones", [])):
        header = "milestones" if episodes and number == 0 else "events"
        sections += table_sections(one, decisions, header=header)
    for one in by_kind.get("tracker", []):
        sections += table_sections(one, decisions, header="trackers")
    return sections


def _take_all(section: Section, yearly: Sequence[Placed], decisions: Decisions) -> None:
    """One file a year instead of a single one, the dates of each looked at."""
    for place, entry in enumerate(section.entries):
        if entry.key == "file":
            files = sorted((one.file for one in yearly), key=lambda name: (year_of(name), name))
            section.entries[place] = Entry(key="files", value=files)
    for one in yearly[1:]:
        for role, fit in one.reading.roles.items():
            decisions.dates(one.file, one.extract.name, one.extract.column(fit.column), role=role)


def _unplaced(
    extracts: Sequence[Extract], kinds: Mapping[str, str], decisions: Decisions, tables: Sequence[Section], preset: bool
) -> list[str]:
    """What is to be checked about the files as a whole."""
    checks = [question.asks for question in decisions.questions if question.key.endswith(":kind")]
    if preset:
        return checks
    count = Counter(kinds.values())
    for kind in _SINGLE:
        names = [extract.path.name for extract in extracts if kinds[extract.name] == kind]
        if count[kind] > 1 and not all(year_of(name) for name in names):
            checks.append(
                f"Several files hold {kind} ({', '.join(names)}); only {names[0]} is read. Put them into one file."
            )
    if not any(kind in count for kind in ("episodes", "tracker", "milestones")):
        checks.append(
            "No file tells when each child was looked after. Add an [episodes], [[trackers]] or [[events]] section."
        )
    return checks


def _places(extracts: Sequence[Extract], folder: Path) -> tuple[str, dict[str, str]]:
    """The folder of the extracts as the project file names it, and each file seen from there."""
    parents = {extract.path.resolve().parent for extract in extracts}
    home = folder.resolve()
    if parents == {home}:
        return "", {extract.name: extract.path.name for extract in extracts}
    if len(parents) == 1:
        return _seen_from(next(iter(parents)), home), {extract.name: extract.path.name for extract in extracts}
    return "", {extract.name: _seen_from(extract.path.resolve(), home) for extract in extracts}


def _seen_from(path: Path, home: Path) -> str:
    try:
        return PurePath(os.path.relpath(path, home)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()


__all__ = ["Proposal", "Question", "propose"]
