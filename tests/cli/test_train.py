"""`speechgan train` and `speechgan data`, on the recorded pairs."""

import csv
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import soundfile
from omegaconf import OmegaConf
from safetensors.torch import load_file
from torch import Tensor

from speechgan.cli.main import main
from speechgan.data.enhancement.module import EnhancementData
from speechgan.training.compose import compose
from speechgan.training.trainer import Trainer
from speechgan.utils.errors import SpeechganError

PAIRS = Path(__file__).parents[1] / "assets"
TINY = [
    *(f"generator.{name}=8" for name in ("channels", "bands", "hidden")),
    "data.batch_size=2",
    "data.seconds=0.5",
    "data.valid_items=1",
    "trainer.max_steps=2",
    "trainer.validate_every=2",
    "trainer.workers=0",
    "trainer.accelerator=cpu",
    "trainer.threads=1",
    "system=supervised",
]


def train(folder: Path, *settings: str) -> int:
    own = [f"data.root={PAIRS}", f"data.cache={folder.parent / 'cache'}", f"run.folder={folder}"]
    return main(["train", "enhance", *own, *TINY, *settings])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two steps."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    assert train(folder) == 0
    return folder


def test_a_run_leaves_a_model_that_enhances(trained: Path, tmp_path: Path) -> None:
    source, target = PAIRS / "noisy" / "p228_wind.flac", tmp_path / "out.wav"
    model = str(trained / "best")
    assert main(["enhance", str(source), "-o", str(target), "--model", model]) == 0
    assert target.stat().st_size > 10_000
    card = (trained / "best" / "card.md").read_text()
    assert "2 steps" in card and "Supervised" in card and "pesq" in card


def test_a_run_leaves_its_configuration_and_its_log(trained: Path) -> None:
    config = OmegaConf.load(trained / "config.yaml")
    assert config.trainer.max_steps == 2 and config.generator.channels == 8
    lines = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert {"valid/pesq", "valid/estoi", "valid/si_sdr"} <= lines[-1].keys()
    sound = config.data.batch_size * config.data.seconds
    step = lines[0]["seconds_per_step"]
    assert lines[0]["audio_seconds_per_second"] == pytest.approx(sound / step)
    assert list((trained / "tensorboard").iterdir())


def test_a_finished_run_is_not_trained_again(trained: Path) -> None:
    before = load_file(trained / "best" / "model.safetensors")
    assert train(trained, "--resume") == 0
    after = load_file(trained / "best" / "model.safetensors")
    assert all(after[name].equal(weight) for name, weight in before.items())


def test_a_run_is_replaced_only_if_that_is_asked_for(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    # Another seed, and data that are not there: neither is looked at.
    assert train(run, "trainer.seed=1", "data.root=/nowhere") == 1
    (line,) = capsys.readouterr().err.splitlines()
    remedies = ("--resume", "run.folder=DIR", "--overwrite")
    assert f"{run}: holds a run; " in line and all(remedy in line for remedy in remedies)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert train(run, "trainer.seed=1", "--overwrite") == 0
    model = run / "best" / "model.safetensors"
    assert model.read_bytes() != before[model]


@pytest.mark.parametrize("left", ["last.safetensors", "best", ".best.before"])
def test_a_part_of_a_run_is_a_run(
    left: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last is what a process that was killed while it replaced the best model has left."""
    shutil.copytree(trained, tmp_path / "whole")
    (tmp_path / "run").mkdir()
    (tmp_path / "whole" / left.replace(".best.before", "best")).rename(tmp_path / "run" / left)
    assert train(tmp_path / "run") == 1
    assert "holds a run" in capsys.readouterr().err


def test_what_begins_anew_does_not_go_on_from_the_run_before(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it ends before its first checkpoint."""
    run = tmp_path / "run"
    shutil.copytree(trained, run)

    def lose(*given: object) -> None:
        raise SpeechganError("no more")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_play", lose)
        assert train(run, "--overwrite") == 1
    assert train(run, "--resume", "trainer.max_steps=1") == 0
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 1


def test_a_run_can_start_from_the_checkpoint_that_it_replaces(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    monkeypatch.chdir(tmp_path)  # its name is another than that of the run's
    own = ["run.start_from=run/last.safetensors", "trainer.max_steps=3"]
    assert train(tmp_path / "run", *own, "--overwrite") == 0
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["step"] == 3


def test_training_goes_on_from_a_model(trained: Path, tmp_path: Path) -> None:
    own = [f"run.fine_tune={trained / 'best'}", "trainer.turns.generator.optimizer.lr=0"]
    assert train(tmp_path / "second", *own) == 0
    first, second = (
        load_file(folder / "best" / "model.safetensors")
        for folder in (trained, tmp_path / "second")
    )
    # Nothing was learned at a rate of 0, but for what normalisation has heard: these are the
    # model's weights, not those of chance.
    learned = [name for name in first if "running" not in name and "tracked" not in name]
    assert all(second[name].allclose(first[name]) for name in learned)


def test_a_larger_network_grows_from_a_model(trained: Path, tmp_path: Path) -> None:
    """It has what the model learned, where the same network made anew would have chance."""
    own = ["generator.bidirectional=true", "generator.blocks=4", "trainer.max_steps=1"]
    still = ["trainer.turns.generator.optimizer.lr=0", "trainer.validate_every=1"]
    assert train(tmp_path / "x", f"run.fine_tune={trained / 'best'}", *own, *still) == 0
    small, large = (
        load_file(folder / "best" / "model.safetensors") for folder in (trained, tmp_path / "x")
    )
    assert all(large[name].equal(small[name]) for name in ("encode_in.conv.weight", "to_bands"))
    assert large["blocks.3.mix.norm.weight"].abs().max() == 0


def test_a_model_of_another_shape_is_refused(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path / "x", f"run.fine_tune={trained / 'best'}", "generator.hidden=12") == 1
    shown = capsys.readouterr().err.splitlines()[-1]
    assert "not weights of the configured generator" in shown


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["enhance"], "data.root is not set; give it as data.root=VALUE"),
        (["enhance", "data.root=/nowhere"], "/nowhere: no such folder"),
        (["enhance", "data.root=/x", "trainer.max_stepz=2"], "trainer.max_stepz"),
        (["enhance", "data.root=/x", "system=nonesuch"], "system=nonesuch: no such choice; "),
        (
            ["convert", "data.root=/x", "system=cycleganvc"],
            "system=cycleganvc: no such choice (did you mean cyclegan_vc?); known: aligned, ",
        ),
        (["paint", "data.root=/x"], "nothing to train called 'paint'; known: convert, enhance"),
        (
            ["enhance", "data.root=/x", "data.batch_size=0"],
            "data.batch_size=0: must be a whole number, 1 or more",
        ),
        (["enhance", "data.root=/x", "system.objective=best"], "no objective 'best'"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *words]) == 1
    shown = capsys.readouterr()
    assert text in shown.err and shown.err.startswith("speechgan: error: ")
    assert shown.err.count("\n") == 1 and shown.out == ""


def test_the_examples_of_the_help_can_be_trained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = capsys.readouterr().out
    examples = [
        re.split(r"(?<=\S)   +", line)[0]
        for line in shown.splitlines()
        if "speechgan train " in line
    ]
    # The first two words are the program and the command; usage is no example.
    commands = [shlex.split(line.strip())[2:] for line in examples if line.startswith("  ")]
    assert len(commands) > 3
    for task, *words in commands:
        compose(task, [word for word in words if "=" in word], complete="data.root=DIR" in words)


def test_cfg_prints_what_would_be_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "enhance", "--cfg", "job", "system=two_headed_metric"]) == 0
    config = OmegaConf.create(capsys.readouterr().out)
    assert config.system.judges.metric.network._target_.endswith("MetricCritic")
    assert OmegaConf.is_missing(config.data, "root")


def test_scan_writes_a_manifest_to_train_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    for side in ("clean", "noisy"):
        (tmp_path / "data" / side).symlink_to(PAIRS / side)
    manifest = tmp_path / "data" / "list.csv"
    assert main(["data", "scan", str(tmp_path / "data"), "-o", str(manifest)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in shown[1:3]] == [["clean", "-", "3"], ["noisy", "-", "3"]]
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(r["role"], r["sample_rate"], r["channels"]) for r in rows} == {
        ("clean", "16000", "1"),
        ("noisy", "16000", "1"),
    }
    assert train(tmp_path / "run", f"data.root={manifest}") == 0


def test_a_manifest_below_a_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["data", "scan", str(PAIRS), "-o", str(tmp_path / "file" / "m.csv")]) == 1
    shown = capsys.readouterr().err
    assert "m.csv: cannot be written" in shown and shown.count("\n") == 1


def test_scan_names_every_file_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "speech"
    folder.mkdir()
    soundfile.write(folder / "good.wav", [0.0] * 800, 16000)
    soundfile.write(folder / "empty.wav", [], 16000)
    soundfile.write(folder / "nan.wav", [0.0] * 70000 + [float("nan")], 16000, "FLOAT")
    (folder / "text.flac").write_text("hello")
    assert main(["data", "scan", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert len(lines) == 3 and all(line.startswith("speechgan: left out: ") for line in lines)
    for line, name in zip(lines, ("empty.wav", "nan.wav", "text.flac"), strict=True):
        assert f"{folder / name}: " in line
    manifest = (tmp_path / "manifest.speechgan.csv").read_text().splitlines()
    assert len(manifest) == 2 and manifest[1].startswith("speech/good.wav,speech,,,0.05,16000,1")
    (folder / "good.wav").unlink()
    assert main(["data", "scan", str(tmp_path)]) == 1
    assert "none of its 3 recordings can be read" in capsys.readouterr().err.splitlines()[-1]


def test_a_folder_without_speakers_gets_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "voices", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and f"{tmp_path}: holds no recordings" in shown.err


def test_listing_voices_names_what_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("anna", "bob"):
        (tmp_path / name / "train").mkdir(parents=True)
        soundfile.write(tmp_path / name / "train" / "1.wav", [0.0] * 96000, 16000)
    (tmp_path / "anna" / "train" / "2.wav").write_text("hello")
    (tmp_path / "bob" / "valid").mkdir()
    soundfile.write(tmp_path / "bob" / "valid" / "3.wav", [0.0] * 96000, 16000)
    assert main(["data", "voices", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "2.wav: not audio" in shown.err and shown.err.count("\n") == 1
    assert [line.split()[0] for line in shown.out.splitlines()] == ["speaker", "anna", "bob"]


def test_training_leaves_out_what_it_cannot_read_and_resumes_to_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(PAIRS, data)
    for side in ("clean", "noisy"):
        for name in ("a", "b"):
            shutil.copy(PAIRS / side / "p228_wind.flac", data / side / f"{name}.flac")
        (data / side / "valid").mkdir()
        (data / side / "kerstin_wind.flac").rename(data / side / "valid" / "kerstin_wind.flac")
    (data / "noisy" / "a.flac").write_bytes(b"")
    content = (data / "clean" / "b.flac").read_bytes()
    (data / "clean" / "b.flac").write_bytes(content[: len(content) // 2])

    def run(folder: str, *settings: str) -> dict[str, Tensor]:
        # A cache of its own: what is left out is found anew.
        own = [f"data.root={data}", f"data.cache={tmp_path / folder / 'cache'}"]
        capsys.readouterr()
        own += ["trainer.validate_every=4", "trainer.decay_steps=0", *settings]
        assert train(tmp_path / folder / "run", *own) == 0
        lines = [x for x in capsys.readouterr().err.splitlines() if not x.startswith("step ")]
        assert len(lines) == 2 and all(line.startswith("speechgan: left out: ") for line in lines)
        assert "noisy/a.flac: an empty file" in lines[0] and "clean/b.flac: damaged" in lines[1]
        return load_file(tmp_path / folder / "run" / "last.safetensors")

    whole = run("one", "trainer.max_steps=4")
    run("two", "trainer.max_steps=2")
    shutil.rmtree(tmp_path / "two" / "cache")
    parts = run("two", "trainer.max_steps=4", "--resume")
    weights = [name for name, value in whole.items() if value.is_floating_point()]
    assert weights and all(whole[name].equal(parts[name]) for name in weights)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_decoded_file_that_goes_away_in_training_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: int, monkeypatch
) -> None:
    """Emptied when the data are open, before the first batch."""
    original = EnhancementData.open

    def open_and_lose(data: EnhancementData) -> object:
        opened = original(data)
        for path in (tmp_path / "cache").glob("*.npy"):
            path.write_bytes(b"")
        return opened

    monkeypatch.setattr(EnhancementData, "open", open_and_lose)
    assert train(tmp_path / "run", f"trainer.workers={workers}") == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "decoded recordings are gone or damaged" in lines[0]


@pytest.mark.parametrize("experiment", ["segan_small", "released", "demo"])
def test_every_experiment_trains(experiment: str, tmp_path: Path) -> None:
    """Two steps of each, with its own optimisers and all its players, on few and short items."""
    own = [
        f"data.root={PAIRS}",
        f"data.cache={tmp_path / 'cache'}",
        f"run.folder={tmp_path / 'run'}",
    ]
    # Nothing here tests the compiler, which takes longer than all the rest.
    players = ["trainer.turns.discriminator.start=0", "trainer.compiled=[]"]
    if experiment == "released":
        players += ["trainer.turns.metric.start=0"]
    if experiment == "segan_small":  # as deep as it is, but narrower
        players += ["generator.widths=[2,2,4,4,4,4,8,8,8,8,16]"]
    short = ["data.batch_size=2", "data.seconds=1.024", "data.valid_items=1", "trainer.max_steps=2"]
    settings = ["trainer.workers=0", "trainer.accelerator=cpu", "trainer.validate_every=2"]
    words = [f"experiment={experiment}", *own, *players, *short, *settings]
    assert main(["train", "enhance", *words]) == 0
    lines = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert "gradient/discriminator" in lines and "valid/pesq" in lines
