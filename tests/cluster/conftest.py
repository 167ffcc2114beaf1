"""A store of objects on this machine, and a small Ray beside it."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
# Not imported yet: what it asks of the environment while it is, `connect` has to say.
if importlib.util.find_spec("ray") is None:
    pytest.skip("needs the extra ray", allow_module_level=True)


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """URL of an empty bucket of a server that keeps it in memory."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "anybody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        # Ray's workers give way to all else, such as other tests.
        patch.setenv("RAY_worker_niceness", "0")
        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("sounds")
        yield "s3://sounds"
    server.stop()


@pytest.fixture(scope="session")
def ray_here(bucket: str) -> Iterator[None]:
    """Ray for two workers, which commands of this process find; it knows the store's address."""
    from speechgan.cluster.connection import connect

    with connect("local", 2):
        yield
