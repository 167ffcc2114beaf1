"""Errors that a user can remedy."""


class SpeechganError(Exception):
    """What went wrong and what to do about it, in one line that names the file or the setting.

    The command line prints it without a traceback and exits with a code other than 0. Anything
    else that is raised is a defect of speechgan.
    """


class UnwritableError(SpeechganError):
    """A file that cannot be written, as the disk is full, or for want of permission."""


class UnmeasurableError(SpeechganError):
    """A recording for which a measure is not defined: silent, too short, or not finite."""
