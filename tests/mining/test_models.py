"""Discovered models: planted ones are found again, cut traces make no ends, and nothing hangs on the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from random_trees import language

from event_logs import vocabulary as v
from event_logs.exchange import read_log
from event_logs.log import EventLog
from event_logs.window import ObservationWindow
from mining.models import SCAN_COLUMNS, discover_heuristics, discover_model
from mining.process_tree import Tree, choice, loop, optional, ordered, parallel, sequence

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT.parent / "shared" / "logs"
ZERO = pd.Timestamp("2020-01-01")
PLANTED = sequence(
    "a", choice(sequence("b", "c"), "d"), parallel("e", sequence("f", "g")), optional("h"), loop("i", "j")
)


def log_from(words: list[tuple[str, ...]], *, open_from: int | None = None, days: int = 7) -> EventLog:
    """One case a word, a step every seven days, a new case every day; cases from `open_from` on are open."""
    rows = [
        (f"c{k:04d}", name, ZERO + pd.Timedelta(days=k + days * place))
        for k, word in enumerate(words)
        for place, name in enumerate(word)
    ]
    events = pd.DataFrame(rows, columns=["case", "activity", "date"])
    events["date"] = events["date"].astype("datetime64[us]")
    cases = events.groupby("case")["date"].agg(start="min", end="max").reset_index()
    if open_from is not None:
        cases.loc[open_from:, "end"] = pd.NaT
    ranks = {name: place for place, name in enumerate(sorted(events["activity"].unique()))}
    return EventLog.of(events, ObservationWindow(ZERO, ZERO + pd.Timedelta(days=5000)), cases=cases, ranks=ranks)


def drawn(tree: Tree, n: int, seed: int = 0) -> list[tuple[str, ...]]:
    words = sorted(language(tree, loops=2))
    generator = np.random.default_rng(seed)
    return [words[k] for k in generator.integers(0, len(words), n)]


def test_a_planted_tree_is_found_again() -> None:
    found = discover_model(log_from(drawn(PLANTED, 400)))
    assert found.tree == ordered(PLANTED, sorted("abcdefghij"))
    assert found.quality.fitness == pytest.approx(1)
    assert found.quality.share_fitting == 1
    assert found.quality.generalisation > 0.95
    assert 0.5 < found.quality.precision <= 1
    assert found.cases == 400


def test_the_scan_beats_noise() -> None:
    """One case in twenty with two steps swapped: without a threshold the model is looser."""
    words = drawn(PLANTED, 400)
    generator = np.random.default_rng(1)
    for k in generator.choice(400, 20, replace=False):
        word = list(words[k])
        i, j = generator.choice(len(word), 2, replace=False)
        word[i], word[j] = word[j], word[i]
        words[k] = tuple(word)
    found = discover_model(log_from(words))
    scan = found.scan
    assert tuple(scan.columns) == SCAN_COLUMNS
    assert scan["noise"].tolist() == [0, 0.05, 0.1, 0.2, 0.3, 0.4]
    assert scan["chosen"].sum() == 1
    chosen = scan[scan["chosen"]].iloc[0]
    assert chosen["noise"] == found.noise > 0
    near = scan[scan["harmonic_mean"] >= scan["harmonic_mean"].max() - 0.02]
    assert chosen["size"] == near["size"].min()
    means = 2 * scan["fitness_test"] * scan["precision_test"] / (scan["fitness_test"] + scan["precision_test"])
    assert scan["harmonic_mean"].to_numpy() == pytest.approx(means.to_numpy())
    assert scan["precision_test"].iloc[0] < chosen["precision_test"]


def test_cut_traces_make_no_false_ends() -> None:
    words = drawn(sequence("a", "b", "c", "d"), 60)
    cut = [word[: 1 + k % 3] for k, word in enumerate(words)]
    whole = discover_model(log_from(words))
    with_open = discover_model(log_from([*words, *cut], open_from=60))
    assert whole.tree == with_open.tree == sequence("a", "b", "c", "d")
    assert any("60 open cases are left out" in said for said in with_open.messages)
    arcs = discover_heuristics(log_from([*words, *cut], open_from=60), threshold=0.5)
    assert arcs.arcs[["source", "target"]].to_numpy().tolist() == [["a", "b"], ["b", "c"], ["c", "d"]]
    assert arcs.arcs["count"].tolist() == [60, 60, 60]


def test_small_logs_are_warned_about() -> None:
    said = " ".join(discover_model(log_from(drawn(PLANTED, 30))).messages)
    assert "not stable" in said
    assert "declared pathway" in said
    assert "not stable" not in " ".join(discover_model(log_from(drawn(sequence("a", "b"), 120))).messages)


def test_reviews_are_left_aside_unless_asked_for(tiny_log: EventLog) -> None:
    found = discover_model(tiny_log)
    assert found.tree is not None
    assert v.REVIEW not in found.tree.activities
    assert any(v.REVIEW in said for said in found.messages)
    asked = discover_model(tiny_log, activities=[v.ACCOMMODATED, v.REVIEW])
    assert asked.tree is not None
    assert asked.tree.activities == (v.ACCOMMODATED, v.REVIEW)


def test_heuristics_miner_finds_what_depends_on_what() -> None:
    words = [("a", "b", "c", "d"), ("a", "c", "b", "d")] * 40
    found = discover_heuristics(log_from(words), threshold=0.5)
    pairs = set(map(tuple, found.arcs[["source", "target"]].to_numpy().tolist()))
    assert pairs == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}
    assert found.net is not None
    assert set(found.net.activities) == set("abcd")
    assert found.quality.share_fitting == 1
    assert found.pnml().startswith(b"<?xml")
    with pytest.raises(ValueError, match="no process tree"):
        found.bpmn()


def test_files_are_written() -> None:
    found = discover_model(log_from(drawn(PLANTED, 40)))
    assert b"<bpmn:task" in found.bpmn()
    assert b"<transition" in found.pnml()


SCRIPT = """
import hashlib, sys, warnings
warnings.simplefilter("error")
from pathlib import Path
from event_logs.exchange import read_log
from mining.models import discover_heuristics, discover_model
log = read_log(Path(sys.argv[1]))
cases = log.cases.head(150).copy()
events = log.events[log.events["case"].isin(cases["case"])].reset_index(drop=True)
cases["end"] = cases["case"].map(events.groupby("case")["date"].max())
log = type(log)(events, cases, log.window)
model, arcs = discover_model(log, thresholds=[0.0, 0.2]), discover_heuristics(log)
parts = [model.pnml(), model.bpmn(), model.scan.to_csv().encode(), str(model.quality).encode(), arcs.pnml(),
         arcs.arcs.to_csv().encode(), str(arcs.quality).encode()]
print([hashlib.sha256(part).hexdigest()[:12] for part in parts], len(parts[1]))
"""


@pytest.mark.slow
def test_the_same_bytes_for_every_hash_seed() -> None:
    path = LOGS / "receipt_wabo.xes.gz"
    if not path.exists():
        pytest.skip("the public logs are not beside the repository")
    said = set()
    for seed in ("0", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", SCRIPT, str(path)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert "pm4py" not in run.stdout.lower(), "no banner"
        said.add(run.stdout)
    assert len(said) == 1


def test_the_order_of_rows_changes_nothing() -> None:
    log = log_from(drawn(PLANTED, 60))
    mixed = EventLog.of(
        log.events.sample(frac=1, random_state=1).drop(columns="rank"), log.window, cases=log.cases,
        ranks={name: place for place, name in enumerate(log.activities)},
    )  # fmt: skip
    one, two = (discover_model(each, thresholds=[0.1]) for each in (log, mixed))
    assert one.bpmn() == two.bpmn()
    assert str(one.quality) == str(two.quality)


def test_odd_logs_get_a_clear_answer(tiny_log: EventLog) -> None:
    empty = EventLog.of(pd.DataFrame({"case": [], "activity": [], "date": pd.to_datetime([])}), tiny_log.window)
    nothing = discover_model(empty)
    assert nothing.net is None
    assert nothing.messages == (
        "No model: it can be learnt from closed cases only, and there are no cases with events.",
    )
    with pytest.raises(ValueError, match="there is no model to write: No model"):
        nothing.pnml()
    all_open = discover_model(log_from([("a", "b")] * 5, open_from=0))
    assert "all 5 cases are still open" in all_open.messages[0]
    assert discover_heuristics(log_from([("a", "b")] * 5, open_from=0)).net is None
    one = discover_model(log_from([("a", "b")]))
    assert one.tree == sequence("a", "b")
    assert "too few to try it on later cases" in one.messages[0]
    same_day = discover_model(log_from([("a", "b", "c")] * 3, days=0))
    assert same_day.tree == sequence("a", "b", "c")
    with pytest.raises(ValueError, match="did you mean 'Permanence panel'"):
        discover_model(tiny_log, activities=["Permanence pannel"])
    with pytest.raises(ValueError, match="thresholds"):
        discover_model(tiny_log, thresholds=[1.0])
    with pytest.raises(ValueError, match="threshold must be in"):
        discover_heuristics(tiny_log, threshold=1.5)


def test_a_public_log() -> None:
    path = LOGS / "running-example.xes"
    if not path.exists():
        pytest.skip("the public logs are not beside the repository")
    log = read_log(path)
    ends = log.cases["case"].map(log.events.groupby("case")["date"].max())
    found = discover_model(EventLog(log.events, log.cases.assign(end=ends), log.window))
    assert found.tree is not None
    # The textbook model: register, then examine and check (or reinitiate) until a decision, then pay or reject.
    assert found.tree.children[0].label == "register request"
    assert {child.label for child in found.tree.children[-1].children} == {"pay compensation", "reject request"}


def test_without_time_there_is_a_model_and_an_honest_word() -> None:
    log = log_from(drawn(PLANTED, 120))
    found = discover_model(log, seconds=0)
    assert found.tree == ordered(PLANTED, sorted("abcdefghij"))
    assert found.noise == 0.2
    assert found.scan["chosen"].tolist() == [False, False, False, True, False, False]
    assert found.scan["harmonic_mean"].isna().all()
    assert np.isnan([found.quality.fitness, found.quality.precision, found.quality.generalisation]).all()
    assert "noise threshold 0.2, not judged" in found.messages[0]
    assert "The 0 seconds allowed were too short" in found.messages[1]
    assert "thresholds 0, 0.05, 0.1, 0.2, 0.3, 0.4 would do; the fitness of the model" in found.messages[1]
    assert found.pnml()
    with pytest.raises(ValueError, match="seconds must be 0 or more, got -1"):
        discover_model(log, seconds=-1)


def test_time_enough_changes_nothing() -> None:
    log = log_from(drawn(PLANTED, 60))
    one, two = discover_model(log), discover_model(log, seconds=1e6)
    assert one.scan.equals(two.scan)
    assert one.messages == two.messages
    assert one.bpmn() == two.bpmn()


def test_a_threshold_asked_for_is_not_called_the_best() -> None:
    said = discover_model(log_from(drawn(PLANTED, 60)), thresholds=[0.1]).messages
    assert said[0] == "Learnt from 60 closed cases with the noise threshold asked for, 0.1."
