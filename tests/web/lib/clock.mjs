/* A clock that stands still until a test moves it. It replaces the global timers and Date.now, so that minutes of
 * waiting take no time and nothing depends on the machine's speed. */

const real = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, now: Date.now };

/* Everything that promises have queued, however deep. */
export async function settle() {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => real.setImmediate(resolve));
}

export class Clock {
  #now = 1_700_000_000_000;
  #timers = new Map();
  #nextId = 1;

  install() {
    globalThis.setTimeout = (callback, delay = 0) => this.#add(callback, delay, null);
    globalThis.setInterval = (callback, delay = 0) => this.#add(callback, delay, delay);
    globalThis.clearTimeout = globalThis.clearInterval = (id) => this.#timers.delete(id);
    Date.now = () => this.#now;
    return this;
  }

  uninstall() {
    const { now, ...timers } = real;
    Object.assign(globalThis, timers);
    Date.now = now;
  }

  get pending() {
    return this.#timers.size;
  }

  /* Runs what falls due, in order, with everything it sets off. */
  async advance(milliseconds) {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due);
      if (next.every === null) this.#timers.delete(next.id);
      else next.due += next.every;
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  /* The computer sleeps: time passes and no timer runs. */
  sleep(milliseconds) {
    this.#now += milliseconds;
  }

  #add(callback, delay, every) {
    const id = this.#nextId++;
    this.#timers.set(id, { id, callback, due: this.#now + delay, every });
    return id;
  }

  #next(end) {
    const due = [...this.#timers.values()].filter((timer) => timer.due <= end);
    return due.sort((a, b) => a.due - b.due || a.id - b.id)[0];
  }
}
