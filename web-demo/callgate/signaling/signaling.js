/* One conversation with the gateway over as many sockets as it takes.
 *
 * Downwards, every message has a number; `listen` names the last one seen and the gateway sends the rest again.
 * Upwards, every message is a request with an id, kept until it is answered (see requests.js). After a resume one more
 * request is asked first, an idempotent `register`, whose answer tells what of the others never arrived. So a digit or
 * a hang-up is neither lost nor doubled.
 *
 * Emits: connected(payload, recovered) · lost(error, wasConnected) · refused(error) · registered · unregistered ·
 * expiring(seconds) · error(error) · message(type, payload). */
import { Emitter } from '../base/emitter.js';
import { CallgateError, errorFromGateway } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import { Backoff } from './backoff.js';
import { Registration } from './registration.js';
import { PROTOCOL_VERSION, QUEUE_LIMIT, Requests } from './requests.js';
import { Socket } from './socket.js';

const HANDSHAKE_TIMEOUT = 8000; // ms from opening the socket to `connected`

export class Signaling extends Emitter {
  #platform;
  #token;
  #log;
  #state = 'idle'; // idle · connecting · connected · waiting (for the next attempt) · closed
  #socket;
  #backoff;
  #requests;
  #registration;
  #timer = null; // of the handshake or the next attempt
  #session = null; // {id, epoch}
  #lastSeq = 0;
  #renewals = []; // waiting {resolve, reject} of updateToken
  #renewalId = null;

  constructor(platform, url, token, log) {
    super();
    this.#platform = platform;
    this.#token = token;
    this.#log = log;
    this.#socket = new Socket(platform, url, log, {
      open: () => this.#sendListen(),
      message: (message) => this.#onMessage(message),
      close: (event) => this.#onClose(event),
      silent: () => this.#lost(new CallgateError(53001, { explanation: 'The gateway has fallen silent.' })),
      online: () => this.#state === 'waiting' && this.#open(),
    });
    this.#backoff = new Backoff(platform.random);
    this.#requests = new Requests(this.#socket);
    this.#registration = new Registration(this.#requests, (on) => this.emit(on ? 'registered' : 'unregistered'));
  }

  get state() {
    return this.#state;
  }

  get registered() {
    return this.#registration.confirmed && this.#state === 'connected';
  }

  get registrationWanted() {
    return this.#registration.wanted;
  }

  start() {
    if (this.#state !== 'idle') return;
    this.#socket.listenForWake();
    this.#open();
  }

  /* For good: the gateway is told by the close code that nobody will resume. */
  close() {
    if (this.#state === 'closed') return;
    this.#socket.close(1000, 'client closed');
    this.#stop('closed', new CallgateError(31009));
  }

  /* Asks until answered, over lost sockets; the options are those of Requests.ask. */
  request(type, payload, options = {}) {
    if (this.#state === 'closed') return Promise.reject(new CallgateError(31009));
    const answer = this.#requests.ask(type, payload, options);
    this.start();
    return answer;
  }

  register(on) {
    const done = this.#registration.want(on);
    if (this.#state === 'connected') this.#registration.ask();
    else if (on) this.start();
    else this.#registration.settle(false);
    return done;
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

  /* --- sockets come and go --- */

  #open() {
    clearTimeout(this.#timer);
    this.#state = 'connecting';
    try {
      this.#socket.open();
    } catch (cause) {
      this.#stop('idle', new CallgateError(53000, {
        explanation: 'The browser refused to open the connection.',
        solution: 'A page served over https can reach a gateway over wss only.',
        cause,
      }));
      return;
    }
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
    else message.id = this.#renewalId = this.#requests.newId();
    this.#socket.send(message);
  }

  #onClose(event) {
    const code = this.#state === 'connected' ? 53001 : 53000;
    this.#lost(new CallgateError(code, event.reason ? { explanation: `The gateway closed: ${event.reason}.` } : {}));
  }

  /* The socket is dead or of no use: forget it and try again later. */
  #lost(error, pause = 0) {
    const wasConnected = this.#state === 'connected';
    this.#detach();
    this.#state = 'waiting';
    this.#registration.onSocketLost();
    this.#requests.onSocketLost();
    const delay = Math.max(pause, this.#backoff.next());
    this.#log('info', `signalling lost (${error.message}), next attempt in ${Math.round(delay)} ms`);
    this.#timer = setTimeout(() => this.#open(), delay);
    this.emit('lost', error, wasConnected);
  }

  #detach() {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  /* No further attempts by itself: the token was refused, or the user is done. */
  #stop(state, error) {
    this.#detach();
    this.#state = state;
    this.#session = null;
    this.#lastSeq = 0;
    this.#socket.ignoreWake();
    this.#requests.failAll(error);
    this.#registration.failAll(error);
    for (const { reject } of this.#renewals.splice(0)) reject(error);
    if (state === 'idle') this.emit('refused', error);
  }

  #onServerClose() {
    this.#session = null;
    this.#lost(new CallgateError(53001, { explanation: 'The gateway ended the session.' }));
  }

  /* --- messages --- */

  #onMessage(message) {
    const { type, seq, id } = message;
    const payload = message.payload ?? {};
    if (type !== 'connected' && this.#state === 'connected' && Number.isInteger(seq)) {
      if (seq <= this.#lastSeq) return; // seen before the socket was lost
      this.#lastSeq = seq;
    }
    switch (type) {
      case 'connected': return this.#onConnected(payload);
      case 'ready': return this.#registration.onConfirmed(true);
      case 'offline': return this.#registration.onConfirmed(false);
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
    else if (this.#registration.wanted && !this.#registration.confirmed) this.#registration.ask();
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
    this.#backoff.connected();
    this.#socket.watch();
    if (!recovered) this.#registration.onSessionLost();
    this.#requests.onConnected(recovered);
  }

  #catchUp(recovered) {
    const unsure = recovered && this.#requests.hasUnanswered;
    if (unsure) this.#requests.holdBack();
    if (unsure || !this.#registration.isSettled) this.#registration.ask();
    if (!unsure) this.#requests.flush();
  }

  #onResult(id, payload) {
    if (id !== undefined && id === this.#renewalId) {
      for (const { resolve } of this.#renewals.splice(0)) resolve();
    }
    this.#requests.onResult(id, payload);
  }

  #onError(id, payload) {
    const error = errorFromGateway(payload.error ?? payload);
    if (this.#requests.onError(id, error)) return;
    if (this.#state === 'connecting') this.#onListenRefused(error);
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
