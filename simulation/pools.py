"""Who else can work: processes on this machine, or a dask cluster. Both take chunks of work and give futures."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from event_logs.errors import InputError, Problem
from simulation.store import version

Chunk = list[tuple[Any, ...]]
Made = tuple[float, list[Any]]
"""Seconds that a chunk took, and its results."""
_IDLE_SECONDS = 60.0
"""Idle workers stay warm for the next piece of work for so long."""
_CONNECT_SECONDS = 10
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""As many workers as processors, each using one: more threads would only be in each other's way."""


@dataclass(frozen=True)
class Pool:
    """Some workers: how many chunks they can work on at a time, and how to give them one."""

    workers: int
    submit: Callable[[Callable[..., Any], Chunk], Future[Made]]
    withdraw: Callable[[Future[Made]], bool]
    """Take back a chunk that nobody has begun; whether that was so."""


@contextmanager
def of_processes(workers: int) -> Iterator[Pool]:
    """Processes on this machine. They stay warm for the next block; an error in the block ends them."""
    from joblib.externals.loky import get_reusable_executor

    _start_trackers()
    executor = get_reusable_executor(workers, timeout=_IDLE_SECONDS, initializer=_ignore_interrupts, env=_ONE_THREAD)

    def submit(function: Callable[..., Any], chunk: Chunk) -> Future[Made]:
        with _interrupts_held_back():
            future: Future[Made] = executor.submit(_several, function, chunk)
        return future

    try:
        yield Pool(workers, submit, Future.cancel)
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        raise


@contextmanager
def of_cluster(where: Any, shared: Chunk) -> Iterator[Pool]:
    """The workers of a dask cluster: `where` is the address of its scheduler, or a `distributed.Client`.

    What several tuples of `shared` hold is sent once, not with every chunk. Raises InputError when no cluster answers,
    when it has no worker, or when a worker runs another version of the program: its figures would not be the same.
    """
    client, ours = _client(where)
    try:
        _check_workers(client, where)
        executor = client.get_executor(pure=False)
        sent = _scattered(client, shared)

        def submit(function: Callable[..., Any], chunk: Chunk) -> Future[Made]:
            flat = [sent.get(id(part), part) for given in chunk for part in given]
            future: Future[Made] = executor.submit(_several_flat, function, [len(given) for given in chunk], *flat)
            return future

        # A cluster does not say what it has begun, so nothing is taken back.
        yield Pool(sum(client.nthreads().values()), submit, lambda future: False)
        executor.shutdown()
    finally:
        if ours:
            client.close()


def _start_trackers() -> None:
    """Start what cleans up after workers, which would be started with the first of them, and now.

    Each of the two lets Ctrl-C through again when it starts: a worker started right after it would hear one.
    """
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as of_loky

    resource_tracker.ensure_running()
    of_loky.ensure_running()


def _ignore_interrupts() -> None:
    """A Ctrl-C in a terminal reaches every process; the one that was started decides what becomes of the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A Ctrl-C in the block is heard after it. Processes started in it never hear one, not even while they start."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _several(function: Callable[..., Any], chunk: Chunk) -> Made:
    begun = time.perf_counter()
    results = [function(*given) for given in chunk]
    return time.perf_counter() - begun, results


def _several_flat(function: Callable[..., Any], lengths: list[int], *flat: Any) -> Made:
    """`_several` with the arguments one after another: where a cluster looks for what it was sent before."""
    parts = iter(flat)
    return _several(function, [tuple(next(parts) for _ in range(length)) for length in lengths])


def _client(where: Any) -> tuple[Any, bool]:
    """A client, and whether it is ours to close."""
    try:
        from distributed import Client
    except ImportError as error:
        remedy = 'Install it with: pip install "permanence[cluster]"'
        raise InputError(Problem("--cluster", str(where), "dask.distributed is not installed", remedy)) from error
    if isinstance(where, Client):
        return where, False
    try:
        return Client(where, timeout=_CONNECT_SECONDS, set_as_default=False), True  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        remedy = "Start one with: dask scheduler, and: dask worker ADDRESS; the address is like tcp://127.0.0.1:8786"
        raise InputError(Problem("--cluster", str(where), "no cluster answers there", remedy)) from error


def _check_workers(client: Any, where: Any) -> None:
    found = client.run(version)
    if not found:
        remedy = "Start some with: dask worker ADDRESS"
        raise InputError(Problem("--cluster", str(where), "the cluster has no worker", remedy))
    others = sorted(str(worker) for worker, theirs in found.items() if theirs != version())
    if others:
        remedy = "Install the same version of permanence and of its packages on every machine of the cluster"
        problem = f"another version of the program would work at {', '.join(others)}"
        raise InputError(Problem("--cluster", str(where), problem, remedy))


def _scattered(client: Any, shared: Chunk) -> dict[int, Any]:
    """By identity, what stands in several tuples of arguments, as it lies on the cluster."""
    plain = (bool, int, float, str, bytes, range, type(None))
    parts = {id(part): part for given in shared for part in given if not isinstance(part, plain)}
    often = Counter(id(part) for given in shared for part in given)
    return {at: client.scatter(part, hash=False) for at, part in parts.items() if often[at] > 1}
