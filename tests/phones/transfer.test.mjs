// Transfers between real browsers and a phone: who is heard before and after, by tones.
// The one thing to know: the browser that stays is never negotiated with again; its microphone and ear go on as they were.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Baresip } from '../lib/baresip.mjs';
import { BROWSER_ADDRESSES, GW_ADDRESS } from '../lib/netns.mjs';
import { connect, WIDEBAND } from '../lib/phone.mjs';
import { description, expect, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { bothHear, complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { ACCOUNT } from '../lib/tokens.mjs';
import { codecs, hears } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

const [PHONE] = BROWSER_ADDRESSES;
const [TONE, NUMBER, COLLEAGUE] = [520, '+15551234567', '+15550002222'];
const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox', chromium2: 'chromium' },
  config: {
    media: { workers: 2 },
    sip: { listen: GW_ADDRESS, port: 5060 },
    'trunk phone': { account: ACCOUNT, hosts: `${PHONE}:5070`, prefixes: '+1', transfers: 'clients' },
    [`number ${COLLEAGUE}`]: { account: ACCOUNT, to: 'client:colleague' },
  },
});

test('blind: firefox has chromium transferred to another browser, and they hear each other', { timeout }, async () => {
  const [a, b, c] = [await set.phone('chromium'), await set.phone('firefox'), await set.phone('chromium2')];
  const { caller, callee } = await connect(a, b);
  await bothHear(a, b);
  await b.tell(callee, 'transfer', `client:${c.identity}`);
  const incoming = await c.wait('incoming');
  assert.equal(incoming.parameters.From, `client:${a.identity}`);
  assert.equal(incoming.parameters.TransferredBy, `client:${b.identity}`);
  await c.tell(incoming.call, 'accept');
  await b.wait('call.disconnect');
  assert.equal((await a.wait('call.transferred')).party, `client:${c.identity}`);
  await bothHear(a, c);
  await c.tell(incoming.call, 'disconnect');
  await a.wait('call.disconnect');
  assert.equal(await a.status(caller), 'closed');
  assert.deepEqual(await complaints(a, b, c), []);
});

test('blind, to a phone that shares no codec with what they spoke', { timeout }, async (t) => {
  const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
  const [a, b] = [await set.phone('chromium2', WIDEBAND), await set.phone('firefox')];
  const { caller, callee } = await connect(a, b);
  await bothHear(a, b);
  await b.tell(callee, 'transfer', NUMBER);
  await b.wait('call.disconnect');
  assert.equal((await a.wait('call.transferred')).party, NUMBER);
  await Promise.all([hears(a.page, TONE), phone.hears(a.frequency)]);
  assert.equal((await codecs(a.page)).sent, 'audio/opus', 'it goes on as it was, and the phone has PCMU only');
  await a.tell(caller, 'disconnect');
  await phone.says(/terminated|closed/);
  const talked = () => set.gateway.logs('call.ended').find(({ transferred_from, callee_called }) => transferred_from && callee_called === NUMBER);
  assert.equal((await until(talked, 'the record of the two')).translated, 1, 'of what it says');
  assert.deepEqual(await complaints(a, b), []);
});

test('attended: firefox asks another browser first, then joins the two', { timeout }, async () => {
  const [a, b, c] = [await set.phone('chromium'), await set.phone('firefox'), await set.phone('chromium2')];
  const { caller, callee } = await connect(a, b);
  await b.tell(callee, 'hold', true);
  const { caller: consulting, callee: asked } = await connect(b, c);
  await hears(c.page, b.frequency);
  await b.join(callee, consulting);
  await b.wait('call.disconnect');
  await b.wait('call.disconnect');
  assert.equal((await a.wait('call.transferred')).party, `client:${c.identity}`);
  assert.equal((await c.wait('call.transferred')).party, `client:${a.identity}`);
  await bothHear(a, c);
  await a.tell(caller, 'disconnect');
  await c.wait('call.disconnect');
  assert.equal(await c.status(asked), 'closed');
  assert.deepEqual(await complaints(a, b, c), []);
});

test('attended: chromium asks a phone first, then joins it with firefox', { timeout }, async (t) => {
  const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
  const [a, b] = [await set.phone('firefox', WIDEBAND), await set.phone('chromium')];
  const { caller, callee } = await connect(a, b);
  await b.tell(callee, 'hold', true);
  const consulting = await b.call(NUMBER);
  await b.wait('call.accept');
  await Promise.all([hears(b.page, TONE), phone.hears(b.frequency)]);
  await b.join(callee, consulting);
  await b.wait('call.disconnect');
  await b.wait('call.disconnect');
  assert.equal((await a.wait('call.transferred')).party, NUMBER);
  await Promise.all([hears(a.page, TONE), phone.hears(a.frequency)]);
  await a.tell(caller, 'disconnect');
  await phone.says(/terminated|closed/);
  assert.deepEqual(await complaints(a, b), []);
});

test('attended: firefox holds a phone, asks chromium, then joins the two', { timeout }, async (t) => {
  const media = await RtpSocket.open(t, PHONE);
  const sdp = (version, direction) => description(media.port, { address: PHONE, direction, version });
  const agree = (version, direction) => [expect('INVITE'), reply('200 OK', { sdp: sdp(version, direction) }), expect('ACK')];
  const phone = await Sipp.called(t, [expect('INVITE'), reply('200 OK', { first: true, sdp: sdp(1) }), expect('ACK'),
    ...agree(2, 'recvonly'), ...agree(3, 'sendrecv'), expect('BYE'), reply('200 OK')], { port: 5070, address: PHONE, seconds: 80 });
  const [b, c] = [await set.phone('firefox', WIDEBAND), await set.phone('chromium')];
  const held = await b.call(NUMBER);
  await b.wait('call.accept');
  media.talk(mediaPort(phone.messages, media.port), { tone: TONE, address: GW_ADDRESS });
  await Promise.all([hears(b.page, TONE), media.hears(b.frequency)]);
  await b.tell(held, 'hold', true);
  const { caller: consulting, callee: asked } = await connect(b, c);
  await bothHear(b, c);
  await b.join(held, consulting);
  await b.wait('call.disconnect');
  await b.wait('call.disconnect');
  assert.equal((await c.wait('call.transferred')).party, NUMBER);
  await Promise.all([hears(c.page, TONE), media.hears(c.frequency)]);
  await c.tell(asked, 'disconnect');
  await phone.finished();
  assert.deepEqual(await complaints(b, c), []);
});

test('a real phone sends the browser on to another one (REFER), and hangs up when it hears that it is done', { timeout }, async (t) => {
  const phone = await Baresip.start(t, { address: PHONE, user: NUMBER, tone: TONE });
  const [a, c] = [await set.phone('chromium'), await set.phone('firefox', { identity: 'colleague' })];
  const caller = await a.call(NUMBER);
  await a.wait('call.accept');
  await hears(a.page, TONE);
  phone.tell(`/transfer sip:${COLLEAGUE}@${GW_ADDRESS}:5060`);
  const incoming = await c.wait('incoming');
  assert.deepEqual([incoming.parameters.From, incoming.parameters.TransferredBy], [`client:${a.identity}`, NUMBER]);
  await c.tell(incoming.call, 'accept');
  assert.equal((await a.wait('call.transferred')).party, 'client:colleague');
  await bothHear(a, c);
  await phone.says(/terminated|closed/);
  await c.tell(incoming.call, 'disconnect');
  await a.wait('call.disconnect');
  assert.equal(await a.status(caller), 'closed');
  assert.deepEqual(await complaints(a, c), []);
});
