// Replaces (RFC 3891): a phone joins its two calls, another phone takes its place in one, or answers what rings there.
// The one thing to know: knowing a dialog's names is not enough; the INVITE or REFER has to come from the dialog's trunk.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectStatus, freePort, mediaPort, reply, replyToInvite, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const BOB = '+15550001111';
const CAROL = '+15550002222';
const NUMBER = '+15551234567';
const OTHER_ACCOUNT = 'AC00000000000000000000000000000002';

const hungUp = [expect('BYE'), reply('200 OK')];
const noted = [expect('NOTIFY'), reply('200 OK')];
const established = (to, method, sequence, extra = []) => call(method, to, sequence, { established: true, extra });
const answered = (to) => [expectStatus(100, { optional: true }), expectStatus(180, { optional: true }), expectStatus(200), established(to, 'ACK', 1)];

/** How the gateway names a dialog with itself, to the phone that has it. */
function dialogOf(sipp) {
  const answer = /^SIP\/2.0 (?:180|200)[^]*?^From:[^\r\n]*;tag=(\S+)[^]*?^To:[^\r\n]*;tag=(\S+)[^]*?^Call-ID: (\S+)/m.exec(sipp.messages);
  const called = /^INVITE/m.exec(sipp.messages).index < sipp.messages.indexOf('message received') ? false : true;
  const [from, to, id] = answer.slice(1);
  return called ? { id, ours: from, theirs: to } : { id, ours: to, theirs: from };
}
const replacing = ({ id, ours, theirs }) => `${id};to-tag=${ours};from-tag=${theirs}`;

async function start(t, { transfers = 'clients', trunks = {}, numbers = {}, media: options = {} } = {}) {
  const port = await freePort();
  const gateway = await startTelephony(t, { desk: { hosts: `127.0.0.1:${port}`, prefixes: '+1', transfers }, ...trunks },
    { numbers: { [BOB]: 'client:bob', [CAROL]: 'client:carol', ...numbers }, config: { media: { workers: 1, ...options }, [`account ${OTHER_ACCOUNT}`]: { name: 'other' } } });
  const media = new MediaPeers(t);
  const clients = await Promise.all(['bob', 'carol'].map((name) => registered(gateway, name)));
  for (const client of clients) t.after(() => client.close());
  return { gateway, media, bob: clients[0], carol: clients[1], port };
}

/** A phone calls a client, which answers; then it plays `steps`. */
async function talk(t, { gateway, media }, client, to, steps, { narrow = true } = {}) {
  const phone = await RtpSocket.open(t);
  const sipp = new Sipp(t, [call('INVITE', to, 1, { sdp: description(phone.port) }), ...answered(to), ...steps],
    { port: await freePort(), remote: gateway.sip });
  const { payload: ring } = await client.next('invite');
  const peer = `peer-${to}`;
  client.send('answer', { callsid: ring.callsid, sdp: await media.answer(peer, ring.sdp, narrow ? { narrow } : {}) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive([peer], 5);
  return { sipp, phone, ring, peer };
}

/** A phone with an INVITE that has this Replaces; then it plays `steps`. */
async function replace(t, gateway, value, steps, { address = '127.0.0.1', extra = [], sdp } = {}) {
  const phone = await RtpSocket.open(t, address);
  const sipp = new Sipp(t, [call('INVITE', 'callgate', 1, { sdp: sdp ?? description(phone.port, { address }),
    extra: [`Replaces: ${value}`, 'Require: replaces', ...extra] }), ...steps], { port: await freePort(), address, remote: gateway.sip });
  return { phone, sipp };
}

const packets = async (phone) => {
  const { length } = phone.received;
  await until(() => phone.received.length > length + 20, 'packets at the phone');
};
const records = (gateway, count) => until(() => { const all = gateway.logs('call.ended'); return all.length === count && all; }, `${count} records`);

test('a phone joins its two calls: the clients hear each other, it is told and hung up on', { timeout }, async (t) => {
  const world = await start(t);
  const { gateway, media, bob, carol } = world;
  const second = await talk(t, world, carol, CAROL, hungUp);
  const first = await talk(t, world, bob, BOB, [awaitNudge(), established(BOB, 'REFER', 2, ['Refer-To: <sip:carol@127.0.0.1?Replaces=[$told]>']),
    expectStatus(202), ...noted, ...noted, established(BOB, 'BYE', 3), expectStatus(200)]);
  await first.sipp.nudge(encodeURIComponent(replacing(dialogOf(second.sipp))));
  assert.equal((await bob.next('transferred')).payload.party, 'client:carol');
  assert.equal((await carol.next('transferred')).payload.party, 'client:bob');
  await Promise.all([first.sipp.finished(), second.sipp.finished()]);
  assert.match(first.sipp.messages, /^NOTIFY [^]*^Subscription-State: terminated[^]*^SIP\/2.0 200 OK/m);
  await media.receive([first.peer, second.peer], 20);
  bob.send('hangup', { callsid: first.ring.callsid });
  const all = await records(gateway, 3);
  const joint = all.at(-1);
  assert.deepEqual([joint.from, joint.to, joint.transferred_by], ['client:bob', 'client:carol', '+15550009999']);
  assert.deepEqual(all.slice(0, 2).map(({ reason, transferred_to }) => [reason, transferred_to]), [['transferred', joint.call], ['transferred', joint.call]]);
});

/** The port of the media worker that a client's call is on. */
const workerOf = ({ ring }) => /^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/im.exec(ring.sdp)[1];

for (const [what, narrow] of [['the same codec', true], ['no codec in common', false]]) {
  test(`two calls on different media workers are joined, of clients with ${what}: both ways, over holds, to the end`, { timeout }, async (t) => {
    const world = await start(t, { media: { workers: 2, rtp_timeout_ms: 1000 } });
    const { gateway, media, bob, carol } = world;
    const second = await talk(t, world, carol, CAROL, hungUp);
    const first = await talk(t, world, bob, BOB, [awaitNudge(), established(BOB, 'REFER', 2, ['Refer-To: <sip:carol@127.0.0.1?Replaces=[$told]>']),
      expectStatus(202), ...noted, ...noted, established(BOB, 'BYE', 3), expectStatus(200)], { narrow });
    assert.notEqual(workerOf(first), workerOf(second));
    await first.sipp.nudge(encodeURIComponent(replacing(dialogOf(second.sipp))));
    await Promise.all([bob.next('transferred'), carol.next('transferred')]);
    await media.receive([first.peer, second.peer], 30);
    await bob.request('hold', { callsid: first.ring.callsid, on: true });
    assert.equal((await carol.next('hold')).payload.on, true);
    const held = Date.now();
    await until(() => Date.now() - held > 2500 * SLOWNESS, 'more than two silences that would end a phone', 10000 * SLOWNESS);
    await bob.request('hold', { callsid: first.ring.callsid, on: false });
    await media.receive([first.peer, second.peer], 30);
    if (narrow) {
      await media.press(first.peer, 5);
      assert.equal((await carol.next('dtmf')).payload.dtmf, '5');
    }
    // Whoever is called next is put beside the one that stays.
    const dave = await registered(gateway, 'dave');
    t.after(() => dave.close());
    await bob.request('transfer', { callsid: first.ring.callsid, to: 'client:dave' });
    const { payload: last } = await dave.next('invite');
    assert.equal(workerOf({ ring: last }), workerOf(second));
    dave.send('answer', { callsid: last.callsid, sdp: await media.answer('dave', last.sdp, { narrow: true }) });
    await bob.next('hangup');
    await media.receive([second.peer, 'dave'], 20);
    dave.send('hangup', { callsid: last.callsid });
    await Promise.all([first.sipp.finished(), second.sipp.finished()]);
    const all = await records(gateway, 4);
    const joint = all.find(({ from, to }) => from === 'client:bob' && to === 'client:carol');
    assert.equal(joint.translated, narrow ? 0 : 1);
  });
}

test('another phone takes the place of one: the client hears it, and it the client; every leg is in the figures', { timeout }, async (t) => {
  const world = await start(t);
  const { gateway, media, bob } = world;
  const first = await talk(t, world, bob, BOB, hungUp);
  const { phone, sipp } = await replace(t, gateway, replacing(dialogOf(first.sipp)), [...answered('callgate'), ...hungUp]);
  await first.sipp.finished();
  assert.equal((await bob.next('transferred')).payload.party, '+15550009999');
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  assert.match(sipp.messages, /^SIP\/2.0 200 [^]*?^Supported: [^\n]*replaces/m);
  first.phone.close();
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive([first.peer], 20);
  await packets(phone);
  bob.send('hangup', { callsid: first.ring.callsid });
  await sipp.finished();
  const [old, last] = await records(gateway, 2);
  assert.deepEqual([old.reason, old.transferred_to, old.caller_trunk], ['transferred', last.call, 'desk']);
  assert.deepEqual([last.reason, last.transferred_from, last.transferred_by, last.from, last.to, last.caller_trunk],
    ['callee_hangup', old.call, '+15550009999', '+15550009999', 'client:bob', 'desk']);
  assert.ok(old.caller_packets > 0 && last.caller_packets > 0, 'each has its own');
  const metrics = await gateway.metrics();
  const figure = (name, labels = '') => metrics.get(`callgate_trunk_${name}{trunk="desk"${labels}}`);
  assert.deepEqual([figure('answers_total', ',direction="in"'), figure('codec_calls_total', ',codec="PCMU"'), figure('calls')], [2, 2, 0]);
  assert.equal(figure('packets_received_total'), old.caller_packets + last.caller_packets);
});

test('a phone that held the client is replaced: the client is not on hold any more', { timeout }, async (t) => {
  const world = await start(t);
  const { gateway, media, bob } = world;
  const held = (port) => description(port, { direction: 'sendonly', version: 2 });
  const phone = await RtpSocket.open(t);
  const first = await talk(t, world, bob, BOB, [
    awaitNudge(), call('INVITE', BOB, 2, { established: true, sdp: held(phone.port) }), expectStatus(100, { optional: true }), expectStatus(200), established(BOB, 'ACK', 2), ...hungUp]);
  await first.sipp.nudge();
  assert.equal((await bob.next('hold')).payload.on, true);
  await until(() => /^CSeq: 2 ACK/m.test(first.sipp.messages), 'the second ACK');
  const other = await replace(t, gateway, replacing(dialogOf(first.sipp)), [...answered('callgate'), ...hungUp]);
  assert.equal((await bob.next(({ type, payload }) => type === 'hold' && !payload.on)).payload.on, false);
  await until(() => /^ACK/m.test(other.sipp.messages), 'the ACK');
  other.phone.talk(mediaPort(other.sipp.messages, other.phone.port));
  await media.receive([first.peer], 20);
  bob.send('hangup', { callsid: first.ring.callsid });
  await Promise.all([first.sipp.finished(), other.sipp.finished()]);
});

test('a call that rings at one phone is answered at another', { timeout }, async (t) => {
  const { gateway, media, port } = await start(t);
  const ringing = await Sipp.called(t, [expectInvite(), reply('180 Ringing', { first: true }), expect('CANCEL'), reply('200 OK'),
    replyToInvite('487 Request Terminated'), expect('ACK')], { port });
  const alice = await connect(gateway, 'alice');
  t.after(() => alice.close());
  const callsid = invite(alice, NUMBER, { offer: await media.offer('alice', { narrow: true }) });
  await alice.next('ringing');
  await until(() => /^SIP\/2.0 180/m.test(ringing.messages), 'the ringing');
  const { phone, sipp } = await replace(t, gateway, `${replacing(dialogOf(ringing))};early-only`, [...answered('callgate'), ...hungUp]);
  const { payload } = await alice.next('answer');
  await media.accept('alice', payload.sdp);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 20);
  await packets(phone);
  await ringing.finished();
  alice.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
  assert.ok(callsid);
  const [record] = await records(gateway, 1);
  assert.deepEqual([record.from, record.to, record.rang, record.callee_trunk, record.codec], ['client:alice', NUMBER, 2, 'desk', 'PCMU']);
});

test('what may not be replaced stays as it is', { timeout }, async (t) => {
  const trunks = {
    neighbour: { hosts: '127.0.0.3', transfers: 'clients' },
    foreign: { account: OTHER_ACCOUNT, hosts: '127.0.0.4', transfers: 'any' },
    silent: { hosts: '127.0.0.5' },
  };
  const world = await start(t, { trunks });
  const { gateway, media, bob, carol } = world;
  const talking = await talk(t, world, bob, BOB, hungUp);
  const dialog = dialogOf(talking.sipp);
  const ringing = new Sipp(t, [call('INVITE', CAROL, 1, { sdp: description(talking.phone.port) }), expectStatus(100, { optional: true }), expectStatus(180),
    awaitNudge(), call('CANCEL', CAROL, 1, { back: 4 }), expectStatus(200), expectStatus(487), call('ACK', CAROL, 1, { established: true, back: 7 })],
  { port: await freePort(), remote: gateway.sip });
  await carol.next('invite');
  await until(() => /^SIP\/2.0 180/m.test(ringing.messages), 'the ringing');
  const rows = [
    [481, replacing({ ...dialog, id: 'nothing' })],
    [481, replacing({ ...dialog, ours: 'x' })],
    [481, replacing({ ...dialog, theirs: 'x' })],
    [400, `${dialog.id};to-tag=;from-tag=`],
    [481, `${dialog.id};to-tag="";from-tag=""`],
    [481, dialog.id],
    [481, `${dialog.id};to-tag=0;from-tag=0`],
    [481, `${dialog.id};to-tag=${dialog.theirs};from-tag=${dialog.ours}`],
    [481, replacing(dialogOf(ringing))],
    [486, `${replacing(dialog)};early-only`],
    [400, replacing(dialog), { extra: [`Replaces: ${replacing(dialogOf(ringing))}`] }],
    [403, replacing(dialog), { address: '127.0.0.3' }],
    [403, replacing(dialog), { address: '127.0.0.4' }],
    [403, replacing(dialog), { address: '127.0.0.5' }],
    [488, replacing(dialog), { sdp: description(talking.phone.port, { formats: '18' }) }],
  ];
  for (const [status, value, options] of rows) {
    const { sipp } = await replace(t, gateway, value,
      [expectStatus(100, { optional: true }), expectStatus(status), call('ACK', 'callgate', 1, { established: true, back: 3 })], options);
    await sipp.finished().catch((error) => { throw new Error(`${status} to ${value}: ${error.message}`); });
  }
  await media.receive([talking.peer], 10);
  await packets(talking.phone);
  await ringing.nudge();
  await ringing.finished();
  bob.send('hangup', { callsid: talking.ring.callsid });
  await talking.sipp.finished();
  await until(() => gateway.logs('sip.refused').filter(({ status }) => status === 403).length === 3, 'a line for each of a trunk');
});

test('a trunk of the account that may transfer everybody may replace its calls, and no other account\'s', { timeout }, async (t) => {
  const world = await start(t, { trunks: { operator: { hosts: '127.0.0.3', transfers: 'any' } } });
  const { gateway, media, bob } = world;
  const first = await talk(t, world, bob, BOB, hungUp);
  const { phone, sipp } = await replace(t, gateway, replacing(dialogOf(first.sipp)), [...answered('callgate'), ...hungUp], { address: '127.0.0.3' });
  await first.sipp.finished();
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive([first.peer], 20);
  bob.send('hangup', { callsid: first.ring.callsid });
  await sipp.finished();
  const [, last] = await records(gateway, 2);
  assert.equal(last.caller_trunk, 'operator');
});

test('a phone names a call that is not its own in a REFER, or none: its calls go on', { timeout }, async (t) => {
  const world = await start(t, { trunks: { neighbour: { hosts: '127.0.0.3', transfers: 'clients' } }, numbers: {} });
  const { gateway, media, bob, carol } = world;
  const mine = await talk(t, world, carol, CAROL, hungUp);
  const refers = (sequence) => [awaitNudge(), call('REFER', BOB, sequence, { established: true, extra: ['Refer-To: <sip:x@127.0.0.1?Replaces=[$told]>'] })];
  const phone = await RtpSocket.open(t, '127.0.0.3');
  const sipp = new Sipp(t, [call('INVITE', BOB, 1, { sdp: description(phone.port, { address: '127.0.0.3' }) }), ...answered(BOB),
    ...refers(2), expectStatus(403), ...refers(3), expectStatus(202), ...noted, ...refers(4), expectStatus(400), ...hungUp],
  { port: await freePort(), address: '127.0.0.3', remote: gateway.sip });
  const { payload: ring } = await bob.next('invite');
  bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await sipp.nudge(encodeURIComponent(replacing(dialogOf(mine.sipp))));
  await until(() => /^SIP\/2.0 403/m.test(sipp.messages), 'the refusal');
  await sipp.nudge(encodeURIComponent('none;to-tag=1;from-tag=2'));
  await until(() => /^SIP\/2.0 481/m.test(sipp.messages), 'the outcome');
  await sipp.nudge(encodeURIComponent('  ;;'));
  await until(() => /^SIP\/2.0 400/m.test(sipp.messages), 'the second refusal');
  await media.receive(['bob', mine.peer], 10);
  bob.send('hangup', { callsid: ring.callsid });
  carol.send('hangup', { callsid: mine.ring.callsid });
  await Promise.all([sipp.finished(), mine.sipp.finished()]);
});

const FOREIGN = 'a84b4c76e66710@pbx.example;to-tag=7743;from-tag=6472;early-only';
const into = (host, replaces) => `Refer-To: <sip:${NUMBER}@${host}?Replaces=${replaces}>`;

test('a phone joins its call with one that the gateway has no part in: the client is sent into that one', { timeout }, async (t) => {
  const world = await start(t, { transfers: 'any' });
  const { gateway, bob, media, port } = world;
  const other = await RtpSocket.open(t);
  const called = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(other.port) }), expect('ACK'), ...hungUp], { port });
  const first = await talk(t, world, bob, BOB, [awaitNudge(), established(BOB, 'REFER', 2, [into(`127.0.0.1:${port}`, '[$told]')]),
    expectStatus(202), ...noted, ...noted, established(BOB, 'BYE', 3), expectStatus(200)]);
  await first.sipp.nudge(encodeURIComponent(FOREIGN));
  assert.equal((await bob.next('transferred')).payload.party, `sip:${NUMBER}@127.0.0.1:${port}`);
  await first.sipp.finished();
  assert.match(called.messages, new RegExp(`^Replaces: ?${FOREIGN}\r?$`, 'm'));
  assert.match(called.messages, /^Require: ?replaces\r?$/m);
  other.talk(mediaPort(called.messages, other.port));
  await media.receive([first.peer], 20);
  await packets(other);
  bob.send('hangup', { callsid: first.ring.callsid });
  await called.finished();
  const [old, last] = await records(gateway, 2);
  assert.deepEqual([old.from, old.to, old.reason, old.transferred_to, old.caller_trunk],
    ['+15550009999', 'client:bob', 'transferred', last.call, 'desk']);
  assert.deepEqual([last.from, last.to, last.reason, last.transferred_from, last.transferred_by],
    ['client:bob', `sip:${NUMBER}@127.0.0.1:${port}`, 'caller_hangup', old.call, '+15550009999']);
  assert.deepEqual([last.callee_trunk, last.callee_host, last.callee_called, last.callee_sip_status, last.codec, last.translated],
    ['desk', `127.0.0.1:${port}`, NUMBER, 200, 'PCMU', 0]);
  assert.ok(last.caller_packets > 0 && last.callee_packets > 0, 'both were heard');
});

test('nobody is sent into a call that the trunk may not, or whose name is none', { timeout }, async (t) => {
  const rows = [
    ['clients', '127.0.0.1', FOREIGN, 403],
    ['any', 'elsewhere.example', FOREIGN, 403],
    ['any', '127.0.0.3', FOREIGN, 403], // of another trunk
    ['any', '127.0.0.1', 'a@b;to-tag=1\r\nX-Evil: 1;from-tag=2', 400],
    ['any', '127.0.0.1', 'a@b\r\nX-Evil: 1;to-tag=1;from-tag=2', 400],
    ['any', '127.0.0.1', 'a b;to-tag=1;from-tag=2', 400],
    ['any', '127.0.0.1', 'a@b;to-tag="1";from-tag=2', 400],
    ['any', '127.0.0.1', 'a@b;to-tag=1', 400],
  ];
  for (const [transfers, host, replaces, status] of rows) {
    const world = await start(t, { transfers, trunks: { other: { hosts: '127.0.0.3', prefixes: '+3' } } });
    const unused = createSocket('udp4').bind(world.port, '127.0.0.1');
    unused.on('message', (data) => assert.fail(`nobody is called: ${data}`));
    const { sipp, ring } = await talk(t, world, world.bob, BOB, [awaitNudge(), established(BOB, 'REFER', 2, [into(`${host}:${world.port}`, '[$told]')]),
      expectStatus(status), ...hungUp]);
    await sipp.nudge(encodeURIComponent(replaces));
    await until(() => new RegExp(`^SIP/2.0 ${status}`, 'm').test(sipp.messages), `${status} for ${replaces}`);
    world.bob.send('hangup', { callsid: ring.callsid });
    await sipp.finished();
    unused.close();
    await world.gateway.stop();
  }
});
