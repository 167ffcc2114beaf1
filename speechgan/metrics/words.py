"""Words and phones that a recogniser hears, and how many of them are wrong."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from speechgan.utils.errors import SpeechganError, UnmeasurableError

SAMPLE_RATE = 16000
NO_PHONES = ("SIL", "+NSN+", "+SPN+")


def recognise(wave: np.ndarray) -> list[str]:
    """The words that PocketSphinx (Huggins-Daines et al. 2006) hears in English speech.

    Its model comes with the package, the extra `words`. It is no modern recogniser: of clean read
    speech it hears about three words in four, so error rates are for comparing.

    Args:
        wave: `(sample,)` at 16 kHz, full scale at ±1.

    Raises:
        SpeechganError: the extra is not installed.
        UnmeasurableError: nothing was heard.
    """
    return _hear(_load_decoder(), wave)


def recognise_phones(wave: np.ndarray) -> list[str]:
    """The phones, of the 39 of CMUdict, whatever words they make; silence and noise left out.

    More can be told apart in a sentence than by words, and a converter that blurs them cannot be
    saved by the recogniser's knowing which words there are.

    Args and errors are those of `recognise`.
    """
    heard = [name for name in _hear(_load_decoder(phones=True), wave) if name not in NO_PHONES]
    if not heard:
        raise UnmeasurableError("holds no phones that the recogniser hears")
    return heard


def error_rate(reference: Sequence[str], heard: Sequence[str]) -> float:
    """Fewest insertions, deletions and substitutions, over the length of the reference.

    Raises:
        ValueError: an empty reference.
    """
    if not reference:
        raise ValueError("an empty reference")
    from torchaudio.functional import edit_distance

    return edit_distance(reference, heard) / len(reference)


def _hear(decoder: Any, wave: np.ndarray) -> list[str]:
    # What it has learned of the last recording's channel must not count for this one.
    decoder.reinit_feat()
    pcm = np.round(np.clip(wave, -1, 1) * 32767).astype(np.int16)
    decoder.start_utt()
    decoder.process_raw(pcm.tobytes(), full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    if heard is None or not heard.hypstr.split():
        raise UnmeasurableError("holds nothing that the recogniser hears")
    units: list[str] = heard.hypstr.split()
    return units


@cache
def _load_decoder(phones: bool = False) -> Any:
    try:
        from pocketsphinx import Decoder, get_model_path
    except ImportError:
        raise SpeechganError(
            "word and phone errors need a recogniser: pip install 'speechgan[words]', or leave out "
            "--words"
        ) from None
    settings: dict[str, Any] = {}
    if phones:
        model = get_model_path("en-us/en-us-phone.lm.bin")
        # As the package's documentation has them; beams so wide that hardly anything is left out.
        settings = {"allphone": model, "lm": None, "dict": None}
        settings |= {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20}
    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", **settings)
