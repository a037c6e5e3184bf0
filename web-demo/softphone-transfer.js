/* The panel beside a call that has it transferred: to an address at once, or to somebody who was asked before in another
 * call. Asks and draws; the desk decides. */
import { $, element, partyOf, setChildren } from './softphone-dom.js';

export class TransferPanel {
  #actions; // {to(text), join(call), close()}
  #offers = new WeakMap(); // call -> its button in a list

  constructor(actions) {
    this.#actions = actions;
    $('transfer-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const text = $('transfer-to').value.trim();
      if (text) actions.to(text);
      else $('transfer-to').focus();
    });
    $('transfer-panel').addEventListener('keydown', (event) => {
      if (event.key === 'Escape') actions.close();
    });
  }

  focus() {
    $('transfer-to').focus();
  }

  /* `progress` is what is known of a transfer of this call that is under way or failed; null: nothing. */
  draw({ open, call, others, progress }) {
    $('transfer').setAttribute('aria-expanded', String(open));
    $('transfer-panel').hidden = !open;
    if (!open) return;
    const name = partyOf(call);
    const joinable = others.filter((other) => other.status() === 'open');
    $('transfer-label').textContent = `Who should ${name} talk to?`;
    $('transfer-now').disabled = progress?.busy ?? false;
    $('transfer-progress').textContent = progress?.text ?? '';
    setChildren($('transfer-joins'), joinable.map((other) => this.#offer(name, other)));
    $('transfer-hint').hidden = joinable.length > 0;
  }

  /* What was typed has been used. */
  clear() {
    $('transfer-to').value = '';
  }

  #offer(name, other) {
    const offer = this.#offers.get(other) ?? this.#newOffer(other);
    this.#offers.set(other, offer);
    offer.firstElementChild.textContent = `Connect ${name} with ${partyOf(other)}`;
    return offer;
  }

  #newOffer(other) {
    const button = element('button', { type: 'button', className: 'wide' });
    button.addEventListener('click', () => this.#actions.join(other));
    return element('li', {}, button);
  }
}
