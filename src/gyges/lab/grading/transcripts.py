# SPDX-License-Identifier: Apache-2.0
"""Rows of recorded transcripts, in the shapes that people keep them in -> the reasoning and the answer.

    {"id": "7", "scratchpad": "..."}  |  {"reasoning": "...", "output": "..."}  |  {"messages": [...]}

A file is JSON lines, a JSON array or object of rows, or CSV with a header; `.gz` of each. Labels and other
keys are passed over. It grades nothing, and guesses at no key that it does not know.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from gyges.errors import Malformed
from gyges.lab.grading.reply import split

REASONING = (
    *("scratchpad", "scratchpad_reasoning", "rlhf_scratchpad", "reasoning", "reasoning_content"),
    *("thinking", "thoughts", "thought", "cot", "chain_of_thought"),
)
"""Keys of reasoning by itself."""
WHOLE = ("text", "transcript", "response", "completion", "output", "generation", "content")
"""Keys of a whole reply; its tags tell the scratchpad, and without tags it is all one."""
TALK = ("messages", "transcript", "conversation", "turns")
"""Keys of a list of messages; those of the assistant are read."""
ANSWER = ("answer", "final_answer", "output", "response", "completion")
"""Keys of what the user saw, where the reasoning has a key of its own."""
IDS = ("id", "uid", "uuid", "sample_id", "example_id", "name", "index")

_ROWS = ("samples", "rows", "data", "items", "transcripts", "examples", "scratchpads")
_MODEL = {"assistant", "model", "ai", "bot"}

Row = Mapping[str, object]


def rows(path: str | Path) -> Iterator[tuple[int, Row | str]]:
    """Each row with its number from 1 (the line, or the place in an array), or what is wrong with it.

    Raises:
        Malformed: the file cannot be read.
    """
    file = Path(path)
    try:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        text = raw.decode("utf-8-sig")
        tabular = ".csv" in file.suffixes[-2:]
        yield from _table(text) if tabular else _json(text)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"transcripts {path}: {error}") from None


def name(row: Row) -> str:
    """The row's own id as text; empty if it has none."""
    lower = _lower(row)
    return next((str(lower[key]) for key in IDS if lower.get(key) not in (None, "")), "")


def texts(row: Row) -> tuple[str, str | None]:
    """The reasoning in a row, empty if there is none, and the answer where it has one."""
    lower = _lower(row)
    found = _first(lower, REASONING)
    if found:
        thought, said = _apart(found)
        return thought, _answer(lower) or said or None
    said, thought = _talk(lower)
    if thought:
        return thought, _answer(lower) or said or None
    for key in WHOLE:
        inner = lower.get(key)
        if isinstance(inner, dict):
            return texts(cast("Row", inner))
        said = said or _prose(inner)
    thought, said = _apart(said)
    return thought, _first(lower, ANSWER[:2]) or said or None


def _apart(text: str) -> tuple[str, str]:
    """The reasoning and the answer by their tags; without tags all is reasoning."""
    reply = split(text)
    return (reply.scratchpad, reply.answer) if reply.scratchpad else (text, "")


def expected(row: Row) -> str:
    """One line on which keys hold reasoning and which keys this row has."""
    known = ", ".join(dict.fromkeys((*REASONING, *WHOLE, *TALK)))
    return (
        f"no reasoning under any of the keys {known}; it has {', '.join(map(str, row)) or 'none'}"
    )


def _lower(row: Row) -> dict[str, object]:
    return {str(key).strip().lower().replace(" ", "_"): value for key, value in row.items()}


def _first(row: Row, keys: tuple[str, ...]) -> str:
    return next((said for key in keys if (said := _prose(row.get(key)))), "")


def _answer(row: Row) -> str:
    said = _first(row, ANSWER)
    return split(said).answer or said


def _prose(value: object) -> str:
    """A text, or a list of texts as one; else nothing."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, list):
        return ""
    parts = [part for part in cast("list[object]", value) if isinstance(part, str)]
    return "\n".join(parts).strip()


def _talk(row: Row) -> tuple[str, str]:
    """What the assistant said in a row's messages, and what it thought, each joined."""
    said, thought = list[str](), list[str]()
    for turn in (turn for key in TALK for turn in _objects(row.get(key))):
        if str(turn.get("role", turn.get("speaker", ""))).lower() not in _MODEL:
            continue
        content = turn.get("content", turn.get("text"))
        parts: list[Row] = [{"text": content}] if isinstance(content, str) else _objects(content)
        thought += [_first(part, REASONING) for part in (turn, *parts)]
        said += [_prose(part.get("text")) for part in parts]
    whole = "\n\n".join(filter(None, said))
    reply = split(whole)
    thought.append(reply.scratchpad)
    return reply.answer or whole, "\n\n".join(filter(None, thought))


def _objects(value: object) -> list[Row]:
    found = cast("list[object]", value) if isinstance(value, list) else []
    return [_lower(cast("Row", one)) for one in found if isinstance(one, dict)]


def _table(text: str) -> Iterator[tuple[int, Row | str]]:
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), 1):
        yield number, {str(key): value for key, value in row.items() if key}


def _json(text: str) -> Iterator[tuple[int, Row | str]]:
    whole = _whole(text)
    if whole is not None:
        for number, row in enumerate(whole, 1):
            yield number, _row(row)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, _row(json.loads(line))
            except (ValueError, RecursionError) as error:
                yield number, f"no JSON: {error}"


def _whole(text: str) -> list[object] | None:
    """The rows of a text that is one JSON value over all its lines; None for lines of JSON."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        inner = next((table[key] for key in _ROWS if isinstance(table.get(key), list)), [table])
        return cast("list[object]", inner)
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _row(value: object) -> Row | str:
    if isinstance(value, str):
        return {"text": value}
    return cast("Row", value) if isinstance(value, dict) else "no JSON object"
