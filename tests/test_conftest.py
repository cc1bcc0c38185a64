# SPDX-License-Identifier: Apache-2.0
"""The helpers that decide whether a test runs at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

Need = Callable[..., Path]


def test_need_finds_a_program(need: Need) -> None:
    """The first installed one of the names is found."""
    assert need("no-such-program", "sh").name == "sh"


def test_need_skips_on_a_desk(need: Need, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside CI a missing program skips the test and is named."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program or nor-this"):
        need("no-such-program", "nor-this")


def test_need_fails_in_ci(need: Need, monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI a missing program fails the test: a skip there would hide it for good."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        need("no-such-program")


async def test_async_tests_run_by_themselves(anyio_backend_name: str) -> None:
    """A test that is `async def` runs on asyncio without a mark."""
    assert anyio_backend_name == "asyncio"
