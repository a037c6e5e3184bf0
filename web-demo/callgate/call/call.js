/* One call, from invite to hang-up. Made by the Device only.
 *
 * Emits: ringing · accept(call) · disconnect(call, error?) · cancel(call) · reject(call) · mute(on, call) ·
 * hold(on, origin, call) · transfer(state, call, error?) · transferred(party, call) · digits(digits, call) · messageReceived(message, call) · messageSent(message, call) ·
 * volume(input, output) · sample(sample) · warning(name, sample?) · warningCleared(name, sample?) ·
 * reconnecting(error) · reconnected · error(error). */
import { VOLUME_INTERVAL } from '../audio/level-meters.js';
import { Emitter } from '../base/emitter.js';
import { asCallgateError, CallgateError, errorFromGateway } from '../base/errors.js';
import { heard, ignore } from '../base/promises.js';
import { uuid } from '../base/uuid.js';
import { DigitSender } from '../media/digits.js';
import { Peer } from '../media/peer.js';
import { MediaRecovery } from '../media/recovery.js';
import { QualityMonitor } from '../quality/monitor.js';
import { REQUEST_TIMEOUT } from '../signaling/requests.js';

/* In milliseconds. */
const CONNECT_PATIENCE = 10000; // how long `connect` waits for the gateway before it gives up
const MEDIA_SETUP_LIMIT = 20000; // from `answer` to media

/* Between Device and Call only; symbols, so that they are no part of the API. */
export const dial = Symbol('dial');
export const deliver = Symbol('deliver');
export const newTrack = Symbol('newTrack');
export const sessionLost = Symbol('sessionLost');
export const nudge = Symbol('nudge');
export const networkChanged = Symbol('networkChanged');
export const renewIceServers = Symbol('renewIceServers');

export class Call extends Emitter {
  #host; // the Device's side, see Device
  #direction;
  #status;
  #callSid = null;
  #parameters;
  #customParameters;
  #temporarySid = null;
  #remoteOffer = null; // of an incoming call, until it is accepted
  #reconnect = null; // shows a new session that this call is ours
  #accepting = false;
  #answered = false;
  #openedAt = null;
  #endReason = null;
  #peer = null;
  #mic = null;
  #muted = false;
  #held = false;
  #heldByRemote = false;
  #party = null; // address of the other side, once it was transferred
  #earlyCandidates = []; // of the gateway's, while a call to us rings
  #negotiation = null; // {resolve, reject} of a reinvite or reconnect under way
  #setupTimer = null;
  #volumeTimer = null;
  #meters = null;
  #monitor = null;
  #sample = null;
  #digits;
  #recovery;
  #handlers = {
    ringing: (payload) => this.#onRinging(payload),
    answer: (payload) => this.#onAnswer(payload),
    candidate: (payload) => this.#onCandidate(String(payload.candidate ?? '')),
    hangup: (payload) => this.#onHangup(payload),
    cancel: (payload) => this.#onCancel(payload),
    hold: (payload) => this.#onHold(payload),
    transfer: (payload) => this.#onTransfer(payload),
    transferred: (payload) => this.#onTransferred(payload),
    dtmf: (payload) => this.emit('digits', String(payload.dtmf ?? ''), this),
    message: (payload) => this.emit('messageReceived', messageFromWire(payload), this),
    ack: (payload) => this.emit('messageSent', { voiceEventSid: payload.voiceeventsid }, this),
    error: (payload) => this.emit('error', errorFromGateway(payload.error), this),
  };

  constructor(host, { direction, callSid = null, parameters, customParameters, offer = null, reconnect = null }) {
    super();
    this.#host = host;
    this.#direction = direction;
    this.#status = direction === 'incoming' ? 'pending' : 'connecting';
    this.#callSid = callSid;
    this.#parameters = parameters;
    this.#customParameters = customParameters;
    this.#remoteOffer = offer;
    this.#reconnect = reconnect;
    this.#digits = new DigitSender(() => this.#peer?.dtmf ?? null, (dtmf) => this.#tell('dtmf', { dtmf }));
    this.#recovery = new MediaRecovery({
      lost: () => this.#onMediaLost(),
      restart: () => this.#negotiate('reinvite', {}),
      back: () => this.#onMediaBack(),
      giveUp: () => this.#fail(new CallgateError(53405)),
    });
  }

  get direction() {
    return this.#direction;
  }

  get callSid() {
    return this.#callSid;
  }

  get parameters() {
    return { ...this.#parameters, ...(this.#callSid ? { CallSid: this.#callSid } : {}) };
  }

  /* Whom this call is with: "client:bob". */
  get party() {
    return this.#party ?? (this.#direction === 'incoming' ? this.#parameters.From : this.#parameters.To) ?? '';
  }

  get customParameters() {
    return new Map(this.#customParameters);
  }

  get openedAt() {
    return this.#openedAt === null ? null : new Date(this.#openedAt);
  }

  get endReason() {
    return this.#endReason;
  }

  get quality() {
    return this.#sample;
  }

  get warnings() {
    return this.#monitor?.warnings ?? [];
  }

  get remoteStream() {
    return this.#peer?.remoteStream ?? null;
  }

  status() {
    return this.#status;
  }

  /* While it rings: whether the other side is heard already. */
  hasEarlyMedia() {
    return this.#status === 'ringing' && (this.#peer?.audible ?? false);
  }

  isMuted() {
    return this.#muted;
  }

  isOnHold() {
    return this.#held;
  }

  isHeldByRemote() {
    return this.#heldByRemote;
  }

  /* Resolves when the answer is on its way or the attempt has failed (then `error` was emitted and, if it was the
   * microphone, the call still rings). */
  async accept() {
    if (this.#status !== 'pending' || this.#accepting) return;
    this.#accepting = true;
    try {
      await this.#openMicrophone();
      if (this.#status !== 'pending') return; // cancelled while the user was asked
      this.#setStatus('connecting');
      await this.#answer();
    } catch (error) {
      this.#onAcceptFailed(error);
    } finally {
      this.#accepting = false;
    }
  }

  reject() {
    if (this.#status !== 'pending') return;
    this.#tell('reject');
    this.#end('reject');
  }

  /* Stops ringing here and tells nobody: other devices go on ringing. */
  ignore() {
    if (this.#status === 'pending') this.#end('cancel');
  }

  disconnect() {
    if (this.#status === 'closed') return;
    if (this.#status === 'pending') return this.reject();
    if (this.#callSid) this.#tell('hangup');
    this.#end('disconnect');
  }

  mute(on = true) {
    if (this.#muted === Boolean(on) || this.#status === 'closed') return;
    this.#muted = Boolean(on);
    this.#applyMicrophone();
    this.emit('mute', this.#muted, this);
  }

  /* The microphone falls silent at once; the rest follows when the gateway agrees. */
  hold(on = true) {
    return heard(this.#hold(Boolean(on)), (error) => this.emit('error', error, this));
  }

  /* Blind: the other side waits on hold until `to` answers. This call goes on until then, and if `to` does not. */
  transfer(to) {
    return this.#transfer({ to: String(to) });
  }

  /* Attended: the other sides of this call and of `call` are connected; both calls end here. */
  transferTo(call) {
    if (!(call instanceof Call) || call === this) throw new TypeError('transferTo needs another call');
    return this.#transfer({ with: call.callSid });
  }

  sendDigits(digits) {
    if (!this.#isUp()) throw new CallgateError(31009, { explanation: 'Digits can be sent in an open call only.' });
    this.#digits.send(String(digits).toUpperCase().replace(/W/g, 'w'));
  }

  /* Content is anything that JSON can say. Returns the id that `messageSent` carries when the gateway has it. */
  sendMessage({ content, contentType = 'application/json', messageType = 'user-defined-message' }) {
    if (content === undefined || content === null) throw new TypeError('a message needs content');
    if (this.#callSid === null || this.#status === 'closed') throw new CallgateError(31009);
    const voiceEventSid = `KX${uuid().replaceAll('-', '')}`;
    const wire = { content, contenttype: contentType, messagetype: messageType, voiceeventsid: voiceEventSid };
    this.#request('message', wire).catch((error) => this.emit('error', error, this));
    return voiceEventSid;
  }

  /* The gateway's view of this leg. */
  serverStats() {
    return heard(this.#request('stats', {}), ignore);
  }

  /* --- setting up --- */

  async [dial](mic) {
    this.#mic = mic;
    this.#temporarySid = `TJS${uuid()}`;
    try {
      const sdp = await this.#makePeer().offer(mic.track);
      if (this.#status === 'closed') return;
      const params = [...this.#customParameters].map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
      await this.#host.signaling.request('invite', { callsid: this.#temporarySid, sdp, twilio: { params } }, {
        onResult: ({ callsid }) => this.#onNamed(callsid),
        unless: () => this.#status === 'closed',
        patience: CONNECT_PATIENCE,
      });
    } catch (error) {
      this.#fail(asCallgateError(error, 53400));
    }
  }

  /* Hung up before the gateway had given it a name: now the gateway can be told. */
  #onNamed(callSid) {
    this.#callSid = callSid;
    if (this.#status === 'closed') this.#tell('hangup');
  }

  async #openMicrophone() {
    const mic = await this.#host.audio.acquire((track) => this[newTrack](track));
    if (this.#status === 'closed') mic.release();
    else this.#mic = mic;
  }

  async #answer() {
    const sdp = await this.#makePeer().answer(this.#remoteOffer, this.#mic.track);
    if (this.#status === 'closed') return;
    this.#applyMicrophone();
    this.#answered = true;
    this.#awaitMedia();
    await this.#request('answer', { sdp });
  }

  /* A refused microphone leaves the call ringing, so that the user can allow it and try again. */
  #onAcceptFailed(error) {
    if (this.#status === 'pending') this.emit('error', asCallgateError(error, 31402), this);
    else this.#fail(asCallgateError(error, 53402), error?.code !== 31008);
  }

  #makePeer() {
    const { platform, audio, options, iceServers } = this.#host;
    const peer = new Peer(platform, audio, options, iceServers());
    peer.on('state', (state) => this.#onPeerState(state));
    peer.on('playbackBlocked', () => this.emit('warning', 'playback-blocked'));
    peer.on('candidate', (candidate) => this.#tell('candidate', { candidate }));
    for (const candidate of this.#earlyCandidates.splice(0)) peer.takeCandidate(candidate);
    this.#peer = peer;
    return peer;
  }

  #awaitMedia() {
    clearTimeout(this.#setupTimer);
    this.#setupTimer = setTimeout(() => this.#fail(new CallgateError(53405)), MEDIA_SETUP_LIMIT);
    this.#maybeOpen();
  }

  /* Open means answered and audible: a call without media is none. */
  #maybeOpen() {
    if (!this.#answered || !this.#peer.connected || this.#openedAt !== null || this.#status === 'closed') return;
    clearTimeout(this.#setupTimer);
    this.#openedAt = Date.now();
    this.#setStatus('open');
    this.#startMonitoring();
    this.emit('accept', this);
  }

  #startMonitoring() {
    const { meters, audio } = this.#host;
    const local = meters.open(audio.streamOf(this.#mic.track));
    const remote = this.#peer.remoteStream ? meters.open(this.#peer.remoteStream) : { level: () => 0, stop: ignore };
    this.#meters = { local, remote };
    this.#volumeTimer = setInterval(() => this.#emitVolume(), VOLUME_INTERVAL);
    this.#monitor = new QualityMonitor(() => this.#peer.getStats(), () => ({
      expectsAudio: !this.#held && !this.#heldByRemote && this.#status === 'open',
      microphoneOn: !this.#muted && !this.#held,
    }));
    this.#monitor.on('sample', (sample) => this.#onSample(sample));
    this.#monitor.on('warning', (name, sample) => this.#onWarning(name, sample));
    this.#monitor.on('warningCleared', (name, sample) => this.emit('warningCleared', name, sample));
  }

  #emitVolume() {
    const { local, remote } = this.#meters;
    if (this.listenerCount('volume') > 0) this.emit('volume', local.level(), remote.level());
  }

  /* A full agent may go on sending where the browser no longer listens, which to the browser looks connected. */
  #onWarning(name, sample) {
    this.emit('warning', name, sample);
    if (name === 'no-audio' && this.#peer.isFullIce && this.#status === 'open') this[networkChanged]();
  }

  #onSample(sample) {
    this.#sample = sample;
    this.emit('sample', sample);
  }

  /* --- from the gateway --- */

  [deliver](type, payload) {
    if (this.#status !== 'closed') this.#handlers[type]?.(payload);
  }

  /* With a description it is early media: what the other side plays before it answers. */
  #onRinging({ sdp }) {
    if (this.#direction !== 'outgoing' || (this.#status !== 'connecting' && this.#status !== 'ringing')) return;
    if (sdp) heard(this.#hearEarly(sdp), ignore);
    if (this.#status === 'ringing' || this.#answered) return;
    this.#setStatus('ringing');
    this.emit('ringing', this);
  }

  async #hearEarly(sdp) {
    this.#peer?.once('audible', () => this.#host.changed(this));
    try {
      await this.#peer?.takeAnswer(sdp);
    } catch (error) {
      this.#fail(error, true);
    }
  }

  /* The answer to an invite, a reinvite or a reconnect. */
  async #onAnswer({ sdp, reconnect }) {
    if (reconnect) this.#reconnect = reconnect;
    const negotiation = this.#negotiation;
    this.#negotiation = null;
    try {
      await this.#peer?.takeAnswer(sdp);
      negotiation?.resolve();
    } catch (error) {
      if (!negotiation) return this.#fail(error, true);
      negotiation.reject(error);
    }
    if (!this.#answered && this.#status !== 'closed') {
      this.#answered = true;
      this.#setStatus('connecting');
      this.#awaitMedia();
    }
  }

  #onCandidate(candidate) {
    if (this.#peer) this.#peer.takeCandidate(candidate);
    else this.#earlyCandidates.push(candidate);
  }

  /* The caller gave up, or another device answered: no error of ours. */
  #onCancel({ error }) {
    this.#endReason = error ? errorFromGateway(error) : null;
    this.#end('cancel');
  }

  #onHangup({ error }) {
    if (error) this.#fail(errorFromGateway(error), false);
    else this.#end(this.#status === 'pending' ? 'cancel' : 'disconnect');
  }

  #onHold({ on }) {
    this.#heldByRemote = Boolean(on);
    this.emit('hold', this.#heldByRemote, 'remote', this);
  }

  #onTransfer({ state, error }) {
    this.emit('transfer', state, this, ...(error ? [errorFromGateway(error)] : []));
  }

  #onTransferred({ party }) {
    this.#party = String(party ?? '');
    this.emit('transferred', this.#party, this);
  }

  /* The gateway made a new session. It may still know the call by its reconnect token; a ringing one it rings again. */
  [sessionLost]() {
    if (this.#status === 'pending') this.#end('cancel');
    else if (this.#reconnect && this.#answered) this.#reattach();
    else if (this.#callSid) this.#fail(new CallgateError(53001), false);
  }

  async #reattach() {
    const reconnect = this.#reconnect;
    try {
      await this.#negotiate('invite', { reconnect, twilio: {} });
    } catch (error) {
      const lostAgain = error.code === 53001 || error.code === 53000;
      if (!lostAgain) this.#fail(asCallgateError(error, 53400), false);
    }
  }

  /* --- media lost and found --- */

  #onPeerState(state) {
    if (state === 'broken') return this.#fail(new CallgateError(53405));
    if (this.#openedAt === null) return state === 'failed' ? this.#fail(new CallgateError(53405)) : this.#maybeOpen();
    return this.#recovery.onState(state);
  }

  #onMediaLost() {
    this.#setStatus('reconnecting');
    this.emit('reconnecting', new CallgateError(53405, { explanation: 'The audio connection was interrupted.' }), this);
  }

  #onMediaBack() {
    this.#setStatus('open');
    this.emit('reconnected', this);
  }

  [nudge]() {
    this.#recovery.nudge();
  }

  /* Another network: the old path may look alive for seconds more. */
  [networkChanged]() {
    if (this.#status === 'reconnecting') this.#recovery.nudge();
    else if (this.#status === 'open') this.#negotiate('reinvite', {}).catch(ignore);
  }

  [renewIceServers](iceServers) {
    this.#peer?.renewIceServers(iceServers);
  }

  /* Offer with an ICE restart, one at a time; settled by the answer or by the request's failure. */
  async #negotiate(type, extra) {
    if (this.#host.signaling.state !== 'connected') throw new CallgateError(53001);
    if (type === 'reinvite' && this.#negotiation) throw new CallgateError(31000);
    this.#negotiation?.reject(new CallgateError(53001));
    const done = new Promise((resolve, reject) => { this.#negotiation = { resolve, reject }; });
    const mine = this.#negotiation;
    done.catch(ignore);
    let timer = null;
    try {
      const sdp = await this.#peer.restart();
      const asked = this.#request(type, { ...extra, sdp }).then(() => {
        timer = setTimeout(() => mine.reject(new CallgateError(31003)), REQUEST_TIMEOUT);
        return done;
      });
      await Promise.race([done, asked]);
    } finally {
      clearTimeout(timer);
      if (this.#negotiation === mine) this.#negotiation = null;
    }
  }

  /* --- the rest --- */

  async #hold(on) {
    if (!this.#isUp() || this.#held === on) return;
    if (on) this.#silence(true);
    try {
      await this.#request('hold', { on });
      this.#held = on;
      if (this.#status !== 'closed') this.emit('hold', on, 'local', this);
    } finally {
      if (this.#status !== 'closed') this.#silence(this.#held);
    }
  }

  /* What is refused is the business of who asked: the call goes on. */
  #transfer(payload) {
    const asked = this.#isUp() ? this.#request('transfer', payload)
      : Promise.reject(new CallgateError(31009, { explanation: 'Only an open call can be transferred.' }));
    return heard(asked.then(() => {}), ignore);
  }

  #silence(on) {
    this.#peer.silence(on);
    this.#applyMicrophone(on);
  }

  #applyMicrophone(silent = this.#held) {
    if (this.#mic?.track) this.#mic.track.enabled = !this.#muted && !silent;
  }

  async [newTrack](track) {
    await this.#peer?.replaceTrack(track);
    if (!this.#meters) return;
    this.#meters.local.stop();
    this.#meters.local = this.#host.meters.open(this.#host.audio.streamOf(track));
  }

  #isUp() {
    return this.#status === 'open' || this.#status === 'reconnecting';
  }

  #request(type, payload) {
    return this.#host.signaling.request(type, { callsid: this.#callSid, ...payload });
  }

  /* A message whose answer changes nothing here. */
  #tell(type, payload = {}) {
    this.#request(type, payload).catch((error) => this.#host.log('info', `${type}: ${error.message}`));
  }

  #setStatus(status) {
    this.#status = status;
    this.#host.changed(this);
  }

  /* Ends with an error; `tell`: the gateway does not know yet. */
  #fail(error, tell = true) {
    if (this.#status === 'closed') return;
    if (tell && this.#callSid) this.#tell('hangup', { message: error.message });
    this.#endReason = error;
    this.#end('disconnect', error);
  }

  #end(event, error) {
    if (this.#status === 'closed') return;
    const wasUp = this.#openedAt !== null;
    for (const timer of [this.#setupTimer, this.#volumeTimer]) clearTimeout(timer);
    this.#recovery.stop();
    this.#digits.stop();
    this.#monitor?.stop();
    this.#meters?.local.stop();
    this.#meters?.remote.stop();
    this.#peer?.close();
    this.#mic?.release();
    this.#negotiation?.reject(new CallgateError(31008));
    this.#status = 'closed';
    this.#host.ended(this, wasUp);
    if (error) this.emit('error', error, this);
    this.emit(event, this, ...(error ? [error] : []));
  }
}

function messageFromWire({ content, contenttype, messagetype, voiceeventsid }) {
  return { content, contentType: contenttype, messageType: messagetype, voiceEventSid: voiceeventsid };
}
