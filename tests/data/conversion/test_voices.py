"""Folders of speakers: found, held out, analysed once, cut into batches."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.data.conversion import voice_cache
from speechgan.data.conversion.module import ConversionData
from speechgan.data.conversion.unpaired import AlignedCrops, UnpairedCrops
from speechgan.data.conversion.voice_cache import analyse_recordings, read_voice_wave
from speechgan.data.conversion.voices import scan_voices
from speechgan.features.world import World
from speechgan.utils.errors import SpeechganError


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_finds_speakers_and_splits(tmp_path: Path) -> None:
    touch(tmp_path, "bob/1.wav", "bob/more/2.flac", "bob/notes.txt", "empty/readme.md")
    touch(tmp_path, "amy/train/1.wav", "amy/val/2.wav", "amy/test/3.wav", ".hidden/1.wav")
    amy, bob = scan_voices(tmp_path)
    assert [p.name for p in (*amy.train, *amy.valid, *amy.test)] == ["1.wav", "2.wav", "3.wav"]
    assert len(bob.train) == len(bob.valid) == 1
    assert [s.name for s in scan_voices(tmp_path, ["bob", "amy"])] == ["bob", "amy"]


def test_the_same_sentences_are_held_out_of_everybody(tmp_path: Path) -> None:
    names = [f"{n:03}" for n in range(60)]
    touch(tmp_path, *(f"amy/{n}.wav" for n in names), *(f"bob/{n}.wav" for n in names[20:]))
    amy, bob = scan_voices(tmp_path, valid_fraction=0.2)
    held = {p.stem for p in amy.valid}
    assert 4 < len(held) < 22
    assert {p.stem for p in bob.valid} == held & set(names[20:])
    assert not held & {p.stem for p in (*amy.train, *bob.train)}


def test_equal_names_in_two_folders_are_two_sentences(tmp_path: Path) -> None:
    touch(tmp_path, "amy/train/one/1.wav", "amy/train/two/1.wav", "amy/train/1.wav", "bob/1.wav")
    amy, bob = scan_voices(tmp_path)
    names = {amy.sentence(path) for path in (*amy.train, *amy.valid)}
    assert names == {"one/1", "two/1", "1"} and bob.sentence(bob.train[0]) == "1"


def test_facts_come_from_a_table(tmp_path: Path) -> None:
    touch(tmp_path, "amy/1.wav", "bob/1.wav")
    (tmp_path / "speakers.csv").write_text("speaker,sex,language,licence\namy,f,English,CC0\n")
    amy, bob = scan_voices(tmp_path)
    assert (amy.sex, amy.language, amy.licence) == ("f", "English", "CC0")
    assert bob.licence == ""
    with pytest.raises(SpeechganError, match=r"gone\.csv: not readable"):
        scan_voices(tmp_path, about=tmp_path / "gone.csv")


def test_splits_are_no_speakers(tmp_path: Path) -> None:
    touch(tmp_path, "train/amy/1.wav", "test/amy/2.wav")
    with pytest.raises(SpeechganError, match=r"no speakers; put splits .*/alice/test/1\.wav"):
        scan_voices(tmp_path)
    touch(tmp_path, "amy/1.wav")
    assert [s.name for s in scan_voices(tmp_path)] == ["amy", "test", "train"]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpeechganError, match="no such folder"):
        scan_voices(tmp_path / "gone")
    with pytest.raises(SpeechganError, match=r"put each speaker's into a folder"):
        scan_voices(tmp_path)
    touch(tmp_path, "amy/1.wav")
    with pytest.raises(SpeechganError, match=r"of aemy \(did you mean amy\?\); found: amy"):
        scan_voices(tmp_path, ["aemy"])
    with pytest.raises(SpeechganError, match="no recordings of bob; found: amy"):
        scan_voices(tmp_path, ["bob"])


def test_what_a_killed_run_left_half_written_is_removed_in_time(
    voices_folder: Path, tmp_path: Path
) -> None:
    left = tmp_path / ".0.npz.99999.part"
    left.touch()
    os.utime(left, (0, 0))
    analyse_recordings(
        [voices_folder / "kerstin" / "kerstin_wind_0.wav"], World(f0="dio"), tmp_path
    )
    assert not left.exists()


def test_recordings_are_analysed_once_and_known_by_their_content(
    voices_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = voices_folder / "kerstin" / "kerstin_wind_0.wav"
    features = World(f0="dio")
    (first,) = analyse_recordings([path], features, tmp_path).values()
    moved = tmp_path / "elsewhere.wav"
    moved.write_bytes(path.read_bytes())
    monkeypatch.setattr(voice_cache, "_analyse", lambda *_: pytest.fail("analysed again"))
    (again,) = analyse_recordings([moved], features, tmp_path).values()
    assert np.array_equal(first.image, again.image) and np.array_equal(first.f0, again.f0)
    monkeypatch.undo()
    assert len(list(tmp_path.glob("*.npz"))) == 1
    analyse_recordings([path], World(f0="dio", coefficients=24), tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2


def end_process(*_: object) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def test_a_process_that_is_killed_is_one_error(
    voices_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted((voices_folder / "kerstin").iterdir())[:2]
    monkeypatch.setattr(voice_cache, "_analyse", end_process)
    with pytest.raises(SpeechganError, match=r"was killed, perhaps .* data\.workers=1"):
        analyse_recordings(paths, World(f0="dio"), tmp_path, workers=2)


def test_a_damaged_cache_is_mended(voices_folder: Path, tmp_path: Path) -> None:
    path = voices_folder / "kerstin" / "kerstin_wind_0.wav"
    (first,) = analyse_recordings([path], World(f0="dio"), tmp_path).values()
    (kept,) = tmp_path.glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:1000])
    (again,) = analyse_recordings([path], World(f0="dio"), tmp_path).values()
    assert np.array_equal(first.image, again.image)


def test_analysing_in_parallel_gives_the_same(voices_folder: Path, tmp_path: Path) -> None:
    paths = sorted((voices_folder / "kerstin").iterdir())
    one = analyse_recordings(paths, World(f0="dio"), tmp_path / "one", workers=1)
    two = analyse_recordings(paths, World(f0="dio"), tmp_path / "two", workers=2)
    assert list(one) == list(two) == paths
    assert all(np.array_equal(one[path].image, two[path].image) for path in paths)


def test_waves_are_mono_at_one_level_and_rate(tmp_path: Path) -> None:
    tone = 0.01 * np.sin(np.arange(48000) / 20)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, tone], 1), 48000, "PCM_24")
    wave = read_voice_wave(tmp_path / "a.wav", 16000)
    assert wave.shape == (16000,)
    assert np.sqrt(np.mean(wave**2)) == pytest.approx(0.0501, abs=1e-4)
    soundfile.write(tmp_path / "bad.wav", np.array([0.0, np.nan]), 16000, "FLOAT")
    with pytest.raises(SpeechganError, match=r"bad\.wav: a sample is NaN"):
        read_voice_wave(tmp_path / "bad.wav", 16000)


def images(speakers: int) -> list[list[np.ndarray]]:
    return [
        [np.full((4, 40 + n), 10 * s + n, np.float32) for n in range(3)] for s in range(speakers)
    ]


def test_batches_are_of_the_speakers_that_they_name() -> None:
    crops = UnpairedCrops(images(4), 16, 32, 0.005, 0)
    batch = crops[5]
    assert batch.source.shape == batch.target.shape == (16, 1, 4, 32)
    for side, speakers in (
        (batch.source, batch.source_speaker),
        (batch.target, batch.target_speaker),
    ):
        assert (side[:, 0, 0, 0] // 10).long().tolist() == speakers.tolist()
    assert not (batch.source_speaker == batch.target_speaker).any()
    assert set(batch.source_speaker.tolist()) == {0, 1, 2, 3}


def test_batches_are_numbered() -> None:
    crops = UnpairedCrops(images(3), 4, 32, 0.005, 7)
    assert crops[3].source.equal(UnpairedCrops(images(3), 4, 32, 0.005, 7)[3].source)
    assert not crops[3].source.equal(crops[4].source)


def test_two_speakers_keep_their_roles_and_one_is_his_own_target() -> None:
    assert UnpairedCrops(images(2), 8, 32, 0.005, 0)[0].source_speaker.tolist() == [0] * 8
    one = UnpairedCrops([[], *images(1), []], 4, 32, 0.005, 0)[0]
    assert one.source_speaker.tolist() == one.target_speaker.tolist() == [1] * 4


def test_short_recordings_are_repeated() -> None:
    ramp = np.arange(10, dtype=np.float32)[None]
    crop = UnpairedCrops([[ramp], [ramp]], 2, 32, 0.005, 0)[0].source[0, 0, 0]
    assert crop.shape == (32,)
    assert ((crop[1:] - crop[:-1]) % 10 == 1).all()


def test_aligned_pairs_are_cut_together() -> None:
    source = np.arange(100, dtype=np.float32)[None]
    batch = AlignedCrops([(source, source + 1000)], 8, 20, 0.005, 0)[0]
    assert (batch.target - batch.source == 1000).all()


def test_data_opens_into_batches_and_held_out_voices(
    voices_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    voices = ConversionData(voices_folder, tmp_path, batch_size=2, frames=32, workers=1).open(
        World(f0="dio")
    )
    assert [s.name for s in voices.speakers] == ["kerstin", "p228"]
    assert all(voices.valid) and voices.batches[0].source.shape == (2, 1, 36, 32)
    normal = np.concatenate([i for i in voices.batches.images[1]], 1)
    assert abs(normal.mean()) < 0.5
    assert "kerstin: 2 seconds to train on" in caplog.text


def test_speakers_may_be_numbers(voices_folder: Path, tmp_path: Path) -> None:
    for number, speaker in (("1089", "kerstin"), ("121", "p228")):
        shutil.copytree(voices_folder / speaker, tmp_path / "voices" / number)
    data = ConversionData(tmp_path / "voices", tmp_path / "cache", [121, 1089], workers=1)
    assert [s.name for s in data.open(World(f0="dio")).speakers] == ["121", "1089"]


def test_aligned_voices_of_a_model_keep_their_numbers(voices_folder: Path, tmp_path: Path) -> None:
    for speaker in ("kerstin", "p228"):
        for n, path in enumerate(sorted((voices_folder / speaker).iterdir())[:3]):
            (tmp_path / "voices" / speaker).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / "voices" / speaker / f"{n}.wav")
    root, cache, features = tmp_path / "voices", tmp_path / "cache", World(f0="dio")
    names = ["p228", "kerstin"]
    first = ConversionData(root, cache, names, aligned=True, workers=1).open(features)
    known = dict(zip(names, first.statistics, strict=True))
    again = ConversionData(root, cache, aligned=True, workers=1).open(features, known)
    pairs = zip(first.batches.pairs, again.batches.pairs, strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_noisy_material_is_warned_of(
    voices_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "noisy"
    for speaker in ("kerstin", "p228"):
        (root / speaker).mkdir(parents=True)
        for path in sorted((voices_folder / speaker).iterdir())[:2]:
            wave, rate = soundfile.read(path)
            if speaker == "p228":
                wave = wave + 0.02 * np.random.default_rng(0).standard_normal(len(wave))
            soundfile.write(root / speaker / path.name, wave, rate)
    ConversionData(root, tmp_path / "cache", workers=1).open(World(f0="dio"))
    assert "p228: pauses lie only" in caplog.text and "kerstin: pauses" not in caplog.text


def test_silent_recordings_are_left_out_and_lone_speakers_refused(
    voices_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "voices"
    for speaker in ("kerstin", "p228"):
        (root / speaker / "train").mkdir(parents=True)
        for path in sorted((voices_folder / speaker).iterdir())[:2]:
            (root / speaker / "train" / path.name).write_bytes(path.read_bytes())
    for name in ("a", "b"):
        soundfile.write(root / "kerstin" / "train" / f"{name}.wav", np.zeros(8000), 16000)
    data = ConversionData(root, tmp_path / "cache", workers=1)
    data.open(World(f0="dio"))
    assert "kerstin: a holds no sound; left out" in caplog.text
    with pytest.raises(SpeechganError, match="holds one speaker, p228"):
        ConversionData(root, tmp_path / "cache", ["p228"], workers=1).open(World(f0="dio"))


@pytest.mark.parametrize("workers", [1, 2])
def test_recordings_that_cannot_be_read_are_left_out(
    voices_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, workers: int
) -> None:
    root = tmp_path / "voices"
    shutil.copytree(voices_folder, root)
    for speaker in ("kerstin", "p228"):
        (root / speaker / "valid").mkdir()
        path = sorted((root / speaker).glob("*.wav"))[0]
        path.rename(root / speaker / "valid" / path.name)
    whole = ConversionData(root, tmp_path / "cache", workers=1).open(World(f0="dio"))
    (root / "p228" / "train").mkdir()
    (root / "p228" / "train" / "a.wav").write_bytes(b"RIFF")
    soundfile.write(root / "p228" / "train" / "b.wav", np.full(9, np.nan), 16000, "FLOAT")
    (root / "kerstin" / "train").mkdir()
    soundfile.write(root / "kerstin" / "train" / "c.wav", np.full(99, 1e-42), 16000, "FLOAT")
    caplog.clear()
    data = ConversionData(root, tmp_path / "again", workers=workers)
    voices = data.open(World(f0="dio"))
    for name in ("p228/train/a.wav", "p228/train/b.wav", "kerstin/train/c.wav"):
        assert sum(name in message for message in caplog.messages) == 1
    assert voices.seconds == whole.seconds
    assert voices.batches[3].source.equal(whole.batches[3].source)
    for path in (root / "kerstin").rglob("*.wav"):
        path.write_bytes(b"")
    with pytest.raises(SpeechganError, match="kerstin: no recording to train on can be used"):
        data.open(World(f0="dio"))
