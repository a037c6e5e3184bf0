// A WebSocket by hand, for what no library sends: broken frames, half messages, a client that stops reading.
// The one thing to know: nothing is answered by itself, neither heartbeats nor pings nor closes.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

/** One masked client frame. `claim`: the length the header claims, if it is not the payload's. */
export function frame(payload, { opcode = 1, fin = true, rsv = 0, mask = true, claim } = {}) {
  const bytes = Buffer.from(payload);
  const length = BigInt(claim ?? bytes.length);
  const head = [(fin ? 0x80 : 0) | rsv | opcode];
  const bit = mask ? 0x80 : 0;
  if (length < 126n) head.push(bit | Number(length));
  else if (length < 65536n) head.push(bit | 126, Number(length >> 8n), Number(length & 255n));
  else {
    const long = Buffer.alloc(8);
    long.writeBigUInt64BE(length);
    head.push(bit | 127, ...long);
  }
  if (!mask) return Buffer.concat([Buffer.from(head), bytes]);
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, bytes.map((byte, i) => byte ^ key[i & 3])]);
}

export class RawWebSocket {
  received = Buffer.alloc(0); // after the handshake

  static async open(port, { path = '/signal', headers = [] } = {}) {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write([`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket',
      'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...headers, '', ''].join('\r\n'));
    const raw = new RawWebSocket(socket);
    await raw.#handshake();
    return raw;
  }

  constructor(socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => { socket.on('close', resolve); });
  }

  async #handshake() {
    let text = Buffer.alloc(0);
    while (text.indexOf('\r\n\r\n') < 0) {
      const [chunk] = await Promise.race([once(this.socket, 'data'), this.closed.then(() => { throw new Error('closed'); })]);
      text = Buffer.concat([text, chunk]);
    }
    const end = text.indexOf('\r\n\r\n') + 4;
    this.status = Number(text.subarray(9, 12));
    this.received = text.subarray(end);
    this.socket.on('data', (chunk) => { this.received = Buffer.concat([this.received, chunk]); });
  }

  send(payload, options) { this.socket.write(frame(payload, options)); }
  message(type, payload = {}) { this.send(JSON.stringify({ type, payload, version: '1.6' })); }
  stopReading() { this.socket.pause(); }
  destroy() { this.socket.destroy(); }

  /** The whole frames received so far: {opcode, payload}. */
  frames() {
    const found = [];
    for (let at = 0; at + 2 <= this.received.length;) {
      let [length, start] = [this.received[at + 1] & 127, at + 2];
      if (length === 126) [length, start] = [this.received.readUInt16BE(at + 2), at + 4];
      else if (length === 127) [length, start] = [Number(this.received.readBigUInt64BE(at + 2)), at + 10];
      if (start + length > this.received.length) break;
      found.push({ opcode: this.received[at] & 15, payload: this.received.subarray(start, start + length) });
      at = start + length;
    }
    return found;
  }

  /** The close frame, once there is one: {code, reason}. */
  get close() {
    const last = this.frames().find(({ opcode }) => opcode === 8);
    return last && { code: last.payload.readUInt16BE(0), reason: last.payload.subarray(2).toString() };
  }
}
