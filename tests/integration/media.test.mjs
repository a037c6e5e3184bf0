// Calls with real media at both ends, and what may not touch them: a certificate that nobody announced, replays, floods.
// The one thing to know: the peers speak ICE, DTLS and SRTP as browsers do; only the audio in their packets is none.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from '../lib/crc32.mjs';
import { SLOWNESS, startGateway } from '../lib/gateway.mjs';
import { mediaCall, MediaPeers } from '../lib/media-peers.mjs';
import { fingerprintOf } from '../lib/sdp.mjs';
import { connect, registered } from '../lib/signal-calls.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

let gateway;
before(async () => { gateway = await startGateway({ config: { calls: { calls_per_client: 10 } } }); });
after(() => gateway.stop());

let pairs = 0;
/** A caller and a callee of their own, gone with the test. */
async function couple(t) {
  const name = `callee-${pairs++}`;
  const [caller, callee] = await Promise.all([connect(gateway, `caller-of-${name}`), registered(gateway, name)]);
  t.after(() => Promise.all([caller.close(), callee.close()]));
  return { caller, callee, to: `client:${name}` };
}

const record = (callsid) => until(() => gateway.logs('call.ended').find(({ call }) => call === callsid), `the record of ${callsid}`);

/** The description with another digest in its fingerprint, as a man in the middle of the signalling would have it. */
function withAnotherFingerprint(sdp) {
  const genuine = fingerprintOf(sdp);
  return sdp.replace(genuine, `${genuine.startsWith('00') ? '11' : '00'}${genuine.slice(2)}`);
}

test('media flows both ways, and the record counts it', { timeout }, async (t) => {
  const peers = new MediaPeers(t);
  const { caller, callee, to } = await couple(t);
  const call = await mediaCall(peers, caller, callee, to);
  await peers.receive(call.peers, 50);
  caller.send('hangup', { callsid: call.callsid });
  await callee.next('hangup');
  const ended = await record(call.callsid);
  assert.equal(ended.reason, 'caller_hangup');
  assert.ok(ended.caller_packets >= 50 && ended.callee_packets >= 50, JSON.stringify(ended));
  assert.ok(ended.caller_media_ms >= 0 && ended.callee_media_ms >= 0, JSON.stringify(ended));
});

for (const liar of ['caller', 'callee']) {
  test(`a ${liar} whose certificate is not the announced one: the call fails, another goes on`, { timeout }, async (t) => {
    gateway.expectWarning(/^call\.media_ended$/);
    const peers = new MediaPeers(t);
    const [others, ours] = [await couple(t), await couple(t)];
    const other = await mediaCall(peers, others.caller, others.callee, others.to);
    await peers.receive(other.peers);

    const warned = gateway.logs('call.media_ended').length;
    const tamper = { [liar === 'caller' ? 'offer' : 'answer']: withAnotherFingerprint };
    const { callsid, ring, peers: [a, b] } = await mediaCall(peers, ours.caller, ours.callee, ours.to, tamper);
    const told = async (client, sid) =>
      (await client.next(({ type, payload }) => type === 'hangup' && payload.callsid === sid, 15000 * SLOWNESS)).payload.error.code;
    assert.deepEqual(await Promise.all([told(ours.caller, callsid), told(ours.callee, ring.callsid)]), [53405, 53405]);

    const ended = await record(callsid);
    const own = { reason: 'media_failed', [`${liar}_media_end`]: 'fingerprint_mismatch' };
    assert.deepEqual({ ...ended, ...own }, ended);
    const warnings = gateway.logs('call.media_ended').slice(warned).filter(({ level }) => level === 'warning');
    assert.deepEqual(warnings.map(({ reason }) => reason), ['fingerprint_mismatch']);
    // Not one packet of the call passed, in either direction.
    assert.deepEqual([(await peers.count(a)).received, (await peers.count(b)).received], [0, 0]);
    await peers.receive(other.peers);
    assert.equal((await peers.count(other.peers[0])).lost + (await peers.count(other.peers[1])).lost, 0);
  });
}

// --- the flood ---

const attribute = (type, value) => {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16BE(type, 0);
  padded.writeUInt16BE(value.length, 2);
  value.copy(padded, 4);
  return padded;
};

/** A connectivity check of RFC 8445 that knows the right user name, but not the password. */
function guessedCheck(username) {
  const header = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)]);
  const attributes = [attribute(0x0006, Buffer.from(username)), attribute(0x0024, Buffer.from('6e7f1eff', 'hex')),
    attribute(0x802a, randomBytes(8)), attribute(0x0025, Buffer.alloc(0))];
  const length = attributes.reduce((sum, { length: size }) => sum + size, 0);
  const message = Buffer.concat([header, ...attributes]);
  message.writeUInt16BE(length + 24, 2); // up to and with MESSAGE-INTEGRITY, RFC 8489 section 14.5
  const signed = Buffer.concat([message, attribute(0x0008, createHmac('sha1', 'a guess').update(message).digest())]);
  signed.writeUInt16BE(length + 32, 2);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(signed) ^ 0x5354554e) >>> 0);
  return Buffer.concat([signed, attribute(0x8028, fingerprint)]);
}

/** A DTLS 1.2 record of a handshake's first epoch: RFC 6347 section 4.1. */
function dtlsRecord(number) {
  const body = randomBytes(60);
  const header = Buffer.from('16fefd000000000000000000', 'hex').subarray(0, 11);
  header.writeUInt32BE(number, 7);
  return Buffer.concat([header, Buffer.from([0, body.length]), body]);
}

/** Looks like the stream of somebody else. */
function rtpPacket(number, ssrc) {
  const packet = randomBytes(120);
  packet.set([0x80, 111]);
  packet.writeUInt16BE(number & 0xffff, 2);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

const FLOOD = 20000;
const BURST = 40;

/** Everything a stranger who has read the descriptions can send from a port of his own; {check, dtls, rtp, noise} are
 *  how many of each. */
async function flood(socket, { port, username, ssrc }) {
  const kinds = {
    check: () => guessedCheck(username),
    dtls: dtlsRecord,
    rtp: (number) => rtpPacket(number, ssrc),
    noise: () => randomBytes(1 + Math.floor(Math.random() * 1400)),
  };
  const names = Object.keys(kinds);
  const sent = Object.fromEntries(names.map((name) => [name, 0]));
  for (let i = 0; i < FLOOD; i++) {
    const name = names[i % names.length];
    sent[name]++;
    socket.send(kinds[name](i), port, '127.0.0.1');
    if (i % BURST === BURST - 1) await delay(5 * SLOWNESS); // four or five thousand a second
  }
  return sent;
}

const dropped = (reason) => `callgate_media_packets_dropped_total{reason="${reason}"}`;

/** How much each counter grew while `action` ran. */
async function growth(action) {
  const earlier = await gateway.metrics();
  await action();
  const later = await gateway.metrics();
  return (name) => later.get(name) - earlier.get(name);
}

/** What a look at a call's descriptions tells a stranger. */
function learned({ offer, answerOfGateway }) {
  const value = (sdp, name) => new RegExp(`^a=${name}:(\\S+)`, 'm').exec(sdp)[1];
  return {
    username: `${value(answerOfGateway, 'ice-ufrag')}:${value(offer, 'ice-ufrag')}`,
    ssrc: Number(value(offer, 'ssrc')),
    port: Number(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/im.exec(answerOfGateway)[1]),
  };
}

/** A socket of somebody else, which counts what it is answered. */
async function strangersSocket(t) {
  const socket = createSocket('udp4');
  socket.answers = 0;
  socket.on('message', () => { socket.answers++; }).bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return socket;
}

test('a stranger floods the port of a call: it loses nothing, and what was thrown away is counted', { timeout: 2 * timeout }, async (t) => {
  const peers = new MediaPeers(t);
  const { caller, callee, to } = await couple(t);
  const call = await mediaCall(peers, caller, callee, to);
  await peers.receive(call.peers, 20);
  const stranger = await strangersSocket(t);
  const { resident } = gateway.resources();
  let sent;
  const grown = await growth(async () => {
    sent = await flood(stranger, learned(call));
    await peers.receive(call.peers, 50); // behind the flood, in the same socket
  });
  assert.equal(grown('callgate_stun_rejected_total'), sent.check);
  // Noise may look like anything, but it comes from where no check came from.
  assert.equal(grown(dropped('unknown_source')), sent.dtls + sent.rtp + sent.noise);
  assert.equal(grown('callgate_media_packets_lost_total'), 0);
  assert.deepEqual(await Promise.all(call.peers.map(async (peer) => (await peers.count(peer)).lost)), [0, 0]);
  assert.equal(stranger.answers, 0);
  const grownMemory = gateway.resources().resident - resident;
  // Sanitizers keep freed memory for a while.
  if (SLOWNESS === 1) assert.ok(grownMemory < 2 * 1024 * 1024, `grew by ${grownMemory} bytes`);
  caller.send('hangup', { callsid: call.callsid });
  await callee.next('hangup');
});

test('packets that come twice are heard once', { timeout }, async (t) => {
  const peers = new MediaPeers(t);
  const { caller, callee, to } = await couple(t);
  const { callsid, peers: [a, b] } = await mediaCall(peers, caller, callee, to);
  await peers.receive([a, b], 20);
  const grown = await growth(async () => {
    await peers.replay(a, 200);
    await peers.receive([a, b], 20);
  });
  assert.equal(grown(dropped('replayed')), 200);
  assert.equal((await peers.count(b)).lost, 0); // it would be negative: packets less than were received
  caller.send('hangup', { callsid });
  await callee.next('hangup');
  assert.ok((await record(callsid)).caller_dropped >= 200); // handshakes leave a few as well
});
