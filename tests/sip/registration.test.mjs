// The gateway registers with a PBX, and calls come and go over it: Kamailio is registrar and proxy, sipp the phones.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startDns } from '../lib/dns.mjs';
import { SLOWNESS } from '../lib/gateway.mjs';
import { Kamailio } from '../lib/kamailio.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { SipSocket } from '../lib/sip-raw.mjs';
import { call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const trunk = (kamailio, changes = {}) => ({ pbx: { hosts: kamailio.host, user: 'us', password: 'secret', register: 'true',
  prefixes: '*', inbound: 'client:bob', register_retry_s: 1, ...changes } });
const metric = async (gateway, name) => (await gateway.metrics()).get(`callgate_${name}{trunk="pbx"}`);
const isRegistered = (gateway, value = 1) =>
  until(async () => await metric(gateway, 'trunk_registered') === value, `callgate_trunk_registered ${value}`, 20000 * SLOWNESS);

test('a phone behind the registrar calls in, and is called', { timeout }, async (t) => {
  const port = await freePort();
  const kamailio = await Kamailio.start(t, { phone: `127.0.0.1:${port}` });
  const gateway = await startTelephony(t, trunk(kamailio), { numbers: { [NUMBER]: 'client:carol' } });
  await isRegistered(gateway);
  assert.equal((await gateway.logged('sip.registered'))[0].host, kamailio.host);
  const media = new MediaPeers(t);
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());

  const phone = await RtpSocket.open(t);
  const caller = new Sipp(t, [call('INVITE', 'us', 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(200), call('ACK', 'us', 1, { routed: true }), expect('BYE'), reply('200 OK')],
  { port: await freePort(), remote: kamailio.host });
  const { payload: ring } = await bob.next('invite');
  assert.equal(new URLSearchParams(ring.parameters.Params).get('Called'), 'us');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(caller.messages), 'the ACK');
  phone.talk(mediaPort(caller.messages, phone.port));
  await media.receive(['bob'], 10);
  await until(() => phone.received.length > 10, 'packets at the phone');
  bob.send('hangup', { callsid: ring.callsid });
  await caller.finished();

  const called = await Sipp.called(t, [expect('INVITE'), reply('180 Ringing', { first: true }),
    reply('200 OK', { first: true, sdp: description(phone.port) }), expect('ACK'), expect('BYE'), reply('200 OK')], { port });
  const alice = await connect(gateway, 'alice');
  t.after(() => alice.close());
  invite(alice, '+15557654321', { offer: await media.offer('alice', { narrow: true }) });
  const { payload: answer } = await alice.next('answer');
  await media.accept('alice', answer.sdp);
  phone.talk(mediaPort(called.messages, phone.port));
  await media.receive(['alice'], 10);
  alice.send('hangup', { callsid: answer.callsid });
  await called.finished();
});

test('it is refreshed before it runs out, and taken back at the end', { timeout }, async (t) => {
  const kamailio = await Kamailio.start(t, { nonceLife: 1 });
  const gateway = await startTelephony(t, trunk(kamailio, { hosts: `${kamailio.host};transport=tcp`, register_expires_s: 3 }));
  await kamailio.says(/registered us 3/, 4);
  assert.match(kamailio.lines.join('\n'), /contact=<sip:us@127\.0\.0\.1:\d+;transport=tcp>/);
  assert.equal(await metric(gateway, 'trunk_registered'), 1);
  assert.equal((await gateway.logged('sip.registered')).length, 1);
  assert.equal(await metric(gateway, 'trunk_registration_failures_total'), 0);
  await gateway.stop();
  await kamailio.says(/registered us 0/);
});

test('a registrar that is not there: the next, and in the end again the first', { timeout }, async (t) => {
  const port = await freePort();
  const second = await Kamailio.start(t, { domain: 'pbx.example' });
  const gateway = await startTelephony(t, trunk(second, { hosts: `127.0.0.1:${port}, ${second.host}`, domain: 'pbx.example', register_expires_s: 2 }));
  gateway.expectWarning(/^sip\.registration_failed$/);
  await isRegistered(gateway);
  await second.says(/from=sip:us@pbx\.example /);
  const [failure] = await gateway.logged('sip.registration_failed');
  assert.deepEqual([failure.trunk, failure.host], ['pbx', `127.0.0.1:${port}`]);
  await second.stop();
  await isRegistered(gateway, 0);
  const first = await Kamailio.start(t, { port, domain: 'pbx.example' });
  await first.says(/registered us 2/);
  await isRegistered(gateway);
});

test('a wrong password is tried once per wait; a reload takes the right one, another none', { timeout }, async (t) => {
  const kamailio = await Kamailio.start(t);
  const gateway = await startTelephony(t, trunk(kamailio, { password: 'wrong', register_retry_s: 1800 }));
  gateway.expectWarning(/^sip\.registration_failed$/);
  assert.deepEqual((await gateway.logged('sip.registration_failed')).map(({ status }) => status), [401]);
  await kamailio.says(/saw REGISTER/, 2);
  assert.equal(kamailio.said(/saw REGISTER/).length, 2);
  gateway.writeConfig({ 'trunk pbx': { password: 'secret' } });
  gateway.reload();
  await isRegistered(gateway);
  gateway.writeConfig({ 'trunk pbx': { max_calls: 7 } });
  gateway.reload();
  await until(() => gateway.logs('config.reloaded').length === 2, 'the reload');
  assert.equal(await metric(gateway, 'trunk_registered'), 1);
  assert.equal(kamailio.said(/registered us 0/).length, 0);
  gateway.writeConfig({ 'trunk pbx': { register: 'false' } });
  gateway.reload();
  await kamailio.says(/registered us 0/);
  await until(async () => await metric(gateway, 'trunk_registered') === undefined, 'no metric');
  assert.equal(kamailio.said(/registered us 3600/).length, 1);
});

test('a target of SRV that answers with 5xx gives way to the next', { timeout }, async (t) => {
  const full = await freePort();
  const kamailio = await Kamailio.start(t, { domain: 'pbx.example' });
  const enter = await startDns(t, ['host-record=a.example,127.0.0.1', `srv-host=_sip._udp.pbx.example,a.example,${full},1,1`,
    `srv-host=_sip._udp.pbx.example,a.example,${kamailio.port},2,1`]);
  const refusing = await Sipp.called(t, [expect('REGISTER'), reply('503 Service Unavailable', { first: true })], { port: full });
  const gateway = await startTelephony(t, trunk(kamailio, { hosts: 'pbx.example', register_retry_s: 1800 }), { enter });
  await isRegistered(gateway);
  await refusing.finished();
  assert.equal(await metric(gateway, 'trunk_registration_failures_total'), 0);
});

test('the registrar calls only while it has us registered', { timeout }, async (t) => {
  const kamailio = await Kamailio.start(t, { domain: 'pbx.example' });
  const enter = await startDns(t, ['host-record=pbx.example,127.0.0.1']);
  const gateway = await startTelephony(t, trunk(kamailio, { hosts: `pbx.example:${kamailio.port}`, register: 'false' }), { enter });
  const asks = async () => new Sipp(t, [call('OPTIONS', 'us', 1), expectStatus(200)],
    { port: await freePort(), remote: gateway.sip }).finished();
  const refused = async () => (await gateway.metrics()).get('callgate_sip_refused_sources_total');
  const stranger = await SipSocket.open(t, gateway.sip);
  const isIgnored = async () => {
    const before = await refused();
    await stranger.request('OPTIONS');
    await until(async () => await refused() > before, 'a stranger');
  };
  await isIgnored();
  gateway.writeConfig({ 'trunk pbx': { register: 'true' } });
  gateway.reload();
  await isRegistered(gateway);
  await asks();
  gateway.writeConfig({ 'trunk pbx': { register: 'false' } });
  gateway.reload();
  await kamailio.says(/registered us 0/);
  await isIgnored();
});

test('a registrar behind a proxy: each has a realm; what is granted for less time than asked is refreshed in time', { timeout }, async (t) => {
  const port = await freePort();
  const asks = (status, header, realm) => reply(status, { first: true, extra: [`${header}: Digest realm="${realm}", nonce="1", algorithm=MD5, qop="auth"`] });
  const taken = (seconds) => reply('200 OK', { first: true, contact: `[last_Contact:];expires=${seconds}` });
  const registrar = await Sipp.called(t, [expect('REGISTER'), asks('407 Proxy Authentication Required', 'Proxy-Authenticate', 'proxy'),
    expect('REGISTER'), asks('401 Unauthorized', 'WWW-Authenticate', 'pbx'), expect('REGISTER'), taken(4), expect('REGISTER'), taken(600), expect('REGISTER'), taken(0)], { port });
  const gateway = await startTelephony(t, { pbx: { hosts: `127.0.0.1:${port}`, register: 'true', register_expires_s: 600, user: 'us', password: 'secret' } });
  const asked = () => [...registrar.messages.matchAll(/^-{20,} (\S+ \S+)\n[^\n]*received[^]*?^REGISTER /gm)].map(([, time]) => Date.parse(time));
  await until(() => asked().length === 4, 'the refreshing', 20000 * SLOWNESS);
  await isRegistered(gateway);
  const [granted, refreshed] = asked().slice(-2);
  assert.ok(refreshed - granted < 4000, `${refreshed - granted} ms`);
  assert.equal(await metric(gateway, 'trunk_registration_failures_total'), 0);
  await gateway.stop();
  await registrar.finished();
});

test('a registrar that wants to be asked less often gets its way: 423 with Min-Expires', { timeout }, async (t) => {
  const port = await freePort();
  const taken = (seconds) => reply('200 OK', { first: true, contact: `[last_Contact:];expires=${seconds}` });
  const registrar = await Sipp.called(t, [expect('REGISTER'), reply('423 Interval Too Brief', { first: true, extra: ['Min-Expires: 7200'] }),
    expect('REGISTER'), taken(7200), expect('REGISTER'), taken(0)], { port });
  const gateway = await startTelephony(t, { pbx: { hosts: `127.0.0.1:${port}`, register: 'true', register_expires_s: 600, user: 'us', password: 'secret' } });
  await isRegistered(gateway);
  await gateway.stop();
  await registrar.finished();
  assert.deepEqual([...registrar.messages.matchAll(/^REGISTER [^]*?^Expires: (\d+)/gm)].map(([, seconds]) => Number(seconds)), [600, 7200, 0]);
});
