// How well a browser and a phone hear each other over a trunk: shares of tenths of a second with the other's tone.
// The one thing to know: the floors that tests set catch speech that stops, not that it is rough.
import { decode } from './keys.mjs';

/** The share of tenths of a second of samples (8000 Hz) in which a tone is heard. */
export function shareHeard(samples, frequency) {
  let [heard, all] = [0, 0];
  for (let from = 0; from + 800 <= samples.length; from += 800, all++) {
    const factor = 2 * Math.cos((2 * Math.PI * frequency) / 8000);
    let [before, last] = [0, 0];
    for (const sample of samples.subarray(from, from + 800)) [before, last] = [last, sample + factor * last - before];
    const amplitude = (2 * Math.sqrt(Math.max(0, last * last + before * before - factor * last * before))) / 800;
    if (amplitude > 300) heard++;
  }
  return all ? heard / all : 0;
}

/** What a phone with a jitter buffer plays of the packets of PCMU that came (RtpSocket): each once, at its time. */
export function play(received) {
  const speech = received.filter(({ type }) => type === 0);
  if (speech.length === 0) return new Int16Array(0);
  const at = ({ timestamp }) => (timestamp - speech[0].timestamp) | 0;
  const start = Math.min(...speech.map(at));
  const samples = new Int16Array(Math.max(...speech.map(at)) - start + 160);
  for (const packet of speech) samples.set([...packet.payload].map(decode), at(packet) - start);
  return samples;
}
