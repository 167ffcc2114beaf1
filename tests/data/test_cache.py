import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.data.cache import WaveStore
from speechgan.data.manifest import scan
from speechgan.utils.errors import SpeechganError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A second of a tone at 44.1 kHz in stereo, and a little noise at 16 kHz."""
    folder = tmp_path / "data" / "speech"
    folder.mkdir(parents=True)
    tone = np.sin(2 * np.pi * 1000 / 44100 * np.arange(44100))
    soundfile.write(folder / "a.wav", np.stack([0.5 * tone, 0.1 * tone], 1), 44100, "PCM_24")
    noise = np.random.default_rng(0).normal(0, 0.1, 8000)
    soundfile.write(folder / "b.flac", noise, 16000)
    return tmp_path / "data"


def open_store(root: Path) -> WaveStore:
    return WaveStore(scan(root), root, 16000, root.parent / "cache")


def test_recordings_come_back_mono_at_one_rate(root):
    store = open_store(root)
    assert list(store.lengths) == [16000, 8000]
    tone = 0.3 * np.sin(2 * np.pi * 1000 / 16000 * np.arange(16000))
    assert store[0][100:-100] == pytest.approx(tone[100:-100], abs=2e-3)
    noise, _ = soundfile.read(root / "speech" / "b.flac")
    assert store[1] == pytest.approx(noise, abs=1e-4)
    assert np.array_equal(store.crop(1, 7990, 100), store[1][7990:])


def test_what_is_decoded_is_kept_until_a_recording_changes(root):
    first = open_store(root)
    time = first.path.stat().st_mtime_ns
    assert open_store(root).path.stat().st_mtime_ns == time
    soundfile.write(root / "speech" / "b.flac", np.zeros(4000), 16000)
    changed = open_store(root)
    assert changed.path != first.path and not changed[1].any()


def test_a_corpus_need_not_fit_into_memory(root):
    for number in range(20):
        wave = np.random.default_rng(number).normal(0, 0.1, 160000)
        soundfile.write(root / "speech" / f"long{number}.wav", wave, 16000)
    tracemalloc.start()
    try:
        store = open_store(root)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert store.lengths.sum() == 20 * 160000 + 24000 and peak < store.lengths.sum()
    everything = np.load(store.path)
    assert np.array_equal(everything[-160000:] / 32768, store[len(store) - 1])


@pytest.mark.parametrize("kept", [0, 100, 5000])
def test_a_damaged_cache_is_decoded_anew(root, kept):
    first = open_store(root)
    expected = first[1]
    first.path.write_bytes(first.path.read_bytes()[:kept])
    assert np.array_equal(open_store(root)[1], expected)


def test_what_cannot_be_read_is_left_out_and_named_every_time(root, caplog):
    whole = open_store(root)
    rows = scan(root)
    soundfile.write(root / "speech" / "aa.wav", np.full(100, np.nan), 16000, "FLOAT")
    (root / "speech" / "c.wav").write_bytes(b"")
    (root / "speech" / "d.wav").symlink_to("gone.wav")
    for _ in range(2):  # decoded, then looked up
        caplog.clear()
        store = open_store(root)
        assert store.recordings == rows and store.kept.tolist() == [True, False, True, False, False]
        assert all(np.array_equal(store[n], whole[n]) for n in range(2))
        for name, reason in (("aa", "NaN"), ("c", "empty"), ("d", "gone")):
            assert [f"{name}.wav: " in m and reason in m for m in caplog.messages].count(True) == 1
    soundfile.write(root / "speech" / "c.wav", np.zeros(50), 16000)
    assert len(open_store(root)) == 3


def test_nothing_that_can_be_read_is_an_error(root):
    for path in (root / "speech").iterdir():
        path.write_bytes(b"no sound")
    with pytest.raises(SpeechganError, match="none of the 2 speech recordings can be read"):
        open_store(root)


@pytest.mark.parametrize("kept", [None, 0, 5000])
def test_a_cache_that_goes_away_later_is_one_line(root, kept):
    store = open_store(root)
    content = store.path.read_bytes()
    store.path.unlink()
    if kept is not None:
        store.path.write_bytes(content[:kept])
    with pytest.raises(SpeechganError, match=r"\.npy: decoded recordings are gone or damaged"):
        store.crop(1, 0, 100)


def test_a_cache_that_cannot_be_written_is_named(root):
    (root.parent / "cache").touch()
    with pytest.raises(SpeechganError, match=r": cannot be written.*data\.cache=DIR"):
        open_store(root)


def test_what_a_killed_run_left_half_decoded_is_removed_in_time(root):
    left = root.parent / "cache" / ".0.npy.99999.part"
    left.parent.mkdir()
    left.touch()
    os.utime(left, (0, 0))
    open_store(root)
    assert not left.exists()
