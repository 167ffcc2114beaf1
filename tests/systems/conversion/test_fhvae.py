"""The hierarchical variational coder: its bound, the estimate of mu2, what it learns to split."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from speechgan.data.conversion.unpaired import UnpairedCrops, VoiceBatch
from speechgan.losses.balance import GradientBalance
from speechgan.models.discriminators.voice import VoiceDiscriminator
from speechgan.models.generators.fhvae import FHVAE, cut, join
from speechgan.models.generators.shallow import ShallowGenerator
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import Request
from speechgan.systems.conversion.fhvae import SegmentBound
from speechgan.systems.conversion.judged_latent import JudgedLatentGAN
from speechgan.systems.conversion.shared_latent import SharedLatentGAN

BINS, CODE, SEGMENT = 8, 4, 8


@pytest.fixture
def model() -> FHVAE:
    torch.manual_seed(0)
    made = FHVAE(BINS, 3, cells=16, code=CODE, segment=SEGMENT)
    for network in (made.voice_encoder, made.content_encoder, made.decoder):
        torch.nn.init.normal_(network.leave.weight, std=0.5)
    return made


@pytest.fixture
def batch() -> VoiceBatch:
    """Crops of two segments and a rest."""
    source, target = torch.randn(2, 2, 1, BINS, 2 * SEGMENT + 3)
    return VoiceBatch(source, torch.tensor([0, 1]), target, torch.tensor([2, 1]))


def test_the_terms_are_those_of_the_paper(model: FHVAE, batch: VoiceBatch) -> None:
    """Of segments that follow each other, by the distributions' own densities and divergences."""
    frames = [80, 160, 4]
    torch.manual_seed(5)
    terms = SegmentBound(model, frames, discriminative=3.0).losses("generator", Step(batch, ()))
    found = [i[0, :, n : n + SEGMENT].T for i in (*batch.source, *batch.target) for n in (0, 8)]
    x, speaker = torch.stack(found), torch.tensor([0, 0, 1, 1, 2, 2, 1, 1])
    torch.manual_seed(5)
    q2 = as_normal(*model.encode_z2(x))
    z2 = q2.mean + q2.stddev * torch.randn(len(x), CODE)
    q1 = as_normal(*model.encode_z1(x, z2))
    z1 = q1.mean + q1.stddev * torch.randn(len(x), CODE)
    prior = Normal(model.mu2(speaker), 0.5)
    # A speaker of less than a segment counts as one of one.
    segments = torch.tensor([10.0, 20.0, 1.0])[speaker]
    densities = torch.stack([Normal(mu2, 0.5).log_prob(q2.mean).sum(1) for mu2 in model.mu2.weight])
    told = densities.softmax(0)[speaker, torch.arange(len(x))].log()
    expected = {
        "reconstruction": -as_normal(*model.decode_x(z1, z2, SEGMENT)).log_prob(x).sum((1, 2)),
        "prior/z1": kl_divergence(q1, Normal(torch.zeros(CODE), 1.0)).sum(1),
        "prior/z2": kl_divergence(q2, prior).sum(1),
        "prior/mu2": -Normal(0.0, 1.0).log_prob(model.mu2(speaker)).sum(1) / segments,
        "discriminative": -3.0 * told,
    }
    assert terms.keys() == expected.keys()
    for name, each in expected.items():
        assert terms[name].item() == pytest.approx(each.mean().item() / (BINS * SEGMENT), rel=1e-4)


def as_normal(mean: Tensor, spread: Tensor) -> Normal:
    return Normal(mean, torch.exp(spread / 2))


def test_mu2_is_estimated_by_its_posterior_mean(model: FHVAE) -> None:
    """Against the posterior on a fine grid, each value of the code by itself."""
    z2 = torch.randn(1, 5, CODE, dtype=torch.float64) + 1
    grid = torch.linspace(-6, 6, 4001, dtype=torch.float64)[:, None]
    logs = Normal(grid[..., None], 0.5).log_prob(z2[0]).sum(1) + Normal(0.0, 1.0).log_prob(grid)
    expected = (grid * logs.softmax(0)).sum(0)
    assert torch.allclose(model.estimate_mu2(z2)[0], expected, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 7, 8, 12, 33])
@pytest.mark.parametrize("length", [2, 8, 20])
def test_segments_of_sounds_of_any_length_fade_into_the_sound(frames: int, length: int) -> None:
    image = torch.randn(2, 1, BINS, frames)
    segments = cut(image, length)
    assert segments.shape[2:] == (length, BINS)
    assert torch.equal(segments[:, 0, length // 2], image[:, 0, :, 0])
    assert torch.allclose(join(segments, frames), image, atol=1e-6)


def test_no_segment_jumps_where_it_meets_the_next() -> None:
    """Segments of 0 and 1 in turn: no step is greater than that of an even fade."""
    turns = (torch.arange(6) % 2.0)[None, :, None, None].expand(1, 6, 8, 1)
    steps = join(turns, 20)[0, 0, 0].diff().abs()
    assert steps.max() <= 0.25 + 1e-6


def test_only_the_voice_moves_to_the_target(model: FHVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    """z1 stays; z2 keeps its course, and its estimated mean becomes the target's mu2."""
    given: list[tuple[Tensor, Tensor]] = []
    decode = model.decode_x

    def watch(z1: Tensor, z2: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        given.append((z1, z2))
        return decode(z1, z2, frames)

    monkeypatch.setattr(model, "decode_x", watch)
    image = torch.randn(2, 1, BINS, 30)
    with torch.no_grad():
        made = [model(image, torch.tensor(targets)) for targets in ([0, 1], [2, 1])]
        (z1, first), (again, second) = given
        x = cut(image, SEGMENT)
        own = model.encode_z2(x.flatten(0, 1))[0].unflatten(0, (2, -1))
        mu2 = model.mu2.weight[[0, 1]] - model.estimate_mu2(own)
    assert torch.equal(z1, again) and torch.equal(made[0][1], made[1][1])
    assert torch.allclose(first.unflatten(0, (2, -1)), own + mu2[:, None], atol=1e-5)
    segments = x.shape[1]
    apart = (second - first)[:segments] - (model.mu2.weight[2] - model.mu2.weight[0])
    assert apart.abs().max() < 1e-5 and not torch.allclose(made[0][0], made[1][0], atol=1e-3)


def test_the_code_of_content_is_z1_at_every_frame(model: FHVAE) -> None:
    """In the middle of a segment's half, where two fade into each other, it is between theirs."""
    image = torch.randn(2, 1, BINS, 21)
    with torch.no_grad():
        code = model.encode(image)
        x = cut(image, SEGMENT)[1]
        z1, _ = model.encode_z1(x, model.encode_z2(x)[0])
    assert code.shape == (2, CODE, 21)
    fades = torch.tensor([0.125, 0.375, 0.625, 0.875])
    expected = torch.cat([torch.lerp(a, b, fades[:, None]) for a, b in pairwise(z1)])
    assert torch.allclose(code[1].T, expected[:21], atol=1e-5)


TILT = np.linspace(-1, 1, BINS, dtype=np.float32)[:, None]
# What is said moves this: a bump in the middle, which has no tilt.
SOUND = np.cos(np.pi * TILT) - np.cos(np.pi * TILT).mean()


def say(tilt: float, frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An image `(bin, frame)` of a voice of this tilt, and the course `(frame,)` of its content."""
    rng = np.random.default_rng(seed)
    course = np.convolve(rng.normal(size=frames + 6), np.hanning(9)[1:-1], "valid")
    course = (course / course.std()).astype(np.float32)
    noise = 0.1 * rng.normal(size=(BINS, frames))
    return (SOUND * course + tilt * TILT + noise).astype(np.float32), course


def tell_apart(codes: list[Tensor]) -> float:
    """How far two clouds `(segment, code)` lie apart, in deviations, on the line that tells them
    best (Fisher)."""
    one, other = (code.double() for code in codes)
    away = one.mean(0) - other.mean(0)
    spread = (one.T.cov() + other.T.cov()) / 2 + 1e-6 * torch.eye(len(away))
    return math.sqrt(away @ torch.linalg.solve(spread, away))


def test_it_learns_to_split_voice_and_content() -> None:
    """Two speakers, whose voices are two tilts: a short real training, and other sentences."""
    torch.manual_seed(0)
    tilts = (-1.0, 1.0)
    images = [[say(tilt, 400, 10 * n + k)[0] for k in range(4)] for n, tilt in enumerate(tilts)]
    crops = UnpairedCrops(images, 16, SEGMENT, 0.005, 0)
    model = FHVAE(BINS, 2, cells=32, code=CODE, segment=SEGMENT)
    system = SegmentBound(model, [1600, 1600])
    rate = torch.optim.Adam(model.parameters(), 1e-2, (0.95, 0.999))
    for number in range(250):
        rate.zero_grad()
        terms = system.losses("generator", Step(crops[number], ()))
        torch.stack([*terms.values()]).sum().backward()
        rate.step()
    heard = [say(tilt, 203, 90 + n) for n, tilt in enumerate(tilts)]
    with torch.no_grad():
        x = [cut(torch.from_numpy(image)[None, None], SEGMENT)[0] for image, _ in heard]
        z2 = [model.encode_z2(segments)[0] for segments in x]
        z1 = [model.encode_z1(segments, code)[0] for segments, code in zip(x, z2, strict=True)]
    assert tell_apart(z2) > 5 * tell_apart(z1)
    for source, target in ((0, 1), (1, 0), (0, 0)):
        image, course = heard[source]
        request = Request(torch.from_numpy(image)[None, None], torch.tensor([target]))
        with torch.no_grad():
            made = system.infer(request)[0, 0].numpy()
        tilt = (TILT * made).sum(0).mean() / np.square(TILT).sum()
        assert tilt == pytest.approx(tilts[target], abs=0.25)
        assert np.corrcoef((SOUND * made).sum(0), course)[0, 1] > 0.85


def test_what_cannot_be_is_refused(model: FHVAE) -> None:
    with pytest.raises(ValueError, match="segment 7: must be even"):
        FHVAE(BINS, 2, segment=7)
    with pytest.raises(ValueError, match="deviation 0: must be greater"):
        FHVAE(BINS, 2, deviation=0)
    with pytest.raises(ValueError, match="needs a generator of two codes"):
        SegmentBound(ShallowGenerator(BINS, 2), [1, 1])
    with pytest.raises(ValueError, match="needs a generator that encodes and decodes"):
        SharedLatentGAN(model)
    with pytest.raises(ValueError, match="needs a generator that encodes and decodes"):
        JudgedLatentGAN(model, VoiceDiscriminator(BINS, 2), GradientBalance(0.5))
    with pytest.raises(ValueError, match="discriminative -1: must be at least 0"):
        SegmentBound(model, [1, 1, 1], discriminative=-1)
