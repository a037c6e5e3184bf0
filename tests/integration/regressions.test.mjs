// What once ended the gateway or led it astray, each by the few messages that did it.
// The one thing to know: every test has failed before the fault it tells of was mended.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { BINARY, startGateway } from '../lib/gateway.mjs';
import * as sdp from '../lib/sdp.mjs';
import { ANSWER, connect, failure, hangUp, invite, registered, ring, startPatientGateway } from '../lib/signal-calls.mjs';
import { APPLICATION } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

test('a caller cannot reject its own call and be answered all the same', async (t) => {
  const gateway = await startPatientGateway({}, t);
  const [alice, bob] = [await connect(gateway, 'alice'), await registered(gateway, 'bob')];
  const { callsid, rings: [theirs] } = await ring(alice, [bob], 'client:bob');
  for (const reason of ['busy', undefined])
    await assert.rejects(alice.request('reject', { callsid, reason }), { code: 31400 });
  await bob.request('answer', { callsid: theirs.callsid, sdp: ANSWER });
  await alice.next('answer');
  assert.deepEqual(await hangUp(alice, bob, { callsid }), { callsid: theirs.callsid });
});

test('an answer without a common codec leaves the offer as it was', async (t) => {
  const gateway = await startPatientGateway({ [`application ${APPLICATION}`]: { transcode: false } }, t);
  const [alice, bob] = [await connect(gateway, 'alice'), await registered(gateway, 'bob')];
  const { callsid, rings: [theirs] } = await ring(alice, [bob], 'client:bob', { offer: sdp.offer({ codecs: ['opus', 'telephone-event'] }) });
  const answer = (codecs) => bob.request('answer', { callsid: theirs.callsid, sdp: sdp.answer({ codecs }) });
  await assert.rejects(answer(['pcmu']), { code: 53402 });
  await answer(['opus']);
  assert.match((await alice.next('answer')).payload.sdp, /opus/);
  await hangUp(alice, bob, { callsid });
});

test('who has as many calls as a client may have, is busy', async (t) => {
  const gateway = await startPatientGateway({ calls: { calls_per_client: 2 } }, t);
  const bob = await registered(gateway, 'bob');
  const callers = await Promise.all(['alice', 'carol', 'dave'].map((name) => connect(gateway, name)));
  const first = await ring(callers[0], [bob], 'client:bob');
  await ring(callers[1], [bob], 'client:bob');
  assert.equal((await failure(callers[2], invite(callers[2], 'client:bob'))).code, 31486);
  callers[0].send('hangup', { callsid: first.callsid });
  await bob.next('cancel');
  await ring(callers[2], [bob], 'client:bob');
});

test('asked to end again and again, it ends in good order', async (t) => {
  const gateway = await startGateway({}, t);
  const client = await connect(gateway, 'alice');
  client.socket._socket.pause(); // its close frame is waited for
  gateway.signal('SIGTERM');
  await until(() => gateway.logs('session.closed').length, 'the end to begin');
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) gateway.signal(signal);
  assert.deepEqual(await gateway.exited, [0, null]);
  client.socket.terminate();
});

test('a port beyond 65535 is refused, not cut', async () => {
  const serve = (...args) => promisify(execFile)(BINARY, ['serve', '--demo', ...args], { timeout: 20000 });
  await assert.rejects(serve('--port', '65536'), { code: 2, stderr: /at most 65535/ });
  await assert.rejects(serve('--udp-port', '70000'), { code: 2, stderr: /at most 65535/ });
});
