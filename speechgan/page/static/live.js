// The tab Live: microphone or file, worklet, the server's stream, worklet, loudspeaker.

const BLOCK_SECONDS = 0.016; // a hop of the models that ship
const MOST_KEPT_SECONDS = 600;
const find = (id) => document.getElementById(id);
const say = (text) => { find("live-status").textContent = text; };
let running = null;

// The page is made after this script has run, and made anew for another tab.
document.addEventListener("click", ({ target }) => {
  if (target.id === "live-microphone") begin(openMicrophone);
  if (target.id === "live-stop") running?.end();
});
document.addEventListener("change", ({ target }) => {
  if (target.id === "live-original") running?.choose();
  if (target.id === "live-file" && target.files.length) {
    const file = target.files[0];
    begin((context) => openFile(context, file));
  }
});

async function openMicrophone(context) {
  // What browsers do against noise and echo would be heard in place of what the model does.
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const node = context.createMediaStreamSource(stream);
  return { node, start() {}, stop: () => stream.getTracks().forEach((track) => track.stop()) };
}

async function openFile(context, file) {
  const node = context.createBufferSource();
  node.buffer = await context.decodeAudioData(await file.arrayBuffer()).catch(() => {
    throw new Error(`${file.name}: not audio that this browser reads; choose another file`);
  });
  return { node, start: () => node.start(), stop() {} };
}

async function begin(open) {
  running?.close();
  const live = (running = new Live());
  try {
    await live.start(open);
  } catch (error) {
    live.close(error.message);
  }
}

class Live {
  kept = [];
  count = 0;

  async start(open) {
    find("live-download").hidden = true;
    find("live-stop").disabled = false;
    say("Starting …");
    this.context = new AudioContext({ latencyHint: "interactive" });
    await this.context.audioWorklet.addModule("page/worklet.js");
    this.source = await open(this.context);
    await this.connect(JSON.parse(find("live-sound").value));
    if (running !== this) {
      // Stopped while the browser was asking for the microphone.
      this.source.stop();
      this.socket.close();
      return;
    }
    this.line = new AudioWorkletNode(this.context, "line", {
      channelCount: 1,
      channelCountMode: "explicit",
      outputChannelCount: [1],
      processorOptions: { block: Math.round(BLOCK_SECONDS * this.context.sampleRate) },
    });
    this.line.port.onmessage = ({ data }) => this.hear(data);
    this.made = new GainNode(this.context);
    this.original = new GainNode(this.context, { gain: 0 });
    this.source.node.connect(this.line).connect(this.made).connect(this.context.destination);
    this.source.node.connect(this.original).connect(this.context.destination);
    this.source.node.onended = () => this.end();
    this.choose();
    this.source.start();
    await this.context.resume();
    say("Listening.");
  }

  // Opens the server's stream, and says what is wished.
  connect(wish) {
    const place = new URL("stream", document.baseURI);
    place.protocol = place.protocol.replace("http", "ws");
    this.socket = new WebSocket(place);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => this.play(new Float32Array(data));
    this.socket.onclose = ({ reason, code }) => {
      if (code === 1000) this.line.port.postMessage("last");
      else this.close(reason || "The server has ended the stream.");
    };
    return new Promise((done, fail) => {
      this.socket.onerror = () => fail(new Error("The server cannot be reached."));
      this.socket.onopen = () => {
        const form = { sample_rate: this.context.sampleRate, channels: 1, encoding: "f32le" };
        this.socket.send(JSON.stringify({ ...wish, ...form }));
        done();
      };
    });
  }

  // What the worklet says: samples of the source, its delay, that it has no more, that it is done.
  hear(message) {
    if (message instanceof Float32Array) {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
    } else if ("delay" in message) {
      const device = this.context.baseLatency + (this.context.outputLatency || 0);
      find("live-delay").textContent = `${Math.round(1000 * (message.delay + device))} ms`;
    } else if (message.state === "heard") {
      this.socket.send("end");
    } else {
      this.close("Stopped.");
    }
  }

  play(samples) {
    if (this.count < MOST_KEPT_SECONDS * this.context.sampleRate) this.kept.push(samples);
    this.count += samples.length;
    this.line.port.postMessage(samples);
  }

  choose() {
    const original = find("live-original").checked;
    this.original.gain.value = original ? 1 : 0;
    this.made.gain.value = original ? 0 : 1;
  }

  // Lets what was heard come out; `close` follows.
  end() {
    if (!this.line) return this.close("Stopped.");
    this.source.stop();
    this.line.port.postMessage("end");
    find("live-stop").disabled = true;
  }

  close(reason = "") {
    if (running !== this) return;
    running = null;
    this.source?.stop();
    this.socket?.close();
    this.context?.close();
    find("live-stop").disabled = true;
    find("live-file").value = "";
    say(reason);
    if (this.count) this.offer();
  }

  offer() {
    const link = find("live-download");
    if (link.href) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(writeWave(this.kept, this.context.sampleRate));
    link.download = "live.wav";
    link.hidden = false;
  }
}

// 16-bit mono WAV of blocks of samples.
function writeWave(blocks, rate) {
  const count = blocks.reduce((sum, block) => sum + block.length, 0);
  const view = new DataView(new ArrayBuffer(44 + 2 * count));
  const text = (at, word) => [...word].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // integers
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * count, true);
  let at = 44;
  for (const block of blocks) {
    for (const sample of block) {
      const clipped = Math.max(-1, Math.min(1, sample));
      view.setInt16(at, Math.round(32767 * clipped), true);
      at += 2;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}
