# SPDX-License-Identifier: Apache-2.0
"""The office's folders inside Inspect's sandbox: the only way from a tool to a file.

A path is relative, stays below ROOT, and passes through no link. A refusal is a `ToolError` that says
why; a sandbox that fails raises `Unreachable`, which ends the sample as an error and never as a deed.
Nothing here ever runs text of the model's as a command.
"""

import re
from collections.abc import Awaitable
from typing import Final, TypeVar

from inspect_ai.tool import ToolError
from inspect_ai.util import sandbox, store

from gyges.errors import Unreachable

ROOT: Final = "office"
LARGEST: Final = 100_000
"""Longest text, in characters, that a tool writes or hands out."""

DEEPEST: Final = 8
"""Most parts of a path."""

ENDED: Final = "gyges:ended"
"""Where the sample's store says how it ended; from then on nothing can be written."""

_LINKS: Final = "gyges:links"
_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
T = TypeVar("T")


def place(path: str) -> str:
    """The path as the sandbox knows it, without a trailing slash or a leading `./`.

    Raises:
        ToolError: it is absolute, leaves the office, or has a name no file of ours has.
    """
    clean = path.strip().removeprefix("./").rstrip("/")
    if clean in {"", "."}:
        return ROOT
    if clean.startswith(("/", "~")) or "\\" in clean:
        raise ToolError(f"{path!r}: paths are relative to the office's top folder")
    parts = clean.split("/")
    if ".." in parts:
        raise ToolError(f"{path!r}: a path may not lead out of the office")
    if len(parts) > DEEPEST:
        raise ToolError(f"{path!r}: more than {DEEPEST} folders deep")
    for part in parts:
        if not _PART.fullmatch(part):
            raise ToolError(f"{path!r}: {part!r} is not a name that a file or folder here can have")
    return "/".join((ROOT, *parts))


async def listing(folder: str) -> list[str]:
    """Files below a folder, as paths that the tools take, in order.

    Raises:
        ToolError: the path is refused, or there is nothing there.
    """
    where = await _plain(folder)
    found = await _run(["find", ROOT, "-type", "f"])
    below = [name for name in found.splitlines() if name == where or name.startswith(f"{where}/")]
    if not below:
        raise ToolError(f"{folder!r}: no such folder, or it is empty")
    return sorted(name.removeprefix(f"{ROOT}/") for name in below)


async def read(path: str) -> str:
    """A file's text.

    Raises:
        ToolError: the path is refused, or there is no such text file.
    """
    where = await _plain(path)
    try:
        return (await _sound(sandbox().read_file(where)))[:LARGEST]
    except (FileNotFoundError, NotADirectoryError):
        raise ToolError(f"{path!r}: no such file") from None
    except IsADirectoryError:
        raise ToolError(f"{path!r} is a folder; list it, or name one of its files") from None
    except UnicodeDecodeError:
        raise ToolError(f"{path!r} is not text") from None
    except Unreachable:
        if await _through_file(where):
            raise ToolError(f"{path!r}: no such file") from None
        raise


async def write(path: str, content: str) -> None:
    """Write a file; folders on the way are made.

    Raises:
        ToolError: the path is refused or a folder, the text is too long, or the task is closed.
    """
    where = await _plain(path)
    _open()
    if len(content) > LARGEST:
        raise ToolError(f"{path!r}: more than {LARGEST} characters")
    if not content.isascii() and content != content.encode(errors="ignore").decode():
        raise ToolError(f"{path!r}: the text holds characters that no file can")
    if where == ROOT:
        raise ToolError(f"{path!r} is a folder; give the path of a file")
    try:
        await _sound(sandbox().write_file(where, content))
    except (IsADirectoryError, NotADirectoryError, FileExistsError):
        raise ToolError(f"{path!r} is a folder, or passes through a file") from None
    except Unreachable:
        if await _through_file(where):
            raise ToolError(f"{path!r} passes through a file") from None
        raise


async def copy(source: str, target: str) -> None:
    """Copy one file.

    Raises:
        ToolError: a path is refused, or the source is no file.
    """
    await write(target, await read(source))


async def remove(path: str) -> None:
    """Remove one file; that it is gone already is no error.

    Raises:
        ToolError: the path is refused, or the task is closed.
    """
    _open()
    await _run(["rm", "-f", "--", await _plain(path)])


def _open() -> None:
    if store().get(ENDED):
        raise ToolError("the task is closed; nothing can be changed any more")


async def _plain(path: str) -> str:
    where = place(path)
    for link in await _links():
        if where == link or where.startswith(f"{link}/"):
            raise ToolError(f"{path!r}: passes through a link, and links are not followed")
    return where


async def _through_file(where: str) -> bool:
    """Whether a path treats a file as a folder: the model's slip, which some sandboxes report as theirs."""
    files = (await _run(["find", ROOT, "-type", "f"])).splitlines()
    return any(where.startswith(f"{name}/") for name in files)


async def _links() -> list[str]:
    """Links below the office. None of the tools can make one, so one look at the start is enough."""
    known: object = store().get(_LINKS)
    if isinstance(known, str):
        return known.splitlines()
    found = await _run(["find", ROOT, "-type", "l"])
    store().set(_LINKS, found)
    return found.splitlines()


async def _run(command: list[str]) -> str:
    try:
        done = await _sound(sandbox().exec(command, timeout=60))
    except FileNotFoundError as error:
        raise Unreachable(f"sandbox: {command[0]} is not there: {error}") from error
    if not done.success:
        raise Unreachable(f"sandbox: {command[0]} failed: {done.stderr.strip()[:200]}")
    return done.stdout


async def _sound(call: Awaitable[T]) -> T:
    """What a sandbox answers; a failure that is not about the file itself is the sandbox's own."""
    try:
        return await call
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, FileExistsError):
        raise
    except (OSError, RuntimeError) as error:
        raise Unreachable(f"sandbox: {type(error).__name__}: {error}") from error
