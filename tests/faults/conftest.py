"""Prints how many of the known faults have a test."""

from __future__ import annotations

import pytest

from faults.registry import FAULTS, covered


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line at the end of the run."""
    if covered:
        missing = sorted(set(range(1, FAULTS + 1)) - covered)
        tail = f"; without a test: {', '.join(map(str, missing))}" if missing else ""
        terminalreporter.write_line(f"faults: {len(covered)} of {FAULTS}{tail}")
