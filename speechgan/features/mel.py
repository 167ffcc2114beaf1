"""Log-mel spectrograms, images without phase."""

import librosa
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from speechgan.features.voice import Voice

DB_PER_NEPER = 20 / np.log(10)


class LogMel(nn.Module):
    """Logarithmic mel spectrogram, the image that mel vocoders read (HiFi-GAN, Kong et al. 2020).

    Slaney's mel scale with bands of equal area, as librosa has it; natural logarithm of magnitudes.
    Where the STFT image is inverted exactly, this one needs a vocoder. Deliberate difference:
    frames are centred on multiples of the hop, where HiFi-GAN's lie half a hop later.

    Args:
        sample_rate: in hertz.
        n_fft: window and transform length, in samples.
        hop_length: step between frames, in samples.
        bands: number of mel bands.
        lowest, highest: edges of the bands, in hertz; the highest is half the rate if None.
        floor: magnitudes below it count as it.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 1024,
        hop_length: int = 256,
        bands: int = 80,
        lowest: float = 0.0,
        highest: float | None = None,
        floor: float = 1e-5,
    ) -> None:
        super().__init__()
        self.n_fft, self.hop_length, self.floor = n_fft, hop_length, floor
        filters = librosa.filters.mel(
            sr=sample_rate, n_fft=n_fft, n_mels=bands, fmin=lowest, fmax=highest
        )
        self.register_buffer("filters", torch.from_numpy(filters), persistent=False)
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.filters: Tensor
        self.window: Tensor

    def forward(self, wave: Tensor) -> Tensor:
        """`(batch, sample)` to `(batch, 1, band, frame)`, frame `t` centred on `t * hop_length`."""
        around = self.n_fft // 2
        spectrum = torch.stft(
            pad(wave, (around, around)),
            self.n_fft,
            self.hop_length,
            window=self.window,
            center=False,
            return_complex=True,
        )
        # A magnitude has no gradient at zero, so it is clamped before the square root.
        power = torch.view_as_real(spectrum).square().sum(-1)
        magnitude = power.clamp(min=self.floor**2).sqrt()
        return torch.log((self.filters @ magnitude).clamp(min=self.floor))[:, None]


class MelVoice(nn.Module):
    """Log-mel images for conversion: `speechgan.features.voice.VoiceFeatures` by way of `LogMel`.

    Pitch is part of the image. Arguments as of `LogMel`.
    """

    vocoders = ("neural", "griffin_lim")

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 1024,
        hop_length: int = 256,
        bands: int = 80,
        lowest: float = 0.0,
        highest: float | None = None,
    ) -> None:
        super().__init__()
        self.sample_rate, self.hop_length, self.bins = sample_rate, hop_length, bands
        low, high = librosa.hz_to_mel([lowest, highest or sample_rate / 2])
        self.centres = np.linspace(low, high, bands + 2)[1:-1]
        self.settings = {
            "features": "mel",
            "sample_rate": sample_rate,
            "n_fft": n_fft,
            "hop_length": hop_length,
            "bands": bands,
            "lowest": lowest,
            "highest": highest,
        }
        self.mel = LogMel(sample_rate, n_fft, hop_length, bands, lowest, highest)

    def warp(self, factors: np.ndarray) -> np.ndarray:
        """See `speechgan.features.voice.VoiceFeatures`."""
        centres = self.centres
        hertz = librosa.mel_to_hz(centres) / np.asarray(factors)[:, None]
        place = (librosa.hz_to_mel(hertz) - centres[0]) / (centres[1] - centres[0])
        place = place.clip(0, self.bins - 1).astype(np.float32)
        # Linear interpolation between the two nearest bands.
        distance = np.abs(place[..., None] - np.arange(self.bins, dtype=np.float32))
        return np.maximum(1 - distance, 0)

    def analyse(self, wave: np.ndarray) -> Voice:
        """`(sample,)`, full scale at ±1, to a voice of `sample // hop_length + 1` frames."""
        with torch.no_grad():
            image = self.mel(torch.from_numpy(np.asarray(wave, np.float32))[None])[0, 0]
        loudness = DB_PER_NEPER * image.mean(0)
        return Voice(image.numpy(), loudness.numpy())
