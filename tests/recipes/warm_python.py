"""A Python that has done speechgan's imports: commands of recipes run in copies of it.

A recipe starts `speechgan` five to ten times, and each time most of ten seconds would go into
importing PyTorch and what stands on it.

    python warm_python.py SOCKET              waits for commands, as long as its parent lives
    python -S warm_python.py SOCKET WORD ...  does as `python WORD ...` would, in a copy of that one
"""

import gc
import importlib
import json
import os
import socket
import sys

PATIENCE = 2.0  # seconds between two looks at the parent
LOADED = (
    "speechgan.cli.evaluate",
    "speechgan.evaluation.conversion",
    "speechgan.evaluation.enhancement",
    "speechgan.evaluation.generation",
    "speechgan.evaluation.report",
    "speechgan.inference.export",
    "speechgan.inference.generation.generator",
    "speechgan.training.train",
    *("PIL.Image", "matplotlib.backends.backend_agg", "pesq", "pystoi", "torch.utils.tensorboard"),
)
"""What commands of recipes import."""


def load_all() -> None:
    """Does the imports, which the copies find done."""
    import librosa
    import numpy

    for name in LOADED:
        importlib.import_module(name)
    # librosa fetches the rest of itself when it is used.
    librosa.feature.melspectrogram(y=numpy.zeros(4096), sr=16000)
    librosa.sequence.dtw(numpy.eye(4), numpy.eye(4))
    # Or else collecting garbage would touch, and so copy, all that was imported.
    gc.freeze()


def serve(path: str) -> int:
    """Copies itself for each command; the exit code, in a copy that of its command."""
    parent = os.getppid()
    load_all()
    with socket.socket(socket.AF_UNIX) as listener:
        # Where it is looked for, it listens already.
        listener.bind(f"{path}.new")
        listener.listen()
        os.rename(f"{path}.new", path)
        listener.settimeout(PATIENCE)
        while os.getppid() == parent:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            if os.fork() == 0:
                listener.close()
                return work(connection)
            connection.close()
            while finished() > 0:
                pass
    return 0


def finished() -> int:
    """The number of a copy that has ended; 0 or less if none has."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return -1


def work(connection: socket.socket) -> int:
    """Becomes the process that asks: its folder, environment, files and words."""
    connection.settimeout(None)
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile() as lines:
        words, folder, environment = json.loads(lines.readline())
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code = run([word for word in words if word != "-P"])
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))
    return code


def run(words: list[str]) -> int:
    """`python WORD ...`, of a module, a text or a script."""
    import runpy
    import traceback

    from speechgan.cli.main import main

    try:
        if words[:2] == ["-m", "speechgan"]:
            return main(words[2:])
        if words[0] == "-c":
            exec(words[1], {"__name__": "__main__"})
        else:
            sys.argv = words
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def ask(path: str, words: list[str]) -> int:
    """Has a copy do it; the exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [b" "], [0, 1, 2])
        connection.sendall(json.dumps([words, os.getcwd(), dict(os.environ)]).encode() + b"\n")
        answer = connection.recv(1)
    return answer[0] if answer else 1


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]) if len(sys.argv) == 2 else ask(sys.argv[1], sys.argv[2:]))
