// Calls over a trunk whose network loses packets of media: they stay up, and what is said comes through.
// The one thing to know: nft drops by chance, where packets arrive, and the phone's media only, so the browser's own network is a good one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Baresip } from '../lib/baresip.mjs';
import { BROWSER_ADDRESSES, GW_ADDRESS, lose } from '../lib/netns.mjs';
import { phoneWith } from '../lib/one-codec.mjs';
import { complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { ACCOUNT } from '../lib/tokens.mjs';
import { codecs, hears, missedTenths, receivesMore } from '../lib/tone.mjs';
import { shareHeard } from '../lib/trunk-quality.mjs';
import { until } from '../lib/wait.mjs';

const [PHONE] = BROWSER_ADDRESSES;
const [TONE, NUMBER] = [520, '+15551234567'];
const SECONDS = 6;
const set = stage({
  browsers: { chromium: 'chromium' },
  config: {
    sip: { listen: GW_ADDRESS, port: 5060 },
    'trunk phone': { account: ACCOUNT, hosts: `${PHONE}:5070`, prefixes: '+1' },
  },
});

const lost = async () => (await set.gateway.metrics()).get('callgate_media_packets_lost_total');

const CASES = [[1, 'pcmu', 0.95], [5, 'pcmu', 0.9], [10, 'pcmu', 0.85], [5, 'opus', 0.9], [10, 'opus', 0.85]];
for (const [percent, codec, floor] of CASES) {
  test(`${percent} % of packets lost each way, the browser speaks ${codec}`, { timeout }, async (t) => {
    const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
    const browser = await phoneWith(set, 'chromium', codec); // the phone speaks PCMU: it decides what is translated
    const call = await browser.call(NUMBER);
    await browser.wait('call.accept');
    await hears(browser.page, TONE);
    assert.equal((await codecs(browser.page)).sent, `audio/${codec}`);
    const before = await lost();
    t.after(lose('udp sport 31000-31100', percent)); // baresip's ports for media
    const missed = await missedTenths(browser.page, TONE, SECONDS * 1000);
    await receivesMore(browser.page, 15000, 100); // it is still up
    await browser.tell(call, 'disconnect');
    await phone.says(/terminated|closed/);
    if (percent > 1) await until(async () => await lost() > before, 'losses that the gateway counts'); // with 1 % there may be none
    const samples = phone.heard();
    const scores = { browser: 1 - missed / (SECONDS * 10), phone: shareHeard(samples.subarray(-(SECONDS - 1) * 8000), browser.frequency) };
    t.diagnostic(`${percent} % lost, ${codec}: heard at the browser ${scores.browser.toFixed(2)}, at the phone ${scores.phone.toFixed(2)}`);
    assert.ok(Math.min(scores.browser, scores.phone) >= floor, JSON.stringify(scores));
    assert.deepEqual(await complaints(browser), []);
  });
}
