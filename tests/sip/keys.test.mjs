// Keys of phones that have no telephone-event: INFO requests and tones, both ways, each once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { keysIn, tonesOf } from '../lib/keys.mjs';
import { description, expect, expectStatus, mediaPort, pause, reply, request } from '../lib/sipp.mjs';
import { talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const RELAY = 'application/dtmf-relay';

/** A client in a call with a phone of PCMU that plays `steps` behind the ACK: what talkToPhone gives, and the gateway's `port` for media. */
async function talk(t, steps, { trunk, formats = '0' } = {}) {
  const call = await talkToPhone(t, () => steps, { trunk, says: (port) => description(port, { formats }), ending: [] });
  return { ...call, port: mediaPort(call.sipp.messages, call.phone.port) };
}

const hangUp = [expect('BYE'), reply('200 OK')];
const digit = async ({ client }) => (await client.next('dtmf')).payload.dtmf;
/** Waits until the client's peer has heard so many keys; returns the code of the last. */
const heardBy = async ({ media }, keys) =>
  (await until(async () => { const count = await media.count('alice'); return count.keys >= keys && count; }, `${keys} keys at the client`)).key;

test('INFO from the phone: its keys are taken, nonsense is refused and changes nothing', { timeout }, async (t) => {
  const call = await talk(t, [
    request('INFO', 1, { sdp: 'Signal=5\nDuration=160', type: RELAY }), expectStatus(200),
    request('INFO', 2, { sdp: 'Duration=160', type: RELAY }), expectStatus(400),
    request('INFO', 3, { sdp: 'Signal=1\nSignal=2', type: RELAY }), expectStatus(400),
    request('INFO', 4, { sdp: 'Signal=7', type: 'text/plain' }), expectStatus(415),
    request('INFO', 5), expectStatus(200),
    request('INFO', 6, { sdp: '11', type: 'application/dtmf' }), expectStatus(200), ...hangUp]);
  assert.equal(await digit(call), '5');
  assert.equal(await digit(call), '#');
  assert.equal(await heardBy(call, 2), 11);
  call.client.send('hangup', { callsid: call.callsid });
  await call.sipp.finished();
  assert.match(call.sipp.messages, /^Accept: application\/dtmf-relay, application\/dtmf/m);
});

test('a key that the phone says as an event and by INFO is one key', { timeout }, async (t) => {
  const call = await talk(t, [pause(1500), request('INFO', 1, { sdp: 'Signal=3', type: RELAY }), expectStatus(200),
    request('INFO', 2, { sdp: 'Signal=9', type: RELAY }), expectStatus(200), ...hangUp], { formats: '0 101' });
  call.phone.talk(call.port);
  await call.media.receive(['alice'], 5);
  call.phone.press(call.port, 3);
  assert.equal(await digit(call), '3');
  assert.equal(await digit(call), '9');
  assert.equal(await heardBy(call, 2), 9);
  call.client.send('hangup', { callsid: call.callsid });
  await call.sipp.finished();
});

test('a key whose INFO is challenged is said again with the password; one that stays refused does not keep the next', { timeout }, async (t) => {
  const challenge = (nonce) => reply('407 Proxy Authentication Required', {
    extra: [`Proxy-Authenticate: Digest realm="carrier", nonce="${nonce}", algorithm=MD5, qop="auth"`] });
  const call = await talk(t, [expect('INFO'), challenge('n1'), expect('INFO'), reply('200 OK'), expect('INFO'), reply('403 Forbidden'),
    expect('INFO'), reply('200 OK'), ...hangUp], { trunk: { dtmf: 'info', user: 'us', password: 'secret' } });
  call.client.send('dtmf', { callsid: call.callsid, dtmf: '123' });
  await until(() => /Signal=3/.test(call.sipp.messages), 'the last key');
  call.client.send('hangup', { callsid: call.callsid });
  await call.sipp.finished();
  const infos = call.sipp.messages.split(/^-----/m).filter((message) => /^INFO /m.test(message));
  assert.deepEqual(infos.map((message) => [/Signal=(.)/.exec(message)[1], /^Proxy-Authorization: Digest .*username="us"/m.test(message)]),
    [['1', false], ['1', true], ['2', true], ['3', true]]);
});

test('a challenge that nothing answers costs the key, and not the next, nor the end of the call', { timeout }, async (t) => {
  const challenge = (nonce) => reply('407 Proxy Authentication Required', {
    extra: [`Proxy-Authenticate: Digest realm="carrier", nonce="${nonce}", algorithm=MD5, qop="auth"`] });
  const wrong = { user: 'us', password: 'wrong' };
  for (const [trunk, tries] of [[{}, [challenge('n1')]], [wrong, [challenge('n1'), challenge('n2')]]]) {
    const call = await talk(t, [...tries.flatMap((refusal) => [expect('INFO'), refusal]), expect('INFO'), reply('200 OK'), ...hangUp],
      { trunk: { dtmf: 'info', ...trunk } });
    call.client.send('dtmf', { callsid: call.callsid, dtmf: '12' });
    await until(() => /Signal=2/.test(call.sipp.messages), 'the next key');
    call.client.send('hangup', { callsid: call.callsid });
    await call.sipp.finished();
  }
});

test('keys go to a trunk that wants INFO by INFO alone, one after the other', { timeout }, async (t) => {
  const taken = [expect('INFO'), reply('200 OK')];
  const call = await talk(t, [...taken, expect('INFO'), reply('488 Not Acceptable Here'), ...taken, ...hangUp],
    { trunk: { dtmf: 'info' }, formats: '0 101' });
  assert.doesNotMatch(call.sipp.messages.split('200 OK')[0], /telephone-event/);
  call.phone.talk(call.port);
  await call.media.receive(['alice'], 5);
  await call.media.press('alice', 3);
  await until(() => /Signal=3/.test(call.sipp.messages), 'the first key');
  call.client.send('dtmf', { callsid: call.callsid, dtmf: '*w0' });
  await until(() => /Signal=0/.test(call.sipp.messages), 'the last key');
  call.client.send('hangup', { callsid: call.callsid });
  await call.sipp.finished();
  const signals = [...call.sipp.messages.matchAll(/Signal=(.)\r?\nDuration=100/g)].map(([, key]) => key);
  assert.equal(signals.join(''), '3*0');
  assert.equal(call.phone.keys.length, 0);
  assert.equal(keysIn(call.phone.received.map(({ payload }) => payload)), '');
});

for (const [name, options] of [
  ['a phone without telephone-event', {}],
  ['a trunk that wants tones', { trunk: { dtmf: 'inband' }, formats: '0 101' }],
]) {
  test(`tones: ${name}`, { timeout }, async (t) => {
    const call = await talk(t, hangUp, options);
    const { phone, port, media } = call;
    phone.talk(port);
    await media.receive(['alice'], 10);
    await phone.say(port, ['7', '7', '#'].flatMap(tonesOf));
    for (const key of ['7', '7', '#']) assert.equal(await digit(call), key);
    assert.equal(await heardBy(call, 3), 11);
    phone.received.length = 0;
    call.client.send('dtmf', { callsid: call.callsid, dtmf: '12' });
    await media.press('alice', 3);
    const heard = () => keysIn(phone.received.map(({ payload }) => payload));
    await until(() => heard().length >= 3, 'keys at the phone');
    call.client.send('hangup', { callsid: call.callsid });
    await call.sipp.finished();
    assert.deepEqual([...heard()].sort(), ['1', '2', '3']);
    assert.equal(phone.keys.length, 0);
    assert.equal((await media.count('alice')).keys, 3);
  });
}

test('dtmf = rtp: tones are sound', { timeout }, async (t) => {
  const call = await talk(t, hangUp, { trunk: { dtmf: 'rtp' } });
  await call.phone.say(call.port, tonesOf('7'));
  await call.media.receive(['alice'], 20);
  assert.equal((await call.media.count('alice')).keys, 0);
  call.client.send('hangup', { callsid: call.callsid });
  await call.sipp.finished();
});
