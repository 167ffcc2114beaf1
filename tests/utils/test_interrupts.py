"""Being told to end: at once, or after a call that must not be cut off."""

import os
import signal

import numpy as np
import pytest

from speechgan import audio
from speechgan.inference.sound_files import FilePair
from speechgan.utils import interrupts


@pytest.fixture(autouse=True)
def _heeded():
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupts.heed_interrupts()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_ends_after_what_must_not_be_cut_off(number, error):
    reached = []
    with pytest.raises(error), interrupts.put_off_interrupts():
        with interrupts.put_off_interrupts():
            os.kill(os.getpid(), number)
            reached.append("inner")
        reached.append("outer")
    assert reached == ["inner", "outer"]
    with pytest.raises(error):
        os.kill(os.getpid(), number)
        signal.sigtimedwait([], 1)  # the handler runs before this
    with interrupts.put_off_interrupts():
        pass  # nothing is pending any more


def test_an_interrupt_that_is_ignored_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.heed_interrupts()
    os.kill(os.getpid(), signal.SIGINT)


def test_nothing_stays_of_a_file_that_was_just_begun(tmp_path, monkeypatch):
    class Begun(audio.Writer):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            os.kill(os.getpid(), signal.SIGTERM)

    audio.write(tmp_path / "a.wav", np.zeros((1, 100), np.float32), 16000)
    monkeypatch.setattr(audio, "Writer", Begun)
    with pytest.raises(SystemExit), FilePair(tmp_path / "a.wav", tmp_path / "b.wav"):
        pass
    assert os.listdir(tmp_path) == ["a.wav"]
