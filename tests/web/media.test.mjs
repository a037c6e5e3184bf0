/* callgate.js: media that does not come, breaks, or comes back. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Bench, settle } from './lib/bench.mjs';

let bench;
let call;
let events;
beforeEach(async () => {
  bench = new Bench();
  await bench.registered();
});
afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

function answerReinvite(sdp) {
  bench.gateway.tell('answer', { callsid: call.callSid, sdp, reconnect: 'reconnect-2' });
}

describe('media that never comes', () => {
  beforeEach(async () => {
    call = await bench.device.connect({ params: { To: 'client:bob' } });
    await settle();
    answerReinvite('their answer');
    await settle();
  });

  test('ends the call after twenty seconds', async () => {
    await bench.clock.advance(19_999);
    assert.equal(call.status(), 'connecting');
    await bench.clock.advance(1);
    assert.equal(call.endReason.code, 53405);
    assert.equal(bench.gateway.of('hangup').length, 1);
  });

  test('ends the call when ICE fails', () => {
    bench.browser.peer.become('failed');
    assert.equal(call.endReason.code, 53405);
  });

  test('does not end it when it comes late', async () => {
    await bench.clock.advance(19_000);
    bench.browser.peer.become('connected');
    await bench.clock.advance(5_000);
    assert.equal(call.status(), 'open');
  });
});

describe('media that breaks', () => {
  beforeEach(async () => {
    call = await bench.openCall();
    events = bench.watchCall(call);
  });

  /* Keeps the socket alive while time passes. */
  async function pass(milliseconds) {
    for (let left = milliseconds; left > 0; left -= 2_000) {
      bench.gateway.socket.say('\n');
      await bench.clock.advance(Math.min(2_000, left));
    }
  }

  test('for less than two seconds is nobody\'s business', async () => {
    bench.browser.peer.become('disconnected');
    await pass(1_900);
    bench.browser.peer.become('connected');
    await pass(5_000);
    assert.deepEqual(events, []);
    assert.equal(bench.gateway.of('reinvite').length, 0);
  });

  test('longer is restarted and comes back', async () => {
    bench.browser.peer.become('disconnected');
    await pass(2_001);
    assert.equal(call.status(), 'reconnecting');
    assert.deepEqual(bench.gateway.last('reinvite').payload, { callsid: call.callSid, sdp: 'offer 2' });
    assert.equal(bench.browser.peer.restarts, 1);
    answerReinvite('answer 2');
    await settle();
    assert.equal(bench.browser.peer.remoteDescription.sdp, 'answer 2');
    bench.browser.peer.become('connected');
    assert.equal(call.status(), 'open');
    assert.deepEqual(bench.names(events), ['reconnecting', 'reconnected']);
    assert.equal(events[0][1].code, 53405);
  });

  test('is restarted again and again, and given up after a minute', async () => {
    bench.gateway.on('reinvite', (message) => {
      bench.gateway.answer(message, {});
      answerReinvite(`answer to ${message.payload.sdp}`);
    });
    bench.browser.peer.become('failed');
    await pass(30_000);
    assert.equal(bench.browser.peer.restarts, 6, 'at once and every six seconds');
    assert.equal(call.status(), 'reconnecting');
    await pass(31_000);
    assert.equal(call.endReason.code, 53405);
    assert.equal(bench.gateway.of('hangup').length, 1);
  });

  test('waits with the next offer until the last one is answered', async () => {
    bench.gateway.on('reinvite', () => {});
    bench.browser.peer.become('failed');
    await pass(9_000);
    assert.equal(bench.gateway.of('reinvite').length, 1);
    await pass(9_000);
    assert.equal(bench.gateway.of('reinvite').length, 2, 'the first one has timed out');
  });

  test('together with the socket is restarted as soon as the socket is back', async () => {
    bench.gateway.unreachable = true;
    bench.gateway.socket.cut();
    bench.browser.peer.become('failed');
    await bench.clock.advance(10_000);
    assert.equal(bench.gateway.of('reinvite').length, 0);
    bench.gateway.unreachable = false;
    bench.browser.events.dispatchEvent(new Event('online'));
    await settle();
    assert.equal(bench.gateway.of('reinvite').length, 1);
  });

  test('whose restart finds the socket silent too takes it for dead, and restarts over the next one', async () => {
    const { socket } = bench.gateway;
    bench.gateway.deaf = true;
    bench.browser.peer.become('failed');
    await bench.clock.advance(4_999);
    assert.equal(bench.gateway.socket, socket);
    await bench.clock.advance(1);
    assert.equal(bench.device.connection, 'reconnecting');
    bench.gateway.deaf = false;
    await bench.clock.advance(1_000);
    assert.equal(bench.device.connection, 'connected');
    assert.equal(bench.gateway.of('reinvite').length, 1);
  });

  test('because of another network is restarted without waiting', async () => {
    bench.browser.events.dispatchEvent(new Event('online'));
    await settle();
    assert.equal(bench.gateway.of('reinvite').length, 1);
    assert.equal(call.status(), 'open', 'nothing was lost yet');
  });

  test('in DTLS cannot be mended', () => {
    bench.browser.peer.become('failed', 'connected');
    assert.equal(call.endReason.code, 53405);
  });

  test('of a call that has ended restarts nothing', async () => {
    bench.browser.peer.become('disconnected');
    call.disconnect();
    await pass(10_000);
    assert.equal(bench.gateway.of('reinvite').length, 0);
  });
});

describe('playing', () => {
  test('that the browser refuses starts with the first touch', async () => {
    call = await bench.openCall();
    events = bench.watchCall(call);
    const [audio] = bench.browser.audios;
    let plays = 0;
    audio.play = async () => {
      if (++plays === 1) throw Object.assign(new Error('gesture needed'), { name: 'NotAllowedError' });
    };
    bench.browser.peer.ontrack({ track: {}, streams: [bench.browser.media.streams[0]] });
    await settle();
    assert.deepEqual(events, [['warning', 'playback-blocked']]);
    bench.browser.events.dispatchEvent(new Event('pointerdown'));
    bench.browser.events.dispatchEvent(new Event('keydown'));
    await settle();
    assert.equal(plays, 2);
  });
});

describe('codecs of a call of ours', () => {
  const rest = ['audio/red', 'audio/G722', 'audio/PCMA', 'audio/CN', 'audio/telephone-event'];
  for (const [name, options, wanted] of [
    ['PCMU, then Opus, where nothing is said', {}, ['audio/PCMU', 'audio/opus', ...rest]],
    ['the same where undefined is said', { codecPreferences: undefined }, ['audio/PCMU', 'audio/opus', ...rest]],
    ['Opus first on demand', { codecPreferences: ['opus', 'pcmu'] }, ['audio/opus', 'audio/PCMU', ...rest]],
    ['one first, the others in the browser\'s order', { codecPreferences: ['g722'] },
      ['audio/G722', 'audio/opus', 'audio/red', 'audio/PCMU', 'audio/PCMA', 'audio/CN', 'audio/telephone-event']],
    ['an empty list leaves it to the browser', { codecPreferences: [] }, null],
  ]) {
    test(name, async () => {
      await bench.end();
      bench = new Bench(options);
      await bench.registered();
      await bench.openCall();
      assert.deepEqual(bench.browser.peer.codecs, wanted);
    });
  }

  test('a browser without a say offers what it likes', async () => {
    await bench.end();
    bench = new Bench({}, { RTCRtpReceiver: undefined });
    await bench.registered();
    const open = await bench.openCall();
    assert.deepEqual([bench.browser.peer.codecs, open.status()], [null, 'open']);
  });
});
