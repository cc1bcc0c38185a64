# SPDX-License-Identifier: Apache-2.0
"""Where a log is read from: a folder of tiles, a gate's data folder, or a web address. Nothing is believed.

    tiles/        checkpoint, tile/..., perhaps payload/...      as `gyges log mirror` writes them
    gyges-data/   gyges.toml, gyges.db, keys/log.key             read beside the gate, which may be running
    http://...    <address>/checkpoint, or <address>/log/checkpoint

It imports nothing of the gate's: whoever checks a log should not have to run what made it.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from gyges.errors import Misconfigured, NotFound, StoreDown
from gyges.ledger import log, schema
from gyges.ledger.note import Signer, Verifier
from gyges.ledger.tiles import CHECKPOINT, payload_path
from gyges.ledger.verify import PayloadReader, Reader
from gyges.settings import read_settings

TIMEOUT_S = 30
LARGEST = 1 << 26  # bytes of one answer: no file of a log comes near


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One log to read. `own_key` is what the keeper says its key is: it proves less."""

    name: str
    read: Reader
    payloads: PayloadReader | None = None
    listing: Iterable[str] = ()
    own_key: Verifier | None = None


@contextmanager
def open_source(target: str) -> Generator[Source]:
    """The log at `target`; raise `Misconfigured`, `NotFound` or `StoreDown` if there is none to read."""
    if target.startswith(("http://", "https://")):
        with httpx.Client(timeout=TIMEOUT_S, headers={"user-agent": "gyges-log"}) as client:
            yield _web(target.rstrip("/"), client)
        return
    folder = Path(target)
    if (folder / "gyges.db").is_file():
        with reading(folder / "gyges.db") as conn:
            yield _data(folder, conn)
    elif (folder / CHECKPOINT).is_file():
        yield _tiles(folder)
    else:
        raise NotFound(f"{target} holds no log: neither gyges.db nor a file named checkpoint")


@contextmanager
def reading(file: Path) -> Generator[sqlite3.Connection]:
    """A connection that only reads; raise `StoreDown` with the cause."""
    try:
        conn = schema.connect(file, write=False, wait_ms=2000)
        try:
            schema.check(conn, file)
            yield conn
        finally:
            conn.close()
    except sqlite3.Error as error:
        raise schema.down(file, error) from None


def signer_of(folder: Path) -> Signer:
    """The key that signs the log of a data folder, under the name that its settings give the log."""
    settings, file = read_settings(folder / "gyges.toml", {}), folder / "keys" / "log.key"
    try:
        seed = bytes.fromhex(file.read_text(encoding="ascii").strip())
        return Signer.from_seed(settings.origin, seed)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file}: no key can be read: {error}") from None


def _data(folder: Path, conn: sqlite3.Connection) -> Source:
    key = signer_of(folder).verifier if (folder / "keys" / "log.key").is_file() else None
    return Source(
        name=str(folder),
        read=lambda path: log.read(conn, path),
        payloads=lambda index: log.payload(conn, index),
        own_key=key,
    )


def _tiles(folder: Path) -> Source:
    def read(path: str) -> bytes | None:
        file = folder / path
        try:
            return file.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise StoreDown(f"{file}: {error.strerror}") from None

    kept = (folder / "payload").is_dir()
    return Source(
        name=str(folder),
        read=read,
        payloads=(lambda index: read(payload_path(index))) if kept else None,
        listing=_files(folder),
    )


def _files(folder: Path) -> Iterator[str]:
    for file in sorted((folder / "tile").rglob("*")):
        if file.is_file():
            yield file.relative_to(folder).as_posix()


def _web(address: str, client: httpx.Client) -> Source:
    read = _getter(address, client)
    if read(CHECKPOINT) is None:
        address += "/log"
        read = _getter(address, client)
        if read(CHECKPOINT) is None:
            raise NotFound(f"{address} serves no log: there is no checkpoint")
    return Source(name=address, read=read)


def _getter(address: str, client: httpx.Client) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            answer = client.get(f"{address}/{path}")
        except httpx.HTTPError as error:
            raise StoreDown(f"{address}: {str(error) or type(error).__name__}") from None
        if answer.status_code == 404:
            return None
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise StoreDown(f"{address}/{path}: answered {answer.status_code}")
        return answer.content

    return read
