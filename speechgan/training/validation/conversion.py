"""Held-out sentences, converted and measured during training."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import torch

from speechgan.features.conversion import convert_voice
from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice
from speechgan.metrics.conversion import content_distance, mel_cepstral_distortion
from speechgan.metrics.probe import probe_speakers
from speechgan.systems.conversion.base import image_converter
from speechgan.training import processes
from speechgan.training.logging import RunLog
from speechgan.utils.errors import UnmeasurableError
from speechgan.utils.spread import spread_evenly
from speechgan.vocoders.base import Vocoder


class ConversionValidation:
    """How near converted held-out sentences come to their targets, and how the first sound.

    Where two speakers have held-out recordings of the same name these are taken for the same
    sentence: `distortion`, as `mel_cepstral_distortion` (of log-mel images, which are no cepstra,
    several times as great), and the `score` is its negative. Where they have none, `distance` is
    how far mean and deviation of each bin lie from the target's, in its deviations, `content` how
    far what is said is from the source's, and the `score` is the negative of their sum. Where
    nothing is held out, as of speakers with one recording each, it is the step: the last system is
    kept. `probe` is the accuracy of a linear probe for the speaker on the code of generators that
    have one.

    Args:
        valid: held-out voices of each speaker by name.
        statistics: of each speaker.
        vocoder: for TensorBoard's players.
        hop_length: of the voices' frames, in samples.
        items: most conversions to measure, spread evenly over all there are.
        shown: of them, how many to log as pictures and sounds.
    """

    # The others are better the smaller they are.
    figures = ("score",)

    def __init__(
        self,
        valid: Sequence[dict[str, Voice]],
        statistics: Sequence[SpeakerStatistics],
        vocoder: Vocoder,
        hop_length: int,
        items: int = 40,
        shown: int = 2,
    ) -> None:
        self.valid, self.statistics = valid, statistics
        self.vocoder, self.hop_length = vocoder, hop_length
        self.shown = shown
        pairs = list(permutations(range(len(valid)), 2))
        both = [(a, b, n) for a, b in pairs for n in sorted(set(valid[a]) & set(valid[b]))]
        self.parallel = bool(both)
        jobs = both or [(a, b, n) for a, b in pairs for n in sorted(valid[a])]
        self.jobs = [jobs[index] for index in spread_evenly(len(jobs), items)]

    def __call__(self, system: Any, log: RunLog | None, step: int) -> dict[str, float]:
        figures: dict[str, list[float]] = {}
        for number, (source, target, name) in processes.share(self.jobs):
            converted = self._convert(system, source, target, name)
            # The first process has the log, and its share begins with the first conversion.
            if log and number < self.shown * processes.count():
                self._show(log, step, f"{name}: {source} to {target}", source, name, converted)
            for key, value in self._measure(source, target, name, converted).items():
                figures.setdefault(key, []).append(value)
        shares = processes.gather(figures)
        names = dict.fromkeys(key for share in shares for key in share)
        means = {
            key: float(np.mean([x for share in shares for x in share.get(key, ())]))
            for key in names
        }
        if not self.jobs:
            return {"score": float(step)}
        score = -sum(means.values()) if means else float("-inf")
        return means | self._probe(system.generator) | {"score": score}

    def _probe(self, generator: Any) -> dict[str, float]:
        """How well the content code of a shared space still tells the speaker."""
        if not hasattr(generator, "encode"):
            return {}
        device = next(generator.parameters()).device
        codes = []
        for number, (own, statistics) in enumerate(zip(self.valid, self.statistics, strict=True)):
            images = [statistics.normalise(voice.image) for voice in own.values()]
            speaker = torch.tensor([number], device=device)
            tensors = (torch.from_numpy(i).float()[None, None].to(device) for i in images)
            codes.append([generator.encode(t, speaker)[0].cpu().numpy() for t in tensors])
        try:
            return {"probe": probe_speakers(codes)}
        except ValueError:  # too few recordings, or weights that are not finite
            return {}

    def _convert(self, system: Any, source: int, target: int, name: str) -> Voice:
        return convert_voice(
            image_converter(system.generator),
            self.valid[source][name],
            self.statistics[source],
            self.statistics[target],
            (target, source),
        )

    def _measure(self, source: int, target: int, name: str, converted: Voice) -> dict[str, float]:
        if not np.isfinite(converted.image).all():
            return {}
        try:
            if self.parallel:
                reference = self.valid[target][name]
                return {"distortion": mel_cepstral_distortion(converted, reference)}
            own, goal = SpeakerStatistics.measure([converted]), self.statistics[target]
            off = (own.mean - goal.mean) / goal.deviation, np.log(own.deviation / goal.deviation)
            return {
                "distance": float(np.sqrt(np.mean(np.square(off)))),
                "content": content_distance(converted, self.valid[source][name]),
            }
        except UnmeasurableError:
            return {}

    def _show(
        self, log: RunLog, step: int, title: str, source: int, name: str, converted: Voice
    ) -> None:
        voices = {"source": self.valid[source][name], "converted": converted}
        samples = len(converted) * self.hop_length
        waves = {
            kind: torch.from_numpy(self.vocoder.synthesise(voice, samples))
            for kind, voice in voices.items()
        }
        images = {kind: torch.from_numpy(voice.image)[None] for kind, voice in voices.items()}
        log.signals(step, title, images, waves, self.vocoder.sample_rate)
