"""Voice conversion of arrays, tensors, and files of any length."""

import os
from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from speechgan import __version__
from speechgan.audio import Wave
from speechgan.audio.watermark import embed_blocks
from speechgan.features.pitch import ESTIMATORS
from speechgan.inference.conversion.network import ConversionNetwork
from speechgan.inference.conversion.sound import Read, SoundConversion, Wish
from speechgan.inference.conversion.streaming import ConversionStream
from speechgan.inference.engines import choose_engine
from speechgan.inference.samples import Sound, check_rate, open_wave
from speechgan.inference.sound_files import FilePair, Progress, WrittenFile, split_wave
from speechgan.inference.threads import check_threads
from speechgan.inference.vocoders import load_vocoder
from speechgan.pretrained.speakers import TargetSpeaker
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest
from speechgan.vocoders.base import Vocoder

if TYPE_CHECKING:
    import torch

    from speechgan.pretrained.loading import Model

READ_SECONDS = 1.0
TAG = f"Converted speech: a synthetic voice, made by speechgan {__version__}"
"""Comment in the metadata of a converted file."""
MOST_SEMITONES = 36


class Converter:
    """Gives recordings of speech another speaker's voice.

    The result has the input's length, sample rate and channels, and its loudness; silence stays
    silence. Channels are converted independently. Frequencies above half the model's sample rate,
    8 kHz for the shipped models, are absent.

    Args:
        network: of `from_pretrained` or `from_model`.
        vocoder: one that fits its features.
        threads: of the CPU; None leaves the library's own choice.

    Raises:
        SpeechganError: threads below 1.
    """

    def __init__(
        self, network: ConversionNetwork, vocoder: Vocoder, threads: int | None = 1
    ) -> None:
        check_threads(threads)
        self.network, self.vocoder, self.threads = network, vocoder, threads

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "voices",
        device: "str | torch.device" = "auto",
        *,
        threads: int | None = 1,
        vocoder: str = "auto",
        engine: str = "auto",
        f0: str | None = None,
    ) -> Self:
        """The converter of a shipped model's name or of a model folder.

        Args:
            name: see `speechgan.pretrained.folder.find_model`.
            device: "auto", "cpu", "cuda" or a torch device; onnxruntime runs on the CPU.
            threads: of the CPU; None leaves the library's own choice.
            vocoder: `auto`, or one that fits the model; see `load_vocoder`.
            engine: see `speechgan.inference.engines.choose_engine`.
            f0: estimator of pitch, one of `speechgan.features.pitch.ESTIMATORS`; None for the
                model's own.

        Raises:
            SpeechganError: no such model, device, vocoder, engine or estimator, a model of another
                task, threads below 1.
        """
        check_threads(threads)
        if choose_engine(name, engine, device) == "onnx":
            from speechgan.inference.conversion.onnx_network import OnnxConversion

            network: ConversionNetwork = OnnxConversion(name, device, threads)
            made = cls(network, load_vocoder(network.features, vocoder), threads)
        else:
            from speechgan.pretrained.loading import load_model

            model = load_model(name, device)
            made = cls.from_model(model, device, threads=threads, vocoder=vocoder)
        return made.varied(f0=f0)

    @classmethod
    def from_model(
        cls,
        model: "Model",
        device: "str | torch.device" = "auto",
        *,
        threads: int | None = 1,
        vocoder: str = "auto",
    ) -> Self:
        """The converter of a loaded model; arguments and errors as in `from_pretrained`."""
        from speechgan.inference.conversion.torch_network import TorchConversion

        check_threads(threads)
        network = TorchConversion(model, device, threads)
        return cls(network, load_vocoder(network.features, vocoder, network.device), threads)

    def varied(self, vocoder: str | None = None, f0: str | None = None) -> Self:
        """The same converter with another vocoder or estimator of pitch; weights are shared.

        Args:
            vocoder, f0: as in `from_pretrained`; None keeps the present one.

        Raises:
            SpeechganError: no such vocoder or estimator, or one that does not fit the model.
        """
        network: Any = copy(self.network)
        network.features = copy(network.features)
        if f0 is not None:
            if not hasattr(network.features, "f0"):
                raise SpeechganError(
                    f"f0 {f0}: {network.name} has pitch in its images; leave it out"
                )
            if f0 not in ESTIMATORS:
                raise SpeechganError(f"f0 {f0}: unknown; use one of {', '.join(ESTIMATORS)}")
            network.features.f0 = f0
        makes = self.vocoder
        if vocoder is not None:
            makes = load_vocoder(network.features, vocoder, network.device)
        return type(self)(network, makes, self.threads)

    @property
    def speakers(self) -> tuple[TargetSpeaker, ...]:
        """The target speakers."""
        return self.network.speakers

    def __call__(
        self,
        wave: Sound,
        sample_rate: float,
        target_speaker: str,
        *,
        source_speaker: str | None = None,
        pitch_shift: float = 0.0,
        watermark: bool = False,
    ) -> Sound:
        """Converts a sound in memory.

        Args:
            wave: `(sample,)` or `(channel, sample)`; floating point with full scale at ±1, or
                16- or 32-bit integers with full scale at their range.
            sample_rate: in Hz, any.
            target_speaker: one of the model's.
            source_speaker: one of the model's, if known; otherwise the source's statistics are
                measured from the sound.
            pitch_shift: semitones added to the target's pitch; of WORLD models only.
            watermark: whether to add the watermark that `speechgan.audio.watermark.detect` finds.

        Returns:
            The same shape, type, dtype and device.

        Raises:
            SpeechganError: an unknown speaker, an empty wave, another shape or dtype, NaN or
                infinity, a sample rate out of range.
        """
        wish = self.check(target_speaker, source_speaker, pitch_shift)
        sample_rate = check_rate(sample_rate)
        rows, close = open_wave(wave, sample_rate)
        length = max(1, int(READ_SECONDS * sample_rate))

        def read() -> Iterator[Wave]:
            return split_wave(rows, length)

        pieces = self._convert(wish, read, sample_rate, len(rows), watermark)
        return close(np.concatenate(list(pieces), axis=1))

    def convert_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        target_speaker: str,
        *,
        source_speaker: str | None = None,
        pitch_shift: float = 0.0,
        progress: Progress | None = None,
        tag: bool = True,
        watermark: bool = False,
    ) -> WrittenFile:
        """Converts a file of any length, segment by segment; memory does not grow with the length.

        Args:
            source, target, progress: see `speechgan.inference.sound_files.FilePair`.
            target_speaker, source_speaker, pitch_shift: as in a call.
            tag: whether the file's comment says that it is converted speech; containers without
                comments, `speechgan.audio.formats.WORDLESS`, get none.
            watermark: as in a call.

        Raises:
            SpeechganError: as a call, and as `FilePair`.
        """
        wish = self.check(target_speaker, source_speaker, pitch_shift)
        pair = FilePair(source, target, progress, comment=TAG if tag else "")
        with pair as (reader, write):
            rate, channels = reader.sample_rate, reader.channels
            length = max(1, int(READ_SECONDS * rate))

            def read() -> Iterator[Wave]:
                return reader.blocks(length)

            for piece in self._convert(wish, read, rate, channels, watermark):
                write(piece)
        return pair.written

    def stream(
        self,
        sample_rate: float,
        target_speaker: str,
        channels: int = 1,
        *,
        source_speaker: str | None = None,
        pitch_shift: float = 0.0,
    ) -> ConversionStream:
        """A stream that converts live sound, block by block; see `ConversionStream`.

        Args:
            sample_rate: of the blocks, in Hz.
            target_speaker, source_speaker, pitch_shift: as in a call.
            channels: of the blocks.

        Raises:
            SpeechganError: an unknown speaker, a number out of range, or another vocoder than
                WORLD's.
        """
        wish = self.check(target_speaker, source_speaker, pitch_shift)
        sample_rate = check_rate(sample_rate)
        if channels < 1:
            raise SpeechganError(f"channels {channels}: must be 1 or more")
        if not self.vocoder.takes_f0:
            raise SpeechganError(
                f"{self.network.name}: its {type(self.vocoder).__name__} vocoder cannot follow a "
                "stream; choose a WORLD model, such as voices, and the vocoder world"
            )
        return ConversionStream(self.network, self.threads, wish, sample_rate, channels)

    def check(
        self, target_speaker: str, source_speaker: str | None = None, pitch_shift: float = 0.0
    ) -> Wish:
        """The settings of a conversion, checked.

        Raises:
            SpeechganError: the model does not have the speakers, or needs the source speaker; a
                pitch shift out of range, or with a vocoder without F0.
        """
        target = self._find(target_speaker)
        if source_speaker is None and self.network.needs_source:
            raise SpeechganError(
                f"{self.network.name}: must be told who speaks; name the source speaker, one of "
                f"{self._names()}"
            )
        if not -MOST_SEMITONES <= pitch_shift <= MOST_SEMITONES:
            raise SpeechganError(
                f"pitch shift {pitch_shift}: must be from -{MOST_SEMITONES} to {MOST_SEMITONES} "
                "semitones"
            )
        if pitch_shift and not self.vocoder.takes_f0:
            raise SpeechganError(
                f"pitch shift {pitch_shift}: the {type(self.vocoder).__name__} vocoder keeps the "
                "pitch that it finds; choose a WORLD model and its vocoder"
            )
        source = None if source_speaker is None else self._find(source_speaker)
        return Wish(target, source, pitch_shift)

    def _convert(
        self, wish: Wish, read: Read, rate: float, channels: int, watermark: bool
    ) -> Iterator[Wave]:
        convert = SoundConversion(self.network, self.vocoder, self.threads, wish)
        converted = convert(read, rate, channels)
        return embed_blocks(converted, rate, channels) if watermark else converted

    def _find(self, name: str) -> int:
        for number, speaker in enumerate(self.speakers):
            if speaker.name == name:
                return number
        like = suggest(name, (speaker.name for speaker in self.speakers))
        raise SpeechganError(
            f"{name}: {self.network.name} has no such speaker{like}; choose from {self._names()}"
        )

    def _names(self) -> str:
        return ", ".join(speaker.name for speaker in self.speakers)
