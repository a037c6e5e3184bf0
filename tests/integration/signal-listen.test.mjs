// Tokens on the channel: refused, renewed, running out, revoked.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EchoServer, OTHER_ACCOUNT, OTHER_APPLICATION, OTHER_KEY } from '../lib/echo-server.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessClaims, accessToken, ACCOUNT, customToken, KEY } from '../lib/tokens.mjs';

const otherAccount = (identity) => accessToken(identity, { account: OTHER_ACCOUNT, key: OTHER_KEY, application: OTHER_APPLICATION });
const unsigned = (claims) => [{ alg: 'none', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.').concat('.');

test('a wrong token never gets a session, and says what is wrong', async (t) => {
  const server = await EchoServer.start(t, { limits: { listen_timeout_ms: 60000 } });
  const now = Math.floor(Date.now() / 1000);
  const cases = [
    ['none', undefined],
    ['empty', ''],
    ['a number', 5],
    ['garbage', 'garbage'],
    ['100 kB', 'x'.repeat(60000)],
    ['alg none', unsigned(accessClaims('alice'))],
    ['another secret', accessToken('alice', { secret: 'another secret, also long enough to sign' })],
    ['expired', await customToken(accessClaims('alice', { iat: now - 7200, exp: now - 3600 }))],
    ['not yet valid', await customToken(accessClaims('alice', { nbf: now + 3600 }))],
    ['an unknown key', await customToken(accessClaims('alice', { iss: `SK${'9'.repeat(32)}` }))],
    ['the key of another account', await customToken(accessClaims('alice', { sub: OTHER_ACCOUNT }))],
  ];
  for (const [name, token] of cases) {
    await t.test(name, async () => {
      const client = await SignalClient.open(server.url);
      client.send('listen', { token }, { id: 'l' });
      const refusal = await client.next('error');
      assert.equal(refusal.id, 'l');
      assert.ok(refusal.payload.error.code > 0 && refusal.payload.error.message.length > 10);
      assert.equal(refusal.seq, undefined);
      await assert.rejects(client.request('echo'), { code: 31201 });
      assert.equal((await server.stats()).sessions, 0);
      // It stays open for a better one.
      assert.equal((await client.listen(accessToken('alice'))).token.identity, 'alice');
      await client.close();
      await server.said(/^closed .* alice/);
    });
  }
  await t.test('codes that clients act on', async () => {
    const client = await SignalClient.open(server.url);
    await assert.rejects(client.listen(cases[7][1]), { code: 31205 });
    await assert.rejects(client.listen(cases[6][1]), { code: 31202 });
    await client.cut();
  });
});

test('five refused tokens are enough', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.open(server.url);
  for (let i = 0; i < 5; i++) await assert.rejects(client.listen('garbage'));
  assert.deepEqual(await client.closed, { code: 1008, reason: 'too many refused listens' });
});

test('no token in time', async (t) => {
  const server = await EchoServer.start(t, { limits: { listen_timeout_ms: 200 } });
  const silent = await SignalClient.open(server.url);
  const wrong = await SignalClient.open(server.url);
  wrong.send('listen', { token: 'garbage' });
  for (const client of [silent, wrong]) {
    assert.deepEqual(await client.closed, { code: 1008, reason: 'no valid token was shown in time' });
  }
  assert.equal((await silent.next('error')).payload.error.code, 31102);
});

test('messages right behind the listen are heard', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.open(server.url);
  client.send('listen', { token: accessToken('alice') });
  client.send('echo', { n: 1 }, { id: 1 });
  assert.deepEqual((await client.next('result')).payload, { echo: { n: 1 } });
  assert.deepEqual(client.messages.map(({ type }) => type), ['connected', 'result']);
});

test('what connected says', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.open(server.url);
  const payload = await client.listen(accessToken('alice', { ttl: 600 }), { browserinfo: { p: 'browser' }, reconnectTimeout: 0 });
  assert.deepEqual([payload.region, payload.home, payload.edge], ['test', 'test', 'test']);
  assert.equal(payload.token.identity, 'alice');
  assert.ok(payload.token.ttl > 590 && payload.token.ttl <= 600);
  assert.equal(payload.session.resume_for, 0); // it did not say that it resumes
  const resuming = await SignalClient.connect(server.url, accessToken('alice'), { listen: { resume: {} } });
  assert.equal(resuming.connected.session.resume_for, 30);
  assert.match(resuming.connected.session.id, /^[A-Za-z0-9]{32}$/);
  assert.notEqual(resuming.connected.session.id, payload.session.id);
  const line = await server.said(/^opened/);
  assert.ok(!line.includes(payload.session.id), 'the id in logs is not the one that resumes');
});

test('renewing', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.connect(server.url, accessToken('alice', { ttl: 60 }));
  await t.test('with a fresh token', async () => {
    const renewed = await client.listen(accessToken('alice', { ttl: 3600 }));
    assert.ok(renewed.token.ttl > 3000);
    assert.equal(renewed.session.id, client.connected.session.id);
    await server.said(/^renewed .* alice/);
  });
  await t.test('with a wrong one: the old grants stay', async () => {
    await assert.rejects(client.listen('garbage'));
    assert.deepEqual(await client.request('echo', {}), { echo: {} });
  });
  await t.test('as somebody else', async () => {
    await assert.rejects(client.listen(accessToken('bob')), { code: 31201 });
    await assert.rejects(client.listen(otherAccount('alice')), { code: 31201 });
    assert.deepEqual(await client.request('echo', {}), { echo: {} });
  });
});

test('a token that runs out', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.connect(server.url, accessToken('alice', { ttl: 2 }));
  const expiring = await client.next('token.expiring');
  assert.ok(expiring.payload.in <= 1);
  const { payload } = await client.next('error');
  assert.equal(payload.error.code, 31205);
  await server.said(/^expired .* alice/);
  // The session goes on, and a new token puts it right.
  assert.deepEqual(await client.request('echo', {}), { echo: {} });
  await client.listen(accessToken('alice'));
  await server.said(/^renewed/);
  await client.close();
  await server.said(/^closed/);
});

test('leeway keeps a token alive a little longer', async (t) => {
  const server = await EchoServer.start(t, { tokens: { leeway_s: 30 } });
  const now = Math.floor(Date.now() / 1000);
  const client = await SignalClient.connect(server.url, await customToken(accessClaims('alice', { iat: now - 100, exp: now - 5 })));
  assert.equal(client.connected.token.ttl, 0);
  await client.next('token.expiring');
  await assert.rejects(client.next('error', 300));
});

test('a reload that takes the key or the account away', async (t) => {
  const server = await EchoServer.start(t);
  const alice = await SignalClient.connect(server.url, accessToken('alice'));
  const bob = await SignalClient.connect(server.url, otherAccount('bob'));
  assert.equal(await server.reload({}), 'reloaded');
  assert.deepEqual(await alice.request('echo', {}), { echo: {} });

  assert.equal(await server.reload({ account1: { key: `SK${'3'.repeat(32)}` } }), 'reloaded');
  await server.said(/^expired .* alice/);
  assert.ok((await alice.next('error')).payload.error.code > 0);
  await assert.rejects(alice.listen(accessToken('alice')));
  assert.equal(await server.reload({ account2: { suspended: 'true' } }), 'reloaded');
  await server.said(/^expired .* bob/);
  assert.deepEqual(await bob.request('echo', {}), { echo: {} }); // calls would go on
  assert.equal(await server.reload({ account1: { sid: ACCOUNT, key: KEY } }), 'reloaded');
  await alice.listen(accessToken('alice'));
  await server.said(/^renewed .* alice/);
});

test('a reload that cannot be applied changes nothing', async (t) => {
  const server = await EchoServer.start(t);
  assert.match(await server.reload({ server: { port: 1 } }), /^refused .*restart/);
  assert.match(await server.reload({ server: { port: 0 }, limits: { replay_bytes: 0 } }), /^refused .*replay_bytes/);
  assert.match(await server.reload({ server: { web_root: '/nonexistent' }, limits: { replay_bytes: 4096 } }), /^refused .*nonexistent/);
  const client = await SignalClient.connect(server.url, accessToken('alice'));
  await client.close();
});

test('drain', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.connect(server.url, accessToken('alice'), { listen: { resume: {} } });
  server.command('drain');
  await server.said(/^draining/);
  const late = await SignalClient.open(server.url);
  late.send('listen', { token: accessToken('bob') });
  const { payload } = await late.next('error');
  assert.equal(payload.error.code, 53000);
  assert.ok(payload.error.retryAfter > 0);
  assert.equal((await late.closed).code, 1012);
  // Who is there stays, renews and resumes.
  await client.listen(accessToken('alice'));
  await client.cut();
  const back = await SignalClient.connect(server.url, accessToken('alice'), { listen: { resume: client.resume } });
  assert.equal(back.connected.session.recovered, true);
});

test('closing', async (t) => {
  const server = await EchoServer.start(t);
  const clients = await Promise.all(['alice', 'bob'].map((name) => SignalClient.connect(server.url, accessToken(name))));
  const unlistened = await SignalClient.open(server.url);
  server.command('close');
  for (const client of [...clients, unlistened]) assert.deepEqual(await client.closed, { code: 1001, reason: 'the gateway is shutting down' });
  await server.said(/^closed SE/);
  await server.said(/^closed SE/);
  await server.said(/^closed$/);
});
