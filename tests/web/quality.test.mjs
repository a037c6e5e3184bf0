/* callgate.js: figures of a call's quality, the score made of them, and warnings. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { estimateMos } from '../../web-demo/callgate.js';
import { Bench } from './lib/bench.mjs';

/* R and MOS of ITU-T G.107, Annex B; the delay below 177.3 ms costs 0.024 per ms, above it 0.11 more. */
describe('estimateMos', () => {
  for (const { name, figures, mos } of [
    { name: 'a perfect line is as good as the default R allows', figures: { rtt: 0, jitter: 0, loss: 0 }, mos: 4.395 },
    { name: 'one way 150 ms is still good', figures: { rtt: 250, jitter: 0, loss: 0 }, mos: 4.32 },
    { name: 'one way 400 ms is not', figures: { rtt: 750, jitter: 0, loss: 0 }, mos: 3.04 },
    /* Ie_eff = 95 * 5 / (5 + 25.1) = 15.8, R = 76.8 */
    { name: '5 % loss under G.711', figures: { rtt: 0, jitter: 0, loss: 5, codec: 'pcmu' }, mos: 3.90 },
    /* Ie_eff = 95 * 20 / (20 + 20) = 47.5, R = 45.1 */
    { name: '20 % loss under Opus', figures: { rtt: 0, jitter: 0, loss: 20, codec: 'opus' }, mos: 2.32 },
    { name: 'a dead line', figures: { rtt: 2000, jitter: 500, loss: 90 }, mos: 1 },
  ]) {
    test(name, () => {
      const score = estimateMos({ codec: 'opus', ...figures });
      assert.ok(Math.abs(score - mos) < 0.02, `${score} is not about ${mos}`);
    });
  }

  test('never gets better when a figure gets worse', () => {
    for (const name of ['rtt', 'jitter', 'loss']) {
      let last = 5;
      for (let value = 0; value <= 100; value += 5) {
        const worse = { [name]: value * (name === 'rtt' ? 10 : 1) };
        const score = estimateMos({ rtt: 20, jitter: 2, loss: 0, codec: 'pcmu', ...worse });
        assert.ok(score <= last && score >= 1, `${name} ${value}: ${score}`);
        last = score;
      }
    }
  });

  test('knows nothing without figures', () => {
    for (const missing of [{ rtt: NaN }, { jitter: -1 }, { loss: undefined }, { rtt: null }]) {
      assert.equal(estimateMos({ rtt: 1, jitter: 1, loss: 1, codec: 'opus', ...missing }), null);
    }
  });
});

describe('samples', () => {
  let bench;
  let call;
  let events;
  let figures;
  beforeEach(async () => {
    bench = new Bench();
    await bench.registered();
    call = await bench.openCall();
    events = bench.watchCall(call);
    figures = {
      rtt: 0.04, jitter: 0.002, received: 0, lost: 0, perSecond: 50, lossPerSecond: 0, energy: 0, speaking: 0.1,
      buffer: 0.03,
    };
    bench.browser.peer.getStats = async () => report(figures);
  });
  afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

  /* One second more of the line as `figures` describe it, as Chromium reports it. */
  function report(now) {
    now.received += now.perSecond;
    now.lost += now.lossPerSecond;
    now.energy += now.speaking;
    return new Map(Object.entries({
      in: {
        type: 'inbound-rtp', kind: 'audio', codecId: 'codec', jitter: now.jitter, packetsReceived: now.received,
        packetsLost: now.lost, bytesReceived: now.received * 80, jitterBufferDelay: now.received * 960 * now.buffer,
        jitterBufferEmittedCount: now.received * 960,
      },
      out: { type: 'outbound-rtp', kind: 'audio', packetsSent: 7, bytesSent: 700 },
      remote: { type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: now.rtt, fractionLost: 0.01 },
      source: { type: 'media-source', kind: 'audio', totalAudioEnergy: now.energy },
      codec: { type: 'codec', mimeType: 'audio/opus' },
      pair: { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 9 },
    }));
  }

  async function seconds(count) {
    for (let i = 0; i < count; i++) {
      bench.gateway.socket.say('\n');
      await bench.clock.advance(1_000);
    }
  }

  test('say how the line is', async () => {
    const samples = [];
    call.on('sample', (sample) => samples.push(sample));
    figures.lossPerSecond = 2;
    await seconds(2);
    const last = samples[1];
    assert.equal(samples.length, 2);
    assert.equal(call.quality, last);
    const expected = {
      rtt: 40, jitter: 2, codec: 'opus', packetsReceived: 100, packetsReceivedDelta: 50, packetsLost: 4, packetsSent: 7,
      remoteLoss: 1,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(last[name], value, name);
    assert.ok(Math.abs(last.loss - 100 * 2 / 52) < 1e-9);
    assert.ok(Math.abs(last.bufferDelay - 30) < 1e-9);
    assert.equal(last.mos, estimateMos({ rtt: 40, jitter: 2, loss: last.loss, codec: 'opus' }));
  });

  test('a line without loss is good, however much the browser keeps in its buffer', async () => {
    Object.assign(figures, { rtt: 0.001, jitter: 0.005, buffer: 0.9 });
    await seconds(10);
    assert.ok(Math.abs(call.quality.bufferDelay - 900) < 1e-6);
    assert.ok(call.quality.mos > 4.3, `${call.quality.mos}`);
    assert.deepEqual(call.warnings, []);
  });

  test('a report with next to nothing in it is no disaster', async () => {
    const poor = new Map([['x', { type: 'inbound-rtp', kind: 'audio', packetsReceived: 1 }]]);
    bench.browser.peer.getStats = async () => poor;
    await seconds(2);
    assert.deepEqual([call.quality.rtt, call.quality.mos, call.quality.codec], [null, null, null]);
  });

  test('getStats that fails is survived', async () => {
    bench.browser.peer.getStats = async () => { throw new Error('closed'); };
    await seconds(3);
    assert.equal(call.status(), 'open');
  });

  for (const [name, bad, good] of [
    ['high-rtt', { rtt: 0.5 }, { rtt: 0.04 }],
    ['high-jitter', { jitter: 0.05 }, { jitter: 0.002 }],
    ['high-loss', { lossPerSecond: 3 }, { lossPerSecond: 0 }],
    ['no-audio', { perSecond: 0 }, { perSecond: 50 }],
  ]) {
    test(`${name} is raised after three bad seconds, once, and cleared when it is over`, async () => {
      await seconds(2);
      Object.assign(figures, bad);
      await seconds(2);
      assert.deepEqual(events, []);
      await seconds(4);
      assert.deepEqual(events.map(([event, warning]) => [event, warning]), [['warning', name]]);
      assert.deepEqual(call.warnings, [name]);
      Object.assign(figures, good);
      await seconds(6);
      assert.deepEqual(events.map(([event]) => event), ['warning', 'warningCleared']);
      assert.equal(events[1][1], name);
    });
  }

  test('a microphone without any sound is noticed after ten seconds, a muted one is not', async () => {
    call.mute();
    figures.speaking = 0;
    await seconds(15);
    call.mute(false);
    assert.deepEqual(events.filter(([event]) => event === 'warning'), []);
    await seconds(10);
    assert.deepEqual(events.filter(([event]) => event === 'warning').map(([, name]) => name), ['constant-silence']);
  });

  test('silence on hold is no fault', async () => {
    figures.perSecond = 0;
    bench.gateway.tell('hold', { callsid: call.callSid, on: true });
    await seconds(10);
    assert.deepEqual(call.warnings, []);
  });
});
