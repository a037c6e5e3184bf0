/* callgate.js: the browser's side of a Callgate gateway, in one ES module without dependencies.
 *
 *     import { Device } from './callgate.js';
 *     const device = new Device(token);                     // a token your server made
 *     device.on('incoming', (call) => call.accept());
 *     await device.register();                              // now it rings here
 *     const call = await device.connect({ params: { To: 'client:bob' } });
 *
 * The one thing to know: a Device outlives its sockets. A lost WebSocket is resumed (nothing the gateway said is
 * missed, nothing asked of it is asked twice), a lost media path is restarted, and a call ends only when somebody ends
 * it or neither could be mended in time.
 *
 * Two rules hold throughout. Nothing here touches a browser global before a Device is made, and then only through
 * `platform`, so that the module loads anywhere and tests can stand in for the browser. And no promise rejects unheard:
 * whatever a promise rejects with is also emitted as `error`.
 *
 * Sections: errors · emitter · platform · signalling · quality · levels · audio devices · sounds · media · digits ·
 * call · device. */

export const VERSION = '0.1.0';

const PROTOCOL_VERSION = '1.6';

/* All times in milliseconds. */
const HANDSHAKE_TIMEOUT = 8000; // from opening the socket to `connected`
const SILENCE_LIMIT = 15000; // nothing heard for that long: the socket is dead (the gateway's heartbeats come oftener)
const SILENCE_CHECK = 3000;
const STEADY_AFTER = 5000; // a connection that lasted this long starts the back-off anew
const BACKOFF_FIRST = 500;
const BACKOFF_MAX = 10000;
const REQUEST_TIMEOUT = 10000; // for the answer to a request on a living socket
const SIGN_OF_LIFE = 5000; // after a request: nothing heard at all for that long, and the socket is dead
const QUEUE_LIMIT = 60000; // how long a request waits for a socket
const CONNECT_PATIENCE = 10000; // how long `connect` waits for the gateway before it gives up
const MEDIA_SETUP_LIMIT = 20000; // from `answer` to media
const MEDIA_GRACE = 2000; // `disconnected` often heals by itself
const MEDIA_RETRY = 6000; // between ICE restarts
const MEDIA_LOSS_LIMIT = 60000; // after that a call without media ends
const VOLUME_INTERVAL = 100;
const SAMPLE_INTERVAL = 1000;
const LETTER_W_PAUSE = 500;

/* ---------------------------------------------------------------- errors ---------------------------------------- */

/* code: [title, what happened, what to do]. The codes are the ecosystem's. */
const ERRORS = {
  20101: ['Invalid access token', 'The gateway could not make sense of the token.',
    'Let your server mint a new token and check that nothing was cut off on the way.'],
  20104: ['Access token expired', 'The token was valid, but its time is over.',
    'Fetch a new token and pass it to device.updateToken().'],
  20151: ['Authentication failed', 'The gateway does not accept this token.',
    'Check account, key and secret where the token is minted.'],
  31000: ['Gateway error', 'The gateway could not do what was asked.', 'Try again; if it stays, read the gateway log.'],
  31001: ['Application not found', 'The token names an application that the gateway does not know.',
    'Check the application id in the token\'s voice grant.'],
  31002: ['Call declined', 'The gateway declined the call.', 'Check the destination and the token\'s grants.'],
  31003: ['Timeout', 'No answer came in time.', 'Check the network and try again.'],
  31005: ['Connection error', 'The call was cut off by an error.', 'Call again.'],
  31008: ['Call cancelled', 'The call ended before it could be answered.', 'Nothing to do.'],
  31009: ['Not connected', 'There is no connection to the gateway.', 'Wait until the device is connected again.'],
  31100: ['Malformed request', 'The gateway did not understand a message.',
    'Report this with the gateway\'s log line.'],
  31101: ['Missing parameter', 'The request lacks a parameter.', 'Pass what the call needs, for example params.To.'],
  31102: ['Token missing', 'No token was sent.', 'Create the Device with a token.'],
  31103: ['Too long', 'A message or parameter is larger than the gateway takes.', 'Send less in one message.'],
  31105: ['Invalid client name', 'The identity has characters that are not allowed.',
    'Use letters, digits and - _ . ~ in identities.'],
  31107: ['Call lost', 'The gateway no longer knows this call.', 'Call again.'],
  31201: ['Not allowed', 'The token does not grant this.',
    'Mint a token with the grant: incoming to be called, outgoing (with an application) to call.'],
  31202: ['Invalid signature', 'The token was not signed with the key it names.',
    'Check the key\'s secret where the token is minted.'],
  31203: ['No valid account', 'The account is unknown or suspended.', 'Check the account id in the token.'],
  31204: ['Invalid token', 'The token is not valid.', 'Mint a new one.'],
  31205: ['Token expired', 'The token was valid, but its time is over.',
    'Fetch a new token and pass it to device.updateToken().'],
  31206: ['Too many requests', 'A limit of the gateway was reached.',
    'Slow down, or let the operator raise the limit.'],
  31207: ['Token lives too long', 'The token\'s lifetime is longer than the gateway permits.',
    'Mint it with a shorter lifetime.'],
  31209: ['Call lost', 'The call is over, or this token may not take it over.', 'Call again.'],
  31400: ['Bad request', 'The destination was not understood.', 'Check the address you call, for example client:bob.'],
  31401: ['Microphone refused', 'The browser was not allowed to use the microphone.',
    'Allow the microphone for this site in the address bar and in the system\'s privacy settings, then try again.'],
  31402: ['Microphone unavailable', 'The microphone could not be opened.',
    'Plug one in, or close the program that uses it.'],
  31403: ['Not allowed', 'This destination may not be called.', 'Ask the operator which numbers the account may call.'],
  31404: ['Not found', 'Nobody is reachable under that address.', 'Check the name; the other side may be offline.'],
  31408: ['Call lost', 'The telephone network does not answer any more.', 'Call again.'],
  31480: ['No answer', 'The other side did not answer.', 'Try again later.'],
  31486: ['Busy', 'The other side is busy.', 'Try again later.'],
  31503: ['Network failed', 'The telephone network did not take the call.', 'Try again later.'],
  31603: ['Declined', 'The other side declined the call.', 'Nothing to do.'],
  53000: ['Gateway unreachable', 'No connection to the gateway could be made.',
    'Check the network and the gateway\'s address; the device keeps trying.'],
  53001: ['Connection lost', 'The connection to the gateway broke.', 'Nothing to do: the device reconnects by itself.'],
  53400: ['Local media error', 'The browser could not describe its media.', 'Update the browser; report the cause.'],
  53402: ['Remote media error', 'The browser could not use the gateway\'s media description.', 'Report the cause.'],
  53405: ['Media connection failed', 'No audio gets through between this browser and the gateway.',
    'Check that the firewall lets UDP or TCP to the gateway\'s media ports pass; where it does not, a TURN server helps.'],
};

/* The gateway refuses the token itself: trying again with the same one is pointless. */
const TOKEN_ERRORS = new Set([20101, 20104, 20151, 31001, 31102, 31105, 31201, 31202, 31203, 31204, 31205, 31207]);

export class CallgateError extends Error {
  /**
   * @param {number} code
   * @param {{ message?: string, explanation?: string, solution?: string, cause?: unknown }} [details]
   */
  constructor(code, { message, explanation, solution, cause } = {}) {
    const [title, what, remedy] = ERRORS[code] ?? ERRORS[31000];
    super(message ?? `${title}: ${explanation ?? what}`, cause === undefined ? undefined : { cause });
    this.name = 'CallgateError';
    this.code = code;
    this.title = title;
    this.explanation = explanation ?? what;
    this.solution = solution ?? remedy;
  }

  /* A new token may help; the same one will not. */
  get isTokenError() {
    return TOKEN_ERRORS.has(this.code);
  }
}

/* `payload.error` of the gateway's messages. */
function errorFromGateway(error) {
  const code = Number.isInteger(error?.code) ? error.code : 31000;
  const explanation = typeof error?.message === 'string' && error.message !== '' ? error.message : undefined;
  return Object.assign(new CallgateError(code, { explanation }), { retryAfter: Number(error?.retryAfter) || 0 });
}

function asCallgateError(error, code) {
  return error instanceof CallgateError ? error : new CallgateError(code, { cause: error });
}

/* What getUserMedia throws, by DOMException name (W3C Media Capture and Streams, 10.2.1). */
const MICROPHONE_ERRORS = {
  NotAllowedError: [31401],
  SecurityError: [31401, 'This page may not use the microphone.', 'Open the page over https, or on localhost.'],
  NotFoundError: [31402, 'No microphone was found.', 'Plug in a microphone or headset and try again.'],
  NotReadableError: [31402, 'The microphone is there but gives no sound: another program may hold it.',
    'Close other programs that use the microphone, or choose another one.'],
  AbortError: [31402, 'The system failed to open the microphone.', 'Unplug it, plug it in again, and retry.'],
  OverconstrainedError: [31402, 'The chosen microphone is gone.', 'Choose another microphone.'],
};

function microphoneError(cause) {
  const [code, explanation, solution] = MICROPHONE_ERRORS[cause?.name] ?? [31402];
  return new CallgateError(code, { explanation, solution, cause });
}

function noMicrophoneApi() {
  return new CallgateError(31401, {
    explanation: 'The browser offers no microphone to this page.',
    solution: 'Open the page over https (or on localhost): browsers give the microphone to secure pages only.',
  });
}

/* ---------------------------------------------------------------- emitter --------------------------------------- */

/* Events by name. A listener that throws is reported as an uncaught error and keeps nobody else from hearing. */
export class Emitter {
  #listeners = new Map();

  on(event, listener) {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function');
    if (!this.#listeners.has(event)) this.#listeners.set(event, []);
    this.#listeners.get(event).push({ listener, once: false });
    return this;
  }

  once(event, listener) {
    this.on(event, listener);
    this.#listeners.get(event).at(-1).once = true;
    return this;
  }

  off(event, listener) {
    const kept = (this.#listeners.get(event) ?? []).filter((entry) => entry.listener !== listener);
    this.#listeners.set(event, kept);
    return this;
  }

  removeAllListeners(event) {
    if (event === undefined) this.#listeners.clear();
    else this.#listeners.delete(event);
    return this;
  }

  listenerCount(event) {
    return this.#listeners.get(event)?.length ?? 0;
  }

  emit(event, ...args) {
    for (const entry of [...(this.#listeners.get(event) ?? [])]) {
      if (entry.once) this.#drop(event, entry);
      try {
        entry.listener(...args);
      } catch (error) {
        queueMicrotask(() => { throw error; });
      }
    }
  }

  #drop(event, entry) {
    this.#listeners.set(event, this.#listeners.get(event).filter((other) => other !== entry));
  }
}

/* ---------------------------------------------------------------- platform -------------------------------------- */

/* Everything taken from the browser. Tests pass their own members as `options.platform`. */
function browserPlatform(overrides) {
  const g = globalThis;
  return {
    WebSocket: g.WebSocket,
    RTCPeerConnection: g.RTCPeerConnection,
    MediaStream: g.MediaStream,
    AudioContext: g.AudioContext ?? g.webkitAudioContext,
    mediaDevices: g.navigator?.mediaDevices,
    connection: g.navigator?.['connection'], // Network Information, where there is one
    userAgent: g.navigator?.userAgent ?? 'unknown',
    events: typeof g.addEventListener === 'function' ? g : new EventTarget(), // online, offline, pagehide ...
    createAudio: () => new g.Audio(),
    location: g.location,
    random: Math.random,
    ...overrides,
  };
}

/* crypto.randomUUID exists on secure pages only; a listener without microphone may well be on another. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/* http(s) and bare hosts are taken as well as ws(s); without a path it is /signal. */
function signalUrl(gateway, location) {
  if (!gateway && !location) throw new TypeError('options.gateway is needed outside a browser');
  const text = gateway ? String(gateway) : location.origin;
  const scheme = location?.protocol === 'http:' ? 'ws://' : 'wss://';
  const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : scheme + text);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new TypeError(`not a gateway address: ${text}`);
  if (url.pathname === '/') url.pathname = '/signal';
  return url.href;
}

const ignore = () => {};
const never = () => false;

/* A promise that may be awaited or not: its rejection is reported through `report` and never "unhandled". */
function heard(promise, report) {
  promise.catch(report);
  return promise;
}

/* ---------------------------------------------------------------- signalling ------------------------------------ */

const WAKE_EVENTS = ['online', 'offline', 'pageshow', 'visibilitychange'];

/* One conversation with the gateway over as many sockets as it takes.
 *
 * Downwards, every message has a number; `listen` names the last one seen and the gateway sends the rest again.
 * Upwards, every message is a request with an id, kept until it is answered. After a resume the gateway replays the
 * answers it has given; what is still open when it has answered one more request (the barrier, an idempotent
 * `register`) never arrived and is sent again. So a digit or a hang-up is neither lost nor doubled.
 *
 * Emits: connected(payload, recovered) · lost(error, wasConnected) · refused(error) · registered · unregistered ·
 * expiring(seconds) · error(error) · message(type, payload). */
class Signaling extends Emitter {
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

/* ---------------------------------------------------------------- quality --------------------------------------- */

/* Impairment of the codec itself and its robustness to loss: Ie and Bpl of ITU-T G.113 for G.711 with concealment.
 * There is no ITU value for Opus and G.722 on this scale: Opus is put between G.711 and G.729 (19), G.722 beside
 * G.711. */
const CODEC_IMPAIRMENT = {
  opus: { ie: 0, bpl: 20 },
  red: { ie: 0, bpl: 20 }, // RFC 2198 around Opus: the loss is what is left after the copies
  pcmu: { ie: 0, bpl: 25.1 },
  pcma: { ie: 0, bpl: 25.1 },
  g722: { ie: 0, bpl: 25.1 },
};
const CODEC_UNKNOWN = { ie: 0, bpl: 10 };
const CODEC_DELAY = 25; // packet of 20 ms and look-ahead

/* Mean opinion score, 1 to 4.5, from the E-model (ITU-T G.107) with all its defaults, delay simplified after Cole and
 * Rosenbluth:
 *     R = 93.2 - Id - Ie_eff
 *     Id = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)          d: one-way delay, mouth to ear, ms
 *     Ie_eff = Ie + (95 - Ie) Ppl / (Ppl + Bpl)             Ppl: loss in percent, taken as random (BurstR = 1)
 *     MOS = 1 + 0.035 R + 7e-6 R (R - 60) (100 - R)
 * The delay is that of this leg: half its round trip, jitter buffer (measured, else twice the jitter) and codec. */
export function estimateMos({ rtt, jitter, loss, codec, bufferDelay }) {
  if (![rtt, jitter, loss].every((value) => Number.isFinite(value) && value >= 0)) return null;
  const { ie, bpl } = CODEC_IMPAIRMENT[codec] ?? CODEC_UNKNOWN;
  const delay = rtt / 2 + (bufferDelay ?? 2 * jitter) + CODEC_DELAY;
  const delayImpairment = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0);
  const r = 93.2 - delayImpairment - (ie + ((95 - ie) * loss) / (loss + bpl));
  if (r <= 0) return 1;
  return 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r);
}

/* Of the last `of` samples: raised when at least `raise` are bad, cleared when no more than `clear` are. */
const WARNINGS = {
  'high-rtt': { bad: (sample) => sample.rtt > 400, of: 5, raise: 3, clear: 0 },
  'high-jitter': { bad: (sample) => sample.jitter > 30, of: 5, raise: 3, clear: 0 },
  'high-loss': { bad: (sample) => sample.loss > 3, of: 5, raise: 3, clear: 1 },
  'low-mos': { bad: (sample) => sample.mos !== null && sample.mos < 3.5, of: 5, raise: 3, clear: 0 },
  'no-audio': { bad: (sample) => sample.expectsAudio && sample.packetsReceivedDelta === 0, of: 3, raise: 3, clear: 0 },
  'constant-silence': { bad: (sample) => sample.silentInput, of: 10, raise: 10, clear: 0 },
};

/* Raises and clears warnings over a sliding window, so that one bad second alarms nobody. */
class WarningWindow {
  #history = new Map(); // name -> last verdicts
  #raised = new Set();

  get raised() {
    return [...this.#raised];
  }

  /* [{name, raised}] for what changed with this sample. */
  add(sample) {
    const changes = [];
    for (const [name, rule] of Object.entries(WARNINGS)) {
      const verdicts = [...(this.#history.get(name) ?? []), Boolean(rule.bad(sample))].slice(-rule.of);
      this.#history.set(name, verdicts);
      const bad = verdicts.filter(Boolean).length;
      if (!this.#raised.has(name) && bad >= rule.raise) changes.push({ name, raised: true });
      else if (this.#raised.has(name) && bad <= rule.clear) changes.push({ name, raised: false });
    }
    for (const { name, raised } of changes) raised ? this.#raised.add(name) : this.#raised.delete(name);
    return changes;
  }
}

/* A call's figures, read from getStats every second.
 * Emits: sample(sample) · warning(name, sample) · warningCleared(name, sample). */
class QualityMonitor extends Emitter {
  #getStats;
  #circumstances;
  #timer;
  #before = null;
  #window = new WarningWindow();

  /* `circumstances` tells {expectsAudio, microphoneOn}: on hold or muted, silence is no fault. */
  constructor(getStats, circumstances) {
    super();
    this.#getStats = getStats;
    this.#circumstances = circumstances;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_INTERVAL);
  }

  get warnings() {
    return this.#window.raised;
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #sample() {
    let report;
    try {
      report = await this.#getStats();
    } catch {
      return; // closed meanwhile
    }
    if (this.#timer === null) return;
    const now = readStats(report);
    const sample = { ...compareStats(this.#before ?? now, now), ...this.#verdicts(this.#before, now) };
    this.#before = now;
    this.emit('sample', sample);
    for (const { name, raised } of this.#window.add(sample)) {
      this.emit(raised ? 'warning' : 'warningCleared', name, sample);
    }
  }

  #verdicts(before, now) {
    const { expectsAudio, microphoneOn } = this.#circumstances();
    const energyKnown = before !== null && now.inputEnergy !== null && before.inputEnergy !== null;
    return {
      expectsAudio: expectsAudio && before !== null,
      silentInput: microphoneOn && energyKnown && now.inputEnergy === before.inputEnergy,
    };
  }
}

/* The few figures we use, out of the report's many. Browsers leave members out: null where unknown. */
function readStats(report) {
  const all = [...report.values()];
  const audio = (type) => all.find((stat) => stat.type === type && (stat.kind ?? stat.mediaType) === 'audio');
  const inbound = audio('inbound-rtp') ?? {};
  const outbound = audio('outbound-rtp') ?? {};
  const remote = audio('remote-inbound-rtp') ?? {};
  const source = audio('media-source') ?? {};
  const transport = all.find((stat) => stat.type === 'transport' && stat.selectedCandidatePairId);
  const pair = (transport && report.get(transport.selectedCandidatePairId))
    ?? all.find((stat) => stat.type === 'candidate-pair' && stat.nominated && stat.state === 'succeeded') ?? {};
  const rtt = remote.roundTripTime ?? pair.currentRoundTripTime;
  return {
    timestamp: Date.now(),
    rtt: rtt === undefined ? null : rtt * 1000,
    jitter: inbound.jitter === undefined ? null : inbound.jitter * 1000,
    codec: report.get(inbound.codecId)?.mimeType?.replace(/^audio\//i, '').toLowerCase() ?? null,
    packetsReceived: inbound.packetsReceived ?? 0,
    packetsLost: Math.max(0, inbound.packetsLost ?? 0), // negative when duplicates outnumber losses (RFC 3550, 6.4.1)
    packetsSent: outbound.packetsSent ?? 0,
    bytesReceived: inbound.bytesReceived ?? 0,
    bytesSent: outbound.bytesSent ?? 0,
    remoteLoss: remote.fractionLost === undefined ? null : remote.fractionLost * 100,
    bufferDelay: inbound.jitterBufferDelay ?? null, // seconds, summed over bufferCount samples
    bufferCount: inbound.jitterBufferEmittedCount ?? 0,
    inputEnergy: source.totalAudioEnergy ?? null,
  };
}

function compareStats(before, now) {
  const received = Math.max(0, now.packetsReceived - before.packetsReceived);
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  const emitted = now.bufferCount - before.bufferCount;
  const loss = received + lost > 0 ? (100 * lost) / (received + lost) : 0;
  const measured = emitted > 0 && now.bufferDelay !== null;
  const bufferDelay = measured ? (1000 * (now.bufferDelay - before.bufferDelay)) / emitted : null;
  const { rtt, jitter, codec } = now;
  return {
    ...now,
    loss,
    bufferDelay,
    packetsReceivedDelta: received,
    mos: estimateMos({ rtt: rtt ?? NaN, jitter: jitter ?? NaN, loss, codec, bufferDelay: bufferDelay ?? undefined }),
  };
}

/* ---------------------------------------------------------------- levels ---------------------------------------- */

/* How loud a stream is, 0 to 1. One AudioContext serves all meters and lives while there are any. */
class LevelMeters {
  #platform;
  #context = null;
  #meters = new Set();

  constructor(platform) {
    this.#platform = platform;
  }

  /* {level(), stop()}; a meter that always says 0 where there is no WebAudio. */
  open(stream) {
    const { AudioContext } = this.#platform;
    if (!AudioContext || stream.getAudioTracks().length === 0) return { level: () => 0, stop: ignore };
    this.#context ??= new AudioContext();
    this.#context.resume().catch(ignore); // waits for a user's gesture where the browser asks for one
    const source = this.#context.createMediaStreamSource(stream);
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const meter = { level: () => loudness(analyser, samples), stop: () => this.#close(meter, source) };
    this.#meters.add(meter);
    return meter;
  }

  #close(meter, source) {
    if (!this.#meters.delete(meter)) return;
    source.disconnect();
    if (this.#meters.size > 0) return;
    this.#context.close().catch(ignore);
    this.#context = null;
  }
}

/* RMS on a decibel scale: -60 dB is 0, 0 dB is 1, as ears have it. */
function loudness(analyser, samples) {
  analyser.getFloatTimeDomainData(samples);
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  return rms === 0 ? 0 : Math.min(1, Math.max(0, 1 + (20 * Math.log10(rms)) / 60));
}

/* ---------------------------------------------------------------- audio devices --------------------------------- */

/* The microphone, shared by all calls (each has a clone of its track, so that muting one leaves the others alone), and
 * the choice of devices.
 *
 * Emits: deviceChange(lost) when devices come or go, `lost` being chosen ones that went · inputVolume(level) while
 * startInputMeter is on · error(error). */
export class AudioDevices extends Emitter {
  #platform;
  #meters;
  #constraints;
  #inputs = new Map();
  #outputs = new Map();
  #input = null; // chosen ids; null: the system's default
  #output = null;
  #ringtone = null;
  #base = null; // promise of the open microphone's stream
  #changes = Promise.resolve(); // the last change of microphone
  #leases = new Set();
  #elements = new Set(); // audio elements of calls
  #sounds = null;
  #testing = null; // {lease, meter, timer} of the input meter
  #onChange = () => this.refresh().catch(ignore);

  constructor(platform, meters, constraints) {
    super();
    this.#platform = platform;
    this.#meters = meters;
    this.#constraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...constraints };
    platform.mediaDevices?.addEventListener?.('devicechange', this.#onChange);
    this.#onChange();
  }

  get availableInputDevices() {
    return new Map(this.#inputs);
  }

  get availableOutputDevices() {
    return new Map(this.#outputs);
  }

  get inputDevice() {
    return this.#inputs.get(this.#input ?? 'default') ?? null;
  }

  get outputDevice() {
    return this.#outputs.get(this.#output ?? 'default') ?? null;
  }

  get ringtoneDevice() {
    return this.#outputs.get(this.#ringtone ?? 'default') ?? null;
  }

  get isOutputSelectionSupported() {
    return typeof this.#platform.createAudio().setSinkId === 'function';
  }

  /* Reads the list again. Names appear once the user has allowed the microphone. */
  async refresh() {
    const devices = (await this.#platform.mediaDevices?.enumerateDevices?.()) ?? [];
    const usable = devices.filter((device) => device.deviceId !== '');
    const pick = (kind) => new Map(usable.filter((d) => d.kind === kind).map((d) => [d.deviceId, d]));
    const before = [this.inputDevice, this.outputDevice];
    this.#inputs = pick('audioinput');
    this.#outputs = pick('audiooutput');
    const present = new Set(usable.map((device) => device.deviceId));
    const lost = before.filter((device) => device && !present.has(device.deviceId));
    if (this.#input !== null && !this.#inputs.has(this.#input)) await this.setInputDevice(null).catch(ignore);
    if (this.#output !== null && !this.#outputs.has(this.#output)) await this.setOutputDevice(null).catch(ignore);
    this.emit('deviceChange', lost);
  }

  /* Calls in progress change over. `null` is the system's default. */
  setInputDevice(deviceId) {
    return heard(this.#setInputDevice(deviceId), ignore);
  }

  async #setInputDevice(deviceId) {
    const before = this.#input;
    this.#input = deviceId;
    if (this.#leases.size === 0) return;
    try {
      await this.#enqueue(() => this.#replaceBase());
    } catch (error) {
      this.#input = before;
      throw error;
    }
  }

  setOutputDevice(deviceId) {
    this.#output = deviceId;
    return heard(Promise.all([...this.#elements].map((element) => this.#route(element))).then(ignore), ignore);
  }

  setRingtoneDevice(deviceId) {
    this.#ringtone = deviceId;
    return heard(this.#sounds?.setSink(deviceId ?? '') ?? Promise.resolve(), ignore);
  }

  /* `inputVolume` ten times a second: to try a microphone outside a call. */
  async startInputMeter() {
    if (this.#testing) return;
    const testing = this.#testing = { lease: null, meter: null, timer: null };
    try {
      const lease = await this.acquire((track) => this.#measure(testing, track));
      if (this.#testing !== testing) return lease.release();
      testing.lease = lease;
      this.#measure(testing, lease.track);
      testing.timer = setInterval(() => this.emit('inputVolume', testing.meter.level()), VOLUME_INTERVAL);
    } catch (error) {
      this.#testing = null;
      throw error;
    }
  }

  stopInputMeter() {
    clearInterval(this.#testing?.timer);
    this.#testing?.meter?.stop();
    this.#testing?.lease?.release();
    this.#testing = null;
  }

  #measure(testing, track) {
    testing.meter?.stop();
    testing.meter = this.#meters.open(this.streamOf(track));
  }

  /* Internal from here on. A lease is {track, release()}; `onReplace(track)` is awaited when the device changes. */
  async acquire(onReplace) {
    const lease = { track: null, onReplace, release: () => this.#release(lease) };
    this.#leases.add(lease);
    try {
      lease.track = (await this.#openBase()).getAudioTracks()[0].clone();
    } catch (error) {
      this.#leases.delete(lease);
      throw error;
    }
    if (!this.#leases.has(lease)) lease.track.stop(); // released while the user was asked
    return lease;
  }

  streamOf(track) {
    return new this.#platform.MediaStream([track]);
  }

  addElement(element) {
    this.#elements.add(element);
    this.#route(element).catch(ignore);
  }

  removeElement(element) {
    this.#elements.delete(element);
  }

  setSounds(sounds) {
    this.#sounds = sounds;
  }

  destroy() {
    this.stopInputMeter();
    this.#platform.mediaDevices?.removeEventListener?.('devicechange', this.#onChange);
    for (const lease of [...this.#leases]) lease.release();
    this.removeAllListeners();
  }

  /* The stream all leases share; the newer one if the device was changed meanwhile. */
  async #openBase() {
    this.#base ??= this.#openMicrophone();
    const base = this.#base;
    try {
      const stream = await base;
      return this.#base === null || this.#base === base ? stream : this.#openBase();
    } catch (error) {
      if (this.#base === base) this.#base = null;
      throw error;
    }
  }

  async #openMicrophone() {
    const { mediaDevices } = this.#platform;
    if (!mediaDevices?.getUserMedia) throw noMicrophoneApi();
    const audio = { ...this.#constraints, ...(this.#input === null ? {} : { deviceId: { exact: this.#input } }) };
    try {
      const stream = await mediaDevices.getUserMedia({ audio });
      this.#watch(stream);
      this.refresh().catch(ignore); // now it has names
      return stream;
    } catch (error) {
      throw microphoneError(error);
    }
  }

  /* A microphone that is unplugged ends its track: go on with the default one, or say so. */
  #watch(stream) {
    stream.getAudioTracks()[0].addEventListener('ended', () => {
      this.#enqueue(() => this.#fallBack(stream)).catch((error) => this.emit('error', error));
    });
  }

  async #fallBack(endedStream) {
    if (this.#base === null || (await this.#base) !== endedStream) return; // replaced already
    this.#input = null;
    await this.#replaceBase();
  }

  /* One change at a time. */
  #enqueue(change) {
    const done = this.#changes.then(change);
    this.#changes = done.catch(ignore);
    return done;
  }

  /* The new microphone opens before the old one closes; if it cannot, the old one stays. */
  async #replaceBase() {
    const old = this.#base;
    const opening = this.#openMicrophone();
    const stream = await opening;
    this.#base = opening;
    for (const lease of this.#leases) {
      if (lease.track === null) continue; // is waiting for the old one
      const track = stream.getAudioTracks()[0].clone();
      track.enabled = lease.track.enabled;
      lease.track.stop();
      lease.track = track;
      await lease.onReplace(track);
    }
    stopTracks(await old?.catch(() => null));
    if (this.#leases.size === 0) this.#closeBase();
  }

  #release(lease) {
    if (!this.#leases.delete(lease)) return;
    lease.track?.stop();
    if (this.#leases.size === 0) this.#closeBase();
  }

  #closeBase() {
    const base = this.#base;
    this.#base = null;
    base?.then(stopTracks, ignore);
  }

  async #route(element) {
    if (typeof element.setSinkId === 'function') await element.setSinkId(this.#output ?? '');
  }
}

function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/* ---------------------------------------------------------------- sounds ---------------------------------------- */

/* Patterns are rendered into a buffer that loops, so that a tab whose timers are throttled rings as evenly as any.
 * notes: [start s, frequencies Hz, length s, decay s (0: a steady tone)]. */
const SOUNDS = {
  incoming: { length: 2.6, gain: 0.5, loop: true, notes: [
    [0, [659.3, 1318.5], 0.5, 0.22], [0.16, [784, 1568], 0.5, 0.22], [0.32, [987.8, 1975.5], 0.9, 0.35],
    [0.9, [784, 1568], 0.5, 0.22], [1.06, [987.8, 1975.5], 0.9, 0.4]] },
  waiting: { length: 4, gain: 0.2, loop: true, notes: [[0, [440], 0.18, 0], [0.3, [440], 0.18, 0]] },
  ringback: { length: 4, gain: 0.12, loop: true, notes: [[0, [440, 480], 1.6, 0]] },
  ended: { length: 0.5, gain: 0.2, loop: false, notes: [[0, [480], 0.12, 0], [0.2, [380], 0.18, 0]] },
};
const DTMF_ROWS = [697, 770, 852, 941];
const DTMF_COLUMNS = [1209, 1336, 1477, 1633];
const DTMF_KEYS = '123A456B789C*0#D';

function renderSound(context, { length, gain, notes }) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.ceil(length * rate), rate);
  const samples = buffer.getChannelData(0);
  for (const [start, frequencies, duration, decay] of notes) {
    const first = Math.round(start * rate);
    const count = Math.min(Math.round(duration * rate), samples.length - first);
    for (let i = 0; i < count; i++) {
      const t = i / rate;
      const edge = Math.min(1, t / 0.005, (duration - t) / 0.01); // no clicks
      const envelope = edge * (decay ? Math.exp(-t / decay) : 1);
      const wave = frequencies.reduce((sum, f, n) => sum + Math.sin(2 * Math.PI * f * t) / (n + 1), 0);
      samples[first + i] += (gain * envelope * wave) / frequencies.length;
    }
  }
  return buffer;
}

/* Ringtone, ringback and the like, made with WebAudio. Where the browser wants a gesture first, `blocked` is true and
 * what should sound starts with the first `unlock` (called by the page from a click or key). */
export class Sounds {
  #platform;
  #context = null;
  #buffers = new Map();
  #playing = new Map(); // name -> source node
  #sink = '';

  constructor(platform, enabled = true) {
    this.#platform = platform;
    this.enabled = enabled;
  }

  get blocked() {
    return this.#context !== null && this.#context.state === 'suspended' && this.#playing.size > 0;
  }

  unlock() {
    return heard(this.#unlock(), ignore);
  }

  async #unlock() {
    await this.#open()?.resume();
    if (this.#playing.size === 0) await this.#context?.suspend();
  }

  play(name) {
    if (!this.#playing.has(name)) this.#start(name, SOUNDS[name]);
  }

  stop(name) {
    const source = this.#playing.get(name);
    this.#playing.delete(name);
    source?.stop();
  }

  /* The feedback of a dial pad. */
  key(digit) {
    const index = DTMF_KEYS.indexOf(digit);
    if (index < 0) return;
    const frequencies = [DTMF_ROWS[index >> 2], DTMF_COLUMNS[index & 3]];
    this.stop(digit);
    this.#start(digit, { length: 0.14, gain: 0.18, loop: false, notes: [[0, frequencies, 0.14, 0]] });
  }

  async setSink(deviceId) {
    this.#sink = deviceId;
    await this.#context?.setSinkId?.(deviceId);
  }

  destroy() {
    for (const name of [...this.#playing.keys()]) this.stop(name);
    this.#context?.close().catch(ignore);
    this.#context = null;
    this.enabled = false;
  }

  #start(name, sound) {
    const context = this.enabled ? this.#open() : null;
    if (!context) return;
    context.resume().catch(ignore);
    const source = context.createBufferSource();
    source.buffer = this.#buffer(context, name, sound);
    source.loop = sound.loop;
    source.onended = () => this.#ended(name, source);
    source.connect(context.destination);
    source.start();
    this.#playing.set(name, source);
  }

  #open() {
    if (this.#context || !this.#platform.AudioContext) return this.#context;
    this.#context = new this.#platform.AudioContext();
    if (this.#sink) this.setSink(this.#sink).catch(ignore);
    return this.#context;
  }

  #buffer(context, name, sound) {
    if (!this.#buffers.has(name)) this.#buffers.set(name, renderSound(context, sound));
    return this.#buffers.get(name);
  }

  /* A context that runs keeps the sound card awake all day. */
  #ended(name, source) {
    if (this.#playing.get(name) === source) this.#playing.delete(name);
    if (this.#playing.size === 0) this.#context?.suspend().catch(ignore);
  }
}

/* ---------------------------------------------------------------- media ----------------------------------------- */

const GESTURES = ['pointerdown', 'keydown'];

/* Candidates wait until the other side's description is there, and with it what becomes of them. */
class CandidateQueue {
  #waiting = [];
  #use;
  #wanted = null; // not known yet

  constructor(use) {
    this.#use = use;
  }

  push(candidate) {
    if (this.#wanted === null) this.#waiting.push(candidate);
    else if (this.#wanted) this.#use(candidate);
  }

  open(wanted) {
    this.#wanted = wanted;
    for (const candidate of this.#waiting.splice(0)) this.push(candidate);
  }
}

/* One RTCPeerConnection with one audio line, and the element that plays what comes in.
 *
 * Descriptions are sent as soon as they are set, without candidates. A gateway that is ICE-lite learns our address from
 * our checks (RFC 8445, 7.3.1.3); one that is not is told of candidates as they are found (RFC 8838), and tells of its own.
 * Emits: state('connected' | 'disconnected' | 'failed' | 'broken') · candidate(text, '' behind the last) · audible ·
 * playbackBlocked. */
class Peer extends Emitter {
  #pc;
  #audio;
  #codecs;
  #element;
  #events;
  #remote = null;
  #audible = false;
  #taking = Promise.resolve(); // an answer
  #configuration;
  #ownIceServers; // the page's: the gateway's do not count
  #fullIce = false;
  #candidates = new CandidateQueue((candidate) => this.emit('candidate', candidate)); // ours
  #remoteCandidates = new CandidateQueue((candidate) => this.#addCandidate(candidate));
  #playAgain = () => this.#play();

  constructor(platform, audio, { rtcConfiguration, codecPreferences }, iceServers) {
    super();
    this.#audio = audio;
    this.#events = platform.events;
    this.#codecs = codecPreferences ?? [];
    this.#configuration = { bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceServers, ...rtcConfiguration };
    this.#ownIceServers = rtcConfiguration?.iceServers !== undefined;
    this.#pc = new platform.RTCPeerConnection(this.#configuration);
    this.#element = platform.createAudio();
    this.#element.autoplay = true;
    audio.addElement(this.#element);
    this.#pc.ontrack = (event) => this.#onTrack(event);
    this.#pc.onicecandidate = ({ candidate }) => this.#onCandidate(candidate);
    this.#pc.onconnectionstatechange = this.#pc.oniceconnectionstatechange = () => this.#onState();
  }

  get remoteStream() {
    return this.#remote;
  }

  get connected() {
    return this.#pc.connectionState === 'connected';
  }

  /* Whether anything has come from the other side yet. */
  get audible() {
    return this.#audible;
  }

  /* Whether the gateway is more than ICE-lite; false until it has said so. */
  get isFullIce() {
    return this.#fullIce;
  }

  get dtmf() {
    return this.#pc.getSenders().find((sender) => sender.track?.kind === 'audio')?.dtmf ?? null;
  }

  getStats() {
    return this.#pc.getStats();
  }

  /* For the next ICE restart, which may come when the credentials of now have expired. */
  renewIceServers(iceServers) {
    if (this.#ownIceServers || this.#pc.signalingState === 'closed') return;
    this.#configuration = { ...this.#configuration, iceServers };
    this.#pc.setConfiguration(this.#configuration);
  }

  async offer(track) {
    const streams = [this.#audio.streamOf(track)];
    const transceiver = this.#pc.addTransceiver(track, { direction: 'sendrecv', streams });
    preferCodecs(transceiver, this.#codecs);
    return this.#describe(await this.#pc.createOffer());
  }

  async restart() {
    return this.#describe(await this.#pc.createOffer({ iceRestart: true }));
  }

  async answer(sdp, track) {
    await this.#remoteDescription({ type: 'offer', sdp });
    this.#pc.addTrack(track, this.#audio.streamOf(track));
    return this.#describe(await this.#pc.createAnswer());
  }

  /* False if no offer of ours is open: an answer that came twice, or after early media that brought it. */
  async takeAnswer(sdp) {
    await this.#taking.catch(ignore);
    if (this.#pc.signalingState !== 'have-local-offer') return false;
    this.#taking = this.#remoteDescription({ type: 'answer', sdp });
    await this.#taking;
    return true;
  }

  /* One of the gateway's; it may come before the description that it belongs to. */
  takeCandidate(candidate) {
    this.#remoteCandidates.push(candidate);
  }

  async replaceTrack(track) {
    const sender = this.#pc.getSenders().find((candidate) => candidate.track?.kind === 'audio');
    await sender?.replaceTrack(track);
  }

  silence(on) {
    this.#element.muted = on;
  }

  close() {
    this.removeAllListeners();
    this.#pc.ontrack = this.#pc.onicecandidate = this.#pc.onconnectionstatechange = this.#pc.oniceconnectionstatechange = null;
    this.#pc.close();
    for (const name of GESTURES) this.#events.removeEventListener(name, this.#playAgain);
    this.#audio.removeElement(this.#element);
    this.#element.srcObject = null;
  }

  async #describe(description) {
    try {
      await this.#pc.setLocalDescription(description);
      return this.#pc.localDescription.sdp;
    } catch (cause) {
      throw new CallgateError(53400, { cause });
    }
  }

  async #remoteDescription(description) {
    try {
      await this.#pc.setRemoteDescription(description);
    } catch (cause) {
      throw new CallgateError(53402, { cause });
    }
    this.#fullIce = !/^a=ice-lite/m.test(description.sdp);
    this.#candidates.open(this.#fullIce);
    this.#remoteCandidates.open(this.#fullIce);
  }

  /* null is behind the last one; the empty one that some browsers send before it says the same. */
  #onCandidate(candidate) {
    if (candidate === null || candidate.candidate !== '') this.#candidates.push(candidate?.candidate ?? '');
  }

  /* One that the browser cannot use is no loss: there are others, or there is no call. */
  #addCandidate(candidate) {
    heard(this.#pc.addIceCandidate({ candidate, sdpMLineIndex: 0 }), ignore);
  }

  #onTrack({ track, streams }) {
    this.#remote = streams[0] ?? this.#audio.streamOf(track);
    this.#element.srcObject = this.#remote;
    if (track.muted) track.onunmute = () => this.#onAudible();
    else this.#onAudible();
    this.#play();
  }

  /* Browsers unmute a remote track when its first packet comes. */
  #onAudible() {
    if (this.#audible) return;
    this.#audible = true;
    this.emit('audible');
  }

  /* Browsers may refuse to play before the user has touched the page: then the first touch starts it. */
  async #play() {
    for (const name of GESTURES) this.#events.removeEventListener(name, this.#playAgain);
    try {
      await this.#element.play();
    } catch (error) {
      if (error?.name !== 'NotAllowedError') return; // closed while starting
      for (const name of GESTURES) this.#events.addEventListener(name, this.#playAgain);
      this.emit('playbackBlocked');
    }
  }

  /* connectionState joins ICE and DTLS; only an ICE failure can be mended by a restart. */
  #onState() {
    const { connectionState, iceConnectionState } = this.#pc;
    const iceAlive = iceConnectionState === 'connected' || iceConnectionState === 'completed';
    if (connectionState === 'connected') this.emit('state', 'connected');
    else if (connectionState === 'failed') this.emit('state', iceAlive ? 'broken' : 'failed');
    else if (iceConnectionState === 'failed') this.emit('state', 'failed');
    else if (connectionState === 'disconnected') this.emit('state', 'disconnected');
  }
}

function preferCodecs(transceiver, names) {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('audio')?.codecs;
  if (names.length === 0 || !codecs || !transceiver.setCodecPreferences) return;
  const rank = (codec) => {
    const index = names.findIndex((name) => codec.mimeType.toLowerCase() === `audio/${name.toLowerCase()}`);
    return index < 0 ? names.length : index;
  };
  transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
}

/* When media is lost: a moment's patience, then ICE restarts until it is back or hope is gone. */
class MediaRecovery {
  #actions; // {lost(), restart(): Promise, back(), giveUp()}
  #grace = null;
  #retry = null;
  #limit = null;
  #lost = false;
  #busy = false;

  constructor(actions) {
    this.#actions = actions;
  }

  onState(state) {
    if (state === 'connected') this.#healed();
    else if (state === 'failed') this.#begin();
    else if (state === 'disconnected' && !this.#lost) this.#grace ??= setTimeout(() => this.#begin(), MEDIA_GRACE);
  }

  /* Something changed (network, signalling): do not wait for the timer. */
  nudge() {
    if (this.#lost) this.#attempt();
  }

  stop() {
    clearTimeout(this.#grace);
    clearTimeout(this.#retry);
    clearTimeout(this.#limit);
    this.#grace = null;
  }

  #begin() {
    if (this.#lost) return;
    this.stop();
    this.#lost = true;
    this.#limit = setTimeout(() => this.#actions.giveUp(), MEDIA_LOSS_LIMIT);
    this.#actions.lost();
    this.#attempt();
  }

  async #attempt() {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#attempt(), MEDIA_RETRY);
    if (this.#busy) return;
    this.#busy = true;
    await this.#actions.restart().catch(ignore);
    this.#busy = false;
  }

  #healed() {
    this.stop();
    if (!this.#lost) return;
    this.#lost = false;
    this.#actions.back();
  }
}

/* ---------------------------------------------------------------- digits ---------------------------------------- */

const DIGIT_LENGTH = 120;
const DIGIT_GAP = 80;
const DIGITS_PER_MESSAGE = 64; // what the gateway takes

/* Digits in order, by RFC 4733 where the browser can (RTCDTMFSender), else as `dtmf` messages. `w` waits half a second,
 * `,` two. */
class DigitSender {
  #dtmf; // () => RTCDTMFSender or null
  #message; // (digits) => void
  #queue = '';
  #timer = null;

  constructor(dtmf, message) {
    this.#dtmf = dtmf;
    this.#message = message;
  }

  send(digits) {
    if (!/^[0-9A-D*#w,]+$/.test(digits)) throw new TypeError(`not digits: "${digits}" (use 0-9 A-D * # w ,)`);
    this.#queue += digits;
    if (this.#timer === null) this.#next();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#queue = '';
  }

  #next() {
    const [, tones, pause] = /^([^w,]*)([w,]*)/.exec(this.#queue);
    this.#queue = this.#queue.slice(tones.length + pause.length);
    const wait = (tones ? this.#play(tones) : 0)
      + [...pause].reduce((sum, letter) => sum + (letter === 'w' ? 1 : 4) * LETTER_W_PAUSE, 0);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#queue) this.#next();
    }, wait);
  }

  /* Returns how long it takes. insertDTMF replaces what is not played yet, so that must be handed over again. */
  #play(tones) {
    const sender = this.#dtmf();
    if (sender?.canInsertDTMF) {
      const all = sender.toneBuffer + tones;
      sender.insertDTMF(all, DIGIT_LENGTH, DIGIT_GAP);
      return all.length * (DIGIT_LENGTH + DIGIT_GAP);
    }
    for (let i = 0; i < tones.length; i += DIGITS_PER_MESSAGE) this.#message(tones.slice(i, i + DIGITS_PER_MESSAGE));
    return 0;
  }
}

/* ---------------------------------------------------------------- call ------------------------------------------ */

/* Between Device and Call only; symbols, so that they are no part of the API. */
const dial = Symbol('dial');
const deliver = Symbol('deliver');
const newTrack = Symbol('newTrack');
const sessionLost = Symbol('sessionLost');
const nudge = Symbol('nudge');
const networkChanged = Symbol('networkChanged');
const renewIceServers = Symbol('renewIceServers');

/* One call, from invite to hang-up. Made by the Device only.
 *
 * Emits: ringing · accept(call) · disconnect(call, error?) · cancel(call) · reject(call) · mute(on, call) ·
 * hold(on, origin, call) · transfer(state, call, error?) · transferred(party, call) · digits(digits, call) · messageReceived(message, call) · messageSent(message, call) ·
 * volume(input, output) · sample(sample) · warning(name, sample?) · warningCleared(name, sample?) ·
 * reconnecting(error) · reconnected · error(error). */
export class Call extends Emitter {
  #host; // the Device's side, see Device
  #direction;
  #status;
  #callSid = null;
  #parameters;
  #customParameters;
  #temporarySid = null;
  #remoteOffer = null; // of an incoming call, until it is accepted
  #reconnect = null; // shows a new session that this call is ours
  #accepting = false;
  #answered = false;
  #openedAt = null;
  #endReason = null;
  #peer = null;
  #mic = null;
  #muted = false;
  #held = false;
  #heldByRemote = false;
  #party = null; // address of the other side, once it was transferred
  #earlyCandidates = []; // of the gateway's, while a call to us rings
  #negotiation = null; // {resolve, reject} of a reinvite or reconnect under way
  #setupTimer = null;
  #volumeTimer = null;
  #meters = null;
  #monitor = null;
  #sample = null;
  #digits;
  #recovery;
  #handlers = {
    ringing: (payload) => this.#onRinging(payload),
    answer: (payload) => this.#onAnswer(payload),
    candidate: (payload) => this.#onCandidate(String(payload.candidate ?? '')),
    hangup: (payload) => this.#onHangup(payload),
    cancel: (payload) => this.#onCancel(payload),
    hold: (payload) => this.#onHold(payload),
    transfer: (payload) => this.#onTransfer(payload),
    transferred: (payload) => this.#onTransferred(payload),
    dtmf: (payload) => this.emit('digits', String(payload.dtmf ?? ''), this),
    message: (payload) => this.emit('messageReceived', messageFromWire(payload), this),
    ack: (payload) => this.emit('messageSent', { voiceEventSid: payload.voiceeventsid }, this),
    error: (payload) => this.emit('error', errorFromGateway(payload.error), this),
  };

  constructor(host, { direction, callSid = null, parameters, customParameters, offer = null, reconnect = null }) {
    super();
    this.#host = host;
    this.#direction = direction;
    this.#status = direction === 'incoming' ? 'pending' : 'connecting';
    this.#callSid = callSid;
    this.#parameters = parameters;
    this.#customParameters = customParameters;
    this.#remoteOffer = offer;
    this.#reconnect = reconnect;
    this.#digits = new DigitSender(() => this.#peer?.dtmf ?? null, (dtmf) => this.#tell('dtmf', { dtmf }));
    this.#recovery = new MediaRecovery({
      lost: () => this.#onMediaLost(),
      restart: () => this.#negotiate('reinvite', {}),
      back: () => this.#onMediaBack(),
      giveUp: () => this.#fail(new CallgateError(53405)),
    });
  }

  get direction() {
    return this.#direction;
  }

  get callSid() {
    return this.#callSid;
  }

  get parameters() {
    return { ...this.#parameters, ...(this.#callSid ? { CallSid: this.#callSid } : {}) };
  }

  /* Whom this call is with: "client:bob". */
  get party() {
    return this.#party ?? (this.#direction === 'incoming' ? this.#parameters.From : this.#parameters.To) ?? '';
  }

  get customParameters() {
    return new Map(this.#customParameters);
  }

  get openedAt() {
    return this.#openedAt === null ? null : new Date(this.#openedAt);
  }

  get endReason() {
    return this.#endReason;
  }

  get quality() {
    return this.#sample;
  }

  get warnings() {
    return this.#monitor?.warnings ?? [];
  }

  get remoteStream() {
    return this.#peer?.remoteStream ?? null;
  }

  status() {
    return this.#status;
  }

  /* While it rings: whether the other side is heard already. */
  hasEarlyMedia() {
    return this.#status === 'ringing' && (this.#peer?.audible ?? false);
  }

  isMuted() {
    return this.#muted;
  }

  isOnHold() {
    return this.#held;
  }

  isHeldByRemote() {
    return this.#heldByRemote;
  }

  /* Resolves when the answer is on its way or the attempt has failed (then `error` was emitted and, if it was the
   * microphone, the call still rings). */
  async accept() {
    if (this.#status !== 'pending' || this.#accepting) return;
    this.#accepting = true;
    try {
      await this.#openMicrophone();
      if (this.#status !== 'pending') return; // cancelled while the user was asked
      this.#setStatus('connecting');
      await this.#answer();
    } catch (error) {
      this.#onAcceptFailed(error);
    } finally {
      this.#accepting = false;
    }
  }

  reject() {
    if (this.#status !== 'pending') return;
    this.#tell('reject');
    this.#end('reject');
  }

  /* Stops ringing here and tells nobody: other devices go on ringing. */
  ignore() {
    if (this.#status === 'pending') this.#end('cancel');
  }

  disconnect() {
    if (this.#status === 'closed') return;
    if (this.#status === 'pending') return this.reject();
    if (this.#callSid) this.#tell('hangup');
    this.#end('disconnect');
  }

  mute(on = true) {
    if (this.#muted === Boolean(on) || this.#status === 'closed') return;
    this.#muted = Boolean(on);
    this.#applyMicrophone();
    this.emit('mute', this.#muted, this);
  }

  /* The microphone falls silent at once; the rest follows when the gateway agrees. */
  hold(on = true) {
    return heard(this.#hold(Boolean(on)), (error) => this.emit('error', error, this));
  }

  /* Blind: the other side waits on hold until `to` answers. This call goes on until then, and if `to` does not. */
  transfer(to) {
    return this.#transfer({ to: String(to) });
  }

  /* Attended: the other sides of this call and of `call` are connected; both calls end here. */
  transferTo(call) {
    if (!(call instanceof Call) || call === this) throw new TypeError('transferTo needs another call');
    return this.#transfer({ with: call.callSid });
  }

  sendDigits(digits) {
    if (!this.#isUp()) throw new CallgateError(31009, { explanation: 'Digits can be sent in an open call only.' });
    this.#digits.send(String(digits).toUpperCase().replace(/W/g, 'w'));
  }

  /* Content is anything that JSON can say. Returns the id that `messageSent` carries when the gateway has it. */
  sendMessage({ content, contentType = 'application/json', messageType = 'user-defined-message' }) {
    if (content === undefined || content === null) throw new TypeError('a message needs content');
    if (this.#callSid === null || this.#status === 'closed') throw new CallgateError(31009);
    const voiceEventSid = `KX${uuid().replaceAll('-', '')}`;
    const wire = { content, contenttype: contentType, messagetype: messageType, voiceeventsid: voiceEventSid };
    this.#request('message', wire).catch((error) => this.emit('error', error, this));
    return voiceEventSid;
  }

  /* The gateway's view of this leg. */
  serverStats() {
    return heard(this.#request('stats', {}), ignore);
  }

  /* --- setting up --- */

  async [dial](mic) {
    this.#mic = mic;
    this.#temporarySid = `TJS${uuid()}`;
    try {
      const sdp = await this.#makePeer().offer(mic.track);
      if (this.#status === 'closed') return;
      const params = [...this.#customParameters].map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
      await this.#host.signaling.request('invite', { callsid: this.#temporarySid, sdp, twilio: { params } }, {
        onResult: ({ callsid }) => this.#onNamed(callsid),
        unless: () => this.#status === 'closed',
        patience: CONNECT_PATIENCE,
      });
    } catch (error) {
      this.#fail(asCallgateError(error, 53400));
    }
  }

  /* Hung up before the gateway had given it a name: now the gateway can be told. */
  #onNamed(callSid) {
    this.#callSid = callSid;
    if (this.#status === 'closed') this.#tell('hangup');
  }

  async #openMicrophone() {
    const mic = await this.#host.audio.acquire((track) => this[newTrack](track));
    if (this.#status === 'closed') mic.release();
    else this.#mic = mic;
  }

  async #answer() {
    const sdp = await this.#makePeer().answer(this.#remoteOffer, this.#mic.track);
    if (this.#status === 'closed') return;
    this.#applyMicrophone();
    this.#answered = true;
    this.#awaitMedia();
    await this.#request('answer', { sdp });
  }

  /* A refused microphone leaves the call ringing, so that the user can allow it and try again. */
  #onAcceptFailed(error) {
    if (this.#status === 'pending') this.emit('error', asCallgateError(error, 31402), this);
    else this.#fail(asCallgateError(error, 53402), error?.code !== 31008);
  }

  #makePeer() {
    const { platform, audio, options, iceServers } = this.#host;
    const peer = new Peer(platform, audio, options, iceServers());
    peer.on('state', (state) => this.#onPeerState(state));
    peer.on('playbackBlocked', () => this.emit('warning', 'playback-blocked'));
    peer.on('candidate', (candidate) => this.#tell('candidate', { candidate }));
    for (const candidate of this.#earlyCandidates.splice(0)) peer.takeCandidate(candidate);
    this.#peer = peer;
    return peer;
  }

  #awaitMedia() {
    clearTimeout(this.#setupTimer);
    this.#setupTimer = setTimeout(() => this.#fail(new CallgateError(53405)), MEDIA_SETUP_LIMIT);
    this.#maybeOpen();
  }

  /* Open means answered and audible: a call without media is none. */
  #maybeOpen() {
    if (!this.#answered || !this.#peer.connected || this.#openedAt !== null || this.#status === 'closed') return;
    clearTimeout(this.#setupTimer);
    this.#openedAt = Date.now();
    this.#setStatus('open');
    this.#startMonitoring();
    this.emit('accept', this);
  }

  #startMonitoring() {
    const { meters, audio } = this.#host;
    const local = meters.open(audio.streamOf(this.#mic.track));
    const remote = this.#peer.remoteStream ? meters.open(this.#peer.remoteStream) : { level: () => 0, stop: ignore };
    this.#meters = { local, remote };
    this.#volumeTimer = setInterval(() => this.#emitVolume(), VOLUME_INTERVAL);
    this.#monitor = new QualityMonitor(() => this.#peer.getStats(), () => ({
      expectsAudio: !this.#held && !this.#heldByRemote && this.#status === 'open',
      microphoneOn: !this.#muted && !this.#held,
    }));
    this.#monitor.on('sample', (sample) => this.#onSample(sample));
    this.#monitor.on('warning', (name, sample) => this.#onWarning(name, sample));
    this.#monitor.on('warningCleared', (name, sample) => this.emit('warningCleared', name, sample));
  }

  #emitVolume() {
    const { local, remote } = this.#meters;
    if (this.listenerCount('volume') > 0) this.emit('volume', local.level(), remote.level());
  }

  /* A full agent may go on sending where the browser no longer listens, which to the browser looks connected. */
  #onWarning(name, sample) {
    this.emit('warning', name, sample);
    if (name === 'no-audio' && this.#peer.isFullIce && this.#status === 'open') this[networkChanged]();
  }

  #onSample(sample) {
    this.#sample = sample;
    this.emit('sample', sample);
  }

  /* --- from the gateway --- */

  [deliver](type, payload) {
    if (this.#status !== 'closed') this.#handlers[type]?.(payload);
  }

  /* With a description it is early media: what the other side plays before it answers. */
  #onRinging({ sdp }) {
    if (this.#direction !== 'outgoing' || (this.#status !== 'connecting' && this.#status !== 'ringing')) return;
    if (sdp) heard(this.#hearEarly(sdp), ignore);
    if (this.#status === 'ringing' || this.#answered) return;
    this.#setStatus('ringing');
    this.emit('ringing', this);
  }

  async #hearEarly(sdp) {
    this.#peer?.once('audible', () => this.#host.changed(this));
    try {
      await this.#peer?.takeAnswer(sdp);
    } catch (error) {
      this.#fail(error, true);
    }
  }

  /* The answer to an invite, a reinvite or a reconnect. */
  async #onAnswer({ sdp, reconnect }) {
    if (reconnect) this.#reconnect = reconnect;
    const negotiation = this.#negotiation;
    this.#negotiation = null;
    try {
      await this.#peer?.takeAnswer(sdp);
      negotiation?.resolve();
    } catch (error) {
      if (!negotiation) return this.#fail(error, true);
      negotiation.reject(error);
    }
    if (!this.#answered && this.#status !== 'closed') {
      this.#answered = true;
      this.#setStatus('connecting');
      this.#awaitMedia();
    }
  }

  #onCandidate(candidate) {
    if (this.#peer) this.#peer.takeCandidate(candidate);
    else this.#earlyCandidates.push(candidate);
  }

  /* The caller gave up, or another device answered: no error of ours. */
  #onCancel({ error }) {
    this.#endReason = error ? errorFromGateway(error) : null;
    this.#end('cancel');
  }

  #onHangup({ error }) {
    if (error) this.#fail(errorFromGateway(error), false);
    else this.#end(this.#status === 'pending' ? 'cancel' : 'disconnect');
  }

  #onHold({ on }) {
    this.#heldByRemote = Boolean(on);
    this.emit('hold', this.#heldByRemote, 'remote', this);
  }

  #onTransfer({ state, error }) {
    this.emit('transfer', state, this, ...(error ? [errorFromGateway(error)] : []));
  }

  #onTransferred({ party }) {
    this.#party = String(party ?? '');
    this.emit('transferred', this.#party, this);
  }

  /* The gateway made a new session. It may still know the call by its reconnect token; a ringing one it rings again. */
  [sessionLost]() {
    if (this.#status === 'pending') this.#end('cancel');
    else if (this.#reconnect && this.#answered) this.#reattach();
    else if (this.#callSid) this.#fail(new CallgateError(53001), false);
  }

  async #reattach() {
    const reconnect = this.#reconnect;
    try {
      await this.#negotiate('invite', { reconnect, twilio: {} });
    } catch (error) {
      const lostAgain = error.code === 53001 || error.code === 53000;
      if (!lostAgain) this.#fail(asCallgateError(error, 53400), false);
    }
  }

  /* --- media lost and found --- */

  #onPeerState(state) {
    if (state === 'broken') return this.#fail(new CallgateError(53405));
    if (this.#openedAt === null) return state === 'failed' ? this.#fail(new CallgateError(53405)) : this.#maybeOpen();
    return this.#recovery.onState(state);
  }

  #onMediaLost() {
    this.#setStatus('reconnecting');
    this.emit('reconnecting', new CallgateError(53405, { explanation: 'The audio connection was interrupted.' }), this);
  }

  #onMediaBack() {
    this.#setStatus('open');
    this.emit('reconnected', this);
  }

  [nudge]() {
    this.#recovery.nudge();
  }

  /* Another network: the old path may look alive for seconds more. */
  [networkChanged]() {
    if (this.#status === 'reconnecting') this.#recovery.nudge();
    else if (this.#status === 'open') this.#negotiate('reinvite', {}).catch(ignore);
  }

  [renewIceServers](iceServers) {
    this.#peer?.renewIceServers(iceServers);
  }

  /* Offer with an ICE restart, one at a time; settled by the answer or by the request's failure. */
  async #negotiate(type, extra) {
    if (this.#host.signaling.state !== 'connected') throw new CallgateError(53001);
    if (type === 'reinvite' && this.#negotiation) throw new CallgateError(31000);
    this.#negotiation?.reject(new CallgateError(53001));
    const done = new Promise((resolve, reject) => { this.#negotiation = { resolve, reject }; });
    const mine = this.#negotiation;
    done.catch(ignore);
    let timer = null;
    try {
      const sdp = await this.#peer.restart();
      const asked = this.#request(type, { ...extra, sdp }).then(() => {
        timer = setTimeout(() => mine.reject(new CallgateError(31003)), REQUEST_TIMEOUT);
        return done;
      });
      await Promise.race([done, asked]);
    } finally {
      clearTimeout(timer);
      if (this.#negotiation === mine) this.#negotiation = null;
    }
  }

  /* --- the rest --- */

  async #hold(on) {
    if (!this.#isUp() || this.#held === on) return;
    if (on) this.#silence(true);
    try {
      await this.#request('hold', { on });
      this.#held = on;
      if (this.#status !== 'closed') this.emit('hold', on, 'local', this);
    } finally {
      if (this.#status !== 'closed') this.#silence(this.#held);
    }
  }

  /* What is refused is the business of who asked: the call goes on. */
  #transfer(payload) {
    const asked = this.#isUp() ? this.#request('transfer', payload)
      : Promise.reject(new CallgateError(31009, { explanation: 'Only an open call can be transferred.' }));
    return heard(asked.then(() => {}), ignore);
  }

  #silence(on) {
    this.#peer.silence(on);
    this.#applyMicrophone(on);
  }

  #applyMicrophone(silent = this.#held) {
    if (this.#mic?.track) this.#mic.track.enabled = !this.#muted && !silent;
  }

  async [newTrack](track) {
    await this.#peer?.replaceTrack(track);
    if (!this.#meters) return;
    this.#meters.local.stop();
    this.#meters.local = this.#host.meters.open(this.#host.audio.streamOf(track));
  }

  #isUp() {
    return this.#status === 'open' || this.#status === 'reconnecting';
  }

  #request(type, payload) {
    return this.#host.signaling.request(type, { callsid: this.#callSid, ...payload });
  }

  /* A message whose answer changes nothing here. */
  #tell(type, payload = {}) {
    this.#request(type, payload).catch((error) => this.#host.log('info', `${type}: ${error.message}`));
  }

  #setStatus(status) {
    this.#status = status;
    this.#host.changed(this);
  }

  /* Ends with an error; `tell`: the gateway does not know yet. */
  #fail(error, tell = true) {
    if (this.#status === 'closed') return;
    if (tell && this.#callSid) this.#tell('hangup', { message: error.message });
    this.#endReason = error;
    this.#end('disconnect', error);
  }

  #end(event, error) {
    if (this.#status === 'closed') return;
    const wasUp = this.#openedAt !== null;
    for (const timer of [this.#setupTimer, this.#volumeTimer]) clearTimeout(timer);
    this.#recovery.stop();
    this.#digits.stop();
    this.#monitor?.stop();
    this.#meters?.local.stop();
    this.#meters?.remote.stop();
    this.#peer?.close();
    this.#mic?.release();
    this.#negotiation?.reject(new CallgateError(31008));
    this.#status = 'closed';
    this.#host.ended(this, wasUp);
    if (error) this.emit('error', error, this);
    this.emit(event, this, ...(error ? [error] : []));
  }
}

function messageFromWire({ content, contenttype, messagetype, voiceeventsid }) {
  return { content, contentType: contenttype, messageType: messagetype, voiceEventSid: voiceeventsid };
}

/* ---------------------------------------------------------------- device ---------------------------------------- */

/* One signed-in client of the gateway.
 *
 * Emits: registering · registered · unregistered · incoming(call) · tokenWillExpire(device, seconds) ·
 * reconnecting(error) · reconnected · error(error, call?) · destroyed. */
export class Device extends Emitter {
  #options;
  #platform;
  #signaling;
  #audio;
  #sounds;
  #meters;
  #calls = new Set();
  #identity = null;
  #iceServers = []; // as the gateway last told
  #destroyed = false;
  #connectedOnce = false;
  #outageTold = false;
  #announced = 'unregistered'; // the last of the registration events
  #lastError = null;
  #linkType;
  #host;
  #listeners;
  #onLinkChange = () => {
    const { type } = this.#platform.connection; // also told when only the estimated speed changes
    if (type !== this.#linkType) this.#onNetworkChange();
    this.#linkType = type;
  };

  static get isSupported() {
    const { RTCPeerConnection, WebSocket, navigator } = globalThis;
    return Boolean(RTCPeerConnection && WebSocket && navigator?.mediaDevices?.getUserMedia);
  }

  static get version() {
    return VERSION;
  }

  constructor(token, options = {}) {
    super();
    if (typeof token !== 'string' || token === '') throw new CallgateError(31102);
    this.#options = { allowIncomingWhileBusy: true, closeProtection: false, sounds: true, ...options };
    this.#platform = browserPlatform(options.platform);
    const log = (level, text) => options.logger?.[level]?.(`callgate: ${text}`);
    this.#signaling = new Signaling(this.#platform, signalUrl(options.gateway, this.#platform.location), token, log);
    this.#meters = new LevelMeters(this.#platform);
    this.#sounds = new Sounds(this.#platform, this.#options.sounds);
    this.#audio = new AudioDevices(this.#platform, this.#meters, options.audioConstraints);
    this.#audio.setSounds(this.#sounds);
    this.#audio.on('error', (error) => this.emit('error', error));
    this.#host = this.#makeHost(log);
    this.#listen();
  }

  get audio() {
    return this.#audio;
  }

  get sounds() {
    return this.#sounds;
  }

  get identity() {
    return this.#identity;
  }

  get calls() {
    return [...this.#calls];
  }

  get state() {
    if (this.#destroyed) return 'destroyed';
    if (this.#signaling.registered) return 'registered';
    return this.#signaling.registrationWanted && this.#signaling.state !== 'idle' ? 'registering' : 'unregistered';
  }

  get connection() {
    const { state } = this.#signaling;
    if (state === 'connected') return 'connected';
    if (state === 'idle' || state === 'closed') return 'disconnected';
    return this.#connectedOnce ? 'reconnecting' : 'connecting';
  }

  /* Calls to this identity ring here from now on, over every reconnection, until unregister(). */
  register() {
    if (this.#destroyed) return this.#refuse();
    const done = this.#signaling.register(true);
    if (this.state === 'registering') this.#announce('registering');
    return heard(done, (error) => this.#onError(error));
  }

  unregister() {
    if (this.#destroyed) return this.#refuse();
    return heard(this.#signaling.register(false), (error) => this.#onError(error));
  }

  /* Resolves with the call as soon as the microphone is open; how it goes on, its events tell. */
  connect({ params = {} } = {}) {
    if (this.#destroyed) return this.#refuse();
    return heard(this.#connect(params), (error) => this.#onError(error));
  }

  /* Calls and registration stay as they are. */
  updateToken(token) {
    if (this.#destroyed) return this.#refuse();
    return heard(this.#signaling.updateToken(token), (error) => this.#onError(error));
  }

  disconnectAll() {
    for (const call of this.calls) call.disconnect();
  }

  destroy() {
    if (this.#destroyed) return;
    this.disconnectAll();
    this.#destroyed = true;
    for (const [name, listener] of this.#listeners) this.#platform.events.removeEventListener(name, listener);
    this.#platform.connection?.removeEventListener?.('change', this.#onLinkChange);
    this.#signaling.close();
    this.#audio.destroy();
    this.#sounds.destroy();
    this.emit('destroyed');
  }

  #refuse() {
    return heard(Promise.reject(new CallgateError(31009, { explanation: 'The device was destroyed.' })), ignore);
  }

  /* What a Call may use of its Device. */
  #makeHost(log) {
    return {
      log,
      platform: this.#platform,
      signaling: this.#signaling,
      audio: this.#audio,
      meters: this.#meters,
      options: this.#options,
      iceServers: () => this.#iceServers,
      changed: () => this.#ring(),
      ended: (call, wasUp) => this.#onCallEnded(call, wasUp),
    };
  }

  #listen() {
    const signaling = this.#signaling;
    signaling.on('connected', (payload, recovered) => this.#onConnected(payload, recovered));
    signaling.on('lost', (error, wasConnected) => this.#onLost(error, wasConnected));
    signaling.on('refused', (error) => this.#onRefused(error));
    signaling.on('registered', () => this.#announce('registered'));
    signaling.on('unregistered', () => this.#announce('unregistered'));
    signaling.on('expiring', (seconds) => this.emit('tokenWillExpire', this, seconds));
    signaling.on('error', (error) => this.#onError(error));
    signaling.on('message', (type, payload) => this.#onMessage(type, payload));
    this.#listeners = new Map([
      ['pagehide', (event) => event.persisted || this.destroy()],
      ['beforeunload', (event) => this.#protect(event)],
      ['online', () => this.#onNetworkChange()],
    ]);
    for (const [name, listener] of this.#listeners) this.#platform.events.addEventListener(name, listener);
    this.#linkType = this.#platform.connection?.type;
    this.#platform.connection?.addEventListener?.('change', this.#onLinkChange);
  }

  async #connect(params) {
    let call = null;
    const mic = await this.#audio.acquire((track) => call?.[newTrack](track));
    const customParameters = new Map(Object.entries(params).map(([name, value]) => [name, String(value)]));
    call = new Call(this.#host, { direction: 'outgoing', parameters: { ...params }, customParameters });
    if (this.#destroyed) {
      mic.release();
      throw new CallgateError(31009);
    }
    this.#adopt(call);
    call[dial](mic);
    return call;
  }

  #adopt(call) {
    this.#calls.add(call);
    call.on('error', (error) => this.emit('error', error, call));
    this.#ring();
  }

  #onConnected(payload, recovered) {
    const again = this.#outageTold && this.#connectedOnce;
    this.#identity = payload.token?.identity ?? this.#identity;
    this.#takeIceServers(payload.ice_servers ?? []);
    this.#connectedOnce = true;
    this.#outageTold = false;
    if (!recovered) for (const call of this.calls) call[sessionLost]();
    for (const call of this.calls) call[nudge]();
    if (again) this.emit('reconnected');
  }

  /* TURN servers with credentials that last about as long as the token. */
  #takeIceServers(iceServers) {
    if (iceServers.length === 0 && this.#iceServers.length === 0) return;
    this.#iceServers = iceServers;
    for (const call of this.calls) call[renewIceServers](iceServers);
  }

  /* Told once per outage, however many attempts it takes. */
  #onLost(error, wasConnected) {
    if (this.#outageTold) return;
    this.#outageTold = true;
    if (wasConnected) this.emit('reconnecting', error);
    else this.emit('error', error);
  }

  #onRefused(error) {
    this.#outageTold = false;
    this.#onError(error);
    this.#announce('unregistered');
  }

  #announce(event) {
    if (this.#announced === event && event !== 'registered') return;
    this.#announced = event;
    this.emit(event);
  }

  /* An error that rejects several promises is told once. */
  #onError(error) {
    if (this.#lastError === error) return;
    this.#lastError = error;
    this.emit('error', error);
  }

  #onMessage(type, payload) {
    if (type === 'invite') return this.#onInvite(payload);
    const call = this.calls.find((candidate) => candidate.callSid !== null && candidate.callSid === payload.callsid);
    return call?.[deliver](type, payload);
  }

  #onInvite({ callsid, sdp, reconnect, parameters }) {
    if (!callsid || !sdp || this.calls.some((call) => call.callSid === callsid)) return;
    if (this.#calls.size > 0 && !this.#options.allowIncomingWhileBusy) {
      this.#signaling.request('reject', { callsid, reason: 'busy' }).catch(ignore);
      return;
    }
    const { Params, ...rest } = parameters ?? {};
    const customParameters = new Map(new URLSearchParams(Params ?? ''));
    const call = new Call(this.#host, {
      direction: 'incoming', callSid: callsid, parameters: rest, customParameters, offer: sdp, reconnect,
    });
    this.#adopt(call);
    this.emit('incoming', call);
  }

  #onCallEnded(call, wasUp) {
    this.#calls.delete(call);
    this.#ring();
    if (wasUp || call.direction === 'outgoing') this.#sounds.play('ended');
  }

  /* What should sound now, from the state of all calls. */
  #ring() {
    const ringing = this.calls.some((call) => call.status() === 'pending');
    const busy = this.calls.some((call) => call.status() !== 'pending');
    const wanted = {
      incoming: ringing && !busy,
      waiting: ringing && busy,
      ringback: this.calls.some((call) => call.status() === 'ringing' && !call.hasEarlyMedia()),
    };
    for (const [name, on] of Object.entries(wanted)) on ? this.#sounds.play(name) : this.#sounds.stop(name);
  }

  #onNetworkChange() {
    for (const call of this.calls) call[networkChanged]();
  }

  #protect(event) {
    if (!this.#options.closeProtection || !this.calls.some((call) => call.status() !== 'pending')) return;
    event.preventDefault();
  }
}
