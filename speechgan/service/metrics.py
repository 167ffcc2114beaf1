"""What Prometheus reads at /metrics.

Written by hand: four figures are fewer lines than the use of a library, whose registry would also
be one for the whole process, however many applications are in it.
"""

import time
from collections import defaultdict
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Sums that only grow, by name and labels."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Adds to one of them."""
        self._sums[name][tuple(sorted(labels.items()))] += amount

    def format(self, gauges: Mapping[str, float]) -> str:
        """The sums, and figures that hold at this moment, in Prometheus' text format."""
        lines = []
        for name, sums in sorted(self._sums.items()):
            lines.append(f"# TYPE speechgan_{name} counter")
            for labels, value in sorted(sums.items()):
                inside = ",".join(f'{key}="{text}"' for key, text in labels)
                lines.append(f"speechgan_{name}{{{inside}}} {value:.10g}")
        for name, value in gauges.items():
            lines += [f"# TYPE speechgan_{name} gauge", f"speechgan_{name} {value:.10g}"]
        return "\n".join(lines) + "\n"


class Counted:
    """An ASGI application whose calls are counted, by route and status.

    Args:
        app: the application.
        metrics: where.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = "none", time.perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            # The route and not the path: a visitor may invent as many of those as they like.
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.add("calls_total", route=route, status=status)
            self.metrics.add("call_seconds_total", time.perf_counter() - started, route=route)
