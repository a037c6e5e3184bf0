// Music on hold: who is held hears it, phone or client, and nobody who does not want media.
// The one thing to know: the music is a tone, so that it can be told from whatever else is heard.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { ACCOUNT } from '../lib/tokens.mjs';
import { writeTone } from '../lib/tone.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const [NUMBER, OWN_NUMBER] = ['+15551234567', '+15550001111'];
const [MUSIC, OTHER_MUSIC] = [440, 620];

const music = mkdtempSync(join(tmpdir(), 'callgate-music-'));
test.after(() => rmSync(music, { recursive: true }));
const file = (tone) => writeTone(join(music, `${tone}.wav`), tone, { seconds: 2, rate: 44100 });

async function start(t, { numbers, config = {} } = {}) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+1' } },
    { numbers, config: { ...config, media: { hold_music: file(MUSIC) } } });
  return { gateway, port, media: new MediaPeers(t), phone: await RtpSocket.open(t) };
}

/** alice calls a phone that does `steps` once it has answered. */
async function talk(t, started, steps, identity = 'alice') {
  const { gateway, port, media, phone } = started;
  const sipp = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(phone.port) }), expect('ACK'),
    ...steps(phone.port), expect('BYE'), reply('200 OK')], { port });
  const client = await connect(gateway, identity);
  t.after(() => client.close());
  invite(client, NUMBER, { offer: await media.offer(identity, { narrow: true }) });
  const { payload } = await client.next('answer');
  await media.accept(identity, payload.sdp);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive([identity], 10);
  return { ...started, client, sipp, callsid: payload.callsid };
}

const agree = (port, direction, version) => [expect('INVITE'), reply('200 OK', { sdp: description(port, { direction, version }) }), expect('ACK')];
const acks = (sipp, count) => until(() => (sipp.messages.match(/^ACK/gm) ?? []).length >= count, `ACK number ${count}`, 10000 * SLOWNESS);

/** Time passes: the peer's own packets are the clock. */
async function sends(media, peer, packets) {
  const { sent } = await media.count(peer);
  await until(async () => (await media.count(peer)).sent >= sent + packets, `${packets} packets of ${peer}`, 10000 * SLOWNESS);
}

/** The packets of one stream, of which none was lost, and none of another got between. */
function assertOneStream(packets) {
  packets.slice(1).forEach(({ sequence, timestamp }, i) => {
    assert.equal(sequence, (packets[i].sequence + 1) & 0xffff);
    assert.ok(((timestamp - packets[i].timestamp) >>> 0) < 8000 * 60, 'its time goes on');
  });
}

const isMusic = (phone, tone = MUSIC) => Math.abs(phone.heard().frequency - tone) <= 8 && phone.heard().amplitude > 300;

test('a client that holds: the phone hears music, and the client again when it is over, in one stream', { timeout }, async (t) => {
  const { client, media, phone, sipp, callsid } = await talk(t, await start(t), (port) => [...agree(port, 'recvonly', 2), ...agree(port, 'sendrecv', 3)]);
  await client.request('hold', { callsid, on: true });
  await phone.hears(MUSIC);
  await client.request('hold', { callsid, on: false });
  await acks(sipp, 3);
  const resumed = phone.received.length;
  await until(() => phone.received.length > resumed + 60, 'packets of the client', 10000 * SLOWNESS);
  assert.ok(!isMusic(phone), 'no music any more');
  assertOneStream(phone.received);
  await media.receive(['alice'], 10);
  client.send('hangup', { callsid });
  await sipp.finished();
});

test('a phone that wants nothing while it is held is sent nothing', { timeout }, async (t) => {
  const { client, media, phone, sipp, callsid } = await talk(t, await start(t), (port) => [...agree(port, 'inactive', 2), ...agree(port, 'sendrecv', 3)]);
  await client.request('hold', { callsid, on: true });
  await acks(sipp, 2);
  await sends(media, 'alice', 10); // what was on its way arrives
  const before = phone.received.length;
  await sends(media, 'alice', 40);
  assert.ok(phone.received.length <= before + 1, `${phone.received.length - before} packets`);
  await client.request('hold', { callsid, on: false });
  await until(() => phone.received.length > before + 20, 'packets of the client', 10000 * SLOWNESS);
  assertOneStream(phone.received);
  client.send('hangup', { callsid });
  await sipp.finished();
});

test('a phone that holds: the client hears music, unless the phone sends its own', { timeout }, async (t) => {
  for (const [held, options, plays] of [['inactive', {}, true], ['c=0.0.0.0', { address: '0.0.0.0' }, true], ['sendonly', {}, false]]) {
    const { gateway, media, phone } = await start(t, { numbers: { [OWN_NUMBER]: 'client:bob' } });
    const bob = await registered(gateway, 'bob');
    t.after(() => bob.close());
    const again = (sequence, sdp) => [call('INVITE', OWN_NUMBER, sequence, { established: true, sdp: description(phone.port, { version: sequence, ...sdp }) }),
      expectStatus(100, { optional: true }), expectStatus(200), call('ACK', OWN_NUMBER, sequence, { established: true })];
    const sipp = new Sipp(t, [call('INVITE', OWN_NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }),
      expectStatus(180, { optional: true }), expectStatus(200), call('ACK', OWN_NUMBER, 1, { established: true }),
      ...again(2, options.address ? options : { direction: held }), awaitNudge(), ...again(3), expect('BYE'), reply('200 OK')],
    { port: await freePort(), remote: gateway.sip });
    const { payload: ring } = await bob.next('invite');
    bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
    assert.equal((await bob.next('hold')).payload.on, true);
    await until(() => /CSeq: 2 ACK/.test(sipp.messages), 'the ACK');
    if (plays) {
      await media.receive(['bob'], 40); // the phone sends nothing
    } else {
      await sends(media, 'bob', 10);
      const { received } = await media.count('bob');
      await sends(media, 'bob', 40);
      assert.equal((await media.count('bob')).received, received, `${held}: what the phone does not play`);
      phone.talk(mediaPort(sipp.messages, phone.port));
      await media.receive(['bob'], 20);
      phone.close();
    }
    await sipp.nudge();
    assert.equal((await bob.next('hold')).payload.on, false);
    await sends(media, 'bob', 10);
    const { received } = await media.count('bob');
    await sends(media, 'bob', 40);
    assert.equal((await media.count('bob')).received, received, `${held}: the music is over`);
    bob.send('hangup', { callsid: ring.callsid });
    await sipp.finished();
  }
});

test('who is transferred waits with music, also when who asked for it has left, and hears no ringing of theirs', { timeout }, async (t) => {
  const started = await start(t);
  const carol = await registered(started.gateway, 'carol');
  t.after(() => carol.close());
  const { client, media, phone, sipp, callsid } = await talk(t, started, (port) => agree(port, 'recvonly', 2).concat(agree(port, 'sendrecv', 3)));
  await client.request('transfer', { callsid, to: 'client:carol' });
  const { payload: ring } = await carol.next('invite');
  await phone.hears(MUSIC);
  client.send('hangup', { callsid });
  const left = phone.received.length;
  await until(() => phone.received.length > left + 60, 'more of it', 10000 * SLOWNESS);
  assert.ok(isMusic(phone), 'the music goes on');
  carol.send('answer', { callsid: ring.callsid, sdp: await media.answer('carol', ring.sdp, { narrow: true }) });
  await media.receive(['carol'], 10);
  const answered = phone.received.length;
  await until(() => phone.received.length > answered + 60, 'packets of carol', 10000 * SLOWNESS);
  assert.ok(!isMusic(phone), 'no music any more');
  assertOneStream(phone.received);
  carol.send('hangup', { callsid: ring.callsid });
  await sipp.finished();
});

test('an account has music of its own; a reload may change which, of the files that were read at start', { timeout }, async (t) => {
  const started = await start(t, { config: { [`account ${ACCOUNT}`]: { hold_music: file(OTHER_MUSIC) } } });
  const { gateway } = started;
  const { client, phone, sipp, callsid } = await talk(t, started, (port) => [2, 3, 4].flatMap((version) => agree(port, version % 2 ? 'sendrecv' : 'recvonly', version)));
  await client.request('hold', { callsid, on: true });
  await phone.hears(OTHER_MUSIC);
  gateway.writeConfig({ [`account ${ACCOUNT}`]: { hold_music: undefined } });
  gateway.reload();
  await until(() => gateway.logs('config.reloaded').length === 1, 'the reload');
  assert.ok(isMusic(phone, OTHER_MUSIC), 'what has begun goes on');
  await client.request('hold', { callsid, on: false });
  await client.request('hold', { callsid, on: true });
  await phone.hears(MUSIC);
  gateway.expectWarning(/config.needs_restart/);
  gateway.writeConfig({ [`account ${ACCOUNT}`]: { hold_music: file(800) }, media: { hold_music: file(900) } });
  gateway.reload();
  const warnings = await until(() => gateway.logs('config.needs_restart').length === 2 && gateway.logs('config.needs_restart'), 'the warnings');
  assert.deepEqual(warnings.map(({ options }) => options).sort(), ['account.hold_music', 'media.hold_music']);
  assert.ok(isMusic(phone), 'and so does this');
  client.send('hangup', { callsid });
  await sipp.finished();
});
