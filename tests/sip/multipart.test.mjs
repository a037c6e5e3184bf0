// Bodies of several parts (RFC 5621): the description beside what carriers add to it.
// The one thing to know: `parts` makes such a body, and `carrying` puts it into a message in place of its description.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectStatus, freePort, mediaPort, reply, replyToInvite, request, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const hungUp = [expect('BYE'), reply('200 OK')];

const MIXED = 'Content-Type: multipart/mixed;boundary="the;bound"';
const ALTERNATIVE = 'Content-Type: multipart/alternative; boundary=other';
const parts = (...all) => `${all.map((part) => `--the;bound\n${part}\n`).join('')}--the;bound--`;
const alternatives = (...all) => parts(...all).replaceAll('the;bound', 'other');
const SDP = (...options) => `Content-Type: application/sdp\n\n${description(...options)}`;
const ISUP = 'Content-Type: application/isup;version=itu-t92+\nContent-Disposition: signal;handling=optional\n\n01 10 60 01';
const PLACE = 'Content-Type: application/pidf+xml\nContent-ID: <here@example.com>\n\n<presence/>';
const REQUIRED = ISUP.replace('optional', 'required');

const carrying = (step, ...headers) => step.replace('Content-Type: application/sdp', headers.join('\n'));
const inviting = (body, ...headers) => carrying(call('INVITE', NUMBER, 1, { sdp: body }), ...headers);

/** A phone that plays `steps` towards bob's number. */
async function phoning(t, steps) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  return { gateway, bob, sipp: new Sipp(t, steps, { port: await freePort(), remote: gateway.sip }) };
}

/** bob answers, hears the phone, and hangs up. */
async function talks(t, bob, sipp, phone) {
  const { payload } = await bob.next('invite');
  const media = new MediaPeers(t);
  bob.send('answer', { callsid: payload.callsid, sdp: await media.answer('bob', payload.sdp, { narrow: true }) });
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 20);
  bob.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
}

for (const [what, body, header] of [
  ['beside a location and ISUP', (port) => parts(PLACE, ISUP, SDP(port)), MIXED],
  ['behind a preamble', (port) => `for those who know no parts\n${parts(SDP(port), ISUP)}`, MIXED],
  ['as the last alternative', (port) => alternatives('Content-Type: text/plain\n\nhello', SDP(9, { formats: '18' }), SDP(port)), ALTERNATIVE],
  ['as the alternative that is understood', (port) => alternatives(SDP(port), REQUIRED), ALTERNATIVE],
  ['in parts within parts', (port) => parts(`${ALTERNATIVE}\n\n${alternatives(SDP(port))}`, ISUP), MIXED],
]) {
  test(`an offer ${what} is the call's`, { timeout }, async (t) => {
    const phone = await RtpSocket.open(t);
    const { bob, sipp } = await phoning(t, [inviting(body(phone.port), header), expectStatus(100, { optional: true }), expectStatus(180), expectStatus(200),
      call('ACK', NUMBER, 1, { established: true }), ...hungUp]);
    await talks(t, bob, sipp, phone);
  });
}

test('parts without a description are an INVITE without an offer; the answer may be in parts, too', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { bob, sipp } = await phoning(t, [inviting(parts(PLACE, ISUP), MIXED), expectStatus(100, { optional: true }), expectStatus(180), expectStatus(200),
    carrying(call('ACK', NUMBER, 1, { established: true, sdp: parts(SDP(phone.port), ISUP) }), MIXED), ...hungUp]);
  await talks(t, bob, sipp, phone);
});

test('what is required and not known, and what has no boundary or no end, is refused', { timeout }, async (t) => {
  const cases = [
    [415, parts(SDP(9), REQUIRED), MIXED],
    [415, parts('Content-Type: application/sdp\nContent-Encoding: gzip\n\nv=0', ISUP), MIXED],
    [415, alternatives('Content-Type: text/plain\n\nhello', ISUP), ALTERNATIVE],
    [400, parts(SDP(9)), 'Content-Type: multipart/mixed'],
    [400, parts(SDP(9)), 'Content-Type: multipart/mixed;boundary=none'],
    [400, parts(SDP(9)).slice(0, -2), MIXED],
    [488, parts('Content-Type: application/sdp\n\nv=1', ISUP), MIXED],
  ];
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  for (const [status, body, header] of cases) {
    const sipp = new Sipp(t, [inviting(body, header), expectStatus(100, { optional: true }), expectStatus(status),
      call('ACK', NUMBER, 1, { established: true, back: 3 })], { port: await freePort(), remote: gateway.sip });
    await sipp.finished();
    if (status === 415) assert.match(sipp.told('SIP/2.0 415')[0], /^Accept: ?application\/sdp, ?multipart\/mixed, ?multipart\/alternative\r?$/m);
  }
  assert.deepEqual((await gateway.logged('sip.refused', cases.length)).map(({ reason, status }) => [reason, status]),
    cases.map(([status]) => [{ 415: 'media_type', 400: 'body', 488: 'incompatible' }[status], status]));
});

/** alice calls a phone whose early media, with `early`, and answer are described in parts, and which plays `steps(port)` behind the ACK. */
async function dial(t, steps, early = []) {
  const phone = await RtpSocket.open(t);
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+' } });
  const sipp = await Sipp.called(t, [expectInvite(), ...early.map((status) => answering(status, phone.port)), ...(early.length > 0 ? [awaitNudge()] : []),
    ...(early.length > 0 ? [carrying(replyToInvite('200 OK', parts(ISUP, SDP(phone.port))), MIXED)] : [answering('200 OK', phone.port)]),
    expect('ACK'), ...steps(phone.port), ...hungUp], { port });
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const media = new MediaPeers(t);
  invite(client, '+15551234567', { offer: await media.offer('alice', { narrow: true }) });
  return { client, media, phone, sipp };
}
const answering = (status, port) => carrying(reply(status, { first: true, sdp: parts(ISUP, SDP(port)) }), MIXED);

test('early media and the answer of a phone that is called', { timeout }, async (t) => {
  const { client, media, phone, sipp } = await dial(t, () => [], ['183 Session Progress']);
  await media.accept('alice', (await client.next('ringing')).payload.sdp);
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 20);
  await sipp.nudge();
  const { payload } = await client.next('answer');
  await media.receive(['alice'], 20);
  client.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
});

test('within a call: an offer by UPDATE and by re-INVITE, an answer to ours, and what is refused', { timeout }, async (t) => {
  const { client, media, sipp } = await dial(t, (port) => [
    carrying(request('UPDATE', 1, { sdp: parts(ISUP, SDP(port, { direction: 'sendonly', version: 2 })) }), MIXED), expectStatus(200), awaitNudge(),
    carrying(request('INVITE', 2, { sdp: parts(SDP(port, { version: 3 }), PLACE) }), MIXED), expectStatus(100, { optional: true }), expectStatus(200), request('ACK', 2),
    carrying(request('UPDATE', 3, { sdp: parts(SDP(port, { direction: 'inactive', version: 4 }), REQUIRED) }), MIXED), expectStatus(415),
    carrying(request('INVITE', 4, { sdp: parts(SDP(port)) }), 'Content-Type: multipart/mixed;boundary=none'), expectStatus(100, { optional: true }), expectStatus(400), request('ACK', 4),
    awaitNudge(), expect('INVITE'), carrying(reply('200 OK', { sdp: parts(ISUP, SDP(port, { direction: 'recvonly', version: 5 })) }), MIXED), expect('ACK')]);
  const { payload } = await client.next('answer');
  await media.accept('alice', payload.sdp);
  assert.equal((await client.next('hold')).payload.on, true);
  await sipp.nudge();
  assert.equal((await client.next('hold')).payload.on, false);
  await until(() => sipp.told('ACK').length === 3, 'the ACK of the refusal');
  await sipp.nudge();
  await client.request('hold', { callsid: payload.callsid, on: true });
  await until(() => sipp.told('ACK').length === 4, 'the ACK of the hold');
  client.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
  assert.deepEqual(client.messages.filter(({ type }) => type === 'hold').map((message) => message.payload.on), [true, false]);
});
