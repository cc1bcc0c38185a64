# SPDX-License-Identifier: Apache-2.0
"""Every error Gyges raises on purpose, and whose fault it is.

    GygesError
    |-- CallerError            the request is wrong              4xx
    |   |-- Malformed              400  bytes that are not what they claim to be
    |   |-- Unauthenticated        401  no key, or a key we do not know
    |   |-- Forbidden              403  a known caller without the right
    |   |-- NotFound               404
    |   |-- Conflict               409  the world moved on: decided, edited, used, other digest
    |   |-- Expired                410  too late
    |   |-- Unprocessable          422  well formed, yet meaningless here
    |   |-- Hasty                  422  an approval before anybody can have looked
    |   `-- Overburdened           429  a person has answered more than anybody can judge
    |-- Refused                 the gate said no
    |   |-- PolicyRefused          403  a rule decided, or none allowed
    |   |-- PeopleRefused          403  an approver said no
    |   |-- Stopped                423  a kill switch is on
    |   `-- PermitRefused          403  a permit that does not fit, or was used
    |-- BadPolicy               422  a policy set that does not load; the old one stays
    |-- BadProof                422  a proof, note, tile or bundle that does not hold
    `-- Fault                   ours: disk, database, configuration
        |-- StoreDown              503  nothing could be written down, so nothing is granted
        |-- Unreachable            503  the gate, or what stands behind it, did not answer
        `-- Misconfigured          500

It does not render errors: `web` turns them into RFC 9457 problems, `cli` into one line.
"""


class GygesError(Exception):
    """Base of the tree. `str(error)` is one line for a human; `status` is the HTTP status."""

    status = 500
    code = "error"

    def __init__(self, message: str, **extra: str | int) -> None:
        super().__init__(message)
        self.extra = extra


class CallerError(GygesError):
    """The caller's request cannot be carried out as it stands."""

    status = 400
    code = "caller"


class Malformed(CallerError):
    """Bytes from outside are not what they claim to be."""

    code = "malformed"


class Unauthenticated(CallerError):
    """No key, or one that is unknown, expired or revoked."""

    status = 401
    code = "unauthenticated"


class Forbidden(CallerError):
    """A known caller without the right to do this."""

    status = 403
    code = "forbidden"


class NotFound(CallerError):
    """There is no such thing, or not for this caller."""

    status = 404
    code = "not-found"


class Conflict(CallerError):
    """The world moved on between the caller's look and the caller's act."""

    status = 409
    code = "conflict"


class Expired(CallerError):
    """Too late."""

    status = 410
    code = "expired"


class Unprocessable(CallerError):
    """Well formed, yet it means nothing here."""

    status = 422
    code = "unprocessable"


class Hasty(CallerError):
    """An approval by somebody who cannot have looked yet, or did not type what was asked."""

    status = 422
    code = "hasty"


class Overburdened(CallerError):
    """An approval by somebody who has given more within the hour than anybody can judge."""

    status = 429
    code = "overburdened"


class Refused(GygesError):
    """The gate said no."""

    status = 403
    code = "refused"


class PolicyRefused(Refused):
    """A rule forbade it, or no rule allowed it."""

    code = "policy-refused"


class PeopleRefused(Refused):
    """An approver said no, or nobody said yes in time."""

    code = "people-refused"


class Stopped(Refused):
    """A kill switch covers this agent, this tool or everything."""

    status = 423
    code = "stopped"


class PermitRefused(Refused):
    """A permit that is forged, expired, for something else, or already used."""

    code = "permit-refused"


class BadPolicy(GygesError):
    """A policy set that does not parse or validate. The set in force stays."""

    status = 422
    code = "bad-policy"


class BadProof(GygesError):
    """A proof, signed note, tile, entry or bundle that does not hold."""

    status = 422
    code = "bad-proof"


class Fault(GygesError):
    """Our own failure."""

    code = "fault"


class StoreDown(Fault):
    """The store cannot write durably; whoever asked is denied."""

    status = 503
    code = "store-down"


class Unreachable(Fault):
    """The gate did not answer, so nothing may run. Whether it heard is not known."""

    status = 503
    code = "unreachable"


class Misconfigured(Fault):
    """Settings or files on disk that do not fit together."""

    code = "misconfigured"
