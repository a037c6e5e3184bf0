// Browsers that have no codec in common hear each other, because the gateway translates; those that have one are left to
// it. The one thing to know: a page here is made to know one codec only, whatever its browser can.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { codecs, hears, missedTenths } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

const set = stage({ browsers: { chromium: 'chromium', chromium2: 'chromium', firefox: 'firefox' } });
const { phone, record } = set;

// In the page: it offers one codec and telephone events only, and of an offer it sees no more than that.
function forgetOtherCodecs(name) {
  const { setCodecPreferences } = RTCRtpTransceiver.prototype;
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  const kept = [name, 'telephone-event'];
  RTCRtpTransceiver.prototype.setCodecPreferences = function prefer(list) {
    setCodecPreferences.call(this, list.filter(({ mimeType }) => kept.includes(mimeType.toLowerCase().slice('audio/'.length))));
  };
  const strip = (sdp) => {
    const known = [...sdp.matchAll(/^a=rtpmap:(\d+) ([^/]+)/gm)].filter(([, , codec]) => kept.includes(codec.toLowerCase())).map(([, number]) => number);
    return sdp.replace(/^(m=audio \d+ \S+) .*$/m, `$1 ${known.join(' ')}`)
      .replace(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) .*\r\n/gm, (line, number) => (known.includes(number) ? line : ''));
  };
  RTCPeerConnection.prototype.setRemoteDescription = function read(description) {
    const offer = description.type === 'offer';
    return setRemoteDescription.call(this, offer ? { type: 'offer', sdp: strip(description.sdp) } : description);
  };
}

/** A phone that knows this codec only. */
async function phoneWith(who, codec) {
  const one = await phone(who, { codecPreferences: [codec] });
  await one.page.evaluate(forgetOtherCodecs, codec);
  return one;
}

const metric = async (name) => (await set.gateway.metrics()).get(`callgate_${name}`);
const used = (codec) => ({ sent: `audio/${codec}`, received: `audio/${codec}` });

const PAIRS = [
  ['chromium', 'pcmu', 'chromium2', 'opus'],
  ['chromium', 'opus', 'firefox', 'pcmu'],
  ['firefox', 'opus', 'chromium', 'g722'],
  ['chromium', 'pcma', 'chromium2', 'g722'],
];
for (const [first, firstCodec, second, secondCodec] of PAIRS) {
  test(`${first} with ${firstCodec} calls ${second} with ${secondCodec}`, { timeout }, async () => {
    const [a, b] = await Promise.all([phoneWith(first, firstCodec), phoneWith(second, secondCodec)]);
    const { caller, incoming } = await connect(a, b);
    await bothHear(a, b);
    await bothHearAgain(a, b);
    assert.deepEqual([await codecs(a.page), await codecs(b.page)], [used(firstCodec), used(secondCodec)]);
    assert.equal(await metric('transcoded_legs'), 2);
    assert.deepEqual([await missedTenths(a.page, b.frequency, 3000), await missedTenths(b.page, a.frequency, 3000)], [0, 0]);
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect');
    assert.deepEqual(await complaints(a, b), []);
    const { codec, caller_codec: callers, translated } = await record(incoming.parameters.CallSid);
    assert.deepEqual([codec.toLowerCase(), callers.toLowerCase(), translated], [secondCodec, firstCodec, 1]);
    await until(async () => await metric('transcoded_legs') === 0, 'no leg to be translated any more');
  });
}

test('a key pressed in a translated call is heard once', { timeout }, async () => {
  const [a, b] = await Promise.all([phoneWith('chromium', 'pcmu'), phoneWith('chromium2', 'opus')]);
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
  const [a, b] = await Promise.all([phoneWith('chromium', 'pcmu'), phone('chromium2', { codecPreferences: ['opus'] })]);
  const { incoming, caller } = await connect(a, b);
  await bothHear(a, b);
  await bothHearAgain(a, b);
  assert.equal(await metric('transcoded_legs'), 0);
  await hears(a.page, b.frequency);
  await a.tell(caller, 'disconnect');
  const { codec, translated } = await record(incoming.parameters.CallSid);
  assert.deepEqual([codec, translated], ['PCMU', 0]);
});
