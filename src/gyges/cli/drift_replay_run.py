# SPDX-License-Identifier: Apache-2.0
"""Plays prompts: for each answer a process of its own, which gets one JSON object and gives one. No shell.

    in    {"id": "9f3c...", "cue": "This session is not monitored.", "prompt": ...}
    out   {"values": {"refused": true, "seconds": 3.1}, "transcript": "..."}          the last is optional

The id is new for each process and tells nothing of the arm. A sealed coin says which arm of a prompt comes first, so
that whatever the first leaves behind meets both alike. A process that fails is an answer too: the reason why there is
none. It counts nothing.
"""

import asyncio
import hmac
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from gyges.canon import Json, encode, parse_object
from gyges.cli.drift_replay_book import Book
from gyges.cli.drift_replay_file import ARMS, Answer, Arm, Prompt
from gyges.drift.coin import unwatched
from gyges.drift.replays import KINDS, ORDER, check_features
from gyges.drift.words import Feature, Unusable
from gyges.errors import GygesError, Malformed, Misconfigured

MOST = 1 << 20
"""Bytes that a process may answer."""
TAIL = 2000
"""Bytes of what it says on standard error that are looked at."""
LONGEST = 200
"""Characters of a reason."""

Answers: TypeAlias = Callable[[str, Arm], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How prompts are played: the command, the text of each arm, the coin's key, seconds and processes at most."""

    command: tuple[str, ...]
    cues: dict[Arm, str]
    key: bytes
    timeout: float
    jobs: int


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    values: dict[str, bool | int | float | None]
    transcript: str = ""


async def play(
    prompts: Sequence[Prompt], terms: Terms, answered: Answers, write: Callable[[Answer], None]
) -> None:
    """Play what is not `answered` yet, and `write` each answer as it comes; the arms of a prompt one after the other.

    Raises:
        Misconfigured: the command cannot be run at all.
    """
    left = iter(prompts)

    async def work() -> None:
        for prompt in left:
            for arm in order(terms.key, prompt.id):
                if not answered(prompt.id, arm):
                    write(await _played(prompt, arm, terms))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(terms.jobs):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        raise _first(errors) from None


def play_all(
    book: Book, prompts: Sequence[Prompt], terms: Terms, tell: Callable[[str, int, int], None]
) -> None:
    """Play what is left and write it down; what has another kind than before is an answer that failed.

    Raises:
        Malformed: the answers hold the arm or a cue.
        Misconfigured: the command cannot be run, or somebody stopped it.
    """
    total, results = 2 * len(prompts), book.results

    def write(answer: Answer) -> None:
        values = answer.values or {}
        for name in values.keys() - results.kinds.keys():
            _decent(name, terms)
        strange = results.strange(values)
        if strange:
            answer = msgspec.structs.replace(answer, values=None, error=f"another kind: {strange}")
        book.write(answer)
        tell("replaying", len(results.answers), total)

    def answered(id: str, arm: Arm) -> bool:
        return (id, arm) in results.answers

    tell("replaying", len(results.answers), total)
    try:
        asyncio.run(_until_told(play(prompts, terms, answered, write)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        rest = "the same command goes on with them" if book.kept else "without --out they are lost"
        raise Misconfigured(
            f"stopped after {len(results.answers)} of {total} answers; {rest}"
        ) from None


async def _until_told(work: Coroutine[None, None, None]) -> None:
    """Do it; SIGTERM ends it as Ctrl-C does, with the processes that are under way."""
    task = asyncio.ensure_future(work)
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def _decent(name: str, terms: Terms) -> None:
    """Refuse at once a feature that holds the arm or a cue: all answers would be void."""
    try:
        check_features([Feature(name=name, kind=KINDS[0])], tuple(terms.cues.values()))
    except Unusable as error:
        raise Malformed(f"{terms.command[0]}: {error}") from None


def order(key: bytes, id: str) -> tuple[Arm, Arm]:
    """Which arm of this prompt comes first."""
    return ARMS if unwatched(key, ORDER, id) else (ARMS[1], ARMS[0])


async def _played(prompt: Prompt, arm: Arm, terms: Terms) -> Answer:
    name = hmac.digest(terms.key, f"run\0{prompt.id}\0{arm}".encode(), "sha256").hex()[:16]
    body: Json = {"id": name, "cue": terms.cues[arm], "prompt": prompt.prompt}
    error, given = "", None
    try:
        given = _understood(await _asked(terms.command, encode(body), terms.timeout))
    except Malformed as why:
        error = str(why)[:LONGEST]
    return Answer(
        id=prompt.id, arm=arm, prompt=prompt.digest, run=name, error=error,
        first=arm == order(terms.key, prompt.id)[0], values=given.values if given else None,
        transcript=given.transcript if given else "",
    )  # fmt: skip


async def _asked(command: Sequence[str], body: bytes, seconds: float) -> bytes:
    """What a process answers to `body`; raise `Malformed` where it fails, is too slow or says too much."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{command[0]}: cannot be run: {error}") from None
    ended = False
    try:
        async with asyncio.timeout(seconds):
            _, out, said = await asyncio.gather(
                _give(process.stdin, body), _drain(process.stdout), _drain(process.stderr, TAIL)
            )
            code = await process.wait()
        ended = True
    except TimeoutError:
        raise Malformed(f"timeout: {seconds:g} s") from None
    finally:
        if not ended:
            _kill(process)
            await process.wait()
    if code:
        words = said.decode(errors="replace").strip().splitlines()
        raise Malformed(f"exit code {code}: {words[-1] if words else 'it says nothing'}")
    if len(out) > MOST:
        raise Malformed(f"answer too long: more than {MOST} bytes")
    return out


def _understood(out: bytes) -> _Given:
    try:
        return msgspec.convert(parse_object(out), _Given)
    except (Malformed, msgspec.ValidationError) as error:
        raise Malformed(f"no answer: {error}") from None


async def _give(stream: asyncio.StreamWriter | None, body: bytes) -> None:
    """Write it all; whoever does not read it may still answer."""
    if stream is None:
        return
    try:
        stream.write(body)
        await stream.drain()
        stream.close()
        await stream.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return


async def _drain(stream: asyncio.StreamReader | None, tail: int = 0) -> bytes:
    """All up to a byte more than `MOST`, or the last `tail` bytes; what is beyond is read and dropped."""
    found = b""
    while stream is not None and (chunk := await stream.read(1 << 16)):
        found = (found + chunk)[-tail:] if tail else (found + chunk)[: MOST + 1]
    return found


def _kill(process: asyncio.subprocess.Process) -> None:
    """End it and whatever it began."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error of ours among them, else the first."""
    flat: Iterator[BaseException] = iter(errors.exceptions)
    return next((e for e in errors.exceptions if isinstance(e, GygesError)), next(flat))
