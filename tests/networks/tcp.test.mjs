// Browsers whose network drops UDP: media goes over TCP to the gateway (RFC 6544), in one process with those on UDP.
// The one thing to know: Chromium takes port 443 on public addresses only, so the gateway gets one here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, test } from 'node:test';
import { drop, GW, GW_ADDRESS } from '../lib/netns.mjs';
import { connect } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { until } from '../lib/wait.mjs';

const PUBLIC_ADDRESS = '203.0.113.1';
const UDP = 'meta l4proto udp';
// USERNAME is the first attribute of a browser's check, 20 octets behind the UDP header: ours, a colon, its own ufrag.
// Who gets no check through has no UDP, and they are told apart by how long theirs is.
const CHECKS_OF = { chromium: `${UDP} @th,224,32 0x0006000d`, firefox: `${UDP} @th,224,32 0x00060011` };

before(() => execFileSync('ip', ['-n', GW, 'addr', 'add', `${PUBLIC_ADDRESS}/32`, 'dev', 'lo']));

const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox' },
  config: { media: { addresses: `${GW_ADDRESS};${PUBLIC_ADDRESS}`, tcp_port: 443 } },
});
const { phone } = set;
const BOTH_WAYS = [['chromium', 'firefox'], ['firefox', 'chromium']];

const connections = async () => (await set.gateway.metrics()).get('callgate_media_connections');

/** By which transport each end of a call was connected: {caller, callee}. */
function transports(incoming, from = 0) {
  const callee = incoming.parameters.CallSid;
  const lines = set.gateway.logs().slice(from).filter(({ event }) => /^call\.media_(connected|moved)$/.test(event));
  const of = (line) => (line?.peer.endsWith('/tcp') ? 'tcp' : 'udp');
  const call = lines.find((line) => line.leg === callee)?.call;
  return {
    caller: of(lines.findLast((line) => line.leg === call)),
    callee: of(lines.findLast((line) => line.leg === callee)),
  };
}

async function without(expression, run) {
  const restore = drop(expression);
  try {
    await run();
  } finally {
    restore();
  }
}

for (const [first, second] of BOTH_WAYS) {
  test(`without UDP ${first} calls ${second}: both hear each other over TCP`, { timeout }, () => without(UDP, async () => {
    const [a, b] = await Promise.all([phone(first), phone(second)]);
    const { caller, incoming } = await connect(a, b);
    await bothHear(a, b, 20000);
    await bothHearAgain(a, b);
    assert.deepEqual(transports(incoming), { caller: 'tcp', callee: 'tcp' });
    assert.ok(await connections() >= 2);
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect');
    assert.deepEqual(await complaints(a, b), []);
    await until(async () => await connections() === 0, 'the connections to be closed');
  }));
}

for (const [first, second] of BOTH_WAYS) {
  test(`${first} without UDP calls ${second}, who has it`, { timeout }, () => without(CHECKS_OF[first], async () => {
    const [a, b] = await Promise.all([phone(first), phone(second)]);
    const { caller, incoming } = await connect(a, b);
    await bothHear(a, b, 20000);
    await bothHearAgain(a, b);
    assert.deepEqual(transports(incoming), { caller: 'tcp', callee: 'udp' });
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect');
    assert.deepEqual(await complaints(a, b), []);
  }));
}

test('UDP stops in a call: it goes on over TCP', { timeout }, async () => {
  const [a, b] = await Promise.all([phone('chromium'), phone('firefox')]);
  const { caller, incoming } = await connect(a, b);
  await bothHear(a, b);
  assert.deepEqual(transports(incoming), { caller: 'udp', callee: 'udp' });
  await without(UDP, async () => {
    await bothHearAgain(a, b, 40000);
    assert.deepEqual(transports(incoming), { caller: 'tcp', callee: 'tcp' });
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect');
  });
});
