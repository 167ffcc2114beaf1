"""onnxruntime-web, by which a browser runs models: downloaded once, checked, and cached.

It is neither in the repository nor in the wheel, of which its 14 MB would be the greater part. It
comes from a tarball of one version in the npm registry, whose checksum is here.
"""

import base64
import hashlib
import http.client
import os
import tarfile
import tempfile
import urllib.request
import zlib
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from speechgan.utils.caches import cache_folder
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import replace_folder

VERSION = "1.30.0"
INTEGRITY = (
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
"""SHA-512 of the tarball, as in the registry."""
REGISTRY = "https://registry.npmjs.org"
FILES = {"ort.wasm.bundle.min.mjs": 2**20, "ort-wasm-simd-threaded.wasm": 2**25}
"""Files of the tarball's `package/dist` that are used, and their greatest sizes in bytes."""
LARGEST_TARBALL = 40_000_000
LICENSE = Path(__file__).parent / "static" / "onnxruntime_license.txt"
SECONDS = 30.0
"""Timeout of a connection without data."""
PIECE = 2**16


def runtime_folder() -> Path:
    """Its folder in the cache."""
    return cache_folder() / f"onnxruntime-web-{VERSION}"


def find_runtime() -> Path | None:
    """Its folder, or None if it was not downloaded."""
    folder = runtime_folder()
    return folder if all((folder / name).is_file() for name in FILES) else None


def fetch_runtime() -> Path:
    """Its folder, downloaded if it does not exist.

    Raises:
        SpeechganError: the registry cannot be reached, has another file than was pinned, or the
            folder cannot be written.
    """
    found = find_runtime()
    if found is not None:
        return found
    registry = os.environ.get("npm_config_registry") or REGISTRY  # noqa: SIM112, npm's own
    url = f"{registry.rstrip('/')}/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
    if urlsplit(url).scheme not in ("http", "https"):
        raise SpeechganError(f"npm_config_registry {registry}: must begin with https://")
    folder = runtime_folder()
    with tempfile.TemporaryFile() as tarball:
        _download(url, tarball)
        with replace_folder(folder) as beside:
            _unpack(url, tarball, beside)
            (beside / "LICENSE").write_bytes(LICENSE.read_bytes())
    return folder


def _download(url: str, tarball: IO[bytes]) -> None:
    """Downloads and checks the tarball; the file's position is its beginning again."""
    digest, length = hashlib.sha512(), 0
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            while piece := answer.read(PIECE):
                length += len(piece)
                if length > LARGEST_TARBALL:
                    raise SpeechganError(f"{url}: larger than {LARGEST_TARBALL} bytes; not used")
                digest.update(piece)
                tarball.write(piece)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise SpeechganError(
            f"{url}: cannot be fetched ({reason}); try again with a network, or set "
            "npm_config_registry"
        ) from None
    if base64.b64encode(digest.digest()).decode() != INTEGRITY:
        raise SpeechganError(
            f"{url}: its SHA-512 is not the one that is known, after {length} bytes; not used, try "
            "again or another npm_config_registry"
        )
    tarball.seek(0)


def _unpack(url: str, tarball: IO[bytes], folder: Path) -> None:
    """Extracts `FILES` from the tarball, and nothing else."""
    missing = {f"package/dist/{name}": name for name in FILES}
    try:
        with tarfile.open(fileobj=tarball, mode="r|gz") as archive:
            for member in archive:
                name = missing.pop(member.name, None)
                if name is None:
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or member.size > FILES[name]:
                    raise SpeechganError(f"{url}: {name} is no file of a size to be used; not used")
                (folder / name).write_bytes(content.read())
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # an error of the disk, which the caller reports
        raise SpeechganError(f"{url}: no whole tarball ({error}); not used") from None
    if missing:
        raise SpeechganError(f"{url}: lacks {', '.join(missing.values())}; not used")
