// SIP that nobody should send: a call that is up goes on, and new ones are taken.
// The one thing to know: the broken messages come from a trunk's own address, so nothing keeps them from the parser.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import test from 'node:test';
import { startDns } from '../lib/dns.mjs';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { registered } from '../lib/signal-calls.mjs';
import { dialogOf, SipSocket } from '../lib/sip-raw.mjs';
import { call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 120000 * SLOWNESS;
const NUMBER = '+15550001111';

const message = (start, headers, body = '') => Buffer.from([start, ...headers, '', body].join('\r\n'), 'latin1');
const VIA = 'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKkdjuw';
const USUAL = [VIA, 'Max-Forwards: 70', 'To: <sip:+15550001111@127.0.0.1>', 'From: <sip:caller@127.0.0.1>;tag=33242', 'Call-ID: torture@127.0.0.1',
  'CSeq: 8 INVITE', 'Contact: <sip:caller@127.0.0.1:9>'];
const but = (index, line) => USUAL.map((usual, i) => (i === index ? line : usual));

/** Of the kinds in RFC 4475, section 3.1.2 and 3.3; the names are its own. */
const TORTURE = {
  badinv01: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', [...but(0, 'Via: SIP/2.0/UDP 127.0.0.1;;,;,,'), 'Contact: "Joe" <sip:joe@127.0.0.1>;;;;']),
  clerr: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', [...USUAL, 'Content-Type: application/sdp', 'Content-Length: 9999'], 'v=0\r\n'),
  ncl: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', [...USUAL, 'Content-Length: -999'], 'v=0\r\n'),
  scalar02: message('REGISTER sip:127.0.0.1 SIP/2.0', [...but(5, 'CSeq: 36893488147419103232 REGISTER'), 'Expires: 10000000000000000000000000000000000000000000']),
  quotbal: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', but(2, 'To: "Mr. J. User <sip:+15550001111@127.0.0.1>')),
  ltgtruri: message('INVITE <sip:+15550001111@127.0.0.1> SIP/2.0', USUAL),
  lwsruri: message('INVITE sip:+15550001111@127.0.0.1; lr SIP/2.0', USUAL),
  badvers: message('INVITE sip:+15550001111@127.0.0.1 SIP/7.0', USUAL),
  badaspec: message('OPTIONS sip:+15550001111@127.0.0.1 SIP/2.0', but(2, 'To: "Watson, Thomas" < sip:t.watson@127.0.0.1 >')),
  mismatch01: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', but(5, 'CSeq: 8 OPTIONS')),
  bigcode: message('SIP/2.0 4294967301 better not break the receiver', USUAL),
  insuf: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', [VIA]),
  multi01: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', [...USUAL, 'CSeq: 59 INVITE', 'Call-ID: another@127.0.0.1', 'To: <sip:other@127.0.0.1>']),
  mcl01: message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', [...USUAL, 'Content-Length: 13', 'Content-Length: 5'], 'v=0\r\n'),
  zeromf: message('OPTIONS sip:+15550001111@127.0.0.1 SIP/2.0', but(1, 'Max-Forwards: 0')),
  unkscm: message('OPTIONS nobodyknowsthis:totallyopaquecontent SIP/2.0', USUAL),
  nothing: Buffer.alloc(0),
  zeros: Buffer.alloc(1000),
  stun: Buffer.from('000100002112a442000102030405060708090a0b', 'hex'),
  long: message(`INVITE sip:${'9'.repeat(60000)}@127.0.0.1 SIP/2.0`, USUAL),
};

/** Reproducible chance. */
function* chance(seed) {
  for (let x = seed; ;) {
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    yield x >>> 0;
  }
}

function mutate(bytes, random) {
  const made = Buffer.from(bytes);
  for (let n = random.next().value % 8; n >= 0; n--) made[random.next().value % made.length] = random.next().value & 0xff;
  return random.next().value % 4 === 0 ? made.subarray(0, random.next().value % made.length) : made;
}

test('broken SIP over UDP and TCP', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const media = new MediaPeers(t);
  const phone = await RtpSocket.open(t);
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(200), call('ACK', NUMBER, 1, { established: true }), expect('BYE'), reply('200 OK')],
  { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 10);

  const [host, port] = gateway.sip.split(':');
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  const send = (bytes) => new Promise((resolve) => { socket.send(bytes, Number(port), host, resolve); });
  for (const bytes of Object.values(TORTURE)) await send(bytes);
  const whole = message('INVITE sip:+15550001111@127.0.0.1 SIP/2.0', [...USUAL, 'Content-Type: application/sdp'], description(9).replaceAll('\n', '\r\n'));
  const random = chance(4475);
  for (let i = 0; i < 2000; i++) await send(mutate(i % 3 ? whole : Object.values(TORTURE)[i % 16], random));
  for (const bytes of [...Object.values(TORTURE), whole.subarray(0, 100)]) {
    const stream = createConnection(Number(port), host);
    stream.on('error', () => {});
    await once(stream, 'connect');
    await new Promise((resolve) => { stream.write(bytes, resolve); });
    stream.destroy();
  }

  await media.receive(['bob'], 20);
  assert.ok(gateway.running);
  // Those mutants that were calls ring at bob; they are refused, and the call of before is still the one that is up.
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
  const asks = new Sipp(t, [call('OPTIONS', NUMBER, 1), expectStatus(200)], { port: await freePort(), remote: gateway.sip });
  await asks.finished();
});

test('requests that only look like those of a call do not touch it', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const media = new MediaPeers(t);
  const phone = await RtpSocket.open(t);
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }),
    expectStatus(180), expectStatus(200), call('ACK', NUMBER, 1, { established: true }), expect('BYE'), reply('200 OK')],
  { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  await until(() => /^SIP\/2.0 180/m.test(sipp.messages), 'the ringing');
  const dialog = dialogOf(sipp.messages);

  const stranger = await SipSocket.open(t, gateway.sip, '127.0.0.7'); // who knows everything of the call
  const trunk = await SipSocket.open(t, gateway.sip);
  const says = async (what, method, options, status) => {
    trunk.received = [];
    await trunk.request(method, { sequence: 1, ...options });
    await until(() => trunk.statusOf(options.call ?? dialog.call) === status, `${status} for ${what}`);
  };
  await says('CANCEL of another transaction', 'CANCEL', { ...dialog, toTag: undefined, branch: 'z9hG4bKnone' }, 481);
  await says('CANCEL of no call', 'CANCEL', { call: 'nobody' }, 481);
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  for (const wrong of [{ toTag: 'foreign' }, { fromTag: 'foreign' }, { call: 'foreign' }]) {
    for (const method of ['BYE', 'INFO', 'INVITE']) {
      await says(`${method} with ${JSON.stringify(wrong)}`, method, { ...dialog, sequence: 9, branch: `z9hG4bK${method}${Object.values(wrong)}`, ...wrong }, 481);
    }
  }
  await stranger.request('BYE', { ...dialog, sequence: 9, toTag: 'foreign' });
  await stranger.request('CANCEL', { ...dialog, sequence: 1 });
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 20);
  bob.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('a name in a Via is not asked for: answers go where requests come from', { timeout }, async (t) => {
  const enter = await startDns(t, []);
  const asked = [];
  const resolver = createSocket('udp4'); // where the C library asks; it waits for the answer
  resolver.on('message', (query) => asked.push(query));
  resolver.bind(53, '127.0.0.1');
  await once(resolver, 'listening');
  t.after(() => resolver.close());
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1', sources: '127.0.0.1' } }, { enter });
  const phone = await SipSocket.open(t, gateway.sip);
  const options = (call, version, via, extra = []) => message(`OPTIONS sip:us@127.0.0.1 SIP/${version}`,
    [...but(0, `Via: SIP/2.0/${via};branch=z9hG4bK${call}`).filter((line) => !/^(Call-ID|CSeq)/.test(line)), `Call-ID: ${call}`, 'CSeq: 1 OPTIONS', ...extra]).toString('latin1');
  const rows = [['version', 505, '7.0', `UDP slow.example:${phone.port}`], ['maddr', 200, '2.0', `UDP 127.0.0.1:${phone.port};maddr=slow.example`],
    ['received', 200, '2.0', `UDP 127.0.0.1:${phone.port};received=slow.example`],
    ['transport', 400, '2.0', `TCP slow.example:${phone.port}`, ['Content-Length: -1']]];
  for (const [name, status, ...how] of rows) {
    await phone.send(options(name, ...how));
    await until(() => phone.statusOf(name), `the answer to ${name}`, 4000 * SLOWNESS);
    assert.equal(phone.statusOf(name), status, name);
  }
  assert.deepEqual(asked, []);
});
