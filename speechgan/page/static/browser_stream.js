// A sound through a model that runs in this browser, with the same methods as the server's stream.

import { Enhancer } from "./enhance/enhance.js";

const MOST_BEHIND = 5; // seconds of sound, after which it is clear that the machine is too slow

export class BrowserStream {
  // `wish`: `graph`, `runtime` and `model` of an Enhancer; `handlers`: as of the server's stream.
  static async open(wish, sampleRate, handlers) {
    return new BrowserStream(await Enhancer.open({ ...wish, sampleRate }), handlers);
  }

  constructor(enhancer, handlers) {
    this.enhancer = enhancer;
    this.handlers = handlers;
    this.behind = 0; // samples
    this.isClosed = false;
  }

  async send(samples) {
    this.behind += samples.length;
    if (this.behind > MOST_BEHIND * this.enhancer.sampleRate) {
      this.fail("This device is too slow to run the model while it listens.");
      return;
    }
    await this.take(this.enhancer.push(samples));
    this.behind -= samples.length;
  }

  async end() {
    await this.take(this.enhancer.flush());
    if (!this.isClosed) this.handlers.last();
  }

  close() {
    this.isClosed = true;
    this.enhancer.close();
  }

  // The share of one core that the model takes.
  get load() {
    return this.enhancer.load;
  }

  async take(coming) {
    try {
      const samples = await coming;
      if (!this.isClosed) this.handlers.made(samples);
    } catch (error) {
      this.fail(error.message);
    }
  }

  fail(reason) {
    if (this.isClosed) return;
    this.close();
    this.handlers.failed(reason);
  }
}
