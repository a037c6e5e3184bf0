/* The microphone, shared by all calls (each has a clone of its track, so that muting one leaves the others alone), and
 * the choice of devices.
 *
 * Emits: deviceChange(lost) when devices come or go, `lost` being chosen ones that went · inputVolume(level) while
 * startInputMeter is on · error(error). */
import { Emitter } from '../base/emitter.js';
import { microphoneError, noMicrophoneApi } from '../base/errors.js';
import { heard, ignore } from '../base/promises.js';
import { VOLUME_INTERVAL } from './level-meters.js';

export class AudioDevices extends Emitter {
  #platform;
  #meters;
  #constraints;
  #inputs = new Map();
  #outputs = new Map();
  #input = null; // chosen ids; null: the system's default
  #output = null;
  #ringtone = null;
  #base = null; // promise of the open microphone's stream
  #changes = Promise.resolve(); // the last change of microphone
  #leases = new Set();
  #elements = new Set(); // audio elements of calls
  #sounds = null;
  #testing = null; // {lease, meter, timer} of the input meter
  #onChange = () => this.refresh().catch(ignore);

  constructor(platform, meters, constraints) {
    super();
    this.#platform = platform;
    this.#meters = meters;
    this.#constraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...constraints };
    platform.mediaDevices?.addEventListener?.('devicechange', this.#onChange);
    this.#onChange();
  }

  get availableInputDevices() {
    return new Map(this.#inputs);
  }

  get availableOutputDevices() {
    return new Map(this.#outputs);
  }

  get inputDevice() {
    return this.#inputs.get(this.#input ?? 'default') ?? null;
  }

  get outputDevice() {
    return this.#outputs.get(this.#output ?? 'default') ?? null;
  }

  get ringtoneDevice() {
    return this.#outputs.get(this.#ringtone ?? 'default') ?? null;
  }

  get isOutputSelectionSupported() {
    return typeof this.#platform.createAudio().setSinkId === 'function';
  }

  /* Reads the list again. Names appear once the user has allowed the microphone. */
  async refresh() {
    const devices = (await this.#platform.mediaDevices?.enumerateDevices?.()) ?? [];
    const usable = devices.filter((device) => device.deviceId !== '');
    const pick = (kind) => new Map(usable.filter((d) => d.kind === kind).map((d) => [d.deviceId, d]));
    const before = [this.inputDevice, this.outputDevice];
    this.#inputs = pick('audioinput');
    this.#outputs = pick('audiooutput');
    const present = new Set(usable.map((device) => device.deviceId));
    const lost = before.filter((device) => device && !present.has(device.deviceId));
    if (this.#input !== null && !this.#inputs.has(this.#input)) await this.setInputDevice(null).catch(ignore);
    if (this.#output !== null && !this.#outputs.has(this.#output)) await this.setOutputDevice(null).catch(ignore);
    this.emit('deviceChange', lost);
  }

  /* Calls in progress change over. `null` is the system's default. */
  setInputDevice(deviceId) {
    return heard(this.#setInputDevice(deviceId), ignore);
  }

  async #setInputDevice(deviceId) {
    const before = this.#input;
    this.#input = deviceId;
    if (this.#leases.size === 0) return;
    try {
      await this.#enqueue(() => this.#replaceBase());
    } catch (error) {
      this.#input = before;
      throw error;
    }
  }

  setOutputDevice(deviceId) {
    this.#output = deviceId;
    return heard(Promise.all([...this.#elements].map((element) => this.#route(element))).then(ignore), ignore);
  }

  setRingtoneDevice(deviceId) {
    this.#ringtone = deviceId;
    return heard(this.#sounds?.setSink(deviceId ?? '') ?? Promise.resolve(), ignore);
  }

  /* `inputVolume` ten times a second: to try a microphone outside a call. */
  async startInputMeter() {
    if (this.#testing) return;
    const testing = this.#testing = { lease: null, meter: null, timer: null };
    try {
      const lease = await this.acquire((track) => this.#measure(testing, track));
      if (this.#testing !== testing) return lease.release();
      testing.lease = lease;
      this.#measure(testing, lease.track);
      testing.timer = setInterval(() => this.emit('inputVolume', testing.meter.level()), VOLUME_INTERVAL);
    } catch (error) {
      this.#testing = null;
      throw error;
    }
  }

  stopInputMeter() {
    clearInterval(this.#testing?.timer);
    this.#testing?.meter?.stop();
    this.#testing?.lease?.release();
    this.#testing = null;
  }

  #measure(testing, track) {
    testing.meter?.stop();
    testing.meter = this.#meters.open(this.streamOf(track));
  }

  /* Internal from here on. A lease is {track, release()}; `onReplace(track)` is awaited when the device changes. */
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

  streamOf(track) {
    return new this.#platform.MediaStream([track]);
  }

  addElement(element) {
    this.#elements.add(element);
    this.#route(element).catch(ignore);
  }

  removeElement(element) {
    this.#elements.delete(element);
  }

  setSounds(sounds) {
    this.#sounds = sounds;
  }

  destroy() {
    this.stopInputMeter();
    this.#platform.mediaDevices?.removeEventListener?.('devicechange', this.#onChange);
    for (const lease of [...this.#leases]) lease.release();
    this.removeAllListeners();
  }

  /* The stream all leases share; the newer one if the device was changed meanwhile. */
  async #openBase() {
    this.#base ??= this.#openMicrophone();
    const base = this.#base;
    try {
      const stream = await base;
      return this.#base === null || this.#base === base ? stream : this.#openBase();
    } catch (error) {
      if (this.#base === base) this.#base = null;
      throw error;
    }
  }

  async #openMicrophone() {
    const { mediaDevices } = this.#platform;
    if (!mediaDevices?.getUserMedia) throw noMicrophoneApi();
    const audio = { ...this.#constraints, ...(this.#input === null ? {} : { deviceId: { exact: this.#input } }) };
    try {
      const stream = await mediaDevices.getUserMedia({ audio });
      this.#watch(stream);
      this.refresh().catch(ignore); // now it has names
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
    this.#input = null;
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
    const opening = this.#openMicrophone();
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

  async #route(element) {
    if (typeof element.setSinkId === 'function') await element.setSinkId(this.#output ?? '');
  }
}

function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
