"""The benchmark of vocoders and of conversion."""

import numpy as np


def test_speed_is_that_of_the_sound_there_is(load_benchmark, monkeypatch):
    benchmark = load_benchmark("convert")
    monkeypatch.setattr(benchmark.Converter, "from_pretrained", lambda *_, **__: None)
    monkeypatch.setattr(benchmark, "_time_conversion", lambda *_: 0.5)
    for seconds, speed in ((2, 4), (30, 20)):
        found = benchmark.measure_models(["voices"], [np.zeros(seconds * benchmark.RATE)])
        assert set(found.values()) == {speed}
