/* callgate.js: what happens to sessions, calls and requests when the socket breaks. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Bench, settle } from './lib/bench.mjs';

let bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.registered();
});
afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

/* The socket breaks and the next one is up. */
async function reconnect() {
  bench.gateway.socket.cut();
  await bench.clock.advance(1_000);
}

describe('a session that is resumed', () => {
  test('names the session and the last message seen, and does not register again', async () => {
    bench.gateway.tell('token.expiring', { in: 30 });
    const { seq } = bench.gateway.session;
    await reconnect();
    assert.deepEqual(bench.gateway.last('listen').payload.resume, { id: 'session-1', epoch: 'epoch-1', seq });
    assert.equal(bench.gateway.of('register').length, 1);
    assert.equal(bench.device.state, 'registered');
    assert.deepEqual(bench.names().slice(-2), ['reconnecting', 'reconnected']);
  });

  test('while it is away the device says so and still wants to be registered', () => {
    bench.gateway.socket.cut();
    assert.deepEqual([bench.device.state, bench.device.connection], ['registering', 'reconnecting']);
  });

  test('what was missed is replayed, once', async () => {
    bench.gateway.socket.alive = false;
    bench.gateway.tell('token.expiring', { in: 9 });
    bench.gateway.tell('token.expiring', { in: 8 });
    bench.gateway.socket.onclose({ code: 1006, reason: '' });
    await bench.clock.advance(1_000);
    const replayed = bench.gateway.session.log.at(-1);
    bench.gateway.socket.say(replayed);
    const seconds = bench.events.filter(([name]) => name === 'tokenWillExpire').map(([, , left]) => left);
    assert.deepEqual(seconds, [9, 8]);
    await reconnect();
    assert.equal(bench.events.filter(([name]) => name === 'tokenWillExpire').length, 2);
  });

  test('an incoming call that came in the gap rings', async () => {
    bench.gateway.socket.alive = false;
    const call = await bench.ring();
    assert.equal(call, undefined);
    bench.gateway.socket.onclose({ code: 1006, reason: '' });
    await bench.clock.advance(1_000);
    assert.equal(bench.device.calls[0].status(), 'pending');
  });

  test('a hang-up that got lost on the way is said again', async () => {
    const call = await bench.openCall();
    bench.gateway.deaf = true;
    call.disconnect();
    await settle();
    assert.equal(bench.gateway.of('hangup').length, 0);
    bench.gateway.deaf = false;
    await reconnect();
    assert.equal(bench.gateway.of('hangup').length, 1);
  });

  test('a hang-up nobody answers is said again over a new socket, long before the heartbeats are missed', async () => {
    const call = await bench.openCall();
    bench.gateway.deaf = true;
    call.disconnect();
    await bench.clock.advance(5_000);
    bench.gateway.deaf = false;
    await bench.clock.advance(1_000);
    assert.equal(bench.gateway.of('hangup').length, 1);
  });

  test('a digit that arrived, but whose answer got lost, is not said again', async () => {
    const call = await bench.openCall();
    bench.browser.peer.senders[0].dtmf.canInsertDTMF = false;
    bench.gateway.on('dtmf', (message) => {
      bench.gateway.socket.alive = false; // the answer will wait for the resume
      bench.gateway.answer(message, {});
    });
    call.sendDigits('7');
    await settle();
    bench.gateway.socket.onclose({ code: 1006, reason: '' });
    await bench.clock.advance(1_000);
    await bench.clock.advance(5_000);
    assert.equal(bench.gateway.of('dtmf').length, 1);
  });

  test('what is asked in the gap goes out afterwards, in order', async () => {
    const call = await bench.openCall();
    bench.gateway.socket.cut();
    call.sendMessage({ content: 'one' });
    call.sendMessage({ content: 'two' });
    call.disconnect();
    await bench.clock.advance(1_000);
    const said = bench.gateway.received.slice(-3).map(({ type, payload }) => [type, payload.content]);
    assert.deepEqual(said, [['message', 'one'], ['message', 'two'], ['hangup', undefined]]);
  });

  test('a call is not disturbed', async () => {
    const call = await bench.openCall();
    const events = bench.watchCall(call);
    await reconnect();
    assert.equal(call.status(), 'open');
    assert.deepEqual(events, []);
    assert.equal(bench.browser.peer.restarts, 0);
  });

  test('a renewal that got lost is made good by the next listen', async () => {
    bench.gateway.deaf = true;
    const renewed = bench.device.updateToken('fresh');
    await settle();
    bench.gateway.deaf = false;
    await reconnect();
    await renewed;
    assert.equal(bench.gateway.last('listen').payload.token, 'fresh');
  });
});

describe('a session that is gone', () => {
  beforeEach(() => bench.gateway.forgetSessions());

  test('is begun anew: register again', async () => {
    await reconnect();
    assert.equal(bench.gateway.of('register').length, 2);
    assert.deepEqual(bench.names().slice(-3), ['reconnecting', 'reconnected', 'registered']);
    await reconnect();
    assert.equal(bench.gateway.last('listen').payload.resume.id, 'session-2');
  });

  test('an open call is taken over with its reconnect token and a new offer', async () => {
    const call = await bench.openCall();
    bench.gateway.forgetSessions();
    await reconnect();
    const invite = bench.gateway.last('invite');
    assert.deepEqual(invite.payload, {
      callsid: call.callSid, reconnect: 'reconnect-1', sdp: 'offer 2', twilio: {},
    });
    bench.gateway.tell('answer', { callsid: call.callSid, sdp: 'answer 2', reconnect: 'reconnect-2' });
    await settle();
    assert.equal(bench.browser.peer.remoteDescription.sdp, 'answer 2');
    assert.equal(call.status(), 'open');
    bench.gateway.forgetSessions();
    await reconnect();
    assert.equal(bench.gateway.last('invite').payload.reconnect, 'reconnect-2');
  });

  test('what a listener asks the moment the connection is back is asked once', async () => {
    const call = await bench.openCall();
    bench.gateway.forgetSessions();
    bench.device.once('reconnected', () => call.sendMessage({ content: 'back' }));
    await reconnect();
    assert.equal(bench.gateway.of('message').length, 1);
  });

  test('a call the gateway no longer knows ends with the reason', async () => {
    const call = await bench.openCall();
    bench.gateway.forgetSessions();
    bench.gateway.on('invite', (message) => bench.gateway.refuse(message, 31209, 'The call is over'));
    await reconnect();
    assert.equal(call.status(), 'closed');
    assert.equal(call.endReason.code, 31209);
  });

  test('an unanswered call of ours ends, a ringing one stops ringing', async () => {
    const outgoing = await bench.device.connect({ params: { To: 'client:bob' } });
    await settle();
    const incoming = await bench.ring();
    const events = bench.watchCall(incoming);
    await reconnect();
    assert.equal(outgoing.endReason.code, 53001);
    assert.equal(incoming.status(), 'closed');
    assert.deepEqual(bench.names(events), ['cancel']);
  });

  test('and when the gateway itself says close, nothing is resumed', async () => {
    bench.gateway.tell('close');
    await bench.clock.advance(1_000);
    assert.deepEqual(bench.gateway.last('listen').payload.resume, {});
    assert.equal(bench.device.state, 'registered');
  });
});

test('a call placed without a connection fails after ten seconds, and nothing is sent later', async () => {
  bench.gateway.unreachable = true;
  bench.gateway.socket.cut();
  const call = await bench.device.connect({ params: { To: 'client:bob' } });
  await bench.clock.advance(11_000);
  assert.equal(call.status(), 'closed');
  assert.equal(call.endReason.code, 53000);
  bench.gateway.unreachable = false;
  await bench.clock.advance(20_000);
  assert.equal(bench.gateway.of('invite').length, 0);
});

test('a call hung up before the connection is back is never placed', async () => {
  bench.gateway.socket.cut();
  const call = await bench.device.connect({ params: { To: 'client:bob' } });
  call.disconnect();
  await bench.clock.advance(5_000);
  assert.equal(bench.device.connection, 'connected');
  assert.equal(bench.gateway.of('invite').length, 0);
});

test('a request nobody answers fails after ten seconds', async () => {
  const call = await bench.openCall();
  bench.gateway.on('hold', () => {});
  const held = call.hold(true);
  for (const wait of [4_000, 4_000, 2_001]) {
    await bench.clock.advance(wait);
    bench.gateway.socket.say('\n');
  }
  assert.equal(bench.gateway.sockets.length, 1);
  await assert.rejects(held, { code: 31003 });
  assert.equal(call.isOnHold(), false);
});
