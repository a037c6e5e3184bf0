/* Keys that work wherever the focus is, except in fields. They can be switched off (WCAG 2.1.4), since a single letter
 * is easily said by speech input. */
import { $ } from './softphone-dom.js';

const CHOICE = 'callgate.shortcuts';

function isWriting(target) {
  return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== 'checkbox';
}

export function startShortcuts(desk) {
  const keys = {
    a: () => desk.banner.answer(),
    d: () => desk.banner.decline(),
    m: () => desk.toggleMute(),
    h: () => desk.toggleHold(),
    t: () => desk.toggleTransfer(),
    e: () => desk.hangUp(),
  };
  $('shortcuts').checked = localStorage.getItem(CHOICE) !== 'off';
  $('shortcuts').addEventListener('change', () => {
    localStorage.setItem(CHOICE, $('shortcuts').checked ? 'on' : 'off');
  });
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isWriting(event.target)) return;
    if (!$('shortcuts').checked || event.defaultPrevented) return;
    if (keys[event.key.toLowerCase()]) {
      event.preventDefault(); // a field that this opens is not to get the letter
      keys[event.key.toLowerCase()]();
    } else if (/^[0-9*#]$/.test(event.key)) desk.dialler.press(event.key);
  });
}
