"""A listening test as one HTML file: is X nearer to A or to B?"""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

import numpy as np

from speechgan import __version__
from speechgan.audio import REFERENCE_LEVEL, bring_to_level, measure_level
from speechgan.evaluation.pairing import find_audio
from speechgan.evaluation.report_media import LONGEST_EXCERPT, STYLE, encode_sound
from speechgan.evaluation.results import Evaluation
from speechgan.evaluation.sounds import load
from speechgan.metrics.speaker import trim_silence
from speechgan.utils.errors import SpeechganError
from speechgan.utils.places import File, write_file

SCRIPT, PAGE = "listening.js", "listening.html"


def write_listening_test(
    evaluation: Evaluation, source: File, target: File, path: File, shown: int | None = 6
) -> None:
    """Writes an ABX test of conversions, which needs only a browser.

    X is a converted recording; A and B are natural ones of its source and its target, in an order
    that is drawn from the recordings' names and not shown before all is answered. If possible, they
    have another sentence than X, and the same one as each other; all speech is at the same level.
    Listeners also rate naturalness, as in ITU-T P.800: 1 bad to 5 excellent. They save their
    answers as CSV.

    Args:
        evaluation: of a conversion, whose recordings are tested.
        source, target: folders of natural recordings.
        path: the HTML file.
        shown: most recordings in the test, evenly spread over all; None for all.

    Raises:
        SpeechganError: a folder is missing, a recording can no longer be read, or the file cannot
            be written.
    """
    sources, targets = (_find_measured(evaluation, folder) for folder in (source, target))
    rows = evaluation.rows
    count = len(rows) if shown is None else min(shown, len(rows))
    chosen = [rows[n * len(rows) // count].recording for n in range(count)]
    # In a random order, which is the same in every copy of the page.
    chosen.sort(key=lambda recording: _draw(recording.name))
    trials = []
    for recording in chosen:
        one, other = _choose_sentences(recording.name, sources, targets)
        natural = {"source": sources[one], "target": targets[other]}
        order = ["source", "target"] if _draw(f"{recording.name} A") % 2 else ["target", "source"]
        paths = [recording.files["converted"], *(natural[side] for side in order)]
        trials.append(
            {
                **dict(zip("xab", _load_sounds(paths), strict=True)),
                # Encoded, so that it is not read by accident.
                "key": base64.b64encode(_encode(f"{order[0]}\n{recording.name}")).decode("ascii"),
            }
        )
    folder = files(__package__)
    style, script, page = (
        folder.joinpath(part).read_text(encoding="utf-8") for part in (STYLE, SCRIPT, PAGE)
    )
    # Names are in base64, as `</script>` in one would end the page's script.
    data = json.dumps(trials)
    content = Template(page).substitute(
        style=style, script=script, trials=data, count=len(trials), version=escape(__version__)
    )
    write_file(path, content)


def _find_measured(evaluation: Evaluation, folder: File) -> dict[str, File]:
    """Recordings of a folder, without those that the evaluation refused, unless all were."""
    found, left_out = find_audio(folder), {refusal.name for refusal in evaluation.refused}
    measured = {n: path for n, path in found.items() if not {n, str(path)} & left_out}
    return measured or found


def _draw(name: str) -> int:
    """A pseudo-random number from a name."""
    return int.from_bytes(hashlib.sha256(_encode(name)).digest()[:4], "big")


def _encode(name: str) -> bytes:
    # A file name may have any bytes.
    return name.encode(errors="surrogateescape")


def _choose_sentences(
    name: str, sources: dict[str, File], targets: dict[str, File]
) -> tuple[str, str]:
    """Names of the source's and the target's recording that are compared with a conversion."""

    def pick(names: Sequence[str]) -> str:
        return names[_draw(f"{name} beside") % len(names)]

    if both := sorted((sources.keys() & targets.keys()) - {name}):
        return pick(both), pick(both)
    others = [sorted(names.keys() - {name}) or sorted(names) for names in (sources, targets)]
    return pick(others[0]), pick(others[1])


def _load_sounds(paths: Sequence[File]) -> list[str]:
    """Sounds with speech at the same level, and no sample above 1."""
    waves = [load(path, mono=True, seconds=LONGEST_EXCERPT)[0] for path in paths]
    for path, wave in zip(paths, waves, strict=True):
        if not wave.any():
            raise SpeechganError(f"{path}: silence; leave it out of the listening test")
    waves = [_bring_speech_to_level(wave) for wave in waves]
    peak = max(1.0, *(float(np.abs(wave).max()) for wave in waves))
    return [encode_sound(wave / peak) for wave in waves]


def _bring_speech_to_level(wave: np.ndarray) -> np.ndarray:
    # Without pauses, as recordings with more of them would be louder in between.
    wave = bring_to_level(wave)
    return wave * (REFERENCE_LEVEL / (measure_level(trim_silence(wave)) or REFERENCE_LEVEL))
