// What a message may be: envelopes, frames, sizes and rates; and what the gateway says to everything else.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EchoServer } from '../lib/echo-server.mjs';
import { frame, RawWebSocket } from '../lib/raw-websocket.mjs';
import { SignalClient, SignalError } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const REJECTED = { token: 3, message: 4, rate: 5 };

test('requests with an answer', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.connect(server.url, accessToken('alice'));
  for (const id of ['a', '', 0, -7, 9007199254740991, 'ü€𝄞"\\', 'x'.repeat(62)]) {
    await t.test(`id ${JSON.stringify(id)}`, async () => {
      assert.deepEqual(await client.request('echo', { n: 1 }, id), { echo: { n: 1 } });
    });
  }
  await t.test('without an id there is none', async () => {
    client.send('echo', { silent: true });
    await client.request('echo', { loud: true });
    assert.ok(!client.messages.some(({ payload }) => payload.echo?.silent));
  });
  await t.test('an error carries the id too', async () => {
    await assert.rejects(client.request('no.such-type'), new SignalError({ code: 31100, message: 'unknown message type "no.such-type"' }));
  });
  await t.test('numbers run without a gap', () => {
    const numbered = client.messages.filter(({ seq }) => seq !== undefined);
    assert.deepEqual(numbered.map(({ seq }) => seq), numbered.map((_, i) => i + 1));
    assert.equal(client.messages[0].type, 'connected');
    assert.equal(client.messages[0].seq, undefined);
  });
});

test('wrong messages get an error and the conversation goes on', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.connect(server.url, accessToken('alice'));
  const cases = [
    ['[]', /a message is a JSON object/],
    ['"echo"', /a message is a JSON object/],
    ['{}', /type must be/],
    ['{"type":5}', /type must be/],
    ['{"type":""}', /type must be/],
    ['{"type":"with space"}', /type must be/],
    [`{"type":"${'x'.repeat(65)}"}`, /type must be/],
    ['{"type":"echo","payload":[]}', /payload must be an object/],
    ['{"type":"echo","payload":null}', /payload must be an object/],
    ['{"type":"echo","id":{}}', /id must be/],
    ['{"type":"echo","id":1.5}', /id must be/],
    ['{"type":"echo","id":null}', /id must be/],
    [`{"type":"echo","id":"${'x'.repeat(63)}"}`, /id must be/],
    ['{"type":"unheard-of"}', /unknown message type "unheard-of"/],
  ];
  for (const [text, expected] of cases) {
    await t.test(text.slice(0, 40), async () => {
      client.sendRaw(text);
      const { payload } = await client.next('error');
      assert.equal(payload.error.code, 31100);
      assert.match(payload.error.message, expected);
    });
  }
  await t.test('the id of a message whose payload is wrong comes back', async () => {
    client.sendRaw('{"type":"echo","payload":1,"id":"mine"}');
    assert.equal((await client.next('error')).id, 'mine');
  });
  await t.test('members nobody knows are ignored', async () => {
    client.sendRaw('{"type":"echo","payload":{"a":1},"id":1,"version":"99","more":[{}]}');
    assert.deepEqual((await client.next('result')).payload, { echo: { a: 1 } });
  });
});

test('before a token was shown nothing else is heard', async (t) => {
  const server = await EchoServer.start(t);
  const client = await SignalClient.open(server.url);
  await assert.rejects(client.request('echo'), { code: 31201 });
  await client.listen(accessToken('alice'));
  assert.deepEqual(await client.request('echo', {}), { echo: {} });
});

test('what is no message at all ends the socket, with a reason', async (t) => {
  const server = await EchoServer.start(t, { limits: { max_message_bytes: 20000 } });
  const bomb = (open, close, depth) => `{"type":"echo","payload":${open.repeat(depth)}${close.repeat(depth)}}`;
  const cases = [
    ['not JSON', '{"type":', {}, 1007, /not JSON: .* at byte/],
    ['two documents', '{"type":"echo"}{"type":"echo"}', {}, 1007, /not JSON/],
    ['a duplicate member', '{"type":"echo","type":"echo"}', {}, 1007, /duplicate/],
    ['U+0000', '{"type":"ec\\u0000ho"}', {}, 1007, /not JSON/],
    ['a deep bomb', bomb('{"a":', '}', 3000).replace(':}', ':1}'), {}, 1007, /not JSON/],
    ['a deep array', bomb('[', ']', 5000), {}, 1007, /not JSON/],
    ['a wide bomb', `{"type":"echo","payload":{"a":[${'0,'.repeat(9000)}0]}}`, {}, 1007, /not JSON/],
    ['invalid UTF-8', Buffer.from('7b2274797065223a22c0af227d', 'hex'), { binary: false }, 1007, /not UTF-8/],
    ['a surrogate in UTF-8', Buffer.from('7b2274797065223a22eda080227d', 'hex'), { binary: false }, 1007, /not UTF-8/],
    ['binary', Buffer.from('{"type":"echo"}'), { binary: true }, 1003, /binary/],
    ['one byte too many', JSON.stringify({ type: 'echo', payload: { a: 'x'.repeat(20001 - 34) } }), {}, 1009, /too long/],
    ['2 MB', 'x'.repeat(2 << 20), {}, 1009, /too long/],
  ];
  let rejected = 0;
  for (const [name, data, options, code, reason] of cases) {
    await t.test(name, async () => {
      const client = await SignalClient.connect(server.url, accessToken('alice'));
      client.sendRaw(data, options);
      const { payload } = await client.next('error');
      assert.match(payload.error.message, reason);
      assert.equal(payload.error.code, code === 1009 ? 31103 : 31100);
      const closed = await client.closed;
      assert.equal(closed.code, code);
      assert.match(closed.reason, reason);
      assert.equal((await server.stats()).rejected[REJECTED.message], (rejected += 1));
    });
  }
  await t.test('the log says who and why', () => {
    assert.match(server.log.join('\n'), /peer.rejected reason=message peer=127.0.0.1 detail="?not UTF-8/);
  });
  await t.test('exactly the limit passes', async () => {
    const client = await SignalClient.connect(server.url, accessToken('alice'));
    const text = JSON.stringify({ type: 'echo', payload: { a: 'x'.repeat(20000 - 41) }, id: 1 });
    assert.equal(text.length, 20000);
    client.sendRaw(text);
    await client.next('result');
  });
});

test('frames', async (t) => {
  const server = await EchoServer.start(t, { limits: { max_message_bytes: 5000 } });
  const open = async () => {
    const raw = await RawWebSocket.open(server.port);
    raw.message('listen', { token: accessToken('alice') });
    await until(() => raw.frames().length > 0, 'connected');
    raw.received = Buffer.alloc(0);
    return raw;
  };
  await t.test('a message in fragments, with a ping between them', async () => {
    const raw = await open();
    const text = JSON.stringify({ type: 'echo', payload: { text: 'häßlich €' }, id: 1 });
    const bytes = Buffer.from(text);
    raw.send(bytes.subarray(0, 1), { fin: false });
    raw.send('are you there', { opcode: 9 });
    for (const byte of bytes.subarray(1)) raw.send(Buffer.from([byte]), { opcode: 0, fin: false });
    raw.send('', { opcode: 0 });
    await until(() => raw.frames().length >= 2, 'pong and result');
    const [pong, result] = raw.frames();
    assert.deepEqual([pong.opcode, pong.payload.toString()], [10, 'are you there']);
    assert.deepEqual(JSON.parse(result.payload).payload, { echo: { text: 'häßlich €' } });
    raw.destroy();
  });
  const endings = [
    ['a length of 2^62', (raw) => raw.send('x', { claim: 1n << 62n }), 1009],
    ['a length one over, before its bytes', (raw) => raw.send('', { claim: 5001 }), null],
    ['fragments that grow too long', (raw) => { for (let i = 0; i < 60; i++) raw.send('x'.repeat(100), { opcode: i ? 0 : 1, fin: false }); }, 1009],
    ['a reserved opcode', (raw) => raw.send('x', { opcode: 3 }), 1002],
    ['a reserved bit', (raw) => raw.send('{"type":"echo"}', { rsv: 0x40 }), 1002],
    ['a fragmented ping', (raw) => raw.send('x', { opcode: 9, fin: false }), 1002],
    ['a continuation of nothing', (raw) => raw.send('x', { opcode: 0 }), 1002],
    ['a new message inside another', (raw) => { raw.send('x', { fin: false }); raw.send('y'); }, 1002],
    ['binary in fragments', (raw) => raw.send('x', { opcode: 2, fin: false }), 1003],
  ];
  for (const [name, act, code] of endings.filter(([, , expected]) => expected)) {
    await t.test(name, async () => {
      const raw = await open();
      act(raw);
      await until(() => raw.close, 'a close frame');
      assert.equal(raw.close.code, code);
      raw.destroy();
    });
  }
  await t.test('empty fragments without end are too many messages', async () => {
    const raw = await open();
    raw.send('', { fin: false });
    for (let i = 0; i < 20000; i++) raw.send('', { opcode: 0, fin: false });
    await until(() => raw.close, 'a close frame');
    assert.equal(raw.close.code, 1008);
    raw.destroy();
  });
});

test('too many messages', async (t) => {
  const server = await EchoServer.start(t, { limits: { messages_per_second: 10, message_burst: 20 } });
  const bystander = await SignalClient.connect(server.url, accessToken('bob'));
  const client = await SignalClient.connect(server.url, accessToken('alice'));
  for (let i = 0; i < 30; i++) client.send('echo', { i }, { id: i });
  const { payload } = await client.next('error');
  assert.equal(payload.error.code, 31206);
  assert.deepEqual(await client.closed, { code: 1008, reason: 'too many messages' });
  assert.ok(client.messages.filter(({ type }) => type === 'result').length <= 19); // the burst less its listen
  assert.equal((await server.stats()).rejected[REJECTED.rate], 1);
  assert.deepEqual(await bystander.request('echo', { fine: true }), { echo: { fine: true } });
});

test('a flood of bad clients does not become a flood of log lines', async (t) => {
  const server = await EchoServer.start(t);
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 20 }, async () => {
      const client = await SignalClient.open(server.url);
      client.sendRaw('not JSON');
      await client.closed;
    }));
  }
  assert.equal((await server.stats()).rejected[REJECTED.message], 200);
  const lines = server.log.filter((line) => line.includes('peer.rejected'));
  assert.ok(lines.length >= 50 && lines.length <= 100, `${lines.length} lines`);
});

test('random frames, cut anywhere, leave the server standing', async (t) => {
  const server = await EchoServer.start(t, { limits: { messages_per_second: 100000, message_burst: 100000 } });
  let seed = 20240229; // the same frames on every run
  const random = (below) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % below; };
  const token = accessToken('alice');
  const visit = async () => {
    const raw = await RawWebSocket.open(server.port);
    if (random(3)) raw.message('listen', { token });
    for (let i = random(20); i > 0; i--) {
      const size = [0, 1, random(200), random(70000)][random(4)];
      const body = random(2) ? Buffer.alloc(size, '{"type":"echo","id":1,"payload":{}}') : Buffer.from(Array.from({ length: Math.min(size, 2000) }, () => random(256)));
      const claim = random(15) ? undefined : BigInt(random(100000));
      const bytes = frame(body, { opcode: random(3) ? random(3) : random(16), fin: random(4) > 0, rsv: random(20) ? 0 : random(8) << 4, mask: random(10) > 0, claim });
      const cut = random(bytes.length + 1);
      raw.socket.write(bytes.subarray(0, cut));
      raw.socket.write(bytes.subarray(cut));
    }
    if (random(2)) raw.socket.end();
    await Promise.race([raw.closed, new Promise((resolve) => { setTimeout(resolve, random(20)); })]);
    raw.destroy();
  };
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 15 }, visit));
  await until(async () => (await server.stats()).sockets === 0, 'the sockets to go');
  const client = await SignalClient.connect(server.url, token);
  assert.deepEqual(await client.request('echo', {}), { echo: {} });
});
