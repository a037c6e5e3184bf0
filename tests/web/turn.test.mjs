/* callgate.js: the TURN servers that the gateway tells of go to the browser, the newest to every call. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Bench, settle } from './lib/bench.mjs';

let bench;
afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

const servers = (name) => [{ urls: ['turn:turn.example:3478'], username: `1:${name}`, credential: name }];
const told = () => bench.browser.peer.configuration.iceServers;

async function start(iceServers, options = {}) {
  bench = new Bench(options);
  bench.gateway.iceServers = iceServers;
  await bench.registered();
}

async function renewToken(iceServers) {
  bench.gateway.iceServers = iceServers;
  const done = bench.device.updateToken('another-token');
  await settle();
  await done;
}

test('a gateway that tells of none leaves none', async () => {
  await start(undefined);
  await bench.openCall();
  assert.deepEqual(told(), []);
});

test('those of connected are used in calls placed and taken', async () => {
  await start(servers('first'));
  await bench.openCall();
  assert.deepEqual(told(), servers('first'));
  const call = await bench.ring();
  call.accept();
  await settle();
  assert.deepEqual(told(), servers('first'));
});

test('after a token refresh calls use the new ones, those that are up as well', async () => {
  await start(servers('first'));
  await bench.openCall();
  const before = bench.browser.peer;
  await renewToken(servers('second'));
  assert.deepEqual(before.configuration.iceServers, servers('second'));
  assert.equal(before.configuration.bundlePolicy, 'max-bundle');
  await bench.openCall();
  assert.notEqual(bench.browser.peer, before);
  assert.deepEqual(told(), servers('second'));
});

test('after a lost socket as well', async () => {
  await start(servers('first'));
  await bench.openCall();
  bench.gateway.iceServers = servers('second');
  bench.gateway.socket.cut();
  await bench.clock.advance(10_000);
  assert.deepEqual(told(), servers('second'));
});

test('none any more is believed too', async () => {
  await start(servers('first'));
  await bench.openCall();
  await renewToken(undefined);
  assert.deepEqual(told(), []);
});

test("the page's own stand in their place", async () => {
  const own = [{ urls: 'turn:own.example' }];
  await start(servers('first'), { rtcConfiguration: { iceServers: own } });
  await bench.openCall();
  await renewToken(servers('second'));
  assert.deepEqual(told(), own);
});

test('a call that has ended is left alone', async () => {
  await start(servers('first'));
  const call = await bench.openCall();
  call.disconnect();
  await renewToken(servers('second'));
  assert.deepEqual(told(), servers('first'));
});
