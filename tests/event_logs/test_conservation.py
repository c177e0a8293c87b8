"""Nothing lost: every record of 2,000 generated dirty files is used, set aside with its reasons, or ignored by name.

A hundred files, of every kind of table, make a council, so that 20 councils are 2,000 files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from event_logs.derive import NothingUsableError, derive
from event_logs.errors import InputError
from event_logs.project import load_project

COUNCILS = 20

HEAD = """schema_version = 1
name = "Dirty council"
[window]
recording_start = 2015-01-01
extraction_date = 2024-07-31
[reading]
date_format = "%d/%m/%Y"
missing = ["", "n/k", "-"]
total_row_labels = ["Summe"]
"""
SINGLE = """[children]
files = ["children*.csv"]
child = "child"
birth = "birth"
attributes = { sex = "sex" }
[episodes]
files = ["episodes*.csv"]
episode = "episode"
child = "child"
start = "start"
end = "end"
attributes = { destination = "destination" }
[legal_statuses]
files = ["legal_statuses*.csv"]
episode = "episode"
status = "status"
start = "start"
end = "end"
codes = ["Section 25", "CSO"]
[placements]
files = ["placements*.csv"]
child = "child"
type = "type"
start = "start"
end = "end"
settings = { Home = "home", Foster = "away" }
[reviews]
files = ["reviews*.csv"]
episode = "episode"
date = "date"
outcome = "outcome"
outcomes = { "Permanence" = "Permanence recommended", "Continue" = "" }
[milestones]
files = ["milestones*.csv"]
child = "child"
milestone = "step"
date = "date"
codes = { Panel = "Permanence panel", Lodged = "Application lodged" }
"""
TRACKER = """[[trackers]]
file = "{name}.csv"
{key}
attributes = {{ team = "team" }}
[trackers.columns]
accommodated = "Accommodated"
panel = "Permanence panel"
"panel 2" = "Permanence panel"
"""
LONG = """[[events]]
file = "{name}.csv"
{key}
activity = "step"
date = "date"
codes = {{ Panel = "Permanence panel", Start = "Became looked after", Other = "" }}
"""
STRETCHES = """[stretches.yearly]
files = ["stretch*.csv"]
child = "child"
episode_start = "episode start"
start = "start"
end = "end"
placement = "type"
settings = { Home = "home", Foster = "away" }
"""
DETAILS = """[details.{name}]
file = "{name}.csv"
child = "child"
birth = "birth"
attributes = {{ {name}_sex = "sex" }}
"""


@dataclass(frozen=True)
class Kind:
    """A kind of file: its columns, and a clean record of it."""

    columns: tuple[str, ...]
    clean: tuple[str, ...]


_STEPS = ("accommodated", "panel", "panel 2")
_BY_CASE = Kind(("case", *_STEPS, "team"), ("E5", "14/02/2018", "15/09/2018", "", "North"))
_STRETCH = Kind(("child", "episode start", "start", "end", "type"), ("C5", "13/02/2018", "13/02/2018", "", "Home"))
_OF_EACH: Mapping[str, tuple[int, Kind]] = {
    "children": (3, Kind(("child", "birth", "sex"), ("C5", "13/02/2015", "F"))),
    "episodes": (
        3,
        Kind(("episode", "child", "start", "end", "destination"), ("E5", "C5", "13/02/2018", "14/03/2020", "Adoption")),
    ),
    "legal_statuses": (14, Kind(("episode", "status", "start", "end"), ("E5", "CSO", "13/02/2018", ""))),
    "placements": (14, Kind(("child", "type", "start", "end"), ("C5", "Home", "13/02/2018", ""))),
    "reviews": (15, Kind(("episode", "date", "outcome"), ("E5", "13/06/2018", "Permanence"))),
    "milestones": (15, Kind(("child", "step", "date"), ("C5", "Panel", "13/09/2018"))),
    "tracker_cases": (2, _BY_CASE),
    "tracker_children": (1, Kind(("child", *_BY_CASE.columns[1:]), ("C5", *_BY_CASE.clean[1:]))),
    "long_cases": (3, Kind(("case", "step", "date"), ("E5", "Panel", "16/09/2018"))),
    "long_children": (3, Kind(("child", "step", "date"), ("C5", "Other", "16/09/2018"))),
    "stretch": (5, _STRETCH),
    "detail": (22, Kind(("child", "birth", "sex"), ("C5", "13/02/2015", "F"))),
}
"""Kind -> how many files of it there are, and what they are like. The first six and `stretch` are returns."""
KINDS: Mapping[str, Kind] = {
    f"{name}{n}": kind for name, (count, kind) in _OF_EACH.items() for n in range(1, count + 1)
}
FILES_A_COUNCIL = len(KINDS)


def project_text() -> str:
    """The project file of the council."""
    parts = [HEAD, SINGLE, STRETCHES]
    for name, kind in KINDS.items():
        shape = name.rstrip("0123456789").split("_")[0]
        template = {"tracker": TRACKER, "long": LONG, "detail": DETAILS}.get(shape, "")
        parts.append(template.format(name=name, key=f'{kind.columns[0]} = "{kind.columns[0]}"'))
    return "\n".join(parts)


# What stands in a cell of each kind of column: mostly sound, now and then not. What spoils a whole file is rare, as a
# file that is refused is written again without its faults, so that the others are judged.
DATES = (
    *("13/02/2018", "14/03/2019", "28/02/2020", "01/04/2021", "30/11/2022", "31/07/2024") * 3,
    *("", "", "n/k", "-", "31/02/2020", "29/02/2023", "13/02/18", "2018-02-13", "13.02.2018", "00/00/0000"),
    *("ongoing", "approx 2019", "31/12/9999", "01/01/1900", "43144", "01/08/2024", "13/02/2018 14:30", " 13/02/2018 "),
    *("=HYPERLINK(1)", "\u00a0", "１３/０２/２０１８", "13/02/0018"),
)
CODES = (
    *("Home", "Foster", "CSO", "Section 25", "Panel", "Lodged", "Start", "Other", "Permanence", "Continue") * 2,
    *(
        "",
        "n/k",
        "home",
        " Foster ",
        "Fostre",
        "x" * 300,
        "NULL",
        "None",
        "=1+1",
        "<b>",
        "Zo\u0065\u0308",
        "a;b",
        "\x07",
    ),
)
IDS = (
    *("C1", "C2", "C3", "C5", "E1", "E2", "E5") * 3,
    *("", "-", "n/k", "c1", " C1", "C9", "E9", "007", "7", "1001", "C1\u00a0", "Family 3", "NULL", "Total", "\x00"),
)
TEXTS = ("F", "M", "North", "", "-", "Home with parents", "0131 496 0000", "-1", "\u202eabc", "a" * 200, 'say "no"')
ODD_LINES = (
    "",
    ",,,",
    "Total,4",
    "Summe,4",
    "Grand total",
    "Records: 5",
    "Page 1 of 2",
    "C1",
    "C1,C1,C1,C1,C1,C1,C1,C1,C1",
    '"broken" quote,13/02/2018',
    '"a note\nover two lines",13/02/2018,x',
    "   ",
    "\t",
)
_ROLES = {"child": IDS, "episode": IDS, "case": IDS, "sex": TEXTS, "team": TEXTS, "destination": TEXTS}
_ROLES |= {"type": CODES, "status": CODES, "step": CODES, "outcome": CODES}


def quoted(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & set(',"\n') else text


@st.composite
def lines_of(draw: st.DrawFn, kind: Kind) -> list[str]:
    """The records of one dirty file, each as it is written; a record may run over two lines."""
    lines = [",".join(map(quoted, kind.clean))]
    pools = [_ROLES.get(column, DATES) for column in kind.columns]
    for _ in range(draw(st.integers(0, 5))):
        choice = draw(st.integers(0, 9))
        if choice <= 1:
            lines.append(",".join(map(quoted, kind.clean)))
        elif choice == 2:
            lines.append(lines[-1])
        elif choice == 3:
            lines.append(draw(st.sampled_from((*ODD_LINES, ",".join(kind.columns)))))
        else:
            at = draw(st.integers(0, len(pools) - 1))  # one or two faults a record, as in life
            cells = list(kind.clean)
            cells[at] = draw(st.sampled_from(pools[at]))
            lines.append(",".join(map(quoted, [draw(st.sampled_from(pools[0])), *cells[1:]] if at else cells)))
    return lines


COUNCIL = st.fixed_dictionaries({name: lines_of(kind) for name, kind in KINDS.items()})


def write(folder: Path, name: str, lines: Sequence[str]) -> None:
    text = "\n".join([",".join(KINDS[name].columns), *lines]) + "\n"
    (folder / f"{name}.csv").write_bytes(text.encode())


def account(folder: Path, council: dict[str, list[str]]) -> tuple[pd.DataFrame, pd.DataFrame, set[str]]:
    """Ledger and quarantine of the council, and the files that were refused as a whole and so written again clean."""
    refused: set[str] = set()
    while True:
        try:
            done = derive(load_project(folder))
        except NothingUsableError as error:
            return error.ledger, error.quarantine, refused
        except InputError as error:
            named = {problem.file.removesuffix(".csv") for problem in error.problems} & set(council)
            if not named - refused:
                pytest.fail(f"refused without naming a file, or twice: {error}")
            refused |= named
            for name in named:
                council[name] = [",".join(map(quoted, KINDS[name].clean))]
                write(folder, name, council[name])
        else:
            return done.ledger, done.quarantine, refused


@pytest.mark.slow
@settings(
    max_examples=COUNCILS,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # to make a council smaller takes minutes; the files of the one that failed are printed
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(COUNCIL)
def test_no_record_of_2000_dirty_files_is_lost(council: dict[str, list[str]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "permanence.toml").write_text(project_text(), encoding="utf-8")
        for name, lines in council.items():
            write(folder, name, lines)
        ledger, quarantine, refused = account(folder, council)
    assert len(refused) < FILES_A_COUNCIL / 4, "most files are judged record by record"
    rules = [
        column for column in ledger if column not in {"file", "section", "rows_read", "used", "quarantined", "ignored"}
    ]
    counts = ledger.set_index("file").fillna(dict.fromkeys(rules, 0))
    assert (counts["rows_read"] == counts["used"] + counts["quarantined"] + counts["ignored"]).all()
    assert (counts["ignored"] == counts[rules].sum(axis=1)).all(), "what is ignored is ignored by a named rule"
    for name, lines in council.items():
        row = counts.loc[f"{name}.csv"]
        assert row["rows_read"] == len(lines), f"{name}: {row['rows_read']} records read of {len(lines)}"
    assert len(quarantine) == counts["quarantined"].sum()
    assert quarantine["reasons"].str.len().gt(0).all()
    for row in quarantine.itertuples():
        assert row.raw.split("\n")[0] in "\n".join(council[row.file.removesuffix(".csv")])


def test_the_councils_make_2000_files() -> None:
    assert COUNCILS * FILES_A_COUNCIL >= 2_000
