/* One RTCPeerConnection with one audio line.
 *
 * Descriptions are sent as soon as they are set, without candidates. A gateway that is ICE-lite learns our address from
 * our checks (RFC 8445, 7.3.1.3); one that is not is told of candidates as they are found (RFC 8838), and tells of its own.
 * Emits: state('connected' | 'disconnected' | 'failed' | 'broken') · candidate(text, '' behind the last) · audible ·
 * playbackBlocked. */
import { Emitter } from '../base/emitter.js';
import { CallgateError } from '../base/errors.js';
import { heard, ignore } from '../base/promises.js';
import { CandidateQueue } from './candidate-queue.js';
import { preferCodecs } from './codecs.js';
import { Playback } from './playback.js';

export class Peer extends Emitter {
  #pc;
  #audio;
  #platform;
  #codecPreferences;
  #playback;
  #remote = null;
  #audible = false;
  #taking = Promise.resolve(); // an answer
  #configuration;
  #ownIceServers; // the page's: the gateway's do not count
  #fullIce = false;
  #candidates = new CandidateQueue((candidate) => this.emit('candidate', candidate)); // ours
  #remoteCandidates = new CandidateQueue((candidate) => this.#addCandidate(candidate));

  constructor(platform, audio, { rtcConfiguration, codecPreferences }, iceServers) {
    super();
    this.#audio = audio;
    this.#platform = platform;
    this.#platform = platform;
    this.#codecPreferences = codecPreferences;
    this.#configuration = { bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceServers, ...rtcConfiguration };
    this.#ownIceServers = rtcConfiguration?.iceServers !== undefined;
    this.#pc = new platform.RTCPeerConnection(this.#configuration);
    this.#playback = new Playback(platform, audio);
    this.#playback.on('blocked', () => this.emit('playbackBlocked'));
    this.#pc.ontrack = (event) => this.#onTrack(event);
    this.#pc.onicecandidate = ({ candidate }) => this.#onCandidate(candidate);
    this.#pc.onconnectionstatechange = this.#pc.oniceconnectionstatechange = () => this.#onState();
  }

  get remoteStream() {
    return this.#remote;
  }

  get connected() {
    return this.#pc.connectionState === 'connected';
  }

  /* Whether anything has come from the other side yet. */
  get audible() {
    return this.#audible;
  }

  /* Whether the gateway is more than ICE-lite; false until it has said so. */
  get isFullIce() {
    return this.#fullIce;
  }

  get dtmf() {
    return this.#pc.getSenders().find((sender) => sender.track?.kind === 'audio')?.dtmf ?? null;
  }

  getStats() {
    return this.#pc.getStats();
  }

  /* For the next ICE restart, which may come when the credentials of now have expired. */
  renewIceServers(iceServers) {
    if (this.#ownIceServers || this.#pc.signalingState === 'closed') return;
    this.#configuration = { ...this.#configuration, iceServers };
    this.#pc.setConfiguration(this.#configuration);
  }

  async offer(track) {
    const streams = [this.#audio.streamOf(track)];
    const transceiver = this.#pc.addTransceiver(track, { direction: 'sendrecv', streams });
    preferCodecs(transceiver, this.#platform, this.#codecPreferences);
    return this.#describe(await this.#pc.createOffer());
  }

  async restart() {
    return this.#describe(await this.#pc.createOffer({ iceRestart: true }));
  }

  async answer(sdp, track) {
    await this.#remoteDescription({ type: 'offer', sdp });
    this.#pc.addTrack(track, this.#audio.streamOf(track));
    return this.#describe(await this.#pc.createAnswer());
  }

  /* False if no offer of ours is open: an answer that came twice, or after early media that brought it. */
  async takeAnswer(sdp) {
    await this.#taking.catch(ignore);
    if (this.#pc.signalingState !== 'have-local-offer') return false;
    this.#taking = this.#remoteDescription({ type: 'answer', sdp });
    await this.#taking;
    return true;
  }

  /* One of the gateway's; it may come before the description that it belongs to. */
  takeCandidate(candidate) {
    this.#remoteCandidates.push(candidate);
  }

  async replaceTrack(track) {
    const sender = this.#pc.getSenders().find((candidate) => candidate.track?.kind === 'audio');
    await sender?.replaceTrack(track);
  }

  silence(on) {
    this.#playback.silence(on);
  }

  close() {
    this.removeAllListeners();
    this.#pc.ontrack = this.#pc.onicecandidate = this.#pc.onconnectionstatechange = this.#pc.oniceconnectionstatechange = null;
    this.#pc.close();
    this.#playback.close();
  }

  async #describe(description) {
    try {
      await this.#pc.setLocalDescription(description);
      return this.#pc.localDescription.sdp;
    } catch (cause) {
      throw new CallgateError(53400, { cause });
    }
  }

  async #remoteDescription(description) {
    try {
      await this.#pc.setRemoteDescription(description);
    } catch (cause) {
      throw new CallgateError(53402, { cause });
    }
    this.#fullIce = !/^a=ice-lite/m.test(description.sdp);
    this.#candidates.open(this.#fullIce);
    this.#remoteCandidates.open(this.#fullIce);
  }

  /* null is behind the last one; the empty one that some browsers send before it says the same. */
  #onCandidate(candidate) {
    if (candidate === null || candidate.candidate !== '') this.#candidates.push(candidate?.candidate ?? '');
  }

  /* One that the browser cannot use is no loss: there are others, or there is no call. */
  #addCandidate(candidate) {
    heard(this.#pc.addIceCandidate({ candidate, sdpMLineIndex: 0 }), ignore);
  }

  #onTrack({ track, streams }) {
    this.#remote = streams[0] ?? this.#audio.streamOf(track);
    if (track.muted) track.onunmute = () => this.#onAudible();
    else this.#onAudible();
    this.#playback.play(this.#remote);
  }

  /* Browsers unmute a remote track when its first packet comes. */
  #onAudible() {
    if (this.#audible) return;
    this.#audible = true;
    this.emit('audible');
  }

  /* connectionState joins ICE and DTLS; only an ICE failure can be mended by a restart. */
  #onState() {
    const { connectionState, iceConnectionState } = this.#pc;
    const iceAlive = iceConnectionState === 'connected' || iceConnectionState === 'completed';
    if (connectionState === 'connected') this.emit('state', 'connected');
    else if (connectionState === 'failed') this.emit('state', iceAlive ? 'broken' : 'failed');
    else if (iceConnectionState === 'failed') this.emit('state', 'failed');
    else if (connectionState === 'disconnected') this.emit('state', 'disconnected');
  }
}
