/* Ringtone, ringback and the like, made with WebAudio. Where the browser wants a gesture first, `blocked` is true and
 * what should sound starts with the first `unlock` (called by the page from a click or key). */
import { heard, ignore } from '../base/promises.js';
import { DTMF_COLUMNS, DTMF_KEYS, DTMF_ROWS, renderSound, SOUNDS } from './sound-patterns.js';

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
