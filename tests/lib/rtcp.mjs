// RTCP (RFC 3550, section 6) for phones of tests: what the gateway's packets say, and receiver reports.
// The one thing to know: parts() throws at whatever is not a whole compound packet, so a test that reads one has checked it.
import assert from 'node:assert/strict';

export const [SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, BYE] = [200, 201, 202, 203];
const NTP_EPOCH = 2208988800; // seconds from 1900 to 1970

/** RFC 5761, section 4. */
export const isRtcp = (data) => data[1] >= 192 && data[1] <= 223;

const readBlock = (data) => ({
  ssrc: data.readUInt32BE(0), fraction: data[4], lost: data.readIntBE(5, 3), highest: data.readUInt32BE(8), jitter: data.readUInt32BE(12),
  lastReport: data.readUInt32BE(16), delay: data.readUInt32BE(20) });

const senderInfo = (data) => ({
  middle: data.readUInt32BE(2), // of the NTP time, as LSR has it
  seconds: data.readUInt32BE(0) - NTP_EPOCH + data.readUInt32BE(4) / 2 ** 32, timestamp: data.readUInt32BE(8), packets: data.readUInt32BE(12),
  octets: data.readUInt32BE(16) });

function readPart(data) {
  const [count, type, ssrc] = [data[0] & 0x1f, data[1], data.readUInt32BE(4)];
  const part = { type, ssrc };
  if (type === SENDER_REPORT) Object.assign(part, senderInfo(data.subarray(8)));
  if (type === DESCRIPTION && data[8] === 1) part.cname = data.toString('latin1', 10, 10 + data[9]);
  if (type !== SENDER_REPORT && type !== RECEIVER_REPORT) return part;
  const start = type === SENDER_REPORT ? 28 : 8;
  part.blocks = Array.from({ length: count }, (_, i) => readBlock(data.subarray(start + 24 * i, start + 24 * (i + 1))));
  return part;
}

/** The packets of a compound one, which begins with a report. */
export function parts(data) {
  const found = [];
  for (let rest = data; rest.length > 0;) {
    assert.equal(rest[0] >> 6, 2);
    const size = 4 * (rest.readUInt16BE(2) + 1);
    assert.ok(size >= 8 && size <= rest.length, `a part of ${size} octets in ${rest.length}`);
    found.push(readPart(rest.subarray(0, size)));
    rest = rest.subarray(size);
  }
  assert.ok(found[0].type === SENDER_REPORT || found[0].type === RECEIVER_REPORT, `begins with ${found[0].type}`);
  return found;
}

/** A receiver report of `from`; `block` as parts() gives them, what is left out is 0. */
export function receiverReport(from, block) {
  const packet = Buffer.alloc(block ? 32 : 8);
  packet[0] = 0x80 | (block ? 1 : 0);
  packet[1] = RECEIVER_REPORT;
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  packet.writeUInt32BE(from, 4);
  if (!block) return packet;
  const { ssrc, fraction = 0, lost = 0, highest = 0, jitter = 0, lastReport = 0, delay = 0 } = block;
  packet.writeUInt32BE(ssrc, 8);
  packet[12] = fraction;
  packet.writeIntBE(lost, 13, 3);
  [highest, jitter, lastReport, delay].forEach((value, i) => packet.writeUInt32BE(value >>> 0, 16 + 4 * i));
  return packet;
}

/** What a phone says of a sender report that it got (an entry of RtpSocket.reports), as if the way there and back took
 *  `roundTrip` ms; `rest`: more of the block. */
export function answerTo({ data, at }, roundTrip, rest = {}) {
  const [{ ssrc, middle }] = parts(data);
  const fixed = (ms) => Math.round(ms * 65.536);
  return { ssrc, lastReport: middle - fixed(roundTrip), delay: fixed(performance.now() - at), ...rest };
}

/** The first report among those of a socket that is a sender's with a block, once it is there. */
export const fullReport = ({ reports }) => reports.find(({ data }) => {
  const [{ type, blocks }] = parts(data);
  return type === SENDER_REPORT && blocks.length > 0;
});
