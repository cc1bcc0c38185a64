# SPDX-License-Identifier: Apache-2.0
"""Passwords: which are good enough, and their hashes. Argon2id with the second parameters of RFC 9106.

A check costs 64 MiB and about a tenth of a second, whether there is a password or not, so its duration
tells nobody which accounts exist. How often somebody may try is not decided here: see `web/throttle.py`.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from gyges.errors import Unprocessable

SHORTEST = 12  # characters
LONGEST = 1000  # characters
VARIETY = 5  # different characters, at least

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def fit(password: str, known: Iterable[str] = ()) -> str:
    """The password in its one form (NFKC, NIST SP 800-63B 3.1.1.2); raise `Unprocessable` saying what it lacks.

    `known` are words an attacker would try first: name, e-mail address.
    """
    plain = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise Unprocessable(f"a password has {SHORTEST} to {LONGEST} characters")
    if len(set(plain.casefold())) < VARIETY:
        raise Unprocessable(f"a password has at least {VARIETY} different characters")
    words = [word.casefold() for word in known if len(word) > 3]
    if any(len(plain) < len(word) + SHORTEST and word in plain.casefold() for word in words):
        raise Unprocessable("a password is more than the name of its owner")
    return plain


def hashed(password: str, known: Iterable[str] = ()) -> str:
    """The hash to store, in PHC form; raise `Unprocessable` for a password that is not fit. Slow."""
    return _hasher.hash(fit(password, known))


def holds(stored: str, password: str) -> bool:
    """Whether `password` is the one that was stored; as slow for an account without one. Slow."""
    plain = unicodedata.normalize("NFKC", password[: LONGEST + 1])
    try:
        _hasher.verify(stored or _nobody(), plain)
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def again(password: str) -> str:
    """A fresh hash of a password that held, whatever would be asked of a new one. Slow."""
    return _hasher.hash(unicodedata.normalize("NFKC", password))


def is_old(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return _hasher.hash("the password of nobody")
