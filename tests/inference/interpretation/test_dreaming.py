"""What a judge likes best is what it says it is."""

import numpy as np
import pytest
import torch

from speechgan.features.clip import MelClip
from speechgan.inference.interpretation import dreaming
from speechgan.inference.interpretation.dreaming import Dream, dream, find_goal
from speechgan.inference.interpretation.judges import (
    CLASSIFIER,
    DiscriminatorJudge,
    Judge,
    open_judge,
)
from speechgan.metrics.digits import DIGITS, SPEAKERS, Verdict, load_judge
from speechgan.models.discriminators.image import ImageDiscriminator
from speechgan.utils.errors import SpeechganError

NAMES = (("no", "yes"), ("ann", "bob", "cleo"))


def make_judge(*heads: str, code: int = 0) -> DiscriminatorJudge:
    """Random weights, small, of images of 16 x 32."""
    torch.manual_seed(0)
    size = {"bins": 16, "frames": 32, "widths": (4, 8), "digits": 2, "speakers": 3}
    return DiscriminatorJudge(
        ImageDiscriminator(heads=heads, code=code, **size).eval(), MelClip(), NAMES
    )


def variation(images: np.ndarray) -> float:
    return float(sum(np.abs(np.diff(images, axis=axis)).mean() for axis in (-1, -2)))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return open_judge(CLASSIFIER)


@pytest.fixture(scope="module")
def sevens(judge: Judge) -> list[Dream]:
    return dream(judge, find_goal(judge, "logits", "7"), count=2, steps=60, seed=1)


def test_a_digit_is_heard_in_the_dream_and_not_in_the_noise(sevens: list[Dream]) -> None:
    images = torch.from_numpy(np.stack([found.image for found in sevens]))[:, None]
    with torch.no_grad():
        heard = load_judge()(images)[0].softmax(1)[:, 7]
    assert (heard > 0.99).all()
    scores = torch.tensor([[found.before, found.score] for found in sevens])
    assert (scores[:, 0].sigmoid() < 0.3).all()
    torch.testing.assert_close(scores[:, 1].sigmoid(), heard, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["lucas", "0"])
def test_whatever_class_is_asked_for(judge: Judge, name: str) -> None:
    [found] = dream(judge, find_goal(judge, "logits", name), count=1, steps=60)
    verdict = Verdict(found.image[None])
    assert name in (DIGITS[verdict.digits[0]], SPEAKERS[verdict.speakers[0]])
    assert found.before < 0 < found.score


def test_dreams_are_within_bounds(sevens: list[Dream]) -> None:
    for found in sevens:
        assert found.image.shape == (80, 64) and np.abs(found.image).max() <= 1


def test_neighbours_hold_together_and_the_rest_falls_silent(
    judge: Judge, sevens: list[Dream], monkeypatch: pytest.MonkeyPatch
) -> None:
    goal = find_goal(judge, "logits", "7")
    monkeypatch.setattr(dreaming, "SMOOTH", 0.0)
    [rough] = dream(judge, goal, 1, steps=60, seed=1)
    assert variation(sevens[0].image) < 0.6 * variation(rough.image)
    monkeypatch.undo()
    monkeypatch.setattr(dreaming, "QUIET", 0.0)
    [loud] = dream(judge, goal, 1, steps=60, seed=1)
    assert sevens[0].image.mean() < loud.image.mean() - 0.1


def test_a_seed_is_a_dream() -> None:
    judge = make_judge("clear")
    goal = find_goal(judge)
    one, two = dream(judge, goal, 2, steps=5, seed=1)
    [same] = dream(judge, goal, 1, steps=5, seed=1)
    [other] = dream(judge, goal, 1, steps=5, seed=2)
    np.testing.assert_allclose(same.image, one.image, atol=1e-5)
    for another in (two, other):
        assert np.abs(another.image - one.image).mean() > 0.1


@pytest.mark.parametrize(("layer", "wanted"), [("1", "3"), ("2", None), ("3", "40"), ("4", "9")])
def test_layers_and_channels_of_the_classifier(
    judge: Judge, layer: str, wanted: str | None
) -> None:
    [found] = dream(judge, find_goal(judge, layer, wanted), count=1, steps=20)
    assert found.score > found.before


@pytest.mark.parametrize("layer", ["1", "2"])
@pytest.mark.parametrize("wanted", ["3", None])
def test_layers_and_channels_of_a_discriminator(layer: str, wanted: str | None) -> None:
    judge = make_judge("clear")
    [found] = dream(judge, find_goal(judge, layer, wanted), count=1, steps=20)
    assert found.score > found.before


def test_a_discriminator_is_asked_by_head_and_label() -> None:
    judge = make_judge("clear", "match")
    pairs = [f"match_{digit}_{speaker}" for digit in NAMES[0] for speaker in NAMES[1]]
    assert judge.classes == ("clear", *pairs)
    image = torch.rand(1, 1, 16, 32)
    for name, head, labels in (("clear", "clear", [0, 0]), ("match_yes_cleo", "match", [1, 2])):
        [(score, _)] = judge.network(image, torch.tensor([labels]))[head]
        torch.testing.assert_close(find_goal(judge, "logits", name).score(judge, image), score)
    [found] = dream(judge, find_goal(judge, "logits", "match_yes_cleo"), count=1, steps=20)
    assert found.score > found.before and found.image.shape == (16, 32)


@pytest.mark.parametrize(
    ("layer", "wanted", "text"),
    [
        ("3", None, "layer 3: unknown; known are 1, 2, logits"),
        ("logits", None, "layer logits: needs a class; known are clear, match_no_ann, "),
        ("logits", "7", "class 7: unknown; known are clear, match_no_ann, "),
        ("logits", "match_no_an", "class match_no_an: unknown (did you mean match_no_ann?)"),
        ("2", "8", "channel 8: unknown; known are 0, 1, 2, 3, 4, 5, 6, 7"),
        ("2", "-1", "channel -1: unknown"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(
    layer: str, wanted: str | None, text: str
) -> None:
    with pytest.raises(SpeechganError) as caught:
        find_goal(make_judge("clear", "match"), layer, wanted)
    assert str(caught.value).startswith(text)


def test_of_many_names_the_first_and_the_last_are_told(judge: Judge) -> None:
    with pytest.raises(SpeechganError) as caught:
        find_goal(judge, "1", "x")
    assert str(caught.value) == "channel x: unknown; known are 0, 1, 2 ... 23 (24 in all)"


def test_a_judge_of_pairs_with_a_code_has_layers_only() -> None:
    with pytest.raises(SpeechganError) as caught:
        find_goal(make_judge("joint", code=4), "logits")
    assert str(caught.value) == "layer logits: unknown; known are 1, 2"


@pytest.mark.parametrize("wrong", [{"count": 0}, {"steps": 0}, {"seed": -1}])
def test_numbers_that_cannot_be(wrong: dict[str, int]) -> None:
    judge = make_judge("clear")
    [(name, value)] = wrong.items()
    with pytest.raises(SpeechganError, match=f"{name} {value}: must be at least"):
        dream(judge, find_goal(judge), **wrong)
