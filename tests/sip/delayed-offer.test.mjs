// Phones that call without an offer: the 200 has ours, the ACK the answer (RFC 3261 section 13.2.1).
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';

const OFFERLESS = [call('INVITE', NUMBER, 1), expectStatus(100, { optional: true }), expectStatus(180), expectStatus(200)];
const ack = (sdp) => call('ACK', NUMBER, 1, { established: true, sdp });
const hungUp = [expect('BYE'), reply('200 OK')];

/** A phone that plays `steps` calls bob, who answers: {gateway, bob, media, sipp, callsid}. */
async function ring(t, steps, { trunk } = {}) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1', ...trunk } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const sipp = new Sipp(t, steps, { port: await freePort(), remote: gateway.sip });
  const { payload } = await bob.next('invite');
  const media = new MediaPeers(t);
  bob.send('answer', { callsid: payload.callsid, sdp: await media.answer('bob', payload.sdp, { narrow: true, tone: 620 }) });
  return { gateway, bob, media, sipp, callsid: payload.callsid };
}

/** The description in the 200 to the INVITE. */
const offerIn = (messages) => messages.slice(messages.search(/^SIP\/2\.0 200/m)).split(/^-----/m)[0];

test('an INVITE without an offer: ours is in the 200, media begins with the ACK', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { bob, media, sipp, callsid, gateway } = await ring(t, [...OFFERLESS, awaitNudge(), ack(description(phone.port)), ...hungUp]);
  await until(() => /^CSeq: 1 INVITE[^]*?^m=audio/m.test(sipp.messages), 'the offer');
  const offer = offerIn(sipp.messages);
  assert.match(offer, /^a=rtpmap:0 PCMU\/8000/m);
  assert.match(offer, /^a=rtpmap:9 G722\/8000/m, 'what is translated is offered, too');
  assert.match(offer, /^a=sendrecv/m);
  const port = mediaPort(sipp.messages, phone.port);
  await sipp.nudge();
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(port);
  await media.receive(['bob'], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  bob.send('hangup', { callsid });
  await sipp.finished();
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.deepEqual([record.reason, record.caller_codec], ['callee_hangup', 'PCMU']);
});

test('the phone chooses a codec that the client does not have: it is translated', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { bob, media, sipp, callsid, gateway } = await ring(t,
    [...OFFERLESS, ack(description(phone.port, { formats: '9', extra: ['a=rtpmap:9 G722/8000'] })), ...hungUp]);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port), { codec: 'G722', tone: 440 });
  await Promise.all([media.hears('bob', 440), phone.hears(620, 'G722')]);
  bob.send('hangup', { callsid });
  await sipp.finished();
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.deepEqual([record.caller_codec, record.translated], ['G722', 1]);
});

test('a hold before the ACK waits for it', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { bob, sipp, callsid } = await ring(t, [...OFFERLESS, awaitNudge(), ack(description(phone.port)),
    expect('INVITE'), reply('200 OK', { sdp: description(phone.port, { direction: 'recvonly', version: 2 }) }), expect('ACK'), ...hungUp]);
  await until(() => /^CSeq: 1 INVITE[^]*?^m=audio/m.test(sipp.messages), 'the offer');
  await bob.request('hold', { callsid, on: true });
  assert.doesNotMatch(sipp.messages, /^INVITE[^]*?a=sendonly/m);
  await sipp.nudge();
  await until(() => (sipp.messages.match(/^ACK/gm) ?? []).length > 1, 'the ACK of our re-INVITE');
  assert.match(sipp.messages, /^a=sendonly/m);
  bob.send('hangup', { callsid });
  await sipp.finished();
});

test('an ACK without an answer, or with one of no use, ends the call', { timeout }, async (t) => {
  const cases = [
    [undefined, 'incompatible'],
    ['v=1', 'incompatible'],
    [description(9, { formats: '18' }), 'incompatible'],
    [description(9, { address: '192.0.2.1' }), 'media_address', { media_addresses: '127.0.0.0/8' }],
  ];
  for (const [sdp, reason, trunk] of cases) {
    const { gateway, bob, sipp, callsid } = await ring(t, [...OFFERLESS, ack(sdp), ...hungUp], { trunk });
    const { payload } = await bob.next('hangup');
    assert.deepEqual([payload.callsid, payload.error.code], [callsid, 53402]);
    await sipp.finished();
    assert.equal((await until(() => gateway.logs('call.ended')[0], 'the record')).reason, reason);
    await gateway.stop();
  }
});

/** An INVITE whose body has these headers, and what it is refused with. */
const refused = async (t, gateway, status, sdp, ...headers) => {
  const sipp = new Sipp(t, [carrying(sdp, ...headers), expectStatus(100, { optional: true }), expectStatus(status),
    call('ACK', NUMBER, 1, { established: true, back: 3 })], { port: await freePort(), remote: gateway.sip });
  await sipp.finished();
  return sipp.told(`SIP/2.0 ${status}`)[0];
};
const carrying = (sdp, ...headers) => call('INVITE', NUMBER, 1, { sdp }).replace('Content-Type: application/sdp', headers.join('\n'));
const TEXT = 'Content-Type: text/plain';

test('a body that is no description is no INVITE without an offer: it is told what would be taken', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const foreign = [
    ['hello', TEXT],
    ['hello', TEXT, 'Content-Disposition: session;handling=required'],
    ['hello', 'Subject: nothing says what it is'],
    [description(9), 'Content-Type: application/sdp', 'Content-Encoding: gzip'],
  ];
  for (const [sdp, ...headers] of foreign) {
    const refusal = await refused(t, gateway, 415, sdp, ...headers);
    assert.match(refusal, /^Accept: ?application\/sdp, ?multipart\/mixed, ?multipart\/alternative\r?$/m, headers.join());
    assert.match(refusal, /^Accept-Encoding: ?identity\r?$/m, headers.join());
  }
  const broken = await refused(t, gateway, 488, 'v=1', 'Content-Type: application/sdp');
  assert.doesNotMatch(broken, /^Accept/m);
  const reasons = (await gateway.logged('sip.refused', foreign.length + 1)).map(({ reason, status }) => [reason, status]);
  assert.deepEqual(reasons, [...foreign.map(() => ['media_type', 415]), ['incompatible', 488]]);
});

for (const [what, invite] of [
  ['another body that may be passed over is no offer', carrying('hello', TEXT, 'Content-Disposition: render;handling=optional')],
  ['an encoding that is none is none', carrying(description(9), 'Content-Type: application/SDP', 'Content-Encoding: identity')],
]) {
  test(what, { timeout }, async (t) => {
    const offers = invite.includes('m=audio');
    const { bob, sipp, callsid } = await ring(t, [invite, ...OFFERLESS.slice(1), ack(offers ? undefined : description(9)), ...hungUp]);
    await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
    bob.send('hangup', { callsid });
    await sipp.finished();
    assert.match(offerIn(sipp.messages), offers ? /^m=audio \d+ RTP\/AVP 0 101\r?$/m : /^a=rtpmap:9 G722/m);
  });
}

test('with keys: the 200 offers them, the ACK answers one', { timeout }, async (t) => {
  const key = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 7).toString('base64')}`;
  const { bob, sipp, callsid, gateway } = await ring(t,
    [...OFFERLESS, ack(description(9, { profile: 'SAVP', extra: [key] })), ...hungUp], { trunk: { srtp: 'required' } });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  const offer = offerIn(sipp.messages);
  assert.match(offer, /^m=audio \d+ RTP\/SAVP /m);
  assert.match(offer, /^a=crypto:1 AES_CM_128_HMAC_SHA1_80/m);
  await bob.request('hold', { callsid, on: false });
  bob.send('hangup', { callsid });
  await sipp.finished();
  assert.equal((await until(() => gateway.logs('call.ended')[0], 'the record')).reason, 'callee_hangup');
});
