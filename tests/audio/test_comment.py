"""What a file says of itself, beside its samples."""

from pathlib import Path

import numpy as np
import pytest

from speechgan import audio
from speechgan.audio.formats import CONTAINERS, WORDLESS, Format

WORDS = "Converted speech: a synthetic voice"


@pytest.mark.parametrize("extension", sorted(CONTAINERS))
def test_a_comment_is_kept_and_changes_no_sample(extension: str, tmp_path: Path) -> None:
    wave = 0.1 * np.random.default_rng(0).standard_normal((1, 16000)).astype(np.float32)
    told, silent = tmp_path / f"told{extension}", tmp_path / f"silent{extension}"
    for path, comment in ((told, WORDS), (silent, "")):
        with audio.Writer(path, 16000, 1, comment=comment) as writer:
            writer.write(wave)
    with audio.Reader(told) as reader:
        assert reader.comment == ("" if CONTAINERS[extension] in WORDLESS else WORDS)
    with audio.Reader(silent) as reader:
        assert reader.comment == ""
    np.testing.assert_array_equal(audio.read(told)[0], audio.read(silent)[0])


@pytest.mark.parametrize("container", ["WAVEX", "RF64"])
def test_relatives_of_wav_keep_it_too(container: str, tmp_path: Path) -> None:
    like, path = Format(container, "PCM_24"), tmp_path / "a.wav"
    with audio.Writer(path, 48000, 2, like, WORDS) as writer:
        writer.write(np.zeros((2, 100)))
    with audio.Reader(path) as reader:
        assert (reader.comment, reader.format.container) == (WORDS, container)
