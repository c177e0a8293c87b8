"""Work to be done many times over, in a module that other processes can import; and a script that does it."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulation import running
from simulation.running import in_order


@dataclass(frozen=True, eq=False)
class Given:
    """Something large that all of the work shares."""

    values: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """A result of several kinds of data."""

    number: int
    mean: float
    values: npt.NDArray[np.float64]
    made_in: int


def worked(given: Given, number: int) -> Found:
    """A result that depends on the arguments alone, but for the process it was made in."""
    values = np.random.default_rng(number).permutation(given.values) / 3.0
    return Found(number, float(values.mean()), values, os.getpid())


def noted(given: Given, number: int, folder: str) -> Found:
    """As `worked`, and leaves a note each time that it is done."""
    with (Path(folder) / f"{number}").open("a") as file:
        file.write("x")
    return worked(given, number)


def fails(given: Given, number: int) -> float:
    """Cannot do number 3."""
    if number == 3:
        raise RuntimeError("number 3 cannot be done")
    return float(number)


def slow(given: Given, number: int) -> Found:
    """As `worked`; how long it takes, before and from number 8, is told by the environment and changes no result."""
    before, after = os.environ["SECONDS"].split()
    (Path(os.environ["BEGUN"]) / str(number)).touch()
    time.sleep(float(before if number < 8 else after))
    return worked(given, number)


def summed(results: Any) -> str:
    """The results as text, every digit of them."""
    return "\n".join(f"{r.number} {r.mean!r} {r.values.tobytes().hex()}" for r in results)


def main(folder: Path, workers: int) -> None:
    """Forty results into a file, in this process or in several however short the work is."""
    running.SECONDS_WORTH_A_POOL = 0.0
    given = Given(np.arange(50.0))

    def said(done: int, total: int) -> None:
        sys.stdout.write(f"{done} of {total}\n")
        sys.stdout.flush()

    arguments = [(given, number) for number in range(40)]
    results = in_order(slow, arguments, workers, store=folder / "store", progress=said)
    (folder / "out").write_text(summed(results))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    except KeyboardInterrupt:
        sys.exit(130)
