// Short-lived TURN credentials in `connected`: made here once more, from what the user name says and the secret.
// The one thing to know: no TURN server takes part; tests/networks/turn.test.mjs has one.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import { startGateway } from '../lib/gateway.mjs';
import { connect, resume } from '../lib/signal-calls.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const URLS = ['turn:turn.example.com:3478?transport=udp', 'turns:[2001:db8::1]:443?transport=tcp'];
const TURN = { urls: URLS, secret: 'shared with the TURN server', ttl_s: 600 };
const password = (username, secret = TURN.secret) => createHmac('sha1', secret).update(username).digest('base64');
const now = () => Math.floor(Date.now() / 1000);
const expiry = (payload) => Number(payload.ice_servers[0].username.split(':')[0]);
const name = (payload) => payload.ice_servers[0].username.split(':')[1];

function assertWithin(value, low, high) {
  assert.ok(value >= low && value <= high, `${value} is not from ${low} to ${high}`);
}

test('without [turn], connected is as it always was', async (t) => {
  const gateway = await startGateway({}, t);
  const alice = await connect(gateway, 'alice');
  assert.deepEqual(Object.keys(alice.connected), ['region', 'home', 'edge', 'token', 'session']);
  await alice.close();
});

test('credentials', async (t) => {
  const gateway = await startGateway({ config: { turn: TURN } }, t);
  const alice = await connect(gateway, 'alice', { token: { ttl: 60 }, resume: true });
  const [server] = alice.connected.ice_servers;
  await t.test('are what a TURN server with the secret expects', () => {
    assert.equal(alice.connected.ice_servers.length, 1);
    assert.deepEqual(Object.keys(server), ['urls', 'username', 'credential']);
    assert.deepEqual(server.urls, URLS);
    assert.equal(server.credential, password(server.username));
  });
  await t.test('are good for ttl_s', () => assertWithin(expiry(alice.connected), now() + 595, now() + 600));
  await t.test('are good as long as the token, if that is longer', async () => {
    const bob = await connect(gateway, 'bob', { token: { ttl: 7200 } });
    assertWithin(expiry(bob.connected), now() + 7190, now() + 7200);
    await bob.close();
  });
  await t.test('come anew with every token', async () => {
    const renewed = await alice.listen(accessToken('alice', { ttl: 3600 }));
    assertWithin(expiry(renewed), now() + 3590, now() + 3600);
    assert.equal(renewed.ice_servers[0].credential, password(renewed.ice_servers[0].username));
    assert.equal(name(renewed), name(alice.connected), 'the same client under the same name');
  });
  await t.test('come with a resume', async () => {
    await alice.cut();
    const again = await resume(gateway, alice, 'alice');
    assert.equal(again.connected.session.recovered, true);
    assert.equal(again.connected.ice_servers[0].credential, password(again.connected.ice_servers[0].username));
    await again.close();
  });
  await t.test('say nothing of who it is', async () => {
    const names = new Set();
    for (const identity of ['alice', 'bob', 'bob@example.com', 'x'.repeat(100)]) {
      const client = await connect(gateway, identity);
      assert.match(client.connected.ice_servers[0].username, /^\d{10}:[0-9a-f]{16}$/);
      names.add(name(client.connected));
      await client.close();
    }
    assert.equal(names.size, 4);
  });
  await t.test('are not in the log, nor is the secret', () => {
    const log = gateway.lines.join('\n');
    for (const hidden of [TURN.secret, server.credential, server.username]) assert.ok(!log.includes(hidden));
  });
});

test('a reload brings, changes and takes them', async (t) => {
  const gateway = await startGateway({}, t);
  const reload = async (turn) => {
    const before = gateway.logs('config.reloaded').length;
    gateway.writeConfig({ turn });
    gateway.reload();
    await until(() => gateway.logs('config.reloaded').length > before, 'the reload');
  };
  const alice = await connect(gateway, 'alice');
  await reload(TURN);
  const first = (await alice.listen(accessToken('alice'))).ice_servers[0];
  assert.equal(first.credential, password(first.username));
  await reload({ ...TURN, urls: 'turn:other.example', secret: 'another' });
  const second = (await alice.listen(accessToken('alice'))).ice_servers[0];
  assert.deepEqual(second.urls, ['turn:other.example']);
  assert.equal(second.credential, password(second.username, 'another'));
  await reload(null);
  assert.equal((await alice.listen(accessToken('alice'))).ice_servers, undefined);
  await alice.close();
});
