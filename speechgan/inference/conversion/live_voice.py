"""Conversion of one channel of a stream, with its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from speechgan.audio import REFERENCE_LEVEL
from speechgan.features.conversion import convert_voice
from speechgan.features.pitch import bring_into_range, range_of_voice
from speechgan.features.voice import SILENCE_BELOW, Voice
from speechgan.features.world import World
from speechgan.inference.conversion.network import ConversionNetwork
from speechgan.inference.conversion.sound import MOST_GAIN, Wish, describe_source
from speechgan.vocoders.world_stream import WorldStream

# Seconds of past input of the network, over which its instance normalisation takes means.
CONTEXT = 3.0
# Seconds of past input that the statistics of an unknown speaker are measured over.
MEMORY = 60.0
# Time constant of the comparison of input and output loudness, in seconds.
LOUDNESS = 2.0


@dataclass(frozen=True)
class Window:
    """A section of a sound whose middle is new.

    Attributes:
        wave: `(sample,)` at the model's rate.
        new: the frames in it that are new; those after them are provisional.
    """

    wave: np.ndarray
    new: slice


class LiveVoice:
    """Converts one channel of a stream, window by window.

    Final frames, which later windows do not change, are kept as the network's context before the
    new ones. The statistics of an unknown source are measured from the sound so far.

    Args:
        network: converts images of voices, analysed by WORLD.
        wish: settings of the conversion.
    """

    def __init__(self, network: ConversionNetwork, wish: Wish) -> None:
        features = cast(World, network.features)
        self.network, self.features, self.wish = network, features, wish
        self.vocoder = WorldStream(features)
        self.heard = features.analyse(np.zeros(0, np.float32)).cut(slice(0))
        # Mean squares of the frames in `heard`.
        self.powers = np.zeros(0)
        # Recent energy of input and output.
        self.energies = np.zeros(2)
        # At the end of the last output.
        self.gain = 1.0

    def __call__(self, window: Window) -> np.ndarray:
        """The new frames in the target's voice, at the input's loudness, `delay` samples late."""
        new, features = window.new, self.features
        seen = self._analyse(window.wave)
        wave = window.wave[new.start * features.hop_length : new.stop * features.hop_length]
        past = self.heard.cut(slice(-self._count(CONTEXT), None))
        context = Voice.join([past, seen.cut(slice(new.start, None))])
        self._remember(seen.cut(new), wave)
        excess = self._measure_excess()
        converted = convert_voice(
            self.network.convert_image,
            features.amplify(context, -excess),
            describe_source(self.network, self.wish, features.amplify(self.heard, -excess)),
            self.network.speakers[self.wish.target].statistics,
            (self.wish.target, self.wish.source),
            self.wish.pitch_shift,
        )
        first = len(past)
        ready = converted.cut(slice(first, first + new.stop - new.start))
        made = self.vocoder(ready) * np.float32(10 ** (excess / 20))
        before, self.gain = self.gain, self._match_loudness(wave, made)
        if not window.wave.any():
            return np.zeros(len(made), np.float32)
        return made * np.linspace(before, self.gain, len(made), dtype=np.float32)

    @property
    def state(self) -> dict[str, np.ndarray]:
        """All that the next windows depend on."""
        vocoder = self.vocoder
        last = self.heard.cut(slice(0)) if vocoder.last is None else vocoder.last
        return {
            **{f"heard.{name}": part for name, part in _take_apart(self.heard).items()},
            **{f"last.{name}": part for name, part in _take_apart(last).items()},
            "powers": self.powers,
            "energies": self.energies,
            "ringing": vocoder.ringing,
            "numbers": np.array([vocoder.phase, vocoder.frames, self.gain]),
        }

    @state.setter
    def state(self, state: Mapping[str, np.ndarray]) -> None:
        names = _take_apart(self.heard)
        self.heard, last = (
            Voice(**{name: state[f"{part}.{name}"] for name in names}) for part in ("heard", "last")
        )
        self.powers, self.energies = state["powers"], state["energies"]
        self.vocoder.phase, frames, self.gain = map(float, state["numbers"])
        self.vocoder.frames = int(frames)
        self.vocoder.last, self.vocoder.ringing = last if len(last) else None, state["ringing"]

    def _analyse(self, wave: np.ndarray) -> Voice:
        """A voice at its own level, analysed at about that of training, which F0 depends on.

        Octave errors, which a short window does not show, are corrected by the range of F0 so far.
        """
        excess, features = self._measure_excess(), self.features
        voice = features.amplify(features.analyse(wave * 10 ** (-excess / 20)), excess)
        assert voice.f0 is not None and self.heard.f0 is not None
        usual = range_of_voice(self.heard.f0, features.lowest_f0, features.highest_f0)
        return voice.with_f0(bring_into_range(voice.f0, *usual))

    def _count(self, seconds: float) -> int:
        return round(seconds * self.features.sample_rate / self.features.hop_length)

    def _remember(self, voice: Voice, wave: np.ndarray) -> None:
        powers = np.square(wave, dtype=np.float64).reshape(len(voice), -1).mean(1)
        most = slice(-self._count(MEMORY), None)
        self.heard = Voice.join([self.heard, voice]).cut(most)
        self.powers = np.concatenate([self.powers, powers])[most]

    def _measure_excess(self) -> float:
        """By how many dB the speech so far is louder than the model's training data."""
        loudest = self.powers.max(initial=0.0)
        if not loudest:
            return 0.0
        speech = self.powers[self.powers > loudest * 10 ** (-SILENCE_BELOW / 10)]
        return 10 * float(np.log10(speech.mean() / REFERENCE_LEVEL**2))

    def _match_loudness(self, wave: np.ndarray, made: np.ndarray) -> float:
        powers = [np.square(x, dtype=np.float64).sum() for x in (wave, made)]
        fading = np.exp(-len(wave) / self.features.sample_rate / LOUDNESS)
        self.energies = fading * self.energies + powers
        before, after = self.energies
        gain = np.sqrt(before / after) if after > 0 else 1.0
        return float(np.clip(gain, 1 / MOST_GAIN, MOST_GAIN))


def _take_apart(voice: Voice) -> dict[str, np.ndarray]:
    assert voice.f0 is not None and voice.aperiodicity is not None
    return {
        "image": voice.image,
        "loudness": voice.loudness,
        "f0": voice.f0,
        "aperiodicity": voice.aperiodicity,
    }
