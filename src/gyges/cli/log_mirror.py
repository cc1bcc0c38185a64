# SPDX-License-Identifier: Apache-2.0
"""Writes a log out as files that any web server can serve and any stranger verify (C2SP tlog-tiles).

Tiles first, the checkpoint last and in one step, so that whoever reads along never sees a promise whose
tiles are missing. Full tiles never change and are written once. Payloads are written only if asked, and
those redacted since the last time are removed. It verifies nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gyges.cli.log_source import Source
from gyges.errors import BadProof, Misconfigured, StoreDown
from gyges.ledger import checkpoint, note
from gyges.ledger.tiles import CHECKPOINT, WIDTH, bundles_of, payload_path, tiles_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """What was done."""

    size: int
    tiles: int  # written now; full ones that were there already are not counted
    payloads: int  # in the mirror now
    removed: int  # payloads that were redacted since


def mirror(
    source: Source, folder: Path, *, payloads: bool, progress: Callable[[int], object]
) -> Mirrored:
    """Bring `folder` up to the source's checkpoint; raise `BadProof` if a tile is missing."""
    signed = source.read(CHECKPOINT)
    if signed is None:
        raise BadProof(f"{source.name}: there is no checkpoint")
    size = checkpoint.parse(note.parse(signed).text).size
    try:
        written = _tiles(source, folder, size, progress)
        kept = removed = 0
        if payloads:
            kept, removed = _payloads(source, folder, size)
        _write(folder / CHECKPOINT, signed)
    except OSError as error:
        raise StoreDown(f"{folder}: {error.strerror or error}") from None
    return Mirrored(size=size, tiles=written, payloads=kept, removed=removed)


def _tiles(source: Source, folder: Path, size: int, progress: Callable[[int], object]) -> int:
    written = 0
    for tile in (*tiles_of(size), *bundles_of(size)):
        file = folder / tile.path
        if tile.width < WIDTH or not file.is_file():
            raw = source.read(tile.path)
            if raw is None:
                raise BadProof(f"{source.name}: {tile.path} is missing")
            _write(file, raw)
            written += 1
        if tile.level < 0:
            progress(tile.index * WIDTH + tile.width)
    return written


def _payloads(source: Source, folder: Path, size: int) -> tuple[int, int]:
    if source.payloads is None:
        raise Misconfigured(f"{source.name} has no payloads to mirror")
    kept = removed = 0
    for index in range(size):
        file, raw = folder / payload_path(index), source.payloads(index)
        if raw is not None:
            _write(file, raw)
            kept += 1
        elif file.exists():
            file.unlink()
            removed += 1
    return kept, removed


def _write(file: Path, raw: bytes) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + ".new")
    new.write_bytes(raw)
    new.replace(file)
