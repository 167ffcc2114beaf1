"""Access control: the Host, Origin and token of a request, checked before anything else.

Any web page may send requests to a server on its visitor's own machine. They are recognised by
their Origin or, in a DNS rebinding attack, where the page's own name points to 127.0.0.1, by Host.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from speechgan.service.limits import CallRate

# Paths without a token: health and the description of the interface.
OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json"})
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
REFUSED_STREAM = 1008


@dataclass(frozen=True)
class Access:
    """Rules of access.

    Attributes:
        hosts: names under which the server may be called, without a port.
        origins: of web pages on other servers that may call, such as "https://example.org".
        token: that calls need; None for none.
    """

    hosts: frozenset[str] = LOCAL_HOSTS
    origins: frozenset[str] = frozenset()
    token: str | None = None

    def refuse(self, headers: Mapping[str, str], needs_token: bool) -> tuple[int, str] | None:
        """The status and reason of a refusal, or None if the call is allowed."""
        host = headers.get("host", "")
        if _host_name(host) not in self.hosts:
            return 421, "Host: not a name of this server; --allow-host adds one"
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and not _is_same(origin, host):
            return 403, "Origin: a page of another server; --allow-origin admits it"
        if self.token is None or not needs_token:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # In constant time, against timing attacks.
        right = hmac.compare_digest(given.strip().encode(), self.token.encode())
        if scheme.lower() != "bearer" or not right:
            return 401, "Authorization: send the header Authorization: Bearer TOKEN"
        return None


class Guard:
    """An ASGI application that passes only allowed calls to another one.

    Args:
        app: the other one.
        access: rules of access.
        rate: limit of calls.
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
        # A browser's preflight request, OPTIONS, has no token.
        needs_token = scope["path"] not in OPEN_PATHS and scope.get("method") != "OPTIONS"
        refusal = self.access.refuse(Headers(scope=scope), needs_token)
        # Wrong tokens count as calls; requests of other pages do not, or those pages could use up
        # the calls of their visitors.
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
