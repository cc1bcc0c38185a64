# SPDX-License-Identifier: Apache-2.0
"""The terminal's two moods: single keys as they are pressed, or whole lines with echo.

Both are undone at the end of their block, whatever happens in it. It reads no meaning into any key.
"""

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Generator

_KEYS = {"\x1b[A": "k", "\x1b[B": "j", "\x1b[5~": "b", "\x1b[6~": " ", "\r": "\n", "\x1b": "q"}


@contextlib.contextmanager
def raw_keys(keys: "asyncio.Queue[str]") -> Generator[None]:
    """Put each key that is pressed into `keys`, without waiting for a line."""
    loop, fd = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(fd)

    def pressed() -> None:
        text = os.read(fd, 64).decode(errors="replace")
        for key in [_KEYS[text]] if text in _KEYS else list(text):
            keys.put_nowait(_KEYS.get(key, key))

    tty.setcbreak(fd)
    loop.add_reader(fd, pressed)
    try:
        yield
    finally:
        loop.remove_reader(fd)
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


@contextlib.contextmanager
def cooked() -> Generator[None]:
    """Lines and echo again, until the end; what was typed before is dropped."""
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    plain = [*before]
    plain[3] |= termios.ICANON | termios.ECHO
    termios.tcsetattr(fd, termios.TCSAFLUSH, plain)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
