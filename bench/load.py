# SPDX-License-Identifier: Apache-2.0
"""A load generator of one file and no dependency: keeps N connections busy with requests made beforehand.

    python load.py PORT CLIENTS SECONDS FILE      FILE: requests, each behind its length (4 bytes, big-endian)

Each connection sends one request, reads the whole answer, sends the next (a closed loop). It prints one JSON
line (answers, bad, seconds, busy) and then every latency as a native 64-bit number of nanoseconds. `bad`
counts answers that are not 2xx or hold none of the bytes of $EXPECT. `busy` is its own share of a core: near
1 it would be the load, not the server, that is measured. It reads no more of HTTP than it needs.
"""

import json
import os
import select
import socket
import sys
import time
from array import array
from pathlib import Path

EXPECT = os.environ.get("EXPECT", "").encode()
now = time.perf_counter_ns


def requests_in(file: Path) -> list[bytes]:
    """The requests of a load file."""
    raw, at, found = file.read_bytes(), 0, []
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        found.append(raw[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def whole(data: bytes) -> bool:
    """Whether `data` is one complete answer."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = data.find(b"ontent-length: ", 0, head)
    if at < 0:
        at = data.find(b"ontent-Length: ", 0, head)
    if at < 0:
        return data.endswith(b"0\r\n\r\n")
    return len(data) >= head + 4 + int(data[at + 15 : data.find(b"\r\n", at, head + 2)])


def good(data: bytes) -> bool:
    """Whether an answer is the expected one."""
    return data[9:10] == b"2" and (not EXPECT or EXPECT in data)


def answer(sock: socket.socket) -> bytes:
    """One whole answer; raise `ConnectionError` if the server closes before its end."""
    data = b""
    while not whole(data):
        more = sock.recv(1 << 18)
        if not more:
            raise ConnectionError("the server closed a connection")
        data += more
    return data


def connect(port: int) -> socket.socket:
    """One connection that sends at once."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def alone(port: int, seconds: float, requests: list[bytes]) -> tuple["array[int]", int]:
    """One client, plain blocking calls."""
    sock, took, bad, at = connect(port), array("q"), 0, 0
    end = now() + int(seconds * 1e9)
    while (start := now()) < end:
        sock.sendall(requests[at % len(requests)])
        data = answer(sock)
        took.append(now() - start)
        bad += not good(data)
        at += 1
    return took, bad


def together(
    port: int, clients: int, seconds: float, requests: list[bytes]
) -> tuple["array[int]", int]:
    """Many clients on one epoll; those under way at the end are let out and not counted."""
    poll, took, bad, at = select.epoll(), array("q"), 0, 0
    socks = {sock.fileno(): sock for sock in (connect(port) for _ in range(clients))}
    begun, parts = dict.fromkeys(socks, 0), dict.fromkeys(socks, b"")
    for number, sock in socks.items():
        poll.register(number, select.EPOLLIN)
        begun[number] = now()
        sock.sendall(requests[at % len(requests)])
        at += 1
    end, waiting = now() + int(seconds * 1e9), clients
    while waiting:
        for number, _ in poll.poll(10):
            data = socks[number].recv(1 << 18)
            if not data:
                raise ConnectionError("the server closed a connection")
            if parts[number]:
                data = parts[number] + data
            if not whole(data):
                parts[number] = data
                continue
            parts[number], ended = b"", now()
            if ended >= end:
                waiting -= 1
                continue
            took.append(ended - begun[number])
            bad += not good(data)
            begun[number] = now()
            socks[number].sendall(requests[at % len(requests)])
            at += 1
    return took, bad


def main() -> None:
    """Run as the first lines say."""
    port, clients, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    requests = requests_in(Path(sys.argv[4]))
    start, busy = time.perf_counter(), time.process_time()
    if clients == 1:
        took, bad = alone(port, seconds, requests)
    else:
        took, bad = together(port, clients, seconds, requests)
    busy = (time.process_time() - busy) / (time.perf_counter() - start)
    head = {"answers": len(took), "bad": bad, "seconds": seconds, "busy": round(busy, 3)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + took.tobytes())


if __name__ == "__main__":
    main()
