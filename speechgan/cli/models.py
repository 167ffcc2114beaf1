"""`speechgan models`: lists, shows, saves and uploads models."""

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.description = "Without an ACTION, list the models that --model takes."
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    show = actions.add_parser("show", help="print a model's card: data, licence, scores")
    save = actions.add_parser("save", help="write a model folder as the Hugging Face hub has it")
    push = actions.add_parser("push", help="put a model on the Hugging Face hub")
    for action in (show, save, push):
        action.add_argument(
            "name",
            metavar="NAME|DIR|OWNER/MODEL",
            help="a listed name, a model folder, or a model of the hub, OWNER/MODEL@REVISION",
        )
    save.add_argument("folder", metavar="DIR", help="where to")
    push.add_argument("repository", metavar="OWNER/MODEL", help="where to on the hub")
    push.add_argument("--revision", help="branch to put it on (default: main)")
    push.add_argument(
        "--private", action="store_true", default=None, help="a new repository is for you alone"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints, or writes; the exit code.

    Raises:
        SpeechganError: no such model, or a damaged one; it cannot be written, or put on the hub.
    """
    from speechgan.pretrained.folder import find_model, list_models, load_card

    if arguments.action == "show":
        print(load_card(find_model(arguments.name)).strip())
        return 0
    if arguments.action == "save":
        from speechgan.pretrained.hub import save_pretrained

        save_pretrained(arguments.name, arguments.folder)
        return 0
    if arguments.action == "push":
        from speechgan.pretrained.hub import push_to_hub

        where, revision = arguments.repository, arguments.revision
        print(push_to_hub(arguments.name, where, revision=revision, private=arguments.private))
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
