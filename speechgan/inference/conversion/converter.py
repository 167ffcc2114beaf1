"""One voice in, another out: arrays, tensors, and files of any length."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from speechgan import audio
from speechgan.audio import Wave
from speechgan.data.conversion.voice_cache import LEVEL
from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice
from speechgan.inference.conversion.segments import convert_segments, survey
from speechgan.inference.conversion.vocoders import load_vocoder
from speechgan.inference.samples import WrittenFile, check_rate, from_float, to_float
from speechgan.inference.threads import limit_threads
from speechgan.pretrained.loading import Model, choose_device, load_converter
from speechgan.pretrained.speakers import TargetSpeaker
from speechgan.systems.conversion.base import convert_voice
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.base import Original

Sound = TypeVar("Sound", np.ndarray[Any, Any], Tensor)

READ_SECONDS = 1.0
SEGMENT_SECONDS = 20.0
# Of a stranger: enough to know what is usual for him.
SURVEY_SECONDS = 60.0
# A stranger's statistics count as much as the model's speakers' mean when so much was heard.
PRIOR_SECONDS = 0.5
# Loudness is brought back to the input's by at most so much, segment by segment.
MOST_GAIN = 10 ** (12 / 20)


class Converter:
    """A model of the task `convert`, ready to be applied.

    The result has the input's length, sample rate and channels, and its loudness; silence stays
    silence. Channels are converted alike and independently. What lies above half the model's
    sample rate, 8 kHz for the models that ship, is absent.

    Args:
        model: of `load_converter`.
        device: "auto", "cpu", "cuda" or a torch device.
        threads: of the CPU; None leaves PyTorch's own choice.
        vocoder: `auto`, or one that fits the model; see `speechgan.inference.conversion.vocoders`.

    Raises:
        SpeechganError: no such device or vocoder, threads below 1.
    """

    def __init__(
        self,
        model: Model,
        device: str | torch.device = "auto",
        threads: int | None = 1,
        vocoder: str = "auto",
    ) -> None:
        if threads is not None and threads < 1:
            raise SpeechganError(f"threads {threads}: must be 1 or more")
        self.model, self.threads = model, threads
        self.features: Any = model.features
        self.device = choose_device(device)
        self.vocoder = load_vocoder(model.features, vocoder, self.device)
        model.generator.to(self.device).eval()

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "voices",
        device: str | torch.device = "auto",
        threads: int | None = 1,
        vocoder: str = "auto",
    ) -> Self:
        """The converter of a shipped model's name or of a model folder; see `load_converter`."""
        return cls(load_converter(name, device), device, threads, vocoder)

    @property
    def speakers(self) -> tuple[TargetSpeaker, ...]:
        """Whose voices it has."""
        return self.model.speakers

    def __call__(
        self,
        wave: Sound,
        sample_rate: float,
        target_speaker: str,
        source_speaker: str | None = None,
        pitch_shift: float = 0.0,
    ) -> Sound:
        """Converts a sound in memory.

        Args:
            wave: `(sample,)` or `(channel, sample)`; floating point with full scale at ±1, or
                16- or 32-bit integers with full scale at their range.
            sample_rate: in Hz, any.
            target_speaker: one of the model's.
            source_speaker: one of the model's, if it is one of them who speaks; otherwise what is
                usual for the source is measured from the sound.
            pitch_shift: semitones added to the target's pitch; of WORLD models only.

        Returns:
            The same shape, type, dtype and device.

        Raises:
            SpeechganError: an unknown speaker, an empty wave, another shape or dtype, NaN or
                infinity, a sample rate out of range.
        """
        check_rate(sample_rate)
        if isinstance(wave, Tensor):
            # NumPy has no bfloat16.
            plain = wave.float() if wave.dtype == torch.bfloat16 else wave
            made = self(
                plain.detach().cpu().numpy(),
                sample_rate,
                target_speaker,
                source_speaker,
                pitch_shift,
            )
            return torch.from_numpy(made).to(wave.device, wave.dtype)
        if wave.ndim not in (1, 2) or wave.size == 0:
            raise SpeechganError(
                f"wave of shape {wave.shape}: must be (samples,) or (channels, samples), not empty"
            )
        source = to_float(np.atleast_2d(wave))
        audio.require_finite(source, sample_rate, "wave")
        block = max(1, int(READ_SECONDS * sample_rate))

        def read() -> Iterator[Wave]:
            return (source[:, i : i + block] for i in range(0, source.shape[1], block))

        pieces = self._convert(
            read, sample_rate, len(source), target_speaker, source_speaker, pitch_shift
        )
        return from_float(np.concatenate(list(pieces), axis=1).reshape(wave.shape), wave.dtype)

    def convert_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        target_speaker: str,
        source_speaker: str | None = None,
        pitch_shift: float = 0.0,
        progress: Callable[[float], object] | None = None,
    ) -> WrittenFile:
        """Converts a file of any length, segment by segment; memory does not grow with the length.

        Args:
            source: in any format that libsndfile reads.
            target: its extension decides the container; the subtype stays where the container has
                it. Replaced if it exists, and only when complete.
            target_speaker, source_speaker, pitch_shift: as in a call.
            progress: told the seconds finished, each time some are.

        Raises:
            SpeechganError: as a call; and `source` is missing, unreadable, not audio, empty or
                damaged; `target` cannot be written or is `source`.
        """
        source, target = Path(source), Path(target)
        self.check(target_speaker, source_speaker, pitch_shift)
        with audio.Reader(source) as reader:
            rate = reader.sample_rate
            if target.exists() and target.samefile(source):
                raise SpeechganError(f"{target}: is the input itself; choose another output")
            length = max(1, int(READ_SECONDS * rate))
            with audio.Writer(target, rate, reader.channels, reader.format) as writer:
                for piece in self._convert(
                    lambda: reader.blocks(length),
                    rate,
                    reader.channels,
                    target_speaker,
                    source_speaker,
                    pitch_shift,
                ):
                    writer.write(piece)
                    if progress is not None:
                        progress(piece.shape[1] / rate)
            return WrittenFile(target, reader.samples / rate, rate, reader.channels, writer.format)

    def check(
        self, target_speaker: str, source_speaker: str | None = None, pitch_shift: float = 0.0
    ) -> tuple[int, int | None]:
        """The numbers of the speakers.

        Raises:
            SpeechganError: the model does not know them, or must know who speaks; a shift of pitch
                that it cannot make.
        """
        target = self._find(target_speaker)
        if source_speaker is None and self.model.generator.needs_source:
            raise SpeechganError(
                f"{self.model.name}: must be told who speaks; name the source speaker, one of "
                f"{self._names()}"
            )
        if not -36 <= pitch_shift <= 36:
            raise SpeechganError(f"pitch shift {pitch_shift}: must be from -36 to 36 semitones")
        if pitch_shift and not self.vocoder.takes_f0:
            raise SpeechganError(
                f"pitch shift {pitch_shift}: the {type(self.vocoder).__name__} vocoder keeps the "
                "pitch that it finds; choose a WORLD model and its vocoder"
            )
        return target, None if source_speaker is None else self._find(source_speaker)

    def _convert(
        self,
        read: Callable[[], Iterator[Wave]],
        sample_rate: float,
        channels: int,
        target_speaker: str,
        source_speaker: str | None,
        pitch_shift: float,
    ) -> Iterator[Wave]:
        """Blocks, from `read()`, to converted ones of the same total length."""
        target, source = self.check(target_speaker, source_speaker, pitch_shift)
        rate = self.model.sample_rate
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
        scale = np.where(level > 0, level / LEVEL, 1)
        voices = [self._analyse(channel) for channel in heard / scale]
        statistics = [
            self._measure(voice) if source is None else self.speakers[source].statistics
            for voice in voices
        ]

        def convert(segment: Wave) -> Wave:
            waves = segment / scale
            # A short sound is surveyed whole: there is no need to analyse it again.
            known = voices if segment.shape[1] == length else map(self._analyse, waves)
            made = [
                self._convert_wave(wave, voice, own, target, source, pitch_shift)
                for wave, voice, own in zip(waves, known, statistics, strict=True)
            ]
            return np.stack(made) * scale

        blocks = audio.resample_blocks(read(), sample_rate, rate, channels)
        converted = convert_segments(blocks, rate, SEGMENT_SECONDS, convert)
        yield from _fit(
            audio.resample_blocks(converted, rate, sample_rate, channels), samples, channels
        )

    def _convert_wave(
        self,
        wave: np.ndarray,
        voice: Voice,
        source: SpeakerStatistics,
        target: int,
        source_number: int | None,
        pitch_shift: float,
    ) -> np.ndarray:
        """One channel of a segment, `(sample,)`, at the model's rate and level."""
        if not wave.any():
            return wave
        with limit_threads(self.threads):
            converted = convert_voice(
                self.model.generator,
                voice,
                source,
                self.speakers[target].statistics,
                target,
                source_number,
                pitch_shift,
            )
            made = self.vocoder.synthesise(converted, len(wave), Original(wave, voice))
        before, after = (np.sqrt(np.mean(np.square(x, dtype=np.float64))) for x in (wave, made))
        gain = float(before / after) if after > 0 else 1.0
        return (made * np.clip(gain, 1 / MOST_GAIN, MOST_GAIN)).astype(np.float32)

    def _analyse(self, wave: np.ndarray) -> Voice:
        with limit_threads(self.threads):
            voice: Voice = self.features.analyse(wave)
        return voice

    def _measure(self, voice: Voice) -> SpeakerStatistics:
        """What is usual for a stranger, leaning on the model's speakers if little was heard."""
        own = SpeakerStatistics.measure([voice])
        frames = int(voice.find_speech().sum())
        prior = PRIOR_SECONDS * self.model.sample_rate / self.features.hop_length
        return own.lean([s.statistics for s in self.speakers], prior / (prior + frames))

    def _find(self, name: str) -> int:
        for number, speaker in enumerate(self.speakers):
            if speaker.name == name:
                return number
        raise SpeechganError(
            f"{name}: {self.model.name} has no such speaker; choose from {self._names()}"
        )

    def _names(self) -> str:
        return ", ".join(speaker.name for speaker in self.speakers)


def _fit(pieces: Iterator[Wave], samples: int, channels: int) -> Iterator[Wave]:
    """Cuts or pads a stream to a length: resampling there and back may change it."""
    for piece in pieces:
        piece = piece[:, :samples]
        samples -= piece.shape[1]
        yield piece
    if samples:
        yield np.zeros((channels, samples), np.float32)
