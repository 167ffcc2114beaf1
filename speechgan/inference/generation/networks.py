"""The interface of an image generator's model, and its engines."""

import os
from typing import Any, Protocol

import numpy as np
import torch

from speechgan.features.clip import MelClip
from speechgan.inference.threads import limit_threads
from speechgan.models.generators.dcgan import ImageGenerator
from speechgan.pretrained.build import build_part
from speechgan.pretrained.folder import ONNX, find_model, load_config, require_task
from speechgan.pretrained.loading import load_model
from speechgan.pretrained.onnx_session import open_session, read_numbers, require_cpu
from speechgan.utils.errors import SpeechganError

TASK = "generate"


class ImageNetwork(Protocol):
    """A model of the task `generate`.

    Attributes:
        features: image to sound.
        code: size of the noise.
        told: kinds of label that the model is conditioned on, of `digit` and `speaker`.
        device: for the vocoder.
        rebuilds: whether it has an encoder, `encode`.
    """

    features: MelClip
    code: int
    told: tuple[str, ...]
    device: str
    rebuilds: bool

    def make(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """`(item, code)` float32 and `(item, 2)` to images `(item, bin, frame)` in [-1, 1]."""
        ...


class TorchImages:
    """A model folder run by PyTorch, as an `ImageNetwork`; arguments as of `Generator`.

    Raises:
        SpeechganError: no such model, one of another task, no such device.
    """

    def __init__(
        self, name: str | os.PathLike[str], device: Any = "auto", threads: int | None = 1
    ) -> None:
        config = load_config(find_model(name))
        require_task(name, config, TASK)
        model = load_model(name, device)
        self.features: MelClip = model.features.cpu()
        generator: Any = model.generator
        self.generator = generator
        self.code: int = generator.code
        self.rebuilds = hasattr(generator, "encode")
        self.threads = threads
        self.told = tell(config)
        self.device = str(next(generator.parameters()).device)

    def make(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """See `ImageNetwork`."""
        given = (torch.from_numpy(x).to(self.device) for x in (codes, labels))
        with torch.no_grad(), limit_threads(self.threads):
            images: np.ndarray = self.generator(*given)[:, 0].float().cpu().numpy()
        return images

    def encode(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Images `(item, bin, frame)` in [-1, 1] and `(item, 2)` to the means of their codes."""
        given = (torch.from_numpy(x).to(self.device) for x in (images[:, None], labels))
        with torch.no_grad(), limit_threads(self.threads):
            codes: np.ndarray = self.generator.encode(*given)[0].float().cpu().numpy()
        return codes

    def walk(self, codes: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Images of interpolated label embeddings, in equal steps, if it is conditioned on labels.

        Args:
            codes: `(item, code)` float32, at least two.
            ends: `(2, 2)`, labels of the first image and of the last.

        Returns:
            `(item, bin, frame)` in [-1, 1].

        Raises:
            SpeechganError: the model is conditioned on labels, and is no `ImageGenerator`.
        """
        if not self.told:
            return self.make(codes, ends[:1].repeat(len(codes), 0))
        network = getattr(self.generator, "decoder", self.generator)
        if not isinstance(network, ImageGenerator):
            raise SpeechganError(
                f"{type(network).__name__}: has no images between two; use another"
            )
        code, labels = (torch.from_numpy(x).to(self.device) for x in (codes, ends))
        shares = torch.linspace(0, 1, len(code), device=self.device)[:, None]
        with torch.no_grad(), limit_threads(self.threads):
            first, last = (network.labels(code, end.expand(len(code), -1)) for end in labels)
            images: np.ndarray = network.draw(first.lerp(last, shares))[:, 0].float().cpu().numpy()
        return images


class OnnxImages:
    """A model folder with a graph, as an `ImageNetwork`, on the CPU; arguments as of `Generator`.

    Raises:
        SpeechganError: no such model, one of another task or without a graph, another device.
    """

    device = "cpu"
    rebuilds = False

    def __init__(
        self, name: str | os.PathLike[str], device: Any = "auto", threads: int | None = 1
    ) -> None:
        require_cpu(device)
        folder = find_model(name)
        config = load_config(folder)
        require_task(name, config, TASK)
        self.features: MelClip = build_part(folder, config, "features")
        self.told = tell(config)
        self._session, described = open_session(folder / ONNX, threads)
        self.code = read_numbers(folder / ONNX, described, ["code"])["code"]

    def make(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """See `ImageNetwork`."""
        given = {"code": codes} | ({"labels": labels} if self.told else {})
        images: np.ndarray = self._session.run(["image"], given)[0]
        return images[:, 0]


def tell(config: dict[str, Any]) -> tuple[str, ...]:
    """Kinds of label that a model is conditioned on."""
    settings = config["generator"]
    return tuple(kind for kind in ("digit", "speaker") if settings.get(f"{kind}s"))
