// Phones that are heard before they answer, and calls that are forked to several phones.
// The one thing to know: "heard" is packets at the client's peer; what they sound like in a browser is in tests/browser.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite } from '../lib/signal-calls.mjs';
import { description, expect, expectInvite, freePort, mediaPort, pause, reply, replyAs, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { SrtpKey } from '../lib/srtp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15551234567';

/** A client that calls a phone that plays `steps`: {gateway, sipp, client, media, callsid}. */
async function dial(t, steps, options = {}) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', ...options.trunk } }, options);
  const sipp = await Sipp.called(t, steps, { port });
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  invite(client, NUMBER, { offer: await media.offer('alice', { narrow: true }) });
  return { gateway, sipp, client, media };
}

test('early media is heard before the answer, which tells the same description again', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const sdp = description(phone.port);
  const { client, media, sipp, gateway } = await dial(t, [
    expectInvite(), reply('180 Ringing', { first: true }), reply('183 Session Progress', { first: true, sdp }), pause(2000),
    reply('200 OK', { first: true, sdp }), expect('ACK'), expect('BYE'), reply('200 OK')]);
  assert.equal((await client.next('ringing')).payload.sdp, undefined);
  const { payload: early } = await client.next('ringing');
  await media.accept('alice', early.sdp);
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  assert.equal(client.messages.filter(({ type }) => type === 'answer').length, 0, 'it was heard before the answer');
  assert.equal((await gateway.metrics()).get('callgate_calls{state="ringing"}'), 1);
  const { payload: answer } = await client.next('answer');
  assert.equal(answer.sdp, early.sdp);
  assert.ok(answer.reconnect);
  await media.receive(['alice'], 20);
  client.send('hangup', { callsid: answer.callsid });
  await sipp.finished();
});

test('a phone with early media may be silent while it rings, but not once it has answered', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const sdp = description(phone.port);
  const { client, media, sipp, gateway } = await dial(t, [
    expectInvite(), reply('183 Session Progress', { first: true, sdp }), pause(2500), reply('200 OK', { first: true, sdp }), expect('ACK'),
    expect('BYE'), reply('200 OK')], { config: { media: { rtp_timeout_ms: 1000 } } });
  const { payload: early } = await client.next('ringing');
  await media.accept('alice', early.sdp);
  const { payload: answer } = await client.next('answer');
  assert.equal(answer.sdp, early.sdp);
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 20);
  phone.close();
  await client.next('hangup');
  await sipp.finished();
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.deepEqual([record.reason, record.callee_media_end, record.status], ['media_lost', 'media_timeout', 'completed']);
});

test('early media that we do not speak is only ringing; the caller may give up', { timeout }, async (t) => {
  const { client, sipp } = await dial(t, [
    expectInvite(), reply('183 Session Progress', { first: true, sdp: description(9, { formats: '18' }) }), expect('CANCEL'), reply('200 OK')]);
  const { payload } = await client.next('ringing');
  assert.equal(payload.sdp, undefined);
  client.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
});

test('a forked call: the last early media is heard, the answer decides, a second answer is hung up on', { timeout }, async (t) => {
  const [first, second] = [await RtpSocket.open(t), await RtpSocket.open(t)];
  const { client, media, sipp } = await dial(t, [
    expectInvite(), replyAs('a', '183 Session Progress', description(first.port)), pause(1000),
    replyAs('b', '183 Session Progress', description(second.port)), pause(1500),
    replyAs('a', '200 OK', description(first.port)), expect('ACK'),
    replyAs('b', '200 OK', description(second.port)), expect('ACK'), expect('BYE'), reply('200 OK'), // of branch b
    expect('BYE'), reply('200 OK')]);
  const { payload: early } = await client.next('ringing');
  await media.accept('alice', early.sdp);
  const port = mediaPort(sipp.messages, first.port);
  first.talk(port);
  second.talk(port);
  await until(() => first.received.length > 10, 'packets at the first branch');
  await until(() => second.received.length > 10, 'packets at the second branch');
  const { payload: answer } = await client.next('answer');
  const before = first.received.length;
  await until(() => first.received.length > before + 20, 'packets at the branch that answered');
  await media.receive(['alice'], 20);
  await until(() => (sipp.messages.match(/^ACK/gm) ?? []).length > 1, 'the ACK of the second branch');
  client.send('hangup', { callsid: answer.callsid });
  await sipp.finished();
  const byes = [...sipp.messages.matchAll(/^BYE[^]*?^To: .*tag=(\w+)/gm)].map(([, tag]) => tag);
  assert.deepEqual(byes.map((tag) => tag[0]), ['b', 'a']);
});

test('a forked call: the branch that answers has chosen another suite than the one that was heard', { timeout }, async (t) => {
  const [first, second] = [await RtpSocket.open(t), await RtpSocket.open(t)];
  const keys = [new SrtpKey({ tag: 1 }), new SrtpKey({ tag: 2, suite: 'AES_CM_128_HMAC_SHA1_32' })];
  const secure = (phone, key) => description(phone.port, { profile: 'SAVP', extra: [key.line] });
  const { client, media, sipp } = await dial(t, [
    expectInvite(), replyAs('a', '183 Session Progress', secure(first, keys[0])), pause(2000), replyAs('b', '200 OK', secure(second, keys[1])), expect('ACK'),
    expect('BYE'), reply('200 OK')], { trunk: { srtp: 'required' } });
  const { payload: early } = await client.next('ringing');
  await media.accept('alice', early.sdp);
  const port = mediaPort(sipp.messages, first.port);
  const [offer] = sipp.messages.split('SIP/2.0 183');
  for (const [i, phone] of [first, second].entries()) phone.srtp = { ours: keys[i], theirs: SrtpKey.read(offer, keys, i + 1) };
  first.talk(port);
  await media.receive(['alice'], 20);
  await until(() => first.received.length > 10, 'packets at the branch that is heard');
  const { payload: answer } = await client.next('answer');
  second.talk(port);
  await until(() => second.received.length > 20, 'packets at the branch that answered');
  await media.receive(['alice'], 20);
  assert.equal(second.refused, 0);
  client.send('hangup', { callsid: answer.callsid });
  await sipp.finished();
});
