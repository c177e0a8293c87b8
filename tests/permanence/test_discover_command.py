"""Models of a log as files and in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from event_logs.errors import InputError
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.models import Quality
from permanence.discover_command import Mining, discover, quality_in_words
from permanence.map_command import UsageError

ZERO = pd.Timestamp("2020-01-01")


def log_of(words: list[str], *, days: int = 7, ends: bool = True) -> EventLog:
    """One case a word, one step a letter."""
    rows = [
        (f"c{number:03d}", letter, ZERO + pd.Timedelta(days=number + days * place))
        for number, word in enumerate(words)
        for place, letter in enumerate(word)
    ]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = events["date"].astype("datetime64[us]")
    cases = events.groupby("case")["date"].agg(start="min", end="max").reset_index()
    cases["end"] = cases["end"] if ends else pd.NaT
    ranks = {name: place for place, name in enumerate(sorted(set("".join(words))))}
    return EventLog.of(events, ObservationWindow(ZERO, ZERO + pd.Timedelta(days=400)), cases=cases, ranks=ranks)


LOG = log_of(["abcd", "acbd"] * 20 + ["abce"] * 10)


def test_the_inductive_miner(tmp_path: Path) -> None:
    found = discover(LOG, "My log", Mining(), chosen=["Kept: x."])
    names = ["discovered.bpmn", "discovered.pnml", "discovered.png", "discovered_scan.csv", "discovered.txt"]
    assert [path.name for path in found.write(tmp_path)] == names
    assert (tmp_path / "discovered.bpmn").read_bytes().count(b"<bpmn:task ") == 5
    assert (tmp_path / "discovered.png").read_bytes().startswith(b"\x89PNG")
    scan = pd.read_csv(tmp_path / "discovered_scan.csv")
    assert scan["noise"].tolist() == [0, 0.05, 0.1, 0.2, 0.3, 0.4]
    assert scan["chosen"].sum() == 1
    text = (tmp_path / "discovered.txt").read_text()
    assert text.splitlines()[0] == "Model of My log, found by the inductive miner"
    assert "Kept: x." in text
    assert "50 closed cases" in text
    assert "  one after another:\n    a\n    all of these, in any order:\n      b\n      c\n    one of:" in text
    assert "->( 'a', +( 'b', 'c' ), X( 'd', 'e' ) )" in text


def test_the_same_bytes_again(tmp_path: Path) -> None:
    one, two = (discover(LOG, "My log", Mining(noise=0.1)).write(tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_the_heuristics_miner_takes_the_place_of_an_earlier_model(tmp_path: Path) -> None:
    discover(LOG, "My log", Mining(noise=0.0)).write(tmp_path)
    found = discover(LOG, "My log", Mining("heuristics", dependency=0.5))
    written = {path.name for path in found.write(tmp_path)}
    assert written == {"discovered.pnml", "discovered.png", "discovered_dependencies.csv", "discovered.txt"}
    assert {path.name for path in tmp_path.iterdir()} == written
    arcs = pd.read_csv(tmp_path / "discovered_dependencies.csv")
    assert set(zip(arcs["source"], arcs["target"], strict=True)) >= {("a", "b"), ("b", "d"), ("c", "d")}
    assert "a -> b: dependency" in found.text
    assert "BPMN file needs the inductive miner" in " ".join(found.said)
    assert found.drawing is not None
    assert {node.id for node in found.drawing.diagram.nodes} == set("abcde")
    assert "dependency of 0.5 or more" in found.drawing.diagram.caption[0]


def test_a_threshold_that_is_asked_for() -> None:
    found = discover(LOG, "My log", Mining(noise=0.3))
    assert found.model.noise == 0.3
    assert found.model.scan["noise"].tolist() == [0.3]
    assert "the noise threshold asked for, 0.3" in found.said[0]


def test_no_time_is_said() -> None:
    found = discover(LOG, "My log", Mining(seconds=0))
    assert found.model.tree is not None
    assert "The 0 seconds allowed were too short" in found.text
    assert "Played through" not in found.text


def test_words_for_measures() -> None:
    words = quality_in_words(Quality(0.951, 0.5, 0.25, float("nan"), 0.7))
    assert words == [
        "Played through it, 50% of the closed cases fit whole (fitness 0.95: how little is missing or left over).",
        "Of what it allows at each step, 25% was seen (precision 0.25).",
        "Simplicity 0.70 (1: nothing but a line).",
    ]


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        (Mining("heuristics", noise=0.2), "--noise"),
        (Mining("inductive", dependency=0.9), "--dependency"),
        (Mining(noise=1.0), "--noise"),
        (Mining(noise=-0.1), "--noise"),
        (Mining("heuristics", dependency=1.0), "--dependency"),
    ],
)
def test_options_that_are_wrong(asked: Mining, option: str) -> None:
    with pytest.raises(UsageError) as caught:
        discover(LOG, "My log", asked)
    assert caught.value.option == option


@pytest.mark.parametrize("miner", ["inductive", "heuristics"])
def test_odd_logs_get_a_clear_answer(tmp_path: Path, miner: str) -> None:
    asked = Mining(miner)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"there is no model: .*all 50 cases are still open.*--end"):
        discover(log_of(["ab"] * 50, ends=False), "My log", asked)
    empty = EventLog.of(LOG.events.head(0).drop(columns="rank"), LOG.window)
    with pytest.raises(InputError, match="there are no cases with events"):
        discover(empty, "My log", asked)
    for odd in (log_of(["ab"]), log_of(["ab"] * 4, days=0), log_of(["a"])):
        found = discover(odd, "My log", asked)
        assert "not stable" in found.text
        assert found.write(tmp_path)


def test_the_command(permanence, tmp_path: Path, project: Path) -> None:
    csv = tmp_path / "log.csv"
    LOG.events[["case", "activity", "date"]].to_csv(csv, index=False, date_format="%Y-%m-%d")
    reading = ("--log", csv, "--timestamp", "date", "--end", "d", "--end", "e", "--out", "models")
    done = permanence("discover", *reading, "--noise", "0.2", "--where", "has b")
    assert done.returncode == 0, done.stderr
    assert "Kept: cases with b recorded." in done.stdout
    assert "Learnt from 50 closed cases with the noise threshold asked for, 0.2." in done.stdout
    assert "pm4py" not in done.stdout + done.stderr
    assert (tmp_path / "models" / "discovered.bpmn").is_file()
    assert permanence("discover", *reading, "--miner", "alpha").returncode == 2
    assert permanence("discover", *reading, "--miner", "heuristics", "--noise", "0.2").returncode == 2
    failed = permanence("discover", *reading, "--where", "open")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr


def test_the_command_on_a_project(permanence, project: Path) -> None:
    done = permanence("discover", project, "--noise", "0.2")
    assert done.returncode == 0, done.stderr
    assert "open cases are left out" in done.stdout
    assert "Left aside: LAAC review." in done.stdout
    assert (project / "run" / "discovered.txt").read_text().startswith("Model of Synthetic council")
