"""uvicorn, with further limits."""

import asyncio
import os
import sys
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from speechgan.service.app import Service, make_app
from speechgan.service.limits import Limits

LARGEST_MESSAGE = 2**20
"""Limit of a stream's message, in bytes: half a minute of 16-bit samples at 16 kHz."""


def make_server(service: Service, host: str, port: int) -> uvicorn.Server:
    """A server that `run()` starts.

    Args:
        service: to be served, with its limits.
        host: address to listen at.
        port: 0 takes a free one.
    """
    return bound_server(make_app(service), service.limits, host, port)


def bound_server(
    app: ASGIApp, limits: Limits, host: str, port: int, last_seconds: int | None = None
) -> uvicorn.Server:
    """A server of any application, with limits of connections and timeouts.

    Args:
        app: the application.
        limits: of each connection, and of their number.
        host: address to listen at.
        port: 0 takes a free one.
        last_seconds: for running calls when the server is stopped; None waits for them.
    """
    config = uvicorn.Config(
        app,
        host,
        port,
        http=patient_protocol(limits.idle_seconds),
        ws_max_size=LARGEST_MESSAGE,
        # Compression, which clients request by default, would reduce samples by only 2 %.
        ws_per_message_deflate=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=last_seconds,
        # A line for each call would store addresses and parameters; /metrics has the sums.
        access_log=False,
        # Clients could forge addresses, and so evade the rate limit.
        proxy_headers=False,
        server_header=False,
        # uvicorn itself checks stdout for colours, but writes to stderr.
        use_colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
    )
    return uvicorn.Server(config)


def patient_protocol(seconds: float) -> type[H11Protocol]:
    """uvicorn's HTTP protocol, with timeouts for clients that do not send or receive.

    Without them it waits forever for a header that is sent very slowly and, when it closes a
    connection, forever for the client to receive the rest.

    Args:
        seconds: from the connection, or from the first byte of a later request, to the end of the
            header; from a response to the end of a body that it did not wait for; and from closing
            a connection to its end, which may take twice as long.
    """

    class PatientProtocol(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None
        _look: asyncio.TimerHandle | None = None
        _was_closing = False

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._expect_header()
            self._look_again()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            # A body that is still arriving after the response has the timeout too.
            if self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE:
                self._expect_header()
            else:
                self._stop_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            # A running timer would keep the protocol object with all received data in memory, and
            # many short connections would fill it.
            if self._look is not None:
                self._look.cancel()
            super().connection_lost(exc)

        def _expect_header(self) -> None:
            if self._deadline is None:
                self._deadline = self.loop.call_later(seconds, self.transport.abort)

        def _stop_waiting(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _look_again(self) -> None:
            if self._was_closing:
                self.transport.abort()
                return
            self._was_closing = self.transport.is_closing()
            self._look = self.loop.call_later(seconds, self._look_again)

    return PatientProtocol
