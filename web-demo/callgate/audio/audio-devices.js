/* The choice of microphone and loudspeakers, for all calls of a device.
 *
 * Emits: deviceChange(lost) when devices come or go, `lost` being chosen ones that went · inputVolume(level) while
 * startInputMeter is on · error(error). */
import { Emitter } from '../base/emitter.js';
import { heard, ignore } from '../base/promises.js';
import { VOLUME_INTERVAL } from './level-meters.js';
import { Microphone } from './microphone.js';

export class AudioDevices extends Emitter {
  #platform;
  #meters;
  #microphone;
  #inputs = new Map();
  #outputs = new Map();
  #output = null; // chosen ids; null: the system's default
  #ringtone = null;
  #elements = new Set(); // audio elements of calls
  #sounds = null;
  #testing = null; // {lease, meter, timer} of the input meter
  #onChange = () => this.refresh().catch(ignore);

  constructor(platform, meters, constraints) {
    super();
    this.#platform = platform;
    this.#meters = meters;
    this.#microphone = new Microphone(platform.mediaDevices, constraints);
    this.#microphone.on('opened', this.#onChange); // now devices have names
    this.#microphone.on('error', (error) => this.emit('error', error));
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
    return this.#inputs.get(this.#microphone.deviceId ?? 'default') ?? null;
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
    const input = this.#microphone.deviceId;
    if (input !== null && !this.#inputs.has(input)) await this.setInputDevice(null).catch(ignore);
    if (this.#output !== null && !this.#outputs.has(this.#output)) await this.setOutputDevice(null).catch(ignore);
    this.emit('deviceChange', lost);
  }

  /* Calls in progress change over. `null` is the system's default. */
  setInputDevice(deviceId) {
    return heard(this.#microphone.choose(deviceId), ignore);
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

  /* Internal from here on. */
  acquire(onReplace) {
    return this.#microphone.acquire(onReplace);
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
    this.#microphone.releaseAll();
    this.removeAllListeners();
  }

  async #route(element) {
    if (typeof element.setSinkId === 'function') await element.setSinkId(this.#output ?? '');
  }
}
