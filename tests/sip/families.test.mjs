// Calls between IPv4 and IPv6: clients and phones, phones and phones.
// The one thing to know: a phone's media is on the loopback address of its family, so what comes there came over it.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import { startDns } from '../lib/dns.mjs';
import { SLOWNESS } from '../lib/gateway.mjs';
import { keysIn, tonesOf } from '../lib/keys.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite, registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectInvite, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const [NUMBER, OWN_NUMBER] = ['+15551234567', '+15550001111'];
const LOOPBACKS = { 4: '127.0.0.1', 6: '::1' };
const BOTH = { media: { addresses: '127.0.0.1, ::1' } };
const HOSTS = { 4: '127.0.0.1', 6: '[::1]' };
/** A gateway that listens on both. */
const startDual = (t, trunks, { sip = {}, ...options } = {}) => startTelephony(t, trunks, { ...options, config: { ...BOTH, sip: { listen: '127.0.0.1, ::1', ...sip } } });
const portOf = (gateway) => gateway.sip.split(':')[1];

const hangUp = [expect('BYE'), reply('200 OK')];
const answering = (phone, address) => [expectInvite(), reply('200 OK', { first: true, sdp: description(phone.port, { address }) }), expect('ACK')];
const agree = (port, direction, version) => [expect('INVITE'), reply('200 OK', { sdp: description(port, { direction, version }) }), expect('ACK')];
/** The families of the addresses that the gateway said its media is at. */
const families = (messages, own) => [...new Set([...messages.matchAll(/^c=IN IP([46]) (\S+)\s[^]*?^m=audio (\d+)/gm)]
  .filter(([, , , port]) => Number(port) !== own).map(([, family, address]) => `${family} ${address}`))];

async function client(t, made) {
  const it = await made;
  t.after(() => it.close());
  return it;
}

/** The phone and the client's peer hear each other; every packet to the phone is from the loopback address of `family`. */
async function hearEachOther(phone, sipp, media, peer, family) {
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive([peer], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  assert.ok(phone.received.every(({ source }) => source.startsWith(`${LOOPBACKS[family]}:`)), phone.received[0].source);
}

test('a client over IPv4 calls a phone over IPv6, signalling and media', { timeout }, async (t) => {
  const [port, sipPort] = [await freePort('::1'), await freePort('::1')];
  const gateway = await startTelephony(t, { carrier: { hosts: `[::1]:${port}`, prefixes: '+' } }, { config: { ...BOTH, sip: { listen: '::1', port: sipPort } } });
  const phone = await RtpSocket.open(t, '::1');
  const sipp = await Sipp.called(t, [...answering(phone, '::1'), ...hangUp], { port, address: '::1' });
  const media = new MediaPeers(t);
  const alice = await client(t, connect(gateway, 'alice'));
  invite(alice, NUMBER, { offer: await media.offer('alice', { narrow: true }) });
  const { payload } = await alice.next('answer');
  await media.accept('alice', payload.sdp);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  await hearEachOther(phone, sipp, media, 'alice', 6);
  phone.press(mediaPort(sipp.messages, phone.port), 5);
  assert.equal((await alice.next('dtmf')).payload.dtmf, '5');
  alice.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
  assert.deepEqual(families(sipp.messages, phone.port), ['6 ::1']);
});

for (const family of [4, 6]) {
  test(`a phone that calls is answered in the family of its offer: IPv${family}`, { timeout }, async (t) => {
    const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [OWN_NUMBER]: 'client:bob' }, config: BOTH });
    const bob = await client(t, registered(gateway, 'bob'));
    const media = new MediaPeers(t);
    const phone = await RtpSocket.open(t, LOOPBACKS[family]);
    const sipp = new Sipp(t, [call('INVITE', OWN_NUMBER, 1, { sdp: description(phone.port, { address: LOOPBACKS[family] }) }),
      expectStatus(100, { optional: true }), expectStatus(180, { optional: true }), expectStatus(200), call('ACK', OWN_NUMBER, 1, { established: true }), ...hangUp],
    { port: await freePort(), remote: gateway.sip });
    const { payload: ring } = await bob.next('invite');
    bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
    await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
    await hearEachOther(phone, sipp, media, 'bob', family);
    bob.send('hangup', { callsid: ring.callsid });
    await sipp.finished();
    assert.deepEqual(families(sipp.messages, phone.port), [`${family} ${LOOPBACKS[family]}`]);
  });
}

/** Where what a phone says comes out: keys, since a key is told from all that was there before. */
async function says(from, sipp, to, key) {
  to.received.length = 0;
  await from.say(mediaPort(sipp.messages, from.port), tonesOf(key));
  await until(() => keysIn(to.received.filter(({ type }) => type === 0).map(({ payload }) => payload)) === key, `the tones of ${key}`);
}

test('a phone over IPv4 and one over IPv6, each on its trunk, hear each other', { timeout }, async (t) => {
  const [port4, port6] = [await freePort(), await freePort()];
  const gateway = await startTelephony(t, {
    old: { hosts: `127.0.0.1:${port4}`, inbound: 'client:bob' },
    new: { hosts: `127.0.0.1:${port6}`, prefixes: '+', media_family: 'ipv6' },
  }, { config: BOTH });
  const bob = await client(t, registered(gateway, 'bob'));
  const media = new MediaPeers(t);
  const [first, second] = [await RtpSocket.open(t), await RtpSocket.open(t, '::1')];
  const called = await Sipp.called(t, [...answering(second, '::1'), ...hangUp], { port: port6 });
  const calling = new Sipp(t, [call('INVITE', OWN_NUMBER, 1, { sdp: description(first.port) }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(200), call('ACK', OWN_NUMBER, 1, { established: true }),
    ...agree(first.port, 'recvonly', 2), ...agree(first.port, 'sendrecv', 3), ...hangUp], // on hold while it is transferred
  { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(calling.messages), 'the ACK of the first');
  await bob.request('transfer', { callsid: ring.callsid, to: NUMBER });
  await bob.next(({ type, payload }) => type === 'transfer' && payload.state === 'completed');
  first.talk(mediaPort(calling.messages, first.port));
  second.talk(mediaPort(called.messages, second.port));
  await until(() => first.received.length > 20 && second.received.length > 20, 'packets at both');
  await says(first, calling, second, '7');
  await says(second, called, first, '9');
  assert.deepEqual(families(called.messages, second.port), ['6 ::1']);
  assert.deepEqual(families(calling.messages, first.port), ['4 127.0.0.1']);
  await gateway.stop();
  await Promise.all([calling.finished(), called.finished()]);
});

test('a phone that answers an offer of IPv4 with IPv6 is hung up on', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+' } }, { config: BOTH });
  const sipp = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(4000, { address: '::1' }) }), expect('ACK'), ...hangUp], { port });
  const media = new MediaPeers(t);
  const alice = await client(t, connect(gateway, 'alice'));
  const { code } = await failure(alice, invite(alice, NUMBER, { offer: await media.offer('alice', { narrow: true }) }));
  assert.equal(code, 53402);
  await sipp.finished();
  assert.deepEqual((await gateway.logged('sip.media_refused')).map(({ reason }) => reason), ['family']);
});

/** The hosts that the gateway says it is, in a header of the requests and responses it sent: all of them, each once. */
const hostsIn = (messages, header, pattern) => [...new Set([...messages.matchAll(new RegExp(`^${header}: ?${pattern}`, 'gm'))].map(([, host]) => host))];

for (const [family, transport, flag] of [[4, 'udp', 'u1'], [6, 'udp', 'u1'], [4, 'tcp', 't1'], [6, 'tcp', 't1']]) {
  test(`listening on both families: a phone of IPv${family} over ${transport} is called, and calls`, { timeout }, async (t) => {
    const [address, host, port] = [LOOPBACKS[family], HOSTS[family], await freePort(LOOPBACKS[family])];
    const gateway = await startDual(t, { carrier: { hosts: `${host}:${port};transport=${transport}`, prefixes: '+' } }, { numbers: { [OWN_NUMBER]: 'client:bob' } });
    const [alice, bob] = [await client(t, connect(gateway, 'alice')), await client(t, registered(gateway, 'bob'))];
    const media = new MediaPeers(t);
    const phone = await RtpSocket.open(t, address);
    const called = await Sipp.called(t, [...answering(phone, address), ...hangUp], { port, address, transport: flag });
    invite(alice, NUMBER, { offer: await media.offer('alice', { narrow: true }) });
    const { payload } = await alice.next('answer');
    await media.accept('alice', payload.sdp);
    await until(() => /^ACK/m.test(called.messages), 'the ACK');
    await hearEachOther(phone, called, media, 'alice', family);
    alice.send('hangup', { callsid: payload.callsid });
    await called.finished();
    const invited = /^INVITE [^]*?\r?\n\r?\n/m.exec(called.messages)[0];
    assert.deepEqual(hostsIn(invited, 'Contact', '<sip:(\\[[^\\]]*\\]|[^:;>]*)'), [host]);
    assert.deepEqual(hostsIn(invited, 'Via', '\\S+ (\\[[^\\]]*\\]|[^:;]*)'), [host]);
    assert.deepEqual(hostsIn(invited, 'From', '<sip:alice@(\\[[^\\]]*\\]|[^:;>]*)'), [host]);

    const calling = new Sipp(t, [call('INVITE', OWN_NUMBER, 1, { sdp: description(phone.port, { address }) }), expectStatus(100, { optional: true }),
      expectStatus(180, { optional: true }), expectStatus(200), call('ACK', OWN_NUMBER, 1, { established: true }), ...hangUp],
    { port: await freePort(address), address, transport: flag, remote: `${host}:${portOf(gateway)}` });
    const { payload: ring } = await bob.next('invite');
    bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
    await until(() => /^ACK/m.test(calling.messages), 'the ACK of the caller');
    bob.send('hangup', { callsid: ring.callsid });
    await calling.finished();
    const taken = /^SIP\/2.0 200 [^]*?\r?\n\r?\n/m.exec(calling.messages)[0];
    assert.deepEqual(hostsIn(taken, 'Contact', '<sip:(\\[[^\\]]*\\]|[^:;>]*)'), [host]);
  });
}

/** What comes to a port of that address, as text. */
async function listener(t, address) {
  const socket = createSocket(address === '::1' ? 'udp6' : 'udp4');
  const heard = [];
  socket.on('message', (data) => heard.push(data.toString('latin1')));
  socket.bind(0, address);
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { heard, port: socket.address().port, first: (method) => until(() => heard.find((text) => text.startsWith(method)), `${method} at ${address}`) };
}

for (const [advertise, told] of [[undefined, HOSTS], ['192.0.2.7, 2001:db8::7', { 4: '192.0.2.7', 6: '[2001:db8::7]' }],
  ['gw.example', { 4: 'gw.example', 6: 'gw.example' }], ['gw.example, 192.0.2.7', { 4: '192.0.2.7', 6: 'gw.example' }]]) {
  test(`registrars of both families are told where we are: ${advertise ?? 'no advertise'}`, { timeout }, async (t) => {
    const [four, six] = [await listener(t, '127.0.0.1'), await listener(t, '::1')];
    const options = { register: 'true', keepalive_s: 1, user: 'us', password: 'secret' };
    const gateway = await startDual(t, { four: { hosts: `127.0.0.1:${four.port}`, ...options }, six: { hosts: `[::1]:${six.port}`, ...options } },
      { sip: { ...(advertise && { advertise }) } });
    gateway.expectWarning(/^sip\.(host_down|registration_failed)$/);
    for (const [family, registrar] of [[4, four], [6, six]]) {
      const request = await registrar.first('REGISTER');
      assert.ok(request.includes(`Contact: <sip:us@${told[family]}:${portOf(gateway)}>`), request);
      assert.match(request, new RegExp(`^Via: SIP/2.0/UDP ${told[family].replaceAll(/[[\]]/g, '\\$&')}:`, 'm'));
      const question = await registrar.first('OPTIONS');
      assert.ok(question.includes(`From: <sip:${told[family]}>`), question);
    }
  });
}

test('strangers of both families are challenged, each at its own port', { timeout }, async (t) => {
  const gateway = await startDual(t, { office: { inbound_user: 'office', inbound_password: 'secret', inbound: 'client:bob' } });
  for (const family of [4, 6]) {
    const stranger = new Sipp(t, [call('INVITE', OWN_NUMBER, 1, { sdp: description(9) }), expectStatus(401)],
      { port: await freePort(LOOPBACKS[family]), address: LOOPBACKS[family], remote: `${HOSTS[family]}:${portOf(gateway)}` });
    await stranger.finished();
  }
});

test('a name is called in the family that it has, and told where we are in that', { timeout }, async (t) => {
  const port = await freePort('::1');
  const enter = await startDns(t, ['host-record=six.example,::1']);
  const gateway = await startDual(t, { carrier: { hosts: `six.example:${port}`, prefixes: '+', media_family: 'ipv6' } }, { enter });
  const called = await Sipp.called(t, [...answering({ port: 9 }, '::1'), ...hangUp], { port, address: '::1' });
  const alice = await client(t, connect(gateway, 'alice'));
  invite(alice, NUMBER, { offer: await new MediaPeers(t).offer('alice', { narrow: true }) });
  const { payload } = await alice.next('answer');
  alice.send('hangup', { callsid: payload.callsid });
  await called.finished();
  assert.match(called.messages, new RegExp(`^Contact: ?<sip:\\[::1\\]:${portOf(gateway)}>`, 'm'));
});
