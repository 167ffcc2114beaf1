"""A sound of any length in another voice, segment by segment."""

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
# Of a stranger: enough to know what is usual for them.
SURVEY_SECONDS = 60.0
# A stranger's statistics count as much as the model's speakers' mean when so much was heard.
PRIOR_SECONDS = 0.5
# Loudness is brought back to the input's by at most so much, segment by segment.
MOST_GAIN = 10 ** (12 / 20)

Read = Callable[[], Iterator[Wave]]
"""Begins a sound anew: blocks `(channel, sample)`."""


@dataclass(frozen=True)
class Wish:
    """What is to become of a sound.

    Attributes:
        target: number of the speaker to become.
        source: number of the one who speaks, or None for a stranger.
        pitch_shift: semitones added to the target's pitch.
    """

    target: int
    source: int | None = None
    pitch_shift: float = 0.0


class SoundConversion:
    """Converts sounds; channels alike and independently.

    Args:
        network: that converts images of voices.
        vocoder: that makes sound of them.
        threads: of the CPU.
        wish: what is to become of the sound.
    """

    def __init__(
        self, network: ConversionNetwork, vocoder: Vocoder, threads: int | None, wish: Wish
    ) -> None:
        self.network, self.vocoder, self.threads = network, vocoder, threads
        self.wish = wish

    def __call__(self, read: Read, sample_rate: float, channels: int) -> Iterator[Wave]:
        """Blocks, from `read()`, to converted ones of the same total length."""
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
        # A sound that is surveyed whole is converted whole: it need not be analysed again.
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
    """What is usual for whoever speaks, of whom `voice` was heard.

    A stranger's statistics lean on those of the model's speakers if little was heard.
    """
    if wish.source is not None:
        return network.speakers[wish.source].statistics
    own = SpeakerStatistics.measure([voice])
    frames = int(voice.find_speech().sum())
    prior = PRIOR_SECONDS * network.sample_rate / network.features.hop_length
    others = [speaker.statistics for speaker in network.speakers]
    return own.lean(others, prior / (prior + frames))


def _fit(pieces: Iterator[Wave], samples: int, channels: int) -> Iterator[Wave]:
    """Cuts or pads a stream to a length: resampling there and back may change it."""
    for piece in pieces:
        piece = piece[:, :samples]
        samples -= piece.shape[1]
        yield piece
    if samples:
        yield np.zeros((channels, samples), np.float32)
