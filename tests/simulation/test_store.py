"""Results are found again for the same question only, and as they were."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_models import at, only, poisson_days, run, single, step, weibull

from simulation import store as stores
from simulation.content import content_digest
from simulation.laws import exponential
from simulation.store import Store


@dataclass(frozen=True)
class Pair:
    """Two of anything."""

    first: Any
    second: Any


class Plain:
    """Nothing that can be told from another of its kind."""


def frame(**changes: Any) -> pd.DataFrame:
    columns = {
        "case": pd.Series(["a", "b", None], dtype="str"),
        "kind": pd.Categorical(["x", "y", "x"], categories=["y", "x"]),
        "date": pd.to_datetime(["2024-01-01", None, "2024-03-01"]),
        "number": [1, 2, 3],
        "share": [0.1, np.nan, 0.3],
        "known": [True, False, True],
    }
    return pd.DataFrame({**columns, **changes})


def test_what_is_equal_has_one_digest() -> None:
    assert content_digest(frame()) == content_digest(frame())
    assert content_digest(single(weibull(2.0, 90.0))) == content_digest(single(weibull(2.0, 90.0)))
    assert content_digest(frozenset("abc")) == content_digest(frozenset("cba"))


def test_what_was_worked_out_from_the_fields_does_not_count() -> None:
    used, unused = exponential(30.0), exponential(30.0)
    assert used.isf(0.5) > 0.0  # fills its cached lists
    assert content_digest(used) == content_digest(unused)
    log, same = (run(single(exponential(30.0)), poisson_days(0.1, 50.0, 1), 60.0) for _ in range(2))
    assert len(log.arrays.case) > 0
    assert content_digest(log) == content_digest(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        ("1", 1),
        (0.0, -0.0),
        ((1, 2), [1, 2]),
        (("ab", "c"), ("a", "bc")),
        (np.arange(3), np.arange(3.0)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (frame(), frame(number=[1, 2, 4])),
        (frame(), frame(number=[1.0, 2.0, 3.0])),
        (frame(), frame(case=["a", "b", "None"])),
        (frame(), frame(kind=pd.Categorical(["x", "y", "x"], categories=["x", "y"]))),
        (frame(), frame().rename(columns={"share": "part"})),
        (frame(), frame().iloc[::-1]),
        (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")),
        (exponential(30.0), exponential(30.000001)),
        (Pair(1, 2), (1, 2)),
        (partial(at, 1.0), partial(at, 2.0)),
        (at, only),
    ],
)
def test_what_differs_has_two_digests(one: Any, other: Any) -> None:
    assert content_digest(one) != content_digest(other)


def test_one_law_of_a_model_tells_it_from_another() -> None:
    model = single(exponential(30.0))
    changed = replace(model, steps={"end": step("end", exponential(31.0))})
    assert content_digest(model) != content_digest(changed)


@pytest.mark.parametrize("value", [Plain(), lambda: 1, {"inside": Plain()}])
def test_what_has_no_lasting_content_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"Plain|lambda"):
        content_digest(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        0.1 + 0.2,
        float("inf"),
        "text \u2013 and more",
        (1, [2.5, None], {"a": (True,), 3: "x"}),
        np.float64(0.1),
        pd.Timestamp("2024-02-29 12:30"),
        Pair(np.arange(4, dtype=np.int32), Pair("deep", ())),
    ],
)
def test_a_result_comes_back_as_it_was(tmp_path: Path, value: Any) -> None:
    store = Store(tmp_path)
    store.put("a" * 64, value)
    (found,) = store.get("a" * 64)
    assert type(found) is type(value)
    assert content_digest(found) == content_digest(value)


def test_tables_and_logs_come_back_as_they_were(tmp_path: Path) -> None:
    store = Store(tmp_path)
    log = run(single(exponential(30.0)), poisson_days(0.1, 50.0, 1), 60.0)
    store.put("a" * 64, (frame(), frame().iloc[:0], log))
    ((table, empty, again),) = store.get("a" * 64)
    pd.testing.assert_frame_equal(table, frame())
    pd.testing.assert_frame_equal(empty, frame().iloc[:0])
    pd.testing.assert_frame_equal(again.events, log.events)
    pd.testing.assert_frame_equal(again.cases, log.cases)
    assert again.window == log.window
    assert content_digest(again) == content_digest(log)


def test_the_same_result_is_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        store.put("a" * 64, (np.arange(3.0), frame(), "x"))
        texts.append(next(store.folder.glob("*.npz")).read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize("value", [Plain(), np.asarray([Plain()]), frame(mixed=[1, "a", Plain()])])
def test_what_is_not_plain_data_is_not_kept(tmp_path: Path, value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        Store(tmp_path).put("a" * 64, value)
    assert not list(tmp_path.glob("*/*.npz"))


def test_what_can_no_longer_be_asked_for_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    former = tmp_path / ("0" * 16)
    former.mkdir()
    (former / "a.npz").write_bytes(b"of another version")
    (tmp_path / "notes").mkdir()
    store = Store(tmp_path)
    assert not former.exists()
    assert (tmp_path / "notes").is_dir()  # somebody else's

    for number in range(4):
        store.put(f"{number}" * 64, np.zeros(100))
        os.utime(store.folder / f"{str(number) * 64}.npz", (time.time() - number,) * 2)
    size = next(store.folder.glob("*.npz")).stat().st_size
    monkeypatch.setattr(stores, "MOST_BYTES", 3 * size)
    assert [Store(tmp_path).holds(f"{number}" * 64) for number in range(4)] == [True, True, True, False]
    long_ago = time.time() - 86_400.0 * (stores.KEPT_DAYS + 1)
    os.utime(store.folder / f"{'1' * 64}.npz", (long_ago, long_ago))
    assert [Store(tmp_path).holds(f"{number}" * 64) for number in range(4)] == [True, False, True, False]


def test_being_asked_for_keeps_a_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a" * 64, 1)
    long_ago = time.time() - 86_400.0 * (stores.KEPT_DAYS + 1)
    os.utime(store.folder / f"{'a' * 64}.npz", (long_ago, long_ago))
    assert store.get("a" * 64) == (1,)
    assert Store(tmp_path).holds("a" * 64)
