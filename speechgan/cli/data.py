"""`speechgan data`: what a folder of recordings holds."""

import argparse
from pathlib import Path

NAME = "data"
HELP = "look at a folder of recordings and write its manifest"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    scan = actions.add_parser("scan", help="list the recordings of a folder by role")
    scan.add_argument("folder", type=Path, help="holds speech/ and noise/, or clean/ and noisy/")
    scan.add_argument(
        "-o",
        "--output",
        type=Path,
        help="manifest (default: FOLDER/manifest.speechgan.csv)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Scans; the exit code."""
    from speechgan.data.manifest import scan, write_manifest

    recordings = scan(arguments.folder)
    output = arguments.output or arguments.folder / "manifest.speechgan.csv"
    write_manifest(recordings, output)
    totals: dict[tuple[str, str], list[float]] = {}
    for recording in recordings:
        totals.setdefault((recording.role, recording.split or "-"), []).append(recording.seconds)
    print(f"{'role':8}{'split':8}{'files':>8}{'minutes':>10}")
    for (role, split), seconds in sorted(totals.items()):
        print(f"{role:8}{split:8}{len(seconds):8}{sum(seconds) / 60:10.1f}")
    print(f"manifest: {output}")
    return 0
