# SPDX-License-Identifier: Apache-2.0
"""Makes the channels of a data folder's notify.toml. It sends nothing; secrets are read here, once."""

from collections.abc import Mapping
from pathlib import Path

from gyges.adapters.notify.channel import Channel
from gyges.adapters.notify.config import (
    Apprise,
    Config,
    Mail,
    Slack,
    Webhook,
    hours_of,
    networks_of,
    read_config,
    read_secret,
)
from gyges.adapters.notify.config import Channel as Plan
from gyges.adapters.notify.courier import Leg
from gyges.errors import Misconfigured


def open_legs(folder: Path, source: str) -> Mapping[str, Leg]:
    """The channels of `folder` by name; raise `Misconfigured` for a file, a secret or an extra that is not right.

    `source` is this gate's name in what it sends to programs.
    """
    config = read_config(folder)
    return {plan.name: leg_of(plan, config, folder, source) for plan in config.channel}


def leg_of(plan: Plan, config: Config, folder: Path, source: str) -> Leg:
    """One channel, ready to send; an error names it."""
    try:
        channel = channel_of(plan, folder, source)
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"channel {plan.name} needs {error.name}: install gyges[notify]"
        ) from None
    except (Misconfigured, OSError, ValueError) as error:
        raise Misconfigured(f"channel {plan.name}: {error}") from None
    return Leg(plan=plan, hours=hours_of(plan, config.zone), channel=channel)


def channel_of(plan: Plan, folder: Path, source: str) -> Channel:
    """What sends for `plan`. What is an extra is imported only where it is asked for."""
    match plan:
        case Webhook():
            from gyges.adapters.notify.webhook import WebhookChannel

            return WebhookChannel(
                plan.url, read_secret(folder, plan.secret_file), source=source,
                allowed=networks_of(plan), ca_file=_beside(folder, plan.ca_file),
            )  # fmt: skip
        case Mail():
            from gyges.adapters.notify.mail import MailChannel, Server

            password = read_secret(folder, plan.password_file)[0] if plan.password_file else ""
            server = Server(
                host=plan.host, port=plan.port, tls=plan.tls, user=plan.user, password=password,
                ca_file=_beside(folder, plan.ca_file),
            )  # fmt: skip
            return MailChannel(server, plan.sender)
        case Slack():
            from gyges.adapters.notify.slack import SlackChannel

            signing = plan.signing_secret_file
            return SlackChannel(
                plan, read_secret(folder, plan.token_file)[0],
                read_secret(folder, signing)[0] if signing else "",
            )  # fmt: skip
        case Apprise():
            from gyges.adapters.notify.anywhere import AppriseChannel

            return AppriseChannel(read_secret(folder, plan.url_file))


def _beside(folder: Path, name: str) -> str:
    return str(folder / name) if name else ""
