"""Speaker embeddings.

The encoder is that of the package Resemblyzer 0.1.4 (Resemble AI, Apache License 2.0), a GE2E
network (Wan, Wang, Papir & Lopez Moreno 2018, arXiv:1710.10467); its weights are included as
safetensors, so the package, with its pickle and outdated dependencies, is not needed.
"""

from functools import cache
from importlib.resources import as_file, files

import librosa
import numpy as np
import torch
import webrtcvad
from safetensors.torch import load_file
from scipy.ndimage import binary_dilation, uniform_filter1d
from torch import Tensor, nn

from speechgan.utils.errors import UnmeasurableError

SAMPLE_RATE = 16000
WEIGHTS = files("speechgan") / "weights" / "speaker_encoder.safetensors"
HOP, WINDOW, BANDS = 160, 400, 40
# Frames of a window.
FRAMES = 160
# Frames from one window to the next: 1.3 windows a second.
STEP = 77
VOICE_WINDOW = 480
LEVEL_DBFS = -30.0


class SpeakerEncoder(nn.Module):
    """Three LSTM layers, a projection, a rectifier; mel frames to a unit vector."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(BANDS, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)

    def forward(self, mel: Tensor) -> Tensor:
        """`(batch, frame, band)` to `(batch, 256)` of length 1."""
        _, (hidden, _) = self.lstm(mel)
        raw = torch.relu(self.linear(hidden[-1]))
        return raw / raw.norm(dim=1, keepdim=True)

    def listen(self, mel: Tensor) -> Tensor:
        """Outputs of the last LSTM layer at each frame: `(batch, frame, band)` to
        `(batch, frame, 256)`."""
        heard: Tensor = self.lstm(mel)[0]
        return heard


def embed_windows(wave: np.ndarray) -> np.ndarray:
    """Embeddings of windows of 1.6 s of `(sample,)` at 16 kHz, of length 1, `(window, 256)`.

    Raises:
        UnmeasurableError: no speech in it.
    """
    speech = trim_silence(raise_level(np.asarray(wave, np.float32)))
    if len(speech) < WINDOW:
        raise UnmeasurableError("holds no speech")
    starts = _window_starts(len(speech))
    padded = np.pad(speech, (0, max(0, (starts[-1] + FRAMES) * HOP - len(speech))))
    mel = librosa.feature.melspectrogram(
        y=padded, sr=SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, n_mels=BANDS
    ).astype(np.float32)
    windows = np.stack([mel[:, s : s + FRAMES].T for s in starts])
    with torch.no_grad():
        embedded: np.ndarray = shared_encoder()(torch.from_numpy(windows)).numpy()
    return embedded


def embed_speaker(wave: np.ndarray) -> np.ndarray:
    """The embedding of `(sample,)` at 16 kHz, a vector of length 1, `(256,)`.

    Raises:
        UnmeasurableError: no speech in it.
    """
    return mean_embedding(list(embed_windows(wave)))


def mean_embedding(embeddings: list[np.ndarray]) -> np.ndarray:
    """The mean of the embeddings of several recordings of a speaker, of length 1."""
    mean = np.mean(embeddings, 0)
    return mean / np.linalg.norm(mean)


def raise_level(wave: np.ndarray) -> np.ndarray:
    """Amplifies a wave below -30 dBFS to that level."""
    level = float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) if wave.size else 0.0
    gain = 10 ** (LEVEL_DBFS / 20) / level if level > 0 else 1.0
    return wave * max(1.0, gain)


def trim_silence(wave: np.ndarray) -> np.ndarray:
    """Removes silence, by WebRTC's voice activity detector, smoothed over 0.24 s."""
    wave = wave[: len(wave) - len(wave) % VOICE_WINDOW]
    pcm = np.round(np.clip(wave, -1, 1) * 32767).astype(np.int16)
    detector = webrtcvad.Vad(3)
    flags = [
        detector.is_speech(part.tobytes(), SAMPLE_RATE) for part in pcm.reshape(-1, VOICE_WINDOW)
    ]
    # A moving average over eight windows, rounded, then dilated by three windows on each side.
    smooth = uniform_filter1d(np.array(flags, float), 8, mode="constant", origin=-1)
    voiced = binary_dilation(np.round(smooth).astype(bool), np.ones(7))
    return wave[np.repeat(voiced, VOICE_WINDOW)]


def _window_starts(samples: int) -> list[int]:
    """First frames of the windows; the last one counts if three quarters of it are filled."""
    frames = int(np.ceil((samples + 1) / HOP))
    starts = list(range(0, max(1, frames - FRAMES + STEP + 1), STEP))
    covered = (samples - starts[-1] * HOP) / (FRAMES * HOP)
    return starts[:-1] if covered < 0.75 and len(starts) > 1 else starts


@cache
def shared_encoder() -> SpeakerEncoder:
    """The encoder that all metrics of the process share, on the CPU."""
    return load_encoder()


def load_encoder() -> SpeakerEncoder:
    """The trained encoder, on the CPU."""
    encoder = SpeakerEncoder()
    with as_file(WEIGHTS) as path:
        weights = load_file(path)
    encoder.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return encoder.eval()
