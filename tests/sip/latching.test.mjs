// Phones whose media comes from somewhere else than they said, and others who would like to have it.
// The one thing to know: what is dropped is counted, and every count here is exact, so nothing else may come in these calls.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { description, mediaPort, RtpSocket } from '../lib/sipp.mjs';
import { SrtpKey } from '../lib/srtp.mjs';
import { dropped, talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const SOME = 20;

const sockets = (t, ...addresses) => Promise.all(addresses.map((address) => RtpSocket.open(t, address)));

/** alice calls a phone that said that its media is at `named`: {..., port} of the gateway's. */
async function startCall(t, named, options) {
  const made = await talkToPhone(t, () => [], { phone: named, ...options });
  return { ...made, port: mediaPort(made.sipp.messages, named.port) };
}

async function hangUp({ client, callsid, sipp }) {
  client.send('hangup', { callsid });
  await sipp.finished();
}

/** Media goes to `there`, and to none of the others. */
async function goesTo(there, ...others) {
  const more = async (count) => {
    const before = there.received.length;
    await until(() => there.received.length >= before + count, 'packets where media is to go');
  };
  await more(3);
  const counts = others.map(({ received }) => received.length);
  await more(10);
  assert.deepEqual(others.map(({ received }) => received.length), counts);
}

function sendSome(socket, port, options) {
  for (let i = 0; i < SOME; i++) socket.send(port, options);
}

const isDropped = (gateway, reason, count) =>
  until(async () => await dropped(gateway, reason) >= count, `${count} drops`).then(async () => assert.equal(await dropped(gateway, reason), count));

test('a phone that sends from another port than it said has its media there, and nobody after it', { timeout }, async (t) => {
  const [named, actual, third] = await sockets(t, '127.0.0.1', '127.0.0.1', '127.0.0.1');
  const call = await startCall(t, named);
  await goesTo(named, actual);
  sendSome(actual, call.port);
  await goesTo(actual, named);
  sendSome(third, call.port);
  await isDropped(call.gateway, 'unknown_source', SOME);
  await goesTo(actual, named, third);
  assert.equal((await call.media.count('alice')).received, SOME);
  named.send(call.port); // where it said
  await goesTo(named, actual, third);
  sendSome(actual, call.port);
  await isDropped(call.gateway, 'unknown_source', 2 * SOME);
  await hangUp(call);
});

test('what is no packet of the call does not decide where media goes', { timeout }, async (t) => {
  const [named, other, actual] = await sockets(t, '127.0.0.1', '127.0.0.1', '127.0.0.1');
  const call = await startCall(t, named);
  const garbage = [Buffer.from('hello'), Buffer.alloc(172), Buffer.alloc(172, 0x40), Buffer.from('8000000100000001', 'hex')];
  for (const octets of garbage) other.raw(call.port, octets);
  sendSome(other, call.port, { type: 96 }); // of no payload type of this call
  await isDropped(call.gateway, 'unknown_source', garbage.length + SOME);
  await goesTo(named, other);
  sendSome(actual, call.port);
  await goesTo(actual, named, other);
  assert.equal((await call.media.count('alice')).received, SOME);
  await hangUp(call);
});

test('with keys, only what is under them decides', { timeout }, async (t) => {
  const [named, other, actual, third] = await sockets(t, '127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1');
  const ours = new SrtpKey();
  const call = await startCall(t, named, { trunk: { srtp: 'required' }, says: (port) => description(port, { profile: 'SAVP', extra: [ours.line] }) });
  const srtp = { ours, theirs: SrtpKey.read(call.sipp.messages, [ours], 1) };
  for (const socket of [named, actual, third]) socket.srtp = srtp;
  await goesTo(named);
  sendSome(other, call.port); // in the clear
  other.srtp = { ours: new SrtpKey() };
  sendSome(other, call.port); // under a key of its own
  await isDropped(call.gateway, 'unauthenticated', 2 * SOME);
  other.srtp = srtp; // to read what it gets, which is nothing
  await goesTo(named, other);
  sendSome(actual, call.port);
  await goesTo(actual, named, other);
  third.srtp = undefined;
  sendSome(third, call.port);
  await isDropped(call.gateway, 'unknown_source', SOME);
  await goesTo(actual, named, other, third);
  assert.equal((await call.media.count('alice')).received, SOME);
  assert.equal(actual.refused, 0);
  await hangUp(call);
});

const behindNat = async (t, milliseconds) => {
  const [named, actual, stranger] = await sockets(t, '127.0.0.9', '127.0.0.1', '127.0.0.7');
  const call = await startCall(t, named, { config: { media: { rtp_latch_window_ms: milliseconds } },
    says: (port) => description(port, { address: '127.0.0.9' }) });
  await goesTo(named, actual);
  return { call, named, actual, stranger };
};

test('within rtp_latch_window_ms the first who talks has the media, whatever address was said', { timeout }, async (t) => {
  const { call, named, actual, stranger } = await behindNat(t, 10000);
  sendSome(actual, call.port);
  await goesTo(actual, named);
  sendSome(stranger, call.port);
  await isDropped(call.gateway, 'unknown_source', SOME);
  await goesTo(actual, named, stranger);
  assert.equal((await call.media.count('alice')).received, SOME);
  await hangUp(call);
});

test('behind rtp_latch_window_ms nobody has it but the address that was said', { timeout }, async (t) => {
  const { call, named, actual } = await behindNat(t, 1);
  sendSome(actual, call.port);
  await isDropped(call.gateway, 'unknown_source', SOME);
  await goesTo(named, actual);
  assert.equal((await call.media.count('alice')).received, 0);
  sendSome(named, call.port);
  await until(async () => (await call.media.count('alice')).received === SOME, 'the phone at the client');
  await hangUp(call);
});
