"""The metrics for Prometheus at /metrics.

Without a library, which would need more lines for four metrics, and whose registry would be one for
the whole process, even with several applications.
"""

import time
from collections import defaultdict
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters by name and labels."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Adds to a counter."""
        self._sums[name][tuple(sorted(labels.items()))] += amount

    def format(self, gauges: Mapping[str, float]) -> str:
        """The counters, and present values of gauges, in Prometheus' text format."""
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
        metrics: with the counters.
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
            # The route, not the path, as clients could invent any number of paths.
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.add("calls_total", route=route, status=status)
            self.metrics.add("call_seconds_total", time.perf_counter() - started, route=route)
