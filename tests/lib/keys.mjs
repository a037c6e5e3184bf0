// The tones of keys (ITU-T Q.23) in PCMU, as a phone without telephone-event says and hears them.
const LOW = [697, 770, 852, 941];
const HIGH = [1209, 1336, 1477, 1633];
const KEYPAD = '123A456B789C*0#D';
const RATE = 8000;
const PACKET = 160; // samples of 20 ms
const SILENCE = Buffer.alloc(PACKET, 0xff);

/** G.711, table 2a: a sample of 16 bits and its octet. */
export function encode(sample) {
  const magnitude = Math.min(Math.abs(sample), 32635) + 132;
  const exponent = 24 - Math.clz32(magnitude);
  const octet = (sample < 0 ? 0x80 : 0) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f);
  return ~octet & 0xff;
}

/** The sample of an octet. */
export function decode(octet) {
  const bits = ~octet & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + 132 << ((bits >> 4) & 7)) - 132;
  return bits & 0x80 ? -magnitude : magnitude;
}

/** Payloads of 100 ms of the key's tones, and as much silence. */
export function tonesOf(key) {
  const low = LOW[KEYPAD.indexOf(key) >> 2], high = HIGH[KEYPAD.indexOf(key) & 3];
  const at = (frequency, n) => 5000 * Math.sin(2 * Math.PI * frequency * n / RATE);
  const tones = [...Array(5).keys()].map((packet) =>
    Buffer.from([...Array(PACKET).keys()].map((i) => encode(Math.round(at(low, packet * PACKET + i) + at(high, packet * PACKET + i))))));
  return [...tones, SILENCE, SILENCE, SILENCE, SILENCE, SILENCE];
}

/** Share of a packet's energy that is at `frequency`. */
function share(samples, frequency) {
  let re = 0, im = 0, energy = 0;
  samples.forEach((sample, n) => {
    re += sample * Math.cos(2 * Math.PI * frequency * n / RATE);
    im += sample * Math.sin(2 * Math.PI * frequency * n / RATE);
    energy += sample * sample;
  });
  return energy > samples.length * 1e4 ? 2 * (re * re + im * im) / (samples.length * energy) : 0;
}

function keyOf(payload, decoded) {
  const samples = [...payload].map(decoded);
  const strongest = (frequencies) => frequencies.findIndex((frequency) => share(samples, frequency) > 0.3);
  const low = strongest(LOW), high = strongest(HIGH);
  return low >= 0 && high >= 0 ? KEYPAD[4 * low + high] : '';
}

/** The keys that sound in a stream of payloads, or of pieces of sound with `decoded` the identity: each run of packets is
 *  one. */
export function keysIn(payloads, decoded = decode) {
  const keys = payloads.map((payload) => keyOf(payload, decoded));
  return keys.filter((key, i) => key && key !== keys[i - 1]).join('');
}
