// Session timers (RFC 4028), both ways: who asks, who refreshes, and what becomes of a session that nobody refreshes.
// The one thing to know: intervals are of seconds here, which min_session_expires_s allows.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectInvite, expectStatus, freePort, reply, request, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const SHORT = { sip: { min_session_expires_s: 2 } };
const ALLOW = 'Allow: INVITE, ACK, BYE, CANCEL, UPDATE';
const hungUp = [expect('BYE'), reply('200 OK')];

const header = (message, name) => new RegExp(`^${name}: *(.*?)\r?$`, 'im').exec(message)?.[1];
const terms = (message) => [header(message, 'Session-Expires'), header(message, 'Min-SE'), header(message, 'Require')];
const directions = (messages) => messages.map((message) => /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(message)?.[1]);

const reason = async (gateway) => (await until(() => gateway.logs('call.ended')[0], 'the record')).reason;

/** A client calls a phone that plays `steps(port of its media)`: {gateway, client, sipp, callsid}. */
async function dial(t, steps, { trunk, config = SHORT } = {}) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', ...trunk } }, { config });
  const phone = await RtpSocket.open(t);
  const sipp = await Sipp.called(t, [expectInvite(), ...steps(phone.port)], { port });
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  invite(client, '+15551234567', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) });
  const { payload } = await client.next('answer');
  return { gateway, client, sipp, callsid: payload.callsid };
}

/** A phone calls bob, who answers; afterwards it plays `steps`. `says`: more headers of its INVITE. */
async function ring(t, says, steps, { trunk, config = SHORT } = {}) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1', ...trunk } }, { numbers: { [NUMBER]: 'client:bob' }, config });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const phone = await RtpSocket.open(t);
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(phone.port), extra: says }), expectStatus(100, { optional: true }),
    expectStatus(180), expectStatus(200), call('ACK', NUMBER, 1, { established: true }), ...steps(phone.port)], { port: await freePort(), remote: gateway.sip });
  const { payload } = await bob.next('invite');
  bob.send('answer', { callsid: payload.callsid, sdp: await new MediaPeers(t).answer('bob', payload.sdp, { narrow: true }) });
  return { gateway, bob, sipp, callsid: payload.callsid };
}

const answer = (port, ...extra) => [reply('200 OK', { first: true, sdp: description(port), extra }), expect('ACK')];

test('what is asked for: half an hour, what the trunk says, or nothing', { timeout }, async (t) => {
  for (const [trunk, config, expected] of [
    [{}, {}, ['1800', undefined, undefined]], [{ session_expires_s: 600 }, {}, ['600', undefined, undefined]],
    [{ session_expires_s: 60 }, {}, ['90', undefined, undefined]], [{ session_expires_s: 0 }, {}, [undefined, undefined, undefined]],
    [{ session_expires_s: 600 }, { sip: { min_session_expires_s: 300 } }, ['600', '300', undefined]]]) {
    const { client, sipp, callsid, gateway } = await dial(t, (port) => [...answer(port), ...hungUp], { trunk, config });
    client.send('hangup', { callsid });
    await sipp.finished();
    const [message] = sipp.told('INVITE');
    assert.deepEqual(terms(message), expected);
    assert.match(message, /^Supported: timer\r?$/m);
    assert.match(message, /^Allow:.*UPDATE/m);
    await gateway.stop();
  }
});

test('a phone that wants a longer interval is asked once more', { timeout }, async (t) => {
  const tooShort = [reply('422 Session Interval Too Small', { first: true, extra: ['Min-SE: 2400'] }), expect('ACK')];
  const { client, sipp, callsid } = await dial(t, (port) => [...tooShort, expectInvite(), ...answer(port, 'Session-Expires: 2400;refresher=uac'), ...hungUp], { config: {} });
  client.send('hangup', { callsid });
  await sipp.finished();
  const [first, second] = sipp.told('INVITE');
  assert.deepEqual([terms(first), terms(second)], [['1800', undefined, undefined], ['2400', '2400', undefined]]);
  const sequence = (message) => Number(/^CSeq: (\d+)/m.exec(message)[1]);
  assert.deepEqual([header(second, 'Call-ID'), header(second, 'From'), sequence(second)], [header(first, 'Call-ID'), header(first, 'From'), sequence(first) + 1]);
});

test('a phone that is never content, or does not say with what it would be, is not asked for ever', { timeout }, async (t) => {
  for (const [answers, asked] of [[['Min-SE: 2400', 'Min-SE: 4800'], 2], [[undefined], 1], [['Min-SE: 30'], 1]]) {
    const port = await freePort();
    const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+' } });
    const sipp = await Sipp.called(t, answers.flatMap((extra) => [
      expect('INVITE'), reply('422 Session Interval Too Small', { first: true, extra: extra ? [extra] : [] }), expect('ACK')]), { port });
    const client = await connect(gateway, 'alice');
    invite(client, '+15551234567', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) });
    assert.equal((await client.next('hangup')).payload.error.code, 31503);
    await sipp.finished();
    assert.equal(sipp.told('INVITE').length, asked);
    client.close();
    await gateway.stop();
  }
});

test('we refresh: by UPDATE without a description where the phone takes it', { timeout }, async (t) => {
  const refreshed = [expect('UPDATE'), reply('200 OK', { extra: ['Session-Expires: 3;refresher=uac'] })];
  const { client, sipp, callsid, gateway } = await dial(t, (port) => [
    ...answer(port, ALLOW, 'Supported: timer', 'Session-Expires: 3;refresher=uac'), ...refreshed, ...refreshed, ...hungUp], { trunk: { session_expires_s: 4 } });
  await until(() => sipp.told('UPDATE').length === 2, 'two refreshes', 10000 * SLOWNESS);
  await until(() => sipp.told('SIP/2.0 200').length === 3, 'their answers');
  client.send('hangup', { callsid });
  await sipp.finished();
  for (const message of sipp.told('UPDATE')) {
    assert.deepEqual(terms(message), ['3;refresher=uac', '2', undefined]);
    assert.match(message, /^Content-Length: 0/m);
  }
  assert.equal(await reason(gateway), 'caller_hangup');
});

test('we refresh: by a re-INVITE with what is where the phone takes no UPDATE, or says so only then', { timeout }, async (t) => {
  const agree = (port, direction, version, ...extra) => [expect('INVITE'), reply('200 OK', { sdp: description(port, { direction, version }), extra }), expect('ACK')];
  for (const allow of [[ALLOW], []]) {
    const refused = allow.length > 0 ? [expect('UPDATE'), reply('405 Method Not Allowed')] : [];
    const timer = ['Session-Expires: 6;refresher=uac'];
    const { client, sipp, callsid, gateway } = await dial(t, (port) => [...answer(port, ...allow, ...timer), ...agree(port, 'recvonly', 2, ...timer),
      ...refused, ...agree(port, 'recvonly', 3, ...timer), ...hungUp], { trunk: { session_expires_s: 6 } });
    await client.request('hold', { callsid, on: true });
    await until(() => sipp.told('ACK').length === 3, 'the refresh', 10000 * SLOWNESS);
    client.send('hangup', { callsid });
    await sipp.finished();
    assert.deepEqual(directions(sipp.told('INVITE')), ['sendrecv', 'sendonly', 'sendonly']);
    assert.deepEqual(terms(sipp.told('INVITE')[2]), ['6;refresher=uac', '2', undefined]);
    assert.deepEqual(client.messages.filter(({ type }) => type === 'hold'), []);
    await gateway.stop();
  }
});

test('a refresh that is challenged, or too short now, is made again with what is asked for', { timeout }, async (t) => {
  const challenge = 'Proxy-Authenticate: Digest realm="carrier", nonce="n1", algorithm=MD5, qop="auth"';
  const { client, sipp, callsid, gateway } = await dial(t, (port) => [...answer(port, ALLOW, 'Session-Expires: 6;refresher=uac'),
    expect('UPDATE'), reply('407 Proxy Authentication Required', { extra: [challenge] }), expect('UPDATE'), reply('422 Session Interval Too Small', { extra: ['Min-SE: 8'] }),
    expect('UPDATE'), reply('200 OK', { extra: ['Session-Expires: 8;refresher=uac'] }), ...hungUp], { trunk: { session_expires_s: 6, user: 'us', password: 'secret' } });
  await until(() => sipp.told('UPDATE').length === 3, 'the third try', 10000 * SLOWNESS);
  await until(() => sipp.told('SIP/2.0 200').length === 2, 'its answer');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.deepEqual(sipp.told('UPDATE').map(terms), [['6;refresher=uac', '2', undefined], ['6;refresher=uac', '2', undefined], ['8;refresher=uac', '8', undefined]]);
  assert.match(sipp.told('UPDATE')[1], /^Proxy-Authorization: Digest .*username="us"/m);
  assert.equal(await reason(gateway), 'caller_hangup');
});

test('the phone was to refresh and does not: it is hung up on, and the client told', { timeout }, async (t) => {
  const { client, sipp, gateway } = await dial(t, (port) => [...answer(port, 'Require: timer', 'Session-Expires: 3;refresher=uas'), ...hungUp]);
  assert.equal((await client.next('hangup')).payload.error.code, 31408);
  await sipp.finished();
  assert.match(sipp.told('BYE')[0], /^Reason: SIP;cause=408/m);
  assert.equal(await reason(gateway), 'session_expired');
});

test('the phone refreshes: the call goes on, until it no more does', { timeout }, async (t) => {
  const timer = 'Session-Expires: 3;refresher=uac';
  const refresh = (sequence) => [request('UPDATE', sequence, { extra: ['Supported: timer', timer] }), expectStatus(200)];
  const again = (port) => [request('INVITE', 3, { sdp: description(port, { version: 2 }), extra: ['Supported: timer', timer] }),
    expectStatus(100, { optional: true }), expectStatus(200), request('ACK', 3)];
  const { client, sipp, gateway } = await dial(t, (port) => [...answer(port, 'Session-Expires: 3;refresher=uas'),
    '<pause milliseconds="1200"/>', ...refresh(1), '<pause milliseconds="1200"/>', ...refresh(2), '<pause milliseconds="1200"/>', ...again(port), ...hungUp]);
  await client.next('hangup');
  await sipp.finished();
  const answers = sipp.told('SIP/2.0 200').filter((message) => /^CSeq: [123] (UPDATE|INVITE)/m.test(message) && /^Server|^User-Agent: Callgate/m.test(message));
  assert.deepEqual(answers.map(terms), Array(3).fill(['3;refresher=uac', undefined, 'timer']));
  assert.equal(await reason(gateway), 'session_expired');
});

test('a phone that is gone is noticed by the refresh', { timeout }, async (t) => {
  for (const [status, steps] of [[481, [reply('481 Call Does Not Exist')]], [408, hungUp]]) {
    const { client, sipp, gateway } = await dial(t, (port) => [...answer(port, ALLOW, 'Session-Expires: 6;refresher=uac'), expect('UPDATE'), ...steps],
      { trunk: { session_expires_s: 6 }, config: { sip: { ...SHORT.sip, timeout_ms: 500 } } });
    assert.equal((await client.next('hangup')).payload.error.code, 31408);
    await sipp.finished();
    const record = await until(() => gateway.logs('call.ended')[0], 'the record');
    assert.deepEqual([record.reason, record.callee_sip_status], ['trunk_lost', status]);
    await gateway.stop();
  }
});

test('a phone without session timers that refuses to be refreshed is left alone', { timeout }, async (t) => {
  const refused = [expect('INVITE'), reply('488 Not Acceptable Here'), expect('ACK')];
  const { client, sipp, callsid, gateway } = await dial(t, (port) => [...answer(port), ...Array(6).fill(refused).flat(), ...hungUp], { trunk: { session_expires_s: 2 } });
  await until(() => sipp.told('ACK').length === 7, 'six tries', 10000 * SLOWNESS);
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.equal(await reason(gateway), 'caller_hangup');
});

test('a phone that calls: what the 200 says to what it asks for', { timeout }, async (t) => {
  const supported = 'Supported: timer';
  for (const [says, trunk, expected] of [
    [[supported, 'Session-Expires: 600'], {}, ['600;refresher=uac', 'timer']],
    [[supported, 'Session-Expires: 600;refresher=uac'], {}, ['600;refresher=uac', 'timer']],
    [[supported, 'Session-Expires: 600;refresher=uas'], {}, ['600;refresher=uas', 'timer']],
    [[supported, 'Require: timer', 'x: 7200', 'Min-SE: 2000'], {}, ['2000;refresher=uac', 'timer']],
    [[supported], {}, ['1800;refresher=uas', 'timer']],
    [[supported], { session_expires_s: 0 }, [undefined, undefined]],
    [[], {}, ['1800;refresher=uas', undefined]],
    [['Session-Expires: 600'], {}, ['600;refresher=uas', undefined]],
    [['Session-Expires: 20'], {}, [undefined, undefined]],
    [[], { session_expires_s: 0 }, [undefined, undefined]]]) {
    const { bob, sipp, callsid, gateway } = await ring(t, says, () => hungUp, { trunk, config: {} });
    await until(() => sipp.told('ACK').length === 1, 'the ACK');
    bob.send('hangup', { callsid });
    await sipp.finished();
    const [message] = sipp.told('SIP/2.0 200').filter((text) => /^CSeq: 1 INVITE/m.test(text));
    assert.deepEqual([header(message, 'Session-Expires'), header(message, 'Require')], expected, says.join());
    assert.match(message, /^Supported: timer/m);
    await gateway.stop();
  }
});

test('a phone that calls and refreshes, or leaves it to us', { timeout }, async (t) => {
  const { bob, gateway, sipp } = await ring(t, ['Supported: timer', 'Session-Expires: 3;refresher=uac'], () => hungUp);
  assert.equal((await bob.next('hangup')).payload.error.code, 31408);
  await sipp.finished();
  assert.equal(await reason(gateway), 'session_expired');
  await gateway.stop();
  const ours = await ring(t, ['Supported: timer', ALLOW, 'Session-Expires: 3;refresher=uas'], () => [
    expect('UPDATE'), reply('200 OK', { extra: ['Session-Expires: 3;refresher=uac'] }), expect('UPDATE'), reply('200 OK', { extra: ['Session-Expires: 3;refresher=uac'] }), ...hungUp]);
  await until(() => ours.sipp.told('UPDATE').length === 2, 'two refreshes', 10000 * SLOWNESS);
  ours.bob.send('hangup', { callsid: ours.callsid });
  await ours.sipp.finished();
  assert.equal(await reason(ours.gateway), 'callee_hangup');
});

test('an interval that is too short is refused, with what would do, before the call and in it', { timeout }, async (t) => {
  const short = ['Supported: timer', 'Session-Expires: 60'];
  const established = { established: true };
  const inDialog = (method, sequence, sdp) => [call(method, NUMBER, sequence, { ...established, sdp, extra: short }), expectStatus(100, { optional: true }), expectStatus(422)];
  const { bob, sipp, callsid, gateway } = await ring(t, ['Supported: timer', 'Session-Expires: 90'], (port) => [
    ...inDialog('UPDATE', 2), ...inDialog('INVITE', 3, description(port, { version: 2 })), call('ACK', NUMBER, 3, { ...established, back: 3 }), ...hungUp], { config: {} });
  await until(() => sipp.told('ACK').length === 2, 'the second refusal');
  bob.send('hangup', { callsid });
  await sipp.finished();
  assert.deepEqual(sipp.told('SIP/2.0 422').map((message) => header(message, 'Min-SE')), ['90', '90']);
  const stranger = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(9), extra: short }), expectStatus(100, { optional: true }), expectStatus(422),
    call('ACK', NUMBER, 1, { established: true, back: 3 })], { port: await freePort(), remote: gateway.sip });
  await stranger.finished();
  assert.equal(header(stranger.told('SIP/2.0 422')[0], 'Min-SE'), '90');
});
