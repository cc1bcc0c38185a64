# SPDX-License-Identifier: Apache-2.0
"""`gyges log` on a real data folder: what holds, what does not, and what cannot be told; and each exit code."""

# Tests may touch files on the loop: nothing else runs on it.

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gyges.case import State
from gyges.cli.init import make
from gyges.cli.log_source import open_source, signer_of
from gyges.cli.main import main
from gyges.ledger.sqlite import SqliteStore
from tests.ledger.store_words import NOW, a_case, a_change

OLD = "c-old"  # closed long ago
OPEN = "c-open"  # from the same time, still waiting
COUNT = 300


async def fill(folder: Path) -> None:
    """A log of more than one tile."""
    signer = signer_of(folder)
    store = await SqliteStore.open(folder / "gyges.db", origin=signer.verifier.name, signer=signer)
    await store.record(a_change(a_case(OLD, state=State.DONE, arguments={"secret": "hunter2"})))
    await store.record(a_change(a_case(OPEN)))
    later = [
        a_change(a_case(f"c-{n}", state=State.DENIED, episode="e-1"), at=1 << 45)
        for n in range(COUNT - 2)
    ]
    await asyncio.gather(*map(store.record, later))
    await store.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose log has 300 entries."""
    folder = tmp_path_factory.mktemp("gate") / "data"
    make(folder)
    asyncio.run(fill(folder))
    return folder


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def tiles(made: Path, tmp_path: Path) -> Path:
    """The log as files."""
    folder = tmp_path / "tiles"
    assert main(["log", "mirror", str(folder), "--from", str(made), "--payloads"]) == 0
    return folder


@pytest.fixture
def key(made: Path) -> str:
    """The log's verifier key."""
    return signer_of(made).verifier.text()


def test_a_data_folder_holds(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Checked through its tiles, with a warning that the key is its own."""
    assert main(["log", "verify", str(data)]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("HELD:")
    assert "300 of 300 entries" in shown.out
    assert "300 payloads fit" in shown.out
    assert "proves less" in shown.err


def test_a_folder_of_tiles_holds(tiles: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of the gate is needed but its key's public half; JSON for programs."""
    capsys.readouterr()
    assert main(["log", "verify", str(tiles), "--key", key, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["held"], report["entries"], report["payloads"]) == (True, 300, 300)


@pytest.mark.slow
def test_verifying_imports_nothing_of_the_gate(tiles: Path, key: str) -> None:
    """Whoever checks the log does not run the code that wrote it."""
    program = (
        "import sys; from gyges.cli.main import main\n"
        "code = main(['log', 'verify', *sys.argv[1:]])\n"
        "rooms = ('gyges.gate', 'gyges.wiring', 'gyges.web', 'gyges.adapters', 'gyges.monitors')\n"
        "print([name for name in sys.modules if name.startswith(rooms)]); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, str(tiles), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def address(tiles: Path) -> Iterator[str]:
    """The tiles on a web server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = partial(Quiet, directory=str(tiles.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_a_web_address_holds(address: str, tiles: Path, key: str) -> None:
    """A stranger fetches the tiles, at the address itself or below /log; without a key there is no verdict."""
    assert main(["log", "verify", f"{address}/tiles", "--key", key]) == 0
    tiles.rename(tiles.parent / "log")
    assert main(["log", "verify", f"{address}/", "--key", key]) == 0
    assert main(["log", "verify", address]) == 2
    assert main(["log", "verify", f"{address}/elsewhere", "--key", key]) == 2


def test_an_address_that_does_not_answer_gives_no_verdict(key: str) -> None:
    """Nobody listens: exit code 2, which is neither held nor not."""
    assert main(["log", "verify", "http://127.0.0.1:9", "--key", key]) == 2


TAMPERED = [
    "UPDATE events SET entry = CAST(replace(entry, 'proposed', 'approved') AS BLOB) WHERE idx = 7",
    "UPDATE events SET hash = zeroblob(32) WHERE idx = 7",
    "UPDATE nodes SET hash = zeroblob(32)",
    "DELETE FROM events WHERE idx = 299",
    "UPDATE payloads SET body = CAST(replace(body, 'c-old', 'c-new') AS BLOB) WHERE idx = 0",
    "UPDATE head SET checkpoint = CAST(replace(checkpoint, '300', '299') AS BLOB)",
]


@pytest.mark.parametrize("sql", TAMPERED)
def test_a_changed_database_does_not_hold(
    data: Path, sql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever part of the log is changed in the file, the verdict is 1, and says where."""
    with sqlite3.connect(data / "gyges.db") as conn:
        assert conn.execute(sql).rowcount > 0
    conn.close()
    assert main(["log", "verify", str(data)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("DID NOT HOLD:")
    assert "  ! " in shown


def test_another_key_does_not_hold(tiles: Path, tmp_path: Path) -> None:
    """A log signed by somebody else is not this log; a key file may hold several lines."""
    other = tmp_path / "other"
    make(other)
    keys = tmp_path / "keys.txt"
    keys.write_text(signer_of(other).verifier.text() + "\n\n")
    assert main(["log", "verify", str(tiles), "--key", str(keys)]) == 1
    assert main(["log", "verify", str(tiles), "--key", "not+a+key"]) == 2
    assert main(["log", "verify", str(tiles), "--key", str(tmp_path / "missing")]) == 2


def test_a_checkpoint_kept_earlier_must_be_on_the_way(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log rebuilt without an event holds in itself, and not against the checkpoint that somebody kept."""
    kept = tmp_path / "kept"
    capsys.readouterr()
    assert main(["log", "checkpoint", str(data)]) == 0
    kept.write_text(capsys.readouterr().out)
    assert main(["log", "verify", str(data), "--known", str(kept)]) == 0
    (data / "gyges.db").unlink()
    (data / "gyges.db.lock").unlink()
    asyncio.run(fill(data))
    assert main(["log", "verify", str(data)]) == 0
    assert main(["log", "verify", str(data), "--known", str(kept)]) == 1


@pytest.mark.slow
def test_a_bundle_is_made_and_checked(
    data: Path, tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Evidence of an episode, of a case and of a span holds; a changed one does not."""
    out = tmp_path / "evidence.jsonl"
    command: list[str] = []
    for chosen in (["--episode", "e-1"], ["--case", OLD], ["--until", "2024-01-01"]):
        out.unlink(missing_ok=True)
        command = ["log", "export", "--data", str(data), "--out", str(out), *chosen]
        assert main(command) == 0
        assert main(["log", "verify", "--bundle", str(out), "--key", key]) == 0
    assert main(command) == 2, "an existing file is not written over"
    out.write_bytes(out.read_bytes().replace(b"c-open", b"c-0pen"))
    capsys.readouterr()
    assert main(["log", "verify", str(data), "--bundle", str(out), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["held"] is False


@pytest.mark.parametrize(
    "wrong", [[], ["--case", "c", "--episode", "e"], ["--since", "yesterday"], ["--case", "c-none"]]
)
def test_a_bundle_of_nothing_is_not_made(data: Path, wrong: list[str]) -> None:
    """Neither without a selection, nor with two, nor of what was never recorded."""
    assert main(["log", "export", "--data", str(data), *wrong]) == 2


@pytest.mark.slow
def test_a_redacted_case_is_gone_from_the_file_and_the_log_holds(
    data: Path, tiles: Path, key: str
) -> None:
    """No byte of its words is left in the database or in a mirror brought up to date; proofs stay."""
    assert any(b"hunter2" in file.read_bytes() for file in data.iterdir() if file.is_file())
    said = ["--reason", "asked for", "--by", "dpo", "--data", str(data), "--yes"]
    assert main(["log", "redact", "--case", OLD, *said]) == 0
    assert not any(b"hunter2" in file.read_bytes() for file in data.iterdir() if file.is_file())
    assert main(["log", "verify", str(data)]) == 0
    assert (tiles / "payload/0").exists()
    assert main(["log", "mirror", str(tiles), "--from", str(data), "--payloads"]) == 0
    assert not (tiles / "payload/0").exists()
    assert main(["log", "verify", str(tiles), "--key", key]) == 0
    assert main(["log", "redact", "--case", OLD, *said]) == 1, "there is nothing left to redact"
    assert main(["log", "redact", "--case", OPEN, *said]) == 2


def test_retention_redacts_what_is_old_and_closed(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An open case of the same age keeps its words; a second run has nothing to do; 183 days at least."""
    command = ["log", "retain", "--by", "cron", "--data", str(data), "--json"]
    capsys.readouterr()
    assert main([*command, "--dry-run"]) == 0
    assert main(command) == 0
    assert main(command) == 0
    shown = capsys.readouterr().out
    counts = [part["redacted"] for part in _objects(shown)]
    assert counts == [1, 1, 0]
    with open_source(str(data)) as source:
        assert source.payloads is not None
        assert [source.payloads(index) is None for index in range(3)] == [True, False, False]
    assert main([*command, "--days", "182"]) == 2
    assert main(["log", "verify", str(data)]) == 0


def test_a_folder_without_a_log_gives_no_verdict(tmp_path: Path) -> None:
    """Nothing there, no database, no key: exit code 2 and one line."""
    assert main(["log", "verify", str(tmp_path)]) == 2
    assert main(["log", "key", "--data", str(tmp_path)]) == 2
    (tmp_path / "gyges.db").write_bytes(b"no database, though it is long enough for one " * 20)
    assert main(["log", "verify", str(tmp_path)]) == 2


async def test_a_running_gate_is_read_beside_and_not_written_to(data: Path, key: str) -> None:
    """While a writer holds the folder, verifying works and redacting is refused."""
    signer = signer_of(data)
    store = await SqliteStore.open(data / "gyges.db", origin=signer.verifier.name, signer=signer)
    await store.record(a_change(a_case("c-new"), at=NOW))
    assert await asyncio.to_thread(main, ["log", "verify", str(data), "--key", key]) == 0
    said = ["--reason", "r", "--by", "b", "--data", str(data), "--yes"]
    assert await asyncio.to_thread(main, ["log", "redact", "--case", OLD, *said]) == 2
    await store.close()


def _objects(text: str) -> Iterator[dict[str, int]]:
    """The JSON objects that stand in `text` one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        found, at = decoder.raw_decode(text, at)
        at += 1
        yield found
