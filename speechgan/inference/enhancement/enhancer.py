"""Noisy speech in, cleaner speech out: arrays, tensors, files of any length, and streams."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from speechgan import audio
from speechgan.audio import Wave
from speechgan.inference.engines import choose_engine
from speechgan.inference.enhancement.streaming import Stream
from speechgan.inference.samples import Sound, check_rate, process_wave
from speechgan.inference.sound_files import (
    Progress,
    WrittenFile,
    block_length,
    process_file,
    split_wave,
)
from speechgan.inference.strength import choose_strength
from speechgan.inference.threads import check_threads
from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    import torch

    from speechgan.pretrained.loading import Model


class SoundRun(Protocol):
    """One sound in the course of being enhanced."""

    def __call__(self, block: Wave) -> Wave:
        """`(channel, sample)` float32 to the samples that are ready."""
        ...

    def flush(self) -> Wave:
        """The samples that were still to come; as many as went in, in all."""
        ...


class Network(Protocol):
    """What enhances, whichever library computes it.

    Attributes:
        sample_rate: that it works at, in Hz.
        causal: whether it can follow a sound that is still being heard.
        level_invariant: whether a softer sound gives the same, softer.
    """

    sample_rate: int
    causal: bool
    level_invariant: bool

    def open(self, rate: float, channels: int, strength: float, linked: bool) -> SoundRun:
        """The beginning of a sound."""
        ...


class Enhancer:
    """Takes the noise out of speech.

    The result has the input's length, sample rate and channels, and is aligned with it to the
    sample. It scales with the input: a recording 30 dB softer gives the same result, 30 dB softer.

    Models work at their own sample rate, 16 kHz for those that ship, but for images of any rate:
    of a wider band, what lies above theirs is kept, less the noise that is learned there in pauses
    (`upper_band.UpperBand`); a narrower band, such as the telephone's, is filled up.
    SEGAN, which reads waves, drops what lies above its band.

    Channels share one mask, so that voices stay where they are between the loudspeakers; with
    `linked=False` each is enhanced by itself, as suits channels with nothing in common, such as
    the two ends of a telephone call.

    Args:
        network: of `from_pretrained` or `from_model`.
    """

    def __init__(self, network: Network) -> None:
        self.network = network

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "default",
        device: "str | torch.device" = "auto",
        *,
        threads: int | None = 1,
        seed: int = 0,
        engine: str = "auto",
    ) -> Self:
        """The enhancer of a shipped model's name or of a model folder.

        Args:
            name: see `speechgan.pretrained.loading.load_model`.
            device: "auto", "cpu", "cuda" or a torch device; onnxruntime runs on the CPU.
            threads: of the CPU; None leaves the library's own choice. One suits the models that
                ship: their frames are small, and waiting for another core makes them slower.
            seed: of the latent z of generators that take one; another seed, another plausible
                result.
            engine: "onnx", without importing PyTorch, for models that hold a graph, "torch", or
                "auto"; see `speechgan.inference.engines.choose_engine`.

        Raises:
            SpeechganError: no such model, engine or device, a model of another task, threads
                below 1, a seed below 0.
        """
        if choose_engine(name, engine, device) == "onnx":
            from speechgan.inference.enhancement.onnx_network import OnnxNetwork

            return cls(OnnxNetwork.from_pretrained(name, device, threads))
        from speechgan.pretrained.loading import load_model

        return cls.from_model(load_model(name, device), device, threads=threads, seed=seed)

    @classmethod
    def from_model(
        cls,
        model: "Model",
        device: "str | torch.device" = "auto",
        *,
        threads: int | None = 1,
        seed: int = 0,
        block_seconds: float = 8.0,
    ) -> Self:
        """The enhancer of a model that is loaded; arguments and errors as in `from_pretrained`.

        Args:
            block_seconds: of sound computed at a time by generators that hear ahead; memory grows
                with it.
        """
        from speechgan.inference.enhancement.torch_network import TorchNetwork
        from speechgan.inference.enhancement.wave_network import WaveNetwork
        from speechgan.pretrained.loading import choose_device

        if model.config["task"] != "enhance":
            raise SpeechganError(
                f"{model.name}: a model for the task {model.config['task']}, not enhance; "
                "choose another"
            )
        check_threads(threads)
        if seed < 0:
            raise SpeechganError(f"seed {seed}: must be 0 or more")
        chosen = choose_device(device)
        model.generator.to(chosen).eval()
        kind = WaveNetwork if model.generator.reads == "wave" else TorchNetwork
        return cls(kind(model, chosen, threads, seed, block_seconds))

    def __call__(
        self,
        wave: Sound,
        sample_rate: float,
        *,
        strength: float = 1.0,
        attenuation_limit: float | None = None,
        linked: bool = True,
    ) -> Sound:
        """Enhances a sound in memory.

        Args:
            wave: `(sample,)` or `(channel, sample)`; floating point with full scale at ±1, or
                16- or 32-bit integers with full scale at their range.
            sample_rate: in Hz, any.
            strength: 1 gives what the model makes of it, 0 the input bit for bit, and between
                them the weighted sum of both.
            attenuation_limit: greatest attenuation in dB, 0 or more: as much of the input is left
                as lies so far below it. The lesser of it and `strength` holds.
            linked: whether all channels share one mask.

        Returns:
            The same shape, type, dtype and device.

        Raises:
            SpeechganError: an empty wave, another shape or dtype, NaN or infinity, a sample rate,
                strength or limit out of range.
        """
        strength = choose_strength(strength, attenuation_limit)
        if strength == 0:
            process_wave(wave, sample_rate, lambda noisy: [noisy])  # refuses what is no wave
            return wave.copy() if isinstance(wave, np.ndarray) else wave.clone()

        def work(noisy: Wave) -> Iterator[Wave]:
            def read() -> Iterator[Wave]:
                return split_wave(noisy, sample_rate)

            return self.enhance_blocks(read, sample_rate, len(noisy), strength, linked)

        return process_wave(wave, sample_rate, work)

    def enhance_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        *,
        strength: float = 1.0,
        attenuation_limit: float | None = None,
        linked: bool = True,
        progress: Progress | None = None,
    ) -> WrittenFile:
        """Enhances a file of any length, in blocks; memory does not grow with the length.

        Args:
            source, target, progress: see `speechgan.inference.sound_files.process_file`.
            strength, attenuation_limit, linked: as in a call.

        Raises:
            SpeechganError: as `process_file`; or strength or limit out of range.
        """
        strength = choose_strength(strength, attenuation_limit)

        def work(reader: audio.Reader) -> Iterator[Wave]:
            rate, channels = reader.sample_rate, reader.channels
            length = block_length(rate, channels)
            if strength == 0:
                # The only dtype that holds samples of every format exactly.
                return reader.blocks(length, "float64")
            return self.enhance_blocks(
                lambda: reader.blocks(length), rate, channels, strength, linked
            )

        return process_file(source, target, work, progress)

    def stream(
        self,
        sample_rate: float,
        channels: int = 1,
        *,
        strength: float = 1.0,
        attenuation_limit: float | None = None,
        linked: bool = True,
    ) -> Stream:
        """A sound that is still being heard, block after block; see `Stream`.

        Args:
            sample_rate: of the blocks, in Hz.
            channels: of the blocks.
            strength, attenuation_limit, linked: as in a call.

        Raises:
            SpeechganError: the model hears ahead, or an argument is out of range.
        """
        strength = choose_strength(strength, attenuation_limit)
        check_rate(sample_rate)
        if channels < 1:
            raise SpeechganError(f"channels {channels}: must be 1 or more")
        if not self.network.causal:
            raise SpeechganError(
                "this model hears ahead and cannot follow a stream; use a causal one, such as "
                "default"
            )
        stream = self.network.open(sample_rate, channels, strength, linked)
        assert isinstance(stream, Stream)
        return stream

    def enhance_blocks(
        self,
        read: Callable[[], Iterator[Wave]],
        rate: float,
        channels: int,
        strength: float,
        linked: bool,
    ) -> Iterator[Wave]:
        """Noisy blocks, from `read()`, to enhanced ones of the same total length.

        Args:
            read: begins the sound anew; blocks `(channel, sample)` float32.
            rate: in Hz.
            channels: of the blocks.
            strength, linked: as in a call.
        """
        scale: Wave = np.ones((channels, 1), np.float32)
        if not self.network.level_invariant:
            scale = _measure_level(read(), channels) / audio.REFERENCE_LEVEL
        # A silent channel is divided by 1 on the way in and multiplied by 0 on the way out.
        divisor = np.where(scale > 0, scale, 1)
        run = self.network.open(rate, channels, strength, linked)
        for block in read():
            yield run(block / divisor) * scale
        yield run.flush() * scale


def _measure_level(blocks: Iterator[Wave], channels: int) -> Wave:
    """RMS of each channel, `(channel, 1)`."""
    energy, samples = np.zeros((channels, 1)), 0
    for block in blocks:
        energy += np.square(block, dtype=np.float64).sum(axis=1, keepdims=True)
        samples += block.shape[1]
    return np.sqrt(energy / samples).astype(np.float32)
