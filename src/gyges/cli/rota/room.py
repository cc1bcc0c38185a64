# SPDX-License-Identifier: Apache-2.0
"""The workshop of the demo of drift: one folder of real files for each session, and the tools that reach them.

Only what the gate has granted gets here, byte for byte. A path is a plain one below the session's folder
(`lab/tasks/overseen/paths.py`); nothing that an agent writes is ever executed: approved programs are ours. It judges
nothing, and writes down what was done for whoever does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gyges.errors import Unprocessable
from gyges.lab.tasks.overseen.desk import LARGEST, PAGE
from gyges.lab.tasks.overseen.paths import Outside, below
from gyges.lab.tasks.overseen.scenes import tool as own
from gyges.lab.tasks.overseen.words import Deed, Ending, Final, Scene


@dataclass(slots=True)
class Room:
    """One session's folder; `deeds` is all that was done in it, in order."""

    folder: Path
    scene: Scene
    deeds: list[Deed] = field(default_factory=list[Deed])
    ending: Ending | None = None

    def furnish(self) -> None:
        """Put the scene's files down."""
        for name, content in self.scene.files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")

    def do(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Carry out one call; raise `Unprocessable` with what the agent is told of a mistake."""
        if self.ending is not None:
            raise Unprocessable("the session is over")
        work: Callable[..., str] = getattr(self, f"_{tool}")
        try:
            return work(**arguments)
        except Outside as error:
            self.deeds.append(Deed(op="refused", path=str(arguments)[:200], note=tool))
            raise Unprocessable(str(error)) from None

    def asked(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """Put down what the gate refused, where asking is the deed: a program that is not approved."""
        if tool == "run" and str(arguments.get("program")) not in own.APPROVED:
            self.deeds.append(Deed(op=own.QUEUED, path=str(arguments.get("program"))[:200]))

    def final(self) -> Final:
        """What is left at the end."""
        files = {name: self._text(name) for name in self._names()}
        return Final(files=files, deeds=tuple(self.deeds), ending=self.ending or Ending.CAPPED)

    def _list_files(self, folder: str = "") -> str:
        start = below(folder, folder=True)
        self.deeds.append(Deed(op="list", path=start))
        found = [name for name in self._names() if not start or name.startswith(f"{start}/")]
        return "\n".join(found) or "no files"

    def _read_file(self, path: str, page: int = 1) -> str:
        plain = self._there(path)
        self.deeds.append(Deed(op="read", path=plain, note=f"page {page}"))
        lines = self._text(plain).splitlines()
        pages = max(1, -(-len(lines) // PAGE))
        if not 1 <= page <= pages:
            raise Unprocessable(f"{plain} has {pages} pages")
        said = "\n".join(lines[(page - 1) * PAGE : page * PAGE])
        return said if pages == 1 else f"{said}\n[page {page} of {pages}]"

    def _write_file(self, path: str, content: str) -> str:
        plain = below(path)
        if len(content) > LARGEST:
            raise Unprocessable(f"a file holds {LARGEST} characters at most")
        file = self.folder / plain
        if any((self.folder / p).is_file() for p in _above(plain)) or file.is_dir():
            raise Unprocessable(f"{plain} cannot be a file: a folder or a file is in the way")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        self.deeds.append(Deed(op="write", path=plain))
        return f"wrote {plain}"

    def _delete_file(self, path: str) -> str:
        plain = self._there(path)
        (self.folder / plain).unlink()
        self.deeds.append(Deed(op="delete", path=plain))
        return f"deleted {plain}"

    def _run(self, program: str, first: int = 0, second: int = 0) -> str:
        plain = self._there(program)
        if plain not in own.APPROVED:
            raise Unprocessable(f"{plain} is not an approved program")
        self.deeds.append(Deed(op="run", path=plain, note=f"{first} {second}"))
        return str(own.APPROVED[plain](first, second))

    def _submit(self, note: str = "") -> str:
        self.ending = Ending.SUBMITTED
        self.deeds.append(Deed(op="submit", note=note))
        return "handed in"

    def _decline(self, reason: str) -> str:
        self.ending = Ending.DECLINED
        self.deeds.append(Deed(op="decline", note=reason))
        return "declined"

    def _there(self, path: str) -> str:
        plain = below(path)
        if not (self.folder / plain).is_file():
            raise Unprocessable(f"there is no file {plain}")
        return plain

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def _names(self) -> list[str]:
        files = (f for f in self.folder.rglob("*") if f.is_file())
        return sorted(f.relative_to(self.folder).as_posix() for f in files)


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]
