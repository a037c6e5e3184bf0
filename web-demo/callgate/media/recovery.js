/* When media is lost: a moment's patience, then ICE restarts until it is back or hope is gone. */
import { ignore } from '../base/promises.js';

/* In milliseconds. */
const MEDIA_GRACE = 2000; // `disconnected` often heals by itself
const MEDIA_RETRY = 6000; // between ICE restarts
const MEDIA_LOSS_LIMIT = 60000; // after that a call without media ends

export class MediaRecovery {
  #actions; // {lost(), restart(): Promise, back(), giveUp()}
  #grace = null;
  #retry = null;
  #limit = null;
  #lost = false;
  #busy = false;

  constructor(actions) {
    this.#actions = actions;
  }

  onState(state) {
    if (state === 'connected') this.#healed();
    else if (state === 'failed') this.#begin();
    else if (state === 'disconnected' && !this.#lost) this.#grace ??= setTimeout(() => this.#begin(), MEDIA_GRACE);
  }

  /* Something changed (network, signalling): do not wait for the timer. */
  nudge() {
    if (this.#lost) this.#attempt();
  }

  stop() {
    clearTimeout(this.#grace);
    clearTimeout(this.#retry);
    clearTimeout(this.#limit);
    this.#grace = null;
  }

  #begin() {
    if (this.#lost) return;
    this.stop();
    this.#lost = true;
    this.#limit = setTimeout(() => this.#actions.giveUp(), MEDIA_LOSS_LIMIT);
    this.#actions.lost();
    this.#attempt();
  }

  async #attempt() {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#attempt(), MEDIA_RETRY);
    if (this.#busy) return;
    this.#busy = true;
    await this.#actions.restart().catch(ignore);
    this.#busy = false;
  }

  #healed() {
    this.stop();
    if (!this.#lost) return;
    this.#lost = false;
    this.#actions.back();
  }
}
