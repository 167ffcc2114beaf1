// In the browser's audio thread: gathers what is heard, and plays what has come back.

const FIRST_RESERVE = 0.03; // seconds that wait before they are played
const MORE_RESERVE = 0.02; // each time that they were too few
const MOST_RESERVE = 0.3;
const REPORT = 0.25; // seconds between two reports of the delay

class Line extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.block = new Float32Array(processorOptions.block);
    this.filled = 0;
    this.queue = []; // blocks to be played, of which the first was played up to `place`
    this.place = 0;
    this.waiting = 0; // samples in it
    this.reserve = FIRST_RESERVE * sampleRate;
    this.playing = false;
    this.state = "hearing"; // then "heard", when all is sent, then "last", when all has come back
    this.heard = this.played = this.reported = 0;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(message) {
    if (message instanceof Float32Array) {
      this.queue.push(message);
      this.waiting += message.length;
    } else if (message === "end" && this.state === "hearing") {
      this.state = "heard";
      this.port.postMessage(this.block.slice(0, this.filled));
      this.port.postMessage({ state: "heard" });
    } else if (message === "last") {
      this.state = "last";
    }
  }

  process([input], [[output]]) {
    if (this.state === "hearing") this.gather(input[0] ?? new Float32Array(output.length));
    if (this.waiting >= this.reserve || this.state === "last") this.playing = true;
    if (this.playing) this.fill(output);
    // What came late would keep all that follows late.
    const most = this.reserve + this.block.length + 0.1 * sampleRate;
    if (this.waiting > most && this.state === "hearing") this.next(this.waiting - this.reserve);
    if (this.state === "last" && this.waiting === 0) {
      this.port.postMessage({ state: "last" });
      return false;
    }
    if (this.heard - this.reported >= REPORT * sampleRate && this.playing) {
      this.reported = this.heard;
      this.port.postMessage({ delay: (this.heard - this.played) / sampleRate });
    }
    return true;
  }

  gather(samples) {
    this.heard += samples.length;
    for (const sample of samples) {
      this.block[this.filled++] = sample;
      if (this.filled === this.block.length) {
        this.port.postMessage(this.block.slice());
        this.filled = 0;
      }
    }
  }

  fill(output) {
    const enough = this.waiting >= output.length;
    this.next(output.length, output);
    if (!enough && this.state === "hearing") {
      this.playing = false;
      this.reserve = Math.min(this.reserve + MORE_RESERVE * sampleRate, MOST_RESERVE * sampleRate);
    }
  }

  // Takes up to so many samples from the queue, into `output` if there is one.
  next(count, output) {
    let done = 0;
    while (done < count && this.queue.length) {
      const part = this.queue[0].subarray(this.place, this.place + count - done);
      output?.set(part, done);
      done += part.length;
      this.place += part.length;
      if (this.place === this.queue[0].length) {
        this.queue.shift();
        this.place = 0;
      }
    }
    this.waiting -= done;
    this.played += done;
  }
}

registerProcessor("line", Line);
