"""Who is here: their work, which they may stop, and their files, which go when they do."""

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

# Gradio fills it in by its default value, so that all functions can share one.
BAR = gr.Progress()
STOPPED = '<p role="status">Stopped.</p>'


class StoppedError(Exception):
    """The visitor does not wait for the answer any more."""


class Visits:
    """The visitors of a page, by the name that Gradio gives to each browser tab.

    Args:
        folder: where their files lie; nobody else writes there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stops: dict[str, Event] = {}
        self._uploads: dict[str, set[Path]] = {}
        self._answers: dict[tuple[str, str], Path] = {}
        self._lock = Lock()

    def note(self, upload: str | None, request: gr.Request) -> None:
        """Remembers whose a file is that has come."""
        if upload is not None:
            with self._lock:
                self._uploads.setdefault(request.session_hash or "", set()).add(Path(upload))

    def begin(self, visitor: str) -> Event:
        """The beginning of some work, which is to end soon after the event is set."""
        with self._lock:
            return self._stops.setdefault(visitor, Event())

    def make_folder(self, visitor: str, tab: str) -> Path:
        """For one answer; the one before, in the same tab of the page, is removed."""
        made = Path(tempfile.mkdtemp(prefix="answer-", dir=self.folder))
        with self._lock:
            before = self._answers.pop((visitor, tab), None)
            self._answers[visitor, tab] = made
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)
        return made

    def stop(self, request: gr.Request) -> str:
        """Ends what is being done for a visitor; what says so, as HTML."""
        with self._lock:
            stop = self._stops.pop(request.session_hash or "", None)
        if stop is not None:
            stop.set()
        return STOPPED

    def end(self, request: gr.Request) -> None:
        """Ends it, and removes all that a visitor has brought and got."""
        self.stop(request)
        visitor = request.session_hash or ""
        with self._lock:
            answers = [self._answers.pop(key) for key in list(self._answers) if key[0] == visitor]
            uploads = self._uploads.pop(visitor, set())
            # Gradio keeps one file for all who upload the same.
            uploads -= set().union(*self._uploads.values())
        for path in answers:
            shutil.rmtree(path, ignore_errors=True)
        for path in uploads:
            shutil.rmtree(path.parent, ignore_errors=True)


def report(bar: gr.Progress, total: float, stop: Event) -> Progress:
    """Shows on the page how far some work is, and ends it when nobody waits.

    Args:
        bar: of the page.
        total: seconds of sound to do.
        stop: ends the work.
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
    """Errors that a visitor can remedy become a message on the page, without our folders' names."""
    try:
        yield
    except StoppedError:
        raise gr.Error("Stopped.", title="", print_exception=False) from None
    except SpeechganError as error:
        plain = re.sub(rf"{re.escape(str(folder))}/[^/]+/", "", str(error))
        # The message is HTML, and the name of a file is whatever a visitor likes.
        raise gr.Error(html.escape(plain), duration=None, print_exception=False) from None
