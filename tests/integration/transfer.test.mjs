// Transfers by clients: a party of a call is connected to somebody else, blind (`to`) and attended (`with`).
// The one thing to know: media never comes here; who is told what and which records are left is what is tested.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { ANSWER, connect, failure, invite, registered, startPatientGateway, talk, typesOf } from '../lib/signal-calls.mjs';
import { until } from '../lib/wait.mjs';

let gateway;

before(async () => { gateway = await startPatientGateway({ media: { workers: 3 } }); });
after(() => gateway.stop());

/** New people for every test: what one leaves behind never meets the next. */
async function meet(t) {
  const people = {};
  for (const name of ['alice', 'bob', 'carol']) people[name] = await registered(gateway, name);
  t.after(() => Promise.all(Object.values(people).map((client) => client.close())));
  return people;
}

const record = (test_, what) => until(() => gateway.logs('call.ended').find(test_), what);
const code = (wanted) => (error) => { assert.equal(error.code, wanted, error.message); return true; };

/** alice and bob talk; bob's callsid is `ring.callsid`. */
const begin = ({ alice, bob }) => talk(alice, bob, 'client:bob');

test('blind: the party waits on hold, is connected when the destination answers, and both are told', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  const call = await begin(people);
  assert.deepEqual(await bob.request('transfer', { callsid: call.ring.callsid, to: 'client:carol' }), {});
  assert.deepEqual((await alice.next('hold')).payload, { callsid: call.callsid, on: true });
  assert.deepEqual((await bob.next('transfer')).payload, { callsid: call.ring.callsid, state: 'ringing' });
  const { payload: ring } = await carol.next('invite');
  assert.equal(ring.parameters.From, 'client:alice');
  assert.equal(ring.parameters.To, 'client:carol');
  assert.equal(ring.parameters.TransferredBy, 'client:bob');
  carol.send('answer', { callsid: ring.callsid, sdp: ANSWER });
  assert.deepEqual((await bob.next('transfer')).payload, { callsid: call.ring.callsid, state: 'completed' });
  assert.deepEqual((await bob.next('hangup')).payload, { callsid: call.ring.callsid });
  assert.deepEqual((await alice.next('hold')).payload, { callsid: call.callsid, on: false });
  assert.deepEqual((await alice.next('transferred')).payload, { callsid: call.callsid, party: 'client:carol' });

  // It is a call like any other now: keys, hold and the end pass between the two.
  await carol.request('dtmf', { callsid: ring.callsid, dtmf: '5' });
  assert.deepEqual((await alice.next('dtmf')).payload, { callsid: call.callsid, dtmf: '5' });
  await alice.request('hold', { callsid: call.callsid, on: true });
  assert.deepEqual((await carol.next('hold')).payload, { callsid: ring.callsid, on: true });
  alice.send('hangup', { callsid: call.callsid });
  assert.deepEqual((await carol.next('hangup')).payload, { callsid: ring.callsid });
  assert.deepEqual(typesOf(alice, call.callsid), ['ringing', 'answer', 'hold', 'hold', 'transferred', 'dtmf', 'result'].filter((type) => type !== 'result'));

  const first = await record((entry) => entry.call === call.callsid, 'the record of alice with bob');
  assert.deepEqual([first.from, first.to, first.reason, first.status], ['client:alice', 'client:bob', 'transferred', 'completed']);
  const second = await record((entry) => entry.transferred_from === call.callsid, 'the record of alice with carol');
  assert.deepEqual([second.from, second.to, second.reason, second.transferred_by], ['client:alice', 'client:carol', 'caller_hangup', 'client:bob']);
  assert.equal(first.transferred_to, second.call);
  assert.equal(second.callee_call, ring.callsid);
  const done = gateway.logs('call.transferred').find((entry) => entry.call === call.callsid);
  assert.deepEqual([done.new_call, done.by, done.from, done.to], [second.call, 'client:bob', 'client:alice', 'client:carol']);
});

test('blind, by the caller: the callee is connected', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  const call = await begin(people);
  await alice.request('transfer', { callsid: call.callsid, to: 'client:carol' });
  const { payload: ring } = await carol.next('invite');
  assert.equal(ring.parameters.From, 'client:bob');
  carol.send('answer', { callsid: ring.callsid, sdp: ANSWER });
  await alice.next('hangup');
  assert.equal((await bob.next('transferred')).payload.party, 'client:carol');
  bob.send('hangup', { callsid: call.ring.callsid });
  await carol.next('hangup');
});

test('a destination that fails leaves the call as it was', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  const call = await begin(people);
  const callsid = call.ring.callsid;
  await t.test('while it rings: both are told, and talk on', async () => {
    await bob.request('transfer', { callsid, to: 'client:carol' });
    const { payload: ring } = await carol.next('invite');
    carol.send('reject', { callsid: ring.callsid });
    await bob.next(({ type, payload }) => type === 'transfer' && payload.state === 'ringing');
    const { payload } = await bob.next(({ type, payload: { state } }) => type === 'transfer' && state === 'failed');
    assert.equal(payload.error.code, 31603);
    assert.deepEqual([(await alice.next('hold')).payload.on, (await alice.next('hold')).payload.on], [true, false]);
    await bob.request('dtmf', { callsid, dtmf: '1' });
    assert.equal((await alice.next('dtmf')).payload.dtmf, '1');
    assert.equal((await record((entry) => entry.transferred_from === call.callsid, 'the record')).reason, 'declined');
  });
  await t.test('at once: the request is refused', async () => {
    for (const [to, wanted] of [['client:nobody', 31480], ['+15551234567', 31404], ['sip:mallory@192.0.2.1', 31404], ['bob', 31404], ['', 31404]])
      await assert.rejects(bob.request('transfer', { callsid, to }), code(wanted), to);
    assert.deepEqual((await alice.request('dtmf', { callsid: call.callsid, dtmf: '2' })), {});
    assert.equal((await bob.next('dtmf')).payload.dtmf, '2');
  });
  await t.test('and another may follow', async () => {
    await bob.request('transfer', { callsid, to: 'client:carol' });
    const { payload: ring } = await carol.next('invite');
    carol.send('answer', { callsid: ring.callsid, sdp: ANSWER });
    await bob.next('hangup');
    carol.send('hangup', { callsid: ring.callsid });
    await alice.next('hangup');
  });
});

test('who asked may hang up before the answer', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  await t.test('the destination answers', async () => {
    const call = await begin(people);
    await bob.request('transfer', { callsid: call.ring.callsid, to: 'client:carol' });
    const { payload: ring } = await carol.next('invite');
    await bob.request('hangup', { callsid: call.ring.callsid });
    carol.send('answer', { callsid: ring.callsid, sdp: ANSWER });
    assert.equal((await alice.next('transferred')).payload.party, 'client:carol');
    carol.send('hangup', { callsid: ring.callsid });
    await alice.next('hangup');
  });
  await t.test('it does not: the party hears why', async () => {
    const call = await begin(people);
    await bob.request('transfer', { callsid: call.ring.callsid, to: 'client:carol' });
    const { payload: ring } = await carol.next('invite');
    await bob.request('hangup', { callsid: call.ring.callsid });
    carol.send('reject', { callsid: ring.callsid, reason: 'busy' });
    assert.equal((await failure(alice, call.callsid)).code, 31486);
  });
});

test('the party hangs up while the destination rings', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  const call = await begin(people);
  await bob.request('transfer', { callsid: call.ring.callsid, to: 'client:carol' });
  const { payload: ring } = await carol.next('invite');
  alice.send('hangup', { callsid: call.callsid });
  assert.equal((await carol.next('cancel')).payload.callsid, ring.callsid);
  assert.equal((await bob.next('hangup')).payload.callsid, call.ring.callsid);
});

test('attended: two calls of a client are joined, whoever called whom', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  for (const consult of ['bob calls carol', 'carol calls bob']) {
    await t.test(consult, async () => {
      const call = await begin(people);
      const other = consult === 'bob calls carol' ? await talk(bob, carol, 'client:carol') : await talk(carol, bob, 'client:bob');
      const [bobs, carols] = consult === 'bob calls carol' ? [other.callsid, other.ring.callsid] : [other.ring.callsid, other.callsid];
      assert.deepEqual(await bob.request('transfer', { callsid: call.ring.callsid, with: bobs }), {});
      const ended = [(await bob.next('hangup')).payload.callsid, (await bob.next('hangup')).payload.callsid];
      assert.deepEqual(ended, [call.ring.callsid, bobs]);
      assert.deepEqual((await alice.next('transferred')).payload, { callsid: call.callsid, party: 'client:carol' });
      assert.deepEqual((await carol.next('transferred')).payload, { callsid: carols, party: 'client:alice' });
      await alice.request('dtmf', { callsid: call.callsid, dtmf: '7' });
      assert.deepEqual((await carol.next('dtmf')).payload, { callsid: carols, dtmf: '7' });
      carol.send('hangup', { callsid: carols });
      await alice.next('hangup');
      const joined = await record((entry) => entry.transferred_from === call.callsid, 'the record of alice with carol');
      assert.deepEqual([joined.from, joined.to, joined.transferred_by], ['client:alice', 'client:carol', 'client:bob']);
      const parts = gateway.logs('call.ended').filter((entry) => entry.transferred_to === joined.call);
      assert.deepEqual(parts.map(({ reason }) => reason), ['transferred', 'transferred']);
    });
  }
});

test('what cannot be transferred', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  const temporary = invite(alice, 'client:bob', { extra: { id: 'placed' } });
  await alice.next(({ id }) => id === 'placed');
  const { payload: ring } = await bob.next('invite');
  await assert.rejects(alice.request('transfer', { callsid: temporary, to: 'client:carol' }), code(31400));
  await assert.rejects(bob.request('transfer', { callsid: ring.callsid, to: 'client:carol' }), code(31400));
  bob.send('answer', { callsid: ring.callsid, sdp: ANSWER });
  await alice.next('answer');
  const callsid = ring.callsid;
  await assert.rejects(bob.request('transfer', { callsid }), code(31400));
  await assert.rejects(bob.request('transfer', { callsid, to: 7 }), code(31400));
  await assert.rejects(bob.request('transfer', { callsid, to: 'client:carol', with: callsid }), code(31400));
  await assert.rejects(bob.request('transfer', { callsid, with: callsid }), code(31400));
  await assert.rejects(bob.request('transfer', { callsid, with: 'CA00000000000000000000000000000000' }), code(31404));
  await assert.rejects(bob.request('transfer', { callsid: 'none', to: 'client:carol' }), code(31404));
  await assert.rejects(carol.request('transfer', { callsid, to: 'client:carol' }), code(31404));

  await bob.request('transfer', { callsid, to: 'client:carol' });
  await assert.rejects(bob.request('transfer', { callsid, to: 'client:carol' }), code(31400));
  await assert.rejects(alice.request('transfer', { callsid: temporary, to: 'client:carol' }), code(31400));
  bob.send('hangup', { callsid });
  alice.send('hangup', { callsid: temporary });
  await carol.next('cancel');
});

test('the grants of who asks are those of a call', async (t) => {
  const people = await meet(t);
  const { alice, carol } = people;
  const dave = await registered(gateway, 'dave', { token: { outgoing: false } });
  const call = await talk(alice, dave, 'client:dave');
  await assert.rejects(dave.request('transfer', { callsid: call.ring.callsid, to: 'client:carol' }), code(31201));
  alice.send('hangup', { callsid: call.callsid });
  await dave.close();

  const fixed = await registered(gateway, 'fixed', { token: { params: { To: 'client:carol' } } });
  const bound = await talk(alice, fixed, 'client:fixed');
  await fixed.request('transfer', { callsid: bound.ring.callsid, to: 'client:bob' });
  assert.equal((await carol.next('invite')).payload.parameters.To, 'client:carol');
  alice.send('hangup', { callsid: bound.callsid });
  await carol.next('cancel');
  await fixed.close();
});

test('a client is not called for its own transfer', async (t) => {
  const people = await meet(t);
  const { alice, bob } = people;
  const call = await begin(people);
  for (const to of ['client:alice', 'client:bob'])
    await assert.rejects(bob.request('transfer', { callsid: call.ring.callsid, to }), code(31480));
  const desk = await registered(gateway, 'bob');
  await bob.request('transfer', { callsid: call.ring.callsid, to: 'client:bob' });
  const { payload: ring } = await desk.next('invite');
  desk.send('answer', { callsid: ring.callsid, sdp: ANSWER });
  assert.equal((await alice.next('transferred')).payload.party, 'client:bob');
  await desk.close();
});

test('a transferred call outlives its client\'s lost socket, too', async (t) => {
  const people = await meet(t);
  const { alice, bob, carol } = people;
  const call = await begin(people);
  await bob.request('transfer', { callsid: call.ring.callsid, to: 'client:carol' });
  const { payload: ring } = await carol.next('invite');
  carol.send('answer', { callsid: ring.callsid, sdp: ANSWER });
  await alice.next('transferred');
  await alice.cut();
  const again = await connect(gateway, 'alice');
  again.send('invite', { callsid: call.callsid, reconnect: call.answer.reconnect, sdp: (await import('../lib/signal-calls.mjs')).OFFER, twilio: {} });
  assert.equal((await again.next('answer')).payload.callsid, call.callsid);
  again.send('hangup', { callsid: call.callsid });
  await carol.next('hangup');
  await again.close();
});
