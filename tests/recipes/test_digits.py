"""recipes/digits/run.sh, run as a user runs it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from speechgan.training.compose import compose

Run = Callable[..., subprocess.CompletedProcess[str]]
RECIPE = "digits/run.sh"
TINY = [
    *("generator.widths=[8,8,8,8]", "discriminator.widths=[8,8,8,8]", "generator.code=8"),
    *("trainer.max_steps=2", "trainer.validate_every=2", "trainer.accelerator=cpu"),
    *("trainer.decay_steps=0", "data.batch_size=4", "data.valid_every=3"),
]


@pytest.fixture(scope="module")
def finished(
    run: Run, digits_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[str | Path]:
    out = tmp_path_factory.mktemp("out") / "it's a=b, (1)"
    arguments = ["--data", digits_folder, "--out", out, "--stage", "1", "--count", "3", *TINY]
    done = run(RECIPE, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith((out / "table.md").read_text())
    return arguments


def test_every_stage_leaves_what_it_promises(finished: list[str | Path]) -> None:
    out = Path(finished[3])
    assert (out / "recordings.txt").read_text() == "train: 90 recordings\ntest: 30 recordings\n"
    assert (out / "run" / "best" / "model.onnx").exists()
    assert len(list((out / "words").glob("*.wav"))) == 3 and (out / "words" / "sheet.png").exists()
    scores = json.loads((out / "scores.json").read_text())
    real, made = scores["real, test"], scores[str(out / "run" / "best")]
    assert real["accuracy"] >= 0.9 and made["frechet"] > 10 * real["frechet"]
    assert f"| real, test | {real['accuracy']:.3f} |" in (out / "table.md").read_text()


def test_what_is_finished_is_not_done_again(run: Run, finished: list[str | Path]) -> None:
    out = Path(finished[3])
    words = sorted((out / "words").iterdir())
    times = [path.stat().st_mtime_ns for path in words]
    done = run(RECIPE, *finished)
    assert done.returncode == 0 and "words is complete" in done.stderr
    assert "model.onnx is complete" in done.stderr
    assert [path.stat().st_mtime_ns for path in words] == times


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--count", "0"], "--count 0"),
        (["--data", "/nowhere"], "/nowhere: no such folder"),
        (["--stage", "4", "--out", "OUT"], "no trained model; run stage 2 first"),
        (["data.root=x"], "is set by --out"),
    ],
)
def test_bad_requests_get_one_line(
    run: Run, arguments: list[str], text: str, tmp_path: Path
) -> None:
    done = run(RECIPE, *[a.replace("OUT", str(tmp_path)) for a in arguments])
    assert done.returncode != 0 and text in done.stderr and done.stderr.count("\n") == 1


def test_the_demo_is_a_configuration() -> None:
    config = compose("generate", ["experiment=demo", "data.root=x"])
    assert config.system._target_.endswith("ConditionalGAN")
