/* What was asked of the gateway and is not answered yet, over as many sockets as it takes.
 *
 * The one thing to know: after a resume it is not known what had arrived before the socket broke. The gateway replays
 * the answers it has given; until it has answered one request more (the barrier) nothing is sent again, and nothing new
 * either, so that the order stays. What is open then never arrived. */
import { CallgateError } from '../base/errors.js';
import { ignore } from '../base/promises.js';

export const PROTOCOL_VERSION = '1.6';

/* In milliseconds. */
export const REQUEST_TIMEOUT = 10000; // for the answer to a request on a living socket
export const QUEUE_LIMIT = 60000; // how long a request waits for a socket
const SIGN_OF_LIFE = 5000; // after a request: nothing heard at all for that long, and the socket is dead

const never = () => false;

export class Requests {
  #socket;
  #pending = new Map(); // id -> request, in the order asked
  #nextId = 1;
  #connected = false; // the session has a socket
  #barrier = false;

  constructor(socket) {
    this.#socket = socket;
  }

  get connected() {
    return this.#connected;
  }

  /* Whether something that was sent is still open: it may have arrived, or not. */
  get hasUnanswered() {
    return [...this.#pending.values()].some((request) => request.sent);
  }

  newId() {
    return `c${this.#nextId++}`;
  }

  /* Resolves with the answer. `onResult` runs before any later message is looked at; `unless` withdraws a request that
   * waited for a socket, `patience` is how long it waits for one. */
  ask(type, payload, options = {}) {
    return new Promise((resolve, reject) => {
      const request = this.#add(type, payload, { ...options, resolve, reject });
      if (this.#connected && !this.#barrier) this.#transmit(request);
      else this.#arm(request, request.patience);
    });
  }

  /* Past the barrier. */
  askNow(type, payload, { resolve, reject }) {
    this.#transmit(this.#add(type, payload, { resolve, reject }));
  }

  /* Nobody waits for the answers to requests of this type any more. */
  withdraw(type) {
    for (const request of [...this.#pending.values()]) {
      if (request.type === type) this.#forget(request);
    }
  }

  /* --- what becomes of the session --- */

  /* In a new session, what was sent into the old one will never be answered. */
  onConnected(recovered) {
    this.#connected = true;
    if (recovered) return;
    for (const request of [...this.#pending.values()]) {
      if (request.sent) this.#fail(request, new CallgateError(53001));
    }
  }

  holdBack() {
    this.#barrier = true;
  }

  /* Everything that waits, behind a barrier what never arrived. A listener may have asked since the socket is there. */
  flush() {
    this.#barrier = false;
    for (const request of [...this.#pending.values()]) {
      if (request.inFlight) continue;
      if (!request.sent && request.unless()) this.#fail(request, new CallgateError(31008));
      else this.#transmit(request);
    }
  }

  /* The barrier's request was answered. */
  passBarrier() {
    if (this.#barrier) this.flush();
  }

  onSocketLost() {
    this.#connected = this.#barrier = false;
    for (const request of this.#pending.values()) this.#recall(request);
  }

  failAll(error) {
    this.#connected = false;
    for (const request of [...this.#pending.values()]) this.#fail(request, error);
  }

  /* --- answers --- */

  onResult(id, payload) {
    const request = this.#pending.get(id);
    if (!request) return;
    this.#forget(request);
    request.onResult(payload);
    request.resolve(payload);
  }

  /* False if nobody asked. */
  onError(id, error) {
    const request = this.#pending.get(id);
    if (request) this.#fail(request, error);
    return request !== undefined;
  }

  /* --- one request --- */

  /* `sent`: at least once in this session; `inFlight`: on the present socket. */
  #add(type, payload, options) {
    const request = { type, payload, id: this.newId(), timer: null, probe: null, sent: false, inFlight: false,
      patience: QUEUE_LIMIT, onResult: ignore, unless: never, ...options };
    this.#pending.set(request.id, request);
    return request;
  }

  #transmit(request) {
    const { id, type, payload } = request;
    this.#socket.send({ type, payload, version: PROTOCOL_VERSION, id });
    request.sent = request.inFlight = true;
    this.#awaitSignOfLife(request);
    this.#arm(request, REQUEST_TIMEOUT);
  }

  /* A hang-up must not wait until the heartbeats are missed. */
  #awaitSignOfLife(request) {
    const before = this.#socket.heard;
    clearTimeout(request.probe);
    request.probe = setTimeout(() => this.#socket.check(this.#socket.heard === before), SIGN_OF_LIFE);
  }

  /* Its socket is gone: it waits for the next one. */
  #recall(request) {
    if (request.inFlight) this.#arm(request, request.patience);
    clearTimeout(request.probe);
    request.inFlight = false;
  }

  #arm(request, timeout) {
    clearTimeout(request.timer);
    request.timer = setTimeout(() => this.#fail(request, new CallgateError(this.#connected ? 31003 : 53000)), timeout);
  }

  #forget(request) {
    clearTimeout(request.timer);
    clearTimeout(request.probe);
    this.#pending.delete(request.id);
  }

  #fail(request, error) {
    this.#forget(request);
    request.reject(error);
  }
}
