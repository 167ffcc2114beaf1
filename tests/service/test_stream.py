"""Live sound over a WebSocket."""

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from fastapi.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from speechgan import Converter, Enhancer
from speechgan.inference.enhancement.streaming import Stream
from speechgan.service.limits import Limits
from speechgan.service.stream import BAD_DATA, DONE, REFUSED, TRY_LATER, Streams
from speechgan.service.together import Together

if TYPE_CHECKING:
    from speechgan.service.models import Models

Open = Callable[..., TestClient]
NOISE = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 20000)).astype(np.float32)


def send(client: TestClient, opening: dict[str, Any], messages: list[bytes]) -> bytes:
    """All samples that come back."""
    with client.websocket_connect("ws://localhost/stream") as stream:
        stream.send_json(opening)
        heard = b""
        for message in messages:
            stream.send_bytes(message)
            heard += stream.receive_bytes()
        stream.send_text("end")
        heard += stream.receive_bytes()
        assert stream.receive()["code"] == DONE
    return heard


def cut(data: bytes, length: int) -> list[bytes]:
    return [data[i : i + length] for i in range(0, len(data), length)]


def test_a_stream_gives_what_the_file_gives(open_client: Open) -> None:
    enhanced = Enhancer.from_pretrained("default")(NOISE, 16000, strength=0.9)
    opening = {"sample_rate": 16000, "channels": 2, "strength": 0.9}
    heard = send(open_client(), opening, cut(NOISE.T.tobytes(), 8 * 777))
    np.testing.assert_allclose(np.frombuffer(heard, "<f4").reshape(-1, 2).T, enhanced, atol=1e-6)


def test_integers_are_answered_by_integers(open_client: Open) -> None:
    noise = np.rint(NOISE[0] * 2**15).astype("<i2")
    enhanced = Enhancer.from_pretrained("default")(noise, 16000)
    opening = {"sample_rate": 16000, "encoding": "s16le"}
    heard = send(open_client(), opening, cut(noise.tobytes(), 2000))
    np.testing.assert_allclose(np.frombuffer(heard, "<i2"), enhanced, atol=1)


def test_blocks_that_are_brief_alone_are_heard_beside_others(
    open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []

    async def hear(self: Together, stream: Stream, block: np.ndarray) -> np.ndarray:
        lengths.append(block.shape[1])
        return stream(block)

    monkeypatch.setattr(Together, "hear", hear)
    long, brief = NOISE[0, :16000], NOISE[0, 16000:]
    heard = send(
        open_client(), {"sample_rate": 16000}, [long.tobytes(), *cut(brief.tobytes(), 1280)]
    )
    expected = Enhancer.from_pretrained("default")(NOISE[0], 16000)
    np.testing.assert_allclose(np.frombuffer(heard, "<f4"), expected, atol=1e-6)
    assert lengths == [320] * 12 + [160]


def test_a_voice_is_converted_live(open_client: Open) -> None:
    stream = Converter.from_pretrained().stream(16000, "kerstin")
    blocks = np.split(NOISE[0], 4)
    expected = np.concatenate([*map(stream, blocks), stream.flush()])
    opening = {"sample_rate": 16000, "target_speaker": "kerstin"}
    heard = send(open_client(), opening, [block.tobytes() for block in blocks])
    np.testing.assert_array_equal(np.frombuffer(heard, "<f4"), expected)


def test_a_sound_of_nothing_ends_well(open_client: Open) -> None:
    assert send(open_client(), {"sample_rate": 16000}, []) == b""


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (["no JSON"], "stream: the first message is JSON"),
        (["[]"], "stream: the first message is JSON"),
        (["[" * 100000], "stream: the first message is JSON"),
        ([b"\xff\xfe"], "stream: the first message is JSON"),
        (['{"channels": 1}'], "stream: sample_rate: Field required"),
        (['{"sample_rat": 16000}'], "sample_rat: no such parameter (did you mean sample_rate?)"),
        (['{"sample_rate": 5}'], "stream: sample_rate: Input should be greater than"),
        (['{"sample_rate": 16000, "channels": 9}'], "stream: channels: Input should be less"),
        (['{"sample_rate": 16000, "model": "quality"}'], "this model hears ahead"),
        (['{"sample_rate": 16000, "model": "/etc"}'], "model /etc: not served to enhance"),
        (['{"sample_rate": 16000, "target_speaker": "x"}'], "x: voices has no such speaker"),
        (['{"sample_rate": 16000}', b"abc"], "stream: a message is whole samples of 4 bytes"),
        (['{"sample_rate": 16000}', "stop"], "stream: a message is whole samples of 4 bytes"),
        (['{"sample_rate": 16000}', np.float32("nan").tobytes()], "block: a sample is NaN"),
    ],
)
def test_a_bad_message_ends_the_stream_with_a_reason(
    messages: list[Any], reason: str, open_client: Open
) -> None:
    with open_client().websocket_connect("ws://localhost/stream") as stream:
        for message in messages:
            (stream.send_text if isinstance(message, str) else stream.send_bytes)(message)
        end = stream.receive()
    assert end["code"] == BAD_DATA
    assert end["reason"].startswith(reason)


def test_who_is_gone_before_the_reason_leaves_no_trace(models: "Models") -> None:
    """As a client that takes nothing: its connection is given up while it is told why."""
    heard = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "nonsense"}])
    said = []

    async def receive() -> Any:
        return next(heard)

    async def say(message: Any) -> None:
        said.append(message["type"])
        if message["type"] == "websocket.close":
            raise OSError  # as uvicorn does

    streams = Streams(models, Limits())
    asyncio.run(streams.serve(WebSocket({"type": "websocket"}, receive, say)))
    assert said == ["websocket.accept", "websocket.close"] and streams.open == 0


def test_only_so_many_streams_are_open(open_client: Open) -> None:
    client = open_client(limits=Limits(streams=1))
    for _ in range(2):  # the place is free again once the first has gone, without a word
        with client.websocket_connect("ws://localhost/stream") as first:
            first.send_json({"sample_rate": 16000})
            assert "speechgan_streams_open 1" in client.get("/metrics").text
            with client.websocket_connect("ws://localhost/stream") as second:
                assert second.receive()["code"] == TRY_LATER
    assert "speechgan_streams_open 0" in client.get("/metrics").text


@pytest.mark.parametrize("limits", [Limits(idle_seconds=0.05), Limits(stream_seconds=0.05)])
def test_a_stream_has_an_end(limits: Limits, open_client: Open) -> None:
    with open_client(limits=limits).websocket_connect("ws://localhost/stream") as stream:
        assert stream.receive()["code"] == REFUSED


def test_a_stream_in_which_something_is_said_all_the_time_has_an_end_too(
    open_client: Open,
) -> None:
    client = open_client(limits=Limits(stream_seconds=0.2))
    with client.websocket_connect("ws://localhost/stream") as stream:
        stream.send_text(json.dumps({"sample_rate": 16000}))
        with pytest.raises((WebSocketDisconnect, KeyError)):
            while True:
                stream.send_bytes(bytes(4 * 512))
                assert stream.receive()["bytes"] is not None
