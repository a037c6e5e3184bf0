// What is kept of calls over trunks: the record of each, and the figures of the trunk.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite, registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectInvite, expectStatus, freePort, mediaPort, pause, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony, talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15551234567';

const record = (gateway) => until(() => gateway.logs('call.ended')[0], 'the record');

/** The fields of one leg, without what takes time. */
const leg = (entry, who) => Object.fromEntries(['trunk', 'host', 'called', 'sip_status'].map((name) => [name, entry[`${who}_${name}`]]));

async function metricsOf(gateway) {
  const metrics = await gateway.metrics();
  return (name, labels = '') => metrics.get(`callgate_trunk_${name}{trunk="carrier"${labels}}`);
}

async function caller(t, gateway, options) {
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  return { client, media, callsid: invite(client, NUMBER, { offer: await media.offer('alice', options) }) };
}

/** A call of a client's to a phone that speaks PCMU, in which 30 of the phone's packets are lost. */
async function lossyCall(t, options) {
  const port = await freePort();
  const silent = await RtpSocket.open(t);
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${silent.port}, 127.0.0.1:${port}`, prefixes: '+1', strip: 1 } });
  const phone = await RtpSocket.open(t);
  const sipp = await Sipp.called(t, [expectInvite(), reply('180 Ringing', { first: true }), pause(100),
    reply('200 OK', { first: true, sdp: description(phone.port) }), expect('ACK'), expect('BYE'), reply('200 OK')], { port });
  const { client, media } = await caller(t, gateway, options);
  const { payload } = await client.next('answer', 10000 * SLOWNESS);
  await media.accept('alice', payload.sdp);
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 10);
  phone.lose(30);
  await media.receive(['alice'], 20);
  client.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
  return { gateway, entry: await record(gateway), host: `127.0.0.1:${port}` };
}

test('an answered call: which host, which codec, how it sounded', { timeout }, async (t) => {
  const { gateway, entry, host } = await lossyCall(t, { narrow: true });
  assert.deepEqual(leg(entry, 'callee'), { trunk: 'carrier', host, called: '15551234567', sip_status: 200 });
  assert.deepEqual(leg(entry, 'caller'), { trunk: undefined, host: undefined, called: undefined, sip_status: undefined });
  assert.deepEqual([entry.codec, entry.caller_codec, entry.translated], ['PCMU', 'PCMU', 0]);
  assert.equal(entry.callee_lost, 30);
  // The E-model with nothing but this loss; jitter and round trip on loopback are below what it minds.
  const loss = 30 / (30 + entry.callee_packets);
  const rating = 93.2 - (95 * 100 * loss) / (100 * loss + 25.1);
  const mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
  assert.ok(Math.abs(entry.callee_mos_x100 - 100 * mos) <= 1, `${entry.callee_mos_x100}, not ${100 * mos}`);

  const metric = await metricsOf(gateway);
  assert.equal(metric('codec_calls_total', ',codec="PCMU"'), 1);
  assert.equal(metric('codec_calls_total', ',codec="opus"'), 0);
  assert.equal(metric('translated_calls_total'), 0);
  assert.equal(metric('packets_received_total'), entry.callee_packets);
  assert.equal(metric('packets_lost_total'), 30);
  assert.equal(metric('jitter_seconds_count'), 1);
  assert.equal(metric('mos_count'), 1);
  assert.ok(Math.abs(metric('mos_sum') - mos) < 0.01);
  assert.equal(metric('mos_bucket', ',le="+Inf"'), 1);
  assert.equal(metric('mos_bucket', ',le="4.34"'), 1);
  // The first host was silent for a second (sip.timeout_ms): the caller waited for the second one all the same.
  assert.equal(metric('post_dial_delay_seconds_count'), 1);
  assert.ok(metric('post_dial_delay_seconds_sum') >= 1, metric('post_dial_delay_seconds_sum'));
  assert.equal(metric('post_dial_delay_seconds_bucket', ',le="0.5"'), 0);
});

/** RFC 3550, section 6.4.1, of packets of 20 ms that come all at once; `gap`: so many are missing in the middle. */
function jitterOfClumps(packets, gap) {
  let jitter = 0;
  for (let i = 1; i < packets; i++) jitter += (20 * (i === packets / 2 ? gap + 1 : 1) - jitter) / 16;
  return jitter;
}

test('an uneven pace, and packets that are left out', { timeout }, async (t) => {
  const { gateway, client, media, phone, sipp, callsid } = await talkToPhone(t, () => []);
  const port = mediaPort(sipp.messages, phone.port);
  await until(() => phone.received.length > 0, 'packets at the phone');
  for (let i = 0; i < 100; i++) {
    if (i === 50) phone.lose(10);
    phone.send(port);
  }
  await until(async () => (await media.count('alice')).received === 100, 'packets at alice');
  client.send('hangup', { callsid });
  await sipp.finished();
  const { callee_packets: packets, callee_lost: lost, callee_jitter_us: jitter } = await record(gateway);
  assert.deepEqual([packets, lost], [100, 10]);
  const expected = jitterOfClumps(100, 10);
  assert.ok(jitter > 500 * expected && jitter < 4000 * expected, `${jitter} us, not about ${expected} ms`);
  const metric = await metricsOf(gateway);
  assert.equal(metric('packets_lost_total'), 10);
  assert.ok(Math.abs(metric('jitter_seconds_sum') - jitter / 1e6) < 1e-5, `${metric('jitter_seconds_sum')} s`);
  assert.deepEqual(['0.005', '+Inf'].map((bound) => metric('jitter_seconds_bucket', `,le="${bound}"`)), [0, 1]);
});

test('a translated call', { timeout }, async (t) => {
  const { gateway, entry } = await lossyCall(t, {});
  assert.deepEqual([entry.codec, entry.caller_codec, entry.translated], ['PCMU', 'opus', 1]);
  const metric = await metricsOf(gateway);
  assert.equal(metric('codec_calls_total', ',codec="PCMU"'), 1);
  assert.equal(metric('translated_calls_total'), 1);
});

test('a refused call: its status, and nothing of media', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+1' } });
  const sipp = await Sipp.called(t, [expect('INVITE'), reply('486 Busy Here', { first: true }), expect('ACK')], { port });
  const { client, callsid } = await caller(t, gateway, { narrow: true });
  assert.equal((await failure(client, callsid)).code, 31486);
  await sipp.finished();
  const entry = await record(gateway);
  assert.deepEqual(leg(entry, 'callee'), { trunk: 'carrier', host: `127.0.0.1:${port}`, called: NUMBER, sip_status: 486 });
  assert.equal(entry.callee_mos_x100, 0);
  const metric = await metricsOf(gateway);
  assert.equal(metric('failures_total', ',direction="out",status="486"'), 1);
  for (const name of ['post_dial_delay_seconds_count', 'mos_count', 'packets_received_total']) assert.equal(metric(name), 0, name);
});

test('a call from outside: where it came from', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(9) }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(603), call('ACK', NUMBER, 1, { established: true, back: 4 })],
  { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('reject', { callsid: ring.callsid });
  await sipp.finished();
  const entry = await record(gateway);
  assert.deepEqual(leg(entry, 'caller'), { trunk: 'carrier', host: '127.0.0.1', called: NUMBER, sip_status: 603 });
  assert.equal((await metricsOf(gateway))('failures_total', ',direction="in",status="603"'), 1);
});
