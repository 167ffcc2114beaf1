"""How fast a core restores what is damaged in one way, as a Markdown table.

    python benchmarks/restore_speed.py --data DIR [--model NAME|DIR ...] [--split valid|test]
        [--seconds N] [--repeats N]

DIR holds `speech/SPLIT`, whose recordings are taken one after another as one sound at 16 kHz. Times
are of the processor, one thread; the best of each counts, of all in turns. Clipped peaks are cut
off at a fifth of the highest, "at full scale" with the whole louder, so that they do not fit.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from restore import RATE, clip, interrupt, leave_alone, read_folder, telephone

from speechgan import Restorer
from speechgan.audio import Wave
from speechgan.utils.errors import SpeechganError

DAMAGES = {"clean": leave_alone, "telephone": telephone, "gaps": interrupt, "clipping": clip}


def main() -> None:
    """Reads the command line and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", nargs="+", default=["restore"], help="names or folders")
    parser.add_argument("--split", choices=("valid", "test"), default="test")
    parser.add_argument("--seconds", type=int, default=60, help="of sound (default: 60)")
    parser.add_argument("--repeats", type=int, default=3, help="(default: 3)")
    try:
        print_table(parser.parse_args())
    except SpeechganError as error:
        raise SystemExit(str(error)) from None


def print_table(arguments: argparse.Namespace) -> None:
    """A row for each damage, a column for each model.

    Raises:
        SpeechganError: no recordings, no such model, or a number below 1.
    """
    if min(arguments.seconds, arguments.repeats) < 1:
        raise SpeechganError("--seconds and --repeats: must be 1 or more")
    voices = read_folder(arguments.data / "speech" / arguments.split)
    speech = np.concatenate([voice.wave for voice in voices])[: arguments.seconds * RATE]
    sounds = {name: damage(speech, 0)[1] for name, damage in DAMAGES.items()}
    sounds["clipping at full scale"] = sounds["clipping"] / np.abs(sounds["clipping"]).max()
    models = {name: Restorer.from_pretrained(name, "cpu") for name in arguments.model}
    best = dict.fromkeys(((damage, model) for damage in sounds for model in models), np.inf)
    for _ in range(arguments.repeats):
        for damage, model in best:
            taken = measure(models[model], sounds[damage].astype(np.float32))
            best[damage, model] = min(best[damage, model], taken)
    seconds = len(speech) / RATE
    print(f"Times real time, {seconds:.0f} s of {arguments.data / 'speech' / arguments.split}\n")
    print(f"| damage | {' | '.join(models)} |\n|---|{'---|' * len(models)}")
    for damage in sounds:
        cells = (f"{seconds / best[damage, model]:.0f}" for model in models)
        print(f"| {damage} | {' | '.join(cells)} |")


def measure(restorer: Restorer, sound: Wave) -> float:
    """Seconds of the processor."""
    start = time.process_time()
    restorer(sound, RATE)
    return time.process_time() - start


if __name__ == "__main__":
    main()
