"""Real runs on the recorded pairs; in processes of their own where they are killed or many."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from math import isnan, nan
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from speechgan.data.manifest import hold_out, scan
from speechgan.features.signal import Signal
from speechgan.metrics.intrusive import si_sdr
from speechgan.systems.enhancement.supervised import Supervised
from speechgan.training.checkpoint import load_checkpoint
from speechgan.training.compose import compose
from speechgan.training.train import train
from speechgan.training.validation.enhancement import EnhancementValidation
from speechgan.training.validation.measuring import Means
from speechgan.utils.errors import SpeechganError

sys.path.insert(0, str(Path(__file__).parent / "kill"))
import trainings

PAIRS = Path(__file__).parents[1] / "assets"
SMALL = [
    "generator.channels=8",
    "generator.bands=8",
    "generator.hidden=8",
    "data.batch_size=2",
    "data.seconds=0.6",
    "data.valid_fraction=0.34",
    "trainer.threads=1",
    "trainer.accelerator=cpu",
    "trainer.workers=0",
    "trainer.log_every=1",
    "trainer.save_every=1",
    "trainer.validate_every=1000",
    "trainer.warmup_steps=2",
]
JUDGED = ["trainer.turns.discriminator.start=2"]


def settings(folder: Path, *overrides: str) -> list[str]:
    root = [f"data.root={PAIRS}", f"data.cache={folder.parent / 'cache'}", f"run.folder={folder}"]
    return [*root, *SMALL, *overrides]


def run(folder: Path, *overrides: str, resume: bool = False) -> dict[str, float]:
    """In this process."""
    return train(compose("enhance", settings(folder, *overrides)), resume)


def wait_for_steps(folder: Path, steps: int, is_alive: Callable[[], bool]) -> None:
    """Returns as soon as so many steps are logged."""
    log = folder / "metrics.jsonl"
    while is_alive() and not (log.exists() and log.read_text().count("\n") >= steps):
        time.sleep(0.01)


def read_log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def equal(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return a == b


@pytest.mark.parametrize(
    "overrides",
    [
        [
            "system=two_headed_metric_listener",
            "system.judges.metric.labels.items=2",
            "trainer.turns.metric.start=2",
            "trainer.turns.listener.start=3",
        ],
        ["system=joint", "system.objective=wgan_gp", "trainer.turns.generator.every=2"],
    ],
    ids=["two-headed, metric critic and listener", "Wasserstein with gradient penalty"],
)
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path, overrides):
    overrides = [*overrides, *JUDGED, "trainer.max_steps=7"]
    run(tmp_path / "whole", *overrides)
    config = compose("enhance", settings(tmp_path / "killed", *overrides))
    killed = trainings.start(config, None, last_step=4)
    killed.join(trainings.LIMIT_SECONDS)
    assert killed.exitcode == -signal.SIGKILL
    stopped_at = load_checkpoint(tmp_path / "killed/last.safetensors")["step"]
    assert stopped_at == 4
    run(tmp_path / "killed", *overrides, resume=True)
    ends = [load_checkpoint(tmp_path / n / "last.safetensors") for n in ("whole", "killed")]
    assert ends[0]["step"] == ends[1]["step"] == 7
    assert equal(*ends)
    steps = [line["step"] for line in read_log(tmp_path / "killed")]
    assert [s for n, s in enumerate(steps) if s not in steps[:n]] == list(range(1, 8))
    assert steps == sorted(steps)


@pytest.mark.parametrize("to_all", [False, True])
def test_sigterm_saves_and_stops(tmp_path, to_all):
    command = [sys.executable, "-m", "speechgan", "train", "enhance"]
    command += settings(tmp_path / "run", "system=supervised", "trainer.max_steps=100000")
    command += ["trainer.save_every=100000", "trainer.workers=1"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        wait_for_steps(tmp_path / "run", 3, lambda: process.poll() is None)
        (os.killpg if to_all else os.kill)(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM
    assert load_checkpoint(tmp_path / "run/last.safetensors")["step"] >= 3
    assert "go on with --resume" in said


def test_a_run_lowers_the_noise_of_real_recordings(tmp_path):
    """120 steps on one pair's noise make SI-SDR better by decibels, on the pair held out."""
    run(
        tmp_path / "run",
        "system=two_headed",
        "trainer.max_steps=120",
        "trainer.validate_every=120",
        "trainer.save_every=120",
        "trainer.log_every=50",
        "trainer.turns.discriminator.start=100",
        "trainer.turns.generator.optimizer.lr=5e-3",
        "trainer.average=0",
        "generator.channels=16",
        "generator.hidden=16",
    )
    lines = read_log(tmp_path / "run")
    enhanced = next(x["valid/si_sdr"] for x in lines if "valid/si_sdr" in x)
    held_out = find_held_out()
    noisy, clean = (soundfile.read(PAIRS / side / held_out)[0] for side in ("noisy", "clean"))
    assert enhanced > si_sdr(clean, noisy, 16000) + 2
    heads = {"loss/discriminator/clarity", "loss/discriminator/match"}
    assert any(heads <= line.keys() for line in lines)
    assert (tmp_path / "run/best/model.safetensors").exists()
    card = (tmp_path / "run/best/card.md").read_text()
    assert "BandCRN" in card and "discriminator (TwoHeadedDiscriminator)" in card
    assert list((tmp_path / "run/tensorboard").iterdir())


def find_held_out() -> str:
    rows = hold_out(scan(PAIRS), 0.34)
    return next(Path(r.path).name for r in rows if r.split == "valid")


def test_losses_that_stay_non_finite_stop_the_run(tmp_path):
    with pytest.raises(SpeechganError, match="losses were not finite 3 steps in a row"):
        run(
            tmp_path / "run", "system=supervised", "trainer.max_steps=50", "trainer.patience=3",
            "system.closeness.wave=1e38",
        )  # fmt: skip


def test_pesq_is_not_monitored_at_another_sample_rate(tmp_path):
    wide = ["sample_rate=48000", "system=supervised", "system.closeness.pesq=0"]
    with pytest.raises(SpeechganError, match=r"monitor=pesq: .*choose .*trainer\.monitor=si_sdr"):
        run(tmp_path / "run", *wide)


@pytest.mark.parametrize(
    ("found", "step"),
    [([nan, nan, nan], 3), ([nan, -5.0, nan], 2), ([-5.0, nan, -6.0], 1), ([-5.0, -4.0, -4.5], 2)],
)
def test_the_best_is_kept_and_what_cannot_be_measured_is_the_least(
    tmp_path, monkeypatch, found, step
):
    figures = iter(found)
    monkeypatch.setattr(EnhancementValidation, "__call__", lambda *_: {"si_sdr": next(figures)})
    asked = "trainer.monitor=si_sdr", "trainer.max_steps=3", "trainer.validate_every=1"
    assert run(tmp_path / "run", "system=supervised", *asked)["step"] == step
    assert f"for {step} steps" in (tmp_path / "run/best/card.md").read_text()


def test_silence_to_validate_on_has_no_figures():
    means = Means({"si_sdr": si_sdr}, 16000)
    means.add(np.zeros(16000), np.ones(16000))
    assert isnan(means.take()["si_sdr"])


@pytest.mark.parametrize("precision", ["16-mixed", "16"])
def test_a_precision_that_loses_gradients_is_refused(tmp_path, precision):
    with pytest.raises(SpeechganError, match=rf"precision={precision}: .*take bf16-mixed"):
        run(tmp_path / "run", "system=supervised", f"trainer.precision={precision}")


@pytest.mark.parametrize("every", [2, 3])
def test_a_generator_may_move_less_often_than_its_judges(tmp_path, every):
    """In the steps between, each judges what the generator makes as it stands."""
    run(
        tmp_path / "run", "system=two_headed_metric", *JUDGED, "trainer.turns.metric.start=0",
        f"trainer.turns.generator.every={every}", "trainer.max_steps=5",
    )  # fmt: skip
    moved = [line["step"] for line in read_log(tmp_path / "run") if "gradient/generator" in line]
    assert moved == list(range(1, 6, every))
    assert all("gradient/metric" in line for line in read_log(tmp_path / "run")[:5])


@pytest.mark.parametrize("optimizer", ["torch.optim.AdamW", "MuonAdamW"])
def test_a_run_goes_on_with_the_settings_of_its_optimisers_that_are_given(tmp_path, optimizer):
    place = "trainer.turns.generator.optimizer"
    fixed = ["system=supervised", "trainer.validate_every=100", "trainer.save_every=1"]
    if optimizer == "MuonAdamW":
        target = "speechgan.training.optimizers.MuonAdamW"
        fixed += [f"{place}._target_={target}", f"+{place}.matrix_lr=1e-3"]
    run(tmp_path / "run", *fixed, "trainer.max_steps=2")
    others = [f"{place}.weight_decay=0.5", f"{place}.betas=[0.7,0.8]", "trainer.max_steps=3"]
    run(tmp_path / "run", *fixed, *others, resume=True)
    state = load_checkpoint(tmp_path / "run/last.safetensors")
    groups = state["optimizers"]["generator"]["param_groups"]
    assert state["step"] == 3 and all(group["weight_decay"] == 0.5 for group in groups)
    assert tuple(groups[-1]["betas"]) == (0.7, 0.8)


def test_a_run_branches_off_from_another(tmp_path):
    run(tmp_path / "warm", "system=supervised", "trainer.max_steps=3")
    start = f"run.start_from={tmp_path / 'warm/last.safetensors'}"
    game = ["system=two_headed", *JUDGED, "trainer.max_steps=5", start]
    run(tmp_path / "game", *game)
    assert min(line["step"] for line in read_log(tmp_path / "game")) == 4
    with pytest.raises(SpeechganError, match="checkpoint is of another system or configuration"):
        run(tmp_path / "other", *game, "generator.channels=12")
    with pytest.raises(SpeechganError, match=r"at step 3, .* nothing is left of .*max_steps=3"):
        run(tmp_path / "done", *game, "trainer.max_steps=3")


def test_a_model_is_trained_further(tmp_path):
    run(tmp_path / "first", "system=supervised", "trainer.max_steps=2")
    model = tmp_path / "first/best"
    run(
        tmp_path / "second", "system=supervised", "trainer.max_steps=1", "trainer.average=0",
        "trainer.turns.generator.optimizer.lr=0", f"run.fine_tune={model}",
    )  # fmt: skip
    weights = [load_file(tmp_path / n / "best/model.safetensors") for n in ("first", "second")]
    # What normalisation has heard is not learned by gradients.
    heard = {k for k in weights[0] if "running" in k or "tracked" in k}
    assert equal(*({k: x[k] for k in x.keys() - heard} for x in weights))
    with pytest.raises(SpeechganError, match="not weights of the configured generator"):
        run(tmp_path / "other", f"run.fine_tune={model}", "generator.channels=12")
    with pytest.raises(SpeechganError, match=r"run.fine_tune=voices: a model for convert"):
        run(tmp_path / "other", "run.fine_tune=voices")


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the worker in /proc")
def test_a_killed_batch_worker_is_one_error(tmp_path):
    command = [sys.executable, "-m", "speechgan", "train", "enhance"]
    command += settings(tmp_path / "run", "system=supervised", "trainer.max_steps=100000")
    command += ["trainer.workers=1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_for_steps(tmp_path / "run", 3, lambda: process.poll() is None)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1 and "Traceback" not in said
    assert "a process that makes batches was killed" in said and "--resume" in said


def test_a_network_to_compile_that_there_is_not_is_named(tmp_path):
    with pytest.raises(SpeechganError, match=r"trainer\.compiled: this system has no critic"):
        run(tmp_path / "run", "system=supervised", "trainer.compiled=[critic]")


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_networks_run_in_the_precision_that_was_asked_for(tmp_path, monkeypatch, precision):
    mixed, generate = [], Supervised.generate

    def note(system: Supervised, noisy: Signal) -> Signal:
        if torch.is_grad_enabled():  # not while validating
            mixed.append(torch.is_autocast_enabled("cpu"))
        return generate(system, noisy)

    monkeypatch.setattr(Supervised, "generate", note)
    asked = "system=two_headed", "trainer.max_steps=3", f"trainer.precision={precision}"
    run(tmp_path, *JUDGED, *asked)
    assert mixed == [precision == "bf16-mixed"] * 3
    assert load_checkpoint(tmp_path / "last.safetensors")["skipped"] == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_gpu_trains(tmp_path, precision):
    run(
        tmp_path / "run", "system=two_headed_metric", *JUDGED, "trainer.turns.metric.start=2",
        "trainer.max_steps=6", "trainer.accelerator=cuda", f"trainer.precision={precision}",
    )  # fmt: skip
    assert load_checkpoint(tmp_path / "run/last.safetensors")["skipped"] == 0
