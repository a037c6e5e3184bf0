// How calls end when something is still under way: challenges, an INVITE, an ACK.
// The one thing to know: a call is over for the gateway when no SIP dialog is left.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { awaitNudge, call, description, expect, expectInvite, expectStatus, freePort, reply, replyToInvite, request, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const PASSWORD = { user: 'us', password: 'secret' };
const AUTHORIZED = /^Authorization: Digest .*username="us"/m;
const PATIENT = { sip: { timeout_ms: 20000 } };
const hungUp = [expect('BYE'), reply('200 OK')];

let nonces = 0;
const challenge = () => ({ extra: [`WWW-Authenticate: Digest realm="carrier", nonce="n${++nonces}", algorithm=MD5, qop="auth"`] });
const challenged = (method) => [expect(method), reply('401 Unauthorized', challenge())];

/** Waits for a request that is answered when others have come: replyTo(). */
const keep = (method) => expect(method, ['Via', 'From', 'To', 'CSeq'].map((name) =>
  `<ereg regexp="[^ ].*" search_in="hdr" header="${name}:" assign_to="${method}${name}"/>`).join(''));
const replyTo = (method, status, { extra = [] } = {}) => `<send><![CDATA[\n${[`SIP/2.0 ${status}`, ...['Via', 'From', 'To', 'CSeq'].map((name) => `${name}: [$${method}${name}]`),
  '[last_Call-ID:]', ...extra, 'Content-Length: 0', ''].join('\n')}\n]]></send>`;

const noDialog = (gateway) => until(async () => (await gateway.metrics()).get('callgate_sip_dialogs') === 0, 'the end of the dialog', 10000 * SLOWNESS);

/** A client that calls a phone that plays `steps`: {gateway, sipp, client}. */
async function dial(t, steps, { trunk, ...options } = {}) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', ...trunk } }, options);
  const sipp = await Sipp.called(t, steps, { port });
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const callsid = invite(client, '+15551234567', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) });
  return { gateway, sipp, client, callsid };
}

/** The same, once it is answered. `extra`: headers of the answer. */
async function talk(t, steps, { extra, ...options } = {}) {
  const told = await dial(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(9), extra }), expect('ACK'), ...steps], options);
  const { payload } = await told.client.next('answer');
  await until(() => told.sipp.told('ACK').length === 1, 'the ACK');
  return { ...told, callsid: payload.callsid };
}

/** A phone that plays `steps` calls bob: {gateway, bob, sipp, callsid, answer()}. */
async function ring(t, steps, { extra, config } = {}) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' }, config });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(9), extra }), expectStatus(100, { optional: true }), expectStatus(180), ...steps],
    { port: await freePort(), remote: gateway.sip });
  const { payload } = await bob.next('invite');
  const answer = async () => bob.send('answer', { callsid: payload.callsid, sdp: await new MediaPeers(t).answer('bob', payload.sdp, { narrow: true }) });
  return { gateway, bob, sipp, callsid: payload.callsid, answer };
}

const answers = (sipp) => sipp.told('SIP/2.0 200').filter((message) => /^CSeq: 1 INVITE/m.test(message));

test('a BYE that is challenged shows the password', { timeout }, async (t) => {
  const { gateway, client, sipp, callsid } = await talk(t, [...challenged('BYE'), ...hungUp], { trunk: PASSWORD });
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.match(sipp.told('BYE')[1], AUTHORIZED);
  await noDialog(gateway);
});

test('one that cannot show what is asked for is the end all the same', { timeout }, async (t) => {
  for (const [trunk, steps] of [[{}, challenged('BYE')], [PASSWORD, [...challenged('BYE'), ...challenged('BYE')]]]) {
    const { gateway, client, sipp, callsid } = await talk(t, steps, { trunk });
    client.send('hangup', { callsid });
    await sipp.finished();
    await noDialog(gateway);
    await gateway.stop();
  }
});

test('an answer that crosses the CANCEL is hung up on, and that is challenged', { timeout }, async (t) => {
  for (const [trunk, steps] of [[{}, challenged('BYE')], [PASSWORD, [...challenged('BYE'), ...hungUp]]]) {
    const { gateway, client, sipp } = await dial(t, [expectInvite(), replyToInvite('180 Ringing'), expect('CANCEL'), reply('200 OK'),
      replyToInvite('200 OK', description(9)), expect('ACK'), ...steps], { trunk });
    const { payload } = await client.next('ringing');
    client.send('hangup', { callsid: payload.callsid });
    await sipp.finished();
    await noDialog(gateway);
    await gateway.stop();
  }
});

test('a NOTIFY that is challenged shows the password, and keeps no BYE waiting', { timeout }, async (t) => {
  const { gateway, client, sipp, callsid } = await talk(t, [awaitNudge(), request('REFER', 1, { extra: [`Refer-To: <sip:${NUMBER}@127.0.0.1>`] }), expectStatus(202),
    ...challenged('NOTIFY'), expect('NOTIFY'), reply('200 OK'), ...hungUp],
  { trunk: { ...PASSWORD, transfers: 'clients' }, numbers: { [NUMBER]: 'client:nobody' } });
  await sipp.nudge();
  await until(() => sipp.told('NOTIFY').length === 2, 'the outcome, again');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.match(sipp.told('NOTIFY')[1], AUTHORIZED);
  await noDialog(gateway);
});

test('a PRACK that is challenged shows the password, and without one keeps nothing waiting', { timeout }, async (t) => {
  const reliably = reply('183 Session Progress', { first: true, sdp: description(9), extra: ['Require: 100rel', 'RSeq: 7'] });
  for (const [trunk, steps] of [[{}, challenged('PRACK')], [PASSWORD, [...challenged('PRACK'), expect('PRACK'), reply('200 OK')]]]) {
    const { gateway, client, sipp } = await dial(t, [expectInvite(), reliably, ...steps, replyToInvite('200 OK', description(9)), expect('ACK'), ...hungUp], { trunk });
    const { payload } = await client.next('answer');
    client.send('hangup', { callsid: payload.callsid });
    await sipp.finished();
    if (trunk === PASSWORD) assert.match(sipp.told('PRACK')[1], AUTHORIZED);
    await noDialog(gateway);
    await gateway.stop();
  }
});

test('a BYE that waits for a refresh: that is challenged, and both go', { timeout }, async (t) => {
  const refresh = ['Allow: INVITE, ACK, BYE, CANCEL, UPDATE', 'Session-Expires: 4;refresher=uac'];
  const { gateway, client, sipp, callsid } = await talk(t, [keep('UPDATE'), awaitNudge(), replyTo('UPDATE', '401 Unauthorized', challenge()), expect('UPDATE'), reply('200 OK'), ...hungUp],
    { extra: refresh, trunk: { ...PASSWORD, session_expires_s: 4 }, config: { sip: { min_session_expires_s: 2, timeout_ms: 10000 } } });
  await until(() => sipp.told('UPDATE').length === 1, 'the refresh', 10000 * SLOWNESS);
  client.send('hangup', { callsid });
  await gateway.logged('call.ended');
  await sipp.nudge();
  await sipp.finished();
  await noDialog(gateway);
});

test('a hold that is not answered yet keeps no BYE waiting, nor does its refusal end what that needs', { timeout }, async (t) => {
  const { gateway, client, sipp, callsid } = await talk(t, [keep('INVITE'), keep('BYE'), replyTo('INVITE', '487 Request Terminated'), expect('ACK'),
    replyTo('BYE', '401 Unauthorized', challenge()), ...hungUp], { trunk: PASSWORD });
  await client.request('hold', { callsid, on: true });
  await until(() => sipp.told('INVITE').length === 2, 'the re-INVITE');
  client.send('hangup', { callsid });
  await sipp.finished();
  assert.match(sipp.told('BYE')[1], AUTHORIZED);
  await noDialog(gateway);
});

const held = (method) => replyTo(method, '200 OK', { extra: ['Contact: <sip:phone@[local_ip]:[local_port]>'] });

for (const [what, steps] of [
  ['before that of the BYE', [held('INVITE'), expect('ACK'), replyTo('BYE', '200 OK')]],
  ['behind that of the BYE', [replyTo('BYE', '200 OK'), awaitNudge(), held('INVITE'), expect('ACK')]],
  ['behind a refusal of the BYE', [replyTo('BYE', '481 Call/Transaction Does Not Exist'), awaitNudge(), held('INVITE'), expect('ACK')]],
]) {
  test(`an answer to our offer that comes ${what} is acknowledged`, { timeout }, async (t) => {
    const { gateway, client, sipp, callsid } = await talk(t, [keep('INVITE'), keep('BYE'), ...steps]);
    await client.request('hold', { callsid, on: true });
    await until(() => sipp.told('INVITE').length === 2, 'the re-INVITE');
    client.send('hangup', { callsid });
    if (steps.length === 4) {
      await noDialog(gateway);
      await sipp.nudge();
    }
    await sipp.finished();
    assert.match(sipp.told('ACK')[1], /^CSeq: \d+ ACK/m);
    assert.equal(/^CSeq: (\d+)/m.exec(sipp.told('ACK')[1])[1], /^CSeq: (\d+)/m.exec(sipp.told('INVITE')[1])[1]);
    await noDialog(gateway);
  });
}

/** Sofia never frees the request of an offer of ours that is under way when the phone hangs up: some three kilobytes for each. */
const SOFIA_LOSES = ['nua_client_init_request', 'nua_invite'];

test('... and one that comes when the phone has hung up', { timeout }, async (t) => {
  const { gateway, client, sipp, callsid } = await talk(t, [keep('INVITE'), awaitNudge(), request('BYE', 1), expectStatus(200), awaitNudge(), held('INVITE'), expect('ACK')],
    { leaks: SOFIA_LOSES });
  await client.request('hold', { callsid, on: true });
  await until(() => sipp.told('INVITE').length === 2, 'the re-INVITE');
  await sipp.nudge();
  await gateway.logged('call.ended');
  await sipp.nudge();
  await sipp.finished();
  await noDialog(gateway);
});

test('a phone that calls hears no BYE before it has acknowledged the answer', { timeout }, async (t) => {
  const { gateway, bob, sipp, callsid, answer } = await ring(t, [expectStatus(200), awaitNudge(), call('ACK', NUMBER, 1, { established: true }), ...hungUp], { config: PATIENT });
  await answer();
  bob.send('hangup', { callsid });
  await gateway.logged('call.ended');
  const before = answers(sipp).length;
  await until(() => answers(sipp).length > before, 'the answer again');
  assert.deepEqual(sipp.told('BYE'), []);
  await sipp.nudge();
  await sipp.finished();
  await noDialog(gateway);
});

test('... unless it never does', { timeout }, async (t) => {
  const { gateway, bob, sipp, callsid, answer } = await ring(t, [expectStatus(200), ...hungUp]);
  await answer();
  bob.send('hangup', { callsid });
  await sipp.finished();
  await noDialog(gateway);
});

test('one that has not acknowledged that it rings has not been answered: its INVITE is refused', { timeout }, async (t) => {
  const { gateway, bob, sipp, callsid, answer } = await ring(t, [expectStatus(480), call('ACK', NUMBER, 1, { established: true, back: 3 })],
    { extra: ['Require: 100rel'], config: PATIENT });
  await answer();
  bob.send('hangup', { callsid });
  await sipp.finished();
  await noDialog(gateway);
});
