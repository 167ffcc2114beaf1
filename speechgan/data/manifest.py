"""Manifests: the recordings of a folder with their roles and splits."""

import csv
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path, PurePosixPath

from speechgan.audio import AUDIO_EXTENSIONS, Reader
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import replace_whole
from speechgan.utils.folders import walk_files
from speechgan.utils.nearest import suggest

ROLES = ("speech", "noise", "clean", "noisy")
SPLITS = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "dev": "valid",
    "validation": "valid",
    "test": "test",
}
BLOCK = 2**16
# The published VoiceBank+DEMAND folders, such as clean_trainset_28spk_wav and noisy_testset_wav.
VOICEBANK = re.compile(r"(clean|noisy)_(train|test)set_(?:\d+spk_)?wav(?:_16k)?")


@dataclass(frozen=True)
class Recording:
    """One audio file.

    Attributes:
        path: relative to the root of the manifest.
        role: `speech` or `noise` to be mixed, or the `clean` or `noisy` side of a pair.
        split: `train`, `valid`, `test`, or empty if no folder names it.
        speaker: name of the speaker or noise; empty if unknown.
        seconds: duration; this and the next two are 0 until `measure` has read the file.
        sample_rate: in hertz.
        channels: number of channels.
    """

    path: str
    role: str
    split: str
    speaker: str
    seconds: float = 0.0
    sample_rate: int = 0
    channels: int = 0

    @property
    def key(self) -> str:
        """The same for both sides of a pair: the path without its role and extension."""
        *folders, name = Path(self.path).with_suffix("").parts
        kept = [VOICEBANK.sub(r"\2", p) for p in folders if p.lower() not in ROLES]
        return "/".join([*kept, name])


def scan(root: Path) -> list[Recording]:
    """Finds the recordings below `root` and derives their roles and splits from folder names.

    It knows `speech/` and `noise/` to be mixed, `clean/` and `noisy/` pairs with equal file names,
    each with or without a `train`, `valid` or `test` folder above or below it, and the published
    VoiceBank+DEMAND folders. Other files are left out. No file is opened.

    Raises:
        SpeechganError: no such folder, or no recordings in it.
    """
    if not root.is_dir():
        raise SpeechganError(f"{root}: no such folder; give the folder that holds the recordings")
    recordings = []
    for path in walk_files(root):
        if path.suffix.lower() in AUDIO_EXTENSIONS and (found := describe(path)):
            recordings.append(found)
    if not recordings:
        raise SpeechganError(
            f"{root}: no recordings in folders named clean/ and noisy/, or speech/ and noise/"
        )
    return recordings


def describe(path: PurePosixPath) -> Recording | None:
    """The manifest row of a file below the root, or None where its folders name no role."""
    role, split, rest = "", "", []
    for part in path.parts[:-1]:
        lower = part.lower()
        if match := VOICEBANK.fullmatch(lower):
            role, split = match[1], match[2]
        elif lower in ROLES and not role:
            role = lower
        elif lower in SPLITS and not split:
            split = SPLITS[lower]
        elif role:
            rest.append(part)
    if not role:
        return None
    if role == "noise":
        speaker = path.stem
    elif rest:
        speaker = rest[0]
    else:
        speaker = path.stem.split("_")[0] if "_" in path.stem else ""
    return Recording(path.as_posix(), role, split, speaker)


def measure(recording: Recording, root: Path) -> Recording:
    """The row with duration, sample rate and channels; the file is read to its end.

    Raises:
        SpeechganError: it cannot be read, or is no sound.
    """
    samples, rate, channels = count_samples(root / recording.path)
    seconds = round(samples / rate, 3)
    return replace(recording, seconds=seconds, sample_rate=rate, channels=channels)


def count_samples(path: Path) -> tuple[int, int, int]:
    """Samples of a channel, sample rate in hertz and channels; the file is read to its end.

    Raises:
        SpeechganError: it cannot be read, or is no sound.
    """
    with Reader(path) as reader:
        samples = sum(block.shape[1] for block in reader.blocks(BLOCK))
        return samples, reader.sample_rate, reader.channels


def hold_out(
    recordings: Iterable[Recording], fraction: float, speakers: Iterable[str] = ()
) -> list[Recording]:
    """Gives every recording a split; if there is no `valid` at all, some of `train` becomes it.

    Held out are the recordings of the named speakers or, if none is named, a share of the files,
    chosen by a hash of their names, so that both sides of a pair get the same split and the choice
    does not change between runs. Noise is always split by hashing.

    Raises:
        SpeechganError: a named speaker without recordings to hold out.
    """
    chosen = [replace(r, split=r.split or "train") for r in recordings]
    result = []
    held_speakers = set(map(str, speakers))  # 1089 is a number on the command line
    for role_pair in (("speech", "clean", "noisy"), ("noise",)):
        group = [r for r in chosen if r.role in role_pair]
        if any(r.split == "valid" for r in group):
            result += group
            continue
        if group and role_pair != ("noise",):
            _require_speakers(held_speakers, {r.speaker for r in group if r.split == "train"})
        keys = sorted({r.key for r in group if r.split == "train"}, key=_digest)
        held = set(keys[: max(1, round(fraction * len(keys)))] if len(keys) > 1 else [])
        for r in group:
            out = (
                r.speaker in held_speakers if held_speakers and r.role != "noise" else r.key in held
            )
            result.append(replace(r, split="valid") if out and r.split == "train" else r)
    return result


def _require_speakers(wanted: set[str], known: set[str]) -> None:
    if missing := sorted(wanted - known):
        like = suggest(missing[0], known)
        found = ", ".join(sorted(filter(None, known))) or "nobody"
        raise SpeechganError(
            f"data.valid_speakers: no recordings to hold out of {missing[0]}{like}; found: {found}"
        )


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()


def write_manifest(recordings: Iterable[Recording], path: Path) -> None:
    """Writes a CSV file, whole or not at all.

    Raises:
        SpeechganError: it cannot be written.
    """
    with (
        replace_whole(path, "choose another file with -o") as beside,
        beside.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.DictWriter(file, [f.name for f in fields(Recording)])
        writer.writeheader()
        writer.writerows(asdict(r) for r in recordings)


def read_manifest(path: Path) -> list[Recording]:
    """Reads what `write_manifest` wrote.

    Raises:
        SpeechganError: no such file, no rows, or one that does not fit.
    """
    try:
        with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise SpeechganError(f"{path}: {reason}; make it with `speechgan data scan`") from None
    if not rows:
        raise SpeechganError(f"{path}: lists no recordings; make it with `speechgan data scan`")
    recordings = []
    for line, row in enumerate(rows, start=2):
        try:
            recordings.append(
                Recording(
                    row["path"],
                    row["role"],
                    row["split"],
                    row["speaker"],
                    float(row["seconds"]),
                    int(row["sample_rate"]),
                    int(row["channels"]),
                )
            )
        except KeyError as error:
            raise SpeechganError(
                f"{path}: not a table of `speechgan data scan`, which has a column {error}"
            ) from None
        except (TypeError, ValueError) as error:
            raise SpeechganError(
                f"{path}, line {line}: {error!r}; make it again with `speechgan data scan`"
            ) from None
    return recordings
