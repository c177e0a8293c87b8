"""Running many: one function for many arguments, in this process, in several, or on a cluster, with the same results.

What takes a few seconds altogether is done here and now: starting processes costs more. Results come in the order of
the arguments whatever works on them, and are kept in a store as they are made, so that work that was stopped, or
killed, goes on where it was.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from simulation.pools import Made, Pool, of_cluster, of_processes
from simulation.store import Store

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with how many results there are, and of how many."""
SECONDS_WORTH_A_POOL = 6.0
"""Worker processes take about three seconds to start and to import what they need; below this one is faster."""
_CHUNK_SECONDS = 1.0
"""So long should a worker be busy with what it is sent at a time: little lost when stopped, little sent in vain."""
_STOPPING = b"\nStopping as soon as what is being worked on is done; it is kept. Ctrl-C again stops at once.\n"


def in_order(
    function: Callable[..., T],
    arguments: Sequence[tuple[Any, ...]],
    workers: int = 1,
    *,
    store: Path | str | None = None,
    cluster: Any = None,
    progress: Progress | None = None,
) -> Iterator[T]:
    """`function(*given)` for each tuple of arguments, in their order; the same results however they are made.

    The first are worked out here; only when the rest is worth it are up to `workers` processes started. With a
    `cluster` (address of a dask scheduler, or a `distributed.Client`) everything is worked out there. With a `store`
    (a folder) each result is kept as it is made and found again by a later call, provided it is plain data: numbers,
    text, arrays, frames, and tuples, lists, dictionaries and dataclasses of those. `progress` is called after each.

    A first Ctrl-C lets what is being worked on be finished and kept, then raises KeyboardInterrupt; a second one
    raises it at once. Raises TypeError for arguments or results that a store cannot hold, InputError when the cluster
    does not answer or runs another version of the program, and whatever the function raises.
    """
    with _patience() as patience:
        work = _Work(function, list(arguments), None if store is None else Store(store), patience)
        elsewhere = cluster is not None and work.missing
        found = _on_cluster(work, cluster) if elsewhere else _here_or_in_processes(work, workers)
        for number, result in enumerate(found, start=1):
            if progress is not None:
                progress(number, len(work.arguments))
            yield result


class _Work:
    """What is to be done, and what of it is kept."""

    def __init__(
        self, function: Callable[..., Any], arguments: list[tuple[Any, ...]], store: Store | None, patience: _Patience
    ) -> None:
        self.function, self.arguments, self.store, self.patience = function, arguments, store, patience
        self.keys = [store.key(function, given) for given in arguments] if store is not None else []
        self.missing = {n for n in range(len(arguments)) if store is None or not store.holds(self.keys[n])}

    def do(self, number: int) -> Any:
        """Work out one result here and keep it, then see to a Ctrl-C meanwhile."""
        result = self.keep(number, self.function(*self.arguments[number]))
        self.patience.check()
        return result

    def keep(self, number: int, result: Any) -> Any:
        if self.store is not None:
            self.store.put(self.keys[number], result)
        return result

    def kept(self, number: int) -> Any:
        """A result from the store; worked out again where its file cannot be trusted."""
        found = self.store.get(self.keys[number]) if self.store is not None else ()
        return found[0] if found else self.do(number)


def _here_or_in_processes(work: _Work, workers: int) -> Iterator[Any]:
    left, seconds = len(work.missing), list[float]()
    for number in range(len(work.arguments)):
        work.patience.check()
        if number not in work.missing:
            yield work.kept(number)
            continue
        if workers > 1 and _worth_processes(seconds, left):
            with of_processes(min(workers, left)) as pool:
                yield from _with_others(work, pool, number, min(seconds))
            return
        begun = time.perf_counter()
        result = work.do(number)
        seconds.append(time.perf_counter() - begun)
        left -= 1
        yield result


def _worth_processes(seconds: list[float], left: int) -> bool:
    """Whether so many more of these are worth starting processes. The first one alone may be slow from imports."""
    measured = len(seconds) > 1 or (len(seconds) == 1 and seconds[0] > _CHUNK_SECONDS)
    return measured and left > 1 and min(seconds) * left > SECONDS_WORTH_A_POOL


def _on_cluster(work: _Work, where: Any) -> Iterator[Any]:
    with of_cluster(where, [work.arguments[number] for number in sorted(work.missing)]) as pool:
        yield from _with_others(work, pool, 0, None)


def _with_others(work: _Work, pool: Pool, first: int, seconds: float | None) -> Iterator[Any]:
    """The results from number `first` on, made by others in chunks; each is kept as soon as it is there."""
    left = deque(number for number in sorted(work.missing) if number >= first)
    waiting, ready = set(left), dict[int, Any]()
    under_way: dict[Future[Made], list[int]] = {}

    def take(done: Iterable[Future[Made]]) -> None:
        nonlocal seconds
        for future in done:
            numbers = under_way.pop(future)
            took, results = future.result()
            seconds = took / len(numbers)
            for number, result in zip(numbers, results, strict=True):
                ready[number] = work.keep(number, result)
                waiting.discard(number)

    for number in range(first, len(work.arguments)):
        while number in waiting and not work.patience.lost:
            while left and len(under_way) < 2 * pool.workers:
                numbers = [left.popleft() for _ in range(_chunk_size(len(left), pool.workers, seconds))]
                under_way[pool.submit(work.function, [work.arguments[n] for n in numbers])] = numbers
            take(wait(under_way, return_when=FIRST_COMPLETED).done)
        if work.patience.lost:
            # What nobody has begun is left; what is being worked on is finished and kept.
            take(wait([future for future in under_way if not pool.withdraw(future)]).done)
            work.patience.check()
        yield ready.pop(number) if number in ready else work.kept(number)


def _chunk_size(left: int, workers: int, seconds: float | None) -> int:
    """How many at a time: about a second's work, and at the end few enough that no worker waits long for another."""
    if seconds is None:
        return 1
    return max(min(int(_CHUNK_SECONDS / max(seconds, 1e-6)), left // (2 * workers)), 1)


@dataclass
class _Patience:
    lost: bool = False
    """Whether Ctrl-C has been pressed."""

    def check(self) -> None:
        """Raise KeyboardInterrupt if it has."""
        if self.lost:
            raise KeyboardInterrupt


@contextmanager
def _patience() -> Iterator[_Patience]:
    """Within the block a first Ctrl-C is only noted, for the block to see to; a second one is heard at once.

    Where Python does not hear Ctrl-C as it does of itself (outside the main thread, or with a handler of somebody
    else's), nothing changes.
    """
    patience = _Patience()
    heard_here = threading.current_thread() is threading.main_thread()
    if not heard_here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield patience
        return

    def heard(number: int, frame: FrameType | None) -> None:
        patience.check()
        patience.lost = True
        os.write(2, _STOPPING)

    signal.signal(signal.SIGINT, heard)
    try:
        yield patience
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Pressed after the last result, or while whoever asked for the results was busy with them.
    patience.check()
