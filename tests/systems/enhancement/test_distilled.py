"""A small generator that learns from a larger one."""

import pytest
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.stft import Stft
from speechgan.losses.closeness import Closeness
from speechgan.models.generators.band_crn import BandCRN
from speechgan.systems.base import Step
from speechgan.systems.enhancement.distilled import Distilled
from speechgan.systems.enhancement.supervised import level_gain
from speechgan.training.fine_tuning import load_teacher
from speechgan.utils.errors import SpeechganError


@pytest.fixture(scope="module")
def batch(recordings) -> PairedBatch:
    noisy, clean = (
        torch.stack([torch.from_numpy(pair[i][:16000]) for pair in recordings.values()])
        for i in (0, 1)
    )
    return PairedBatch(noisy, clean)


def make(share: float) -> Distilled:
    torch.manual_seed(0)
    return Distilled(
        teacher=load_teacher("default", 16000),
        share=share,
        features=Stft(640, 320),
        generator=BandCRN(bins=321, channels=8, bands=8, hidden=8, blocks=1),
        closeness=Closeness(magnitude=1.0),
    )


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_target_lies_between_the_clean_signal_and_the_teachers(batch, share):
    system = make(share)
    gain = level_gain(batch.noisy)
    clean, taught = batch.clean * gain, system.teacher(batch.noisy * gain)
    assert (taught - clean).norm() < 0.7 * (batch.noisy - batch.clean).mul(gain).norm()
    _, target = system.signals(Step(batch, system.turns))
    torch.testing.assert_close(target.wave, (1 - share) * clean + share * taught)
    torch.testing.assert_close(target.image, system.features(target.wave))


def test_the_teacher_is_asked_once_a_step_and_never_taught(batch):
    system = make(0.5)
    step = Step(batch, system.turns)
    before = {n: w.clone() for n, w in system.teacher.generator.state_dict().items()}
    assert system.signals(step)[1] is system.signals(step)[1]
    system.train()
    for loss in system.losses("generator", step).values():
        loss.backward()
    assert all(w.grad is not None for w in system.parameters())
    assert all(w.grad is None for w in system.teacher.generator.parameters())
    after = system.teacher.generator.state_dict()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert not [name for name in system.state_dict() if "teacher" in name]


def test_a_student_learns_its_teacher(batch):
    system = make(1.0)
    optimizer = torch.optim.Adam(system.parameters(), lr=1e-2)
    losses = []
    for _ in range(20):
        loss = system.losses("generator", Step(batch, system.turns))["closeness/magnitude"]
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize(
    ("model", "rate", "text"),
    [
        (None, 16000, "run.teacher is not set"),
        ("default", 8000, "at 16000 Hz; name one for enhance at 8000 Hz"),
        ("voices", 16000, "a model for convert"),
        ("nowhere", 16000, "nowhere"),
    ],
)
def test_what_cannot_teach_is_refused_in_one_line(model, rate, text):
    with pytest.raises(SpeechganError, match=text) as error:
        load_teacher(model, rate)
    assert "\n" not in str(error.value)
