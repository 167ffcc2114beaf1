"""GANs for speech: enhancement, voice conversion and generation on spectrograms as images."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# From 1.32 on, onnxruntime tells its makers about each graph that it opens, and keeps a number of
# the machine for it, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["Converter", "Enhancer", "Generator", "Restorer", "SpeechganError", "__version__"]

if TYPE_CHECKING:
    from speechgan.inference.conversion.converter import Converter
    from speechgan.inference.enhancement.enhancer import Enhancer
    from speechgan.inference.generation.generator import Generator
    from speechgan.inference.restorer import Restorer
    from speechgan.utils.errors import SpeechganError

_MODULES = {
    "Converter": "speechgan.inference.conversion.converter",
    "Enhancer": "speechgan.inference.enhancement.enhancer",
    "Generator": "speechgan.inference.generation.generator",
    "Restorer": "speechgan.inference.restorer",
    "SpeechganError": "speechgan.utils.errors",
}


def __getattr__(name: str) -> Any:
    """Imports what is asked for, and not before, so that `import speechgan` itself is fast."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'speechgan' has no attribute {name!r}")
