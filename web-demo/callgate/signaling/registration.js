/* Whether calls ring here: what the user asked for, what the gateway confirmed, and who waits for the two to agree.
 * The one thing to know: only the last word counts; an answer to an earlier one settles nothing. */

export class Registration {
  #requests;
  #changed; // (confirmed) => void
  #wanted = false;
  #confirmed = false;
  #waiting = []; // {on, resolve, reject}

  constructor(requests, changed) {
    this.#requests = requests;
    this.#changed = changed;
  }

  get wanted() {
    return this.#wanted;
  }

  get confirmed() {
    return this.#confirmed;
  }

  get isSettled() {
    return this.#wanted === this.#confirmed && this.#waiting.length === 0;
  }

  /* Resolves when the gateway has confirmed it, over lost sockets; asking is up to the caller. */
  want(on) {
    this.#wanted = on;
    return new Promise((resolve, reject) => this.#waiting.push({ on, resolve, reject }));
  }

  ask() {
    const on = this.#wanted;
    this.#requests.withdraw('register');
    this.#requests.askNow('register', { media: { audio: on } }, {
      resolve: () => this.onConfirmed(on),
      reject: (error) => this.#onRefused(error),
    });
  }

  onConfirmed(on) {
    if (on === this.#wanted) this.#requests.withdraw('register');
    const changed = this.#confirmed !== on;
    this.#confirmed = on;
    this.#requests.passBarrier();
    if (changed) this.#changed(on);
    this.settle(on);
  }

  settle(on) {
    const settled = this.#waiting.filter((waiting) => waiting.on === on);
    this.#waiting = this.#waiting.filter((waiting) => waiting.on !== on);
    for (const { resolve } of settled) resolve();
  }

  /* It will be asked for anew when connected. */
  onSocketLost() {
    this.#requests.withdraw('register');
  }

  onSessionLost() {
    this.#confirmed = false;
  }

  failAll(error) {
    this.#confirmed = false;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #onRefused(error) {
    if (!this.#requests.connected) return; // asked again when connected
    const wanted = this.#wanted;
    this.#wanted = this.#confirmed = false;
    this.#requests.passBarrier();
    if (wanted) this.#changed(false);
    this.failAll(error);
  }
}
