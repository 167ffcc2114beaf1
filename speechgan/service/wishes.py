"""The parameters of calls, as on the command line, for files and for streams."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from speechgan.audio import Wave
from speechgan.audio.pcm import Pcm
from speechgan.audio.reading import HIGHEST_RATE, LOWEST_RATE
from speechgan.inference.enhancement.enhancer import Enhancer
from speechgan.inference.sound_files import Progress, WrittenFile
from speechgan.service.models import Models
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest

# Most channels of a stream, as each is continuous work.
MOST_CHANNELS = 8

FileWork = Callable[[Path, Path, Progress], WrittenFile]
"""Processes a source to a target, and reports the seconds of sound finished meanwhile."""


class Sound(Protocol):
    """A stream of a live sound."""

    def __call__(self, block: Wave) -> Wave:
        """The samples that are ready after a block."""
        ...

    def flush(self) -> Wave:
        """The last samples."""
        ...


class Wish(BaseModel):
    """Parameters of a call; models check their names and values."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, description="one that /models lists; else the first")

    @model_validator(mode="before")
    @classmethod
    def _require_known(cls, given: Any) -> Any:
        """Suggests a correction of an unknown name."""
        known = cls.model_fields
        for name in given if isinstance(given, dict) else ():
            if name not in known:
                raise SpeechganError(
                    f"{name}: no such parameter{suggest(name, known)}; known: {', '.join(known)}"
                )
        return given

    def for_files(self, models: Models) -> FileWork:
        """A function that processes a file.

        Raises:
            SpeechganError: no such model, or it does not allow these parameters.
        """
        raise NotImplementedError  # an abstract method: every wish has its own

    def for_stream(self, models: Models, pcm: Pcm) -> Sound:
        """A new stream.

        Raises:
            SpeechganError: no such model, it does not allow these parameters, or is not live.
        """
        raise NotImplementedError  # an abstract method: every wish has its own


class Enhancement(Wish):
    """Parameters of enhancement; see `speechgan.Enhancer`."""

    strength: float = Field(1.0, description="0 to 1: share of the enhanced sound")
    attenuation_limit: float | None = Field(
        None, description="dB, 0 or more: nothing is taken down by more"
    )
    separate_channels: bool = Field(False, description="treat each channel by itself")

    def for_stream(self, models: Models, pcm: Pcm) -> Sound:
        enhancer = models.enhancer(self.model)
        return enhancer.stream(pcm.sample_rate, pcm.channels, **self._settings())

    def _settings(self) -> dict[str, Any]:
        return {
            "strength": self.strength,
            "attenuation_limit": self.attenuation_limit,
            "linked": not self.separate_channels,
        }


class Restoration(Wish):
    """Parameters of restoration, for files only; see `speechgan.Restorer`."""

    strength: float = Field(1.0, description="0 to 1: share of the restored sound")

    def for_files(self, models: Models) -> FileWork:
        restorer = models.restorer(self.model)

        def work(source: Path, target: Path, progress: Progress) -> WrittenFile:
            return restorer.restore_file(source, target, strength=self.strength, progress=progress)

        return work


class Conversion(Wish):
    """Parameters of conversion; see `speechgan.Converter`."""

    target_speaker: str = Field(description="one that /speakers lists")
    source_speaker: str | None = Field(None, description="who speaks, if the model knows them")
    pitch_shift: float = Field(0.0, description="semitones added to the target's pitch")

    def for_stream(self, models: Models, pcm: Pcm) -> Sound:
        converter = models.converter(self.model)
        return converter.stream(pcm.sample_rate, channels=pcm.channels, **self._settings())

    def _settings(self) -> dict[str, Any]:
        return {
            "target_speaker": self.target_speaker,
            "source_speaker": self.source_speaker,
            "pitch_shift": self.pitch_shift,
        }


class OfFile(BaseModel):
    """Parameters of the resulting file."""

    format: Literal["wav", "flac"] = Field("wav", description="of the answer")


class OfStream(BaseModel):
    """The format of samples in a stream, in both directions."""

    sample_rate: int = Field(ge=LOWEST_RATE, le=HIGHEST_RATE)
    channels: int = Field(1, ge=1, le=MOST_CHANNELS)
    encoding: Literal["f32le", "s16le"] = "f32le"

    def pcm(self) -> Pcm:
        """The format as a `Pcm`."""
        return Pcm(self.encoding, self.sample_rate, self.channels)


class EnhancedFile(Enhancement, OfFile):
    """Parameters of `POST /enhance`."""

    declip: bool = Field(False, description="make clipped peaks anew before")
    shifts: int | None = Field(
        None, description="1 to 16: enhance so often, frames elsewhere each time; give the mean"
    )

    def for_files(self, models: Models) -> FileWork:
        enhancer, settings = models.enhancer(self.model), self._settings()
        if self.shifts is not None:
            enhancer = Enhancer(enhancer.network, self.shifts)

        def work(source: Path, target: Path, progress: Progress) -> WrittenFile:
            return enhancer.enhance_file(
                source, target, progress=progress, declip=self.declip, **settings
            )

        return work


class ConvertedFile(Conversion, OfFile):
    """Parameters of `POST /convert`."""

    watermark: bool = Field(False, description="put in the mark that `speechgan detect` finds")
    vocoder: str | None = Field(None, description="what makes the sound, such as `difference`")
    f0: str | None = Field(None, description="what finds the pitch, such as `harvest`")

    def for_files(self, models: Models) -> FileWork:
        converter, settings = models.converter(self.model), self._settings()
        converter = converter.varied(self.vocoder, self.f0)
        converter.check(**settings)

        def work(source: Path, target: Path, progress: Progress) -> WrittenFile:
            return converter.convert_file(
                source, target, progress=progress, watermark=self.watermark, **settings
            )

        return work


class RestoredFile(Restoration, OfFile):
    """Parameters of `POST /restore`."""


class EnhancedStream(Enhancement, OfStream):
    """The first message of a stream."""


class ConvertedStream(Conversion, OfStream):
    """The first message of a stream that names a target speaker."""
