# SPDX-License-Identifier: Apache-2.0
"""The live inbox: a list that renews itself, one case to read to its end, and a typed answer.

Nothing is approved by a single key: the case must have been shown to its last line, and the word `yes`
typed. The digest that is sent is worked out from the action that was on the screen. It holds no lock on a
case: whoever answers first decides, and the others are told.
"""

import asyncio
import contextlib
import time
from collections.abc import Generator
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.segment import Segment, Segments
from rich.text import Text

from gyges.adapters.client import Gate
from gyges.answer import Answer
from gyges.case import Say, State
from gyges.cli.inbox import waiting
from gyges.cli.inbox_edit import in_editor
from gyges.cli.inbox_list import listing
from gyges.cli.inbox_page import differences, intact, page
from gyges.cli.shown import visible
from gyges.cli.terminal import cooked, raw_keys
from gyges.errors import GygesError

RENEW_S = 1.0
LIST_HELP = "j/k move   enter open   q quit"
CASE_HELP = "space/b scroll   a approve   d deny   e edit   f unfold   q back"


@dataclass(slots=True)
class View:
    """What is on the screen. `opened` is the case being read, None for the list."""

    answers: list[Answer] = field(default_factory=list[Answer])
    selected: str = ""  # id, so that the mark stays on its case when the list changes
    opened: Answer | None = None
    top: int = 0
    read: set[str] = field(default_factory=set[str])  # cases seen to their last line: id and digest
    mine: set[str] = field(default_factory=set[str])  # cases that this person has answered
    full: bool = False
    note: str = ""

    @property
    def place(self) -> int:
        """Where the mark is in the list."""
        ids = [answer.id for answer in self.answers]
        return ids.index(self.selected) if self.selected in ids else 0


class Live:
    """One person at one terminal."""

    def __init__(self, gate: Gate, console: Console) -> None:
        """`gate` speaks with the approver's key."""
        self.gate = gate
        self.console = console
        self.view = View()
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._screen = Screen(console=console, screen=True, auto_refresh=False)

    async def run(self) -> None:
        """Until the person leaves."""
        with raw_keys(self._keys), self._screen:
            self.view.answers = await waiting(self.gate)
            while True:
                self._draw()
                try:
                    key = await asyncio.wait_for(self._keys.get(), RENEW_S)
                except TimeoutError:
                    await self._renew()
                    continue
                if not await self._press(key):
                    return

    async def _press(self, key: str) -> bool:
        """Act on one key; whether to go on."""
        view = self.view
        view.note = ""
        if view.opened is None:
            return await self._in_list(key)
        await self._in_case(key, view.opened)
        return True

    async def _in_list(self, key: str) -> bool:
        view = self.view
        if key in "jk" and view.answers:
            step = 1 if key == "j" else -1
            view.selected = view.answers[(view.place + step) % len(view.answers)].id
        elif key == "\n" and view.answers:
            view.opened, view.top, view.full = view.answers[view.place], 0, False
        return key != "q"

    async def _in_case(self, key: str, case: Answer) -> None:
        view, half = self.view, max(self.console.height // 2, 1)
        match key:
            case "q":
                view.opened = None
            case " " | "j":
                view.top += half if key == " " else 1
            case "b" | "k":
                view.top = max(view.top - (half if key == "b" else 1), 0)
            case "f":
                view.full = not view.full
            case "a" | "d" | "e":
                await self._answer(key, case)
            case _:
                view.note = f"there is no key {visible(key)}"

    async def _answer(self, key: str, case: Answer) -> None:
        """Ask for the words, send them, and tell what the gate said."""
        if key == "a" and _mark(case) not in self.view.read:
            self.view.note = "read it to its last line first (space)"
            return
        if key == "a" and not intact(case):
            self.view.note = "the digest is not that of the action shown"
            return
        try:
            with self._asking():
                after = await self._send(key, case)
            if after:
                self.view.mine.add(case.id)
                self.view.note = f"{after.id} is {after.state}"
                self.view.opened = None
                await self._renew()
        except GygesError as error:
            self.view.note = f"refused: {error}"

    async def _send(self, key: str, case: Answer) -> Answer | None:
        digest = case.action.digest
        if key == "a":
            if (
                self._ask(f"Approve {visible(case.action.tool)} exactly as shown? Type yes")
                != "yes"
            ):
                return None
            reason = self._ask("Reason (may be empty)")
            return await self.gate.decide(case.id, Say.APPROVE, digest=digest, reason=reason)
        if key == "d":
            if self._ask(f"Deny {visible(case.action.tool)}? Type yes") != "yes":
                return None
            reason = self._ask("Reason")
            guidance = self._ask("What should the agent do instead (may be empty)")
            return await self.gate.decide(
                case.id, Say.DENY, digest=digest, reason=reason, guidance=guidance
            )
        return await self._edit(case, digest)

    async def _edit(self, case: Answer, digest: str) -> Answer | None:
        before = case.action.arguments
        after = in_editor(before)
        if after == before:
            return None
        self.console.print(differences(before, after))
        if self._ask("Put this in its place? Others must approve it. Type yes") != "yes":
            return None
        return await self.gate.edit(
            case.id, digest=digest, arguments=after, reason=self._ask("Reason")
        )

    async def _renew(self) -> None:
        """Fetch what is on the screen anew."""
        view = self.view
        try:
            view.answers = await waiting(self.gate)
            if view.opened:
                view.opened = await self.gate.look(view.opened.id)
        except GygesError as error:
            view.note = str(error)
        if view.answers and view.selected not in {answer.id for answer in view.answers}:
            view.selected = view.answers[0].id

    def _draw(self) -> None:
        now, view = time.time_ns() // 1_000_000, self.view
        if view.opened is None:
            head = Text(f"Gyges inbox - {len(view.answers)} waiting", style="bold")
            room = max(self.console.height - 7, 1)
            first = max(view.place - room + 1, 0)
            near = view.answers[first : first + room]
            body: RenderableType = listing(near, now, view.place - first, view.mine)
            foot = LIST_HELP
        else:
            head = Text(f"Case {view.opened.id}", style="bold")
            body, foot = self._window(view.opened, now)
        note = Text(visible(view.note), style="bold yellow")
        shown = Group(head, Text(), body, Text(), note, Text(foot, style="dim"))
        self._screen.update(shown, refresh=True)

    def _window(self, case: Answer, now: int) -> tuple[RenderableType, str]:
        """As many lines of the case as fit, and what stands below them."""
        view, room = self.view, max(self.console.height - 5, 1)
        options = self.console.options.update(height=None)
        lines = self.console.render_lines(page(case, now, full=view.full), options, pad=False)
        view.top = min(view.top, max(len(lines) - room, 0))
        below = len(lines) - view.top - room
        if below <= 0:
            view.read.add(_mark(case))
        shown: list[Segment] = []
        for line in lines[view.top : view.top + room]:
            shown += [*line, Segment.line()]
        more = f"   ({below} more lines below)" if below > 0 else ""
        state = "" if case.state is State.WAITING else f"   now {case.state}"
        return Segments(shown[:-1]), CASE_HELP + more + state

    @contextlib.contextmanager
    def _asking(self) -> Generator[None]:
        """The ordinary terminal for as long as words are typed."""
        self._screen.stop()
        try:
            with cooked():
                yield
        finally:
            self._screen.start()

    def _ask(self, question: str) -> str:
        try:
            return self.console.input(Text(f"{question}: ")).strip()
        except EOFError:  # Ctrl-D answers nothing
            return ""


def _mark(case: Answer) -> str:
    return f"{case.id} {case.digest}"
