"""Live conversion: any blocks, a bounded delay, and what a file would have become."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from speechgan import Converter
from speechgan.features.world import DECIBELS, World
from speechgan.inference.conversion.live_voice import MEMORY
from speechgan.inference.conversion.streaming import ConversionStream
from speechgan.utils.errors import SpeechganError

Recordings = dict[str, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def converter(converter_folder: Path) -> Converter:
    return Converter.from_pretrained(converter_folder, "cpu")


@pytest.fixture
def speech(recordings: Recordings) -> np.ndarray:
    return recordings["p228_coffee"][1]


def cut(wave: np.ndarray, longest: int) -> Iterator[np.ndarray]:
    """Blocks of random lengths, some of them empty."""
    random, start = np.random.default_rng(2), 0
    while start < wave.shape[-1]:
        end = start + int(random.integers(0, longest + 1))
        yield wave[..., start:end]
        start = end


def run(stream: ConversionStream, wave: np.ndarray, longest: int = 3000) -> np.ndarray:
    pieces = [stream(block) for block in cut(wave, longest)]
    return np.concatenate([*pieces, stream.flush()], axis=-1)


def level(wave: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(wave, dtype=np.float64)) + 1e-20))


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 44056])
def test_any_blocks_give_the_same_samples_as_many_as_went_in(
    converter: Converter, speech: np.ndarray, rate: int
) -> None:
    wave = np.stack([speech[: rate // 2 + 7], np.zeros(rate // 2 + 7, np.float32)])
    made = [run(converter.stream(rate, "kerstin", 2), wave, longest) for longest in (50, 9000)]
    assert made[0].shape == wave.shape and made[0].dtype == np.float32
    assert np.abs(made[0] - made[1]).max() < 1e-4 * np.abs(made[0]).max()
    assert not made[0][1].any() and made[0][0].any()


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_it_answers_within_its_delay(converter: Converter, speech: np.ndarray, rate: int) -> None:
    stream = converter.stream(rate, "kerstin")
    assert 0.1 < stream.delay <= 0.2
    heard = made = 0
    late = []
    for block in cut(speech[:rate], 40):
        heard, made = heard + len(block), made + len(stream(block))
        late.append((heard - made) / rate)
    assert max(late) <= stream.delay + 41 / rate
    assert max(late) > stream.delay - 0.01  # it is not said to be longer than it is


def test_what_is_said_stays_where_it_is_and_gets_the_targets_pitch(
    converter: Converter, speech: np.ndarray
) -> None:
    """Against the file, after the time in which a stranger is getting known."""
    wave = np.concatenate([speech, speech, speech])
    live = run(converter.stream(16000, "kerstin"), wave)
    whole = converter(wave, 16000, "kerstin")
    known = slice(2 * len(speech), None)
    one, other = (World().analyse(x[known]) for x in (live, whole))
    both = (one.f0 > 0) & (other.f0 > 0)
    assert both.sum() > 0.9 * (other.f0 > 0).sum()
    away = 12 * np.log2(one.f0[both] / other.f0[both])
    assert abs(np.median(away)) < 0.5 and (np.abs(away) > 6).mean() < 0.02
    spoken = one.find_speech() & other.find_speech()
    assert np.corrcoef(one.loudness[spoken], other.loudness[spoken])[0, 1] > 0.97
    cepstra = (one.image[1:] - other.image[1:])[:, spoken]
    assert DECIBELS * np.sqrt(np.square(cepstra).sum(0)).mean() < 4
    assert level(live[known]) == pytest.approx(level(wave[known]), abs=1.5)


def test_slips_of_an_octave_are_told_by_what_was_heard(
    converter: Converter, speech: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that leave the voice's range, as where low pitch is taken for half of it."""
    find = converter.network.features.find_f0
    f0 = find(speech.astype(np.float64))
    low = np.quantile(f0[f0 > 0], 0.2)
    wave, count = np.concatenate([speech, speech]), iter(range(10**6))

    def slip(wave: np.ndarray) -> np.ndarray:
        f0 = find(wave)
        return np.where(f0 < low, f0 / 2, f0) if next(count) > 40 else f0

    plain = run(converter.stream(16000, "kerstin"), wave)
    monkeypatch.setattr(converter.network.features, "find_f0", slip)
    slipped = run(converter.stream(16000, "kerstin"), wave)
    assert next(count) > 70
    one, other = (World(f0="harvest").find_f0(x[50000:].astype(float)) for x in (plain, slipped))
    both = (one > 0) & (other > 0)
    assert (np.abs(np.log2(one[both] / other[both])) > 0.5).mean() < 0.08


def test_a_known_speaker_and_a_shift_are_heeded(converter: Converter, speech: np.ndarray) -> None:
    def pitch(**settings: object) -> float:
        made = run(converter.stream(16000, "kerstin", **settings), speech)
        f0 = World().find_f0(made.astype(np.float64))
        return float(np.exp(np.log(f0[f0 > 0]).mean()))

    plain = pitch(source_speaker="p228")
    assert pitch(source_speaker="p228", pitch_shift=4) / plain == pytest.approx(
        2 ** (4 / 12), rel=0.05
    )


@pytest.mark.parametrize(("gain", "source"), [(0.01, None), (4.0, "p228")])
def test_how_loud_it_is_makes_no_difference(
    converter: Converter, speech: np.ndarray, gain: float, source: str | None
) -> None:
    """But for the first second, in which it is not known how loud a voice is."""
    plain, scaled = (
        run(converter.stream(16000, "kerstin", source_speaker=source), g * speech)
        for g in (1, gain)
    )
    voices = [World().analyse(wave[24000:]) for wave in (plain, scaled / gain)]
    plainly, softly = (v.image[:, voices[0].find_speech()].mean(1) for v in voices)
    assert np.abs(plainly - softly).max() < 0.15
    pitches = [np.log2(v.f0[v.f0 > 0]).mean() for v in voices]
    assert 12 * abs(pitches[0] - pitches[1]) < 0.3


def test_silence_stays_silence_and_hiss_keeps_its_sound(
    converter: Converter, speech: np.ndarray
) -> None:
    silence = np.zeros(16000, np.float32)
    made = run(converter.stream(16000, "kerstin"), np.concatenate([speech, silence]))
    assert not made[-10000:].any()
    assert not run(converter.stream(16000, "kerstin"), silence).any()
    # A long S: high noise that must not get a pitch.
    hiss = np.diff(np.random.default_rng(0).standard_normal(16001)).astype(np.float32) * 0.03
    made = run(converter.stream(16000, "kerstin"), np.concatenate([speech, hiss]))[-12000:-4000]
    f0 = World().find_f0(made.astype(np.float64))
    assert (f0 > 0).mean() < 0.05
    spectrum = np.abs(np.fft.rfft(made)) ** 2
    assert spectrum[len(spectrum) // 4 :].sum() > 0.7 * spectrum.sum()


def test_a_state_can_be_saved_and_another_stream_goes_on_from_it(
    converter: Converter, speech: np.ndarray
) -> None:
    wave = np.stack([speech, speech[::-1]])[:, :30000]
    whole = run(converter.stream(44100, "kerstin", 2), wave)
    first = converter.stream(44100, "kerstin", 2)
    begun = first(wave[:, :15001])
    file = io.BytesIO()
    np.savez(file, **first.state)
    first(wave[:, 15001:])  # goes its own way: the state is a copy
    file.seek(0)
    second = converter.stream(44100, "kerstin", 2)
    second(wave[:, 500:9000])
    with np.load(file) as saved:
        second.state = dict(saved)
    out = np.concatenate([begun, second(wave[:, 15001:]), second.flush()], axis=1)
    assert np.abs(out - whole).max() < 1e-5
    for other in (converter.stream(44100, "kerstin"), converter.stream(48000, "kerstin", 2)):
        with pytest.raises(SpeechganError, match="state: of another model, rate or number"):
            other.state = second.state


def test_memory_does_not_grow(
    converter: Converter, speech: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(stream: ConversionStream) -> int:
        return sum(part.nbytes for part in stream.state.values())

    assert MEMORY == 60
    monkeypatch.setattr("speechgan.inference.conversion.live_voice.MEMORY", 2.0)
    stream = converter.stream(16000, "kerstin")
    sizes = []
    for _ in range(3):
        stream(speech[:40000])
        sizes.append(measure(stream))
    assert sizes[1] == pytest.approx(sizes[2], rel=0.05)


def test_what_is_no_block_is_refused_and_the_stream_goes_on(
    converter: Converter, speech: np.ndarray
) -> None:
    wave = speech[:12000]
    stream = converter.stream(16000, "kerstin")
    begun = stream(wave[:7000])
    with pytest.raises(SpeechganError, match=r"block: a sample is NaN or infinite at 0\.000 s"):
        stream(np.full(100, np.nan, np.float32))
    with pytest.raises(SpeechganError, match=r"must be .* with channels 1"):
        stream(np.zeros((2, 100), np.float32))
    out = np.concatenate([begun, stream(wave[7000:]), stream.flush()])
    assert np.abs(out - run(converter.stream(16000, "kerstin"), wave)).max() < 1e-6
    with pytest.raises(SpeechganError, match="was flushed"):
        stream(wave)
    assert stream.flush().shape == (0,)


def test_a_rate_may_be_a_number_of_numpy(converter: Converter, speech: np.ndarray) -> None:
    wave = speech[:8000]
    expected = run(converter.stream(44100, "kerstin"), wave)
    made = run(converter.stream(np.float32(44100), "kerstin"), wave)
    assert np.array_equal(made, expected)


def test_what_cannot_be_followed_is_refused(converter: Converter, converter_folder: Path) -> None:
    with pytest.raises(SpeechganError, match=r"bob: .* no such speaker"):
        converter.stream(16000, "bob")
    with pytest.raises(SpeechganError, match="positive number of Hz"):
        converter.stream(0, "kerstin")
    with pytest.raises(SpeechganError, match="channels 0: must be 1 or more"):
        converter.stream(16000, "kerstin", 0)
    difference = Converter.from_pretrained(converter_folder, "cpu", vocoder="difference")
    with pytest.raises(SpeechganError, match="SpectralDifference vocoder cannot follow a stream"):
        difference.stream(16000, "kerstin")
