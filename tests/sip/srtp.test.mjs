// SRTP with keys in the descriptions (SDES, RFC 4568) on trunks: who is let in, and that nothing goes in the clear.
// The one thing to know: the phone's SRTP is Node's ciphers (lib/srtp.mjs), so both ends agree by the RFCs only.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { answerTo, fullReport, receiverReport } from '../lib/rtcp.mjs';
import { connect, failure, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { derive, SrtpKey } from '../lib/srtp.mjs';
import { dropped, startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const KEY = 'PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR';
const SUITES = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];

test('the phone\'s keys are derived as RFC 3711, appendix B.3, has it', () => {
  const master = Buffer.from('e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6', 'hex');
  assert.equal(derive(master, 0, 16).toString('hex'), 'c61e7a93744f39ee10734afe3ff7a087');
  assert.equal(derive(master, 2, 14).toString('hex'), '30cbbc08863d8c85d49db34a9ae1');
  assert.equal(derive(master, 1, 20).toString('hex'), 'cebe321f6ff7716b6fd4ab49af256a156d38baa4');
});

const start = (t, srtp, options = {}) =>
  startTelephony(t, { carrier: { hosts: '127.0.0.1', srtp, ...options } }, { numbers: { [NUMBER]: 'client:bob' } });

const secure = (port, lines, options = {}) => description(port, { profile: 'SAVP', ...options, extra: lines });
const INVITE = (sdp) => call('INVITE', NUMBER, 1, { sdp });
const ANSWERED = [expectStatus(100, { optional: true }), expectStatus(180, { optional: true }), expectStatus(200),
  call('ACK', NUMBER, 1, { established: true })];

/** A phone that calls bob, who answers: {bob, callsid, media, sipp, phone}; `steps` follow the ACK. */
async function incoming(t, gateway, sdp, phone, steps = [expect('BYE'), reply('200 OK')]) {
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const media = new MediaPeers(t);
  const sipp = new Sipp(t, [INVITE(sdp), ...ANSWERED, ...steps], { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  return { bob, callsid: ring.callsid, media, sipp };
}

async function hangUp({ bob, callsid, sipp }) {
  bob.send('hangup', { callsid });
  await sipp.finished();
}

/** Nothing of a call's keys is in the log. */
function assertNoKeys(gateway, ...keys) {
  for (const { inline } of keys) assert.ok(!gateway.lines.some((line) => line.includes(inline)), 'a key is in the log');
}

for (const [index, suite] of SUITES.entries()) {
  test(`${suite}: a phone calls a client, RTCP on the same port; what is in the clear is not taken`, { timeout }, async (t) => {
    const gateway = await start(t, index === 0 ? 'required' : 'optional');
    const phone = await RtpSocket.open(t);
    const ours = new SrtpKey({ tag: 7, suite });
    const offered = ['a=crypto:3 AES_256_CM_HMAC_SHA1_80 inline:unknown', ours.line, new SrtpKey({ tag: 8 }).line, 'a=rtcp-mux'];
    const made = await incoming(t, gateway, secure(phone.port, offered), phone);
    const theirs = SrtpKey.read(made.sipp.messages, [ours], 7);
    const port = mediaPort(made.sipp.messages, phone.port);
    assert.equal(theirs.suite, suite);
    assert.match(made.sipp.messages, new RegExp(`m=audio ${port} RTP/SAVP `));
    for (let i = 0; i < 20; i++) phone.send(port);
    await until(async () => await dropped(gateway, 'unauthenticated') >= 20, 'drops of what is in the clear');
    assert.equal((await made.media.count('bob')).received, 0);
    phone.srtp = { ours, theirs };
    phone.received.length = 0; // what came before the keys were known
    phone.talk(port);
    await made.media.receive(['bob'], 20);
    await until(() => phone.received.length > 20, 'packets at the phone');
    assert.deepEqual([phone.received[5].type, phone.received[5].payload.length], [0, 160]);
    const report = await until(() => fullReport(phone), 'a report at the phone', 20000 * SLOWNESS);
    phone.report(port, answerTo(report, 100, { lost: 7 }));
    phone.raw(port, receiverReport(phone.ssrc, answerTo(report, 900, { lost: 99 }))); // in the clear
    await until(async () => await dropped(gateway, 'malformed') >= 1, 'the drop of that'); // its flag says that it is not encrypted
    assert.equal(await dropped(gateway, 'unauthenticated'), 20);
    assert.equal(phone.refused, 0);
    await hangUp(made);
    const [{ caller_rtt_us: roundTrip, caller_lost_remote: lost }] = await gateway.logged('call.ended');
    assert.ok(roundTrip >= 100000 && roundTrip < 600000 * SLOWNESS, `a round trip of ${roundTrip} us`);
    assert.equal(lost, 7);
    assertNoKeys(gateway, ours, theirs);
  });
}

test('optional: what phones offer is answered so', { timeout }, async (t) => {
  const ours = new SrtpKey({ tag: 4 });
  for (const [profile, extra, keyed] of [['AVP', [], false], ['AVP', [ours.line], true], ['SAVP', [ours.line], true]]) {
    const gateway = await start(t, 'optional');
    const phone = await RtpSocket.open(t);
    const made = await incoming(t, gateway, description(phone.port, { profile, extra }), phone);
    const answer = made.sipp.messages.slice(made.sipp.messages.indexOf('SIP/2.0 200'));
    assert.match(answer, new RegExp(`RTP/${profile} `));
    if (keyed) phone.srtp = { ours, theirs: SrtpKey.read(answer, [ours], 4) };
    else assert.doesNotMatch(answer, /a=crypto/);
    phone.talk(mediaPort(made.sipp.messages, phone.port));
    await made.media.receive(['bob'], 10);
    await until(() => phone.received.length > 10, 'packets at the phone');
    await hangUp(made);
    await gateway.stop();
  }
});

test('off: keys beside RTP/AVP are passed over', { timeout }, async (t) => {
  const gateway = await start(t, 'off');
  const phone = await RtpSocket.open(t);
  const made = await incoming(t, gateway, description(phone.port, { extra: [new SrtpKey().line] }), phone);
  assert.doesNotMatch(made.sipp.messages.slice(made.sipp.messages.indexOf('SIP/2.0 200')), /a=crypto/);
  phone.talk(mediaPort(made.sipp.messages, phone.port));
  await made.media.receive(['bob'], 10);
  await hangUp(made);
});

const LINE = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`;
const REFUSED = [
  ['off', secure(9, [LINE]), 'RTP/SAVP where SRTP is off'],
  ['required', description(9), 'RTP/AVP where SRTP is required'],
  ['required', description(9, { extra: [LINE] }), 'RTP/AVP with a key where SRTP is required'],
  ['optional', secure(9, []), 'RTP/SAVP without a key'],
  ['optional', secure(9, ['a=crypto:1 F8_128_HMAC_SHA1_80 inline:x']), 'no suite of ours'],
  ['optional', secure(9, [`${LINE}|2^31|1:4`]), 'a master key identifier'],
  ['optional', secure(9, [`${LINE}|2^16`]), 'a short-lived key'],
  ['optional', secure(9, [`${LINE} UNENCRYPTED_SRTP`]), 'a session parameter that weakens it'],
  ['optional', secure(9, [LINE.slice(0, -1)]), 'a short key'],
  ['optional', secure(9, [LINE, LINE]), 'a tag twice'],
  ['optional', description(9, { extra: ['a=crypto:1'] }), 'a broken line'],
];
test('offers that are refused with 488', { timeout }, async (t) => {
  for (const srtp of ['off', 'optional', 'required']) {
    const gateway = await start(t, srtp);
    const bob = await registered(gateway, 'bob');
    t.after(() => bob.close());
    for (const [, sdp, why] of REFUSED.filter(([policy]) => policy === srtp)) {
      const sipp = new Sipp(t, [INVITE(sdp), expectStatus(100, { optional: true }), expectStatus(488),
        call('ACK', NUMBER, 1, { established: true, back: 3 })], { port: await freePort(), remote: gateway.sip });
      await sipp.finished().catch((error) => { throw new Error(`${why}: ${error.message}`); });
    }
    await gateway.stop();
  }
});

/** A client calls a phone that answers with `answer(offer's text)`. */
async function outgoing(t, srtp, sdp, steps = [expect('BYE'), reply('200 OK')]) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', srtp } });
  const sipp = await Sipp.called(t, [expect('INVITE'), reply('200 OK', { first: true, sdp }), expect('ACK'), ...steps], { port });
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const callsid = invite(client, '+15551234567', { offer: await media.offer('alice', { narrow: true }) });
  return { gateway, sipp, media, client, callsid };
}

const PROFILES = { off: 'AVP', optional: 'AVP', required: 'SAVP' };
for (const [srtp, tag] of [['off', 0], ['optional', 0], ['optional', 1], ['required', 1], ['required', 2]]) {
  test(`${srtp}: a client calls a phone that answers ${tag ? `with key ${tag}` : 'without a key'}`, { timeout }, async (t) => {
    const phone = await RtpSocket.open(t);
    const ours = tag ? new SrtpKey({ tag, suite: SUITES[tag - 1] }) : undefined;
    const sdp = description(phone.port, { profile: PROFILES[srtp], extra: ours ? [ours.line] : [] });
    const made = await outgoing(t, srtp, sdp);
    const { payload } = await made.client.next('answer');
    await made.media.accept('alice', payload.sdp);
    const offer = made.sipp.messages.slice(0, made.sipp.messages.indexOf('SIP/2.0 200'));
    assert.match(offer, new RegExp(`RTP/${PROFILES[srtp]} `));
    assert.equal([...offer.matchAll(/a=crypto/g)].length, srtp === 'off' ? 0 : 2);
    if (ours) phone.srtp = { ours, theirs: SrtpKey.read(offer, [ours], tag) };
    phone.talk(mediaPort(made.sipp.messages, phone.port));
    await made.media.receive(['alice'], 20);
    await until(() => phone.received.length > 20, 'packets at the phone');
    assert.equal(phone.refused, 0);
    made.client.send('hangup', { callsid: payload.callsid });
    await made.sipp.finished();
    if (ours) assertNoKeys(made.gateway, ours, phone.srtp.theirs);
  });
}

test('answers that are hung up on', { timeout }, async (t) => {
  for (const [srtp, sdp] of [
    ['required', description(9)],
    ['required', secure(9, [])],
    ['required', secure(9, [LINE.replace(':1 ', ':3 ')])], // no tag of ours
    ['required', secure(9, [LINE, LINE.replace(':1 ', ':2 ').replace('_80', '_32')])], // more than one
    ['optional', description(9, { extra: [LINE.replace('_80', '_32')] })], // a tag of another suite
    ['off', secure(9, [LINE])],
  ]) {
    const made = await outgoing(t, srtp, sdp);
    assert.equal((await failure(made.client, made.callsid)).code, 53402);
    await made.sipp.finished();
    await made.gateway.stop();
  }
});

test('re-INVITEs: the same key goes on, another is taken, and the clear where it may be', { timeout }, async (t) => {
  const gateway = await start(t, 'optional');
  const phone = await RtpSocket.open(t);
  const [first, second, third] = [1, 2, 3].map((tag) => new SrtpKey({ tag, suite: SUITES[tag === 3 ? 1 : 0] }));
  const again = (sequence, sdp, status = 200) => [awaitNudge(), call('INVITE', NUMBER, sequence, { established: true, sdp }),
    expectStatus(100, { optional: true }), expectStatus(status),
    call('ACK', NUMBER, sequence, { established: true, ...(status === 200 ? {} : { back: 3 }) })];
  const made = await incoming(t, gateway, secure(phone.port, [first.line]), phone, [
    ...again(2, secure(phone.port, [first.line], { version: 2 })), ...again(3, secure(phone.port, [second.line], { version: 3 })),
    ...again(4, secure(phone.port, [third.line], { version: 4 })), ...again(5, secure(phone.port, [], { version: 5 }), 488),
    ...again(6, description(phone.port, { version: 6 })), expect('BYE'), reply('200 OK')]);
  const keys = [first, second, third];
  const answers = () => made.sipp.messages.split('SIP/2.0 200 OK').slice(1).filter((text) => text.includes('m=audio'));
  const port = mediaPort(made.sipp.messages, phone.port);
  const goesOn = async () => {
    const received = phone.received.length;
    await Promise.all([made.media.receive(['bob'], 10), until(() => phone.received.length > received + 10, 'packets at the phone')]);
  };
  phone.srtp = { ours: first, theirs: SrtpKey.read(answers()[0], keys, 1) };
  phone.talk(port);
  await goesOn();
  const next = async (sequence) => {
    await made.sipp.nudge();
    await until(() => new RegExp(`^ACK [^]*?CSeq: ${sequence} ACK`, 'm').test(made.sipp.messages), `ACK ${sequence}`);
  };
  await next(2); // the same key
  assert.equal(SrtpKey.read(answers()[1], keys, 1).inline, phone.srtp.theirs.inline);
  await goesOn();
  await next(3); // another key
  assert.equal(SrtpKey.read(answers()[2], keys, 2).inline, phone.srtp.theirs.inline);
  await goesOn(); // under the old key still, as if the answer were late
  phone.srtp.ours = second;
  await goesOn();
  await next(4); // another suite
  const theirs = SrtpKey.read(answers()[3], keys, 3);
  assert.notEqual(theirs.inline, phone.srtp.theirs.inline);
  phone.srtp = { ours: third, theirs };
  await goesOn();
  await next(5); // the refusal
  await goesOn(); // it has changed nothing
  await next(6); // the clear
  phone.srtp = undefined;
  await goesOn();
  await hangUp(made);
});
