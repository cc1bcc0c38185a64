# SPDX-License-Identifier: Apache-2.0
"""Who is told what, when, and when again: notices to deliveries, and deliveries to messages. Pure.

    notice -> for each channel that speaks to its groups, each step, each addressee: one delivery

The id of a delivery names notice, channel, step and addressee, so planning twice plans the same.
"""

import hashlib
from collections.abc import Iterable, Sequence

from gyges.adapters.notify.config import CALLING, ENDING, LEVELS, Common, Mail
from gyges.adapters.notify.hours import Hours
from gyges.adapters.notify.telling import MOST
from gyges.case import Case, State
from gyges.person import Person, Role, folded
from gyges.ports import Delivery, Notice

BACKOFF_S = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)  # after each failure but the last
JITTER = 5  # addressees that failed together are set apart by up to a fifth of the wait
PERSON = "person:"  # a target that is somebody with an account, looked up when it is told


def spread(
    notice: Notice, channel: Common, *, level: str, case: Case | None, people: Iterable[Person]
) -> Sequence[Delivery]:
    """The deliveries that `notice` makes on `channel`."""
    if not speaks(channel, notice, level):
        return ()
    steps = channel.after_seconds if notice.kind in CALLING else channel.after_seconds[:1]
    targets = targets_of(channel, notice, case, people)
    return [
        Delivery(
            id=f"{notice.id}/{channel.name}/{step}/{target}", notice=notice.id, kind=notice.kind,
            case=notice.case, at=notice.at, channel=channel.name, target=target,
            groups=notice.groups, due=collected(notice.at + after * 1000, channel, level),
        )
        for step, after in enumerate(steps)
        for target in targets
    ]  # fmt: skip


def speaks(channel: Common, notice: Notice, level: str) -> bool:
    """Whether the channel tells notices of this kind, level and these groups."""
    return (
        notice.kind in channel.events
        and LEVELS.index(level) >= LEVELS.index(channel.min_risk)
        and (not channel.groups or not set(channel.groups).isdisjoint(notice.groups))
    )


def targets_of(
    channel: Common, notice: Notice, case: Case | None, people: Iterable[Person]
) -> Sequence[str]:
    """Whom the channel tells. Whoever cannot approve the case is not asked to."""
    if not isinstance(channel, Mail):
        return ("",)
    barred = {folded(name) for name in case.barred} if case else set[str]()
    groups = set(channel.groups or notice.groups) & set(notice.groups)
    asked = [
        f"{PERSON}{person.name}"
        for person in people
        if channel.people
        and person.email
        and reachable(person)
        and not groups.isdisjoint(person.groups)
        and folded(person.name) not in barred
    ]
    return tuple(dict.fromkeys((*channel.to, *asked)))


def reachable(person: Person) -> bool:
    """Whether somebody still is an approver."""
    return not person.disabled and Role.APPROVER in person.roles


def rewritten(delivery: Delivery, notice: Notice) -> Delivery:
    """The delivery that rewrites the message of another, once its case has ended."""
    return Delivery(
        id=f"{delivery.id}/ended", notice=notice.id, kind=notice.kind, case=notice.case,
        at=notice.at, channel=delivery.channel, target=delivery.target, groups=notice.groups,
        amends=delivery.id, due=notice.at,
    )  # fmt: skip


def rewrites(delivery: Delivery, notice: Notice) -> bool:
    """Whether `notice` makes the message of `delivery` untrue."""
    return notice.kind in ENDING and delivery.kind in CALLING and not delivery.amends


def collected(at: int, channel: Common, level: str) -> int:
    """When a message that is wanted at `at` goes out: with the next digest, unless it is urgent."""
    window = channel.digest_seconds * 1000
    if not window or urgent(channel, level):
        return at
    return -(-at // window) * window


def held(at: int, channel: Common, hours: Hours, level: str) -> int:
    """Until when quiet hours hold back a message at `at`; `at` itself if they do not."""
    return at if urgent(channel, level) else hours.over(at)


def urgent(channel: Common, level: str) -> bool:
    """Whether a message of this level waits for nothing."""
    return channel.urgent != "never" and LEVELS.index(level) >= LEVELS.index(channel.urgent)


def stale(delivery: Delivery, case: Case | None) -> str:
    """Why a delivery has no purpose any more; "" while it has one."""
    if delivery.kind not in CALLING:
        return ""
    if case is None:
        return "there is no such case"
    return "" if case.state is State.WAITING else f"the case is {case.state} already"


def batches(due: Iterable[Delivery], *, collects: bool) -> Sequence[Sequence[Delivery]]:
    """What goes out together: where the channel collects, all for one addressee, at most 50."""
    if not collects:
        return [(delivery,) for delivery in due]
    found: dict[str, list[Delivery]] = {}
    for delivery in due:
        found.setdefault(delivery.target, []).append(delivery)
    return [rows[at : at + MOST] for rows in found.values() for at in range(0, len(rows), MOST)]


def wait_ms(delivery: Delivery, *, asked_s: int = 0) -> int | None:
    """How long to wait after a failure, given `attempts` so far, this one included; None to give up.

    The schedule is that of Standard Webhooks in kind: seconds at first, then hours, some 16 hours in all.
    """
    if delivery.attempts > len(BACKOFF_S):
        return None
    base = BACKOFF_S[delivery.attempts - 1] * 1000
    seed = (
        f"{delivery.channel} {delivery.target} {delivery.attempts}".encode()
    )  # batches stay whole
    part = int.from_bytes(hashlib.sha256(seed).digest()[:4]) / 2**32
    asked = min(asked_s, BACKOFF_S[-1]) * 1000
    return max(base + int(base / JITTER * part), asked)
