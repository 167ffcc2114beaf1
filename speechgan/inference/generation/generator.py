"""Generation of spoken words from noise and labels."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from speechgan.data.digits.labels import Labels
from speechgan.inference.engines import choose_engine
from speechgan.inference.generation.networks import ImageNetwork, OnnxImages, TorchImages
from speechgan.inference.generation.sound import sound_image
from speechgan.inference.threads import check_threads, limit_threads
from speechgan.inference.vocoders import load_vocoder
from speechgan.pretrained.folder import find_model, load_config
from speechgan.pretrained.labels import LABELS, load_labels
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest
from speechgan.vocoders.base import Vocoder

# Images of a batch.
BATCH = 64


@dataclass(frozen=True)
class Generated:
    """A generated word, or sequence of words.

    Attributes:
        wave: `(sample,)` float32 in [-1, 1].
        image: `(bin, frame)` in [-1, 1].
        digit, speaker: its labels; empty where the model is not conditioned on them.
    """

    wave: np.ndarray
    image: np.ndarray
    digit: str
    speaker: str


class Generator:
    """Makes spoken words.

    Args:
        network: of `from_pretrained`.
        labels: names of digits and speakers.
        vocoder: one that fits the network's features.
        threads: of the CPU; None leaves the library's own choice.
    """

    def __init__(
        self, network: ImageNetwork, labels: Labels, vocoder: Vocoder, threads: int | None = 1
    ) -> None:
        self.network, self.labels, self.vocoder = network, labels, vocoder
        self.threads = threads

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "digits",
        device: Any = "auto",
        *,
        threads: int | None = 1,
        vocoder: str = "auto",
        engine: str = "auto",
    ) -> Self:
        """The generator of a shipped model's name or of a model folder.

        Args:
            name: see `speechgan.pretrained.folder.find_model`.
            device: "auto", "cpu", "cuda" or a torch device; onnxruntime runs on the CPU.
            threads: of the CPU; None leaves the library's own choice.
            vocoder: `auto`, `neural` or `griffin_lim`.
            engine: see `speechgan.inference.engines.choose_engine`.

        Raises:
            SpeechganError: no such model, device, vocoder or engine, a model of another task,
                threads below 1.
        """
        check_threads(threads)
        network: ImageNetwork
        if choose_engine(name, engine, device) == "onnx":
            network = OnnxImages(name, device, threads)
        else:
            network = TorchImages(name, device, threads)
        labels = load_labels(find_model(name))
        _require_as_many(find_model(name), labels)
        made = load_vocoder(network.features, vocoder, network.device)
        return cls(network, labels, made, threads)

    @property
    def sample_rate(self) -> int:
        """Of every wave, in Hz."""
        return self.network.features.sample_rate

    def __call__(
        self, digit: str | int | None = None, speaker: str | None = None, seed: int = 0
    ) -> np.ndarray:
        """One word, `(sample,)` float32 in [-1, 1]; arguments and errors as of `generate`."""
        return self.generate(1, digit, speaker, seed)[0].wave

    def generate(
        self,
        count: int,
        digit: str | int | None = None,
        speaker: str | None = None,
        seed: int = 0,
    ) -> list[Generated]:
        """Some words, determined by the seed; a larger count begins with them, up to rounding.

        Args:
            count: how many.
            digit: the word; None draws one for each, if the model is conditioned on digits.
            speaker: likewise.
            seed: of all noise.

        Raises:
            SpeechganError: a digit or a speaker that the model does not know or is not conditioned
                on, a count below 1, or a seed below 0.
        """
        images, rows = self.make_images(count, digit, speaker, seed)
        return [
            Generated(self._sound(image), image, *row)
            for image, row in zip(images, rows, strict=True)
        ]

    def make_images(
        self,
        count: int,
        digit: str | int | None = None,
        speaker: str | None = None,
        seed: int = 0,
    ) -> tuple[np.ndarray, list[tuple[str, str]]]:
        """The images alone; arguments and errors as of `generate`.

        Returns:
            Images `(count, bin, frame)` in [-1, 1], and digit and speaker of each.
        """
        if count < 1:
            raise SpeechganError(f"count {count}: must be at least 1")
        codes, labels = self._draw(count, digit, speaker, seed)
        parts = range(0, count, BATCH)
        images = [self.network.make(codes[n : n + BATCH], labels[n : n + BATCH]) for n in parts]
        return np.concatenate(images), [self._name(row) for row in labels]

    def walk(
        self,
        count: int,
        digits: tuple[str | int, str | int] | None = None,
        speakers: tuple[str, str] | None = None,
        seeds: tuple[int, int] = (0, 0),
    ) -> list[Generated]:
        """Interpolates between two words, in equal steps; needs the engine `torch`.

        Label embeddings are interpolated linearly, and codes spherically (Shoemake 1985), so that
        their norms stay like those in training.

        Args:
            count: of words, including both ends.
            digits, speakers: of the first and the last word; None draws one for both, if the model
                is conditioned on them.
            seeds: of the noise of the first and the last word.

        Raises:
            SpeechganError: see `generate`; a count below 2, or a model that cannot interpolate.
        """
        if count < 2:
            raise SpeechganError(f"count {count}: must be at least 2, to go from one to another")
        if not isinstance(self.network, TorchImages):
            raise SpeechganError("words between two need the engine torch")
        (first, labels), (last, others) = (
            self._draw(1, digits and digits[end], speakers and speakers[end], seeds[end])
            for end in (0, 1)
        )
        for place, pair in enumerate((digits, speakers)):
            if pair is None:
                others[0, place] = labels[0, place]
        codes = turn(first[0], last[0], np.linspace(0, 1, count, dtype=np.float32))
        images = self.network.walk(codes, np.concatenate([labels, others]))
        ends = [self._name(row) for row in (labels[0], others[0])]
        names = ["-".join(dict.fromkeys(pair)) for pair in zip(*ends, strict=True)]
        return [Generated(self._sound(image), image, *names) for image in images]

    def _draw(
        self, count: int, digit: str | int | None, speaker: str | None, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes `(count, code)` and labels `(count, 2)`; arguments and errors as of `generate`."""
        if seed < 0:
            raise SpeechganError(f"seed {seed}: must be 0 or more")
        digits = self._choose("digit", None if digit is None else str(digit), self.labels.digits)
        speakers = self._choose("speaker", speaker, self.labels.speakers)
        codes, labels = [], []
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            codes.append(rng.standard_normal(self.network.code, np.float32))
            labels.append([rng.choice(own) for own in (digits, speakers)])
        return np.stack(codes), np.array(labels, np.int64)

    def _choose(self, kind: str, name: str | None, known: Sequence[str]) -> list[int]:
        """Numbers of the labels to draw from."""
        if name is None:
            return list(range(len(known)))
        if kind not in self.network.told:
            raise SpeechganError(f"{kind} {name}: this model is not told any; leave it out")
        if name not in known:
            like = suggest(name, known)
            raise SpeechganError(f"{kind} {name}: unknown{like}; known are {', '.join(known)}")
        return [known.index(name)]

    def _name(self, row: np.ndarray) -> tuple[str, str]:
        told = self.network.told
        digit = self.labels.digits[row[0]] if "digit" in told else ""
        return digit, self.labels.speakers[row[1]] if "speaker" in told else ""

    def _sound(self, image: np.ndarray) -> np.ndarray:
        with limit_threads(self.threads):
            return sound_image(image, self.network.features, self.vocoder)


def turn(one: np.ndarray, other: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Spherical interpolation of two vectors `(code,)`, `(share, code)`."""
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-3:
        near, far = 1 - shares, shares
    else:
        near, far = (np.sin(part * angle) / np.sin(angle) for part in (1 - shares, shares))
    return (near[:, None] * one + far[:, None] * other).astype(np.float32)


def _require_as_many(folder: Path, labels: Labels) -> None:
    """Checks that the labels fit the network; raises SpeechganError otherwise."""
    settings = load_config(folder)["generator"]
    for kind, names in (("digits", labels.digits), ("speakers", labels.speakers)):
        known = settings.get(kind)
        if known and known != len(names):
            raise SpeechganError(
                f"{folder / LABELS}: has {len(names)} {kind}, and the network knows {known}; get "
                "the model anew"
            )
