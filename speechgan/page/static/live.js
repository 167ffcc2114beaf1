// The tab Live: microphone or file, worklet, a stream, worklet, loudspeaker. The stream is the
// server's, or one in this browser.

// They come meanwhile: what is pressed before they are there waits for them, and is not lost.
const parts = Promise.all([
  import("./browser_stream.js"),
  import("./server_stream.js"),
  import("./wave_file.js"),
]).then((modules) => Object.assign({}, ...modules));
parts.catch(() => {}); // `connect` tells
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
  if (!navigator.mediaDevices) {
    throw new Error("This browser gives no microphone to this page; it takes https or localhost.");
  }
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
  heard = [];
  made = [];
  count = 0;

  async start(open) {
    for (const id of ["live-download", "live-download-original"]) find(id).hidden = true;
    find("live-load").textContent = "";
    find("live-stop").disabled = false;
    say("Starting …");
    this.context = new AudioContext({ latencyHint: "interactive" });
    if (!this.context.audioWorklet) {
      throw new Error("This browser cannot work on live sound here; it takes https or localhost.");
    }
    await this.context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
    const wish = JSON.parse(find("live-sound").value);
    // A model is ready before the microphone opens, so that nothing said is lost; a place on the
    // server is taken after it, as others would wait while the browser asks for the microphone.
    if (wish.browser) this.stream = await this.connect(wish);
    if (running === this) this.source = await open(this.context);
    if (running === this) this.stream ??= await this.connect(wish);
    if (running !== this) {
      // Stopped while the browser was asking for the microphone, or loading the model.
      this.source?.stop();
      this.stream?.close();
      return;
    }
    this.line = new AudioWorkletNode(this.context, "line", {
      channelCount: 1,
      channelCountMode: "explicit",
      outputChannelCount: [1],
      processorOptions: { block: Math.round(BLOCK_SECONDS * this.context.sampleRate) },
    });
    this.line.port.onmessage = ({ data }) => this.hear(data);
    this.enhanced = new GainNode(this.context);
    this.original = new GainNode(this.context, { gain: 0 });
    this.source.node.connect(this.line).connect(this.enhanced).connect(this.context.destination);
    this.source.node.connect(this.original).connect(this.context.destination);
    this.source.node.onended = () => this.end();
    this.choose();
    this.source.start();
    await this.context.resume();
    say("Listening.");
  }

  async connect(wish) {
    this.parts = await parts;
    const kind = wish.browser ? this.parts.BrowserStream : this.parts.ServerStream;
    return kind.open(wish.browser ?? wish, this.context.sampleRate, {
      made: (samples) => this.play(samples),
      last: () => this.line?.port.postMessage("last"),
      failed: (reason) => this.close(reason),
    });
  }

  // What the worklet says: samples of the source, its delay, that it has no more, that it is done.
  hear(message) {
    if (message instanceof Float32Array) {
      if (this.isKept) this.heard.push(message);
      this.stream.send(message);
    } else if ("delay" in message) {
      const device = this.context.baseLatency + (this.context.outputLatency || 0);
      find("live-delay").textContent = `${Math.round(1000 * (message.delay + device))} ms`;
      this.showLoad();
    } else if (message.state === "heard") {
      this.stream.end();
    } else {
      this.close("Stopped.");
    }
  }

  get isKept() {
    return this.count < MOST_KEPT_SECONDS * this.context.sampleRate;
  }

  play(samples) {
    if (this.isKept) this.made.push(samples);
    this.count += samples.length;
    this.line.port.postMessage(samples);
  }

  // The server's share is the server's to say.
  showLoad() {
    const { load } = this.stream;
    if (load) find("live-load").textContent = `, ${(100 * load).toFixed(1)} % of a core of this device`;
  }

  choose() {
    const original = find("live-original").checked;
    this.original.gain.value = original ? 1 : 0;
    this.enhanced.gain.value = original ? 0 : 1;
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
    this.stream?.close();
    this.context?.close();
    find("live-stop").disabled = true;
    find("live-file").value = "";
    say(reason);
    if (this.count) this.offer();
  }

  offer() {
    this.offerFile("live-download", this.made, "live.wav");
    this.offerFile("live-download-original", this.heard, "live.original.wav");
  }

  offerFile(id, blocks, name) {
    const link = find(id);
    if (link.href) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(this.parts.writeWave(blocks, this.context.sampleRate));
    link.download = name;
    link.hidden = false;
  }
}
