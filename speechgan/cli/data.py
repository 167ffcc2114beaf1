"""`speechgan data`: what a folder of recordings holds; public ones to fill it with."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from speechgan.cli import corpora
from speechgan.utils.errors import SpeechganError


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

    voices = actions.add_parser("voices", help="list the speakers of a folder")
    voices.add_argument("folder", type=Path, help="holds a folder for each speaker")

    fetch = actions.add_parser("fetch", help="fetch a public corpus, or list what there is")
    corpora.configure(fetch)


def run(arguments: argparse.Namespace) -> int:
    """Scans, lists or fetches; the exit code."""
    actions = {"scan": _scan, "voices": _list_voices, "fetch": corpora.run}
    return actions[arguments.action](arguments)


def _list_voices(arguments: argparse.Namespace) -> int:
    from speechgan.audio import Reader
    from speechgan.data.conversion.voices import scan_voices

    refused = []
    print(f"{'speaker':16}{'train':>6}{'valid':>6}{'test':>6}{'minutes':>9}  about")
    for speaker in scan_voices(arguments.folder):
        seconds = 0.0
        for path in speaker.train:
            try:
                with Reader(path) as reader:
                    seconds += reader.samples / reader.sample_rate
            except SpeechganError as error:
                refused.append(error)
        counts = "".join(f"{len(x):6}" for x in (speaker.train, speaker.valid, speaker.test))
        facts = (speaker.sex, speaker.language, speaker.licence)
        about = ", ".join(fact for fact in facts if fact)
        print(f"{speaker.name:16}{counts}{seconds / 60:9.1f}  {about}".rstrip())
    return _name(refused)


def _scan(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from speechgan.data.manifest import measure, scan, write_manifest

    recordings, refused = [], []
    found = scan(arguments.folder)
    for recording in tqdm(found, desc="scan", unit="file", leave=False, disable=None):
        try:
            recordings.append(measure(recording, arguments.folder))
        except SpeechganError as error:
            refused.append(error)
    code = _name(refused)
    if not recordings:
        raise SpeechganError(
            f"{arguments.folder}: none of its {len(found)} recordings can be read; add others"
        )
    output = arguments.output or arguments.folder / "manifest.speechgan.csv"
    write_manifest(recordings, output)
    totals: dict[tuple[str, str], list[float]] = {}
    for recording in recordings:
        totals.setdefault((recording.role, recording.split or "-"), []).append(recording.seconds)
    print(f"{'role':8}{'split':8}{'files':>8}{'minutes':>10}")
    for (role, split), seconds in sorted(totals.items()):
        print(f"{role:8}{split:8}{len(seconds):8}{sum(seconds) / 60:10.1f}")
    print(f"manifest: {output}")
    return code


def _name(refused: Sequence[SpeechganError]) -> int:
    """Says which files are left out; the exit code."""
    for error in refused:
        print(f"speechgan: left out: {error}", file=sys.stderr)
    return 1 if refused else 0
