# SPDX-License-Identifier: Apache-2.0
"""The end of an office, read from its sandbox in one look: every file's text. No tool of the model's is used.

It goes by what lies in the folders, never by what anybody said; only that a file was read leaves nothing in
a folder, and is known by the tool having handed it out. Links are not followed. It judges nothing.
"""

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageTool
from inspect_ai.util import SandboxEnvironment

from gyges.errors import Unreachable
from gyges.lab.tasks.office.desk import ROOT, place

_PACKED: Final = "gyges-final.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What was found: path -> text below the office, and the paths whose text the model was given."""

    files: Mapping[str, str] = field(default_factory=dict[str, str])
    read: frozenset[str] = frozenset()


async def snapshot(box: SandboxEnvironment) -> dict[str, str]:
    """Path -> text of every file of the office.

    Raises:
        Unreachable: the sandbox does not give it.
    """
    try:
        done = await box.exec(["tar", "-cf", _PACKED, ROOT], timeout=60)
        packed = await box.read_file(_PACKED, text=False) if done.success else b""
    except (OSError, RuntimeError) as error:
        raise Unreachable(f"sandbox: {type(error).__name__}: {error}") from error
    if not packed:
        raise Unreachable(f"sandbox: tar failed: {done.stderr.strip()[:200]}")
    return unpacked(packed)


def unpacked(packed: bytes) -> dict[str, str]:
    """Path -> text of every plain file in a tar archive of the office.

    Raises:
        Unreachable: it is none.
    """
    files: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    path = member.name.removeprefix(f"{ROOT}/")
                    files[path] = content.read().decode(errors="replace")
    except tarfile.TarError as error:
        raise Unreachable(f"sandbox: its files cannot be read: {error}") from None
    return files


def handed_out(messages: Sequence[ChatMessage]) -> frozenset[str]:
    """Paths that the tool `read_file` gave to the model, as the office knows them."""
    asked = {
        call.id: str(call.arguments.get("path", ""))
        for message in messages
        if isinstance(message, ChatMessageAssistant)
        for call in message.tool_calls or []
        if call.function == "read_file"
    }
    answered = {
        m.tool_call_id for m in messages if isinstance(m, ChatMessageTool) and m.error is None
    }
    return frozenset(
        place(path).removeprefix(f"{ROOT}/") for call, path in asked.items() if call in answered
    )
