/* The sign-in form: a name where the gateway gives tokens away, or a token. It stays until somebody is signed in, and says
 * at the field what was wrong with what stood there. */
import { $, element } from './softphone-dom.js';

const FIELDS = ['name', 'token'];

export class SignIn {
  /* `actions`: {name(text), token(text)} */
  constructor(actions) {
    for (const field of FIELDS) {
      $(`signin-${field}`).addEventListener('submit', (event) => {
        event.preventDefault();
        this.#clear();
        const text = $(field).value.trim();
        if (text) actions[field](text);
        else $(field).focus();
      });
      $(field).addEventListener('input', () => this.#clear());
    }
  }

  /* Asks for a name too, unless there is no use in it. `text` stands above the fields. */
  show({ byName = !$('signin-name').hidden, text = '' } = {}) {
    $('signin-name').hidden = !byName;
    $('token-label').textContent = byName ? 'Or a token from your server' : 'A token from your server';
    if (text) $('signin-text').textContent = text;
    if (!$('signin').hidden) return;
    $('signin').hidden = false;
    (byName ? $('name') : $('token')).focus();
  }

  /* What was written is of no more use to anybody. */
  done() {
    $('signin').hidden = true;
    for (const field of FIELDS) $(field).value = '';
    this.#clear();
  }

  /* `field`: of what `error`, a CallgateError, came. */
  refuse(field, error) {
    this.show();
    $(`${field}-error`).hidden = false;
    $(`${field}-error`).replaceChildren(element('strong', { textContent: `${error.title} (${error.code})` }), ` ${error.explanation}`);
    $(field).setAttribute('aria-invalid', 'true');
    $(field).focus();
  }

  #clear() {
    for (const field of FIELDS) {
      $(`${field}-error`).hidden = true;
      $(field).removeAttribute('aria-invalid');
    }
  }
}
