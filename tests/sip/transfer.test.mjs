// Clients transfer calls to phones, and calls of phones to other clients.
// The one thing to know: the party that stays is never negotiated with again, whatever codec the new one has.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { mediaCall, MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectStatus, freePort, mediaPort, reply, replyToInvite, request, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15551234567';
const OWN_NUMBER = '+15550001111';

async function client(t, made) {
  const it = await made;
  t.after(() => it.close());
  return it;
}

/** alice and bob talk, over a gateway with a trunk to a phone that plays `steps`. */
async function start(t, steps) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+1', allowed_prefixes: '+1555' } });
  const sipp = await Sipp.called(t, steps, { port });
  const [alice, bob] = [await client(t, connect(gateway, 'alice')), await client(t, registered(gateway, 'bob'))];
  const media = new MediaPeers(t);
  return { gateway, sipp, alice, bob, media, talk: await mediaCall(media, alice, bob, 'client:bob') };
}

const answering = (phone) => [expectInvite(), reply('180 Ringing', { first: true }), reply('200 OK', { first: true, sdp: description(phone.port) }), expect('ACK')];

test('a client is transferred to a phone without a common codec: it hears the phone, and the phone hears it', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { gateway, sipp, alice, bob, media, talk } = await start(t, [...answering(phone), expect('BYE'), reply('200 OK')]);
  await media.receive(talk.peers);
  await bob.request('transfer', { callsid: talk.ring.callsid, to: NUMBER });
  assert.equal((await bob.next('transfer')).payload.state, 'ringing');
  assert.equal((await bob.next(({ type, payload }) => type === 'transfer' && payload.state === 'completed')).payload.error, undefined);
  assert.equal((await alice.next('transferred')).payload.party, NUMBER);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  assert.match(sipp.messages, /From: <sip:alice@/);
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive([talk.peers[0]], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  assert.equal(phone.received[5].type, 0);
  alice.send('hangup', { callsid: talk.callsid });
  await sipp.finished();
  const record = await until(() => gateway.logs('call.ended').find(({ to }) => to === NUMBER), 'the record');
  assert.deepEqual([record.from, record.transferred_by, record.translated, record.callee_trunk], ['client:alice', 'client:bob', 1, 'carrier']);
  assert.equal(alice.messages.filter(({ type }) => type === 'answer').length, 1);
});

test('the phone is busy: the two have each other back, and their media has never stopped', { timeout }, async (t) => {
  const { gateway, sipp, bob, media, talk } = await start(t, [expectInvite(), reply('486 Busy Here', { first: true }), expect('ACK')]);
  await bob.request('transfer', { callsid: talk.ring.callsid, to: NUMBER });
  const { payload } = await bob.next(({ type, payload: { state } }) => type === 'transfer' && state === 'failed');
  assert.equal(payload.error.code, 31486);
  await sipp.finished();
  await media.receive(talk.peers, 20);
  await assert.rejects(bob.request('transfer', { callsid: talk.ring.callsid, to: '+19005551234' }), { code: 31403 });
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.deepEqual([record.reason, record.to, record.transferred_by], ['busy', NUMBER, 'client:bob']);
});

test('who asked has hung up when the phone answers', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { sipp, alice, bob, media, talk } = await start(t, [
    expectInvite(), reply('180 Ringing', { first: true }), awaitNudge(), replyToInvite('200 OK', description(phone.port)),
    expect('ACK'), expect('BYE'), reply('200 OK')]);
  await bob.request('transfer', { callsid: talk.ring.callsid, to: NUMBER });
  assert.equal((await bob.next('transfer')).payload.state, 'ringing');
  await bob.request('hangup', { callsid: talk.ring.callsid });
  await sipp.nudge();
  assert.equal((await alice.next('transferred')).payload.party, NUMBER);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive([talk.peers[0]], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  alice.send('hangup', { callsid: talk.callsid });
  await sipp.finished();
});

test('a phone that called is held while it is transferred to another client, and not told of it', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [OWN_NUMBER]: 'client:bob' } });
  const [bob, carol] = [await client(t, registered(gateway, 'bob')), await client(t, registered(gateway, 'carol'))];
  const phone = await RtpSocket.open(t);
  const held = ['recvonly', 'sendrecv'].flatMap((direction, i) => // until carol has answered
    [expect('INVITE'), reply('200 OK', { sdp: description(phone.port, { direction, version: 2 + i }) }), expect('ACK')]);
  const sipp = new Sipp(t, [
    call('INVITE', OWN_NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }), expectStatus(180, { optional: true }),
    expectStatus(200), call('ACK', OWN_NUMBER, 1, { established: true }), ...held, expect('BYE'), reply('200 OK')], { port: await freePort(), remote: gateway.sip });
  const media = new MediaPeers(t);
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 5);
  await bob.request('transfer', { callsid: ring.callsid, to: 'client:carol' });
  const { payload: second } = await carol.next('invite');
  assert.deepEqual([second.parameters.From, second.parameters.TransferredBy], ['+15550009999', 'client:bob']);
  carol.send('answer', { callsid: second.callsid, sdp: await media.answer('carol', second.sdp, { narrow: true }) });
  await bob.next('hangup');
  await media.receive(['carol'], 20);
  const { length } = phone.received;
  await until(() => phone.received.length > length + 20, 'packets at the phone');
  carol.send('hangup', { callsid: second.callsid });
  await sipp.finished();
  const [first, last] = await until(() => { const all = gateway.logs('call.ended'); return all.length === 2 && all; }, 'both records');
  assert.deepEqual([first.reason, first.caller_trunk, last.reason, last.caller_trunk], ['transferred', 'carrier', 'callee_hangup', 'carrier']);
});

/** A phone that calls bob, who answers; it is put on hold, and taken back when it is joined with somebody. */
async function callsBob(t, gateway, media, ending, { narrow = true } = {}) {
  const bob = await client(t, registered(gateway, 'bob'));
  const phone = await RtpSocket.open(t);
  const directions = ['recvonly', 'sendrecv'].flatMap((direction, i) =>
    [expect('INVITE'), reply('200 OK', { sdp: description(phone.port, { direction, version: 2 + i }) }), expect('ACK')]);
  const sipp = new Sipp(t, [
    call('INVITE', OWN_NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }), expectStatus(180, { optional: true }),
    expectStatus(200), call('ACK', OWN_NUMBER, 1, { established: true }), ...directions, ...ending], { port: await freePort(), remote: gateway.sip });
  const { payload: { callsid, sdp } } = await bob.next('invite');
  bob.send('answer', { callsid, sdp: await media.answer('bob', sdp, narrow ? { narrow } : {}) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port), { tone: 440 });
  await media.receive(['bob'], 5);
  await bob.request('hold', { callsid, on: true });
  await until(() => sipp.told('ACK').length === 2, 'the ACK of the hold');
  return { phone, sipp, bob, callsid };
}

/** What the phone was offered within the call. */
const offered = (sipp) => sipp.told('INVITE').slice(1).map((message) => /^a=(sendonly|sendrecv|inactive|recvonly)/m.exec(message)[1]);
const records = (gateway, count) => until(() => { const all = gateway.logs('call.ended'); return all.length === count && all; }, `${count} records`);
const hungUp = [expect('BYE'), reply('200 OK')];

test('a phone that is on hold is joined with a client that was called beside it', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [OWN_NUMBER]: 'client:bob' } });
  const media = new MediaPeers(t);
  const carol = await client(t, registered(gateway, 'carol'));
  const { phone, sipp, bob, callsid } = await callsBob(t, gateway, media, hungUp);
  invite(bob, 'client:carol', { offer: await media.offer('bob beside', { narrow: true }) });
  const { payload: ring } = await carol.next('invite');
  carol.send('answer', { callsid: ring.callsid, sdp: await media.answer('carol', ring.sdp, { narrow: true }) });
  const { payload: beside } = await bob.next('answer');
  await media.accept('bob beside', beside.sdp);
  await media.receive(['carol', 'bob beside'], 5);
  await bob.request('transfer', { callsid, with: beside.callsid });
  assert.deepEqual((await carol.next('transferred')).payload, { callsid: ring.callsid, party: '+15550009999' });
  await until(() => sipp.told('ACK').length === 3, 'the ACK of the end of the hold');
  assert.deepEqual(offered(sipp), ['sendonly', 'sendrecv']);
  await Promise.all(['bob', 'bob beside'].map((peer) => media.remove(peer)));
  await media.receive(['carol'], 20);
  const { length } = phone.received;
  await until(() => phone.received.length > length + 20, 'packets at the phone');
  carol.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
  const all = await records(gateway, 3);
  const joint = all.at(-1);
  assert.deepEqual(all.slice(0, 2).map(({ from, to, reason, transferred_to }) => [from, to, reason, transferred_to]),
    [['+15550009999', 'client:bob', 'transferred', joint.call], ['client:bob', 'client:carol', 'transferred', joint.call]]);
  assert.deepEqual([joint.from, joint.to, joint.reason, joint.transferred_by, joint.transferred_from, joint.caller_trunk, joint.codec, joint.translated],
    ['+15550009999', 'client:carol', 'callee_hangup', 'client:bob', all[0].call, 'carrier', 'PCMU', 0]);
  assert.ok(joint.caller_packets > 0 && joint.callee_packets > 0, 'both were heard');
});

for (const [what, holdsBoth] of [['the call beside goes on', false], ['both are on hold, and it is the second that is joined with the first', true]]) {
  test(`a phone that called is joined with a phone that was called, by a client without a codec of theirs: ${what}`, { timeout }, async (t) => {
    const port = await freePort();
    const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+1' } }, { numbers: { [OWN_NUMBER]: 'client:bob' } });
    const media = new MediaPeers(t);
    const called = await RtpSocket.open(t);
    const again = (direction, i) => [expect('INVITE'), reply('200 OK', { sdp: description(called.port, { direction, version: 2 + i }) }), expect('ACK')];
    const other = await Sipp.called(t, [...answering(called), ...(holdsBoth ? ['recvonly', 'sendrecv'].flatMap(again) : []),
      awaitNudge(), request('BYE', 1), expectStatus(200)], { port });
    const { phone, sipp, bob, callsid } = await callsBob(t, gateway, media, hungUp, { narrow: false });
    invite(bob, NUMBER, { offer: await media.offer('bob beside') });
    const { payload: beside } = await bob.next('answer');
    await media.accept('bob beside', beside.sdp);
    await until(() => other.told('ACK').length === 1, 'the ACK');
    called.talk(mediaPort(other.messages, called.port), { tone: 620 });
    await media.receive(['bob beside'], 5);
    if (holdsBoth) await bob.request('hold', { callsid: beside.callsid, on: true });
    const [first, second] = holdsBoth ? [beside.callsid, callsid] : [callsid, beside.callsid];
    await bob.request('transfer', { callsid: first, with: second });
    await Promise.all([phone.hears(620), called.hears(440)]);
    assert.deepEqual(offered(sipp), ['sendonly', 'sendrecv']);
    assert.deepEqual(offered(other), holdsBoth ? ['sendonly', 'sendrecv'] : []);
    await other.nudge();
    await Promise.all([sipp.finished(), other.finished()]);
    const all = await records(gateway, 3);
    const [joint, calling] = [all.at(-1), all.find(({ to }) => to === 'client:bob')];
    assert.deepEqual([calling.reason, calling.transferred_to, calling.translated], ['transferred', joint.call, 1]);
    const ends = holdsBoth ? [NUMBER, '+15550009999'] : ['+15550009999', NUMBER];
    assert.deepEqual([joint.from, joint.to, joint.transferred_by, joint.reason], [...ends, 'client:bob', holdsBoth ? 'caller_hangup' : 'callee_hangup']);
    assert.deepEqual([joint.caller_trunk, joint.callee_trunk, joint.caller_codec, joint.codec, joint.translated],
      ['carrier', 'carrier', 'PCMU', 'PCMU', 0]);
    assert.ok(joint.caller_packets > 0 && joint.callee_packets > 0, 'both were heard');
  });
}
