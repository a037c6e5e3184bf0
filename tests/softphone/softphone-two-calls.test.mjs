// The softphone with two calls in hand, and the keys that are pressed in a call.
// The one thing to know: what becomes of one call is said while the other goes on, and where the focus was it stays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screenshot } from '../lib/browsers.mjs';
import { errorsOf, focused, gone, sees, visible } from '../lib/sight.mjs';
import { call, softphoneStage } from '../lib/softphone.mjs';
import { TIMEOUT as timeout } from '../lib/stage.mjs';
import { hears } from '../lib/tone.mjs';

const TONE = { chromium: 400, firefox: 600 };
const { softphone, reach } = softphoneStage();
const padBelow = (page) => page.$eval('#pad', (pad) => pad.getBoundingClientRect().y - document.querySelector('#call').getBoundingClientRect().y);
const announced = (page) => page.$eval('#call-announcement', (node) => node.textContent);

test('a second call that comes to nothing is told of beside the first, which goes on', { timeout }, async () => {
  const [alice, bob, carol] = [await softphone('chromium', 'alice'), await softphone('firefox', 'bob'), await softphone('firefox', 'carol')];
  await reach(alice, bob, 'bob', /alice/);
  assert.equal(await visible(alice, '#last-call'), null);

  await alice.click('#new-call');
  await call(alice, 'carol');
  await sees(carol, '#incoming-name', /alice/);
  await carol.click('#decline');
  await sees(alice, '#last-call', /^carol: .*declined.*\. bob is on hold$/);
  assert.match(await announced(alice), /^carol: .*declined.*\. bob is on hold$/);
  await screenshot(alice, 'softphone-second-call-declined');
  assert.deepEqual([await visible(alice, '#call-name'), await visible(alice, '#call-state')], ['bob', 'On hold']);
  assert.equal(await focused(alice), 'hold');
  await alice.keyboard.press('Enter');
  await sees(alice, '#call-state', /^Connected$/);
  await gone(alice, '#last-call');
  await hears(alice, TONE.firefox);

  await alice.click('#new-call');
  await call(alice, 'nobody-here');
  await sees(alice, '#last-call', /^nobody-here: Nobody is registered.*\. bob is on hold$/);
  await alice.click('#new-call');
  await call(alice, 'carol');
  await sees(carol, '#incoming-name', /alice/);
  assert.equal(await visible(alice, '#last-call'), null, 'what was is over');
  await carol.click('#answer');
  await sees(alice, '#call-name', /^carol$/);
  await sees(alice, '#call-state', /^Connected$/);
  await carol.click('#hangup');
  await sees(alice, '#last-call', /^Call with carol ended, \d\d:\d\d\. bob is on hold$/);
  await bob.click('#hangup');
  await sees(alice, '#last-call', /^Call with bob ended, \d\d:\d\d$/);
  assert.equal(await focused(alice), 'to');
  assert.deepEqual(errorsOf(alice, bob, carol), []);
});

test('the focus stays on the other call\'s buttons and in the transfer panel, whatever happens to the calls', { timeout }, async () => {
  const [dora, emil, fay] = [await softphone('chromium', 'dora'), await softphone('firefox', 'emil'), await softphone('firefox', 'fay')];
  await reach(dora, emil, 'emil', /dora/);
  await dora.click('#new-call');
  await reach(dora, fay, 'fay', /dora/);
  const name = await dora.$eval('#other-calls .change', (button) => { button.focus(); return button.getAttribute('aria-label'); });
  assert.equal(name, 'Switch to emil');
  await fay.click('#hold');
  await sees(dora, '#call-state', /You are on hold/);
  assert.equal(await dora.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Switch to emil');
  await fay.click('#hold');
  await sees(dora, '#call-state', /^Connected$/);

  await dora.keyboard.press('Enter'); // there, and back
  await sees(dora, '#call-name', /^emil$/);
  await sees(dora, '#call-state', /^Connected$/);
  assert.equal(await focused(dora), 'hold');
  await dora.click('#new-call');
  await call(dora, 'nobody-here');
  await sees(dora, '#last-call', /^nobody-here: .*\. emil is on hold$/);
  assert.equal(await visible(dora, '#call-name'), 'emil', 'with whom one was last');
  await dora.click('#other-calls .change');
  await sees(dora, '#call-name', /^fay$/);
  await sees(dora, '#call-state', /^Connected$/);

  await dora.click('#transfer');
  assert.equal(await focused(dora), 'transfer-to');
  await emil.click('#hangup');
  await sees(dora, '#last-call', /^Call with emil ended, .*\. fay is still with you$/);
  assert.notEqual(await visible(dora, '#transfer-panel'), null);
  assert.equal(await focused(dora), 'transfer-to');
  await fay.click('#hangup');
  await gone(dora, '#call');
  assert.deepEqual(errorsOf(dora, emil, fay), []);
});

test('the keys that one presses in a call are shown, the last twenty, and go with the call', { timeout }, async () => {
  const [gus, hal] = [await softphone('chromium', 'gus'), await softphone('firefox', 'hal')];
  const pressed = (pattern) => sees(gus, '#call-pressed', pattern);
  await reach(gus, hal, 'hal', /gus/);
  assert.equal(await visible(gus, '#call-pressed'), null);
  await gus.keyboard.press('4');
  await pressed(/^You pressed\s4$/);
  await gus.click('#keypad');
  const before = await padBelow(gus);
  for (const digit of ['star', '2']) await gus.click(`#pad button[aria-label="${digit}"]`);
  await pressed(/^You pressed\s4 \* 2$/);
  await sees(hal, '#call-digits', /4 \* 2/);
  assert.equal(await padBelow(gus), before, 'the pad stays under the finger');
  for (const digit of '12345678901234567890') await gus.keyboard.press(digit);
  await pressed(/^You pressed\s1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0$/);
  await screenshot(gus, 'softphone-pressed');
  await hal.click('#hangup');
  await gone(gus, '#call');

  await reach(gus, hal, 'hal', /gus/);
  assert.equal(await visible(gus, '#call-pressed'), null);
  await gus.click('#keypad');
  const empty = await padBelow(gus);
  await gus.click('#pad button[aria-label="7"]');
  await pressed(/^You pressed\s7$/);
  assert.equal(await padBelow(gus), empty);
  await hal.click('#hangup');
  await gone(gus, '#call');
  assert.deepEqual(errorsOf(gus, hal), []);
});
