"""`speechgan models`: what `--model` takes."""

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    show = actions.add_parser("show", help="print a model's card: data, licence, scores")
    show.add_argument("name", metavar="NAME|DIR", help="a listed name, or a model folder")


def run(arguments: argparse.Namespace) -> int:
    """Prints; the exit code.

    Raises:
        SpeechganError: no such model, or a damaged one.
    """
    from speechgan.pretrained.folder import find_model, list_models, load_card

    if arguments.action == "show":
        print(load_card(find_model(arguments.name)).strip())
        return 0
    print(f"{'name':16}{'task':10}{'rate, Hz':>9}{'weights':>11}{'size, MB':>10}  about")
    for name in list_models():
        print(_describe(name))
    return 0


def _describe(name: str) -> str:
    from speechgan.pretrained.folder import count_weights, find_model, load_config, load_summary

    folder = find_model(name)
    config = load_config(folder)
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    about = load_summary(folder)
    rate, weights = config["sample_rate"], count_weights(folder)
    return f"{name:16}{config['task']:10}{rate:9}{weights:11,}{size:10.1f}  {about}"
