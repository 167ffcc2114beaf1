"""The index of shards: where in them each recording lies, so that each can be read alone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields

from speechgan.data.manifest import Recording
from speechgan.utils.errors import SpeechganError

INDEX = "shards.json"
VERSION = 1
REMEDY = "copy shards and index anew, together, or make them with `speechgan data shard`"


@dataclass(frozen=True)
class Shard:
    """One tar file.

    Attributes:
        name: of the file, beside the index.
        size: in bytes.
        sha256: of the file, as `sha256sum` prints it.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """One file in a shard: a recording, or a text beside recordings.

    Attributes:
        recording: the row of a manifest; without a role where no folder names one, and without
            duration and rate where it holds no sound that can be read.
        samples: length of a channel, exact.
        shard: name of the tar file.
        offset: of its first byte in there.
        size: in bytes.
        sha256: of these bytes.
    """

    recording: Recording
    samples: int
    shard: str
    offset: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Index:
    """All shards of a corpus and everything in them, in the order of the folder they are made of.

    Attributes:
        shards: in the order of their names.
        entries: in the order in which a scan of the folder finds them.
    """

    shards: Sequence[Shard]
    entries: Sequence[Entry]


COLUMNS = [f.name for f in fields(Recording)] + [f.name for f in fields(Entry)[1:]]


def format_index(index: Index) -> str:
    """The text of an index, a line for each shard and each entry."""
    shards = ",\n".join(json.dumps(asdict(shard)) for shard in index.shards)
    rows = ",\n".join(json.dumps([*astuple(e.recording), *astuple(e)[1:]]) for e in index.entries)
    return (
        f'{{"version": {VERSION},\n"shards": [\n{shards}],\n'
        f'"columns": {json.dumps(COLUMNS)},\n"files": [\n{rows}]}}\n'
    )


def parse_index(text: str | bytes, name: str) -> Index:
    """What `format_index` wrote.

    Args:
        text: of the index.
        name: what to call it in the message.

    Raises:
        SpeechganError: no index, one of another version, or one that contradicts itself.
    """
    try:
        content = json.loads(text)
        version, columns = content["version"], content["columns"]
        if (version, columns) != (VERSION, COLUMNS):
            raise SpeechganError(f"{name}: an index of version {version}, not {VERSION}; {REMEDY}")
        shards = [Shard(**shard) for shard in content["shards"]]
        count = len(fields(Recording))
        entries = [Entry(Recording(*row[:count]), *row[count:]) for row in content["files"]]
        ends = {shard.name: shard.size for shard in shards}
        fits = all(0 <= e.offset <= e.offset + e.size <= ends[e.shard] for e in entries)
    except (ValueError, TypeError, KeyError) as error:
        raise SpeechganError(f"{name}: not an index of shards ({error!r}); {REMEDY}") from None
    if not fits:
        raise SpeechganError(f"{name}: places recordings outside its shards; {REMEDY}")
    return Index(shards, entries)
