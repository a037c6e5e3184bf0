/* callgate.js: microphones, loudspeakers, sounds. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Device } from '../../web-demo/callgate.js';
import { Bench, settle } from './lib/bench.mjs';
import { FakeAudioContext } from './lib/fake-audio.mjs';

let bench;
afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

describe('devices', () => {
  beforeEach(async () => {
    bench = new Bench();
    await bench.registered();
  });

  test('are listed by kind', () => {
    const { audio } = bench.device;
    assert.deepEqual([...audio.availableInputDevices.keys()], ['default', 'headset']);
    assert.deepEqual([...audio.availableOutputDevices.keys()], ['default', 'speaker']);
    assert.equal(audio.inputDevice.label, 'Default');
    assert.equal(audio.isOutputSelectionSupported, true);
  });

  test('the microphone is opened with echo cancellation and the chosen id', async () => {
    await bench.device.audio.setInputDevice('headset');
    await bench.openCall();
    assert.deepEqual(bench.browser.media.asked, [
      { echoCancellation: true, noiseSuppression: true, autoGainControl: true, deviceId: { exact: 'headset' } },
    ]);
  });

  test('another microphone during a call replaces the track and stays muted if it was', async () => {
    const call = await bench.openCall();
    call.mute();
    const before = bench.browser.peer.senders[0].track;
    await bench.device.audio.setInputDevice('headset');
    const after = bench.browser.peer.senders[0].track;
    assert.deepEqual([before.readyState, after.readyState], ['ended', 'live']);
    assert.deepEqual([after.label, after.enabled], ['headset', false]);
    assert.equal(bench.browser.media.streams[0].tracks[0].readyState, 'ended', 'the old device is let go');
    assert.equal(bench.gateway.of('reinvite').length, 0);
  });

  test('a microphone that cannot be opened leaves the old one in place', async () => {
    await bench.openCall();
    const before = bench.browser.peer.senders[0].track;
    bench.browser.media.refusal = 'NotReadableError';
    await assert.rejects(bench.device.audio.setInputDevice('headset'), { code: 31402, explanation: /another program/ });
    assert.equal(bench.browser.peer.senders[0].track, before);
    assert.equal(before.readyState, 'live');
    assert.equal(bench.device.audio.inputDevice.deviceId, 'default');
  });

  test('a microphone that is pulled out is replaced by the default one', async () => {
    await bench.device.audio.setInputDevice('headset');
    await bench.openCall();
    bench.browser.media.streams[0].tracks[0].unplug();
    await settle();
    assert.equal(bench.browser.peer.senders[0].track.label, 'default');
    assert.deepEqual(bench.errors, []);
  });

  test('the last microphone pulled out is an error', async () => {
    await bench.openCall();
    bench.browser.media.refusal = 'NotFoundError';
    bench.browser.media.streams[0].tracks[0].unplug();
    await settle();
    assert.deepEqual(bench.errors, [31402]);
  });

  test('a chosen device that disappears is told as lost', async () => {
    const lost = [];
    await bench.device.audio.setInputDevice('headset');
    bench.device.audio.on('deviceChange', (devices) => lost.push(devices.map((device) => device.deviceId)));
    bench.browser.media.change(bench.browser.media.devices.filter(({ deviceId }) => deviceId !== 'headset'));
    await settle();
    assert.deepEqual(lost, [['headset']]);
    assert.equal(bench.device.audio.inputDevice.deviceId, 'default');
  });

  test('the loudspeaker changes for calls in progress and to come', async () => {
    await bench.openCall();
    await bench.device.audio.setOutputDevice('speaker');
    await bench.openCall();
    const playing = bench.browser.audios.filter((audio) => audio.autoplay);
    assert.deepEqual(playing.map((audio) => audio.sink), ['speaker', 'speaker']);
  });

  for (const [name, code, words] of [
    ['NotAllowedError', 31401, /not allowed/], ['NotFoundError', 31402, /No microphone/],
    ['NotReadableError', 31402, /another program/], ['OverconstrainedError', 31402, /gone/],
    ['SomethingNew', 31402, /could not be opened/],
  ]) {
    test(`${name} is explained`, async () => {
      bench.browser.media.refusal = name;
      await assert.rejects(bench.device.connect(), (error) => {
        assert.equal(error.code, code);
        assert.match(error.explanation, words);
        assert.ok(error.solution.length > 10);
        assert.equal(error.cause.name, name);
        return true;
      });
    });
  }

  test('after a refusal the microphone is asked for again', async () => {
    bench.browser.media.refusal = 'NotAllowedError';
    await assert.rejects(bench.device.connect());
    bench.browser.media.refusal = null;
    await bench.device.connect();
    assert.equal(bench.browser.media.asked.length, 2);
  });

  test('a page that is not secure has no microphone to offer', async () => {
    const device = new Device('t', { platform: { ...bench.browser.platform, mediaDevices: undefined } });
    await assert.rejects(device.connect(), { code: 31401, solution: /https/ });
    device.destroy();
  });
});

describe('sounds and levels', () => {
  let contexts;
  beforeEach(async () => {
    contexts = [];
    const AudioContext = function AudioContext() {
      const context = new FakeAudioContext();
      contexts.push(context);
      return context;
    };
    bench = new Bench({}, { AudioContext });
    await bench.registered();
  });

  const sounding = () => contexts.flatMap((context) => context.sounding());

  test('a call to us rings until it is answered', async () => {
    const call = await bench.ring();
    assert.equal(sounding().length, 1);
    assert.equal(sounding()[0].loop, true);
    await call.accept();
    assert.equal(sounding().length, 0);
  });

  test('two calls to us ring as one, until both are gone', async () => {
    const first = await bench.ring('CA1');
    await bench.ring('CA2');
    assert.equal(sounding().length, 1);
    first.reject();
    assert.equal(sounding().length, 1);
    bench.gateway.tell('cancel', { callsid: 'CA2' });
    assert.equal(sounding().length, 0);
  });

  test('a call to us during another one knocks', async () => {
    await bench.openCall();
    await bench.ring();
    const [sound] = sounding();
    assert.ok(sound.buffer.duration > 3, 'the waiting tone, not the ringtone');
  });

  test('a call of ours has a ringback until it is answered', async () => {
    const call = await bench.device.connect({ params: { To: 'client:bob' } });
    await settle();
    assert.equal(sounding().length, 0);
    bench.gateway.tell('ringing', { callsid: call.callSid });
    assert.equal(sounding().length, 1);
    bench.gateway.tell('answer', { callsid: call.callSid, sdp: 'answer' });
    await settle();
    assert.equal(sounding().length, 0);
  });

  test('early media takes the place of the ringback when it is heard, and no sooner', async () => {
    const call = await bench.device.connect({ params: { To: 'client:bob' } });
    await settle();
    bench.gateway.tell('ringing', { callsid: call.callSid, sdp: 'early answer' });
    await settle();
    const track = { kind: 'audio', muted: true };
    bench.browser.peer.ontrack({ track, streams: [] });
    assert.equal(sounding().length, 1);
    track.onunmute();
    assert.equal(call.hasEarlyMedia(), true);
    assert.equal(sounding().length, 0);
  });

  test('tones are really in the buffer: 770 and 1336 Hz for a five', () => {
    bench.device.sounds.key('5');
    const { samples, rate } = sounding()[0].buffer;
    const power = (frequency) => {
      let [re, im] = [0, 0];
      samples.forEach((sample, n) => {
        re += sample * Math.cos(2 * Math.PI * frequency * n / rate);
        im += sample * Math.sin(2 * Math.PI * frequency * n / rate);
      });
      return Math.hypot(re, im) / samples.length;
    };
    for (const frequency of [770, 1336]) assert.ok(power(frequency) > 0.02, `${frequency}: ${power(frequency)}`);
    for (const frequency of [697, 852, 941, 1209, 1477]) assert.ok(power(frequency) < 0.01, `${frequency} sounds too`);
  });

  test('no sound is made where none is wished', async () => {
    bench.device.sounds.enabled = false;
    await bench.ring();
    assert.equal(sounding().length, 0);
  });

  test('levels are told while somebody listens, on a decibel scale', async () => {
    const call = await bench.openCall();
    const levels = [];
    call.on('volume', (input, output) => levels.push([input, output]));
    contexts[0].amplitude = 0.1; // -20 dB
    await bench.clock.advance(250);
    assert.equal(levels.length, 2);
    assert.ok(Math.abs(levels[0][0] - 2 / 3) < 0.01, `${levels[0][0]}`);
    call.disconnect();
    await bench.clock.advance(1_000);
    assert.equal(levels.length, 2);
    assert.equal(contexts[0].state, 'closed');
  });

  test('the microphone can be tried outside a call', async () => {
    const { audio } = bench.device;
    const levels = [];
    audio.on('inputVolume', (level) => levels.push(level));
    await audio.startInputMeter();
    await bench.clock.advance(300);
    audio.stopInputMeter();
    await bench.clock.advance(300);
    assert.equal(levels.length, 3);
    assert.equal(bench.browser.media.streams[0].tracks[0].readyState, 'ended');
  });
});
