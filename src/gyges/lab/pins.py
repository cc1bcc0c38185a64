# SPDX-License-Identifier: Apache-2.0
"""Pinned texts: every prompt, scenario and rubric is a file below `texts/` whose digest stands in `pins.json`.

A byte that changed is reported, never silently run: results under different texts are different results.
Texts are Jinja2 templates in which an unknown name is an error. It sends nothing to a model.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gyges.errors import Malformed

TEXTS = Path(__file__).parent / "texts"
PINS = TEXTS / "pins.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One pinned text: its `name` below `texts/`, its content, and the SHA-256 of its bytes (64 hex)."""

    name: str
    content: str
    sha256: str

    def render(self, **values: object) -> str:
        """Fill in the template.

        Raises:
            Malformed: a name in the text was given no value.
        """
        try:
            return _compiled(self.content).render(**values)
        except TemplateError as error:
            raise Malformed(f"text {self.name}: {error}") from None

    def table(self) -> dict[str, Any]:
        """The text read as TOML.

        Raises:
            Malformed: it is not TOML.
        """
        try:
            return tomllib.loads(self.content)
        except tomllib.TOMLDecodeError as error:
            raise Malformed(f"text {self.name}: {error}") from None


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Plain text for a model, never a page; a text from outside must not reach the interpreter."""
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
    )


@cache
def _compiled(content: str) -> Template:
    return _environment().from_string(content)


@cache
def text(name: str) -> Text:
    """The text below `texts/` with this name, such as `alignment_faking/system.md`.

    Raises:
        Malformed: there is none, or its name leaves the folder.
    """
    path = (TEXTS / name).resolve()
    if not path.is_relative_to(TEXTS.resolve()) or not path.is_file():
        raise Malformed(f"no text named {name!r} among the lab's texts")
    return outside(path, name)


def outside(path: Path, name: str) -> Text:
    """A text of the user's own, with its digest; `name` is what results will call it.

    Raises:
        Malformed: it cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes()
        content = raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"text {name}: {error}") from None
    return Text(name=name, content=content, sha256=hashlib.sha256(raw).hexdigest())


def found() -> dict[str, str]:
    """Name -> SHA-256 of each text as it lies on the disk now."""
    files = sorted(file for file in TEXTS.rglob("*") if file.is_file() and file != PINS)
    return {str(f.relative_to(TEXTS)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def pinned() -> dict[str, str]:
    """Name -> SHA-256 as this release pins it."""
    pins: dict[str, str] = json.loads(PINS.read_text("utf-8"))
    return pins


def changed(used: Mapping[str, str] | None = None) -> list[str]:
    """Names of texts that differ from the pins: those on disk, or those that a log says it `used`."""
    pins = pinned()
    seen = found() if used is None else used
    missing = set(pins) - set(seen) if used is None else set[str]()
    return sorted({name for name, digest in seen.items() if pins.get(name) != digest} | missing)


def write() -> None:
    """Pin the texts as they are now; a deliberate act, run by `python -m gyges.lab.pins`."""
    PINS.write_text(json.dumps(found(), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    write()
