"""Small models of every kind, with random weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from speechgan.features.stft import Stft
from speechgan.models.generators.band_crn import BandCRN
from speechgan.models.generators.band_restorer import BandRestorer
from speechgan.models.generators.segan import SeganGenerator
from speechgan.models.generators.unet import SpectrogramUNet
from speechgan.pretrained.loading import Model


class Identity(nn.Module):
    """Returns the wave: what remains is what is done around a generator."""

    reads = "wave"
    causal = False
    level_invariant = True
    z_channels = 0
    context = 0
    multiple = 1

    def forward(self, wave: Tensor) -> Tensor:
        """`(batch, sample)` to the same."""
        return wave


class Gain(nn.Module):
    """A causal generator of images that changes the level of the wave: 1 leaves it alone."""

    reads = "image"
    causal = True
    level_invariant = True
    z_channels = 0

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain**0.3  # of the compressed image

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        """The number of frames heard, `(batch, 1)`."""
        return {"level": torch.zeros(batch, 1)}

    def continue_from(
        self, image: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """`(batch, 2, frequency, frame)` to the same."""
        return self.gain * image, {"level": state["level"] + image.shape[-1]}


def make_model(generator: Any, sample_rate: int = 16000) -> Model:
    """A model around a generator."""
    config = {"task": "enhance", "sample_rate": sample_rate, "features": {}, "generator": {}}
    return Model("test", config, sample_rate, Stft().eval(), generator.eval(), "# test")


def make_generator(kind: str) -> nn.Module:
    """A generator by its kind, with random weights."""
    torch.manual_seed(3)
    if kind == "identity":
        return Identity()
    if kind == "crn":
        return spread_statistics(BandCRN(channels=8, hidden=8, bands=16))
    if kind == "segan":
        return SeganGenerator(widths=(4, 4, 8, 8), kernel=15)
    ahead = {"channels": 8, "hidden": 8, "bands": 16, "bidirectional": True, "context": 200}
    if kind == "ahead":
        return spread_statistics(BandCRN(**ahead))
    if kind == "restorer":
        network = BandRestorer(**ahead, tones=12)
        nn.init.constant_(network.make_out.bias[:1], -2.5)  # as if trained: it is heard
        nn.init.constant_(network.tone_out.bias, -0.5)
        return spread_statistics(network)
    return spread_statistics(SpectrogramUNet(widths=(4, 8, 8), z_channels=4))


def spread_statistics(network: nn.Module) -> nn.Module:
    """Batch normalisation as if trained: not the identity."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.running_mean = torch.randn_like(layer.running_mean) * 0.1
            layer.running_var = torch.rand_like(layer.running_var) + 0.5
    return network


@pytest.fixture(params=["crn", "segan", "unet", "restorer"])
def model(request: pytest.FixtureRequest) -> Model:
    """A model of each kind of generator: recurrent, on waves, on images with z, that makes."""
    return make_model(make_generator(request.param))


@pytest.fixture
def crn() -> Model:
    """The causal recurrent one."""
    return make_model(make_generator("crn"))


@pytest.fixture(params=["ahead", "restorer"])
def ahead(request: pytest.FixtureRequest) -> Model:
    """One that hears ahead and takes no z: that masks, that makes."""
    return make_model(make_generator(request.param))


@pytest.fixture
def segan() -> Model:
    """The one that knows its level and draws z."""
    return make_model(make_generator("segan"))


@pytest.fixture
def unet() -> Model:
    """The one that hears ahead, on images."""
    return make_model(make_generator("unet"))


@pytest.fixture
def identity() -> Model:
    """One that changes nothing."""
    return make_model(make_generator("identity"))


@pytest.fixture
def transparent() -> Model:
    """One that leaves the image as it is: what remains is what is done around it."""
    return make_model(Gain(1))


@pytest.fixture
def loud() -> Model:
    """One that makes the sound three times as loud."""
    return make_model(Gain(3))


@pytest.fixture
def silent() -> Model:
    """One that takes everything for noise."""
    return make_model(Gain(0))
