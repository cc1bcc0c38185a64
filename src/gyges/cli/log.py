# SPDX-License-Identifier: Apache-2.0
"""`gyges log`: verify, export evidence, mirror, redact and retain; print the checkpoint and the key.

Reading commands look beside a gate that may be running and take nothing over; `redact` and `retain` write,
so they need the data folder to themselves. Verifying imports nothing of the gate's. Exit codes: 0 held,
1 did not hold, 2 could not run. It decides nothing.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gyges import __version__
from gyges.cli.log_mirror import mirror as write_mirror
from gyges.cli.log_shown import show, show_bundle, show_report
from gyges.cli.log_source import Source, open_source, signer_of
from gyges.errors import BadProof, Malformed, Misconfigured, StoreDown
from gyges.ledger import bundle as bundles
from gyges.ledger import checkpoint as checkpoints
from gyges.ledger import note
from gyges.ledger.note import Verifier
from gyges.ledger.tiles import CHECKPOINT
from gyges.ledger.verify import verify_log
from gyges.settings import read_settings

if TYPE_CHECKING:
    from gyges.ledger.export import Selection
    from gyges.ledger.sqlite import SqliteStore

HERE = "gyges-data"

app = typer.Typer(
    help="Verify the log, export evidence, keep and redact payloads.", no_args_is_help=True
)

Target = Annotated[
    str,
    typer.Argument(envvar="GYGES_DATA", help="A folder of tiles, a data folder, or an address."),
]
Data = Annotated[Path, typer.Option("--data", envvar="GYGES_DATA", help="A gate's data folder.")]
Keys = Annotated[
    list[str] | None, typer.Option("--key", help="A verifier key, or a file that holds some.")
]
Known = Annotated[
    list[Path] | None, typer.Option("--known", help="A checkpoint that you kept earlier.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes into the log.")]
By = Annotated[str, typer.Option("--by", help="Who does it; goes into the log.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def verify(
    target: Target = HERE,
    *,
    key: Keys = None,
    known: Known = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Check this evidence bundle instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every entry, tile and payload under the signed checkpoint; or an evidence bundle."""
    keys = _keys(key)
    if bundle is not None:
        found = bundles.verify_bundle(_bytes(bundle), keys or _own(target, as_json=as_json))
        show_bundle(found, as_json=as_json)
        raise typer.Exit(0 if found.held else 1)
    kept = [_bytes(file) for file in known or ()]
    with open_source(target) as source, _progress(source, quiet=as_json) as progress:
        report = verify_log(
            source.read,
            keys or _given(source, quiet=as_json),
            known=kept,
            payloads=source.payloads,
            listing=source.listing,
            progress=progress,
        )
    show_report(report, source.name, as_json=as_json)
    raise typer.Exit(0 if report.held else 1)


@app.command()
def export(
    case: Annotated[str, typer.Option(help="One action, by its id.")] = "",
    episode: Annotated[str, typer.Option(help="All actions of one episode.")] = "",
    since: Annotated[str, typer.Option(help="From this moment (ISO 8601, UTC unless told).")] = "",
    until: Annotated[str, typer.Option(help="Up to this moment, which is not included.")] = "",
    out: Annotated[Path | None, typer.Option(help="A new file; else standard output.")] = None,
    data: Data = Path(HERE),
) -> None:
    """Write an evidence bundle (JSON Lines with proofs) that `gyges log verify --bundle` checks."""
    from gyges.ledger.export import Selection

    chosen = Selection(case=case, episode=episode, since=_moment(since), until=_moment(until))
    count = asyncio.run(_export(data, chosen, out))
    if out is not None:
        print(f"{out}: {count} lines; check it with `gyges log verify --bundle {out} --key ...`")


@app.command()
def mirror(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")],
    source: Annotated[str, typer.Option("--from", envvar="GYGES_DATA", help="The log.")] = HERE,
    *,
    payloads: Annotated[
        bool, typer.Option("--payloads", help="Also what was said and done, not only digests.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write tiles and checkpoint as files that strangers can fetch and verify."""
    with open_source(source) as found, _progress(found, quiet=as_json) as progress:
        done = write_mirror(found, folder, payloads=payloads, progress=progress)
    show(done, f"{folder}: {done.size} entries, {done.tiles} tiles written", as_json=as_json)


@app.command()
def redact(
    case: Annotated[str, typer.Option(help="The closed case whose words go.")],
    reason: Reason,
    by: By,
    *,
    data: Data = Path(HERE),
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete for ever what the log says about one case. Every proof stays valid."""
    from gyges.ledger.retain import redact_case

    if not yes:
        typer.confirm(f"Delete all payloads of {case} for ever?", abort=True)

    async def run() -> int:
        async with _writing(data) as store:
            return await redact_case(store, case, now=_now(), by=by, reason=reason)

    count = asyncio.run(run())
    show({"redacted": count}, f"{case}: {count} payloads redacted", as_json=as_json)
    raise typer.Exit(0 if count else 1)


@app.command()
def retain(
    by: By,
    days: Annotated[int, typer.Option(help="Keep this long; the settings' time by default.")] = 0,
    *,
    data: Data = Path(HERE),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Redact payloads whose time is over: never younger than 183 days, never of open cases."""
    from gyges.ledger.retain import due_for_redaction
    from gyges.ledger.retain import retain as carry_out
    from gyges.ledger.sqlite_reader import SqliteReader

    keep = days or read_settings(data / "gyges.toml", {}).retention_days

    async def run() -> int:
        if not dry_run:
            async with _writing(data) as store:
                return await carry_out(store, now=_now(), days=keep, by=by)
        reader = await SqliteReader.look_at(data / "gyges.db")
        try:
            due = due_for_redaction(reader, now=_now(), days=keep)
            return sum([len(indices) async for indices in due])
        finally:
            await reader.close()

    count = asyncio.run(run())
    verb = "would be redacted" if dry_run else "redacted"
    show({"redacted": count, "dry_run": dry_run}, f"{count} payloads {verb}", as_json=as_json)


@app.command()
def checkpoint(target: Target = HERE) -> None:
    """Print the latest signed checkpoint. Keep it: `verify --known` then sees any rewriting."""
    with open_source(target) as source:
        raw = source.read(CHECKPOINT)
        if raw is None:
            raise StoreDown(f"{target}: there is no checkpoint")
        sys.stdout.write(raw.decode())


@app.command()
def key(data: Data = Path(HERE)) -> None:
    """Print the log's public key, for those who verify: give it to them by another way."""
    print(signer_of(data).verifier.text())


def _keys(given: list[str] | None) -> list[Verifier]:
    """Keys from texts, and from files that hold one on each line."""
    found: list[Verifier] = []
    for text in given or ():
        lines = [text] if "+" in text else _bytes(Path(text)).decode("utf-8", "replace").split("\n")
        found += [note.parse_verifier(line.strip()) for line in lines if line.strip()]
    return found


def _own(target: str, *, as_json: bool) -> list[Verifier]:
    with open_source(target) as source:
        return _given(source, quiet=as_json)


def _given(source: Source, *, quiet: bool) -> list[Verifier]:
    """The key that the log's keeper gives, with a warning; raise `Misconfigured` if there is none."""
    if source.own_key is None:
        raise Misconfigured(f"{source.name}: whose key must have signed it? Give --key")
    if not quiet:
        text = (
            "checked with the key found beside the log, which proves less than one you were given"
        )
        print(f"note: {text}", file=sys.stderr)
    return [source.own_key]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from None


def _moment(text: str) -> int:
    """Milliseconds of an ISO 8601 date or time; 0 for none."""
    if not text:
        return 0
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{text!r} is not a date or time in ISO 8601") from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _export(data: Path, chosen: "Selection", out: Path | None) -> int:
    from gyges.ledger.export import export as lines_of
    from gyges.ledger.sqlite_reader import SqliteReader

    reader = await SqliteReader.look_at(data / "gyges.db")
    count = 0
    try:
        with out.open("xb") if out else nullcontext(sys.stdout.buffer) as file:
            software = f"gyges {__version__}"
            async for line in lines_of(reader, reader, chosen, created=_now(), software=software):
                file.write(line)
                count += 1
    except OSError as error:
        raise StoreDown(f"{out or 'standard output'}: {error.strerror}") from None
    finally:
        await reader.close()
    return count


@asynccontextmanager
async def _writing(data: Path) -> AsyncGenerator["SqliteStore"]:
    """The store to write to, which no gate may have open."""
    from gyges.ledger.sqlite import SqliteStore

    signer = signer_of(data)
    origin = signer.verifier.name
    store = await SqliteStore.open(data / "gyges.db", origin=origin, signer=signer, create=False)
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def _progress(source: Source, *, quiet: bool) -> Generator[Callable[[int], object]]:
    """A bar on standard error where a person looks at it."""
    raw = source.read(CHECKPOINT)
    if quiet or raw is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    try:
        total = checkpoints.parse(note.parse(raw).text).size
    except BadProof:
        total = None
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("entries", total=total)
        yield lambda done: bar.update(task, completed=done)
