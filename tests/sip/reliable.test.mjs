// Provisional responses that are acknowledged (100rel, RFC 3262), both ways, and what an UPDATE does before the answer.
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

const answersTo = (sipp, method, start = 'SIP/2.0 ') => sipp.told(start).filter((message) => new RegExp(`^CSeq: \\d+ ${method}`, 'm').test(message));
const header = (message, name) => new RegExp(`^${name}: *(.*?)\r?$`, 'im').exec(message)?.[1];

// --- phones that call ---

const trying = expectStatus(100, { optional: true });
const ringing = '<recv response="180" rrs="true"><action><ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" assign_to="rseq"/></action></recv>';
const begin = (sdp, extra = ['Require: 100rel']) => call('INVITE', NUMBER, 1, { sdp, extra });
const prack = [call('PRACK', NUMBER, 2, { established: true, extra: ['RAck: [$rseq] 1 INVITE'] }), expectStatus(200)];
const refused = (status, back) => [expectStatus(status), call('ACK', NUMBER, 1, { established: true, back })];
const ack = (sdp) => call('ACK', NUMBER, 1, { established: true, sdp });

/** A phone that plays `steps` calls bob: {gateway, bob, sipp, ring, answer()}. */
async function ring(t, steps) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const sipp = new Sipp(t, steps, { port: await freePort(), remote: gateway.sip });
  const { payload } = await bob.next('invite');
  const answer = async () => bob.send('answer', { callsid: payload.callsid, sdp: await new MediaPeers(t).answer('bob', payload.sdp, { narrow: true }) });
  return { gateway, bob, sipp, callsid: payload.callsid, answer };
}

test('an INVITE that requires it hears of ringing reliably, and of the answer when that is acknowledged', { timeout }, async (t) => {
  const { bob, sipp, callsid, answer } = await ring(t, [begin(description(9)), trying, ringing, awaitNudge(), ...prack, expectStatus(200), ack(), ...hungUp]);
  await answer();
  await until(() => sipp.told('SIP/2.0 180').length > 1, 'the 180 again');
  assert.equal(answersTo(sipp, 'INVITE', 'SIP/2.0 200').length, 0, 'it is not acknowledged yet');
  const [message] = sipp.told('SIP/2.0 180');
  assert.deepEqual([header(message, 'Require'), /^\d+$/.test(header(message, 'RSeq'))], ['100rel', true]);
  await sipp.nudge();
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  bob.send('hangup', { callsid });
  await sipp.finished();
});

test('one that is not acknowledged ends the call', { timeout }, async (t) => {
  const { gateway, bob, sipp, callsid } = await ring(t, [begin(description(9)), trying, ringing, ...refused(504, 3)]);
  assert.equal((await bob.next('cancel')).payload.callsid, callsid);
  await sipp.finished();
  assert.equal((await until(() => gateway.logs('call.ended')[0], 'the record')).reason, 'canceled');
});

test('a refusal does not wait for the acknowledgement', { timeout }, async (t) => {
  const { bob, sipp, callsid } = await ring(t, [begin(description(9)), trying, ringing, awaitNudge(), ...refused(603, 4)]);
  await until(() => sipp.told('SIP/2.0 180').length > 0, 'the 180');
  await sipp.nudge();
  bob.send('reject', { callsid });
  await sipp.finished();
});

test('a phone that can, and need not, hears of ringing as ever', { timeout }, async (t) => {
  const { bob, sipp, callsid, answer } = await ring(t, [begin(description(9), ['Supported: 100rel']), trying, expectStatus(180), expectStatus(200), ack(), ...hungUp]);
  await answer();
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  assert.equal(header(sipp.told('SIP/2.0 180')[0], 'RSeq'), undefined);
  bob.send('hangup', { callsid });
  await sipp.finished();
});

test('without an offer it is not told of ringing: that would have to offer what nobody knows yet', { timeout }, async (t) => {
  const { bob, sipp, callsid, answer } = await ring(t, [begin(undefined), trying, expectStatus(200), ack(description(9)), ...hungUp]);
  await answer();
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  assert.match(answersTo(sipp, 'INVITE', 'SIP/2.0 200')[0], /^m=audio/m);
  bob.send('hangup', { callsid });
  await sipp.finished();
});

test('other extensions that are required are refused', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const sipp = new Sipp(t, [begin(description(9), ['Require: 100rel, precondition, timer']), trying, ...refused(420, 3)], { port: await freePort(), remote: gateway.sip });
  await sipp.finished();
  assert.equal(header(sipp.told('SIP/2.0 420')[0], 'Unsupported'), 'precondition');
});

// --- phones that are called ---

const EXTENSION = '421 Extension Required';
const insist = [expect('INVITE'), reply(EXTENSION, { first: true, extra: ['Require: 100rel'] }), expect('ACK')];
const reliably = (sdp, number = 7) => [reply('183 Session Progress', { first: true, sdp, extra: ['Require: 100rel', `RSeq: ${number}`] }), expect('PRACK'), reply('200 OK')];

/** A client that calls a phone that plays `steps`: {gateway, sipp, client, media}. */
async function dial(t, steps) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+' } });
  const sipp = await Sipp.called(t, steps, { port });
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  invite(client, '+15551234567', { offer: await media.offer('alice', { narrow: true }) });
  return { gateway, sipp, client, media };
}

test('a phone that insists is told that we can; its early answer is the answer, and its UPDATE changes it', { timeout }, async (t) => {
  const [first, second] = [await RtpSocket.open(t), await RtpSocket.open(t)];
  const { client, media, sipp } = await dial(t, [...insist, expectInvite(), ...reliably(description(first.port)), awaitNudge(),
    request('UPDATE', 1, { sdp: description(second.port, { version: 2 }) }), expectStatus(200), awaitNudge(), replyToInvite('200 OK'), expect('ACK'), ...hungUp]);
  const { payload: early } = await client.next('ringing');
  await media.accept('alice', early.sdp);
  const port = mediaPort(sipp.messages, first.port);
  first.talk(port);
  await media.receive(['alice'], 20);
  await until(() => first.received.length > 20, 'packets at the phone');
  assert.deepEqual([header(sipp.told('PRACK')[0], 'RAck').split(' ')[0], /100rel/.test(header(sipp.told('INVITE')[0], 'Supported'))], ['7', false]);
  const [before, again] = sipp.told('INVITE');
  assert.match(again, /^Supported: .*100rel/m);
  assert.equal(header(again, 'Call-ID'), header(before, 'Call-ID'));
  first.close(); // else the gateway would go on sending where it hears the phone from
  await sipp.nudge();
  await until(() => second.received.length > 20, 'packets at the phone\'s other port');
  second.talk(port);
  assert.equal(client.messages.filter(({ type }) => type === 'answer').length, 0, 'nobody has answered');
  await sipp.nudge();
  const { payload: answer } = await client.next('answer');
  second.received.length = 0;
  await until(() => second.received.length > 20, 'packets after the answer');
  await media.receive(['alice'], 20);
  client.send('hangup', { callsid: answer.callsid });
  await sipp.finished();
});

test('an early offer that cannot be had is refused, and the early answer stands', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { client, media, sipp } = await dial(t, [expectInvite(), ...reliably(description(phone.port)),
    request('UPDATE', 1, { sdp: description(9, { formats: '18', version: 2 }) }), expectStatus(488), request('UPDATE', 2), expectStatus(200),
    replyToInvite('200 OK'), expect('ACK'), ...hungUp]);
  const { payload: answer } = await client.next('answer');
  await media.accept('alice', answer.sdp);
  phone.talk(mediaPort(sipp.told('INVITE')[0], phone.port));
  await media.receive(['alice'], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  client.send('hangup', { callsid: answer.callsid });
  await sipp.finished();
});

test('a 200 without an answer, and none before it, ends the call', { timeout }, async (t) => {
  const { client, sipp } = await dial(t, [expectInvite(), replyToInvite('180 Ringing'), replyToInvite('200 OK'), expect('ACK'), ...hungUp]);
  assert.equal((await client.next('hangup')).payload.error.code, 53402);
  await sipp.finished();
});

test('a phone that does not say what it wants, or wants it again, has refused', { timeout }, async (t) => {
  for (const steps of [[expect('INVITE'), reply(EXTENSION, { first: true }), expect('ACK')], [...insist, ...insist]]) {
    const { client, sipp, gateway } = await dial(t, steps);
    assert.equal((await client.next('hangup')).payload.error.code, 31503);
    await sipp.finished();
    await gateway.stop();
  }
});
