// Calls from invite to record, as clients see them: ringing, the first answer, every way to end, and what is refused.
// The one thing to know: media never comes, so what is tested is who is told what, when, and nobody else.
import assert from 'node:assert/strict';
import test, { after, before, beforeEach } from 'node:test';
import { ANSWER, connect, everything, failure, hangUp, invite, registered, ring, sdp, startPatientGateway, talk, typesOf } from '../lib/signal-calls.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessClaims, ACCOUNT, APPLICATION, customToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

let gateway;
let alice;
let bob;

before(async () => { gateway = await startPatientGateway(); });
// New people for every test and every subtest: what one leaves behind never meets the next.
beforeEach(async () => {
  await Promise.all([alice?.close(), bob?.close()]);
  alice = await connect(gateway, 'alice');
  bob = await registered(gateway, 'bob');
});
after(() => gateway.stop());

const record = (callsid) => until(
  () => gateway.logs('call.ended').find((entry) => [entry.call, entry.callee_call].includes(callsid)), `the record of ${callsid}`);

const CALL_SID = /^CA[0-9a-f]{32}$/;

test('a call without an id: ringing, then answer', async () => {
  const { temporary, callsid, answer, ring: ringing } = await talk(alice, bob, 'client:bob');
  assert.match(callsid, CALL_SID);
  assert.match(ringing.callsid, CALL_SID);
  assert.notEqual(ringing.callsid, callsid);
  assert.equal(answer.callsid, callsid);
  assert.match(answer.sdp, /a=setup:active/);
  assert.notEqual(answer.reconnect, ringing.reconnect);
  assert.deepEqual(typesOf(alice, callsid), ['ringing', 'answer']);
  assert.deepEqual(typesOf(alice, temporary), []);
  await hangUp(alice, bob, { callsid });
});

test('a call with an id: its result names the call before it rings', async () => {
  const temporary = invite(alice, 'client:bob', { extra: { id: 'call-1' } });
  const result = await alice.next(({ id }) => id === 'call-1');
  assert.equal(result.type, 'result');
  const ringing = await alice.next('ringing');
  assert.equal(ringing.payload.callsid, result.payload.callsid);
  assert.ok(result.seq < ringing.seq);
  alice.send('hangup', { callsid: temporary });
  await bob.next('cancel');
});

test('what the callee learns', async (t) => {
  const { callsid, rings: [{ parameters, callsid: calleeSid }] } = await ring(alice, [bob], 'client:bob', { params: { Order: '42 & more=ü', Empty: '' } });
  assert.deepEqual(Object.keys(parameters).sort(), ['AccountSid', 'CallSid', 'From', 'Params', 'To']);
  assert.equal(parameters.CallSid, calleeSid);
  assert.equal(parameters.AccountSid, ACCOUNT);
  assert.equal(parameters.From, 'client:alice');
  assert.equal(parameters.To, 'client:bob');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(parameters.Params)), { To: 'client:bob', Order: '42 & more=ü', Empty: '' });
  alice.send('hangup', { callsid });
  await bob.next('cancel');

  await t.test('what the token fixes wins over what the client says', async () => {
    const fixed = await connect(gateway, 'agent', { token: { params: { Order: 'of the token', To: 'client:bob' } } });
    const call = await ring(fixed, [bob], 'client:mallory', { params: { Order: 'mine', Extra: 'kept' } });
    const told = Object.fromEntries(new URLSearchParams(call.rings[0].parameters.Params));
    assert.deepEqual(told, { Order: 'of the token', To: 'client:bob', Extra: 'kept' });
    assert.equal(call.rings[0].parameters.To, 'client:bob');
    fixed.send('hangup', { callsid: call.callsid });
    await bob.next('cancel');
  });
  await t.test('a caller without identity has none to show', async () => {
    const { voice } = accessClaims('x').grants;
    const nameless = await SignalClient.connect(gateway.socketUrl, await customToken(accessClaims('x', { grants: { voice: { outgoing: voice.outgoing } } })));
    const call = await ring(nameless, [bob], 'client:bob');
    assert.equal(call.rings[0].parameters.From, 'client:');
    nameless.send('hangup', { callsid: call.callsid });
    await bob.next('cancel');
  });
  await t.test('and From is whom the token names, whatever the client claims', async () => {
    const call = await ring(alice, [bob], 'client:bob', { params: { From: 'client:boss', CallSid: 'CA0' } });
    assert.equal(call.rings[0].parameters.From, 'client:alice');
    assert.equal(call.rings[0].parameters.CallSid, call.rings[0].callsid);
    alice.send('hangup', { callsid: call.callsid });
    await bob.next('cancel');
  });
});

test('several devices', async (t) => {
  const devices = [];
  for (let i = 0; i < 3; i++) devices.push(await registered(gateway, 'team'));
  const [first, second, third] = devices;
  const start = () => ring(alice, devices, 'client:team');

  await t.test('the first answer wins, the others are told to stop, the late one is told so', async () => {
    const { callsid, rings } = await start();
    second.send('answer', { callsid: rings[1].callsid, sdp: ANSWER });
    await alice.next('answer');
    assert.deepEqual((await first.next('cancel')).payload, { callsid: rings[0].callsid });
    assert.deepEqual((await third.next('cancel')).payload, { callsid: rings[2].callsid });
    await assert.rejects(third.request('answer', { callsid: rings[2].callsid, sdp: ANSWER }), { code: 31404 });
    await hangUp(alice, second, { callsid });
    const { rang, callee_call: winner } = await record(callsid);
    assert.equal(rang, 3);
    assert.equal(winner, rings[1].callsid);
    await everything(first);
    assert.deepEqual(typesOf(first, rings[0].callsid), ['invite', 'cancel']);
    assert.deepEqual(typesOf(second, rings[1].callsid), ['invite', 'hangup']);
  });
  await t.test('both answer at the same moment: one of them', async () => {
    const { callsid, rings } = await start();
    for (const [i, device] of devices.entries()) device.send('answer', { callsid: rings[i].callsid, sdp: ANSWER });
    await alice.next('answer');
    alice.send('hangup', { callsid });
    await Promise.all(devices.map((device, i) => device.next(({ type, payload }) =>
      ['hangup', 'cancel'].includes(type) && payload.callsid === rings[i].callsid)));
    const ends = devices.map((device, i) => typesOf(device, rings[i].callsid).at(-1));
    assert.deepEqual(ends.sort(), ['cancel', 'cancel', 'hangup']);
    assert.deepEqual(typesOf(alice, callsid), ['ringing', 'answer']);
  });
  await t.test('one declines for the person', async () => {
    const { callsid, rings } = await start();
    first.send('reject', { callsid: rings[0].callsid });
    assert.equal((await failure(alice, callsid)).code, 31603);
    await Promise.all([second.next('cancel'), third.next('cancel')]);
    assert.deepEqual([(await record(callsid)).reason, (await record(callsid)).status], ['declined', 'busy']);
  });
  await t.test('hanging up while it rings declines too', async () => {
    const { callsid, rings } = await start();
    third.send('hangup', { callsid: rings[2].callsid });
    assert.equal((await failure(alice, callsid)).code, 31603);
    await Promise.all([first.next('cancel'), second.next('cancel')]);
  });
  await t.test('busy speaks for one device; the call ends when the last is busy', async () => {
    const { callsid, rings } = await start();
    await first.request('reject', { callsid: rings[0].callsid, reason: 'busy' });
    await second.request('reject', { callsid: rings[1].callsid, reason: 'busy' });
    await everything(alice);
    assert.deepEqual(typesOf(alice, callsid), ['ringing']);
    third.send('reject', { callsid: rings[2].callsid, reason: 'busy' });
    assert.equal((await failure(alice, callsid)).code, 31486);
    assert.equal((await record(callsid)).reason, 'busy');
  });
  await t.test('one is busy, another answers', async () => {
    const { callsid, rings } = await start();
    await first.request('reject', { callsid: rings[0].callsid, reason: 'busy' });
    third.send('answer', { callsid: rings[2].callsid, sdp: ANSWER });
    await alice.next('answer');
    await second.next('cancel');
    await hangUp(alice, third, { callsid });
  });
  await t.test('calling oneself rings at the others', async () => {
    const { callsid, rings } = await ring(first, [second, third], 'client:team');
    assert.equal(rings[0].parameters.From, 'client:team');
    second.send('answer', { callsid: rings[0].callsid, sdp: ANSWER });
    await first.next('answer');
    await third.next('cancel');
    await hangUp(first, second, { callsid });
  });
  await t.test('a description that cannot be used does not win', async () => {
    const { callsid, rings } = await start();
    await assert.rejects(first.request('answer', { callsid: rings[0].callsid, sdp: 'v=0' }), { code: 53402 });
    await assert.rejects(first.request('answer', { callsid: rings[0].callsid }), { code: 53402 });
    first.send('answer', { callsid: rings[0].callsid, sdp: ANSWER });
    await alice.next('answer');
    await hangUp(alice, first, { callsid });
  });
  for (const device of devices) await device.close();
});

test('how calls end', async (t) => {
  await t.test('the caller gives up', async () => {
    const { callsid, rings } = await ring(alice, [bob], 'client:bob');
    alice.send('hangup', { callsid });
    assert.deepEqual((await bob.next('cancel')).payload, { callsid: rings[0].callsid });
    assert.deepEqual([(await record(callsid)).reason, (await record(callsid)).status], ['canceled', 'canceled']);
  });
  await t.test('the caller gives up under its own name of the call, before it knows ours', async () => {
    const temporary = invite(alice, 'client:bob');
    alice.send('hangup', { callsid: temporary });
    await bob.next('invite');
    await bob.next('cancel');
    await alice.next('ringing');
  });
  await t.test('nobody can reject or answer a call of their own', async () => {
    const { callsid, rings } = await ring(alice, [bob], 'client:bob');
    for (const reason of ['busy', undefined]) await alice.request('reject', { callsid, reason }).catch(({ code }) => assert.equal(code, 31400));
    await assert.rejects(alice.request('answer', { callsid, sdp: ANSWER }), { code: 31400 });
    await bob.request('answer', { callsid: rings[0].callsid, sdp: ANSWER });
    await alice.next('answer');
    await hangUp(alice, bob, { callsid });
  });
  for (const [who, reason] of [['caller', 'caller_hangup'], ['callee', 'callee_hangup']]) {
    await t.test(`the ${who} hangs up`, async () => {
      const { callsid, ring: ringing } = await talk(alice, bob, 'client:bob');
      const [leaver, other, own, theirs] = who === 'caller' ? [alice, bob, callsid, ringing.callsid] : [bob, alice, ringing.callsid, callsid];
      leaver.send('hangup', { callsid: own });
      assert.deepEqual((await other.next('hangup')).payload, { callsid: theirs });
      assert.deepEqual([(await record(callsid)).reason, (await record(callsid)).status], [reason, 'completed']);
    });
  }
  await t.test('both hang up at once: no error, one record', async () => {
    const { callsid, ring: ringing } = await talk(alice, bob, 'client:bob');
    alice.send('hangup', { callsid });
    bob.send('hangup', { callsid: ringing.callsid });
    await record(callsid);
    await everything(alice);
    await everything(bob);
    assert.ok(!typesOf(alice, callsid).includes('error'));
    assert.ok(!typesOf(bob, ringing.callsid).includes('error'));
    assert.equal(gateway.logs('call.ended').filter(({ call }) => call === callsid).length, 1);
  });
});

test('the record tells the whole story', async () => {
  const started = Date.now();
  const { callsid, ring: ringing } = await talk(alice, bob, 'client:bob');
  await hangUp(alice, bob, { callsid });
  const { time, level, event, created, answered, ended, duration_ms: duration, ...rest } = await record(callsid);
  assert.deepEqual([level, event], ['info', 'call.ended']);
  const [c, a, e] = [created, answered, ended].map(Date.parse);
  assert.ok(started - 1 <= c && c <= a && a <= e && e <= Date.parse(time));
  assert.equal(duration, e - a);
  assert.deepEqual(rest, {
    account: ACCOUNT, call: callsid, callee_call: ringing.callsid, application: APPLICATION, from: 'client:alice', to: 'client:bob',
    status: 'completed', reason: 'caller_hangup', transferred_from: '', transferred_to: '', transferred_by: '',
    rang: 1, codec: 'opus', caller_codec: 'opus', translated: 0,
    caller_media_end: 'closed', callee_media_end: 'closed',
    caller_media_ms: -1, callee_media_ms: -1,
    caller_packets: 0, caller_lost: 0, caller_lost_remote: 0, caller_jitter_us: 0, caller_rtt_us: 0, caller_dropped: 0, caller_mos_x100: 0,
    callee_packets: 0, callee_lost: 0, callee_lost_remote: 0, callee_jitter_us: 0, callee_rtt_us: 0, callee_dropped: 0, callee_mos_x100: 0,
  });
});
