"""Planted faults: as many as listed, where listed, and found again without knowing how they were planted."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from event_logs.derive import derive
from event_logs.project import load_project
from event_logs.synthetic import Council, Generated, generate

MISSING = {"", "n/k", "-", "NULL"}


def rows(generated: Generated, name: str, encoding: str) -> list[list[str]]:
    with generated.paths[name].open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def planted(generated: Generated, file: str, fault: str) -> list[int]:
    lines = [entry["lines"] for entry in generated.mess["faults"] if (entry["file"], entry["fault"]) == (file, fault)]
    assert all(len(found) > 0 for found in lines)
    return lines[0] if lines else []


@pytest.mark.parametrize("name", ["children", "episodes", "legal_statuses", "placements", "reviews", "milestones"])
def test_every_fault_is_where_the_list_says(swift: Generated, name: str) -> None:
    file = f"{name}.csv"
    table = rows(swift, name, "cp1252")
    header = table[0]
    seen: Counter[tuple[str, ...]] = Counter()
    duplicates, spans, impossible, totals = [], [], [], []
    for line, row in enumerate(table[1:], start=2):
        if seen[tuple(row)]:
            duplicates.append(line)
        seen[tuple(row)] += 1
        if row[0] == "Total":
            totals.append(line)
            continue
        days = {}
        for column, text in zip(header, row, strict=True):
            if "date" in column and text not in MISSING:
                try:
                    days[column] = datetime.strptime(text, "%d/%m/%Y")
                except ValueError:
                    impossible.append(line)
        if "start_date" in days and "end_date" in days and days["end_date"] < days["start_date"]:
            spans.append(line)
    assert duplicates == planted(swift, file, "exact duplicate")
    assert spans == planted(swift, file, "end before start")
    assert impossible == planted(swift, file, "impossible date")
    assert totals == planted(swift, file, "total row") == [len(table)]


def test_unknown_codes_and_episodes_are_where_the_list_says(swift: Generated) -> None:
    project = load_project(swift.project)
    assert project.placements is not None
    assert project.legal_statuses is not None
    assert project.milestones is not None
    assert project.reviews is not None
    known = {
        "placements": (1, set(project.placements.settings)),
        "legal_statuses": (1, set(project.legal_statuses.codes)),
        "milestones": (1, set(project.milestones.codes)),
        "reviews": (2, set(project.reviews.outcomes) | MISSING),
    }
    for name, (column, codes) in known.items():
        table = rows(swift, name, "cp1252")
        strange = [n for n, row in enumerate(table, 1) if n > 1 and row[0] != "Total" and row[column] not in codes]
        assert strange == planted(swift, f"{name}.csv", "unknown code"), name
    episodes = {row[0] for row in rows(swift, "episodes", "cp1252")}
    milestones = rows(swift, "milestones", "cp1252")
    strangers = [n for n, row in enumerate(milestones, 1) if n > 1 and row[0] not in episodes]
    assert strangers == planted(swift, "milestones.csv", "unknown episode")


def test_blanks_are_written_in_every_way_and_counted(swift: Generated) -> None:
    endings = Counter(row[3] for row in rows(swift, "episodes", "cp1252")[1:-1] if row[3] in MISSING)
    assert set(endings) == MISSING
    placed = Counter(row[3] for row in rows(swift, "placements", "cp1252")[1:-1] if row[3] in MISSING)
    duplicate_lines = set(planted(swift, "placements.csv", "exact duplicate"))
    for line, row in enumerate(rows(swift, "placements", "cp1252")[:-1], start=1):
        if line in duplicate_lines and row[3] in MISSING:
            placed[row[3]] -= 1
    assert placed == Counter(swift.mess["missing_as"]["placements.csv"])


def test_names_are_in_windows_encoding(swift: Generated) -> None:
    raw = swift.paths["children"].read_bytes()
    assert "Zoë".encode("cp1252") in raw
    assert "O’Neill".encode("cp1252") in raw
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_derive_quarantines_and_ignores_as_many_as_were_planted(swift: Generated, clean: Generated) -> None:
    derivation = derive(load_project(swift.project))
    counts = pd.DataFrame(swift.mess["faults"]).pivot_table(
        index="file", columns="fault", values="count", aggfunc="sum", fill_value=0
    )
    spoilt = counts[["end before start", "unknown code", "impossible date", "unknown episode"]].sum(axis=1)
    ledger = derivation.ledger.set_index("file")
    assert ledger["quarantined"].to_dict() == spoilt.to_dict()
    assert ledger["exact duplicate"].to_dict() == counts["exact duplicate"].to_dict()
    assert ledger["total row"].to_dict() == counts["total row"].to_dict()
    assert len(derivation.log.cases) == clean.rows["episodes"]
    lines = {(entry["file"], line) for entry in swift.mess["faults"] for line in entry["lines"]}
    assert {(file, row) for file, row in derivation.quarantine[["file", "row"]].itertuples(index=False)} <= lines


def test_some_mess_has_only_dates_blanks_and_duplicates(tmp_path: Path, clean: Generated) -> None:
    council = Council.of_size(300)
    some = generate(tmp_path, council=council, seed=3, mess="some")
    assert {entry["fault"] for entry in some.mess["faults"]} == {"exact duplicate"}
    derivation = derive(load_project(some.project))
    assert derivation.quarantine.empty
    untouched = derive(load_project(clean.project))
    pd.testing.assert_frame_equal(derivation.log.events, untouched.log.events)
    pd.testing.assert_frame_equal(derivation.log.cases, untouched.log.cases)
    assert some.paths["children"].read_text(encoding="utf-8").count("/") > 300


def test_mess_is_written_and_refused(swift: Generated, clean: Generated, tmp_path: Path) -> None:
    assert json.loads(swift.paths["mess"].read_text(encoding="utf-8")) == swift.mess
    assert "mess" not in clean.paths
    with pytest.raises(ValueError, match=r"mess must be one of none, some, swift, got 'lots'"):
        generate(tmp_path, mess="lots")  # type: ignore[arg-type]
