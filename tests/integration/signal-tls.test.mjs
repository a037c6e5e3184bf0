// TLS: which versions, a certificate exchanged while clients are connected, and configurations that are refused.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import tls from 'node:tls';
import { EchoServer } from '../lib/echo-server.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';

function certificate(t, name, kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], protect = ['-nodes']) {
  const directory = mkdtempSync(join(tmpdir(), 'callgate-tls-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const [file, key] = ['certificate.pem', 'key.pem'].map((each) => join(directory, each));
  execFileSync('openssl', ['req', '-x509', ...kind, ...protect, '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', file], { stdio: 'pipe' });
  return { certificate: file, key };
}

/** Connects and says what was agreed: {name, protocol, alpn}; rejects if nothing was. */
function handshake(port, options = {}) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      resolve({ name: socket.getPeerCertificate().subject.CN, protocol: socket.getProtocol(), alpn: socket.alpnProtocol });
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
  });
}

test('TLS', async (t) => {
  const first = certificate(t, 'first');
  const server = await EchoServer.start(t, { server: first, limits: { replay_bytes: 4 << 20 } });
  const url = server.url.replace('ws:', 'wss:');
  const client = await SignalClient.connect(url, accessToken('alice'));

  await t.test('1.2 and 1.3, and HTTP/1.1 only', async () => {
    assert.deepEqual(await handshake(server.port, { ALPNProtocols: ['h2', 'http/1.1'] }), { name: 'first', protocol: 'TLSv1.3', alpn: 'http/1.1' });
    assert.equal((await handshake(server.port, { maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
  });
  await t.test('not 1.1', async () => {
    await assert.rejects(handshake(server.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
  });
  await t.test('an origin of https is the same origin', async () => {
    await (await SignalClient.open(url, { headers: { origin: `https://127.0.0.1:${server.port}` } })).cut();
  });
  await t.test('plain HTTP on the port is closed', async () => {
    await assert.rejects(fetch(server.httpUrl));
  });
  await t.test('a large answer and a large message', async () => {
    const { echo } = await client.request('echo', { text: 'x'.repeat(60000) });
    assert.equal(echo.text.length, 60000);
    client.send('burst', { count: 50, size: 50000 });
    await client.next((message) => message.payload.n === 50);
  });

  await t.test('a new certificate, the open connection stays', async () => {
    assert.equal(await server.reload({ server: certificate(t, 'second') }), 'reloaded');
    assert.equal((await handshake(server.port)).name, 'second');
    assert.deepEqual(await client.request('echo', { still: 'here' }), { echo: { still: 'here' } });
  });
  await t.test('another kind of key', async () => {
    assert.equal(await server.reload({ server: certificate(t, 'third', ['-newkey', 'rsa:2048']) }), 'reloaded');
    assert.equal((await handshake(server.port)).name, 'third');
  });
  const broken = join(mkdtempSync(join(tmpdir(), 'callgate-tls-')), 'broken.pem');
  writeFileSync(broken, 'nothing');
  for (const [name, change, why] of [
    ['the key of another certificate', { key: certificate(t, 'other').key }, /not the key of the certificate/],
    ['no certificate in the file', { certificate: broken }, /no certificate/],
    ['no such file', { certificate: '/nonexistent.pem' }, /no certificate/],
    ['a key with a passphrase', certificate(t, 'locked', undefined, ['-passout', 'pass:secret']), /without a passphrase/],
    ['no key', { key: '' }, /no private key/],
  ]) {
    await t.test(`${name} is refused, the old certificate stays`, async () => {
      assert.match(await server.reload({ server: { ...first, ...change } }), why);
      assert.equal((await handshake(server.port)).name, 'third');
    });
  }
  assert.deepEqual(await client.request('echo', {}), { echo: {} });
});

test('plain only where it cannot be overheard', async (t) => {
  for (const listen of ['0.0.0.0', '::']) {
    const refused = await EchoServer.start(t, { server: { listen } });
    assert.match(refused.failure, /without TLS.*tls_certificate and tls_key.*allow_plain/);
    const allowed = await EchoServer.start(t, { server: { listen, allow_plain: 'true' } });
    await (await SignalClient.connect(allowed.url, accessToken('alice'))).close();
  }
  const ipv6 = await EchoServer.start(t, { server: { listen: '::1' } });
  await (await SignalClient.connect(`ws://[::1]:${ipv6.port}/signal`, accessToken('alice'))).close();
});

test('an address that cannot be had', async (t) => {
  const server = await EchoServer.start(t);
  const second = await EchoServer.start(t, { server: { port: server.port } });
  assert.match(second.failure, /cannot listen on 127.0.0.1 port \d+: Address already in use/);
  const named = await EchoServer.start(t, { server: { listen: 'localhost' } });
  assert.match(named.failure, /not an IPv4 or IPv6 address/);
});
