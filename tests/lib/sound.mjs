// Real sound for phones: tones in the codecs of telephones, and what is heard in packets of them.
// The one thing to know: the tool tests/tools/sound encodes and decodes, with the codecs' own libraries.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { BINARY } from './gateway.mjs';

const PROGRAM = process.env.SOUND ?? join(dirname(BINARY), '../tests/tools/sound');
const PACKETS = 250; // of a tone, which is said again and again: five seconds

/** By name: the payload type that a phone has it under, its rtpmap, and the steps of its clock in 20 ms. */
export const CODECS = {
  PCMU: { type: 0, rtpmap: 'PCMU/8000', advance: 160 },
  PCMA: { type: 8, rtpmap: 'PCMA/8000', advance: 160 },
  G722: { type: 9, rtpmap: 'G722/8000', advance: 160 }, // as if it had 8000 samples a second: RFC 3551 section 4.5.2
  opus: { type: 96, rtpmap: 'opus/48000/2', advance: 960 },
};

function run(args, input) {
  const { status, error, stdout, stderr } = spawnSync(PROGRAM, args, { input, maxBuffer: 1 << 24 });
  if (error || status !== 0) throw error ?? new Error(`sound ended with ${status}: ${stderr}`);
  return stdout;
}

/** Payloads of a tone of `tone` Hz, one for 20 ms each; 0 is silence. */
export const say = (codec, tone) =>
  run(['say', codec, String(tone), String(PACKETS)]).toString().trim().split('\n').map((line) => Buffer.from(line, 'hex'));

/** Samples of 16 bits, as octets. */
export const samplesOf = (octets) => Array.from({ length: octets.length >> 1 }, (_, i) => octets.readInt16LE(i * 2));

/** The last second of these payloads, in samples at 8000 Hz. */
export const hear = (codec, payloads) => samplesOf(run(['hear', codec], payloads.map((payload) => `${payload.toString('hex')}\n`).join('')));
