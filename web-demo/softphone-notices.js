/* Messages above everything else: what happened, and what to do. Each kind stands there once. */
import { $, element } from './softphone-dom.js';

const shown = new Map(); // kind -> node

/* `actions`: [{label, run}]. Serious ones are spoken at once by screen readers, the others when there is a pause. */
export function notice(kind, { title, text, serious = true, actions = [], dismissable = true }) {
  dismiss(kind);
  const words = element('div', {}, element('strong', { textContent: title }), element('p', { textContent: text }));
  const buttons = actions.map(({ label, run }) => {
    const button = element('button', { type: 'button', textContent: label });
    button.addEventListener('click', () => {
      dismiss(kind);
      run();
    });
    return button;
  });
  if (dismissable) {
    const close = element('button', { type: 'button', textContent: 'Close' });
    close.setAttribute('aria-label', `Close: ${title}`);
    close.addEventListener('click', () => dismiss(kind));
    buttons.push(close);
  }
  const node = element('div', { className: serious ? 'notice' : 'notice warn' }, words, ...buttons);
  node.setAttribute('role', serious ? 'alert' : 'status');
  shown.set(kind, node);
  $('notices').append(node);
}

export function dismiss(kind) {
  shown.get(kind)?.remove();
  shown.delete(kind);
}

/* Says what a CallgateError says. */
export function noticeError(error, actions = []) {
  const explanation = error.explanation.replace(/[^.!?]$/, '$&.');
  notice(`error ${error.code}`, { title: error.title, text: `${explanation} ${error.solution}`, actions });
}
