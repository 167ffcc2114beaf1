"""WORLD's synthesis as a stream, with its state kept from block to block."""

import numpy as np
import pyworld

from speechgan.features.voice import Voice
from speechgan.features.world import World

# As in WORLD: pulses a second where a voice has no pitch.
UNVOICED_F0 = 500.0
# As in WORLD: added to power spectra before their logarithm.
LEAST_POWER = 1e-12
# Samples of a pulse's response before the pulse, which lies between two samples.
RINGING = 16


class WorldStream:
    """Synthesis of the WORLD vocoder (Morise et al. 2016), block by block.

    A pulse for each period, and noise until the next one, both filtered by the minimum-phase filter
    of the envelope at that time. Phase, noise and the tails of responses continue from call to
    call, without discontinuities. Deliberate differences: the length of a period is that of F0 at
    its beginning, as otherwise the next pulse would have to be waited for; and a pulse's mean is
    subtracted over 64 ms after it, where pyworld does it around it.

    Args:
        features: of the analysis.

    Attributes:
        last: the last frame of the previous call.
        phase: at that frame, in periods.
        ringing: `(fft_size,)`, the tails of earlier pulses' responses.
        frames: number of frames so far.
    """

    def __init__(self, features: World) -> None:
        self.features, self.rate, self.size = features, features.sample_rate, features.fft_size
        self.last: Voice | None = None
        self.phase, self.frames, self.ringing = 0.0, 0, np.zeros(self.size)
        window = np.hanning(self.size + 1)[:-1]
        self._mean = window / window.sum()

    @property
    def delay(self) -> int:
        """Delay of the output, in samples: a frame is synthesised when the next one is known."""
        return self.features.hop_length + RINGING

    def __call__(self, voice: Voice) -> np.ndarray:
        """The next frames, with F0 and aperiodicity, to `hop_length` samples each, float32."""
        before = voice.cut(slice(1)) if self.last is None else self.last
        joined = Voice.join([before, voice])
        assert joined.f0 is not None and joined.aperiodicity is not None
        samples = len(voice) * self.features.hop_length
        places, shifts, pitch, voiced = self._find_pulses(joined.f0.astype(np.float64), samples)
        around = places / self.features.hop_length
        power = _between(self._decode(joined.image, "spectral_envelope"), around)
        noisy = _between(self._decode(joined.aperiodicity, "aperiodicity"), around) ** 2
        random = np.random.default_rng(self.frames)
        wave = np.concatenate([self.ringing, np.zeros(samples)])
        responses = self._excite_noise(power * np.where(voiced[:, None], noisy, 1), pitch, random)
        pulses = voiced & (noisy[:, 0] <= 0.999)
        responses[pulses] += self._excite_pulses(
            (power * (1 - noisy))[pulses], pitch[pulses], shifts[pulses]
        )
        for place, response in zip(places, responses, strict=True):
            wave[place : place + self.size] += response
        self.last, self.ringing = voice.cut(slice(-1, None)), wave[samples:]
        self.frames += len(voice)
        return wave[:samples].astype(np.float32)

    def _find_pulses(self, f0: np.ndarray, samples: int) -> tuple[np.ndarray, ...]:
        """Pulses: the samples before them, their offsets from these, F0, and whether voiced."""
        frame = np.arange(samples) / self.features.hop_length
        known = np.arange(len(f0))
        voiced = np.interp(frame, known, (f0 > 0).astype(np.float64)) > 0.5
        pitch = np.where(voiced, np.interp(frame, known, f0), UNVOICED_F0)
        phase = self.phase + np.concatenate([[0.0], np.cumsum(pitch / self.rate)])
        places = np.flatnonzero(np.diff(np.floor(phase)))
        shifts = (np.ceil(phase[places]) - phase[places]) / (pitch[places] / self.rate)
        self.phase = float(phase[-1] % 1)
        return places, shifts, pitch[places], voiced[places]

    def _decode(self, rows: np.ndarray, kind: str) -> np.ndarray:
        decode = getattr(pyworld, f"decode_{kind}")
        decoded: np.ndarray = decode(
            np.ascontiguousarray(rows.T, dtype=np.float64), self.rate, self.size
        )
        return decoded

    def _excite_pulses(
        self, power: np.ndarray, pitch: np.ndarray, shifts: np.ndarray
    ) -> np.ndarray:
        turns = np.exp(
            -2j * np.pi * (shifts + RINGING)[:, None] * np.arange(power.shape[1]) / self.size
        )
        response = np.fft.irfft(minimum_phase(power) * turns, self.size)
        response -= response.sum(1, keepdims=True) * self._mean
        return response * np.sqrt(self.rate / pitch)[:, None]

    def _excite_noise(
        self, power: np.ndarray, pitch: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        lengths = np.maximum(2, np.round(self.rate / pitch))[:, None]
        until_next = np.arange(self.size) < lengths
        noise = random.standard_normal((len(power), self.size)) * until_next
        noise -= noise.sum(1, keepdims=True) / lengths * until_next
        spectrum = np.fft.rfft(np.roll(noise, RINGING, 1))
        return np.fft.irfft(minimum_phase(power) * spectrum, self.size)


def minimum_phase(power: np.ndarray) -> np.ndarray:
    """The minimum-phase spectrum `(..., frequency)` with this power, by the cepstrum."""
    size = 2 * (power.shape[-1] - 1)
    cepstrum = np.fft.irfft(np.log(power + LEAST_POWER) / 2, size)
    cepstrum[..., 1 : size // 2] *= 2
    cepstrum[..., size // 2 + 1 :] = 0
    spectrum: np.ndarray = np.exp(np.fft.rfft(cepstrum))
    return spectrum


def _between(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Rows `(frame, ...)`, linearly interpolated at places between frames."""
    before = places.astype(int)
    share = (places - before)[:, None]
    return (1 - share) * rows[before] + share * rows[before + 1]
