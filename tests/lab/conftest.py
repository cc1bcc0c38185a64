# SPDX-License-Identifier: Apache-2.0
"""What holds for every test of the lab. It fakes nothing."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Inspect leaves event loops to the collector: what it did not close is no fault of a test of ours."""
    left = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(left)
