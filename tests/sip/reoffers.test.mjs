// Descriptions later in a call (RFC 3264 section 8): they have the m-lines of those before, and the version of o= says
// whether anything is another than it was.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectStatus, freePort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const config = { sip: { min_session_expires_s: 2 } };
const hungUp = [expect('BYE'), reply('200 OK')];

/** The gateway's descriptions in these messages, in their order. */
const described = (messages) => messages.map((message) => message.slice(message.search(/^v=0/m)).trim()).filter((sdp) => /^o=- /m.test(sdp));
const lines = (sdp) => [...sdp.matchAll(/^m=(\S+) (\d+)/gm)].map(([, media, port]) => [media, port !== '0']);
const version = (sdp) => Number(/^o=- \S+ (\d+) /m.exec(sdp)[1]);
const direction = (sdp) => /^m=audio[^]*?^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(sdp)[1];

/** A phone's description with a picture in front of the sound; refused where it answers us. */
const withVideo = (port, { video = port + 2, ...options } = {}) =>
  description(port, { extra: ['a=mid:sound'], ...options }).replace('m=audio', `m=video ${video} RTP/AVP 96\na=rtpmap:96 H264/90000\na=mid:picture\nm=audio`);
const VIDEO_FIRST = [['video', false], ['audio', true]];

/** A phone calls bob, who answers; afterwards it plays `steps`: {bob, sipp, callsid}. */
async function ring(t, phone, sdp, steps, extra = []) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' }, config });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp, extra }), expectStatus(100, { optional: true }), expectStatus(180), expectStatus(200),
    call('ACK', NUMBER, 1, { established: true }), ...steps, ...hungUp], { port: await freePort(), remote: gateway.sip });
  const { payload } = await bob.next('invite');
  bob.send('answer', { callsid: payload.callsid, sdp: await new MediaPeers(t).answer('bob', payload.sdp, { narrow: true }) });
  await until(() => sipp.told('ACK').length > 0, 'the ACK');
  return { bob, sipp, callsid: payload.callsid };
}

test('a phone with video in front of its audio: hold, refresh and its end have both m-lines', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const timer = ['Supported: timer', 'Session-Expires: 6;refresher=uac'];
  const agree = (direction, version) => [expect('INVITE'), reply('200 OK', { sdp: withVideo(phone.port, { video: 0, direction, version }), extra: timer }), expect('ACK')];
  const { bob, sipp, callsid } = await ring(t, phone, withVideo(phone.port), [...agree('recvonly', 2), ...agree('recvonly', 2), ...agree('sendrecv', 3)],
    ['Supported: timer', 'Session-Expires: 6;refresher=uas']);
  await bob.request('hold', { callsid, on: true });
  await until(() => sipp.told('ACK').length === 3, 'the refresh', 20000 * SLOWNESS);
  await bob.request('hold', { callsid, on: false });
  await until(() => sipp.told('ACK').length === 4, 'the end of the hold');
  bob.send('hangup', { callsid });
  await sipp.finished();
  const [answer] = described(sipp.told('SIP/2.0 200'));
  const offers = described(sipp.told('INVITE'));
  assert.deepEqual([answer, ...offers].map(lines), Array(4).fill(VIDEO_FIRST));
  for (const sdp of [answer, ...offers]) assert.match(sdp, /^m=video 0 RTP\/AVP 96$[^]*^a=mid:picture$[^]*^m=audio[^]*^a=mid:sound$/m);
  assert.deepEqual(offers.map(direction), ['sendonly', 'sendonly', 'sendrecv']);
  assert.deepEqual([answer, ...offers].map(version), [1, 2, 2, 3]);
  assert.equal(offers[1], offers[0], 'a refresh says the same');
});

test('a phone that describes the same again is answered the same; what changes counts up by one', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const again = (sequence, sdp, answer) => [awaitNudge(), call('INVITE', NUMBER, sequence, { established: true, sdp }), expectStatus(100, { optional: true }),
    expectStatus(200), call('ACK', NUMBER, sequence, { established: true, sdp: answer })];
  const held = withVideo(phone.port, { direction: 'sendonly', version: 2 });
  const { bob, sipp, callsid } = await ring(t, phone, withVideo(phone.port), [...again(2, withVideo(phone.port)), ...again(3, held), ...again(4, held),
    ...again(5, undefined, withVideo(phone.port, { video: 0, direction: 'sendonly', version: 2 })), ...again(6, description(phone.port, { version: 3 }))]);
  for (let acks = 2; acks <= 6; acks++) {
    await sipp.nudge();
    await until(() => sipp.told('ACK').length === acks, `ACK number ${acks}`);
  }
  bob.send('hangup', { callsid });
  await sipp.finished();
  const answers = described(sipp.told('SIP/2.0 200'));
  assert.deepEqual(answers.map(version), [1, 1, 2, 2, 3, 4]);
  assert.deepEqual(answers.map(direction), ['sendrecv', 'sendrecv', 'recvonly', 'recvonly', 'sendrecv', 'sendrecv']);
  assert.equal(answers[1], answers[0]);
  assert.equal(answers[3], answers[2]);
  assert.deepEqual(answers.map(lines), [...Array(5).fill(VIDEO_FIRST), [['audio', true]]], 'an INVITE without a description asks for all that there is');
});

test('a refresh says our first offer again, to the letter, as long as it holds', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', session_expires_s: 4 } }, { config });
  const phone = await RtpSocket.open(t);
  const answer = (first) => [reply('200 OK', { first, sdp: description(phone.port), extra: ['Session-Expires: 4;refresher=uac'] }), expect('ACK')];
  const sipp = await Sipp.called(t, [expectInvite(), ...answer(true), expect('INVITE'), ...answer(), expect('INVITE'), ...answer(), ...hungUp], { port });
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  invite(client, '+15551234567', { offer: await new MediaPeers(t).offer('alice') });
  const { payload: { callsid } } = await client.next('answer');
  await until(() => sipp.told('ACK').length === 3, 'two refreshes', 20000 * SLOWNESS);
  client.send('hangup', { callsid });
  await sipp.finished();
  const [first, ...refreshes] = described(sipp.told('INVITE'));
  assert.equal(version(first), 1);
  assert.match(first, /^a=rtpmap:\d+ opus/m, 'more than the phone has taken');
  assert.deepEqual(refreshes, [first, first]);
});
