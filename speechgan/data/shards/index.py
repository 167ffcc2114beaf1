"""The index of shards: the place of each recording, so that each can be read alone."""

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
    """One file in a shard: a recording, or a text file that belongs to recordings.

    Attributes:
        recording: the row of a manifest; without a role if no folder names one, and without
            duration and rate if it is no readable sound.
        samples: exact length of a channel.
        shard: name of the tar file.
        offset: of its first byte in the tar file.
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
    """All shards of a corpus and all files in them.

    Attributes:
        shards: in the order of their names.
        entries: in the order in which a scan of the original folder finds them.
    """

    shards: Sequence[Shard]
    entries: Sequence[Entry]


COLUMNS = [f.name for f in fields(Recording)] + [f.name for f in fields(Entry)[1:]]


def format_index(index: Index) -> str:
    """An index as JSON, with a line for each shard and each entry."""
    shards = ",\n".join(json.dumps(asdict(shard)) for shard in index.shards)
    rows = ",\n".join(json.dumps([*astuple(e.recording), *astuple(e)[1:]]) for e in index.entries)
    return (
        f'{{"version": {VERSION},\n"shards": [\n{shards}],\n'
        f'"columns": {json.dumps(COLUMNS)},\n"files": [\n{rows}]}}\n'
    )


def parse_index(text: str | bytes, name: str) -> Index:
    """The inverse of `format_index`.

    Args:
        text: of the index.
        name: of the index in error messages.

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
