// Connectivity checks (RFC 8445 section 7.2) as a controlling browser sends them.
// The one thing to know: it only asks; whether an answer comes is the caller's matter.
import { createHmac, randomBytes } from 'node:crypto';
import { crc32 } from './crc32.mjs';

const HEADER = 20;
const [USERNAME, MESSAGE_INTEGRITY, PRIORITY, USE_CANDIDATE, FINGERPRINT, ICE_CONTROLLING] = [0x0006, 0x0008, 0x0024, 0x0025, 0x8028, 0x802a];

function attribute(type, value) {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

/** The message with one attribute more, whose value is computed over all before it (RFC 8489 sections 14.5 and 14.7). */
function sealed(message, type, size, compute) {
  const open = Buffer.from(message);
  open.writeUInt16BE(message.length - HEADER + 4 + size, 2);
  return Buffer.concat([open, attribute(type, compute(open))]);
}

/** A Binding request to the agent whose description is `sdp`, from the one with `ufrag`. */
export function bindingRequest(sdp, ufrag, { nominate = true } = {}) {
  const value = (name) => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(sdp)[1];
  const attributes = [
    attribute(USERNAME, Buffer.from(`${value('ice-ufrag')}:${ufrag}`)),
    attribute(PRIORITY, Buffer.from([0x6e, 0x7f, 0x1e, 0xff])),
    attribute(ICE_CONTROLLING, randomBytes(8)),
    ...(nominate ? [attribute(USE_CANDIDATE, Buffer.alloc(0))] : []),
  ];
  const message = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12), ...attributes]);
  const proven = sealed(message, MESSAGE_INTEGRITY, 20, (text) => createHmac('sha1', value('ice-pwd')).update(text).digest());
  return sealed(proven, FINGERPRINT, 4, (text) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE((crc32(text) ^ 0x5354554e) >>> 0);
    return sum;
  });
}

/** Where the agent with that description listens: {address, port} of its first candidate. */
export function candidateOf(sdp) {
  const [, address, port] = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/im.exec(sdp);
  return { address, port: Number(port) };
}
