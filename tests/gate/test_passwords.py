# SPDX-License-Identifier: Apache-2.0
"""Passwords: which are fit, how they are kept, and that a check tells nothing but yes or no."""

import re

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import Unprocessable
from gyges.gate import passwords

GOOD = "a calm and dense sentence"


@pytest.mark.parametrize(
    "password",
    ["", "short", "x" * 11, "aaaabbbbcccc", "a" * 1001, "alice-alice!", "ALICE2026!!!"],
)
def test_what_is_easily_guessed_is_refused(password: str) -> None:
    """Too short, too long, too few characters, little more than the owner's name."""
    with pytest.raises(Unprocessable):
        passwords.fit(password, ("alice", "al"))


def test_a_sentence_will_do() -> None:
    """No rule about digits and signs; a long sentence may hold the name."""
    assert passwords.fit(GOOD, ("alice",)) == GOOD
    assert passwords.fit("alice likes long walks by the sea", ("alice",))


@pytest.mark.slow
def test_the_hash_is_argon2id_with_the_parameters_of_rfc_9106() -> None:
    """Second recommended option: 64 MiB, three passes, four lanes, salt of 16 bytes."""
    stored = passwords.hashed(GOOD)
    assert re.match(r"\$argon2id\$v=19\$m=65536,t=3,p=4\$[A-Za-z0-9+/]{22}\$", stored)
    assert GOOD not in stored
    assert passwords.hashed(GOOD) != stored


@pytest.mark.slow
def test_the_right_password_holds_and_no_other() -> None:
    """An account without a password, or with something that is no hash, lets nobody in."""
    stored = passwords.hashed(GOOD)
    assert passwords.holds(stored, GOOD)
    assert not passwords.holds(stored, GOOD + ".")
    assert not passwords.holds("", "")
    assert not passwords.holds("", GOOD)
    assert not passwords.holds("", "the password of nobody")
    assert not passwords.holds("plain text", "plain text")


@pytest.mark.slow
def test_two_ways_to_type_one_password_are_the_same() -> None:
    """An accent typed as one character or as two, and full-width letters, are one form (NFKC)."""
    stored = passwords.hashed("caf\u00e9 au lait, deux fois")
    assert passwords.holds(stored, "cafe\u0301 au lait, deux fois")


def test_a_hash_with_weaker_parameters_is_known_as_old() -> None:
    """It still holds, and is made anew at the next sign-in."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    assert passwords.holds(weak, GOOD)
    assert passwords.is_old(weak)
    assert not passwords.is_old(passwords.again(GOOD))


@given(st.text(max_size=40))
def test_what_is_fit_has_one_form(text: str) -> None:
    """A password that is taken is its own normal form, so that it holds however it is typed."""
    try:
        once = passwords.fit(text)
    except Unprocessable:
        return
    assert passwords.fit(once) == once
