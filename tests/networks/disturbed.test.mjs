// Calls over a trunk whose network is uneven: packets late by chance, out of their order, twice. They stay up, what is said
// comes through, and a key is one key. The one thing to know: the phone is a datagram socket behind tests/lib/rough-network.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysIn, tonesOf } from '../lib/keys.mjs';
import { BROWSER_ADDRESSES, GW_ADDRESS } from '../lib/netns.mjs';
import { phoneWith } from '../lib/one-codec.mjs';
import { RoughNetwork } from '../lib/rough-network.mjs';
import { description, expect, expectInvite, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { ACCOUNT } from '../lib/tokens.mjs';
import { codecs, hears, missedTenths, receivesMore } from '../lib/tone.mjs';
import { play, shareHeard } from '../lib/trunk-quality.mjs';
import { until } from '../lib/wait.mjs';

const [PHONE] = BROWSER_ADDRESSES;
const [TONE, NUMBER, KEYS] = [520, '+15551234567', ['5', '5', '0', '#']];
const SECONDS = 5;
const set = stage({
  browsers: { chromium: 'chromium' },
  config: {
    sip: { listen: GW_ADDRESS, port: 5060 },
    'trunk phone': { account: ACCOUNT, hosts: `${PHONE}:5070`, prefixes: '+1' },
    'trunk tones': { account: ACCOUNT, hosts: `${PHONE}:5071`, prefixes: '+44', dtmf: 'inband' },
  },
});

/** A call of a browser that speaks `codec` to a phone behind `rough`: {browser, call, phone, sipp, network}. */
async function talk(t, codec, rough, { number = NUMBER, port = 5070 } = {}) {
  const phone = await RtpSocket.open(t, PHONE);
  const network = await RoughNetwork.open(t, phone, { address: PHONE, gateway: GW_ADDRESS, ...rough });
  const sipp = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: description(network.port, { address: PHONE }) }), expect('ACK'),
    expect('BYE'), reply('200 OK')], { port, address: PHONE, seconds: 60 });
  const browser = await phoneWith(set, 'chromium', codec); // the phone speaks PCMU: it decides what is translated
  const call = await browser.call(number);
  await browser.wait('call.accept');
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  network.towards(mediaPort(sipp.messages, network.port));
  phone.talk(network.inside, { tone: TONE, address: PHONE });
  await hears(browser.page, TONE);
  assert.equal((await codecs(browser.page)).sent, `audio/${codec}`);
  return { browser, call, phone, sipp, network };
}

async function hangUp({ browser, call, sipp }) {
  await receivesMore(browser.page, 15000, 100); // it is still up
  await browser.tell(call, 'disconnect');
  await sipp.finished();
  assert.deepEqual(await complaints(browser), []);
}

const digitsOf = async ({ browser }) => (await browser.events()).filter(({ name }) => name === 'call.digits').map(({ digits }) => digits).join('');

const NETWORKS = {
  '50 ms of jitter': { jitter: 50 },
  'one packet in ten overtaken': { jitter: 5, reorder: 0.1 },
  'one packet in ten twice': { jitter: 5, duplicate: 0.1 },
  'all of it': { jitter: 50, reorder: 0.05, duplicate: 0.05 },
};

for (const [name, rough] of Object.entries(NETWORKS)) {
  for (const codec of ['pcmu', 'opus']) {
    test(`${name}, the browser speaks ${codec}`, { timeout }, async (t) => {
      const made = await talk(t, codec, rough);
      const { browser, call, phone, network } = made;
      phone.received.length = 0;
      const missed = await missedTenths(browser.page, TONE, SECONDS * 1000);
      const scores = { browser: 1 - missed / (SECONDS * 10), phone: shareHeard(play(phone.received), browser.frequency) };
      t.diagnostic(`${name}, ${codec}: heard at the browser ${scores.browser.toFixed(2)}, at the phone ${scores.phone.toFixed(2)} ${JSON.stringify(network.counts)}`);
      if (rough.duplicate) assert.ok(network.counts.doubled > 10);
      if (rough.reorder || rough.jitter > 20) assert.ok(network.counts.overtaken > 10);
      assert.ok(Math.min(scores.browser, scores.phone) >= 0.95, JSON.stringify(scores));
      for (const key of KEYS) {
        const before = (await digitsOf(made)).length;
        phone.press(network.inside, '0123456789*#'.indexOf(key), { address: PHONE });
        await until(async () => (await digitsOf(made)).length > before, `${key} at the browser`);
      }
      await browser.tell(call, 'sendDigits', KEYS.join(''));
      await until(() => phone.keys.length >= KEYS.length, 'keys at the phone');
      await hangUp(made);
      assert.equal(await digitsOf(made), KEYS.join(''));
      assert.deepEqual(phone.keys.map((code) => '0123456789*#'[code]), KEYS);
    });
  }
}

test('keys as tones through jitter and doubled packets', { timeout }, async (t) => {
  const made = await talk(t, 'pcmu', { jitter: 50, duplicate: 0.05 }, { number: '+447700900123', port: 5071 });
  const { browser, call, phone, network } = made;
  await phone.say(network.inside, KEYS.flatMap(tonesOf), { address: PHONE });
  await until(async () => (await digitsOf(made)).length >= KEYS.length, 'keys at the browser').catch(async (error) => { throw new Error(`${error.message}: ${await digitsOf(made)}`); });
  phone.received.length = 0;
  await browser.tell(call, 'sendDigits', KEYS.join(''));
  const heard = () => {
    const samples = play(phone.received);
    return keysIn(Array.from({ length: Math.floor(samples.length / 160) }, (_, i) => samples.subarray(160 * i, 160 * (i + 1))), (sample) => sample);
  };
  await until(() => heard().length >= KEYS.length, 'keys at the phone');
  await hangUp(made);
  assert.equal(await digitsOf(made), KEYS.join(''));
  assert.equal(heard(), KEYS.join(''));
});
