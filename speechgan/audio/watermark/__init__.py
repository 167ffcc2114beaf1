"""An inaudible watermark by which converted speech can be recognised."""

from speechgan.audio.watermark.detection import SHORTEST_SECONDS, Detection, detect, detect_blocks
from speechgan.audio.watermark.embedding import Embedder, embed, embed_blocks

__all__ = [
    "SHORTEST_SECONDS",
    "Detection",
    "Embedder",
    "detect",
    "detect_blocks",
    "embed",
    "embed_blocks",
]
