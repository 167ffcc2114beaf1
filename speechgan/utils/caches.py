"""The package's cache folder."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`speechgan` in XDG_CACHE_HOME or, without that, in `.cache` of the user's home.

    Models of the Hugging Face hub are not in it: huggingface_hub has a folder of its own.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "speechgan")
