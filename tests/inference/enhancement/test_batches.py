"""Many sounds through one network: each as if it were alone, and the network asked less often."""

import copy
import itertools
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from speechgan import Enhancer
from speechgan.inference.sound_files import FilePair, WrittenFile
from speechgan.pretrained.loading import Model
from speechgan.utils.errors import SpeechganError

# Of a frame, of less than a round, of several rounds, and of the same lengths again.
LENGTHS = [40_000, 1, 150_001, 16_384, 40_000, 3_000, 70_000, 16_384, 100]
RATES = [16_000, 44_100, 8_000, 48_000, 16_000]


def make_noise(number: int, *shape: int) -> np.ndarray:
    noise = np.random.default_rng(number).standard_normal(shape) * 0.1
    # Each of its own level, which a state that goes astray would carry over.
    return (noise * 10.0 ** -(number % 3)).astype(np.float32)


def make_files(folder: Path) -> list[FilePair]:
    """Of unlike lengths, rates and numbers of channels; what libsndfile keeps exactly."""
    pairs = []
    for number, length in enumerate(LENGTHS):
        source = folder / f"{number}.wav"
        wave = make_noise(number, length, 1 + number % 3)
        soundfile.write(source, wave, RATES[number % len(RATES)], "FLOAT")
        pairs.append(FilePair(source, folder / "many" / source.name))
    return pairs


def count_calls(enhancer: Enhancer) -> list[tuple[int, ...]]:
    """Where the shapes are kept of what a causal network is given from now on."""
    given: list[tuple[int, ...]] = []
    network: Any = enhancer.network
    network.step.register_forward_pre_hook(lambda module, args: given.append(args[0].shape))
    return given


@pytest.mark.parametrize(
    "model", ["crn", "ahead", "unet", "segan", "restorer", "identity"], indirect=True
)
@pytest.mark.parametrize("linked", [True, False])
def test_many_are_what_each_is_alone(model: Model, linked: bool) -> None:
    enhancer = Enhancer.from_model(model, "cpu", seed=1, block_seconds=1.0)
    waves = [make_noise(n, 1 + n % 2, length) for n, length in enumerate(LENGTHS)]
    how = {"strength": 0.8, "linked": linked}
    many = list(enhancer.enhance_many(waves, 16_000, batch=3, **how))
    assert len(many) == len(waves)
    for wave, made in zip(waves, many, strict=True):
        alone = enhancer(wave, 16_000, **how)
        assert made.shape == wave.shape
        assert np.abs(made - alone).max() < 1e-4 * np.abs(wave).max()


@pytest.mark.parametrize("model", ["crn", "ahead"], indirect=True)
def test_files_of_any_kind_are_what_each_is_alone(model: Model, tmp_path: Path) -> None:
    enhancer = Enhancer.from_model(model, "cpu")
    pairs = make_files(tmp_path)
    done = dict(enhancer.enhance_files(pairs, batch=4))
    for number, pair in enumerate(pairs):
        alone = enhancer.enhance_file(pair.source, tmp_path / "alone" / pair.source.name)
        together = done[number]
        assert isinstance(together, WrittenFile)
        assert (together.seconds, together.sample_rate, together.channels, together.format) == (
            alone.seconds, alone.sample_rate, alone.channels, alone.format,
        )  # fmt: skip
        expected, made = (soundfile.read(file.path)[0] for file in (alone, together))
        assert made.shape == expected.shape
        assert np.abs(made - expected).max() < 1e-5


def test_bad_files_are_named_and_the_others_are_written(crn: Model, tmp_path: Path) -> None:
    pairs = make_files(tmp_path)
    pairs[1].source.write_text("no sound")
    pairs[3].source.unlink()
    late = make_noise(3, 100_000)
    late[90_000] = np.nan  # found when much of it has been written
    soundfile.write(pairs[5].source, late, 16_000, "FLOAT")
    done = dict(Enhancer.from_model(crn, "cpu").enhance_files(pairs, batch=3))
    errors = {number: str(end) for number, end in done.items() if isinstance(end, SpeechganError)}
    assert sorted(errors) == [1, 3, 5]
    assert all(str(pairs[number].source) in error for number, error in errors.items())
    left = sorted(path.name for path in (tmp_path / "many").iterdir())
    assert left == [f"{number}.wav" for number in (0, 2, 4, 6, 7, 8)]


def test_nothing_of_a_sound_is_left_to_the_next_in_its_place(crn: Model) -> None:
    wave = make_noise(0, 30_000)
    first, _, second = Enhancer.from_model(crn, "cpu").enhance_many(
        [wave, 10 * make_noise(1, 50_000), wave], 16_000, batch=1
    )
    assert np.array_equal(first, second)


def test_the_network_is_asked_once_for_all_that_are_open(crn: Model) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    given = count_calls(enhancer)
    # Their ends are of unlike lengths, and two have not even a whole round.
    waves = [make_noise(n, length) for n, length in enumerate([50_000, 45_000, 9_000, 300])]
    list(enhancer.enhance_many(waves, 16_000, batch=4))
    # 50,000 samples are 196 frames and the one after them.
    assert [(rows, frames) for rows, _, _, frames in given] == [(4, 64), (2, 64), (2, 64), (1, 5)]


def test_a_place_that_becomes_free_is_taken_at_once(crn: Model) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    given = count_calls(enhancer)
    waves = [make_noise(n, length) for n, length in enumerate([64_000, 9_000, 9_000, 9_000])]
    list(enhancer.enhance_many(waves, 16_000, batch=2))
    assert [shape[0] for shape in given] == [2, 2, 2, 1]


@pytest.mark.parametrize("first", [1_000, 2_000_000])
def test_waves_are_taken_as_they_are_needed(crn: Model, first: int) -> None:
    taken, alive = 0, []

    def waves() -> Iterator[np.ndarray]:
        nonlocal taken
        for taken in itertools.count(1):
            wave = make_noise(taken, first if taken == 1 else 1_000)
            alive.append(weakref.ref(wave))
            yield wave

    made = Enhancer.from_model(crn, "cpu").enhance_many(waves(), 16_000, batch=3)
    for given in range(40):
        assert len(next(made)) == (1_000 if given else first)
        # Neither are inputs read long before their turn, nor do many results wait for theirs.
        assert taken <= given + 3 * 3
        assert sum(wave() is not None for wave in alive) <= 3 + 1


def test_memory_does_not_grow_with_the_files(crn: Model, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", make_noise(0, 16_000 * 60), 16_000)
    enhancer = Enhancer.from_model(crn, "cpu")
    given = count_calls(enhancer)
    pairs = [FilePair(tmp_path / "a.wav", tmp_path / f"{number}.wav") for number in range(3)]
    done = enhancer.enhance_files(pairs, batch=3)
    next(done)
    assert max(rows * frames for rows, _, _, frames in given) <= 3 * 66


def test_a_refused_wave_is_named_at_its_turn(crn: Model) -> None:
    waves = [make_noise(n, 20_000) for n in range(4)]
    waves[2][7] = np.inf
    made = Enhancer.from_model(crn, "cpu").enhance_many(waves, 16_000, batch=4)
    assert len(next(made)) == len(next(made)) == 20_000
    with pytest.raises(SpeechganError, match=r"sound 2: wave: a sample is NaN or infinite"):
        next(made)


def test_arguments_are_refused_before_anything_is_taken(crn: Model) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    for bad in ({"batch": 0}, {"strength": 2.0}, {"attenuation_limit": -1.0}):
        with pytest.raises(SpeechganError, match=next(iter(bad)).split("_")[0]):
            enhancer.enhance_many([make_noise(0, 100)], 16_000, **bad)
        with pytest.raises(SpeechganError, match=next(iter(bad)).split("_")[0]):
            enhancer.enhance_files([], **bad)
    with pytest.raises(SpeechganError, match="sample rate 0"):
        enhancer.enhance_many([], 0)


def test_more_files_than_may_be_open_are_refused_before_any_is(crn: Model) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    enhancer = Enhancer.from_model(crn, "cpu")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (400, before[1]))
        with pytest.raises(SpeechganError, match=r"batch 200: would open 400 files .* ulimit -n"):
            enhancer.enhance_files([], batch=200)
        assert not list(enhancer.enhance_files([], batch=150))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_is_abandoned_leaves_no_half_file(crn: Model, tmp_path: Path) -> None:
    pairs = make_files(tmp_path)
    done = Enhancer.from_model(crn, "cpu").enhance_files(pairs, batch=4)
    number, _ = next(done)
    assert len(list((tmp_path / "many").iterdir())) > 1
    done.close()
    assert [path.name for path in (tmp_path / "many").iterdir()] == [f"{number}.wav"]


def test_a_defect_leaves_no_half_file(crn: Model, tmp_path: Path) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    given = count_calls(enhancer)

    def fail(module: Any, arguments: Any) -> None:
        if len(given) == 3:
            raise RuntimeError("the device is gone")

    network: Any = enhancer.network
    network.step.register_forward_pre_hook(fail)
    # The traceback, which is kept, must not keep the files.
    with pytest.raises(RuntimeError, match="the device is gone") as caught:
        list(enhancer.enhance_files(make_files(tmp_path), batch=4))
    assert not [path.name for path in (tmp_path / "many").iterdir() if path.suffix != ".wav"]
    assert caught.tb


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("model", ["crn", "ahead", "unet"], indirect=True)
def test_a_gpu_gives_the_same(model: Model) -> None:
    waves = [make_noise(n, 1 + n % 2, length) for n, length in enumerate(LENGTHS)]
    on_cpu = Enhancer.from_model(copy.deepcopy(model), "cpu")
    on_gpu = Enhancer.from_model(model, "cuda")
    for wave, made in zip(waves, on_gpu.enhance_many(waves, 16_000, batch=4), strict=True):
        # TF32 in cuDNN's convolutions keeps ten bits of a product's factors.
        for alone in (on_cpu, on_gpu):
            assert np.abs(made - alone(wave, 16_000)).max() < 1e-2 * np.abs(wave).max()
