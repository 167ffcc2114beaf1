"""The one kind of error that a user can remedy."""


class SpeechganError(Exception):
    """What went wrong and what to do about it, in one line that names the file or the setting.

    The command line prints it without a traceback and exits with a code other than 0. Anything
    else that is raised is a defect of speechgan.
    """
