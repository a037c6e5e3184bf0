/* callgate.js: candidates, which only a gateway with full ICE wants and gives. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Bench, settle } from './lib/bench.mjs';

const LITE = 'v=0\r\na=ice-lite\r\n';
const FULL = 'v=0\r\na=ice-options:trickle\r\n';

let bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.registered();
});
afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

const told = () => bench.gateway.of('candidate').map(({ payload }) => payload);

async function offerTo(callsid, sdp) {
  bench.gateway.tell('invite', { callsid, sdp, reconnect: 'r', parameters: {} });
  await settle();
  return bench.device.calls[0];
}

test('listen says that we trickle', () => {
  assert.equal(bench.gateway.last('listen').payload.trickle, true);
});

describe('a call of ours', () => {
  let call;
  beforeEach(async () => {
    call = await bench.device.connect({ params: { To: 'client:bob' } });
    await settle();
    for (const candidate of ['candidate:1', '', null]) bench.browser.peer.find(candidate);
    await settle();
  });

  const answer = async (sdp) => {
    bench.gateway.tell('answer', { callsid: call.callSid, sdp, reconnect: 'r' });
    await settle();
  };

  test('keeps its candidates until it knows who wants them', async () => {
    assert.deepEqual(told(), []);
    await answer(FULL);
    bench.browser.peer.find('candidate:2');
    await settle();
    const { callSid: callsid } = call;
    assert.deepEqual(told(), ['candidate:1', '', 'candidate:2'].map((candidate) => ({ callsid, candidate })));
  });

  test('tells an ICE-lite gateway of none', async () => {
    await answer(LITE);
    bench.browser.peer.find('candidate:2');
    await settle();
    assert.deepEqual(told(), []);
  });

  test('takes the gateway\'s, early ones and useless ones included', async () => {
    bench.gateway.tell('candidate', { callsid: call.callSid, candidate: 'candidate:8' });
    await settle();
    await answer(FULL);
    for (const candidate of ['bad', 'candidate:9', '']) bench.gateway.tell('candidate', { callsid: call.callSid, candidate });
    await settle();
    assert.deepEqual(bench.browser.peer.remoteCandidates,
      ['candidate:8', 'candidate:9', ''].map((candidate) => ({ candidate, sdpMLineIndex: 0 })));
    assert.deepEqual(bench.errors, []);
  });
});

test('a call to us keeps what the gateway tells of while it rings', async () => {
  const call = await offerTo('CA1', FULL);
  for (const candidate of ['candidate:8', '']) bench.gateway.tell('candidate', { callsid: 'CA1', candidate });
  await settle();
  call.accept();
  await settle();
  bench.browser.peer.find('candidate:1');
  await settle();
  assert.deepEqual(bench.browser.peer.remoteCandidates.map(({ candidate }) => candidate), ['candidate:8', '']);
  assert.deepEqual(told(), [{ callsid: 'CA1', candidate: 'candidate:1' }]);
});

for (const [kind, sdp, restarts] of [['full', FULL, 1], ['lite', LITE, 0]]) {
  test(`silence though connected restarts ICE ${restarts} times with a gateway of ${kind} ICE`, async () => {
    const call = await bench.device.connect({ params: { To: 'client:bob' } });
    await settle();
    bench.gateway.tell('answer', { callsid: call.callSid, sdp, reconnect: 'r' });
    await settle();
    const { peer } = bench.browser;
    peer.become('connected');
    peer.stats = new Map([['in', { type: 'inbound-rtp', kind: 'audio', packetsReceived: 0 }]]);
    for (let second = 0; second < 6; second++) {
      bench.gateway.socket.say('\n');
      await bench.clock.advance(1_000);
    }
    assert.equal(bench.gateway.of('reinvite').length, restarts);
    assert.equal(call.status(), 'open');
  });
}
