# SPDX-License-Identifier: Apache-2.0
"""JSON pointers: the examples of RFC 6901 section 5, and what leads nowhere."""

import pytest

from gyges.canon import Json
from gyges.errors import Malformed
from gyges.pointer import MISSING, find

DOCUMENT: Json = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6,
    " ": 7, "m~n": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1),
        ("/c%d", 2), ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
    ],
)  # fmt: skip
def test_the_examples_of_the_rfc(pointer: str, value: Json) -> None:
    """Each pointer of the RFC finds what the RFC says."""
    assert find(DOCUMENT, pointer) == value


@pytest.mark.parametrize("pointer", ["/foo/2", "/foo/-", "/foo/01", "/foo/x", "/no", "/foo/0/0"])
def test_what_is_not_there_is_missing(pointer: str) -> None:
    """A pointer into nothing finds nothing, which is not null."""
    assert find(DOCUMENT, pointer) is MISSING


@pytest.mark.parametrize("pointer", ["foo", "/a~2", "/~"])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    """A missing slash or an unknown escape."""
    with pytest.raises(Malformed):
        find(DOCUMENT, pointer)
