"""Each test of a fault tells its numbers with its outcome, so that they can be counted wherever it ran."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The numbers travel with the report of the test."""
    for item in items:
        for number in getattr(getattr(item, "function", None), "faults", ()):
            item.user_properties.append(("fault", number))
