"""A GAN and a generator of one's own: a Python file and a YAML each, the package untouched."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from speechgan.cli.main import main

ASSETS = Path(__file__).parents[1] / "assets"
SHORT = [
    "data.batch_size=2",
    "trainer.max_steps=3",
    "trainer.log_every=1",
    "trainer.workers=0",
    "trainer.accelerator=cpu",
    "trainer.threads=1",
    "trainer.turns.judge.start=1",
]
GENERATOR = '''
from torch import nn

class Smoother(nn.Module):
    """Images of any task: every channel by itself, a small correction added."""

    reads, causal, level_invariant, z_channels = "image", False, False, 0
    multiple, context, needs_source = 1, 2, False

    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 5, padding=2), nn.ReLU(), nn.Conv2d(width, 1, 1)
        )

    def forward(self, image, target=None, source=None):
        planes = image.flatten(0, 1)[:, None]
        return (planes + 0.1 * self.layers(planes)).view_as(image)
'''
GENERATOR_CHOICE = """
_target_: ownlab.generator.Smoother
width: 4
"""
GANS = {
    "enhance": """
from torch import nn
from speechgan.features.stft import magnitude
from speechgan.systems.enhancement.supervised import Supervised

class Game(Supervised):
    turns = ("judge", "generator")

    def __init__(self, features, generator, closeness, weight):
        super().__init__(features, generator, closeness)
        self.judge, self.weight = nn.Conv2d(1, 1, 8, stride=8), weight

    def losses(self, player, step):
        noisy, clean = self.signals(step)
        if player == "judge":
            made = step.recall("made", lambda: self.generate(noisy))
            real, fake = (self.judge(magnitude(s.image)) for s in (clean, made))
            return {"judge": (real - 1).square().mean() + fake.square().mean()}
        made = self.generate(noisy)
        terms = self.closeness(made, clean)
        if "judge" in step.in_play:
            score = self.judge(magnitude(made.image))
            terms["adversarial"] = self.weight * (score - 1).square().mean()
        return terms
""",
    "convert": """
from torch import nn
from speechgan.systems.conversion.base import ConversionSystem

class Game(ConversionSystem):
    turns = ("judge", "generator")

    def __init__(self, generator, weight):
        super().__init__(generator)
        self.judge, self.weight = nn.Conv2d(1, 1, 8, stride=8), weight

    def losses(self, player, step):
        if player == "judge":
            real, fake = self.judge(step.batch.target), self.judge(self.converted(step))
            return {"judge": (real - 1).square().mean() + fake.square().mean()}
        made = self.generator(step.batch.source, step.batch.target_speaker)
        terms = {"close": (made - step.batch.source).abs().mean()}
        if "judge" in step.in_play:
            terms["adversarial"] = self.weight * (self.judge(made) - 1).square().mean()
        return terms
""",
}
GAN_CHOICES = {
    "enhance": """
# @package _global_
defaults:
  - /closeness@system.closeness: speech
  - /turn@trainer.turns.generator: generator
  - /turn@trainer.turns.judge: discriminator
  - _self_
system:
  _target_: ownlab.enhance.Game
  features: ${features}
  generator: ${generator}
  weight: 0.1
""",
    "convert": """
# @package _global_
defaults:
  - /turn@trainer.turns.generator: generator
  - /turn@trainer.turns.judge: discriminator
  - _self_
system:
  _target_: ownlab.convert.Game
  generator: ${generator}
  weight: 0.1
""",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package and choices of one's own."""
    root = tmp_path_factory.mktemp("lab")
    files = {"ownlab/generator.py": GENERATOR, "choices/generator/smoother.yaml": GENERATOR_CHOICE}
    for task in GANS:
        files[f"ownlab/{task}.py"] = GANS[task]
        files[f"choices/{task}/system/game.yaml"] = GAN_CHOICES[task]
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
    return root


def train(task: str, lab: Path, data: Path, folder: Path, *settings: str) -> list[dict]:
    """The lines of the run's log."""
    own = [f"data.root={data}", f"data.cache={folder}/cache", f"run.folder={folder}/run"]
    words = ["train", task, "--config-dir", str(lab / "choices"), *own, *SHORT, *settings]
    assert main(words) == 0
    return [json.loads(line) for line in (folder / "run/metrics.jsonl").read_text().splitlines()]


def test_an_enhancer(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(lab))
    short = ["data.seconds=0.6", "data.valid_items=1", "generator=smoother", "system=game"]
    log = train("enhance", lab, ASSETS, tmp_path, *short)
    assert "loss/judge" in log[1] and "loss/adversarial" in log[1]
    card = (tmp_path / "run/best/card.md").read_text()
    assert "Game, judge (Conv2d), generator (Smoother)" in card
    use = ["enhance", str(ASSETS / "noisy/p228_wind.flac"), "--model", str(tmp_path / "run/best")]
    # A model folder builds nothing of a package that nobody has trusted.
    assert main([*use, "-o", str(tmp_path / "a.wav")]) == 1
    error = capsys.readouterr().err
    assert "ownlab.generator.Smoother" in error and "SPEECHGAN_TRUST" in error
    monkeypatch.setenv("SPEECHGAN_TRUST", "ownlab")
    assert main([*use, "-o", str(tmp_path / "a.wav")]) == 0


def test_a_converter(
    lab: Path, voices_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(lab))
    monkeypatch.setenv("SPEECHGAN_TRUST", "ownlab")
    short = ["data.frames=32", "data.workers=1", "features.f0=dio"]
    own = ["generator=smoother", "system=game"]
    log = train("convert", lab, voices_folder, tmp_path, *short, *own)
    assert "loss/judge" in log[1] and "loss/adversarial" in log[1]
    source = voices_folder / "kerstin" / "kerstin_wind_0.wav"
    words = ["convert", "--src", str(source), "--target-speaker", "p228"]
    model = ["--model", str(tmp_path / "run/best"), "-o", str(tmp_path / "a.wav")]
    assert main([*words, *model]) == 0


@pytest.mark.parametrize(("task", "system"), [("enhance", "two_headed"), ("convert", "shallow")])
def test_a_generator_plays_in_the_games_that_ship(
    task: str, system: str, lab: Path, voices_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.syspath_prepend(str(lab))
    monkeypatch.setitem(globals(), "SHORT", [s for s in SHORT if "judge" not in s])
    data, short = {
        "enhance": (ASSETS, ["data.seconds=0.6", "data.valid_items=1"]),
        "convert": (voices_folder, ["data.frames=32", "data.workers=1", "features.f0=dio"]),
    }[task]
    early = "trainer.turns.discriminator.start=1"
    log = train(task, lab, data, tmp_path, *short, early, "generator=smoother", f"system={system}")
    assert "gradient/discriminator" in log[1]


def test_the_gan_of_contributing_md_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ASSETS.parents[1] / "CONTRIBUTING.md").read_text()
    text = text[text.index("## Add a GAN") :]
    (code,), (choice,) = (
        re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) for language in ("python", "yaml")
    )
    for name, content in {"mylab/gan.py": code, "choices/enhance/system/mine.yaml": choice}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    small = [f"generator.{name}=8" for name in ("channels", "bands", "hidden")]
    short = ["data.seconds=0.6", "data.valid_items=1", "system=mine", *small]
    log = train("enhance", tmp_path, ASSETS, tmp_path, *short)
    assert {"loss/judge", "loss/adversarial", "loss/closeness/wave"} <= log[1].keys()


def test_python_finds_it_on_its_path(lab: Path) -> None:
    """As from a shell, where nothing but PYTHONPATH names the package."""
    words = ["train", "enhance", "--config-dir", str(lab / "choices"), "--cfg", "job"]
    environment = os.environ | {
        "PYTHONPATH": f"{lab}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    }
    done = subprocess.run(
        [sys.executable, "-m", "speechgan", *words, "system=game", "generator=smoother"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "_target_: ownlab.enhance.Game" in done.stdout
