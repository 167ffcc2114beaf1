"""A sound enhanced several times, its frames elsewhere each time: the mean, aligned as ever."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan import Enhancer, Restorer
from speechgan.cli.main import main
from speechgan.inference.sound_files import FilePair
from speechgan.pretrained.loading import Model, load_model
from speechgan.utils.errors import SpeechganError

HOP = 256


def make_noise(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(5).standard_normal(shape)).astype(np.float32)


def enhance_later(model: Model, wave: np.ndarray, rate: int, samples: int) -> np.ndarray:
    """What a model makes of a sound whose frames begin so much earlier."""
    mirrored = np.concatenate([wave[:, :samples][:, ::-1], wave], axis=1)
    return Enhancer.from_model(model, "cpu", seed=2)(mirrored, rate)[:, samples:]


@pytest.mark.parametrize("model", ["crn", "ahead"], indirect=True)
@pytest.mark.parametrize(("rate", "hop"), [(16000, HOP), (48000, 3 * HOP)])
def test_it_is_the_mean_over_places_of_frames(model: Model, rate: int, hop: int) -> None:
    wave = make_noise(2, 2 * rate)
    places = [enhance_later(model, wave, rate, part * hop // 4) for part in range(4)]
    assert np.abs(places[1] - places[0]).max() > 1e-3
    out = Enhancer.from_model(model, "cpu", shifts=4)(wave, rate)
    assert np.abs(out - np.mean(places, axis=0)).max() < 1e-6


@pytest.mark.parametrize("model", ["crn", "ahead", "segan", "unet"], indirect=True)
@pytest.mark.parametrize("samples", [1, 100, 300, 40_000])
def test_many_and_files_and_single_ones_are_the_same(
    model: Model, samples: int, tmp_path: Path
) -> None:
    enhancer = Enhancer.from_model(model, "cpu", seed=2, block_seconds=1.0, shifts=3)
    waves = [make_noise(samples), make_noise(samples + 777), make_noise(samples)]
    expected = [enhancer(wave, 16000) for wave in waves]
    assert [made.shape for made in expected] == [wave.shape for wave in waves]
    many = list(enhancer.enhance_many(waves, 16000, batch=2))
    for number, (one, made) in enumerate(zip(expected, many, strict=True)):
        assert np.abs(one - made).max() < 1e-6
        soundfile.write(tmp_path / "in.wav", waves[number], 16000, "FLOAT")
        pair = FilePair(tmp_path / "in.wav", tmp_path / f"{number}.wav")
        list(enhancer.enhance_files([pair]))
        assert np.abs(soundfile.read(pair.target)[0] - one).max() < 1e-6


@pytest.mark.parametrize("model", ["identity"], indirect=True)
def test_a_sound_keeps_its_place(model: Model) -> None:
    wave = make_noise(2, 5000)
    out = Enhancer.from_model(model, "cpu", shifts=16)(wave, 16000)
    assert np.abs(out - wave).max() < 1e-6


def test_a_model_asks_for_shifts_and_the_user_has_the_last_word(crn: Model, tmp_path: Path) -> None:
    assert Enhancer.from_pretrained("quality").shifts == 2
    assert Enhancer.from_pretrained("quality", engine="torch").shifts == 2
    assert Enhancer.from_pretrained("quality", shifts=1).shifts == 1
    assert Enhancer.from_pretrained("default").shifts == 1
    assert Enhancer.from_model(load_model("quality"), "cpu", shifts=3).shifts == 3


def test_the_command_line_takes_them(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    soundfile.write(source, make_noise(8000), 16000, "FLOAT")
    command = ["enhance", str(source), "--model", "tiny", "--jobs", "1", "-o"]
    for shifts in (1, 2):
        target = tmp_path / f"{shifts}.wav"
        assert main([*command, str(target), "--shifts", str(shifts)]) == 0
        expected = Enhancer.from_pretrained("tiny", shifts=shifts)(make_noise(8000), 16000)
        assert np.abs(soundfile.read(target)[0] - expected).max() < 1e-6


def test_restoring_takes_them(crn: Model) -> None:
    wave = make_noise(1, 8000)
    once, twice = (
        Restorer(Enhancer.from_model(crn, "cpu", shifts=count))(wave, 16000) for count in (1, 2)
    )
    assert twice.shape == wave.shape
    assert 1e-4 < np.abs(twice - once).max() < 0.1


@pytest.mark.parametrize("shifts", [0, -1, 17])
def test_no_number_of_shifts_is_refused(crn: Model, shifts: int) -> None:
    with pytest.raises(SpeechganError, match=f"shifts {shifts}: must be 1 to 16"):
        Enhancer.from_model(crn, "cpu", shifts=shifts)


def test_a_live_sound_is_enhanced_once(crn: Model) -> None:
    with pytest.raises(SpeechganError, match="shifts 2: a live sound is enhanced once"):
        Enhancer.from_model(crn, "cpu", shifts=2).stream(16000)
