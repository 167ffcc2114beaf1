// One sound through a model, block after block: the samples that Enhancer.stream gives in Python.
// The same as speechgan/inference/enhancement/streaming.py and limiter.py, of one channel.

import { complex } from "./fourier.js";
import { Analyser, Framing, Synthesiser } from "./frames.js";
import { UpperBand } from "./upper_band.js";

export class Stream {
  // `model`: { sampleRate, fftSize, hopLength } of what `network` was trained on.
  constructor(network, sampleRate, model) {
    this.network = network;
    this.framing = new Framing(sampleRate, model);
    this.analyser = new Analyser(this.framing);
    this.upperBand = new UpperBand(this.framing);
    this.synthesiser = new Synthesiser(this.framing);
    this.ceiling = 1; // full scale, or the loudest noisy sample so far where that is louder
    this.heard = 0;
    this.skipped = 0; // of the first samples, which precede the sound
  }

  // Samples, as many as there are, to those that are ready; a frame behind.
  async push(samples) {
    const bad = samples.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) throw new Error("A sample is NaN or infinite; the sound cannot be worked on.");
    this.heard += samples.length;
    const hops = [];
    for (const { spectrum, peak } of this.analyser.push(samples)) {
      hops.push(this.limit(this.synthesiser.push(await this.enhance(spectrum)), peak));
    }
    const ready = new Float32Array(hops.length * this.framing.hop);
    hops.forEach((hop, k) => ready.set(hop, k * this.framing.hop));
    const before = Math.min(this.framing.overlap - this.skipped, ready.length);
    this.skipped += before;
    return ready.subarray(before);
  }

  // The samples that were still to come: as many as went in, in all.
  async flush() {
    const { hop, overlap } = this.framing;
    const { heard } = this;
    const made = Math.max(0, Math.floor(heard / hop) * hop - overlap);
    const frames = Math.ceil((heard + overlap) / hop);
    // Silence; a direct current goes on in it, lest it ends in a click.
    const recent = this.analyser.recent(Math.min(heard, overlap));
    const mean = recent.reduce((sum, x) => sum + x, 0) / Math.max(1, recent.length);
    const ready = await this.push(new Float32Array(frames * hop - heard).fill(mean));
    return ready.subarray(0, heard - made);
  }

  async enhance(noisy) {
    const { bins, modelBins, scale } = this.framing;
    const known = Math.min(bins, modelBins);
    const lower = complex(modelBins);
    const whole = complex(bins);
    for (const part of ["real", "imag"]) {
      for (let bin = 0; bin < known; bin++) lower[part][bin] = noisy[part][bin] * scale;
    }
    const enhanced = await this.network.run(lower);
    for (const part of ["real", "imag"]) {
      for (let bin = 0; bin < known; bin++) whole[part][bin] = enhanced[part][bin] / scale;
    }
    this.upperBand.fill(noisy, whole);
    return whole;
  }

  // The noisy peak is that of the newest hop, as in Python; the samples are a frame older.
  limit(samples, peak) {
    this.ceiling = Math.max(this.ceiling, peak);
    return samples.map((x) => Math.max(-this.ceiling, Math.min(this.ceiling, x)));
  }
}
