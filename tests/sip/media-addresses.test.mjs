// Phones that want their media at addresses where it does not go, in descriptions of every kind.
// The one thing to know: all is on loopback, so the trunks here say what they allow.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite, registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectInvite, expectStatus, freePort, mediaPort, pause, reply, request, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const [NUMBER, PHONE] = ['+15550001111', '+15551234567'];
const LOOPBACK = { media_addresses: '127.0.0.0/8' };

/** Like description(), but the media section has an address of its own. */
const perMedia = (port, address, family = 'IP4') => description(port).replace('RTP/AVP 0 101', `RTP/AVP 0 101\nc=IN ${family} ${address}`);
const refusals = async (gateway, count = 1) => (await gateway.logged('sip.media_refused', count)).map(({ reason, address, trunk }) => [reason, address, trunk]);

test('INVITEs whose media may not be sent to: 488 and a warning; nothing rings', { timeout }, async (t) => {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1', media_addresses: 'public' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const cases = [
    [description(4000, { address: '10.1.2.3' }), 399, ['private', '10.1.2.3']],
    [perMedia(4000, '192.168.1.1'), 399, ['private', '192.168.1.1']],
    [description(4000), 399, ['loopback', '127.0.0.1']],
    [perMedia(4000, '169.254.1.1'), 399, ['link_local', '169.254.1.1']],
    [perMedia(4000, '224.2.1.1'), 399, ['nobody', '224.2.1.1']],
    [perMedia(4000, '::ffff:10.1.2.3', 'IP6'), 399, ['private', '10.1.2.3']],
    [perMedia(4000, '64:ff9b::a01:203', 'IP6'), 399, ['private', '64:ff9b::a01:203']],
    [perMedia(4000, 'fd00::1', 'IP6'), 399, ['private', 'fd00::1']],
    [description(4000, { address: '198.51.100.1', extra: ['a=rtcp:4001 IN IP4 10.1.2.3'] }), 399, ['private', '198.51.100.1']],
    [perMedia(4000, '2001:db8::1', 'IP6'), 301, ['family', '2001:db8::1']],
  ];
  for (const [sdp, warning] of cases) {
    const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp }), expectStatus(100, { optional: true }), expectStatus(488),
      call('ACK', NUMBER, 1, { back: 3, established: true })], { port: await freePort(), remote: gateway.sip });
    await sipp.finished();
    assert.match(sipp.messages, new RegExp(`^Warning: ${warning} 127\\.0\\.0\\.1 "`, 'm'));
  }
  assert.deepEqual(await refusals(gateway, cases.length), cases.map(([, , logged]) => [...logged, 'carrier']));
  assert.deepEqual(bob.messages.filter(({ type }) => type === 'invite'), []);
  assert.equal((await gateway.metrics()).get('callgate_trunk_failures_total{trunk="carrier",direction="in",status="488"}'), cases.length);
});

/** A client that calls a phone that plays `steps`: {gateway, sipp, client, media, phone, callsid}. */
async function dial(t, steps, trunk = LOOPBACK) {
  const port = await freePort();
  const phone = await RtpSocket.open(t);
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', ...trunk } });
  const sipp = await Sipp.called(t, steps(phone.port), { port });
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const callsid = invite(client, PHONE, { offer: await media.offer('alice', { narrow: true }) });
  return { gateway, phone, sipp, client, media, callsid };
}

const hangUp = [expect('BYE'), reply('200 OK')];

test('a phone that answers with such an address is hung up on', { timeout }, async (t) => {
  const { gateway, sipp, client, callsid } = await dial(t, () => [
    expectInvite(), reply('200 OK', { first: true, sdp: description(4000, { address: '10.1.2.3' }) }), expect('ACK'), ...hangUp]);
  const { code, message } = await failure(client, callsid);
  assert.equal(code, 53402);
  assert.match(message, /address that is not allowed/);
  await sipp.finished();
  assert.deepEqual(await refusals(gateway), [['not_listed', '10.1.2.3', 'carrier']]);
  await until(() => gateway.logs('call.ended').length > 0, 'the record');
  assert.equal(gateway.logs('call.ended')[0].reason, 'media_address');
});

test('early media at such an address is only ringing', { timeout }, async (t) => {
  const { sipp, client } = await dial(t, () => [
    expectInvite(), reply('183 Session Progress', { first: true, sdp: description(4000, { address: '10.1.2.3' }) }), expect('CANCEL'), reply('200 OK')]);
  const { payload } = await client.next('ringing');
  assert.equal(payload.sdp, undefined);
  client.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
});

test('a re-INVITE to such an address, or to another family, changes nothing; 0.0.0.0 is a hold', { timeout }, async (t) => {
  const refused = (sequence, sdp) => [request('INVITE', sequence, { sdp }), expectStatus(100, { optional: true }), expectStatus(488), request('ACK', sequence)];
  const taken = (sequence, sdp) => [request('INVITE', sequence, { sdp }), expectStatus(100, { optional: true }), expectStatus(200), request('ACK', sequence)];
  const { gateway, phone, sipp, client, media } = await dial(t, (port) => [
    expectInvite(), reply('200 OK', { first: true, sdp: description(port) }), expect('ACK'), pause(500),
    ...refused(1, description(port, { address: '10.1.2.3', direction: 'inactive', version: 2 })),
    ...refused(2, perMedia(port, '::1', 'IP6')),
    ...taken(3, description(port, { address: '0.0.0.0', version: 3 })),
    ...taken(4, description(port, { version: 4 })), ...hangUp]);
  const { payload } = await client.next('answer');
  await media.accept('alice', payload.sdp);
  await until(() => (sipp.messages.match(/^ACK/gm) ?? []).length > 2, 'the second refusal');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['alice'], 10);
  const held = await client.next('hold');
  assert.equal(held.payload.on, true);
  assert.equal((await client.next('hold')).payload.on, false);
  phone.received.length = 0;
  await until(() => phone.received.length > 20, 'packets at the phone');
  await media.receive(['alice'], 10);
  client.send('hangup', { callsid: payload.callsid });
  await sipp.finished();
  assert.deepEqual(await refusals(gateway, 2), [['not_listed', '10.1.2.3', 'carrier'], ['not_listed', '::1', 'carrier']]);
  assert.match(sipp.messages, /^Warning: 399 /m);
});
