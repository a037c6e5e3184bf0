// Heartbeats, dead peers, and peers that do not read.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EchoServer } from '../lib/echo-server.mjs';
import { RawWebSocket } from '../lib/raw-websocket.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const SLOW = 6; // in the list of rejections
const quick = { heartbeat_interval_ms: 100, heartbeat_timeout_ms: 400 };

async function listening(server, payload = {}) {
  const raw = await RawWebSocket.open(server.port);
  raw.message('listen', { token: accessToken('alice'), ...payload });
  await server.said(/^opened/);
  return raw;
}

test('heartbeats come and keep both sides alive', async (t) => {
  const server = await EchoServer.start(t, { limits: quick });
  const client = await SignalClient.connect(server.url, accessToken('alice'));
  await until(() => client.heartbeats >= 10, 'ten heartbeats');
  assert.deepEqual(await client.request('echo', {}), { echo: {} });
});

test('a socket that says nothing is dead, whether it listened or not', async (t) => {
  const server = await EchoServer.start(t, { limits: quick });
  const mute = await SignalClient.connect(server.url, accessToken('alice'), { echoHeartbeats: false, listen: { resume: {} } });
  const unlistened = await SignalClient.open(server.url, { echoHeartbeats: false });
  const begun = performance.now();
  await server.said(/^detached .* alice/);
  assert.ok(performance.now() - begun < 1000);
  await Promise.all([mute.closed, unlistened.closed]);
  assert.equal((await server.stats()).heartbeat_timeouts, 2);
  assert.match(server.log.join('\n'), /socket.dead peer=127.0.0.1 silent_ms=4\d\d/);
});

test('any message or pong is a sign of life', async (t) => {
  const server = await EchoServer.start(t, { limits: quick });
  const signs = { message: (raw) => raw.message('nonsense'), heartbeat: (raw) => raw.send('\n'), pong: (raw) => raw.send('x', { opcode: 10 }) };
  for (const [name, sign] of Object.entries(signs)) {
    await t.test(name, async () => {
      const raw = await listening(server);
      for (let i = 0; i < 8; i++) {
        sign(raw);
        const frames = raw.frames().length;
        await until(() => raw.frames().length > frames, 'a heartbeat');
      }
      assert.equal(raw.close, undefined);
      raw.destroy();
    });
  }
});

test('a half-open connection: the peer vanished without a word', async (t) => {
  const server = await EchoServer.start(t, { limits: quick });
  const raw = await listening(server, { resume: {} });
  raw.stopReading();
  await server.said(/^detached .* alice/);
  await until(async () => (await server.stats()).sockets === 0, 'the socket to go');
  raw.destroy();
});

test('a peer that does not read', async (t) => {
  const limits = { replay_bytes: 100000, heartbeat_interval_ms: 1000, heartbeat_timeout_ms: 30000 };
  const server = await EchoServer.start(t, { limits });
  const other = await SignalClient.connect(server.url, accessToken('bob'));
  await server.said(/^opened/);
  const before = server.resources().resident;
  const raw = await listening(server, { resume: {} });
  raw.stopReading();
  for (let i = 0; i < 100; i++) raw.message('burst', { count: 100, size: 10000 }); // 100 MB if nobody stopped it
  await server.said(/^detached .* alice/);
  assert.equal((await server.stats()).rejected[SLOW], 1);
  assert.match(server.log.join('\n'), /peer.rejected reason=slow/);
  assert.ok((await server.stats()).send_queue_bytes <= 100000);
  await until(async () => (await server.stats()).sockets === 1, 'its socket to go');
  const grown = server.resources().resident - before;
  assert.ok(grown < 20 << 20, `grew by ${grown >> 20} MB`);
  assert.deepEqual(await other.request('echo', {}), { echo: {} });
  raw.destroy();
});

test('a reader that is slow but reads is served', async (t) => {
  const server = await EchoServer.start(t, { limits: { replay_bytes: 64 << 20 } });
  const client = await SignalClient.connect(server.url, accessToken('alice'));
  client.socket.pause();
  client.send('burst', { count: 3000, size: 10000 }); // more than the kernel's buffers take, or no queue would be seen
  await until(async () => (await server.stats()).send_queue_bytes > 0, 'the burst');
  client.socket.resume();
  await client.next((message) => message.payload.n === 3000, 30000);
});

test('a peer that never answers the close', async (t) => {
  const server = await EchoServer.start(t);
  const raw = await listening(server);
  raw.message('bye', { code: 4000 });
  await until(() => raw.close, 'the close frame');
  await until(async () => (await server.stats()).sockets === 0, 'the socket to go', 8000);
  raw.destroy();
});
