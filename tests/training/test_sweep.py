"""A sweep tries what is free, learns from it, and goes on where it was stopped."""

import csv
from pathlib import Path

import pytest

from speechgan.cli.main import main
from speechgan.training.sweeping.space import Space, parse_space
from speechgan.training.sweeping.sweep import RESULTS, TABLE, Sweep
from speechgan.utils.errors import SpeechganError

WORDS = ["data.root=x", "lr=tag(log, interval(1e-4,1e-1))", "kind=plain,odd"]


def value_of(settings: list[str]) -> float:
    """Best at a rate of 0.01 and of the odd kind."""
    chosen = dict(word.split("=", 1) for word in settings)
    assert chosen["data.root"] == "x"
    distance = abs(float(chosen["lr"]) - 0.01)
    return (chosen["kind"] == "odd") - 10 * distance


def record(seen: list[tuple[list[str], str]], limit: int = 1000):
    def train(settings: list[str], folder: Path) -> float:
        seen.append((settings, folder.name))
        if len(seen) > limit:
            raise KeyboardInterrupt
        return value_of(settings)

    return train


def test_settings_are_parsed_as_hydra_has_them() -> None:
    space = parse_space(
        ["a=1", "b=2,3", "c=choice(x,'y z')", "d=range(1,8,3)", "e=tag(int, interval(2,9))",
         "f=interval(0.5,1)"]
    )  # fmt: skip
    assert space.fixed == ("a=1",)
    kinds = {key: type(kind).__name__[:3] for key, kind in space.free.items()}
    assert kinds == {"b": "Cat", "c": "Cat", "d": "Int", "e": "Int", "f": "Flo"}
    assert space.free["c"].choices == ("x", r"y\ z")
    assert (space.free["d"].low, space.free["d"].high, space.free["d"].step) == (1, 7, 3)
    assert (space.free["e"].low, space.free["e"].high) == (2, 9)
    assert space.settings({"b": "3", "f": 0.75}) == ["a=1", "b=3", "f=0.75"]


def test_later_trials_are_nearer_to_the_best(tmp_path: Path) -> None:
    seen: list[tuple[list[str], str]] = []
    ranked = Sweep(tmp_path, parse_space(WORDS)).run(record(seen), 40, print)
    assert [name for _, name in seen] == [f"{n:04}" for n in range(40)]
    values = [value_of(settings) for settings, _ in seen]
    assert sum(values[-10:]) > sum(values[:10]) + 2
    assert ranked[0].value == max(values) > 0.9
    head, _, best, *others = (tmp_path / TABLE).read_text().splitlines()
    assert head == "| trial | lr | kind | figure |"
    assert f"| {ranked[0].number} |" in best and len(others) == 39
    with (tmp_path / RESULTS).open(newline="") as file:
        assert next(csv.DictReader(file))["figure"] == f"{ranked[0].value:.4f}"


def test_a_sweep_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole: list[tuple[list[str], str]] = []
    Sweep(tmp_path / "whole", parse_space(WORDS), 3).run(record(whole), 9, print)
    first: list[tuple[list[str], str]] = []
    with pytest.raises(KeyboardInterrupt):
        Sweep(tmp_path / "other", parse_space(WORDS), 3).run(record(first, 6), 9, print)
    later: list[tuple[list[str], str]] = []
    Sweep(tmp_path / "other", parse_space(WORDS), 3).run(record(later), 9, print)
    # The trial that was under way is done again, in its own folder.
    assert first[:6] + later == whole and first[6] == later[0]
    assert Sweep(tmp_path / "other", parse_space(WORDS), 3).run(record(later), 9, print)
    assert len(later) == 3


def test_a_trial_that_fails_is_told_and_others_go_on(tmp_path: Path) -> None:
    said: list[str] = []

    def train(settings: list[str], folder: Path) -> float:
        if folder.name == "0001":
            raise SpeechganError("the rate is too high")
        return value_of(settings)

    ranked = Sweep(tmp_path, parse_space(WORDS)).run(train, 4, said.append)
    assert ranked[-1].number == 1 and ranked[-1].value is None and len(ranked) == 4
    assert "failed: the rate is too high" in said[1]
    assert (tmp_path / TABLE).read_text().splitlines()[-1].endswith("| failed |")


def test_settings_that_fail_are_learned_from(tmp_path: Path) -> None:
    failed = []

    def train(settings: list[str], folder: Path) -> float:
        rate = float(settings[-1].removeprefix("lr="))
        failed.append(rate > 0.6)
        if failed[-1]:
            raise SpeechganError("the rate is too high")
        return rate

    Sweep(tmp_path, parse_space(["lr=interval(0,1)"])).run(train, 25, print)
    assert sum(failed[5:]) < 14


def test_where_all_fail_the_sweep_does(tmp_path: Path) -> None:
    def train(settings: list[str], folder: Path) -> float:
        raise SpeechganError("no data")

    with pytest.raises(SpeechganError, match="no data"):
        Sweep(tmp_path, parse_space(WORDS)).run(train, 20, print)


def test_a_folder_is_of_one_sweep(tmp_path: Path) -> None:
    Sweep(tmp_path, parse_space(WORDS)).run(record([]), 1, print)
    with pytest.raises(SpeechganError, match="holds a sweep of other settings"):
        Sweep(tmp_path, parse_space([*WORDS, "more=1"])).run(record([]), 2, print)
    (tmp_path / "file").touch()
    with pytest.raises(SpeechganError, match="cannot be kept"):
        Sweep(tmp_path / "file", Space((), {})).run(record([]), 1, print)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data.root=x"], "nothing is free"),
        (["data.root=x", "trainer.max_steps=1,2", "trainer.max_steps=3,4"], "is free already"),
        (["a=interval(3,1)"], "a=interval"),
        (["a=choice("], "choice"),
        (["sistem=a", "trainer.max_steps=1,2"], "sistem"),
        (["run.folder=x", "trainer.max_steps=1,2"], "give --out"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, capsys, words: list[str], message: str) -> None:
    assert main(["sweep", "enhance", *words, "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_misspelt_free_setting_can_be_corrected(tmp_path: Path) -> None:
    def train(settings: list[str], folder: Path) -> float:
        if any(setting.startswith("rte=") for setting in settings):
            raise SpeechganError("rte: no such setting")
        return 1.0

    with pytest.raises(SpeechganError, match="no such setting"):
        Sweep(tmp_path, parse_space(["rte=interval(0,1)"])).run(train, 5, print)
    ranked = Sweep(tmp_path, parse_space(["rate=interval(0,1)"])).run(train, 2, print)
    assert [trial.value for trial in ranked] == [1.0, 1.0]


def test_a_sweep_of_no_trials_is_refused(tmp_path: Path, capsys) -> None:
    command = ["sweep", "enhance", "data.root=x", "trainer.max_steps=1,2", "--trials", "0"]
    with pytest.raises(SystemExit):
        main([*command, "--out", str(tmp_path / "out")])
    assert "'0' is not a whole number from 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_networks_of_two_sizes_are_compared(tmp_path: Path, capsys) -> None:
    """As a user sweeps; each trial leaves a training with its model."""
    pairs = Path(__file__).parents[1] / "assets"
    tiny = ["generator.channels=4", "generator.bands=8", "data.valid_items=1", "data.seconds=0.5"]
    fast = ["trainer.max_steps=1", "trainer.accelerator=cpu", "system=supervised"]
    out = tmp_path / "it's a sweep"
    words = [f"data.root={pairs}", f"data.cache={tmp_path / 'cache'}", "generator.hidden=4,8"]
    command = ["sweep", "enhance", *words, *tiny, *fast, "--trials", "2", "--out", str(out)]
    assert main(command) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0] == "| trial | generator.hidden | figure |" and len(table) == 4
    for trial in ("0000", "0001"):
        assert (out / trial / "best" / "model.safetensors").exists()
