# SPDX-License-Identifier: Apache-2.0
"""The small HTTP client against servers that behave and servers that do not."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gyges.adapters.wire import Wire
from gyges.errors import Misconfigured, Unreachable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@asynccontextmanager
async def server(serve: Serve) -> AsyncGenerator[Wire, None]:
    """A wire to a server that does what `serve` says with each connection."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    wire = Wire(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    try:
        yield wire
    finally:
        await wire.close()
        listening.close()
        await listening.wait_closed()


async def ask(wire: Wire, patience: float = 60) -> tuple[int, bytes]:
    """One small request."""
    return await wire.request("POST", "/x", {}, b"{}", patience)


async def test_a_connection_is_kept_and_its_requests_are_whole() -> None:
    """Two requests, one connection, each with its length."""
    heads: list[bytes] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            assert await reader.readexactly(2) == b"{}"
            writer.write(OK)

    async with server(serve) as wire:
        assert await ask(wire) == (200, b"ok")
        assert await ask(wire) == (200, b"ok")
    assert connections == 1
    assert all(
        h.startswith(b"POST /x HTTP/1.1\r\n") and b"content-length: 2" in h.lower() for h in heads
    )


async def test_a_chunked_answer_in_pieces_is_put_together() -> None:
    """Any framing HTTP allows, arriving byte by byte."""
    whole = b"HTTP/1.1 201 X\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        for byte in whole:
            writer.write(bytes([byte]))
            await writer.drain()

    async with server(serve) as wire:
        assert await ask(wire) == (201, b"abcde")


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"]
)
async def test_an_answer_cut_short_or_no_http_is_unreachable_and_was_sent(answer: bytes) -> None:
    """The server may have acted: the error says that it may have heard."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(answer)

    async with server(serve) as wire:
        with pytest.raises(Unreachable) as caught:
            await ask(wire)
    assert caught.value.extra["sent"]


async def test_an_answer_that_does_not_come_is_unreachable() -> None:
    """Patience ends, the connection with it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(serve) as wire:
        with pytest.raises(Unreachable):
            await ask(wire, patience=0.05)


async def test_answers_without_a_body_end_each_time() -> None:
    """Two in a row: nothing, twice."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"{}")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with server(serve) as wire:
        assert await ask(wire) == (204, b"")
        assert await ask(wire) == (204, b"")


async def test_a_server_that_is_not_there_has_not_heard() -> None:
    """Nothing was sent, so nothing can have happened."""
    wire = Wire("http://127.0.0.1:9")
    with pytest.raises(Unreachable) as caught:
        await ask(wire)
    await wire.close()
    assert not caught.value.extra["sent"]


async def test_a_connection_that_speaks_unasked_is_not_used_again() -> None:
    """An answer nobody asked for must not become the answer to the next question."""
    answers = [OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", OK]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(answers.pop(0))
        await reader.read()

    async with server(serve) as wire:
        assert await ask(wire) == (200, b"ok")
        assert await ask(wire) == (200, b"ok")
    assert answers == []


@pytest.mark.parametrize(
    "url",
    ["", "gate", "ftp://gate", "http://", "http://u:p@gate", "http://gate:99999", "http://g?x"],
)
def test_a_url_that_is_none_is_said_at_once(url: str) -> None:
    """Before any key is sent anywhere."""
    with pytest.raises(Misconfigured):
        Wire(url)
