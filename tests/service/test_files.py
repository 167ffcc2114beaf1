"""A file in, a file out; what is too much or no sound is refused."""

import asyncio
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from fastapi.testclient import TestClient

from speechgan import Converter, Enhancer, Restorer
from speechgan.audio import Reader, read, write
from speechgan.audio.clipping import declip
from speechgan.audio.watermark import detect
from speechgan.cli.main import main
from speechgan.service.limits import Limits, weigh
from speechgan.utils.errors import SpeechganError

Open = Callable[..., TestClient]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_an_enhanced_file_is_what_the_enhancer_writes(
    kind: str, noisy: Path, tmp_path: Path, private: Path, open_client: Open
) -> None:
    target = tmp_path / f"enhanced.{kind}"
    Enhancer.from_pretrained("default").enhance_file(noisy, target)
    answer = open_client().post("/enhance", params={"format": kind}, content=noisy.read_bytes())
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"audio/{kind}")
    assert answer.content == target.read_bytes()
    info = soundfile.info(io.BytesIO(answer.content))
    assert (info.samplerate, info.channels, info.subtype) == (44100, 2, "PCM_24")
    assert list(private.iterdir()) == []


def test_parameters_are_those_of_the_command_line(
    noisy: Path, tmp_path: Path, open_client: Open
) -> None:
    target = tmp_path / "enhanced.wav"
    wave, rate = soundfile.read(noisy)
    tone = np.sin(2 * np.pi * 300 / rate * np.arange(len(wave)))[:, None]
    clipped = np.clip(0.2 * wave + 0.5 * tone, -0.3, 0.3)
    soundfile.write(noisy, clipped, rate)
    assert declip(clipped[:, 0], rate).max() > 0.4
    options = {"strength": 0.7, "attenuation_limit": 12.0}
    enhancer = Enhancer.from_pretrained("quality", shifts=1)
    enhancer.enhance_file(noisy, target, linked=False, declip=True, **options)
    files = {"separate_channels": True, "declip": True, "shifts": 1}
    params = options | files | {"model": "quality"}
    answer = open_client().post("/enhance", params=params, content=noisy.read_bytes())
    assert answer.content == target.read_bytes()


def test_a_converted_file_is_what_the_converter_writes(tmp_path: Path, open_client: Open) -> None:
    source, target = ROOT / "examples/voices/p226/test/024.flac", tmp_path / "converted.flac"
    Converter.from_pretrained().convert_file(source, target, "kerstin", pitch_shift=-2)
    params = {"target_speaker": "kerstin", "pitch_shift": -2, "format": "flac"}
    answer = open_client().post("/convert", params=params, content=source.read_bytes())
    assert answer.content == target.read_bytes()


def test_nobody_else_waits_while_a_vocoder_is_loaded(
    monkeypatch: pytest.MonkeyPatch, open_client: Open
) -> None:
    def load(*_: object) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        raise SpeechganError("loaded beside the loop")

    monkeypatch.setattr(Converter, "varied", load)
    params = {"target_speaker": "kerstin", "vocoder": "neural"}
    answer = open_client().post("/convert", params=params, content=b"")
    assert answer.json()["detail"] == "loaded beside the loop"


def test_vocoder_and_pitch_of_a_call_are_of_that_call_alone(
    tmp_path: Path, open_client: Open
) -> None:
    source, client = ROOT / "examples/voices/p226/test/024.flac", open_client()
    for chosen in ({"vocoder": "difference", "f0": "dio"}, {}):
        target = tmp_path / f"{len(chosen)}.flac"
        Converter.from_pretrained(**chosen).convert_file(source, target, "kerstin")
        params = {"target_speaker": "kerstin", "format": "flac"} | chosen
        answer = client.post("/convert", params=params, content=source.read_bytes())
        assert answer.content == target.read_bytes()
    for params in ({"vocoder": "griffin_lim"}, {"f0": "yin"}):
        answer = client.post("/convert", params={"target_speaker": "kerstin"} | params, content=b"")
        assert answer.status_code == 422 and next(iter(params.values())) in answer.json()["detail"]


def test_a_converted_file_is_marked_on_request_and_always_tagged(
    tmp_path: Path, open_client: Open
) -> None:
    source, path = ROOT / "examples/voices/p226/test/024.flac", tmp_path / "converted.wav"
    params = {"target_speaker": "kerstin", "watermark": True}
    answer = open_client().post("/convert", params=params, content=source.read_bytes())
    path.write_bytes(answer.content)
    with Reader(path) as reader:
        assert reader.comment.startswith("Converted speech")
        marked = np.concatenate(list(reader.blocks(2**16)), axis=1)
    wave, rate = read(source)
    plain = Converter.from_pretrained()(wave, rate, "kerstin")
    assert detect(marked, rate).score > detect(plain, rate).score + 3


def test_a_restored_file_is_what_the_restorer_writes(tmp_path: Path, open_client: Open) -> None:
    source, target = tmp_path / "call.wav", tmp_path / "restored.wav"
    soundfile.write(source, np.random.default_rng(0).uniform(-0.3, 0.3, 8000), 8000)
    Restorer.from_pretrained().restore_file(source, target, strength=0.7)
    answer = open_client().post("/restore", params={"strength": 0.7}, content=source.read_bytes())
    assert answer.content == target.read_bytes()
    assert soundfile.info(io.BytesIO(answer.content)).samplerate == 16000


@pytest.mark.parametrize("kind", ["MP3", "OGG", "AIFF", "AU"])
def test_any_format_is_read(kind: str, open_client: Open) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).uniform(-0.1, 0.1, 8000), 16000, format=kind)
    answer = open_client().post("/enhance", content=file.getvalue())
    assert answer.status_code == 200
    assert soundfile.info(io.BytesIO(answer.content)).samplerate == 16000


def bad_files() -> Iterator[tuple[str, bytes]]:
    broken = io.BytesIO()
    soundfile.write(broken, np.full(100, np.nan), 16000, "FLOAT", format="WAV")
    yield from {"empty": b"", "text": b"no sound", "nan": broken.getvalue()}.items()
    none = io.BytesIO()
    soundfile.write(none, np.zeros(0), 16000, format="WAV")
    yield "header alone", none.getvalue()


@pytest.mark.parametrize("data", [pytest.param(d, id=name) for name, d in bad_files()])
def test_a_bad_file_is_refused_in_the_command_lines_words(
    data: bytes,
    tmp_path: Path,
    private: Path,
    open_client: Open,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "upload").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    assert main(["enhance", "upload", "-o", "answer.wav", "--jobs", "1"]) == 1
    printed = capsys.readouterr().err.splitlines()[0]
    answer = open_client().post("/enhance", content=data)
    assert answer.status_code == 422
    assert printed == f"speechgan: error: {answer.json()['detail']}"
    assert list(private.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/enhance?strength=2", "strength 2.0: must be from 0 to 1"),
        ("/enhance?strength=loud", "query.strength: Input should be a valid number"),
        ("/enhance?stremgth=1", "stremgth: no such parameter (did you mean strength?); known: "),
        ("/enhance?model=defualt", "model defualt: not served to enhance (did you mean default?)"),
        ("/enhance?model=/etc", "model /etc: not served to enhance; choose from: default, quality"),
        ("/enhance?model=voices", "model voices: not served to enhance"),
        ("/enhance?format=mp3", "query.format: Input should be 'wav' or 'flac'"),
        ("/convert", "query.target_speaker: Field required"),
        ("/convert?target_speaker=nobody", "nobody: voices has no such speaker; choose from"),
        ("/convert?target_speaker=kerstin&pitch_shift=99", "pitch shift 99.0: must be from -36"),
    ],
)
def test_a_bad_parameter_is_refused_in_one_line(
    path: str, reason: str, noisy: Path, open_client: Open
) -> None:
    answer = open_client().post(path, content=noisy.read_bytes())
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(reason)


def test_a_form_is_told_what_to_send(noisy: Path, open_client: Open) -> None:
    answer = open_client().post("/enhance", files={"file": noisy.read_bytes()})
    assert answer.status_code == 422
    assert "send the file as the body, as curl --data-binary @FILE does" in answer.json()["detail"]


def test_an_hour_of_zeros_is_refused_by_its_header(
    tmp_path: Path, private: Path, open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = tmp_path / "bomb.flac"
    with soundfile.SoundFile(bomb, "w", 8000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(60 * 8000, np.int16))
    assert bomb.stat().st_size < 200_000
    monkeypatch.setattr(Reader, "blocks", lambda *_: pytest.fail("was decoded"))
    answer = open_client().post("/enhance", content=bomb.read_bytes())
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("upload: longer than 1200 s")
    assert list(private.iterdir()) == []


@pytest.mark.parametrize(("told", "status"), [(8000, 200), (0, 422)])
def test_of_what_a_header_hides_nothing_is_decoded(
    told: int, status: int, tmp_path: Path, open_client: Open
) -> None:
    bomb = tmp_path / "bomb.flac"
    soundfile.write(bomb, np.zeros(8000 * 600, np.int16), 8000)
    data = bytearray(bomb.read_bytes())
    data[21] &= 0xF0  # the 36 bits of STREAMINFO that count samples
    data[22:26] = told.to_bytes(4, "big")
    answer = open_client(limits=Limits(sound_seconds=2)).post("/enhance", content=bytes(data))
    assert answer.status_code == status
    if status == 200:
        assert soundfile.info(io.BytesIO(answer.content)).frames == told


def test_channels_and_high_rates_count() -> None:
    assert weigh(16000, 16000, 1) == 1
    assert weigh(16000, 16000, 64) == 64
    assert weigh(768_000, 768_000, 1) == 8


def test_a_body_that_is_too_large_is_refused(noisy: Path, private: Path, open_client: Open) -> None:
    client = open_client(limits=Limits(body_bytes=1000))
    data = noisy.read_bytes()
    pieces = (data[i : i + 500] for i in range(0, len(data), 500))
    for content in (data, pieces):  # of a length that is told, and that is not
        answer = client.post("/enhance", content=content)
        assert answer.status_code == 413
        assert answer.json()["detail"] == "upload: larger than 1000 bytes; send less"
    assert list(private.iterdir()) == []


def test_a_full_disk_is_said_in_one_line(noisy: Path, private: Path, open_client: Open) -> None:
    resource = pytest.importorskip("resource")
    client, data = open_client(), noisy.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # meets a writer as a full disk
    try:
        answer = client.post("/enhance", content=data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert answer.status_code == 507
    assert answer.json()["detail"].startswith("upload: cannot be kept (")
    assert list(private.iterdir()) == []


def test_a_disk_that_is_full_for_the_answer_is_not_the_uploads_fault(
    noisy: Path, tmp_path: Path, private: Path, open_client: Open
) -> None:
    resource = pytest.importorskip("resource")
    wave, rate = read(noisy)
    silence = tmp_path / "silence.flac"  # its answer, a WAV, is far larger
    write(silence, 0 * wave, rate)
    client, data = open_client(), silence.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) + 1000, limits[1]))
    try:
        answer = client.post("/enhance", content=data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert answer.status_code == 507
    assert answer.json()["detail"].startswith("answer.wav: cannot be written (")
    assert list(private.iterdir()) == []


def test_what_is_served_is_listed(open_client: Open) -> None:
    client = open_client()
    models = client.get("/models").json()
    assert [m["name"] for m in models] == ["default", "quality", "restore", "voices"]
    assert [m["live"] for m in models] == [True, False, False, True]
    speakers = client.get("/speakers").json()
    assert "kerstin" in [speaker["name"] for speaker in speakers]
    assert client.get("/speakers", params={"model": "default"}).status_code == 422
    assert client.get("/health").json()["status"] == "ok"
    assert "/enhance" in client.get("/openapi.json").json()["paths"]
    assert client.get("/docs").status_code == 200


def test_metrics_count_calls_by_route(noisy: Path, open_client: Open) -> None:
    client = open_client()
    client.post("/enhance", content=noisy.read_bytes())
    client.post("/enhance", content=b"no sound")
    client.get("/no/such/path")
    text = client.get("/metrics").text
    assert 'speechgan_calls_total{route="/enhance",status="200"} 1\n' in text
    assert 'speechgan_calls_total{route="/enhance",status="422"} 1\n' in text
    assert 'speechgan_calls_total{route="none",status="404"} 1\n' in text
    assert 'speechgan_sound_seconds_total{task="enhance"} 1\n' in text
    assert "# TYPE speechgan_files_in_line gauge\nspeechgan_files_in_line 0\n" in text
    assert "no/such/path" not in text
