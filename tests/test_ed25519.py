# SPDX-License-Identifier: Apache-2.0
"""Which Ed25519 keys may be enrolled: the public edge cases, and every key that RFC 8032 makes."""

import gzip
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gyges.ed25519 import check_public_key
from gyges.errors import Malformed

P = 2**255 - 19
REFUSED_FLAGS = {"low_order_A", "low_order_component_A", "non_canonical_A"}

# y of the eight points of small order, as RFC 8032 encodes them, and the spellings it forbids.
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def accepted(raw: bytes) -> bool:
    """Whether a key may be enrolled."""
    try:
        check_public_key(raw)
    except Malformed:
        return False
    return True


@given(st.binary(min_size=32, max_size=32))
def test_every_generated_key_is_accepted(seed: bytes) -> None:
    """No key that RFC 8032 generates is ever refused."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    check_public_key(private.public_key().public_bytes_raw())


@pytest.mark.parametrize("text", SMALL_ORDER)
def test_small_order_is_refused(text: str) -> None:
    """The eight keys that anyone could sign for are refused by name."""
    with pytest.raises(Malformed, match="small order"):
        check_public_key(bytes.fromhex(text))


@pytest.mark.parametrize(
    "y", [P, P + 1, P + 3, 2**255 - 1, P | 1 << 255, 1 | 1 << 255, P - 1 | 1 << 255]
)
def test_a_second_spelling_of_a_key_is_refused(y: int) -> None:
    """A y of p or more, and minus zero, are not canonical."""
    with pytest.raises(Malformed, match="canonical"):
        check_public_key(y.to_bytes(32, "little"))


def test_what_is_no_key_at_all_is_refused() -> None:
    """A wrong length, and a y without a point on the curve, are refused."""
    with pytest.raises(Malformed, match="32 bytes"):
        check_public_key(bytes(31))
    with pytest.raises(Malformed, match="not a point"):
        check_public_key((2).to_bytes(32, "little"))


def test_the_public_edge_cases(shared_data: Path) -> None:
    """Of the CCTV keys exactly those flagged as low order, of mixed order or misspelt are refused."""
    packed = (shared_data / "vectors" / "ed25519-cctv.json.gz").read_bytes()
    flags: dict[str, set[str]] = {}
    for row in json.loads(gzip.decompress(packed)):
        flags.setdefault(row["key"], set()).update(row["flags"] or [])
    assert len(flags) == 22
    wrong = [
        key for key in flags if accepted(bytes.fromhex(key)) == bool(flags[key] & REFUSED_FLAGS)
    ]
    assert wrong == []
    assert any(not flags[key] & REFUSED_FLAGS for key in flags)
