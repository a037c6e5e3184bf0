/* One call, from invite to hang-up: what applications see of it, and its states. Made by the Device only.
 *
 *     pending (rings here) -> connecting -> open <-> reconnecting -> closed
 *     connecting (called from here) -> ringing -> connecting -> open ...
 *
 * The one thing to know: who speaks to the gateway (channel.js), what is heard and said (call-media.js) and later
 * offers (negotiation.js) are parts with their own files and know nothing of states. What becomes of the call is decided
 * here, in one place, which is why this file is a long one.
 *
 * Emits: ringing · accept(call) · disconnect(call, error?) · cancel(call) · reject(call) · mute(on, call) ·
 * hold(on, origin, call) · transfer(state, call, error?) · transferred(party, call) · digits(digits, call) ·
 * messageReceived(message, call) · messageSent(message, call) · volume(input, output) · sample(sample) ·
 * warning(name, sample?) · warningCleared(name, sample?) · reconnecting(error) · reconnected · error(error). */
import { Emitter } from '../base/emitter.js';
import { asCallgateError, CallgateError, errorFromGateway } from '../base/errors.js';
import { heard, ignore } from '../base/promises.js';
import { DigitSender } from '../media/digits.js';
import { MediaRecovery } from '../media/recovery.js';
import { CallMedia } from './call-media.js';
import { CallChannel } from './channel.js';
import { deliver, dial, networkChanged, newTrack, nudge, renewIceServers, sessionLost } from './internals.js';
import { messageFromWire, messageToWire } from './messages.js';
import { Negotiation } from './negotiation.js';

const MEDIA_SETUP_LIMIT = 20000; // ms from `answer` to media

export class Call extends Emitter {
  #host; // the Device's side, see Device
  #direction;
  #status;
  #parameters;
  #customParameters;
  #remoteOffer = null; // of an incoming call, until it is accepted
  #reconnect = null; // shows a new session that this call is ours
  #accepting = false;
  #answered = false;
  #openedAt = null;
  #endReason = null;
  #channel;
  #media;
  #held = false;
  #heldByRemote = false;
  #party = null; // address of the other side, once it was transferred
  #setupTimer = null;
  #sample = null;
  #digits;
  #negotiation;
  #recovery;
  #handlers = {
    ringing: (payload) => this.#onRinging(payload),
    answer: (payload) => this.#onAnswer(payload),
    candidate: (payload) => this.#media.takeCandidate(String(payload.candidate ?? '')),
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
    this.#parameters = parameters;
    this.#customParameters = customParameters;
    this.#remoteOffer = offer;
    this.#reconnect = reconnect;
    this.#channel = new CallChannel(host, callSid);
    this.#media = this.#makeMedia();
    this.#digits = new DigitSender(() => this.#media.dtmf, (dtmf) => this.#channel.tell('dtmf', { dtmf }));
    this.#negotiation = new Negotiation(this.#channel, () => this.#media.restart());
    this.#recovery = new MediaRecovery({
      lost: () => this.#onMediaLost(),
      restart: () => this.#negotiation.start('reinvite'),
      back: () => this.#onMediaBack(),
      giveUp: () => this.#fail(new CallgateError(53405)),
    });
  }

  get direction() {
    return this.#direction;
  }

  get callSid() {
    return this.#channel.callSid;
  }

  get parameters() {
    return { ...this.#parameters, ...(this.#channel.callSid ? { CallSid: this.#channel.callSid } : {}) };
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
    return this.#media.warnings;
  }

  get remoteStream() {
    return this.#media.remoteStream;
  }

  status() {
    return this.#status;
  }

  /* While it rings: whether the other side is heard already. */
  hasEarlyMedia() {
    return this.#status === 'ringing' && this.#media.audible;
  }

  isMuted() {
    return this.#media.muted;
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
      await this.#media.openMicrophone();
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
    this.#channel.tell('reject');
    this.#end('reject');
  }

  /* Stops ringing here and tells nobody: other devices go on ringing. */
  ignore() {
    if (this.#status === 'pending') this.#end('cancel');
  }

  disconnect() {
    if (this.#status === 'closed') return;
    if (this.#status === 'pending') return this.reject();
    if (this.#channel.callSid) this.#channel.tell('hangup');
    this.#end('disconnect');
  }

  mute(on = true) {
    if (this.#media.muted === Boolean(on) || this.#status === 'closed') return;
    this.#media.mute(Boolean(on));
    this.emit('mute', Boolean(on), this);
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

  /* Returns the id that `messageSent` carries when the gateway has it. */
  sendMessage(message) {
    const wire = messageToWire(message);
    if (this.#channel.callSid === null || this.#status === 'closed') throw new CallgateError(31009);
    this.#channel.request('message', wire).catch((error) => this.emit('error', error, this));
    return wire.voiceeventsid;
  }

  /* The gateway's view of this leg. */
  serverStats() {
    return heard(this.#channel.request('stats'), ignore);
  }

  /* --- setting up --- */

  async [dial](mic) {
    this.#media.takeMicrophone(mic);
    try {
      const sdp = await this.#media.offer();
      if (this.#status === 'closed') return;
      await this.#channel.invite(sdp, this.#customParameters, () => this.#status === 'closed');
    } catch (error) {
      this.#fail(asCallgateError(error, 53400));
    }
  }

  async #answer() {
    const sdp = await this.#media.answer(this.#remoteOffer);
    if (this.#status === 'closed') return;
    this.#answered = true;
    this.#awaitMedia();
    await this.#channel.request('answer', { sdp });
  }

  /* A refused microphone leaves the call ringing, so that the user can allow it and try again. */
  #onAcceptFailed(error) {
    if (this.#status === 'pending') this.emit('error', asCallgateError(error, 31402), this);
    else this.#fail(asCallgateError(error, 53402), error?.code !== 31008);
  }

  #makeMedia() {
    const media = new CallMedia(this.#host);
    media.on('state', (state) => this.#onPeerState(state));
    media.on('candidate', (candidate) => this.#channel.tell('candidate', { candidate }));
    media.on('audible', () => this.#host.changed(this));
    media.on('playbackBlocked', () => this.emit('warning', 'playback-blocked'));
    media.on('volume', (input, output) => this.emit('volume', input, output));
    media.on('sample', (sample) => this.#onSample(sample));
    media.on('warning', (name, sample) => this.#onWarning(name, sample));
    media.on('warningCleared', (name, sample) => this.emit('warningCleared', name, sample));
    return media;
  }

  #awaitMedia() {
    clearTimeout(this.#setupTimer);
    this.#setupTimer = setTimeout(() => this.#fail(new CallgateError(53405)), MEDIA_SETUP_LIMIT);
    this.#maybeOpen();
  }

  /* Open means answered and audible: a call without media is none. */
  #maybeOpen() {
    if (!this.#answered || !this.#media.connected || this.#openedAt !== null || this.#status === 'closed') return;
    clearTimeout(this.#setupTimer);
    this.#openedAt = Date.now();
    this.#setStatus('open');
    this.#media.watch({
      expectsAudio: () => !this.#held && !this.#heldByRemote && this.#status === 'open',
      wantsVolume: () => this.listenerCount('volume') > 0,
    });
    this.emit('accept', this);
  }

  /* A full agent may go on sending where the browser no longer listens, which to the browser looks connected. */
  #onWarning(name, sample) {
    this.emit('warning', name, sample);
    if (name === 'no-audio' && this.#media.isFullIce && this.#status === 'open') this[networkChanged]();
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
    try {
      await this.#media.takeAnswer(sdp);
    } catch (error) {
      this.#fail(error, true);
    }
  }

  /* The answer to an invite, a reinvite or a reconnect. */
  async #onAnswer({ sdp, reconnect }) {
    if (reconnect) this.#reconnect = reconnect;
    const negotiation = this.#negotiation.take();
    try {
      await this.#media.takeAnswer(sdp);
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
    else if (this.#channel.callSid) this.#fail(new CallgateError(53001), false);
  }

  async #reattach() {
    const reconnect = this.#reconnect;
    try {
      await this.#negotiation.start('invite', { reconnect, twilio: {} });
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
    else if (this.#status === 'open') this.#negotiation.start('reinvite').catch(ignore);
  }

  [renewIceServers](iceServers) {
    this.#media.renewIceServers(iceServers);
  }

  /* --- the rest --- */

  async #hold(on) {
    if (!this.#isUp() || this.#held === on) return;
    if (on) this.#media.silence(true);
    try {
      await this.#channel.request('hold', { on });
      this.#held = on;
      if (this.#status !== 'closed') this.emit('hold', on, 'local', this);
    } finally {
      if (this.#status !== 'closed') this.#media.silence(this.#held);
    }
  }

  /* What is refused is the business of who asked: the call goes on. */
  #transfer(payload) {
    const asked = this.#isUp() ? this.#channel.request('transfer', payload)
      : Promise.reject(new CallgateError(31009, { explanation: 'Only an open call can be transferred.' }));
    return heard(asked.then(() => {}), ignore);
  }

  [newTrack](track) {
    return this.#media.replaceTrack(track);
  }

  #isUp() {
    return this.#status === 'open' || this.#status === 'reconnecting';
  }

  #setStatus(status) {
    this.#status = status;
    this.#host.changed(this);
  }

  /* Ends with an error; `tell`: the gateway does not know yet. */
  #fail(error, tell = true) {
    if (this.#status === 'closed') return;
    if (tell && this.#channel.callSid) this.#channel.tell('hangup', { message: error.message });
    this.#endReason = error;
    this.#end('disconnect', error);
  }

  #end(event, error) {
    if (this.#status === 'closed') return;
    const wasUp = this.#openedAt !== null;
    clearTimeout(this.#setupTimer);
    this.#recovery.stop();
    this.#digits.stop();
    this.#media.close();
    this.#negotiation.abandon(new CallgateError(31008));
    this.#status = 'closed';
    this.#host.ended(this, wasUp);
    if (error) this.emit('error', error, this);
    this.emit(event, this, ...(error ? [error] : []));
  }
}
