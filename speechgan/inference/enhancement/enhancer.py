"""Noisy speech in, cleaner speech out: arrays, tensors, files of any length, and streams."""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Self

from speechgan.inference.engines import choose_engine
from speechgan.inference.enhancement.network import Network
from speechgan.inference.enhancement.rounds import (
    check_batch,
    run_alone,
    run_in_order,
    run_together,
)
from speechgan.inference.enhancement.shifts import check_shifts
from speechgan.inference.enhancement.sound_steps import Wish, enhance_file, enhance_wave
from speechgan.inference.enhancement.streaming import Stream
from speechgan.inference.samples import Sound, check_rate
from speechgan.inference.sound_files import FilePair, Progress, WrittenFile, check_open_files
from speechgan.inference.strength import choose_strength
from speechgan.inference.threads import check_threads
from speechgan.pretrained.folder import require_task
from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    import torch

    from speechgan.pretrained.loading import Model


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
        shifts: as there.
    """

    def __init__(self, network: Network, shifts: int = 1) -> None:
        self.network, self.shifts = network, check_shifts(shifts)

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "default",
        device: "str | torch.device" = "auto",
        *,
        threads: int | None = 1,
        seed: int = 0,
        engine: str = "auto",
        shifts: int | None = None,
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
            shifts: how often each sound is enhanced, with its frames in other places, 1 to 16;
                what comes out is the mean, and the time as many times as long (`ShiftedSound`).
                None takes what the model asks for: 2 of `quality`, 1 of the others that ship.

        Raises:
            SpeechganError: no such model, engine or device, a model of another task, threads
                below 1, a seed below 0, shifts out of range.
        """
        if choose_engine(name, engine, device) == "onnx":
            from speechgan.inference.enhancement.onnx_network import OnnxNetwork

            network = OnnxNetwork.from_pretrained(name, device, threads)
            return cls(network, network.shifts if shifts is None else shifts)
        from speechgan.pretrained.loading import load_model

        model = load_model(name, device)
        return cls.from_model(model, device, threads=threads, seed=seed, shifts=shifts)

    @classmethod
    def from_model(
        cls,
        model: "Model",
        device: "str | torch.device" = "auto",
        *,
        threads: int | None = 1,
        seed: int = 0,
        block_seconds: float = 8.0,
        shifts: int | None = None,
    ) -> Self:
        """The enhancer of a model that is loaded; arguments and errors as in `from_pretrained`.

        Args:
            block_seconds: of sound computed at a time by generators that hear ahead, or four times
                what they hear ahead where that is longer; memory grows with it.
        """
        from speechgan.inference.enhancement.torch_network import TorchNetwork
        from speechgan.inference.enhancement.wave_network import WaveNetwork
        from speechgan.pretrained.loading import choose_device

        require_task(model.name, model.config, "enhance")
        check_threads(threads)
        if seed < 0:
            raise SpeechganError(f"seed {seed}: must be 0 or more")
        chosen = choose_device(device)
        model.generator.to(chosen).eval()
        kind = WaveNetwork if model.generator.reads == "wave" else TorchNetwork
        network = kind(model, chosen, threads, seed, block_seconds)
        return cls(network, model.config.get("shifts", 1) if shifts is None else shifts)

    def __call__(
        self,
        wave: Sound,
        sample_rate: float,
        *,
        strength: float = 1.0,
        attenuation_limit: float | None = None,
        linked: bool = True,
        declip: bool = False,
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
            declip: whether clipped peaks are made anew before (`speechgan.audio.clipping.declip`);
                what would not fit into full scale comes out softer.

        Returns:
            The same shape, type, dtype and device.

        Raises:
            SpeechganError: an empty wave, another shape or dtype, NaN or infinity, a sample rate,
                strength or limit out of range.
        """
        wish = self._wish(strength, attenuation_limit, linked, declip)
        steps = enhance_wave(self.network, wave, sample_rate, wish)
        return run_alone(steps, self.network.answer)

    def enhance_many(
        self,
        waves: Iterable[Sound],
        sample_rate: float,
        *,
        batch: int = 16,
        strength: float = 1.0,
        attenuation_limit: float | None = None,
        linked: bool = True,
        declip: bool = False,
    ) -> Iterator[Sound]:
        """Enhances sounds in memory, several at once: as calls one by one, and faster on a GPU.

        Args:
            waves: each as in a call, of any lengths and numbers of channels. They are taken as they
                are needed, no more than three batches ahead of what has been given.
            sample_rate: of all, in Hz.
            batch: most sounds that go through the network together, 1 or more.
            strength, attenuation_limit, linked, declip: as in a call.

        Yields:
            What a call gives of each, in their order.

        Raises:
            SpeechganError: at once, if an argument is out of range; as a call, when it is a
                refused wave's turn, whose number it names.
        """
        wish = self._wish(strength, attenuation_limit, linked, declip, together=True)
        sample_rate = check_rate(sample_rate)
        steps = (enhance_wave(self.network, wave, sample_rate, wish) for wave in waves)
        return run_in_order(steps, check_batch(batch), self.network.answer)

    def enhance_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        *,
        strength: float = 1.0,
        attenuation_limit: float | None = None,
        linked: bool = True,
        declip: bool = False,
        progress: Progress | None = None,
    ) -> WrittenFile:
        """Enhances a file of any length, in blocks; memory does not grow with the length.

        Args:
            source, target, progress: see `speechgan.inference.sound_files.FilePair`.
            strength, attenuation_limit, linked, declip: as in a call.

        Raises:
            SpeechganError: as `FilePair`; or strength or limit out of range.
        """
        wish = self._wish(strength, attenuation_limit, linked, declip)
        steps = enhance_file(self.network, FilePair(source, target, progress), wish)
        return run_alone(steps, self.network.answer)

    def enhance_files(
        self,
        pairs: Iterable[FilePair],
        *,
        batch: int = 16,
        strength: float = 1.0,
        attenuation_limit: float | None = None,
        linked: bool = True,
        declip: bool = False,
    ) -> Iterator[tuple[int, WrittenFile | SpeechganError]]:
        """Enhances files of any lengths, rates and channels, several at once, as one by one.

        Memory grows with the batch, and not with lengths or the number of files.

        Args:
            pairs: the files; they are opened as there is a place.
            batch: most files that are open, and go through the network together, 1 or more.
            strength, attenuation_limit, linked, declip: as in a call.

        Yields:
            A file's number with what was written, or with why it was not, in the order in which
            they end.

        Raises:
            SpeechganError: an argument is out of range, or a batch of more files than may be open.
        """
        wish = self._wish(strength, attenuation_limit, linked, declip, together=True)
        check_open_files(check_batch(batch))
        steps = (enhance_file(self.network, pair, wish) for pair in pairs)
        return run_together(steps, batch, self.network.answer)

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
            SpeechganError: the model hears ahead, an argument is out of range, or there are shifts.
        """
        strength = choose_strength(strength, attenuation_limit)
        sample_rate = check_rate(sample_rate)
        if channels < 1:
            raise SpeechganError(f"channels {channels}: must be 1 or more")
        if not self.network.causal:
            raise SpeechganError(
                "this model hears ahead and cannot follow a stream; use a causal one, such as "
                "default"
            )
        if self.shifts > 1:
            raise SpeechganError(
                f"shifts {self.shifts}: a live sound is enhanced once; leave them at 1"
            )
        stream = self.network.open(sample_rate, channels, strength, linked)
        assert isinstance(stream, Stream)
        return stream

    def _wish(
        self,
        strength: float,
        limit: float | None,
        linked: bool,
        declip: bool,
        together: bool = False,
    ) -> Wish:
        chosen = choose_strength(strength, limit)
        return Wish(chosen, linked, together, self.shifts, declip)
