"""Perceptual losses: distances of activations inside pretrained networks."""

from typing import Protocol

import librosa
import torch
from torch import Tensor, nn

from speechgan.features.signal import Signal
from speechgan.metrics.speaker import BANDS, HOP, SAMPLE_RATE, WINDOW, load_encoder
from speechgan.models.discriminators.listener import Listener


class Ear(Protocol):
    """A pretrained network as a function to the activations of its layers."""

    def __call__(self, wave: Tensor) -> list[Tensor]:
        """`(batch, sample)` to activations, `(batch, ...)` each."""
        ...


class DeepFeatureDistance(nn.Module):
    """Distance of a pretrained network's activations for the made and the clean signal, by layer.

    The perceptual loss of Johnson, Alahi & Fei-Fei (2016, arXiv:1603.08155), for speech that of
    Germain, Chen & Koltun (2018, arXiv:1806.10522). Deliberate difference: each layer's mean
    absolute difference is divided by its mean absolute activation for the clean signal, where the
    latter determine a weight for each in a first training.

    Args:
        ear: the network, with fixed weights that are not saved in checkpoints.
    """

    def __init__(self, ear: Ear) -> None:
        super().__init__()
        self.ear = ear

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar, the mean over layers; 1 where a layer's differences are as large as its
        activations."""
        with torch.no_grad():
            aims = self.ear(clean.wave)
        distances = [
            (heard - aim).abs().mean() / aim.abs().mean().clamp(min=1e-6)
            for heard, aim in zip(self.ear(made.wave), aims, strict=True)
        ]
        return torch.stack(distances).mean()


class ListenerEar(nn.Module):
    """The convolutions of DNSMOS, a predictor of listeners' opinions of quality.

    Args:
        sample_rate: 16000.

    Raises:
        ValueError: another sample rate.
        SpeechganError: the package `speechmos` is not installed.
    """

    def __init__(self, sample_rate: int = 16000) -> None:
        super().__init__()
        self.listener = Listener(sample_rate)

    def forward(self, wave: Tensor) -> list[Tensor]:
        """`(batch, sample)`, at least 0.2 s, to seven layers `(batch, channel, frame, bin)`."""
        return self.listener.listen(wave)


class SpeakerEar:
    """The LSTM of the speaker encoder, frame by frame.

    Args:
        sample_rate: 16000.

    Raises:
        ValueError: another sample rate.
    """

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        if sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"sample_rate={sample_rate}: the speaker encoder needs {SAMPLE_RATE}; train "
                "without it, system.closeness.speaker_features=0"
            )
        # cuDNN computes gradients of LSTMs only in training mode; there is no dropout.
        self.encoder = load_encoder().requires_grad_(False).train()
        filters = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=BANDS)
        self.filters, self.window = torch.from_numpy(filters), torch.hann_window(WINDOW)

    def __call__(self, wave: Tensor) -> list[Tensor]:
        """`(batch, sample)` to one layer, `(batch, frame, 256)`."""
        device = wave.device
        window, filters = self.window.to(device), self.filters.to(device)
        spectrum = torch.stft(
            wave, WINDOW, HOP, window=window, pad_mode="constant", return_complex=True
        )
        power = torch.view_as_real(spectrum).square().sum(-1)
        return [self.encoder.to(device).listen((filters @ power).transpose(1, 2))]
