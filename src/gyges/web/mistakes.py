# SPDX-License-Identifier: Apache-2.0
"""Errors as pages show them: the same statuses and words as the API's problems, in HTML or as a problem document.

It decides nothing, and tells nothing of our own insides: see `problems.py`.
"""

import logging
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gyges.errors import GygesError, Unauthenticated
from gyges.web import problems
from gyges.web.call import Reply
from gyges.web.door import REQUEST

if TYPE_CHECKING:
    from gyges.web.visit import Visit

logger = logging.getLogger("gyges.web")


def shown(visit: "Visit", error: GygesError) -> Response:
    """The page that tells `error`."""
    if error.status >= 500:
        logger.warning("request %s: %s: %s", visit.number, type(error).__name__, error)
    told = problems.problem(error, visit.path, visit.number)
    if visit.wants_json:
        return _plain(told)
    context = {"problem": msgspec.json.decode(told.body), "known": visit.person is not None}
    headers = {name.decode(): value.decode() for name, value in told.headers}
    if isinstance(error, Unauthenticated):
        headers = {}  # a browser would open a dialogue of its own
    return visit.render("error.html", context, told.status, headers)


def fault(visit: "Visit") -> Response:
    """The page about what should not have happened; it asks neither store nor template."""
    return _plain(problems.fault(visit.path, visit.number))


def problem(error: GygesError, request: Request) -> Response:
    """A problem document, where there is no visit."""
    return _plain(problems.problem(error, request.url.path, request.scope[REQUEST]))


def _plain(told: Reply) -> Response:
    headers = {name.decode(): value.decode() for name, value in told.headers}
    return Response(told.body, told.status, headers, media_type=told.type.decode())
