"""Trainings in two processes that torchrun, or a stand-in that forks them, has started."""

import itertools
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import DictConfig
from torch.distributed import TCPStore

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.training import processes
from speechgan.training.checkpoint import load_checkpoint
from speechgan.training.compose import build, compose
from speechgan.training.processes import check_count
from speechgan.training.run import state_of
from speechgan.training.tasks import TASKS
from speechgan.training.train import train
from speechgan.utils.errors import SpeechganError

sys.path.insert(0, str(Path(__file__).parent / "kill"))
import member
import trainings

TWO = ["trainer.devices=2", "trainer.validate_every=4"]
# No batch normalisation, no labels, no random numbers: one process can do the same.
PLAIN = [
    *("system=two_headed", "trainer.turns.discriminator.start=1", "trainer.max_steps=4"),
    *("generator=segan", "generator.latent=false", "generator.widths=[4,4,8,8]"),
    "discriminator.widths=[2,2,2,2]",
]
GAME = ("system", "trainer.turns", "generator", "discriminator")
"""What a test chooses itself."""
MISMATCHED = "score/match/mismatched"
"""Of pairs made within a process's own batch, which are others where that is twice as large."""
LIMIT_SECONDS = 600


@pytest.fixture
def unused_tcp_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def settings(work: Path, name: str, *overrides: str) -> list[str]:
    places = [f"data.root={work / 'data'}", f"data.cache={work / 'cache'}"]
    small = [x for x in trainings.SMALL if not x.startswith(GAME)]
    return [*places, f"run.folder={work / name}", *small, *TWO, *overrides]


def game(work: Path, name: str) -> DictConfig:
    """With labels and random numbers of each process."""
    own = [x for x in trainings.SMALL if x.startswith(GAME)]
    return compose("enhance", settings(work, name, *own, "trainer.max_steps=8"))


def begin(given: dict[str, Any], rank: int, *arguments: Any) -> Any:
    """One process, forked from one that has imported everything, with variables of its own."""
    config, resume, errors, last_step = arguments
    own = config, resume, given, errors.with_suffix(f".{rank}"), last_step
    process = trainings._server().Process(target=member.train_one, args=own)
    process.start()
    return process


def start_two(
    config: DictConfig, resume: bool, errors: Path, last_step: int | None = None
) -> list[Any]:
    """As torchrun does, by forking a process that has imported everything.

    Where there is a `last_step`, the second process kills itself after it.
    """
    # Held by who starts them, at a port that nobody else can take meanwhile.
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    shared = {"WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "TORCHELASTIC_RUN_ID": "test"}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": store.port}
    shared |= {"TORCHELASTIC_USE_AGENT_STORE": True, "TORCHELASTIC_RESTART_COUNT": 0}
    started = []
    for rank in range(2):
        given = shared | {"RANK": rank, "LOCAL_RANK": rank}
        process = begin(given, rank, config, resume, errors, last_step if rank == 1 else None)
        process.store = store  # which is there as long as anybody knows it
        started.append(process)
    return started


def end(processes: list[Any]) -> list[int | None]:
    """Their exit codes."""
    for process in processes:
        process.join(LIMIT_SECONDS)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    return codes


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    trainings.write_pairs(folder / "data")
    return folder


@pytest.fixture(scope="module")
def whole(work: Path) -> Path:
    """A run in two processes that nobody disturbed."""
    assert end(start_two(game(work, "whole"), False, work / "whole.txt")) == [0, 0]
    return work / "whole"


def test_each_item_is_that_of_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_met", lambda: True)
    monkeypatch.setattr(processes, "count", lambda: 3)
    shares = []
    for number in range(3):
        monkeypatch.setattr(processes, "number", lambda number=number: number)
        shares.append(list(processes.share("abcdefg")))
    assert shares[1] == [(1, "b"), (4, "e")]
    assert sorted(itertools.chain(*shares)) == list(enumerate("abcdefg"))


def test_a_killed_process_ends_all_and_all_go_on_exactly(work: Path, whole: Path) -> None:
    config, run = game(work, "killed"), work / "killed"
    started = start_two(config, False, work / "killed.txt", last_step=4)
    assert end(started) == [1, -signal.SIGKILL]
    said = (work / "killed.0").read_text()
    assert "another process of this training has ended" in said and "\n" not in said
    assert trainings.read_step(run) == 4
    assert end(start_two(config, True, work / "resumed.txt")) == [0, 0]
    states = [load_checkpoint(folder / "last.safetensors") for folder in (whole, run)]
    assert not [*trainings.find_differences(*states)]
    assert trainings.read_log(whole) == trainings.read_log(run)


def test_two_under_srun_learn_what_two_under_torchrun_do(
    work: Path, whole: Path, unused_tcp_port: int
) -> None:
    config, run = game(work, "srun"), work / "srun"
    step = {f"SLURM_{name}": 2 for name in ("NTASKS", "NTASKS_PER_NODE", "STEP_NUM_TASKS")}
    step |= {f"SLURM_{name}": 1 for name in ("NNODES", "STEP_NUM_NODES", "JOB_ID")}
    step |= {"SLURM_JOB_NAME": "mine", "SLURM_NODEID": 0, "SLURM_NODELIST": "127.0.0.1"}
    step |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": unused_tcp_port}
    started = [
        begin(
            step | {"SLURM_PROCID": rank, "SLURM_LOCALID": rank},
            *(rank, config, False, work / "srun.txt", None),
        )
        for rank in range(2)
    ]
    assert end(started) == [0, 0]
    states = [load_checkpoint(folder / "last.safetensors") for folder in (whole, run)]
    assert not [*trainings.find_differences(*states)]


def test_tasks_that_are_not_of_a_node_are_one_error(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_NTASKS", "2")
    monkeypatch.setenv("SLURM_JOB_NAME", "mine")
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE", raising=False)
    config = game(work, "tasks")
    config.trainer.devices = 1
    with pytest.raises(SpeechganError, match=r"devices=1, .*--ntasks-per-node=2"):
        train(config)


def test_all_processes_refuse_to_replace_a_run(work: Path, whole: Path) -> None:
    before = (whole / "last.safetensors").read_bytes()
    assert end(start_two(game(work, "whole"), False, work / "refused.txt")) == [1, 1]
    said = {(work / f"refused.{rank}").read_text() for rank in range(2)}
    assert len(said) == 1 and f"{whole}: holds a run; " in said.pop()
    assert (whole / "last.safetensors").read_bytes() == before


def test_each_process_has_random_numbers_and_labels_of_its_own(whole: Path) -> None:
    state = load_checkpoint(whole / "last.safetensors")
    own = [state_of(state, number) for number in (0, 1)]
    assert not torch.equal(own[0]["random"], own[1]["random"])
    key = next(k for k in state["system"] if k.endswith("_extra_state"))
    pending = [x["system"][key]["pending"] for x in own]
    assert len(pending[0]) == len(pending[1]) == 2
    # The same batch gives neither of them, and none of a process that was not there.
    assert not torch.equal(pending[0][0][0], pending[1][0][0])
    assert "random" not in state_of(state, 2)


def test_a_checkpoint_of_two_is_not_resumed_by_one(work: Path, whole: Path) -> None:
    config = game(work, "whole")
    config.trainer.devices = 1
    with pytest.raises(SpeechganError, match=r"training in 2 processes, and here are 1; .*start_"):
        train(config, resume=True)


class Joined:
    """What two processes are given in a step, as one batch."""

    def __init__(self, batches: Any) -> None:
        self.batches, self.seconds = batches, 2 * batches.seconds

    def __getitem__(self, number: int) -> PairedBatch:
        both = [self.batches[2 * number + rank] for rank in (0, 1)]
        return PairedBatch(*(torch.cat([getattr(b, s) for b in both]) for s in ("noisy", "clean")))


def test_two_under_torchrun_learn_what_one_with_both_their_batches_does(work: Path) -> None:
    """Losses, gradients, the validation that they share out, and the averaged weights."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [
            *torchrun, "--nproc-per-node=2", "-m", "speechgan", "train", "enhance",
            *settings(work, "two", *PLAIN),
        ],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("/best: step") == 1 and "error" not in done.stderr
    config = compose("enhance", settings(work, "one", *PLAIN, "trainer.devices=1"))
    torch.manual_seed(config.trainer.seed)
    trainer, system = build(config.trainer), build(config.system)
    material = TASKS["enhance"](config, build(config.data), None)
    trainer.fit(system, Joined(material.batches), material.validation)
    logs = ((work / name / "metrics.jsonl").read_text() for name in ("two", "one"))
    two, one = ([json.loads(line) for line in log.splitlines()] for log in logs)
    assert len(two) == len(one) == 5
    for line, other in zip(two, one, strict=True):
        assert line.keys() == other.keys()
        for name in line.keys() - {*trainings.SPEEDS, MISMATCHED}:
            assert line[name] == pytest.approx(other[name], rel=1e-3, abs=1e-6), (
                line["step"],
                name,
            )
    weights = [load_checkpoint(work / n / "last.safetensors")["average"] for n in ("two", "one")]
    for a, b in zip(*(x["weights"] for x in weights), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_torchrun_and_srun_must_have_started_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLURM_STEP_NUM_TASKS", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    check_count(4, 2)
    with pytest.raises(SpeechganError, match=r"trainer\.num_nodes=0: must be"):
        check_count(1, 0)
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "8")
    monkeypatch.setenv("SLURM_STEP_NUM_NODES", "2")
    check_count(4, 2)
    with pytest.raises(SpeechganError, match=r"srun started 8; give .*devices=4 .*num_nodes=2$"):
        check_count(8, 2)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(SpeechganError, match=r"are 1 processes, but torchrun started 2; give"):
        check_count(1, 1)
