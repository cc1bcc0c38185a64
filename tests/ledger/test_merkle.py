# SPDX-License-Identifier: Apache-2.0
"""The tree against RFC 6962: its own examples, the public vectors, and its recursive definition."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import BadProof
from gyges.ledger import merkle
from gyges.ledger.merkle import Frontier, Getter

# The eight leaves that transparency logs test with since the first implementation of RFC 6962.
EIGHT = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def leaves_of(count: int) -> list[bytes]:
    """The leaf hashes of that many different entries."""
    return [merkle.leaf_hash(b"entry %d" % index) for index in range(count)]


def grown(leaves: Sequence[bytes]) -> tuple[Frontier, Getter]:
    """A tree grown in memory, and the getter over every subtree it reported."""
    frontier, made = Frontier().extend(leaves)
    nodes = {(level, index): hash_ for level, index, hash_ in made}
    return frontier, lambda level, index: nodes[level, index]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """The root of no leaves is SHA-256 of the empty string (section 2.1)."""
    assert Frontier().root() == merkle.EMPTY_ROOT == merkle.root_of([])
    assert merkle.EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")


def test_the_known_root_of_eight_leaves() -> None:
    """Grown leaf by leaf, the example tree has its published root."""
    frontier = Frontier()
    for entry in EIGHT:
        frontier, _ = frontier.append(merkle.leaf_hash(entry))
    assert frontier.root().hex() == ROOT_OF_EIGHT
    assert frontier.size == 8


@pytest.fixture(name="rfc")
def rfc_figures() -> dict[str, bytes]:
    """The named nodes of the seven-leaf tree drawn in section 2.1.3, and its smaller stages."""
    a, b, c, d, e, f, j = leaves_of(7)
    node = merkle.node_hash
    g, h, i = node(a, b), node(c, d), node(e, f)
    k, hash1 = node(g, h), node(node(a, b), c)
    ell = node(i, j)
    return {
        **dict(zip("abcdefghijkl", (a, b, c, d, e, f, g, h, i, j, k, ell), strict=True)),
        "hash": node(k, ell),
        "hash0": hash1,
        "hash1": k,
        "hash2": node(k, i),
    }


@pytest.mark.parametrize(("index", "path"), [(0, "bhl"), (3, "cgl"), (4, "fjk"), (6, "ik")])
def test_the_audit_paths_of_the_rfc(rfc: dict[str, bytes], index: int, path: str) -> None:
    """The four audit paths listed in section 2.1.3 come out, and lead to the root."""
    leaves = leaves_of(7)
    frontier, get = grown(leaves)
    assert frontier.root() == rfc["hash"]
    proof = merkle.inclusion_proof(index, 7, get)
    assert proof == [rfc[name] for name in path]
    merkle.verify_inclusion(leaves[index], index, 7, proof, rfc["hash"])


@pytest.mark.parametrize(
    ("old", "stage", "path"), [(3, "hash0", "cdgl"), (4, "hash1", "l"), (6, "hash2", "ijk")]
)
def test_the_consistency_proofs_of_the_rfc(
    rfc: dict[str, bytes], old: int, stage: str, path: str
) -> None:
    """The three consistency proofs listed in section 2.1.3 come out, and lead to both roots."""
    _, get = grown(leaves_of(7))
    proof = merkle.consistency_proof(old, 7, get)
    assert proof == [rfc[name] for name in path]
    assert merkle.root_at(old, get) == rfc[stage]
    merkle.verify_consistency(old, 7, proof, rfc[stage], rfc["hash"])


def test_the_public_vectors(shared_data: Path) -> None:
    """All 196 public proofs, good and bad, get the answer that their authors give."""
    lines = (shared_data / "vectors" / "rfc6962-proofs.jsonl").read_text().splitlines()
    wrong = [row["path"] for row in map(json.loads, lines) if holds(row) == row["wantErr"]]
    assert len(lines) == 196
    assert wrong == []


def holds(row: dict[str, object]) -> bool:
    """Whether one public vector verifies here."""

    def raw(key: str) -> bytes:
        return base64.b64decode(str(row[key]))

    def number(key: str) -> int:
        return int(str(row[key]))

    items = row["proof"] if isinstance(row["proof"], list) else []
    proof = [base64.b64decode(item) for item in items]
    try:
        if "leafIdx" in row:
            leaf, root = raw("leafHash"), raw("root")
            merkle.verify_inclusion(leaf, number("leafIdx"), number("treeSize"), proof, root)
        else:
            old, new = number("size1"), number("size2")
            merkle.verify_consistency(old, new, proof, raw("root1"), raw("root2"))
    except BadProof:
        return False
    return True


@given(st.integers(0, 200), st.data())
def test_growing_agrees_with_the_definition(size: int, data: st.DataObject) -> None:
    """However a tree is grown, its root and its reported subtrees are those of the definition."""
    leaves = leaves_of(size)
    cut = data.draw(st.integers(0, size))
    first, made = Frontier().extend(leaves[:cut])
    whole, more = first.extend(leaves[cut:])
    assert whole.root() == merkle.root_of(leaves)
    for level, index, hash_ in made + more:
        assert hash_ == merkle.root_of(leaves[index << level : (index + 1) << level])
    assert len(made) + len(more) == 2 * size - size.bit_count()


@given(st.integers(1, 300), st.data())
def test_every_proof_holds_and_no_bent_one_does(size: int, data: st.DataObject) -> None:
    """A proof made here verifies; with any bit, place or length changed it does not."""
    leaves = leaves_of(size)
    frontier, get = grown(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(index, size, get), frontier.root()
    merkle.verify_inclusion(leaves[index], index, size, proof, root)
    for other, bent in [(index, p) for p in bend(proof, data)] + [(index ^ 1, proof)]:
        if (other, bent) != (index, proof) and size > 1:
            with pytest.raises(BadProof):
                merkle.verify_inclusion(leaves[index], other, size, bent, root)


@given(st.integers(1, 300), st.data())
def test_every_prefix_is_consistent_and_no_bent_proof_is(size: int, data: st.DataObject) -> None:
    """Any earlier size is proved from the stored subtrees; a changed proof or root is refused."""
    frontier, get = grown(leaves_of(size))
    old = data.draw(st.integers(1, size))
    proof, was, now = (
        merkle.consistency_proof(old, size, get),
        merkle.root_at(old, get),
        frontier.root(),
    )
    assert was == merkle.root_of(leaves_of(old))
    merkle.verify_consistency(old, size, proof, was, now)
    for bent in bend(proof, data):
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, size, bent, was, now)
    for roots in [(merkle.node_hash(was, was), now), (was, merkle.node_hash(now, now))]:
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, size, proof, *roots)


def bend(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """The proof with a bit flipped, a hash added at either end, dropped, shortened or swapped."""
    filler = merkle.leaf_hash(b"filler")
    bent = [[*proof, filler], [filler, *proof]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at]) ^ 1 << bit).to_bytes(32)
        bent += [[*proof[:at], flipped, *proof[at + 1 :]], proof[:at] + proof[at + 1 :]]
        bent += [[*proof[:at], proof[at][:-1], *proof[at + 1 :]]]
    if len(proof) > 1:
        bent.append(proof[::-1])
    return bent


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_for_an_entry_outside_the_tree(index: int, size: int) -> None:
    """A proof about an entry that is not there is refused when made and when checked."""
    _, get = grown(leaves_of(3))
    with pytest.raises(BadProof, match="no entry"):
        merkle.inclusion_proof(index, size, get)
    with pytest.raises(BadProof, match="no entry"):
        merkle.verify_inclusion(merkle.EMPTY_ROOT, index, size, [], merkle.EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (3, 2), (-1, 3)])
def test_no_consistency_proof_backwards_or_from_nothing(old: int, new: int) -> None:
    """A tree cannot shrink, and nothing can be proved about the empty one."""
    _, get = grown(leaves_of(3))
    with pytest.raises(BadProof):
        merkle.consistency_proof(old, new, get)
    with pytest.raises(BadProof):
        merkle.verify_consistency(old, new, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT)


def test_a_hash_has_32_bytes() -> None:
    """Hashes of any other length are refused as such, wherever they stand."""
    leaves = leaves_of(7)
    frontier, get = grown(leaves)
    root, old_root = frontier.root(), merkle.root_at(3, get)
    proof = merkle.consistency_proof(3, 7, get)
    shifted = [proof[0] + proof[1][:1], proof[1][1:], *proof[2:]]
    for hashes, old, new in [
        (shifted, old_root, root),
        (proof, old_root[1:], root),
        (proof, old_root, root + b"\x00"),
    ]:
        with pytest.raises(BadProof, match="32 bytes long"):
            merkle.verify_consistency(3, 7, hashes, old, new)
    path = merkle.inclusion_proof(3, 7, get)
    for leaf, hashes, top in [
        (leaves[3] + path[0][:1], [path[0][1:], *path[1:]], root),
        (leaves[3], [*path[:-1], b""], root),
        (leaves[3], path, root[:31]),
    ]:
        with pytest.raises(BadProof, match="32 bytes long"):
            merkle.verify_inclusion(leaf, 3, 7, hashes, top)


def test_a_frontier_must_fit_its_size() -> None:
    """A size and an edge that cannot belong together are refused at once."""
    with pytest.raises(BadProof, match="edge"):
        Frontier(3, (merkle.EMPTY_ROOT,))


@given(st.integers(0, 300))
def test_a_frontier_comes_back_from_stored_subtrees(size: int) -> None:
    """A restart that reads the right edge from the store goes on as if nothing had happened."""
    frontier, get = grown(leaves_of(size))
    assert merkle.frontier_at(size, get) == frontier
