"""The councils that the tests of the generator share."""

from __future__ import annotations

from pathlib import Path

import pytest

from event_logs.synthetic import Council, Generated, Journeys, generate, simulate_council

SMALL = Council.of_size(300)


@pytest.fixture(scope="session")
def journeys() -> Journeys:
    """The default council, seed 1."""
    return simulate_council(Council(), 1)


@pytest.fixture(scope="session")
def small() -> Journeys:
    """A council of about 300 children, seed 3."""
    return simulate_council(SMALL, 3)


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """The small council's records with every fault."""
    directory: Path = tmp_path_factory.mktemp("swift")
    return generate(directory, council=SMALL, seed=3, mess="swift")


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """The small council's records without faults."""
    return generate(tmp_path_factory.mktemp("clean"), council=SMALL, seed=3)
