/* Digits in order, by RFC 4733 where the browser can (RTCDTMFSender), else as `dtmf` messages. `w` waits half a second,
 * `,` two. */

/* In milliseconds. */
const DIGIT_LENGTH = 120;
const DIGIT_GAP = 80;
const LETTER_W_PAUSE = 500;
const DIGITS_PER_MESSAGE = 64; // what the gateway takes

export class DigitSender {
  #dtmf; // () => RTCDTMFSender or null
  #message; // (digits) => void
  #queue = '';
  #timer = null;

  constructor(dtmf, message) {
    this.#dtmf = dtmf;
    this.#message = message;
  }

  send(digits) {
    if (!/^[0-9A-D*#w,]+$/.test(digits)) throw new TypeError(`not digits: "${digits}" (use 0-9 A-D * # w ,)`);
    this.#queue += digits;
    if (this.#timer === null) this.#next();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#queue = '';
  }

  #next() {
    const [, tones, pause] = /^([^w,]*)([w,]*)/.exec(this.#queue);
    this.#queue = this.#queue.slice(tones.length + pause.length);
    const wait = (tones ? this.#play(tones) : 0)
      + [...pause].reduce((sum, letter) => sum + (letter === 'w' ? 1 : 4) * LETTER_W_PAUSE, 0);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#queue) this.#next();
    }, wait);
  }

  /* Returns how long it takes. insertDTMF replaces what is not played yet, so that must be handed over again. */
  #play(tones) {
    const sender = this.#dtmf();
    if (sender?.canInsertDTMF) {
      const all = sender.toneBuffer + tones;
      sender.insertDTMF(all, DIGIT_LENGTH, DIGIT_GAP);
      return all.length * (DIGIT_LENGTH + DIGIT_GAP);
    }
    for (let i = 0; i < tones.length; i += DIGITS_PER_MESSAGE) this.#message(tones.slice(i, i + DIGITS_PER_MESSAGE));
    return 0;
  }
}
