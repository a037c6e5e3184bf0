// Browsers whose network lets nothing but TCP through, a gateway without ICE-TCP, and a TURN server that relays between
// them, with the credentials that the gateway gives.
// The one thing to know: the TURN server stands beside the gateway; browsers reach it over TCP, it reaches media by UDP.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Coturn, TURN_PORT, turnCredentials } from '../lib/coturn.mjs';
import { drop, GW, GW_ADDRESS } from '../lib/netns.mjs';
import { connect } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const SECRET = 'shared by gateway and coturn';
const TURN_URL = `turn:${GW_ADDRESS}:${TURN_PORT}?transport=tcp`;

const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox' },
  config: { turn: { urls: TURN_URL, secret: SECRET } },
});
const { phone } = set;
let coturn;
let restore;

before(async () => {
  coturn = await Coturn.start({ netns: GW, address: GW_ADDRESS, secret: SECRET });
  restore = drop('meta l4proto udp');
});
after(async () => {
  restore?.();
  await coturn?.stop();
});

/** Names that coturn has allocated relays for. */
const allocations = () => coturn.lines.map((line) => /user <(\S+)>: incoming packet ALLOCATE processed, success/.exec(line)?.[1]).filter(Boolean);

for (const [first, second] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
  test(`${first} calls ${second}, both relayed`, { timeout }, async () => {
    const [a, b] = await Promise.all([phone(first), phone(second)]);
    const { caller, incoming } = await connect(a, b);
    await bothHear(a, b, 20000);
    await bothHearAgain(a, b);
    const connected = () => set.gateway.logs('call.media_connected').filter((line) => [line.leg, line.call].includes(incoming.parameters.CallSid));
    await until(() => connected().length > 0, 'the line of its media');
    assert.ok(connected().every((line) => line.peer.startsWith(`${GW_ADDRESS}:`)), 'media comes from the relay');
    const names = new Set(allocations().map((name) => name.split(':')[1]));
    assert.ok(names.size >= 2, 'each under a name of its own');
    assert.ok(!coturn.said(new RegExp(`${a.identity}|${b.identity}`)), 'which does not tell who it is');
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect');
    assert.deepEqual(await complaints(a, b), []);
  });
}

test('a token refreshed in a call: an ICE restart uses the new credentials', { timeout }, async () => {
  const [a, b] = await Promise.all([phone('chromium'), phone('firefox')]);
  const { caller } = await connect(a, b);
  await bothHear(a, b, 20000);
  const before = new Set(allocations());
  await a.page.evaluate((token) => globalThis.phone.device.updateToken(token), accessToken(a.identity, { ttl: 7200 }));
  await a.page.evaluate(() => globalThis.dispatchEvent(new Event('online'))); // a change of networks: it negotiates anew
  await bothHearAgain(a, b, 20000);
  const fresh = () => allocations().some((name) => !before.has(name) && Number(name.split(':')[0]) > Date.now() / 1000 + 7000);
  await until(fresh, 'an allocation with new credentials').catch((error) => assert.fail(`${error.message}: ${allocations()}`));
  await a.tell(caller, 'disconnect');
  await b.wait('call.disconnect');
});

/** In a page: how many relayed candidates a browser gets with these credentials. */
async function gather(iceServer) {
  const connection = new RTCPeerConnection({ iceServers: [iceServer], iceTransportPolicy: 'relay' });
  let relayed = 0;
  connection.addTransceiver('audio');
  const done = new Promise((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.type === 'relay') relayed += 1;
      if (!candidate) resolve();
    };
  });
  await connection.setLocalDescription(await connection.createOffer());
  await done;
  connection.close();
  return relayed;
}

for (const who of ['chromium', 'firefox']) {
  test(`coturn refuses ${who} expired and wrong credentials`, { timeout }, async () => {
    const page = await set.page(who, '/');
    const relayed = (credentials) => page.evaluate(gather, { urls: [TURN_URL], ...credentials });
    assert.ok(await relayed(turnCredentials(SECRET)) > 0);
    for (const credentials of [turnCredentials(SECRET, -10), turnCredentials('another secret')]) {
      assert.equal(await relayed(credentials), 0);
      await until(() => coturn.said(new RegExp(`Cannot find credentials of user <${credentials.username}>`)), 'its refusal');
    }
  });
}
