// What a call survives: lost sockets with and without resume, the reconnect token, a reload, a drain.
// The one thing to know: clients come in two kinds, those that announce resume (callgate.js) and those that do not (SDKs
// of the ecosystem), which come back with `invite{callsid,reconnect,sdp}`.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import {
  ANSWER, connect, everything, failure, hangUp, invite, OFFER, registered, resume, ring, sdp, startPatientGateway, talk, typesOf,
} from '../lib/signal-calls.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const OTHER_ACCOUNT = `AC${'0'.repeat(31)}2`;
const OTHER_KEY = `SK${'0'.repeat(31)}2`;
const OTHER_APPLICATION = `AP${'0'.repeat(31)}2`;
const OTHER = { account: OTHER_ACCOUNT, key: OTHER_KEY, application: OTHER_APPLICATION };

let gateway;
before(async () => {
  gateway = await startPatientGateway({
    [`account ${OTHER_ACCOUNT}`]: { name: 'others' },
    [`key ${OTHER_KEY}`]: { account: OTHER_ACCOUNT, secret: 'a secret of the tests, longer than 32 bytes' },
    [`application ${OTHER_APPLICATION}`]: { account: OTHER_ACCOUNT },
  });
});
after(() => gateway.stop());

const record = (from, callsid) => until(() => from.logs('call.ended').find(({ call }) => call === callsid), 'the record');

/** Two people nobody else knows; `resume` as for connect(). */
let number = 0;
async function pair({ resume: [first, second] = [false, false], on = gateway } = {}) {
  const [a, b] = [`alice-${number += 1}`, `bob-${number}`];
  return { alice: await connect(on, a, { resume: first }), bob: await registered(on, b, { resume: second }), a, b, to: `client:${b}` };
}

test('the caller is lost while it rings', async (t) => {
  await t.test('and cannot resume: it stops ringing at once', async () => {
    const { alice, bob, to } = await pair();
    const { callsid, rings } = await ring(alice, [bob], to);
    await alice.cut();
    assert.deepEqual((await bob.next('cancel')).payload, { callsid: rings[0].callsid });
    assert.equal((await record(gateway, callsid)).reason, 'signaling_lost');
  });
  await t.test('and resumes: it never noticed', async () => {
    const { alice, bob, a, to } = await pair({ resume: [true, false] });
    const { callsid, rings } = await ring(alice, [bob], to);
    await alice.cut();
    await bob.request('answer', { callsid: rings[0].callsid, sdp: ANSWER });
    const back = await resume(gateway, alice, a);
    assert.equal((await back.next('answer')).payload.callsid, callsid);
    await hangUp(back, bob, { callsid });
  });
  await t.test('and says goodbye: it stops ringing', async () => {
    const { alice, bob, to } = await pair({ resume: [true, false] });
    await ring(alice, [bob], to);
    await alice.close();
    await bob.next('cancel');
  });
});

test('the callee is lost while it rings', async (t) => {
  await t.test('and cannot resume: the caller is told at once', async () => {
    const { alice, bob, to } = await pair();
    const { callsid } = await ring(alice, [bob], to);
    await bob.cut();
    assert.equal((await failure(alice, callsid)).code, 31480);
  });
  await t.test('one device of two: the other goes on ringing', async () => {
    const { alice, bob, b, to } = await pair();
    const second = await registered(gateway, b);
    const { callsid, rings } = await ring(alice, [bob, second], to);
    await bob.cut();
    await until(() => gateway.logs('session.closed').some(({ identity }) => identity === b), 'the loss to be noticed');
    second.send('answer', { callsid: rings[1].callsid, sdp: ANSWER });
    await alice.next('answer');
    await hangUp(alice, second, { callsid });
  });
  await t.test('and resumes: it can still answer', async () => {
    const { alice, bob, b, to } = await pair({ resume: [false, true] });
    const { callsid, rings } = await ring(alice, [bob], to);
    await bob.cut();
    const back = await resume(gateway, bob, b);
    back.send('answer', { callsid: rings[0].callsid, sdp: ANSWER });
    await alice.next('answer');
    await hangUp(alice, back, { callsid });
  });
});

test('the only device is out of reach when the call comes', async (t) => {
  const placeTo = async (alice, bob, to) => {
    const losses = gateway.logs('session.detached').length;
    await bob.cut();
    await until(() => gateway.logs('session.detached').length > losses, 'the loss to be noticed');
    return invite(alice, to);
  };
  await t.test('and does not come back: the caller hears so in seconds, not after the ring timeout', async () => {
    const { alice, bob, to } = await pair({ resume: [false, true] });
    assert.equal((await failure(alice, await placeTo(alice, bob, to))).code, 31480);
    assert.ok(!typesOf(alice).includes('ringing'));
  });
  await t.test('and comes back: it rings then', async () => {
    const { alice, bob, b, to } = await pair({ resume: [false, true] });
    await placeTo(alice, bob, to);
    const back = await resume(gateway, bob, b);
    const { payload: { callsid: ringing } } = await back.next('invite');
    const { payload: { callsid } } = await alice.next('ringing');
    back.send('answer', { callsid: ringing, sdp: ANSWER });
    await alice.next('answer');
    await hangUp(alice, back, { callsid });
  });
});

test('a call whose client resumes', async (t) => {
  await t.test('loses nothing that was said meanwhile, and gets nothing twice', async () => {
    const { alice, bob, a, to } = await pair({ resume: [true, true] });
    const { callsid, ring: ringing } = await talk(alice, bob, to);
    const before = alice.messages.length;
    await alice.cut();
    for (let i = 1; i <= 20; i++) {
      await bob.request('message', { callsid: ringing.callsid, content: `${i}`, contenttype: 'text/plain', messagetype: 'note', voiceeventsid: `KX${i}` });
    }
    await bob.request('hold', { callsid: ringing.callsid, on: true });
    const back = await resume(gateway, alice, a);
    await back.next('hold');
    const replayed = back.messages.filter(({ seq }) => seq !== undefined);
    assert.equal(replayed[0].seq, alice.lastSeq + 1);
    assert.deepEqual(replayed.map(({ seq }) => seq), replayed.map((_, i) => alice.lastSeq + 1 + i));
    assert.deepEqual(replayed.filter(({ type }) => type === 'message').map(({ payload }) => payload.content), Array.from({ length: 20 }, (_, i) => `${i + 1}`));
    assert.equal(alice.messages.length, before);
    await hangUp(back, bob, { callsid });
  });
  await t.test('hears of a hang-up that came while it was away', async () => {
    const { alice, bob, a, to } = await pair({ resume: [true, false] });
    const { callsid, ring: ringing } = await talk(alice, bob, to);
    await alice.cut();
    await bob.request('hangup', { callsid: ringing.callsid });
    const back = await resume(gateway, alice, a);
    assert.deepEqual((await back.next('hangup')).payload, { callsid });
  });
  await t.test('both ends lost and back', async () => {
    const { alice, bob, a, b, to } = await pair({ resume: [true, true] });
    const { callsid } = await talk(alice, bob, to);
    await Promise.all([alice.cut(), bob.cut()]);
    const [first, second] = [await resume(gateway, alice, a), await resume(gateway, bob, b)];
    await first.request('dtmf', { callsid, dtmf: '5' });
    assert.equal((await second.next('dtmf')).payload.dtmf, '5');
    await hangUp(first, second, { callsid });
  });
});

test('a partner who is away', async (t) => {
  await t.test('and cannot resume: messages are refused, the rest waits for it', async () => {
    const { alice, bob, b, to } = await pair();
    const call = await talk(alice, bob, to);
    await bob.cut();
    await until(() => gateway.logs('session.closed').some(({ identity }) => identity === b), 'the loss to be noticed');
    const message = { callsid: call.callsid, content: 'x', messagetype: 'x', voiceeventsid: 'KX1' };
    await assert.rejects(alice.request('message', message), { code: 31480 });
    await alice.request('dtmf', { callsid: call.callsid, dtmf: '1' });
    await alice.request('hold', { callsid: call.callsid, on: true });
    await alice.request('hangup', { callsid: call.callsid });
    assert.equal((await record(gateway, call.callsid)).reason, 'caller_hangup');
  });
});

/** Comes back as the SDK does. */
const reconnect = (client, { callsid }, token, offer = sdp('chromium-offer-restart')) =>
  client.request('invite', { callsid, reconnect: token, sdp: offer, twilio: {} });

test('coming back with the reconnect token', async (t) => {
  // The restarted offer of the same browser: same certificate, new ICE credentials.
  const offer = OFFER.replace(/a=ice-ufrag:.*/, 'a=ice-ufrag:NeWu').replace(/a=ice-pwd:.*/, 'a=ice-pwd:aNewPasswordOfTwentyFour');

  await t.test('the right one: the call goes on, with an answer to the new offer', async () => {
    const { alice, bob, a, to } = await pair();
    const call = await talk(alice, bob, to);
    await alice.cut();
    const back = await connect(gateway, a);
    const result = await reconnect(back, call, call.answer.reconnect, offer);
    assert.deepEqual(result, { callsid: call.callsid });
    const { payload } = await back.next('answer');
    assert.equal(payload.callsid, call.callsid);
    assert.notEqual(/a=ice-ufrag:(.*)/.exec(payload.sdp)[1], /a=ice-ufrag:(.*)/.exec(call.answer.sdp)[1]);
    await bob.request('dtmf', { callsid: call.ring.callsid, dtmf: '1' });
    assert.equal((await back.next('dtmf')).payload.dtmf, '1');
    await hangUp(back, bob, call);
  });
  await t.test('while the old socket still seems alive: the new one has the call', async () => {
    const { alice, bob, a, to } = await pair();
    const call = await talk(alice, bob, to);
    const back = await connect(gateway, a);
    await reconnect(back, call, call.answer.reconnect, offer);
    await assert.rejects(alice.request('dtmf', { callsid: call.callsid, dtmf: '1' }), { code: 31404 });
    await alice.cut();
    await until(() => gateway.logs('session.closed').some(({ identity }) => identity === a), 'the old session to end');
    await back.request('dtmf', { callsid: call.callsid, dtmf: '2' });
    await hangUp(back, bob, call);
  });
  await t.test('the callee comes back too', async () => {
    const { alice, bob, b, to } = await pair();
    const call = await talk(alice, bob, to);
    await bob.cut();
    const back = await connect(gateway, b);
    const restarted = sdp('firefox-offer').replace(/a=fingerprint:.*/g, /a=fingerprint:.*/.exec(ANSWER)[0]);
    assert.deepEqual(await reconnect(back, call.ring, call.ring.reconnect, restarted), { callsid: call.ring.callsid });
    await back.next('answer');
    await hangUp(alice, back, call);
  });

  const { alice, bob, a, to } = await pair();
  const call = await talk(alice, bob, to);
  const refused = async (client, token, payload = call) => assert.rejects(reconnect(client, payload, token, offer), { code: 31209 });
  await t.test('a wrong one', async () => refused(await connect(gateway, a), 'x'.repeat(32)));
  await t.test('an empty one', async () => refused(await connect(gateway, a), ''));
  await t.test('the beginning of the right one', async () => refused(await connect(gateway, a), call.answer.reconnect.slice(0, 31)));
  await t.test('that of the other end', async () => refused(await connect(gateway, a), call.ring.reconnect));
  await t.test('shown by another identity', async () => refused(await connect(gateway, 'mallory'), call.answer.reconnect));
  await t.test('shown by the other party', async () => refused(bob, call.answer.reconnect));
  await t.test('shown by another account', async () => refused(await connect(gateway, a, { token: OTHER }), call.answer.reconnect));
  await t.test('for a call that is none', async () => refused(await connect(gateway, a), call.answer.reconnect, { callsid: `CA${'0'.repeat(32)}` }));
  await t.test('with a description of another certificate: refused, and the caller keeps the call', async () => {
    const other = await connect(gateway, a);
    await assert.rejects(reconnect(other, call, call.answer.reconnect, sdp('firefox-offer')), { code: 53402 });
    await alice.request('dtmf', { callsid: call.callsid, dtmf: '4' });
    await assert.rejects(other.request('dtmf', { callsid: call.callsid, dtmf: '4' }), { code: 31404 });
  });
  await t.test('none of them touched the call', async () => {
    await everything(bob);
    assert.deepEqual(typesOf(bob, call.ring.callsid).filter((type) => type !== 'error' && type !== 'hangup'), ['invite', 'dtmf']);
    await bob.request('hangup', { callsid: call.ring.callsid });
    assert.equal((await record(gateway, call.callsid)).reason, 'callee_hangup');
    await refused(await connect(gateway, a), call.answer.reconnect);
  });
});

test('a client that does not come back in time', async (t) => {
  const hasty = await startPatientGateway({ calls: { reconnect_window_s: 1 } }, t);
  for (const kind of [false, true]) {
    for (const lost of ['alice', 'bob']) {
      await t.test(`${lost}, ${kind ? 'who could have resumed' : 'without resume'}: the other one is told`, async () => {
        const people = await pair({ resume: [kind, kind], on: hasty });
        const call = await talk(people.alice, people.bob, people.to);
        const [other, sid] = lost === 'alice' ? [people.bob, call.ring.callsid] : [people.alice, call.callsid];
        await people[lost].cut();
        assert.equal((await failure(other, sid)).code, 53001);
        assert.equal((await record(hasty, call.callsid)).reason, 'signaling_lost');
      });
    }
  }
});

test('a reload in the middle of a call', async (t) => {
  const { alice, bob, to } = await pair();
  const call = await talk(alice, bob, to);
  const reloads = () => gateway.logs('config.reloaded').length;
  await t.test('changes nothing for the call', async () => {
    for (let i = 1; i <= 3; i++) {
      gateway.writeConfig({ calls: { ring_timeout_s: 10 + i } });
      gateway.reload();
      await until(() => reloads() === i, 'the reload');
    }
    await alice.request('dtmf', { callsid: call.callsid, dtmf: '7' });
    assert.equal((await bob.next('dtmf')).payload.dtmf, '7');
  });
  await t.test('nor does a configuration with a mistake, which is named', async () => {
    gateway.expectWarning(/config.refused/);
    gateway.writeConfig({ calls: { ring_timeout_s: 'soon' } });
    gateway.reload();
    const { reason, level } = await until(() => gateway.logs('config.refused')[0], 'the refusal');
    assert.equal(level, 'error');
    assert.match(reason, /\[calls\] ring_timeout_s: must be a whole number from 1 to 600, not "soon"/);
    await alice.request('dtmf', { callsid: call.callsid, dtmf: '8' });
    gateway.writeConfig({ calls: { ring_timeout_s: 30 } });
  });
  await t.test('an application that is gone: no new calls through it, this one goes on', async () => {
    const caller = await connect(gateway, 'otto', { token: OTHER });
    const callee = await registered(gateway, 'olga', { token: OTHER });
    const running = await talk(caller, callee, 'client:olga');
    gateway.writeConfig({ [`application ${OTHER_APPLICATION}`]: null });
    gateway.reload();
    await until(() => reloads() === 4, 'the reload');
    assert.equal((await failure(caller, invite(caller, 'client:olga'))).code, 31001);
    await hangUp(caller, callee, running);
  });
  await t.test('accounts do not meet', async () => {
    const stranger = await connect(gateway, 'stranger', { token: { ...OTHER, outgoing: false } });
    await assert.rejects(stranger.request('hangup', { callsid: call.callsid }), { code: 31404 });
    await alice.request('dtmf', { callsid: call.callsid, dtmf: '9' });
  });
  await hangUp(alice, bob, call);
});

const health = async (url) => {
  const response = await fetch(`${url}/healthz`);
  return [response.status, await response.json()];
};

test('drain: the running call may end, new ones are refused', async (t) => {
  const draining = await startPatientGateway({ server: { drain_timeout_s: 60 } }, t);
  draining.expectWarning(/peer.rejected/);
  const { alice, bob, a, to } = await pair({ resume: [true, false], on: draining });
  const call = await talk(alice, bob, to);
  const [status, { version, ...body }] = await health(draining.url);
  assert.deepEqual([status, body], [200, { status: 'ok', calls: 1 }]);
  assert.match(version, /^\d+\./);
  draining.signal('SIGTERM');
  await until(() => draining.logs('gateway.draining').length, 'the drain');
  await t.test('/healthz says so', async () => {
    const [code, answer] = await health(draining.url);
    assert.deepEqual([code, answer.status, answer.calls], [503, 'draining', 1]);
    assert.equal((await draining.metrics()).get('callgate_draining'), 1);
  });
  await t.test('an invite is refused', async () => {
    assert.equal((await failure(alice, invite(alice, to))).code, 53001);
  });
  await t.test('a new client is sent away', async () => {
    const late = await SignalClient.open(draining.socketUrl);
    await assert.rejects(late.listen(accessToken('late')), { code: 53000 });
    assert.equal((await late.closed).code, 1012);
  });
  await t.test('one that resumes is not', async () => {
    await alice.cut();
    const back = await resume(draining, alice, a);
    assert.equal(back.connected.session.recovered, true);
    await back.request('dtmf', { callsid: call.callsid, dtmf: '3' });
    assert.ok(draining.running);
    await hangUp(back, bob, call);
    assert.equal((await back.closed).code, 1001);
  });
  const [code] = await draining.exited;
  assert.equal(code, 0);
});

for (const [name, config, end] of [
  ['the second SIGTERM ends it at once', { drain_timeout_s: 600 }, (process) => process.signal('SIGTERM')],
  ['the drain timeout ends it', { drain_timeout_s: 1 }, () => {}],
]) {
  test(name, async (t) => {
    const process = await startPatientGateway({ server: config }, t);
    const { alice, bob, to } = await pair({ on: process });
    const call = await talk(alice, bob, to);
    const ringing = await connect(process, 'ringing');
    const third = await ring(ringing, [bob], to);
    process.signal('SIGTERM');
    await until(() => process.logs('gateway.draining').length, 'the drain');
    const started = performance.now();
    end(process);
    assert.equal((await failure(alice, call.callsid)).code, 53001);
    assert.equal((await failure(bob, call.ring.callsid)).code, 53001);
    assert.equal((await failure(ringing, third.callsid)).code, 53001);
    assert.deepEqual((await bob.next('cancel')).payload, { callsid: third.rings[0].callsid });
    for (const client of [alice, bob, ringing]) assert.equal((await client.closed).code, 1001);
    const [code] = await process.exited;
    assert.equal(code, 0);
    assert.ok(performance.now() - started < 4000 * SLOWNESS);
    assert.deepEqual(process.logs('call.ended').map(({ reason }) => reason), ['shutdown', 'shutdown']);
  });
}
