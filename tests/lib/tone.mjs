// Tones to speak with and a way to tell which tone arrives: how the tests know who hears whom.
// The one thing to know: the ear listens to what the peer connection received, not to what a page claims.
import { readFileSync, writeFileSync } from 'node:fs';
import { until } from './wait.mjs';

const RATE = 48000;

/** Writes a mono WAV file with a tone to play in a loop: whole periods, so that the seam is not heard. */
export function writeTone(file, frequency, { seconds = 1, rate = RATE } = {}) {
  const samples = rate * seconds;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16); // size of the fmt chunk
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28); // bytes per second
  header.writeUInt16LE(2, 32); // bytes per frame
  header.writeUInt16LE(16, 34); // bits per sample
  header.write('data', 36);
  header.writeUInt32LE(samples * 2, 40);
  const body = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i++) body.writeInt16LE(Math.round(0.5 * 32767 * Math.sin((2 * Math.PI * frequency * i) / rate)), i * 2);
  writeFileSync(file, Buffer.concat([header, body]));
  return file;
}

const EAR = readFileSync(new URL('ear.js', import.meta.url), 'utf8');

/** Gives a page its ear; before it is loaded. */
export const giveEar = (page) => page.evaluateOnNewDocument(EAR);

const SILENCE = -60; // dB; a tone arrives at about -10 to -30
const TOLERANCE = 12; // Hz; Firefox rounds a tone's period to whole samples

export const hear = (page) => page.evaluate(() => globalThis.testHear());
export const packets = (page) => page.evaluate(() => globalThis.testPackets());
/** {sent, received}: MIME types in small letters. */
export const codecs = (page) => page.evaluate(() => globalThis.testCodecs());

/** Waits until `page` hears `frequency`. */
export async function hears(page, frequency, timeout = 10000) {
  let last;
  const heard = async () => {
    last = await hear(page);
    return last.level > SILENCE && Math.abs(last.frequency - frequency) < TOLERANCE;
  };
  await until(heard, `a tone of ${frequency} Hz`, timeout).catch((error) => {
    throw new Error(`${error.message}; heard ${last?.frequency} Hz at ${last?.level.toFixed(1)} dB`);
  });
}

/** Waits until `page` hears silence, for which there must be something to hear: a recording of its connection's track. */
export async function hearsNothing(page, timeout = 10000) {
  let last;
  const silent = async () => {
    last = await hear(page);
    return last.seconds > 0 && last.level < SILENCE;
  };
  await until(silent, 'silence', timeout).catch((error) => {
    throw new Error(`${error.message}; ${last?.seconds ? `heard ${last.frequency} Hz at ${last.level.toFixed(1)} dB` : 'nothing was recorded'}`);
  });
}

/** Waits until one of its packet counters is `more` than now. */
async function counts(page, counter, more, timeout) {
  const before = (await packets(page))[counter];
  await until(async () => (await packets(page))[counter] >= before + more, `${counter} to grow by ${more}`, timeout);
}

/** Waits until `page` has received `more` packets than now (a second's): a tone alone may be a memory of the last ones. */
export const receivesMore = (page, timeout = 10000, more = 50) => counts(page, 'packetsReceived', more, timeout);
export const sendsMore = (page, timeout = 10000, more = 50) => counts(page, 'packetsSent', more, timeout);

/** Listens to `page` for `duration` ms and returns how many tenths of a second of that were without the tone. */
export async function missedTenths(page, frequency, duration) {
  const levels = await page.evaluate((...args) => globalThis.testListen(...args), frequency, duration);
  if (levels.length < duration / 100 / 2) throw new Error(`heard only ${levels.length} tenths of a second in ${duration} ms`);
  return levels.filter((level) => level < SILENCE).length;
}
