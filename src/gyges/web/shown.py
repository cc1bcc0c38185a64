# SPDX-License-Identifier: Apache-2.0
"""The token that says what somebody was shown, and when: given with a page, asked back with the answer.

    BASE64URL(canonical JSON) "." BASE64URL(HMAC-SHA256(keys/web.key, canonical JSON))      RFC 2104

It grants nothing: whoever answers needs a session and the right as well. It only lets the gate hold the
answer against the page, without keeping every page that it made.
"""

import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from gyges import canon
from gyges.errors import Conflict

LIFETIME_MS = 12 * 3_600_000
_NEW = "this page is too old or was not made for you; look at it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was shown: `cases` are (id, version, action digest), `against` the case it was compared with."""

    person: str
    view: str  # digest of the document that was rendered
    cases: tuple[tuple[str, int, str], ...]
    opened: int  # ms
    against: str = ""


def load_key(folder: Path) -> bytes:
    """The key of the data folder `folder`; made when it is first asked for."""
    file = folder / "keys" / "web.key"
    if not file.exists():
        _make(file)
    return file.read_bytes()


def seal(key: bytes, shown: Shown) -> str:
    """The token."""
    data = canon.encode(msgspec.to_builtins(shown))
    return f"{_text(data)}.{_text(_mac(key, data))}"


def unseal(key: bytes, token: str, *, person: str, now: int) -> Shown:
    """What the token says; raise `Conflict` unless this gate made it for `person` within `LIFETIME_MS`."""
    head, _, tail = token.partition(".")
    try:
        data, mac = _bytes(head), _bytes(tail)
    except ValueError:
        raise Conflict(_NEW) from None
    if not hmac.compare_digest(mac, _mac(key, data)):
        raise Conflict(_NEW)
    shown = msgspec.json.decode(data, type=Shown)
    if shown.person != person or not 0 <= now - shown.opened < LIFETIME_MS:
        raise Conflict(_NEW)
    return shown


def _make(file: Path) -> None:
    """Two processes may come at once: whoever is first has made it, whole."""
    part = file.with_name(f".web.key-{secrets.token_hex(8)}")
    part.touch(mode=0o600)
    part.write_bytes(secrets.token_bytes(32))
    try:
        os.link(part, file)
    except FileExistsError:
        return
    finally:
        part.unlink()


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, sha256).digest()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode((text + "=" * (-len(text) % 4)).encode("ascii"))
