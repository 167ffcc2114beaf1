import pytest
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.signal import Signal
from speechgan.models.discriminators.listener import Listener
from speechgan.systems.enhancement.critics import Opinion, even_out


@pytest.fixture(scope="module")
def opinion() -> Opinion:
    return Opinion(Listener(), every=1)


@pytest.fixture(scope="module")
def batch(recordings) -> PairedBatch:
    pairs = list(recordings.values())
    noisy, clean = (torch.stack([torch.from_numpy(p[i][:16000]) for p in pairs]) for i in (0, 1))
    return PairedBatch(noisy, clean)


def hear(waves: torch.Tensor) -> Signal:
    """A signal whose image nobody looks at."""
    return Signal(waves, waves)


def test_only_what_is_worse_than_clean_speech_falls_short(opinion, recordings):
    noisy, clean = (
        hear(torch.from_numpy(wave[:16000])[None]) for wave in recordings["p228_coffee"]
    )
    assert opinion.shortfall(clean, clean) == 0
    assert opinion.shortfall(clean, noisy) < 0.1 < 0.5 < opinion.shortfall(noisy, clean)


def test_every_second_item_is_judged(opinion, batch):
    waves = batch.noisy.clone().requires_grad_()
    Opinion(opinion.listener, every=2).shortfall(hear(waves), hear(batch.clean)).backward()
    assert waves.grad.flatten(1).any(1).tolist() == [True, False, True]


def test_no_item_counts_for_more_than_the_median(opinion, batch):
    waves = batch.noisy.clone().requires_grad_()
    opinion.shortfall(hear(waves), hear(batch.clean)).backward()
    evened, waves.grad = waves.grad, None
    (opinion.listener(batch.clean) - opinion.listener(waves)).clamp(min=0).mean().backward()
    before, after = waves.grad.norm(dim=1), evened.norm(dim=1)
    torch.testing.assert_close(after, before.clamp(max=before.median()))
    assert torch.nn.functional.cosine_similarity(evened, waves.grad).min() > 0.999


def test_nothing_to_say_is_no_gradient():
    assert not even_out(torch.zeros(3, 8)).any()
