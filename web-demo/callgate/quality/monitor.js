/* A call's figures, read from getStats every second.
 * Emits: sample(sample) · warning(name, sample) · warningCleared(name, sample). */
import { Emitter } from '../base/emitter.js';
import { compareStats, readStats } from './stats.js';
import { WarningWindow } from './warnings.js';

const SAMPLE_INTERVAL = 1000; // ms

export class QualityMonitor extends Emitter {
  #getStats;
  #circumstances;
  #timer;
  #before = null;
  #window = new WarningWindow();

  /* `circumstances` tells {expectsAudio, microphoneOn}: on hold or muted, silence is no fault. */
  constructor(getStats, circumstances) {
    super();
    this.#getStats = getStats;
    this.#circumstances = circumstances;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_INTERVAL);
  }

  get warnings() {
    return this.#window.raised;
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #sample() {
    let report;
    try {
      report = await this.#getStats();
    } catch {
      return; // closed meanwhile
    }
    if (this.#timer === null) return;
    const now = readStats(report);
    const sample = { ...compareStats(this.#before ?? now, now), ...this.#verdicts(this.#before, now) };
    this.#before = now;
    this.emit('sample', sample);
    for (const { name, raised } of this.#window.add(sample)) {
      this.emit(raised ? 'warning' : 'warningCleared', name, sample);
    }
  }

  #verdicts(before, now) {
    const { expectsAudio, microphoneOn } = this.#circumstances();
    const energyKnown = before !== null && now.inputEnergy !== null && before.inputEnergy !== null;
    return {
      expectsAudio: expectsAudio && before !== null,
      silentInput: microphoneOn && energyKnown && now.inputEnergy === before.inputEnergy,
    };
  }
}
