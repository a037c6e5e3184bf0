// Clients that hold a phone, and offers that cross.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { failure } from '../lib/signal-calls.mjs';
import { awaitNudge, description, expect, expectOffer, expectStatus, mediaPort, reply, replyToInvite, request } from '../lib/sipp.mjs';
import { talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

const agree = (port, direction, version) => [expect('INVITE'), reply('200 OK', { sdp: description(port, { direction, version }) }), expect('ACK')];
const offers = (sipp) => [...sipp.messages.matchAll(/^INVITE [^]*?^o=\S+ \S+ (\d+)[^]*?^a=(sendrecv|sendonly|recvonly|inactive)/gm)]
  .map(([, version, direction]) => [Number(version), direction]);

const acknowledged = (sipp, count) => until(() => (sipp.messages.match(/^ACK/gm) ?? []).length > count, `ACK number ${count + 1}`);

/** After one hold and its end: both talk, the client was told of no hold, and each offer had the next version. */
async function resumed({ client, media, phone, sipp, callsid }) {
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 20);
  assert.deepEqual(client.messages.filter(({ type }) => type === 'hold'), [], 'nobody holds the client');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.deepEqual(offers(sipp), [[1, 'sendrecv'], [2, 'sendonly'], [3, 'sendrecv']]);
}

test('a client that holds: the phone is told, and again when it is over', { timeout }, async (t) => {
  for (const held of ['recvonly', 'inactive']) {
    const talk = await talkToPhone(t, (port) => [...agree(port, held, 2), ...agree(port, 'sendrecv', 3)]);
    const { client, sipp, callsid } = talk;
    await client.request('hold', { callsid, on: true });
    await acknowledged(sipp, 1);
    await client.request('hold', { callsid, on: false });
    await acknowledged(sipp, 2);
    await resumed(talk);
  }
});

test('a client that holds and resumes before the phone has answered: each answer belongs to its own offer', { timeout }, async (t) => {
  const talk = await talkToPhone(t, (port) => [
    expectOffer(), awaitNudge(), replyToInvite('200 OK', description(port, { direction: 'inactive', version: 2 })), expect('ACK'),
    ...agree(port, 'sendrecv', 3)]);
  const { client, sipp, callsid } = talk;
  await client.request('hold', { callsid, on: true });
  await until(() => offers(sipp).length > 1, 'the offer to hold');
  await client.request('hold', { callsid, on: false });
  await sipp.nudge();
  await acknowledged(sipp, 2);
  await resumed(talk);
});

test('an offer that crosses the phone\'s own is made again; what was wanted last is what it says', { timeout }, async (t) => {
  const { client, sipp, callsid } = await talkToPhone(t, (port) => [
    expect('INVITE'), reply('491 Request Pending'), expect('ACK'), ...agree(port, 'recvonly', 2)]);
  const before = Date.now();
  await client.request('hold', { callsid, on: true });
  await until(() => (sipp.messages.match(/^ACK/gm) ?? []).length > 2, 'the ACK of the second try', 10000 * SLOWNESS);
  assert.ok(Date.now() - before >= 2000, 'who made the Call-ID waits 2.1 to 4 seconds');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.deepEqual(offers(sipp).map(([, direction]) => direction), ['sendrecv', 'sendonly', 'sendonly']);
});

test('an offer of the phone that crosses ours is 491, and ours goes on', { timeout }, async (t) => {
  const { client, sipp, callsid } = await talkToPhone(t, (port) => [
    expectOffer(), request('INVITE', 1, { sdp: description(port, { direction: 'sendonly', version: 2 }) }), expectStatus(100, { optional: true }),
    expectStatus(491), request('ACK', 1), replyToInvite('200 OK', description(port, { direction: 'recvonly', version: 2 })), expect('ACK')]);
  await client.request('hold', { callsid, on: true });
  await until(() => sipp.told('ACK').filter((message) => /^CSeq: \d\d+ ACK/m.test(message)).length === 2, 'the ACK of ours');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.deepEqual(client.messages.filter(({ type }) => type === 'hold'), [], 'nobody holds the client');
});

test('a hold that is challenged is asked for again, with the password', { timeout }, async (t) => {
  const challenge = reply('407 Proxy Authentication Required', {
    extra: ['Proxy-Authenticate: Digest realm="carrier", nonce="n1", algorithm=MD5, qop="auth"'] });
  const { client, sipp, callsid } = await talkToPhone(t, (port) => [expect('INVITE'), challenge, expect('ACK'), ...agree(port, 'recvonly', 2)],
    { trunk: { user: 'us', password: 'secret' } });
  await client.request('hold', { callsid, on: true });
  await acknowledged(sipp, 2);
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.match(sipp.messages, /^Proxy-Authorization: Digest .*username="us"/m);
  assert.deepEqual(offers(sipp).map(([, direction]) => direction), ['sendrecv', 'sendonly', 'sendonly']);
});

for (const [name, steps, ending, status] of [
  ['says nothing any more', [], [expect('BYE'), reply('200 OK')], 408],
  ['cannot be reached by its proxy', [reply('408 Request Timeout'), expect('ACK')], [expect('BYE'), reply('200 OK')], 408],
  ['does not know the call any more', [reply('481 Call Does Not Exist'), expect('ACK')], [], 481],
]) {
  test(`the call with a phone that ${name} ends, and the client is told why`, { timeout }, async (t) => {
    const { client, gateway, sipp, callsid } = await talkToPhone(t, () => [expect('INVITE'), ...steps], { ending });
    await client.request('hold', { callsid, on: true });
    const { code, message } = await failure(client, callsid);
    assert.equal(code, 31408);
    assert.match(message, /telephone network/);
    await sipp.finished();
    const record = await until(() => gateway.logs('call.ended')[0], 'the record');
    assert.deepEqual([record.status, record.reason, record.callee_sip_status], ['completed', 'trunk_lost', status]);
  });
}

const challenge = (scheme) => ({ extra: [`WWW-Authenticate: ${scheme} realm="carrier", nonce="n${Math.random()}", algorithm=MD5, qop="auth"`] });
const refused = (status, options) => [expect('INVITE'), reply(status, options), expect('ACK')];

for (const [name, times, trunk, refusal] of [
  ['the phone\'s own trouble', 1, {}, ['500 Server Internal Error', { extra: ['Retry-After: 5'] }]],
  ['a phone that is busy with itself', 1, {}, ['503 Service Unavailable']],
  ['a phone that will not', 1, {}, ['603 Decline']],
  ['a challenge without a password for it', 1, {}, ['401 Unauthorized', challenge('Digest')]],
  ['a challenge that the password does not answer', 2, { user: 'us', password: 'wrong' }, ['401 Unauthorized', challenge('Digest')]],
  ['a challenge by a scheme that shows passwords', 1, { user: 'us', password: 'secret' }, ['401 Unauthorized', challenge('Basic')]],
]) {
  test(`${name} refuses a hold, not the call: it goes on, and so do offers`, { timeout }, async (t) => {
    const { client, media, phone, sipp, callsid } = await talkToPhone(t, (port) => [
      ...Array(times).fill(refused(...refusal)).flat(), ...agree(port, 'sendrecv', 2)], { trunk });
    await client.request('hold', { callsid, on: true });
    await acknowledged(sipp, times);
    phone.talk(mediaPort(sipp.messages, phone.port));
    await client.request('hold', { callsid, on: false });
    await acknowledged(sipp, times + 1);
    await media.receive(['alice'], 20);
    assert.deepEqual(offers(sipp).map(([, direction]) => direction), ['sendrecv', ...Array(times).fill('sendonly'), 'sendrecv']);
    assert.ok(!client.messages.some(({ type }) => type === 'hangup'));
    client.send('hangup', { callsid });
    await sipp.finished();
  });
}

test('a password that the phone has taken, and takes no more, is not shown for ever', { timeout }, async (t) => {
  const { client, sipp, callsid } = await talkToPhone(t, (port) => [
    ...refused('401 Unauthorized', challenge('Digest')), ...refused('401 Unauthorized', challenge('Digest')), ...agree(port, 'sendrecv', 2)],
  { trunk: { user: 'us', password: 'secret' }, before: [expect('INVITE'), reply('401 Unauthorized', { first: true, ...challenge('Digest') }), expect('ACK')] });
  await acknowledged(sipp, 1);
  await client.request('hold', { callsid, on: true });
  await acknowledged(sipp, 3);
  await client.request('hold', { callsid, on: false });
  await acknowledged(sipp, 4);
  client.send('hangup', { callsid });
  await sipp.finished();
});
