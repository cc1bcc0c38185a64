# SPDX-License-Identifier: Apache-2.0
"""Paths find their line, and nothing else's."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.web.call import Call, Reply, Route
from gyges.web.problems import NoMethod
from gyges.web.routing import Table


async def nothing(call: Call[None, None]) -> Reply:
    """Answer nothing."""
    return Reply()


def line(method: str, path: str) -> Route:
    """A public line."""
    return Route(method=method, path=path, scopes=None, handler=nothing)


TABLE = Table(
    [
        line("GET", "/a"),
        line("POST", "/a"),
        line("GET", "/a/{id}"),
        line("POST", "/a/{id}/do"),
        line("GET", "/a/fixed"),
        line("GET", "/files/{path*}"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "found", "params"),
    [
        ("GET", b"/a", "/a", ()),
        ("HEAD", b"/a", "/a", ()),
        ("GET", b"/a/7", "/a/{id}", ("7",)),
        ("GET", b"/a/fixed", "/a/fixed", ()),
        ("POST", b"/a/x%2Fdo/do", "/a/{id}/do", ("x/do",)),
        ("GET", b"/files/0/x001/000.p/5", "/files/{path*}", ("0/x001/000.p/5",)),
    ],
)
def test_a_path_finds_its_line(
    method: str, path: bytes, found: str, params: tuple[str, ...]
) -> None:
    """Literal parts win over variable ones, HEAD is GET, an encoded slash stays in its part."""
    answer = TABLE.find(method, path)
    assert answer is not None
    assert (answer[0].path, answer[1]) == (found, params)


@pytest.mark.parametrize(
    "path", [b"", b"/", b"/a/", b"/a//do", b"/b", b"/a/1/do/more", b"/a/1/other"]
)
def test_other_paths_find_nothing(path: bytes) -> None:
    """Near misses are misses: no trailing slash, no empty part, no prefix."""
    assert TABLE.find("GET", path) is None


def test_a_method_that_is_not_there_is_told_which_are() -> None:
    """405 names the methods that the path has."""
    with pytest.raises(NoMethod) as caught:
        TABLE.find("PUT", b"/a")
    assert caught.value.headers == ((b"allow", b"GET, POST"),)


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8")))
def test_any_text_comes_back_from_its_part(text: str) -> None:
    """Whatever is quoted into one part is the parameter, whole, unless a literal part has that name."""
    found = TABLE.find("POST", f"/a/{quote(text, safe='')}/do".encode())
    assert found is not None
    assert found[1] == (text,)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_path_or_none(path: bytes) -> None:
    """No path makes the search fail."""
    found = TABLE.find("GET", b"/" + path)
    assert found is None or found[0] in TABLE.routes
