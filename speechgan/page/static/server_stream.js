// A sound through the server's stream, a WebSocket.

export class ServerStream {
  // `handlers`: made(samples), last() when all has come back, failed(reason).
  static open(wish, sampleRate, handlers) {
    return new Promise((done, fail) => {
      const stream = new ServerStream(handlers);
      stream.socket.onerror = () => fail(new Error("The server cannot be reached."));
      stream.socket.onopen = () => {
        const form = { sample_rate: sampleRate, channels: 1, encoding: "f32le" };
        stream.socket.send(JSON.stringify({ ...wish, ...form }));
        done(stream);
      };
    });
  }

  constructor({ made, last, failed }) {
    const place = new URL("stream", document.baseURI);
    place.protocol = place.protocol.replace("http", "ws");
    this.socket = new WebSocket(place);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => made(new Float32Array(data));
    this.socket.onclose = ({ reason, code }) => {
      if (code === 1000) last();
      else failed(reason || "The server has ended the stream.");
    };
  }

  send(samples) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(samples);
  }

  end() {
    this.socket.send("end");
  }

  close() {
    this.socket.close();
  }
}
