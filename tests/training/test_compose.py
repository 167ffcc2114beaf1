from inspect import Parameter, signature
from pathlib import Path

import pytest
from hydra.utils import get_class
from omegaconf import OmegaConf

from speechgan.models.generators.band_crn import BandCRN, BandCRNSize
from speechgan.page.runtime import runtime_folder
from speechgan.training.compose import build, compose, configuration_folder
from speechgan.utils.errors import SpeechganError

TASKS = ["convert", "enhance", "vocoder"]


def choices(group: str) -> list[tuple[str, str]]:
    """Task and name of every choice in a group."""
    folder = configuration_folder()
    return [(task, p.stem) for task in TASKS for p in sorted((folder / task / group).glob("*"))]


def test_overrides_reach_the_configuration():
    config = compose("enhance", ["data.root=/x", "system=joint", "trainer.max_steps=7"])
    assert config.trainer.max_steps == 7
    assert config.system.discriminator._target_.endswith("JointDiscriminator")


@pytest.mark.parametrize("system", ["two_headed", "balanced", "wave_judged"])
def test_another_discriminator_of_pairs_teaches_too(system):
    """A weight of 0 for its head would leave the generator to closeness, without a word."""
    choice = ["data.root=/x", f"system={system}", "discriminator=joint"]
    made = build(compose("enhance", choice).system)
    assert all(made.weights[head] > 0 for head in made.discriminator.heads)


@pytest.mark.parametrize(("task", "choice"), choices("system"))
def test_every_system_is_whole_and_brings_its_players(task, choice):
    config = compose(task, ["data.root=/x", f"system={choice}"])
    if "measured" in config:
        config.measured = {"bins": 36, "speakers": 2, "frames": [5, 7], "deviation": [1.0] * 36}
    if choice == "embedding":
        config.system.consistency = 0  # there is no model to load
    if choice == "distilled":
        config.run.teacher = "default"
    system = build(config.system)
    # A classifier of the code plays only where its term has a weight.
    assert set(system.turns) <= set(config.trainer.turns)
    turns = build(config.trainer).turns
    assert all(turns[name].optimizer for name, w in system.players().items() if list(w))


@pytest.mark.parametrize(("task", "choice"), choices("generator"))
def test_every_generator_combines_with_a_system(task, choice):
    system = {"enhance": "two_headed", "convert": "shallow", "vocoder": "vocos"}[task]
    system = {"linear": "inca"}.get(choice, system)
    config = compose(task, ["data.root=/x", f"system={system}", f"generator={choice}"])
    if "measured" in config:
        config.measured = {"bins": 36, "speakers": 2, "frames": [5, 7], "deviation": [1.0] * 36}
    assert isinstance(build(config.system).generator, get_class(config.generator._target_))


@pytest.mark.parametrize(("task", "choice"), choices("experiment"))
def test_every_experiment_is_whole(task, choice):
    compose(task, ["data.root=/x", f"experiment={choice}"])


@pytest.mark.parametrize("task", TASKS)
def test_the_experiment_has_the_last_word_but_for_the_command_line(task, tmp_path):
    (tmp_path / task / "experiment").mkdir(parents=True)
    text = "# @package _global_\nrun: {folder: own, start_from: other}\ntrainer: {max_steps: 7}\n"
    (tmp_path / task / "experiment" / "mine.yaml").write_text(text)
    words = ["data.root=/x", "experiment=mine", "trainer.max_steps=8"]
    config = compose(task, words, own=tmp_path)
    assert (config.run.folder, config.run.start_from, config.trainer.max_steps) == (
        "own",
        "other",
        8,
    )


@pytest.mark.parametrize("task", TASKS)
def test_the_cache_is_found_where_no_variable_names_the_home(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where Python finds it by other means."""
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    config = compose(task, ["data.root=/x"])
    assert Path(config.data.cache) == tmp_path / "home" / ".cache" / "speechgan"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    assert Path(compose(task, ["data.root=/x"]).data.cache) == tmp_path / "kept" / "speechgan"
    assert runtime_folder().parent == tmp_path / "kept" / "speechgan"


def test_every_term_of_closeness_is_a_setting():
    words = ["data.root=/x", "system.closeness.estoi=1.5", "system.closeness.magnitude_l1=2"]
    config = compose("enhance", words)
    assert (config.system.closeness.estoi, config.system.closeness.magnitude_l1) == (1.5, 2)


def test_segans_only_term_needs_no_others_taken_away():
    terms = compose("enhance", ["data.root=/x", "system=segan"]).system.closeness
    weights = {k: v for k, v in terms.items() if isinstance(v, float) and v}
    assert weights == {"pre_emphasised_wave": 100.0}


@pytest.mark.parametrize(
    "name, overrides, text",
    [
        ("enhance", ["data.root=/x", "trainer.max_stepz=3"], "trainer.max_stepz"),
        ("enhance", ["data.root=/x", "system=best"], "system=best: no such choice; known: bal"),
        ("enhance", ["data.root=/x", "trainer.max_steps=ten"], "max_steps=ten: must be a number"),
        ("enhance", [], "data.root is not set"),
        ("enhance", ["data.root=/x", "oops"], "oops"),
        ("enhance", ["data.root=/x", "data.cache=${nothing}"], "nothing"),
        ("convert", ["system.cycle=1"], "system.cycle: is called system.weights.cycle now"),
        ("convert", ["system.warp=0.2"], "system.warp=0.2: holds several settings: .* share"),
        ("enhance", ["trainer.turns.critic.start=1"], "is called trainer.turns.discriminator now"),
        (
            "enhance",
            ["data.secondz=1"],
            r"data.secondz: no such .* mean seconds\?.; known: ",
        ),
        ("enhance", ["foo=1", "system=joint"], "foo: no such setting; known: data, "),
        ("enhance", ["data.x=1", "foo=1"], "data.x: no such setting; known: .* seconds"),
        (
            "dance",
            [],
            "nothing to train called 'dance'; known: convert, enhance, generate, vocoder",
        ),
    ],
)
def test_mistakes_are_named_in_one_line(name, overrides, text):
    with pytest.raises(SpeechganError, match=text) as caught:
        compose(name, overrides)
    assert "\n" not in str(caught.value)


def test_choices_of_ones_own_have_names_of_their_own(tmp_path):
    for place in ("enhance/system/joint.yaml", "generator/unet.yaml", "trainer/default.yaml"):
        path = tmp_path / Path(place).parts[0] / place
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        own = tmp_path / Path(place).parts[0]
        with pytest.raises(SpeechganError, match=f"{place}: ours has this name"):
            compose("enhance", ["data.root=/x"], own=own)
    with pytest.raises(SpeechganError, match="no such folder; --config-dir"):
        compose("enhance", ["data.root=/x"], own=tmp_path / "absent")


@pytest.mark.parametrize(
    "overrides, remedy",
    [
        (["system=supervised"], "system.closeness.pesq=0"),
        (
            ["system=two_headed_metric", "system.closeness.pesq=0"],
            "system.judges.metric=null",
        ),
        (
            [
                "system=two_headed_metric_listener",
                "system.closeness.pesq=0",
                "system.judges.metric=null",
            ],
            "system.judges.listener=null",
        ),
    ],
)
def test_what_needs_16_khz_is_refused_at_another_rate(overrides, remedy):
    config = compose("enhance", ["data.root=/x", "sample_rate=48000", *overrides])
    with pytest.raises(SpeechganError, match=f"sample_rate=48000: .*{remedy}"):
        build(config.system)


@pytest.mark.parametrize(
    ("task", "place"),
    [
        ("enhance", "data"),
        ("enhance", "data.degradation"),
        ("enhance", "generator"),
        ("convert", "data"),
        ("convert", "generator"),
        ("convert", "system.weights"),
        ("vocoder", "data"),
    ],
)
def test_defaults_in_python_are_those_of_the_configuration(task, place):
    config = OmegaConf.select(compose(task, ["data.root=/x"]), place)
    kind = get_class(config._target_)
    parameters = dict(signature(kind).parameters)
    if kind is BandCRN:
        parameters |= signature(BandCRNSize).parameters
    for name, value in OmegaConf.to_container(config).items():
        if name in parameters and isinstance(value, int | float | str):
            default = parameters[name].default
            reference = str(value).startswith("${") or value == "/x"
            assert reference or default == value or default is Parameter.empty, name


@pytest.mark.parametrize(
    ("task", "setting", "text"),
    [
        ("enhance", "trainer.max_steps=2.5", "must be a whole number, 1 or more"),
        ("enhance", "trainer.log_every=0", "must be a whole number, 1 or more"),
        ("enhance", "trainer.validate_every=0", "must be a whole number, 1 or more"),
        ("enhance", "trainer.save_every=-1", "must be a whole number, 1 or more"),
        ("enhance", "trainer.patience=0", "must be a whole number, 1 or more"),
        ("enhance", "trainer.threads=-1", "must be a whole number, 1 or more"),
        ("enhance", "trainer.warmup_steps=-5", "must be a whole number, 0 or more"),
        ("enhance", "trainer.workers=-1", "must be a whole number, 0 or more"),
        ("enhance", "trainer.turns.generator.every=0", "must be a whole number, 1 or more"),
        ("enhance", "trainer.average=1.5", "must be from 0 to 1"),
        ("enhance", "data.batch_size=2.5", "must be a whole number, 1 or more"),
        ("enhance", "data.seed=-1", "must be a whole number, 0 or more"),
        ("enhance", "data.rooms=-1", "must be a whole number, 0 or more"),
        ("enhance", "data.valid_fraction=nan", "must be from 0 to 1"),
        ("enhance", "data.reverberation=[0.6,0.1]", "must be a least and a greatest"),
        ("convert", "data.frames=1.5", "must be a whole number, 1 or more"),
        ("convert", "data.valid_fraction=-1", "must be from 0 to 1"),
        ("vocoder", "data.batch_size=0", "must be a whole number, 1 or more"),
        ("vocoder", "data.seconds=0", "must be greater than 0"),
        ("vocoder", "data.valid_items=0", "must be a whole number, 1 or more"),
    ],
)
def test_numbers_out_of_range_are_named(task, setting, text):
    config = compose(task, ["data.root=/x", setting])
    with pytest.raises(SpeechganError) as caught:
        build(config[setting.split(".")[0]])
    assert f"{setting.split('=')[0]}=" in str(caught.value) and text in str(caught.value)


@pytest.mark.parametrize(
    ("task", "setting"),
    [
        ("convert", "data.speakers=anna"),
        ("enhance", "data.valid_speakers=p225"),
        ("enhance", "trainer.compiled=generator"),
        ("generate", "data.unheard=3_theo"),
    ],
)
def test_a_name_alone_is_no_list(task, setting):
    name, value = setting.split("=")
    with pytest.raises(SpeechganError) as caught:
        compose(task, ["data.root=/x", setting])
    assert str(caught.value) == f"{setting}: must be a list, '{name}=[{value}]'"
    assert compose(task, ["data.root=/x", f"{name}=[{value}]"])
