"""Who may call: no page of another server, nobody without the token, nobody too often."""

from collections.abc import Callable

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from speechgan.service.limits import CallRate, Limits
from speechgan.service.security import Access

Open = Callable[..., TestClient]
ROUTES = [
    ("POST", "/enhance"),
    ("POST", "/convert?target_speaker=kerstin"),
    ("GET", "/models"),
    ("GET", "/speakers"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("OPTIONS", "/enhance"),
]
FOREIGN = [
    ({"Host": "evil.example"}, 421),
    ({"Host": "localhost.evil.example"}, 421),
    ({"Host": "[::1"}, 421),
    ({"Host": ""}, 421),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "http://localhost:3000"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://[localhost"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_foreign_hosts_and_origins_are_refused_everywhere(
    method: str, path: str, headers: dict[str, str], status: int, open_client: Open
) -> None:
    answer = open_client().request(method, path, headers=headers)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(next(iter(headers)))


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_foreign_hosts_and_origins_get_no_stream(
    headers: dict[str, str], status: int, open_client: Open
) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as caught,
        open_client().websocket_connect("ws://localhost/stream", headers=headers),
    ):
        pass
    assert caught.value.code == 1008


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "127.0.0.1:8000"},
        {"Host": "[::1]:8000"},
        {"Host": "LOCALHOST"},
        {"Host": "localhost:8000", "Origin": "http://localhost:8000"},
    ],
)
def test_the_server_itself_may_call(headers: dict[str, str], open_client: Open) -> None:
    assert open_client().get("/models", headers=headers).status_code == 200


def test_a_page_that_is_admitted_may_call_and_read(open_client: Open) -> None:
    page = "https://example.org"
    client = open_client(access=Access(origins=frozenset({page}), token="right"))
    answer = client.get("/models", headers={"Origin": page, "Authorization": "Bearer right"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == page
    asked = {"Origin": page, "Access-Control-Request-Method": "POST"}
    assert client.options("/enhance", headers=asked).status_code == 200
    assert client.get("/models", headers={"Origin": "https://example.com"}).status_code == 403


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", "Basic right", "right"])
def test_without_the_token_nothing_is_done(given: str | None, open_client: Open) -> None:
    client = open_client(access=Access(token="right"))
    headers = {} if given is None else {"Authorization": given}
    for method, path in ROUTES:
        answer = client.request(method, path, headers=headers)
        is_open = path in ("/health", "/docs", "/openapi.json")
        expected = 405 if method == "OPTIONS" else 200 if is_open else 401
        assert answer.status_code == expected, path
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("ws://localhost/stream", headers=headers),
    ):
        pass


def test_with_the_token_everything_is_done(open_client: Open) -> None:
    client = open_client(access=Access(token="right"))
    headers = {"Authorization": "Bearer right"}
    assert client.get("/models", headers=headers).status_code == 200
    with client.websocket_connect("ws://localhost/stream", headers=headers) as stream:
        stream.send_json({"sample_rate": 16000})
        stream.send_text("end")
        assert stream.receive_bytes() == b""


def test_who_calls_too_often_is_told_to_wait(open_client: Open) -> None:
    client = open_client(limits=Limits(calls_per_minute=2), access=Access(token="right"))
    # Guesses count; a page of another server uses up nobody's calls.
    client.get("/models", headers={"Origin": "http://evil.example"})
    assert [client.get("/models").status_code for _ in range(3)] == [401, 401, 429]
    assert client.get("/health").status_code == 200


def test_calls_come_back_with_time() -> None:
    now = 0.0
    rate = CallRate(60, lambda: now)
    assert [rate.allow("a") for _ in range(61)] == [True] * 60 + [False]
    assert rate.allow("b")
    now = 2.0
    assert [rate.allow("a") for _ in range(3)] == [True, True, False]
    now = 10_000.0
    assert [rate.allow("a") for _ in range(61)] == [True] * 60 + [False]


def test_addresses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speechgan.service.limits.MOST_ADDRESSES", 3)
    rate = CallRate(1, lambda: 0.0)
    assert [rate.allow(name) for name in "abcd"] == [True] * 4
    assert [rate.allow(name) for name in "bcd"] == [False] * 3
    assert rate.allow("a")
