import resource
import signal

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import save_file

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.models.discriminators.shared_latent import CodeClassifier, SpeakerDiscriminator
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.pretrained.moved import rename_system_weights
from speechgan.systems.conversion.shared_latent import SharedLatentGAN, SharedLatentWeights
from speechgan.training.checkpoint import load_checkpoint, save_checkpoint
from speechgan.training.run import Run
from speechgan.utils.errors import SpeechganError

STATE = {
    "step": 7,
    "nested": [{0: torch.arange(3.0), "x": (1, None, True)}, "text"],
    "bits": torch.randint(0, 255, (5,), dtype=torch.uint8),
    "empty": torch.zeros(0),
}


def test_nested_state_comes_back(tmp_path):
    save_checkpoint(tmp_path / "c.safetensors", STATE)
    back = load_checkpoint(tmp_path / "c.safetensors")
    assert back["step"] == 7 and back["nested"][1] == "text"
    assert back["nested"][0]["x"] == (1, None, True)
    assert torch.equal(back["nested"][0][0], STATE["nested"][0][0])
    assert torch.equal(back["bits"], STATE["bits"]) and back["empty"].shape == (0,)
    assert [p.name for p in tmp_path.iterdir()] == ["c.safetensors"]


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, {"step": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(SpeechganError, match=r"c\.safetensors: cannot be written.*is kept"):
            save_checkpoint(path, {"step": 2, "weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert load_checkpoint(path) == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["c.safetensors"]


def test_what_is_not_a_checkpoint_is_named(tmp_path):
    path = tmp_path / "c.safetensors"
    path.write_bytes(b"not a checkpoint at all")
    with pytest.raises(SpeechganError, match=r"c\.safetensors: not a readable checkpoint"):
        load_checkpoint(path)
    save_file({"weight": torch.zeros(1)}, path)
    with pytest.raises(SpeechganError, match=r"weights alone\); name the last\.safetensors of a"):
        load_checkpoint(path)


def test_checkpoints_with_the_names_of_before_go_on():
    """Players and parts of networks were called otherwise once."""
    torch.manual_seed(0)
    run = start_run()
    state = run.state()
    old = {"discriminator.": "critic.", "code_classifier.": "code_critic."}
    parts = {"outer_encoder": "hear", "inner_encoder": "abstract"}
    parts |= {"inner_decoder": "elaborate", "outer_decoder": "speak"}
    old |= {f"generator.{new}.": f"generator.{name}." for new, name in parts.items()}

    def rename(name: str) -> str:
        return next((o + name.removeprefix(n) for n, o in old.items() if name.startswith(n)), name)

    players = {"discriminator": "critic", "code_classifier": "code_critic"}
    before = state | {
        "system": {rename(name): weight for name, weight in state["system"].items()},
        "optimizers": {players.get(n, n): o for n, o in state["optimizers"].items()},
    }
    assert (
        before["system"]
        .keys()
        .isdisjoint(
            n for n in state["system"] if n.startswith(("discriminator", "generator.outer"))
        )
    )
    torch.manual_seed(1)
    resumed = start_run()
    resumed.load_state(before)
    assert resumed.step == run.step == 1
    torch.testing.assert_close(resumed.state()["system"], state["system"], rtol=0, atol=0)
    moments = [r.state()["optimizers"]["discriminator"]["state"] for r in (run, resumed)]
    torch.testing.assert_close(*moments, rtol=0, atol=0)


def start_run() -> Run:
    """A shared-latent run after one step."""
    system = SharedLatentGAN(
        SharedLatent(8, 2, channels=8, code=2, blocks=1),
        SpeakerDiscriminator(2, 0.03),
        CodeClassifier(2, 2, 8),
        SharedLatentWeights(latent=1.0),
    )
    players = {name: list(weights) for name, weights in system.players().items()}
    optimizers = {name: torch.optim.Adam(weights) for name, weights in players.items()}
    limits = dict.fromkeys(players, 0.0)
    fabric = Fabric(accelerator="cpu", devices=1)
    run = Run(fabric, system, optimizers, limits, "generator", 0.9)
    image, speaker = torch.randn(2, 1, 8, 16), torch.tensor([0, 1])
    everybody = frozenset(players)
    run.play(VoiceBatch(image, speaker, image, 1 - speaker), everybody, everybody)
    return run


def test_labels_of_a_checkpoint_from_before_reach_the_metric_critic():
    known = {"judges.metric._extra_state", "judges.metric.network.a", "generator.b"}
    found = rename_system_weights({"_extra_state": 1, "metric.a": 2, "generator.b": 3}, known)
    assert found == {
        "judges.metric._extra_state": 1,
        "judges.metric.network.a": 2,
        "generator.b": 3,
    }
    # A network of today may have such a name itself.
    assert rename_system_weights({"critic.a": 1}, {"critic.a"}) == {"critic.a": 1}
