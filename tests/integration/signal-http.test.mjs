// HTTP on the signalling port: routes, files, cross-origin rules, and requests that are not what they should be.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { EchoServer } from '../lib/echo-server.mjs';

/** One request, nothing normalised: {status, headers, body}. */
function request(server, path, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const asked = http.request({ port: server.port, host: '127.0.0.1', path, method, headers, agent: false }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString() }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Bytes as they are; everything that comes back. */
function talk(port, text) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.on('data', (chunk) => { answer += chunk; });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

function webRoot(t) {
  const root = mkdtempSync(join(tmpdir(), 'callgate-web-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'sub'));
  writeFileSync(join(root, 'index.html'), '<!doctype html><p>home');
  writeFileSync(join(root, 'callgate.js'), 'export const x = 1;');
  writeFileSync(join(root, 'callgate.d.ts'), 'export declare const x: number;');
  writeFileSync(join(root, 'sub/index.html'), '<!doctype html><p>sub');
  writeFileSync(join(root, 'big.wav'), Buffer.alloc(3 << 20, 'x'));
  writeFileSync(join(root, 'empty.txt'), '');
  writeFileSync(join(root, '.secret'), 'hidden');
  symlinkSync('/etc', join(root, 'sub/.etc'));
  return root;
}

test('files of the web root', async (t) => {
  const server = await EchoServer.start(t, { server: { web_root: webRoot(t), origins: ['https://agents.example'] } });
  const types = { '/': 'text/html; charset=utf-8', '/callgate.js': 'text/javascript; charset=utf-8', '/big.wav': 'audio/wav',
    '/callgate.d.ts': 'text/plain; charset=utf-8', '/empty.txt': 'text/plain; charset=utf-8', '/sub/': 'text/html; charset=utf-8' };
  for (const [path, type] of Object.entries(types)) {
    await t.test(path, async () => {
      const { status, headers, body } = await request(server, path);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], type);
      assert.equal(Number(headers['content-length']), body.length);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.match(headers['content-security-policy'], /default-src 'self';.*frame-ancestors 'none';.*connect-src 'self' ws:\/\/127/);
      const again = await request(server, path, { headers: { 'if-none-match': headers.etag } });
      assert.deepEqual([again.status, again.body], [304, '']);
      const head = await request(server, path, { method: 'HEAD' });
      assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', headers['content-length']]);
    });
  }
  for (const path of ['/none', '/sub', '/.secret', '/sub/.etc/passwd', '/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc/passwd', '//etc/passwd', '/sub/../../etc/passwd', '/callgate.js/', '/%ff%fe']) {
    await t.test(`${path} is not there`, async () => {
      const { status, body } = await request(server, path);
      assert.ok(status === 404 || status === 400 || status === 403, `${status}`);
      assert.doesNotMatch(body, /root:|hidden/);
    });
  }
  await t.test('a NUL inside is no path', async () => {
    assert.doesNotMatch(await talk(server.port, 'GET /callgate.js%00.html HTTP/1.1\r\nHost: h\r\n\r\n'), /200 OK/);
  });
  await t.test('other methods', async () => {
    const { status, headers } = await request(server, '/callgate.js', { method: 'DELETE' });
    assert.deepEqual([status, headers.allow], [405, 'OPTIONS, GET, HEAD']);
  });
  await t.test('other origins: the allowed one may load modules', async () => {
    const allowed = await request(server, '/callgate.js', { headers: { origin: 'https://agents.example' } });
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://agents.example');
    const other = await request(server, '/callgate.js', { headers: { origin: 'https://evil.example' } });
    assert.equal(other.headers['access-control-allow-origin'], undefined);
    assert.equal(other.headers.vary, 'Origin');
  });
  await t.test('a reload shows new files', async () => {
    const root = webRoot(t);
    writeFileSync(join(root, 'callgate.js'), 'export const x = 2;');
    const { headers } = await request(server, '/callgate.js');
    assert.equal(await server.reload({ server: { web_root: root } }), 'reloaded');
    const fresh = await request(server, '/callgate.js', { headers: { 'if-none-match': headers.etag } });
    assert.deepEqual([fresh.status, fresh.body], [200, 'export const x = 2;']);
  });
});

test('routes', async (t) => {
  const server = await EchoServer.start(t, { server: { origins: ['https://agents.example'] } });
  await t.test('a request as its handler sees it', async () => {
    const { status, headers, body } = await request(server, '/request?a=%26b&c=d%20e&f', { method: 'POST', body: 'x=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Bearer abc', 'content-length': 3 } });
    assert.deepEqual([status, headers['content-type'], headers['cache-control']], [200, 'application/json; charset=utf-8', 'no-store']);
    assert.deepEqual(JSON.parse(body), { method: 'POST', path: '/request', query: 'a=%26b&c=d%20e&f',
      type: 'application/x-www-form-urlencoded', authorization: 'Bearer abc', body: 'x=1', size: 3, peer: '127.0.0.1' });
  });
  await t.test('everything below a path', async () => {
    assert.equal(JSON.parse((await request(server, '/below/a/b')).body).path, '/below/a/b');
    assert.equal((await request(server, '/below')).status, 404);
    assert.equal((await request(server, '/request/x', { method: 'POST', body: '' , headers: { 'content-length': 0 } })).status, 404);
  });
  await t.test('an empty body', async () => {
    const { body } = await request(server, '/request', { method: 'POST', headers: { 'content-length': 0 } });
    assert.equal(JSON.parse(body).size, 0);
  });
  await t.test('the largest body', async () => {
    const { body } = await request(server, '/request', { method: 'POST', headers: { 'content-length': 65536 }, body: 'x'.repeat(65536) });
    assert.equal(JSON.parse(body).size, 65536);
  });
  await t.test('methods', async () => {
    const { status, headers, body } = await request(server, '/below/x', { method: 'DELETE' });
    assert.deepEqual([status, headers.allow], [405, 'OPTIONS, GET, HEAD, POST']);
    assert.deepEqual(JSON.parse(body), { code: 405, message: 'method not allowed' });
  });
  await t.test('preflight', async () => {
    const ask = (path, origin) => request(server, path, { method: 'OPTIONS', headers: { origin } });
    const allowed = await ask('/request', 'https://agents.example');
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://agents.example');
    assert.equal(allowed.headers['access-control-allow-methods'], 'OPTIONS, POST');
    assert.match(allowed.headers['access-control-allow-headers'], /authorization, content-type/);
    assert.equal((await ask('/request', 'https://evil.example')).headers['access-control-allow-origin'], undefined);
    assert.equal((await ask('/below/x', 'https://agents.example')).headers['access-control-allow-origin'], undefined);
  });
});

test('routes for this machine only', async (t) => {
  const server = await EchoServer.start(t, { server: { origins: ['*'] } });
  const ask = async (headers) => (await request(server, '/stats', { headers })).status;
  assert.equal(await ask({}), 200);
  assert.equal(await ask({ host: `localhost:${server.port}` }), 200);
  assert.equal(await ask({ host: '[::1]:80' }), 200);
  // A page open in a browser here, of another site or of one whose name was made to resolve to loopback.
  assert.equal(await ask({ origin: 'https://evil.example' }), 403);
  assert.equal(await ask({ host: 'evil.example', origin: 'http://evil.example' }), 403);
  assert.equal(await ask({ host: '127.0.0.1.evil.example' }), 403);
  assert.equal(await ask({ host: `127.0.0.1:${server.port}`, origin: `http://127.0.0.1:${server.port}` }), 200);
});

test('requests that are not what they should be', async (t) => {
  const server = await EchoServer.start(t);
  const status = (answer) => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
  const post = (headers, body = '') => talk(server.port, `POST /request HTTP/1.1\r\nHost: h\r\n${headers}\r\n\r\n${body}`);
  const cases = [
    ['no length', '', 411],
    ['too long', 'Content-Length: 65537', 413],
    ['far too long', 'Content-Length: 99999999999999999999999', 400],
    ['a negative length', 'Content-Length: -1', 400],
    ['a length in words', 'Content-Length: many', 400],
    ['chunks', 'Transfer-Encoding: chunked', 501],
    ['chunks and a length', 'Content-Length: 3\r\nTransfer-Encoding: chunked', 501],
  ];
  for (const [name, headers, expected] of cases) {
    await t.test(name, async () => assert.equal(status(await post(headers)), expected));
  }
  await t.test('headers without end', async () => {
    const answer = await talk(server.port, `GET / HTTP/1.1\r\nX: ${'x'.repeat(100000)}\r\n\r\n`);
    assert.doesNotMatch(answer, /^HTTP\/1.1 200/);
  });
  await t.test('random bytes', async () => {
    const random = (size) => Buffer.from(Array.from({ length: size }, () => Math.floor(Math.random() * 256)));
    for (let i = 0; i < 100; i++) {
      const socket = net.connect({ port: server.port, host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.end(i % 2 ? random(500) : Buffer.concat([Buffer.from('GET /signal HTTP/1.1\r\n'), random(300), Buffer.from('\r\n\r\n')]));
      await new Promise((resolve) => { socket.on('close', resolve); setTimeout(() => { socket.destroy(); }, 50); });
    }
  });
  assert.equal((await request(server, '/stats')).status, 200);
});
