# SPDX-License-Identifier: Apache-2.0
"""Tells by e-mail, over one SMTP server. Plain text, one addressee a message, nothing loaded from anywhere.

The Message-ID is the same at every attempt, so a mail program that gets it twice may show it once. It runs
in a thread, as `smtplib` waits.
"""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from gyges.adapters.notify.channel import Later, Message, Never, Sent
from gyges.adapters.notify.telling import body, subject

TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An SMTP server and who speaks to it. `tls` is starttls, implicit or none."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = ""
    ca_file: str = ""


class MailChannel:
    """A `Channel` whose targets are addresses."""

    collects = True
    amends = False

    def __init__(self, server: Server, sender: str) -> None:
        """`sender` is the address the messages come from."""
        self._server, self._sender = server, sender
        self._tls = ssl.create_default_context(cafile=server.ca_file or None)

    async def send(self, message: Message, now: int) -> Sent:
        """See `channel.Channel`."""
        mail = compose(message, sender=self._sender, now=now)
        await asyncio.to_thread(self._hand_over, mail, message.target)
        return Sent(ref=mail["Message-ID"])

    def _hand_over(self, mail: EmailMessage, to: str) -> None:
        try:
            with self._connected() as smtp:
                if self._server.user:
                    smtp.login(self._server.user, self._server.password)
                smtp.send_message(mail, self._sender, [to])
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = error.recipients[to]  # what it says beside may repeat the address
            why = f"the mail server refuses the address: {code}"
            raise (Never if 500 <= code < 600 else Later)(why) from None
        except smtplib.SMTPResponseException as error:
            raise Later(f"mail server {self._server.host} answers {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Later(f"mail server {self._server.host}: {error}") from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "implicit":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=self._tls)
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=self._tls)
        except BaseException:
            smtp.close()
            raise
        return smtp


def compose(message: Message, *, sender: str, now: int) -> EmailMessage:
    """The mail. Its headers say that no person wrote it, so that no holiday answers come back."""
    mail = EmailMessage(policy=policy.SMTP)
    domain = sender.rpartition("@")[2]
    mail["From"], mail["To"] = sender, message.target
    mail["Subject"] = subject(message.tellings)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if len(message.tellings) == 1 and message.tellings[0].case:
        mail["References"] = f"<{message.tellings[0].case}@{domain}>"  # one thread a case
    mail.set_content(body(message.tellings), cte="quoted-printable")
    return mail
