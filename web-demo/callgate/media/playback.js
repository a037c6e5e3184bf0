/* The element that plays what the other side says. The one thing to know: browsers may refuse to play before the user
 * has touched the page; then the first touch starts it.
 *
 * Emits: blocked. */
import { Emitter } from '../base/emitter.js';

const GESTURES = ['pointerdown', 'keydown'];

export class Playback extends Emitter {
  #audio;
  #events;
  #element;
  #again = () => this.#start();

  constructor(platform, audio) {
    super();
    this.#audio = audio;
    this.#events = platform.events;
    this.#element = platform.createAudio();
    this.#element.autoplay = true;
    audio.addElement(this.#element);
  }

  play(stream) {
    this.#element.srcObject = stream;
    this.#start();
  }

  silence(on) {
    this.#element.muted = on;
  }

  close() {
    this.#forgetGestures();
    this.#audio.removeElement(this.#element);
    this.#element.srcObject = null;
  }

  async #start() {
    this.#forgetGestures();
    try {
      await this.#element.play();
    } catch (error) {
      if (error?.name !== 'NotAllowedError') return; // closed while starting
      for (const name of GESTURES) this.#events.addEventListener(name, this.#again);
      this.emit('blocked');
    }
  }

  #forgetGestures() {
    for (const name of GESTURES) this.#events.removeEventListener(name, this.#again);
  }
}
