/* What the sounds of a telephone are made of. */

/* Patterns are rendered into a buffer that loops, so that a tab whose timers are throttled rings as evenly as any.
 * notes: [start s, frequencies Hz, length s, decay s (0: a steady tone)]. */
export const SOUNDS = {
  incoming: { length: 2.6, gain: 0.5, loop: true, notes: [
    [0, [659.3, 1318.5], 0.5, 0.22], [0.16, [784, 1568], 0.5, 0.22], [0.32, [987.8, 1975.5], 0.9, 0.35],
    [0.9, [784, 1568], 0.5, 0.22], [1.06, [987.8, 1975.5], 0.9, 0.4]] },
  waiting: { length: 4, gain: 0.2, loop: true, notes: [[0, [440], 0.18, 0], [0.3, [440], 0.18, 0]] },
  ringback: { length: 4, gain: 0.12, loop: true, notes: [[0, [440, 480], 1.6, 0]] },
  ended: { length: 0.5, gain: 0.2, loop: false, notes: [[0, [480], 0.12, 0], [0.2, [380], 0.18, 0]] },
};
export const DTMF_ROWS = [697, 770, 852, 941];
export const DTMF_COLUMNS = [1209, 1336, 1477, 1633];
export const DTMF_KEYS = '123A456B789C*0#D';

export function renderSound(context, { length, gain, notes }) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.ceil(length * rate), rate);
  const samples = buffer.getChannelData(0);
  for (const [start, frequencies, duration, decay] of notes) {
    const first = Math.round(start * rate);
    const count = Math.min(Math.round(duration * rate), samples.length - first);
    for (let i = 0; i < count; i++) {
      const t = i / rate;
      const edge = Math.min(1, t / 0.005, (duration - t) / 0.01); // no clicks
      const envelope = edge * (decay ? Math.exp(-t / decay) : 1);
      const wave = frequencies.reduce((sum, f, n) => sum + Math.sin(2 * Math.PI * f * t) / (n + 1), 0);
      samples[first + i] += (gain * envelope * wave) / frequencies.length;
    }
  }
  return buffer;
}
