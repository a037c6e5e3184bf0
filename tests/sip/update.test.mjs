// UPDATE (RFC 3311): what it asks for is done as a re-INVITE's is, and it crosses nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectOffer, expectStatus, freePort, mediaPort, reply, replyToInvite, request, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { SrtpKey } from '../lib/srtp.mjs';
import { startTelephony, talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const hungUp = [expect('BYE'), reply('200 OK')];

const toUpdates = (sipp) => sipp.told('SIP/2.0 ').filter((message) => /^CSeq: \d+ UPDATE/m.test(message));

const update = (sequence, sdp, status = 200) => [request('UPDATE', sequence, { sdp }), expectStatus(status)];

test('without a description it is a refresh, and may move the phone', { timeout }, async (t) => {
  const { client, sipp, callsid } = await talkToPhone(t, () => [request('UPDATE', 1).replace('sip:phone@', 'sip:moved@'), expectStatus(200)]);
  await until(() => toUpdates(sipp).length === 1, 'the answer');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.doesNotMatch(toUpdates(sipp)[0], /^m=/m);
  assert.match(toUpdates(sipp)[0], /^Contact: /m);
  assert.match(sipp.told('BYE')[0], /^BYE sip:moved@/m);
});

test('with an offer: a hold, its end, media elsewhere', { timeout }, async (t) => {
  const other = await RtpSocket.open(t);
  const { client, media, phone, sipp, callsid } = await talkToPhone(t, (port) => [
    awaitNudge(), ...update(1, description(port, { direction: 'sendonly', version: 2 })), awaitNudge(), ...update(2, description(other.port, { version: 3 }))]);
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  await sipp.nudge();
  assert.equal((await client.next('hold')).payload.on, true);
  await until(() => toUpdates(sipp).length === 1, 'the answer to the hold');
  assert.match(toUpdates(sipp)[0], /^a=recvonly/m);
  await sipp.nudge();
  assert.equal((await client.next('hold')).payload.on, false);
  await until(() => toUpdates(sipp).length === 2, 'the answer');
  assert.match(toUpdates(sipp)[1], /^a=sendrecv/m);
  other.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 20);
  await until(() => other.received.length > 20, 'packets at the phone\'s other port');
  client.send('hangup', { callsid });
  await sipp.finished();
});

test('with an offer under another key', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const [first, second] = [new SrtpKey(), new SrtpKey()];
  const secure = (key, version) => description(phone.port, { profile: 'SAVP', extra: [key.line], version });
  const { client, media, sipp, callsid } = await talkToPhone(t, () => [awaitNudge(), ...update(1, secure(second, 2))],
    { trunk: { srtp: 'required' }, phone, says: () => secure(first, 1) });
  const port = mediaPort(sipp.messages, phone.port);
  phone.srtp = { ours: first, theirs: SrtpKey.read(sipp.told('INVITE')[0], [first, second], 1) };
  phone.talk(port);
  await media.receive(['alice'], 20);
  await sipp.nudge();
  await until(() => toUpdates(sipp).length === 1, 'the answer');
  phone.srtp = { ours: second, theirs: SrtpKey.read(toUpdates(sipp)[0], [first, second], 1) };
  await media.receive(['alice'], 20);
  phone.received.length = 0;
  await until(() => phone.received.length > 20, 'packets at the phone');
  client.send('hangup', { callsid });
  await sipp.finished();
});

for (const [method, answer] of [['UPDATE', []], ['INVITE', [request('ACK', 1)]]]) {
  test(`a body of another type within a call (${method}) is 415, and nothing changes`, { timeout }, async (t) => {
    const foreign = request(method, 1, { sdp: 'hello', type: 'text/plain' });
    const { client, media, phone, sipp, callsid } = await talkToPhone(t, () => [
      awaitNudge(), foreign, expectStatus(100, { optional: true }), expectStatus(415), ...answer]);
    await until(() => sipp.told('ACK').length === 1, 'the ACK');
    await sipp.nudge();
    const [refusal] = await until(() => { const all = sipp.told('SIP/2.0 415'); return all.length > 0 && all; }, 'the refusal');
    assert.match(refusal, /^Accept: ?application\/sdp, ?multipart\/mixed, ?multipart\/alternative\r?$/m);
    phone.talk(mediaPort(sipp.messages, phone.port));
    await media.receive(['alice'], 20);
    client.send('hangup', { callsid });
    await sipp.finished();
    assert.equal(client.messages.filter(({ type }) => type === 'hold').length, 0);
  });
}

test('an offer of no use is refused, and nothing changes', { timeout }, async (t) => {
  const { client, media, phone, sipp, callsid } = await talkToPhone(t, (port) => [
    awaitNudge(), ...update(1, description(port, { formats: '18', version: 2 }), 488), ...update(2, description(port, { address: '192.0.2.1', version: 2 }), 488),
    ...update(3, 'v=1', 488)], { trunk: { media_addresses: '127.0.0.0/8' } });
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  await sipp.nudge();
  await until(() => toUpdates(sipp).length === 3, 'the refusals');
  assert.match(toUpdates(sipp)[0], /^Warning: 305/m);
  assert.match(toUpdates(sipp)[1], /^Warning: 399/m);
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 20);
  client.send('hangup', { callsid });
  await sipp.finished();
});

test('while an offer of ours waits: 491 to an offer, 200 to a refresh', { timeout }, async (t) => {
  const { client, sipp, callsid } = await talkToPhone(t, (port) => [
    expectOffer(), ...update(1, description(port, { direction: 'sendonly', version: 2 }), 491), ...update(2),
    replyToInvite('200 OK', description(port, { direction: 'recvonly', version: 2 })), expect('ACK')]);
  await client.request('hold', { callsid, on: true });
  await until(() => sipp.told('ACK').length === 2, 'the second ACK');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.deepEqual(client.messages.filter(({ type }) => type === 'hold'), []);
});

test('a phone that calls: before the answer a refresh is taken, an offer is too early', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const phone = await RtpSocket.open(t);
  const inDialog = (method, sequence, sdp) => call(method, NUMBER, sequence, { established: true, sdp });
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }), expectStatus(180),
    inDialog('UPDATE', 2), expectStatus(200), inDialog('UPDATE', 3, description(phone.port, { version: 2 })), expectStatus(500), awaitNudge(),
    expectStatus(200), call('ACK', NUMBER, 1, { established: true }), inDialog('UPDATE', 4, description(phone.port, { version: 2, direction: 'sendonly' })),
    expectStatus(200), ...hungUp], { port: await freePort(), remote: gateway.sip });
  const { payload } = await bob.next('invite');
  await until(() => toUpdates(sipp).length === 2, 'both answers');
  assert.match(toUpdates(sipp)[1], /^Retry-After: ([0-9]|10)\r?$/m);
  await sipp.nudge();
  bob.send('answer', { callsid: payload.callsid, sdp: await new MediaPeers(t).answer('bob', payload.sdp, { narrow: true }) });
  assert.equal((await bob.next('hold')).payload.on, true);
  bob.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
});

test('a phone that is called: an offer before it has answered ours crosses that', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+' } });
  const sdp = description(9);
  const sipp = await Sipp.called(t, [expectInvite(), replyToInvite('180 Ringing'), ...update(1, sdp, 491), replyToInvite('200 OK', sdp), expect('ACK'), ...hungUp], { port });
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  invite(client, '+15551234567', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) });
  const { payload } = await client.next('answer');
  client.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
});
