"""`speechgan detect`: finds recordings with the watermark of converted speech."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from speechgan.utils.errors import SpeechganError

READ_SAMPLES = 2**16
EPILOG = """\
examples:
  speechgan detect a.wav recordings
  speechgan detect recordings --json

A score is how far a sound agrees with the mark that `speechgan convert --watermark` puts in, and
says so from its threshold on. No mark does not mean not converted: it is put in only if asked for,
and whoever wants to can take it out. Sounds below 3 s are too short to tell.
The exit code is 0 if every file could be read, whatever was found, else 1.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("inputs", nargs="+", metavar="FILE", help="file, or folder of files")
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Prints what is found; 1 if a file cannot be read, else 0.

    Raises:
        SpeechganError: a folder holds no audio.
    """
    from speechgan.cli.plan import find_audio

    files: list[Path] = []
    for path in map(Path, arguments.inputs):
        files += find_audio(path) if path.is_dir() else [path]
    records = []
    for file in files:
        try:
            record = examine(file)
        except SpeechganError as error:
            print(f"speechgan: error: {error}", file=sys.stderr)
            record = {"input": str(file), "error": str(error)}
        records.append(record)
        if not arguments.json and "error" not in record:
            print(_describe(record))
    if arguments.json:
        print(json.dumps({"files": records}, indent=2, ensure_ascii=False))
    return 1 if any("error" in record for record in records) else 0


def examine(file: Path) -> dict[str, Any]:
    """Detects the watermark in a file's sound, and reads its comment.

    Raises:
        SpeechganError: it cannot be read.
    """
    from speechgan.audio import Reader
    from speechgan.audio.watermark import detect_blocks

    with Reader(file) as reader:
        found = detect_blocks(reader.blocks(READ_SAMPLES), reader.sample_rate, reader.channels)
        return {
            "input": str(file),
            "watermark": found.marked,
            "score": round(found.score, 2),
            "threshold": round(found.threshold, 2),
            "start": round(found.start, 2),
            "end": round(found.end, 2),
            "comment": reader.comment,
        }


def _describe(record: dict[str, Any]) -> str:
    if record["watermark"] is None:
        answer = "too short to tell"
    else:
        answer = "watermark" if record["watermark"] else "no watermark"
        answer += f" (score {record['score']:.1f}, threshold {record['threshold']:.1f}"
        answer += f", {record['start']:.1f} to {record['end']:.1f} s)"
    told = f"; says: {record['comment']}" if record["comment"] else ""
    return f"{record['input']}: {answer}{told}"
