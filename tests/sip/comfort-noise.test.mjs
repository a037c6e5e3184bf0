// Phones that fall silent and say how their silence sounds (RFC 3389): between parties that have it, and translated.
// The one thing to know: nothing but the phone's own packets and what the gateway makes of them comes to a client's peer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectInvite, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const [NUMBER, OWN_NUMBER] = ['+15551234567', '+15550001111'];
const CN = 13;
const QUIET = Buffer.from([0x32]); // -50 dBov
const PHONE = { formats: '0 13 101' };

const hangUp = [expect('BYE'), reply('200 OK')];
const agree = (port, direction, version) => [expect('INVITE'), reply('200 OK', { sdp: description(port, { ...PHONE, direction, version }) }), expect('ACK')];
/** A narrow peer's description with comfort noise in it. */
const withNoise = (sdp) => sdp.replace(/^(m=audio .*) 0\b/m, '$1 0 13').replace(/^a=rtpmap:0 /m, 'a=rtpmap:13 CN/8000\r\n$&');

/** Ten packets of speech, then comfort noise, whose packets stand for `ms` of silence each. */
function fallSilent(phone, port, noises = 1, ms = 400) {
  for (let i = 0; i < 10; i++) phone.send(port, { marker: i === 0 });
  for (let i = 0; i < noises; i++) phone.send(port, { type: CN, payload: QUIET, advance: 8 * ms });
}

/** Waits until what the phone says comes to the peer. Returns how many packets that were. */
const isHeard = (phone, port, media, peer) =>
  until(async () => { phone.send(port); return (await media.count(peer)).received; }, `the phone at ${peer}`);

async function client(t, made) {
  const it = await made;
  t.after(() => it.close());
  return it;
}

/** bob has answered a phone that calls and then plays `steps`; what he says of himself, `describe` writes. */
async function called(t, steps, describe, trunks = {}) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' }, ...trunks }, { numbers: { [OWN_NUMBER]: 'client:bob' } });
  const bob = await client(t, registered(gateway, 'bob'));
  const media = new MediaPeers(t);
  const phone = await RtpSocket.open(t);
  const sipp = new Sipp(t, [call('INVITE', OWN_NUMBER, 1, { sdp: description(phone.port, PHONE) }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(200), call('ACK', OWN_NUMBER, 1, { established: true }), ...steps(phone)],
  { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await describe(media, ring.sdp) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  const port = mediaPort(sipp.messages, phone.port);
  await isHeard(phone, port, media, 'bob');
  return { gateway, bob, media, phone, sipp, ring, port };
}

test('both have comfort noise: it passes as it is, in both directions between two phones', { timeout }, async (t) => {
  const port = await freePort();
  const { gateway, bob, media, phone, sipp, ring, port: mediaOfFirst } = await called(t,
    ({ port: own }) => [...agree(own, 'recvonly', 2), ...agree(own, 'sendrecv', 3), ...hangUp],
    async (peers, offer) => withNoise(await peers.answer('bob', offer, { narrow: true })), { other: { hosts: `127.0.0.1:${port}`, prefixes: '+' } });
  assert.match(ring.sdp, /^a=rtpmap:13 CN\/8000/m);
  assert.match(sipp.messages.split('200 OK')[1], /^m=audio \d+ RTP\/AVP 0 13 101/m);
  const { received } = await media.count('bob');
  fallSilent(phone, mediaOfFirst, 3);
  await until(async () => (await media.count('bob')).received >= received + 13, 'speech and comfort noise at the client');

  const second = await RtpSocket.open(t);
  const other = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(second.port, PHONE) }), expect('ACK'), ...hangUp], { port });
  await bob.request('transfer', { callsid: ring.callsid, to: NUMBER });
  await bob.next(({ type, payload }) => type === 'transfer' && payload.state === 'completed');
  const mediaOfSecond = mediaPort(other.messages, second.port);
  for (const [from, to, at] of [[phone, second, mediaOfFirst], [second, phone, mediaOfSecond]]) {
    to.received.length = 0;
    fallSilent(from, at, 2);
    await until(() => to.received.filter(({ type }) => type === CN).length >= 2, 'comfort noise at the other phone');
    const [first, next] = to.received.filter(({ type }) => type === CN);
    assert.deepEqual(first.payload, QUIET);
    assert.equal(next.sequence, (first.sequence + 1) & 0xffff);
    assert.equal((next.timestamp - first.timestamp) >>> 0, 3200);
  }
  await gateway.stop();
  await Promise.all([sipp.finished(), other.finished()]);
});

test('who cannot take it is not offered it, and the phone is not asked for it', { timeout }, async (t) => {
  const { sipp, bob, ring } = await called(t, () => hangUp, (peers, offer) => peers.answer('bob', offer, { narrow: true }));
  assert.match(sipp.messages.split('200 OK')[1], /^m=audio \d+ RTP\/AVP 0 101/m);
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('translated, it is noise for as long as nothing else is said, and no loss', { timeout }, async (t) => {
  const { gateway, bob, media, phone, sipp, ring, port } = await called(t, () => hangUp, (peers, offer) => peers.answer('bob', offer));
  assert.match(sipp.messages.split('200 OK')[1], /^m=audio \d+ RTP\/AVP 0 13 101/m);
  fallSilent(phone, port, 1, 3000);
  await media.receive(['bob'], 120); // of which a second's would be all, if silence were only silence
  fallSilent(phone, port, 1, 400);
  await media.receive(['bob'], 20);
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.deepEqual([record.translated, record.caller_lost], [1, 0]);
  assert.ok(record.caller_mos_x100 > 400, `${record.caller_mos_x100}`);
});

test('a client with comfort noise calls a phone with it', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+' } });
  const phone = await RtpSocket.open(t);
  const sipp = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(phone.port, PHONE) }), expect('ACK'), ...hangUp], { port });
  const media = new MediaPeers(t);
  const alice = await client(t, connect(gateway, 'alice'));
  invite(alice, NUMBER, { offer: withNoise(await media.offer('alice', { narrow: true })) });
  const { payload } = await alice.next('answer');
  await media.accept('alice', payload.sdp);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  assert.match(payload.sdp, /^a=rtpmap:13 CN\/8000/m);
  const received = await isHeard(phone, mediaPort(sipp.messages, phone.port), media, 'alice');
  fallSilent(phone, mediaPort(sipp.messages, phone.port), 3);
  await until(async () => (await media.count('alice')).received >= received + 13, 'speech and comfort noise at the client');
  alice.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
});
