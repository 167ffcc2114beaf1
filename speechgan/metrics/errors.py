"""What a measure says when it is not defined."""

from speechgan.utils.errors import SpeechganError


class UnmeasurableError(SpeechganError):
    """A recording for which a measure is not defined: silent, too short, or not finite."""
