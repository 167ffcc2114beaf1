"""The present visitors: their work, which they may stop, and their files until they leave."""

import html
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock

import gradio as gr

from speechgan.inference.sound_files import Progress
from speechgan.utils.errors import SpeechganError

# Gradio replaces this default argument in each call, so all functions can share it.
BAR = gr.Progress()
STOPPED = '<p role="status">Stopped.</p>'


class StoppedError(Exception):
    """The visitor has stopped the work."""


class Visits:
    """The visitors of a page, by Gradio's session of each browser tab.

    Args:
        folder: of their files; nothing else is written there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stops: dict[str, Event] = {}
        self._uploads: dict[str, set[Path]] = {}
        self._answers: dict[tuple[str, str], Path] = {}
        self._lock = Lock()

    def note(self, upload: str | None, request: gr.Request) -> None:
        """Assigns an upload to its visitor."""
        if upload is not None:
            with self._lock:
                self._uploads.setdefault(request.session_hash or "", set()).add(Path(upload))

    def begin(self, visitor: str) -> Event:
        """Registers work of a visitor; the work should end soon after the returned event is set."""
        with self._lock:
            return self._stops.setdefault(visitor, Event())

    def make_folder(self, visitor: str, tab: str) -> Path:
        """Makes a folder for a result; the previous one of the same tab of the page is removed."""
        made = Path(tempfile.mkdtemp(prefix="answer-", dir=self.folder))
        with self._lock:
            before = self._answers.pop((visitor, tab), None)
            self._answers[visitor, tab] = made
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)
        return made

    def stop(self, request: gr.Request) -> str:
        """Stops a visitor's work; a message as HTML."""
        with self._lock:
            stop = self._stops.pop(request.session_hash or "", None)
        if stop is not None:
            stop.set()
        return STOPPED

    def end(self, request: gr.Request) -> None:
        """Stops a visitor's work, and removes their uploads and results."""
        self.stop(request)
        visitor = request.session_hash or ""
        with self._lock:
            answers = [self._answers.pop(key) for key in list(self._answers) if key[0] == visitor]
            uploads = self._uploads.pop(visitor, set())
            # Gradio stores equal uploads of several visitors once.
            uploads -= set().union(*self._uploads.values())
        for path in answers:
            shutil.rmtree(path, ignore_errors=True)
        for path in uploads:
            shutil.rmtree(path.parent, ignore_errors=True)


def report(bar: gr.Progress, total: float, stop: Event) -> Progress:
    """A function that shows the progress of some work on the page, and ends stopped work.

    Args:
        bar: of the page.
        total: seconds of sound to process.
        stop: if set, the next report raises StoppedError.
    """
    done = 0.0

    def tell(seconds: float) -> None:
        nonlocal done
        if stop.is_set():
            raise StoppedError
        done += seconds
        bar(min(1.0, done / total), desc=f"{done:.0f} of {total:.0f} s of sound")

    return tell


@contextmanager
def plain_errors(folder: Path) -> Iterator[None]:
    """Shows errors that a visitor can remedy on the page, without the server's folder names."""
    try:
        yield
    except StoppedError:
        raise gr.Error("Stopped.", title="", print_exception=False) from None
    except SpeechganError as error:
        plain = re.sub(rf"{re.escape(str(folder))}/[^/]+/", "", str(error))
        # The message is HTML, and a visitor chooses the names of files.
        raise gr.Error(html.escape(plain), duration=None, print_exception=False) from None
