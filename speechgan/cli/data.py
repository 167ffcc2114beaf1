"""`speechgan data`: lists, shards and fetches recordings."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from speechgan.cli import corpora
from speechgan.cli.arguments import parse_count
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
        help="table of them, which data.root takes too (default: FOLDER/manifest.speechgan.csv)",
    )

    voices = actions.add_parser("voices", help="list the speakers of a folder")
    voices.add_argument("folder", type=Path, help="holds a folder for each speaker")

    shard = actions.add_parser(
        "shard", help="write a folder as a few tar files, to read from a disk or over a network"
    )
    shard.add_argument("folder", type=Path, help="of any layout that can be trained on")
    shard.add_argument(
        "-o", "--output", type=Path, required=True, metavar="SHARDS", help="folder to make"
    )
    shard.add_argument(
        "--size", type=parse_count, default=256, metavar="MB", help="most of a shard (default: 256)"
    )

    fetch = actions.add_parser("fetch", help="fetch a public corpus, or list what there is")
    corpora.configure(fetch)


def run(arguments: argparse.Namespace) -> int:
    """Scans, lists, shards or fetches; the exit code."""
    actions = {"scan": _scan, "voices": _list_voices, "shard": _shard, "fetch": corpora.run}
    return actions[arguments.action](arguments)


def _list_voices(arguments: argparse.Namespace) -> int:
    from speechgan.audio import Reader
    from speechgan.data.conversion.voices import scan_voices

    refused = []
    speakers = scan_voices(arguments.folder)
    print(f"{'speaker':16}{'train':>6}{'valid':>6}{'test':>6}{'minutes':>9}  about")
    for speaker in speakers:
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


def _shard(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from speechgan.data.shards.writing import write_shards

    made = write_shards(
        arguments.folder,
        arguments.output,
        arguments.size,
        lambda files: tqdm(files, desc="shard", unit="file", leave=False, disable=None),
    )
    for error in made.unreadable:
        print(f"speechgan: taken along, but no sound: {error}", file=sys.stderr)
    code = _name(made.missing)
    recordings = [entry.recording for entry in made.index.entries if entry.recording.sample_rate]
    minutes = sum(recording.seconds for recording in recordings) / 60
    megabytes = sum(shard.size for shard in made.index.shards) / 1e6
    texts = len(made.index.entries) - len(recordings) - len(made.unreadable)
    print(f"{'recordings':>10}{'minutes':>10}{'texts':>8}{'shards':>8}{'MB':>10}")
    print(
        f"{len(recordings):10}{minutes:10.1f}{texts:8}{len(made.index.shards):8}{megabytes:10.1f}"
    )
    if made.others:
        print(f"left behind, neither sound nor text: {made.others} files")
    print(f"shards: {arguments.output}")
    return 1 if made.unreadable else code


def _name(refused: Sequence[SpeechganError]) -> int:
    """Prints which files are left out; the exit code."""
    for error in refused:
        print(f"speechgan: left out: {error}", file=sys.stderr)
    return 1 if refused else 0
