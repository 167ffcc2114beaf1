"""What stands behind the tabs of the page, without a browser."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio")

import gradio as gr

from speechgan import Enhancer, Restorer
from speechgan.page.compare import CompareTab
from speechgan.page.convert import ConvertTab
from speechgan.page.enhance import NO_LIMIT, EnhanceTab
from speechgan.page.exhibits import format_scores, score
from speechgan.page.generate import GenerateTab
from speechgan.page.live import LiveTab
from speechgan.page.restore import RestoreTab

if TYPE_CHECKING:
    from speechgan.page.parts import Page

NOISY = Path(__file__).parents[1] / "assets" / "noisy" / "p228_wind.flac"
SKIPPED = gr.skip()


@pytest.fixture
def visitor(page_parts: "Page") -> Iterator[Any]:
    """A visitor who leaves at the end."""
    request = SimpleNamespace(session_hash="visitor")
    yield request
    page_parts.visits.end(request)


def read(path: str) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def tell_nobody(*_: object, **__: object) -> None:
    """A progress bar that nobody sees."""


def enhance(page: "Page", visitor: Any, source: Path = NOISY, **settings: Any) -> Iterator[Any]:
    """The answers of the tab Enhance."""
    wish = {"reference": None, "model": "default", "strength": 1.0, "limit": NO_LIMIT}
    wish |= {"declip": False} | settings
    tab = EnhanceTab(page)
    return tab.enhance(str(source), **wish, request=visitor, bar=tell_nobody)


def test_settings_do_what_they_do_elsewhere(page_parts: "Page", visitor: Any) -> None:
    noisy, enhancer = read(str(NOISY)), Enhancer.from_pretrained("tiny")
    for strength, limit in ((1.0, NO_LIMIT), (0.5, NO_LIMIT), (1.0, 6), (0.0, NO_LIMIT)):
        settings = {"model": "tiny", "strength": strength, "limit": limit}
        first = next(enhance(page_parts, visitor, **settings))
        allowed = None if limit == NO_LIMIT else limit
        expected = enhancer(noisy, 16000, strength=strength, attenuation_limit=allowed)
        np.testing.assert_allclose(read(first[0]), expected, atol=2e-4)


def test_clipped_peaks_are_made_anew_where_that_is_ticked(
    page_parts: "Page", visitor: Any, tmp_path: Path
) -> None:
    wave, rate = soundfile.read(NOISY, dtype="float32")
    wave = np.clip(wave, -np.abs(wave).max() / 5, np.abs(wave).max() / 5)
    soundfile.write(tmp_path / "clipped.wav", wave, rate)
    path = tmp_path / "clipped.wav"
    first = next(enhance(page_parts, visitor, path, model="tiny", declip=True))
    expected = Enhancer.from_pretrained("tiny")(read(str(path)), rate, declip=True)
    np.testing.assert_allclose(read(first[0]), expected, atol=2e-4)


def test_the_sound_comes_before_its_pictures_and_these_before_the_scores(
    page_parts: "Page", visitor: Any
) -> None:
    sound, pictures, scores = enhance(page_parts, visitor)
    assert Path(sound[0]).exists() and sound[1:] == ("", "")
    assert pictures[1].count("<img") == 2 and pictures[0] == SKIPPED
    assert scores[2].count("<tr>") == 3 and "PESQ" not in scores[2]


def test_a_new_answer_takes_the_place_of_the_one_before(page_parts: "Page", visitor: Any) -> None:
    first, second = (Path(next(enhance(page_parts, visitor))[0]) for _ in range(2))
    assert second.exists() and not first.exists()
    page_parts.visits.end(visitor)
    assert not second.parent.exists()


def test_messages_show_no_folder_and_no_html(
    page_parts: "Page", visitor: Any, tmp_path: Path
) -> None:
    folder = page_parts.visits.folder / "0123"
    folder.mkdir()
    path = folder / "a <b> c.wav"
    path.write_text("not a sound")
    with pytest.raises(gr.Error) as caught:
        next(enhance(page_parts, visitor, path))
    assert caught.value.message.startswith("a &lt;b&gt; c.wav: not audio")
    assert str(folder) not in caught.value.message
    path.unlink()
    folder.rmdir()


def test_a_file_that_is_gone_is_asked_for_again(page_parts: "Page", visitor: Any) -> None:
    with pytest.raises(gr.Error, match="not kept any longer; upload or record it again"):
        next(enhance(page_parts, visitor, page_parts.visits.folder / "0123" / "a.wav"))


def test_a_file_in_use_does_not_grow_old(page_parts: "Page", visitor: Any, tmp_path: Path) -> None:
    path = Path(shutil.copy(NOISY, tmp_path))
    os.utime(path, (0, 0))
    next(enhance(page_parts, visitor, path))
    assert path.stat().st_mtime > 0


def test_a_reference_of_another_length_is_refused(
    page_parts: "Page", visitor: Any, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "short.wav", read(str(NOISY))[:16000], 16000)
    with pytest.raises(gr.Error, match=r"1\.00 s long, and the recording 2\.67 s"):
        next(enhance(page_parts, visitor, reference=str(tmp_path / "short.wav")))


def test_a_file_that_two_have_brought_stays_until_both_have_left(page_parts: "Page") -> None:
    visits = page_parts.visits
    path = visits.folder / "0123" / "a.wav"
    path.parent.mkdir()
    path.touch()
    requests = [SimpleNamespace(session_hash=name) for name in "ab"]
    for request in requests:
        visits.note(str(path), request)
    visits.end(requests[0])
    assert path.exists()
    visits.end(requests[1])
    assert not path.parent.exists()


def test_what_a_telephone_left_is_restored(
    page_parts: "Page", visitor: Any, tmp_path: Path
) -> None:
    call = read(str(NOISY))[: 2 * 8000 : 2].copy()
    soundfile.write(tmp_path / "call.wav", call, 8000, "FLOAT")
    sounds, pictures, scores = RestoreTab(page_parts).restore(
        str(tmp_path / "call.wav"), 0.5, visitor, tell_nobody
    )
    assert Path(sounds[0]).name == "call.restored.wav"
    expected = Restorer.from_pretrained("restore")(call, 8000, strength=0.5)
    np.testing.assert_allclose(read(sounds[0]), expected, atol=1e-3)
    assert pictures[1].count("<img") == 2 and scores[2].count("<tr>") == 3


@pytest.mark.parametrize("vocoder", ["auto", "difference"])
def test_a_voice_is_converted_by_the_vocoder_that_is_chosen(
    vocoder: str, page_parts: "Page", visitor: Any
) -> None:
    from speechgan import Converter

    tab = ConvertTab(page_parts)
    made = tab.convert(str(NOISY), "voices", "kerstin", 0.0, vocoder, visitor, tell_nobody)
    sound, pictures = made
    assert Path(sound[0]).name == "p228_wind.kerstin.wav" and pictures[1].count("<img") == 2
    expected = Converter.from_pretrained("voices", vocoder=vocoder)(
        read(str(NOISY)), 16000, "kerstin"
    )
    np.testing.assert_allclose(read(sound[0]), expected, atol=1e-3)


def test_a_name_from_elsewhere_never_becomes_a_path(page_parts: "Page", visitor: Any) -> None:
    with pytest.raises(gr.Error, match="speaker"):
        list(
            ConvertTab(page_parts).convert(
                str(NOISY), "voices", "../../x", 0.0, "auto", visitor, tell_nobody
            )
        )
    with pytest.raises(gr.Error, match="not served"):
        list(CompareTab(page_parts).compare(str(NOISY), ["../../x"], visitor, tell_nobody))


def test_models_are_compared(page_parts: "Page", visitor: Any) -> None:
    tab = CompareTab(page_parts)
    sounds, pictures, scores = tab.compare(str(NOISY), ["tiny"], visitor, tell_nobody)
    default, tiny, restore = sounds[2:]
    assert (
        not default.visible
        and not restore.visible
        and tiny.visible
        and tiny.label.startswith("tiny, in ")
    )
    assert pictures[1].count("<img") == 2 and scores[0].count("<tr>") == 3
    with pytest.raises(gr.Error, match="tick one at least"):
        list(tab.compare(str(NOISY), [], visitor, tell_nobody))


def test_words_are_made_and_walked_between(page_parts: "Page", visitor: Any) -> None:
    tab = GenerateTab(page_parts)
    path, picture = tab.generate("7", "theo", 1, visitor)
    word = read(path)
    assert Path(path).name == "7_theo_1.wav" and "<img" in picture
    again, _ = tab.generate("7", "theo", 1, visitor)
    np.testing.assert_array_equal(read(again), word)
    path, picture = tab.walk("3", "theo", 0, "8", "theo", 0, 4, visitor)
    assert len(read(path)) > 4 * len(word) and "4 words" in picture
    # A field of the page that was emptied.
    with pytest.raises(gr.Error, match="seed: none is given"):
        tab.generate("7", "theo", None, visitor)
    with pytest.raises(gr.Error, match="seed: none is given"):
        tab.walk("3", "theo", 0, "8", "theo", None, 4, visitor)


def test_live_offers_what_can_follow_a_stream(page_parts: "Page") -> None:
    offered = LiveTab(page_parts)._list_sounds()
    assert "&quot;model&quot;: &quot;tiny&quot;}" in offered
    assert "&quot;target_speaker&quot;: &quot;kerstin&quot;" in offered


def test_a_model_of_ones_own_is_not_taken_for_the_one_that_ships(
    page_parts: "Page", tmp_path: Path
) -> None:
    from speechgan.pretrained.folder import SHIPPED
    from speechgan.service.models import Models

    shutil.copytree(SHIPPED / "tiny", tmp_path / "default")
    models = Models([str(tmp_path / "default"), "tiny"])
    offered = LiveTab(replace(page_parts, models=models, engine=tmp_path))._list_sounds()
    assert "tiny, in this browser" in offered and "default, in this browser" not in offered


def test_what_cannot_be_measured_is_left_blank() -> None:
    scores = score({"Before": np.zeros(4000, np.float32)}, np.zeros(4000, np.float32))
    assert scores["Before"][-1] is None
    assert "<td>–</td>" in format_scores(scores, 1.0)
