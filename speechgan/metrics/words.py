"""Word and phone error rates by a speech recogniser."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from speechgan.utils.errors import SpeechganError, UnmeasurableError

SAMPLE_RATE = 16000
NO_PHONES = ("SIL", "+NSN+", "+SPN+")


def recognise(wave: np.ndarray) -> list[str]:
    """The words that PocketSphinx (Huggins-Daines et al. 2006) recognises in English speech.

    Its model comes with the package, the extra `words`. It is no modern recogniser: it gets about
    three of four words of clean read speech right, so error rates are useful for comparison only.

    Args:
        wave: `(sample,)` at 16 kHz, full scale at ±1.

    Raises:
        SpeechganError: the extra is not installed.
        UnmeasurableError: nothing was recognised.
    """
    return _hear(_load_decoder(), wave)


def recognise_phones(wave: np.ndarray) -> list[str]:
    """The phones, of the 39 of CMUdict, without a vocabulary; silence and noise are left out.

    A sentence has more phones than words, so their error rate is finer, and no vocabulary of the
    recogniser compensates for blurred phones.

    Args and errors are those of `recognise`.
    """
    heard = [name for name in _hear(_load_decoder(phones=True), wave) if name not in NO_PHONES]
    if not heard:
        raise UnmeasurableError("holds no phones that the recogniser hears")
    return heard


def error_rate(reference: Sequence[str], heard: Sequence[str]) -> float:
    """Least number of insertions, deletions and substitutions, over the reference's length.

    Raises:
        ValueError: an empty reference.
    """
    if not reference:
        raise ValueError("an empty reference")
    from torchaudio.functional import edit_distance

    return edit_distance(reference, heard) / len(reference)


def _hear(decoder: Any, wave: np.ndarray) -> list[str]:
    # Resets the channel normalisation, which adapts to each recording.
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
        # As in the package's documentation, with beams so wide that hardly anything is pruned.
        settings = {"allphone": model, "lm": None, "dict": None}
        settings |= {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20}
    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", **settings)
