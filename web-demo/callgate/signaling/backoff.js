/* How long to wait before the next attempt to connect. The one thing to know: a connection that lasted a while starts
 * anew, one that broke at once does not, or a gateway that accepts and drops would be hammered. */

/* In milliseconds. */
const STEADY_AFTER = 5000;
const FIRST = 500;
const MAX = 10000;

export class Backoff {
  #random;
  #attempts = 0;
  #connectedAt = null;

  constructor(random) {
    this.#random = random;
  }

  connected() {
    this.#connectedAt = Date.now();
  }

  /* Full jitter above one half: a gateway that restarts must not meet all its clients in the same second. */
  next() {
    if (this.#connectedAt !== null && Date.now() - this.#connectedAt > STEADY_AFTER) this.#attempts = 0;
    this.#connectedAt = null;
    const attempt = this.#attempts++;
    if (attempt === 0) return this.#random() * FIRST;
    return Math.min(MAX, FIRST * 2 ** attempt) * (0.5 + this.#random() / 2);
  }
}
