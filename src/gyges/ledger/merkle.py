# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962, section 2.1: hashes, a growing right edge, proofs and their checks.

             root                   subtree (2, 0) covers leaves 0..3
         ____/  \\____              (level, index) covers leaves index * 2^level onwards, 2^level of them
       (2,0)        \\             a tree of 6 leaves has the right edge (2, 0), (1, 2)
      /     \\        \\
   (1,0)   (1,1)    (1,2)
   /   \\   /   \\    /   \\
   0   1   2   3    4   5

Every hash is 32 bytes of SHA-256. Proofs ask a `Getter` for complete subtrees, so they work the same
over memory, a database and tiles. Nothing here stores, signs, or knows what an entry means.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from gyges.errors import BadProof

HASH_SIZE = 32
MAX_SIZE = 2**63 - 1  # sizes and indices fit a signed 64-bit column and any other reader's integer
EMPTY_ROOT = sha256(b"").digest()

Node: TypeAlias = tuple[int, int, bytes]
"""(level, index, hash) of a complete subtree."""

Getter: TypeAlias = Callable[[int, int], bytes]
"""get(level, index) -> the 32-byte hash of that complete subtree; raises what it likes if it cannot."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree reduced to what growing needs: its size and the roots of its complete subtrees.

    `edge` runs from the largest subtree (left) to the smallest (right), one hash for each bit set in
    `size`. The value never changes; growing gives a new one.
    """

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.edge) != self.size.bit_count():
            raise BadProof(f"a tree of {self.size} leaves cannot have {len(self.edge)} edge hashes")

    def append(self, leaf: bytes) -> "tuple[Frontier, list[Node]]":
        """Add one leaf hash. Also gives the subtrees it completed, the leaf itself first."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> "tuple[Frontier, list[Node]]":
        """Add leaf hashes in order. Also gives every subtree they completed, in order of completion.

        About 2 hashes a leaf; O(log n) for one leaf at the worst.
        """
        size, edge, made = self.size, list(self.edge), list[Node]()
        for top in leaves:
            index, level = size, 0
            made.append((0, index, top))
            while index & 1:
                top = sha256(b"\x01" + edge.pop() + top).digest()
                index >>= 1
                level += 1
                made.append((level, index, top))
            edge.append(top)
            size += 1
        return Frontier(size, tuple(edge)), made

    def root(self) -> bytes:
        """The Merkle Tree Hash of the whole tree; `EMPTY_ROOT` without leaves."""
        if not self.edge:
            return EMPTY_ROOT
        top = self.edge[-1]
        for left in self.edge[-2::-1]:
            top = node_hash(left, top)
        return top


def edge_of(size: int) -> Iterator[tuple[int, int]]:
    """(level, index) of the complete subtrees that a tree of `size` leaves consists of, from the left."""
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            yield level, start >> level
            start += 1 << level


def frontier_at(size: int, get: Getter) -> Frontier:
    """The frontier that the tree had at `size`, from stored subtrees."""
    return Frontier(size, tuple(get(level, index) for level, index in edge_of(size)))


def root_at(size: int, get: Getter) -> bytes:
    """The root that the tree had at `size`, from stored subtrees."""
    return frontier_at(size, get).root()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n]) word for word as section 2.1 defines it, over leaf hashes. Slow; the tests' oracle."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def inclusion_proof(index: int, size: int, get: Getter) -> list[bytes]:
    """PATH(index, D[size]) of section 2.1.1: the hashes beside the way from a leaf up to the root."""
    if not 0 <= index < size:
        raise BadProof(f"no entry {index} in a tree of {size}")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_span_hash(middle, high, get))
            high = middle
        else:
            path.append(_span_hash(low, middle, get))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, get: Getter) -> list[bytes]:
    """PROOF(old, D[new]) of section 2.1.2: that the first `old` leaves are still what they were."""
    if not 0 < old <= new:
        raise BadProof(f"no consistency proof leads from a tree of {old} to one of {new}")
    low, high, path = 0, new, list[bytes]()
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_span_hash(middle, high, get))
            high = middle
        else:
            path.append(_span_hash(low, middle, get))
            low = middle
    if low:
        path.append(_span_hash(low, high, get))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise `BadProof` unless `leaf` is leaf hash `index` of the tree with this size and root.

    The steps are those of RFC 9162, section 2.1.3.2 (same tree, the check spelt out).
    """
    if not 0 <= index < size:
        raise BadProof(f"inclusion proof: no entry {index} in a tree of {size}")
    _check_lengths("inclusion proof", [leaf, root, *proof])
    at, last, top = index, size - 1, leaf
    for hash_ in proof:
        if last == 0:
            raise BadProof(f"inclusion proof of entry {index}: longer than the tree is high")
        if at & 1 or at == last:
            top = node_hash(hash_, top)
            at, last = _climb(at, last)
        else:
            top = node_hash(top, hash_)
        at, last = at >> 1, last >> 1
    if last or top != root:
        raise BadProof(f"inclusion proof of entry {index}: does not lead to the root of size {size}")


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Raise `BadProof` unless the tree (`new`, `new_root`) begins with the tree (`old`, `old_root`).

    The steps are those of RFC 9162, section 2.1.4.2. An empty old tree is refused: every tree begins
    with it, so there is nothing to prove. At equal sizes nothing is hashed: the roots are compared.
    """
    if not 0 < old <= new:
        raise BadProof(f"consistency proof: none leads from a tree of {old} to one of {new}")
    if old == new:
        if proof or old_root != new_root:
            raise BadProof(f"consistency proof: two different trees of size {new}")
        return
    _check_lengths("consistency proof", [old_root, new_root, *proof])
    if (_rise(old, new, proof, old_root)) != (old_root, new_root):
        raise BadProof(f"consistency proof: the tree of {new} does not begin with the tree of {old}")


def _rise(old: int, new: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof leads to."""
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise BadProof("consistency proof: empty, but the sizes differ")
    at, last = _climb(old - 1, new - 1, odd_only=True)
    was = now = path[0]
    for hash_ in path[1:]:
        if last == 0:
            raise BadProof("consistency proof: longer than the tree is high")
        if at & 1 or at == last:
            was, now = node_hash(hash_, was), node_hash(hash_, now)
            at, last = _climb(at, last)
        else:
            now = node_hash(now, hash_)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("consistency proof: shorter than the tree is high")
    return was, now


def _climb(at: int, last: int, *, odd_only: bool = False) -> tuple[int, int]:
    """Skip the levels without a sibling: to the odd ancestor, from which the next shift goes on.

    With `odd_only`, leave every odd level behind: the start of a consistency proof.
    """
    if odd_only:
        while at & 1:
            at, last = at >> 1, last >> 1
        return at, last
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _span_hash(low: int, high: int, get: Getter) -> bytes:
    """MTH(D[low:high]) where `low` is a multiple of the span's largest power of two."""
    top = b""
    for level, index in reversed(list(edge_of(high - low))):
        left = get(level, (low >> level) + index)
        top = node_hash(left, top) if top else left
    return top


def _split(n: int) -> int:
    """The largest power of two smaller than `n`, for n > 1."""
    return 1 << (n - 1).bit_length() - 1


def _check_lengths(what: str, hashes: Sequence[bytes]) -> None:
    if any(len(hash_) != HASH_SIZE for hash_ in hashes):
        raise BadProof(f"{what}: a hash that is not {HASH_SIZE} bytes long")
