"""Floors of conversion, on voices whose right conversion is known."""

import numpy as np
import pytest
import torch

from speechgan.data.conversion.unpaired import AlignedCrops, UnpairedCrops
from speechgan.models.generators.linear import LinearMaps
from speechgan.models.generators.nearest import NearestFrames
from speechgan.models.generators.shallow import ShallowGenerator
from speechgan.models.generators.unchanged import Unchanged
from speechgan.models.layers.neighbours import find_nearest, stack_context
from speechgan.systems.conversion.base import Request
from speechgan.systems.conversion.direct import Aligned
from speechgan.systems.conversion.fitted import FittedSystem, Inca, MeanAndVariance, Nearest, Ridge

BINS = 4
AROUND = [-1, 0, 1]


def speech(frames: int, seed: int) -> np.ndarray:
    """Sounds of one language in random order, each held for a while, `(bin, frame)`."""
    rng = np.random.default_rng(seed)
    sounds = np.random.default_rng(1000).normal(size=(BINS, 12))
    course = sounds[:, rng.integers(12, size=frames // 5 + 1)].repeat(5, 1)[:, :frames]
    return (course + 0.1 * rng.normal(size=course.shape)).astype(np.float32)


def mix(image: np.ndarray) -> np.ndarray:
    """Another speaker's way to say the same: neighbouring bins leak into each other."""
    made = 0.8 * image + 0.6 * np.roll(image, 1, 0)
    return made.astype(np.float32)


def unpaired(*speakers: list[np.ndarray]) -> UnpairedCrops:
    return UnpairedCrops(speakers, 2, 32, 0.005, 0)


def convert(system: FittedSystem, image: np.ndarray) -> np.ndarray:
    request = Request(torch.from_numpy(image)[None, None], torch.tensor([1]), torch.tensor([0]))
    with torch.no_grad():
        return system.infer(request)[0, 0].numpy()


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.square(one - other).mean()))


def test_a_frame_is_seen_beside_its_neighbours():
    seen = stack_context(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), [-1, 0, 2])
    assert seen.tolist() == [[1, 4, 1, 4, 3, 6], [1, 4, 2, 5, 3, 6], [2, 5, 3, 6, 3, 6]]


def test_the_nearest_come_first_and_are_no_more_than_there_are():
    known = torch.tensor([[0.0], [10.0], [4.0]])
    assert find_nearest(torch.tensor([[6.0], [9.0]]), known, 2).tolist() == [[2, 1], [1, 2]]
    assert find_nearest(torch.tensor([[6.0]]), known, 9).tolist() == [[2, 1, 0]]


def test_mean_and_variance_leave_the_normalised_image():
    system = MeanAndVariance(Unchanged())
    system.fit(unpaired([speech(50, 0)], [speech(50, 1)]))
    assert np.array_equal(convert(system, speech(9, 2)), speech(9, 2))


def test_nearest_frames_are_the_targets_own_in_the_sources_order():
    image = speech(200, 0)
    alike = image + np.float32(0.001)
    system = Nearest(NearestFrames(BINS, [300, 200], [1.0] * BINS, AROUND, count=1))
    # Of the target frames are in another order in which their neighbourhoods survive.
    parts = [alike[:, 100:], alike[:, :100]]
    system.fit(unpaired([speech(300, 3)], parts))
    made = convert(system, image)
    target = np.concatenate(parts, 1)
    assert all((target == frame[:, None]).all(0).any() for frame in made.T)
    assert distance(made, alike) < 0.1 < distance(np.roll(alike, 5, 1), alike)


def test_nearest_frames_count_each_bin_as_much_as_it_deviates():
    target = np.float32([[0, 1], [1, 0]])
    for deviation, chosen in (([1.0, 0.1], 0), ([0.1, 1.0], 1)):
        system = Nearest(NearestFrames(2, [2, 2], deviation, [0], count=1))
        system.fit(unpaired([target], [target]))
        assert convert(system, np.zeros((2, 1), np.float32))[:, 0].tolist() == [*target[:, chosen]]


def test_ridge_finds_the_map_of_aligned_sentences_both_ways():
    image = speech(400, 0)
    system = Ridge(LinearMaps(BINS, 2, AROUND), penalty=1e-6)
    system.fit(AlignedCrops([(image, mix(image))], 2, 32, 0.005, 0))
    other = speech(100, 1)
    assert distance(convert(system, other), mix(other)) < 0.01
    maps = system.generator.maps.detach()
    back = system.generator.see(torch.from_numpy(mix(other))) @ maps[1, 0]
    assert distance(back.T.numpy(), other) < 0.01


def test_a_penalty_keeps_maps_small():
    image = speech(400, 0)
    sizes = []
    for penalty in (1e-6, 10.0):
        system = Ridge(LinearMaps(BINS, 2, AROUND), penalty)
        system.fit(AlignedCrops([(image, mix(image))], 2, 32, 0.005, 0))
        sizes.append(system.generator.maps.detach()[0, 1].norm().item())
    assert sizes[1] < 0.5 * sizes[0]


def test_inca_finds_the_map_of_speakers_who_never_said_the_same():
    source = [speech(1500, n) for n in (0, 1)]
    target = [mix(speech(1500, n)) for n in (2, 3)]
    system = Inca(LinearMaps(BINS, 2, AROUND), [1.0] * BINS, rounds=10, frames=2000, penalty=0.01)
    system.fit(unpaired(source, target))
    other = speech(300, 9)
    assert distance(convert(system, other), mix(other)) < 0.2 * distance(other, mix(other))


def test_inca_leaves_speakers_without_recordings_alone():
    system = Inca(LinearMaps(BINS, 3, AROUND), [1.0] * BINS, rounds=1)
    before = system.generator.maps.detach().clone()
    system.fit(unpaired([speech(99, 0)], [], [speech(99, 1)]))
    changed = (system.generator.maps.detach() != before).flatten(2).any(-1)
    assert changed.tolist() == [[False, False, True], [False] * 3, [True, False, False]]


def test_a_generator_that_must_know_the_source_is_refused_where_it_is_not_told():
    with pytest.raises(ValueError, match="not told the source speaker"):
        Aligned(LinearMaps(BINS, 2, AROUND))


@pytest.mark.parametrize("kind", [MeanAndVariance, Nearest, Ridge])
def test_a_generator_that_a_floor_cannot_fit_is_refused(kind):
    with pytest.raises(ValueError, match="this system needs"):
        kind(ShallowGenerator(BINS, 2))


def test_a_floor_names_the_kind_of_recordings_that_it_needs():
    aligned = AlignedCrops([(speech(40, 0), speech(40, 1))], 2, 32, 0.005, 0)
    with pytest.raises(ValueError, match="aligned sentences"):
        Ridge(LinearMaps(BINS, 2, AROUND)).fit(unpaired([speech(40, 0)], [speech(40, 1)]))
    with pytest.raises(ValueError, match="as they are"):
        Inca(LinearMaps(BINS, 2, AROUND), [1.0] * BINS).fit(aligned)
