"""What the package can do once more libraries are installed beside it."""

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
"""The extra that installs a library, by the name under which that is imported; else `train`."""

ALONE = {"gcsfs": "gcsfs"}
"""Packages that no extra holds, likewise."""


def missing_extra(library: str, what: str) -> SpeechganError:
    """The error where a library is not installed.

    Args:
        library: as it is imported.
        what: what needs it.
    """
    package = ALONE.get(library) or f"'speechgan[{EXTRAS.get(library, 'train')}]'"
    return SpeechganError(f"{what}: needs {library}, which is not installed; pip install {package}")
