/* The microphone that all calls share: opened with the first who wants it, closed with the last.
 *
 * The one thing to know: each who wants it has a lease with a clone of its track, so that muting one call leaves the
 * others alone; another device changes all of them over.
 *
 * Emits: opened · error(error), when it went and no other could take its place. */
import { Emitter } from '../base/emitter.js';
import { microphoneError, noMicrophoneApi } from '../base/errors.js';
import { ignore } from '../base/promises.js';

export class Microphone extends Emitter {
  #mediaDevices;
  #constraints;
  #deviceId = null; // null: the system's default
  #base = null; // promise of the open stream
  #changes = Promise.resolve(); // the last change of device
  #leases = new Set();

  constructor(mediaDevices, constraints) {
    super();
    this.#mediaDevices = mediaDevices;
    this.#constraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...constraints };
  }

  get deviceId() {
    return this.#deviceId;
  }

  /* If it cannot be opened, the one of before stays. */
  async choose(deviceId) {
    const before = this.#deviceId;
    this.#deviceId = deviceId;
    if (this.#leases.size === 0) return;
    try {
      await this.#enqueue(() => this.#replaceBase());
    } catch (error) {
      this.#deviceId = before;
      throw error;
    }
  }

  /* A lease is {track, release()}; `onReplace(track)` is awaited when the device changes. */
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

  releaseAll() {
    for (const lease of [...this.#leases]) lease.release();
  }

  /* The stream all leases share; the newer one if the device was changed meanwhile. */
  async #openBase() {
    this.#base ??= this.#open();
    const base = this.#base;
    try {
      const stream = await base;
      return this.#base === null || this.#base === base ? stream : this.#openBase();
    } catch (error) {
      if (this.#base === base) this.#base = null;
      throw error;
    }
  }

  async #open() {
    if (!this.#mediaDevices?.getUserMedia) throw noMicrophoneApi();
    const chosen = this.#deviceId === null ? {} : { deviceId: { exact: this.#deviceId } };
    try {
      const stream = await this.#mediaDevices.getUserMedia({ audio: { ...this.#constraints, ...chosen } });
      this.#watch(stream);
      this.emit('opened');
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
    this.#deviceId = null;
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
    const opening = this.#open();
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
}

function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
