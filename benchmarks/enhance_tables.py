"""The tables that benchmarks/enhance.py prints, in Markdown."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from speechgan.evaluation.enhancement_measures import MEASURES

Found = dict[str, Any]
BUSY = 0.9


def format_report(report: dict[str, Any], measures: Sequence[str]) -> str:
    """Versions and up to four tables."""
    systems: list[Found] = list(report["systems"].values())
    present = [found for found in systems if "missing" not in found]
    imports = report["imports"]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    count = " and ".join(f"{n} {place}" for place, n in report["recordings"].items())
    parts = [
        f"{versions}. {report['machine']}, one thread. {count} recordings judged. "
        f"`import torch, torchaudio` alone takes {imports['peak']:.0f} MB and "
        f"{imports['start']:.1f} s."
    ]
    judged = [found for found in present if "quality" in found]
    if judged:
        parts.append(format_quality(judged, measures))
    timed = [found for found in present if "times_real_time" in found]
    if timed:
        parts.append(format_speed(timed, imports["peak"]))
    streams = [found for found in timed if "stream" in found]
    if streams:
        parts.append(format_streams(streams))
    hours = [found for found in timed if "hour" in found]
    if hours:
        parts.append(format_hours(hours, imports["peak"]))
    missing = [f"- {found['title']}: {found['missing']}" for found in systems if "missing" in found]
    if missing:
        parts.append("Missing:\n\n" + "\n".join(missing))
    missing = [
        f"- {found['title']}: {reason}" for found in present for reason in found.get("left_out", ())
    ]
    if missing:
        parts.append("Left out of the means:\n\n" + "\n".join(missing))
    shares = {found["title"]: found["core_got"] for found in timed if found["core_got"] < BUSY}
    if shares:
        parts.append(
            "This machine was busy; starts and p99 with waiting would be shorter without other "
            "work. Of a core got: "
            + ", ".join(f"{title} {share:.0%}" for title, share in shares.items())
            + "."
        )
    return "\n\n".join(parts)


def format_quality(systems: list[Found], measures: Sequence[str]) -> str:
    """Mean scores, of one place beside those of the other."""
    known = {measure.key: measure for measure in MEASURES}
    columns = [known[key] for key in measures]
    places = list(systems[0]["quality"])
    titles = [f"{c.title}, {c.unit}" if c.unit else c.title for c in columns]
    heads = [
        f"{place}: {title}" if len(places) > 1 else title for place in places for title in titles
    ]
    rows = (
        [
            f"{found['quality'][place][c.key]['mean']:.{c.digits}f}"
            for place in places
            for c in columns
        ]
        for found in systems
    )
    return format_table(["system", *heads], systems, rows)


def format_speed(systems: list[Found], imports: float) -> str:
    """Speed on a minute of sound, the start, and memory."""
    heads = [
        "system",
        "times real time",
        f"over {systems[0]['title']}",
        "start to first second, s",
        "peak memory, MB",
        "above torch, MB",
    ]
    speed = relate(systems, lambda found: found["times_real_time"])
    rows = (
        [
            f"{found['times_real_time']:.0f}",
            ratio,
            f"{found['start']:.2f}",
            f"{found['peak']:.0f}",
            format_above(found, found["peak"], imports),
        ]
        for found, ratio in zip(systems, speed, strict=True)
    )
    return format_table(heads, systems, rows)


def format_streams(systems: list[Found]) -> str:
    """Latency hop by hop."""
    heads = [
        "stream",
        "hop, ms",
        "mean per hop, ms",
        "p99, ms",
        "p99 with waiting, ms",
        "share of a core",
        f"over {systems[0]['title']}",
        "delay by design, ms",
    ]
    share = relate(systems, lambda found: found["stream"]["share"])
    rows = (
        [
            f"{stream['hop']:g}",
            f"{stream['mean']:.3f}",
            f"{stream['p99']:.3f}",
            f"{stream['p99_clock']:.3f}",
            f"{stream['share']:.2%}",
            ratio,
            f"{stream['delay']:g}",
        ]
        for stream, ratio in zip((found["stream"] for found in systems), share, strict=True)
    )
    return format_table(heads, systems, rows)


def format_hours(systems: list[Found], imports: float) -> str:
    """An hour-long file from disk to disk."""
    heads = ["an hour-long file", "times real time", "peak memory, MB", "above torch, MB"]
    rows = (
        [
            f"{hour['times_real_time']:.0f}",
            f"{hour['peak']:.0f}",
            format_above(found, hour["peak"], imports),
        ]
        for found, hour in ((found, found["hour"]) for found in systems)
    )
    return format_table(heads, systems, rows)


def format_above(found: Found, peak: float, imports: float) -> str:
    """Of systems that import torch; nothing for others."""
    return f"{peak - imports:.0f}" if found["imports_torch"] else ""


def relate(systems: list[Found], pick: Callable[[Found], float]) -> list[str]:
    """Each figure as a multiple of the first system's."""
    return [f"{pick(found) / pick(systems[0]):.2f}" for found in systems]


def format_table(heads: list[str], systems: list[Found], rows: Iterable[list[str]]) -> str:
    """A line for each system, its title first."""
    lines = [heads, ["---"] * len(heads)]
    lines += [[found["title"], *row] for found, row in zip(systems, rows, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
