/* The desk: which calls there are, which one is shown, and what the buttons and keys do to them. */
import { $, clockTime, displayName, focusIsLost, partyOf } from './softphone-dom.js';
import { CallView, stateText } from './softphone-call.js';
import { Dialler } from './softphone-dialler.js';
import { IncomingBanner } from './softphone-incoming.js';
import { noticeError } from './softphone-notices.js';
import { Recents } from './softphone-recents.js';
import { TransferPanel } from './softphone-transfer.js';

/* How a call can end without anything being wrong. */
const ORDINARY_ENDS = new Set([31404, 31480, 31486, 31603, 31008]);

/* Digits alone are somebody's name. */
function hintOf(party, error) {
  return error.code === 31480 && /^\d+$/.test(party) ? [`Telephone numbers begin with +: +${party}`] : [];
}

function sentences(...parts) {
  return parts.map((part) => part.replace(/\.$/, '')).join('. ');
}

export class Desk {
  #device = null;
  #current = null;
  #calls = []; // ours and answered ones, the one that was shown last behind the others
  #keypad = false;
  #dialling = false; // the field is open beside a call
  #transferring = false; // so is the panel for a transfer
  #transfers = new WeakMap(); // call -> {to, text, busy} of its last transfer
  #onBusy;
  #view = new CallView({
    mute: () => this.toggleMute(),
    hold: () => this.toggleHold(),
    keypad: () => this.#set({ keypad: !this.#keypad }),
    newCall: () => this.#openField(),
    transfer: () => this.toggleTransfer(),
    hangup: () => this.hangUp(),
    switchTo: (call) => this.#switchTo(call),
    end: (call) => call.disconnect(),
  });
  #dialler = new Dialler({
    place: (to) => this.place(to),
    key: (digit) => this.#sendDigit(digit),
    sound: (digit) => this.#device?.sounds.key(digit),
  });
  #transfer = new TransferPanel({
    to: (text) => this.#transferTo(text),
    join: (other) => this.#join(other),
    close: () => this.toggleTransfer(),
  });
  #banner = new IncomingBanner({
    answer: (call) => this.#answer(call),
    decline: (call) => call.reject(),
    ignore: (call) => call.ignore(),
    busy: () => this.#calls.length > 0,
  });
  #recents = new Recents((to) => this.place(to));

  constructor(onBusy) {
    this.#onBusy = onBusy;
  }

  get dialler() {
    return this.#dialler;
  }

  get banner() {
    return this.#banner;
  }

  get busy() {
    return this.#calls.length > 0;
  }

  get isOpen() {
    return this.#device !== null;
  }

  open(device) {
    this.#device = device;
    device.on('incoming', (call) => {
      this.#recents.watch(call);
      this.#banner.add(call);
    });
    $('desk').hidden = false;
    this.#draw();
  }

  async place(to) {
    this.#dialler.busy(true);
    $('last-call').textContent = '';
    this.#say(`Calling ${to.replace(/^client:/, '')}`);
    try {
      await this.#holdCurrent();
      const call = await this.#device.connect({ params: { To: to } });
      this.#recents.watch(call);
      this.#adopt(call);
    } catch {
      this.#say(''); // the device's error event has told why
    }
    this.#dialler.busy(false);
  }

  toggleMute() {
    this.#current?.mute(!this.#current.isMuted());
  }

  async toggleHold() {
    const call = this.#current;
    if (!call) return;
    const resume = call.isOnHold();
    if (resume) {
      $('last-call').textContent = '';
      await this.#holdAllBut(call);
    }
    await call.hold(!resume).catch(() => {});
  }

  toggleTransfer() {
    if (!this.#current || $('transfer').disabled) return;
    this.#set({ transferring: !this.#transferring });
    if (this.#transferring) this.#transfer.focus();
    else $('transfer').focus();
  }

  hangUp() {
    this.#current?.disconnect();
  }

  async #answer(call) {
    $('last-call').textContent = '';
    await this.#holdCurrent();
    await call.accept();
    if (call.status() === 'pending') this.#banner.again(call);
    else if (call.status() !== 'closed') this.#adopt(call);
  }

  #adopt(call) {
    this.#calls.push(call);
    this.#current = call;
    this.#dialling = this.#keypad = this.#transferring = false;
    this.#view.watch(call);
    for (const event of ['ringing', 'accept', 'mute', 'hold', 'reconnecting', 'reconnected']) {
      call.on(event, () => {
        this.#say(`${stateText(call)}: ${partyOf(call)}`);
        this.#draw();
      });
    }
    call.on('transfer', (state, _, error) => this.#onTransfer(call, state, error));
    call.on('transferred', () => {
      this.#say(`You are talking to ${partyOf(call)} now`);
      this.#draw();
    });
    call.on('disconnect', (_, error) => this.#onEnd(call, partyOf(call), error));
    this.#draw();
    $('hangup').focus();
  }

  #onEnd(call, party, error) {
    const inCall = this.#current === call && $('call').contains(document.activeElement);
    this.#calls = this.#calls.filter((other) => other !== call);
    if (this.#current === call) {
      this.#current = this.#calls.at(-1) ?? null;
      this.#keypad = this.#transferring = false;
    }
    if (error && !ORDINARY_ENDS.has(error.code)) noticeError(error);
    $('last-call').textContent = sentences(...this.#howItEnded(call, party, error), ...this.#whoIsLeft());
    this.#say($('last-call').textContent);
    this.#draw();
    if (inCall || focusIsLost()) (this.#current && !this.#dialling ? $('hold') : $('to')).focus();
  }

  #howItEnded(call, party, error) {
    const transfer = this.#transfers.get(call);
    if (error) return [`${party}: ${error.explanation}`, ...hintOf(party, error)];
    if (transfer?.done) return [`${party} is talking to ${transfer.to} now`];
    return [`Call with ${party} ended${call.openedAt ? `, ${clockTime(Date.now() - call.openedAt)}` : ''}`];
  }

  /* The other call goes on, and waits to be taken up again if it was held for this one. */
  #whoIsLeft() {
    const call = this.#current;
    return call ? [`${partyOf(call)} is ${call.isOnHold() ? 'on hold' : 'still with you'}`] : [];
  }

  async #switchTo(call) {
    $('last-call').textContent = '';
    await this.#holdAllBut(call);
    if (!this.#calls.includes(call)) return; // it ended meanwhile
    this.#calls = [...this.#calls.filter((other) => other !== call), call];
    this.#current = call;
    if (call.isOnHold()) await call.hold(false).catch(() => {});
    this.#draw();
    if (focusIsLost()) $('hold').focus();
  }

  #holdCurrent() {
    return this.#holdAllBut(null);
  }

  async #transferTo(text) {
    const call = this.#current;
    const address = this.#dialler.address(text);
    this.#note(call, { to: displayName(address), text: `Calling ${displayName(address)}`, busy: true });
    await call.transfer(address).then(() => this.#transfer.clear(), (error) => this.#onTransfer(call, 'failed', error));
  }

  /* The two have each other; both calls end here. */
  async #join(other) {
    const call = this.#current;
    const [name, to] = [partyOf(call), partyOf(other)];
    this.#transfers.set(call, { to, done: true });
    this.#transfers.set(other, { to: name, done: true });
    await call.transferTo(other).catch((error) => {
      this.#transfers.delete(other);
      this.#onTransfer(call, 'failed', error);
    });
  }

  #onTransfer(call, state, error) {
    const transfer = this.#transfers.get(call);
    if (!transfer) return;
    const text = state === 'ringing' ? `Ringing at ${transfer.to}`
      : `${transfer.to}: ${error?.explanation}. ${partyOf(call)} is still with you`;
    if (state === 'completed') transfer.done = true;
    else this.#note(call, { to: transfer.to, text, busy: state === 'ringing' });
  }

  #note(call, transfer) {
    this.#transfers.set(call, transfer);
    this.#say(transfer.text);
    this.#draw();
  }

  /* One conversation at a time. A call that cannot be held (not open yet) is left alone. */
  async #holdAllBut(call) {
    const others = this.#calls.filter((other) => other !== call && other.status() === 'open' && !other.isOnHold());
    await Promise.all(others.map((other) => other.hold(true).catch(() => {})));
  }

  #sendDigit(digit) {
    const call = this.#current;
    if (!call || this.#dialling || !['open', 'reconnecting'].includes(call.status())) return false;
    call.sendDigits(digit);
    this.#view.press(call, digit);
    return true;
  }

  #openField() {
    this.#set({ dialling: !this.#dialling });
    if (this.#dialling) $('to').focus();
  }

  #set({ keypad = this.#keypad, dialling = false, transferring = false }) {
    this.#keypad = keypad && !dialling && !transferring;
    this.#dialling = dialling;
    this.#transferring = transferring;
    this.#draw();
  }

  /* For those who hear the page. */
  #say(text) {
    $('call-announcement').textContent = text;
  }

  #draw() {
    const call = this.#current;
    const others = this.#calls.filter((other) => other !== call);
    this.#view.draw(call, others, this.#keypad);
    this.#transfer.draw({ open: call !== null && this.#transferring, call, others, progress: this.#transfers.get(call) ?? null });
    const field = call === null || this.#dialling;
    this.#dialler.show({ field, pad: field || this.#keypad });
    $('keypad').setAttribute('aria-expanded', String(this.#keypad));
    this.#onBusy(this.busy);
  }
}
