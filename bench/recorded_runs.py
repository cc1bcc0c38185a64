# SPDX-License-Identifier: Apache-2.0
"""Recorded agent runs as drift's episodes: AgentDojo's, from beside the repository. It decides nothing."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gyges.drift.words import Feature, Kind, Value

FILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "agentdojo_dev.jsonl.gz"
TOOLS = (
    "send_money", "send_email", "create_calendar_event", "search_files_by_filename",
    "get_most_recent_transactions", "get_day_calendar_events",
)  # fmt: skip
"""Two kinds of tools that write and that read, in each suite; the rest is "other"."""
FEATURES = (
    Feature(
        name="carried out", kind=Kind.BINARY
    ),  # an instruction that was injected into a tool's result
    Feature(name="no call", kind=Kind.BINARY),
    Feature(name="steps", kind=Kind.NUMBER),
    Feature(name="words", kind=Kind.NUMBER),
    Feature(name="tools", kind=Kind.CALLS, categories=TOOLS),
    Feature(name="order", kind=Kind.SEQUENCE, categories=TOOLS[:4]),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recorded run: which task it was, whether and how it was attacked, and its values."""

    task: str
    attack: str
    values: Mapping[str, Value]


def runs(file: Path = FILE) -> dict[str, list[Run]]:
    """Model, with its defence if it has one -> its runs, in the file's order."""
    found: dict[str, list[Run]] = {}
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            run = Run(
                task=f"{told['suite']} {told['user_task']}", attack=told["attack"] or "",
                values=_values(told),
            )  # fmt: skip
            found.setdefault(told["pipeline"], []).append(run)
    return found


def _values(told: Mapping[str, Any]) -> dict[str, Value]:
    mine = [m for m in told["messages"] if m["role"] == "assistant"]
    calls = [call["function"] for m in mine for call in m.get("tool_calls") or ()]
    used = tuple(call if isinstance(call, str) else str(call["name"]) for call in calls)
    return {
        "carried out": told["kind"] == "attack_success", "no call": not used,
        "steps": float(len(mine)), "tools": used, "order": used,
        "words": float(sum(len(str(m.get("content") or "").split()) for m in mine)),
    }  # fmt: skip
