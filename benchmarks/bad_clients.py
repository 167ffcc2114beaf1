"""Clients that take a place and vanish, or dribble; for benchmarks/service.py.

Each case fills all places of a server that has few, then asks as a good client does until it is
served.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from file_clients import WAV, Kind, post_one
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

CONNECTIONS, STREAMS = 12, 4
FULL = CONNECTIONS - 1
"""Connections beside which one more reaches the limit, and is answered 503."""
IDLE, TRANSFER = 2, 4
LIMITS = {
    "max_connections": CONNECTIONS,
    "max_streams": STREAMS,
    "max_idle_seconds": IDLE,
    "max_transfer_seconds": TRANSFER,
    "max_calls_per_minute": 10**6,
    "jobs": 1,
    "waiting": 1,
}
GIVEN_UP = 60.0
"""Seconds after which a place is taken for lost."""
PATIENCE = 120.0
"""Seconds to wait for an answer to a stream."""
TOO_LATE = "asked too late"
"""What a good client met, where bad ones may have lost their places before it was answered."""
HEAD = b"POST /enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
GOOD = Kind(lambda most: WAV, 200)


@dataclass(frozen=True)
class Outcome:
    """What a good client met.

    Attributes:
        seconds: from the last bad deed until it was served; None if it never was.
        meanwhile: what it was answered while the bad ones held all places; empty if not tried.
    """

    seconds: float | None
    meanwhile: str = ""


@dataclass(frozen=True)
class Case:
    """A kind of bad client.

    Attributes:
        name: what it does.
        count: how many do so.
        limit: seconds that a server may take to notice.
        run: does it to the server at a port.
        options: of the server.
    """

    name: str
    count: int
    limit: float
    run: Callable[[int], Outcome]
    options: dict[str, int] = field(default_factory=lambda: dict(LIMITS))


def list_cases() -> list[Case]:
    """All of them."""
    many = 10 * CONNECTIONS
    body, head = HEAD + WAV[:9], HEAD[:30]
    patient = LIMITS | {"max_idle_seconds": 60}  # the first are to be there when the last come
    return [
        Case("vanish in the middle of an upload", many, 0, lambda p: vanish(p, body, many)),
        Case("vanish in the middle of a header", many, 0, lambda p: vanish(p, head, many)),
        Case("send a body byte by byte", FULL, TRANSFER, lambda p: dribble(p, body, TRANSFER)),
        Case("send a header byte by byte", FULL, IDLE, lambda p: dribble(p, head, IDLE)),
        Case("say nothing at all", FULL, IDLE, lambda p: dribble(p, b"", IDLE)),
        Case("vanish from a live stream", STREAMS, 0, lambda p: leave_streams(p, True), patient),
        Case("fall silent in a live stream", STREAMS, IDLE, lambda p: leave_streams(p, False)),
    ]


def vanish(port: int, said: bytes, count: int) -> Outcome:
    """One after the other, each gone before it has said what it began to say."""
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(said)
        _reset(client)
    return Outcome(_wait_for(lambda: _is_served(port)))


def dribble(port: int, said: bytes, limit: float) -> Outcome:
    """All at a time, each with a byte more every quarter of a second, if it said anything."""
    begun = time.perf_counter()
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(FULL)]
    for client in clients:
        client.sendall(said)
    over = threading.Event()

    def go_on() -> None:
        while said and not over.wait(0.25):
            for client in clients:
                try:
                    client.send(b"a")
                except OSError:
                    client.close()

    talking = threading.Thread(target=go_on)
    talking.start()
    started = time.perf_counter()
    time.sleep(0.5)  # until all of them are in: the one that comes last is answered 503
    meanwhile = str(post_one(port, GOOD, 0) or "nothing")
    if time.perf_counter() - begun > limit:
        meanwhile = TOO_LATE
    waited = _wait_for(lambda: _is_served(port), started)
    over.set()
    talking.join()
    for client in clients:
        client.close()
    return Outcome(waited, meanwhile)


def leave_streams(port: int, gone: bool) -> Outcome:
    """Streams that are begun, and then cut off, or left without a word."""
    streams = [_open_stream(port) for _ in range(STREAMS)]
    started = time.perf_counter()
    meanwhile = "served" if _has_stream(port) else "refused"
    for stream in streams if gone else ():
        assert stream is not None
        _reset(stream.socket)
    outcome = Outcome(_wait_for(lambda: _has_stream(port), started), meanwhile)
    for stream in streams:
        if stream is not None:
            stream.close()
    return outcome


def _is_served(port: int) -> bool:
    return post_one(port, GOOD, 0) == 200


def _has_stream(port: int) -> bool:
    stream = _open_stream(port)
    if stream is not None:
        stream.close()
    return stream is not None


def _open_stream(port: int) -> ClientConnection | None:
    """A stream that has answered its first block, or None where there is no place for it."""
    try:
        stream = connect(f"ws://127.0.0.1:{port}/stream", open_timeout=PATIENCE)
        stream.send('{"sample_rate": 16000}')
        stream.send(bytes(4 * 320))
        stream.recv(PATIENCE)
    except (OSError, WebSocketException, TimeoutError):
        return None
    return stream


def _wait_for(served: Callable[[], bool], started: float | None = None) -> float | None:
    started = time.perf_counter() if started is None else started
    while time.perf_counter() - started < GIVEN_UP:
        if served():
            return time.perf_counter() - started
        time.sleep(0.02)
    return None


def _reset(client: socket.socket) -> None:
    """Gone at once, without a goodbye: a reset, as of a process or a line that is cut."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
