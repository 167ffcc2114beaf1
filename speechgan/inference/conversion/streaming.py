"""Conversion of live sound, in blocks of any size."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechgan.audio import LiveResampler, Wave
from speechgan.inference.conversion.live_voice import LiveVoice, Window
from speechgan.inference.conversion.network import ConversionNetwork
from speechgan.inference.conversion.sound import Wish
from speechgan.inference.samples import read_block, write_block
from speechgan.inference.threads import limit_threads
from speechgan.utils.errors import SpeechganError

# Length of a step of output, in seconds.
STEP = 0.08
# Look-ahead in seconds, for the analysis and the network.
AHEAD = 0.1
# Seconds before a step that are analysed again, for the windows of pitch and envelope.
BEFORE = 0.1

State = dict[str, np.ndarray[Any, Any]]


class ConversionStream:
    """One sound through a converter, block by block.

    Output comes in steps of 80 ms with a look-ahead of 100 ms: a sample is ready at most 186 ms
    after its input. At another rate than the model's, resampling adds to that; see `delay`. Each
    block returns the samples that are ready, `flush` the rest; in total as many as the input.

    The statistics of an unknown source are of the sound so far, up to a minute, and the network's
    context is three seconds; so the beginning is converted less accurately than by `Converter`,
    which has the whole file, and later parts about as well. The samples are never the same, as the
    places of a vocoder's pulses depend on all earlier F0.

    Args:
        network: converts images of voices, analysed by WORLD.
        threads: of the CPU.
        wish: settings of the conversion.
        sample_rate: of the blocks, in Hz.
        channels: of the blocks; converted independently.
    """

    def __init__(
        self,
        network: ConversionNetwork,
        threads: int | None,
        wish: Wish,
        sample_rate: float,
        channels: int = 1,
    ) -> None:
        self.sample_rate, self.channels, self.threads = sample_rate, channels, threads
        self.model_rate, self.hop = network.sample_rate, network.features.hop_length
        period = self.hop / self.model_rate
        self.step, self.ahead, self.before = (round(x / period) for x in (STEP, AHEAD, BEFORE))
        self._voices = [LiveVoice(network, wish) for _ in range(channels)]
        self._to_model = LiveResampler(sample_rate, self.model_rate, channels)
        self._from_model = LiveResampler(self.model_rate, sample_rate, channels)
        # Input at the model's rate that later windows need.
        self._buffer = np.zeros((channels, 0), np.float32)
        self._late = self._voices[0].vocoder.delay
        self._heard = self._made = self._steps = 0
        self._flushed = False
        self._like: Wave = np.zeros((channels, 0), np.float32)

    @property
    def delay(self) -> float:
        """Longest time from a sample's input to its output in seconds, without computing time."""
        own = (self.step + self.ahead) * self.hop + self._voices[0].vocoder.delay
        resampling = self._to_model.delay + self._from_model.delay
        return own / self.model_rate + resampling

    def __call__(self, block: Wave) -> Wave:
        """The samples that are ready after a block.

        Args:
            block: `(sample,)` of one channel, or `(channel, sample)`; any length, floating point
                with full scale at ±1, or 16- or 32-bit integers.

        Returns:
            The same kind and dtype, with as many samples as are ready, perhaps none.

        Raises:
            SpeechganError: another shape or dtype, NaN or infinity, after which the stream can
                continue with the next block; or the stream was flushed.
        """
        if self._flushed:
            raise SpeechganError("stream: was flushed; open another for the next sound")
        wave = read_block(block, self.channels, self.sample_rate)
        self._heard += wave.shape[1]
        ready = self._from_model(self._push(self._to_model(wave)))
        self._made += ready.shape[1]
        self._like = block[..., :0]
        return write_block(ready, self._like)

    def flush(self) -> Wave:
        """The last samples, of the kind and dtype of the last block; the stream takes no more.

        Without any block, `(channel, sample)` float32.
        """
        if self._flushed:
            return self._like
        self._flushed = True
        silence = np.zeros((self.channels, int(2 * self.delay * self.sample_rate) + 1), np.float32)
        most = self._heard - self._made
        ready = self._from_model(self._push(self._to_model(silence)))[:, :most]
        return write_block(ready, self._like)

    @property
    def state(self) -> State:
        """The stream's state; `numpy.savez(file, **stream.state)` saves it."""
        own = {
            "buffer": self._buffer.copy(),
            "samples": np.array([self._late, self._heard, self._made, self._steps]),
            "rates": np.array([self.sample_rate, self.model_rate], np.float64),
        }
        for prefix, part in self._parts().items():
            own |= {f"{prefix}.{name}": value.copy() for name, value in part.state.items()}
        return own

    @state.setter
    def state(self, state: Mapping[str, np.ndarray[Any, Any]]) -> None:
        own = self.state
        if (
            set(state) != set(own)
            or any(own[name].shape[:-1] != state[name].shape[:-1] for name in own)
            or not np.array_equal(own["rates"], state["rates"])
        ):
            raise SpeechganError(
                "state: of another model, rate or number of channels; open the stream as the one "
                "that it was taken from"
            )
        self._buffer = np.array(state["buffer"])
        self._late, self._heard, self._made, self._steps = map(int, state["samples"])
        for prefix, part in self._parts().items():
            part.state = {name: np.array(state[f"{prefix}.{name}"]) for name in part.state}

    def _parts(self) -> dict[str, LiveVoice | LiveResampler]:
        voices = {f"voice_{number}": voice for number, voice in enumerate(self._voices)}
        return {**voices, "to_model": self._to_model, "from_model": self._from_model}

    def _push(self, wave: Wave) -> Wave:
        """The next samples, at the model's rate, to those that are ready."""
        self._buffer = np.concatenate([self._buffer, wave], axis=1)
        ready = [np.zeros((self.channels, 0), np.float32)]
        while True:
            before = min(self.before, self._steps * self.step)
            new = slice(before, before + self.step)
            if self._buffer.shape[1] < (new.stop + self.ahead) * self.hop:
                break
            heard = self._buffer[:, : (new.stop + self.ahead) * self.hop]
            with limit_threads(self.threads):
                made = [v(Window(w, new)) for v, w in zip(self._voices, heard, strict=True)]
            self._steps += 1
            kept = min(self.before, self._steps * self.step)
            self._buffer = self._buffer[:, (new.stop - kept) * self.hop :]
            ready.append(np.stack(made))
        whole = np.concatenate(ready, axis=1)
        late = min(self._late, whole.shape[1])
        self._late -= late
        return whole[:, late:]
