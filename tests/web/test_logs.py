# SPDX-License-Identifier: Apache-2.0
"""The log over HTTP: a stranger with nothing but the key's public half checks all of it."""

import base64

import pytest

from gyges.errors import BadProof
from gyges.gate.permits import read_seed
from gyges.ledger import checkpoint as checkpoints
from gyges.ledger import merkle, tiles, verify
from gyges.ledger.bundle import verify_bundle
from gyges.ledger.note import Signer, Verifier
from tests.web.conftest import MAIL, READ, House


def verifier(house: House) -> Verifier:
    """The log's public key."""
    seed = read_seed(house.gate.folder / "keys" / "log.key").private_bytes_raw()
    return Signer.from_seed(house.gate.settings.origin, seed).verifier


async def fetch(house: House, path: str) -> bytes | None:
    """What a stranger gets at a path of the log."""
    answer = await house.call("", "GET", f"/log/{path}")
    return answer.content if answer.status_code == 200 else None


async def mirror(house: House) -> dict[str, bytes]:
    """All tiles and the checkpoint, fetched without a key."""
    raw = await fetch(house, "checkpoint")
    assert raw is not None
    size = checkpoints.open_checkpoint(raw, [verifier(house)]).size
    found = {"checkpoint": raw}
    for tile in (*tiles.tiles_of(size), *tiles.bundles_of(size)):
        body = await fetch(house, tile.path)
        assert body is not None, tile.path
        found[tile.path] = body
    return found


@pytest.mark.slow
async def test_a_stranger_verifies_the_whole_log(house: House) -> None:
    """Checkpoint and tiles, fetched without a key and in number, hold; one changed byte does not."""
    for _ in range(130):
        await house.propose(READ)
    files = await mirror(house)
    assert checkpoints.open_checkpoint(files["checkpoint"], [verifier(house)]).size > 256
    assert verify.verify_log(files.get, [verifier(house)]).held
    name = next(path for path in files if path.startswith("tile/entries"))
    broken = files | {name: files[name][:-5] + b"x" + files[name][-4:]}
    assert not verify.verify_log(broken.get, [verifier(house)]).held


@pytest.mark.slow
async def test_full_tiles_may_be_kept_for_ever_and_the_checkpoint_not(house: House) -> None:
    """Content types and cache headers are those of the C2SP text."""
    for _ in range(130):
        await house.propose(READ)
    tile = await house.call("", "GET", "/log/tile/0/000")
    assert tile.headers["content-type"] == "application/octet-stream"
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(tile.content) == 256 * 32
    head = await house.call("", "GET", "/log/checkpoint")
    assert head.headers["content-type"] == "text/plain; charset=utf-8"
    assert "no-cache" in head.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["tile/0/999", "tile/0/000.p/0", "tile/0/000.p/257", "tile/x", "tile/", "tile/0/../../keys/log.key",
     "tile/0/%2e%2e/%2e%2e/gyges.db", "keys/log.key", "tile/9/000"],
)  # fmt: skip
async def test_what_is_no_tile_is_404(house: House, path: str) -> None:
    """Beyond the tree, of impossible width, or not a tile's path at all: nothing is there."""
    answer = await house.call("", "GET", f"/log/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_an_inclusion_proof_holds(house: House) -> None:
    """The proof of every entry leads to the root of the checkpoint that comes with it."""
    await house.propose(MAIL)
    for index in range(6):
        found = (await house.call("", "GET", f"/v1/log/proof/{index}")).json()
        promise = checkpoints.open_checkpoint(found["checkpoint"].encode(), [verifier(house)])
        assert promise.size == found["size"]
        bundle = await fetch(house, tiles.bundles_of(promise.size).__next__().path)
        assert bundle is not None
        entries = tiles.unpack_entries(bundle, promise.size)
        hashes = [bytes.fromhex(text) for text in found["hashes"]]
        leaf = merkle.leaf_hash(entries[index])
        merkle.verify_inclusion(leaf, index, promise.size, hashes, promise.root)
        with pytest.raises(BadProof):
            merkle.verify_inclusion(leaf, index + 1, promise.size, hashes, promise.root)


async def test_a_consistency_proof_holds(house: House) -> None:
    """What was promised before is in what is promised now."""
    old = checkpoints.open_checkpoint(await fetch(house, "checkpoint") or b"", [verifier(house)])
    await house.propose(MAIL)
    found = (await house.call("", "GET", f"/v1/log/consistency?old={old.size}")).json()
    new = checkpoints.open_checkpoint(found["checkpoint"].encode(), [verifier(house)])
    hashes = [bytes.fromhex(text) for text in found["hashes"]]
    assert new.size == found["new"] > old.size
    merkle.verify_consistency(old.size, new.size, hashes, old.root, new.root)


@pytest.mark.parametrize(
    ("path", "status"),
    [("proof/99999", 404), ("proof/x", 404), ("proof/-1", 404), ("proof/0?size=99999", 422),
     ("proof/5?size=5", 404), ("consistency?old=99999", 422), ("consistency?old=0", 400),
     ("consistency", 400), ("consistency?old=5&new=4", 422), ("proof/1e3", 404), ("proof/٣", 404)],
)  # fmt: skip
async def test_a_proof_of_what_is_not_there_is_refused(
    house: House, path: str, status: int
) -> None:
    """Indices and sizes beyond the log, and what is no number, are told so."""
    answer = await house.call("", "GET", f"/v1/log/{path}")
    assert answer.status_code == status, answer.text


async def test_an_auditor_reads_events_page_by_page(house: House) -> None:
    """Every event once, in order, with payload and salt; by subject and kind as well."""
    case = await house.propose(MAIL)
    await house.decide("rita", case)
    seen, first = [], "0"
    while first:
        page = (await house.call("audrey", "GET", f"/v1/log/events?limit=3&first={first}")).json()
        seen += [item["index"] for item in page["items"]]
        first = page["next"]
    assert seen == list(range(len(seen)))
    mine = await house.call("audrey", "GET", f"/v1/log/events?subject={case['id']}")
    events = mine.json()["items"]
    assert [item["event"]["kind"] for item in events] == ["proposed", "decided", "answered"]
    assert all(len(bytes.fromhex(item["salt"])) >= 16 for item in events)
    one = await house.call("audrey", "GET", "/v1/log/events?kind=answered,decided&limit=1")
    assert one.json()["items"][0]["event"]["kind"] == "decided"


async def test_an_unknown_kind_is_refused(house: House) -> None:
    """A filter that could match nothing by a slip is an error."""
    answer = await house.call("audrey", "GET", "/v1/log/events?kind=approved")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_nothing_public_tells_what_an_action_was(house: House) -> None:
    """Tiles, checkpoint, proofs and metrics hold neither arguments nor names of tools and agents."""
    await house.propose({"tool": "send_mail", "arguments": {"to": "confidential@example.org"}})
    files = await mirror(house)
    public = ("/v1/log/proof/3", "/metrics", "/readyz", "/v1/log/consistency?old=3")
    answers = [await house.call("", "GET", path) for path in public]
    for text in (*files.values(), *(answer.content for answer in answers)):
        assert b"confidential" not in text
        assert b"send_mail" not in text
        assert base64.b64encode(b"confidential") not in text


@pytest.mark.parametrize("kind", ["case", "episode", "span"])
async def test_a_bundle_holds_offline(house: House, kind: str) -> None:
    """Evidence of a case, an episode or a span verifies with the public key alone; cut short it does not."""
    case = await house.propose({**MAIL, "episode": "e-1"})
    await house.decide("rita", case)
    query = {"case": f"case={case['id']}", "episode": "episode=e-1", "span": "since=1"}[kind]
    answer = await house.call("audrey", "GET", f"/v1/evidence?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jsonl")
    assert verify_bundle(answer.content, [verifier(house)]).held
    assert case["digest"] in answer.text
    cut = b"".join(answer.content.splitlines(keepends=True)[:-1])
    assert not verify_bundle(cut, [verifier(house)]).held


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("case=c-0&episode=e", 400), ("since=5&until=5", 400), ("case=c-0", 404),
     ("episode=none", 404)],
)  # fmt: skip
async def test_evidence_of_nothing_is_a_problem(house: House, query: str, status: int) -> None:
    """What cannot be chosen, or was never recorded, is told before a single line is sent."""
    answer = await house.call("audrey", "GET", f"/v1/evidence?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
