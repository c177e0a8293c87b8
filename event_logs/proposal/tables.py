"""The sections of a project file that describe an extract's tables, as they are proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from event_logs import vocabulary as v
from event_logs.project.sections import HOME_DESTINATIONS
from event_logs.proposal.codes import Label, Labels, home_destinations, sorted_out
from event_logs.proposal.deciding import Decisions
from event_logs.proposal.document import Section, Value, section_name
from event_logs.proposal.kinds import ATTRIBUTES, Reading
from event_logs.proposal.profiles import Extract
from event_logs.proposal.words import SURE
from event_logs.values.remarks import counted

LEAVE_OUT = "leave out"
_CODE_WORDS = {
    "type": "placement type",
    "status": "legal status",
    "outcome": "review outcome",
    "label": "step",
}


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An extract with the kind of table that it is taken for, and where it is, seen from the project."""

    extract: Extract
    reading: Reading
    file: str


def table_sections(placed: Placed, decisions: Decisions, *, header: str) -> list[Section]:
    """The section of one table, with those of its codes; `header` is its name in the project file."""
    section = Section(header=f"[{header}]" if header in ("trackers", "events") else header)
    _source(section, placed, decisions)
    kind = placed.reading.kind
    if kind in ("tracker", "milestones") and header in ("trackers", "events"):
        return [section, *_cases_table(section, placed, decisions, header)]
    roles: Mapping[str, str] = {
        "children": {"child": "child", "birth": "birth"},
        "episodes": {"episode": "episode", "child": "child", "start": "start", "end": "end"},
        "legal_statuses": {"status": "status", "start": "start", "end": "end"},
        "placements": {"type": "type", "start": "start", "end": "end"},
        "reviews": {"date": "date", "outcome": "outcome"},
        "milestones": {"label": "milestone", "date": "date"},
    }[kind]
    if kind not in ("children", "episodes"):
        key = "episode" if "episode" in placed.reading.roles else "child"
        roles = {key: key, **roles}
    columns = {role: _column(section, placed, decisions, role, key) for role, key in roles.items()}
    _attributes(section, placed, kind)
    if kind == "episodes":
        _destinations(section, placed, default=HOME_DESTINATIONS)
    _not_read(section, placed)
    coded = next((role for role in ("type", "status", "outcome", "label") if role in columns), "")
    if not coded or not columns[coded]:
        return [section]
    return [section, *_codes(section, placed, decisions, coded, header)]


def details_section(placed: Placed, decisions: Decisions) -> Section:
    """A list of children beside other tables than [episodes]."""
    section = Section(header=section_name("details", "children"))
    _source(section, placed, decisions)
    _column(section, placed, decisions, "child", "child")
    if "birth" in placed.reading.roles:
        _column(section, placed, decisions, "birth", "birth")
    _attributes(section, placed, "children")
    if placed.reading.kind == "children":
        section.add("defines", True)
    return section


def _source(section: Section, placed: Placed, decisions: Decisions) -> None:
    extract = placed.extract
    section.evidence.append(f"{extract.rows:,} records.")
    section.evidence += [f"Warning: {said}." for said in extract.warnings]
    section.add("file", placed.file)
    if extract.sheet:
        section.add("sheet", extract.sheet)
    if extract.hidden:
        value, check = decisions.choose(
            f"{extract.name}:hidden",
            asks=f"{extract.name} has hidden rows: are they to be read like the others?",
            proposed="read",
            options=("read", "ignore"),
        )
        section.add("hidden", value, check=check)
    if extract.encoding and not extract.ascii and extract.encoding != decisions.encoding:
        section.add("encoding", extract.encoding, f"Encoding: {extract.encoding_evidence}.")
    if extract.delimiter and extract.delimiter != decisions.delimiter:
        section.add("delimiter", extract.delimiter, f"Delimiter: {extract.delimiter_evidence}.")
    if extract.header_below:
        found = next((said for said in extract.found if "header" in said), "the header is not the first line")
        section.add("header_row", "auto", f"{found[0].upper()}{found[1:]}.")


def _column(section: Section, placed: Placed, decisions: Decisions, role: str, key: str) -> str:
    """Add the column for a role, and have its dates read; empty where there is none."""
    fit = placed.reading.roles.get(role)
    if fit is None:
        return ""
    extract = placed.extract
    options = (fit.column, *fit.rivals)
    name, check = decisions.choose(
        f"{extract.name}:{role}",
        asks=f"Is {fit.column!r} the column of the {_words_for(role)} in {extract.name}?",
        proposed=fit.column,
        options=options,
        sure=fit.sure,
    )
    spell = role == "end" and placed.reading.kind in ("legal_statuses", "placements")
    evidence = decisions.dates(placed.file, extract.name, extract.column(name), role="" if spell else role)
    section.add(key, name, *evidence, check=check)
    return name


def _words_for(role: str) -> str:
    names = {"child": "child id", "episode": "episode id", "birth": "date of birth", "start": "start", "end": "end"}
    return names.get(role, _CODE_WORDS.get(role, role))


def _attributes(section: Section, placed: Placed, kind: str) -> None:
    roles = placed.reading.roles
    found = {name: roles[name].column for name in ATTRIBUTES.get(kind, ()) if name in roles}
    if found:
        section.add("attributes", found)


def _destinations(section: Section, placed: Placed, *, default: Sequence[str]) -> None:
    fit = placed.reading.roles.get("destination")
    if fit is None:
        return
    home = home_destinations(placed.extract.column(fit.column))
    if home and tuple(home) != tuple(default):
        section.add("home_destinations", home, f"Values of {fit.column} that mean that the child went home.")


def _not_read(section: Section, placed: Placed, also: Sequence[str] = ()) -> None:
    used = {fit.column for fit in placed.reading.roles.values()} | set(placed.reading.steps) | set(also)
    personal = [column.name for column in placed.extract.columns if column.personal and column.name not in used]
    others = [c.name for c in placed.extract.columns if not c.personal and c.name not in used]
    if personal:
        section.evidence.append(f"Not read, as they are personal or free text: {', '.join(personal)}.")
    if others:
        section.evidence.append(f"Not read, as no step needs them: {', '.join(others)}.")


def _cases_table(section: Section, placed: Placed, decisions: Decisions, header: str) -> list[Section]:
    """The keys of a tracker or a long table, and its columns or codes."""
    roles = placed.reading.roles
    for role, key in (("episode", "case"), ("child", "child"), ("birth", "birth")):
        if role in roles:
            _column(section, placed, decisions, role, key)
    if header == "events":
        label = _column(section, placed, decisions, "label", "activity")
        _column(section, placed, decisions, "date", "date")
    else:
        for role in ("start", "end"):
            if role in roles:
                _column(section, placed, decisions, role, role)
    _attributes(section, placed, placed.reading.kind)
    _destinations(section, placed, default=())
    if header == "events":
        _not_read(section, placed)
        return _codes(section, placed, decisions, "label", header) if label else []
    _not_read(section, placed, placed.reading.strangers)
    return [_steps(placed, decisions)]


def _steps(placed: Placed, decisions: Decisions) -> Section:
    """Which step each date column of a tracker tells of."""
    section = Section(header="trackers.columns")
    extract = placed.extract
    matched = [(name, match.meaning, match.score) for name, match in placed.reading.steps.items()]
    for name, meaning, score in [*matched, *((name, LEAVE_OUT, 0.0) for name in placed.reading.strangers)]:
        options = tuple(dict.fromkeys((meaning, LEAVE_OUT, *v.MILESTONES)))
        step, check = decisions.choose(
            f"{extract.name}:{name}",
            asks=f"Which step is the date column {name!r} of {extract.name}?",
            proposed=meaning,
            options=options,
            sure=score >= SURE,
        )
        if step == LEAVE_OUT:
            if check:
                section.checks.append(f"{check} As it stands it is left out.")
            continue
        role = "end" if step == v.CEASED else ""
        evidence = decisions.dates(placed.file, extract.name, extract.column(name), role=role)
        section.add(name, step, *evidence, check=check)
    return section


def _codes(section: Section, placed: Placed, decisions: Decisions, role: str, header: str) -> list[Section]:
    """What the labels of the code column mean."""
    extract = placed.extract
    column = extract.column(placed.reading.roles[role].column)
    labels = sorted_out(column, role)
    if role == "status":
        _statuses(section, extract, column.name, labels, decisions)
        return []
    name = {"type": "settings", "outcome": "outcomes", "label": "codes"}[role]
    codes = Section(header=section_name(header, name))
    for label in labels.known:
        codes.add(label.text, label.meaning)
    for label in labels.asked:
        _ask_label(codes, extract, column.name, label, decisions, role=role, header=header)
    _rare(codes, extract, column.name, labels, decisions, _CODE_WORDS[role])
    return [codes]


def _ask_label(
    section: Section, extract: Extract, column: str, label: Label, decisions: Decisions, *, role: str, header: str
) -> None:
    nothing = "no step" if role == "outcome" or header == "events" else LEAVE_OUT
    if role == "type":
        options: tuple[str, ...] = ("away", "home", LEAVE_OUT)
        proposed = label.meaning or "away"
    else:
        steps = tuple(v.MILESTONES)
        options = tuple(dict.fromkeys((label.meaning or nothing, nothing, LEAVE_OUT, *steps)))
        proposed = label.meaning or nothing
    like = f"; the nearest that is known is {label.nearest!r}" if label.nearest else ""
    value, check = decisions.choose(
        f"{extract.name}:{column}={label.text}",
        asks=f"What does {label.text!r} mean ({label.rows:,} rows of {extract.name}{like})?",
        proposed=proposed,
        options=options,
        sure=label.sure,
    )
    if value == LEAVE_OUT:
        if check:
            section.checks.append(f"{check} As it stands its rows are quarantined.")
        return
    section.add(label.text, "" if value == "no step" else value, check=check)


def _statuses(section: Section, extract: Extract, column: str, labels: Labels, decisions: Decisions) -> None:
    kept = [label.text for label in labels.known]
    checks = []
    for label in labels.asked:
        like = f"; the nearest that is known is {label.nearest!r}" if label.nearest else ""
        value, check = decisions.choose(
            f"{extract.name}:{column}={label.text}",
            asks=f"Is {label.text!r} a legal status ({label.rows:,} rows of {extract.name}{like})?",
            proposed="yes",
            options=("yes", LEAVE_OUT),
        )
        kept += [label.text] if value != LEAVE_OUT else []
        checks += [check] if check else []
    said = "Of two legal statuses from one day the one named first counts."
    value_list: Value = kept
    section.add("codes", value_list, said)
    section.checks += checks
    _rare(section, extract, column, labels, decisions, "legal status")


def _rare(section: Section, extract: Extract, column: str, labels: Labels, decisions: Decisions, what: str) -> None:
    """Labels on few rows that are like nothing known: left out unless the person adds them."""
    if not labels.rare_count:
        return
    shown = ", ".join(repr(text) for text in labels.rare) or "none can be shown, as they may be notes"
    texts = counted(labels.rare_count, f"text that is no known {what}", f"texts that are no known {what}")
    rows = counted(labels.rare_rows, "row", "rows")
    _, check = decisions.choose(
        f"{extract.name}:{column}:rare",
        asks=f"{column} of {extract.name} has {texts}, on {rows} in all: {shown}. Leave out what is no code? "
        "Its rows are then quarantined.",
        proposed=LEAVE_OUT,
        options=(LEAVE_OUT,),
    )
    if check:
        section.checks.append(f"{check} If not, add them here.")
