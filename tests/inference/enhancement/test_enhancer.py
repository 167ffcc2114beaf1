"""The enhancer: what a user of the Python interface would miss if it broke."""

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from speechgan import Enhancer
from speechgan.pretrained.loading import Model
from speechgan.utils.errors import SpeechganError


def make_noise(*shape: int, level: float = 0.1) -> np.ndarray:
    noise = np.random.default_rng(4).standard_normal(shape) * level
    return noise.astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000])
def test_an_identity_is_aligned_and_of_the_same_length_at_any_rate(
    identity: Model, rate: int
) -> None:
    samples = rate + 7
    # White noise low-passed where neither rate's filters act.
    spectrum = np.fft.rfft(make_noise(2, samples))
    spectrum[:, np.fft.rfftfreq(samples, 1 / rate) > min(3000, 0.4 * rate)] = 0
    wave = np.fft.irfft(spectrum, samples).astype(np.float32)
    out = Enhancer.from_model(identity, "cpu")(wave, rate)
    assert out.shape == wave.shape
    for channel in (0, 1):
        correlation = np.fft.irfft(np.fft.rfft(out[channel]).conj() * np.fft.rfft(wave[channel]))
        assert correlation.argmax() == 0
    middle = slice(rate // 10, -rate // 10)
    assert np.abs(out - wave)[:, middle].max() < 1e-4


def test_the_band_above_the_models_is_dropped_and_comes_back_with_less_strength(
    identity: Model,
) -> None:
    time = np.arange(48000) / 48000
    wave = 0.1 * np.sin(2 * np.pi * 1000 * time) + 0.1 * np.sin(2 * np.pi * 12000 * time)
    levels = {}
    for strength in (1.0, 0.5):
        made = Enhancer.from_model(identity, "cpu")(wave, 48000, strength=strength)
        spectrum = np.abs(np.fft.rfft(made))
        levels[strength] = spectrum[[1000, 12000]] / 2400
    assert levels[1.0] == pytest.approx([1, 0], abs=1e-3)
    assert levels[0.5] == pytest.approx([1, 0.5], abs=1e-3)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_softer_recording_gives_the_same_softer(model: Model, rate: int) -> None:
    wave = make_noise(2, 2 * rate)
    wave[1] *= 0.01  # and a channel of its own level
    enhancer = Enhancer.from_model(model, "cpu")
    loud = enhancer(wave, rate)
    factor = 10 ** (-30 / 20)
    soft = enhancer(wave * np.float32(factor), rate)
    assert np.abs(loud).max(1).min() > 0
    for channel in (0, 1):
        error = np.abs(soft[channel] / factor - loud[channel]).max()
        assert error < 1e-3 * np.abs(loud[channel]).max()


def test_channels_are_enhanced_alike(model: Model) -> None:
    wave = make_noise(3, 20000)
    wave[2] = wave[0]
    together = Enhancer.from_model(model, "cpu")(wave, 16000, linked=False)
    alone = Enhancer.from_model(model, "cpu")(wave[1], 16000)
    assert np.abs(together[1] - alone).max() < 1e-5 * np.abs(alone).max()
    assert np.abs(together[0] - together[2]).max() < 1e-5 * np.abs(alone).max()


def test_linked_channels_keep_every_voice_in_its_place(crn: Model) -> None:
    # Two sources after each other: one to the right by 12 dB, one to the left and inverted.
    source = make_noise(40000)
    left, right = source.copy(), source.copy()
    left[:20000] *= 0.25
    right[20000:] *= -0.25
    out = Enhancer.from_model(crn, "cpu")(np.stack([left, right]), 16000)
    assert np.abs(out).max() > 0.01
    assert np.abs(out[0, 1000:19000] - 0.25 * out[1, 1000:19000]).max() < 1e-6
    assert np.abs(out[1, 21000:39000] + 0.25 * out[0, 21000:39000]).max() < 1e-6
    apart = Enhancer.from_model(crn, "cpu")(np.stack([left, right]), 16000, linked=False)
    assert np.abs(apart - out).max() > 1e-4


def test_the_limit_leaves_so_many_decibels_of_the_input(crn: Model, silent: Model) -> None:
    wave = make_noise(20000)
    enhancer = Enhancer.from_model(silent, "cpu")
    assert np.abs(enhancer(wave, 16000)).max() < 1e-6
    kept = enhancer(wave, 16000, attenuation_limit=12.0)
    assert np.allclose(kept, 10 ** (-12 / 20) * wave, atol=1e-6)
    assert np.array_equal(enhancer(wave, 16000, attenuation_limit=0.0), wave)
    weaker = enhancer(wave, 16000, strength=0.5, attenuation_limit=12.0)
    assert np.allclose(weaker, 0.5 * wave, atol=1e-6)
    with pytest.raises(SpeechganError, match="attenuation limit -1: must be 0 dB or more"):
        enhancer(wave, 16000, attenuation_limit=-1)


@pytest.mark.parametrize("channels", [1, 2])
def test_nothing_comes_out_above_full_scale(loud: Model, channels: int) -> None:
    wave = np.clip(make_noise(channels, 40000, level=0.7), -1, 1)
    enhancer = Enhancer.from_model(loud, "cpu")
    out = enhancer(wave, 16000)
    assert np.abs(out).max() == 1
    assert np.mean(np.abs(out) == 1) > 0.01
    # What exceeds full scale at the input is no damage, and is not cut to it.
    assert np.abs(enhancer(4 * wave, 16000)).max() == pytest.approx(4)
    # What the network did not raise is not touched.
    assert np.allclose(enhancer(0.1 * wave, 16000), 0.3 * wave, atol=0.03)


@pytest.mark.parametrize("offset", [0.3, -0.02])
def test_a_direct_current_is_taken_off(transparent: Model, offset: float) -> None:
    rate = 16000
    wave = (0.05 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate)).astype(np.float32)
    out = Enhancer.from_model(transparent, "cpu")(wave + np.float32(offset), rate)
    # Nothing is left of it, from the first sample to the last.
    assert np.abs(out - wave).max() < 1e-3


def test_of_two_channels_each_loses_its_own_direct_current(transparent: Model) -> None:
    rate = 16000
    wave = (0.05 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate)).astype(np.float32)
    out = Enhancer.from_model(transparent, "cpu")(np.stack([wave + 0.3, wave - 0.02]), rate)
    # In the first frame, where a beginning sounds like a click, they share one mask; so they do in
    # the last.
    assert np.abs(out - wave)[:, 512:-512].max() < 1e-3
    assert np.abs(out - wave)[:, -512:].max() < 0.01


def test_silence_stays_silence(model: Model) -> None:
    wave = np.zeros((2, 20000), np.float32)
    assert not Enhancer.from_model(model, "cpu")(wave, 16000).any()
    wave[0] = make_noise(20000)
    out = Enhancer.from_model(model, "cpu")(wave, 44100)
    assert out[0].any() and not out[1].any()


@pytest.mark.parametrize("rate", [16000, 48000])
@pytest.mark.parametrize("shape", [(1,), (8, 1), (2,), (257,), (8, 4000)])
def test_any_shape_comes_back(model: Model, rate: int, shape: tuple[int, ...]) -> None:
    out = Enhancer.from_model(model, "cpu")(make_noise(*shape), rate)
    assert out.shape == shape
    assert np.isfinite(out).all()


def test_dtypes_and_kinds_come_back(crn: Model) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    wave = make_noise(2, 8000)
    expected = enhancer(wave, 16000)
    tolerance = np.abs(expected).max() * 1e-3
    double = enhancer(wave.astype(np.float64), 16000)
    assert double.dtype == np.float64
    assert np.abs(double - expected).max() < tolerance
    tensor = enhancer(torch.from_numpy(wave), 16000)
    assert isinstance(tensor, torch.Tensor)
    assert np.array_equal(tensor.numpy(), expected)
    assert enhancer(torch.from_numpy(wave).bfloat16(), 16000).dtype == torch.bfloat16


def test_integers_are_scaled_by_their_range_and_clip(identity: Model) -> None:
    enhancer = Enhancer.from_model(identity, "cpu")
    wave = np.array([32767, -32768, 100, -1, 0], np.int16)
    assert np.array_equal(enhancer(wave, 16000), wave)
    assert np.array_equal(enhancer(wave, 16000, strength=0.5), wave)
    loud = copy.deepcopy(identity)
    loud.generator.forward = lambda wave: 2 * wave
    assert Enhancer.from_model(loud, "cpu")(wave, 16000).tolist() == [32767, -32768, 200, -2, 0]
    with pytest.raises(SpeechganError, match="dtype uint8: must be floating point, int16 or"):
        enhancer(np.zeros(10, np.uint8), 16000)


def test_bytes_may_lie_in_either_order(identity: Model) -> None:
    enhancer = Enhancer.from_model(identity, "cpu")
    for dtype in (">i2", ">i4", ">f4"):
        wave = np.array([127, -128, 100, -1, 0], dtype)
        assert enhancer(wave, 16000).dtype == np.dtype(dtype)
        assert np.array_equal(enhancer(wave, 16000), wave)


@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.float32, np.float64])
def test_a_rate_may_be_a_number_of_numpy(crn: Model, kind: type) -> None:
    enhancer, wave = Enhancer.from_model(crn, "cpu"), make_noise(9000)
    expected = enhancer(wave, 16000)
    assert np.array_equal(enhancer(wave, kind(16000)), expected)
    stream = enhancer.stream(kind(16000))
    assert np.allclose(np.concatenate([stream(wave), stream.flush()]), expected, atol=1e-6)


def test_strength_is_the_share_of_the_enhanced(model: Model) -> None:
    wave = make_noise(2, 20000)
    enhancer = Enhancer.from_model(model, "cpu")
    full = enhancer(wave, 16000, strength=1.0)
    assert np.abs(full - wave).max() > 1e-3
    assert np.allclose(enhancer(wave, 16000, strength=0.25), 0.25 * full + 0.75 * wave, atol=1e-6)
    nothing = enhancer(wave, 16000, strength=0.0)
    assert nothing.tobytes() == wave.tobytes()
    nothing[:] = 0
    assert wave.any()


@pytest.mark.parametrize(
    ("wave", "rate", "strength", "message"),
    [
        (np.zeros(0, np.float32), 16000, 1, "not empty"),
        (np.zeros((2, 0), np.float32), 16000, 1, "not empty"),
        (np.zeros((1, 1, 5), np.float32), 16000, 1, r"must be \(samples,\) or \(channels"),
        (np.zeros((2000, 2), np.float32), 16000, 1, r"\(2000, 2\): .* give wave\.T"),
        ("noisy.wav", 16000, 1, "wave of type str: must be a NumPy array or a torch tensor"),
        (np.zeros(5, np.float32), 0, 1, "sample rate 0: must be a positive"),
        (np.zeros(5, np.float32), 16000, 1.5, "strength 1.5: must be from 0 to 1"),
        (np.zeros(5, np.float32), 16000, float("nan"), "strength nan: must be from 0 to 1"),
        (np.array([0, np.nan], np.float32), 1, 1, "wave: a sample is NaN or infinite at 1.000 s"),
    ],
)
def test_what_cannot_be_enhanced_is_refused(
    crn: Model, wave: np.ndarray, rate: float, strength: float, message: str
) -> None:
    with pytest.raises(SpeechganError, match=message):
        Enhancer.from_model(crn, "cpu")(wave, rate, strength=strength)


def test_a_model_of_another_task_is_refused(identity: Model) -> None:
    identity.config["task"] = "convert"
    with pytest.raises(SpeechganError, match="a model for the task convert, not enhance"):
        Enhancer.from_model(identity)


def test_threads_are_given_back(crn: Model) -> None:
    before = torch.get_num_threads()
    seen = []
    continue_from = crn.generator.continue_from

    def watch(*arguments: Any) -> Any:
        seen.append(torch.get_num_threads())
        return continue_from(*arguments)

    crn.generator.continue_from = watch
    Enhancer.from_model(crn, "cpu", threads=before + 1)(make_noise(5000), 16000)
    assert set(seen) == {before + 1}
    assert torch.get_num_threads() == before
    with pytest.raises(SpeechganError, match="threads 0: must be 1 or more"):
        Enhancer.from_model(crn, "cpu", threads=0)


@pytest.mark.parametrize(
    ("rate", "channels", "extension", "subtype"),
    [
        (16000, 1, "wav", "PCM_16"),
        (96000, 2, "wav", "PCM_24"),
        (44100, 8, "wav", "FLOAT"),
        (48000, 2, "flac", "PCM_24"),
        (8000, 1, "wav", "ULAW"),
    ],
)
def test_a_file_keeps_rate_channels_length_and_subtype(
    tmp_path: Path, model: Model, rate: int, channels: int, extension: str, subtype: str
) -> None:
    source, target = tmp_path / f"a.{extension}", tmp_path / "new" / f"b.{extension}"
    wave = make_noise(rate + 13, channels)
    soundfile.write(source, wave, rate, subtype=subtype)
    seconds: list[float] = []
    result = Enhancer.from_model(model, "cpu").enhance_file(source, target, progress=seconds.append)
    found = soundfile.info(target)
    assert (found.samplerate, found.channels, found.frames) == (rate, channels, rate + 13)
    assert found.subtype == subtype
    assert sum(seconds) == pytest.approx(result.seconds) == (rate + 13) / rate
    # The file says what the call says.
    expected = Enhancer.from_model(model, "cpu")(soundfile.read(source, dtype="float32")[0].T, rate)
    written = soundfile.read(target)[0].T
    if subtype != "FLOAT":
        expected = np.clip(expected, -1, 1)
    steps = {"PCM_16": 2**-15, "PCM_24": 2**-23, "FLOAT": 1e-6, "ULAW": 0.04}
    assert np.abs(written - expected).max() < 1.1 * steps[subtype]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_strength_0_copies_the_samples_of_a_file(tmp_path: Path, crn: Model, subtype: str) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(source, np.random.default_rng(0).uniform(-1, 1, (50000, 2)), 44100, subtype)
    Enhancer.from_model(crn, "cpu").enhance_file(source, target, strength=0)
    assert soundfile.info(target).subtype == subtype
    before, after = (soundfile.read(path, dtype="float64")[0] for path in (source, target))
    assert np.array_equal(before, after)


def test_a_long_file_goes_through_in_blocks_and_equals_the_whole(
    tmp_path: Path, model: Model
) -> None:
    rate, seconds = 44100, 40
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    wave = make_noise(rate * seconds)
    soundfile.write(source, wave, rate, subtype="FLOAT")
    Enhancer.from_model(model, "cpu", block_seconds=1.0).enhance_file(source, target)
    whole = Enhancer.from_model(model, "cpu", block_seconds=seconds + 1)(wave, rate)
    assert np.abs(soundfile.read(target)[0] - whole).max() < 1e-4 * np.abs(whole).max()


def test_the_input_is_never_overwritten(tmp_path: Path, crn: Model) -> None:
    source, link = tmp_path / "a.wav", tmp_path / "link.wav"
    soundfile.write(source, make_noise(1000), 16000)
    link.symlink_to(source)
    before = source.read_bytes()
    for target in (source, link):
        with pytest.raises(SpeechganError, match="is the input itself; choose another output"):
            Enhancer.from_model(crn, "cpu").enhance_file(source, target)
    assert source.read_bytes() == before


def test_a_nan_on_the_way_leaves_no_output(tmp_path: Path, crn: Model) -> None:
    wave = make_noise(5 * 16000)
    wave[-1] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, 16000, subtype="FLOAT")
    with pytest.raises(SpeechganError, match=r"a\.wav: a sample is NaN or infinite at 5\.000 s"):
        Enhancer.from_model(crn, "cpu").enhance_file(tmp_path / "a.wav", tmp_path / "b.wav")
    assert os.listdir(tmp_path) == ["a.wav"]
