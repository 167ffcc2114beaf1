"""The filter of direct currents, in NumPy and inside a graph, for frames of any overlap."""

import numpy as np
import pytest
import torch

from speechgan.features.stft import Stft, rescale
from speechgan.inference.enhancement.offset import OffsetFilter
from speechgan.inference.enhancement.spectrum_step import OffsetStep

RATE = 16000


@pytest.mark.parametrize("hop", [256, 128, 64])
def test_nothing_is_left_of_a_direct_current_from_the_first_frame_on(hop: int) -> None:
    features, spectrum = analyse(torch.full((1, 8000), 0.3), hop)
    filtered = OffsetFilter(features.window.numpy(), hop, RATE, 1)(spectrum)
    inside = 8000 // hop - 1  # the last frames lie partly behind the sound
    assert np.abs(spectrum[:, 0]).max() > 1
    assert np.abs(filtered[:, :inside]).max() < 1e-3


@pytest.mark.parametrize("hop", [256, 128, 64])
def test_a_graph_does_the_same_in_pieces_of_any_length(hop: int) -> None:
    noise = torch.randn(2, 8000, generator=torch.Generator().manual_seed(1))
    features, spectrum = analyse(0.1 * noise + torch.tensor([[0.3], [-0.1]]), hop)
    window = features.window
    expected = OffsetFilter(window.numpy(), hop, RATE, 2)(spectrum)
    step = OffsetStep(window, hop, RATE)
    frames = torch.view_as_real(torch.from_numpy(spectrum)).permute(0, 3, 2, 1)
    for length in (1, 3, 1000):
        state, made = step.initial_state(2), []
        for piece in frames.split(length, 3):
            out, state = step(piece, state)
            made.append(out)
        found = torch.view_as_complex(torch.cat(made, 3).permute(0, 3, 2, 1).contiguous())
        assert np.abs(found.numpy() - expected).max() < 1e-3


def analyse(wave: torch.Tensor, hop: int) -> tuple[Stft, np.ndarray]:
    """Features of that step, and spectra `(channel, frame, bin)`."""
    features = Stft(hop_length=hop)
    parts = rescale(features(wave), 1 / features.power)
    spectrum = torch.view_as_complex(parts.permute(0, 3, 2, 1).contiguous())
    return features, spectrum.numpy()
