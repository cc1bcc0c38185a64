# SPDX-License-Identifier: Apache-2.0
"""Answers written down as they come: each is on the disk before the next prompt is played. It plays and tests none.

A crash loses what was under way and no more: a last line that was cut off is taken away, and its prompt played again.
What a replay began with cannot change under it.
"""

import fcntl
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from gyges.canon import encode
from gyges.cli.drift_replay_file import Answer, Begun, Prompt, Results, read_results
from gyges.errors import Misconfigured


class Book:
    """Answers as they are written down; without a file they are only kept."""

    def __init__(self, results: Results, out: BinaryIO | None, line: int) -> None:
        """`line` is how many lines the file has."""
        self.results, self._out, self._line = results, out, line

    @property
    def kept(self) -> bool:
        """Whether answers are written to a file."""
        return self._out is not None

    def write(self, answer: Answer) -> None:
        """Keep one answer, on the disk if there is a file; raise `Malformed` as `Results.add`."""
        self.results.add(answer, self._line + 1)
        self._put(answer)

    def begin(self, begun: Begun) -> None:
        """Write the first line."""
        self.results.begun = begun
        self._put(begun)
        if self._out is not None:
            folder = os.open(Path(self._out.name).parent, os.O_RDONLY)  # that there is a file
            os.fsync(folder)
            os.close(folder)

    def _put(self, line: msgspec.Struct) -> None:
        self._line += 1
        if self._out is not None:
            self._out.write(encode(msgspec.to_builtins(line)) + b"\n")
            self._out.flush()
            os.fsync(self._out.fileno())


@contextmanager
def open_book(out: Path | None, begun: Begun) -> Generator[Book]:
    """The book of this replay, gone on with where the file holds some of it; what was cut off in its last line is
    played again.

    Raises:
        Malformed: the file cannot be read.
        Misconfigured: it cannot be written, another process does, or it began otherwise.
    """
    if out is None:
        yield Book(Results(name="replay", begun=begun), None, 1)
        return
    try:
        stream = out.open("a+b")
    except OSError as error:
        raise Misconfigured(f"{out}: cannot be written: {error.strerror or error}") from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Misconfigured(f"{out}: another replay is writing to it") from None
        lines = _whole(stream)
        book = Book(read_results(out) if lines else Results(name=str(out)), stream, lines)
        if not lines:
            book.begin(begun)
        _same(out, book.results.begun, begun)
        yield book


def checked(results: Results, prompts: Sequence[Prompt]) -> None:
    """Raise `Misconfigured` where answers are to other prompts than these."""
    known = {prompt.id: prompt.digest for prompt in prompts}
    for answer in results.answers.values():
        if known.get(answer.id) != answer.prompt:
            what = "has changed" if answer.id in known else "is not among the prompts any more"
            raise Misconfigured(
                f"{results.name}: prompt {answer.id} {what}; what is changed is another replay"
            )


def _whole(stream: BinaryIO) -> int:
    """How many lines it has, once what follows the last of them is cut off."""
    stream.seek(0)
    text = stream.read()
    stream.truncate(text.rfind(b"\n") + 1)
    return text.count(b"\n")


def _same(out: Path, known: Begun | None, begun: Begun) -> None:
    if known is None:
        raise Misconfigured(f"{out}: holds answers that no replay began; give another --out")
    other = [
        name for name in Begun.__struct_fields__ if getattr(known, name) != getattr(begun, name)
    ]
    if other:
        told = " and ".join("key" if name == "commitment" else name for name in other)
        raise Misconfigured(
            f"{out}: began with another {told}; what is changed is another replay: give another --out"
        )
