// Who gets through the door of /signal: paths, origins, limits per address, and what is no WebSocket at all.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { EchoServer } from '../lib/echo-server.mjs';
import { RawWebSocket } from '../lib/raw-websocket.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';

/** Writes `text` on a connection of its own and gives all that comes back until it is closed. */
async function talk(port, text) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  let answer = '';
  socket.on('data', (chunk) => { answer += chunk; });
  socket.on('error', () => {});
  socket.write(text);
  await new Promise((resolve) => { socket.on('close', resolve); });
  return answer;
}

const status = (answer) => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);

test('origins', async (t) => {
  const server = await EchoServer.start(t, { server: { origins: ['https://agents.example', 'http://other.example:8080'] } });
  const open = (origin, headers = {}) => SignalClient.open(server.url, { headers: { ...(origin && { origin }), ...headers } });
  for (const origin of [undefined, 'https://agents.example', 'HTTPS://Agents.Example', 'http://other.example:8080',
    `http://127.0.0.1:${server.port}`, `https://127.0.0.1:${server.port}`]) {
    await t.test(`${origin} is let in`, async () => { await (await open(origin)).cut(); });
  }
  for (const origin of ['https://evil.example', 'https://agents.example.evil.example', 'https://agents.example:444',
    'http://agents.example', 'null', `http://127.0.0.1:${server.port + 1}`, 'http://127.0.0.1']) {
    await t.test(`"${origin}" is refused`, async () => {
      await assert.rejects(open(undefined, { origin }), /403/);
    });
  }
  assert.match(server.log.join('\n'), /peer.rejected reason=origin peer=127.0.0.1/);
});

test('every origin, when the configuration says so', async (t) => {
  const server = await EchoServer.start(t, { server: { origins: ['*'] } });
  await (await SignalClient.open(server.url, { headers: { origin: 'https://anyone.example' } })).cut();
});

test('a refusal says why', async (t) => {
  const server = await EchoServer.start(t);
  const upgrade = (path, headers) => talk(server.port, [`GET ${path} HTTP/1.1`, 'Host: h', 'Connection: Upgrade',
    'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...headers, '', ''].join('\r\n'));
  const elsewhere = await upgrade('/elsewhere', []);
  assert.equal(status(elsewhere), 404);
  assert.match(elsewhere, /\{"code":404,"message":"no WebSocket here: it is at \/signal"\}$/);
  const old = await talk(server.port, ['GET /signal HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket',
    'Sec-WebSocket-Version: 8', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''].join('\r\n'));
  assert.equal(status(old), 426);
  assert.match(old, /Sec-WebSocket-Version: 13\r\n/);
  const foreign = await upgrade('/signal', ['Origin: https://evil.example']);
  assert.equal(status(foreign), 403);
  assert.match(foreign, /"message":"pages of this origin are not allowed"/);
});

test('connections per address', async (t) => {
  const server = await EchoServer.start(t, { limits: { connections_per_ip: 3 } });
  const clients = await Promise.all([1, 2, 3].map(() => SignalClient.open(server.url)));
  await assert.rejects(SignalClient.open(server.url), /429/);
  assert.equal((await server.stats()).rejected[1], 1);
  await clients[0].close();
  await (await SignalClient.open(server.url)).cut();
});

test('TCP connections per address, before anything was said on them', async (t) => {
  const server = await EchoServer.start(t, { limits: { connections_per_ip: 1 } });
  const sockets = Array.from({ length: 1 + 64 }, () => net.connect({ port: server.port, host: '127.0.0.1' }).on('error', () => {}));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  assert.equal(await talk(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'), '');
  for (const socket of sockets) socket.destroy();
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  const connected = await SignalClient.open(server.url);
  await connected.cut();
});

test('sessions per account, its own limit before the common one', async (t) => {
  const server = await EchoServer.start(t, { account1: { max_connections: 2 } });
  const first = await SignalClient.connect(server.url, accessToken('alice'));
  await SignalClient.connect(server.url, accessToken('bob'));
  const third = await SignalClient.open(server.url);
  third.send('listen', { token: accessToken('carol') });
  const refusal = await third.next('error');
  assert.equal(refusal.payload.error.code, 31206);
  assert.ok(refusal.payload.error.retryAfter > 0);
  await first.close();
  await server.said(/^closed .* alice/);
  await third.listen(accessToken('carol'));
});

test('one identity a thousand times is one thousand sessions and no more', async (t) => {
  const server = await EchoServer.start(t, { limits: { connections_per_account: 500 } });
  const outcomes = await Promise.allSettled(Array.from({ length: 600 }, () => SignalClient.connect(server.url, accessToken('alice'))));
  const refused = outcomes.filter(({ status: outcome }) => outcome === 'rejected');
  assert.equal(refused.length, 100);
  assert.ok(refused.every(({ reason }) => reason.code === 31206));
  const one = outcomes.find(({ status: outcome }) => outcome === 'fulfilled').value;
  assert.deepEqual(await one.request('echo', { still: 'here' }), { echo: { still: 'here' } });
});

test('what is no WebSocket', async (t) => {
  const server = await EchoServer.start(t);
  const cases = [
    ['plain GET of /signal', 'GET /signal HTTP/1.1\r\nHost: h\r\n\r\n', 400],
    ['another upgrade', 'GET /signal HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n'],
    // Neither way of HTTP/2 without TLS may reach that code: the connection is closed, whatever else is said.
    ['h2c', 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n'],
    ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
    ['TLS on a plain port', Buffer.from('16030100c8010000c40303', 'hex')],
    ['garbage', Buffer.from('\0\x01\x02\xff\xfe\r\n\r\n', 'latin1')],
  ];
  for (const [name, text, expected] of cases) {
    await t.test(name, async () => {
      const answer = await talk(server.port, text);
      assert.doesNotMatch(answer, /101 Switching/);
      if (expected) assert.equal(status(answer), expected);
    });
  }
  await t.test('a second request on the same connection is not read', async () => {
    const answer = await talk(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n');
    assert.equal(answer.match(/HTTP\/1.1/g).length, 1);
  });
  const raw = await RawWebSocket.open(server.port);
  assert.equal(raw.status, 101);
  raw.destroy();
});
