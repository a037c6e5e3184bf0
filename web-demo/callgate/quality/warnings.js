/* When a call's figures are bad enough to tell somebody. */

/* Of the last `of` samples: raised when at least `raise` are bad, cleared when no more than `clear` are. */
const WARNINGS = {
  'high-rtt': { bad: (sample) => sample.rtt > 400, of: 5, raise: 3, clear: 0 },
  'high-jitter': { bad: (sample) => sample.jitter > 30, of: 5, raise: 3, clear: 0 },
  'high-loss': { bad: (sample) => sample.loss > 3, of: 5, raise: 3, clear: 1 },
  'low-mos': { bad: (sample) => sample.mos !== null && sample.mos < 3.5, of: 5, raise: 3, clear: 0 },
  'no-audio': { bad: (sample) => sample.expectsAudio && sample.packetsReceivedDelta === 0, of: 3, raise: 3, clear: 0 },
  'constant-silence': { bad: (sample) => sample.silentInput, of: 10, raise: 10, clear: 0 },
};

/* Raises and clears warnings over a sliding window, so that one bad second alarms nobody. */
export class WarningWindow {
  #history = new Map(); // name -> last verdicts
  #raised = new Set();

  get raised() {
    return [...this.#raised];
  }

  /* [{name, raised}] for what changed with this sample. */
  add(sample) {
    const changes = [];
    for (const [name, rule] of Object.entries(WARNINGS)) {
      const verdicts = [...(this.#history.get(name) ?? []), Boolean(rule.bad(sample))].slice(-rule.of);
      this.#history.set(name, verdicts);
      const bad = verdicts.filter(Boolean).length;
      if (!this.#raised.has(name) && bad >= rule.raise) changes.push({ name, raised: true });
      else if (this.#raised.has(name) && bad <= rule.clear) changes.push({ name, raised: false });
    }
    for (const { name, raised } of changes) raised ? this.#raised.add(name) : this.#raised.delete(name);
    return changes;
  }
}
