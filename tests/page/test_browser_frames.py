"""The frames of the browser, by node: those of Python at any rate, and above the model's band."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import speechgan.page
from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.rounds import Array, Ask, Steps
from speechgan.inference.enhancement.streaming import State, Stream

MODULE = Path(speechgan.page.__file__).parent / "static" / "enhance" / "stream.js"
PROGRAM = """
import { readFileSync } from "node:fs";
const { place, waves } = JSON.parse(readFileSync(0, "utf8"));
const { Stream } = await import(place);
const network = {
  run: async (noisy) => ({
    real: noisy.real.map((x, k) => (k % 3 ? 0.9 : 0.2) * x),
    imag: noisy.imag.map((x, k) => (k % 3 ? 0.9 : 0.2) * x),
  }),
};
const model = { sampleRate: 16000, fftSize: 512, hopLength: 256 };
const made = [];
for (const { rate, wave } of waves) {
  const stream = new Stream(network, rate, model);
  const parts = [];
  for (let at = 0, size = 1; at < wave.length; at += size, size = (size * 7) % 1999) {
    parts.push(...(await stream.push(Float32Array.from(wave.slice(at, at + size)))));
  }
  parts.push(...(await stream.flush()));
  made.push(parts);
}
process.stdout.write(JSON.stringify(made));
"""
RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000]


class Masking:
    """A network that takes some off each bin."""

    sample_rate, n_fft, hop_length = 16000, 512, 256
    causal = level_invariant = True

    def __init__(self) -> None:
        self.state: State = {}

    def start(self, channels: int) -> "Masking":
        return self

    def push(self, spectrum: Spectrum, ends: bool) -> Steps[Spectrum]:
        return (yield Ask(spectrum, ends=ends))

    def answer(self, asks: Sequence[Ask]) -> list[Array]:
        masks = (np.where(np.arange(ask.given.shape[2]) % 3, 0.9, 0.2) for ask in asks)
        return [
            (ask.given * mask).astype(np.complex64) for ask, mask in zip(asks, masks, strict=True)
        ]


def make_wave(rate: int) -> np.ndarray:
    """Noise under a direct current, louder in its middle and there above full scale."""
    wave = np.random.default_rng(rate).normal(0.1, 0.05, rate // 4 + 7).astype(np.float32)
    wave[rate // 12 : rate // 8] *= 12
    return wave


def test_frames_are_those_of_python(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    # Modules, without a package.json that would say so.
    folder = tmp_path / "enhance"
    shutil.copytree(MODULE.parent, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.mjs").write_text(PROGRAM)
    waves = [{"rate": rate, "wave": make_wave(rate).tolist()} for rate in RATES]
    given = json.dumps({"place": (folder / MODULE.name).as_uri(), "waves": waves})
    done = subprocess.run(
        [node, str(tmp_path / "run.mjs")], input=given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for rate, made in zip(RATES, json.loads(done.stdout), strict=True):
        stream, wave = Stream(Masking(), rate), make_wave(rate)
        expected = np.concatenate([stream(wave), stream.flush()])
        assert len(made) == len(wave)
        np.testing.assert_allclose(made, expected, rtol=0, atol=2e-6, err_msg=str(rate))
