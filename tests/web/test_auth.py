# SPDX-License-Identifier: Apache-2.0
"""Keys: right ones pass, all wrong ones get the same answer, and too many of those get 429."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.principal import Scope
from gyges.testing import FakeClock
from gyges.web.auth import BURST, REFILL_MS, Failures
from gyges.web.problems import TooMany
from tests.web.conftest import House, open_house

WRONG = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer gy_agent_wrong",
    "Basic Ym90OmJvdA==",
    "bearer\tx",
    "Bearer " + "x" * 5000,
    "Bearer \xe9",
]


@pytest.mark.parametrize("given", WRONG)
async def test_wrong_keys_get_one_answer(house: House, given: str) -> None:
    """Missing, malformed, overlong and unknown keys are told the same and asked for Bearer."""
    headers = {b"authorization": given.encode("latin-1")} if given else {}
    answer = await house.client.get("/v1/actions", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="gyges"'
    assert answer.json()["detail"] == "a valid key is needed: Authorization: Bearer gy_..."


@pytest.mark.slow
async def test_a_revoked_key_ends_with_the_next_request(house: House) -> None:
    """The request after the revocation is refused like an unknown key."""
    assert (await house.call("bot", "GET", "/v1/actions")).status_code == 200
    keys = (await house.call("root", "GET", "/v1/keys")).json()["items"]
    key = next(key for key in keys if key["name"] == "bot")
    revoked = await house.call("root", "POST", f"/v1/keys/{key['id']}/revoke")
    assert revoked.status_code == 200
    assert revoked.json()["revoked"] > 0
    assert (await house.call("bot", "GET", "/v1/actions")).status_code == 401


async def test_a_key_is_revoked_for_the_web_however_that_was_done(house: House) -> None:
    """A revocation past the web, straight at the gate, holds at the next request as well."""
    assert (await house.call("rita", "GET", "/v1/stops")).status_code == 200
    key = next(key for key in await house.gate.store.keys() if key.name == "rita")
    await house.gate.revoke(key.id, by="test")
    assert (await house.call("rita", "GET", "/v1/stops")).status_code == 401


async def test_an_expired_key_is_no_key(house: House) -> None:
    """A key is refused from the moment of its expiry on."""
    _, secret = await house.gate.enrol(
        name="late", scope=Scope.AUDITOR, by="test", expires=house.gate.clock.now() - 1
    )
    house.secrets["late"] = secret
    assert (await house.call("late", "GET", "/v1/actions")).status_code == 401


async def test_too_many_wrong_keys_are_429_and_right_ones_still_pass(house: House) -> None:
    """One address trying keys is slowed down; its neighbour with a right key is not."""
    house.gate.clock = FakeClock(house.gate.clock.now())  # time forgives
    headers = {"authorization": "Bearer gy_agent_guess"}
    codes = [
        (await house.client.get("/v1/actions", headers=headers)).status_code
        for _ in range(BURST + 5)
    ]
    assert codes[0] == 401
    assert codes[-1] == 429
    last = await house.client.get("/v1/actions", headers=headers)
    assert int(last.headers["retry-after"]) >= 1
    assert (await house.call("bot", "GET", "/v1/actions")).status_code == 200


async def test_a_header_given_twice_is_refused(house: House) -> None:
    """Two Authorization headers could be read differently by a proxy in front, so there may be one."""
    secret = house.secrets["bot"]
    pair = [("authorization", f"Bearer {secret}"), ("authorization", f"Bearer {secret}")]
    answer = await house.client.get("/v1/actions", headers=pair)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 50)), max_size=200))
def test_the_memory_of_failures_is_bounded(tries: list[tuple[str, int]]) -> None:
    """However many addresses fail, no more than the bound are remembered."""
    failures, now = Failures(addresses=3), 0
    for address, pause in tries:
        now += pause
        try:
            failures.add(address, now)
        except TooMany:
            assert len(failures) <= 3
        assert len(failures) <= 3


def test_the_bucket_leaks_with_time() -> None:
    """After the limit, one more failure is forgiven for each span that passes."""
    failures = Failures()
    for _ in range(BURST):
        failures.add("a", 0)
    with pytest.raises(TooMany):
        failures.add("a", 0)
    failures.add("a", REFILL_MS)
    with pytest.raises(TooMany):
        failures.add("a", REFILL_MS)


async def test_no_secret_and_no_hash_is_ever_listed(house: House, tmp_path: Path) -> None:
    """The list of keys holds neither; the secret is in the answer that made it, once."""
    made = await house.call("root", "POST", "/v1/keys", {"name": "new", "scope": "auditor"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    listed = (await house.call("root", "GET", "/v1/keys")).text
    assert secret not in listed
    assert "hash" not in listed
    assert "sha256" not in listed


async def test_a_gate_beyond_loopback_needs_keys_all_the_same(tmp_path: Path) -> None:
    """Where the gate listens changes nothing about who is let in."""
    async with open_house(tmp_path / "wide", host="0.0.0.0") as house:
        answer = await house.client.get("/v1/actions", headers={"host": "gate.example.org"})
        assert answer.status_code == 401
        assert replace(house.gate.settings).host == "0.0.0.0"
