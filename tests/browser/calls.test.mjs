// Two people in real browsers call each other through the gateway, in every pairing, and hear each other.
// The one thing to know: who is heard is proved by frequency, each microphone plays a tone of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reset } from '../lib/netns.mjs';
import { connect, WIDEBAND } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, PORT, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { codecs, hears, hearsNothing, missedTenths, receivesMore, sendsMore } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

const set = stage({
  browsers: { chromium: 'chromium', chromium2: 'chromium', firefox: 'firefox', firefox2: 'firefox' },
});
const { phone, record } = set;

const PAIRS = [['chromium', 'chromium2'], ['firefox', 'firefox2'], ['chromium', 'firefox'], ['firefox', 'chromium']];
for (const [first, second] of PAIRS) {
  for (const ender of ['caller', 'callee']) {
    test(`${first} calls ${second}, they hear each other, and the ${ender} hangs up`, { timeout }, async () => {
      const [a, b] = await Promise.all([phone(first), phone(second)]);
      const { caller, callee, incoming } = await connect(a, b, { Topic: 'ordre n° 7' });
      assert.equal(incoming.parameters.From, `client:${a.identity}`);
      assert.match(incoming.parameters.CallSid, /^CA[0-9a-f]{32}$/);
      assert.equal(incoming.custom.Topic, 'ordre n° 7');
      await bothHear(a, b);
      if (ender === 'caller') {
        await a.tell(caller, 'disconnect');
        await b.wait('call.disconnect');
      } else {
        await b.tell(callee, 'disconnect');
        await a.wait('call.disconnect');
      }
      assert.deepEqual([await a.status(caller), await b.status(callee)], ['closed', 'closed']);
      assert.deepEqual(await complaints(a, b), []);
      assert.ok((await record(incoming.parameters.CallSid)).duration_ms > 0);
    });
  }
}

test('all devices of an identity ring, and when one answers the others stop', { timeout }, async () => {
  const a = await phone('chromium');
  const [b, second] = [await phone('firefox', { identity: 'several' }), await phone('chromium2', { identity: 'several' })];
  const caller = await a.call('client:several');
  const [incoming, ringing] = await Promise.all([b.wait('incoming'), second.wait('incoming')]);
  await b.tell(incoming.call, 'accept');
  await second.wait('call.cancel');
  assert.equal(await second.status(ringing.call), 'closed');
  await a.wait('call.accept');
  await bothHear(a, b);
  await a.tell(caller, 'disconnect');
});

test('the callee refuses, and the caller is told', { timeout }, async () => {
  const [a, b] = [await phone('chromium'), await phone('firefox')];
  await a.call(`client:${b.identity}`);
  const incoming = await b.wait('incoming');
  await b.tell(incoming.call, 'reject');
  const error = await a.wait('call.error');
  assert.equal(error.code, 31603);
});

test('the caller gives up, and it stops ringing', { timeout }, async () => {
  const [a, b] = [await phone('firefox'), await phone('chromium')];
  const caller = await a.call(`client:${b.identity}`);
  await b.wait('incoming');
  await a.wait('call.ringing');
  await a.tell(caller, 'disconnect');
  await b.wait('call.cancel');
});

test('nobody is there: the caller is told at once', { timeout }, async () => {
  const a = await phone('chromium');
  await a.call('client:nobody-at-all');
  assert.equal((await a.wait('call.error', 5000)).code, 31480);
});

test('a token without the outgoing grant cannot call', { timeout }, async () => {
  const identity = 'no-outgoing';
  const a = await phone('chromium', { identity, token: accessToken(identity, { outgoing: false }) });
  await a.call('client:anybody');
  assert.equal((await a.wait('call.error')).code, 31201);
});

test('parameters fixed in the token reach the callee and cannot be overridden', { timeout }, async () => {
  const identity = 'fixed';
  const token = accessToken(identity, { params: { Team: 'blue', Level: '2' } });
  const [a, b] = [await phone('chromium', { identity, token }), await phone('chromium2')];
  await a.call(`client:${b.identity}`, { Team: 'red', Own: 'mine' });
  const incoming = await b.wait('incoming');
  assert.deepEqual({ ...incoming.custom }, { ...incoming.custom, Team: 'blue', Level: '2', Own: 'mine' });
});

for (const [first, second] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
  // Digits go by the clock of the codec: 8000 Hz beside PCMU, which is offered first, and 48000 Hz beside Opus.
  for (const [codec, options] of [['pcmu', {}], ['opus', WIDEBAND]]) {
    test(`${first} sends digits to ${second} beside ${codec}`, { timeout }, async () => {
      const [a, b] = await Promise.all([phone(first, options), phone(second)]);
      const { caller, callee } = await connect(a, b);
      await a.tell(caller, 'sendDigits', '12#');
      const digits = async () => (await b.events()).filter(({ name }) => name === 'call.digits').map((event) => event.digits).join('');
      await until(async () => (await digits()).length >= 3, 'three digits');
      await a.tell(caller, 'sendDigits', '*0');
      await until(async () => (await digits()).length >= 5, 'two more digits');
      assert.equal(await digits(), '12#*0');
      assert.equal(await b.status(callee), 'open');
      await bothHear(a, b);
      const used = { sent: `audio/${codec}`, received: `audio/${codec}` };
      assert.deepEqual([await codecs(a.page), await codecs(b.page)], [used, used]);
    });
  }

  test(`${first} holds and resumes, mutes and unmutes towards ${second}`, { timeout }, async () => {
    const [a, b] = await Promise.all([phone(first), phone(second)]);
    const { caller } = await connect(a, b);
    await bothHear(a, b);
    await a.tell(caller, 'hold', true);
    assert.equal((await b.wait('call.hold')).on, true);
    await Promise.all([hearsNothing(a.page), hearsNothing(b.page)]);
    await a.tell(caller, 'hold', false);
    assert.equal((await b.wait('call.hold')).on, false);
    await bothHear(a, b);
    await a.tell(caller, 'mute', true);
    await hearsNothing(b.page);
    await hears(a.page, b.frequency);
    await a.tell(caller, 'mute', false);
    await bothHear(a, b);
    assert.deepEqual(await complaints(a, b), []);
  });

  test(`${first} holds with its microphone open: it is the gateway that lets nothing through to ${second}`, { timeout }, async () => {
    const [a, b] = await Promise.all([phone(first), phone(second)]);
    const { caller } = await connect(a, b);
    await bothHear(a, b);
    await a.tell(caller, 'hold', true);
    assert.equal((await b.wait('call.hold')).on, true);
    // callgate.js closes the microphone as well: open it behind its back, as a client would that only asks to hold.
    assert.ok(await a.page.evaluate(() => {
      const { track } = globalThis.testPeers.at(-1).getSenders().find((sender) => sender.track?.kind === 'audio');
      const wasOpen = track.enabled;
      track.enabled = true;
      return !wasOpen;
    }), 'the microphone was closed');
    await Promise.all([sendsMore(a.page), sendsMore(b.page)]);
    await Promise.all([hearsNothing(a.page), hearsNothing(b.page)]);
    await a.tell(caller, 'hold', false);
    await bothHear(a, b);
  });

  test(`${first} restarts ICE in a call with ${second}`, { timeout }, async () => {
    const [a, b] = await Promise.all([phone(first), phone(second)]);
    await connect(a, b);
    await bothHear(a, b);
    const ufrags = () => a.page.evaluate(() => {
      const { localDescription, remoteDescription } = globalThis.testPeers.at(-1);
      return [localDescription, remoteDescription].map(({ sdp }) => /a=ice-ufrag:(\S+)/.exec(sdp)[1]);
    });
    const [local, remote] = await ufrags();
    const listening = missedTenths(b.page, a.frequency, 4000);
    await a.page.evaluate(() => globalThis.dispatchEvent(new Event('online'))); // what a changed network tells the client
    await until(async () => { const [l, r] = await ufrags(); return l !== local && r !== remote; }, 'new credentials on both sides');
    assert.ok(await listening <= 2, 'the old path serves until the new one is nominated');
    await bothHear(a, b);
    assert.deepEqual(await complaints(a, b), []);
  });

  test(`the WebSockets of ${first} and ${second} break for 10 s: media goes on, and both resume`, { timeout }, async () => {
    const [a, b] = await Promise.all([phone(first), phone(second)]);
    const { caller, callee, incoming } = await connect(a, b);
    await bothHear(a, b);
    const resumes = async () => (await set.gateway.metrics()).get('callgate_resumes_total');
    const before = await resumes();
    const restore = reset(`tcp dport ${PORT}`);
    try {
      await Promise.all([a.wait('reconnecting'), b.wait('reconnecting')]);
      // Broken now, and it stays so: every attempt to come back is reset. Packets are counted as well as heard.
      const missed = await Promise.all([
        missedTenths(a.page, b.frequency, 10000), missedTenths(b.page, a.frequency, 10000),
        receivesMore(a.page, 10000, 400), receivesMore(b.page, 10000, 400)]);
      assert.ok(missed.slice(0, 2).every((tenths) => tenths <= 2), `tenths of a second without tone: ${missed}`);
      assert.deepEqual([await a.told('reconnected'), await b.told('reconnected'), await resumes()], [false, false, before]);
    } finally {
      restore();
    }
    await Promise.all([a.wait('reconnected', 30000), b.wait('reconnected', 30000)]);
    assert.equal(await resumes(), before + 2);
    assert.deepEqual([await a.status(caller), await b.status(callee)], ['open', 'open']);
    assert.deepEqual([await a.state(), await b.state()], ['registered', 'registered']);
    await bothHearAgain(a, b);
    // Back and able to act: a digit goes through and the hang-up arrives.
    await a.tell(caller, 'sendDigits', '5');
    assert.equal((await b.wait('call.digits')).digits, '5');
    await b.tell(callee, 'disconnect');
    await a.wait('call.disconnect');
    assert.equal((await record(incoming.parameters.CallSid)).reason, 'callee_hangup');
    assert.deepEqual([await a.told('error'), await b.told('error')], [false, false]); // pages do complain, of their sockets
  });
}
