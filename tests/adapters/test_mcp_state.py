# SPDX-License-Identifier: Apache-2.0
"""The sealed state of a call that waits: whole, its own, and not for ever. Its use by clients is elsewhere."""

import pytest

from gyges.adapters.mcp_state import LIFE_MS, Seal
from gyges.errors import Expired, PermitRefused

SEAL = Seal("a secret of the proxy's, at least 32 long")
STATE = SEAL.close("c-1", who="w", call="d", now=0)


def test_a_state_counts_for_its_time_and_no_longer() -> None:
    """To its last millisecond it names the case; then it is too old, whoever brings it."""
    assert SEAL.open(STATE, who="w", call="d", now=LIFE_MS - 1) == "c-1"
    with pytest.raises(Expired, match="c-1"):
        SEAL.open(STATE, who="w", call="d", now=LIFE_MS)


def test_a_state_of_another_proxy_is_none() -> None:
    """Only the holder of the secret makes states that count."""
    other = Seal("a secret of another proxy, at least 32 too")
    with pytest.raises(PermitRefused, match="not one of ours"):
        other.open(STATE, who="w", call="d", now=0)
