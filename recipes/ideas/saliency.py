"""How near maps of what is speech come to ideal ratio masks, of models of `system=saliency`.

    python recipes/ideas/saliency.py MODEL ... --data DIR [--split WHAT]

At home, DIR/pairs/WHAT/{clean,noisy}, and away, DIR/far/WHAT, where there is one, recording by
recording: "error" is the mean absolute difference of the maps, "correlation" that of their points,
"area" that under the ROC curve of what is speech, points where the ideal mask is above 0.5, and
"undecided" the share of points from 0.25 to 0.75, of which a map that hedges has more than the
ideal one, the first row of each place. A figure is the mean over recordings. Folders whose names
differ in a number at the end, as saliency-1 and saliency-2 do, are seeds of one row: their mean,
with the largest distance of a seed from it.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from speechgan.audio import read, resample
from speechgan.evaluation.pairing import pair_recordings
from speechgan.features.ratio_mask import ideal_ratio_mask
from speechgan.pretrained.loading import Model, load_model
from speechgan.systems.enhancement.supervised import level_gain
from speechgan.utils.errors import SpeechganError

PLACES = {"pairs": "home", "far": "away"}
COLUMNS = ("error", "correlation", "area", "undecided")
SPEECH = 0.5
Maps = tuple[np.ndarray, np.ndarray]
Figures = dict[str, float]


def main() -> None:
    """Prints the ideal masks and each model's maps, at home and away, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    arguments = parser.parse_args()
    models = [load_mapper(name) for name in arguments.models]
    print(f"| | | {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * (len(COLUMNS) + 2)}")
    for place, where in PLACES.items():
        pairs = arguments.data / place / arguments.split
        if place == "far" and not pairs.exists():
            continue
        rows: dict[str, list[Figures]] = {}
        for model in models:
            figures, ideal = measure(model, pairs)
            rows.setdefault("ideal ratio mask", [ideal])
            rows.setdefault(name_row(model.name), []).append(figures)
        for name, own in rows.items():
            cells = [summarise([figures[column] for figures in own]) for column in COLUMNS]
            print(f"| {name} | {where} | {' | '.join(cells)} |")


def load_mapper(name: str) -> Model:
    """A model that draws maps.

    Raises:
        SpeechganError: no model, or one that draws none.
    """
    model = load_model(name)
    if not hasattr(model.generator, "draw_map"):
        raise SpeechganError(f"{name}: draws no map; give a model of train enhance system=saliency")
    return model


def measure(model: Model, pairs: Path) -> tuple[Figures, Figures]:
    """Means over recordings: of a model's maps, and of the ideal masks as if they were its."""
    found = [(compare(*maps), compare(maps[1], maps[1])) for maps in draw_maps(model, pairs)]
    predicted, ideal = zip(*found, strict=True)
    return average(predicted), average(ideal)


def draw_maps(model: Model, pairs: Path) -> Iterator[Maps]:
    """Predicted and ideal map of each recording.

    Raises:
        SpeechganError: no recordings, or a pair that is none.
    """
    for recording in pair_recordings(pairs / "clean", pairs / "noisy"):
        paths = [recording.files[side] for side in ("clean", "enhanced")]
        waves = [resample(*read(path), model.sample_rate) for path in paths]
        clean, noisy = (torch.from_numpy(wave) for wave in waves)
        if clean.shape != noisy.shape:
            raise SpeechganError(f"{paths[1]}: not of the length and channels of {paths[0]}")
        with torch.inference_mode():
            image = model.features(noisy * level_gain(noisy))
            maps = model.generator.draw_map(image), ideal_ratio_mask(clean, noisy, model.features)
        yield maps[0].numpy(), maps[1].numpy()


def compare(predicted: np.ndarray, ideal: np.ndarray) -> Figures:
    """Of one recording, maps of any shape; NaN where there is no speech, or nothing else."""
    predicted, ideal = predicted.ravel(), ideal.ravel()
    speech = ideal > SPEECH
    figures = {"error": np.abs(predicted - ideal).mean(), "correlation": np.nan, "area": np.nan}
    if speech.any() and not speech.all():
        figures["correlation"] = np.corrcoef(predicted, ideal)[0, 1]
        figures["area"] = roc_auc_score(speech, predicted)
    figures["undecided"] = ((predicted >= 0.25) & (predicted <= 0.75)).mean()
    return {name: float(value) for name, value in figures.items()}


def average(recordings: tuple[Figures, ...]) -> Figures:
    """Means over the recordings that have a figure."""
    return {name: float(np.nanmean([own[name] for own in recordings])) for name in COLUMNS}


def name_row(model: str) -> str:
    """The training's name, without the seed."""
    folder = Path(model)
    training = folder.parent.name if folder.name == "best" else folder.name
    return re.sub(r"-\d+$", "", training)


def summarise(values: list[float]) -> str:
    """Mean and spread."""
    mean = sum(values) / len(values)
    spread = max(abs(value - mean) for value in values)
    return f"{mean:.3f}" + (f" ± {spread:.3f}" if len(values) > 1 else "")


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"saliency.py: error: {error}")
