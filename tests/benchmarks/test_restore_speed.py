"""The benchmark of how fast a core restores."""

import sys

import numpy as np
import soundfile


def test_every_damage_has_a_speed(load_benchmark, tmp_path, recordings, monkeypatch, capsys):
    (tmp_path / "speech/test").mkdir(parents=True)
    clean = recordings["p228_wind"][1]
    soundfile.write(tmp_path / "speech/test/a.flac", clean, 16000)
    command = ["restore_speed.py", "--data", tmp_path, "--seconds", 1, "--repeats", 1]
    monkeypatch.setattr(sys, "argv", [*map(str, command), "--model", "tiny"])
    heard = []
    benchmark = load_benchmark("restore_speed")
    measure = benchmark.measure
    monkeypatch.setattr(
        benchmark,
        "measure",
        lambda restorer, sound: (heard.append(sound), measure(restorer, sound))[1],
    )
    benchmark.main()
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[4:]]
    names = [name.strip() for name, _ in rows]
    assert names == ["clean", "telephone", "gaps", "clipping", "clipping at full scale"]
    assert all(speed.strip().isdigit() for _, speed in rows)
    peaks = [np.abs(sound).max() for sound in heard]
    assert peaks[3] < 0.3 * peaks[0]
    assert peaks[4] == 1
