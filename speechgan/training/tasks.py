"""What each task adds to a training: how its data are opened, and how the model is judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from speechgan.data.conversion.module import ConversionData, OpenVoices
from speechgan.data.digits.module import DigitData
from speechgan.data.enhancement.module import EnhancementData
from speechgan.data.waves import VocoderData
from speechgan.features.voice import VoiceFeatures
from speechgan.pretrained.labels import LABELS, format_labels
from speechgan.pretrained.loading import Model
from speechgan.pretrained.speakers import SPEAKERS, TargetSpeaker, format_speakers
from speechgan.training.compose import build
from speechgan.training.loading import Batches
from speechgan.training.trainer import Validation
from speechgan.training.validation.conversion import ConversionValidation
from speechgan.training.validation.enhancement import EnhancementValidation
from speechgan.training.validation.generation import GenerationValidation
from speechgan.training.validation.vocoding import VocoderValidation
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.choose import choose_vocoder


@dataclass(frozen=True)
class Material:
    """What a run trains on and is judged by, and what its model's card says of them.

    Attributes:
        batches: to train on.
        validation: judges the system.
        title: of the model.
        amount: of data that so many steps have used, for people.
        licence: of the weights.
        measured: settings that only the data know, below `measured` in the configuration.
        files: texts of further files of the model folder, by name.
    """

    batches: Batches
    validation: Validation
    title: str
    amount: Callable[[int], str]
    licence: str = "as the training recordings allow"
    measured: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


OpenTask = Callable[[DictConfig, Any, Model | None], Material]
"""Given the configuration, the data module and the model that is trained further."""


def open_enhancement(config: DictConfig, data: EnhancementData, model: Model | None) -> Material:
    """Noisy and clean speech."""
    batches, held_out = data.open()
    seconds = data.batch_size * data.seconds
    return Material(
        batches,
        EnhancementValidation(held_out, config.sample_rate),
        f"Speech enhancement at {config.sample_rate} Hz",
        lambda steps: f"{steps * seconds / 3600:.1f} hours of audio drawn",
    )


def open_vocoding(config: DictConfig, data: VocoderData, model: Model | None) -> Material:
    """Clean speech."""
    batches, held_out = data.open()
    seconds = data.batch_size * data.seconds
    return Material(
        batches,
        VocoderValidation(held_out, config.sample_rate),
        f"From log-mel spectrograms to waves at {config.sample_rate} Hz",
        lambda steps: f"{steps * seconds / 3600:.1f} hours of audio drawn",
    )


def open_conversion(config: DictConfig, data: ConversionData, model: Model | None) -> Material:
    """Voices of speakers; those of a model that is trained further keep their numbers."""
    known = {speaker.name: speaker for speaker in model.speakers} if model else {}
    features = build(config.features)
    if model:
        _require_features(features, model)
    voices = data.open(features, {name: s.statistics for name, s in known.items()})
    speakers = list_speakers(voices, known)
    names = ", ".join(speaker.name for speaker in speakers)
    minutes = sum(speaker.minutes for speaker in speakers)
    licences = ", ".join(sorted({speaker.licence or "unknown" for speaker in speakers}))
    kind = "aligned" if data.aligned else "unpaired"
    return Material(
        voices.batches,
        ConversionValidation(
            voices.valid, voices.statistics, choose_vocoder(features), features.hop_length
        ),
        f"Voice conversion at {config.sample_rate} Hz between {names}",
        lambda steps: f"{minutes:.1f} minutes of speech, {kind}",
        f"as the training recordings allow: {licences}",
        {
            "bins": features.bins,
            "speakers": len(speakers),
            "frames": voices.frames,
            "deviation": np.mean([s.deviation for s in voices.statistics], 0).tolist(),
        },
        {SPEAKERS: format_speakers(speakers)},
    )


def _require_features(features: VoiceFeatures, model: Model) -> None:
    """Checks that images are made as those that the statistics of a model's speakers describe.

    Raises:
        SpeechganError: they are not. The estimator of pitch may be another.
    """
    own, its = features.settings, model.features.settings
    for name in its | own:
        if "f0" not in name and own.get(name) != its.get(name):
            raise SpeechganError(
                f"run.fine_tune={model.name}: its voices are of {name} {its.get(name)}, not "
                f"{own.get(name)}; take sample_rate and features of its config.yaml"
            )


def open_generation(config: DictConfig, data: DigitData, model: Model | None) -> Material:
    """Spoken digits with their labels.

    Raises:
        SpeechganError: sequences of them for a network that is told labels.
    """
    # What is measured is not known yet: a reference to it stands for a number.
    asked: Any = OmegaConf.to_container(config.generator)
    if data.sequence > 1 and any(asked.get(kind) for kind in ("digits", "speakers")):
        raise SpeechganError(
            f"data.sequence={data.sequence}: a sequence has no one label, and this generator is "
            "told some; use system=music_vae or another that is told none"
        )
    features = build(config.features)
    digits = data.open(features)
    labels, count = digits.labels, len(digits.train.images)
    return Material(
        digits.batches,
        GenerationValidation(labels, digits.train, digits.valid),
        f"Images of {len(labels.digits)} spoken words by {len(labels.speakers)} speakers",
        lambda steps: f"{count:,} recordings",
        measured={
            "bins": features.bins,
            "frames": features.frames * data.sequence,
            "digits": len(labels.digits),
            "speakers": len(labels.speakers),
        },
        files={LABELS: format_labels(labels)},
    )


def list_speakers(voices: OpenVoices, known: Mapping[str, TargetSpeaker]) -> list[TargetSpeaker]:
    """The speakers of a model to be, in the order of their numbers; known ones as they are."""
    rows = zip(voices.speakers, voices.seconds, voices.statistics, strict=True)
    return [
        known.get(s.name)
        or TargetSpeaker(s.name, s.sex, s.language, s.licence, seconds / 60, statistics)
        for s, seconds, statistics in rows
    ]


TASKS: dict[str, OpenTask] = {
    "enhance": open_enhancement,
    "convert": open_conversion,
    "generate": open_generation,
    "vocoder": open_vocoding,
}
