/* What a call hears and says: its microphone, its peer connection, and what is measured on both.
 *
 * The one thing to know: muted and silent are two things. Muted is the user's wish for the microphone; silent is a call
 * on hold, which neither speaks nor is heard.
 *
 * Emits: state(state of the Peer) · candidate(text) · audible · playbackBlocked · volume(input, output) ·
 * sample(sample) · warning(name, sample) · warningCleared(name, sample). */
import { VOLUME_INTERVAL } from '../audio/level-meters.js';
import { Emitter } from '../base/emitter.js';
import { Peer } from '../media/peer.js';
import { QualityMonitor } from '../quality/monitor.js';

export class CallMedia extends Emitter {
  #host; // the Device's side, see Device
  #peer = null;
  #mic = null;
  #muted = false;
  #silent = false;
  #closed = false;
  #earlyCandidates = []; // of the gateway's, while a call to us rings
  #meters = null; // {local, remote}
  #volumeTimer = null;
  #monitor = null;

  constructor(host) {
    super();
    this.#host = host;
  }

  get muted() {
    return this.#muted;
  }

  get connected() {
    return this.#peer?.connected ?? false;
  }

  /* Whether anything has come from the other side yet. */
  get audible() {
    return this.#peer?.audible ?? false;
  }

  get isFullIce() {
    return this.#peer?.isFullIce ?? false;
  }

  get remoteStream() {
    return this.#peer?.remoteStream ?? null;
  }

  get dtmf() {
    return this.#peer?.dtmf ?? null;
  }

  get warnings() {
    return this.#monitor?.warnings ?? [];
  }

  takeMicrophone(mic) {
    this.#mic = mic;
  }

  async openMicrophone() {
    const mic = await this.#host.audio.acquire((track) => this.replaceTrack(track));
    if (this.#closed) mic.release();
    else this.#mic = mic;
  }

  /* Another microphone. */
  async replaceTrack(track) {
    await this.#peer?.replaceTrack(track);
    if (!this.#meters) return;
    this.#meters.local.stop();
    this.#meters.local = this.#host.meters.open(this.#host.audio.streamOf(track));
  }

  mute(on) {
    this.#muted = on;
    this.#applyMicrophone();
  }

  silence(on) {
    this.#silent = on;
    this.#peer?.silence(on);
    this.#applyMicrophone();
  }

  /* --- descriptions, see Peer --- */

  offer() {
    return this.#makePeer().offer(this.#mic.track);
  }

  async answer(sdp) {
    const ours = await this.#makePeer().answer(sdp, this.#mic.track);
    this.#applyMicrophone();
    return ours;
  }

  restart() {
    return this.#peer.restart();
  }

  async takeAnswer(sdp) {
    await this.#peer?.takeAnswer(sdp);
  }

  takeCandidate(candidate) {
    if (this.#peer) this.#peer.takeCandidate(candidate);
    else this.#earlyCandidates.push(candidate);
  }

  renewIceServers(iceServers) {
    this.#peer?.renewIceServers(iceServers);
  }

  /* --- measuring --- */

  /* From now on until the end. `expectsAudio()`: whether silence would be a fault; `wantsVolume()`: whether levels are
   * asked for. */
  watch({ expectsAudio, wantsVolume }) {
    const { meters, audio } = this.#host;
    const local = meters.open(audio.streamOf(this.#mic.track));
    const remote = this.remoteStream ? meters.open(this.remoteStream) : meters.mute();
    this.#meters = { local, remote };
    this.#volumeTimer = setInterval(() => wantsVolume() && this.#emitVolume(), VOLUME_INTERVAL);
    this.#monitor = new QualityMonitor(() => this.#peer.getStats(), () => ({
      expectsAudio: expectsAudio(),
      microphoneOn: !this.#muted && !this.#silent,
    }));
    for (const event of ['sample', 'warning', 'warningCleared']) {
      this.#monitor.on(event, (...args) => this.emit(event, ...args));
    }
  }

  close() {
    this.#closed = true;
    clearInterval(this.#volumeTimer);
    this.#monitor?.stop();
    this.#meters?.local.stop();
    this.#meters?.remote.stop();
    this.#peer?.close();
    this.#mic?.release();
  }

  #makePeer() {
    const { platform, audio, options, iceServers } = this.#host;
    const peer = new Peer(platform, audio, options, iceServers());
    for (const event of ['state', 'candidate', 'audible', 'playbackBlocked']) {
      peer.on(event, (...args) => this.emit(event, ...args));
    }
    for (const candidate of this.#earlyCandidates.splice(0)) peer.takeCandidate(candidate);
    this.#peer = peer;
    return peer;
  }

  #emitVolume() {
    this.emit('volume', this.#meters.local.level(), this.#meters.remote.level());
  }

  #applyMicrophone() {
    if (this.#mic?.track) this.#mic.track.enabled = !this.#muted && !this.#silent;
  }
}
