# SPDX-License-Identifier: Apache-2.0
"""Ids: a prefix, 48 bits of time in ms, 80 random bits, in lower-case Crockford base 32. They sort by time."""

import os

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(one + two for one in ALPHABET for two in ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))


def new_id(prefix: str, now: int) -> str:
    """A fresh id such as "c-01j9z3m4k2c0qg7t5b8n6w1xya", unguessable and unique."""
    number = (now & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    return prefix + "-" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
