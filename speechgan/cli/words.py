"""Writes words as WAV files, and a sheet of all their spectrograms."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speechgan.cli.arguments import refuse_existing
from speechgan.utils.files import cannot_write, replace_whole

if TYPE_CHECKING:
    import numpy as np

SHEET = "sheet.png"


def add_word_arguments(parser: argparse.ArgumentParser, folder: str) -> None:
    """Adds the arguments of commands that write words; `folder` is the default output."""
    add = parser.add_argument
    add("--seed", type=int, default=0, metavar="N", help="of all noise (default: 0)")
    add(
        "-o",
        "--output",
        type=Path,
        default=Path(folder),
        metavar="DIR",
        help=f"folder for the files (default: {folder})",
    )
    add(
        "--vocoder",
        choices=["auto", "neural", "griffin_lim"],
        default="auto",
        help="what makes the sound (default: auto, the neural one where it fits)",
    )
    add("--overwrite", action="store_true", help="replace files that exist")


def plan_words(folder: Path, names: Sequence[str], overwrite: bool) -> list[Path]:
    """The paths of the words' WAV files.

    Raises:
        SpeechganError: one of them, or the sheet, exists and is not to be replaced.
    """
    paths = [folder / f"{name}.wav" for name in names]
    refuse_existing((*paths, folder / SHEET), overwrite)
    return paths


def write_words(
    paths: Sequence[Path],
    waves: "Sequence[np.ndarray]",
    images: "Sequence[np.ndarray]",
    sample_rate: int,
) -> None:
    """Writes at least one word, and the sheet.

    Args:
        paths: of `plan_words`.
        waves: `(sample,)` in [-1, 1].
        images: `(bin, frame)` in [-1, 1].
        sample_rate: of the waves, in Hz.

    Raises:
        SpeechganError: a file or its folder cannot be written.
    """
    import numpy as np
    from matplotlib.image import imsave

    from speechgan import audio
    from speechgan.features.clip import sheet

    folder = paths[0].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    for path, wave in zip(paths, waves, strict=True):
        audio.write(path, wave, sample_rate)
    with replace_whole(folder / SHEET) as beside:
        imsave(beside, sheet(np.stack(images)), cmap="magma", format="png")
