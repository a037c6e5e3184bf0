// The ecosystem's browser SDK, unchanged, against the gateway: what a team's own front end would do.
// The one thing to know: its tokens come from the `twilio` package, so neither end of this is ours but the gateway.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { GW_ADDRESS, reset } from '../lib/netns.mjs';
import { connect } from '../lib/phone.mjs';
import { SDK_FILE, SdkPhone } from '../lib/sdk-phone.mjs';
import { bothHear, complaints, PORT, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { hearsNothing, missedTenths, writeTone } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

const set = stage({
  browsers: { sdk: 'chromium', other: 'chromium' },
  files: { 'twilio.js': SDK_FILE },
  config: { turn: { urls: `turn:${GW_ADDRESS}:9`, secret: 'of a server that is not there' } }, // more in `connected` than it knows
  prepare: (root) => writeTone(join(root, 'tone.wav'), 300), // instead of the SDK's sounds, which it fetches from afar
});

const pair = (options = {}) => Promise.all([set.phone('sdk', { kind: SdkPhone, ...options }), set.phone('other')]);

test('the SDK registers, and unregisters without hanging', { timeout }, async () => {
  const [sdk] = await pair();
  assert.equal(await sdk.state(), 'registered');
  assert.equal(await sdk.page.evaluate(() => globalThis.phone.device.identity), sdk.identity);
  await sdk.page.evaluate(() => globalThis.phone.device.unregister());
  await sdk.wait('unregistered');
  assert.deepEqual([...sdk.page.hosts], [new URL(set.gateway.url).host]);
});

for (const codecs of [['pcmu', 'opus'], ['opus', 'pcmu']]) {
  test(`the SDK calls callgate.js, preferring ${codecs[0]}`, { timeout }, async () => {
    const [sdk, other] = await pair({ codecPreferences: codecs });
    const { caller, incoming } = await connect(sdk, other, { Order: '7 & 8' });
    assert.equal(incoming.parameters.From, `client:${sdk.identity}`);
    assert.equal(incoming.custom.Order, '7 & 8');
    assert.match(await sdk.page.evaluate((n) => globalThis.phone.calls[n].parameters.CallSid, caller), /^CA[0-9a-f]{32}$/);
    await bothHear(sdk, other);
    await sdk.tell(caller, 'disconnect');
    await other.wait('call.disconnect');
    assert.deepEqual(await complaints(sdk, other), []);
    assert.match((await set.record(incoming.parameters.CallSid)).codec, new RegExp(codecs[0], 'i'));
  });
}

test('callgate.js calls the SDK, and hangs up', { timeout }, async () => {
  const [sdk, other] = await pair();
  const { caller, incoming } = await connect(other, sdk, { Order: 'ä/9' });
  assert.match(incoming.parameters.CallSid, /^CA[0-9a-f]{32}$/);
  assert.equal(incoming.parameters.From, `client:${other.identity}`);
  assert.equal(incoming.custom.Order, 'ä/9');
  await bothHear(sdk, other);
  await other.tell(caller, 'disconnect');
  await sdk.wait('call.disconnect');
  assert.deepEqual(await complaints(sdk, other), []);
});

test('the SDK refuses a call, and gives up one that rings', { timeout }, async () => {
  const [sdk, other] = await pair();
  await other.call(`client:${sdk.identity}`);
  const incoming = await sdk.wait('incoming');
  await sdk.tell(incoming.call, 'reject');
  assert.equal((await other.wait('call.error')).code, 31603);

  const caller = await sdk.call(`client:${other.identity}`);
  await other.wait('incoming');
  await sdk.wait('call.ringing');
  await sdk.tell(caller, 'disconnect');
  await other.wait('call.cancel');
});

test('the caller gives up, and the SDK stops ringing', { timeout }, async () => {
  const [sdk, other] = await pair();
  const caller = await other.call(`client:${sdk.identity}`);
  await sdk.wait('incoming');
  await other.wait('call.ringing');
  await other.tell(caller, 'disconnect');
  await sdk.wait('call.cancel');
});

test('digits of the SDK arrive, and mute falls silent', { timeout }, async () => {
  const [sdk, other] = await pair();
  const { caller } = await connect(sdk, other);
  await bothHear(sdk, other);
  await sdk.tell(caller, 'sendDigits', '12#');
  const digits = async () => (await other.events()).filter(({ name }) => name === 'call.digits').map((event) => event.digits).join('');
  await until(async () => (await digits()).length >= 3, 'three digits');
  assert.equal(await digits(), '12#');
  await sdk.tell(caller, 'mute', true);
  await hearsNothing(other.page);
  await sdk.tell(caller, 'mute', false);
  await bothHear(sdk, other);
});

test('a message of the SDK arrives and is acknowledged, and one comes back', { timeout }, async () => {
  const [sdk, other] = await pair();
  const { caller, callee } = await connect(sdk, other);
  const message = { content: { note: 'grüß dich' }, messageType: 'user-defined-message', contentType: 'application/json' };
  await sdk.tell(caller, 'sendMessage', message);
  assert.deepEqual((await other.wait('call.message')).message.content, message.content);
  await sdk.wait('call.messageSent');
  await other.tell(callee, 'sendMessage', message);
  assert.deepEqual((await sdk.wait('call.message')).message.content, message.content);
  await other.wait('call.messageSent');
});

test('the SDK loses its socket in a call, comes back, and the call with it', { timeout }, async () => {
  const [sdk, other] = await pair();
  const { callee } = await connect(sdk, other);
  await bothHear(sdk, other);
  const restore = reset(`tcp dport ${PORT}`);
  const missed = await Promise.all([missedTenths(sdk.page, other.frequency, 8000), missedTenths(other.page, sdk.frequency, 8000)])
    .finally(restore);
  assert.ok(await sdk.told('unregistered'), 'the socket was lost');
  assert.ok(missed.every((tenths) => tenths <= 2), `tenths of a second without tone: ${missed}`);
  await until(async () => await sdk.told('unregistered') && await sdk.state() === 'registered', 'the SDK back', 40000);
  await bothHear(sdk, other);
  await other.tell(callee, 'disconnect');
  await sdk.wait('call.disconnect', 30000);
});

test('the SDK learns of each fault in its token by its own code', { timeout }, async () => {
  set.gateway.expectWarning(/^peer\.rejected$/);
  const faults = [
    [accessToken('bad', { secret: 'some other secret that nobody knows' }), 31202],
    [accessToken('bad', { ttl: -60 }), 20104],
    [accessToken('bad', { account: `AC${'9'.repeat(32)}` }), 31203],
    [accessToken('bad', { ttl: 10 * 86400 }), 31207],
  ];
  for (const [token, expected] of faults) {
    const sdk = await set.open('sdk', { kind: SdkPhone, identity: 'bad', token, enableImprovedSignalingErrorPrecision: true });
    sdk.page.evaluate(() => globalThis.phone.device.register()).catch(() => {});
    const { code, message } = await sdk.wait('error');
    assert.equal(code, expected, message);
    assert.notEqual(await sdk.state(), 'registered');
  }
});
