// Takes noise from the bands above a model's, by what the model did right below them.
// The same as speechgan/inference/enhancement/upper_band.py, which says how and why.

const BANDS = 8;
const SMOOTHING_SECONDS = 0.025;
const LEARNING_SECONDS = 0.1;
const PAUSE = 1 / 5;
const OVERSUBTRACTION = 1.5;
const TINY = 1e-30;

export class UpperBand {
  constructor(framing) {
    this.known = framing.modelBins;
    const above = Math.max(0, framing.bins - this.known);
    this.count = Math.min(BANDS, above);
    this.edges = Array.from({ length: this.count + 1 }, (_, band) =>
      this.known + (this.count ? Math.floor((above * band) / this.count) : 0),
    );
    this.forget = Math.exp(-framing.hopSeconds / SMOOTHING_SECONDS);
    this.learn = 1 - Math.exp(-framing.hopSeconds / LEARNING_SECONDS);
    // Energies, smoothed: of the model's upper half, enhanced and noisy, then of each band above.
    this.heard = new Float64Array(2 + this.count);
    this.noise = new Float64Array(this.count);
  }

  // Writes into `enhanced`, of the whole band, the bins that the model does not know.
  fill(noisy, enhanced) {
    if (!this.count) return;
    const half = Math.floor(this.known / 2);
    const now = [energy(enhanced, half, this.known), energy(noisy, half, this.known)];
    for (let band = 0; band < this.count; band++) {
      now.push(energy(noisy, this.edges[band], this.edges[band + 1]));
    }
    now.forEach((value, k) => { this.heard[k] += (1 - this.forget) * (value - this.heard[k]); });
    const pause = Math.max(1 - share(now) / PAUSE, 0);
    const least = share(this.heard);
    for (let band = 0; band < this.count; band++) {
      this.noise[band] += this.learn * pause * (now[2 + band] - this.noise[band]);
      const wanted = 1 - (OVERSUBTRACTION * this.noise[band]) / Math.max(this.heard[2 + band], TINY);
      const gain = Math.sqrt(Math.max(wanted, least));
      for (let bin = this.edges[band]; bin < this.edges[band + 1]; bin++) {
        enhanced.real[bin] = gain * noisy.real[bin];
        enhanced.imag[bin] = gain * noisy.imag[bin];
      }
    }
  }
}

// What was left of the model's upper half, of its energy, at most all.
function share(energies) {
  return Math.min(energies[0] / Math.max(energies[1], TINY), 1);
}

function energy({ real, imag }, first, end) {
  let sum = 0;
  for (let bin = first; bin < end; bin++) sum += real[bin] ** 2 + imag[bin] ** 2;
  return sum;
}
