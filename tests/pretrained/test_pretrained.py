"""Model folders: saved and loaded whole, and refused in one line when they are not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from speechgan.models.generators.band_crn import BandCRN
from speechgan.pretrained.folder import find_model, list_models
from speechgan.pretrained.loading import choose_device, load_model, save_model
from speechgan.utils.errors import SpeechganError

CONFIG: dict[str, Any] = {
    "task": "enhance",
    "sample_rate": 16000,
    "features": {"_target_": "speechgan.features.stft.Stft", "n_fft": 512, "hop_length": 256},
    "generator": {
        "_target_": "speechgan.models.generators.band_crn.BandCRN",
        "channels": 8,
        "hidden": 8,
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_model(tmp_path / "model", CONFIG, BandCRN(channels=8, hidden=8), "# A card\n")
    return tmp_path / "model"


def test_whoever_may_read_the_card_may_read_the_weights(folder: Path) -> None:
    modes = {path.stat().st_mode for path in folder.iterdir()}
    assert len(modes) == 1


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    generator = BandCRN(channels=8, hidden=8).eval()
    save_model(tmp_path / "m", CONFIG, generator, "# Größe\n")
    model = load_model(tmp_path / "m")
    assert sorted(os.listdir(tmp_path / "m")) == ["card.md", "config.yaml", "model.safetensors"]
    assert set(load_file(tmp_path / "m" / "model.safetensors")) == set(generator.state_dict())
    assert (model.config, model.sample_rate, model.card) == (CONFIG, 16000, "# Größe\n")
    assert not model.generator.training
    image = torch.randn(1, 2, 257, 5)
    with torch.inference_mode():
        assert torch.equal(model.generator(image), generator(image))


def test_saving_replaces_a_model_and_leaves_nothing_else(folder: Path) -> None:
    (folder / "note.txt").touch()
    save_model(folder, CONFIG, BandCRN(channels=8, hidden=8), "# Second\n")
    assert load_model(folder).card == "# Second\n"
    assert os.listdir(folder.parent) == ["model"]
    assert len(os.listdir(folder)) == 3


def test_a_model_that_cannot_be_written_leaves_the_one_before(folder: Path) -> None:
    unwritable = {**CONFIG, "features": object()}
    with pytest.raises(yaml.YAMLError):
        save_model(folder, unwritable, BandCRN(channels=8, hidden=8), "# Second")
    assert load_model(folder).card == "# A card\n"
    assert os.listdir(folder.parent) == ["model"]
    (folder.parent / "file").touch()
    with pytest.raises(SpeechganError, match=r"file/model: cannot be written"):
        save_model(folder.parent / "file" / "model", CONFIG, BandCRN(), "")


def change(folder: Path, **changes: Any) -> None:
    config = {**CONFIG, **changes}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("os.system", "_target_ os.system is not a class of speechgan"),
        (None, "_target_ None is not a class of speechgan"),
        ("speechgan.audio.os.system", "speechgan.audio.os.system is not a class of speechgan"),
        ("speechgan.models.generators.band_crn.torch.nn.LSTM", "this speechgan has no speechgan"),
        ("speechgan.models.generators.band_crn.RunningLevel", "RunningLevel is not a class of a"),
        ("speechgan.models.generators.band_crn.join", "band_crn.join is not a class of a model"),
        ("speechgan.features.statistics.SpeakerStatistics", "cannot be built from this"),
        (
            "speechgan.models.generators.band_crn.Absent",
            "this speechgan has no speechgan.models.generators.band_crn.Absent",
        ),
        ("speechgan.cli.main.main", "speechgan.cli.main.main is not a class of speechgan"),
    ],
)
def test_a_configuration_builds_only_networks_of_this_package(
    folder: Path, target: str | None, message: str
) -> None:
    change(folder, generator={"_target_": target, "command": "touch /tmp/owned"})
    with pytest.raises(SpeechganError, match=message) as caught:
        load_model(folder)
    assert str(caught.value).startswith(f"{folder}/config.yaml: generator: ")


@pytest.mark.parametrize(
    ("part", "settings", "message"),
    [
        ("generator", {"floor": "text"}, "generator.floor: 'text' cannot be"),
        ("generator", {"channels": True}, "generator.channels: True cannot be"),
        ("generator", {"blocks": 10**9}, "generator.blocks: 1000000000 is beyond"),
        ("features", {"power": ""}, "features.power: '' cannot be"),
        ("features", {"hop_length": 0}, "cannot be built from this"),
        ("features", {"n_fft": [512]}, r"features.n_fft: \[512\] cannot be"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    folder: Path, part: str, settings: dict[str, Any], message: str
) -> None:
    change(folder, **{part: {**CONFIG[part], **settings}})
    with pytest.raises(SpeechganError, match=message):
        load_model(folder)


@pytest.mark.parametrize("name", ["config.yaml", "speakers.json"])
def test_what_is_nested_too_deep_is_refused(
    converter_folder: Path, tmp_path: Path, name: str
) -> None:
    shutil.copytree(converter_folder, tmp_path / "model")
    (tmp_path / "model" / name).write_text("[" * 100_000)
    with pytest.raises(SpeechganError, match=name):
        load_model(tmp_path / "model")


def test_yaml_that_would_run_code_is_refused(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "owned"
    (folder / "config.yaml").write_text(f"task: !!python/object/apply:os.mkdir ['{mark}']\n")
    with pytest.raises(SpeechganError, match=r"config\.yaml: unreadable"):
        load_model(folder)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.yaml", b"a: [", r"config\.yaml: unreadable"),
        ("config.yaml", b"\xff\xfe\x00", r"config\.yaml: unreadable"),
        ("config.yaml", b"just text", r"config\.yaml: not a model's configuration"),
        ("config.yaml", b"task: enhance", r"config\.yaml: lacks a valid sample_rate"),
        ("model.safetensors", b"", r"model\.safetensors: unreadable"),
        ("model.safetensors", b"garbage" * 99, r"model\.safetensors: unreadable"),
        ("model.safetensors", None, r"model\.safetensors: unreadable"),
        ("card.md", None, r"card\.md: unreadable"),
    ],
)
def test_a_damaged_model_is_named_in_one_line(
    folder: Path, file: str, content: bytes | None, message: str
) -> None:
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with pytest.raises(SpeechganError, match=message) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    change(folder, generator={**CONFIG["generator"], "channels": 16})
    with pytest.raises(SpeechganError, match=r"not the weights of config\.yaml") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)
    change(folder, generator={**CONFIG["generator"], "colour": 16})
    with pytest.raises(SpeechganError, match=r"cannot be built from this .*colour"):
        load_model(folder)


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    known = ", ".join(list_models()) or "none"
    with pytest.raises(SpeechganError, match=f"^nonesuch: no such model; .* one of: {known}$"):
        load_model("nonesuch")
    with pytest.raises(SpeechganError, match=r"^n{300}: no such model; "):
        load_model("n" * 300)
    with pytest.raises(SpeechganError, match=r"holds no config\.yaml, so it is not a model"):
        load_model(tmp_path)


def test_devices_that_are_not_there_are_refused() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(SpeechganError, match="device toaster: unknown; use auto, cpu or cuda"):
        choose_device("toaster")
    for absent in ("meta", "xpu", "hpu"):
        with pytest.raises(SpeechganError, match=f"device {absent}: PyTorch cannot use it here"):
            choose_device(absent)


def test_shipped_models_load_and_their_cards_say_where_they_come_from() -> None:
    for name in list_models():
        model = load_model(name)
        assert model.config["task"] in ("enhance", "convert", "generate", "vocoder")
        assert "licence" in model.card.lower()


def test_loading_a_model_does_not_load_pytorchs_compiler() -> None:
    """Which would take a second and 100 MB, before the first sample is enhanced."""
    code = (
        "import sys, torch; from speechgan.pretrained.loading import load_model\n"
        "before = 'sympy' in sys.modules\n"
        "for name in ('default', 'voices'): load_model(name)\n"
        "sys.exit(not before and 'sympy' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_what_lies_around_a_model_is_told_where_the_model_is(folder: Path) -> None:
    run = folder.parent / "run"
    shutil.copytree(folder, run / "best")
    shutil.copy(folder / "config.yaml", run)
    with pytest.raises(SpeechganError, match=r"run: the folder of a training; its model is .*best"):
        find_model(run)
    with pytest.raises(SpeechganError, match=r"model\.safetensors: a file; name the model folder"):
        find_model(folder / "model.safetensors")
