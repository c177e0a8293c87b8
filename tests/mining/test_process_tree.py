"""Trees are values: equal models are equal, and say the same."""

from __future__ import annotations

from mining.process_tree import SILENT, choice, leaf, loop, optional, ordered, parallel, relabelled, sequence


def test_notation_and_outline() -> None:
    tree = sequence("a", optional("b"), parallel("c", sequence("d", "e")), loop("f", "g"))
    assert str(tree) == "->( 'a', X( 'b', tau ), +( 'c', ->( 'd', 'e' ) ), *( 'f', 'g' ) )"
    assert tree.outline().splitlines()[:4] == ["one after another:", "  a", "  one of:", "    b"]
    assert tree.activities == tuple("abcdefg")
    assert tree.nodes == 13


def test_what_means_the_same_is_the_same() -> None:
    assert sequence("a", sequence("b", "c")) == sequence("a", "b", "c")
    assert choice("a", SILENT, SILENT) == choice("a", SILENT)
    assert sequence("a", SILENT) == leaf("a")
    assert sequence() == SILENT
    order = ["a", "b", "c"]
    assert ordered(parallel("c", choice(SILENT, "b"), "a"), order) == parallel("a", choice("b", SILENT), "c")
    # What has an order keeps it.
    assert ordered(sequence("c", "a"), order) == sequence("c", "a")
    assert ordered(loop("c", "a"), order) == loop("c", "a")


def test_relabelled() -> None:
    assert relabelled(loop("0", SILENT), {"0": "x"}.__getitem__) == loop("x")
