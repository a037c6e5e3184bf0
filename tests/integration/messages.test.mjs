// What is said within a call: digits, hold, statistics, call messages, renegotiation; and calls one has no part in.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { ANSWER, connect, everything, hangUp, OFFER, registered, ring, sdp, startPatientGateway, talk, typesOf } from '../lib/signal-calls.mjs';
import { until } from '../lib/wait.mjs';

let gateway;
let number = 0;
before(async () => { gateway = await startPatientGateway({ limits: { messages_per_second: 1000, message_burst: 1000 } }); });
after(() => gateway.stop());

/** Two people in a call; the call ends with the test. */
async function inCall(t, offer = OFFER) {
  const bobName = `bob-${number += 1}`;
  const [alice, bob] = [await connect(gateway, `alice-${number}`), await registered(gateway, bobName)];
  const call = await talk(alice, bob, `client:${bobName}`, { offer });
  t.after(() => Promise.all([alice.close(), bob.close()]));
  return { alice, bob, call, mine: call.callsid, theirs: call.ring.callsid };
}

const count = (client, type) => client.messages.filter((message) => message.type === type).length;

test('digits', async (t) => {
  const { alice, bob, mine, theirs } = await inCall(t);
  await t.test('go both ways, each under the callsid its receiver knows', async () => {
    assert.deepEqual(await alice.request('dtmf', { callsid: mine, dtmf: '0123456789*#ABCDw' }), {});
    assert.deepEqual((await bob.next('dtmf')).payload, { callsid: theirs, dtmf: '0123456789*#ABCDw' });
    bob.send('dtmf', { callsid: theirs, dtmf: '1' });
    assert.deepEqual((await alice.next('dtmf')).payload, { callsid: mine, dtmf: '1' });
  });
  await t.test('64 at a time', async () => {
    await alice.request('dtmf', { callsid: mine, dtmf: '1'.repeat(64) });
    assert.equal((await bob.next('dtmf')).payload.dtmf.length, 64);
  });
  for (const digits of ['', 'x', '1 2', 'a', 'W', '１', '1'.repeat(65), 5, null, undefined, ['1']]) {
    await t.test(`refused: ${JSON.stringify(digits)}`, async () => {
      await assert.rejects(alice.request('dtmf', { callsid: mine, dtmf: digits }), { code: 31400, message: /dtmf must be/ });
    });
  }
  await t.test('the refused ones went nowhere', async () => {
    await everything(bob);
    assert.equal(count(bob, 'dtmf'), 2);
  });
});

test('hold', async (t) => {
  const { alice, bob, mine, theirs } = await inCall(t);
  await t.test('the partner is told, once for each change', async () => {
    for (const on of [true, true, false, false, true]) assert.deepEqual(await alice.request('hold', { callsid: mine, on }), {});
    await everything(bob);
    const told = bob.messages.filter(({ type }) => type === 'hold').map(({ payload }) => payload);
    assert.deepEqual(told, [true, false, true].map((on) => ({ callsid: theirs, on })));
    assert.equal(count(alice, 'hold'), 0);
  });
  await t.test('each side holds for itself', async () => {
    await bob.request('hold', { callsid: theirs, on: true });
    assert.deepEqual((await alice.next('hold')).payload, { callsid: mine, on: true });
    await bob.request('hold', { callsid: theirs, on: false });
    assert.deepEqual((await alice.next('hold')).payload, { callsid: mine, on: false });
  });
  for (const on of [undefined, 'true', 1, null]) {
    await t.test(`refused: ${JSON.stringify(on)}`, async () => {
      await assert.rejects(alice.request('hold', { callsid: mine, on }), { code: 31400 });
    });
  }
});

test('statistics', async (t) => {
  const { alice, mine } = await inCall(t);
  await t.test('all of the leg, under its callsid', async () => {
    const { callsid, ...stats } = await alice.request('stats', { callsid: mine });
    assert.equal(callsid, mine);
    assert.deepEqual(Object.keys(stats).sort(), ['bytes_received', 'bytes_sent', 'digits_dropped', 'handshake_us', 'jitter_remote_us', 'jitter_us',
      'packets_lost', 'packets_lost_remote', 'packets_received', 'packets_sent', 'round_trip_us']);
    assert.ok(Object.values(stats).every((value) => value === 0), 'there was no media');
  });
  await t.test('a number as id comes back as it was', async () => {
    assert.equal((await alice.request('stats', { callsid: mine }, 77)).callsid, mine);
  });
  await t.test('without an id there is nothing to answer', async () => {
    alice.send('stats', { callsid: mine });
    assert.equal((await alice.next('error')).payload.error.code, 31400);
  });
  await t.test('one question at a time, however many are asked', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => alice.request('stats', { callsid: mine })));
    assert.ok(answers.filter(({ status }) => status === 'fulfilled').length >= 1);
    for (const { status, reason } of answers) if (status === 'rejected') assert.equal(reason.code, 31206);
  });
});

const message = (callsid, changes = {}) =>
  ({ callsid, content: '{"a":1}', contenttype: 'application/json', messagetype: 'user-defined-message', voiceeventsid: 'KX1', ...changes });

test('call messages', async (t) => {
  const { alice, bob, mine, theirs } = await inCall(t);
  await t.test('arrive whole and are acknowledged, both ways', async () => {
    for (const [from, to, sent, received] of [[alice, bob, mine, theirs], [bob, alice, theirs, mine]]) {
      const content = 'ü€𝄞 "quoted" \\ \n';
      from.send('message', message(sent, { content, contenttype: 'text/plain', messagetype: 'chat', voiceeventsid: 'KX-2' }));
      assert.deepEqual((await to.next('message')).payload,
        { callsid: received, content, contenttype: 'text/plain', messagetype: 'chat', voiceeventsid: 'KX-2' });
      assert.deepEqual((await from.next('ack')).payload, { acktype: 'message', callsid: sent, voiceeventsid: 'KX-2' });
    }
  });
  await t.test('the content type is JSON unless said otherwise', async () => {
    await alice.request('message', message(mine, { contenttype: undefined }));
    assert.equal((await bob.next('message')).payload.contenttype, 'application/json');
  });
  await t.test('content may be any JSON, and arrives as it was', async () => {
    for (const content of [{ a: [1, { b: null }], ü: '€' }, [], 5, false, null, '']) {
      await alice.request('message', message(mine, { content }));
      assert.deepEqual((await bob.next('message')).payload.content, content);
    }
  });
  await t.test('10,000 bytes of JSON, not characters, are the most', async () => {
    await alice.request('message', message(mine, { content: 'x'.repeat(9998) }));
    assert.equal((await bob.next('message')).payload.content.length, 9998);
    for (const content of ['x'.repeat(9999), 'ü'.repeat(5000), { a: 'x'.repeat(9993) }])
      await assert.rejects(alice.request('message', message(mine, { content })), { code: 31212 });
  });
  for (const missing of ['content', 'messagetype', 'voiceeventsid']) {
    await t.test(`refused without ${missing}`, async () => {
      await assert.rejects(alice.request('message', message(mine, { [missing]: undefined })), { code: 31210 });
    });
  }
  await t.test('an error without request names the event it is about', async () => {
    alice.send('message', message(mine, { content: 'x'.repeat(10001), voiceeventsid: 'KX-big' }));
    const { payload } = await alice.next('error');
    assert.deepEqual([payload.error.code, payload.callsid, payload.voiceeventsid], [31212, mine, 'KX-big']);
    alice.send('message', message(mine, { voiceeventsid: undefined }));
    assert.equal((await alice.next('error')).payload.error.code, 31210);
    const refused = () => gateway.logs('message.refused').filter(({ type }) => type === 'message').slice(-2).map(({ code }) => code);
    await until(() => refused().join() === '31212,31210', 'both refusals in the log');
  });
  await t.test('none of the refused arrived', async () => {
    await everything(bob);
    assert.equal(count(bob, 'message'), 9);
  });
});

test('what an unanswered call cannot do', async (t) => {
  const [alice, bob] = [await connect(gateway, 'early'), await registered(gateway, 'later')];
  t.after(() => Promise.all([alice.close(), bob.close()]));
  const { callsid, rings: [{ callsid: theirs }] } = await ring(alice, [bob], 'client:later');
  for (const [client, sid] of [[alice, callsid], [bob, theirs]]) {
    await assert.rejects(client.request('dtmf', { callsid: sid, dtmf: '1' }), { code: 31400, message: /not answered/ });
    await assert.rejects(client.request('hold', { callsid: sid, on: true }), { code: 31400 });
    await assert.rejects(client.request('message', message(sid)), { code: 31480 });
    await assert.rejects(client.request('reinvite', { callsid: sid, sdp: OFFER }), { code: 53402 });
  }
  await assert.rejects(alice.request('answer', { callsid, sdp: ANSWER }), { code: 31400 }, 'the caller cannot answer for the callee');
  await t.test('nor can it be answered twice', async () => {
    await bob.request('answer', { callsid: theirs, sdp: ANSWER });
    await alice.next('answer');
    await assert.rejects(bob.request('answer', { callsid: theirs, sdp: ANSWER }), { code: 31400 });
  });
  await t.test('and what is answered cannot be declined', async () => {
    await bob.request('reject', { callsid: theirs });
    await alice.request('dtmf', { callsid, dtmf: '1' });
    await bob.next('dtmf');
  });
});

const line = (text, name) => new RegExp(`^a=${name}:(.*?)\r?$`, 'm').exec(text)?.[1];
const version = (text) => Number(/^o=\S+ \S+ (\d+) /m.exec(text)[1]);
const direction = (text) => /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(text)[1];

test('renegotiation', async (t) => {
  const { alice, bob, call, mine, theirs } = await inCall(t);
  let current = call.answer.sdp;
  const renegotiate = async (offer) => {
    await alice.request('reinvite', { callsid: mine, sdp: offer });
    const { payload } = await alice.next('answer');
    assert.equal(payload.callsid, mine);
    assert.equal(version(payload.sdp), version(current) + 1);
    assert.equal(/^o=\S+ (\S+)/m.exec(payload.sdp)[1], /^o=\S+ (\S+)/m.exec(current)[1]);
    assert.equal(line(payload.sdp, 'fingerprint'), line(current, 'fingerprint'));
    return payload.sdp;
  };

  await t.test('the same offer again: a new version, the same ICE', async () => {
    const next = await renegotiate(OFFER);
    assert.equal(line(next, 'ice-ufrag'), line(current, 'ice-ufrag'));
    assert.equal(line(next, 'ice-pwd'), line(current, 'ice-pwd'));
    current = next;
  });
  const restarted = OFFER.replace(/a=ice-ufrag:.*/, 'a=ice-ufrag:NeWu').replace(/a=ice-pwd:.*/, 'a=ice-pwd:aNewPasswordOfTwentyFour');
  await t.test('an ICE restart: new credentials on our side too', async () => {
    const next = await renegotiate(restarted);
    assert.notEqual(line(next, 'ice-ufrag'), line(current, 'ice-ufrag'));
    assert.notEqual(line(next, 'ice-pwd'), line(current, 'ice-pwd'));
    current = next;
  });
  await t.test('sendonly is hold: the answer receives, the partner is told', async () => {
    current = await renegotiate(restarted.replace('a=sendrecv', 'a=sendonly'));
    assert.equal(direction(current), 'recvonly');
    assert.deepEqual((await bob.next('hold')).payload, { callsid: theirs, on: true });
    current = await renegotiate(restarted.replace('a=sendrecv', 'a=inactive'));
    assert.equal(direction(current), 'inactive');
    current = await renegotiate(restarted);
    assert.equal(direction(current), 'sendrecv');
    assert.deepEqual((await bob.next('hold')).payload, { callsid: theirs, on: false });
    await everything(bob);
    assert.equal(count(bob, 'hold'), 2);
  });

  await t.test('recvonly is no hold, and an ICE restart ends none', async () => {
    current = await renegotiate(restarted.replace('a=sendrecv', 'a=recvonly'));
    assert.equal(direction(current), 'sendonly');
    await alice.request('hold', { callsid: mine, on: true });
    current = await renegotiate(restarted);
    await alice.request('hold', { callsid: mine, on: false });
    await everything(bob);
    const told = bob.messages.filter(({ type }) => type === 'hold').map(({ payload }) => payload.on);
    assert.deepEqual(told.slice(2), [true, false]);
  });

  const fingerprint = /a=fingerprint:.*/;
  const cases = [
    ['another certificate', restarted.replace(fingerprint, fingerprint.exec(sdp('firefox-offer'))[0]), /fingerprint may not change/],
    ['garbage', 'v=0\r\nthis is no sdp', /./],
    ['nothing', undefined, /./],
    ['a number', 5, /./],
    ['no audio', sdp('chromium-offer-no-audio'), /audio/],
    ['no codec in common', restarted.replace(/^(m=audio \d+ \S+) .*$/m, '$1 97').replace(/^a=(rtpmap|fmtp|rtcp-fb):.*\r?\n/gm, '') + 'a=rtpmap:97 speex/16000\r\n', /./],
    ['a codec the partner has not', restarted.replace(/^(m=audio \d+ \S+) .*$/m, '$1 13'), /./],
  ];
  for (const [name, offer, expected] of cases) {
    await t.test(`refused: ${name}`, async () => {
      await assert.rejects(alice.request('reinvite', { callsid: mine, sdp: offer }), { code: 53402, message: expected });
    });
  }
  await t.test('the refused ones changed nothing', async () => {
    const next = await renegotiate(restarted);
    assert.equal(line(next, 'ice-ufrag'), line(current, 'ice-ufrag'));
    await bob.request('dtmf', { callsid: theirs, dtmf: '1' });
    assert.equal((await alice.next('dtmf')).payload.dtmf, '1');
    current = next;
  });
  await t.test('the callee offers as well', async () => {
    const offer = sdp('firefox-offer').replace(/a=fingerprint:.*/g, fingerprint.exec(ANSWER)[0]);
    await bob.request('reinvite', { callsid: theirs, sdp: offer });
    const { payload } = await bob.next('answer');
    assert.equal(version(payload.sdp), version(call.ring.sdp) + 1);
    assert.match(payload.sdp, /a=rtpmap:109 opus/);
  });
  await hangUp(alice, bob, call);
});

test('calls one has no part in', async (t) => {
  const { alice, bob, mine, theirs } = await inCall(t);
  const mallory = await registered(gateway, 'mallory');
  t.after(() => mallory.close());
  const requests = (callsid) => [
    ['answer', { callsid, sdp: ANSWER }], ['reinvite', { callsid, sdp: OFFER }], ['hangup', { callsid }], ['reject', { callsid }],
    ['dtmf', { callsid, dtmf: '1' }], ['hold', { callsid, on: true }], ['stats', { callsid }], ['message', message(callsid)],
  ];
  const before = [alice.messages.length, bob.messages.length];
  for (const [name, callsid] of [['unknown', `CA${'0'.repeat(32)}`], ['the caller\'s', mine], ['the callee\'s', theirs], ['empty', '']]) {
    for (const [type, payload] of requests(callsid)) {
      await t.test(`${type}: ${name} callsid`, async () => {
        await assert.rejects(mallory.request(type, payload), { code: 31404 });
      });
    }
  }
  for (const [type, payload] of requests(undefined)) {
    await t.test(`${type}: no callsid`, async () => {
      await assert.rejects(mallory.request(type, payload), { code: 31400, message: /callsid must name a call/ });
      await assert.rejects(mallory.request(type), { code: 31400 });
    });
  }
  await t.test('without an id they cross with the end of calls too often to be worth an error', async () => {
    const seen = mallory.messages.length;
    for (const [type, payload] of requests(mine)) mallory.send(type, payload);
    await everything(mallory);
    assert.deepEqual(mallory.messages.slice(seen).map(({ id }) => id).filter((id) => id === undefined), []);
  });
  await t.test('and the call noticed nothing', async () => {
    await everything(alice);
    await everything(bob);
    const own = ({ payload }) => payload.callsid !== 'none';
    assert.deepEqual(alice.messages.slice(before[0]).filter(own), []);
    assert.deepEqual(bob.messages.slice(before[1]).filter(own), []);
    await alice.request('dtmf', { callsid: mine, dtmf: '1' });
    await bob.next('dtmf');
    assert.deepEqual(typesOf(bob, theirs), ['invite', 'dtmf']);
  });
});
