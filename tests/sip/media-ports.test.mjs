// The ports of phones' media: out of which range they are, and what comes to them that nobody should send.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite, registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectStatus, freePair, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { dropped, startTelephony, talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';

test('a range of one pair: one call at a time', { timeout }, async (t) => {
  const pair = await freePair();
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1', prefixes: '+' } },
    { numbers: { [NUMBER]: 'client:bob' }, config: { media: { rtp_port_min: pair, rtp_port_max: pair + 1 } } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const media = new MediaPeers(t);
  const begin = [call('INVITE', NUMBER, 1, { sdp: description(9) }), expectStatus(100, { optional: true }), expectStatus(180, { optional: true })];
  const phone = async (steps) => new Sipp(t, [...begin, ...steps], { port: await freePort(), remote: gateway.sip });
  const answered = async (name) => {
    const sipp = await phone([expectStatus(200), call('ACK', NUMBER, 1, { established: true }), expect('BYE'), reply('200 OK')]);
    const { payload: { callsid, sdp } } = await bob.next('invite');
    bob.send('answer', { callsid, sdp: await media.answer(name, sdp, { narrow: true }) });
    await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
    return { sipp, callsid };
  };
  for (const [index, name] of ['first', 'second'].entries()) {
    const { sipp, callsid } = await answered(name);
    assert.equal(mediaPort(sipp.messages, 9), pair);
    const refused = await phone([expectStatus(503), call('ACK', NUMBER, 1, { established: true, back: 4 })]);
    await refused.finished();
    assert.match(refused.messages, /^Retry-After: 10\r?$/m);
    const alice = await connect(gateway, 'alice');
    t.after(() => alice.close());
    assert.equal((await failure(alice, invite(alice, '+15551234567', { offer: await media.offer(`alice-${name}`, { narrow: true }) }))).code, 31206);
    bob.send('hangup', { callsid });
    await sipp.finished();
    // The record is written when the ports are free.
    await until(() => gateway.logs('call.ended').filter(({ duration_ms: lasted }) => lasted > 0).length > index, 'the record');
  }
});

const rtp = (first, ...rest) => Buffer.concat([Buffer.from(first, 'hex'), Buffer.alloc(8, 1), ...rest]);
const BROKEN = [
  Buffer.alloc(0), Buffer.from([0x80]), rtp('80000001').subarray(0, 11), rtp('00000001', Buffer.alloc(160)), rtp('40000001', Buffer.alloc(160)),
  rtp('8f000001', Buffer.alloc(59)), // more contributors than there is room for
  rtp('90000001', Buffer.from('bede0010', 'hex'), Buffer.alloc(60)), // an extension beyond the end
  rtp('a0000001', Buffer.alloc(159), Buffer.from([200])), // more padding than packet
  Buffer.from('80c9000100000000', 'hex'), // a report, which has a port of its own
];
const BROKEN_REPORTS = [
  rtp('80000001', Buffer.alloc(160)), Buffer.from('80c9000200000000', 'hex'), Buffer.from('81c9000100000000', 'hex'), Buffer.from('c0c9000100000000', 'hex')];

test('datagrams that are too long or broken: counted, not passed on, and the call goes on', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { gateway, client, media, sipp, callsid } = await talkToPhone(t, () => [], { phone });
  const port = mediaPort(sipp.messages, phone.port);
  const received = async () => (await media.count('alice')).received;
  const speak = async (total) => {
    for (let i = 0; i < 10; i++) phone.send(port);
    await until(async () => await received() >= total, `${total} packets at alice`);
  };
  await until(() => phone.received.length > 0, 'packets at the phone');
  await speak(10);
  const long = rtp('800003ed', Buffer.alloc(65507 - 12, 0xff));
  for (const octets of [long, ...BROKEN]) phone.raw(port, octets);
  for (const octets of [long, ...BROKEN_REPORTS]) phone.raw(port + 1, octets);
  const count = BROKEN.length + BROKEN_REPORTS.length + 2;
  await until(async () => await dropped(gateway, 'malformed') >= count, 'drops');
  assert.equal(await dropped(gateway, 'malformed'), count);
  await speak(20);
  assert.equal(await received(), 20);
  const heard = phone.received.length;
  await until(() => phone.received.length > heard + 10, 'packets at the phone');
  client.send('hangup', { callsid });
  await sipp.finished();
  const [{ callee_packets: packets, callee_lost: lost }] = await gateway.logged('call.ended');
  assert.deepEqual([packets, lost], [20, 0]);
});
