// A plain client of /signal: sends what it is told, keeps all that arrives, understands nothing by itself.
// The one thing to know: every message arrives once in `messages`, and is handed out once by next(), whoever asks first.
import { once } from 'node:events';
import WebSocket from 'ws';

export class SignalError extends Error {
  constructor({ code, message }) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export class SignalClient {
  messages = []; // every message but heartbeats, parsed, as it came
  heartbeats = 0;
  lastSeq = 0;
  #waiting = []; // {matches, resolve}
  #unread = [];
  #requests = 0;

  /** Opens the WebSocket. `echoHeartbeats: false` makes a client that never answers them. Further options are of ws. */
  static async open(url, { echoHeartbeats = true, ...options } = {}) {
    const client = new SignalClient(new WebSocket(url, { rejectUnauthorized: false, ...options }), echoHeartbeats);
    await Promise.race([once(client.socket, 'open'), client.failed]);
    return client;
  }

  /** Opens and shows the token. */
  static async connect(url, token, { listen = {}, ...options } = {}) {
    const client = await SignalClient.open(url, options);
    client.connected = await client.listen(token, listen);
    return client;
  }

  constructor(socket, echoHeartbeats) {
    this.socket = socket;
    this.failed = new Promise((_, reject) => socket.on('error', reject));
    this.failed.catch(() => {});
    this.closed = new Promise((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    this.closed.then(() => this.#waiting.splice(0).forEach(({ reject }) => reject(new Error('closed while waiting'))));
    socket.on('message', (data) => this.#receive(data.toString(), echoHeartbeats));
  }

  #receive(text, echoHeartbeats) {
    if (text === '\n') {
      this.heartbeats += 1;
      if (echoHeartbeats) this.socket.send('\n');
      return;
    }
    const message = JSON.parse(text);
    this.messages.push(message);
    if (message.seq !== undefined) this.lastSeq = message.seq;
    const waiting = this.#waiting.findIndex(({ matches }) => matches(message));
    if (waiting >= 0) this.#waiting.splice(waiting, 1)[0].resolve(message);
    else this.#unread.push(message);
  }

  /** The first message not handed out yet that matches: a type, or a function of the message. */
  next(what, timeout = 10000) {
    const matches = typeof what === 'string' ? (message) => message.type === what : what;
    const unread = this.#unread.findIndex(matches);
    if (unread >= 0) return Promise.resolve(this.#unread.splice(unread, 1)[0]);
    return new Promise((resolve, reject) => {
      const waiting = { matches, resolve: (value) => { clearTimeout(timer); resolve(value); }, reject };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(new Error(`no ${what} within ${timeout} ms; the last: ${JSON.stringify(this.messages.slice(-3)).slice(0, 500)}`));
      }, timeout);
      this.#waiting.push(waiting);
    });
  }

  send(type, payload = {}, extra = {}) {
    this.socket.send(JSON.stringify({ type, payload, version: '1.6', ...extra }));
  }

  /** Anything: text, bytes, fragments ({fin: false}). */
  sendRaw(data, options = {}) { this.socket.send(data, options); }

  /** Shows a token; resolves with the payload of `connected` or rejects with the error. `payload`: `resume` and the like. */
  async listen(token, payload = {}) {
    this.send('listen', { token, ...payload });
    const answer = await this.next(({ type }) => type === 'connected' || type === 'error');
    if (answer.type === 'error') throw new SignalError(answer.payload.error);
    return answer.payload;
  }

  /** A request with an answer: resolves with the payload of the result, rejects with the error. */
  async request(type, payload = {}, id = `r${(this.#requests += 1)}`) {
    this.send(type, payload, { id });
    const answer = await this.next((message) => message.id === id);
    if (answer.type === 'error') throw new SignalError(answer.payload.error);
    return answer.payload;
  }

  /** What a new connection shows to go on where this one stopped. */
  get resume() {
    const { id, epoch } = this.connected.session;
    return { id, epoch, seq: this.lastSeq };
  }

  /** Says goodbye: ends the session too. */
  async close(code = 1000) {
    this.socket.close(code);
    return this.closed;
  }

  /** Cuts the TCP connection. */
  async cut() {
    this.socket.terminate();
    return this.closed;
  }
}
