"""Running many gives the same results however it is done, and what is done is not lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_work import Found, Given, fails, noted, summed, worked

from event_logs.errors import InputError
from simulation.running import in_order
from simulation.store import version

SCRIPT = Path(__file__).with_name("small_work.py")
GIVEN = Given(np.arange(50.0))


def arguments(count: int, *more: Any) -> list[tuple[Any, ...]]:
    return [(GIVEN, number, *more) for number in range(count)]


@pytest.fixture(scope="module")
def alone() -> list[Found]:
    """Twenty results made in this process."""
    return list(in_order(worked, arguments(20)))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A real cluster: a scheduler and two worker processes, which nobody outside this machine can reach."""
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(host="127.0.0.1", **options) as cluster, distributed.Client(cluster) as found:
        yield found


def test_short_work_is_done_here(alone: list[Found]) -> None:
    assert [found.number for found in alone] == list(range(20))
    assert {found.made_in for found in in_order(worked, arguments(20), 2)} == {os.getpid()}


def test_two_processes_give_what_one_gives(alone: list[Found], always_processes: None) -> None:
    together = list(in_order(worked, arguments(20), 2))
    assert summed(together) == summed(alone)
    assert len({found.made_in for found in together} - {os.getpid()}) >= 1


def test_a_cluster_of_two_workers_gives_what_one_process_gives(client: Any, alone: list[Found], tmp_path: Path) -> None:
    together = list(in_order(worked, arguments(20), cluster=client, store=tmp_path))
    assert summed(together) == summed(alone)
    assert os.getpid() not in {found.made_in for found in together}
    # What the cluster made is found again without it.
    assert summed(in_order(worked, arguments(20), store=tmp_path)) == summed(alone)


def test_a_cluster_is_found_by_its_address(client: Any, alone: list[Found]) -> None:
    address = client.scheduler.address
    assert address.startswith("tcp://127.0.0.1:")
    assert summed(in_order(worked, arguments(20), cluster=address)) == summed(alone)


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.pools._CONNECT_SECONDS", 0.3)
    with pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:9: no cluster answers there"):
        list(in_order(worked, arguments(2), cluster="tcp://127.0.0.1:9"))


def test_workers_with_another_version_are_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.pools.version", lambda: "another")
    # Sent by name, so that the workers answer with their own.
    monkeypatch.setattr(type(client), "run", lambda self, function: {"tcp://worker": version()})
    with pytest.raises(InputError, match="another version of the program would work at tcp://worker"):
        list(in_order(worked, arguments(2), cluster=client))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_the_function_s_own(workers: int, always_processes: None) -> None:
    results = in_order(fails, arguments(8), workers)
    assert [next(results) for _ in range(2)] == [0.0, 1.0]
    with pytest.raises(RuntimeError, match="number 3 cannot be done"):
        list(results)


def test_progress_is_told_after_each(always_processes: None) -> None:
    seen: list[tuple[int, int]] = []
    list(in_order(worked, arguments(6), 2, progress=lambda done, total: seen.append((done, total))))
    assert seen == [(done, 6) for done in range(1, 7)]


def test_nothing_to_do_is_nothing(tmp_path: Path) -> None:
    assert list(in_order(worked, [], 2, store=tmp_path)) == []


def times_done(folder: Path) -> dict[int, int]:
    return {int(path.name): len(path.read_text()) for path in folder.iterdir()}


def test_what_is_kept_is_not_done_again(tmp_path: Path, alone: list[Found]) -> None:
    notes, store = tmp_path / "notes", tmp_path / "store"
    notes.mkdir()
    list(in_order(noted, arguments(5, str(notes)), store=store))
    again = list(in_order(noted, arguments(8, str(notes)), store=store))
    assert summed(again) == summed(alone[:8])
    assert times_done(notes) == dict.fromkeys(range(8), 1)


@pytest.mark.parametrize("harm", ["emptied", "cut", "changed", "exchanged"])
def test_a_harmed_entry_is_made_again(tmp_path: Path, alone: list[Found], harm: str) -> None:
    list(in_order(worked, arguments(3), store=tmp_path))
    files = sorted(tmp_path.glob("*/*.npz"))
    whole = files[0].read_bytes()
    middle = len(whole) // 2
    files[0].write_bytes(
        {
            "emptied": b"",
            "cut": whole[:-40],
            "changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "exchanged": files[1].read_bytes(),
        }[harm]
    )
    assert summed(in_order(worked, arguments(3), store=tmp_path)) == summed(alone[:3])
    assert files[0].read_bytes() != b""
    assert summed(in_order(worked, arguments(3), store=tmp_path)) == summed(alone[:3])


# Real processes, real signals ----------------------------------------------------------------------------------------


@contextmanager
def started(folder: Path, workers: int, before: float, after: float) -> Iterator[subprocess.Popen[str]]:
    """The script at work in a process group of its own, as a terminal would have it; nothing of it is left over."""
    path = os.pathsep.join([str(SCRIPT.parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    begun = folder / "begun"
    begun.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "SECONDS": f"{before} {after}", "BEGUN": str(begun)},
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def until(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if said.startswith(line):
            return
    pytest.fail(f"it never said {line!r}")


def kept(folder: Path) -> int:
    return len(list((folder / "store").glob("*/*.npz")))


def continued(folder: Path) -> str:
    """What the work gives when it is taken to its end from where it is."""
    with started(folder, 1, 0.0, 0.0) as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    return (folder / "out").read_text()


@pytest.fixture(scope="module")
def undisturbed() -> str:
    return summed(in_order(worked, arguments(40)))


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path: Path, workers: int, undisturbed: str) -> None:
    with started(tmp_path, workers, 0.02, 0.3) as process:
        until(process, "8 of 40")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
    before = kept(tmp_path)
    assert 8 <= before < 40
    assert not (tmp_path / "out").exists()
    # What a write cut short leaves behind is cleared away, and not taken for a result.
    partial = tmp_path / "store" / ".partial"
    partial.mkdir(exist_ok=True)
    (partial / "half").write_bytes(b"PK")
    assert continued(tmp_path) == undisturbed
    assert list(partial.iterdir()) == []


def until_a_long_one_is_begun(folder: Path) -> None:
    """Wait until somebody works on number 8 or a later one: one process has kept eight by then, two the first two."""
    give_up = time.monotonic() + 30.0
    while time.monotonic() < give_up:
        if any((folder / "begun" / str(number)).exists() for number in range(8, 40)):
            return
        time.sleep(0.01)
    pytest.fail("nobody ever began on number 8")


def nobody_is_left(group: int) -> bool:
    """Whether a process group is empty, or is within five seconds. The killed that nobody has buried do not count."""
    psutil = pytest.importorskip("psutil")
    give_up = time.monotonic() + 5.0
    while time.monotonic() < give_up:
        alive = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, ProcessLookupError):
                if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(process)
        if not alive:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_a_first_interrupt_lets_what_is_under_way_be_finished(tmp_path: Path, workers: int, undisturbed: str) -> None:
    with started(tmp_path, workers, 0.02, 0.4) as process:
        until_a_long_one_is_begun(tmp_path)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.strip().startswith("Stopping as soon as")
    assert "Traceback" not in errors
    assert kept(tmp_path) == len(list((tmp_path / "begun").iterdir())) < 40
    assert continued(tmp_path) == undisturbed


@pytest.mark.parametrize(("workers", "done"), [(1, 8), (2, 2)])
def test_a_second_interrupt_ends_at_once(tmp_path: Path, workers: int, done: int, undisturbed: str) -> None:
    with started(tmp_path, workers, 0.02, 100.0) as process:
        until_a_long_one_is_begun(tmp_path)
        os.killpg(process.pid, signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1.0)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130, errors
        assert nobody_is_left(process.pid)
    assert "Traceback" not in errors
    assert kept(tmp_path) == done
    assert continued(tmp_path) == undisturbed
