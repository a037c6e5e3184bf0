// Music on hold in real browsers, and a real phone that gets it.
// The one thing to know: the music is a tone of its own, so each hears who is there, or it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Baresip } from '../lib/baresip.mjs';
import { HoldingPhone } from '../lib/holding-phone.mjs';
import { BROWSER_ADDRESSES, count, GW_ADDRESS } from '../lib/netns.mjs';
import { connect, WIDEBAND } from '../lib/phone.mjs';
import { bothHear, complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { ACCOUNT } from '../lib/tokens.mjs';
import { hears, hearsNothing, receivesMore, sendsMore, writeTone } from '../lib/tone.mjs';

const [PHONE] = BROWSER_ADDRESSES;
const [MUSIC, TONE, NUMBER] = [500, 900, '+15551234567'];
const directory = mkdtempSync(join(tmpdir(), 'callgate-music-'));
test.after(() => rmSync(directory, { recursive: true }));
const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox', chromium2: 'chromium' },
  config: {
    media: { workers: 2, hold_music: writeTone(join(directory, 'music.wav'), MUSIC, { seconds: 3, rate: 44100 }) },
    sip: { listen: GW_ADDRESS, port: 5060 },
    'trunk phone': { account: ACCOUNT, hosts: `${PHONE}:5070`, prefixes: '+1' },
  },
});

for (const [first, second] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
  test(`${first} holds: ${second} hears the music, and ${first} nothing`, { timeout }, async () => {
    const [a, b] = [await set.phone(first, WIDEBAND), await set.phone(second)];
    const { caller } = await connect(a, b);
    await bothHear(a, b);
    await a.tell(caller, 'hold', true);
    assert.equal((await b.wait('call.hold')).on, true);
    await hears(b.page, MUSIC);
    await receivesMore(b.page);
    await hearsNothing(a.page);
    await a.tell(caller, 'hold', false);
    assert.equal((await b.wait('call.hold')).on, false);
    await bothHear(a, b);
    assert.deepEqual(await complaints(a, b), []);
  });
}

test('who is transferred hears the music until the destination answers', { timeout }, async () => {
  const [a, b, c] = [await set.phone('chromium', WIDEBAND), await set.phone('firefox'), await set.phone('chromium2')];
  const { callee } = await connect(a, b);
  await bothHear(a, b);
  await b.tell(callee, 'transfer', `client:${c.identity}`);
  const incoming = await c.wait('incoming');
  await hears(a.page, MUSIC);
  await c.tell(incoming.call, 'accept');
  await b.wait('call.disconnect');
  await bothHear(a, c);
  assert.deepEqual(await complaints(a, b, c), []);
});

// What the phone heard is not in its recording, which ends where it is offered another direction: see tests/sip.
test('a browser holds a real phone, with the music, and hears it again', { timeout }, async (t) => {
  const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
  const a = await set.phone('chromium');
  const caller = await a.call(NUMBER);
  await a.wait('call.accept');
  await hears(a.page, TONE);
  await a.tell(caller, 'hold', true);
  await hearsNothing(a.page);
  await a.tell(caller, 'hold', false);
  await hears(a.page, TONE);
  await a.tell(caller, 'disconnect');
  await phone.says(/terminated|closed/);
  assert.deepEqual(await complaints(a), []);
});

for (const kind of ['chromium', 'firefox']) {
  test(`a phone holds ${kind}, with a tone of its own and without one`, { timeout }, async (t) => {
    const phone = await HoldingPhone.start(t, { address: PHONE, tone: TONE, changes: 4 });
    const a = await set.phone(kind);
    const caller = await a.call(NUMBER);
    await a.wait('call.accept');
    await phone.bothHear(a);
    for (const [direction, heard] of [['sendonly', TONE], ['inactive', MUSIC]]) {
      await phone.turn(direction);
      const { on, by } = await a.wait('call.hold');
      assert.deepEqual([on, by], [true, 'remote']);
      await receivesMore(a.page);
      await hears(a.page, heard);
      await phone.getsNothing(a);
      await phone.turn('sendrecv');
      assert.equal((await a.wait('call.hold')).on, false);
      await phone.bothHear(a);
    }
    await a.tell(caller, 'disconnect');
    await phone.finished();
    assert.deepEqual(await complaints(a), []);
  });
}

// What it hears is counted, for the same reason. baresip says "sendonly", and then nothing.
test('a real phone holds a browser by its key, and resumes', { timeout }, async (t) => {
  const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
  const a = await set.phone('chromium');
  const caller = await a.call(NUMBER);
  await a.wait('call.accept');
  await Promise.all([hears(a.page, TONE), phone.hears(a.frequency)]);
  const counter = count('udp sport 31000-31100'); // its ports for media
  t.after(() => counter.remove());
  const grows = async () => {
    const before = counter.read().in;
    await sendsMore(a.page);
    return counter.read().in - before;
  };
  phone.tell('/hold');
  assert.equal((await a.wait('call.hold')).on, true);
  await sendsMore(a.page, 10000, 10); // what was on its way arrives
  assert.ok(await grows() <= 2, 'reports of RTCP only');
  await hearsNothing(a.page);
  phone.tell('/resume');
  assert.equal((await a.wait('call.hold')).on, false);
  await receivesMore(a.page);
  await hears(a.page, TONE);
  assert.ok(await grows() >= 40, 'the browser is sent to it again');
  await a.tell(caller, 'disconnect');
  await phone.says(/terminated|closed/);
  assert.deepEqual(await complaints(a), []);
});
