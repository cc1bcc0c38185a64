# SPDX-License-Identifier: Apache-2.0
"""`gyges inbox`: what waits for you, live; and the same without a screen, for scripts.

    gyges inbox                                   keys: j k move, enter opens, a approve, d deny, e edit, q quit
    gyges inbox list --json
    gyges inbox show c-...
    gyges inbox approve c-... --digest sha256:...
    gyges inbox deny c-... --reason "not this month" --guidance "ask again in May"
    gyges inbox take-back c-... --reason "wrong month"
    gyges inbox edit c-... --set /amount=480

The key is GYGES_APPROVER_KEY or --key-file. An approval names the digest of the action that was shown,
worked out here from what was shown; the gate takes it for no other bytes.
"""

import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from gyges.adapters.client import Gate
from gyges.answer import Answer
from gyges.case import Say
from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, speak
from gyges.cli.inbox_edit import in_editor, with_values
from gyges.cli.inbox_list import by_risk, listing
from gyges.cli.inbox_page import differences, intact, page
from gyges.errors import Conflict, Misconfigured
from gyges.principal import Scope

app = typer.Typer(invoke_without_command=True)

Id = Annotated[str, typer.Argument(help="The case (c-...).")]
Here = Annotated[str | None, typer.Option("--url", help="Where the gate listens.")]
Digest = Annotated[str, typer.Option(help="Digest of the action you have seen.")]
Reason = Annotated[str, typer.Option(help="Why; it is written down.")]
PAGE, MOST = 200, 1000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Desk:
    """Which gate, and whose key."""

    url: str
    key_file: Path | None

    def speak(self, work: Callable[[Gate], Awaitable[_T]]) -> _T:
        """Do `work` as the approver."""
        return speak(self.url, read_key(Scope.APPROVER, self.key_file), work)


@app.callback()
def inbox(context: typer.Context, url: Url = DEFAULT_URL, key_file: KeyFile = None) -> None:
    """See what waits for you; approve, deny, edit."""
    context.obj = desk = Desk(url, key_file)
    if context.invoked_subcommand:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Misconfigured("the live inbox needs a terminal; `gyges inbox list --json` does not")
    from gyges.cli.inbox_live import Live

    desk.speak(lambda gate: Live(gate, Console()).run())


@app.command("list")
def list_waiting(
    context: typer.Context, url: Here = None, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """List what waits, by risk, then by deadline."""
    found = _desk(context, url, key_file).speak(waiting)
    if as_json:
        emit({"items": found})
    else:
        Console(highlight=False).print(listing(found, _now()))


@app.command("show")
def show(
    context: typer.Context,
    id: Id,
    full: Annotated[bool, typer.Option("--full", help="Do not fold long values.")] = False,
    url: Here = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one case with every argument."""
    answer = _desk(context, url, key_file).speak(lambda gate: gate.look(id))
    if as_json:
        emit(answer)
    else:
        Console(highlight=False).print(page(answer, _now(), full=full))


@app.command("approve")
def approve(
    context: typer.Context,
    id: Id,
    digest: Digest = "",
    group: Annotated[str, typer.Option(help="The group to approve for, of several.")] = "",
    reason: Reason = "",
    url: Here = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve one case: the bytes with this digest, and no others."""

    async def work(gate: Gate) -> Answer:
        seen = digest or _seen(await gate.look(id))
        return await gate.decide(id, Say.APPROVE, digest=seen, group=group, reason=reason)

    _told(_desk(context, url, key_file).speak(work), as_json=as_json)


@app.command("deny")
def deny(
    context: typer.Context,
    id: Id,
    digest: Digest = "",
    reason: Reason = "",
    guidance: Annotated[str, typer.Option(help="What the agent should do instead.")] = "",
    url: Here = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Deny one case, perhaps with guidance for the agent."""

    async def work(gate: Gate) -> Answer:
        seen = digest or (await gate.look(id)).digest
        return await gate.decide(id, Say.DENY, digest=seen, reason=reason, guidance=guidance)

    _told(_desk(context, url, key_file).speak(work), as_json=as_json)


@app.command("take-back")
def take_back(
    context: typer.Context,
    id: Id,
    reason: Reason = "",
    url: Here = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Take your approval back while nothing has run: the case lapses."""
    answer = _desk(context, url, key_file).speak(lambda gate: gate.take_back(id, reason))
    _told(answer, as_json=as_json)


@app.command("edit")
def edit(
    context: typer.Context,
    id: Id,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="POINTER=VALUE; without it, $EDITOR opens.")
    ] = None,
    digest: Digest = "",
    reason: Reason = "",
    url: Here = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Put other arguments in place of the agent's: a new case, judged anew; you cannot approve it."""

    async def work(gate: Gate) -> Answer:
        answer = await gate.look(id)
        before = answer.action.arguments
        after = with_values(before, changes) if changes else in_editor(before)
        if not as_json:
            Console(highlight=False).print(differences(before, after))
        seen = digest or answer.action.digest
        return await gate.edit(id, digest=seen, arguments=after, reason=reason)

    _told(_desk(context, url, key_file).speak(work), as_json=as_json)


async def waiting(gate: Gate) -> list[Answer]:
    """All cases that wait, by risk, then deadline; the first 1000 of them."""
    found, after = await gate.find(state="waiting", order="risk", limit=PAGE)
    while after and len(found) < MOST:
        more, after = await gate.find(state="waiting", order="risk", limit=PAGE, after=after)
        found += more
    return by_risk(found)


def _seen(answer: Answer) -> str:
    """The digest of the action, once a person at a terminal has seen it and said yes."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Misconfigured("give --digest: the digest of the action that was looked at")
    if not intact(answer):
        raise Conflict("the digest is not that of the action shown")
    console = Console(highlight=False)
    console.print(page(answer, _now(), full=True))
    if console.input("\nApprove exactly this? Type yes: ").strip() != "yes":
        raise typer.Exit(1)
    return answer.action.digest


def _told(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        emit(answer)
        return
    missing = ", ".join(f"{n} of {group}" for group, n in sorted(answer.missing.items()))
    print(f"{answer.id} is {answer.state}" + (f"; still missing: {missing}" if missing else ""))


def _desk(context: typer.Context, url: str | None, key_file: Path | None) -> Desk:
    above: Desk = context.obj
    return Desk(url or above.url, key_file or above.key_file)


def _now() -> int:
    return time.time_ns() // 1_000_000
