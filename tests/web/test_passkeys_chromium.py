# SPDX-License-Identifier: Apache-2.0
"""Passkeys in real Chromium with its virtual authenticator: enrolled, used to sign in, and to sign approvals.

The gate is served on a loopback port and reached as "localhost", the one name for which browsers take plain
HTTP as secure.
"""

import functools
import http.server
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from gyges.case import State
from gyges.ledger.bundle import verify_bundle
from gyges.ledger.export import Selection, export
from gyges.ledger.note import Signer
from tests.web.chromium_desk import SIGN, SigningDesk, post, sent_by, signing_desk
from tests.web.conftest import PAY

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(tmp_path: Path, need: Callable[..., Path]) -> AsyncIterator[SigningDesk]:
    """Alice in front of a gate that asks for signatures."""
    path = need("chromium", "chromium-browser", "google-chrome")
    async with signing_desk(tmp_path / "data", path) as opened:
        yield opened


async def test_a_signed_approval_from_page_to_proof(desk: SigningDesk) -> None:
    """Enrolled, approved with the passkey and a note, granted, and verified offline from the bundle alone."""
    await desk.enrol()
    case = await desk.house.propose(PAY)
    await desk.open(case)
    await desk.page.get_by_text("Add a note").click()
    await desk.page.get_by_label("Note for the record").fill('line one\nline two, "quoted" é 🔑')
    await desk.page.get_by_role("button", name=SIGN).click()
    await expect(desk.page.get_by_text("Approved.")).to_be_visible()
    assert await desk.state(case) is State.GRANTED
    gate = desk.house.gate
    now = gate.clock.now()
    chosen = Selection(case=str(case["id"]))
    lines = export(gate.store, gate.store, chosen, created=now, software="test")
    raw = b"".join([line async for line in lines])
    seed = bytes.fromhex((gate.folder / "keys" / "log.key").read_text().strip())
    report = verify_bundle(raw, [Signer.from_seed(gate.settings.origin, seed).verifier])
    assert report.findings == ()
    assert (report.signatures, report.signed_at) == (1, (desk.url,))


async def test_signing_in_with_a_passkey_alone(desk: SigningDesk) -> None:
    """After signing out, the passkey signs alice in again without a name or a password."""
    await desk.enrol()
    await desk.page.get_by_role("button", name="Sign out", exact=True).click()
    await desk.page.wait_for_url("**/sign-in?said=signed-out")
    await desk.page.goto(f"{desk.url}/sign-in?next=/me")
    await desk.page.get_by_role("button", name="Sign in with a passkey").click()
    await desk.page.wait_for_url(f"{desk.url}/me")
    sessions = await desk.house.gate.sessions.live("alice", now=desk.house.gate.clock.now())
    assert [session.method for session in sessions] == ["passkey"]


async def test_what_changed_after_it_was_shown_is_refused(desk: SigningDesk) -> None:
    """Another amount in the typed case, another note, another group than was signed: 409, nothing granted."""
    await desk.enrol()
    case = await desk.house.propose(PAY)
    other = await desk.house.propose({**PAY, "arguments": {"to": "Eve", "amount": 4800}})
    await desk.open(case)
    form = await sent_by(desk, desk.page.get_by_role("button", name=SIGN).click)
    swapped = [
        (other, form),
        (case, {**form, "reason": "swapped"}),
        (case, {**form, "group": "finance"}),
        (case, {**form, "digest": other["digest"]}),
        (case, {**form, "shown": form["shown"][:-2] + "AA"}),
    ]
    for aim, sent in swapped:
        answer = await post(desk, aim, sent)
        assert answer.status_code == 409, answer.text
    assert {await desk.state(case), await desk.state(other)} == {State.WAITING}
    assert (await post(desk, case, form)).status_code == 303
    assert await desk.state(case) is State.GRANTED


async def test_a_replayed_signature_is_refused(desk: SigningDesk) -> None:
    """The same form again, for the same case and under the page of another, decides nothing."""
    await desk.enrol()
    case, other = await desk.house.propose(PAY), await desk.house.propose(PAY)
    await desk.open(case)
    form = await sent_by(desk, desk.page.get_by_role("button", name=SIGN).click)
    assert (await post(desk, case, form)).status_code == 303
    assert (await post(desk, case, form)).status_code == 409
    await desk.open(other)
    fresh = await sent_by(desk, desk.page.get_by_role("button", name=SIGN).click)
    parts = ("credential", "client_data", "authenticator_data", "signature")
    mixed = {**fresh, **{name: form[name] for name in parts}}
    assert (await post(desk, other, mixed)).status_code == 409
    assert await desk.state(other) is State.WAITING


async def test_a_copied_passkey_is_refused(desk: SigningDesk) -> None:
    """A passkey whose counter went back was copied, or is: 403, and the attempt is in the log."""
    await desk.enrol()
    case = await desk.house.propose(PAY)
    await desk.open(case)
    await desk.page.get_by_role("button", name=SIGN).click()
    await expect(desk.page.get_by_text("Approved.")).to_be_visible()
    copy = {**await desk.credential(), "signCount": 0}
    ids = {"authenticatorId": desk.authenticator}
    await desk.cdp.send("WebAuthn.clearCredentials", ids)
    await desk.cdp.send("WebAuthn.addCredential", {**ids, "credential": copy})
    other = await desk.house.propose(PAY)
    await desk.open(other)
    async with desk.page.expect_response("**/approve") as answer:
        await desk.page.get_by_role("button", name=SIGN).click()
    assert (await answer.value).status == 403
    assert await desk.state(other) is State.WAITING


async def test_nothing_counts_without_user_verification(desk: SigningDesk) -> None:
    """An authenticator that cannot tell that it is alice signs nothing for her."""
    await desk.enrol()
    case = await desk.house.propose(PAY)
    await desk.open(case)
    verified = {"authenticatorId": desk.authenticator, "isUserVerified": False}
    await desk.cdp.send("WebAuthn.setUserVerified", verified)
    await desk.page.get_by_role("button", name=SIGN).click()
    await expect(desk.page.get_by_text("The passkey was not used")).to_be_visible()
    assert await desk.state(case) is State.WAITING


class Quiet(http.server.BaseHTTPRequestHandler):
    """A page of somebody else's on this machine."""

    def do_GET(self) -> None:
        """An empty page."""
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Win a prize</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The origin of another program's page on this machine, which may ask for the same passkeys."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05))
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


STEAL = """async ([answer, credential]) => {
  const bytes = (t) => Uint8Array.from(atob(t.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const plain = (b) => btoa(String.fromCharCode(...new Uint8Array(b)));
  const text = (b) => plain(b).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(answer));
  const found = await navigator.credentials.get({ publicKey: {
    challenge, rpId: "localhost", userVerification: "required",
    allowCredentials: [{ type: "public-key", id: bytes(credential) }] } });
  return { credential: found.id, client_data: text(found.response.clientDataJSON),
    authenticator_data: text(found.response.authenticatorData), signature: text(found.response.signature) };
}"""


async def test_a_signature_made_on_another_origin_is_refused(
    desk: SigningDesk, elsewhere: str
) -> None:
    """A stranger's page gets a true signature over the true challenge, and it counts for nothing."""
    await desk.enrol()
    case = await desk.house.propose(PAY)
    await desk.open(case)
    form = desk.page.locator("#approve")
    answer = await form.get_attribute("data-answer")
    credential = await form.get_attribute("data-credentials")
    sent = await sent_by(desk, desk.page.get_by_role("button", name=SIGN).click)
    await desk.page.goto(elsewhere)
    stolen = await desk.page.evaluate(STEAL, [answer, credential])
    refused = await post(desk, case, {**sent, **stolen})
    assert refused.status_code == 403
    assert await desk.state(case) is State.WAITING


async def test_without_a_passkey_the_page_says_where_to_get_one(desk: SigningDesk) -> None:
    """There is no button to approve, a link to one's own page instead, and denying works as ever."""
    case = await desk.house.propose(PAY)
    await desk.page.goto(f"{desk.url}/a/{case['id']}")
    await expect(desk.page.get_by_role("link", name="add one to your account")).to_be_visible()
    await expect(desk.page.get_by_role("button", name=SIGN)).to_have_count(0)
    await desk.page.get_by_label("Why not").fill("not without a second look")
    await desk.page.get_by_role("button", name="Deny").click()
    await expect(desk.page.get_by_text("Denied.")).to_be_visible()
    assert await desk.state(case) is State.DENIED
