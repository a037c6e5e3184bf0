// The hosts of a trunk: which is tried when, how they are found, how many calls they take.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import { startDns, startMovingDns } from '../lib/dns.mjs';
import { SLOWNESS } from '../lib/gateway.mjs';
import { Kamailio } from '../lib/kamailio.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite } from '../lib/signal-calls.mjs';
import { call, description, expect, expectInvite, expectStatus, freePort, pause, reply, replyToInvite, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

/** A host that hears and says nothing: the methods of what it heard. */
async function silentHost(t, port) {
  const socket = createSocket('udp4');
  const heard = [];
  socket.on('message', (data) => heard.push(/^[A-Z]*/.exec(data.toString('latin1'))[0]));
  socket.bind(port ??= await freePort(), '127.0.0.1');
  await once(socket, 'listening');
  const close = () => new Promise((resolve) => { socket.close(resolve); });
  t.after(() => close().catch(() => {}));
  return { socket, heard, port, host: `127.0.0.1:${port}`, close };
}

const TAKES = [expect('INVITE'), reply('200 OK', { first: true, sdp: description(9) }), expect('ACK'), expect('BYE'), reply('200 OK')];

async function caller(t, gateway) {
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const media = new MediaPeers(t);
  return {
    client,
    async dial(to = '+15551234567') { return invite(client, to, { offer: await media.offer(`alice${Math.random()}`, { narrow: true }) }); },
    /** A call that is answered, and hung up again. */
    async talk(to) {
      await this.dial(to);
      const { payload } = await client.next('answer', 20000 * SLOWNESS);
      client.send('hangup', { callsid: payload.callsid });
    },
    async fails(to) { return failure(client, await this.dial(to)); },
  };
}

const hostUp = (gateway, host, value) => until(async () =>
  (await gateway.metrics()).get(`callgate_trunk_host_up{trunk="carrier",host="${host}"}`) === value, `${host} at ${value}`, 20000 * SLOWNESS);

test('a host that does not answer OPTIONS is tried last, and not for ever', { timeout }, async (t) => {
  const port = await freePort();
  const silent = await silentHost(t);
  const kamailio = await Kamailio.start(t, { phone: `127.0.0.1:${port}` });
  const gateway = await startTelephony(t, { carrier: { hosts: `${silent.host}, ${kamailio.host}`, prefixes: '*', keepalive_s: 1, user: 'us', password: 'secret' } });
  gateway.expectWarning(/^sip\.host_down$/);
  await hostUp(gateway, silent.host, 0);
  await hostUp(gateway, kamailio.host, 1);
  const [down] = await gateway.logged('sip.host_down');
  assert.deepEqual([down.trunk, down.host], ['carrier', silent.host]);
  const phone = await Sipp.called(t, TAKES, { port });
  const alice = await caller(t, gateway);
  await alice.talk();
  await phone.finished();
  assert.ok(silent.heard.includes('OPTIONS'));
  assert.ok(!silent.heard.includes('INVITE'));

  await kamailio.stop();
  await hostUp(gateway, kamailio.host, 0);
  assert.equal((await alice.fails()).code, 31503);
  assert.ok(silent.heard.includes('INVITE'), 'where all are down, all are tried');

  await silent.close();
  await Kamailio.start(t, { port: silent.port });
  await hostUp(gateway, silent.host, 1);
  gateway.writeConfig({ 'trunk carrier': { keepalive_s: 0 } });
  gateway.reload();
  await until(async () => ![...(await gateway.metrics()).keys()].some((name) => name.startsWith('callgate_trunk_host_up{')), 'no such metric');
});

test('the lower priority is tried first', { timeout }, async (t) => {
  const silent = await silentHost(t);
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `${silent.host};priority=20, 127.0.0.1:${port};priority=10;weight=5`, prefixes: '*' } });
  const phone = await Sipp.called(t, TAKES, { port });
  await (await caller(t, gateway)).talk();
  await phone.finished();
  assert.deepEqual(silent.heard, []);
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.equal(record.callee_host, `127.0.0.1:${port}`);
});

test('a host that says 503 with Retry-After is tried last for so long, then again first', { timeout }, async (t) => {
  const [full, free] = [await freePort(), await freePort()];
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${full}, 127.0.0.1:${free}`, prefixes: '*' } });
  gateway.expectWarning(/^sip\.host_away$/);
  const refusing = await Sipp.called(t, [expect('INVITE'), reply('503 Service Unavailable', { first: true, extra: ['Retry-After: 6'] }), expect('ACK')], { port: full });
  const other = await Sipp.called(t, TAKES, { port: free, calls: 2 });
  const alice = await caller(t, gateway);
  await alice.talk();
  await refusing.finished();
  const [away] = await gateway.logged('sip.host_away');
  assert.deepEqual([away.trunk, away.host, away.retry_after_s], ['carrier', `127.0.0.1:${full}`, 6]);
  const silent = await silentHost(t, full);
  await alice.talk();
  await other.finished();
  assert.deepEqual(silent.heard, []);
  const isAway = async () => (await gateway.metrics()).get(`callgate_trunk_host_away{trunk="carrier",host="127.0.0.1:${full}"}`);
  assert.equal(await isAway(), 1);
  await alice.dial();
  await until(() => silent.heard.includes('INVITE'), 'where the other is gone, it is tried all the same', 20000 * SLOWNESS);
  await until(async () => await isAway() === 0, 'the end of it', 20000 * SLOWNESS);
  await silent.close();
  const again = await Sipp.called(t, TAKES, { port: full });
  await alice.talk();
  await again.finished();
});

/** A host that says 100 and then dies: what it heard, as silentHost() has it. */
async function dyingHost(t) {
  const host = await silentHost(t);
  host.socket.on('message', (data, { port }) => {
    const text = data.toString('latin1');
    if (!text.startsWith('INVITE')) return;
    const headers = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    host.socket.send(['SIP/2.0 100 Trying', ...headers, 'Content-Length: 0', '', ''].join('\r\n'), port, '127.0.0.1');
  });
  return host;
}

test('a host that takes a call and says nothing more gives way to the next: CANCEL, and BYE where the answer crosses it', { timeout }, async (t) => {
  const [cancelled, crossing, port] = [await freePort(), await freePort(), await freePort()];
  const dying = await dyingHost(t);
  const gateway = await startTelephony(t, { carrier: { prefixes: '*', progress_timeout_s: 1,
    hosts: `${dying.host}, 127.0.0.1:${cancelled}, 127.0.0.1:${crossing}, 127.0.0.1:${port}` } });
  const trying = [expectInvite(), reply('100 Trying'), expect('CANCEL'), reply('200 OK', { first: true })];
  const given = [await Sipp.called(t, [...trying, replyToInvite('487 Request Terminated'), expect('ACK')], { port: cancelled }),
    await Sipp.called(t, [...trying, replyToInvite('200 OK', description(9)), expect('ACK'), expect('BYE'), reply('200 OK')], { port: crossing })];
  const phone = await Sipp.called(t, TAKES, { port });
  await (await caller(t, gateway)).talk();
  for (const one of [...given, phone]) await one.finished();
  assert.ok(dying.heard.includes('CANCEL'));
  assert.equal((await until(() => gateway.logs('call.ended')[0], 'the record')).callee_host, `127.0.0.1:${port}`);
  await until(async () => (await gateway.metrics()).get('callgate_sip_dialogs') === 0, 'no dialog is left', 40000 * SLOWNESS);
});

test('the last host is waited for, and one that rings, too', { timeout }, async (t) => {
  const [ringing, port] = [await freePort(), await freePort()];
  const gateway = await startTelephony(t, { ringing: { prefixes: '+1', progress_timeout_s: 1, hosts: `127.0.0.1:${ringing}, 127.0.0.1:9` },
    last: { prefixes: '+2', progress_timeout_s: 1, hosts: `127.0.0.1:${port}` } });
  const slow = (first) => [expect('INVITE'), reply(first, { first: true }), pause(2500), reply('200 OK', { first: true, sdp: description(9) }), expect('ACK'), expect('BYE'), reply('200 OK')];
  const phones = [await Sipp.called(t, slow('180 Ringing'), { port: ringing }), await Sipp.called(t, slow('100 Trying'), { port })];
  const alice = await caller(t, gateway);
  for (const to of ['+15551234567', '+25551234567']) await alice.talk(to);
  for (const phone of phones) await phone.finished();
});

test('a name is found by NAPTR and SRV: transport, port, and the next where one is silent', { timeout }, async (t) => {
  const silent = await silentHost(t);
  const [udp, tcp] = [await freePort(), await freePort()];
  const enter = await startDns(t, ['host-record=a.example,127.0.0.1',
    `srv-host=_sip._udp.plain.example,a.example,${silent.port},1,1`, `srv-host=_sip._udp.plain.example,a.example,${udp},2,1`,
    'naptr-record=tcp.example,10,10,s,SIP+D2T,,_sip._tcp.tcp.example', `srv-host=_sip._tcp.tcp.example,a.example,${tcp},1,1`]);
  const gateway = await startTelephony(t, { plain: { hosts: 'plain.example', prefixes: '+1' }, tcp: { hosts: 'tcp.example', prefixes: '+2' },
    none: { hosts: 'nowhere.example', prefixes: '+3' } }, { enter });
  const phones = [await Sipp.called(t, TAKES, { port: udp }), await Sipp.called(t, TAKES, { port: tcp, transport: 't1' })];
  const alice = await caller(t, gateway);
  await alice.talk('+15551234567');
  assert.ok(silent.heard.includes('INVITE'));
  await alice.talk('+25551234567');
  for (const phone of phones) await phone.finished();
  assert.match(phones[1].messages, /Via: SIP\/2.0\/TCP/);
  assert.equal((await alice.fails('+35551234567')).code, 31503);
});

test('a target of SRV that answers with 5xx gives way to the next, and is tried behind it for a while', { timeout }, async (t) => {
  const [broken, full, port] = [await freePort(), await freePort(), await freePort()];
  const enter = await startDns(t, ['host-record=a.example,127.0.0.1', 'naptr-record=carrier.example,10,10,s,SIP+D2U,,_sip._udp.targets.example',
    ...[broken, full, port].map((at, i) => `srv-host=_sip._udp.targets.example,a.example,${at},${i + 1},1`)]);
  const gateway = await startTelephony(t, { carrier: { hosts: 'carrier.example', prefixes: '*' } }, { enter });
  const refuses = (status, at) => Sipp.called(t, [expect('INVITE'), reply(status, { first: true, extra: ['Retry-After: 60'] }), expect('ACK')], { port: at });
  const refusing = [await refuses('500 Server Internal Error', broken), await refuses('503 Service Unavailable', full)];
  const phone = await Sipp.called(t, TAKES, { port, calls: 2 });
  const alice = await caller(t, gateway);
  await alice.talk();
  for (const one of refusing) await one.finished();
  const silent = [await silentHost(t, broken), await silentHost(t, full)];
  await alice.talk();
  await phone.finished();
  assert.deepEqual(silent.map(({ heard }) => heard), [[], []]);
});

test('where every target of SRV answers with 5xx, the next host is tried', { timeout }, async (t) => {
  const [broken, full, port] = [await freePort(), await freePort(), await freePort()];
  const enter = await startDns(t, ['host-record=a.example,127.0.0.1',
    `srv-host=_sip._udp.carrier.example,a.example,${broken},1,1`, `srv-host=_sip._udp.carrier.example,a.example,${full},1,9`]);
  const gateway = await startTelephony(t, { carrier: { hosts: `carrier.example, 127.0.0.1:${port}`, prefixes: '*' } }, { enter });
  gateway.expectWarning(/^sip\.host_away$/);
  const refuses = (at) => Sipp.called(t, [expect('INVITE'), reply('503 Service Unavailable', { first: true, extra: ['Retry-After: 60'] }), expect('ACK')], { port: at });
  const refusing = [await refuses(broken), await refuses(full)];
  const phone = await Sipp.called(t, TAKES, { port });
  await (await caller(t, gateway)).talk();
  for (const one of [...refusing, phone]) await one.finished();
  assert.deepEqual((await gateway.logged('sip.host_away')).map(({ host }) => host), ['carrier.example']);
});

test('a name that moves is followed when its time to live is over', { timeout }, async (t) => {
  const port = await freePort();
  const { enter, move } = await startMovingDns(t, 'moving.example', '127.0.0.2');
  const gateway = await startTelephony(t, { carrier: { hosts: `moving.example:${port}`, prefixes: '*' } }, { enter });
  const alice = await caller(t, gateway);
  const before = await Sipp.called(t, TAKES, { port, address: '127.0.0.2' });
  await alice.talk();
  await before.finished();
  const after = await Sipp.called(t, TAKES, { port, address: '127.0.0.3' });
  move('127.0.0.3');
  const taken = ({ type }) => type === 'answer' || type === 'hangup';
  await until(async () => { // the old address refuses; the new one is known within a second
    await alice.dial();
    const { type, payload } = await alice.client.next(taken, 20000 * SLOWNESS);
    if (type === 'answer') alice.client.send('hangup', { callsid: payload.callsid });
    return type === 'answer';
  }, 'a call at the new address', 20000 * SLOWNESS);
  await after.finished();
});

test('a name server that is silent keeps nobody else waiting', { timeout }, async (t) => {
  const silent = await silentHost(t);
  const enter = await startDns(t, [`server=/silent.example/127.0.0.1#${silent.port}`, 'host-record=a.example,127.0.0.1']);
  const port = await freePort();
  const gateway = await startTelephony(t, { lost: { hosts: 'host.silent.example', prefixes: '+1' }, carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+2' } }, { enter });
  const phone = await Sipp.called(t, TAKES, { port });
  const [waiting, other] = [await caller(t, gateway), await caller(t, gateway)];
  const lost = await waiting.dial('+15551234567');
  await other.talk('+25551234567');
  await phone.finished();
  assert.ok(silent.heard.length > 0, 'the question was asked');
  assert.ok(!waiting.client.messages.some(({ type }) => type === 'hangup'), 'and is not answered');
  waiting.client.send('hangup', { callsid: lost });
});

test('more calls in a second than the trunk takes: 31503 to clients, 503 with Retry-After to phones', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, sources: '127.0.0.1', prefixes: '*', max_calls_per_s: 1, inbound: 'client:nobody' } });
  const phone = await Sipp.called(t, [expect('INVITE'), reply('486 Busy Here', { first: true }), expect('ACK')], { port });
  const alice = await caller(t, gateway);
  const codes = [await alice.fails(), await alice.fails()];
  await phone.finished();
  assert.deepEqual(codes.map(({ code }) => code), [31486, 31503]);
  assert.match(codes[1].message, /no more calls now/);
  assert.deepEqual((await gateway.logged('call.ended', 2)).map(({ reason }) => reason), ['busy', 'trunk_busy']);
  const refused = new Sipp(t, [call('INVITE', '+15550001111', 1, { sdp: description(9) }), expectStatus(100, { optional: true }), expectStatus(503),
    call('ACK', '+15550001111', 1, { back: 2 })], { port: await freePort(), remote: gateway.sip });
  await refused.finished();
  assert.match(refused.messages, /Retry-After: /);
  assert.equal((await gateway.metrics()).get('callgate_trunk_rate_refusals_total{trunk="carrier"}'), 2);
});
