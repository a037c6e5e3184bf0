// Browsers with each codec and phones (baresip) with each codec call each other, and both are heard.
// The one thing to know: a pair that shares its codec passes through, every other one is translated; the call's record says
// which of the two it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Baresip } from '../lib/baresip.mjs';
import { BROWSER_ADDRESSES, GW_ADDRESS } from '../lib/netns.mjs';
import { phoneWith, used } from '../lib/one-codec.mjs';
import { complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { ACCOUNT } from '../lib/tokens.mjs';
import { codecs, hears } from '../lib/tone.mjs';

const CODECS = ['opus', 'g722', 'pcmu', 'pcma'];
const DESK = '+15550001111';
// Each browser has a phone of its own to talk with, so that both talk at once.
const SEATS = {
  chromium: { address: BROWSER_ADDRESSES[0], prefix: '+1555000', tone: 520 },
  firefox: { address: BROWSER_ADDRESSES[1], prefix: '+44770090', tone: 760 },
};
const trunk = ([who, { address, prefix }]) => [`trunk ${who}`, { account: ACCOUNT, hosts: `${address}:5070`, prefixes: prefix, inbound: `client:${who}` }];
const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox' },
  config: { sip: { listen: GW_ADDRESS, port: 5060 }, ...Object.fromEntries(Object.entries(SEATS).map(trunk)) },
});

/** Who of this seat talks with whom: a browser, and a phone with a number for each codec. */
async function sit(t, who, open) {
  const { address, prefix, tone } = SEATS[who];
  const numbers = Object.fromEntries(CODECS.map((codec, index) => [`${prefix}${1000 + index}`, codec]));
  const [phone, browser] = await Promise.all([Baresip.start(t, { address, numbers, tone }), open(who, { identity: who })]);
  return { phone, browser, numbers, tone };
}

/** Both hear each other; the browser hangs up: the record of the call. */
async function talk({ phone, browser, tone }, call) {
  await Promise.all([hears(browser.page, tone), phone.hears(browser.frequency)]);
  const spoken = await codecs(browser.page);
  const sid = await browser.page.evaluate((n) => globalThis.phone.calls[n].parameters.CallSid, call);
  await browser.tell(call, 'disconnect');
  return { ...await set.record(sid), spoken };
}

async function callPhone(seat, number) {
  const call = await seat.browser.call(number);
  await seat.browser.wait('call.accept');
  const { caller_codec: own, codec: theirs, ...rest } = await talk(seat, call);
  return { own, theirs, ...rest };
}

async function callBrowser(seat, number) {
  seat.phone.dial(`sip:${DESK}@${GW_ADDRESS}:5060`, number);
  const incoming = await seat.browser.wait('incoming');
  assert.equal(incoming.parameters.From, number);
  await seat.browser.tell(incoming.call, 'accept');
  await seat.browser.wait('call.accept');
  const { codec: own, caller_codec: theirs, ...rest } = await talk(seat, incoming.call);
  return { own, theirs, ...rest };
}

/** Calls in this direction with every codec of the phone; `codec`: the browser's, or undefined if it has them all. */
async function meetAll(seat, place, codec) {
  for (const [number, theirs] of Object.entries(seat.numbers)) {
    const own = codec ?? theirs;
    const record = await place(seat, number);
    const { spoken, translated } = record;
    assert.deepEqual({ own: record.own.toLowerCase(), theirs: record.theirs.toLowerCase(), spoken, translated },
      { own, theirs, spoken: used(own), translated: own === theirs ? 0 : 1 }, `${place.name} of ${seat.browser.identity}, with ${theirs}`);
  }
}

/** In both browsers at the same time, calls in both directions. */
const everywhere = (t, open, codec) => Promise.all(Object.keys(SEATS).map(async (who) => {
  const seat = await sit(t, who, open);
  await meetAll(seat, callPhone, codec);
  await meetAll(seat, callBrowser, codec);
  assert.deepEqual(await complaints(seat.browser), []);
}));

for (const codec of CODECS) {
  test(`browsers with ${codec} and phones with every codec`, { timeout }, (t) => (
    everywhere(t, (who, options) => phoneWith(set, who, codec, options), codec)));
}

test('browsers that have all codecs speak the one of the phone: nothing is translated', { timeout }, (t) => everywhere(t, set.phone));
