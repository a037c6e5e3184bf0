// Browsers that have no codec in common hear each other, because the gateway translates; those that have one are left to
// it. The one thing to know: a page here is made to know one codec only, whatever its browser can.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phoneWith, used } from '../lib/one-codec.mjs';
import { connect } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { codecs, hears, missedTenths } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

const set = stage({ browsers: { chromium: 'chromium', chromium2: 'chromium', firefox: 'firefox' } });
const { phone, record } = set;

const metric = async (name) => (await set.gateway.metrics()).get(`callgate_${name}`);

/** A machine that stops for a moment is heard, too: two seconds without a gap come soon, unless gaps are the rule. */
const hearsWithoutGap = (page, frequency) => until(async () => await missedTenths(page, frequency, 2000) === 0, 'a tone without gaps', 15000);

const CODECS = ['opus', 'g722', 'pcmu', 'pcma'];
// Each codec in each browser, against each other codec; who calls takes turns.
const PAIRS = CODECS.flatMap((one) => CODECS.filter((other) => other !== one).map((other) => ['chromium', one, 'firefox', other]))
  .map(([first, one, second, other], index) => (index % 2 ? [second, other, first, one] : [first, one, second, other]));
for (const [first, firstCodec, second, secondCodec] of PAIRS) {
  test(`${first} with ${firstCodec} calls ${second} with ${secondCodec}`, { timeout }, async () => {
    const [a, b] = await Promise.all([phoneWith(set, first, firstCodec), phoneWith(set, second, secondCodec)]);
    const { caller, incoming } = await connect(a, b);
    await bothHear(a, b);
    await bothHearAgain(a, b);
    assert.deepEqual([await codecs(a.page), await codecs(b.page)], [used(firstCodec), used(secondCodec)]);
    assert.equal(await metric('transcoded_legs'), 2);
    await Promise.all([hearsWithoutGap(a.page, b.frequency), hearsWithoutGap(b.page, a.frequency)]);
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect');
    assert.deepEqual(await complaints(a, b), []);
    const { codec, caller_codec: callers, translated } = await record(incoming.parameters.CallSid);
    assert.deepEqual([codec.toLowerCase(), callers.toLowerCase(), translated], [secondCodec, firstCodec, 1]);
    await until(async () => await metric('transcoded_legs') === 0, 'no leg to be translated any more');
  });
}

test('a key pressed in a translated call is heard once', { timeout }, async () => {
  const [a, b] = await Promise.all([phoneWith(set, 'chromium', 'pcmu'), phoneWith(set, 'chromium2', 'opus')]);
  const { caller, callee } = await connect(a, b);
  await bothHear(a, b);
  await a.tell(caller, 'sendDigits', '12');
  await b.tell(callee, 'sendDigits', '#');
  const digits = async (one) => (await one.events()).filter(({ name }) => name === 'call.digits').map((event) => event.digits).join('');
  await until(async () => await digits(b) === '12' && await digits(a) === '#', 'the keys');
  await bothHearAgain(a, b);
  assert.deepEqual([await digits(b), await digits(a)], ['12', '#']);
});

test('those who share a codec are not translated, whatever they like best', { timeout }, async () => {
  const [a, b] = await Promise.all([phoneWith(set, 'chromium', 'pcmu'), phone('chromium2', { codecPreferences: ['opus'] })]);
  const { incoming, caller } = await connect(a, b);
  await bothHear(a, b);
  await bothHearAgain(a, b);
  assert.equal(await metric('transcoded_legs'), 0);
  await hears(a.page, b.frequency);
  await a.tell(caller, 'disconnect');
  const { codec, translated } = await record(incoming.parameters.CallSid);
  assert.deepEqual([codec, translated], ['PCMU', 0]);
});
