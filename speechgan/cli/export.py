"""`speechgan export`: writes a model as ONNX, to run without PyTorch."""

import argparse
import sys
from pathlib import Path

from speechgan.cli.arguments import refuse_existing

EPILOG = """\
examples:
  speechgan export runs/mine/best                     from then on it needs no PyTorch
  speechgan export default --onnx enhancer.onnx       one file, for other programs

Of a causal enhancer the file holds one frame and its state: examples/enhance_onnx.py runs it with
NumPy and onnxruntime. Enhancers that hear ahead and converters are written as they are.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("model", metavar="NAME|DIR", help="an enhancer or a converter")
    parser.add_argument(
        "--onnx",
        type=Path,
        metavar="F",
        help="a file to write (default: into the model folder)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(arguments: argparse.Namespace) -> int:
    """Writes the file, or those of the model folder.

    Raises:
        SpeechganError: no such model, one that cannot be exported, or a file cannot be written.
    """
    from speechgan.inference.export import make_graphs, write_graph
    from speechgan.pretrained.folder import find_model
    from speechgan.pretrained.loading import load_model

    folder = find_model(arguments.model)
    graphs = make_graphs(load_model(arguments.model))
    targets = {folder / name: graph for name, graph in graphs.items()}
    if arguments.onnx:
        targets = {arguments.onnx: next(iter(graphs.values()))}
    refuse_existing(targets, arguments.overwrite)
    for path, graph in targets.items():
        write_graph(graph, path)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    return 0
