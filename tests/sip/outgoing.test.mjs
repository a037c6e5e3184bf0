// A client calls a phone through a trunk.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, failure, invite } from '../lib/signal-calls.mjs';
import { description, expect, expectInvite, expectStatus, freePort, mediaPort, pause, reply, replyToInvite, request, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

/** A client that calls `to` with a peer that speaks PCMU: {client, callsid, media}. */
async function dial(t, gateway, to, params = {}) {
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const callsid = invite(client, to, { params, offer: await media.offer('alice', { narrow: true }) });
  return { client, callsid, media };
}

const md5 = (text) => createHash('md5').update(text).digest('hex');

/** Whether an Authorization's response is what RFC 2617 makes of these. */
function responseIsRight(authorization, user, password, method) {
  const field = (name) => new RegExp(`\\b${name}="?([^",]*)`).exec(authorization)[1];
  const ha1 = md5(`${user}:${field('realm')}:${password}`), ha2 = md5(`${method}:${field('uri')}`);
  return field('response') === md5([ha1, field('nonce'), field('nc'), field('cnonce'), field('qop'), ha2].join(':'));
}

async function answered({ client, media }) {
  const { payload } = await client.next('answer');
  await media.accept('alice', payload.sdp);
  return payload;
}

test('a client calls a phone: media both ways, the client hangs up', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+1', caller_id: '+15550001111' } });
  const phone = await RtpSocket.open(t);
  const sipp = await Sipp.called(t, [
    expectInvite(), reply('180 Ringing', { first: true }), reply('200 OK', { first: true, sdp: description(phone.port) }),
    expect('ACK'), expect('BYE'), reply('200 OK')], { port });
  const call = await dial(t, gateway, '+15551234567');
  await call.client.next('ringing');
  const answer = await answered(call);
  phone.talk(mediaPort(sipp.messages, phone.port));
  await call.media.receive(['alice'], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  assert.equal(phone.received[5].type, 0);
  assert.equal(phone.received[5].payload.length, 160);
  call.client.send('hangup', { callsid: answer.callsid });
  await sipp.finished();
  assert.match(sipp.messages, /INVITE sip:\+15551234567@127\.0\.0\.1/);
  assert.match(sipp.messages, /From: <sip:\+15550001111@/);
});

/** A gateway with one trunk to a phone that plays `steps`, `calls` times. */
async function withPhone(t, steps, { trunk = {}, calls, ...options } = {}) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', ...trunk } }, options);
  return { gateway, sipp: steps && await Sipp.called(t, steps, { port, calls }) };
}

test('the phone hangs up; its key presses arrive once, and those of the client', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { gateway, sipp } = await withPhone(t, [
    expectInvite(), reply('200 OK', { first: true, sdp: description(phone.port) }), expect('ACK'), pause(3000),
    request('BYE', 1), expectStatus(200)]);
  const call = await dial(t, gateway, 'tel:+1 (555) 123-4567');
  const { callsid } = await answered(call);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  const port = mediaPort(sipp.messages, phone.port);
  phone.talk(port);
  await call.media.receive(['alice'], 5);
  phone.press(port, 7);
  await until(async () => (await call.media.count('alice')).keys > 0, 'a key at the client');
  await call.media.press('alice', 3);
  await until(() => phone.keys.length > 0, 'a key at the phone');
  assert.equal((await call.client.next('dtmf')).payload.dtmf, '7');
  const hangup = await call.client.next('hangup', 20000);
  assert.equal(hangup.payload.callsid, callsid);
  assert.equal(hangup.payload.error, undefined);
  assert.deepEqual(phone.keys, [3]);
  const { keys, key } = await call.media.count('alice');
  assert.deepEqual({ keys, key }, { keys: 1, key: 7 });
  await sipp.finished();
  const record = await until(() => gateway.logs('call.ended')[0], 'the record');
  assert.equal(record.reason, 'callee_hangup');
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_trunk_attempts_total{trunk="carrier",direction="out"}'), 1);
  assert.equal(metrics.get('callgate_trunk_answers_total{trunk="carrier",direction="out"}'), 1);
});

const REFUSALS = [
  ['486 Busy Here', 31486, 'busy'], ['603 Decline', 31603, 'declined'], ['404 Not Found', 31404, 'not_found'],
  ['480 Temporarily Unavailable', 31480, 'unavailable'], ['488 Not Acceptable Here', 53402, 'incompatible'],
  ['503 Service Unavailable', 31503, 'trunk_failed'], ['302 Moved Temporarily', 31503, 'trunk_failed'],
];
test('what the phone refuses with is what the client is told', { timeout }, async (t) => {
  for (const [status, code, reason] of REFUSALS) {
    const { gateway, sipp } = await withPhone(t, [expectInvite(), reply(status, { first: true, extra: ['Contact: <sip:elsewhere@127.0.0.7>'] }), expect('ACK')]);
    const call = await dial(t, gateway, '+15551234567');
    assert.equal((await failure(call.client, call.callsid)).code, code, status);
    await sipp.finished();
    assert.equal((await until(() => gateway.logs('call.ended')[0], 'the record')).reason, reason);
    const metrics = await gateway.metrics();
    assert.equal(metrics.get(`callgate_trunk_failures_total{trunk="carrier",direction="out",status="${status.slice(0, 3)}"}`), 1);
  }
});

test('digest: the trunk\'s password answers its challenge; a wrong one is not tried for ever', { timeout }, async (t) => {
  const challenge = reply('407 Proxy Authentication Required', { first: true,
    extra: ['Proxy-Authenticate: Digest realm="carrier", nonce="n1", algorithm=MD5, qop="auth"'] });
  const trunk = { user: 'us', password: 'secret' };
  const phone = await RtpSocket.open(t);
  const good = await withPhone(t, [
    expect('INVITE'), challenge, expect('ACK'), expect('INVITE'), reply('200 OK', { first: true, sdp: description(phone.port) }),
    expect('ACK'), expect('BYE'), reply('200 OK')], { trunk });
  const call = await dial(t, good.gateway, '+15551234567');
  const { callsid } = await answered(call);
  call.client.send('hangup', { callsid });
  await good.sipp.finished();
  const authorization = /Proxy-Authorization: Digest (.*)/.exec(good.sipp.messages)[1];
  assert.match(authorization, /username="us"/);
  assert.ok(responseIsRight(authorization, 'us', 'secret', 'INVITE'), authorization);

  const bad = await withPhone(t, [expect('INVITE'), challenge, expect('ACK'), expect('INVITE'),
    challenge.replace('n1', 'n2'), expect('ACK')], { trunk });
  const refused = await dial(t, bad.gateway, '+15551234567');
  assert.equal((await failure(refused.client, refused.callsid)).code, 31503);
  await bad.sipp.finished();
});

test('digest: a proxy and the phone behind it have a realm each; of two algorithms MD5 is taken', { timeout }, async (t) => {
  const asks = (status, header, realm) => reply(status, { first: true, extra: ['SHA-256', 'MD5'].map((algorithm) =>
    `${header}: Digest realm="${realm}", nonce="${realm}-${algorithm}", algorithm=${algorithm}, qop="auth"`) });
  const { gateway, sipp } = await withPhone(t, [
    expect('INVITE'), asks('407 Proxy Authentication Required', 'Proxy-Authenticate', 'proxy'), expect('ACK'),
    expect('INVITE'), asks('401 Unauthorized', 'WWW-Authenticate', 'phone'), expect('ACK'),
    expect('INVITE'), reply('200 OK', { first: true, sdp: description(9) }), expect('ACK'), expect('BYE'), reply('200 OK')],
  { trunk: { user: 'us', password: 'secret' } });
  const call = await dial(t, gateway, '+15551234567');
  const { callsid } = await answered(call);
  call.client.send('hangup', { callsid });
  await sipp.finished();
  const [last] = sipp.told('INVITE ').slice(-1);
  for (const [header, realm] of [['Proxy-Authorization', 'proxy'], ['Authorization', 'phone']]) {
    const [, authorization] = new RegExp(`^${header}: Digest (.*)`, 'm').exec(last);
    assert.match(authorization, new RegExp(`realm="${realm}".*nonce="${realm}-MD5"`));
    assert.ok(responseIsRight(authorization, 'us', 'secret', 'INVITE'), authorization);
  }
});

test('digest: a realm that refuses us is not asked again, though another took us', { timeout }, async (t) => {
  const asks = (status, header, realm, nonce) => reply(status, { first: true, extra: [`${header}: Digest realm="${realm}", nonce="${nonce}", algorithm=MD5, qop="auth"`] });
  const { gateway, sipp } = await withPhone(t, [
    expect('INVITE'), asks('407 Proxy Authentication Required', 'Proxy-Authenticate', 'proxy', 'a'), expect('ACK'),
    expect('INVITE'), asks('401 Unauthorized', 'WWW-Authenticate', 'phone', 'b'), expect('ACK'),
    expect('INVITE'), asks('401 Unauthorized', 'WWW-Authenticate', 'phone', 'c'), expect('ACK')], { trunk: { user: 'us', password: 'secret' } });
  const call = await dial(t, gateway, '+15551234567');
  assert.equal((await failure(call.client, call.callsid)).code, 31503);
  await sipp.finished();
});

test('a caller who gives up cancels; a phone that rings for ever is cancelled too', { timeout }, async (t) => {
  for (const config of [{}, { calls: { ring_timeout_s: 1 } }]) {
    const { gateway, sipp } = await withPhone(t, [expectInvite(), reply('183 Session Progress', { first: true }), expect('CANCEL')], { config });
    const call = await dial(t, gateway, '+15551234567');
    const { payload: { callsid } } = await call.client.next('ringing');
    if (!config.calls) call.client.send('hangup', { callsid });
    else assert.equal((await failure(call.client, callsid)).code, 31480);
    await sipp.finished();
    assert.equal((await until(() => gateway.logs('call.ended')[0], 'the record')).reason, config.calls ? 'no_answer' : 'canceled');
  }
});

test('the answer crosses the CANCEL: the phone is hung up on', { timeout }, async (t) => {
  const { gateway, sipp } = await withPhone(t, [expectInvite(), reply('180 Ringing', { first: true }), expect('CANCEL'),
    reply('200 OK', { first: true }), replyToInvite('200 OK', description(9)), expect('ACK'), expect('BYE'), reply('200 OK')]);
  const call = await dial(t, gateway, '+15551234567');
  const { payload: { callsid } } = await call.client.next('ringing');
  call.client.send('hangup', { callsid });
  await sipp.finished();
});

test('a host that does not answer, or with 500 or 503, gives way to the next', { timeout }, async (t) => {
  const [silent, broken, full, port] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const gateway = await startTelephony(t, { carrier: {
    hosts: `127.0.0.1:${silent}, 127.0.0.1:${broken}, 127.0.0.1:${full}, 127.0.0.1:${port}`, prefixes: '*' } });
  const phone = await RtpSocket.open(t);
  const refuses = (status, at) => Sipp.called(t, [expect('INVITE'), reply(status, { first: true }), expect('ACK')], { port: at });
  const refusing = [await refuses('500 Server Internal Error', broken), await refuses('503 Service Unavailable', full)];
  const sipp = await Sipp.called(t, [expect('INVITE'), reply('200 OK', { first: true, sdp: description(phone.port) }), expect('ACK'),
    expect('BYE'), reply('200 OK')], { port });
  const call = await dial(t, gateway, '0800123');
  const { callsid } = await answered(call);
  call.client.send('hangup', { callsid });
  await Promise.all([...refusing, sipp].map((one) => one.finished()));
});

test('more calls than max_calls: 31206, and the trunk hears nothing of them', { timeout }, async (t) => {
  const { gateway, sipp } = await withPhone(t, [expectInvite(), reply('180 Ringing', { first: true }), expect('CANCEL')], { trunk: { max_calls: 1 } });
  const call = await dial(t, gateway, '+15551234567');
  const { payload: { callsid } } = await call.client.next('ringing');
  assert.equal((await failure(call.client, invite(call.client, '+15551234568'))).code, 31206);
  call.client.send('hangup', { callsid });
  await sipp.finished();
  assert.doesNotMatch(sipp.messages, /15551234568/);
  assert.equal((await until(() => gateway.logs('call.ended').find(({ to }) => to === '+15551234568'), 'the record')).reason, 'overloaded');
});

test('nobody answers at all: the trunk has failed', { timeout }, async (t) => {
  const { gateway } = await withPhone(t, undefined);
  const call = await dial(t, gateway, '+15551234567');
  assert.equal((await failure(call.client, call.callsid)).code, 31503);
});

test('numbers and addresses that lead nowhere, or where one may not call', { timeout }, async (t) => {
  const { gateway } = await withPhone(t, undefined, { trunk: { prefixes: '+1, +44', allowed_prefixes: '+1555, +44', strip: 4 } });
  const expected = [['+4930123', 31404], ['+44', 31404], ['+1900123', 31403], ['sip:bob@127.0.0.99', 31404], ['sip:+1900123@127.0.0.1', 31403],
    ['sip:bob@127.0.0.1', 31403], ['+1-no-number', 31404], ['tel:', 31404], ['sip:127.0.0.1', 31404], ['fax:+1555', 31404]];
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  for (const [to, code] of expected) assert.equal((await failure(client, invite(client, to))).code, code, to);
});

test('a phone whose answer has no codec of ours is hung up on', { timeout }, async (t) => {
  const { gateway, sipp } = await withPhone(t, [expectInvite(), reply('200 OK', { first: true,
    sdp: description(9, { formats: '18' }) }), expect('ACK'), expect('BYE'), reply('200 OK')]);
  const call = await dial(t, gateway, '+15551234567');
  assert.equal((await failure(call.client, call.callsid)).code, 53402);
  await sipp.finished();
});

test('over TCP, with the number rewritten', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: {
    hosts: `127.0.0.1:${port};transport=tcp`, prefixes: '+', strip: 1, add: '00', codecs: 'pcma, pcmu' } });
  const phone = await RtpSocket.open(t);
  const sipp = await Sipp.called(t, [expect('INVITE'), reply('200 OK', { first: true, sdp: description(phone.port) }), expect('ACK'),
    expect('BYE'), reply('200 OK')], { port, transport: 't1' });
  const call = await dial(t, gateway, '+15551234567');
  const { callsid } = await answered(call);
  call.client.send('hangup', { callsid });
  await sipp.finished();
  assert.match(sipp.messages, /INVITE sip:0015551234567@/);
  assert.match(sipp.messages, /Via: SIP\/2.0\/TCP/);
  assert.match(sipp.messages, /^m=audio \d+ RTP\/AVP 8 0 \d+\r?$/m, 'what the trunk may have, in its order');
});

test('parameters on the trunk\'s list are headers of the INVITE, and of the one that proves who we are', { timeout }, async (t) => {
  const { gateway, sipp } = await withPhone(t, [
    expectInvite(), reply('401 Unauthorized', { first: true, extra: ['WWW-Authenticate: Digest realm="phone", nonce="1", qop="auth", algorithm=MD5'] }),
    expect('ACK'), expectInvite(), reply('486 Busy Here', { first: true }), expect('ACK')],
  { trunk: { user: 'us', password: 'secret', headers: 'X-Account, X-Campaign-*' } });
  const call = await dial(t, gateway, '+15551234567', { 'X-Account': '77', 'x-campaign-name': 'Frühling; "a", <b>', 'X-Other': 'no', Accounts: 'no' });
  assert.equal((await failure(call.client, call.callsid)).code, 31486);
  await sipp.finished();
  const invites = sipp.messages.split(/(?=^INVITE )/m).slice(1);
  assert.equal(invites.length, 2);
  for (const text of invites) {
    assert.match(text, /^X-Account: 77\r?$/m);
    assert.match(Buffer.from(text, 'latin1').toString(), /^x-campaign-name: Frühling; "a", <b>\r?$/mi);
    assert.doesNotMatch(text, /X-Other|Accounts/);
  }
});

test('who calls: what the trunk says, or what the call asks for and the trunk allows', { timeout }, async (t) => {
  const trunk = { caller_id: '+15550001111', caller_ids: '+15550002222, +1555123*, anonymous', asserted_identity: 'true', domain: 'us.example' };
  const { gateway, sipp } = await withPhone(t, [expectInvite(), reply('486 Busy Here', { first: true }), expect('ACK')], { trunk, calls: 4 });
  for (const CallerId of [undefined, '+15550002222', '+15551230001', 'anonymous']) {
    const call = await dial(t, gateway, '+15551234567', CallerId && { CallerId });
    assert.equal((await failure(call.client, call.callsid)).code, 31486);
  }
  for (const CallerId of ['+15550003333', '+155512', '+1555123*', '+15551230001;x=y', 'Anonymous', 'alice']) {
    const call = await dial(t, gateway, '+15551234567', { CallerId });
    const { code, message } = await failure(call.client, call.callsid);
    assert.deepEqual([code, /caller_ids/.test(message)], [31403, true], CallerId);
  }
  await sipp.finished();
  const invites = sipp.messages.split(/(?=^INVITE )/m).slice(1).map((text) => text.split(/^SIP/m)[0]);
  const told = invites.map((text) => ['From', 'P-Asserted-Identity', 'Privacy'].map((name) => new RegExp(`^${name}: ([^;\\r\\n]*)`, 'm').exec(text)?.[1]));
  const number = (text) => `<sip:${text}@us.example>`;
  assert.deepEqual(told, [
    ...['+15550001111', '+15550002222', '+15551230001'].map((text) => [number(text), number(text), undefined]),
    ['"Anonymous" <sip:anonymous@anonymous.invalid>', number('+15550001111'), 'id'],
  ]);
});

test('a parameter that would break out of its header refuses the call: the trunk hears nothing', { timeout }, async (t) => {
  const { gateway } = await withPhone(t, undefined, { trunk: { headers: 'X-*' } });
  for (const value of ['1\r\nRoute: <sip:evil.example>', 'a'.repeat(257)]) {
    const call = await dial(t, gateway, '+15551234567', { 'X-Account': value });
    const { code, message } = await failure(call.client, call.callsid);
    assert.equal(code, 31400);
    assert.match(message, /headers/);
  }
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_trunk_attempts_total{trunk="carrier",direction="out"}') ?? 0, 0);
  assert.equal(metrics.get('callgate_sip_dialogs'), 0);
});
