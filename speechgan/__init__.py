"""GANs for speech: enhancement, voice conversion and generation on spectrograms as images."""

import os
from typing import TYPE_CHECKING, Any

# From 1.32 on, onnxruntime tells its makers about each graph that it opens, and keeps a number of
# the machine for it, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["Converter", "Enhancer", "Generator", "Restorer", "__version__"]

if TYPE_CHECKING:
    from speechgan.inference.conversion.converter import Converter
    from speechgan.inference.enhancement.enhancer import Enhancer
    from speechgan.inference.generation.generator import Generator
    from speechgan.inference.restorer import Restorer


def __getattr__(name: str) -> Any:
    """Import what needs torch on first use, so that `import speechgan` itself is fast."""
    if name == "Enhancer":
        from speechgan.inference.enhancement.enhancer import Enhancer

        return Enhancer
    if name == "Converter":
        from speechgan.inference.conversion.converter import Converter

        return Converter
    if name == "Generator":
        from speechgan.inference.generation.generator import Generator

        return Generator
    if name == "Restorer":
        from speechgan.inference.restorer import Restorer

        return Restorer
    raise AttributeError(f"module 'speechgan' has no attribute {name!r}")
