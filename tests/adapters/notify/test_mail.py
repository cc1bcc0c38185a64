# SPDX-License-Identifier: Apache-2.0
"""Mail against a real SMTP server: what arrives, over which connection, and what each refusal means."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st

from gyges.adapters.notify.channel import Later, Never
from gyges.adapters.notify.mail import MailChannel, Server, compose
from gyges.adapters.notify.telling import RULE, plain
from tests.adapters.notify.office import NOON, SECRET, a_message, a_telling
from tests.adapters.notify.receiver import certified
from tests.patience import free_port

pytestmark = pytest.mark.anyio
SENDER = "gyges@gate.example.org"


class Postmaster:
    """Keeps what arrives; `refuses` answers for addresses that are not taken."""

    def __init__(self) -> None:
        self.got: list[tuple[Session, Envelope]] = []
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.got.append((session, envelope))
        return "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        """What arrived, parsed."""
        return [
            message_from_bytes(envelope.content, policy=policy.default)
            for _, envelope in self.got
            if isinstance(envelope.content, bytes)
        ]


def login(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    """One user, one password."""
    right = isinstance(data, LoginPassword) and data == LoginPassword(b"gyges", b"open sesame")
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def serving(
    tls: ssl.SSLContext | None = None, **more: Any
) -> AsyncIterator[tuple[Postmaster, int]]:
    """A mail server on a free loopback port; gives the port. `tls` speaks from the first byte."""
    postmaster = Postmaster()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(postmaster, hostname="localhost", **more), "127.0.0.1", 0, ssl=tls
    )
    try:
        yield postmaster, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def channel(port: int, **more: Any) -> MailChannel:
    """A channel to a server on loopback."""
    values: dict[str, Any] = {"host": "localhost", "port": port, "tls": "none"}
    return MailChannel(Server(**(values | more)), SENDER)


async def test_what_arrives() -> None:
    """One plain text to one person, with a subject, headers that say no person wrote it, and the link."""
    async with serving() as (postmaster, port):
        sent = await channel(port).send(a_message(target="ann@example.org"), NOON)
    ((_, envelope),), (mail,) = postmaster.got, postmaster.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["ann@example.org"])
    assert (mail["From"], mail["To"]) == (SENDER, "ann@example.org")
    assert mail["Subject"] == "Gyges: send_mail by bot waits for finance (medium risk)"
    assert mail["Message-ID"] == "<m-1@gate.example.org>" == sent.ref
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail["Date"]).timestamp() * 1000 == NOON
    assert mail.get_content_type() == "text/plain"
    text = mail.get_content()
    assert RULE in text
    assert re.findall(r"https?://\S+", text) == ["https://gate.example.org/a/c-1"]


async def test_the_same_message_has_the_same_name_again() -> None:
    """A second attempt can be recognised; the mails of one case are one thread."""
    async with serving() as (postmaster, port):
        for now in (NOON, NOON + 60_000):
            await channel(port).send(a_message(target="ann@example.org"), now)
    first, second = postmaster.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["References"] == "<c-1@gate.example.org>"


async def test_a_digest_is_one_mail() -> None:
    """Several notices, one subject that counts them, every link."""
    tellings = [
        a_telling(case=f"c-{n}", url=f"https://gate.example.org/a/c-{n}", level="high", risk=80)
        for n in range(3)
    ]
    async with serving() as (postmaster, port):
        await channel(port).send(a_message(*tellings, target="ann@example.org"), NOON)
    (mail,) = postmaster.mails
    assert mail["Subject"] == "Gyges: 3 notices, 3 of high risk"
    assert mail["References"] is None
    assert {telling.url for telling in tellings} <= set(mail.get_content().split())


async def test_starttls_and_a_password(tmp_path: Path) -> None:
    """The password is sent only over TLS with a certificate that is trusted and of the right name."""
    tls, ca_file = certified(tmp_path, "localhost")
    secure: dict[str, Any] = {
        "tls_context": tls, "require_starttls": True, "authenticator": login, "auth_required": True
    }  # fmt: skip
    known = {"tls": "starttls", "user": "gyges", "password": "open sesame"}
    async with serving(**secure) as (postmaster, port):
        await channel(port, ca_file=str(ca_file), **known).send(a_message(target="a@b.c"), NOON)
        ((session, _),) = postmaster.got
        assert session.ssl is not None
        assert session.authenticated
        with pytest.raises(Later, match=r"(?i)certificate"):
            await channel(port, **known).send(a_message(target="a@b.c"), NOON)
        other = channel(port, ca_file=str(ca_file), **(known | {"host": "127.0.0.1"}))
        with pytest.raises(Later, match=r"(?i)certificate|hostname"):
            await other.send(a_message(target="a@b.c"), NOON)
        wrong = channel(port, ca_file=str(ca_file), **(known | {"password": "x"}))
        with pytest.raises(Later, match="535"):
            await wrong.send(a_message(target="a@b.c"), NOON)
    assert len(postmaster.got) == 1


async def test_a_server_without_tls_gets_nothing() -> None:
    """Where starttls is asked for and not offered, no mail is sent in the clear."""
    async with serving() as (postmaster, port):
        with pytest.raises(Later, match="STARTTLS"):
            await channel(port, tls="starttls").send(a_message(target="a@b.c"), NOON)
    assert postmaster.got == []


async def test_implicit_tls(tmp_path: Path) -> None:
    """Port 465's way: TLS from the first byte."""
    tls, ca_file = certified(tmp_path, "localhost")
    async with serving(tls=tls) as (postmaster, port):
        secure = channel(port, tls="implicit", ca_file=str(ca_file))
        await secure.send(a_message(target="a@b.c"), NOON)
    assert len(postmaster.got) == 1


@pytest.mark.parametrize(
    ("answer", "error"), [("550 no such user", Never), ("450 come back later", Later)]
)
async def test_what_a_refusal_means(answer: str, error: type[Exception]) -> None:
    """No such user is for ever, a full box is not."""
    async with serving() as (postmaster, port):
        postmaster.refuses["ann@example.org"] = answer
        with pytest.raises(error, match=answer[:3]):
            await channel(port).send(a_message(target="ann@example.org"), NOON)
    assert postmaster.got == []


async def test_nobody_there_is_tried_again() -> None:
    """A mail server that is down is a failure of the moment."""
    gone = channel(free_port())
    with pytest.raises(Later, match="mail server localhost"):
        await gone.send(a_message(target="a@b.c"), NOON)


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_name_adds_a_header(agent: str, tool: str) -> None:
    """Whatever an agent calls itself or its tool: the headers are ours, one line each, and so is the body."""
    telling = a_telling(agent=plain(agent), tool=plain(tool))
    raw = compose(a_message(telling, target="a@b.c"), sender=SENDER, now=NOON).as_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    assert sorted(mail.keys()) == sorted(
        [
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
            "X-Auto-Response-Suppress", "References", "Content-Type", "Content-Transfer-Encoding",
        ]
    )  # fmt: skip
    assert SECRET.encode() not in raw
