"""`speechgan data fetch`, from a server on this machine that has small archives of the same layout.

What comes out is what the data of the trainings take.
"""

import hashlib
import io
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hydra.utils import instantiate

from speechgan.cli.main import main
from speechgan.data.conversion.voices import scan_voices
from speechgan.data.corpora import fetch as fetching
from speechgan.data.corpora.catalogue import CORPORA
from speechgan.data.enhancement.module import EnhancementData
from speechgan.training.compose import compose

SPEAKERS = ("p226", "p228", "p257", "p287")


def make_sound(kind: str = "WAV", seed: int = 0, seconds: float = 0.3) -> bytes:
    file = io.BytesIO()
    wave = np.random.default_rng(seed).uniform(-0.1, 0.1, round(seconds * 16000))
    soundfile.write(file, wave, 16000, format=kind)
    return file.getvalue()


def list_members(name: str) -> dict[str, bytes]:
    """What a small archive of this name holds, as the published one does."""
    stem = name.split(".")[0]
    if stem.endswith("set_wav") or stem.endswith("spk_wav"):
        speakers = SPEAKERS if "train" in stem else ("p232",)
        return {f"{stem}/{s}_001.wav": make_sound(seed=i) for i, s in enumerate(speakers)}
    if stem == "train-clean-100":
        spoken = {
            f"{s}/7/{s}-7-000{n}.flac": make_sound("FLAC", n) for s in (19, 26) for n in (0, 1)
        }
        members = {f"LibriSpeech/train-clean-100/{path}": data for path, data in spoken.items()}
        return members | {
            "LibriSpeech/LICENSE.TXT": b"CC BY 4.0",
            "LibriSpeech/train-clean-100/19/7/19-7.trans.txt": b"HELLO",
        }
    if stem.startswith("VCTK"):
        paths = [f"{s}/{s}_00{n}_mic{m}" for s in SPEAKERS for n in (1, 2) for m in (1, 2)]
        members = {f"wav48_silence_trimmed/{p}.flac": make_sound("FLAC") for p in paths}
        return members | {"speaker-info.txt": b"ID AGE", "txt/p226/p226_001.txt": b"Hello"}
    if name.endswith("_16k.zip"):
        place = name.removesuffix("_16k.zip")
        return {f"{place}/ch{n:02}.wav": make_sound(seed=n) for n in (1, 2)}
    part = stem.removeprefix("vcc2018_database_")
    speakers = {"training": ["SF1", "TM1"], "evaluation": ["SF1"], "reference": ["TM1"]}[part]
    first = 10001 if part == "training" else 30001
    paths = [f"vcc2018_{part}/VCC2{s}/{first + n}.wav" for s in speakers for n in range(3)]
    return {path: make_sound() for path in paths}


def make_archive(name: str) -> bytes:
    file = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(file, "w") as archive:
            for path, data in list_members(name).items():
                archive.writestr(path, data)
    else:
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            for path, data in list_members(name).items():
                info = tarfile.TarInfo(path)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


@pytest.fixture
def mirror(files, monkeypatch, tmp_path) -> str:
    """Address of a server with all of the catalogue, which knows their sizes and checksums."""
    for name, corpus in CORPORA.items():
        archives = []
        for archive in corpus.archives:
            data = files.held[archive.name] = make_archive(archive.name)
            md5 = hashlib.md5(data).hexdigest() if archive.md5 else ""
            archives.append(replace(archive, size=len(data), unpacked=len(data), md5=md5))
        monkeypatch.setitem(fetching.CORPORA, name, replace(corpus, archives=tuple(archives)))
    monkeypatch.chdir(tmp_path)
    return files.url


def fetch(name: str, mirror: str, *options: str) -> int:
    return main(["data", "fetch", name, "-o", "DIR", "--yes", "--mirror", mirror, *options])


def test_voicebank_is_what_its_experiment_trains_on(mirror, capsys):
    assert fetch("voicebank", mirror) == 0
    shown = capsys.readouterr().out
    for text in ("CC BY 4.0", "doi:10.7488/ds/2117", "4 MD5", "DIR, ", "experiment=voicebank"):
        assert text in shown
    settings = ["experiment=voicebank", "data.root=DIR", "data.cache=cache", "data.seconds=0.2"]
    data = instantiate(compose("enhance", settings).data, _convert_="all")
    training, validation = data.open()
    assert training[0].noisy.shape == training[0].clean.shape
    assert {Path(name).stem for name, _ in validation} == {"p257_001", "p287_001"}
    assert len(list(Path("DIR/clean_testset_wav").iterdir())) == 1
    # What was downloaded is gone, what it was is noted, and whose it is.
    assert not list(Path("DIR/archives").glob("*.zip"))
    assert len(list(Path("DIR/archives").glob("*.zip.sha256"))) == 4
    about = Path("DIR/voicebank-about.txt").read_text()
    assert "CC BY 4.0" in about and "  noisy_trainset_28spk_wav.zip" in about


def test_librispeech_and_demand_in_one_folder_are_mixed(mirror):
    assert fetch("librispeech-100", mirror) == fetch("demand", mirror) == 0
    data = EnhancementData(Path("DIR"), Path("cache"), seconds=0.2, rooms=0, batch_size=2)
    training, validation = data.open()
    assert len(training[0].noisy) == 2
    assert len(list(validation)) == data.valid_items
    assert {p.name for p in Path("DIR/noise/valid").iterdir()} == {"DWASHING", "NPARK", "PRESTO"}
    assert [s.name for s in scan_voices(Path("DIR/speech"))] == ["19", "26"]
    assert Path("DIR/librispeech-LICENSE.txt").read_text() == "CC BY 4.0"


def test_vctk_is_a_folder_for_each_speaker(mirror):
    assert fetch("vctk", mirror) == 0
    speakers = scan_voices(Path("DIR"))
    assert [s.name for s in speakers] == [*SPEAKERS]
    assert [p.name for s in speakers for p in s.train + s.valid if "mic2" in p.name] == []
    assert Path("DIR/vctk-speaker-info.txt").exists()


def test_vcc2018_is_to_train_and_to_test_on(mirror, files, capsys):
    assert fetch("vcc2018", mirror) == 0
    speakers = {s.name: s for s in scan_voices(Path("DIR"))}
    assert set(speakers) == {"VCC2SF1", "VCC2TM1"}
    for speaker in speakers.values():
        assert len(speaker.train + speaker.valid) == len(speaker.test) == 3
    assert "no checksum is published of vcc2018_database_training.zip" in capsys.readouterr().out
    known = Path("DIR/archives/vcc2018_database_training.zip.sha256").read_text().split()
    assert known[0] == hashlib.sha256(files.held[known[1]]).hexdigest()


@pytest.mark.parametrize("name", CORPORA)
def test_what_is_said_to_be_next_can_be_typed(name):
    for command in CORPORA[name].then:
        program, *words = command.format(dir="DIR").split("#")[0].replace("'", "").split()
        if words[0] == "train":
            compose(words[1], words[2:])
        assert program in ("speechgan", "recipes/enhance/run.sh", "recipes/convert/run.sh")


def test_what_is_there_is_not_fetched_again(mirror, files):
    assert fetch("voicebank", mirror, "--keep-archives") == 0
    assert len(list(Path("DIR/archives").glob("*.zip"))) == 4
    files.asked.clear()
    assert fetch("voicebank", mirror) == 0
    for path in Path("DIR/archives").glob("*.unpacked"):
        path.unlink()
    assert fetch("voicebank", mirror) == 0
    assert files.asked == []
    assert not list(Path("DIR/archives").glob("*.zip"))


def test_whose_it_is_is_written_even_if_an_earlier_run_ended_right_before(mirror, files):
    assert fetch("voicebank", mirror) == 0
    about = Path("DIR/voicebank-about.txt")
    said = about.read_text()
    about.unlink()
    assert fetch("voicebank", mirror) == 0
    assert about.read_text() == said and "Valentini-Botinhao" in said


def test_an_interrupt_leaves_the_part_and_a_hint(mirror, files, monkeypatch, capsys):
    files.breaks = [1000]

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("speechgan.data.corpora.download.time.sleep", interrupt)
        assert fetch("voicebank", mirror) == 130
    assert (
        "what is there stays in DIR/archives; the same command goes on" in capsys.readouterr().err
    )
    assert Path("DIR/archives/clean_testset_wav.zip.part").stat().st_size == 1000
    assert fetch("voicebank", mirror) == 0
    assert files.asked[1] == ("clean_testset_wav.zip", "bytes=1000-")


def test_a_wrong_archive_is_moved_aside_and_fetched_anew(mirror, files, capsys):
    name = "clean_testset_wav.zip"
    right = files.held[name]
    files.held[name] = right[:-1] + b"!"
    assert fetch("voicebank", mirror) == 1
    told = capsys.readouterr().err
    assert f"{name}: MD5 " in told and "run the same command" in told and told.count("\n") == 1
    assert Path(f"DIR/archives/{name}.wrong").read_bytes() == files.held[name]
    assert not Path("DIR/clean_testset_wav").exists()
    files.held[name] = right
    assert fetch("voicebank", mirror) == 0


def test_an_archive_that_somebody_put_there_is_checked(mirror, files, capsys):
    name = "clean_testset_wav.zip"
    Path("DIR/archives").mkdir(parents=True)
    Path(f"DIR/archives/{name}").write_bytes(b"half of it")
    assert fetch("voicebank", mirror) == 1
    assert f"{name}: MD5 " in capsys.readouterr().err
    Path(f"DIR/archives/{name}").write_bytes(files.held[name])
    assert fetch("voicebank", mirror) == 0
    assert name not in [asked for asked, _ in files.asked]


def test_a_file_that_is_not_there_is_named(mirror, files, capsys):
    del files.held["train-clean-100.tar.gz"]
    assert fetch("librispeech-100", mirror) == 1
    assert "train-clean-100.tar.gz: the server says 404" in capsys.readouterr().err


def test_nothing_is_fetched_without_being_asked_for(mirror, files, monkeypatch, capsys):
    command = ["data", "fetch", "vctk", "--mirror", mirror]
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(command) == 1
    assert "nobody here to ask whether to fetch 0.00 GB; say --yes" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert main(command) == 1
    assert "nothing is fetched" in capsys.readouterr().out
    assert files.asked == [] and not Path("vctk").exists()
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert main(command) == 0
    assert Path("vctk/p226").is_dir()


def test_what_does_not_fit_is_refused_first(mirror, files, monkeypatch, capsys):
    monkeypatch.setattr(fetching.Fetch, "count_free", lambda self: 1000)
    assert fetch("vctk", mirror) == 1
    assert "GB needed, and 0.0 GB free; free some space" in capsys.readouterr().err
    assert files.asked == [] and not Path("DIR").exists()


def test_what_there_is_is_listed(capsys):
    for words in ([], ["--list"], ["vctk", "--list"]):
        assert main(["data", "fetch", *words]) == 0
        shown = capsys.readouterr().out
        assert all(f"\n{name} " in shown for name in CORPORA)


def test_mistakes_end_in_one_line(capsys):
    assert main(["data", "fetch", "voicebnk"]) == 1
    assert "voicebnk: no such corpus (did you mean voicebank?)" in capsys.readouterr().err
    assert main(["data", "fetch", "vctk", "--mirror", "ftp://a"]) == 1
    assert "ftp://a: not an address of the web" in capsys.readouterr().err
