/* The calls of this session, newest first; kept in memory only. */
import { $, clockTime, element, icon, partyOf } from './softphone-dom.js';

const KEPT = 50;
const ICONS = { incoming: 'in', outgoing: 'out', missed: 'missed' };

export class Recents {
  #callBack;

  constructor(callBack) {
    this.#callBack = callBack;
  }

  /* Notes the call when it is over. `outcome` of one that was never open: "missed", "declined", an error's title ... */
  watch(call) {
    const name = partyOf(call);
    const address = call.direction === 'incoming' ? call.parameters.From : call.parameters.To;
    const began = new Date();
    const note = (outcome) => this.#add({ name, address, began, outcome, direction: call.direction });
    call.on('disconnect', (_, error) => {
      if (call.openedAt) note(clockTime(Date.now() - call.openedAt));
      else note(error?.title.toLowerCase() ?? (call.direction === 'incoming' ? 'missed' : 'cancelled'));
    });
    call.on('cancel', () => note('missed'));
    call.on('reject', () => note('declined'));
  }

  #add({ name, address, began, outcome, direction }) {
    const missed = outcome === 'missed';
    const when = began.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    const words = element('div', {},
      element('span', { className: 'recent-name', textContent: name }),
      element('span', { className: 'hint', textContent: `${direction}, ${when}, ${outcome}` }));
    const again = element('button', { type: 'button', textContent: 'Call' });
    again.setAttribute('aria-label', `Call ${name}`);
    again.addEventListener('click', () => this.#callBack(address));
    const sign = icon(missed ? ICONS.missed : ICONS[direction]);
    $('recents').prepend(element('li', { className: missed ? 'missed' : '' }, sign, words, again));
    while ($('recents').children.length > KEPT) $('recents').lastElementChild.remove();
    $('recents-empty').hidden = true;
  }
}
