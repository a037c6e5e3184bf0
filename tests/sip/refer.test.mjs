// Phones transfer calls: REFER, whom it may name, and how the phone hears of the outcome.
// The one thing to know: `transfers` of the trunk decides; without it a phone has nobody called.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const BOB = '+15550001111';
const CAROL = '+15550002222';
const NUMBER = '+15551234567';

const refer = (to, sequence = 2, extra = []) => call('REFER', BOB, sequence, { established: true, extra: [`Refer-To: ${to}`, ...extra] });
const noted = [expect('NOTIFY'), reply('200 OK')];
const bye = (sequence) => [call('BYE', BOB, sequence, { established: true }), expectStatus(200)];
const hungUp = [expect('BYE'), reply('200 OK')];

/** What the NOTIFYs said: [Subscription-State's first word, status line, Event]. */
const outcomes = (sipp) => [...sipp.messages.matchAll(/^NOTIFY [^]*?^Event: ([^\r\n]*)[^]*?^Subscription-State: (\w+)[^]*?^SIP\/2.0 (\d+)/gm)]
  .map(([, event, state, status]) => [state, Number(status), event.trim()]);
const statuses = (sipp) => outcomes(sipp).map(([, status]) => status);

/** A phone that calls bob and plays `steps` once it is nudged; bob and carol are registered, another phone has NUMBER. */
async function start(t, steps, { transfers, called, ...options } = {}) {
  const [port, own] = [await freePort(), await freePort()];
  const gateway = await startTelephony(t, {
    desk: { hosts: '127.0.0.1', ...(transfers && { transfers }) },
    carrier: { hosts: `127.0.0.2:${port}`, prefixes: '+1', allowed_prefixes: '+1555', ...options } },
  { numbers: { [BOB]: 'client:bob', [CAROL]: 'client:carol' } });
  const other = called && { media: await RtpSocket.open(t, '127.0.0.2') };
  if (called) other.sipp = await Sipp.called(t, called(other.media.port), { port, address: '127.0.0.2' });
  const clients = await Promise.all(['bob', 'carol'].map((name) => registered(gateway, name)));
  for (const client of clients) t.after(() => client.close());
  const [phone, media] = [await RtpSocket.open(t), new MediaPeers(t)];
  const sipp = new Sipp(t, [
    call('INVITE', BOB, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }), expectStatus(180, { optional: true }),
    expectStatus(200), call('ACK', BOB, 1, { established: true }), awaitNudge(), ...steps], { port: own, remote: gateway.sip });
  const [bob, carol] = clients;
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 5);
  await sipp.nudge(phone.port);
  return { gateway, sipp, other, bob, carol, phone, media, ring };
}

const records = (gateway, count) => until(() => { const all = gateway.logs('call.ended'); return all.length === count && all; }, `${count} records`);

test('a phone sends a client to another: it hears of ringing and of the answer, the two hear each other', { timeout }, async (t) => {
  const { gateway, sipp, bob, carol, media, ring } = await start(t, [
    refer(`<sip:${CAROL}@127.0.0.1>`), expectStatus(202), ...noted, ...noted, ...noted, ...bye(3)], { transfers: 'clients' });
  const { payload: second } = await carol.next('invite');
  assert.deepEqual([second.parameters.From, second.parameters.To, second.parameters.TransferredBy], ['client:bob', 'client:carol', '+15550009999']);
  assert.equal((await bob.next('hold')).payload.on, true);
  await until(() => statuses(sipp).length === 2, 'the NOTIFY of ringing');
  carol.send('answer', { callsid: second.callsid, sdp: await media.answer('carol', second.sdp, { narrow: true }) });
  assert.equal((await bob.next('transferred')).payload.party, 'client:carol');
  await sipp.finished();
  await media.receive(['bob', 'carol'], 20);
  const event = `refer;id=2`;
  assert.deepEqual(outcomes(sipp), [['active', 100, event], ['active', 180, event], ['terminated', 200, event]]);
  assert.equal(sipp.messages.match(/^BYE /gm).length, 1, 'the phone hangs up itself');
  bob.send('hangup', { callsid: ring.callsid });
  const [first, last] = await records(gateway, 2);
  assert.deepEqual([first.reason, first.caller_trunk, first.transferred_to], ['transferred', 'desk', last.call]);
  assert.deepEqual([last.from, last.to, last.transferred_from, last.transferred_by], ['client:bob', 'client:carol', first.call, '+15550009999']);
});

test('nobody is transferred unless the trunk may have it, and to nobody that it may not call', { timeout }, async (t) => {
  const rows = [
    [undefined, `<sip:${CAROL}@127.0.0.1>`, 603],
    ['clients', `<sip:${NUMBER}@127.0.0.1>`, 403],
    ['clients', `<sip:${NUMBER}@127.0.0.2>`, 403],
    ['clients', `<tel:${NUMBER}>`, 403],
    ['clients', `<sips:${NUMBER}@127.0.0.2>`, 403],
    ['any', '<tel:+19005551234>', 403],
    ['any', '<sip:+19005551234@127.0.0.2>', 403],
  ];
  for (const [transfers, to, status] of rows) {
    const { gateway, sipp, bob, carol, media, ring } = await start(t, [refer(to), expectStatus(status), ...hungUp], { transfers });
    const { called, trunk } = await until(() => gateway.logs('sip.transfer_refused')[0], 'the refusal in the log');
    assert.deepEqual([called, trunk], [to.match(/[+]\d+/)[0], 'desk']);
    await media.receive(['bob'], 5);
    bob.send('hangup', { callsid: ring.callsid });
    await sipp.finished();
    const record = await until(() => gateway.logs('call.ended').find(({ reason }) => reason === 'callee_hangup'), 'the record');
    assert.equal(record.transferred_to, '');
    assert.deepEqual(carol.messages.filter(({ type }) => type === 'invite'), []);
    await media.stop();
    await gateway.stop();
  }
});

test('what is no REFER of ours to take changes nothing', { timeout }, async (t) => {
  const stray = call('REFER', BOB, 1, { extra: [`Refer-To: <sip:${CAROL}@127.0.0.1>`] });
  const { sipp, bob, media, ring, gateway } = await start(t, [
    refer('<mailto:carol@example.com>', 2), expectStatus(400),
    refer(`<sip:${CAROL}@${'h'.repeat(300)}.example>`, 3), expectStatus(400),
    refer(`<sip:${CAROL}@127.0.0.1>`, 4, [`Refer-To: <sip:${BOB}@127.0.0.1>`]), expectStatus(400),
    call('REFER', BOB, 5, { established: true }), expectStatus(400), ...hungUp], { transfers: 'any' });
  await until(() => (sipp.messages.match(/^SIP\/2.0 400/gm) ?? []).length === 4, 'four refusals');
  const alone = new Sipp(t, [stray, expectStatus(405)], { port: await freePort(), remote: gateway.sip });
  await alone.finished();
  assert.doesNotMatch(alone.messages, /NOTIFY/);
  await media.receive(['bob'], 5);
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('the destination is busy: the phone hears so, and the two have each other back', { timeout }, async (t) => {
  const { sipp, gateway, bob, phone, media, ring } = await start(t,
    [refer(`<tel:${NUMBER}>`), expectStatus(202), ...noted, ...noted, ...hungUp],
    { transfers: 'any', called: () => [expectInvite(), reply('486 Busy Here', { first: true }), expect('ACK')] });
  await until(() => statuses(sipp).length === 2, 'the NOTIFY of the failure');
  assert.deepEqual(outcomes(sipp).map(([state, status]) => [state, status]), [['active', 100], ['terminated', 486]]);
  await bob.next(({ type, payload }) => type === 'hold' && !payload.on);
  await media.receive(['bob'], 10);
  const { length } = phone.received;
  await until(() => phone.received.length > length + 10, 'packets at the phone');
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
  const [failed] = await records(gateway, 2);
  assert.deepEqual([failed.reason, failed.to, failed.transferred_by], ['busy', `tel:${NUMBER}`, '+15550009999']);
});

test('a client with a listed number is not there: 202, and the outcome by NOTIFY', { timeout }, async (t) => {
  const { sipp, bob, carol, media, ring } = await start(t, [
    awaitNudge(), refer(`<sip:${CAROL}@127.0.0.1>`), expectStatus(202), ...noted, ...hungUp], { transfers: 'clients' });
  await carol.request('register', { media: { audio: false } });
  await sipp.nudge();
  await until(() => statuses(sipp).length === 1, 'the NOTIFY');
  assert.deepEqual(outcomes(sipp), [['terminated', 480, 'refer;id=2']]);
  await media.receive(['bob'], 5);
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('a phone that wants no word of it (Refer-Sub: false) gets none, but is hung up on when it is done', { timeout }, async (t) => {
  const { sipp, carol, media } = await start(t, [
    refer(`<sip:${CAROL}@127.0.0.1>`, 2, ['Refer-Sub: false', 'Supported: norefersub']), expectStatus(202), ...hungUp], { transfers: 'clients' });
  const { payload } = await carol.next('invite');
  carol.send('answer', { callsid: payload.callsid, sdp: await media.answer('carol', payload.sdp, { narrow: true }) });
  await sipp.finished();
  assert.match(sipp.messages, /^SIP\/2.0 202 [^]*?^Refer-Sub: false/m);
  assert.doesNotMatch(sipp.messages, /^NOTIFY/m);
  await media.receive(['bob', 'carol'], 10);
});

test('a phone hangs up behind its REFER: the transfer goes on without it', { timeout }, async (t) => {
  const { sipp, bob, carol, media } = await start(t, [
    refer(`<sip:${CAROL}@127.0.0.1>`), expectStatus(202), ...noted, ...noted, ...bye(3)], { transfers: 'clients' });
  await sipp.finished();
  const { payload } = await carol.next('invite');
  carol.send('answer', { callsid: payload.callsid, sdp: await media.answer('carol', payload.sdp, { narrow: true }) });
  assert.equal((await bob.next('transferred')).payload.party, 'client:carol');
  await media.receive(['bob', 'carol'], 20);
});

test('one transfer at a time; the client hangs up meanwhile: the phone hears that it failed', { timeout }, async (t) => {
  const { sipp, bob, carol, ring } = await start(t, [
    refer(`<sip:${CAROL}@127.0.0.1>`), expectStatus(202), ...noted, ...noted,
    refer(`<sip:${CAROL}@127.0.0.1>`, 3), expectStatus(491), ...noted, ...hungUp], { transfers: 'clients' });
  await until(() => /^SIP\/2.0 491/m.test(sipp.messages), 'the second refusal');
  bob.send('hangup', { callsid: ring.callsid });
  await carol.next('cancel');
  await sipp.finished();
  assert.deepEqual(statuses(sipp), [100, 180, 487]);
});

test('a phone that does not hang up when it has heard of the success is hung up on', { timeout }, async (t) => {
  const { sipp, carol, media } = await start(t, [
    refer(`<sip:${CAROL}@127.0.0.1>`), expectStatus(202), ...noted, ...noted, ...noted, ...hungUp], { transfers: 'clients' });
  const { payload } = await carol.next('invite');
  carol.send('answer', { callsid: payload.callsid, sdp: await media.answer('carol', payload.sdp, { narrow: true }) });
  await sipp.finished();
  assert.deepEqual(statuses(sipp), [100, 180, 200]);
});

test('a phone sends a client to a number: the client and the other phone hear each other', { timeout }, async (t) => {
  const { gateway, sipp, other, bob, media, ring } = await start(t,
    [refer(`<sip:${NUMBER}@127.0.0.2>`), expectStatus(202), ...noted, ...noted, ...noted, ...bye(3)],
    { transfers: 'any', called: (port) => [expectInvite(), reply('180 Ringing', { first: true }),
      reply('200 OK', { first: true, sdp: description(port, { address: '127.0.0.2' }) }), expect('ACK'), ...hungUp] });
  assert.equal((await bob.next('transferred')).payload.party, `sip:${NUMBER}@127.0.0.2`);
  await sipp.finished();
  await until(() => /^ACK/m.test(other.sipp.messages), 'the ACK');
  other.media.talk(mediaPort(other.sipp.messages, other.media.port), { address: '127.0.0.1' });
  await media.receive(['bob'], 20);
  await until(() => other.media.received.length > 20, 'packets at the other phone');
  bob.send('hangup', { callsid: ring.callsid });
  await other.sipp.finished();
  const [, last] = await records(gateway, 2);
  assert.deepEqual([last.from, last.transferred_by, last.callee_trunk, last.callee_called], ['client:bob', '+15550009999', 'carrier', NUMBER]);
});

test('two phones that were brought together hear each other, and one of them sends the other on', { timeout }, async (t) => {
  const held = (...described) => ['recvonly', 'sendrecv'].flatMap((direction) =>
    [expect('INVITE'), reply('200 OK', { sdp: description(described[0], { ...described[1], direction }) }), expect('ACK')]);
  const { sipp, gateway, other, bob, carol, phone, media, ring } = await start(t,
    [...held('[$told]'), awaitNudge(), refer(`<sip:${CAROL}@127.0.0.1>`), expectStatus(202), ...noted, ...noted, ...noted, ...bye(3)],
    { transfers: 'clients', called: (port) => [expectInvite(), reply('200 OK', { first: true, sdp: description(port, { address: '127.0.0.2' }) }), expect('ACK'),
      ...held(port, { address: '127.0.0.2' }), ...hungUp] });
  await bob.request('transfer', { callsid: ring.callsid, to: NUMBER });
  await bob.next('hangup');
  await until(() => sipp.messages.match(/^ACK/gm).length === 3, 'the phone to be off hold');
  await until(() => /^ACK/m.test(other.sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port), { tone: 440 });
  other.media.talk(mediaPort(other.sipp.messages, other.media.port), { tone: 620 });
  await Promise.all([other.media.hears(440), phone.hears(620)]);
  await sipp.nudge();
  const { payload: last } = await carol.next('invite');
  assert.deepEqual([last.parameters.From, last.parameters.TransferredBy], [NUMBER, '+15550009999']);
  carol.send('answer', { callsid: last.callsid, sdp: await media.answer('carol', last.sdp, { narrow: true }) });
  await sipp.finished();
  await media.receive(['carol'], 20);
  await until(() => other.sipp.messages.match(/^ACK/gm).length === 3, 'the other phone to be off hold');
  const { length } = other.media.received;
  await until(() => other.media.received.length > length + 20, 'packets at the other phone');
  carol.send('hangup', { callsid: last.callsid });
  await other.sipp.finished();
  const all = await records(gateway, 3);
  assert.deepEqual(all.map(({ from, to }) => [from, to]),
    [['+15550009999', 'client:bob'], ['+15550009999', NUMBER], [NUMBER, 'client:carol']]);
  const metrics = await gateway.metrics();
  const counted = (trunk) => metrics.get(`callgate_trunk_codec_calls_total{trunk="${trunk}",codec="PCMU"}`);
  assert.deepEqual([counted('desk'), counted('carrier')], [1, 1], 'each phone has been in one call of its own');
});
