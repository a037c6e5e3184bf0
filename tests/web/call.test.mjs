/* callgate.js: calls, from invite to hang-up. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Bench, settle } from './lib/bench.mjs';

let bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.registered();
});
afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

async function dial(params = { To: 'client:bob' }) {
  const call = await bench.device.connect({ params });
  const events = bench.watchCall(call);
  await settle();
  return { call, events };
}

describe('a call of ours', () => {
  test('goes from invite over ringing and answer to media', async () => {
    const { call, events } = await dial({ To: 'client:bob', note: 'tea & cake' });
    const { id, payload } = bench.gateway.last('invite');
    assert.match(payload.callsid, /^TJS[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(id, 'it is a request');
    assert.equal(payload.sdp, 'offer 1');
    assert.equal(payload.twilio.params, 'To=client%3Abob&note=tea%20%26%20cake');
    assert.deepEqual(bench.browser.peer.transceiverOptions.direction, 'sendrecv');
    assert.equal(call.status(), 'connecting');
    assert.match(call.callSid, /^CA/);

    bench.gateway.tell('ringing', { callsid: call.callSid });
    assert.equal(call.status(), 'ringing');
    bench.gateway.tell('answer', { callsid: call.callSid, sdp: 'their answer', reconnect: 'r' });
    await settle();
    assert.equal(bench.browser.peer.remoteDescription.sdp, 'their answer');
    assert.equal(call.status(), 'connecting', 'no media yet');
    bench.browser.peer.become('connected');
    assert.equal(call.status(), 'open');
    assert.ok(call.openedAt instanceof Date);
    assert.deepEqual(bench.names(events), ['ringing', 'accept']);
    assert.deepEqual([call.direction, call.parameters.To, call.customParameters.get('note')],
      ['outgoing', 'client:bob', 'tea & cake']);
  });

  test('with early media is heard while it rings, and the answer changes nothing', async () => {
    const { call, events } = await dial();
    bench.gateway.tell('ringing', { callsid: call.callSid });
    assert.equal(call.hasEarlyMedia(), false);
    bench.gateway.tell('ringing', { callsid: call.callSid, sdp: 'early answer' });
    bench.gateway.tell('ringing', { callsid: call.callSid, sdp: 'another one' });
    bench.gateway.tell('answer', { callsid: call.callSid, sdp: 'early answer', reconnect: 'r' });
    await settle();
    assert.equal(bench.browser.peer.remoteDescription.sdp, 'early answer');
    bench.browser.peer.become('connected');
    assert.equal(call.status(), 'open');
    assert.deepEqual(bench.names(events), ['ringing', 'accept']);
  });

  test('early media that cannot be understood ends it', async () => {
    const { call, events } = await dial();
    bench.gateway.tell('ringing', { callsid: call.callSid, sdp: 'bad' });
    await settle();
    assert.deepEqual(bench.names(events), ['ringing', 'error', 'disconnect']);
    assert.equal(call.endReason.code, 53402);
    assert.equal(bench.gateway.of('hangup').length, 1);
  });

  for (const [code, title] of [[31486, 'Busy'], [31603, 'Declined'], [31404, 'Not found'], [31480, 'No answer']]) {
    test(`that ends with ${code} says "${title}"`, async () => {
      const { call, events } = await dial();
      bench.gateway.tell('hangup', { callsid: call.callSid, error: { code, message: 'because' } });
      assert.deepEqual(bench.names(events), ['error', 'disconnect']);
      const [, ended, error] = events[1];
      assert.equal(ended, call);
      assert.deepEqual([error.code, error.title, error.explanation], [code, title, 'because']);
      assert.equal(call.endReason, error);
      assert.equal(bench.gateway.of('hangup').length, 0, 'the gateway knows');
      assert.equal(bench.browser.peer.closed, true);
      assert.equal(bench.device.calls.length, 0);
    });
  }

  test('that the gateway refuses ends with the reason', async () => {
    bench.gateway.on('invite', (message) => bench.gateway.refuse(message, 31201, 'no outgoing grant'));
    const { call } = await dial();
    assert.equal(call.status(), 'closed');
    assert.deepEqual([call.endReason.code, call.endReason.explanation], [31201, 'no outgoing grant']);
  });

  test('hung up before the gateway has named it is hung up by name afterwards', async () => {
    let answer;
    bench.gateway.on('invite', (message) => { answer = () => bench.gateway.answer(message, { callsid: 'CA77' }); });
    const { call } = await dial();
    call.disconnect();
    await settle();
    assert.equal(bench.gateway.of('hangup').length, 0);
    answer();
    await settle();
    assert.equal(bench.gateway.last('hangup').payload.callsid, 'CA77');
  });

  test('is not placed without a microphone', async () => {
    bench.browser.media.refusal = 'NotAllowedError';
    await assert.rejects(bench.device.connect({ params: { To: 'client:bob' } }), { code: 31401 });
    assert.equal(bench.gateway.of('invite').length, 0);
    assert.equal(bench.device.calls.length, 0);
    assert.deepEqual(bench.errors, [31401]);
  });

  test('whose answer cannot be used ends, and the gateway is told', async () => {
    const { call } = await dial();
    bench.gateway.tell('answer', { callsid: call.callSid, sdp: 'bad' });
    await settle();
    assert.equal(call.endReason.code, 53402);
    assert.equal(bench.gateway.last('hangup').payload.callsid, call.callSid);
  });

  test('releases the microphone when it ends', async () => {
    const call = await bench.openCall();
    const [stream] = bench.browser.media.streams;
    const sent = bench.browser.peer.senders[0].track;
    call.disconnect();
    await settle();
    assert.deepEqual([stream.tracks[0].readyState, sent.readyState], ['ended', 'ended']);
    assert.equal(bench.gateway.last('hangup').payload.callsid, call.callSid);
  });
});

describe('a call to us', () => {
  test('rings with its parameters, is answered and opens', async () => {
    const call = await bench.ring();
    const events = bench.watchCall(call);
    assert.equal(bench.events.at(-1)[0], 'incoming');
    assert.equal(call.status(), 'pending');
    assert.deepEqual(call.parameters, { CallSid: 'CA1', From: 'client:bob', To: 'client:alice', AccountSid: 'AC1' });
    assert.deepEqual([...call.customParameters], [['topic', 'tea & cake'], ['n', '1']]);
    assert.equal(bench.browser.peers.length, 0, 'nothing is opened before it is accepted');
    await call.accept();
    assert.deepEqual(bench.gateway.last('answer').payload, { callsid: 'CA1', sdp: 'an answer' });
    assert.equal(bench.browser.peer.remoteDescription.sdp, 'their offer');
    bench.browser.peer.become('connected');
    assert.equal(call.status(), 'open');
    assert.deepEqual(bench.names(events), ['accept']);
  });

  test('is rejected', async () => {
    const call = await bench.ring();
    const events = bench.watchCall(call);
    call.reject();
    await settle();
    assert.deepEqual(bench.gateway.last('reject').payload, { callsid: 'CA1' });
    assert.deepEqual(bench.names(events), ['reject']);
  });

  test('that is ignored goes silent here and nobody hears of it', async () => {
    const call = await bench.ring();
    const before = bench.gateway.received.length;
    call.ignore();
    await settle();
    assert.equal(call.status(), 'closed');
    assert.equal(bench.gateway.received.length, before);
  });

  test('that is cancelled stops ringing', async () => {
    const call = await bench.ring();
    const events = bench.watchCall(call);
    bench.gateway.tell('cancel', { callsid: 'CA1' });
    assert.deepEqual(bench.names(events), ['cancel']);
    await call.accept();
    assert.equal(bench.gateway.of('answer').length, 0);
  });

  test('cancelled while the user is asked for the microphone releases it', async () => {
    const call = await bench.ring();
    const accepting = call.accept();
    bench.gateway.tell('cancel', { callsid: 'CA1' });
    await accepting;
    await settle();
    assert.equal(bench.gateway.of('answer').length, 0);
    assert.equal(bench.browser.media.streams[0].tracks[0].readyState, 'ended');
  });

  test('still rings after the microphone was refused, and can be tried again', async () => {
    const call = await bench.ring();
    const events = bench.watchCall(call);
    bench.browser.media.refusal = 'NotAllowedError';
    await call.accept();
    assert.deepEqual([call.status(), bench.names(events)], ['pending', ['error']]);
    bench.browser.media.refusal = null;
    await call.accept();
    assert.equal(bench.gateway.of('answer').length, 1);
  });

  test('whose answer comes too late ends without another word', async () => {
    const call = await bench.ring();
    bench.gateway.on('answer', (message) => bench.gateway.refuse(message, 31008, 'gone'));
    await call.accept();
    assert.equal(call.status(), 'closed');
    assert.equal(bench.gateway.of('hangup').length, 0);
  });

  test('announced twice is one call', async () => {
    const call = await bench.ring();
    assert.equal(await bench.ring(), call);
    assert.equal(bench.device.calls.length, 1);
  });

  test('accepted twice is answered once', async () => {
    const call = await bench.ring();
    await Promise.all([call.accept(), call.accept()]);
    await call.accept();
    assert.equal(bench.gateway.of('answer').length, 1);
  });
});

describe('two calls', () => {
  test('the second one waits, each has a microphone of its own', async () => {
    const first = await bench.openCall();
    const second = await bench.ring();
    await second.accept();
    assert.equal(bench.browser.media.asked.length, 1, 'the user is asked once');
    const [a, b] = bench.browser.peers.map((peer) => peer.senders[0].track);
    assert.notEqual(a, b);
    first.mute();
    assert.deepEqual([a.enabled, b.enabled], [false, true]);
    first.disconnect();
    await settle();
    assert.deepEqual([a.readyState, b.readyState], ['ended', 'live']);
    assert.deepEqual(bench.device.calls, [second]);
  });

  test('are refused as busy where call waiting is off', async () => {
    const other = new Bench({ allowIncomingWhileBusy: false });
    await other.registered();
    await other.openCall();
    assert.equal(await other.ring(), undefined);
    assert.deepEqual(other.gateway.last('reject').payload, { callsid: 'CA1', reason: 'busy' });
    await other.end();
    bench.clock.install();
  });
});

for (const closeProtection of [true, false]) {
  test(`closing the page during a call asks first: ${closeProtection}`, async () => {
    const other = new Bench({ closeProtection });
    await other.registered();
    const leave = () => {
      const event = new Event('beforeunload', { cancelable: true });
      other.browser.events.dispatchEvent(event);
      return event.defaultPrevented;
    };
    assert.equal(leave(), false, 'there is no call yet');
    await other.openCall();
    assert.equal(leave(), closeProtection);
    await other.end();
    bench.clock.install();
  });
}

describe('transfers', () => {
  let call;
  let events;
  beforeEach(async () => {
    call = await bench.openCall();
    events = bench.watchCall(call);
  });

  test('a transfer is asked for, and its course is told', async () => {
    await call.transfer('client:carol');
    assert.deepEqual(bench.gateway.last('transfer').payload, { callsid: call.callSid, to: 'client:carol' });
    bench.gateway.tell('transfer', { callsid: call.callSid, state: 'ringing' });
    bench.gateway.tell('transfer', { callsid: call.callSid, state: 'failed', error: { code: 31486, message: 'busy' } });
    assert.deepEqual(events.map(([name, state, , error]) => [name, state, error?.code]), [['transfer', 'ringing', undefined], ['transfer', 'failed', 31486]]);
    assert.equal(call.status(), 'open');
  });

  test('a refused transfer leaves everything as it was', async () => {
    bench.gateway.on('transfer', (message) => bench.gateway.refuse(message, 31404));
    await assert.rejects(call.transfer('client:nobody'), { code: 31404 });
    assert.equal(call.status(), 'open');
    assert.deepEqual(events, []);
  });

  test('only another call can be joined', () => {
    assert.throws(() => call.transferTo(call), TypeError);
    assert.throws(() => call.transferTo('client:bob'), TypeError);
  });

  test('whom the call is with changes when the other side was transferred', () => {
    const before = call.party;
    bench.gateway.tell('transferred', { callsid: call.callSid, party: 'client:carol' });
    assert.deepEqual([before, call.party], [call.parameters.To, 'client:carol']);
    assert.deepEqual(events, [['transferred', 'client:carol', call]]);
  });
});

describe('during a call', () => {
  let call;
  let events;
  let track;
  beforeEach(async () => {
    call = await bench.openCall();
    events = bench.watchCall(call);
    track = bench.browser.peer.senders[0].track;
  });

  test('mute silences the microphone and says so once', () => {
    call.mute();
    call.mute(true);
    assert.deepEqual([call.isMuted(), track.enabled], [true, false]);
    call.mute(false);
    assert.deepEqual([call.isMuted(), track.enabled], [false, true]);
    assert.deepEqual(events, [['mute', true, call], ['mute', false, call]]);
  });

  test('hold asks the gateway and silences both directions', async () => {
    await call.hold();
    assert.deepEqual(bench.gateway.last('hold').payload, { callsid: call.callSid, on: true });
    assert.deepEqual([call.isOnHold(), track.enabled, bench.browser.audios[0].muted], [true, false, true]);
    call.mute();
    await call.hold(false);
    assert.equal(track.enabled, false, 'still muted');
    call.mute(false);
    assert.deepEqual([track.enabled, bench.browser.audios[0].muted], [true, false]);
  });

  test('on the way to hold nothing is heard, whatever is done about mute', async () => {
    call.mute();
    bench.gateway.deaf = true;
    const held = call.hold();
    call.mute(false);
    assert.equal(track.enabled, false);
    bench.gateway.deaf = false;
    bench.gateway.answer(bench.gateway.socket.sent.at(-1), {});
    await held;
    await call.hold(false);
    assert.equal(track.enabled, true);
  });

  test('a refused hold leaves everything as it was', async () => {
    bench.gateway.on('hold', (message) => bench.gateway.refuse(message, 31400));
    await assert.rejects(call.hold(), { code: 31400 });
    assert.deepEqual([call.isOnHold(), track.enabled], [false, true]);
    assert.deepEqual(bench.names(events), ['error']);
  });

  test('hold by the other side is told', () => {
    bench.gateway.tell('hold', { callsid: call.callSid, on: true });
    assert.equal(call.isHeldByRemote(), true);
    assert.deepEqual(events, [['hold', true, 'remote', call]]);
  });

  test('digits go by RFC 4733, pauses between them', async () => {
    const { dtmf } = bench.browser.peer.senders[0];
    call.sendDigits('12w#');
    assert.deepEqual(dtmf.inserted, ['12']);
    dtmf.toneBuffer = '';
    await bench.clock.advance(2 * 200 + 500);
    assert.deepEqual(dtmf.inserted, ['12', '#']);
    assert.equal(bench.gateway.of('dtmf').length, 0);
  });

  test('digits pressed while others still sound are put behind them', async () => {
    const { dtmf } = bench.browser.peer.senders[0];
    call.sendDigits('1');
    call.sendDigits('2');
    await bench.clock.advance(200);
    assert.deepEqual(dtmf.inserted, ['1', '12'], 'insertDTMF replaces what has not sounded yet');
  });

  test('digits become messages where the browser cannot send tones', async () => {
    bench.browser.peer.senders[0].dtmf.canInsertDTMF = false;
    call.sendDigits('5a*'.toLowerCase());
    await settle();
    assert.deepEqual(bench.gateway.last('dtmf').payload, { callsid: call.callSid, dtmf: '5A*' });
  });

  test('what is no digit is refused', () => {
    for (const bad of ['', 'x', '1 2', '½', '12e']) assert.throws(() => call.sendDigits(bad), TypeError);
  });

  test('digits of the other side are told', () => {
    bench.gateway.tell('dtmf', { callsid: call.callSid, dtmf: '42' });
    assert.deepEqual(events, [['digits', '42', call]]);
  });

  test('messages go out as they are and are acknowledged', async () => {
    const id = call.sendMessage({ content: { hello: 'bob' } });
    await settle();
    assert.deepEqual(bench.gateway.last('message').payload, {
      callsid: call.callSid, content: { hello: 'bob' }, contenttype: 'application/json',
      messagetype: 'user-defined-message', voiceeventsid: id,
    });
    bench.gateway.tell('ack', { acktype: 'message', callsid: call.callSid, voiceeventsid: id });
    assert.deepEqual(events, [['messageSent', { voiceEventSid: id }, call]]);
  });

  test('a message that is refused is an error of the call', async () => {
    bench.gateway.on('message', (message) => bench.gateway.refuse(message, 31212));
    call.sendMessage({ content: 'too long' });
    await settle();
    assert.deepEqual([events[0][0], events[0][1].code], ['error', 31212]);
  });

  for (const content of [{ a: 1 }, 'no json', '{"a":1}', 7]) {
    test(`a message with ${JSON.stringify(content)} is received as it is`, () => {
      const contentType = 'application/json';
      const wire = { content, contenttype: contentType, messagetype: 'm', voiceeventsid: 'KX1' };
      bench.gateway.tell('message', { callsid: call.callSid, ...wire });
      assert.deepEqual(events[0][1], { content, contentType, messageType: 'm', voiceEventSid: 'KX1' });
    });
  }

  test('the gateway\'s own figures can be asked for', async () => {
    bench.gateway.on('stats', (message) => bench.gateway.answer(message, { packets_received: 7 }));
    const asked = call.serverStats();
    await settle();
    assert.deepEqual(await asked, { packets_received: 7 });
  });

  test('the other side hangs up', () => {
    bench.gateway.tell('hangup', { callsid: call.callSid });
    assert.deepEqual(events, [['disconnect', call]]);
    assert.equal(call.endReason, null);
  });

  test('everything after the end is without effect', async () => {
    call.disconnect();
    await settle();
    const before = bench.gateway.received.length;
    events.length = 0;
    for (const verb of [() => call.disconnect(), () => call.reject(), () => call.ignore(), () => call.mute()]) verb();
    await call.accept();
    await call.hold();
    bench.gateway.tell('hangup', { callsid: call.callSid });
    await settle();
    assert.deepEqual([bench.gateway.received.length, events], [before, []]);
    assert.throws(() => call.sendDigits('1'), { code: 31009 });
  });

});

test('parameters of the invite may be missing', async () => {
  const call = await bench.ring('CA5', null);
  assert.deepEqual([call.parameters, call.customParameters.size], [{ CallSid: 'CA5' }, 0]);
});
