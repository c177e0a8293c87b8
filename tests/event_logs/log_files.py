"""Small log files for tests, and what is wrong with one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from event_logs.errors import InputError, Problem
from event_logs.exchange import read_log


def problems(path: Path, **options: object) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        read_log(path, **options)  # type: ignore[arg-type]
    assert all(p.file and p.problem and p.remedy for p in caught.value.problems)
    return caught.value.problems


def csv(tmp_path: Path, text: str, name: str = "log.csv") -> Path:
    path = tmp_path / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path
