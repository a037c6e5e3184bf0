// SIP over TLS, with Kamailio at the other end: both directions, and whom the gateway does not trust.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { createServer } from 'node:tls';
import { bodyOf, makeAuthority, shownAt } from '../lib/certificates.mjs';
import { startDns } from '../lib/dns.mjs';
import { SLOWNESS } from '../lib/gateway.mjs';
import { Kamailio } from '../lib/kamailio.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite, registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { SrtpKey } from '../lib/srtp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

const resolve = (t) => startDns(t, ['host-record=pbx.example,127.0.0.1', 'host-record=other.example,127.0.0.1']);

/** A PBX that speaks TLS on `secure` and wants to see a certificate of `authority` from whoever it speaks with. */
async function startPbx(t, authority, enter, options = {}) {
  const secure = await freePort();
  const { certificate, key } = authority.issue('pbx.example');
  const parameters = { certificate, private_key: key, ca_list: authority.ca, verify_certificate: 1, require_certificate: 1, tls_method: 'TLSv1.2+' };
  const kamailio = await Kamailio.start(t, { enter, domain: 'pbx.example', modules: ['tls'], listen: [`tls:127.0.0.1:${secure} advertise pbx.example:${secure}`],
    core: ['enable_tls=yes'], settings: Object.entries(parameters).map(([name, value]) => `modparam("tls", "${name}", ${JSON.stringify(value)})`), ...options });
  return { kamailio, secure };
}

/** What it reads of a host's certificate: its subjectAltName, some 110 octets for each connection of ours. */
const SOFIA_LOSES = ['X509V3_EXT_d2i', 'i2v_GENERAL_NAMES'];

async function startGateway(t, authority, secure, { enter, ca = authority.ca, host = 'pbx.example', sip = {} }) {
  const { certificate, key } = authority.issue('gw.example');
  const tls = await freePort();
  const gateway = await startTelephony(t, { pbx: { hosts: `${host}:${secure};transport=tls`, domain: 'pbx.example', user: 'us', password: 'secret',
    register: 'true', register_retry_s: 1800, srtp: 'required', prefixes: '*', inbound: 'client:bob' } },
  { enter, leaks: SOFIA_LOSES, config: { sip: { tls_port: tls, tls_certificate: certificate, tls_key: key, tls_ca: ca, ...sip } } });
  gateway.expectWarning(/^sip\.registration_failed$/);
  return { gateway, tls, certificate };
}

const isRegistered = (gateway) => until(async () => (await gateway.metrics()).get('callgate_trunk_registered{trunk="pbx"}') === 1, 'the registration', 20000 * SLOWNESS);

test('registered, called and calling over TLS, with media under keys that came by it', { timeout }, async (t) => {
  const authority = makeAuthority(t);
  const port = await freePort();
  const enter = await resolve(t);
  const { kamailio, secure } = await startPbx(t, authority, enter, { phone: `127.0.0.1:${port}` });
  const { gateway, tls } = await startGateway(t, authority, secure, { enter });
  await isRegistered(gateway);
  assert.match(kamailio.lines.join('\n'), new RegExp(`contact=<sip:us@127\\.0\\.0\\.1:${tls};transport=tls>`));
  const media = new MediaPeers(t);
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const phone = await RtpSocket.open(t);
  const ours = new SrtpKey();
  const sdp = description(phone.port, { profile: 'SAVP', extra: [ours.line] });
  const caller = new Sipp(t, [call('INVITE', 'us', 1, { sdp }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(200), call('ACK', 'us', 1, { routed: true }), expect('BYE'), reply('200 OK')],
  { port: await freePort(), remote: kamailio.host });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(caller.messages), 'the ACK');
  phone.srtp = { ours, theirs: SrtpKey.read(caller.messages, [ours], 1) };
  phone.talk(mediaPort(caller.messages, phone.port));
  await media.receive(['bob'], 10);
  await until(() => phone.received.length > 10, 'packets at the phone');
  bob.send('hangup', { callsid: ring.callsid });
  await caller.finished();

  const called = await Sipp.called(t, [expect('INVITE'), reply('200 OK', { first: true, sdp }), expect('ACK'), expect('BYE'), reply('200 OK')], { port });
  const alice = await connect(gateway, 'alice');
  t.after(() => alice.close());
  invite(alice, '+15557654321', { offer: await media.offer('alice', { narrow: true }) });
  const { payload: answer } = await alice.next('answer');
  alice.send('hangup', { callsid: answer.callsid });
  await called.finished();
  assert.match(called.messages, /^m=audio \d+ RTP\/SAVP /m);
  assert.match(called.messages, /Via: SIP\/2\.0\/TLS/);
});

/** It says hello and no more; what it says of how that went. */
const hello = (address, ...options) => new Promise((resolve) => {
  execFile('openssl', ['s_client', '-connect', address, '-brief', ...options], { timeout: 20000 * SLOWNESS }, (error, stdout, stderr) => {
    resolve({ ok: !error, text: stdout + stderr });
  }).stdin.end();
});

test('no TLS before 1.2, no suite without authentication; strangers get no further than that', { timeout }, async (t) => {
  const authority = makeAuthority(t);
  const { tls } = await startGateway(t, authority, await freePort(), { enter: await resolve(t), sip: { listen: '127.0.0.1, ::1' } });
  const good = await hello(`127.0.0.1:${tls}`, '-tls1_2');
  assert.ok(good.ok, good.text);
  assert.ok((await hello(`[::1]:${tls}`, '-tls1_3')).ok);
  for (const options of [['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'], ['-tls1_2', '-cipher', 'aNULL:@SECLEVEL=0']]) {
    assert.ok(!(await hello(`127.0.0.1:${tls}`, ...options)).ok, options.join(' '));
  }
});

for (const [name, options, reason] of [
  ['another authority', (other) => ({ ca: other.ca }), /self-signed certificate|unable to get|unable to verify/],
  ['another name', () => ({ host: 'other.example' }), /^certificate of another name$/],
]) {
  test(`a host whose certificate is of ${name} is not spoken with: that is told, and nobody waits`, { timeout }, async (t) => {
    const [authority, other] = [makeAuthority(t), makeAuthority(t)];
    const enter = await resolve(t);
    const { kamailio, secure } = await startPbx(t, authority, enter);
    const { gateway } = await startGateway(t, authority, secure, { enter, sip: { timeout_ms: 32000 }, ...options(other) });
    gateway.expectWarning(/^sip\.tls_refused$/);
    await until(() => gateway.logs('sip.registration_failed').length > 0, 'the failure', 10000 * SLOWNESS);
    const alice = await connect(gateway, 'alice');
    t.after(() => alice.close());
    const { code } = await failure(alice, invite(alice, '+15557654321', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) }));
    assert.equal(code, 31503);
    const told = await gateway.logged('sip.tls_refused');
    assert.equal(told.length, 1, 'once in ten seconds');
    assert.equal(told[0].host, options(other).host ?? 'pbx.example');
    assert.match(told[0].reason, reason);
    await gateway.stop();
    assert.equal(kamailio.said(/saw REGISTER/).length, 0);
    const { gateway: trusting } = await startGateway(t, authority, secure, { enter });
    await isRegistered(trusting);
  });
}

/** A host that speaks TLS and no SIP: `met` is told of each connection. */
async function startHost(t, authority, met, options = {}) {
  const { certificate, key } = authority.issue('pbx.example');
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key), ...options }, (socket) => {
    socket.on('error', () => {});
    met(socket);
  });
  const secure = await freePort();
  server.listen(secure, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return secure;
}

test('a host is told by which name it is called, if it has one', { timeout }, async (t) => {
  const authority = makeAuthority(t);
  const names = [];
  const secure = await startHost(t, authority, (socket) => names.push(socket.servername));
  const enter = await resolve(t);
  for (const host of ['pbx.example', '127.0.0.1']) {
    const { gateway } = await startGateway(t, authority, secure, { enter, host });
    gateway.expectWarning(/^sip\.tls_refused$/);
    await until(() => gateway.logs('sip.registration_failed').length > 0, 'the failure', 20000 * SLOWNESS);
    await gateway.stop();
  }
  assert.deepEqual(names, ['pbx.example', false]);
});

test('a certificate that is renewed is shown after a reload, both to callers and to hosts', { timeout }, async (t) => {
  const authority = makeAuthority(t);
  const seen = []; // by the host, which then closes
  const secure = await startHost(t, authority, (socket) => {
    seen.push(bodyOf(socket.getPeerCertificate().raw));
    socket.destroy();
  }, { requestCert: true, ca: readFileSync(authority.ca) });
  const { gateway, tls, certificate: file } = await startGateway(t, authority, secure, { enter: await resolve(t) });
  gateway.expectWarning(/^sip\.tls_refused$/);
  const alice = await connect(gateway, 'alice');
  t.after(() => alice.close());
  const met = async () => {
    const before = seen.length;
    await failure(alice, invite(alice, '+15557654321', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) }));
    await until(() => seen.length > before, 'the connection');
    return seen.at(-1);
  };
  const first = bodyOf(readFileSync(file));
  assert.deepEqual([await met(), await shownAt(tls)], [first, first]);
  authority.issue('gw.example');
  const second = bodyOf(readFileSync(file));
  assert.notEqual(second, first);
  assert.deepEqual([await met(), await shownAt(tls)], [first, first], 'until the reload');
  gateway.reload();
  await gateway.logged('config.reloaded');
  assert.deepEqual([await met(), await shownAt(tls)], [second, second]);
  gateway.expectWarning(/^config\.refused$/);
  copyFileSync(authority.issue('other.example').certificate, file); // of another key
  gateway.reload();
  assert.match((await gateway.logged('config.refused'))[0].reason, /not the key of the certificate/);
  assert.deepEqual([await met(), await shownAt(tls)], [second, second]);
});
