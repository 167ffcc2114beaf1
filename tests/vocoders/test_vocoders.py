"""Copy synthesis: analysed and put together again, a recording stays recognisable."""

import numpy as np
import pytest
import torch

from speechgan.features.mel import MelVoice
from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.inference.vocoders import load_vocoder
from speechgan.metrics.intrusive import estoi, pesq_wb
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.base import Original
from speechgan.vocoders.choose import choose_vocoder
from speechgan.vocoders.difference import SpectralDifference
from speechgan.vocoders.griffin_lim import GriffinLim, unmel
from speechgan.vocoders.world import WorldVocoder
from speechgan.vocoders.world_stream import WorldStream

Recordings = dict[str, tuple[np.ndarray, np.ndarray]]


def test_world_keeps_the_sound(recordings: Recordings) -> None:
    wave = recordings["kerstin_wind"][1]
    features = World()
    made = WorldVocoder(features).synthesise(features.analyse(wave), len(wave))
    assert made.shape == wave.shape and made.dtype == np.float32
    assert estoi(wave, made, 16000) > 0.8
    level = np.sqrt(np.mean(made**2) / np.mean(wave**2))
    assert 0.8 < level < 1.25


def stream(features: World, voice: Voice, frames: int) -> np.ndarray:
    """All of a voice, so many frames at a time, without the delay."""
    vocoder = WorldStream(features)
    pieces = [voice.cut(slice(n, n + frames)) for n in range(0, len(voice), frames)]
    return np.concatenate([vocoder(piece) for piece in pieces])[vocoder.delay :]


def test_world_piece_by_piece_is_as_good_as_at_once(recordings: Recordings) -> None:
    wave = recordings["kerstin_wind"][1]
    features = World()
    voice = features.analyse(wave)
    whole = WorldVocoder(features).synthesise(voice, len(wave))
    made = stream(features, voice, 7)
    assert made.dtype == np.float32 and abs(len(made) - len(wave)) < 200
    length = min(len(made), len(wave))
    assert pesq_wb(wave[:length], made[:length], 16000) > pesq_wb(wave, whole, 16000) - 0.1
    assert estoi(wave[:length], made[:length], 16000) > estoi(wave, whole, 16000) - 0.02
    # Pieces have no seams: pulses stand where one call would have put them.
    again = stream(features, voice, 50)[:length]
    noise = np.abs(np.fft.rfft(made[:length] - again)) ** 2
    heard = np.abs(np.fft.rfft(again)) ** 2
    low = slice(0, length * 500 // 16000)  # where there is hardly noise in the excitation
    assert noise[low].sum() < 0.02 * heard[low].sum()


def test_a_whole_number_of_samples_to_a_period_gives_pyworlds_pulses(
    recordings: Recordings,
) -> None:
    features = World()
    frame = features.analyse(recordings["kerstin_wind"][1][16000:24000]).cut(slice(50, 51))
    steady = Voice.join([frame] * 300)
    steady = Voice(
        steady.image,
        steady.loudness,
        np.full(300, 125, np.float32),
        np.full_like(steady.aperiodicity, -60),
    )
    made, expected = (
        np.abs(np.fft.rfft(wave[6400:14592]))[64:1600:64]  # harmonics of a period of 128 samples
        for wave in (
            stream(features, steady, 16),
            WorldVocoder(features).synthesise(steady, 300 * 80),
        )
    )
    # Up to 3 kHz there is no noise at -60 dB.
    assert np.abs(made / expected - 1).max() < 0.02


def test_griffin_lim_keeps_the_sound_and_iterations_help(recordings: Recordings) -> None:
    wave = recordings["kerstin_wind"][1]
    features = MelVoice()
    voice = features.analyse(wave)
    few, many = (GriffinLim(features, iterations=n).synthesise(voice, len(wave)) for n in (1, 32))
    assert many.shape == wave.shape
    assert pesq_wb(wave, many, 16000) > max(2.3, pesq_wb(wave, few, 16000) + 0.3)
    assert estoi(wave, many, 16000) > 0.9


def test_momentum_is_faster(recordings: Recordings) -> None:
    """The fast variant's magnitudes fit better after as many iterations."""
    wave = recordings["kerstin_wind"][1]
    features = MelVoice()
    spectrum = torch.stft(
        torch.from_numpy(wave), 1024, 256, window=features.mel.window, return_complex=True
    )
    errors = []
    for momentum in (0.0, 0.99):
        made = GriffinLim(features, 32, momentum).invert(spectrum.abs(), len(wave))
        again = torch.stft(made, 1024, 256, window=features.mel.window, return_complex=True)
        errors.append(float((again.abs() - spectrum.abs()).square().mean()))
    assert errors[1] < 0.8 * errors[0]


def test_unmel_finds_magnitudes_with_the_same_bands(recordings: Recordings) -> None:
    features = MelVoice()
    image = torch.from_numpy(features.analyse(recordings["p228_wind"][1]).image)
    magnitude = unmel(image, features.mel.filters)
    assert (magnitude >= 0).all()
    again = torch.log((features.mel.filters @ magnitude).clamp(min=1e-5))
    assert (again - image).abs().median() < 0.02


def test_the_same_voice_makes_the_same_sound(recordings: Recordings) -> None:
    wave = recordings["p228_wind"][1][:8000]
    features = MelVoice()
    voice = features.analyse(wave)
    one, other = (GriffinLim(features).synthesise(voice, 8000) for _ in range(2))
    assert np.array_equal(one, other)


def test_a_vocoder_that_does_not_fit_is_refused() -> None:
    assert isinstance(choose_vocoder(World()), WorldVocoder)
    assert isinstance(choose_vocoder(MelVoice()), GriffinLim)
    with pytest.raises(SpeechganError, match=r"World features; choose from auto, world, diff"):
        choose_vocoder(World(), "griffin_lim")
    with pytest.raises(ValueError, match="WORLD needs F0"):
        mel = MelVoice().analyse(np.zeros(1600, np.float32))
        WorldVocoder(World()).synthesise(mel, 1600)


def test_difference_filters_the_waveform(recordings: Recordings) -> None:
    """Worked by hand: a gain of 6 dB everywhere, then one that tilts."""
    wave = recordings["kerstin_wind"][1]
    features = World(f0="dio")
    voice = features.analyse(wave)
    vocoder = SpectralDifference(features)
    original = Original(wave, voice)
    assert np.allclose(vocoder.synthesise(voice, len(wave), original), wave, atol=1e-4)
    louder = voice.image.copy()
    louder[0] += 2 * np.log(2)
    made = vocoder.synthesise(voice.with_image(louder), len(wave), original)
    assert made.shape == wave.shape and np.allclose(made, 2 * wave, atol=2e-3)
    tilted = voice.image.copy()
    tilted[1] += 1.0
    made = vocoder.synthesise(voice.with_image(tilted), len(wave), original)
    before, after = (np.abs(np.fft.rfft(x)) ** 2 for x in (wave, made))
    low, high = slice(300, 2000), slice(14000, 20000)
    assert after[low].sum() > before[low].sum() and after[high].sum() < before[high].sum()
    f0 = [features.analyse(x).f0 for x in (wave, made)]
    both = (f0[0] > 0) & (f0[1] > 0)
    assert np.median(np.abs(f0[1][both] / f0[0][both] - 1)) < 0.01


def test_lengths_fit(recordings: Recordings) -> None:
    wave = recordings["p228_wind"][1]
    for features in (World(f0="dio"), MelVoice()):
        for samples in (1, 300, 4001):
            voice = features.analyse(wave[:samples])
            assert choose_vocoder(features).synthesise(voice, samples).shape == (samples,)


def test_the_vocoder_that_ships_beats_griffin_lim(recordings: Recordings) -> None:
    mel = MelVoice()
    for _, wave in recordings.values():
        voice = mel.analyse(wave)
        neural, iterated = (
            pesq_wb(wave, load_vocoder(mel, name).synthesise(voice, len(wave)), 16000)
            for name in ("neural", "griffin_lim")
        )
        assert neural > iterated + 0.1
