# SPDX-License-Identifier: Apache-2.0
"""Reads DATA/notify.toml: which channels there are, and whom each tells what, when. Strict.

The format stands in docs/formats/notify.md. Secrets are never in the file itself: they lie in files of
their own that only the gate's user may read. It opens no connection.
"""

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeAlias

import msgspec

from gyges.adapters.notify.hours import Hours, read_hours, read_zone
from gyges.errors import Misconfigured

FILE = "notify.toml"
LEVELS = ("low", "medium", "high")
KINDS = (
    "waiting", "escalated", "flood", "drift", "expired", "granted", "denied", "withdrawn",
    "superseded",
)  # fmt: skip
CALLING = ("waiting", "escalated")  # somebody is to answer; the rest is news
ENDING = ("expired", "granted", "denied", "withdrawn", "superseded")  # nobody need answer any more
USUAL = ("waiting", "escalated", "flood", "drift", "expired")
LONGEST_S = 7 * 86_400
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

Network: TypeAlias = IPv4Network | IPv6Network


class Common(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What every channel can say."""

    name: str
    groups: tuple[str, ...] = ()  # asked groups it speaks to; none: all
    events: tuple[str, ...] = USUAL
    min_risk: str = "low"
    after_seconds: tuple[int, ...] = (0,)  # the steps: when it tells of a case that still waits
    digest_seconds: int = 0  # collects for so long; 0: tells at once
    quiet: tuple[str, ...] = ()
    quiet_days: tuple[str, ...] = ()
    urgent: str = (
        "high"  # level that neither waits for a digest nor for quiet hours to end; or never
    )


class Webhook(Common, tag="webhook", tag_field="kind", frozen=True, kw_only=True):
    """A URL of one's own, told by Standard Webhooks. `secret_file`: one whsec_... a line."""

    url: str
    secret_file: str
    allow: tuple[str, ...] = ()  # networks that are not public and may be called all the same
    ca_file: str = ""


class Mail(Common, tag="mail", tag_field="kind", frozen=True, kw_only=True):
    """An SMTP server. `to` are addresses; with `people` also the approvers of the asked groups."""

    host: str
    sender: str = msgspec.field(name="from")
    port: int = 587
    tls: str = "starttls"
    user: str = ""
    password_file: str = ""
    to: tuple[str, ...] = ()
    people: bool = False
    ca_file: str = ""


class Slack(Common, tag="slack", tag_field="kind", frozen=True, kw_only=True):
    """A Slack channel. `review` is the highest level that may be decided in Slack; none: only looked at."""

    channel: str
    token_file: str
    events: tuple[str, ...] = (
        "waiting",
        "escalated",
        "flood",
        "drift",
    )  # an end rewrites the message anyway
    signing_secret_file: str = ""
    review: str = "none"
    people: dict[str, str] = msgspec.field(default_factory=dict[str, str])  # Slack user -> account
    api: str = "https://slack.com/api/"


class Apprise(Common, tag="apprise", tag_field="kind", frozen=True, kw_only=True):
    """Whatever Apprise can reach. `url_file`: one Apprise URL a line, all told the same."""

    url_file: str


Channel: TypeAlias = Webhook | Mail | Slack | Apprise


class Config(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole file."""

    channel: tuple[Channel, ...] = ()
    timezone: str = "UTC"

    @property
    def zone(self) -> tzinfo:
        """Where quiet hours are read on the clock."""
        return read_zone(self.timezone)


NOTHING = Config()


def read_config(folder: Path) -> Config:
    """What `folder`/notify.toml says, no channel where there is none; raise `Misconfigured` naming the fault."""
    file = folder / FILE
    if not file.exists():
        return NOTHING
    try:
        return parse_config(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Misconfigured) as error:
        raise Misconfigured(f"{file}: {error}") from None


def parse_config(text: str) -> Config:
    """The inverse of writing the file by hand; raise `Misconfigured`."""
    try:
        config = msgspec.convert(tomllib.loads(text), Config)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Misconfigured(str(error)) from None
    names = [channel.name for channel in config.channel]
    for channel in config.channel:
        try:
            _check(channel, config.zone)
        except Misconfigured as error:
            raise Misconfigured(f"channel {channel.name}: {error}") from None
    if len(set(names)) < len(names):
        raise Misconfigured("two channels have one name")
    return config


def hours_of(channel: Common, zone: tzinfo = UTC) -> Hours:
    """The channel's quiet hours."""
    return read_hours(channel.quiet, channel.quiet_days, zone)


def networks_of(channel: Webhook) -> Sequence[Network]:
    """The networks beyond the public ones that the channel may call."""
    try:
        return [ip_network(text) for text in channel.allow]
    except ValueError as error:
        raise Misconfigured(f"allow: {error}") from None


def read_secret(folder: Path, name: str) -> Sequence[str]:
    """The lines of a file beside the data; raise `Misconfigured` if others can read it or nothing is there."""
    file = folder / name
    try:
        if file.stat().st_mode & 0o077:
            raise Misconfigured(f"{file}: others can read this secret; chmod 600 it")
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file}: no secret can be read: {error}") from None
    if not any(lines):
        raise Misconfigured(f"{file}: there is no secret in it")
    return [line for line in lines if line]


def _check(channel: Channel, zone: tzinfo) -> None:
    hours_of(channel, zone)
    rules = {
        "a name has small letters, digits and hyphens, at most 40": _NAME.fullmatch(channel.name),
        f"events are {', '.join(KINDS)}": channel.events and set(channel.events) <= set(KINDS),
        "min_risk is low, medium or high": channel.min_risk in LEVELS,
        "urgent is low, medium, high or never": channel.urgent in (*LEVELS, "never"),
        "after_seconds are steps that grow, from 0 to a week": _steps(channel.after_seconds),
        "digest_seconds is at most a day": 0 <= channel.digest_seconds <= 86_400,
        **_own_rules(channel),
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise Misconfigured("; ".join(broken))


def _steps(steps: Sequence[int]) -> bool:
    grown = list(steps) == sorted(set(steps))
    return bool(steps) and grown and steps[0] >= 0 and steps[-1] <= LONGEST_S


def _own_rules(channel: Channel) -> dict[str, object]:
    """What must hold for this kind of channel."""
    match channel:
        case Webhook():
            networks_of(channel)
            return {"a webhook collects nothing: no digest_seconds": not channel.digest_seconds}
        case Mail():
            return {
                "tls is starttls, implicit or none": channel.tls
                in ("starttls", "implicit", "none"),
                "a password is never sent without tls": channel.tls != "none" or not channel.user,
                "user and password_file belong together": bool(channel.user)
                == bool(channel.password_file),
                "mail needs somebody: to, or people = true": channel.to or channel.people,
                "an address holds one @ and no blank": all(
                    _address(text) for text in (channel.sender, *channel.to)
                ),
            }
        case Slack():
            return {
                "Slack collects nothing: no digest_seconds": not channel.digest_seconds,
                "api is an https URL": channel.api.startswith(("https://", "http://127.0.0.1:")),
                "review is none, low or medium": channel.review in ("none", "low", "medium"),
                "review needs signing_secret_file and people": channel.review == "none"
                or (channel.signing_secret_file and channel.people),
            }
        case Apprise():
            return {}


def _address(text: str) -> bool:
    name, _, domain = text.partition("@")
    return bool(name and domain) and "@" not in domain and text.isprintable() and " " not in text
