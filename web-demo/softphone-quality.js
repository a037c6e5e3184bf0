/* The quality of the line: one word, four bars, and the figures for those who ask. */
import { $, element } from './softphone-dom.js';

/* From ITU-T G.109's classes of transmission quality, by the MOS at their lower ends. */
const CLASSES = [[4.3, 4, 'Very good line'], [4.0, 4, 'Good line'], [3.6, 3, 'Fair line'], [3.1, 2, 'Poor line'],
  [0, 1, 'Bad line']];
const WARNINGS = {
  'high-rtt': 'long delay',
  'high-jitter': 'unsteady network',
  'high-loss': 'packets are lost',
  'low-mos': 'hard to understand',
  'no-audio': 'nothing is heard from the other side',
  'constant-silence': 'your microphone gives no sound: is it switched off?',
  'playback-blocked': 'press any key or click to hear the other side',
};
const HISTORY = 60;

export class QualityView {
  #history = [];

  constructor() {
    $('quality').addEventListener('click', () => this.#toggle());
  }

  /* `sample` and `warnings` of the call shown; null sample: not known yet. */
  show(sample, warnings) {
    const [, bars, word] = sample?.mos ? CLASSES.find(([least]) => sample.mos >= least) : [0, 0, 'Measuring the line'];
    const trouble = warnings.map((name) => WARNINGS[name]).filter(Boolean);
    $('quality').dataset.bars = String(bars);
    $('quality-text').textContent = trouble.length ? `${word}: ${trouble.join(', ')}` : word;
    this.#showFigures(sample);
  }

  add(sample) {
    if (sample.mos !== null) this.#history = [...this.#history, sample.mos].slice(-HISTORY);
  }

  reset() {
    this.#history = [];
  }

  #toggle() {
    const open = $('quality-details').hidden;
    $('quality-details').hidden = !open;
    $('quality').setAttribute('aria-expanded', String(open));
  }

  #showFigures(sample) {
    const figures = sample ? figuresOf(sample) : [];
    $('quality-figures').replaceChildren(...figures.flatMap(([name, value]) => [
      element('dt', { textContent: name }), element('dd', { textContent: value })]));
    const points = this.#history.map((mos, index) => `${(index * 120) / (HISTORY - 1)},${28 - ((mos - 1) / 3.5) * 26}`);
    document.querySelector('#quality-history polyline').setAttribute('points', points.join(' '));
  }
}

function figuresOf({ mos, codec, rtt, jitter, bufferDelay, loss, remoteLoss }) {
  const number = (value, unit, digits = 0) => (value === null ? 'unknown' : `${value.toFixed(digits)} ${unit}`.trim());
  return [
    ['Score (MOS)', number(mos, '', 1)], ['Codec', codec ? codec.toUpperCase() : 'unknown'],
    ['Round trip', number(rtt, 'ms')], ['Jitter', number(jitter, 'ms')], ['Buffered here', number(bufferDelay, 'ms')],
    ['Lost from them', number(loss, '%', 1)], ['Lost from you', number(remoteLoss, '%', 1)],
  ];
}
