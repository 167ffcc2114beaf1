"""Reads bytes of files, from a disk, or over a network by fsspec."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from speechgan.utils.errors import SpeechganError
from speechgan.utils.extras import missing_extra

WAITS = (0.5, 2.0, 8.0)
"""Seconds to wait before each retry of a failed request."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Storage:
    """A folder, on a disk or behind a URL.

    Attributes:
        root: path, or URL such as `https://host/folder` or `s3://bucket/folder`.
    """

    root: str

    @property
    def remote(self) -> bool:
        """Whether it is a URL."""
        return "://" in self.root

    def place(self, name: str) -> str:
        """Path or URL of a file in it."""
        return f"{self.root.rstrip('/')}/{name}"

    def read(self, name: str) -> bytes:
        """A whole file.

        Raises:
            SpeechganError: it cannot be read; over a network, not at the fourth attempt either.
        """
        return self._fetch(name, None, None)

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """So many bytes of a file.

        Raises:
            SpeechganError: as `read`; the file is too short, or its server does not support ranges.
        """
        data = self._fetch(name, start, start + size) if size else b""
        if len(data) > size:
            raise SpeechganError(
                f"{self.place(name)}: the server sends whole files only; take one that answers "
                "range requests, or copy the shards to a disk"
            )
        if len(data) < size:
            raise SpeechganError(
                f"{self.place(name)}: cut short, {len(data)} of {size} bytes at {start}; "
                "copy this shard anew"
            )
        return data

    def _fetch(self, name: str, start: int | None, stop: int | None) -> bytes:
        place = self.place(name)
        try:
            return self._request(place, start, stop) if self.remote else _read(place, start, stop)
        except FileNotFoundError:
            raise SpeechganError(
                f"{place}: no such file; check the address, or copy it there anew"
            ) from None
        except PermissionError:
            raise SpeechganError(f"{place}: access is denied; check permissions or keys") from None
        except OSError as error:
            raise SpeechganError(
                f"{place}: cannot be read ({error.strerror or error}); check the disk"
            ) from None

    def _request(self, place: str, start: int | None, stop: int | None) -> bytes:
        for wait in (*WAITS, None):
            try:
                return _cat(place, start, stop)
            except (SpeechganError, FileNotFoundError, PermissionError):
                raise
            except Exception as error:  # each kind of storage has errors of its own
                reason = " ".join(str(error).split()) or type(error).__name__
            if wait is not None:
                log.warning("%s: %s; once more in %g s", place, reason, wait)
                time.sleep(wait)
        raise SpeechganError(
            f"{place}: cannot be read, {len(WAITS) + 1} attempts failed ({reason}); "
            "check network and address; a training goes on with --resume"
        )


def _read(place: str, start: int | None, stop: int | None) -> bytes:
    with Path(place).open("rb") as file:
        file.seek(start or 0)
        return file.read(-1 if stop is None else stop - (start or 0))


def _cat(place: str, start: int | None, stop: int | None) -> bytes:
    try:
        import fsspec
    except ImportError:
        raise missing_extra("fsspec", place) from None
    try:
        system, path = fsspec.core.url_to_fs(place)
    except ImportError as error:
        protocol = place.partition("://")[0]
        if protocol in ("http", "https"):
            raise missing_extra("aiohttp", place) from None
        raise SpeechganError(f"{place}: fsspec lacks a library for {protocol} ({error})") from None
    except ValueError as error:
        raise SpeechganError(f"{place}: {error}; use https://, s3:// or the like") from None
    content: bytes = system.cat_file(path, start=start, end=stop)
    return content
