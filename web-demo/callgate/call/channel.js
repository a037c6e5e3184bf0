/* What is said to the gateway about one call. The one thing to know: a call of ours has no name before the gateway has
 * given it one; until then it goes by a temporary one, and nothing else can be said about it. */
import { uuid } from '../base/uuid.js';

const CONNECT_PATIENCE = 10000; // ms that an invite waits for a connection before it gives up

export class CallChannel {
  #signaling;
  #log;
  #callSid;

  constructor({ signaling, log }, callSid) {
    this.#signaling = signaling;
    this.#log = log;
    this.#callSid = callSid;
  }

  /* null until the gateway has named it. */
  get callSid() {
    return this.#callSid;
  }

  get isConnected() {
    return this.#signaling.state === 'connected';
  }

  request(type, payload = {}) {
    return this.#signaling.request(type, { callsid: this.#callSid, ...payload });
  }

  /* A message whose answer changes nothing here. */
  tell(type, payload = {}) {
    this.request(type, payload).catch((error) => this.#log('info', `${type}: ${error.message}`));
  }

  /* Resolves when the gateway has named the call. One that `isOver()` before it was sent is never placed, one that is
   * over before it had a name is hung up as soon as it has. */
  invite(sdp, customParameters, isOver) {
    const params = [...customParameters].map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
    return this.#signaling.request('invite', { callsid: `TJS${uuid()}`, sdp, twilio: { params } }, {
      onResult: ({ callsid }) => {
        this.#callSid = callsid;
        if (isOver()) this.tell('hangup');
      },
      unless: isOver,
      patience: CONNECT_PATIENCE,
    });
  }
}
