// A phone calls a client through a trunk.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import * as sdp from '../lib/sdp.mjs';
import { connect, failure, invite, registered, ring } from '../lib/signal-calls.mjs';
import { call, description, expect, expectStatus, freePort, mediaPort, pause, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { APPLICATION } from '../lib/tokens.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const CARRIER = { hosts: '127.0.0.1', sources: '127.0.0.8/31' };

const start = (t, options = {}) =>
  startTelephony(t, { carrier: { ...CARRIER, ...options.trunk } }, { numbers: { [NUMBER]: 'client:bob' }, ...options });

const phoneThat = async (t, gateway, steps, { address = '127.0.0.1', ...options } = {}) =>
  new Sipp(t, steps, { port: await freePort(address), address, remote: gateway.sip, ...options });

async function client(t, gateway, identity = 'bob') {
  const made = await registered(gateway, identity);
  t.after(() => made.close());
  return made;
}

/** The client answers what rings with a peer that speaks PCMU. */
async function answer(t, bob) {
  const media = new MediaPeers(t);
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  return { media, ring };
}

const INVITE = (port, options) => call('INVITE', NUMBER, 1, { sdp: description(port), ...options });
const ANSWERED = [expectStatus(100, { optional: true }), expectStatus(180, { optional: true }), expectStatus(200),
  call('ACK', NUMBER, 1, { established: true })];

test('a phone calls a client: media both ways, the client hangs up', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const phone = await RtpSocket.open(t);
  const sipp = await phoneThat(t, gateway, [
    INVITE(phone.port, { extra: ['X-Order: 42', 'X-Mood: fine; thanks', 'Subject: none'] }), ...ANSWERED, expect('BYE'), reply('200 OK')]);
  const { media, ring } = await answer(t, bob);
  assert.equal(ring.parameters.From, '+15550009999');
  assert.equal(ring.parameters.To, 'client:bob');
  const params = new URLSearchParams(ring.parameters.Params);
  assert.deepEqual(Object.fromEntries(params),
    { Called: NUMBER, CallerName: 'A Phone', 'X-Order': '42', 'X-Mood': 'fine; thanks' });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
  assert.match(sipp.messages, /SIP\/2\.0 180/);
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_trunk_answers_total{trunk="carrier",direction="in"}'), 1);
});

test('a name is told without what escapes in it, and of 20 headers 16', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const extra = Array.from({ length: 20 }, (_, i) => `X-N${i}: ${i}`);
  const invite = INVITE(9, { extra }).replace('"A Phone"', '"A \\"B\\" \\\\ C"');
  const sipp = await phoneThat(t, gateway, [invite, ...refused(603).slice(1)]);
  const { payload: ring } = await bob.next('invite');
  const params = new URLSearchParams(ring.parameters.Params);
  assert.equal(params.get('CallerName'), 'A "B" \\ C');
  assert.deepEqual([...params.keys()].filter((name) => name.startsWith('X-')), extra.slice(0, 16).map((line) => line.split(':')[0]));
  await bob.request('reject', { callsid: ring.callsid });
  await sipp.finished();
});

test('a number of several people: who declines is out, the first answer wins', { timeout }, async (t) => {
  const gateway = await start(t, { numbers: { [NUMBER]: 'client:bob, client:carol, client:nobody, client:dave' } });
  const [bob, carol, dave] = await Promise.all(['bob', 'carol', 'dave'].map((name) => client(t, gateway, name)));
  const sipp = await phoneThat(t, gateway, [INVITE(9), ...ANSWERED, expect('BYE'), reply('200 OK')]);
  const rings = await Promise.all([bob, carol, dave].map((person) => person.next('invite')));
  assert.deepEqual(rings.map(({ payload }) => payload.parameters.To), ['client:bob', 'client:carol', 'client:dave']);
  await bob.request('reject', { callsid: rings[0].payload.callsid });
  const media = new MediaPeers(t);
  const { callsid, sdp } = rings[1].payload;
  carol.send('answer', { callsid, sdp: await media.answer('carol', sdp, { narrow: true }) });
  assert.equal((await dave.next('cancel')).payload.callsid, rings[2].payload.callsid);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  carol.send('hangup', { callsid });
  await sipp.finished();
});

test('all of the people of a number decline', { timeout }, async (t) => {
  const gateway = await start(t, { numbers: { [NUMBER]: 'client:bob, client:carol' } });
  const people = await Promise.all(['bob', 'carol'].map((name) => client(t, gateway, name)));
  const sipp = await phoneThat(t, gateway, refused(603));
  for (const person of people) await person.request('reject', { callsid: (await person.next('invite')).payload.callsid });
  await sipp.finished();
});

test('of a number of several people one is busy and nobody else is there', { timeout }, async (t) => {
  const gateway = await start(t, { numbers: { [NUMBER]: 'client:bob, client:nobody' }, config: { calls: { calls_per_client: 1 } } });
  const [bob, carol] = await Promise.all(['bob', 'carol'].map((name) => client(t, gateway, name)));
  await ring(bob, [carol], 'client:carol');
  await (await phoneThat(t, gateway, refused(486))).finished();
});

test('the phone hangs up', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const sipp = await phoneThat(t, gateway, [INVITE(9), ...ANSWERED, call('BYE', NUMBER, 2, { established: true }), expectStatus(200)]);
  const { ring } = await answer(t, bob);
  const { payload } = await bob.next('hangup');
  assert.deepEqual([payload.callsid, payload.error], [ring.callsid, undefined]);
  await sipp.finished();
});

test('the phone gives up before the answer', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const sipp = await phoneThat(t, gateway, [
    INVITE(9), expectStatus(100, { optional: true }), expectStatus(180), call('CANCEL', NUMBER, 1, { back: 3 }),
    expectStatus(200), expectStatus(487), call('ACK', NUMBER, 1, { established: true, back: 6 })]);
  const { payload: ring } = await bob.next('invite');
  const { payload } = await bob.next('cancel');
  assert.equal(payload.callsid, ring.callsid);
  await sipp.finished();
  assert.equal((await until(() => gateway.logs('call.ended')[0], 'the record')).reason, 'canceled');
});

/** A call that is refused with `status`. */
const refused = (status, options) => [INVITE(9, options), expectStatus(100, { optional: true }), expectStatus(180, { optional: true }),
  expectStatus(status), call('ACK', NUMBER, 1, { established: true, back: 4 })];

test('calls that are refused', { timeout }, async (t) => {
  const gateway = await start(t, { trunk: { max_calls: 1 }, config: { calls: { ring_timeout_s: 1 } } });
  const play = async (steps, options) => {
    const phone = await phoneThat(t, gateway, steps, options);
    await phone.finished();
    return phone;
  };
  const elsewhere = refused(404).map((step) => step.replaceAll(NUMBER, '+15550002222'));
  await play(refused(480)); // nobody is registered
  await play(elsewhere); // nobody's number
  const mute = await play(refused(488, { sdp: description(9, { formats: '18' }) })); // no codec
  assert.match(mute.messages, /^Warning: 305 127\.0\.0\.1:?\d* "/m);
  await play(refused(488, { sdp: 'v=1' }));
  const bob = await client(t, gateway);
  const declined = await phoneThat(t, gateway, refused(603));
  bob.send('reject', { callsid: (await bob.next('invite')).payload.callsid });
  await declined.finished();
  const busy = await phoneThat(t, gateway, refused(486));
  bob.send('reject', { callsid: (await bob.next('invite')).payload.callsid, reason: 'busy' });
  await busy.finished();
  const waiting = await phoneThat(t, gateway, refused(480), { address: '127.0.0.9' }); // rings until the timeout
  await bob.next('invite');
  const over = await play(refused(503)); // over the trunk's limit
  assert.match(over.messages, /Retry-After: 10/);
  await waiting.finished();
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_trunk_failures_total{trunk="carrier",direction="in",status="404"}'), 1);
  assert.equal(metrics.get('callgate_trunk_calls{trunk="carrier"}'), 0);
});

test('a codec that its trunk may not have is none', { timeout }, async (t) => {
  const gateway = await start(t, { trunk: { codecs: 'pcma' } });
  await client(t, gateway);
  await (await phoneThat(t, gateway, refused(488))).finished();
});

test('more calls than the account may have: 503 with Retry-After', { timeout }, async (t) => {
  const gateway = await start(t, { config: { calls: { calls_per_account: 1 } } });
  const [bob, carol, dave] = await Promise.all(['bob', 'carol', 'dave'].map((name) => client(t, gateway, name)));
  await ring(dave, [carol], 'client:carol');
  const over = await phoneThat(t, gateway, refused(503));
  await over.finished();
  assert.match(over.messages, /^Retry-After: 10\r?$/m);
  assert.deepEqual(bob.messages.filter(({ type }) => type === 'invite'), []);
});

test('a CANCEL that comes behind the answer is too late: the call goes on', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const phone = await RtpSocket.open(t);
  const sipp = await phoneThat(t, gateway, [INVITE(phone.port), expectStatus(100, { optional: true }), expectStatus(180, { optional: true }), expectStatus(200),
    call('CANCEL', NUMBER, 1, { back: 4 }), expectStatus(481), call('ACK', NUMBER, 1, { established: true }), expect('BYE'), reply('200 OK')]);
  const { media, ring } = await answer(t, bob);
  await until(() => sipp.told('SIP/2.0 481').length === 1, 'the answer to the CANCEL');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 20);
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('more dialogs than max_dialogs: 503 with Retry-After to phones, 31503 to clients', { timeout }, async (t) => {
  const gateway = await start(t, { trunk: { prefixes: '+' }, config: { sip: { max_dialogs: 1 } } });
  const bob = await client(t, gateway);
  const ringing = await phoneThat(t, gateway, refused(603));
  const { payload: { callsid } } = await bob.next('invite');
  const over = await phoneThat(t, gateway, [INVITE(9), expectStatus(100, { optional: true }), expectStatus(503), call('ACK', NUMBER, 1, { established: true, back: 3 })]);
  await over.finished();
  assert.match(over.messages, /^Retry-After: 10\r?$/m);
  const alice = await connect(gateway, 'alice');
  t.after(() => alice.close());
  assert.equal((await failure(alice, invite(alice, '+15551234567'))).code, 31503);
  bob.send('reject', { callsid });
  await ringing.finished();
});

test('where the application forbids translating, a client is offered the phone\'s codecs only, and answers with one of them', { timeout }, async (t) => {
  const gateway = await start(t, { trunk: { application: APPLICATION }, config: { [`application ${APPLICATION}`]: { transcode: false } } });
  const bob = await client(t, gateway);
  const sipp = await phoneThat(t, gateway, [INVITE(9), ...ANSWERED, expect('BYE'), reply('200 OK')]);
  const { payload: { callsid, sdp: offer } } = await bob.next('invite');
  assert.match(offer, /^m=audio \d+ UDP\/TLS\/RTP\/SAVPF 0 101\r?$/m);
  const answer = (codecs) => bob.request('answer', { callsid, sdp: sdp.answer({ codecs }) });
  await assert.rejects(answer(['opus']), { code: 53402 });
  assert.deepEqual(sipp.told('SIP/2.0 [2-6]'), []);
  await answer(['pcmu']);
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  bob.send('hangup', { callsid });
  await sipp.finished();
});

test('hold, resume, and a re-INVITE that asks for our description', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const phone = await RtpSocket.open(t);
  const again = (sequence, direction) => [
    call('INVITE', NUMBER, sequence, { established: true, sdp: direction && description(phone.port, { direction, version: sequence }) }),
    expectStatus(100, { optional: true }), expectStatus(200)];
  const ack = (sequence, sdp) => call('ACK', NUMBER, sequence, { established: true, sdp });
  const sipp = await phoneThat(t, gateway, [
    INVITE(phone.port), ...ANSWERED, ...again(2, 'sendonly'), ack(2), ...again(3, 'sendrecv'), ack(3),
    ...again(4), ack(4, description(phone.port, { version: 4 })), pause(1500), call('BYE', NUMBER, 5, { established: true }), expectStatus(200)]);
  const { media, ring } = await answer(t, bob);
  assert.equal((await bob.next('hold')).payload.on, true);
  assert.equal((await bob.next('hold')).payload.on, false);
  await until(() => /CSeq: 4 ACK/.test(sipp.messages), 'the last ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 5);
  await until(() => phone.received.length > 5, 'packets at the phone');
  assert.equal((await bob.next('hangup')).payload.callsid, ring.callsid);
  await sipp.finished();
  assert.match(sipp.messages, /a=recvonly/);
});

test('digits: one key is one key, both ways', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const phone = await RtpSocket.open(t);
  const sipp = await phoneThat(t, gateway, [INVITE(phone.port), ...ANSWERED, expect('BYE'), reply('200 OK')]);
  const { media, ring } = await answer(t, bob);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  const port = mediaPort(sipp.messages, phone.port);
  phone.talk(port);
  await media.receive(['bob'], 5);
  phone.press(port, 9);
  assert.equal((await bob.next('dtmf')).payload.dtmf, '9');
  bob.send('dtmf', { callsid: ring.callsid, dtmf: '12#' });
  await until(() => phone.keys.length === 3, 'three keys at the phone');
  assert.deepEqual(phone.keys, [1, 2, 11]);
  const { keys, key } = await media.count('bob');
  assert.deepEqual({ keys, key }, { keys: 1, key: 9 });
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('media of strangers is neither heard nor answered', { timeout }, async (t) => {
  const gateway = await start(t);
  const bob = await client(t, gateway);
  const phone = await RtpSocket.open(t);
  const stranger = await RtpSocket.open(t, '127.0.0.7');
  const sipp = await phoneThat(t, gateway, [INVITE(phone.port), ...ANSWERED, expect('BYE'), reply('200 OK')]);
  const { media, ring } = await answer(t, bob);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  const port = mediaPort(sipp.messages, phone.port);
  for (let i = 0; i < 50; i++) stranger.send(port);
  await until(async () => (await gateway.metrics()).get('callgate_media_packets_dropped_total{reason="unknown_source"}') >= 50, 'drops');
  assert.equal((await media.count('bob')).received, 0);
  phone.talk(port);
  await media.receive(['bob'], 10);
  await until(() => phone.received.length > 10, 'packets at the phone');
  assert.equal(stranger.received.length, 0);
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('a phone that falls silent: the call ends', { timeout }, async (t) => {
  const gateway = await start(t, { config: { media: { rtp_timeout_ms: 1000, consent_warning_ms: 500 } } });
  const bob = await client(t, gateway);
  const sipp = await phoneThat(t, gateway, [INVITE(9), ...ANSWERED, expect('BYE'), reply('200 OK')]);
  await answer(t, bob);
  assert.equal((await bob.next('hangup')).payload.error.code, 53405);
  await sipp.finished();
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.deepEqual([record.reason, record.caller_media_end], ['media_lost', 'media_timeout']);
});

test('a trunk asks whether we are there; other methods are not allowed', { timeout }, async (t) => {
  const gateway = await start(t);
  const asks = async (method, status, options) => (await phoneThat(t, gateway, [call(method, NUMBER, 1), expectStatus(status)], options)).finished();
  await asks('OPTIONS', 200);
  for (const method of ['MESSAGE', 'REGISTER', 'PUBLISH']) await asks(method, 405);
  for (const method of ['INFO', 'UPDATE']) await asks(method, 481); // of no call
  await asks('DANCE', 501);
});
