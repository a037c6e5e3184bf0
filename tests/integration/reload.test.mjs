// Reading the configuration again: what a reload changes at once, what waits for a restart, what is refused as a whole.
// The one thing to know: whatever else stands in the file, sockets and calls stay as they are.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCertificate, startGateway } from '../lib/gateway.mjs';
import { connect } from '../lib/signal-calls.mjs';
import { until } from '../lib/wait.mjs';

/** Reloads with `changes` and waits for what becomes of it: the events it logged. */
async function reload(gateway, changes) {
  const before = gateway.logs().length;
  gateway.writeConfig(changes);
  gateway.reload();
  const said = () => gateway.logs().slice(before).filter(({ event }) => event.startsWith('config.'));
  // A request after the first line finds every line written.
  await until(() => said().length > 0, 'the reload');
  assert.equal((await fetch(`${gateway.url}/healthz`)).status, 200);
  return said();
}

const level = async (gateway) => (await (await fetch(`${gateway.url}/admin/log-level`)).json()).level;

test('what is read at start only is named, and everything else applies', async (t) => {
  const gateway = await startGateway({}, t);
  gateway.expectWarning(/config.needs_restart/);
  const alice = await connect(gateway, 'alice');
  const cases = [
    ['another port and address', { server: { port: 1, listen: '127.0.0.2' } }, 'server.listen, server.port'],
    ['media', { server: { port: 0, listen: '127.0.0.1' }, media: { workers: 3, advertise: '192.0.2.7' } }, 'media.workers, media.advertise'],
    ['TLS', { media: { workers: 2, advertise: '' }, server: { tls_certificate: makeCertificate(gateway.directory).certificate, tls_key: 'key.pem' } }, 'server.tls_certificate, server.tls_key'],
  ];
  for (const [index, [name, changes, options]] of cases.entries()) {
    await t.test(name, async () => {
      const wanted = ['debug', 'info'][index % 2];
      const said = await reload(gateway, { ...changes, log: { level: wanted } });
      assert.deepEqual(said.map(({ event }) => event), ['config.reloaded', 'config.needs_restart']);
      assert.equal(said[1].options, options);
      assert.equal(await level(gateway), wanted);
    });
  }
  await t.test('back as it was, nothing is left to say', async () => {
    const said = await reload(gateway, { server: { tls_certificate: undefined, tls_key: undefined } });
    assert.deepEqual(said.map(({ event }) => event), ['config.reloaded']);
  });
  await t.test('who was there still is', async () => {
    await assert.rejects(alice.request('hangup', { callsid: 'none' }), { code: 31404 });
  });
});

test('TLS goes on when the file has none any more', async (t) => {
  const gateway = await startGateway({ tls: true }, t);
  gateway.expectWarning(/config.needs_restart/);
  gateway.writeConfig({ server: { tls_certificate: undefined, tls_key: undefined } });
  gateway.reload();
  const warning = await until(() => gateway.logs('config.needs_restart')[0], 'the warning');
  assert.equal(warning.options, 'server.tls_certificate, server.tls_key');
  await (await connect(gateway, 'alice')).close();
});

test('a file that a restart would refuse is refused as a whole', async (t) => {
  const gateway = await startGateway({}, t);
  gateway.expectWarning(/config.refused/);
  for (const [changes, reason] of [
    [{ media: { addresses: 'here' } }, /"here" is not an IP address/],
    [{ media: { addresses: '127.0.0.1' }, server: { listen: '0.0.0.0' } }, /refusing to serve 0\.0\.0\.0 without TLS/],
    [{ server: { listen: '127.0.0.1' }, demo: { enabled: true } }, /\[demo\] key/],
  ]) {
    const said = await reload(gateway, { ...changes, log: { level: 'debug' } });
    assert.deepEqual(said.map(({ event }) => event), ['config.refused']);
    assert.match(said[0].reason, reason);
    assert.equal(await level(gateway), 'info');
  }
});
