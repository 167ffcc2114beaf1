// The discrete Fourier transform of any size: windows are 512 samples at 16 kHz, 1536 at 48 kHz,
// and 1412, four times a prime, at 44.1 kHz.

const RADICES = [3, 5, 7, 2]; // 2 where an odd part without small factors is left

// A power of two: values in bit-reversed order, then butterflies (Cooley & Tukey 1965).
class PowerOfTwo {
  constructor(size) {
    this.size = size;
    this.cos = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    this.reversed = new Uint32Array(size);
    for (let k = 1; k < size; k++) {
      this.reversed[k] = (this.reversed[k >> 1] >> 1) | (k & 1 ? size >> 1 : 0);
    }
  }

  // Every `step`th value of `from`, from `start` on, to `size` values of `to`, from `at` on.
  run(from, start, step, to, at) {
    const { size, cos, sin, reversed } = this;
    const { real, imag } = to;
    for (let k = 0; k < size; k++) {
      real[at + k] = from.real[start + reversed[k] * step];
      imag[at + k] = from.imag[start + reversed[k] * step];
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let first = at; first < at + size; first += 2 * half) {
        for (let k = 0; k < half; k++) {
          const low = first + k;
          const high = low + half;
          const turnReal = cos[k * stride];
          const turnImag = sin[k * stride];
          const x = real[high] * turnReal - imag[high] * turnImag;
          const y = real[high] * turnImag + imag[high] * turnReal;
          real[high] = real[low] - x;
          imag[high] = imag[low] - y;
          real[low] += x;
          imag[low] += y;
        }
      }
    }
  }
}

// A size with a small factor: as many transforms of a part of the values, and their sums.
class Split {
  constructor(size, radix) {
    this.size = size;
    this.radix = radix;
    this.part = make(size / radix);
    this.cos = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: size }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    this.made = complex(size);
  }

  run(from, start, step, to, at) {
    const { size, radix, part, cos, sin, made } = this;
    const length = size / radix;
    for (let r = 0; r < radix; r++) part.run(from, start + r * step, step * radix, made, r * length);
    for (let k = 0; k < size; k++) {
      let x = 0;
      let y = 0;
      for (let r = 0; r < radix; r++) {
        const place = r * length + (k % length);
        const turn = (r * k) % size;
        x += made.real[place] * cos[turn] - made.imag[place] * sin[turn];
        y += made.real[place] * sin[turn] + made.imag[place] * cos[turn];
      }
      to.real[at + k] = x;
      to.imag[at + k] = y;
    }
  }
}

// Any other size: as a convolution, by transforms of a power of two (Bluestein 1970).
class Chirp {
  constructor(size) {
    let length = 1;
    while (length < 2 * size - 1) length *= 2;
    this.size = size;
    this.chirp = complex(size);
    const kernel = complex(length);
    for (let k = 0; k < size; k++) {
      const angle = (Math.PI * ((k * k) % (2 * size))) / size;
      this.chirp.real[k] = Math.cos(angle);
      this.chirp.imag[k] = -Math.sin(angle);
      for (const place of [k, (length - k) % length]) {
        kernel.real[place] = Math.cos(angle);
        kernel.imag[place] = Math.sin(angle);
      }
    }
    this.inner = make(length);
    this.kernel = complex(length);
    this.inner.run(kernel, 0, 1, this.kernel, 0);
    this.given = complex(length);
    this.found = complex(length);
  }

  run(from, start, step, to, at) {
    const { size, chirp, kernel, given, found, inner } = this;
    const length = given.real.length;
    given.real.fill(0, size);
    given.imag.fill(0, size);
    for (let k = 0; k < size; k++) {
      const [x, y] = [from.real[start + k * step], from.imag[start + k * step]];
      given.real[k] = x * chirp.real[k] - y * chirp.imag[k];
      given.imag[k] = x * chirp.imag[k] + y * chirp.real[k];
    }
    inner.run(given, 0, 1, found, 0);
    // A conjugate before and after makes the inverse of the transform.
    for (let k = 0; k < length; k++) {
      const [x, y] = [found.real[k], found.imag[k]];
      given.real[k] = x * kernel.real[k] - y * kernel.imag[k];
      given.imag[k] = -(x * kernel.imag[k] + y * kernel.real[k]);
    }
    inner.run(given, 0, 1, found, 0);
    for (let k = 0; k < size; k++) {
      const [x, y] = [found.real[k] / length, -found.imag[k] / length];
      to.real[at + k] = x * chirp.real[k] - y * chirp.imag[k];
      to.imag[at + k] = x * chirp.imag[k] + y * chirp.real[k];
    }
  }
}

function make(size) {
  if (Number.isInteger(Math.log2(size))) return new PowerOfTwo(size);
  const radix = RADICES.find((small) => size % small === 0);
  return radix ? new Split(size, radix) : new Chirp(size);
}

export function complex(size) {
  return { real: new Float64Array(size), imag: new Float64Array(size) };
}

// Real samples to their spectrum `{real, imag}` of size / 2 + 1 bins, and back; `size` is even.
export class RealFourier {
  constructor(size) {
    this.size = size;
    this.bins = size / 2 + 1;
    this.half = make(size / 2);
    this.given = complex(size / 2);
    this.found = complex(size / 2);
    this.cos = Float64Array.from({ length: this.bins }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: this.bins }, (_, k) => Math.sin((2 * Math.PI * k) / size));
  }

  // Samples of even and odd number are the two parts of a complex transform of half the size.
  forward(samples) {
    const { given, found, cos, sin } = this;
    const half = this.size / 2;
    for (let k = 0; k < half; k++) {
      given.real[k] = samples[2 * k];
      given.imag[k] = samples[2 * k + 1];
    }
    this.half.run(given, 0, 1, found, 0);
    const spectrum = complex(this.bins);
    for (let k = 0; k <= half; k++) {
      const [i, j] = [k % half, (half - k) % half];
      const [evenReal, evenImag] = [found.real[i] + found.real[j], found.imag[i] - found.imag[j]];
      const [oddReal, oddImag] = [found.imag[i] + found.imag[j], found.real[j] - found.real[i]];
      spectrum.real[k] = (evenReal + oddReal * cos[k] + oddImag * sin[k]) / 2;
      spectrum.imag[k] = (evenImag + oddImag * cos[k] - oddReal * sin[k]) / 2;
    }
    return spectrum;
  }

  // The inverse; imaginary parts of the first and the last bin mean nothing.
  inverse({ real, imag }) {
    const { given, found, cos, sin } = this;
    const half = this.size / 2;
    const imagAt = (k) => (k % half === 0 ? 0 : imag[k]);
    for (let k = 0; k < half; k++) {
      const j = half - k;
      const [evenReal, evenImag] = [real[k] + real[j], imagAt(k) - imagAt(j)];
      const [x, y] = [real[k] - real[j], imagAt(k) + imagAt(j)];
      const [oddReal, oddImag] = [x * cos[k] - y * sin[k], x * sin[k] + y * cos[k]];
      given.real[k] = evenReal - oddImag;
      given.imag[k] = -(evenImag + oddReal);
    }
    this.half.run(given, 0, 1, found, 0);
    const samples = new Float64Array(this.size);
    for (let k = 0; k < half; k++) {
      samples[2 * k] = found.real[k] / this.size;
      samples[2 * k + 1] = -found.imag[k] / this.size;
    }
    return samples;
  }
}
