// A gateway that has enough to do takes no more calls, says so, and does not let those that run feel it.
// The one thing to know: the limit is one percent of a core, which a few streams exceed on any machine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS, startGateway } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, hangUp, invite, PATIENCE, registered, ring } from '../lib/signal-calls.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 120000 * SLOWNESS;
const MANY = { calls_per_client: 100 };
const LOAD = 'callgate_worker_load_ratio{worker="0"}';
const refused = (reason) => `callgate_calls_refused_total{reason="${reason}"}`;
// On a machine that others keep busy a worker may be late before its load is seen: a refusal is a refusal.
const refusals = (metrics) => ['load', 'drops', 'late'].reduce((sum, reason) => sum + metrics.get(refused(reason)), 0);

async function start(t, media) {
  const gateway = await startGateway({ config: { calls: MANY, media: { workers: 1, ...PATIENCE.media, ...media } } }, t);
  gateway.expectWarning(/^calls\.refused$/);
  const [caller, callee] = [await connect(gateway, 'caller'), await registered(gateway, 'callee')];
  return { gateway, caller, callee };
}

/** Places a call: {callsid} if it rings, {error} if it is refused. */
async function attempt(caller, options) {
  const temporary = invite(caller, 'client:callee', options);
  const { type, payload } = await caller.next((message) =>
    message.type === 'ringing' || (message.type === 'hangup' && message.payload.callsid === temporary));
  return type === 'ringing' ? { callsid: payload.callsid } : { error: payload.error };
}

test('streams beyond the limit: a call is refused, those that run go on, and then there is room again', { timeout }, async (t) => {
  const { gateway, caller, callee } = await start(t, { load_limit: 1 });
  const peers = new MediaPeers(t);
  const calls = [];
  /** One more call with media; false if it is refused. */
  const add = async () => {
    const names = [`caller-${calls.length}`, `callee-${calls.length}`];
    const { callsid, error } = await attempt(caller, { offer: await peers.offer(names[0]) });
    if (error) {
      await peers.remove(names[0]);
      return false;
    }
    const { payload: ringing } = await callee.next('invite');
    callee.send('answer', { callsid: ringing.callsid, sdp: await peers.answer(names[1], ringing.sdp) });
    const { payload: { sdp } } = await caller.next(({ type, payload }) => type === 'answer' && payload.callsid === callsid);
    await peers.accept(names[0], sdp);
    calls.push({ callsid, peers: names });
    return true;
  };

  await until(async () => !(await add()) && (await gateway.metrics()).get(LOAD) >= 0.01, 'the load to pass the limit', timeout / 2);
  const before = await gateway.metrics();
  const { error } = await attempt(caller);
  assert.equal(error.code, 31206);
  assert.match(error.message, /too busy .* try again/);
  const after = await gateway.metrics();
  assert.equal(refusals(after), refusals(before) + 1);
  assert.ok(after.get(refused('load')) > 0);
  assert.equal(after.get('callgate_calls{state="in-progress"}'), calls.length);
  const begun = () => gateway.logs('calls.refused').length - gateway.logs('calls.admitted').length;
  await until(() => begun() === 1, 'the warning'); // once, however many calls it is
  await Promise.all(calls.map((call) => peers.receive(call.peers)));

  for (const { callsid, peers: both } of calls) {
    await hangUp(caller, callee, { callsid });
    for (const peer of both) await peers.remove(peer); // who goes on sending goes on being work
  }
  await until(async () => (await attempt(caller)).callsid, 'room for another call', timeout / 2);
  await until(() => begun() === 0, 'its end');
});

test('a burst of calls is not admitted on the load of a moment ago', { timeout }, async (t) => {
  const { gateway, caller } = await start(t, { load_limit: 1 });
  const callsids = Array.from({ length: 40 }, () => invite(caller, 'client:callee'));
  const outcomes = await Promise.all(callsids.map(() => caller.next(({ type }) => type === 'ringing' || type === 'hangup')));
  const hangups = outcomes.filter(({ type }) => type === 'hangup');
  assert.ok(outcomes.length - hangups.length <= 5, `${outcomes.length - hangups.length} of 40 were admitted`);
  assert.ok(hangups.every(({ payload }) => payload.error.code === 31206));
  assert.equal(refusals(await gateway.metrics()), hangups.length);
});

test('handshakes that the pool has no room for are not promised', { timeout }, async (t) => {
  const { gateway, caller, callee } = await start(t, { load_limit: 0, handshake_queue: 2 });
  const { callsid } = await ring(caller, [callee], 'client:callee');
  assert.equal((await failure(caller, invite(caller, 'client:callee'))).code, 31206);
  assert.equal((await gateway.metrics()).get(refused('handshakes')), 1);
  caller.send('hangup', { callsid });
  await callee.next('cancel');
  await until(async () => (await gateway.metrics()).get('callgate_legs') === 0, 'the legs to close');
  await ring(caller, [callee], 'client:callee');
});
