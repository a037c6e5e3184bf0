/* The field and the pad. During a call the pad's keys are digits to the other side; otherwise they write. */
import { $, destination, element } from './softphone-dom.js';

const KEYS = [['1', ''], ['2', 'ABC'], ['3', 'DEF'], ['4', 'GHI'], ['5', 'JKL'], ['6', 'MNO'], ['7', 'PQRS'],
  ['8', 'TUV'], ['9', 'WXYZ'], ['*', ''], ['0', '+'], ['#', '']];
const NAMES = { '*': 'star', '#': 'hash' };

export class Dialler {
  #buttons = new Map();
  #offered = new Map(); // the short name of what the gateway offers to call -> its address
  #actions; // {place(destination), key(digit): true if it went to a call, sound(digit)}

  constructor(actions) {
    this.#actions = actions;
    for (const [digit, letters] of KEYS) this.#addKey(digit, letters);
    $('dial').addEventListener('submit', (event) => {
      event.preventDefault();
      const text = $('to').value.trim();
      if (text) actions.place(this.address(text));
      else $('to').focus();
    });
    $('erase').addEventListener('click', () => {
      $('to').value = $('to').value.slice(0, -1);
      this.#update();
    });
    $('to').addEventListener('input', () => this.#update());
    this.#update();
  }

  /* Of what somebody typed. */
  address(text) {
    return this.#offered.get(text.toLowerCase()) ?? destination(text);
  }

  prefill(text) {
    $('to').value = text;
    this.#update();
  }

  /* Phones to try: [{address, text}]. Of "sip:echo@host" the name is enough. */
  offer(destinations) {
    const items = destinations.map(({ address, text }) => {
      const name = address.replace(/^sip:([^@]+)@.*$/, '$1');
      this.#offered.set(name.toLowerCase(), address);
      const button = element('button', { type: 'button', className: 'quiet', textContent: name });
      button.addEventListener('click', () => this.#actions.place(address));
      return element('li', {}, button, element('span', { textContent: text }));
    });
    $('offers').replaceChildren(...items);
    $('offers').hidden = items.length === 0;
  }

  /* A key of the pad or of the keyboard. */
  press(digit) {
    if (!this.#buttons.has(digit)) return;
    this.#actions.sound(digit);
    this.#flash(this.#buttons.get(digit));
    if (this.#actions.key(digit)) return;
    $('to').value += digit;
    this.#update();
  }

  /* During a call: only the pad, or a second call's field. */
  show({ field, pad }) {
    $('dial').hidden = !field;
    $('pad').hidden = !pad;
  }

  busy(on) {
    $('place').disabled = on;
  }

  #addKey(digit, letters) {
    const button = element('button', { type: 'button' }, digit, element('small', { textContent: letters }));
    button.setAttribute('aria-label', NAMES[digit] ?? digit);
    button.addEventListener('click', () => this.press(digit));
    this.#buttons.set(digit, button);
    $('pad').append(button);
  }

  #flash(button) {
    button.classList.add('pressed');
    setTimeout(() => button.classList.remove('pressed'), 150);
  }

  #update() {
    $('erase').hidden = $('to').value === '';
  }
}
