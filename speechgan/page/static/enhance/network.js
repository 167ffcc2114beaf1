// A model's graph of one frame in onnxruntime-web: a state goes from frame to frame.

const MOST_FRAMES = 300; // of silence before the sound
const QUICK = 0.3; // of the time that a frame lasts
const QUICK_FRAMES = 20; // in a row, after which the engine is at its speed

export class Network {
  // `runtime`: URL of the folder with onnxruntime-web; `graph`: URL of the model.
  static async load(runtime, graph) {
    const ort = await import(new URL("ort.wasm.bundle.min.mjs", runtime).href);
    // One thread needs no SharedArrayBuffer, and so no special headers; frames are too small for more.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { wasm: new URL("ort-wasm-simd-threaded.wasm", runtime).href };
    const answer = await fetch(graph);
    if (!answer.ok) throw new Error(`${graph}: the model cannot be loaded (${answer.status})`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    return new Network(ort, session);
  }

  constructor(ort, session) {
    this.ort = ort;
    this.session = session;
    this.shapes = Object.fromEntries(session.inputMetadata.map(({ name, shape }) => [name, shape]));
    this.reset();
  }

  // The state before the first frame of a sound.
  reset() {
    this.state = {};
    for (const [name, shape] of Object.entries(this.shapes)) {
      if (name !== "spectrum") this.state[name] = this.tensor(shape);
    }
  }

  // Browsers compile the engine twice, the second time while it runs: the first second of frames
  // takes several times as long as those after it, and would be late if it were of a live sound.
  async warmUp(hopSeconds) {
    const [, , bins] = this.shapes.spectrum;
    const silence = { real: new Float64Array(bins), imag: new Float64Array(bins) };
    for (let frame = 0, quick = 0; frame < MOST_FRAMES && quick < QUICK_FRAMES; frame++) {
      const start = performance.now();
      await this.run(silence);
      quick = performance.now() - start < 1000 * QUICK * hopSeconds ? quick + 1 : 0;
    }
    this.reset();
  }

  tensor(shape, values = new Float32Array(shape.reduce((a, b) => a * b))) {
    return new this.ort.Tensor("float32", values, shape);
  }

  // `{real, imag}` of a noisy frame to those of an enhanced one, in order of frames.
  async run(noisy) {
    const [, , bins] = this.shapes.spectrum;
    const values = new Float32Array(2 * bins); // (channel, part, bin, frame)
    values.set(noisy.real, 0);
    values.set(noisy.imag, bins);
    const spectrum = this.tensor(this.shapes.spectrum, values);
    const made = await this.session.run({ spectrum, ...this.state });
    for (const name of Object.keys(this.state)) this.state[name] = made[`${name}_after`];
    const { data } = made.enhanced;
    return { real: data.subarray(0, bins), imag: data.subarray(bins) };
  }
}
