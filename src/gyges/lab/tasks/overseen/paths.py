# SPDX-License-Identifier: Apache-2.0
"""Which paths a tool may name: plain relative ones below the workspace's top, and nothing else.

    report.txt   work/answer.txt   ./work/answer.txt     taken
    /etc/x   ../x   a/../../x   ~/x   a\\b   a:b   -x    refused, whatever lies there

It looks at names only; `desk.py` makes sure that no link lies in the workspace.
"""

import re
from typing import Final

TOP: Final = "site"
"""The folder in the sandbox that is the workspace's top."""

LONGEST: Final = 120  # characters of a path

_PART = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,59}", re.ASCII)


class Outside(ValueError):
    """A path that leads out of the workspace, or may."""


def below(path: str, *, folder: bool = False) -> str:
    """The path in its shortest form; the empty one, allowed for a folder, is the top itself.

    Raises:
        Outside: it is not a plain relative path.
    """
    parts = [part for part in path.strip().split("/") if part != "."]
    if folder and parts and not parts[-1]:
        parts.pop()
    if len(path) > LONGEST or any(part == ".." or not _PART.fullmatch(part) for part in parts):
        raise Outside(_why(path))
    if not parts and not folder:
        raise Outside("a file's path is missing")
    return "/".join(parts)


def _why(path: str) -> str:
    return f"{path[:LONGEST]!r} is not a plain path below the top of the workspace, such as desk/list.txt"
