"""Who may call: the Host, Origin and token of a request, checked before anything else is done.

Any web page may send requests to a server on the visitor's own machine. Its Origin gives it away;
and where it has its own name point to 127.0.0.1 to hide that, the Host does.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from speechgan.service.limits import CallRate

# What says nothing of anybody: whether the server lives, and what its calls look like.
OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json"})
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
REFUSED_STREAM = 1008


@dataclass(frozen=True)
class Access:
    """Who may call.

    Attributes:
        hosts: names under which the server may be called, without a port.
        origins: of web pages on other servers that may call, such as "https://example.org".
        token: that a call must bring; None lets everybody in.
    """

    hosts: frozenset[str] = LOCAL_HOSTS
    origins: frozenset[str] = frozenset()
    token: str | None = None

    def refuse(self, headers: Mapping[str, str], needs_token: bool) -> tuple[int, str] | None:
        """The status and the reason, or None where the call may go on."""
        host = headers.get("host", "")
        if _host_name(host) not in self.hosts:
            return 421, "Host: not a name of this server; --allow-host adds one"
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and not _is_same(origin, host):
            return 403, "Origin: a page of another server; --allow-origin admits it"
        if self.token is None or not needs_token:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # In constant time, so that nobody finds the token letter by letter.
        right = hmac.compare_digest(given.strip().encode(), self.token.encode())
        if scheme.lower() != "bearer" or not right:
            return 401, "Authorization: send the header Authorization: Bearer TOKEN"
        return None


class Guard:
    """An ASGI application that lets through to another one only what may call.

    Args:
        app: the other one.
        access: who may call.
        rate: how often.
    """

    def __init__(self, app: ASGIApp, access: Access, rate: CallRate) -> None:
        self.app, self.access, self.rate = app, access, rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refuse(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send(
                {"type": "websocket.close", "code": REFUSED_STREAM, "reason": refusal[1][:120]}
            )
        else:
            status, reason = refusal
            extra = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "60"}}
            answer = JSONResponse({"detail": reason}, status, extra.get(status))
            await answer(scope, receive, send)

    def _refuse(self, scope: Scope) -> tuple[int, str] | None:
        # A browser asks by OPTIONS, without the token, whether a page may send it.
        needs_token = scope["path"] not in OPEN_PATHS and scope.get("method") != "OPTIONS"
        refusal = self.access.refuse(Headers(scope=scope), needs_token)
        # Guesses at the token count as calls; what other pages send does not, or they could
        # use up the calls of whoever looks at them.
        if refusal is not None and refusal[0] != 401:
            return refusal
        address = scope["client"][0] if scope.get("client") else ""
        if scope["path"] != "/health" and not self.rate.allow(address):
            return 429, "too many calls from this address; wait a minute"
        return refusal


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # brackets that do not match
        return None


def _is_same(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
