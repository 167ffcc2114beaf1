"""Conversion of a sound of any length, segment by segment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from speechgan import audio
from speechgan.audio import REFERENCE_LEVEL, Wave
from speechgan.features.conversion import convert_voice
from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice
from speechgan.inference.conversion.network import ConversionNetwork
from speechgan.inference.conversion.segments import convert_segments, survey
from speechgan.inference.threads import limit_threads
from speechgan.vocoders.base import Original, Vocoder

SEGMENT_SECONDS = 20.0
# Length of sound that an unknown source's statistics are measured from.
SURVEY_SECONDS = 60.0
# With so much speech, an unknown source's statistics and the mean of the model's speakers have the
# same weight.
PRIOR_SECONDS = 0.5
# Largest gain that matches a segment's loudness to the input's.
MOST_GAIN = 10 ** (12 / 20)

Read = Callable[[], Iterator[Wave]]
"""Reads a sound from its beginning, in blocks `(channel, sample)`."""


@dataclass(frozen=True)
class Wish:
    """Settings of a conversion.

    Attributes:
        target: number of the target speaker.
        source: number of the source speaker, or None if unknown.
        pitch_shift: semitones added to the target's pitch.
    """

    target: int
    source: int | None = None
    pitch_shift: float = 0.0


class SoundConversion:
    """Converts sounds; channels are independent.

    Args:
        network: converts images of voices.
        vocoder: synthesises waves of them.
        threads: of the CPU.
        wish: settings of the conversion.
    """

    def __init__(
        self, network: ConversionNetwork, vocoder: Vocoder, threads: int | None, wish: Wish
    ) -> None:
        self.network, self.vocoder, self.threads = network, vocoder, threads
        self.wish = wish

    def __call__(self, read: Read, sample_rate: float, channels: int) -> Iterator[Wave]:
        """Converts the blocks of `read()` to blocks of the same total length."""
        rate = self.network.sample_rate
        samples = 0

        def count(blocks: Iterator[Wave]) -> Iterator[Wave]:
            nonlocal samples
            for block in blocks:
                samples += block.shape[1]
                yield block

        heard, level, length = survey(
            audio.resample_blocks(count(read()), sample_rate, rate, channels),
            int(SURVEY_SECONDS * rate),
            channels,
        )
        scale = np.where(level > 0, level / REFERENCE_LEVEL, 1)
        # A sound that the survey holds completely is converted as a whole, without a new analysis.
        whole = heard.shape[1] == length
        voices = [self._analyse(channel) for channel in heard / scale]
        statistics = [describe_source(self.network, self.wish, voice) for voice in voices]

        def convert(segment: Wave) -> Wave:
            waves = segment / scale
            known = voices if whole else map(self._analyse, waves)
            made = [
                self._convert(Original(wave, voice), own)
                for wave, voice, own in zip(waves, known, statistics, strict=True)
            ]
            return np.stack(made) * scale

        blocks = audio.resample_blocks(read(), sample_rate, rate, channels)
        longest = length / rate if whole else SEGMENT_SECONDS
        converted = convert_segments(blocks, rate, longest, convert)
        yield from _fit(
            audio.resample_blocks(converted, rate, sample_rate, channels), samples, channels
        )

    def _convert(self, original: Original, source: SpeakerStatistics) -> np.ndarray:
        """One channel of a segment, `(sample,)`, at the model's rate and level."""
        wave, wish = original.wave, self.wish
        if not wave.any():
            return wave
        with limit_threads(self.threads):
            converted = convert_voice(
                self.network.convert_image,
                original.voice,
                source,
                self.network.speakers[wish.target].statistics,
                (wish.target, wish.source),
                wish.pitch_shift,
            )
            made = self.vocoder.synthesise(converted, len(wave), original)
        before, after = audio.measure_level(wave), audio.measure_level(made)
        gain = before / after if after > 0 else 1.0
        return (made * np.clip(gain, 1 / MOST_GAIN, MOST_GAIN)).astype(np.float32)

    def _analyse(self, wave: np.ndarray) -> Voice:
        with limit_threads(self.threads):
            return self.network.features.analyse(wave)


def describe_source(network: ConversionNetwork, wish: Wish, voice: Voice) -> SpeakerStatistics:
    """Statistics of the source speaker, of whom `voice` is a recording.

    Those of an unknown speaker are moved towards the model's speakers if the recording is short.
    """
    if wish.source is not None:
        return network.speakers[wish.source].statistics
    own = SpeakerStatistics.measure([voice])
    frames = int(voice.find_speech().sum())
    prior = PRIOR_SECONDS * network.sample_rate / network.features.hop_length
    others = [speaker.statistics for speaker in network.speakers]
    return own.lean(others, prior / (prior + frames))


def _fit(pieces: Iterator[Wave], samples: int, channels: int) -> Iterator[Wave]:
    """Cuts or pads a stream to a length, which resampling to and fro may have changed."""
    for piece in pieces:
        piece = piece[:, :samples]
        samples -= piece.shape[1]
        yield piece
    if samples:
        yield np.zeros((channels, samples), np.float32)
