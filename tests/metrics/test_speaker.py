"""The speaker encoder against the package that its weights come from."""

import numpy as np
import pytest

from speechgan.metrics.speaker import embed_speaker, mean_embedding, trim_silence
from speechgan.utils.errors import UnmeasurableError

Recordings = dict[str, tuple[np.ndarray, np.ndarray]]

# The four greatest of 256 values that Resemblyzer 0.1.4 gives for these recordings.
PUBLISHED = {
    "kerstin_wind": ([237, 193, 236, 111], [0.2468, 0.2138, 0.2052, 0.1882]),
    "p228_coffee": ([138, 167, 67, 36], [0.2694, 0.2255, 0.2029, 0.1993]),
    "p228_wind": ([0, 183, 127, 41], [0.2827, 0.2800, 0.1994, 0.1854]),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_embeds_as_resemblyzer(name: str, recordings: Recordings) -> None:
    places, values = PUBLISHED[name]
    embedding = embed_speaker(recordings[name][1])
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    assert embedding[places] == pytest.approx(values, abs=1e-3)


def test_the_same_speaker_is_more_like_herself(recordings: Recordings) -> None:
    kerstin, one, other = (
        embed_speaker(recordings[n][1]) for n in ("kerstin_wind", "p228_coffee", "p228_wind")
    )
    assert one @ other == pytest.approx(0.8735, abs=2e-3)
    assert one @ kerstin == pytest.approx(0.4623, abs=2e-3)
    assert one @ mean_embedding([one, other]) > 0.9


def test_silence_is_left_out(recordings: Recordings) -> None:
    wave = recordings["p228_wind"][1]
    padded = np.concatenate([np.zeros(48000, np.float32), wave, np.zeros(48000, np.float32)])
    assert abs(len(trim_silence(padded)) - len(trim_silence(wave))) < 8000
    for nothing in (np.zeros(0), np.zeros(16000), np.zeros(100)):
        with pytest.raises(UnmeasurableError, match="no speech"):
            embed_speaker(nothing)
