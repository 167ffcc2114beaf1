"""Speech and noise mixed on the fly, a whole batch at a time."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import scipy.fft
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.data.enhancement.damage import Damage
from speechgan.data.enhancement.degradation import Degradation
from speechgan.data.enhancement.perturbation import change_formants, change_speed, shape_spectrum
from speechgan.data.stores import Store


class Mixtures:
    """Noisy and clean batches, numbered: batch `n` is always the same.

    Every random choice comes from a generator seeded with `(seed, n)`, so a resumed run needs only
    the number of the next batch.

    Args:
        speech: clean recordings.
        noise: noise recordings.
        rooms: impulse responses `(room, sample)`; empty for none.
        degradation: how they are mixed.
        batch_size: items of a batch.
        seconds: length of an item.
        seed: of all random choices.
        speaker_balance: 0 draws speakers by how long they speak, 1 draws them equally often.
    """

    def __init__(
        self,
        speech: Store,
        noise: Store,
        rooms: np.ndarray,
        degradation: Degradation,
        batch_size: int,
        seconds: float,
        seed: int,
        speaker_balance: float = 0.5,
    ) -> None:
        self.speech, self.noise, self.rooms = speech, noise, rooms
        self.degradation = degradation
        self.damage = Damage(degradation, speech.sample_rate)
        self.batch_size, self.seed = batch_size, seed
        self.samples = round(seconds * speech.sample_rate)
        self.seconds = batch_size * seconds
        self.chances = speaker_chances(speech, speaker_balance)

    def __getitem__(self, number: int) -> PairedBatch:
        rng = np.random.default_rng([self.seed, number])
        clean = np.stack([self._speech(rng) for _ in range(self.batch_size)])
        noise = np.stack([self._noise(rng) for _ in range(self.batch_size)])
        wet, clean = self._reverberate(rng, clean)
        snr = self.degradation.draw("snr_db", rng, self.batch_size)
        snr = np.where(self.degradation.befalls("noiseless", rng, self.batch_size), 40.0, snr)
        noise = noise * noise_gain(wet, noise, snr)
        spoken = ~self.degradation.befalls("speechless", rng, self.batch_size)
        wet, clean = wet * spoken, clean * spoken
        noisy, clean = self.damage(rng, wet + noise, clean)
        return PairedBatch(
            torch.from_numpy(noisy.astype(np.float32)), torch.from_numpy(clean.astype(np.float32))
        )

    def _speech(self, rng: np.random.Generator) -> np.ndarray:
        """`(sample,)`: parts of one or more utterances, of any speakers, until it is full."""
        speed = rng.uniform(*self.degradation.speed)
        needed = scipy.fft.next_fast_len(math.ceil(self.samples * speed), real=True)
        wave = change_speed(self._utterances(rng, needed), speed)[: self.samples]
        if rng.random() < self.degradation.formant:
            wave = change_formants(wave, rng.uniform(*self.degradation.formants))
        if rng.random() < self.degradation.gap:
            gap = int(rng.uniform(0.05, 0.5) * self.samples)
            silent = slice(0, gap) if rng.random() < 0.5 else slice(self.samples - gap, None)
            wave[silent] = 0
        return wave

    def _utterances(self, rng: np.random.Generator, samples: int) -> np.ndarray:
        parts: list[np.ndarray] = []
        missing = samples
        while missing > 0:
            index = int(rng.choice(len(self.speech), p=self.chances))
            spare = int(self.speech.lengths[index]) - missing
            start = int(rng.integers(0, spare)) if spare > 0 else 0
            part = self.speech.crop(index, start, missing)
            # Without equal levels of its parts the signal-to-noise ratio would be meaningless.
            parts.append(part * (0.05 / max(float(np.sqrt(np.mean(part**2))), 1e-4)))
            missing -= len(part)
        return np.concatenate(parts)

    def _noise(self, rng: np.random.Generator) -> np.ndarray:
        kind = rng.random()
        if kind < self.degradation.babble:
            voices = [self._utterances(rng, self.samples) for _ in range(rng.integers(3, 8))]
            return np.sum(voices, 0)
        if kind < self.degradation.babble + self.degradation.coloured or not len(self.noise):
            return coloured_noise(rng, self.samples, rng.uniform(-1.0, 2.5))
        wave = self._recorded_noise(rng)
        if rng.random() < self.degradation.second_noise:
            wave = wave + self._recorded_noise(rng) * 10 ** (rng.uniform(-10, 0) / 20)
        return wave

    def _recorded_noise(self, rng: np.random.Generator) -> np.ndarray:
        """A randomly perturbed noise recording, `(sample,)`, of power 1."""
        settings = self.degradation
        index = int(rng.integers(len(self.noise)))
        speed = rng.uniform(*settings.noise_speed)
        needed = scipy.fft.next_fast_len(math.ceil(self.samples * speed), real=True)
        start = int(rng.integers(0, max(1, int(self.noise.lengths[index]) - needed)))
        wave = np.resize(self.noise.crop(index, start, needed), needed)
        wave = change_speed(wave, speed)[: self.samples]
        if rng.random() < settings.noise_reversed:
            wave = wave[::-1]
        if rng.random() < settings.noise_equalise:
            wave = shape_spectrum(wave, rng.uniform(-12, 12, 6))
        return wave / max(float(np.sqrt(np.mean(wave**2))), 1e-5)

    def _reverberate(
        self, rng: np.random.Generator, clean: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.flatnonzero(self.degradation.befalls("room", rng, self.batch_size))
        if not len(chosen) or not len(self.rooms):
            return clean, clean
        response = self.rooms[rng.integers(len(self.rooms), size=len(chosen))]
        early = response.copy()
        early[:, round(self.degradation.early_seconds * self.speech.sample_rate) :] = 0
        wet, target = clean.copy(), clean.copy()
        wet[chosen] = convolve(clean[chosen], response)
        target[chosen] = convolve(clean[chosen], early)
        return wet, target


class FirstMixtures:
    """The first of the mixtures, one by one, always the same.

    Args:
        mixtures: in batches of one item.
        count: how many.
    """

    def __init__(self, mixtures: Mixtures, count: int) -> None:
        self.mixtures, self.count = mixtures, count

    def __iter__(self) -> Iterator[tuple[str, PairedBatch]]:
        """Each with its name, `(1, sample)`."""
        for number in range(self.count):
            yield f"mixture {number}", self.mixtures[number]


def speaker_chances(speech: Store, balance: float) -> np.ndarray:
    """The probability of each recording, `(recording,)`."""
    speakers = [r.speaker for r in speech.recordings]
    seconds: dict[str, float] = {}
    for speaker, length in zip(speakers, speech.lengths, strict=True):
        seconds[speaker] = seconds.get(speaker, 0.0) + float(length)
    weights = np.array(
        [
            length * seconds[speaker] ** -balance
            for speaker, length in zip(speakers, speech.lengths, strict=True)
        ]
    )
    return weights / weights.sum()


def noise_gain(speech: np.ndarray, noise: np.ndarray, snr_db: np.ndarray) -> np.ndarray:
    """Gain `(batch, 1)` on noise `(batch, sample)` for a ratio to the active parts of speech."""
    sounding = np.abs(speech) > 1e-3 * np.abs(speech).max(1, keepdims=True)
    active = (speech**2).sum(1, keepdims=True) / np.maximum(sounding.sum(1, keepdims=True), 1)
    power = np.mean(noise**2, axis=1, keepdims=True)
    return np.sqrt(active / np.maximum(power, 1e-12)) * 10 ** (-np.asarray(snr_db) / 20)


def coloured_noise(rng: np.random.Generator, samples: int, slope: float) -> np.ndarray:
    """Gaussian noise whose power falls with frequency to the power of `slope` (1 is pink)."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.arange(len(spectrum)) / len(spectrum)
    spectrum *= np.maximum(frequency, 0.005) ** (-slope / 2)
    wave = np.fft.irfft(spectrum, samples)
    return wave / np.sqrt(np.mean(wave**2))


def convolve(waves: np.ndarray, responses: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """Convolves row by row, `(batch, sample)`, cut to the length of the waves."""
    responses = np.asarray(responses)
    length = scipy.fft.next_fast_len(waves.shape[1] + responses.shape[1] - 1, real=True)
    spectrum = scipy.fft.rfft(waves, length) * scipy.fft.rfft(responses, length)
    return scipy.fft.irfft(spectrum, length)[:, : waves.shape[1]]
