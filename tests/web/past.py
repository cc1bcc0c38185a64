# SPDX-License-Identifier: Apache-2.0
"""A house where something happened, for the tests of pages that tell of it. It tests nothing itself."""

from dataclasses import dataclass, field

from gyges.person import Method
from tests.web.conftest import MAIL, PAY, READ, House, canonical
from tests.web.people import Browser, settle, signed_in

HOSTILE = '"><script>alert(1)</script>\u202e'


@dataclass(slots=True)
class Town(House):
    """A house where something happened; `ids` names the cases."""

    ids: dict[str, str] = field(default_factory=dict)


async def happened(house: House) -> Town:
    """A house where people have accounts, and one payment was made, one is half approved, one mail denied."""
    await settle(house)
    done = await house.propose(PAY)
    for who in ("alice", "bob"):
        assert (await house.decide(who, done)).status_code == 200
    answer = (await house.call("bot", "GET", f"/v1/actions/{done['id']}")).json()
    body = {"permit": answer["permit"], "action": canonical(answer)}
    assert (
        await house.call("office", "POST", f"/v1/actions/{done['id']}/redeem", body)
    ).status_code == 200
    report = {"ok": True, "summary": "receipt 77"}
    await house.call("office", "POST", f"/v1/actions/{done['id']}/outcome", report)
    half = await house.propose({**PAY, "arguments": {"to": HOSTILE, "amount": 9000}})
    assert (await house.decide("alice", half)).status_code == 200
    mail = await house.propose({**MAIL, "purpose": HOSTILE})
    assert (await house.decide("rita", mail, "deny")).status_code == 200
    await house.propose(READ)
    ids = {"done": done["id"], "half": half["id"], "mail": mail["id"]}
    return Town(house.gate, house.app, house.client, house.secrets, ids)


async def at(town: Town, name: str) -> Browser:
    """A browser of `name`."""
    return await signed_in(town, name, Method.PASSWORD)


async def page(browser: Browser, path: str, status: int = 200) -> str:
    """The HTML of a page."""
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text
