"""Nets of trees do what the tree says, end to end and cut off anywhere; PNML is read back by pm4py as it was."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pytest
from random_trees import language, random_tree

from mining import _pm4py
from mining.petri_net import STILL_OPEN, PetriNet, net_of, pnml, with_way_out
from mining.process_tree import loop, optional, parallel, sequence


def cost(net: PetriNet, trace: tuple[str, ...]) -> int:
    found = _pm4py.align(_pm4py.loaded(net), [trace], seconds_each=20, until=time.monotonic() + 60)[0]
    assert found is not None
    return found.cost


def distance(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """Fewest insertions and removals that turn one into the other."""
    table = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    table[:, 0], table[0, :] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i, j in itertools.product(range(len(a)), range(len(b))):
        same = table[i, j] if a[i] == b[j] else table[i, j] + 2
        table[i + 1, j + 1] = min(same, table[i, j + 1] + 1, table[i + 1, j] + 1)
    return int(table[-1, -1])


@pytest.mark.parametrize("seed", range(8))
def test_alignments_cost_what_the_language_says(seed: int) -> None:
    """Whole traces against all words, cut ones against the beginnings of all words."""
    generator = np.random.default_rng(seed)
    tree = random_tree(generator, list("abcde"))
    words = language(tree, loops=3)
    beginnings = {word[:k] for word in words for k in range(len(word) + 1)}
    net = net_of(tree)
    opened, leaving = with_way_out(net, STILL_OPEN), with_way_out(net, "out")
    for _ in range(6):
        trace = tuple(str(x) for x in generator.choice(list("abcdex"), int(generator.integers(0, 6))))
        assert cost(net, trace) == min(distance(trace, word) for word in words)
        shortest = min(distance(trace, word) for word in beginnings)
        assert cost(opened, (*trace, STILL_OPEN)) == shortest
        assert cost(leaving, (*trace, "out")) == shortest
        assert cost(leaving, trace) == shortest + 1


def test_nothing_may_follow_the_way_out() -> None:
    net = with_way_out(net_of(sequence("a", "b")), "out")
    assert cost(net, ("a", "out", "b")) == 1
    only_at_the_end = with_way_out(net_of(sequence("a", "b")), "out", anywhere=False)
    assert cost(only_at_the_end, ("a", "out")) == 1
    assert cost(only_at_the_end, ("a", "b", "out")) == 0


def test_pnml_is_read_back_by_pm4py(tmp_path: Path) -> None:
    _pm4py.import_quietly()
    import pm4py

    tree = sequence("a", optional('Child\'s <report> & "more"'), parallel("c", "d"), loop("e", "f"))
    net = net_of(tree)
    path = tmp_path / "net.pnml"
    path.write_bytes(pnml(net, "A & B"))
    read, initial, final = pm4py.read_pnml(str(path))
    assert len(read.places) == len(net.places)
    assert sorted(one.label for one in read.transitions if one.label) == sorted(net.activities)
    assert sum(one.label is None for one in read.transitions) == sum(not one.label for one in net.transitions)
    assert len(read.arcs) == net.arcs
    assert sorted(place.name for place in initial) == ["start"]
    assert sorted(place.name for place in final) == ["end"]
    assert pnml(net, "A & B") == path.read_bytes()
