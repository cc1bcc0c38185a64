# SPDX-License-Identifier: Apache-2.0
"""Which Ed25519 public keys may be enrolled: those that every library reads the same way.

RFC 8032 leaves room, and libraries use it: some accept keys that stand for no secret (a signature
that fits them can be written down by anyone, for any message), some multiply by the cofactor when
they verify and some do not. All of that concerns three kinds of keys, and an honest key generator
makes none of them:

    not canonical   y >= p, or x = 0 with the sign bit set: two texts for one key
    small order     [8]A = 0: eight points, and every way to write them
    mixed order     [L]A != 0: an honest key plus one of the eight

With these refused when a key comes in, "verifies in any language" is true. Nothing here signs or
verifies, and nothing secret passes through: the arithmetic (RFC 8032, section 5.1) is not constant
time. A check takes a few milliseconds.
"""

from typing import TypeAlias

from gyges.errors import Malformed

KEY_SIZE = 32

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point: TypeAlias = tuple[int, int, int, int]
"""X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z (section 5.1.4)."""

_ZERO: _Point = (0, 1, 1, 0)


def check_public_key(raw: bytes) -> None:
    """Raise `Malformed` unless `raw` is the canonical form of a point of prime order L."""
    if len(raw) != KEY_SIZE:
        raise Malformed(f"an Ed25519 public key is {KEY_SIZE} bytes long, not {len(raw)}")
    point = _decode(raw)
    if _is_zero(_times(8, point)):
        raise Malformed("Ed25519 public key of small order: anyone could sign for it")
    if not _is_zero(_times(_L, point)):
        raise Malformed("Ed25519 public key of mixed order: libraries disagree about it")


def _decode(raw: bytes) -> _Point:
    """Section 5.1.3, with every check that it allows a reader to skip."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= _P:
        raise Malformed("Ed25519 public key is not in canonical form: y is too large")
    x = _square_root((y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P)
    if x == 0 and sign:
        raise Malformed("Ed25519 public key is not in canonical form: minus zero")
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _square_root(square: int) -> int:
    root = pow(square, (_P + 3) // 8, _P)
    for candidate in (root, root * _ROOT_OF_MINUS_ONE % _P):
        if candidate * candidate % _P == square:
            return candidate
    raise Malformed("Ed25519 public key is not a point of the curve")


def _add(one: _Point, other: _Point) -> _Point:
    """The complete addition of section 5.1.4; it doubles as well."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * _D * t1 * t2 % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: _Point) -> _Point:
    total = _ZERO
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _is_zero(point: _Point) -> bool:
    x, y, z, _ = point
    return x == 0 and (y - z) % _P == 0
