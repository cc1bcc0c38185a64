# SPDX-License-Identifier: Apache-2.0
"""All settings: read once from file, environment and flags (later wins), frozen, one sentence each.

    gyges.toml:  wait_seconds = 3600      environment:  GYGES_WAIT_SECONDS=3600

An unknown name in the file is an error, and so is a variable GYGES_... that names no setting, except
the few that carry secrets to clients (GYGES_AGENT_KEY and the like). There is no setting that switches
oversight off.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from gyges.errors import Misconfigured

PREFIX = "GYGES_"
CLIENT_NAMES = {
    "AGENT_KEY",
    "EXECUTOR_KEY",
    "APPROVER_KEY",
    "AUDITOR_KEY",
    "ADMIN_KEY",
    "URL",
    "KEY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Times are in seconds unless the name says otherwise."""

    data: str = "gyges-data"
    """Folder that holds the database, the keys and the policy."""
    host: str = "127.0.0.1"
    """Address the HTTP API listens on."""
    port: int = 8420
    """TCP port of the HTTP API; 0 picks a free one."""
    origin: str = "gyges.local/log"
    """The log's name in its checkpoints: a schema-less URL, unique to this log."""
    issuer: str = "gyges"
    """The `iss` of permits."""
    permit_seconds: int = 60
    """How long one minted permit is valid, at most 300."""
    grant_seconds: int = 900
    """How long a granted action may stay unused before it lapses."""
    wait_seconds: int = 3600
    """How long people have to answer before the case expires, which denies."""
    escalate_seconds: int = 0
    """After how long an unanswered case is also put to `escalate_to`; 0 never."""
    escalate_to: str = ""
    """The group asked on escalation."""
    escalate_then: tuple[str, ...] = field(default=())
    """Further steps, each as "seconds=group": who is asked besides, counted from when a case began to wait."""
    outcome_seconds: int = 600
    """How long an executor has to report before the outcome is called unknown."""
    monitor_seconds: float = 2.0
    """Time budget of the monitors' panel for one action."""
    monitor_worst: str = "ask"
    """What a late or broken monitor counts as: ask or deny."""
    ask_above: float = 0.5
    """Suspicion from which a monitor asks."""
    deny_above: float = 0.95
    """Suspicion from which a monitor denies."""
    reviewers: str = "reviewers"
    """The group that answers when a monitor, not a rule, asks."""
    dwell_seconds: float = 3.0
    """How long the page of a high risk must be open before an approval counts, at most 60; medium: a third."""
    unseen_approvals: str = "high"
    """Highest level of risk approved without a page of ours (keys, chat): none, low, medium or high."""
    blind_votes: bool = True
    """Whether approvers see the votes of others on a waiting case only after their own."""
    approvals_per_hour: int = 60
    """How many approvals of one person count within an hour; 0 for any number."""
    reroute_to: str = ""
    """The group that is also asked when approvers have no approvals left; empty: `escalate_to`."""
    asks_per_minute: int = 120
    """How many times within a minute one agent may put actions to people; more are denied. 0 for any number."""
    public_url: str = ""
    """Where people's browsers reach the pages, for example https://gate.example.org; empty: loopback only."""
    session_seconds: int = 43_200
    """How long somebody stays signed in at most."""
    idle_seconds: int = 3600
    """After how long without use a session ends."""
    link_seconds: int = 86_400
    """How long a one-time link to sign in with is good."""
    oidc_issuer: str = ""
    """Issuer of the OpenID provider people may sign in with; empty: none."""
    oidc_client_id: str = ""
    """What this gate is called at the OpenID provider."""
    oidc_client_secret_file: str = ""
    """File with the secret for the OpenID provider; empty for a public client."""
    oidc_name_claim: str = "preferred_username"
    """The claim that names an account made at its owner's first sign-in."""
    oidc_groups_claim: str = "groups"
    """The claim that lists what somebody belongs to at the provider."""
    oidc_groups: tuple[str, ...] = field(default=())
    """What belongs to which group here, each as "theirs=ours"; none: groups are given here."""
    oidc_roles: tuple[str, ...] = field(default=())
    """What belongs to which role here, each as "theirs=role"; none: accounts are made here."""
    checks_per_day: int = 0
    """How many requests an admin may plant within a day, to see who notices; 0 for none."""
    retention_days: int = 190
    """How long payloads are kept before `gyges log retain` may redact them; at least 183."""
    episode_idle_seconds: int = 7200
    """After how long without an event an open episode is closed."""
    body_limit: int = 2_097_152
    """Largest request body, in bytes."""
    trusted_proxies: tuple[str, ...] = field(default=())
    """Addresses whose forwarding headers are believed."""

    def __post_init__(self) -> None:
        """Refuse values that would make a promise of the design untrue."""
        rules = {
            "permit_seconds must be 1-300": 1 <= self.permit_seconds <= 300,
            "retention_days must be at least 183": self.retention_days >= 183,
            "monitor_worst must be ask or deny": self.monitor_worst in ("ask", "deny"),
            "unseen_approvals must be none, low, medium or high": self.unseen_approvals
            in ("none", "low", "medium", "high"),
            "dwell_seconds must be 0-60": 0 <= self.dwell_seconds <= 60,
            "approvals_per_hour, asks_per_minute and checks_per_day must not be negative": min(
                self.approvals_per_hour, self.asks_per_minute, self.checks_per_day
            )
            >= 0,
            "0 < ask_above <= deny_above must hold": 0 < self.ask_above <= self.deny_above,
            "wait_seconds, grant_seconds, outcome_seconds and episode_idle_seconds must be positive": min(
                self.wait_seconds,
                self.grant_seconds,
                self.outcome_seconds,
                self.episode_idle_seconds,
            )
            > 0,
            "public_url must be http(s)://host, and https unless it is loopback": not self.public_url
            or _is_origin(self.public_url),
            "0 < idle_seconds <= session_seconds must hold": 0
            < self.idle_seconds
            <= self.session_seconds,
            "link_seconds must be positive": self.link_seconds > 0,
            "oidc_issuer and oidc_client_id go together": bool(self.oidc_issuer)
            is bool(self.oidc_client_id),
            "oidc_issuer must be https, or http on loopback": not self.oidc_issuer
            or _is_origin("/".join(self.oidc_issuer.split("/")[:3])),
            "oidc_groups and oidc_roles read theirs=ours": all(
                left and right
                for left, _, right in (
                    pair.rpartition("=") for pair in (*self.oidc_groups, *self.oidc_roles)
                )
            ),
            "escalate_then reads seconds=group, in steps that grow": _grows(self.steps),
            "escalate_then needs escalate_seconds": bool(self.escalate_seconds)
            or not self.escalate_then,
            "escalate_to must be named when escalate_seconds is set": bool(self.escalate_to)
            or not self.escalate_seconds,
        }
        broken = [rule for rule, holds in rules.items() if not holds]
        if broken:
            raise Misconfigured("settings: " + "; ".join(broken))

    @property
    def steps(self) -> tuple[tuple[int, str], ...]:
        """Who is asked besides, and after how many seconds; -1 for what cannot be read."""
        first = ((self.escalate_seconds, self.escalate_to),) if self.escalate_seconds else ()
        then = (text.partition("=") for text in self.escalate_then)
        return (*first, *((int(s) if s.isdecimal() else -1, group) for s, _, group in then))


def _grows(steps: tuple[tuple[int, str], ...]) -> bool:
    times = [seconds for seconds, _ in steps]
    return times == sorted(set(times)) and all(s > 0 and group for s, group in steps)


def _is_origin(url: str) -> bool:
    """Whether `url` is scheme, host and perhaps port, nothing else, and safe to carry a session."""
    parts = urlsplit(url)
    plain = f"{parts.scheme}://{parts.netloc}" == url and parts.netloc == parts.netloc.lower()
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    named = bool(parts.hostname) and not parts.username
    return plain and named and (parts.scheme == "https" or (local and parts.scheme == "http"))


def read_settings(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    **flags: str | float | None,
) -> Settings:
    """Settings from `file` (TOML), then `environ` (default: the process's), then `flags` that are not None."""
    names = {f.name for f in fields(Settings)}
    found: dict[str, object] = dict(_from_file(file, names))
    found |= _from_environ(os.environ if environ is None else environ, names)
    found |= {name: value for name, value in flags.items() if value is not None}
    try:
        return msgspec.convert(found, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"settings: {error}") from None


def _from_file(file: Path | None, names: set[str]) -> dict[str, object]:
    if file is None or not file.exists():
        return {}
    try:
        found = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file}: {error}") from None
    for name in found:
        if name not in names:
            raise Misconfigured(f"{file}: there is no setting {name!r}")
    return found


def _from_environ(environ: Mapping[str, str], names: set[str]) -> dict[str, object]:
    ours = {k.removeprefix(PREFIX): v for k, v in environ.items() if k.startswith(PREFIX)}
    for name in ours:
        if name.lower() not in names and name not in CLIENT_NAMES:
            raise Misconfigured(f"environment: {PREFIX}{name} names no setting")
    return {k.lower(): v for k, v in ours.items() if k.lower() in names}
