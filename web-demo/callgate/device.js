/* One signed-in client of the gateway.
 *
 * Emits: registering · registered · unregistered · incoming(call) · tokenWillExpire(device, seconds) ·
 * reconnecting(error) · reconnected · error(error, call?) · destroyed. */
import { AudioDevices } from './audio/audio-devices.js';
import { LevelMeters } from './audio/level-meters.js';
import { Sounds } from './audio/sounds.js';
import { Emitter } from './base/emitter.js';
import { CallgateError } from './base/errors.js';
import { browserPlatform } from './base/platform.js';
import { heard, ignore } from './base/promises.js';
import { VERSION } from './base/version.js';
import { Call } from './call/call.js';
import { deliver, dial, networkChanged, newTrack, nudge, renewIceServers, sessionLost } from './call/internals.js';
import { signalUrl } from './signaling/address.js';
import { Signaling } from './signaling/signaling.js';

export class Device extends Emitter {
  #options;
  #platform;
  #signaling;
  #audio;
  #sounds;
  #meters;
  #calls = new Set();
  #identity = null;
  #iceServers = []; // as the gateway last told
  #destroyed = false;
  #connectedOnce = false;
  #outageTold = false;
  #announced = 'unregistered'; // the last of the registration events
  #lastError = null;
  #linkType;
  #host;
  #listeners;
  #onLinkChange = () => {
    const { type } = this.#platform.connection; // also told when only the estimated speed changes
    if (type !== this.#linkType) this.#onNetworkChange();
    this.#linkType = type;
  };

  static get isSupported() {
    const { RTCPeerConnection, WebSocket, navigator } = globalThis;
    return Boolean(RTCPeerConnection && WebSocket && navigator?.mediaDevices?.getUserMedia);
  }

  static get version() {
    return VERSION;
  }

  constructor(token, options = {}) {
    super();
    if (typeof token !== 'string' || token === '') throw new CallgateError(31102);
    this.#options = { allowIncomingWhileBusy: true, closeProtection: false, sounds: true, ...options };
    this.#platform = browserPlatform(options.platform);
    const log = (level, text) => options.logger?.[level]?.(`callgate: ${text}`);
    this.#signaling = new Signaling(this.#platform, signalUrl(options.gateway, this.#platform.location), token, log);
    this.#meters = new LevelMeters(this.#platform);
    this.#sounds = new Sounds(this.#platform, this.#options.sounds);
    this.#audio = new AudioDevices(this.#platform, this.#meters, options.audioConstraints);
    this.#audio.setSounds(this.#sounds);
    this.#audio.on('error', (error) => this.emit('error', error));
    this.#host = this.#makeHost(log);
    this.#listen();
  }

  get audio() {
    return this.#audio;
  }

  get sounds() {
    return this.#sounds;
  }

  get identity() {
    return this.#identity;
  }

  get calls() {
    return [...this.#calls];
  }

  get state() {
    if (this.#destroyed) return 'destroyed';
    if (this.#signaling.registered) return 'registered';
    return this.#signaling.registrationWanted && this.#signaling.state !== 'idle' ? 'registering' : 'unregistered';
  }

  get connection() {
    const { state } = this.#signaling;
    if (state === 'connected') return 'connected';
    if (state === 'idle' || state === 'closed') return 'disconnected';
    return this.#connectedOnce ? 'reconnecting' : 'connecting';
  }

  /* Calls to this identity ring here from now on, over every reconnection, until unregister(). */
  register() {
    if (this.#destroyed) return this.#refuse();
    const done = this.#signaling.register(true);
    if (this.state === 'registering') this.#announce('registering');
    return heard(done, (error) => this.#onError(error));
  }

  unregister() {
    if (this.#destroyed) return this.#refuse();
    return heard(this.#signaling.register(false), (error) => this.#onError(error));
  }

  /* Resolves with the call as soon as the microphone is open; how it goes on, its events tell. */
  connect({ params = {} } = {}) {
    if (this.#destroyed) return this.#refuse();
    return heard(this.#connect(params), (error) => this.#onError(error));
  }

  /* Calls and registration stay as they are. */
  updateToken(token) {
    if (this.#destroyed) return this.#refuse();
    return heard(this.#signaling.updateToken(token), (error) => this.#onError(error));
  }

  disconnectAll() {
    for (const call of this.calls) call.disconnect();
  }

  destroy() {
    if (this.#destroyed) return;
    this.disconnectAll();
    this.#destroyed = true;
    for (const [name, listener] of this.#listeners) this.#platform.events.removeEventListener(name, listener);
    this.#platform.connection?.removeEventListener?.('change', this.#onLinkChange);
    this.#signaling.close();
    this.#audio.destroy();
    this.#sounds.destroy();
    this.emit('destroyed');
  }

  #refuse() {
    return heard(Promise.reject(new CallgateError(31009, { explanation: 'The device was destroyed.' })), ignore);
  }

  /* What a Call may use of its Device. */
  #makeHost(log) {
    return {
      log,
      platform: this.#platform,
      signaling: this.#signaling,
      audio: this.#audio,
      meters: this.#meters,
      options: this.#options,
      iceServers: () => this.#iceServers,
      changed: () => this.#ring(),
      ended: (call, wasUp) => this.#onCallEnded(call, wasUp),
    };
  }

  #listen() {
    const signaling = this.#signaling;
    signaling.on('connected', (payload, recovered) => this.#onConnected(payload, recovered));
    signaling.on('lost', (error, wasConnected) => this.#onLost(error, wasConnected));
    signaling.on('refused', (error) => this.#onRefused(error));
    signaling.on('registered', () => this.#announce('registered'));
    signaling.on('unregistered', () => this.#announce('unregistered'));
    signaling.on('expiring', (seconds) => this.emit('tokenWillExpire', this, seconds));
    signaling.on('error', (error) => this.#onError(error));
    signaling.on('message', (type, payload) => this.#onMessage(type, payload));
    this.#listeners = new Map([
      ['pagehide', (event) => event.persisted || this.destroy()],
      ['beforeunload', (event) => this.#protect(event)],
      ['online', () => this.#onNetworkChange()],
    ]);
    for (const [name, listener] of this.#listeners) this.#platform.events.addEventListener(name, listener);
    this.#linkType = this.#platform.connection?.type;
    this.#platform.connection?.addEventListener?.('change', this.#onLinkChange);
  }

  async #connect(params) {
    let call = null;
    const mic = await this.#audio.acquire((track) => call?.[newTrack](track));
    const customParameters = new Map(Object.entries(params).map(([name, value]) => [name, String(value)]));
    call = new Call(this.#host, { direction: 'outgoing', parameters: { ...params }, customParameters });
    if (this.#destroyed) {
      mic.release();
      throw new CallgateError(31009);
    }
    this.#adopt(call);
    call[dial](mic);
    return call;
  }

  #adopt(call) {
    this.#calls.add(call);
    call.on('error', (error) => this.emit('error', error, call));
    this.#ring();
  }

  #onConnected(payload, recovered) {
    const again = this.#outageTold && this.#connectedOnce;
    this.#identity = payload.token?.identity ?? this.#identity;
    this.#takeIceServers(payload.ice_servers ?? []);
    this.#connectedOnce = true;
    this.#outageTold = false;
    if (!recovered) for (const call of this.calls) call[sessionLost]();
    for (const call of this.calls) call[nudge]();
    if (again) this.emit('reconnected');
  }

  /* TURN servers with credentials that last about as long as the token. */
  #takeIceServers(iceServers) {
    if (iceServers.length === 0 && this.#iceServers.length === 0) return;
    this.#iceServers = iceServers;
    for (const call of this.calls) call[renewIceServers](iceServers);
  }

  /* Told once per outage, however many attempts it takes. */
  #onLost(error, wasConnected) {
    if (this.#outageTold) return;
    this.#outageTold = true;
    if (wasConnected) this.emit('reconnecting', error);
    else this.emit('error', error);
  }

  #onRefused(error) {
    this.#outageTold = false;
    this.#onError(error);
    this.#announce('unregistered');
  }

  #announce(event) {
    if (this.#announced === event && event !== 'registered') return;
    this.#announced = event;
    this.emit(event);
  }

  /* An error that rejects several promises is told once. */
  #onError(error) {
    if (this.#lastError === error) return;
    this.#lastError = error;
    this.emit('error', error);
  }

  #onMessage(type, payload) {
    if (type === 'invite') return this.#onInvite(payload);
    const call = this.calls.find((candidate) => candidate.callSid !== null && candidate.callSid === payload.callsid);
    return call?.[deliver](type, payload);
  }

  #onInvite({ callsid, sdp, reconnect, parameters }) {
    if (!callsid || !sdp || this.calls.some((call) => call.callSid === callsid)) return;
    if (this.#calls.size > 0 && !this.#options.allowIncomingWhileBusy) {
      this.#signaling.request('reject', { callsid, reason: 'busy' }).catch(ignore);
      return;
    }
    const { Params, ...rest } = parameters ?? {};
    const customParameters = new Map(new URLSearchParams(Params ?? ''));
    const call = new Call(this.#host, {
      direction: 'incoming', callSid: callsid, parameters: rest, customParameters, offer: sdp, reconnect,
    });
    this.#adopt(call);
    this.emit('incoming', call);
  }

  #onCallEnded(call, wasUp) {
    this.#calls.delete(call);
    this.#ring();
    if (wasUp || call.direction === 'outgoing') this.#sounds.play('ended');
  }

  /* What should sound now, from the state of all calls. */
  #ring() {
    const ringing = this.calls.some((call) => call.status() === 'pending');
    const busy = this.calls.some((call) => call.status() !== 'pending');
    const wanted = {
      incoming: ringing && !busy,
      waiting: ringing && busy,
      ringback: this.calls.some((call) => call.status() === 'ringing' && !call.hasEarlyMedia()),
    };
    for (const [name, on] of Object.entries(wanted)) on ? this.#sounds.play(name) : this.#sounds.stop(name);
  }

  #onNetworkChange() {
    for (const call of this.calls) call[networkChanged]();
  }

  #protect(event) {
    if (!this.#options.closeProtection || !this.calls.some((call) => call.status() !== 'pending')) return;
    event.preventDefault();
  }
}
