"""Optional libraries, and the extras that install them."""

from speechgan.utils.errors import SpeechganError

EXTRAS = {
    "aiohttp": "shards",
    "fastapi": "serve",
    "fsspec": "shards",
    "gradio": "demo",
    "huggingface_hub": "hub",
    "optuna": "sweep",
    "pocketsphinx": "words",
    "pyarrow": "ray",
    "ray": "ray",
    "s3fs": "ray",
    "uvicorn": "serve",
}
"""The extra that installs a library, by its import name; `train` for all others."""

ALONE = {"gcsfs": "gcsfs"}
"""Packages that no extra installs, by their import names."""


def missing_extra(library: str, what: str) -> SpeechganError:
    """The error for a library that is not installed.

    Args:
        library: its import name.
        what: needs it.
    """
    package = ALONE.get(library) or f"'speechgan[{EXTRAS.get(library, 'train')}]'"
    return SpeechganError(f"{what}: needs {library}, which is not installed; pip install {package}")
