/* The banner of a call that comes in, and how it makes itself noticed in a background tab. One banner for all: it shows
 * the first call; the next one follows. */
import { $, partyOf } from './softphone-dom.js';

/* Notification and a title that changes; both only while nobody looks. */
class Attention {
  #title = document.title;
  #timer = null;
  #notification = null;

  start(text, onClick) {
    this.stop();
    let on = false;
    const flash = () => { document.title = (on = !on) ? `☎ ${text}` : this.#title; };
    flash();
    this.#timer = setInterval(flash, 1000);
    if (!document.hidden || globalThis.Notification?.permission !== 'granted') return;
    try {
      this.#notification = new Notification(text, { tag: 'callgate', requireInteraction: true, icon: 'icon.svg' });
      this.#notification.onclick = onClick;
    } catch {
      // Android's browsers want a service worker for it; the title and the ringtone remain
    }
  }

  stop() {
    clearInterval(this.#timer);
    this.#notification?.close();
    this.#notification = null;
    document.title = this.#title;
  }
}

export class IncomingBanner {
  #actions; // {answer(call), decline(call), ignore(call), busy()}
  #waiting = [];
  #attention = new Attention();
  #focusBefore = null;

  constructor(actions) {
    this.#actions = actions;
    $('answer').addEventListener('click', () => this.answer());
    $('decline').addEventListener('click', () => this.decline());
    $('silence').addEventListener('click', () => this.#first && this.#actions.ignore(this.#first));
  }

  get ringing() {
    return this.#waiting.length > 0;
  }

  get #first() {
    return this.#waiting[0];
  }

  add(call) {
    this.#waiting.push(call);
    for (const event of ['accept', 'cancel', 'reject', 'disconnect']) call.on(event, () => this.#remove(call));
    this.#show();
  }

  answer() {
    const call = this.#first;
    if (!call) return;
    this.#remove(call);
    this.#actions.answer(call);
  }

  decline() {
    if (this.#first) this.#actions.decline(this.#first);
  }

  /* The microphone was refused: it still rings. */
  again(call) {
    if (call.status() === 'pending' && !this.#waiting.includes(call)) {
      this.#waiting.unshift(call);
      this.#show();
    }
  }

  #remove(call) {
    if (!this.#waiting.includes(call)) return;
    this.#waiting = this.#waiting.filter((other) => other !== call);
    this.#show();
  }

  #show() {
    const call = this.#first;
    const banner = $('incoming');
    if (!call) {
      this.#attention.stop();
      if (banner.contains(document.activeElement)) this.#focusBefore?.focus();
      banner.hidden = true;
      return;
    }
    const name = partyOf(call);
    const busy = this.#actions.busy();
    const more = this.#waiting.length > 1 ? `, and ${this.#waiting.length - 1} more` : '';
    $('incoming-name').textContent = name;
    $('incoming-text').textContent = (busy ? 'Another call is waiting' : 'Incoming call') + more;
    $('answer-text').textContent = busy ? 'Hold and answer' : 'Answer';
    this.#showParameters(call);
    banner.hidden = false;
    this.#focus();
    this.#attention.start(`${name} is calling`, () => {
      window.focus();
      banner.focus();
    });
  }

  #showParameters(call) {
    const words = [...call.customParameters].filter(([key]) => key !== 'To').map(([key, value]) => `${key}: ${value}`);
    $('incoming-params').textContent = words.join(' · ');
    $('incoming-params').hidden = words.length === 0;
  }

  /* To the dialog itself, not to a button: a space or return meant for something else must not answer. And never away
   * from a field in which somebody has begun to write. */
  #focus() {
    const active = document.activeElement;
    if ($('incoming').contains(active)) return;
    this.#focusBefore = active;
    if (!/^(INPUT|TEXTAREA|SELECT)$/.test(active?.tagName ?? '') || active.value === '') $('incoming').focus();
  }
}
