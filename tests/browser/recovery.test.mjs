// What browsers live through: a gateway that crashes, a cable that is pulled, an address that changes, IPv6.
// The one thing to know: nobody touches the pages meanwhile; what comes back comes back by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { addAddress, BROWSER_ADDRESSES, GW_ADDRESS, GW_ADDRESS6, linkDown, linkUp, removeAddress } from '../lib/netns.mjs';
import { connect } from '../lib/phone.mjs';
import { bothHear, bothHearAgain, complaints, PORT, stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { until } from '../lib/wait.mjs';

const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox' },
  config: { server: { listen: '::' }, media: { addresses: `${GW_ADDRESS};${GW_ADDRESS6}` } },
});
const { phone } = set;
const v4 = `https://${GW_ADDRESS}:${PORT}`;
const v6 = `https://[${GW_ADDRESS6}]:${PORT}`;

for (const [first, second] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
  test(`${first} calls ${second} over IPv6`, { timeout }, async () => {
    // With IPv4 gone from the browsers' side nothing else can carry it.
    for (const address of BROWSER_ADDRESSES) removeAddress(address);
    try {
      const [a, b] = await Promise.all([phone(first, { url: v6 }), phone(second, { url: v6 })]);
      const { caller } = await connect(a, b);
      await bothHear(a, b);
      await a.tell(caller, 'disconnect');
      await b.wait('call.disconnect');
      assert.deepEqual(await complaints(a, b), []);
    } finally {
      for (const address of BROWSER_ADDRESSES) addAddress(address);
    }
  });
}

test('the browsers lose their address in a call: media moves to the other one', { timeout }, async () => {
  const [a, b] = await Promise.all([phone('chromium', { url: v4 }), phone('firefox', { url: v4 })]);
  const { caller, incoming } = await connect(a, b);
  await bothHear(a, b);
  removeAddress(BROWSER_ADDRESSES[0]);
  try {
    await bothHearAgain(a, b, 40000);
    await a.tell(caller, 'disconnect');
    await b.wait('call.disconnect', 30000);
    assert.equal((await set.record(incoming.parameters.CallSid)).reason, 'caller_hangup');
  } finally {
    addAddress(BROWSER_ADDRESSES[0]);
  }
});

test('the cable is out for eight seconds: the call and both clients are back', { timeout }, async () => {
  const [a, b] = await Promise.all([phone('chromium', { url: v4 }), phone('firefox', { url: v4 })]);
  const { caller, callee } = await connect(a, b);
  await bothHear(a, b);
  linkDown();
  await delay(8000); // the outage itself
  linkUp();
  await bothHearAgain(a, b, 40000);
  await until(async () => await a.state() === 'registered' && await b.state() === 'registered', 'both registered', 40000);
  await until(async () => await a.status(caller) === 'open' && await b.status(callee) === 'open', 'both in the call', 40000);
  await b.tell(callee, 'disconnect');
  await a.wait('call.disconnect', 30000);
});

test('the gateway is killed and started again: clients register by themselves, and calls can be made', { timeout }, async () => {
  const [a, b] = await Promise.all([phone('chromium', { url: v4 }), phone('firefox', { url: v4 })]);
  await set.gateway.killAndRestart();
  await Promise.all([a.wait('registered', 40000), b.wait('registered', 40000)]);
  const { caller } = await connect(a, b);
  await bothHear(a, b);
  await a.tell(caller, 'disconnect');
  await b.wait('call.disconnect');
});
