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
