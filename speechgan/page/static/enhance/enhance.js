// Takes the noise out of speech, in the browser alone: no sound leaves it. See docs/guides/browser.md.

// Of the model that ships as `default`.
const DEFAULT = { sampleRate: 16000, fftSize: 512, hopLength: 256 };

export class Enhancer {
  // Settings:
  //   graph: URL of a model, speechgan/weights/default/model.onnx
  //   runtime: URL of the folder with onnxruntime-web, which `speechgan demo --browser-engine` fetches
  //   sampleRate: of the samples, any; an AudioContext says its own
  //   model: { sampleRate, fftSize, hopLength } of another model, as its config.yaml says
  static async open({ graph, runtime, sampleRate, model = DEFAULT }) {
    if (!globalThis.WebAssembly || !globalThis.Worker) {
      throw new Error("This browser has no WebAssembly or no workers; use a newer one.");
    }
    const place = (url) => new URL(url, document.baseURI).href;
    const enhancer = new Enhancer(sampleRate);
    try {
      const names = { runtime: place(runtime), graph: place(graph) };
      await enhancer.ask({ task: "open", ...names, sampleRate, model });
    } catch (error) {
      enhancer.close();
      throw error;
    }
    enhancer.busySeconds = 0; // from here on it is of sound
    return enhancer;
  }

  constructor(sampleRate) {
    this.sampleRate = sampleRate;
    this.heard = this.busySeconds = 0;
    this.waiting = []; // those who asked, in order
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.take(data);
    this.worker.onerror = ({ message }) => {
      const text = message || "its files cannot be loaded, or the browser is too old";
      while (this.waiting.length) this.take({ error: `The engine has not started: ${text}.` });
    };
  }

  // Samples in a Float32Array, as many as there are, to a promise of those that are ready.
  push(samples) {
    this.heard += samples.length;
    return this.ask({ task: "push", samples });
  }

  // The samples that were still to come: with them, as many as went in.
  flush() {
    return this.ask({ task: "flush" });
  }

  close() {
    this.worker.terminate();
  }

  // The share of one core that the work takes.
  get load() {
    return this.heard ? (this.busySeconds * this.sampleRate) / this.heard : 0;
  }

  ask(message) {
    return new Promise((done, fail) => {
      this.waiting.push({ done, fail });
      this.worker.postMessage(message);
    });
  }

  take({ samples, seconds = 0, error }) {
    const { done, fail } = this.waiting.shift();
    this.busySeconds += seconds;
    if (error) fail(new Error(error));
    else done(samples);
  }
}
