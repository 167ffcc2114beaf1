import shutil

import pytest

from speechgan.training.compose import compose, configuration_folder
from speechgan.training.enhance import train_enhancer
from speechgan.utils.errors import SpeechganError


def test_overrides_reach_the_configuration():
    config = compose("enhance", ["data.root=/x", "system=joint", "trainer.max_steps=7"])
    assert config.trainer.max_steps == 7
    assert config.system.critic._target_.endswith("JointCritic")


@pytest.mark.parametrize(
    "choice", sorted(p.stem for p in (configuration_folder() / "system").glob("*"))
)
def test_every_system_is_whole(choice):
    text = (configuration_folder() / "system" / f"{choice}.yaml").read_text()
    if "@package _global_" in text:  # of conversion: brings its own generator
        compose("convert", ["data.root=/x", f"system={choice}"])
    else:
        generator = "segan" if choice == "segan" else "band_crn"
        compose("enhance", ["data.root=/x", f"system={choice}", f"generator={generator}"])


@pytest.mark.parametrize(
    "choice", sorted(p.stem for p in (configuration_folder() / "experiment").glob("*"))
)
def test_every_experiment_is_whole(choice):
    task = "convert" if choice.startswith("convert") else "enhance"
    compose(task, ["data.root=/x", f"experiment={choice}"])


@pytest.mark.parametrize("task", ["enhance", "convert"])
def test_the_experiment_has_the_last_word_but_for_the_command_line(task, monkeypatch, tmp_path):
    copy = tmp_path / "conf"
    shutil.copytree(configuration_folder(), copy)
    text = "# @package _global_\nrun: {folder: own, start_from: other}\ntrainer: {max_steps: 7}\n"
    (copy / "experiment" / "mine.yaml").write_text(text)
    monkeypatch.setattr("speechgan.training.compose.configuration_folder", lambda: copy)
    config = compose(task, ["data.root=/x", "experiment=mine", "trainer.max_steps=8"])
    assert (config.run.folder, config.run.start_from, config.trainer.max_steps) == (
        "own",
        "other",
        8,
    )


@pytest.mark.parametrize(
    "name, overrides, text",
    [
        ("enhance", ["data.root=/x", "trainer.max_stepz=3"], "trainer.max_stepz"),
        ("enhance", ["data.root=/x", "system=best"], "system/best"),
        ("enhance", ["data.root=/x", "trainer.max_steps=ten"], "max_steps=ten: must be a number"),
        ("enhance", [], "data.root is not set"),
        ("enhance", ["data.root=/x", "oops"], "oops"),
        ("dance", [], "nothing to train called 'dance'; known: convert, enhance, vocoder"),
    ],
)
def test_mistakes_are_named_in_one_line(name, overrides, text):
    with pytest.raises(SpeechganError, match=text) as caught:
        compose(name, overrides)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "overrides, remedy",
    [
        (["system=supervised"], "system.closeness.pesq=0"),
        (["system=two_headed_metric", "system.closeness.pesq=0"], "system.metric=null"),
        (
            ["system=two_headed_metric_listener", "system.closeness.pesq=0", "system.metric=null"],
            "system.listener=null",
        ),
        (["system=supervised", "system.closeness.pesq=0"], "trainer.monitor=si_sdr"),
    ],
)
def test_pesq_at_another_rate_is_refused(overrides, remedy):
    config = compose("enhance", ["data.root=/x", "sample_rate=48000", *overrides])
    with pytest.raises(SpeechganError, match=f"sample_rate=48000: .*{remedy}"):
        train_enhancer(config)
