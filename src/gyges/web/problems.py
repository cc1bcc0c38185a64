# SPDX-License-Identifier: Apache-2.0
"""Errors as HTTP says them: RFC 9457 problem documents, one shape for every refusal.

    {"type": "urn:gyges:problem:conflict", "title": "Conflict", "status": 409, "code": "conflict",
     "detail": "case c-... is denied and cannot become granted", "instance": "/v1/actions/c-.../decision",
     "request": "5f1c9a-2a", "state": "denied"}

`code` is what programs branch on, `detail` is one line for a human; members after `request` are the error's
own. An error of ours shows its kind, never its insides: those go to the program's log under `request`.
It decides nothing: which error is raised is the business of whoever knows the cause.
"""

import msgspec

from gyges.errors import CallerError, Fault, GygesError, StoreDown, Unauthenticated
from gyges.web.call import Header, Reply

TYPE = b"application/problem+json"
_RETRY: Header = (b"retry-after", b"1")
_BEARER: Header = (b"www-authenticate", b'Bearer realm="gyges"')
_encode = msgspec.json.Encoder().encode


class HttpError(CallerError):
    """A request that HTTP itself makes impossible to serve; `headers` go out with the answer."""

    headers: tuple[Header, ...] = ()


class NoMethod(HttpError):
    """405: the path exists, not with this method. `allow` names those that do (RFC 9110 15.5.6)."""

    status = 405
    code = "no-method"

    def __init__(self, method: str, allow: str) -> None:
        """Name the method and what is allowed instead."""
        super().__init__(f"{method[:16]} is not possible here, only {allow}")
        self.headers = ((b"allow", allow.encode()),)


class TooLarge(HttpError):
    """413: the body is over the limit; reading stopped there, so the connection ends."""

    status = 413
    code = "too-large"
    headers = ((b"connection", b"close"),)


class WrongType(HttpError):
    """415: a body that does not say it is JSON (RFC 9110 15.5.16)."""

    status = 415
    code = "wrong-type"
    headers = ((b"accept", b"application/json"),)


class Misdirected(HttpError):
    """421: the Host header names somebody else: a page that had its name rebound to our address."""

    status = 421
    code = "misdirected"


class TooMany(HttpError):
    """429: too many wrong keys from one address (RFC 6585)."""

    status = 429
    code = "too-many"

    def __init__(self, seconds: int) -> None:
        """Say when to come back."""
        super().__init__("too many requests without a valid key from this address")
        self.headers = ((b"retry-after", str(seconds).encode()), _BEARER)


def problem(error: GygesError, instance: str, request: str) -> Reply:
    """The answer that tells `error`; `instance` is the path asked for, `request` the request's id."""
    document: dict[str, object] = {
        "type": f"urn:gyges:problem:{error.code}",
        "title": error.code.replace("-", " ").capitalize(),
        "status": error.status,
        "code": error.code,
        "detail": _detail(error),
        "instance": instance,
        "request": request,
    }
    for name, value in error.extra.items():
        document.setdefault(name, value)
    return Reply(status=error.status, body=_encode(document), type=TYPE, headers=_headers(error))


def fault(instance: str, request: str) -> Reply:
    """The answer to what should not have happened."""
    return problem(Fault(""), instance, request)


def _detail(error: GygesError) -> str:
    if isinstance(error, Fault) and not isinstance(error, StoreDown):
        return "the gate failed; its log tells why under this request id"
    return str(error)


def _headers(error: GygesError) -> tuple[Header, ...]:
    if isinstance(error, HttpError):
        return error.headers
    if isinstance(error, Unauthenticated):
        return (_BEARER,)
    if isinstance(error, StoreDown):
        return (_RETRY,)
    return ()
