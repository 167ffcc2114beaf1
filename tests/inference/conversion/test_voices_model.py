"""The converters that ship, on real recordings that it was not trained on."""

import numpy as np
import pytest

from speechgan import Converter
from speechgan.features.world import World
from speechgan.metrics.conversion import content_distance, log_f0_correlation
from speechgan.metrics.speaker import embed_speaker
from speechgan.pretrained.folder import count_weights, find_model, load_card

RATE = 16000
Recordings = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def converter() -> Converter:
    return Converter.from_pretrained("voices", "cpu")


def test_its_speakers_are_described(converter: Converter) -> None:
    assert len(converter.speakers) == 9
    assert {s.sex for s in converter.speakers} == {"m", "f"}
    assert all(s.licence and s.language and s.minutes > 0.4 for s in converter.speakers)
    folder = find_model("voices")
    assert f"{count_weights(folder):,}" in load_card(folder)


@pytest.mark.parametrize(
    ("model", "source", "target", "example"),
    [
        ("voices", "kerstin_wind", "p228", "p228_wind"),
        ("voices", "p228_coffee", "kerstin", "kerstin_wind"),
        ("kerstin-p226", "p228_coffee", "kerstin", "kerstin_wind"),
    ],
)
def test_a_voice_comes_nearer_to_its_target(
    model: str, source: str, target: str, example: str, recordings: Recordings
) -> None:
    converter = Converter.from_pretrained(model, "cpu")
    wave, goal = recordings[source][1], embed_speaker(recordings[example][1])
    before, after = embed_speaker(wave), embed_speaker(converter(wave, RATE, target))
    assert after @ goal > before @ goal + 0.05
    assert after @ before < 0.75


@pytest.mark.parametrize(
    ("target", "example"), [("emodb14", "kerstin_wind"), ("emodb15", "p228_wind")]
)
def test_the_cyclegan_makes_a_voice_of_its_targets_pitch(
    target: str, example: str, recordings: Recordings
) -> None:
    converter = Converter.from_pretrained("cyclegan", "cpu")
    speaker = {s.name: s for s in converter.speakers}[target]
    source = recordings[example][1]
    made = converter(source, RATE, target)
    features = World()
    voiced = features.analyse(made / made.std() * 0.05).f0
    assert np.log(voiced[voiced > 0]).mean() == pytest.approx(
        speaker.statistics.log_f0_mean, abs=0.12
    )
    assert embed_speaker(made) @ embed_speaker(source) < 0.8


def test_what_is_said_and_its_melody_stay(converter: Converter, recordings: Recordings) -> None:
    source = recordings["kerstin_wind"][1]
    features = World()
    before = features.analyse(source / source.std() * 0.05)
    made = converter(source, RATE, "p226")
    after = features.analyse(made / made.std() * 0.05)
    other = features.analyse(recordings["p228_wind"][1])
    assert content_distance(after, before) < 0.95 * content_distance(after, other)
    assert log_f0_correlation(after, before) > 0.7
    voiced = after.f0[after.f0 > 0]
    target = converter.speakers[[s.name for s in converter.speakers].index("p226")]
    assert np.exp(np.log(voiced).mean()) == pytest.approx(
        np.exp(target.statistics.log_f0_mean), rel=0.08
    )
