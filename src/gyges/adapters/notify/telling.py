# SPDX-License-Identifier: Apache-2.0
"""What a message may say about a case: where it stands, who is asked, a short digest and a link. Pure.

Never the arguments, the purpose or a reason that an agent wrote; and nothing that decides. Names are
reduced to plain letters, since even a tool's name may come from an agent: what could become a link, a
mention or a reordered line in some program becomes a dot in the middle.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from gyges.case import Case
from gyges.ports import Delivery

NAME = 64  # letters of a name that are told
DIGEST = len("sha256:") + 12
MOST = 50  # cases in one message
DRIFT = (
    "drift"  # its notice names an agent and a feature, percent-encoded, where others name a case
)
RULE = "This message decides nothing, and neither does opening the link."
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_NEWS = {
    "waiting": "waits for {groups}",
    "escalated": "was escalated and waits for {groups}",
    "flood": "is one action too many: the agent asks so often that more is denied for now",
    "expired": "expired: nobody answered in time, so it is denied",
    "granted": "was granted{by}",
    "denied": "was denied{by}",
    "withdrawn": "was withdrawn by its agent",
    "superseded": "was replaced by another version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One notice in words of ours. Everything in it may be shown to whoever reads the channel."""

    notice: str
    kind: str
    at: int  # ms
    url: str
    level: str  # low, medium or high
    groups: tuple[str, ...] = ()
    case: str = ""  # "" for a notice that is about no case; so the rest of the fields
    agent: str = ""
    tool: str = ""
    digest: str = ""  # short
    risk: int = 0
    state: str = ""
    deadline: int = 0
    by: tuple[str, ...] = ()  # who decided


def telling_of(delivery: Delivery, case: Case | None, *, base: str, level: str) -> Telling:
    """What may be said of `case`, or of a notice that is about none. `base` is where the pages are."""
    groups = tuple(plain(group) for group in delivery.groups)
    if delivery.kind == DRIFT:
        agent, _, feature = delivery.case.removeprefix("drift:").partition("/")
        return Telling(
            notice=delivery.notice, kind=DRIFT, at=delivery.at, url=f"{base}/drift/{agent}/{feature}",
            level=level, groups=groups, agent=plain(unquote(agent)), tool=plain(unquote(feature)),
        )  # fmt: skip
    if case is None:
        return Telling(
            notice=delivery.notice, kind=delivery.kind, at=delivery.at, url=f"{base}/inbox",
            level=level, groups=groups,
        )  # fmt: skip
    return Telling(
        notice=delivery.notice, kind=delivery.kind, at=delivery.at, url=f"{base}/a/{case.id}",
        level=level, groups=groups, case=case.id, agent=plain(case.action.agent),
        tool=plain(case.action.tool), digest=case.digest[:DIGEST], risk=case.risk,
        state=case.state.value, deadline=case.deadline, by=_deciders(case, delivery.kind),
    )  # fmt: skip


def plain(name: str) -> str:
    """At most 64 letters, digits, hyphens and underscores; whatever else stood there is one "·" each time."""
    safe = _UNSAFE.sub("\N{MIDDLE DOT}", name)
    return safe if len(safe) <= NAME else safe[: NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"


def headline(telling: Telling) -> str:
    """One line without a full stop: "pay by demo-agent waits for finance"."""
    if telling.kind == DRIFT:
        return f"drift: {telling.tool} of {telling.agent} has changed"
    if not telling.case:
        return f"{plain(telling.kind)}: look at the inbox"
    by = f" by {', '.join(telling.by)}" if telling.by else ""
    groups = ", ".join(telling.groups) or "somebody"
    news = _NEWS.get(telling.kind, plain(telling.kind)).format(groups=groups, by=by)
    return f"{telling.tool} by {telling.agent} {news}"


def subject(tellings: Sequence[Telling]) -> str:
    """One line for a list of messages."""
    if len(tellings) == 1:
        (one,) = tellings
        return f"Gyges: {headline(one)} ({one.level} risk)"
    high = sum(one.level == "high" for one in tellings)
    return f"Gyges: {len(tellings)} notices" + (f", {high} of high risk" if high else "")


def body(tellings: Sequence[Telling]) -> str:
    """The whole message as plain text; the most pressing first."""
    order = sorted(tellings, key=lambda one: (-one.risk, one.deadline or one.at))
    parts = [paragraph(one) for one in order[:MOST]]
    if len(order) > MOST:
        parts.append(f"And {len(order) - MOST} more.")
    return "\n\n".join([*parts, RULE]) + "\n"


def paragraph(telling: Telling) -> str:
    """One notice in a few lines."""
    lines = [f"{headline(telling)}."]
    if telling.case:
        lines.append(f"Risk: {telling.level}. Digest: {telling.digest}")
    if telling.deadline and telling.state == "waiting":
        lines.append(f"Without an answer it is denied at {moment(telling.deadline)}.")
    return "\n".join([*lines, telling.url])


def moment(at: int) -> str:
    """A time for people: "2026-11-21 01:40 UTC"."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _deciders(case: Case, kind: str) -> tuple[str, ...]:
    """Whose votes decided: those of the winning side, told only once nothing is left to decide."""
    say = {"granted": "approve", "denied": "deny"}.get(kind, "")
    names = (plain(vote.person) for vote in case.votes if vote.say.value == say)
    return tuple(dict.fromkeys(names))
