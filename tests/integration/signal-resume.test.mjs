// Sessions that outlive their socket: exact replay, takeover, and the ways in which a resume fails without a silent gap.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EchoServer, OTHER_ACCOUNT, OTHER_APPLICATION, OTHER_KEY } from '../lib/echo-server.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const connect = (server, resume = {}, identity = 'alice') =>
  SignalClient.connect(server.url, accessToken(identity), { listen: { resume } });
/** A client that never says what it has seen. */
const connectSilent = (server) => SignalClient.connect(server.url, accessToken('alice'), { listen: { resume: {} }, echoHeartbeats: false });
const numbers = (client) => client.messages.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq);
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('exact replay, byte for byte, then it goes on', async (t) => {
  const server = await EchoServer.start(t);
  const first = await connectSilent(server);
  const texts = new Map();
  first.socket.on('message', (data) => { const text = data.toString(); if (text !== '\n') texts.set(JSON.parse(text).seq, text); });
  first.send('burst', { count: 20 });
  await first.next((message) => message.payload.n === 20);
  await first.cut();
  await server.said(/^detached .* alice/);

  for (const seen of [20, 19, 7, 0]) {
    await t.test(`${seen} seen`, async () => {
      const client = await SignalClient.open(server.url, { echoHeartbeats: false });
      const again = [];
      client.socket.on('message', (data) => again.push(data.toString()));
      client.connected = await client.listen(accessToken('alice'), { resume: { ...first.resume, seq: seen } });
      await server.said(/^attached .* alice/);
      assert.equal(client.connected.session.recovered, true);
      assert.deepEqual(client.connected.session.id, first.connected.session.id);
      await client.request('echo', {}, `after ${seen}`);
      const replayed = again.map((text) => JSON.parse(text)).filter(({ seq }) => seq <= 20);
      assert.deepEqual(replayed.map(({ seq }) => seq), range(seen + 1, 20));
      for (const text of again) if (JSON.parse(text).seq <= 20) assert.equal(text, texts.get(JSON.parse(text).seq));
      assert.equal(client.messages[0].type, 'connected');
      await client.cut();
      await server.said(/^detached .* alice/);
    });
  }
  assert.equal((await server.stats()).resumes, 4);
});

test('what a heartbeat\'s echo tells to be seen is not kept', async (t) => {
  const server = await EchoServer.start(t, { limits: { heartbeat_interval_ms: 50, heartbeat_timeout_ms: 20000 } });
  for (const [connectIt, recovered] of [[connect, false], [connectSilent, true]]) {
    const client = await connectIt(server);
    await client.request('echo');
    const { heartbeats } = client;
    await until(() => client.heartbeats > heartbeats + 2, 'heartbeats after the message');
    await client.cut();
    const behind = await connect(server, { ...client.resume, seq: 0 });
    assert.equal(behind.connected.session.recovered, recovered);
    await behind.close();
  }
  const client = await connect(server);
  await client.request('echo');
  await until(() => client.heartbeats > 3, 'heartbeats');
  await client.cut();
  assert.equal((await connect(server, client.resume)).connected.session.recovered, true);
});

test('what is sent while nobody is there waits', async (t) => {
  const server = await EchoServer.start(t);
  const first = await connect(server);
  first.send('later', { ms: 50, count: 5 });
  await first.request('echo');
  await first.cut();
  await server.said(/^sent .* alice/);
  assert.ok((await server.stats()).send_queue_bytes > 0);
  const second = await connect(server, first.resume);
  await second.next((message) => message.payload.n === 5);
  assert.deepEqual(numbers(second), range(2, 6));
  assert.equal((await server.stats()).send_queue_bytes, 0);
});

test('a chain of cuts loses and doubles nothing', async (t) => {
  const server = await EchoServer.start(t);
  const all = [];
  let client = await connect(server);
  client.send('burst', { count: 200, size: 500 });
  for (let round = 0; round < 15; round++) {
    await Promise.race([client.next('data', 300).catch(() => {}), client.closed]);
    await client.cut();
    all.push(...numbers(client));
    const resume = { ...client.resume, seq: all.at(-1) ?? 0 };
    client = await connect(server, resume);
    assert.equal(client.connected.session.recovered, true);
    client.lastSeq = resume.seq;
  }
  await client.request('echo');
  all.push(...numbers(client));
  assert.deepEqual(all, range(1, all.length));
  assert.equal(all.length, 201);
});

test('takeover: a resume while the old socket still looks open', async (t) => {
  const server = await EchoServer.start(t);
  const first = await connect(server);
  await first.request('echo');
  const second = await connect(server, first.resume);
  assert.equal(second.connected.session.recovered, true);
  assert.equal((await first.closed).code, 4001);
  await server.said(/^attached .* alice/);
  assert.ok(!server.lines.some((line) => line.startsWith('detached')), 'nothing was detached in between');
  assert.deepEqual(await second.request('echo', { a: 1 }), { echo: { a: 1 } });
  const { sessions } = await server.stats();
  assert.equal(sessions, 1);
});

test('what cannot be resumed says so and is a new session', async (t) => {
  const server = await EchoServer.start(t);
  const first = await connect(server);
  await first.request('echo');
  await first.cut();
  await server.said(/^detached/);
  const good = first.resume;
  const cases = [
    ['an unknown id', { ...good, id: 'x'.repeat(32) }],
    ['an id of another type', { ...good, id: 5 }],
    ['another epoch', { ...good, epoch: 'y'.repeat(32) }],
    ['no epoch', { id: good.id, seq: good.seq }],
  ];
  for (const [name, resume] of cases) {
    await t.test(name, async () => {
      const client = await connect(server, resume);
      assert.equal(client.connected.session.recovered, false);
      assert.notEqual(client.connected.session.id, good.id);
      await client.request('echo');
      assert.deepEqual(numbers(client), [1]);
      await client.close();
      await server.said(/^closed/);
    });
  }
  await t.test('a stolen id with the token of another identity or account', async () => {
    const mallory = await connect(server, good, 'mallory');
    assert.equal(mallory.connected.session.recovered, false);
    const token = accessToken('alice', { account: OTHER_ACCOUNT, key: OTHER_KEY, application: OTHER_APPLICATION });
    const other = await SignalClient.connect(server.url, token, { listen: { resume: good } });
    assert.equal(other.connected.session.recovered, false);
  });
  await t.test('without a valid token', async () => {
    const client = await SignalClient.open(server.url);
    await assert.rejects(client.listen('garbage', { resume: good }));
    await client.cut();
  });
  await t.test('and none of that touched it', async () => {
    const back = await connect(server, good);
    assert.equal(back.connected.session.recovered, true);
    await back.cut();
    await server.said(/^detached/);
  });
  for (const [name, seq] of [['a number from the future', 1000], ['a negative number', -1], ['no number', undefined], ['a text', '1']]) {
    await t.test(name, async () => {
      const session = await connect(server);
      await session.request('echo');
      await session.cut();
      const client = await connect(server, { ...session.resume, seq });
      assert.equal(client.connected.session.recovered, false);
      await server.said(/^closed/); // the old one: nobody can have it any more
      await client.close();
    });
  }
});

test('a buffer outgrown', async (t) => {
  const server = await EchoServer.start(t, { limits: { replay_bytes: 5000 } });
  const first = await connect(server);
  first.send('burst', { count: 3, size: 100 });
  await first.next((message) => message.payload.n === 3);
  first.send('later', { ms: 30, count: 100 });
  await first.request('echo');
  await first.cut();
  await server.said(/^sent/);
  const second = await connect(server, first.resume);
  assert.equal(second.connected.session.recovered, false);
  await server.said(/^closed/);
});

test('the window closes', async (t) => {
  const server = await EchoServer.start(t, { limits: { resume_window_s: 1 } });
  const first = await connect(server);
  await first.cut();
  await server.said(/^detached/);
  await server.said(/^closed/);
  assert.equal((await server.stats()).sessions, 0);
  assert.equal((await connect(server, first.resume)).connected.session.recovered, false);
});

test('who does not resume ends with the socket; who says goodbye ends at once', async (t) => {
  const server = await EchoServer.start(t);
  await (await SignalClient.connect(server.url, accessToken('plain'))).cut();
  await server.said(/^closed .* plain/);
  for (const code of [1000, 1001]) {
    await (await connect(server, {}, `bye-${code}`)).close(code);
    await server.said(new RegExp(`^closed .* bye-${code}`));
  }
  await (await connect(server, {}, 'lost')).close(3000);
  await server.said(/^detached .* lost/);
});

test('the gateway ends a session: what was sent before still arrives', async (t) => {
  const server = await EchoServer.start(t);
  const client = await connect(server);
  client.send('burst', { count: 100, size: 1000 });
  client.send('bye', { code: 4321 });
  assert.deepEqual(await client.closed, { code: 4321, reason: 'bye' });
  assert.deepEqual(numbers(client), range(1, 101));
  await server.said(/^closed .* alice/);
  assert.equal((await connect(server, client.resume)).connected.session.recovered, false);
});
