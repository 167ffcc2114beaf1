"""Converter: pitch and level, lengths and channels, strangers and bad input, hours."""

from pathlib import Path
from typing import Self

import numpy as np
import pytest
import soundfile
import torch

from speechgan import Converter
from speechgan.features.mel import MelVoice
from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.inference.conversion.segments import convert_segments, find_quiet, survey
from speechgan.models.generators.shallow import ShallowGenerator
from speechgan.pretrained.loading import Model
from speechgan.pretrained.speakers import SPEAKERS, TargetSpeaker
from speechgan.utils.errors import SpeechganError

Recordings = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def converter(converter_folder: Path) -> Converter:
    return Converter.from_pretrained(converter_folder, "cpu")


class DistantMel(MelVoice):
    """As it is on a GPU, where no array can be analysed before it is back."""

    distant = True

    def cpu(self) -> Self:
        self.distant = False
        return super().cpu()

    def analyse(self, wave: np.ndarray) -> Voice:
        if self.distant:
            raise RuntimeError("expected all tensors to be on the same device")
        return super().analyse(wave)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_mel_images_are_made_where_arrays_are(device: str, recordings: Recordings) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    wave = recordings["kerstin_wind"][1][:16000]
    features = DistantMel().to(device)
    statistics = SpeakerStatistics.measure([MelVoice().analyse(wave)])
    model = Model(
        "mel",
        {"task": "convert"},
        16000,
        features,
        ShallowGenerator(80, 1),
        "",
        (TargetSpeaker("one", "f", "", "CC0", 1.0, statistics),),
    )
    converter = Converter.from_model(model, device, vocoder="griffin_lim")
    assert converter(wave, 16000, "one").shape == wave.shape


def pitch(wave: np.ndarray) -> float:
    f0 = World().find_f0(wave.astype(np.float64))
    return float(np.exp(np.log(f0[f0 > 0]).mean()))


def level(wave: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(wave, dtype=np.float64))))


def test_speaks_at_the_targets_pitch_and_the_sources_level(
    converter: Converter, recordings: Recordings
) -> None:
    wave = recordings["kerstin_wind"][1]
    made = converter(wave, 16000, "p228")
    assert made.shape == wave.shape and made.dtype == wave.dtype
    assert level(made) == pytest.approx(level(wave), abs=0.5)
    target = np.exp(converter.speakers[1].statistics.log_f0_mean)
    assert abs(pitch(wave) / target - 1) > 0.05
    assert pitch(made) == pytest.approx(target, rel=0.04)


def test_the_timbre_moves_to_the_target(converter: Converter, recordings: Recordings) -> None:
    wave = recordings["kerstin_wind"][1]
    goal = converter.speakers[1].statistics
    voices = [
        World().analyse(x / np.sqrt(np.mean(x**2)) * 0.05)
        for x in (wave, converter(wave, 16000, "p228"))
    ]
    before, after = (
        np.linalg.norm(v.image[1:, v.find_speech()].mean(1) - goal.mean[1:]) for v in voices
    )
    assert after < 0.5 * before


def test_pitch_shift_adds_to_it(converter: Converter, recordings: Recordings) -> None:
    wave = recordings["kerstin_wind"][1]
    plain, shifted = (converter(wave, 16000, "p228", pitch_shift=s) for s in (0, -5))
    assert pitch(shifted) / pitch(plain) == pytest.approx(2 ** (-5 / 12), rel=0.05)
    with pytest.raises(SpeechganError, match="-36 to 36"):
        converter(wave, 16000, "p228", pitch_shift=float("nan"))


def test_another_estimator_of_pitch_is_the_users_choice(
    converter_folder: Path, recordings: Recordings
) -> None:
    wave = recordings["kerstin_wind"][1]
    swift = Converter.from_pretrained(converter_folder, f0="swift")
    target = np.exp(swift.speakers[1].statistics.log_f0_mean)
    assert pitch(swift(wave, 16000, "p228")) == pytest.approx(target, rel=0.06)
    with pytest.raises(SpeechganError, match="f0 yin: unknown; use one of harvest, dio, swift"):
        Converter.from_pretrained(converter_folder, f0="yin")


def test_a_known_source_is_taken_at_its_usual_pitch(
    converter: Converter, recordings: Recordings
) -> None:
    """Somebody who speaks higher than usual stays higher than the target's usual."""
    wave = recordings["p228_wind"][1]
    own = converter.speakers[1].statistics.log_f0_mean
    made = converter(wave, 16000, "kerstin", source_speaker="p228")
    goal = converter.speakers[0].statistics
    spread = goal.log_f0_deviation / converter.speakers[1].statistics.log_f0_deviation
    expected = np.exp(goal.log_f0_mean + (np.log(pitch(wave)) - own) * spread)
    assert pitch(made) == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize("gain", [1e-3, 1.0, 5.0])
def test_level_makes_no_difference(
    converter: Converter, recordings: Recordings, gain: float
) -> None:
    wave = recordings["kerstin_wind"][1][:16000]
    plain, scaled = converter(wave, 16000, "p228"), converter(gain * wave, 16000, "p228")
    assert np.abs(scaled / gain - plain).max() < 0.02 * np.abs(plain).max()


def test_shapes_types_and_rates(converter: Converter, recordings: Recordings) -> None:
    wave = recordings["kerstin_wind"][1][:12000]
    stereo = np.stack([wave, np.zeros_like(wave)])
    made = converter(stereo, 16000, "p228")
    assert made.shape == stereo.shape
    assert not made[1].any() and np.allclose(made[0], converter(wave, 16000, "p228"), atol=1e-4)
    tensor = converter(torch.from_numpy(stereo).double(), 44100, "p228")
    assert tensor.shape == stereo.shape and tensor.dtype == torch.float64
    integers = converter((wave * 32767).astype(np.int16), 8000, "p228")
    assert integers.dtype == np.int16 and integers.shape == wave.shape


@pytest.mark.parametrize("samples", [1, 2, 79, 801])
def test_a_moment_of_sound(converter: Converter, samples: int) -> None:
    wave = 0.1 * np.sin(np.arange(samples, dtype=np.float32))
    for rate in (8000, 16000, 96000):
        made = converter(wave, rate, "p228")
        assert made.shape == wave.shape and np.isfinite(made).all()


def test_silence_stays_silence_and_whisper_is_whispered(
    converter: Converter, recordings: Recordings
) -> None:
    assert not converter(np.zeros(16000, np.float32), 16000, "p228").any()
    wave = recordings["kerstin_wind"][1]
    paused = np.concatenate([wave, np.zeros(16000, np.float32)])
    assert level(converter(paused, 16000, "p228")[-8000:]) < level(paused) - 50
    whisper = 0.05 * np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    assert np.isfinite(converter(whisper, 16000, "p228")).all()


def test_bad_input_is_named(converter: Converter, tmp_path: Path) -> None:
    wave = np.zeros(100, np.float32)
    with pytest.raises(SpeechganError, match=r"bob: .*no such speaker; choose from kerstin, p228"):
        converter(wave, 16000, "bob")
    with pytest.raises(SpeechganError, match="no such speaker"):
        converter(wave, 16000, "p228", source_speaker="bob")
    with pytest.raises(SpeechganError, match="not empty"):
        converter(wave[:0], 16000, "p228")
    with pytest.raises(SpeechganError, match="positive number of Hz"):
        converter(wave, 0, "p228")
    wave[50] = np.nan
    with pytest.raises(SpeechganError, match=r"NaN or infinite at 0\.003 s"):
        converter(wave, 16000, "p228")
    with pytest.raises(SpeechganError, match=r"gone\.wav: no such file"):
        converter.convert_file(tmp_path / "gone.wav", tmp_path / "out.wav", "p228")
    assert not list(tmp_path.iterdir())


def test_files_keep_rate_channels_format_and_length(
    converter: Converter, recordings: Recordings, tmp_path: Path
) -> None:
    wave = np.repeat(recordings["kerstin_wind"][1][:16000], 3)
    soundfile.write(tmp_path / "a.flac", np.stack([wave, wave], 1), 48000, "PCM_24")
    heard = []
    done = converter.convert_file(
        tmp_path / "a.flac", tmp_path / "b.flac", "p228", progress=heard.append
    )
    before, after = (soundfile.info(tmp_path / f"{n}.flac") for n in "ab")
    assert (after.frames, after.samplerate, after.channels, after.subtype) == (
        before.frames,
        48000,
        2,
        "PCM_24",
    )
    assert done.seconds == pytest.approx(1.0) and sum(heard) == pytest.approx(1.0)


def test_segments_join_without_a_seam() -> None:
    """With a function that changes nothing, cutting changes nothing, at any lengths of blocks."""
    wave = np.random.default_rng(0).standard_normal((2, 50_000)).astype(np.float32)
    for block in (700, 16_000, 50_000):
        blocks = (wave[:, i : i + block] for i in range(0, 50_000, block))
        pieces = list(convert_segments(blocks, 8000, 1.0, lambda x: x.copy()))
        assert len(pieces) > 4
        assert np.allclose(np.concatenate(pieces, 1), wave, atol=1e-6)


def test_segments_are_bounded_and_cut_where_it_is_quiet() -> None:
    wave = np.ones((1, 60_000), np.float32)
    wave[:, 14_000:14_400] = 0
    seen = []

    def note(segment: np.ndarray) -> np.ndarray:
        seen.append(segment.shape[1])
        return segment

    list(convert_segments(iter([wave]), 8000, 2.0, note))
    assert max(seen) <= 2.0 * 8000 + 2 * 2000 + 1
    assert abs(seen[0] - 2000 - 14_200) < 300
    assert 14_000 <= find_quiet(wave, 10_000, 20_000, 80) <= 14_400


def test_survey_is_spread_and_bounded() -> None:
    blocks = [np.full((1, 100), n, np.float32) for n in range(1000)]
    kept, rms, samples = survey(iter(blocks), 5000, 1)
    assert samples == 100_000
    assert 2500 <= kept.shape[1] <= 5100
    assert kept.min() == 0 and kept.max() > 900
    assert rms[0, 0] == pytest.approx(np.sqrt(np.mean(np.arange(1000) ** 2)), rel=1e-4)


def test_long_files_sound_like_short_ones(
    converter: Converter, recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole and in segments: the same pitch and level everywhere."""
    wave = np.tile(recordings["p228_coffee"][1], 3)
    whole = converter(wave, 16000, "kerstin")
    monkeypatch.setattr("speechgan.inference.conversion.sound.SEGMENT_SECONDS", 3.0)
    monkeypatch.setattr("speechgan.inference.conversion.sound.SURVEY_SECONDS", 6.0)
    pieces = converter(wave, 16000, "kerstin")
    assert pieces.shape == whole.shape
    assert pitch(pieces) == pytest.approx(pitch(whole), rel=0.03)
    assert level(pieces) == pytest.approx(level(whole), abs=0.5)
    assert np.abs(pieces).max() < 1.5 * np.abs(whole).max()


def test_a_sound_that_is_surveyed_whole_is_analysed_once(
    converter: Converter, recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a minute of it too, since analysis is what takes the time."""
    analyse, lengths = converter.network.features.analyse, []

    def note(wave: np.ndarray) -> Voice:
        lengths.append(len(wave))
        return analyse(wave)

    monkeypatch.setattr(converter.network.features, "analyse", note)
    wave = np.resize(recordings["p228_coffee"][1], 30 * 16000)
    converter(wave, 16000, "kerstin")
    assert lengths == [len(wave)]


def test_damaged_speakers_are_named(converter_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "damaged"
    shutil.copytree(converter_folder, folder)
    (folder / SPEAKERS).write_text('[{"name": "a"}]')
    with pytest.raises(SpeechganError, match=r"speakers\.json: not a list of speakers"):
        Converter.from_pretrained(folder)
    whole = (converter_folder / SPEAKERS).read_text()
    (folder / SPEAKERS).write_text(whole.replace('"p228"', '"x/../../p228"'))
    with pytest.raises(SpeechganError, match="a name that is a path"):
        Converter.from_pretrained(folder)
    (folder / SPEAKERS).unlink()
    with pytest.raises(SpeechganError, match=r"speakers\.json: unreadable"):
        Converter.from_pretrained(folder)


def test_an_enhancer_is_not_a_converter() -> None:
    with pytest.raises(SpeechganError, match="task enhance, not convert"):
        Converter.from_pretrained("default")
