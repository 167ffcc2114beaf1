"""`speechgan data fetch`: fetches a public corpus, after showing its licence and size."""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    from speechgan.data.corpora.catalogue import Corpus
    from speechgan.data.corpora.fetch import Fetch

EPILOG = """\
examples:
  speechgan data fetch                            what there is
  speechgan data fetch voicebank -o DIR           asks, then fetches; again, after whatever ended it
  speechgan data fetch librispeech-100 -o DIR --yes --mirror https://openslr.elda.org/resources/12

Proxies are those of the environment: HTTP_PROXY, HTTPS_PROXY, NO_PROXY.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("corpus", nargs="?", metavar="CORPUS", help="which; lists them if none is named")
    add("-o", "--output", type=Path, metavar="DIR", help="where to (default: ./CORPUS)")
    add("--list", action="store_true", help="list what there is, and fetch nothing")
    add("--yes", action="store_true", help="do not ask")
    add("--keep-archives", action="store_true", help="keep what was downloaded, in DIR/archives")
    add("--mirror", metavar="URL", help="another server's folder with the same archives")


def run(arguments: argparse.Namespace) -> int:
    """Fetches, or lists; the exit code.

    Raises:
        SpeechganError: no such corpus, no space, no terminal to ask on, or a failed download.
    """
    from speechgan.data.corpora.fetch import Fetch, find_corpus

    if arguments.list or arguments.corpus is None:
        return _list()
    corpus = find_corpus(arguments.corpus)
    folder = arguments.output or Path(arguments.corpus)
    fetch = Fetch(corpus, folder, arguments.mirror, arguments.keep_archives)
    if fetch.pending:
        print(_describe(fetch))
        fetch.require_space()
        if not arguments.yes and not _ask(corpus, fetch.to_download):
            print("nothing is fetched")
            return 1
        try:
            fetch.run(_watch)
        except KeyboardInterrupt:
            print(
                f"speechgan: what is there stays in {fetch.archives}; the same command goes on",
                file=sys.stderr,
            )
            raise
    elif not fetch.about.exists():  # an earlier run was interrupted before writing it
        fetch.write_about()
    print(f"{corpus.name} is complete in {folder}; use it with:")
    for command in corpus.then:
        print(f"  {command.format(dir=shlex.quote(str(folder)))}")
    return 0


def _list() -> int:
    from speechgan.data.corpora.catalogue import CORPORA

    print(f"{'corpus':17}{'download':>9}{'on disk':>9}  {'licence':15}about")
    for corpus in CORPORA.values():
        sizes = (sum(x) for x in zip(*((a.size, a.unpacked) for a in corpus.archives), strict=True))
        download, disk = (f"{size / 1e9:.1f} GB" for size in sizes)
        licence, *more = corpus.licence.split(" (")
        licence += " (*)" if more else ""
        print(f"{corpus.name:17}{download:>9}{disk:>9}  {licence:15}{corpus.title}")
    print("(*) there is more to say, which is said before it is fetched")
    return 0


def _describe(fetch: "Fetch") -> str:
    """Licence, size and checks of a download, shown before it begins."""
    corpus = fetch.corpus
    unchecked = [archive.name for archive in corpus.archives if not archive.md5]
    checks = f"{len(corpus.archives) - len(unchecked)} MD5 that the publisher gives"
    if unchecked:
        checks = f"no checksum is published of {', '.join(unchecked)}: completeness and CRCs alone"
    facts = {
        "licence": corpus.licence,
        "cite": corpus.attribution,
        "page": corpus.page,
        "download": f"{fetch.to_download / 1e9:.2f} GB in {len(fetch.pending)} archives",
        "on disk": f"about {fetch.to_unpack / 1e9:.2f} GB; {fetch.needed / 1e9:.2f} GB on the way",
        "folder": f"{fetch.folder.absolute()}, {fetch.count_free() / 1e9:.1f} GB free",
        "checked": checks,
    }
    return "\n".join((corpus.title, *(f"  {name:10}{fact}" for name, fact in facts.items())))


def _ask(corpus: "Corpus", size: int) -> bool:
    if not sys.stdin.isatty():
        raise SpeechganError(
            f"{corpus.name}: nobody here to ask whether to fetch {size / 1e9:.2f} GB; say --yes"
        )
    try:
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


@contextmanager
def _watch(label: str, total: int) -> Iterator[Callable[[int], None]]:
    from tqdm import tqdm

    with tqdm(desc=label, total=total, unit="B", unit_scale=True, leave=False, disable=None) as bar:

        def move(there: int) -> None:
            bar.update(there - bar.n)

        yield move
