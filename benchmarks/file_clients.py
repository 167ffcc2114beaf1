"""Files, good and bad, posted to a server, and what it answered; for benchmarks/service.py."""

import http.client
import io
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

SOUND = Path(__file__).parents[1] / "examples" / "noisy" / "p228_coffee-shop.flac"
AT_ONCE = 4
PATIENCE = 120.0
"""Seconds to wait for an answer."""


@dataclass(frozen=True)
class Kind:
    """A body, and what is to be answered to it.

    Attributes:
        make: the body, of a largest size in bytes that the server takes.
        status: of the answer.
        headers: of the request.
        chunked: whether to send it without telling its length.
    """

    make: Callable[[int], bytes]
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False


def _encode(kind: str) -> bytes:
    wave, rate = soundfile.read(SOUND, frames=16000, dtype="int16")
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=kind)
    return file.getvalue()


WAV, FLAC = _encode("WAV"), _encode("FLAC")
FORM = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + WAV + b"\r\n--x--\r\n"
KINDS = {
    "WAV, 1 s": Kind(lambda most: WAV, 200),
    "FLAC, 1 s": Kind(lambda most: FLAC, 200),
    "WAV, said to be JSON": Kind(lambda most: WAV, 200, {"Content-Type": "application/json"}),
    "WAV, cut in the middle": Kind(lambda most: WAV[: len(WAV) // 2], 200),
    "WAV, cut in its header": Kind(lambda most: WAV[:20], 422),
    "FLAC, cut in the middle": Kind(lambda most: FLAC[: len(FLAC) // 2], 422),
    "empty": Kind(lambda most: b"", 422),
    "no sound": Kind(lambda most: b"no sound at all " * 100, 422),
    "a form around a WAV": Kind(
        lambda most: FORM, 422, {"Content-Type": "multipart/form-data; boundary=x"}
    ),
    "too large": Kind(lambda most: bytes(most + 1), 413),
    "too large, of no told length": Kind(lambda most: bytes(most + 1), 413, {}, True),
}
Answer = tuple[str, int | None]


def post_all(
    port: int, numbers: Iterable[int], largest: int, names: Sequence[str] = tuple(KINDS)
) -> list[Answer]:
    """Posts files of all kinds in turn, some at once.

    Args:
        port: of a server on this machine.
        numbers: of the requests; which kind one is depends on its number alone.
        largest: body in bytes that the server takes.
        names: of the kinds.

    Returns:
        Of each its kind and the status of its answer, None if there was none.
    """

    def post(number: int) -> Answer:
        name = names[number % len(names)]
        return name, post_one(port, KINDS[name], largest)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(post, numbers))


def post_one(port: int, kind: Kind, largest: int) -> int | None:
    """The status of the answer to one file, None if there was none, or not a whole one."""
    body = kind.make(largest)
    sent = iter([body[:1000], body[1000:]]) if kind.chunked else body
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", "/enhance", sent, kind.headers, encode_chunked=kind.chunked)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
