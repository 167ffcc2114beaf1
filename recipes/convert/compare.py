"""Every conversion system at one training budget, on the same pairs, in one table.

    python recipes/convert/compare.py --data DIR [--hours H | --steps N] [--systems NAME,...]
        [key=value ...]

DIR holds a folder for each speaker with folders train/ and test/ in it. Every training gets the
same time: as many steps as fit in, at the pace that a few steps of it show; or, with `--steps`, so
many steps. Systems of two speakers are trained for each pair of them, those of many speakers once
on all that occur in the pairs. What is finished is not done again; what was interrupted goes on
where it stood.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

PAIRS = ["emodb15:emodb14", "emodb14:emodb15", "emodb11:emodb15", "emodb16:emodb14"]
# Speakers' own networks, and nothing that ties their codes.
OWN = "generator.encoders=own generator.decoders=own system.warp.share=0"
LAYERS, LATENT, CYCLE, SEMANTIC = (
    "generator.shared_layers=true",
    "system.weights.latent=1",
    "system.weights.cycle=5",
    "system.weights.semantic=1",
)
NO_CYCLE, NO_IDENTITY = "system.weights.cycle=0", "system.weights.identity=0"
# The networks of other papers in the way of system=cyclegan.
OF_VC2 = "generator=cyclegan_vc2 discriminator=cyclegan_vc2"
OF_MASK = (
    "system=cyclegan features=mel generator=maskcyclegan_vc discriminator=cyclegan_vc2"
    " system.mask_frames=32 data.frames=64"
)
UNTIED = f"{OWN} generator.shared_layers=false"
# Steps that show the pace: those before the first log line are not counted.
PILOT = 8


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        title: for people.
        settings: of the training.
        two: whether the system is of two speakers.
        steps: of the training, if they are not the budget's; None if they are.
        told: whether the converter is given the source's number.
        judged: whether there is a discriminator.
    """

    title: str
    settings: str
    two: bool = False
    steps: int | None = None
    told: bool = False
    judged: bool = True


# What is fitted at once takes no steps, whatever the budget.
FLOOR = partial(Row, steps=0, judged=False)
ROWS = {
    "untrained": Row("untrained network", "system=shared_latent", steps=1),
    "statistics": FLOOR("mean, deviation and pitch only", "system=mean_variance"),
    "nearest": FLOOR("the target's nearest frames", "system=nearest"),
    "inca": FLOOR("INCA, unpaired linear maps", "system=inca", told=True),
    "ridge": FLOOR("ridge, aligned sentences", "system=ridge", two=True, told=True),
    "aligned": Row("supervised, aligned sentences", "system=aligned", two=True, judged=False),
    "shallow": Row("shallow generator, no cycle", "system=shallow"),
    "shared_latent": Row("shared latent, one network for all", "system=shared_latent"),
    "all_ties": Row("the same with ties 2 to 4", f"{LATENT} {CYCLE} {SEMANTIC}"),
    "embedding": Row("consistency of an embedding, no cycle", "system=embedding"),
    "cyclegan": Row("CycleGAN, tracts stretched", "system=cyclegan", two=True),
    "no_cycle": Row("the same without the way back", f"system=cyclegan {NO_CYCLE}", two=True),
    "alone": Row("its adversary alone", f"system=cyclegan {NO_CYCLE} {NO_IDENTITY}", two=True),
    "cyclegan_vc": Row("CycleGAN-VC", "system=cyclegan_vc", two=True),
    "cyclegan_vc2": Row("CycleGAN-VC2", "system=cyclegan_vc2", two=True),
    "maskcyclegan_vc": Row("MaskCycleGAN-VC, mel", "system=maskcyclegan_vc", two=True),
    "stargan_vc": Row("StarGAN-VC", "system=stargan_vc"),
    "cyclegan2": Row("CycleGAN-VC2, tracts stretched", f"system=cyclegan {OF_VC2}", two=True),
    "cyclegan_mask": Row("MaskCycleGAN-VC, mel, tracts stretched", OF_MASK, two=True),
    "stargan": Row("StarGAN-VC, tracts stretched", "system=stargan"),
    "fhvae": Row("hierarchical variational coder", "system=fhvae", judged=False),
    "untied": Row("shared latent, own networks, no tie", UNTIED, told=True),
    "tie_layers": Row("tie 1: shared layers", f"{OWN} {LAYERS}", told=True),
    "tie_latent": Row("tie 2: classifier of the code", f"{UNTIED} {LATENT}", told=True),
    "tie_cycle": Row("tie 3: cycle", f"{UNTIED} {CYCLE}", told=True),
    "tie_semantic": Row("tie 4: semantic consistency", f"{UNTIED} {SEMANTIC}", told=True),
    "tied": Row("all four ties", f"{OWN} {LAYERS} {LATENT} {CYCLE} {SEMANTIC}", told=True),
}
COLUMNS = (
    ("mcd_gain", "MCD gain, dB", 2),
    ("mcd", "MCD, dB", 2),
    ("f0_deviation", "F0 mean, % off", 1),
    ("f0_correlation", "log-F0 corr.", 2),
    ("nearer_target", "nearer target", 2),
    ("target_similarity", "like target", 2),
    ("content", "content", 2),
    ("modulation", "modulation, dB", 2),
    ("probe", "probe of the code", 2),
)


def main() -> None:
    """Trains, converts, measures, prints."""
    parser = argparse.ArgumentParser(description="Compare conversion systems.")
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a folder for each speaker")
    add("--out", type=Path, default=Path("runs/convert-compare"), metavar="DIR")
    add("--hours", type=float, default=1 / 12, metavar="H", help="of each training (default: 1/12)")
    add("--steps", type=int, metavar="N", help="of each training, in place of --hours")
    add("--pairs", default=",".join(PAIRS), metavar="SOURCE:TARGET,...")
    add("--systems", default=",".join(ROWS), metavar="NAME,...", help=f"of {', '.join(ROWS)}")
    add("settings", nargs="*", metavar="key=value", help="settings of all trainings")
    arguments = parser.parse_intermixed_args()
    if arguments.steps is not None and arguments.steps < 1:
        parser.error(f"--steps {arguments.steps}: must be 1 or more")
    pairs = [tuple(pair.split(":")) for pair in arguments.pairs.split(",")]
    rows = arguments.systems.split(",")
    if unknown := set(rows) - set(ROWS):
        parser.error(f"--systems {','.join(sorted(unknown))}: known are {', '.join(ROWS)}")
    found = {}
    for name in rows:
        found[name] = {f"{a}-{b}": run_pair(name, a, b, pairs, arguments) for a, b in pairs}
        table = format_table(found)
        (arguments.out / "table.md").write_text(table + "\n")
    print(table)


def run_pair(
    name: str, source: str, target: str, pairs: list[tuple[str, ...]], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Scores of one system on one pair."""
    row = ROWS[name]
    speakers = sorted({source, target} if row.two else {s for pair in pairs for s in pair})
    folder = arguments.out / name / ("-".join(speakers) if row.two else "all")
    train(row, speakers, folder, arguments)
    scores = folder / f"{source}-{target}.json"
    sentences = arguments.data / source / "test"
    if not scores.exists():
        converted = folder / f"{source}-{target}"
        shutil.rmtree(converted, ignore_errors=True)
        told = ["--source-speaker", source] if row.told else []
        speechgan(
            *("convert", "--src", sentences, "--target-speaker", target, *told),
            *("--model", folder / "run" / "best", "-o", f"{converted}/"),
        )
        speechgan(
            *("evaluate", "convert", "--converted", converted, "--source", sentences),
            *("--target", arguments.data / target / "test", "--no-dnsmos", "--json", scores),
            made=scores,  # some recordings cannot be measured; the scores say which
        )
    means = json.loads(scores.read_text())["mean"]
    kept = {key: mean["mean"] for key, mean in means["converted"].items()}
    kept["mcd_gain"] = means["source"]["mcd"]["mean"] - kept["mcd"]
    kept["minutes"] = float((folder / "minutes").read_text())
    kept |= read_run(folder / "run" / "metrics.jsonl")
    weights = load_file(folder / "run" / "best" / "model.safetensors")
    kept["weights"] = sum(weight.size for weight in weights.values())
    return kept


def train(row: Row, speakers: list[str], folder: Path, arguments: argparse.Namespace) -> None:
    """Trains unless it is done."""
    if (folder / "minutes").exists():
        return
    embedding = arguments.out / "shared_latent" / "all" / "run" / "best"
    settings = [
        *row.settings.split(),
        f"data.root={quote(arguments.data)}",
        f"data.cache={quote(arguments.out / 'cache')}",
        f"data.speakers=[{','.join(speakers)}]",
        *([f"run.embedding={quote(embedding)}"] if "embedding" in row.settings else []),
        *arguments.settings,
    ]
    steps = row.steps
    if steps is None:
        steps = arguments.steps or find_steps(row, settings, folder / "pilot", arguments.hours)
    started = time.perf_counter()
    schedule = {}
    if steps:
        schedule = {
            "max_steps": steps,
            "decay_steps": steps // 2,
            "validate_every": max(1, steps // max(3, round(7.5 * arguments.hours))),
        }
    if row.judged:
        schedule["turns.discriminator.start"] = steps // 10
    speechgan(
        *("train", "convert", *settings, f"run.folder={quote(folder / 'run')}"),
        *(f"trainer.{name}={value}" for name, value in schedule.items()),
        "--resume",
    )
    (folder / "minutes").write_text(f"{(time.perf_counter() - started) / 60:.2f}\n")


def find_steps(row: Row, settings: list[str], folder: Path, hours: float) -> int:
    """How many steps with all players in the game fit into the budget."""
    known = folder / "steps"
    if not known.exists():
        speechgan(
            *("train", "convert", *settings, f"run.folder={quote(folder)}"),
            *(f"trainer.max_steps={PILOT}", f"trainer.log_every={PILOT // 2}"),
            *(["trainer.turns.discriminator.start=0"] if row.judged else []),
            "--overwrite",  # one that was broken off: its pace is measured anew
        )
        lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
        pace = [line["seconds_per_step"] for line in lines if "seconds_per_step" in line][-1]
        known.write_text(f"{max(1, round(3600 * hours / pace))}\n")
    return int(known.read_text())


def format_table(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """A row for each system, means over its pairs; the gain of each pair in columns of its own."""
    pairs = list(next(iter(found.values())))
    heads = ["system", *(title for _, title, _ in COLUMNS), *(f"gain {p}" for p in pairs)]
    heads += ["steps", "training, min", "weights"]
    lines = [heads, ["---"] * len(heads)]
    for name, scores in found.items():
        own = list(scores.values())
        means = [(_mean(own, key), digits) for key, _, digits in COLUMNS]
        cells = ["" if math.isnan(mean) else f"{mean:.{digits}f}" for mean, digits in means]
        gains = [f"{scores[pair]['mcd_gain']:.2f}" for pair in pairs]
        rest = [f"{round(_mean(own, 'steps')):,}", f"{_mean(own, 'minutes'):.1f}"]
        rest += [f"{round(_mean(own, 'weights')):,}"]
        lines.append([ROWS[name].title, *cells, *gains, *rest])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def read_run(metrics: Path) -> dict[str, float]:
    """The number of steps, and what a linear probe made of the code of the step that was chosen."""
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    chosen = max((line for line in lines if "valid/score" in line), key=lambda x: x["valid/score"])
    probe = {"probe": chosen["valid/probe"]} if "valid/probe" in chosen else {}
    return {"steps": lines[-1]["step"], **probe}


def speechgan(*words: object, made: Path | None = None) -> None:
    """Runs a command; ends with its message if it fails, and leaves no file that it is to make."""
    # -P: the installed package, not a folder of that name where this is started.
    done = subprocess.run([sys.executable, "-P", "-m", "speechgan", *map(str, words)], check=False)
    if done.returncode and not (made and made.exists()):
        sys.exit(f"compare.py: error: speechgan {words[0]} failed, see above")


def quote(path: Path) -> str:
    """In Hydra's grammar only a quoted value may hold any character."""
    text = str(path.absolute()).replace("'", "\\'")
    return f"'{text}'"


def _mean(rows: list[dict[str, Any]], key: str) -> float:
    values = [row[key] for row in rows if key in row]
    return sum(values) / len(values) if values else float("nan")


if __name__ == "__main__":
    main()
