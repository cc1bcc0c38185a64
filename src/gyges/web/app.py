# SPDX-License-Identifier: Apache-2.0
"""Puts the HTTP side together: a Starlette application with the API's door in front of it.

The door answers what is in the table; Starlette carries the rest (pages, lifespan) and says 404 to what is
nowhere. The gate is opened and closed by whoever calls this.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware

from gyges.web.call import Desk
from gyges.web.door import Door
from gyges.web.metrics import Metrics
from gyges.web.openapi import document
from gyges.web.pages import front_of, nowhere_of, routes_of
from gyges.web.readiness import Readiness
from gyges.web.site import PAGES
from gyges.web.slack import slack_routes
from gyges.web.table import TABLE

if TYPE_CHECKING:
    from gyges.wiring import Gate


def make_app(gate: "Gate") -> Starlette:
    """The application of an open gate. `app.state.desk.closing.set()` ends all waiting, before a shutdown."""
    desk = desk_of(gate)
    front = front_of(desk)
    nowhere = nowhere_of(front)
    app = Starlette(
        routes=[*routes_of(front, PAGES), *slack_routes(gate)],
        middleware=[Middleware(Door, desk=desk, table=TABLE)],
        exception_handlers={404: nowhere, 405: nowhere},
    )
    app.state.desk, app.state.front = desk, front
    return app


def desk_of(gate: "Gate") -> Desk:
    """What the handlers of an open gate work with."""
    return Desk(
        gate=gate,
        metrics=Metrics(),
        readiness=Readiness(),
        closing=asyncio.Event(),
        document=msgspec.json.encode(document(TABLE.routes)),
    )
