"""GANs for speech: enhancement and voice conversion on spectrograms as images."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Converter", "Enhancer", "__version__"]

if TYPE_CHECKING:
    from speechgan.inference.conversion.converter import Converter
    from speechgan.inference.enhancement.enhancer import Enhancer


def __getattr__(name: str) -> Any:
    """Import what needs torch on first use, so that `import speechgan` itself is fast."""
    if name == "Enhancer":
        from speechgan.inference.enhancement.enhancer import Enhancer

        return Enhancer
    if name == "Converter":
        from speechgan.inference.conversion.converter import Converter

        return Converter
    raise AttributeError(f"module 'speechgan' has no attribute {name!r}")
