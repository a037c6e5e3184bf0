// Hosts that want to be left alone (Retry-After) by their answers to OPTIONS and REGISTER.
// The one thing to know: the host under test answers by a function, and says when it heard what.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite } from '../lib/signal-calls.mjs';
import { freePort } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const AFTER = 4 * SLOWNESS; // seconds, in which a call has to be through
const OK = '200 OK\r\nContact: <sip:us@127.0.0.1>;expires=3600';

/** `answers` tells the status line's end and further headers for the n-th request of that method; {heard: [{method, at}], host, of(method)}. */
async function startHost(t, answers) {
  const socket = createSocket('udp4');
  const heard = [];
  const of = (method) => heard.filter((one) => one.method === method);
  socket.on('message', (data, { port }) => {
    const text = data.toString('latin1');
    const method = /^[A-Z]*/.exec(text)[0];
    heard.push({ method, at: performance.now() });
    const answer = answers(method, of(method).length);
    const headers = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line)).map((line) => (/^To:/i.test(line) ? `${line};tag=host` : line));
    if (answer) socket.send(`SIP/2.0 ${answer}\r\n${headers.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, port, '127.0.0.1');
  });
  socket.bind(await freePort(), '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { heard, of, host: `127.0.0.1:${socket.address().port}` };
}

/** One that takes no calls, and is there. */
const BUSY = (method) => ({ INVITE: '486 Busy Here', ACK: '' })[method] ?? OK;

/** A call of alice's comes to the host that is busy. */
async function isTurnedTo(t, gateway, busy) {
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const callsid = invite(client, '+15551234567', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) });
  assert.equal((await failure(client, callsid)).code, 31486);
  assert.equal(busy.of('INVITE').length, 1);
}

const away = (gateway, host) => async () => (await gateway.metrics()).get(`callgate_trunk_host_away{trunk="carrier",host="${host}"}`);
const between = ([first, second]) => second.at - first.at;

for (const [what, status, isAway] of [['503', '503 Service Unavailable', true], ['500, which is of the question alone', '500 Server Internal Error', false]]) {
  test(`OPTIONS: the host is not asked again before that time (${what})`, { timeout }, async (t) => {
    const [busy, host] = [await startHost(t, BUSY), await startHost(t, (method, count) => (count === 1 ? `${status}\r\nRetry-After: ${AFTER} (full);duration=9` : OK))];
    const gateway = await startTelephony(t, { carrier: { hosts: `${host.host}, ${busy.host}`, prefixes: '+', keepalive_s: 1 } });
    gateway.expectWarning(/^sip\.host_(away|down)$/);
    await until(() => host.of('OPTIONS').length === 1, 'the question');
    if (isAway) {
      await until(async () => await away(gateway, host.host)() === 1, 'the host is away');
      await isTurnedTo(t, gateway, busy);
      assert.equal(host.of('INVITE').length, 0);
    }
    await until(() => host.of('OPTIONS').length === 3, 'two more questions', 20000 * SLOWNESS);
    assert.ok(between(host.of('OPTIONS')) >= AFTER * 1000 - 50, 'not before');
    assert.ok(between(host.of('OPTIONS').slice(1)) < AFTER * 1000 - 50, 'then as ever');
    assert.equal(await away(gateway, host.host)(), isAway ? 0 : undefined);
    assert.deepEqual(gateway.logs('sip.host_away').map(({ host: of, retry_after_s }) => [of, retry_after_s]), isAway ? [[host.host, AFTER]] : []);
  });
}

test('REGISTER: the registrar is not asked again before that time, and gets no calls; the other is', { timeout }, async (t) => {
  const host = await startHost(t, (method, count) => (count === 1 ? `503 Service Unavailable\r\nRetry-After: ${AFTER}` : OK));
  const other = await startHost(t, (method) => (method === 'REGISTER' ? '403 Forbidden' : BUSY(method)));
  const gateway = await startTelephony(t, { carrier: { hosts: `${host.host}, ${other.host}`, prefixes: '+', register: 'true', user: 'us', password: 'secret',
    register_retry_s: 1 } });
  gateway.expectWarning(/^sip\.(host_away|registration_failed)$/);
  await until(async () => await away(gateway, host.host)() === 1, 'the host is away');
  await isTurnedTo(t, gateway, other);
  assert.equal(host.of('INVITE').length, 0);
  await until(() => host.of('REGISTER').length === 2, 'another try', 20000 * SLOWNESS);
  assert.ok(between(host.of('REGISTER')) >= AFTER * 1000 - 50, 'not before');
  assert.ok(other.of('REGISTER').length >= 2, 'the other was asked meanwhile');
  assert.equal(await away(gateway, host.host)(), 0);
});

test('REGISTER: where there is one registrar, its time is waited for, whatever it refuses with', { timeout }, async (t) => {
  for (const status of ['503 Service Unavailable', '404 Not Found']) {
    const host = await startHost(t, (method, count) => (count === 1 ? `${status}\r\nRetry-After: ${AFTER}` : OK));
    const gateway = await startTelephony(t, { carrier: { hosts: host.host, register: 'true', user: 'us', password: 'secret', register_retry_s: 1 } });
    gateway.expectWarning(/^sip\.(host_away|registration_failed)$/);
    await until(async () => (await gateway.metrics()).get('callgate_trunk_registered{trunk="carrier"}') === 1, 'it is registered', 20000 * SLOWNESS);
    assert.equal(host.of('REGISTER').length, 2);
    assert.ok(between(host.of('REGISTER')) >= AFTER * 1000 - 50, 'not before');
    await gateway.stop();
  }
});
