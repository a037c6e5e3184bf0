// A thousand clients come and go: descriptors and memory return to where they were, and nobody is forgotten.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EchoServer } from '../lib/echo-server.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const CLIENTS = 1000;

/** A thousand clients, fifty at a time; `leave` takes each away again. */
async function visit(server, leave, payload) {
  const clients = [];
  for (let at = 0; at < CLIENTS; at += 50) {
    clients.push(...await Promise.all(Array.from({ length: 50 }, (_, i) =>
      SignalClient.connect(server.url, accessToken(`client-${at + i}`), { listen: payload }))));
  }
  const full = { ...server.resources(), ...await server.stats() };
  for (let at = 0; at < CLIENTS; at += 50) await Promise.all(clients.slice(at, at + 50).map(leave));
  await until(async () => (await server.stats()).sockets === 0, 'the sockets to go');
  return full;
}

test('a thousand idle clients, again and again', async (t) => {
  const server = await EchoServer.start(t, { limits: { resume_window_s: 1 } });
  const empty = server.resources();
  const full = await visit(server, (client) => client.close());
  assert.equal(full.sessions, CLIENTS);
  t.diagnostic(`${((full.resident - empty.resident) / CLIENTS / 1024).toFixed(1)} KiB of resident memory per client`);
  const before = server.resources(); // what grew once and is kept is in it

  await visit(server, (client) => client.cut(), { resume: {} });
  await until(async () => (await server.stats()).sessions === 0, 'the resume windows to close');
  const after = server.resources();
  assert.equal(after.descriptors, empty.descriptors);
  const grown = (after.resident - before.resident) / 1024;
  t.diagnostic(`${grown} KiB more resident memory than before`);
  assert.ok(grown < 20000, `grew by ${grown} KiB`);
});
