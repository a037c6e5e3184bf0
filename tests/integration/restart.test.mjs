// The end of the process and its next beginning: killed and started again, and what arrives while it ends.
// The one thing to know: no state outlives the process; clients are told so and begin anew.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { startGateway } from '../lib/gateway.mjs';
import { connect, hangUp, PATIENCE, register, registered, resume, ring, startPatientGateway, talk } from '../lib/signal-calls.mjs';
import { RawWebSocket } from '../lib/raw-websocket.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

test('killed with -9 and started again on the same port', async (t) => {
  const gateway = await startPatientGateway({}, t);
  const people = {
    alice: await connect(gateway, 'alice', { resume: true }),
    bob: await registered(gateway, 'bob', { resume: true }),
  };
  const call = await talk(people.alice, people.bob, 'client:bob');
  const { port, pid } = gateway;
  for (let round = 1; round <= 2; round++) {
    await t.test(`round ${round}: clients are told that their session is gone, and go on with a new one`, async () => {
      await gateway.killAndRestart();
      assert.equal(gateway.port, port);
      assert.notEqual(gateway.pid, pid);
      for (const [name, old] of Object.entries(people)) {
        const { code } = await old.closed;
        assert.equal(code, 1006);
        people[name] = await resume(gateway, old, name);
        const { recovered, id, epoch } = people[name].connected.session;
        assert.equal(recovered, false);
        assert.notEqual(id, old.connected.session.id);
        assert.notEqual(epoch, old.connected.session.epoch);
      }
      assert.equal((await gateway.metrics()).get('callgate_resume_failures_total'), 2);
    });
    await t.test(`round ${round}: the old call cannot be taken back`, async () => {
      await assert.rejects(people.alice.request('invite', { callsid: call.callsid, reconnect: call.answer.reconnect, sdp: 'v=0', twilio: {} }), { code: 31209 });
    });
    await t.test(`round ${round}: whoever registers again is called again`, async () => {
      await register(people.bob);
      const next = await talk(people.alice, people.bob, 'client:bob');
      assert.equal(people.bob.messages.at(-1).seq, people.bob.lastSeq);
      await hangUp(people.alice, people.bob, next);
    });
  }
});

test('what arrives while the gateway ends', async (t) => {
  // Clients that do not answer the close frame hold the end up for a moment; requests may be finished within it.
  const gateway = await startGateway({ config: PATIENCE }, t);
  const [alice, bob] = [await connect(gateway, 'alice'), await registered(gateway, 'bob')];
  await ring(alice, [bob], 'client:bob');
  const silent = await RawWebSocket.open(gateway.port);
  silent.message('listen', { token: accessToken('silent') });
  const requests = await Promise.all(['/healthz', '/metrics', '/admin/log-level', '/callgate.js'].map(async (path) => {
    const socket = net.connect({ port: gateway.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.on('error', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`);
    socket.answer = new Promise((resolve) => {
      let text = '';
      socket.on('data', (chunk) => { text += chunk; });
      socket.on('close', () => resolve(text));
    });
    return socket;
  }));
  await until(() => silent.frames().length > 0, 'the silent client to be connected');
  gateway.signal('SIGTERM');
  await until(() => gateway.logs('gateway.draining').length, 'the drain');
  gateway.signal('SIGTERM');
  await until(() => silent.close, 'the close frame');
  assert.deepEqual(silent.close, { code: 1001, reason: 'the gateway is shutting down' });
  silent.message('register', { media: { audio: true } });
  for (const socket of requests) socket.write('\r\n');
  const answers = await Promise.all(requests.map(({ answer }) => answer));
  for (const answer of answers) assert.match(answer, /^(HTTP\/1\.1 (200|503) |$)/);
  silent.destroy();
  const [code] = await gateway.exited;
  assert.equal(code, 0);
  assert.deepEqual(gateway.logs('call.ended').map(({ reason }) => reason), ['shutdown']);
});
