"""A real server and clients that misbehave: they wait, vanish, or come all at once."""

import functools
import gc
import json
import socket
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("websockets")

import httpx
from websockets.sync import client as websocket

from speechgan import Enhancer
from speechgan.service import server
from speechgan.service.limits import Limits
from speechgan.service.work import WorkLine

if TYPE_CHECKING:
    from tests.service.conftest import Gate

Listen = Callable[..., int]
PassTime = Callable[[float], None]
PATIENCE = 120.0
"""Seconds after which a test would hang; a busy machine takes some."""
connect = functools.partial(websocket.connect, open_timeout=PATIENCE, ping_interval=None)
HEADER = b"POST /enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"


def call(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port))
    made.settimeout(PATIENCE)
    return made


def read_all(connection: socket.socket) -> bytes:
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def get(port: int, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE)


def get_health(port: int) -> int:
    return get(port, "/health").status_code


def wait_until(holds: Callable[[], bool]) -> None:
    """Ends a test that would hang."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.01)
    pytest.fail("never came to hold")


def test_a_file_and_a_stream_go_through(listen: Listen, noisy: Path, tmp_path: Path) -> None:
    port = listen()
    target = tmp_path / "enhanced.wav"
    Enhancer.from_pretrained("default").enhance_file(noisy, target)
    url = f"http://127.0.0.1:{port}/enhance"
    answer = httpx.post(url, content=noisy.read_bytes(), timeout=PATIENCE)
    assert answer.content == target.read_bytes()
    with connect(f"ws://127.0.0.1:{port}/stream") as stream:
        stream.send(json.dumps({"sample_rate": 16000}))
        stream.send(bytes(4 * 16000))
        stream.send("end")
        assert sum(map(len, stream)) == 4 * 16000


def test_samples_are_not_compressed(listen: Listen) -> None:
    with connect(f"ws://127.0.0.1:{listen()}/stream", compression="deflate") as stream:
        assert stream.protocol.extensions == []


def test_calls_at_the_same_time_do_not_disturb_each_other(listen: Listen, noisy: Path) -> None:
    url = f"http://127.0.0.1:{listen(line=WorkLine(4, 8))}"
    data = noisy.read_bytes()
    paths = ["/enhance", "/enhance?model=quality", "/convert?target_speaker=kerstin"]

    def post(path: str) -> bytes:
        answer = httpx.post(url + path, content=data, timeout=PATIENCE)
        assert answer.status_code == 200
        return answer.content

    alone = list(map(post, paths))
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(post, paths * 2)) == alone * 2


def test_a_full_line_answers_429_and_then_works_again(
    listen: Listen, gate: "Gate", noisy: Path
) -> None:
    line = WorkLine(1, 1)
    url = f"http://127.0.0.1:{listen(line=line)}/enhance"

    def post(_: int) -> Any:
        return httpx.post(url, content=noisy.read_bytes(), timeout=PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(post, range(2))
        wait_until(lambda: line.held == 2)
        refused = post(0)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        gate.opened.set()
        assert [answer.status_code for answer in answers] == [200, 200]
    assert post(0).status_code == 200
    wait_until(lambda: line.held == 0)


@pytest.mark.parametrize("waiting", [0, 1], ids=["worked on", "in the line"])
def test_a_client_that_vanishes_frees_its_place(
    waiting: int, listen: Listen, gate: "Gate", noisy: Path, private: Path
) -> None:
    line = WorkLine(1, 1)
    port = listen(line=line)
    data = noisy.read_bytes()
    header = HEADER.replace(b"1000", b"%d" % len(data))
    clients = []
    for number in range(1 + waiting):
        clients.append(call(port))
        clients[-1].sendall(header + data)
        wait_until(lambda held=number + 1: line.held == held)
    clients[-1].close()
    wait_until(lambda: line.held == waiting)
    assert gate.left == 1 - waiting
    for client in clients:
        client.close()
    wait_until(lambda: line.held == 0)
    wait_until(lambda: not list(private.iterdir()))


def test_a_torn_upload_leaves_nothing(listen: Listen, private: Path) -> None:
    client = call(listen())
    client.sendall(HEADER + b"half")
    wait_until(lambda: any(private.iterdir()))
    client.close()
    wait_until(lambda: not any(private.iterdir()))


def test_a_slow_body_is_cut_off(listen: Listen, private: Path) -> None:
    client = call(listen(limits=Limits(transfer_seconds=0.2, idle_seconds=600)))
    client.sendall(HEADER + b"a")
    answer = read_all(client)  # ends, since the server ends it
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"upload: not complete after 0.2 s" in answer
    assert list(private.iterdir()) == []


@pytest.mark.parametrize("said", [b"", b"GET /health HTTP/1.1\r\nHos"])
def test_a_header_that_does_not_end_is_cut_off(said: bytes, listen: Listen) -> None:
    client = call(listen(limits=Limits(idle_seconds=0.2)))
    client.sendall(said)
    assert read_all(client) == b""


def is_cut_off(client: socket.socket, pass_time: PassTime) -> bool:
    """Whether it is now, after some minutes more of saying little."""
    try:
        client.sendall(b"a")
    except OSError:
        return True
    pass_time(400)
    return False


def test_a_connection_that_is_kept_is_cut_off_too(listen: Listen, pass_time: PassTime) -> None:
    client = call(listen(limits=Limits(idle_seconds=600)))
    client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.recv(15) == b"HTTP/1.1 200 OK"
    client.sendall(b"GET")
    time.sleep(0.1)  # most often, it has come
    wait_until(lambda: is_cut_off(client, pass_time))


def test_a_body_that_goes_on_after_its_answer_is_cut_off(
    listen: Listen, pass_time: PassTime
) -> None:
    client = call(listen(limits=Limits(idle_seconds=600)))
    client.sendall(HEADER.replace(b"1000", b"%d" % 10**12))
    assert client.recv(12) == b"HTTP/1.1 413"
    wait_until(lambda: is_cut_off(client, pass_time))


def test_an_answer_that_nobody_reads_is_cut_off(
    listen: Listen, gate: "Gate", noisy: Path, pass_time: PassTime
) -> None:
    gate.answer = bytes(2**25)  # more than the system takes in, to keep it for the client
    gate.opened.set()
    port = listen(limits=Limits(connections=2, transfer_seconds=600, idle_seconds=600))
    data = noisy.read_bytes()

    def another_is_served() -> bool:
        if get_health(port) == 200:
            return True
        pass_time(400)
        return False

    with call(port) as client:
        client.sendall(HEADER.replace(b"1000", b"%d" % len(data)) + data)
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        # As long as that connection is there, no other is served.
        assert get_health(port) == 503
        wait_until(another_is_served)
        assert len(read_all(client)) < len(gate.answer)


def test_nothing_of_a_connection_stays_once_it_is_gone(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: weakref.WeakSet[Any] = weakref.WeakSet()
    patient_protocol = server.patient_protocol

    def note(seconds: float) -> type:
        class Noted(patient_protocol(seconds)):  # type: ignore[misc]
            def connection_made(self, transport: Any) -> None:
                kept.add(self)
                super().connection_made(transport)

        return Noted

    monkeypatch.setattr(server, "patient_protocol", note)
    port = listen(limits=Limits(idle_seconds=600, body_bytes=1000))
    url = f"http://127.0.0.1:{port}/enhance"
    answers = [httpx.post(url, content=bytes(10**5), timeout=PATIENCE) for _ in "ab"]
    assert [answer.status_code for answer in answers] == [413, 413]

    def none_is_kept() -> bool:
        gc.collect()
        return not kept

    wait_until(none_is_kept)


def test_only_so_many_connections_are_served(listen: Listen) -> None:
    port = listen(limits=Limits(connections=3, idle_seconds=600))
    with call(port), call(port):
        wait_until(lambda: get_health(port) == 503)
    wait_until(lambda: get_health(port) == 200)


def test_a_stream_whose_client_vanishes_frees_its_place(listen: Listen) -> None:
    port = listen(limits=Limits(streams=1, idle_seconds=600))
    stream = connect(f"ws://127.0.0.1:{port}/stream")
    stream.send(json.dumps({"sample_rate": 16000}))
    wait_until(lambda: "speechgan_streams_open 1" in get(port, "/metrics").text)
    stream.socket.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: "speechgan_streams_open 0" in get(port, "/metrics").text)
