"""Models of earlier versions, which name their classes and weights as they were called then."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from speechgan.features.mel import MelVoice
from speechgan.models.generators.band_crn import BandCRN
from speechgan.models.generators.shallow import ShallowGenerator
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.models.vocoders.vocos import Vocos
from speechgan.pretrained.loading import load_model, save_model

STFT = {"_target_": "speechgan.features.stft.Stft"}
MEL = {"_target_": "speechgan.features.mel.MelVoice"}
SMALL = {"bins": 8, "speakers": 2, "channels": 8}


@pytest.mark.parametrize(
    ("old", "features", "network", "settings"),
    [
        ("band_crn.BandCRN", STFT, BandCRN, {"channels": 8, "hidden": 8}),
        ("shallow.ShallowGenerator", STFT, ShallowGenerator, SMALL),
        ("shared_latent.SharedLatent", STFT, SharedLatent, SMALL),
        ("vocos.Vocos", MEL, Vocos, {"channels": 8, "hidden": 8, "blocks": 1}),
    ],
)
def test_classes_that_have_moved_are_found(tmp_path: Path, old, features, network, settings):
    own = {"features": MelVoice()} if network is Vocos else {}
    described = {"features": MEL} if network is Vocos else {}
    generator = {"_target_": f"speechgan.models.{old}", **described, **settings}
    config = {"task": "enhance", "sample_rate": 16000, "features": features, "generator": generator}
    save_model(tmp_path / "m", config, network(**own, **settings), "# m\n")
    assert type(load_model(tmp_path / "m").generator) is network


def test_parts_that_were_called_otherwise_are_found(tmp_path: Path):
    network = SharedLatent(**SMALL)
    target = "speechgan.models.generators.shared_latent.SharedLatent"
    config = {"task": "enhance", "sample_rate": 16000, "features": STFT}
    config["generator"] = {"_target_": target, **SMALL}
    save_model(tmp_path / "m", config, network, "# m\n")
    path = tmp_path / "m" / "model.safetensors"
    names = {"outer_encoder": "hear", "inner_encoder": "abstract"}
    names |= {"inner_decoder": "elaborate", "outer_decoder": "speak"}
    weights = {
        ".".join([names[first], *rest]): weight
        for name, weight in load_file(path).items()
        for first, *rest in [name.split(".")]
    }
    save_file(weights, path)
    found = load_model(tmp_path / "m").generator.state_dict()
    torch.testing.assert_close(found, network.state_dict(), rtol=0, atol=0)
