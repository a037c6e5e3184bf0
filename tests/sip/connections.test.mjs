// TCP connections to the SIP port: how many, how slow, how long.
// The one thing to know: all come from addresses of a trunk, so it is the limits that are tested and not who is known.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { makeAuthority } from '../lib/certificates.mjs';
import { SLOWNESS } from '../lib/gateway.mjs';
import { sipConnection, sipRequest } from '../lib/sip-raw.mjs';
import { freePort } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 120000 * SLOWNESS;
const start = (t, sip = {}) => startTelephony(t, { carrier: { hosts: '127.0.0.1', sources: '127.0.0.8/30' } }, { config: { sip } });
const OPTIONS = () => sipRequest('OPTIONS', { transport: 'TCP' });
const ok = (connection) => /^SIP\/2.0 200/.test(connection.text);

/** What `made` connections are after each has asked whether we are there: [answered, closed]. */
async function ask(made) {
  for (const connection of made) connection.socket.write(OPTIONS());
  await until(() => made.every((connection) => ok(connection) || connection.closed), 'answers, or ends');
  return [made.filter(ok).length, made.filter(({ closed }) => closed).length];
}

const connect = async (t, gateway, count, address) =>
  Promise.all(Array.from({ length: count }, () => sipConnection(t, gateway.sip, address)));

test('an address has so many connections, and all have so many; closed ones make room', { timeout }, async (t) => {
  const gateway = await start(t, { connections_per_ip: 5, max_connections: 12 });
  const first = await connect(t, gateway, 8, '127.0.0.8');
  assert.deepEqual(await ask(first), [5, 3]);
  const second = await connect(t, gateway, 5, '127.0.0.9');
  assert.deepEqual(await ask(second), [5, 0]);
  const third = await connect(t, gateway, 5, '127.0.0.10');
  assert.deepEqual(await ask(third), [2, 3]);
  for (const { socket } of first) socket.destroy();
  await until(async () => (await gateway.metrics()).get('callgate_sip_connections') === 7, 'room');
  const again = await connect(t, gateway, 5, '127.0.0.8');
  assert.deepEqual(await ask(again), [5, 0]);
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_sip_connections_refused_total'), 6);
});

test('a connection that does not complete a message in time is closed, however busy it is', { timeout }, async (t) => {
  const gateway = await start(t, { message_timeout_ms: 1000 });
  const [silent, slow, later, patient] = await connect(t, gateway, 4);
  const trickle = async (connection, text) => {
    for (const octet of text) {
      if (connection.closed) return;
      connection.socket.write(octet);
      await delay(20);
    }
  };
  assert.deepEqual(await ask([later, patient]), [2, 0]);
  const trickles = [trickle(slow, 'OPTIONS sip:+1@127.0.0.1 SIP/2.0\r\n' + 'X-Endless: 1\r\n'.repeat(1000)),
    trickle(later, OPTIONS().replace('Max-Forwards', 'X-Endless: 1\r\n'.repeat(1000) + 'Max-Forwards'))];
  await until(() => silent.closed && slow.closed && later.closed, 'the ends', 20000 * SLOWNESS);
  await Promise.all(trickles);
  assert.equal(patient.closed, false, 'one that has nothing to say stays');
  patient.text = '';
  assert.deepEqual(await ask([patient]), [1, 0]);
  await until(async () => (await gateway.metrics()).get('callgate_sip_connections_late_total') === 3, 'the count');
});

const HEAD = () => OPTIONS().replace(/Content-Length.*\r\n\r\n/, '');
const OVERSIZE = {
  'a body of a thousand megabytes': () => [`${HEAD()}Content-Length: 1000000000\r\n\r\n`, 'x'.repeat(65536)],
  'a body of more than there are numbers': () => [`${HEAD()}Content-Length: 99999999999999999999\r\n\r\n`, 'x'.repeat(65536)],
  'headers without end': () => [HEAD(), 'X-Endless: and on and on\r\n'.repeat(1000)],
  'a header without end': () => [`${HEAD()}X-Endless: `, 'x'.repeat(65536)],
  'a first line without end': () => ['OPTIONS sip:', '1'.repeat(65536)],
};

test('messages without end are refused, their connections closed, and memory stays', { timeout }, async (t) => {
  const gateway = await start(t, { message_timeout_ms: 2000 });
  assert.deepEqual(await ask(await connect(t, gateway, 20)), [20, 0]);
  const before = gateway.resources();
  for (const [name, make] of Object.entries(OVERSIZE)) {
    const [head, more] = make();
    const connections = await connect(t, gateway, 20);
    for (const { socket } of connections) {
      socket.write(head);
      for (let i = 0; i < 30; i++) socket.write(more);
    }
    await until(() => connections.every(({ closed }) => closed), `the end of ${name}`, 20000 * SLOWNESS);
    assert.ok(connections.every(({ text }) => text === '' || /^SIP\/2.0 4/.test(text)), `${name}: ${connections[0].text}`);
  }
  const [fresh] = await connect(t, gateway, 1);
  assert.deepEqual(await ask([fresh]), [1, 0]);
  if (SLOWNESS === 1) assert.ok(gateway.resources().resident - before.resident < 20e6, 'memory'); // sanitizers keep what is freed
  await until(() => gateway.resources().descriptors <= before.descriptors + 1, 'descriptors that are closed');
});

test('connections for TLS have the same limits, before their handshake too', { timeout }, async (t) => {
  const { certificate, key } = makeAuthority(t).issue('gw.example');
  const port = await freePort();
  const gateway = await start(t, { tls_port: port, tls_certificate: certificate, tls_key: key, connections_per_ip: 3, message_timeout_ms: 1000 });
  const secure = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  let text = '';
  secure.on('data', (data) => { text += data; });
  t.after(() => secure.destroy());
  secure.write(sipRequest('OPTIONS', { transport: 'TLS' }));
  await until(() => /^SIP\/2.0 200/.test(text), 'an answer over TLS');
  const silent = await connect(t, { sip: `127.0.0.1:${port}` }, 5);
  await until(() => silent.filter(({ closed }) => closed).length >= 3, 'the end of those that are too many');
  await until(() => silent.every(({ closed }) => closed), 'the end of those that say nothing', 20000 * SLOWNESS);
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_sip_connections_refused_total'), 3);
  text = '';
  secure.write(sipRequest('OPTIONS', { transport: 'TLS' }));
  await until(() => /^SIP\/2.0 200/.test(text), 'another answer over TLS');
});
