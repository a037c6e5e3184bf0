// A browser and a real phone (baresip) call each other through a trunk, and hear each other.
// The one thing to know: who is heard is proved by frequency on both sides; nothing is transcoded, they share PCMU.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Baresip } from '../lib/baresip.mjs';
import { HoldingPhone } from '../lib/holding-phone.mjs';
import { BROWSER_ADDRESSES, GW_ADDRESS } from '../lib/netns.mjs';
import { description, expect, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { ACCOUNT } from '../lib/tokens.mjs';
import { hears, hearsNothing } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

const [PHONE, SECURE_PHONE] = BROWSER_ADDRESSES;
const [TONE, NUMBER] = [520, '+15551234567'];
const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox' },
  config: {
    sip: { listen: GW_ADDRESS, port: 5060 },
    'trunk phone': { account: ACCOUNT, hosts: `${PHONE}:5070`, prefixes: '+1', inbound: 'client:desk' },
    'trunk secure': { account: ACCOUNT, hosts: `${SECURE_PHONE}:5070`, prefixes: '+44', inbound: 'client:desk', srtp: 'required' },
  },
});

const KINDS = ['chromium', 'firefox'];

const bothHear = (browser, phone) => Promise.all([hears(browser.page, TONE), phone.hears(browser.frequency)]);

for (const kind of KINDS) {
  test(`${kind} calls the phone`, { timeout }, async (t) => {
    const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
    const browser = await set.phone(kind);
    const call = await browser.call(NUMBER);
    await browser.wait('call.accept');
    await bothHear(browser, phone);
    await browser.tell(call, 'disconnect');
    await phone.says(/terminated|closed/);
    assert.deepEqual(await complaints(browser), []);
  });
}

for (const kind of KINDS) {
  test(`the phone calls ${kind}, and hangs up`, { timeout }, async (t) => {
    const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
    const browser = await set.phone(kind, { identity: 'desk' });
    phone.dial(`sip:+15550001111@${GW_ADDRESS}:5060`);
    const incoming = await browser.wait('incoming');
    assert.equal(incoming.custom.Called, '+15550001111');
    assert.equal(incoming.parameters.From, NUMBER);
    await browser.tell(incoming.call, 'accept');
    await bothHear(browser, phone);
    phone.tell('/hangup');
    await browser.wait('call.disconnect');
    assert.deepEqual(await complaints(browser), []);
  });
}

const SECURE = { address: SECURE_PHONE, user: '+447700900123', tone: TONE, encryption: 'srtp-mand' };

for (const kind of KINDS) {
  test(`${kind} calls a phone that takes SRTP only`, { timeout }, async (t) => {
    const phone = await Baresip.start(t, SECURE);
    const browser = await set.phone(kind);
    const call = await browser.call(SECURE.user);
    await browser.wait('call.accept');
    await phone.says(/SRTP is Enabled/);
    await bothHear(browser, phone);
    await browser.tell(call, 'disconnect');
    await phone.says(/terminated|closed/);
    assert.deepEqual(await complaints(browser), []);
  });
}

for (const kind of KINDS) {
  test(`a phone with SRTP calls ${kind}`, { timeout }, async (t) => {
    const phone = await Baresip.start(t, SECURE);
    const browser = await set.phone(kind, { identity: 'desk' });
    phone.dial(`sip:+15550001111@${GW_ADDRESS}:5060`);
    const incoming = await browser.wait('incoming');
    await browser.tell(incoming.call, 'accept');
    await bothHear(browser, phone);
    phone.tell('/hangup');
    await browser.wait('call.disconnect');
    assert.deepEqual(await complaints(browser), []);
  });
}

for (const kind of KINDS) {
  test(`${kind} hears the phone before it answers`, { timeout }, async (t) => {
    const media = await RtpSocket.open(t, PHONE);
    const sdp = description(media.port, { address: PHONE });
    const phone = await Sipp.called(t, [expect('INVITE'), reply('183 Session Progress', { first: true, sdp }), expect('CANCEL'), reply('200 OK')],
      { port: 5070, address: PHONE });
    const browser = await set.phone(kind);
    const call = await browser.call(NUMBER);
    await browser.wait('call.ringing');
    media.talk(mediaPort(phone.messages, media.port), { tone: TONE, address: GW_ADDRESS });
    await hears(browser.page, TONE);
    assert.equal(await browser.status(call), 'ringing');
    assert.equal(await browser.page.evaluate((n) => globalThis.phone.calls[n].hasEarlyMedia(), call), true, 'no ringback of its own');
    await browser.tell(call, 'disconnect');
    await phone.finished();
    assert.deepEqual(await complaints(browser), []);
  });
}

for (const kind of KINDS) {
  test(`keys between ${kind} and a phone, each once`, { timeout }, async (t) => {
    const media = await RtpSocket.open(t, PHONE);
    const phone = await Sipp.called(t, [expect('INVITE'), reply('200 OK', { first: true, sdp: description(media.port, { address: PHONE }) }), expect('ACK'),
      expect('BYE'), reply('200 OK')], { port: 5070, address: PHONE });
    const browser = await set.phone(kind);
    const call = await browser.call(NUMBER);
    await browser.wait('call.accept');
    const port = mediaPort(phone.messages, media.port);
    media.talk(port, { tone: TONE, address: GW_ADDRESS });
    await hears(browser.page, TONE);
    for (const code of [1, 1, 11]) {
      media.press(port, code, { address: GW_ADDRESS });
      assert.equal((await browser.wait('call.digits')).digits, '0123456789*#'[code]);
    }
    await browser.tell(call, 'sendDigits', '2*2');
    await until(() => media.keys.length >= 3, 'keys at the phone');
    await browser.tell(call, 'disconnect');
    await phone.finished();
    assert.deepEqual(media.keys, [2, 10, 2]);
    assert.equal((await browser.events()).filter(({ name }) => name === 'call.digits').length, 3);
    assert.deepEqual(await complaints(browser), []);
  });
}

for (const kind of KINDS) {
  test(`a phone holds ${kind}, where there is no music: silence, then each other again`, { timeout }, async (t) => {
    const phone = await HoldingPhone.start(t, { address: PHONE, tone: TONE, changes: 2 });
    const browser = await set.phone(kind);
    const call = await browser.call(NUMBER);
    await browser.wait('call.accept');
    await phone.bothHear(browser);
    await phone.turn('inactive');
    assert.equal((await browser.wait('call.hold')).on, true);
    await hearsNothing(browser.page);
    await phone.getsNothing(browser);
    assert.equal(await browser.status(call), 'open');
    await phone.turn('sendrecv');
    assert.equal((await browser.wait('call.hold')).on, false);
    await phone.bothHear(browser);
    await browser.tell(call, 'disconnect');
    await phone.finished();
    assert.deepEqual(await complaints(browser), []);
  });
}
