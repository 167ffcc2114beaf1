// A thread of its own for the network, so that neither the page nor the sound waits for it.

import { Network } from "./network.js";
import { Stream } from "./stream.js";

const tasks = {
  async open({ runtime, graph, sampleRate, model }) {
    const network = await Network.load(runtime, graph);
    await network.warmUp(model.hopLength / model.sampleRate);
    stream = new Stream(network, sampleRate, model);
  },
  push: ({ samples }) => stream.push(samples),
  flush: () => stream.flush(),
};
let stream = null;
let before = Promise.resolve(); // what comes later waits for what came before

self.onmessage = ({ data }) => {
  before = before.then(() => answer(data));
};

async function answer(message) {
  const start = performance.now();
  try {
    const samples = await tasks[message.task](message);
    self.postMessage({ samples, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    self.postMessage({ error: error.message });
  }
}
