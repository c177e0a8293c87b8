"""Models as process trees: sequence, choice, side by side, and loop, over activities; written, read and put into words.

A tree is always sound: whatever its parts do, it can be finished. The order of children that mean the same in any
order (choice, side by side) is fixed by the activities' order, so that equal models are equal values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Operator = Literal["activity", "sequence", "choice", "parallel", "loop"]


@dataclass(frozen=True)
class Tree:
    """A node with what is under it; make it with `leaf`, `sequence`, `choice`, `parallel` and `loop`."""

    operator: Operator
    children: tuple[Tree, ...] = ()
    label: str = ""
    """The activity of a leaf; empty for a silent step, which nobody sees."""

    @property
    def activities(self) -> tuple[str, ...]:
        """The activities, each once, in the order in which the tree names them."""
        return tuple(dict.fromkeys(node.label for node in self.walk() if node.label))

    @property
    def nodes(self) -> int:
        """How many nodes the tree has: its size."""
        return sum(1 for _ in self.walk())

    def walk(self) -> Iterator[Tree]:
        """The node itself, then everything under it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def notation(self) -> str:
        """The tree as process mining tools write it: -> sequence, X choice, + side by side, * loop, tau silent."""
        if self.operator == "activity":
            return f"'{self.label}'" if self.label else "tau"
        return f"{_SIGNS[self.operator]}( {', '.join(child.notation for child in self.children)} )"

    def outline(self, depth: int = 0) -> str:
        """The tree in words, one line a node, indented."""
        said = self.label or "(nothing)" if self.operator == "activity" else _WORDS[self.operator]
        lines = [f"{'  ' * depth}{said}", *(child.outline(depth + 1) for child in self.children)]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.notation


_SIGNS = {"sequence": "->", "choice": "X", "parallel": "+", "loop": "*"}
_WORDS = {
    "sequence": "one after another:",
    "choice": "one of:",
    "parallel": "all of these, in any order:",
    "loop": "the first of these, and again after each of the second:",
}
SILENT = Tree("activity")


def leaf(label: str) -> Tree:
    """An activity."""
    return Tree("activity", label=label)


def sequence(*parts: Tree | str) -> Tree:
    """One after another."""
    return _joined("sequence", parts)


def choice(*parts: Tree | str) -> Tree:
    """Exactly one of them."""
    return _joined("choice", parts)


def parallel(*parts: Tree | str) -> Tree:
    """All of them, side by side."""
    return _joined("parallel", parts)


def loop(body: Tree | str, again: Tree | str = SILENT) -> Tree:
    """The body, and any number of times `again` and the body once more."""
    return Tree("loop", (_node(body), _node(again)))


def optional(part: Tree | str) -> Tree:
    """The part or nothing."""
    return choice(part, SILENT)


def ordered(tree: Tree, order: Sequence[str]) -> Tree:
    """The same model with children that mean the same in any order in the order of the activities given.

    >>> print(ordered(choice("b", sequence("a", "c"), SILENT), ["a", "b", "c"]))
    X( ->( 'a', 'c' ), 'b', tau )
    """
    place = {name: number for number, name in enumerate(order)}

    def first(node: Tree) -> tuple[int, str]:
        return min((place.get(name, len(place)) for name in node.activities), default=len(place) + 1), node.notation

    def sorted_tree(node: Tree) -> Tree:
        children = [sorted_tree(child) for child in node.children]
        if node.operator in ("choice", "parallel"):
            children.sort(key=first)
        return Tree(node.operator, tuple(children), node.label)

    return sorted_tree(tree)


def relabelled(tree: Tree, name: Callable[[str], str]) -> Tree:
    """The same model with other names."""
    children = tuple(relabelled(child, name) for child in tree.children)
    return Tree(tree.operator, children, name(tree.label) if tree.label else "")


def _node(part: Tree | str) -> Tree:
    return leaf(part) if isinstance(part, str) else part


def _joined(operator: Operator, parts: Sequence[Tree | str]) -> Tree:
    if not parts:
        return SILENT
    nodes: list[Tree] = []
    for part in parts:
        node = _node(part)
        # A sequence in a sequence, or a choice in a choice, says nothing more than the outer one.
        nodes.extend(node.children if node.operator == operator else [node])
    if operator == "choice":
        nodes = list(dict.fromkeys(nodes))
    elif len(nodes) > 1:
        nodes = [node for node in nodes if node != SILENT] or [SILENT]
    return nodes[0] if len(nodes) == 1 else Tree(operator, tuple(nodes))
