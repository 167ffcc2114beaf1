"""`speechgan export`: a causal enhancer as one ONNX file."""

import argparse
import sys
from pathlib import Path

from speechgan.utils.errors import SpeechganError

NAME = "export"
HELP = "write a model as an ONNX file, to run without PyTorch"

EPILOG = """\
examples:
  speechgan export default --onnx enhancer.onnx
  speechgan export my-model --onnx my-model/model.onnx     what --engine onnx looks for

The file holds one frame and its state: examples/enhance_onnx.py runs it with NumPy and onnxruntime.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("model", metavar="NAME|DIR", help="a causal enhancer, such as default")
    parser.add_argument("--onnx", required=True, type=Path, metavar="F", help="the file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it exists")


def run(arguments: argparse.Namespace) -> int:
    """Writes the file.

    Raises:
        SpeechganError: no such model, one that is not causal, or the file cannot be written.
    """
    if arguments.onnx.exists() and not arguments.overwrite:
        raise SpeechganError(f"{arguments.onnx}: exists; use --overwrite to replace it")
    from speechgan.inference.export import export_onnx
    from speechgan.pretrained.loading import load_model

    export_onnx(load_model(arguments.model), arguments.onnx)
    print(f"{arguments.onnx}: {arguments.onnx.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    return 0
