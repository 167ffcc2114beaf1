"""Scores of enhanced speech by DNSMOS networks, most not used in training, as a Markdown table.

    python benchmarks/opinions.py --data DIR [--models NAME|DIR ...]

DIR holds `pairs/test/{clean,noisy}`. DNSMOS P.835 is the network of the training loss; DNSMOS
P.808 and personalised DNSMOS are networks of other weights, and of other listeners' answers. All
are run by the package `speechmos`, on one window that each recording is repeated to fill.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from robustness import RATE, read_pairs
from speechmos import dnsmos

from speechgan import Enhancer
from speechgan.audio import Wave

WINDOW = int(9.01 * RATE)
COLUMNS = ("OVRL", "P.808", "personalised SIG", "personalised BAK", "personalised OVRL")


def ask(wave: Wave) -> list[float]:
    """One opinion a column, of `(1, sample)`."""
    wave = np.resize(np.clip(wave[0], -1, 1), WINDOW)
    usual = dnsmos.run(wave, RATE)
    personal = dnsmos.run(wave, RATE, "dnsmos_personalized")
    keys = ("sig_mos", "bak_mos", "ovrl_mos")
    return [usual["ovrl_mos"], usual["p808_mos"], *(personal[key] for key in keys)]


def main() -> None:
    """Judges and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--models", nargs="+", default=["default", "quality"], metavar="NAME|DIR")
    arguments = parser.parse_args()

    pairs = list(read_pairs(arguments.data))
    sounds: dict[str, Callable[[Wave, Wave], Wave]] = {
        "noisy": lambda clean, noisy: noisy,
        "clean": lambda clean, noisy: clean,
    }
    for name in arguments.models:
        enhancer = Enhancer.from_pretrained(name)
        sounds[f"`{name}`"] = lambda clean, noisy, enhance=enhancer: enhance(noisy, RATE)
    print("| | " + " | ".join(COLUMNS) + " |\n|---" + "|---" * len(COLUMNS) + "|")
    for name, make in sounds.items():
        opinions = [ask(make(clean, noisy)) for _, clean, noisy, _ in pairs]
        means = np.mean(opinions, axis=0)
        print(f"| {name} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |", flush=True)


if __name__ == "__main__":
    main()
