// Sound to spectra of windowed frames and back, in blocks of any size, at any sample rate.
// The same as speechgan/inference/enhancement/frames.py, of one channel.

import { RealFourier } from "./fourier.js";

// A model's window and hop, kept in seconds at another sample rate: bins stay at their frequencies,
// so that those the model knows are the first of a wider band, and nothing is resampled.
export class Framing {
  constructor(sampleRate, model) {
    this.hop = Math.max(1, Math.round((model.hopLength * sampleRate) / model.sampleRate));
    this.size = this.hop * Math.floor(model.fftSize / model.hopLength);
    this.overlap = this.size - this.hop;
    this.bins = this.size / 2 + 1;
    this.modelBins = model.fftSize / 2 + 1;
    this.scale = model.fftSize / this.size; // for the levels of the model's own transform
    this.hopSeconds = model.hopLength / model.sampleRate;
    this.fourier = new RealFourier(this.size);
  }

  // The root of a periodic Hann window.
  get window() {
    const { size } = this;
    const phase = (k) => (2 * Math.PI * k) / size;
    return Float32Array.from({ length: size }, (_, k) => Math.sqrt(0.5 - 0.5 * Math.cos(phase(k))));
  }

  // With which overlap-add is an exact inverse.
  get dualWindow() {
    const { window, hop } = this;
    const square = new Float64Array(hop);
    window.forEach((value, k) => { square[k % hop] += value * value; });
    return window.map((value, k) => value / square[k % hop]);
  }
}

export class Analyser {
  constructor(framing) {
    this.framing = framing;
    this.window = framing.window;
    this.frame = new Float32Array(framing.size); // begins with the overlap, of silence at first
    this.filled = framing.overlap;
  }

  // The last samples; there are at least `overlap`, those before the sound among them.
  recent(count) {
    return this.frame.slice(this.filled - count, this.filled);
  }

  // Each frame that samples complete: its spectrum, and the greatest magnitude in its newest hop.
  *push(samples) {
    const { framing, window, frame } = this;
    for (let place = 0; place < samples.length; ) {
      const part = samples.subarray(place, place + framing.size - this.filled);
      frame.set(part, this.filled);
      this.filled += part.length;
      place += part.length;
      if (this.filled < framing.size) return;
      const peak = frame.subarray(framing.overlap).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      yield { spectrum: framing.fourier.forward(frame.map((x, k) => x * window[k])), peak };
      frame.copyWithin(0, framing.hop);
      this.filled = framing.overlap;
    }
  }
}

export class Synthesiser {
  constructor(framing) {
    this.framing = framing;
    this.window = framing.dualWindow;
    this.unfinished = new Float32Array(framing.size);
  }

  // A spectrum to the hop of samples that no later frame changes.
  push(spectrum) {
    const { framing, window, unfinished } = this;
    framing.fourier.inverse(spectrum).forEach((x, k) => { unfinished[k] += x * window[k]; });
    const ready = unfinished.slice(0, framing.hop);
    unfinished.copyWithin(0, framing.hop);
    unfinished.fill(0, framing.overlap);
    return ready;
  }
}
