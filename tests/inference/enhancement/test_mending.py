"""What is mended before a network hears a sound: clipped peaks, its rate, gaps."""

import numpy as np
import pytest
import soundfile

from speechgan import Enhancer, Restorer
from speechgan.audio.clipping import declip
from speechgan.audio.gaps import fill_gaps
from speechgan.cli.main import main
from speechgan.inference.enhancement import mending
from speechgan.inference.enhancement.mending import declip_blocks, fill_blocks, unclip
from speechgan.inference.sound_files import FilePair
from speechgan.metrics.intrusive import si_sdr

RATE = 16000


@pytest.fixture(scope="module")
def speech(recordings) -> np.ndarray:
    wave = np.tile(recordings["p228_wind"][1], 2)
    return 0.5 * wave / np.abs(wave).max()


@pytest.fixture(scope="module")
def restorer() -> Restorer:
    """Around a small enhancer, which does not care what it is asked for."""
    return Restorer.from_pretrained("tiny")


@pytest.fixture
def interrupted(speech) -> np.ndarray:
    wave = speech.copy()
    for start in range(5000, len(wave), 8000):
        wave[start : start + 960] = 0
    return wave


def mend_in_blocks(mend_blocks, wave: np.ndarray, size: int) -> np.ndarray:
    blocks = iter(np.split(wave[None], range(size, len(wave), size), axis=1))
    return np.concatenate(list(mend_blocks(blocks, RATE)), axis=1)[0]


@pytest.mark.parametrize("size", [777, 60_000, 10**6])
def test_gaps_are_filled_alike_in_blocks_of_any_size(interrupted, size):
    filled = mend_in_blocks(fill_blocks, interrupted, size)
    np.testing.assert_array_equal(filled, fill_gaps(interrupted, RATE))
    assert np.abs(filled - interrupted).max() > 0.01


@pytest.mark.parametrize("size", [777, 10**6])
def test_peaks_are_made_anew_alike_in_blocks_of_any_size(speech, size):
    clipped = np.clip(speech, -0.1, 0.1)
    made = mend_in_blocks(declip_blocks, clipped, size)
    np.testing.assert_array_equal(made, mend_in_blocks(declip_blocks, clipped, 60_000))
    assert si_sdr(speech, made, RATE) > si_sdr(speech, declip(clipped, RATE), RATE) - 0.5


def test_the_network_is_given_what_is_mended(restorer, speech):
    clipped = np.clip(speech, -0.1, 0.1)
    mended = mend_in_blocks(declip_blocks, clipped, 60_000)
    made = restorer.enhancer(mended, RATE)
    np.testing.assert_allclose(restorer(clipped, RATE), made, atol=1e-5)
    np.testing.assert_allclose(restorer(clipped, RATE, strength=0.0), mended, atol=1e-6)


def test_peaks_are_made_before_the_rate_changes(restorer, speech):
    """After it nothing is flat any more."""
    clipped = np.clip(speech, -0.1, 0.1)[::2]
    made = restorer(clipped, 8000, strength=0.0)
    assert np.abs(made).max() > 0.2


def test_what_would_not_fit_into_full_scale_comes_out_softer(restorer, speech, tmp_path):
    loud = np.clip(8 * speech, -1, 1)
    made = restorer(loud, RATE, strength=0.0)
    assert 0.9 < np.abs(made).max() <= 1
    unclipped = np.abs(loud) < 0.99
    scale = made[unclipped] @ loud[unclipped] / (loud[unclipped] @ loud[unclipped])
    assert 0.1 < scale < 0.9
    np.testing.assert_allclose(made[unclipped], scale * loud[unclipped], atol=1e-4)
    soundfile.write(tmp_path / "loud.wav", loud, RATE, "FLOAT")
    restorer.restore_file(tmp_path / "loud.wav", tmp_path / "made.wav", strength=0.0)
    np.testing.assert_allclose(soundfile.read(tmp_path / "made.wav")[0], made, atol=1e-5)


@pytest.mark.parametrize("rate", [1, 20, 100])
def test_any_sample_rate_is_mended(restorer, rate):
    wave = np.clip(1.2 * np.sin(np.arange(300) / 5), -1, 1).astype(np.float32)
    assert restorer.enhancer(wave, rate, declip=True).shape == wave.shape
    assert len(restorer(wave[:20], rate)) == 20 * 16000 // rate


def test_floating_point_above_full_scale_keeps_its_level(restorer, speech):
    loud = 8 * speech
    np.testing.assert_allclose(restorer(loud, RATE, strength=0.0), loud, atol=1e-5)


def test_all_channels_are_made_softer_alike(restorer, speech):
    loud, soft = np.clip(8 * speech, -1, 1), 0.1 * speech
    made = restorer(np.stack([loud, soft]), RATE, strength=0.0)
    alone = restorer(loud, RATE, strength=0.0)
    np.testing.assert_allclose(made[0], alone, atol=1e-6)
    within = np.abs(loud) < 0.99
    np.testing.assert_allclose(made[1][within] * 80, alone[within], atol=1e-3)


@pytest.fixture
def clipped(speech) -> np.ndarray:
    """Two channels, one of which would not fit into full scale."""
    sides = np.stack([np.clip(8 * speech, -1, 1), np.clip(speech, -0.1, 0.1)])
    return sides[:, :50_000]


def test_an_enhancer_declips_on_request_wherever_the_sound_lies(clipped, tmp_path):
    enhancer = Enhancer.from_pretrained("tiny")
    unclipped = np.concatenate(list(unclip(lambda: iter([clipped]), RATE)()), axis=1)
    expected = enhancer(unclipped, RATE)
    assert np.abs(expected - enhancer(clipped, RATE)).max() > 0.1
    np.testing.assert_allclose(enhancer(clipped, RATE, declip=True), expected, atol=1e-5)
    (many,) = enhancer.enhance_many([clipped], RATE, declip=True)
    np.testing.assert_allclose(many, expected, atol=1e-5)
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, clipped.T, RATE, "FLOAT")
    enhancer.enhance_file(source, target, declip=True)
    np.testing.assert_allclose(soundfile.read(target)[0].T, expected, atol=1e-5)


def test_files_declipped_together_come_out_as_one_by_one(clipped, tmp_path):
    enhancer = Enhancer.from_pretrained("tiny", engine="torch")
    pairs, expected = [], []
    for length in (20_000, 40_001, 50_000):
        source, target = tmp_path / f"{length}.wav", tmp_path / f"{length}.out.wav"
        soundfile.write(source, clipped[:, :length].T, RATE, "FLOAT")
        pairs.append(FilePair(source, target))
        expected.append(enhancer(clipped[:, :length], RATE, declip=True))
    assert sorted(n for n, _ in enhancer.enhance_files(pairs, batch=2, declip=True)) == [0, 1, 2]
    for pair, wave in zip(pairs, expected, strict=True):
        np.testing.assert_allclose(soundfile.read(pair.target)[0].T, wave, atol=1e-4)


def test_the_command_declips_recordings_and_refuses_to_declip_live(clipped, tmp_path, capsys):
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, clipped.T, RATE, "FLOAT")
    command = ["enhance", str(source), "-o", str(target), "--model", "tiny", "--declip"]
    assert main(command) == 0
    expected = Enhancer.from_pretrained("tiny")(clipped.astype(np.float32), RATE, declip=True)
    np.testing.assert_allclose(soundfile.read(target)[0].T, expected, atol=1e-5)
    assert main(["enhance", "-", "--stream", "--declip"]) == 1
    assert "--declip: hears a recording twice; leave it out" in capsys.readouterr().err


def test_short_sounds_are_declipped_once_and_long_ones_come_out_alike(clipped, monkeypatch):
    """Where what was cut off does not fit, the whole sound has to be heard before it begins."""
    windows = []
    monkeypatch.setattr(mending, "declip", lambda *given: (windows.append(1), declip(*given))[1])

    def unclipped() -> np.ndarray:
        return np.concatenate(list(unclip(lambda: iter([clipped]), RATE)()), axis=1)

    once = unclipped()
    count = len(windows)
    monkeypatch.setattr(mending, "KEPT", clipped.size - 1)
    np.testing.assert_array_equal(unclipped(), once)
    assert len(windows) == 3 * count
