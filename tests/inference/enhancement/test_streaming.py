"""Streams: any blocks, the same samples as from the whole, and a state that can be put away."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from speechgan import Enhancer
from speechgan.inference.enhancement.streaming import Stream
from speechgan.pretrained.loading import Model
from speechgan.utils.errors import SpeechganError


def make_noise(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(7).standard_normal(shape)).astype(np.float32)


def make_tones(samples: int, rate: int) -> np.ndarray:
    """A chord that swells, far above what is taken for a direct current."""
    time = np.arange(samples) / rate
    chord = sum(np.sin(2 * np.pi * f * time + f) for f in (1100, 1730, 2510))
    return (0.1 * chord * np.minimum(1, 20 * time)).astype(np.float32)


def cut(wave: np.ndarray, longest: int) -> Iterator[np.ndarray]:
    """Blocks of random lengths, some of them empty."""
    random, start = np.random.default_rng(2), 0
    while start < wave.shape[-1]:
        end = start + int(random.integers(0, longest + 1))
        yield wave[..., start:end]
        start = end


def run(stream: Stream, wave: np.ndarray, longest: int) -> np.ndarray:
    pieces = [stream(block) for block in cut(wave, longest)]
    return np.concatenate([*pieces, stream.flush()], axis=-1)


@pytest.mark.parametrize("longest", [1, 256, 257, 5000])
@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_blocks_of_any_size_give_the_samples_of_the_whole(
    crn: Model, rate: int, longest: int
) -> None:
    wave = make_noise(2, rate // (20 if longest == 1 else 2) + 3)
    enhancer = Enhancer.from_model(crn, "cpu")
    whole = enhancer(wave, rate)
    out = run(enhancer.stream(rate, 2), wave, longest)
    assert out.shape == wave.shape
    assert np.abs(out - whole).max() < 1e-6 * np.abs(whole).max() + 1e-7


def test_settings_hold_in_a_stream(crn: Model) -> None:
    wave = make_noise(2, 9000)
    enhancer = Enhancer.from_model(crn, "cpu")
    for settings in ({"strength": 0.3}, {"attenuation_limit": 6.0}, {"linked": False}):
        expected = enhancer(wave, 16000, **settings)
        out = run(enhancer.stream(16000, 2, **settings), wave, 500)
        assert np.abs(out - expected).max() < 1e-6
        assert np.abs(out - enhancer(wave, 16000)).max() > 1e-4


@pytest.mark.parametrize(("rate", "hop"), [(16000, 256), (44100, 706), (48000, 768), (8000, 128)])
def test_it_answers_one_hop_behind_and_is_aligned(transparent: Model, rate: int, hop: int) -> None:
    stream = Enhancer.from_model(transparent, "cpu").stream(rate)
    wave = make_tones(10 * hop, rate)
    answers = [stream(block) for block in wave.reshape(10, hop)]
    assert [len(answer) for answer in answers] == [0, *[hop] * 9]
    assert stream.flush().shape == (hop,)
    out = np.concatenate(answers)
    assert np.abs(out - wave[: 9 * hop]).max() < 1e-3


def test_samples_come_back_as_they_were_given(transparent: Model) -> None:
    stream = Enhancer.from_model(transparent, "cpu").stream(16000)
    wave = np.rint(make_tones(2000, 16000) * 2**15).astype(np.int16)
    out = stream(wave)
    assert out.dtype == np.int16
    assert np.abs(out - wave[: len(out)].astype(int)).max() < 1e-3 * 2**15


def test_a_state_can_be_saved_and_another_stream_goes_on_from_it(crn: Model) -> None:
    wave = make_noise(2, 12000)
    enhancer = Enhancer.from_model(crn, "cpu")
    whole = enhancer(wave, 48000)
    first = enhancer.stream(48000, 2)
    begun = first(wave[:, :5001])
    file = io.BytesIO()
    np.savez(file, **first.state)
    first(wave[:, 5001:9000])  # goes its own way: the state is a copy
    file.seek(0)
    second = enhancer.stream(48000, 2)
    second(make_noise(2, 3000))
    with np.load(file) as saved:
        second.state = dict(saved)
    out = np.concatenate([begun, second(wave[:, 5001:]), second.flush()], axis=1)
    assert np.abs(out - whole).max() < 1e-6


def test_a_state_of_another_stream_is_refused(crn: Model) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    state = enhancer.stream(16000, 2).state
    for other in (enhancer.stream(16000, 1), enhancer.stream(48000, 2)):
        with pytest.raises(SpeechganError, match="state: of another model, rate or number"):
            other.state = state


def test_what_is_no_block_is_refused_and_the_stream_goes_on(crn: Model) -> None:
    wave = make_noise(8000)
    enhancer = Enhancer.from_model(crn, "cpu")
    stream = enhancer.stream(16000)
    begun = stream(wave[:3000])
    damaged = wave[3000:6000].copy()
    damaged[7] = np.inf
    with pytest.raises(SpeechganError, match=r"block: a sample is NaN or infinite at 0\.000 s"):
        stream(damaged)
    for block in (make_noise(2, 100), make_noise(1, 1, 100)):
        with pytest.raises(SpeechganError, match=r"must be .* with channels 1"):
            stream(block)
    for kind in ([0.1, 0.2], torch.zeros(100)):
        with pytest.raises(SpeechganError, match=r"block of type .*: must be a NumPy array"):
            stream(kind)
    out = np.concatenate([begun, stream(wave[3000:]), stream.flush()])
    assert np.abs(out - enhancer(wave, 16000)).max() < 1e-6
    with pytest.raises(SpeechganError, match="was flushed; open another"):
        stream(wave)


def test_nothing_in_gives_nothing_out(crn: Model) -> None:
    stream = Enhancer.from_model(crn, "cpu").stream(16000)
    assert stream(np.zeros(0, np.float32)).shape == (0,)
    assert stream.flush().shape == (0,)
    assert Enhancer.from_model(crn, "cpu").stream(16000, 2).flush().shape == (2, 0)


@pytest.mark.parametrize("dtype", [np.int16, np.float64])
@pytest.mark.parametrize("shape", [(5000,), (1, 5000)])
def test_the_end_is_of_the_kind_of_the_blocks(crn: Model, dtype: type, shape: tuple) -> None:
    """So that all can be joined."""
    stream = Enhancer.from_model(crn, "cpu").stream(16000)
    noise = make_noise(*shape) * (1 if dtype == np.float64 else 2**15)
    blocks = [stream(noise.astype(dtype))]
    whole = np.concatenate([*blocks, stream.flush()], axis=-1)
    assert (whole.shape, whole.dtype) == (shape, dtype)
    assert np.abs(whole).max() > 0


def test_a_model_that_hears_ahead_cannot_follow(unet: Model, segan: Model) -> None:
    for model in (unet, segan):
        with pytest.raises(SpeechganError, match="hears ahead and cannot follow a stream"):
            Enhancer.from_model(model, "cpu").stream(16000)


def test_arguments_out_of_range_are_refused(crn: Model) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    with pytest.raises(SpeechganError, match="sample rate 0"):
        enhancer.stream(0)
    with pytest.raises(SpeechganError, match="channels 0: must be 1 or more"):
        enhancer.stream(16000, 0)
    with pytest.raises(SpeechganError, match="strength 2"):
        enhancer.stream(16000, strength=2)
