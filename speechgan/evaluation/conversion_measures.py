"""The measures of conversion; their parameters are attributes of `speechgan.evaluation.trial`."""

import math

import numpy as np

from speechgan.evaluation.measure import measure
from speechgan.evaluation.opinions import DNSMOS
from speechgan.evaluation.speakers import Speaker, mean_log_f0
from speechgan.features.voice import Voice
from speechgan.metrics import conversion
from speechgan.metrics.words import error_rate


@measure("MCD", better="lower", unit="dB")
def mcd(converted_voice: Voice, target_voice: Voice) -> float:
    """Mel-cepstral distortion to the target's reading."""
    return conversion.mel_cepstral_distortion(converted_voice, target_voice)


@measure("Modulation", better="lower", unit="dB")
def modulation(converted_voice: Voice, target_speaker: Speaker) -> float:
    """Modulation spectra's distance."""
    return conversion.modulation_distance(converted_voice, target_speaker.modulation)


@measure("log-F0 RMSE", better="lower", digits=3)
def log_f0_rmse(converted_voice: Voice, target_voice: Voice) -> float:
    """To the target's reading, in nepers."""
    return conversion.log_f0_rmse(converted_voice, target_voice)


@measure("log-F0 corr.", better="higher", digits=3, sides=("converted",))
def f0_correlation(converted_voice: Voice, source_voice: Voice) -> float:
    """With the source's melody."""
    return conversion.log_f0_correlation(converted_voice, source_voice)


@measure("log-F0 corr., copy", better="higher", digits=3, sides=("converted",))
def copied_f0_correlation(source_voice: Voice, source_copy: Voice) -> float:
    """Of the source itself, synthesised and analysed again: no conversion can have more."""
    return conversion.log_f0_correlation(source_copy, source_voice)


@measure("F0 mean, off", better="zero", unit="%", digits=1)
def f0_deviation(converted_voice: Voice, target_speaker: Speaker) -> float:
    """From the target's mean F0."""
    return 100 * math.expm1(mean_log_f0([converted_voice]) - target_speaker.log_f0)


@measure("like target", better="higher", digits=3)
def target_similarity(converted_embedding: np.ndarray, target_speaker: Speaker) -> float:
    """Speaker embedding's cosine."""
    return target_speaker.similarity(converted_embedding)


@measure("like source", better="lower", digits=3)
def source_similarity(converted_embedding: np.ndarray, source_speaker: Speaker) -> float:
    """Speaker embedding's cosine."""
    return source_speaker.similarity(converted_embedding)


@measure("nearer target", better="higher")
def nearer_target(
    converted_embedding: np.ndarray, source_speaker: Speaker, target_speaker: Speaker
) -> float:
    """Share of recordings that are."""
    target, source = (s.similarity(converted_embedding) for s in (target_speaker, source_speaker))
    return float(target > source)


@measure("content", better="lower", digits=3)
def content(converted_voice: Voice, source_voice: Voice) -> float:
    """Distance of what is said from the source."""
    return conversion.content_distance(converted_voice, source_voice)


@measure("word error", better="lower")
def word_error(converted_words: list[str], source_words: list[str]) -> float:
    """Against the words heard in the source."""
    return error_rate(source_words, converted_words)


@measure("phone error", better="lower")
def phone_error(converted_phones: list[str], source_phones: list[str]) -> float:
    """Against the phones heard in the source."""
    return error_rate(source_phones, converted_phones)


MEASURES = (
    mcd,
    modulation,
    log_f0_rmse,
    f0_correlation,
    copied_f0_correlation,
    f0_deviation,
    target_similarity,
    source_similarity,
    nearer_target,
    content,
    word_error,
    phone_error,
    *DNSMOS,
)
"""All, in the order of the tables."""

OF_A_RECOGNISER = (word_error, phone_error)
"""Those that need the extra `words`."""
