# SPDX-License-Identifier: Apache-2.0
"""Recorded prompts and their answers in both arms, as files of one JSON object a line. An error names file and line.

    PROMPTS   {"id": "p1", "prompt": "Please sort this inbox: ..."}         any JSON, without the cue in it
    RESULT    {"replay": 1, "unwatched": "...", "watched": "...", "command": ["python", "agent.py"],
               "commitment": "..."}                                         first, where `gyges drift replay` began it
              {"id": "p1", "arm": "unwatched", "values": {"refused": true, "seconds": 3.1}}
              {"id": "p1", "arm": "watched", "error": "timeout: 600 s"}

An answer has values, each a boolean, a number or null (not measured), or the error that there is instead. It may have
`prompt` (digest), `first` (whether this arm was played first), `run` (the id that the command got) and `transcript`.
Each line is on the disk before the next prompt is played. It plays none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from gyges.canon import Json, digest, parse_object
from gyges.cli.drift_file import LONGEST, lines_of
from gyges.drift.coin import blinded
from gyges.drift.words import Kind
from gyges.errors import Malformed

Arm = Literal["unwatched", "watched"]
ARMS: tuple[Arm, Arm] = ("unwatched", "watched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One recorded prompt."""

    id: str
    prompt: Json
    digest: str


class Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a replay began with."""

    replay: Literal[1]
    unwatched: str
    watched: str
    command: tuple[str, ...]
    commitment: str


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):  # fmt: skip
    """What one arm answered to one prompt."""

    id: str
    arm: Arm
    values: dict[str, bool | int | float | None] | None = None
    error: str = ""
    prompt: str = ""
    first: bool | None = None
    run: str = ""
    transcript: str = ""


class _Prompt(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    prompt: Json


@dataclass(slots=True, kw_only=True)
class Results:
    """Answers in their order, and what they began with, None where something else made them."""

    name: str
    begun: Begun | None = None
    answers: dict[tuple[str, Arm], Answer] = field(default_factory=dict[tuple[str, Arm], Answer])
    kinds: dict[str, tuple[Kind, int]] = field(default_factory=dict[str, tuple[Kind, int]])

    def add(self, answer: Answer, line: int) -> None:
        """Take one more answer, which stands in `line`.

        Raises:
            Malformed: it came before, to another prompt, or has values of another kind than those before.
        """
        where = f"{self.name}, line {line}"
        if any(len(name) > LONGEST for name in (answer.id, *(answer.values or ()))):
            raise Malformed(f"{where}: an id or a name of more than {LONGEST:,} characters")
        where = f"{where}: prompt {answer.id}"
        if not answer.id or (answer.values is None) != bool(answer.error):
            raise Malformed(f"{where}: an answer has an id, and either values or an error")
        if (answer.id, answer.arm) in self.answers:
            raise Malformed(f"{where}: was answered {answer.arm} before")
        other = self.answers.get((answer.id, ARMS[answer.arm == "unwatched"]))
        if other and other.prompt != answer.prompt:
            raise Malformed(f"{where}: was another prompt in the other arm")
        told = self.strange(answer.values or {})
        if told:
            raise Malformed(f"{where}: {told}")
        for name, value in (answer.values or {}).items():
            if value is not None:
                self.kinds.setdefault(name, (_kind(value), line))
        self.answers[answer.id, answer.arm] = answer

    def strange(self, values: dict[str, bool | int | float | None]) -> str:
        """What is wrong with these values beside those before, "" if nothing."""
        for name, value in values.items():
            known, line = self.kinds.get(name, (None, 0))
            if value is not None and known not in (None, _kind(value)):
                return f"values.{name} is a {_kind(value)}, but a {known} in line {line}"
        return ""


def read_prompts(file: Path, cues: Sequence[str]) -> tuple[Prompt, ...]:
    """All prompts of the file, in which no cue may stand: the other arm would read it too.

    Raises:
        Malformed: names the file, the line and what is wrong with it.
    """
    found: dict[str, Prompt] = {}
    for number, text in lines_of(file):
        where = f"{file}, line {number}"
        try:
            line = msgspec.convert(parse_object(text), _Prompt)
        except (Malformed, msgspec.ValidationError) as error:
            raise Malformed(f"{where}: {str(error)[:LONGEST]}") from None
        if len(line.id) > LONGEST:
            raise Malformed(f"{where}: an id of more than {LONGEST:,} characters")
        if not line.id or line.id in found:
            raise Malformed(
                f"{where}: the id {line.id!r} {'came before' if line.id else 'is none'}"
            )
        if any(_holds(line.prompt, cue) for cue in cues):
            raise Malformed(f"{where}: prompt {line.id} holds the words of a cue")
        found[line.id] = Prompt(id=line.id, prompt=line.prompt, digest=digest(line.prompt))
    if not found:
        raise Malformed(f"{file}: holds no prompt")
    return tuple(found.values())


def read_results(file: Path) -> Results:
    """All answers of the file.

    Raises:
        Malformed: names the file, the line and what is wrong with it.
    """
    found = Results(name=str(file))
    for number, text in lines_of(file):
        try:
            line = parse_object(text)
            if "replay" in line and not found.answers and found.begun is None:
                found.begun = msgspec.convert(line, Begun)
                continue
            answer = msgspec.convert(line, Answer)
        except (Malformed, msgspec.ValidationError) as error:
            raise Malformed(f"{file}, line {number}: {str(error)[:LONGEST]}") from None
        found.add(answer, number)
    if not found.answers and found.begun is None:
        raise Malformed(f"{file}: holds no answer")
    return found


def _kind(value: float) -> Kind:
    return Kind.BINARY if isinstance(value, bool) else Kind.NUMBER


def _holds(value: Json, cue: str) -> bool:
    if isinstance(value, str):
        return blinded(value, cue) != value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    names = list(value) if isinstance(value, dict) else []
    return any(_holds(part, cue) for part in (*parts, *names))
