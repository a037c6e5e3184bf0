/* Small help with the page, and how names and times are written. */

export const $ = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/* 754000 -> "12:34", from an hour "1:02:03". */
export function clockTime(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const pad = (value) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${pad(minutes)}:${pad(seconds % 60)}`;
}

/* "client:bob" -> "bob", "sip:echo@host" -> "echo": how people write it. */
export function displayName(address) {
  return (address ?? '').replace(/^client:/, '').replace(/^sips?:([^@]+)@.*$/i, '$1') || 'Unknown';
}

/* "bob" -> "client:bob"; what names its kind, or is a number with +, is left as it is. */
export function destination(text) {
  const name = text.trim();
  return /^[a-z]+:/i.test(name) || /^\+\d/.test(name) ? name.replace(/^\+.*/, (number) => number.replace(/[^+\d]/g, ''))
    : `client:${name}`;
}

/* Nodes that stay where they are keep the focus. */
export function setChildren(parent, nodes) {
  const there = [...parent.children];
  if (nodes.length !== there.length || nodes.some((node, index) => node !== there[index])) parent.replaceChildren(...nodes);
}

/* What had it is gone, or hidden. */
export function focusIsLost() {
  const active = document.activeElement;
  return !active || active === document.body || active.getClientRects().length === 0;
}

/* Who is at the other end of a call. */
export function partyOf(call) {
  return displayName(call.party);
}

/* Bars that light up with a level from 0 to 1. */
export class LevelBars {
  #bars;
  #lit = 0;

  constructor(container, count = 16) {
    this.#bars = Array.from({ length: count }, () => element('i'));
    container.replaceChildren(...this.#bars);
  }

  show(level) {
    const lit = Math.round(Math.max(0, Math.min(1, level)) * this.#bars.length);
    if (lit === this.#lit) return;
    this.#bars.forEach((bar, index) => {
      const on = index < lit;
      bar.classList.toggle('lit', on);
      bar.style.height = on ? `${30 + (70 * (index + 1)) / this.#bars.length}%` : '';
    });
    this.#lit = lit;
  }
}
