# SPDX-License-Identifier: Apache-2.0
"""`gyges notify`: what is set, a test message that arrives, what is owed, a secret that works."""

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from gyges.adapters.notify.webhook import signer_of
from gyges.cli.main import main
from gyges.ports import Change, Delivery
from gyges.settings import Settings
from gyges.wiring import open_gate
from tests.adapters.notify.receiver import Receiver, receiving
from tests.web.conftest import make_folder

Run = Callable[..., tuple[int, str, str]]
HOOK = """
[[channel]]
kind = "webhook"
name = "hook"
url = "http://127.0.0.1:{port}/"
secret_file = "keys/hook.secret"
allow = ["127.0.0.0/8"]
groups = ["finance"]
after_seconds = [0, 900]
quiet = ["22:00-07:00"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder without notify.toml."""
    return make_folder(tmp_path / "data")


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`gyges notify` on that folder: exit code, output, errors."""

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        given = [] if words[0] == "secret" else ["--data", str(folder)]
        code = main(["notify", *words, *given])
        done = capsys.readouterr()
        return code, done.out, done.err

    return call


def with_hook(folder: Path, run: Run, port: int = 9) -> str:
    """A webhook in the folder; its secret."""
    file = folder / "keys" / "hook.secret"
    assert run("secret", "--out", str(file))[0] == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (folder / "notify.toml").write_text(HOOK.format(port=port))
    return file.read_text().strip()


def test_what_is_set_is_shown(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file, a file, the same in JSON; the secret is not among it."""
    monkeypatch.setenv("COLUMNS", "200")
    code, text, _ = run("check")
    assert code == 0
    assert "nobody is told" in text.replace("\n", " ")
    secret = with_hook(folder, run)
    code, text, _ = run("check")
    assert code == 0
    for word in ("hook", "webhook", "finance", "900 s", "22:00-07:00"):
        assert word in text
    assert secret not in text
    (item,) = json.loads(run("check", "--json")[1])["items"]
    assert (item["name"], item["after_seconds"]) == ("hook", [0, 900])


def test_what_does_not_load_is_one_line(folder: Path, run: Run) -> None:
    """Exit code 2 and the file, the channel and the fault."""
    (folder / "notify.toml").write_text(HOOK.format(port=9))
    code, _, error = run("check")
    assert code == 2
    assert "channel hook" in error
    assert "hook.secret" in error
    assert error.count("\n") == 1


def test_a_test_message_arrives(folder: Path, run: Run) -> None:
    """It is signed like any other, says that it is a test, and names no case."""
    with receiving() as receiver:
        secret = with_hook(folder, run, receiver.port)
        code, text, _ = run("test", "hook")
    assert (code, text) == (0, "hook: 1 told\n")
    (got,) = receiver.got
    event = Webhook(secret).verify(got.body, dict(got.headers))
    assert (event["type"], event["data"]["case"]) == ("gyges.case.test", "")


def test_a_test_message_that_does_not_arrive(folder: Path, run: Run) -> None:
    """Exit code 1 and why; a channel that is not there is 2."""
    with receiving(Receiver(answers=[(500, {}, b"")])) as receiver:
        with_hook(folder, run, receiver.port)
        code, text, _ = run("test", "hook")
        assert code == 1
        assert "500" in text
        assert "500" in json.loads(run("test", "hook", "--json")[1])["error"]
    code, _, error = run("test", "pigeon")
    assert code == 2
    assert "pigeon" in error


def test_what_is_owed_is_listed(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a gate that runs: what is due and what was given up, and with --all what arrived."""
    monkeypatch.setenv("COLUMNS", "200")

    def row(id: str, **more: int | str | bool) -> Delivery:
        return Delivery(
            id=id, notice="n", kind="waiting", case=f"c-{id}", at=1, channel="hook", target="",
            **more,  # type: ignore[arg-type]
        )  # fmt: skip

    rows = (
        row("due", due=2, attempts=1, said="no route"),
        row("gone", done=2, said="410\x1b[2J"),
        row("told", done=2, ok=True),
    )

    async def write() -> None:
        gate = await open_gate(Settings(data=str(folder)))
        try:
            await gate.store.record(Change(events=(), deliveries=rows))
            code, text, _ = await asyncio.to_thread(run, "outbox")
            assert code == 0
            assert "no route" in text
            assert "not told: 410" in text
            assert "\x1b[2J" not in text
            assert "c-told" not in text
            assert "c-told" in (await asyncio.to_thread(run, "outbox", "--all"))[1]
            listed = json.loads((await asyncio.to_thread(run, "outbox", "--json"))[1])
            assert [item["id"] for item in listed["items"]] == ["due", "gone"]
        finally:
            await gate.close()

    asyncio.run(write())


def test_nothing_owed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new gate owes nothing to anybody."""
    folder = make_folder(tmp_path / "data")

    async def start() -> None:
        await (await open_gate(Settings(data=str(folder)))).close()

    asyncio.run(start())
    capsys.readouterr()
    assert main(["notify", "outbox", "--data", str(folder)]) == 0
    assert "Nothing is owed" in capsys.readouterr().out


def test_a_secret_is_one_that_signs(run: Run) -> None:
    """Each is new, and the library of Standard Webhooks takes it."""
    made = {run("secret")[1].strip() for _ in range(2)}
    assert len(made) == 2
    for secret in made:
        signer_of(secret)
