# SPDX-License-Identifier: Apache-2.0
"""Alive, ready, counted: what monitoring sees, and that readiness tells the truth about the disk."""

import sqlite3
from contextlib import closing

import jwt
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gyges.web import readiness
from gyges.web.app import make_app
from tests.web.conftest import MAIL, PAY, READ, House


async def scrape(house: House) -> dict[str, float]:
    """Sample name with its labels -> value, as Prometheus itself would parse it."""
    answer = await house.call("", "GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        "".join([sample.name, *(f"|{value}" for value in sample.labels.values())]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_what_happened_is_counted(house: House) -> None:
    """Decisions by effect, votes, problems by code, latency, open cases, log size, outbox."""
    await house.propose(READ)
    case = await house.propose(MAIL)
    await house.propose(PAY)
    await house.propose({"tool": "stop_log", "arguments": {}})
    await house.decide("rita", case)
    await house.call("", "GET", "/v1/actions")
    found = await scrape(house)
    assert found["gyges_decisions_total|allow"] == 1
    assert found["gyges_decisions_total|ask"] == 2
    assert found["gyges_decisions_total|deny"] == 1
    assert found["gyges_votes_total|approve"] == 1
    assert found["gyges_problems_total|unauthenticated"] == 1
    assert found["gyges_propose_seconds_count"] == 4
    assert (found["gyges_cases|waiting"], found["gyges_cases|granted"]) == (1, 2)
    assert found["gyges_outbox_depth"] == 3  # two that waited, and the end of one
    proof = (await house.call("", "GET", "/v1/log/proof/0")).json()
    assert found["gyges_log_size"] == proof["size"]
    assert found["gyges_store_errors_total"] == 0


async def test_two_gates_in_one_process_count_apart(house: House) -> None:
    """A fresh application starts at zero, whatever another one counted."""
    await house.propose(READ)
    other = make_app(house.gate).state.desk.metrics
    text = await other.text(house.gate.store, house.gate.log, house.gate.clock.now())
    assert b'gyges_decisions_total{effect="allow"} 0.0' in text


async def test_alive_and_ready(house: House) -> None:
    """A gate that can write says so, and under which policy; asking leaves no trace in the log."""
    before = (await house.call("", "GET", "/log/checkpoint")).content
    assert (await house.call("", "GET", "/healthz")).json() == {"status": "alive"}
    found = await house.call("", "GET", "/readyz")
    assert found.status_code == 200
    assert found.json() == {"status": "ready", "policy": house.gate.corridor.policy.digest}
    assert (await house.call("", "GET", "/log/checkpoint")).content == before
    assert list(await house.gate.store.notices(10)) == []


@pytest.mark.slow
async def test_a_gate_that_cannot_write_is_not_ready(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the database held by somebody else: 503, proposals are refused, and both recover by themselves."""
    monkeypatch.setattr(readiness, "FRESH_MS", 0)
    file = house.gate.folder / "gyges.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as thief:
        thief.execute("BEGIN IMMEDIATE")
        found = await house.call("", "GET", "/readyz")
        assert (found.status_code, found.json()["reason"]) == (503, "store-down")
        refused = await house.call("bot", "POST", "/v1/actions", READ)
        assert (refused.status_code, refused.json()["code"]) == (503, "store-down")
        assert refused.headers["retry-after"] == "1"
        thief.execute("ROLLBACK")
    assert (await house.call("", "GET", "/readyz")).status_code == 200
    assert (await house.propose(READ))["state"] == "granted"
    assert (await scrape(house))["gyges_store_errors_total"] == 1


async def test_a_gate_whose_database_is_gone_lets_nobody_through(house: House) -> None:
    """Without the store no key can be checked: 503 for everybody, not 401 and not a grant."""
    file = house.gate.folder / "gyges.db"
    away = file.rename(file.with_suffix(".away"))
    refused = await house.call("bot", "POST", "/v1/actions", READ)
    assert (refused.status_code, refused.json()["code"]) == (503, "store-down")
    assert (await house.call("", "GET", "/healthz")).status_code == 200
    away.rename(file)
    assert (await house.propose(READ))["state"] == "granted"


async def test_the_key_set_verifies_a_permit(house: House) -> None:
    """A permit verifies with the served key set alone, and the set is cacheable for a minute only."""
    answer = await house.call("", "GET", "/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=60"
    keys = jwt.PyJWKSet.from_dict(answer.json())
    permit = (await house.propose(READ))["permit"]
    kid = jwt.get_unverified_header(permit)["kid"]
    claims = jwt.decode(permit, keys[kid], algorithms=["EdDSA"], audience="office")
    assert claims["sub"] == "bot"


async def test_a_rotated_key_joins_the_set(house: House) -> None:
    """After a rotation new permits are signed by the new key, and the old one still verifies."""
    before = (await house.call("", "GET", "/.well-known/jwks.json")).json()["keys"]
    kid = (await house.call("root", "POST", "/v1/signer/rotate")).json()["kid"]
    after = (await house.call("", "GET", "/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in after] == [before[0]["kid"], kid]
