/* One conversation with the gateway over as many sockets as it takes.
 *
 * Downwards, every message has a number; `listen` names the last one seen and the gateway sends the rest again.
 * Upwards, every message is a request with an id, kept until it is answered. After a resume the gateway replays the
 * answers it has given; what is still open when it has answered one more request (the barrier, an idempotent
 * `register`) never arrived and is sent again. So a digit or a hang-up is neither lost nor doubled.
 *
 * Emits: connected(payload, recovered) · lost(error, wasConnected) · refused(error) · registered · unregistered ·
 * expiring(seconds) · error(error) · message(type, payload). */
import { Emitter } from '../base/emitter.js';
import { CallgateError, errorFromGateway } from '../base/errors.js';
import { ignore } from '../base/promises.js';
import { VERSION } from '../base/version.js';

const PROTOCOL_VERSION = '1.6';

/* All times in milliseconds. */
const HANDSHAKE_TIMEOUT = 8000; // from opening the socket to `connected`
const SILENCE_LIMIT = 15000; // nothing heard for that long: the socket is dead (the gateway's heartbeats come oftener)
const SILENCE_CHECK = 3000;
const STEADY_AFTER = 5000; // a connection that lasted this long starts the back-off anew
const BACKOFF_FIRST = 500;
const BACKOFF_MAX = 10000;
export const REQUEST_TIMEOUT = 10000; // for the answer to a request on a living socket
const SIGN_OF_LIFE = 5000; // after a request: nothing heard at all for that long, and the socket is dead
const QUEUE_LIMIT = 60000; // how long a request waits for a socket
const WAKE_EVENTS = ['online', 'offline', 'pageshow', 'visibilitychange'];
const never = () => false;

export class Signaling extends Emitter {
  #platform;
  #url;
  #token;
  #log;
  #state = 'idle'; // idle · connecting · connected · waiting (for the next attempt) · closed
  #socket = null;
  #attempts = 0;
  #timer = null; // of the handshake or the next attempt
  #silence = null;
  #lastHeard = 0;
  #heard = 0; // frames on all sockets; two may come in one millisecond
  #connectedAt = 0;
  #offlineAt = 0;
  #session = null; // {id, epoch}
  #lastSeq = 0;
  #pending = new Map(); // id -> request without an answer, in the order asked
  #nextId = 1;
  #barrier = false; // resumed, and not yet known what had arrived before
  #wanted = false; // registration the user asked for
  #registered = false; // registration the gateway confirmed
  #registrations = []; // waiting {on, resolve, reject}
  #renewals = []; // waiting {resolve, reject} of updateToken
  #renewalId = null;
  #wake = (event) => this.#onWake(event);

  constructor(platform, url, token, log) {
    super();
    this.#platform = platform;
    this.#url = url;
    this.#token = token;
    this.#log = log;
  }

  get state() {
    return this.#state;
  }

  get registered() {
    return this.#registered && this.#state === 'connected';
  }

  get registrationWanted() {
    return this.#wanted;
  }

  start() {
    if (this.#state !== 'idle') return;
    for (const name of WAKE_EVENTS) this.#platform.events.addEventListener(name, this.#wake);
    this.#open();
  }

  /* For good: the gateway is told by the close code that nobody will resume. */
  close() {
    if (this.#state === 'closed') return;
    const socket = this.#detach();
    this.#stop('closed', new CallgateError(31009));
    socket?.close(1000, 'client closed');
  }

  /* Asks until answered, over lost sockets. `onResult` runs before any later message is looked at; `unless` withdraws a
   * request that waited for a socket. */
  request(type, payload, options = {}) {
    return new Promise((resolve, reject) => {
      if (this.#state === 'closed') return reject(new CallgateError(31009));
      const id = `c${this.#nextId++}`;
      const request = { ...blankRequest(), ...options, id, type, payload, resolve, reject };
      this.#pending.set(id, request);
      this.start();
      if (this.#state === 'connected' && !this.#barrier) this.#transmit(request);
      else this.#arm(request, request.patience);
    });
  }

  register(on) {
    this.#wanted = on;
    return new Promise((resolve, reject) => {
      this.#registrations.push({ on, resolve, reject });
      if (this.#state === 'connected') this.#sendRegister();
      else if (on) this.start();
      else this.#settleRegistrations(false);
    });
  }

  updateToken(token) {
    this.#token = token;
    return new Promise((resolve, reject) => {
      if (this.#state === 'closed') return reject(new CallgateError(31009));
      this.#renewals.push({ resolve, reject });
      if (this.#state === 'connected') this.#sendListen();
      else if (this.#state === 'waiting') this.#open();
      else this.start();
    });
  }

  /* --- the socket --- */

  #open() {
    clearTimeout(this.#timer);
    this.#state = 'connecting';
    let socket;
    try {
      socket = new this.#platform.WebSocket(this.#url);
    } catch (cause) {
      this.#stop('idle', new CallgateError(53000, {
        explanation: 'The browser refused to open the connection.',
        solution: 'A page served over https can reach a gateway over wss only.',
        cause,
      }));
      return;
    }
    this.#socket = socket;
    socket.onopen = () => this.#sendListen();
    socket.onmessage = (event) => this.#onData(event.data);
    socket.onclose = (event) => this.#onClose(event);
    this.#timer = setTimeout(() => this.#lost(new CallgateError(31003)), HANDSHAKE_TIMEOUT);
  }

  #sendListen() {
    const payload = {
      token: this.#token,
      browserinfo: { plugin: 'callgate.js', v: VERSION, browser: { userAgent: this.#platform.userAgent } },
      reconnectTimeout: QUEUE_LIMIT / 1000,
      trickle: true,
    };
    const message = { type: 'listen', payload, version: PROTOCOL_VERSION };
    if (this.#state === 'connecting') payload.resume = this.#session ? { ...this.#session, seq: this.#lastSeq } : {};
    else message.id = this.#renewalId = `c${this.#nextId++}`;
    this.#socket.send(JSON.stringify(message));
  }

  #onClose(event) {
    const code = this.#state === 'connected' ? 53001 : 53000;
    this.#lost(new CallgateError(code, event.reason ? { explanation: `The gateway closed: ${event.reason}.` } : {}));
  }

  /* The socket is dead or of no use: forget it and try again later. */
  #lost(error, pause = 0) {
    const wasConnected = this.#state === 'connected';
    if (wasConnected && Date.now() - this.#connectedAt > STEADY_AFTER) this.#attempts = 0;
    this.#detach()?.close();
    this.#state = 'waiting';
    this.#barrier = false;
    this.#forgetRegister(); // asked anew when connected
    for (const request of this.#pending.values()) this.#recall(request);
    const delay = Math.max(pause, this.#backoff());
    this.#log('info', `signalling lost (${error.message}), next attempt in ${Math.round(delay)} ms`);
    this.#timer = setTimeout(() => this.#open(), delay);
    this.emit('lost', error, wasConnected);
  }

  /* Full jitter above one half: a gateway that restarts must not meet all its clients in the same second. */
  #backoff() {
    const attempt = this.#attempts++;
    if (attempt === 0) return this.#platform.random() * BACKOFF_FIRST;
    return Math.min(BACKOFF_MAX, BACKOFF_FIRST * 2 ** attempt) * (0.5 + this.#platform.random() / 2);
  }

  #detach() {
    const socket = this.#socket;
    clearTimeout(this.#timer);
    clearInterval(this.#silence);
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = null;
    return socket;
  }

  /* No further attempts by itself: the token was refused, or the user is done. */
  #stop(state, error) {
    this.#detach()?.close();
    this.#state = state;
    this.#session = null;
    this.#lastSeq = 0;
    this.#registered = false;
    for (const name of WAKE_EVENTS) this.#platform.events.removeEventListener(name, this.#wake);
    for (const request of [...this.#pending.values()]) this.#fail(request, error);
    for (const { reject } of this.#registrations.splice(0)) reject(error);
    for (const { reject } of this.#renewals.splice(0)) reject(error);
    if (state === 'idle') this.emit('refused', error);
  }

  /* Timers stand still in a sleeping computer and crawl in a hidden tab; these events come when it matters. */
  #onWake({ type }) {
    if (type === 'offline') this.#offlineAt = Date.now();
    else if (this.#state === 'waiting' && type === 'online') this.#open();
    else if (this.#state === 'connected') this.#checkSilence(type === 'online' && this.#lastHeard < this.#offlineAt);
  }

  #checkSilence(suspect = false) {
    if (suspect || Date.now() - this.#lastHeard > SILENCE_LIMIT) {
      this.#lost(new CallgateError(53001, { explanation: 'The gateway has fallen silent.' }));
    }
  }

  /* --- messages --- */

  #onData(data) {
    this.#lastHeard = Date.now();
    this.#heard += 1;
    if (typeof data !== 'string') return;
    if (data.trim() === '') {
      this.#socket.send('\n');
      return;
    }
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      this.#log('warn', 'a message that is no JSON was ignored');
      return;
    }
    if (message && typeof message.type === 'string') this.#onMessage(message);
  }

  #onMessage(message) {
    const { type, seq, id } = message;
    const payload = message.payload ?? {};
    if (type !== 'connected' && this.#state === 'connected' && Number.isInteger(seq)) {
      if (seq <= this.#lastSeq) return; // seen before the socket was lost
      this.#lastSeq = seq;
    }
    switch (type) {
      case 'connected': return this.#onConnected(payload);
      case 'ready': return this.#onRegistration(true);
      case 'offline': return this.#onRegistration(false);
      case 'result': return this.#onResult(id, payload);
      case 'error': return this.#onError(id, payload);
      case 'token.expiring': return this.emit('expiring', Number(payload.in) || 0);
      case 'close': return this.#onServerClose();
      default: return this.emit('message', type, payload);
    }
  }

  /* Speaks of the socket and so has no number: it comes before anything that is replayed. */
  #onConnected(payload) {
    const renewal = this.#state === 'connected';
    const recovered = renewal || this.#adopt(payload.session);
    if (!renewal) this.#established(recovered);
    for (const { resolve } of this.#renewals.splice(0)) resolve();
    this.emit('connected', payload, recovered);
    if (this.#state !== 'connected') return; // a listener ended it
    if (!renewal) this.#catchUp(recovered);
    else if (this.#wanted && !this.#registered) this.#sendRegister();
  }

  /* The session the gateway speaks of; true if it is still ours. */
  #adopt(session) {
    const old = this.#session;
    const same = old !== null && session?.id === old.id && session.epoch === old.epoch;
    const recovered = same && session.recovered === true;
    this.#session = session?.id ? { id: session.id, epoch: session.epoch } : null;
    if (!recovered) this.#lastSeq = 0;
    return recovered;
  }

  #established(recovered) {
    clearTimeout(this.#timer);
    this.#state = 'connected';
    if (!recovered) this.#forget();
    this.#connectedAt = Date.now();
    this.#silence = setInterval(() => this.#checkSilence(), SILENCE_CHECK);
  }

  /* A new session: what was sent into the old one will never be answered. */
  #forget() {
    this.#registered = false;
    for (const request of [...this.#pending.values()]) {
      if (request.sent) this.#fail(request, new CallgateError(53001));
    }
  }

  #catchUp(recovered) {
    const unanswered = [...this.#pending.values()].some((request) => request.sent);
    this.#barrier = recovered && unanswered;
    const ask = this.#wanted !== this.#registered || this.#registrations.length > 0;
    if (this.#barrier || ask) this.#sendRegister();
    if (!this.#barrier) this.#flush();
  }

  #flush() {
    this.#barrier = false;
    for (const request of [...this.#pending.values()]) {
      if (request.type === 'register') continue; // has its own way
      if (!request.sent && request.unless()) this.#fail(request, new CallgateError(31008));
      else this.#transmit(request);
    }
  }

  #onServerClose() {
    this.#session = null;
    this.#lost(new CallgateError(53001, { explanation: 'The gateway ended the session.' }));
  }

  /* --- registration --- */

  #sendRegister() {
    this.#forgetRegister(); // only the last word counts
    const on = this.#wanted;
    const request = {
      ...blankRequest(),
      id: `c${this.#nextId++}`,
      type: 'register',
      payload: { media: { audio: on } },
      resolve: () => this.#onRegistration(on),
      reject: (error) => this.#onRegistrationRefused(error),
    };
    this.#pending.set(request.id, request);
    this.#transmit(request);
  }

  #onRegistration(on) {
    if (on === this.#wanted) this.#forgetRegister();
    const changed = this.#registered !== on;
    this.#registered = on;
    if (this.#barrier) this.#flush();
    if (changed) this.emit(on ? 'registered' : 'unregistered');
    this.#settleRegistrations(on);
  }

  #onRegistrationRefused(error) {
    const wanted = this.#wanted;
    if (this.#state !== 'connected') return; // asked again when connected
    this.#wanted = this.#registered = false;
    if (this.#barrier) this.#flush();
    if (wanted) this.emit('unregistered');
    for (const { reject } of this.#registrations.splice(0)) reject(error);
  }

  #settleRegistrations(on) {
    const settled = this.#registrations.filter((waiting) => waiting.on === on);
    this.#registrations = this.#registrations.filter((waiting) => waiting.on !== on);
    for (const { resolve } of settled) resolve();
  }

  /* --- requests --- */

  #transmit(request) {
    const { id, type, payload } = request;
    this.#socket.send(JSON.stringify({ type, payload, version: PROTOCOL_VERSION, id }));
    request.sent = request.inFlight = true;
    this.#awaitSignOfLife(request);
    this.#arm(request, REQUEST_TIMEOUT);
  }

  /* A hang-up must not wait until the heartbeats are missed. */
  #awaitSignOfLife(request) {
    const before = this.#heard;
    clearTimeout(request.probe);
    request.probe = setTimeout(() => this.#checkSilence(this.#heard === before), SIGN_OF_LIFE);
  }

  /* Its socket is gone: it waits for the next one. */
  #recall(request) {
    if (request.inFlight) this.#arm(request, request.patience);
    clearTimeout(request.probe);
    request.inFlight = false;
  }

  #arm(request, timeout) {
    clearTimeout(request.timer);
    request.timer = setTimeout(() => {
      this.#fail(request, new CallgateError(this.#state === 'connected' ? 31003 : 53000));
    }, timeout);
  }

  #forgetRegister() {
    for (const request of [...this.#pending.values()]) {
      if (request.type === 'register') this.#forgetRequest(request);
    }
  }

  #forgetRequest(request) {
    clearTimeout(request.timer);
    clearTimeout(request.probe);
    this.#pending.delete(request.id);
  }

  #fail(request, error) {
    this.#forgetRequest(request);
    request.reject(error);
  }

  #onResult(id, payload) {
    if (id !== undefined && id === this.#renewalId) {
      for (const { resolve } of this.#renewals.splice(0)) resolve();
    }
    const request = this.#pending.get(id);
    if (!request) return;
    this.#forgetRequest(request);
    request.onResult(payload);
    request.resolve(payload);
  }

  #onError(id, payload) {
    const error = errorFromGateway(payload.error ?? payload);
    const request = this.#pending.get(id);
    if (request) this.#fail(request, error);
    else if (this.#state === 'connecting') this.#onListenRefused(error);
    else if (id !== undefined && id === this.#renewalId) this.#onRenewalRefused(error);
    else if (id !== undefined) this.#log('info', `late answer to ${id}: ${error.message}`);
    else if (payload.callsid) this.emit('message', 'error', payload);
    else this.emit('error', error);
  }

  #onListenRefused(error) {
    if (error.isTokenError) this.#stop('idle', error);
    else this.#lost(error, error.retryAfter * 1000 * (1 + this.#platform.random() / 2));
  }

  #onRenewalRefused(error) {
    for (const { reject } of this.#renewals.splice(0)) reject(error);
  }
}

/* `sent`: at least once in this session; `inFlight`: on the present socket; `patience`: how long it waits for one. */
function blankRequest() {
  const timers = { timer: null, probe: null };
  return { ...timers, sent: false, inFlight: false, patience: QUEUE_LIMIT, onResult: ignore, unless: never };
}
