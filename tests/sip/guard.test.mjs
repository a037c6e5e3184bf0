// What strangers can do to the SIP port, and what they cannot.
// The one thing to know: the gateway answers in order, so once a known source has its answer, a stranger who sent something
// before would have had one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { registered } from '../lib/signal-calls.mjs';
import { dialogOf, sipConnection, sipRequest, SipSocket } from '../lib/sip-raw.mjs';
import { call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 120000 * SLOWNESS;
const NUMBER = '+15550001111';
const STRANGER = '127.0.0.7';

const start = (t, sip = {}) =>
  startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' }, config: { sip } });

let barriers = 0;
/** Everything that was sent before has had its effect. */
async function settled(known) {
  const id = `barrier-${++barriers}`;
  await known.request('OPTIONS', { call: id });
  await until(() => known.statusOf(id) === 200, 'the answer to OPTIONS');
}

/** OPTIONS of 65507 octets. */
const long = (options) => {
  const text = sipRequest('OPTIONS', { ...options, extra: ['X-Long: '] });
  return text.replace('X-Long: ', `X-Long: ${'x'.repeat(65507 - text.length)}`);
};

const refused = async (gateway) => (await gateway.metrics()).get('callgate_sip_refused_sources_total');

test('strangers get no answer over UDP, whatever they send', { timeout }, async (t) => {
  const gateway = await start(t);
  const [stranger, known] = [await SipSocket.open(t, gateway.sip, STRANGER), await SipSocket.open(t, gateway.sip)];
  const methods = ['INVITE', 'OPTIONS', 'REGISTER', 'BYE', 'CANCEL', 'ACK', 'INFO', 'SUBSCRIBE', 'NONSENSE'];
  for (const method of methods) await stranger.request(method, { toTag: method === 'BYE' ? 'x' : undefined });
  const broken = [sipRequest('INVITE', { address: STRANGER, port: stranger.port }).trimEnd(), // its headers do not end
    sipRequest('INVITE', { address: STRANGER, port: stranger.port }).replace('CSeq: 1', 'CSeq: x'), long({ address: STRANGER, port: stranger.port })];
  for (const text of broken) await stranger.send(text);
  await settled(known);
  assert.deepEqual(stranger.received, []);
  assert.equal(await refused(gateway), methods.length + broken.length);
  assert.equal((await gateway.logged('sip.stranger')).length, 1);
  assert.deepEqual([gateway.logs('sip.stranger')[0].peer, gateway.logs('sip.stranger')[0].method], [STRANGER, 'INVITE']);
});

test('the longest datagram there can be is refused or answered, and nothing more', { timeout }, async (t) => {
  const gateway = await start(t);
  const known = await SipSocket.open(t, gateway.sip);
  await settled(known);
  const before = gateway.resources().resident;
  for (let i = 0; i < 200; i++) {
    const id = `long-${i}`;
    await known.send(long({ port: known.port, call: id }));
    await until(() => known.statusOf(id), 'an answer');
    assert.ok(known.statusOf(id) === 200 || known.statusOf(id) >= 400, known.statusOf(id));
  }
  if (SLOWNESS === 1) assert.ok(gateway.resources().resident - before < 30e6); // sanitizers keep what is freed
});

test('strangers get no answer over TCP: their connection is closed', { timeout }, async (t) => {
  const gateway = await start(t);
  const [stranger, known] = [await sipConnection(t, gateway.sip, STRANGER), await sipConnection(t, gateway.sip)];
  stranger.socket.write(sipRequest('INVITE', { transport: 'TCP' }));
  known.socket.write(sipRequest('OPTIONS', { transport: 'TCP' }));
  await until(() => stranger.closed && /^SIP\/2.0 200/.test(known.text), 'the end of the stranger, and an answer');
  assert.equal(stranger.text, '');
  assert.equal(known.closed, false);
  assert.equal(await refused(gateway), 1);
});

test('a call comes in, is held and ended while strangers flood', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const [media, phone, stranger] = [new MediaPeers(t), await RtpSocket.open(t), await SipSocket.open(t, gateway.sip, STRANGER)];
  const COUNT = 20000;
  let sent = 0;
  const flood = (async () => {
    const body = description(9).replaceAll('\n', '\r\n');
    while (sent < COUNT) {
      await Promise.all(Array.from({ length: 50 }, () => stranger.request('INVITE', { body, extra: ['Content-Type: application/sdp'] })));
      sent += 50;
    }
  })();
  await until(() => sent > 1000, 'the flood');
  const before = gateway.resources().resident;
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(200), call('ACK', NUMBER, 1, { established: true }), expect('BYE'), reply('200 OK')],
  { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 20);
  await flood;
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
  assert.deepEqual(stranger.received, []);
  const count = await refused(gateway);
  assert.ok(count > 1000 && count <= COUNT, `${count} of ${COUNT} came so far that they were counted`);
  assert.ok(gateway.logs('sip.stranger').length < 20);
  if (SLOWNESS === 1) assert.ok(gateway.resources().resident - before < 30e6, 'strangers leave nothing behind');
});

test('a far end that moves to an address of no trunk may speak within its call, and of nothing else', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(9) }), expectStatus(100, { optional: true }), expectStatus(180, { optional: true }),
    expectStatus(200), call('ACK', NUMBER, 1, { established: true })], { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await new MediaPeers(t).answer('bob', ring.sdp, { narrow: true }) });
  await sipp.finished();
  const dialog = dialogOf(sipp.messages);
  const moved = await SipSocket.open(t, gateway.sip, STRANGER);
  await moved.request('INVITE', { call: dialog.call, sequence: 2 }); // begins another call
  await moved.request('OPTIONS', { ...dialog, sequence: 3 });
  await until(() => moved.statusOf(dialog.call) === 200, 'the answer to OPTIONS');
  assert.equal(moved.received.length, 1);
  assert.equal(await refused(gateway), 1);
  moved.received = [];
  await moved.request('BYE', { ...dialog, sequence: 4 });
  assert.equal((await bob.next('hangup')).payload.callsid, ring.callsid);
  await until(() => moved.statusOf(dialog.call) === 200, 'the answer to BYE');
  moved.received = [];
  await moved.request('BYE', { ...dialog, sequence: 4 }); // the answer might have been lost
  await until(() => moved.statusOf(dialog.call) === 200, 'the answer to BYE again');
});
