/* The gateway's side of /signal (sessions, numbering, replay, requests) in the test's own process, scriptable.
 *
 * The one thing to know: each test says what happens to messages by `on(type, handler)`; listen and register have the
 * answers of a gateway in good health unless replaced. `received` holds every message that arrived. */

class Socket {
  constructor(gateway, url) {
    this.gateway = gateway;
    this.url = url;
    this.sent = []; // by the client, parsed; heartbeats as '\n'
    this.closed = null; // {code, reason} as the client closed it
    this.session = null;
    this.alive = true;
    gateway.sockets.push(this);
    queueMicrotask(() => this.#arrive());
  }

  /* What the browser's class offers. */
  send(text) {
    const message = text === '\n' ? text : JSON.parse(text);
    this.sent.push(message);
    if (this.alive && !this.gateway.deaf) queueMicrotask(() => this.alive && this.gateway.take(this, message));
  }

  close(code, reason) {
    if (this.alive) this.closed = { code, reason };
    this.alive = false;
  }

  /* What tests do to it. */
  say(message) {
    if (this.alive) this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  /* The connection breaks and both ends notice. */
  cut(code = 1006, reason = '') {
    this.alive = false;
    this.onclose?.({ code, reason });
  }

  #arrive() {
    if (!this.alive || this.gateway.silent) return;
    if (this.gateway.unreachable) this.cut();
    else this.onopen?.();
  }
}

export class FakeGateway {
  sockets = [];
  received = [];
  unreachable = false; // connections are refused
  silent = false; // connections are never answered
  deaf = false; // what clients send gets lost on the way
  iceServers = undefined; // told in connected
  #handlers = new Map();
  #sessions = new Map();
  #count = 0;
  #calls = 0;

  constructor() {
    const gateway = this;
    this.WebSocket = function WebSocket(url) {
      return new Socket(gateway, url);
    };
    this.on('listen', (message, socket) => this.welcome(message, socket));
    this.on('register', (message) => this.#register(message));
    this.on('invite', (message) => this.answer(message, { callsid: this.newCallSid() }));
    for (const type of ['answer', 'reinvite', 'hangup', 'reject', 'dtmf', 'hold', 'transfer', 'message', 'stats', 'candidate']) {
      this.on(type, (message) => this.answer(message, {}));
    }
  }

  on(type, handler) {
    this.#handlers.set(type, handler);
  }

  get socket() {
    return this.sockets.at(-1);
  }

  newCallSid() {
    return `CA${String(++this.#calls).padStart(32, '0')}`;
  }

  of(type) {
    return this.received.filter((message) => message.type === type);
  }

  last(type) {
    return this.of(type).at(-1);
  }

  take(socket, message) {
    if (message === '\n') return;
    this.received.push(message);
    this.#handlers.get(message.type)?.(message, socket);
  }

  /* Numbered, kept for replay, and sent if the session has a socket. */
  tell(type, payload = {}, { id, session = this.session } = {}) {
    const message = { type, payload, version: '1.6', seq: ++session.seq, ...(id === undefined ? {} : { id }) };
    session.log.push(message);
    session.socket?.say(message);
  }

  answer(message, payload) {
    if (message.id !== undefined) this.tell('result', payload, { id: message.id });
  }

  refuse(message, code, text = 'no') {
    const callsid = message.payload.callsid;
    this.tell('error', { error: { code, message: text }, ...(callsid ? { callsid } : {}) }, { id: message.id });
  }

  welcome(message, socket) {
    if (socket.session) return this.#sayConnected(message, socket, this.#connected(socket.session));
    const { id, epoch, seq } = message.payload.resume ?? {};
    const old = this.#sessions.get(id);
    const recovered = old !== undefined && old.epoch === epoch;
    const session = recovered ? old : this.#newSession();
    session.socket = socket.session = socket;
    socket.session = session;
    this.session = session;
    this.#sayConnected(message, socket, this.#connected(session, id === undefined ? undefined : recovered));
    if (!recovered) return;
    for (const entry of session.log.filter((logged) => logged.seq > seq)) socket.say(entry);
  }

  /* The one message without a number: it speaks of the socket. */
  #sayConnected({ id }, socket, payload) {
    socket.say({ type: 'connected', payload, version: '1.6', ...(id === undefined ? {} : { id }) });
  }

  /* What a restarted gateway knows. */
  forgetSessions() {
    this.#sessions.clear();
  }

  #newSession() {
    const session = { id: `session-${++this.#count}`, epoch: `epoch-${this.#count}`, seq: 0, log: [], socket: null };
    this.#sessions.set(session.id, session);
    return session;
  }

  #connected({ id, epoch }, recovered) {
    return {
      region: 'test',
      token: { identity: 'alice', ttl: 3600 },
      ...(this.iceServers && { ice_servers: this.iceServers }),
      session: { id, epoch, resume_for: 60, ...(recovered === undefined ? {} : { recovered }) },
    };
  }

  #register(message) {
    this.tell(message.payload.media.audio ? 'ready' : 'offline');
    this.answer(message, {});
  }
}
