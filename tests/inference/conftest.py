"""Small models of every kind, with random weights."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from speechgan.features.stft import Stft
from speechgan.inference.pretrained import Model
from speechgan.models.crn import CausalCRN
from speechgan.models.segan import SeganGenerator
from speechgan.models.unet import SpectrogramUNet


class Identity(nn.Module):
    """Returns the wave: what remains is what is done around a generator."""

    reads = "wave"
    level_invariant = True
    z_channels = 0
    context = 0
    multiple = 1

    def forward(self, wave: Tensor) -> Tensor:
        """`(batch, sample)` to the same."""
        return wave


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
        return CausalCRN(channels=8, hidden=8, bands=16)
    if kind == "segan":
        return SeganGenerator(widths=(4, 4, 8, 8), kernel=15)
    unet = SpectrogramUNet(widths=(4, 8, 8), z_channels=4)
    for layer in unet.modules():
        if isinstance(layer, nn.BatchNorm2d):  # as if trained: not the identity
            layer.running_mean = torch.randn_like(layer.running_mean) * 0.1
            layer.running_var = torch.rand_like(layer.running_var) + 0.5
    return unet


@pytest.fixture(params=["crn", "segan", "unet"])
def model(request: pytest.FixtureRequest) -> Model:
    """A model of each kind of generator: recurrent, on waves, on images with z."""
    return make_model(make_generator(request.param))


@pytest.fixture
def crn() -> Model:
    """The causal recurrent one."""
    return make_model(make_generator("crn"))


@pytest.fixture
def segan() -> Model:
    """The one that knows its level and draws z."""
    return make_model(make_generator("segan"))


@pytest.fixture
def identity() -> Model:
    """One that changes nothing."""
    return make_model(make_generator("identity"))
