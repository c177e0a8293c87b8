"""Process trees drawn at random, and every trace of one up to a number of loops."""

from __future__ import annotations

from itertools import product

import numpy as np

from mining.process_tree import SILENT, Tree, choice, leaf, loop, parallel, sequence


def random_tree(generator: np.random.Generator, names: list[str], depth: int = 3) -> Tree:
    """A tree in which each name stands once at the most."""
    if len(names) == 1 or depth == 0:
        return leaf(names[0])
    cut = int(generator.integers(1, len(names)))
    first, second = (random_tree(generator, part, depth - 1) for part in (names[:cut], names[cut:]))
    made = [sequence, choice, parallel, loop][int(generator.integers(4))](first, second)
    return choice(made, SILENT) if generator.random() < 0.2 else made


def language(tree: Tree, loops: int = 1) -> set[tuple[str, ...]]:
    """Every trace of the tree, each loop run again at most so often."""
    if tree.operator == "activity":
        return {(tree.label,) if tree.label else ()}
    parts = [language(child, loops) for child in tree.children]
    if tree.operator == "choice":
        return set().union(*parts)
    if tree.operator == "sequence":
        return {tuple(name for piece in pieces for name in piece) for pieces in product(*parts)}
    if tree.operator == "parallel":
        words = {()}
        for part in parts:
            words = {mixed for word in words for other in part for mixed in _shuffled(word, other)}
        return words
    body, again = parts
    words, rounds = set(body), set(body)
    for _ in range(loops):
        rounds = {(*word, *back, *more) for word in rounds for back in again for more in body}
        words |= rounds
    return words


def _shuffled(a: tuple[str, ...], b: tuple[str, ...]) -> set[tuple[str, ...]]:
    if not a or not b:
        return {a + b}
    return {(a[0], *rest) for rest in _shuffled(a[1:], b)} | {(b[0], *rest) for rest in _shuffled(a, b[1:])}
