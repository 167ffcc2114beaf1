"""The summary of a bulk job, a table of its files: Parquet for programs, HTML for people."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import Any

from speechgan.utils.files import encode_text
from speechgan.utils.places import Place

PARQUET, HTML = "summary.parquet", "summary.html"

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 14px sans-serif; margin: 2em }}
table {{ border-collapse: collapse }}
td, th {{ border-bottom: 1px solid #ccc; padding: 2px 8px; text-align: left }}
.failed td {{ background: #fdd }}
</style>
<h1>{title}</h1>
<table>
<tr>{head}</tr>
{rows}
</table>
</html>
"""


@dataclass(frozen=True)
class Row:
    """A file; unknown values are None.

    Attributes:
        input: source.
        output: target.
        seconds: of sound.
        sample_rate: of the output, in Hz.
        channels: of the output.
        elapsed: processing time, in seconds.
        worker: its process and machine.
        error: why there is no output.
    """

    input: str
    output: str
    seconds: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    elapsed: float | None = None
    worker: str | None = None
    error: str | None = None


def write_summary(folder: Place, rows: Sequence[Row], title: str) -> None:
    """Writes both tables into a folder.

    Raises:
        SpeechganError: they cannot be written there.
    """
    (folder / PARQUET).write(_format_parquet(rows))
    (folder / HTML).write(encode_text(_format_html(rows, title)))


def read_summary(folder: Place) -> dict[str, Row]:
    """Rows by output of an earlier run's summary; none without one."""
    from pyarrow import parquet
    from pyarrow.lib import ArrowException

    data = (folder / PARQUET).read()
    if data is None:
        return {}
    try:
        found: list[dict[str, Any]] = parquet.read_table(io.BytesIO(data)).to_pylist()
        rows = [Row(**row) for row in found]
    except (ArrowException, TypeError):  # no table of ours; it is replaced
        return {}
    return {row.output: row for row in rows}


def _format_parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    kinds: Mapping[str, Any] = {
        "seconds": pyarrow.float64(),
        "elapsed": pyarrow.float64(),
        "sample_rate": pyarrow.int64(),
        "channels": pyarrow.int64(),
    }
    names = [field.name for field in fields(Row)]
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in names])
    buffer = io.BytesIO()
    # Parquet, too, refuses file names that are not valid text.
    records = [
        {k: encode_text(v).decode() if isinstance(v, str) else v for k, v in asdict(row).items()}
        for row in rows
    ]
    parquet.write_table(pyarrow.Table.from_pylist(records, schema), buffer)
    return buffer.getvalue()


def _format_html(rows: Sequence[Row], title: str) -> str:
    names = [field.name for field in fields(Row)]
    lines = []
    for row in rows:
        values = asdict(row).values()
        cells = "".join(f"<td>{'' if v is None else escape(str(v))}</td>" for v in values)
        lines.append(f"<tr{' class=failed' * bool(row.error)}>{cells}</tr>")
    head = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in names)
    return _PAGE.format(title=escape(title), head=head, rows="\n".join(lines))
