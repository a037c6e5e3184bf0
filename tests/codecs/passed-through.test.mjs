// Every codec that is passed through carries a voice from browser to browser, and not only in the descriptions.
// The one thing to know: the codec is what both browsers count packets of, the voice is told by its frequency.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count } from '../lib/netns.mjs';
import { connect } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, MEDIA_PORTS, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { codecs } from '../lib/tone.mjs';

const { phone, record } = stage({ browsers: { chromium: 'chromium', chromium2: 'chromium', firefox: 'firefox' } });

const CALLS = [
  ['chromium', 'chromium2', 'pcma'], ['chromium', 'chromium2', 'pcmu'], ['chromium', 'chromium2', 'g722'],
  ['chromium', 'firefox', 'g722'], ['firefox', 'chromium', 'g722'],
];
for (const [first, second, codec] of CALLS) {
  test(`${first} calls ${second} with ${codec}`, { timeout }, async () => {
    const [a, b] = await Promise.all([phone(first, { codecPreferences: [codec] }), phone(second)]);
    const { caller, incoming } = await connect(a, b);
    await bothHear(a, b);
    await bothHearAgain(a, b);
    const used = { sent: `audio/${codec}`, received: `audio/${codec}` };
    assert.deepEqual([await codecs(a.page), await codecs(b.page)], [used, used]);
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect');
    assert.deepEqual(await complaints(a, b), []);
    assert.equal((await record(incoming.parameters.CallSid)).codec.toLowerCase(), codec);
  });
}

test('Chromium sends every frame twice, in RED, when that is wanted most', { timeout }, async () => {
  // Its statistics speak of the Opus inside. Payload types stand on the wire for all to read: RFC 3550 section 5.1.
  const payloadType = 63; // Chromium's own choice, checked below
  const counter = count(`udp dport ${MEDIA_PORTS} @th,64,2 2 @th,73,7 ${payloadType}`);
  try {
    const [a, b] = await Promise.all([phone('chromium', { codecPreferences: ['red', 'opus'] }), phone('chromium2')]);
    await connect(a, b);
    await bothHear(a, b);
    const local = await a.page.evaluate(() => globalThis.testPeers.at(-1).localDescription.sdp);
    assert.match(local, new RegExp(`^a=rtpmap:${payloadType} red/48000/2`, 'm'));
    const before = counter.read();
    await bothHearAgain(a, b); // fifty packets more at each of the two
    const after = counter.read();
    assert.ok(after.out - before.out >= 90, `${after.out - before.out} packets of RED went out`);
    assert.ok(after.in - before.in >= 100, `${after.in - before.in} packets of RED came in`);
    assert.deepEqual(await complaints(a, b), []);
  } finally {
    counter.remove();
  }
});
