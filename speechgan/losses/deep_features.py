"""Distances inside networks that have learned something else from sound."""

from typing import Protocol

import librosa
import torch
from torch import Tensor, nn

from speechgan.features.signal import Signal
from speechgan.metrics.speaker import BANDS, HOP, SAMPLE_RATE, WINDOW, load_encoder
from speechgan.models.discriminators.listener import Listener


class Ear(Protocol):
    """A trained network as far as its layers say what they hear."""

    def __call__(self, wave: Tensor) -> list[Tensor]:
        """`(batch, sample)` to activations, `(batch, ...)` each."""
        ...


class DeepFeatureDistance(nn.Module):
    """How differently a trained network hears the made and the clean signal, layer by layer.

    The perceptual loss of Johnson, Alahi & Fei-Fei (2016, arXiv:1603.08155), for speech that of
    Germain, Chen & Koltun (2018, arXiv:1806.10522). Deliberate difference: each layer's mean
    absolute difference counts by the mean of what the layer hears of the clean signal, where the
    latter find a weight for each in a first training.

    Args:
        ear: the network, which learns nothing here and is no part of checkpoints.
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
    """The convolutions of DNSMOS, which has learned what people think of a sound's quality.

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
    """The LSTM of the speaker encoder, which has learned to tell voices apart, frame by frame.

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
        # cuDNN has gradients of LSTMs in training mode alone; there is no dropout.
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
