"""`speechgan data`: what a folder of recordings holds."""

import argparse
from pathlib import Path


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


def run(arguments: argparse.Namespace) -> int:
    """Scans; the exit code."""
    return {"scan": _scan, "voices": _list_voices}[arguments.action](arguments)


def _list_voices(arguments: argparse.Namespace) -> int:
    import soundfile

    from speechgan.data.conversion.voices import scan_voices
    from speechgan.utils.errors import SpeechganError

    print(f"{'speaker':16}{'train':>6}{'valid':>6}{'test':>6}{'minutes':>9}  about")
    for speaker in scan_voices(arguments.folder):
        seconds = 0.0
        for path in speaker.train:
            try:
                seconds += soundfile.info(path).duration
            except (soundfile.LibsndfileError, OSError) as error:
                raise SpeechganError(
                    f"{path}: not readable as audio ({error}); remove or mend it"
                ) from None
        counts = "".join(f"{len(x):6}" for x in (speaker.train, speaker.valid, speaker.test))
        facts = (speaker.sex, speaker.language, speaker.licence)
        about = ", ".join(fact for fact in facts if fact)
        print(f"{speaker.name:16}{counts}{seconds / 60:9.1f}  {about}".rstrip())
    return 0


def _scan(arguments: argparse.Namespace) -> int:
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
