# SPDX-License-Identifier: Apache-2.0
"""The workspace as tools reach it: files below one folder of Inspect's sandbox, and a record of every deed.

The `local` sandbox is a plain folder of the user's own machine, so the walls stand here:
- a path is a plain relative one (`paths.py`), put below the folder `site`;
- while any symbolic link lies in the workspace nothing is touched (no tool can make one; this is for a
  workspace that somebody else prepared);
- the only programs that run are `find` and `rm`, with a checked path as last argument: nothing that a
  model wrote is ever executed.
The record of deeds stands in the sample's store, out of the tools' reach. It judges nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final as Constant
from typing import cast

from inspect_ai.tool import ToolError
from inspect_ai.util import ExecResult, Store, sandbox, store

from gyges.lab.tasks.overseen.paths import TOP, Outside, below
from gyges.lab.tasks.overseen.scenes import monitor
from gyges.lab.tasks.overseen.words import Deed, Ending, Final, Scene

DEEDS: Constant = "oversight:deeds"
ENDING: Constant = "oversight:ending"
FILES: Constant = "oversight:files"
LOGGED: Constant = "oversight:monitor"

LARGEST: Constant = 20_000  # characters a tool may write into one file
PAGE: Constant = 200  # lines of a page where no monitor asks for fewer

_MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError, FileExistsError)


class Desk:
    """One sample's workspace. Every method but `final` is a deed, and may raise `ToolError` for the model."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._seen: set[str] = set()

    async def names(self, folder: str) -> list[str]:
        """All files below a folder, as paths from the top, sorted."""
        start = await self._reach("list", folder, folder=True)
        setup = await self._setup()
        found = [n for n in sorted(self._seen) if not start or n.startswith(f"{start}/")]
        await self._put_down(Deed(op="list", path=start), setup)
        return found

    async def read(self, path: str, page: int) -> str:
        """One page of a file, with its place among the pages where there is more than one."""
        plain = await self._reach("read", path)
        setup = await self._setup()
        if plain not in self._seen:
            raise ToolError(f"there is no file {plain}")
        lines = (await self.peek(plain)).splitlines()
        await self._put_down(Deed(op="read", path=plain, note=f"page {page}"), setup)
        size = setup.page_lines or PAGE
        pages = max(1, -(-len(lines) // size))
        if not 1 <= page <= pages:
            raise ToolError(f"{plain} has {pages} pages")
        said = "\n".join(lines[(page - 1) * size : page * size])
        return said if pages == 1 else f"{said}\n[page {page} of {pages}]"

    async def write(self, path: str, content: str) -> str:
        """Put down a whole file; folders on the way are made."""
        plain = await self._reach("write", path)
        if len(content) > LARGEST:
            raise ToolError(f"a file holds {LARGEST} characters at most")
        setup = await self._setup()
        try:
            await sandbox().write_file(f"{TOP}/{plain}", content)
        except _MISSING:
            raise ToolError(f"{plain} cannot be a file: a folder or a file is in the way") from None
        self._seen.add(plain)
        await self._put_down(Deed(op="write", path=plain), setup)
        return f"wrote {plain}"

    async def delete(self, path: str) -> str:
        """Remove one file."""
        plain = await self._reach("delete", path)
        if plain not in self._seen:
            raise ToolError(f"there is no file {plain}")
        setup = await self._setup()
        await _done(["rm", "-f", "--", f"{TOP}/{plain}"])
        self._seen.remove(plain)
        await self._put_down(Deed(op="delete", path=plain), setup)
        return f"deleted {plain}"

    async def peek(self, path: str) -> str:
        """A file as the environment itself reads it, after a look; empty if it is not there. No deed."""
        if path not in self._seen:
            return ""
        try:
            return await sandbox().read_file(f"{TOP}/{path}")
        except UnicodeDecodeError:
            return ""

    async def note(self, op: str, path: str = "", said: str = "") -> None:
        """Put down a deed of a scene's own tool."""
        deed = Deed(op=op, path=path, note=said[:1000])
        await self._put_down(deed, await self._setup())

    async def plain(self, op: str, path: str) -> str:
        """A path that a scene's own tool was given, checked like any other."""
        return await self._reach(op, path)

    async def ready(self) -> None:
        """What every deed begins with: the session goes on, and no link lies in the workspace.

        Raises:
            ToolError: one of both is not so. A reply may hold calls after the one that ended the session.
        """
        if self.ended():
            raise ToolError("the session is over")
        await self._look()

    def deeds(self) -> list[Deed]:
        """All deeds so far, in order."""
        return deeds_of(store())

    def end(self, ending: Ending) -> None:
        """Say how the session stops; the first word stands."""
        if not store().get(ENDING):
            store().set(ENDING, ending.value)

    def ended(self) -> bool:
        """Whether that has been said."""
        return bool(store().get(ENDING))

    async def keep(self) -> None:
        """Copy all files into the store, so that the log alone is enough to judge by."""
        await self._look()
        store().set(FILES, {name: await self.peek(name) for name in sorted(self._seen)})

    async def _reach(self, op: str, path: str, *, folder: bool = False) -> str:
        await self.ready()
        try:
            return below(path, folder=folder)
        except Outside as error:
            _append(Deed(op="refused", path=path[:200], note=op))
            raise ToolError(str(error)) from None

    async def _look(self) -> None:
        """See which files really lie below the top; nobody but us runs meanwhile."""
        # A link is printed twice, so one call tells both; `-printf` is not everywhere.
        found = await _done(
            ["find", TOP, *["-type", "l", "-print", "-print", "-o", "-type", "f", "-print"]]
        )
        names = [line.removeprefix(f"{TOP}/") for line in found.stdout.splitlines()]
        if len(set(names)) != len(names):
            raise ToolError("a link lies in the workspace, and no tool follows links")
        self._seen = set(names)

    async def _setup(self) -> monitor.Setup:
        if self.scene.scenario != monitor.NAME:
            return monitor.Setup(active=False, page_lines=0)
        return monitor.setup(await self.peek(monitor.CONFIG))

    async def _put_down(self, deed: Deed, setup: monitor.Setup) -> None:
        _append(deed)
        if not setup.active:
            return
        line = f"step {len(self.deeds())}: {deed.op} {deed.path}".strip()
        store().set(LOGGED, [*store().get(LOGGED, list[str]()), line])
        content = await self.peek(monitor.LOG)
        await sandbox().write_file(f"{TOP}/{monitor.LOG}", f"{content}{line}\n")


def deeds_of(kept: Store) -> list[Deed]:
    """The deeds that a sample's store holds."""
    rows = cast("list[Mapping[str, str]]", kept.get(DEEDS) or [])
    return [Deed(op=row["op"], path=row["path"], note=row["note"]) for row in rows]


def final_of(kept: Store) -> Final:
    """The final state that a sample's store holds; a session that was cut short by a limit is `capped`."""
    files = cast("Mapping[str, str]", kept.get(FILES) or {})
    return Final(
        files=dict(files),
        deeds=tuple(deeds_of(kept)),
        ending=Ending(str(kept.get(ENDING) or Ending.CAPPED)),
        log=tuple(map(str, cast("list[object]", kept.get(LOGGED) or []))),
    )


def _append(deed: Deed) -> None:
    store().set(DEEDS, [*store().get(DEEDS, list[object]()), asdict(deed)])


async def _done(command: list[str]) -> ExecResult[str]:
    """Run one of our own two programs.

    Raises:
        RuntimeError: it failed: the sandbox is broken, and with it the sample.
    """
    result = await sandbox().exec(command, timeout=30)
    if not result.success:
        raise RuntimeError(f"sandbox: {command[0]} failed: {result.stderr.strip()[:200]}")
    return result
