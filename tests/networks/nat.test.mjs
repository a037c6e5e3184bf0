// A gateway behind a NAT, with a full ICE agent for every leg: it finds its public address with STUN, relays through TURN
// over UDP and TCP where nothing else goes, and its callers hear each other.
// The one thing to know: which way media takes is decided by what the router between lets through.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Coturn, TURN_PORT } from '../lib/coturn.mjs';
import { GW, GW_ADDRESS, LAN, LAN_ADDRESS, NAT_ADDRESS, natNetwork, wall } from '../lib/nat.mjs';
import { connect } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, PORT, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { until } from '../lib/wait.mjs';

const SECRET = 'a secret of gateway and TURN server';
let coturn;

before(async () => {
  natNetwork(PORT);
  coturn = await Coturn.start({ netns: GW, address: GW_ADDRESS, secret: SECRET });
});
after(() => coturn?.stop());

const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox' },
  place: { netns: LAN, address: LAN_ADDRESS, url: `https://${NAT_ADDRESS}:${PORT}` },
  config: {
    media: {
      ice: 'full', stun_server: `${GW_ADDRESS}:${TURN_PORT}`, turn_secret: SECRET, agent_ports: '50000-50999',
      turn_servers: ['udp', 'tcp'].map((transport) => `turn:${GW_ADDRESS}:${TURN_PORT}?transport=${transport}`).join(','),
    },
  },
});

/** Where the browser sends its media, as the candidate that it has for it: {type, address}. */
const remoteEnd = (phone) => phone.page.evaluate(async () => {
  const stats = [...(await globalThis.testPeers.at(-1).getStats()).values()];
  const pairs = stats.filter(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
  const used = pairs.sort((a, b) => a.bytesSent - b.bytesSent).at(-1);
  const { candidateType: type, address, ip } = stats.find(({ id }) => id === used.remoteCandidateId);
  return { type, address: address ?? ip };
});

/** The types of candidates that the gateway has told of by now. */
const told = (phone) => phone.page.evaluate(() => {
  const { sdp } = globalThis.testPeers.at(-1).remoteDescription;
  return [...sdp.matchAll(/^a=candidate:.* (\S+) \d+ typ (\S+)/gm)].map(([, address, type]) => `${type} ${address}`);
});

const cases = [
  { what: 'over UDP that the NAT lets through', block: () => () => {}, end: NAT_ADDRESS },
  { what: 'over a TURN server, where UDP goes there only', block: () => wall('udp', GW_ADDRESS), end: GW_ADDRESS },
  { what: 'over a TURN server by TCP, where no UDP goes', block: () => wall('udp'), end: GW_ADDRESS },
];
for (const { what, block, end } of cases) {
  for (const [first, second] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    test(`${first} calls ${second} ${what}`, { timeout }, async (t) => {
      const restore = block();
      t.after(restore);
      const [a, b] = await Promise.all([set.phone(first), set.phone(second)]);
      const { caller, incoming } = await connect(a, b);
      await bothHear(a, b);
      for (const phone of [a, b]) assert.equal((await remoteEnd(phone)).address, end, `where ${phone.identity} sends`);
      await a.tell(caller, 'disconnect');
      await b.wait('call.disconnect');
      assert.deepEqual(await complaints(a, b), []);
      assert.equal((await set.record(incoming.parameters.CallSid)).reason, 'caller_hangup');
    });
  }
}

test('an ICE restart brings new credentials, and media goes on', { timeout }, async () => {
  const [a, b] = await Promise.all([set.phone('chromium'), set.phone('firefox')]);
  await connect(a, b);
  await bothHear(a, b);
  for (const phone of [a, b]) {
    const ufrag = () => phone.page.evaluate(() => /a=ice-ufrag:(\S+)/.exec(globalThis.testPeers.at(-1).remoteDescription.sdp)[1]);
    const before = await ufrag();
    await phone.page.evaluate(() => globalThis.dispatchEvent(new Event('online'))); // what a changed network tells the client
    await until(async () => await ufrag() !== before, 'new credentials of the gateway');
    await bothHearAgain(a, b);
  }
  assert.deepEqual(await complaints(a, b), []);
});

test('the direct way is cut in mid-call: an ICE restart finds the TURN server', { timeout }, async (t) => {
  const [a, b] = await Promise.all([set.phone('chromium'), set.phone('firefox')]);
  await connect(a, b);
  await bothHear(a, b);
  t.after(wall('udp', GW_ADDRESS));
  // Whether the browser notices by itself or by what it does not hear.
  await bothHearAgain(a, b, 40000);
  for (const phone of [a, b]) assert.equal((await remoteEnd(phone)).address, GW_ADDRESS, `where ${phone.identity} sends`);
});

test('the gateway tells of itself as the STUN and TURN servers see it', { timeout }, async () => {
  const [a, b] = await Promise.all([set.phone('chromium'), set.phone('firefox')]);
  await connect(a, b);
  for (const phone of [a, b]) {
    await until(async () => {
      const candidates = await told(phone);
      return [`host ${LAN_ADDRESS}`, `srflx ${NAT_ADDRESS}`, `relay ${GW_ADDRESS}`].every((one) => candidates.includes(one));
    }, `three kinds of candidates at ${phone.identity}`);
  }
});
