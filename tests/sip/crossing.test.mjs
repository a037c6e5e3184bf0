// What comes at an unusual moment, or by the name of something else: within one breath, so that nobody has answered in between.
// The one thing to know: what a connection brings in one segment is read before anything of it is answered.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite, registered } from '../lib/signal-calls.mjs';
import { dialogOf, sipConnection, sipRequest, SipSocket } from '../lib/sip-raw.mjs';
import { call, description, expect, expectInvite, expectStatus, freePort, reply, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const hungUp = [expect('BYE'), reply('200 OK')];
const agree = (direction) => [expect('INVITE'), reply('200 OK', { sdp: description(9, { direction, version: 5 }) }), expect('ACK')];

/** A phone calls bob, who answers, and plays `steps`. say() has it say several things in one breath, each
 *  [method, CSeq's number, description]; response() is the final one to such a request. */
async function ring(t, steps) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(9) }), expectStatus(100, { optional: true }), expectStatus(180), expectStatus(200),
    call('ACK', NUMBER, 1, { established: true }), ...steps, ...hungUp], { port: await freePort(), remote: gateway.sip });
  const { payload: { callsid, sdp } } = await bob.next('invite');
  bob.send('answer', { callsid, sdp: await new MediaPeers(t).answer('bob', sdp, { narrow: true }) });
  await until(() => sipp.told('ACK').length === 1, 'the ACK');
  const connection = await sipConnection(t, gateway.sip);
  const text = ([method, sequence, body]) => sipRequest(method, { ...dialogOf(sipp.messages), sequence, port: sipp.port, transport: 'TCP',
    branch: `z9hG4bK${method === 'UPDATE' ? 'update' : 'invite'}${sequence}`, extra: body ? ['Content-Type: application/sdp'] : [], body: body?.replaceAll('\n', '\r\n') });
  const say = (...requests) => connection.socket.write(requests.map(text).join(''));
  const response = (method, sequence) => until(() => connection.text.split(/(?=^SIP\/2.0 )/m).find((message) =>
    /^SIP\/2.0 [2-6]/.test(message) && new RegExp(`^CSeq: ${sequence} ${method}\r$`, 'm').test(message)), `the answer to ${method} ${sequence}`);
  const status = async (method, sequence) => Number((await response(method, sequence)).slice(8, 11));
  const hangUp = async () => {
    bob.send('hangup', { callsid });
    await sipp.finished();
  };
  return { bob, sipp, callsid, say, response, status, hangUp };
}

test('a re-INVITE that asks for our description, and is cancelled, keeps no hold waiting', { timeout }, async (t) => {
  const { bob, sipp, callsid, say, status, hangUp } = await ring(t, [...agree('sendrecv'), ...agree('recvonly')]);
  say(['INVITE', 2], ['CANCEL', 2]);
  assert.deepEqual([await status('CANCEL', 2), await status('INVITE', 2)], [200, 487]);
  say(['ACK', 2]);
  await until(() => sipp.told('ACK').length === 2, 'what is, again');
  await bob.request('hold', { callsid, on: true });
  await until(() => sipp.told('ACK').length === 3, 'the hold');
  await hangUp();
  assert.match(sipp.told('INVITE')[2], /^a=sendonly/m);
});

test('an ACK that comes before there is a 200 acknowledges nothing; the one behind it has the answer', { timeout }, async (t) => {
  const { bob, sipp, callsid, say, response, status, hangUp } = await ring(t, agree('recvonly'));
  const early = description(9, { direction: 'sendonly', version: 2 });
  say(['INVITE', 2], ['ACK', 1, early], ['ACK', 2, early]);
  assert.match(await response('INVITE', 2), /^SIP\/2.0 200 [^]*^a=sendrecv/m);
  say(['ACK', 2, description(9, { version: 3 })], ['OPTIONS', 3]);
  assert.equal(await status('OPTIONS', 3), 200);
  assert.deepEqual(bob.messages.filter(({ type }) => type === 'hold'), []);
  await bob.request('hold', { callsid, on: true });
  await until(() => sipp.told('ACK').length === 2, 'the hold');
  await hangUp();
});

test('one that offers, and is cancelled: what was made of it is offered, so that both have the same', { timeout }, async (t) => {
  const { bob, sipp, say, status, hangUp } = await ring(t, agree('sendrecv'));
  say(['INVITE', 2, description(9, { direction: 'sendonly', version: 2 })], ['CANCEL', 2]);
  assert.deepEqual([await status('CANCEL', 2), await status('INVITE', 2)], [200, 487]);
  say(['ACK', 2]);
  await until(() => sipp.told('ACK').length === 2, 'the ACK');
  await until(() => bob.messages.filter(({ type }) => type === 'hold').at(-1)?.payload.on === false, 'the end of the hold');
  await hangUp();
});

test('a hold waits until the phone has acknowledged our answer to its offer', { timeout }, async (t) => {
  const { bob, sipp, callsid, say, status, hangUp } = await ring(t, agree('recvonly'));
  say(['INVITE', 2, description(9, { version: 2 })]);
  assert.equal(await status('INVITE', 2), 200);
  await bob.request('hold', { callsid, on: true });
  for (const sequence of [3, 4]) { // it has had the time
    say(['OPTIONS', sequence]);
    assert.equal(await status('OPTIONS', sequence), 200);
  }
  assert.equal(sipp.told('INVITE').length, 1);
  say(['ACK', 2]);
  await until(() => sipp.told('ACK').length === 2, 'the hold');
  await hangUp();
  assert.match(sipp.told('INVITE')[1], /^a=sendonly/m);
});

test('while an UPDATE waits for its answer, a re-INVITE and another UPDATE come too early', { timeout }, async (t) => {
  const { say, response, status, hangUp } = await ring(t, []);
  const offer = (version) => description(9, { version });
  say(['UPDATE', 2, offer(2)], ['INVITE', 3]);
  assert.deepEqual([await status('UPDATE', 2), await status('INVITE', 3)], [200, 500]);
  assert.match(await response('INVITE', 3), /^Retry-After: ([0-9]|10)\r$/m);
  say(['ACK', 3]);
  say(['UPDATE', 4, offer(3)], ['UPDATE', 5, offer(4)]);
  assert.deepEqual([await status('UPDATE', 4), await status('UPDATE', 5)], [200, 500]);
  assert.match(await response('UPDATE', 5), /^Retry-After: ([0-9]|10)\r$/m);
  await hangUp();
});

test('a call that the second host takes is ended from wherever that speaks', { timeout }, async (t) => {
  const [first, second] = [await freePort(), await freePort()];
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${first}, 127.0.0.1:${second}`, prefixes: '+' } });
  await Sipp.called(t, [expectInvite(), reply('100 Trying', { first: true }), reply('503 Service Unavailable', { first: true }), expect('ACK')], { port: first });
  const sipp = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(9) }), expect('ACK')], { port: second });
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  invite(client, '+15551234567', { offer: await new MediaPeers(t).offer('alice', { narrow: true }) });
  await client.next('answer');
  await sipp.finished();
  const [begun] = sipp.told('INVITE');
  const elsewhere = await SipSocket.open(t, gateway.sip, '127.0.0.9');
  const [, id] = /^Call-ID: *(\S+)/im.exec(begun);
  await elsewhere.request('BYE', { call: id, fromTag: 'phone1', toTag: /^From:.*;tag=(\S+)/im.exec(begun)[1] });
  await until(() => elsewhere.statusOf(id) === 200, 'the answer');
  await client.next('hangup');
});

/** A gateway that is registered, and the same registrar's requests within the REGISTER's dialog, which there is none of: ask(). */
async function register(t, answers) {
  const port = await freePort();
  const registrar = await Sipp.called(t, answers, { port });
  const gateway = await startTelephony(t, { pbx: { hosts: `127.0.0.1:${port}`, register: 'true', user: 'us', password: 'secret' } });
  await until(async () => (await gateway.metrics()).get('callgate_trunk_registered{trunk="pbx"}') === 1, 'the registration', 10000 * SLOWNESS);
  const [asked] = registrar.told('REGISTER');
  const within = { call: /^Call-ID: *(\S+)/im.exec(asked)[1], fromTag: 'phone1', toTag: /^From:.*;tag=(\S+)/im.exec(asked)[1] };
  const ask = async (method, sequence) => {
    const known = await SipSocket.open(t, gateway.sip);
    await known.request(method, { ...within, sequence });
    await until(() => known.statusOf(within.call), `the answer to ${method}`);
    return known.statusOf(within.call);
  };
  return { gateway, registrar, ask };
}

const takes = (seconds) => [expect('REGISTER'), reply('200 OK', { first: true, contact: `[last_Contact:];expires=${seconds}` })];

test('what comes within a registration is refused, and that stands', { timeout }, async (t) => {
  const { gateway, registrar, ask } = await register(t, [...takes(3600), ...takes(0)]);
  for (const [sequence, method] of ['INFO', 'OPTIONS', 'MESSAGE', 'INFO'].entries()) assert.ok(await ask(method, sequence + 1) >= 400, method);
  assert.equal(registrar.told('REGISTER').length, 1, 'nothing is taken back');
  await gateway.stop();
  await registrar.finished();
});

test('... calls, too', { timeout }, async (t) => {
  const { gateway, registrar, ask } = await register(t, takes(3600));
  assert.equal(await ask('INVITE', 1), 403);
  assert.equal(await ask('INFO', 2), 403);
  assert.equal((await gateway.metrics()).get('callgate_sip_dialogs'), 0);
  await registrar.finished();
});
