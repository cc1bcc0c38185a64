# SPDX-License-Identifier: Apache-2.0
"""The kill switches as forms: pulled by approvers and admins, taken off by admins, from any page that has one.

    POST /stops         scope, reason, next          POST /stops/lift     scope, reason, next

What a stop covers, and who may, is said in `gate/desk.py`.
"""

from starlette.responses import Response

from gyges.errors import Malformed
from gyges.person import Role
from gyges.principal import Scope
from gyges.web.session import own_path
from gyges.web.visit import Visit

LONGEST = 2000  # characters of a reason


async def stop(visit: Visit) -> Response:
    """Stop an agent, a tool or everything, from the next request on."""
    scope, reason = _asked(visit)
    acting = Scope.ADMIN if visit.may(Role.ADMIN) else Scope.APPROVER
    await visit.gate.corridor.stop(scope, by=visit.key(acting), reason=reason)
    return visit.go(_back(visit), said="stopped")


async def lift(visit: Visit) -> Response:
    """Take a stop off."""
    scope, reason = _asked(visit)
    await visit.gate.corridor.lift(scope, by=visit.key(Scope.ADMIN), reason=reason)
    return visit.go(_back(visit), said="lifted")


def _asked(visit: Visit) -> tuple[str, str]:
    scope, reason = visit.form.get("scope", ""), visit.form.get("reason", "").strip()
    if len(scope) > 300 or len(reason) > LONGEST:
        raise Malformed(f"a reason has at most {LONGEST} characters")
    return scope, reason


def _back(visit: Visit) -> str:
    return own_path(visit.form.get("next", ""), "/agents")
