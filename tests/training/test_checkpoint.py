import resource
import signal

import pytest
import torch

from speechgan.training.checkpoint import load_checkpoint, save_checkpoint
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
        with pytest.raises(SpeechganError, match=r"c\.safetensors: cannot write.*is kept"):
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
