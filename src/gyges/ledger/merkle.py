# SPDX-License-Identifier: Apache-2.0
r"""The Merkle tree of RFC 6962, section 2.1: hashes, a growing right edge, proofs and their checks.

              root
         ______/ \______          The subtree (level, index) is complete: it covers the 2^level
       (2,0)             \        leaves from index * 2^level onwards. This tree of 6 leaves has
      /     \             \       the right edge (2,0), (1,2): all that growing it needs.
   (1,0)   (1,1)         (1,2)
   /   \   /   \         /   \
   0   1   2   3         4   5

Every hash is 32 bytes of SHA-256. Proofs ask a `Getter` for complete subtrees, so they work the
same over memory, a database and tiles. Nothing here stores, signs, or knows what an entry means.
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
"""get(level, index) -> the 32-byte hash of that complete subtree; raises if it has none."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree reduced to what growing needs: its size and the roots of its complete subtrees.

    `edge` runs from the largest subtree (left) to the smallest (right), one hash for each bit
    set in `size`. The value never changes; growing gives a new one.
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
        """Add leaf hashes in order. Also gives every subtree they completed, as they did.

        About 2 hashes a leaf; O(log n) for one leaf at the worst.
        """
        size, edge, made = self.size, list(self.edge), list[Node]()
        for leaf in leaves:
            top, index, level = leaf, size, 0
            made.append((0, index, leaf))
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
    """(level, index) of the complete subtrees a tree of `size` is made of, from the left."""
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
    """MTH(D[n]) over leaf hashes, word for word as section 2.1 defines it: slow and plain."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def inclusion_proof(index: int, size: int, get: Getter) -> list[bytes]:
    """PATH(index, D[size]) of section 2.1.1: the hashes beside the way from leaf to root."""
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

    RFC 6962, section 2.1.1; a proof longer or shorter than this place in this tree has is refused.
    """
    if not 0 <= index < size:
        raise BadProof(f"inclusion proof: no entry {index} in a tree of {size}")
    _check_lengths("inclusion proof", [leaf, root, *proof])
    inner, border = _shape(index, size)
    if len(proof) != inner + border:
        raise BadProof(
            f"inclusion proof: entry {index} of {size} takes {inner + border} hashes,"
            f" not {len(proof)}"
        )
    if _rise(leaf, index, proof, inner) != root:
        raise BadProof(f"inclusion proof: entry {index} does not lead to the root of size {size}")


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Raise `BadProof` unless the tree `new`, `new_root` begins with the tree `old`, `old_root`.

    RFC 6962, section 2.1.2. An empty old tree is refused: every tree begins with it, so there is
    nothing to prove. At equal sizes nothing is hashed: the proof is empty and the roots are equal.
    """
    if not 0 < old <= new:
        raise BadProof(f"consistency proof: none leads from a tree of {old} to one of {new}")
    if old == new:
        if proof or old_root != new_root:
            raise BadProof(f"consistency proof: these are two different trees of size {new}")
        return
    _check_lengths("consistency proof", [old_root, new_root, *proof])
    # The old tree's last complete subtree stands at `level`; from it the old root lies up and to
    # the left, the new root up to both sides. If it is the whole old tree, the proof leaves it out.
    level = (old & -old).bit_length() - 1
    path = list(proof) if old >> level > 1 else [old_root, *proof]
    inner, border = _shape(old - 1, new)
    inner -= level
    if len(path) != 1 + inner + border:
        raise BadProof(f"consistency proof: wrong number of hashes for {old} to {new}")
    first, path, at = path[0], path[1:], (old - 1) >> level
    lefts = [hash_ for bit, hash_ in enumerate(path) if bit >= inner or at >> bit & 1]
    if _rise(first, 0, lefts, 0) != old_root:
        raise BadProof(f"consistency proof: does not lead to the old root, of size {old}")
    if _rise(first, at, path, inner) != new_root:
        raise BadProof(f"consistency proof: does not lead to the new root, of size {new}")


def _shape(index: int, size: int) -> tuple[int, int]:
    """How long the way up from a leaf is: below, then along, the tree's right edge.

    While leaf and last leaf have different ancestors each level has a sibling; once they share one,
    only siblings on the left are left, one for each bit set in it.
    """
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _rise(top: bytes, at: int, path: Sequence[bytes], inner: int) -> bytes:
    """Hash `top` with its siblings: `inner` of them on the side that `at` says, the rest left."""
    for bit, hash_ in enumerate(path):
        if bit >= inner or at >> bit & 1:
            top = sha256(b"\x01" + hash_ + top).digest()
        else:
            top = sha256(b"\x01" + top + hash_).digest()
    return top


def _span_hash(low: int, high: int, get: Getter) -> bytes:
    """MTH(D[low:high]) where `low` is a multiple of the span's largest power of two."""
    width = high - low
    level = width.bit_length() - 1
    first = get(level, low >> level)
    if width == 1 << level:
        return first
    return node_hash(first, _span_hash(low + (1 << level), high, get))


def _split(n: int) -> int:
    """The largest power of two smaller than `n`, for n > 1."""
    return 1 << (n - 1).bit_length() - 1


def _check_lengths(what: str, hashes: Sequence[bytes]) -> None:
    if any(len(hash_) != HASH_SIZE for hash_ in hashes):
        raise BadProof(f"{what}: a hash that is not {HASH_SIZE} bytes long")
