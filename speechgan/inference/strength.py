"""The strength of enhancement."""

from speechgan.utils.errors import SpeechganError


def choose_strength(strength: float, attenuation_limit: float | None) -> float:
    """The share of the enhanced sound in the output, within both limits.

    Raises:
        SpeechganError: out of range.
    """
    if not 0 <= strength <= 1:
        raise SpeechganError(f"strength {strength}: must be from 0 to 1")
    if attenuation_limit is None:
        return strength
    if not attenuation_limit >= 0:
        raise SpeechganError(f"attenuation limit {attenuation_limit}: must be 0 dB or more")
    return min(strength, 1 - 10 ** (-attenuation_limit / 20))
