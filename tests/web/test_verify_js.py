# SPDX-License-Identifier: Apache-2.0
"""`static/verify.js` in a real browser, against the log's own Python: same proofs, same refusals."""

import functools
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gyges import canon
from gyges.ledger import merkle
from tests.ledger.honest import tree_of

playwright = pytest.importorskip("playwright.sync_api")
STATIC = Path(__file__).resolve().parents[2] / "src" / "gyges" / "web" / "static"
EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "formats" / "evidence.md"
KEY = "gate.example/log+5bdbd508+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
OTHER = "gate.example/log+e3ea2cd1+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
IMPORT = "const js = await import('/verify.js');"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def tab(need: Callable[..., Path]) -> Iterator[Any]:
    """A page on loopback beside the static files."""
    chromium = need("chromium", "chromium-browser", "google-chrome")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=STATIC))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/verify.js")
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


def run(tab: Any, body: str, argument: object = None) -> Any:
    """What `body` returns, with the module as `js` and `argument` as `given`; an error as its message."""
    call = (
        f"async (given) => {{ {IMPORT} try {{ {body} }} catch (e) {{ return 'E:' + e.message }} }}"
    )
    return tab.evaluate(call, argument)


def example() -> str:
    """The whole bundle of the format's page."""
    found = re.search(r"```jsonl\n(.*?)```", EVIDENCE.read_text(), re.DOTALL)
    assert found
    return found[1]


def lines_of(text: str) -> list[dict[str, Any]]:
    """The lines of a bundle as objects."""
    return [json.loads(line) for line in text.splitlines()]


def text_of(lines: list[dict[str, Any]]) -> str:
    """The inverse."""
    return "".join(canon.encode(line).decode() + "\n" for line in lines)


CHECK = "const r = await js.checkBundle(given[0], given[1]); return [r.events.length, r.signed];"


@pytest.mark.slow
def test_proofs_lead_to_the_roots_that_python_computes(tab: Any) -> None:
    """Every entry of every tree up to 40 entries, and no proof leads there from another place."""
    asked = []
    for size in (*range(1, 18), 32, 33, 40):
        entries = [b"entry %d" % n for n in range(size)]
        frontier, get = tree_of(entries)
        for index in range(size):
            proof = [h.hex() for h in merkle.inclusion_proof(index, size, get)]
            asked.append([entries[index].decode(), index, size, proof, frontier.root().hex()])
    body = """
      const wrong = [];
      for (const [entry, index, size, proof, root] of given) {
        const leaf = await js.leafOf(entry), path = proof.map(js.unhex);
        if (js.hex(await js.rootFrom(leaf, index, size, path)) !== root) wrong.push([index, size]);
        if (size > 1) {
          const other = await js.rootFrom(leaf, (index + 1) % size, size, path).then(js.hex, () => "");
          if (other === root) wrong.push([index, size, "moved"]);
        }
        for (const bent of [[...path, leaf], path.slice(1)]) if (path.length) {
          const other = await js.rootFrom(leaf, index, size, bent).then(js.hex, () => "");
          if (other === root) wrong.push([index, size, "bent"]);
        }
      }
      return wrong;"""
    assert run(tab, body, asked) == []


def test_trees_that_begin_with_another_are_told_from_those_that_do_not(tab: Any) -> None:
    """Every pair of sizes up to 20 holds; a changed old root, new root or proof does not."""
    roots, asked = [], []
    for size in range(1, 21):
        frontier, get = tree_of([b"entry %d" % n for n in range(size)])
        roots.append(frontier.root().hex())
        for old in range(1, size + 1):
            proof = [h.hex() for h in merkle.consistency_proof(old, size, get)]
            asked.append([old, roots[old - 1], size, roots[size - 1], proof])
    body = """
      const wrong = [];
      for (const [old, before, size, after, proof] of given) {
        const [a, b, path] = [js.unhex(before), js.unhex(after), proof.map(js.unhex)];
        const bad = js.unhex("00".repeat(32));
        if (!await js.beginsWith(old, a, size, b, path)) wrong.push([old, size]);
        if (await js.beginsWith(old, bad, size, b, path)) wrong.push([old, size, "old root"]);
        if (await js.beginsWith(old, a, size, bad, path)) wrong.push([old, size, "new root"]);
        if (await js.beginsWith(old, a, size, b, [...path, bad])) wrong.push([old, size, "longer"]);
        if (path.length && await js.beginsWith(old, a, size, b, path.slice(0, -1))) wrong.push([old, size, "shorter"]);
      }
      return wrong;"""
    assert run(tab, body, asked) == []


def test_canonical_json_is_what_python_writes(tab: Any) -> None:
    """Numbers, keys in UTF-16 order, escapes: the same bytes on both sides."""
    values: list[Any] = [
        {"b": 1, "a": [True, None, "x"], "\u20ac": "\u202e", "\U0001f600": 1, "\ufb33": 2},
        {"n": [0, -1, 1.5, 1e-7, 1e21 / 10**6, 333333333.3333333, 9007199254740991]},
        {"t": 'quote " back \\ slash / tab\t nul\x00 del\x7f \u2028'},
        {"": {}, "__proto__": [], "10": 1, "9": 2},
    ]
    texts = [canon.encode(value).decode() for value in values]
    assert run(tab, "return given.map((t) => js.canonical(JSON.parse(t)));", texts) == texts


def test_the_example_of_the_format_holds(tab: Any) -> None:
    """The bundle on the format's page verifies, signature included, under its key."""
    assert run(tab, CHECK, [example(), KEY]) == [1, True]


def _entry(lines: list[dict[str, Any]]) -> None:
    lines[1]["entry"] = lines[1]["entry"].replace("stopped", "lifted")


def _index(lines: list[dict[str, Any]]) -> None:
    lines[1]["index"] = 0


def _payload(lines: list[dict[str, Any]]) -> None:
    lines[1]["payload"]["by"] = "nobody"


def _salt(lines: list[dict[str, Any]]) -> None:
    lines[1]["salt"] = "02" * 16


def _root(lines: list[dict[str, Any]]) -> None:
    lines[-1]["note"] = lines[-1]["note"].replace("wl7E", "wl7F")


def _size(lines: list[dict[str, Any]]) -> None:
    lines[-1]["note"] = lines[-1]["note"].replace("\n2\n", "\n3\n")


def _signature(lines: list[dict[str, Any]]) -> None:
    lines[-1]["note"] = lines[-1]["note"].replace("W9vVCMaz0", "W9vVCMaz1")


def _event_gone(lines: list[dict[str, Any]]) -> None:
    del lines[1]


def _cut(lines: list[dict[str, Any]]) -> None:
    del lines[-1]


def _format(lines: list[dict[str, Any]]) -> None:
    lines[0]["format"] = "gyges-evidence/2"


@pytest.mark.slow
@pytest.mark.parametrize(
    "tamper",
    [_entry, _index, _payload, _salt, _root, _size, _signature, _event_gone, _cut, _format],
)
def test_a_bundle_that_was_changed_does_not_hold(
    tab: Any, tamper: Callable[[list[dict[str, Any]]], None]
) -> None:
    """Whatever part is changed, the check says what does not hold."""
    lines = lines_of(example())
    tamper(lines)
    assert text_of(lines) != example()
    found = run(tab, CHECK, [text_of(lines), KEY])
    assert isinstance(found, str), found
    assert found.startswith("E:")


def test_a_redacted_payload_is_content(tab: Any) -> None:
    """Without payload and salt the entry is still proven."""
    lines = lines_of(example())
    lines[1] |= {"payload": None, "salt": None}
    assert run(tab, CHECK, [text_of(lines), KEY]) == [1, True]


@pytest.mark.parametrize("key", [OTHER, KEY.replace("5bdbd508", "5bdbd509"), KEY[:-4], "no key"])
def test_another_key_does_not_hold(tab: Any, key: str) -> None:
    """Neither somebody else's key nor one whose id or bytes are wrong."""
    found = run(tab, CHECK, [example(), key])
    assert isinstance(found, str), found
    assert found.startswith("E:")


COMPARE = """
  const kept = new Map(Object.entries(given.kept));
  const memory = { getItem: (n) => kept.get(n) ?? null, setItem: (n, v) => kept.set(n, v) };
  const [origin, size, root] = [given.origin, given.size, js.unhex(given.root)];
  const ask = async () => given.proof.map(js.unhex);
  const told = await js.compare({ origin, size, root }, given.key, ask, memory);
  return [told, JSON.parse(kept.get("gyges-log " + origin))];"""


def compared(tab: Any, old: int, size: int, **changes: Any) -> Any:
    """What the browser says of a log of `size` entries when it saw one of `old` before."""
    frontier, get = tree_of([b"entry %d" % n for n in range(size)])
    before = tree_of([b"entry %d" % n for n in range(old)])[0].root().hex() if old else ""
    proof = merkle.consistency_proof(old, size, get) if 0 < old < size else []
    seen = {"key": "k", "size": old, "root": before} | changes.pop("seen", {})
    given = {
        "kept": {"gyges-log o": json.dumps(seen)} if old else {}, "origin": "o", "size": size,
        "root": frontier.root().hex(), "proof": [h.hex() for h in proof], "key": "k", **changes,
    }  # fmt: skip
    return run(tab, COMPARE, given)


def test_the_first_checkpoint_is_kept_and_later_ones_must_begin_with_it(tab: Any) -> None:
    """First sight, growth and standstill hold, and the newest checkpoint is kept each time."""
    for old, size in ((0, 5), (5, 5), (5, 9), (8, 13)):
        told, kept = compared(tab, old, size)
        assert ("first time" if old == 0 else f"the {old} entries") in told
        assert kept["size"] == size


@pytest.mark.slow
def test_a_log_that_was_rewritten_shortened_or_has_another_key_is_found(tab: Any) -> None:
    """The browser says so and does not keep the new checkpoint."""
    for changes, words in (
        ({"seen": {"root": "00" * 32}}, "no longer begins"),
        ({"seen": {"size": 10}}, "shorter"),
        ({"key": "other"}, "key"),
        ({"proof": []}, "no longer begins"),
    ):
        found = compared(tab, 5, 9, **changes)
        assert isinstance(found, str), found
        assert words in found
