/* New offers within a call, each with an ICE restart: `reinvite` over a path that broke, `invite` with a reconnect token
 * in a new session. The one thing to know: one at a time, and each is settled by the gateway's `answer` message or by
 * the failure of its request. */
import { CallgateError } from '../base/errors.js';
import { ignore } from '../base/promises.js';
import { REQUEST_TIMEOUT } from '../signaling/requests.js';

export class Negotiation {
  #channel;
  #restart; // () => Promise of a description
  #open = null; // {resolve, reject} of the one under way

  constructor(channel, restart) {
    this.#channel = channel;
    this.#restart = restart;
  }

  async start(type, extra = {}) {
    if (!this.#channel.isConnected) throw new CallgateError(53001);
    if (type === 'reinvite' && this.#open) throw new CallgateError(31000);
    this.abandon(new CallgateError(53001));
    const done = new Promise((resolve, reject) => { this.#open = { resolve, reject }; });
    const mine = this.#open;
    done.catch(ignore);
    let timer = null;
    try {
      const sdp = await this.#restart();
      const asked = this.#channel.request(type, { ...extra, sdp }).then(() => {
        timer = setTimeout(() => mine.reject(new CallgateError(31003)), REQUEST_TIMEOUT);
        return done;
      });
      await Promise.race([done, asked]);
    } finally {
      clearTimeout(timer);
      if (this.#open === mine) this.#open = null;
    }
  }

  /* An answer has come: the one under way, to be settled with what becomes of it; null if it answers none of these. */
  take() {
    const open = this.#open;
    this.#open = null;
    return open;
  }

  abandon(error) {
    this.#open?.reject(error);
  }
}
