// The softphone used as a person would: by mouse and keyboard, looking at what stands on the screen.
// The one thing to know: screenshots go to --keep-artifacts DIR, and are there to be looked at.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Person, screenshot } from '../lib/browsers.mjs';
import { drop } from '../lib/netns.mjs';
import { errorsOf, focused, gone, sees, visible } from '../lib/sight.mjs';
import { softphoneStage } from '../lib/softphone.mjs';
import { PORT, TIMEOUT as timeout } from '../lib/stage.mjs';
import { codecs, hears, hearsNothing, receivesMore } from '../lib/tone.mjs';

const TONE = { chromium: 400, firefox: 600 };
const { set, softphone, reach } = softphoneStage();
const others = [];
after(() => Promise.all(others.map((person) => person.close())));

test('a newcomer opens the start page, two softphones from its links, and calls across by mouse', { timeout }, async () => {
  const home = await set.page('chromium', '/');
  await sees(home, 'h1', /two tabs/i);
  await screenshot(home, 'home');
  const links = await home.$$eval('a.button', (anchors) => anchors.map((anchor) => anchor.getAttribute('href')));
  assert.equal(links.length, 2);

  const alice = await set.page('chromium', `/${links[0]}`);
  const bob = await set.page('firefox', `/${links[1]}`);
  await sees(alice, '#presence-text', /Ready for calls/);
  await sees(bob, '#presence-text', /Ready for calls/);
  await screenshot(alice, 'softphone-ready');

  await alice.click('#place');
  await sees(bob, '#incoming-name', /alice/);
  await sees(alice, '#call-state', /Ringing there/);
  await screenshot(bob, 'softphone-incoming');
  await bob.click('#answer');
  await sees(alice, '#call-state', /^Connected$/);
  await Promise.all([hears(alice, TONE.firefox), hears(bob, TONE.chromium)]);
  assert.deepEqual(await codecs(alice), { sent: 'audio/opus', received: 'audio/opus' }, 'people hear each other in wideband');
  await sees(alice, '#call-timer', /^00:0[1-9]$/);
  await sees(alice, '#quality-text', /line/i, 20000);
  await screenshot(alice, 'softphone-in-call');
  await screenshot(bob, 'softphone-in-call-firefox');

  await alice.click('#mute');
  await sees(alice, '#call-state', /you are muted/);
  await hearsNothing(bob);
  await alice.click('#mute');
  await hears(bob, TONE.chromium);

  await bob.click('#hold');
  await sees(alice, '#call-state', /You are on hold/);
  await screenshot(alice, 'softphone-held');
  await hearsNothing(alice);
  await bob.click('#hold');
  await Promise.all([hears(alice, TONE.firefox), hears(bob, TONE.chromium)]);

  await alice.click('#keypad');
  for (const digit of ['4', '2', '#']) {
    await alice.evaluate((key) => {
      [...document.querySelectorAll('#pad button')].find((button) => button.innerText.trim().startsWith(key)).click();
    }, digit);
  }
  await sees(bob, '#call-digits', /4 2 #/);
  await screenshot(bob, 'softphone-digits');

  await bob.click('#hangup');
  await gone(alice, '#call');
  await gone(bob, '#call');
  await sees(alice, '#recents', /bob/);
  await sees(bob, '#recents', /alice/);
  assert.deepEqual(errorsOf(home, alice, bob), []);
});

test('a call by keyboard alone: type, Return, A to answer, M, H, digits, E to end', { timeout }, async () => {
  const carol = await softphone('firefox', 'carol', '');
  const dave = await softphone('chromium', 'dave', '');
  await dave.focus('#to'); // as it is after signing in: nobody writes there
  await carol.focus('#to');
  await carol.keyboard.type('dave');
  await carol.keyboard.press('Enter');
  await sees(dave, '#incoming-name', /carol/);
  await dave.keyboard.press('a');
  await sees(dave, '#call-state', /^Connected$/);
  await sees(carol, '#call-state', /^Connected$/);
  await hears(dave, TONE.firefox);
  await carol.keyboard.press('m');
  await sees(carol, '#call-state', /you are muted/);
  await hearsNothing(dave);
  await carol.keyboard.press('m');
  await sees(carol, '#call-state', /^Connected$/);
  await carol.keyboard.press('h');
  await sees(dave, '#call-state', /You are on hold/);
  await carol.keyboard.press('h');
  await sees(dave, '#call-state', /^Connected$/);
  await dave.keyboard.press('7');
  await sees(carol, '#call-digits', /7/);
  await dave.keyboard.press('e');
  await gone(carol, '#call');
  assert.deepEqual(errorsOf(carol, dave), []);
});

test('a call is declined, another is missed, and both are told so', { timeout }, async () => {
  const erin = await softphone('chromium', 'erin', 'frank');
  const frank = await softphone('firefox', 'frank', 'erin');
  await erin.click('#place');
  await sees(frank, '#incoming-name', /erin/);
  await frank.click('#decline');
  await sees(erin, '#last-call', /declined/i);
  await erin.evaluate(() => { document.querySelector('#to').value = 'frank'; });
  await erin.click('#place');
  await sees(frank, '#incoming-name', /erin/);
  await erin.click('#hangup');
  await gone(frank, '#incoming');
  await sees(frank, '#recents', /missed/);
  await erin.evaluate(() => { document.querySelector('#to').value = 'nobody-here'; });
  await erin.click('#place');
  await sees(erin, '#last-call', /^nobody-here: Nobody is registered/);
  await gone(erin, '#call');
  await erin.evaluate(() => { document.querySelector('#to').value = '15550100'; });
  await erin.click('#place');
  await sees(erin, '#last-call', /begin with \+: \+15550100$/);
  await gone(erin, '#call');
  assert.deepEqual(errorsOf(erin, frank), []);
});

test('the connection breaks in a call: the page says so, the call goes on, and it says when it is back', { timeout }, async () => {
  const gina = await softphone('chromium', 'gina', 'hugo');
  const hugo = await softphone('firefox', 'hugo', 'gina');
  await gina.click('#place');
  await sees(hugo, '#incoming-name', /gina/);
  await hugo.click('#answer');
  await sees(gina, '#call-state', /^Connected$/);
  const restore = drop(`tcp dport ${PORT}`);
  await sees(gina, '#notices', /Connection to the gateway lost/, 30000).finally(restore);
  await screenshot(gina, 'softphone-network-lost');
  await receivesMore(gina);
  await hears(gina, TONE.firefox);
  await gone(gina, '#notices .notice');
  await sees(gina, '#presence-text', /In a call/, 30000);
  await gina.click('#hangup');
  await gone(hugo, '#call');
});

test('a call is transferred by keyboard; who it went to is told, and who stays hears them', { timeout }, async () => {
  const [mia, noah, olga] = [await softphone('firefox', 'mia', ''), await softphone('chromium', 'noah', ''), await softphone('chromium', 'olga', '')];
  await reach(mia, noah, 'noah', /mia/);
  await noah.evaluate(() => document.activeElement.blur());
  await noah.keyboard.press('t');
  await sees(noah, '#transfer-panel', /Who should mia talk to\?/);
  assert.equal(await noah.$eval('#transfer', (button) => button.getAttribute('aria-expanded')), 'true');
  await noah.keyboard.type('nobody-here');
  await noah.keyboard.press('Enter');
  await sees(noah, '#transfer-progress', /^nobody-here: .*mia is still with you$/);
  await screenshot(noah, 'softphone-transfer-failed');
  await noah.keyboard.press('Escape');
  await gone(noah, '#transfer-panel');
  assert.equal(await focused(noah), 'transfer');
  await noah.keyboard.press('Enter');
  await sees(noah, '#transfer-panel', /mia/);
  await noah.$eval('#transfer-to', (field) => { field.value = ''; });
  await noah.keyboard.type('olga');
  await noah.keyboard.press('Enter');
  await sees(olga, '#incoming-name', /mia/);
  await sees(noah, '#transfer-progress', /^Ringing at olga$/);
  assert.match(await noah.$eval('#call-announcement', (node) => node.textContent), /Ringing at olga/);
  await sees(mia, '#call-state', /You are on hold/);
  await screenshot(noah, 'softphone-transfer-ringing');
  await olga.click('#answer');
  await gone(noah, '#call');
  await sees(noah, '#last-call', /^mia is talking to olga now$/);
  await sees(mia, '#call-name', /^olga$/);
  assert.match(await mia.$eval('#call-announcement', (node) => node.textContent), /You are talking to olga now|Connected: olga/);
  await Promise.all([hears(mia, TONE.chromium), hears(olga, TONE.firefox)]);
  await mia.click('#hangup');
  await gone(olga, '#call');
  assert.deepEqual(errorsOf(mia, noah, olga), []);
});

test('somebody is asked in a second call, then the two are connected', { timeout }, async () => {
  const [pia, quin, rosa] = [await softphone('chromium', 'pia', ''), await softphone('firefox', 'quin', ''), await softphone('firefox', 'rosa', '')];
  await reach(pia, quin, 'quin', /pia/);
  await quin.click('#new-call');
  await reach(quin, rosa, 'rosa', /quin/);
  await sees(pia, '#call-state', /You are on hold/);
  await quin.click('#transfer');
  await sees(quin, '#transfer-joins', /^Connect rosa with pia$/);
  await screenshot(quin, 'softphone-transfer-attended');
  await quin.setViewport({ width: 360, height: 740 });
  await screenshot(quin, 'softphone-transfer-narrow');
  assert.ok(await quin.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), 'it fits');
  await quin.click('#transfer-joins button');
  await gone(quin, '#call');
  await sees(quin, '#last-call', /is talking to/);
  await sees(pia, '#call-name', /^rosa$/);
  await sees(rosa, '#call-name', /^pia$/);
  await sees(pia, '#call-state', /^Connected$/);
  await Promise.all([hears(pia, TONE.firefox), hears(rosa, TONE.chromium)]);
  await pia.click('#hangup');
  await gone(rosa, '#call');
  assert.deepEqual(errorsOf(pia, quin, rosa), []);
});

test('a refused microphone is explained, in both browsers', { timeout }, async () => {
  for (const kind of ['chromium', 'firefox']) {
    const person = await Person.launch(kind, 800, { refused: true });
    others.push(person);
    const page = await person.open(`${set.gateway.url}/softphone.html?identity=refused-${kind}&to=somebody`);
    await sees(page, '#presence-text', /Ready for calls/);
    await page.click('#place');
    await sees(page, '#notices', /Microphone refused/i);
    await sees(page, '#notices', /Allow the microphone/i);
    await screenshot(page, `softphone-refused-${kind}`);
  }
});

test('everything that can be used has a name for screen readers', { timeout }, async () => {
  const page = await softphone('chromium', 'ivy', 'jack');
  const jack = await softphone('firefox', 'jack', 'ivy');
  await page.click('#place');
  await sees(jack, '#incoming-name', /ivy/);
  await jack.click('#answer');
  await sees(page, '#call-state', /^Connected$/);
  const nameless = [];
  const walk = ({ role, name, children = [] }) => {
    if (/^(button|textbox|combobox|checkbox|link|alertdialog|heading)$/.test(role) && !name) nameless.push(role);
    children.forEach(walk);
  };
  walk(await page.accessibility.snapshot());
  assert.deepEqual(nameless, []);
});

test('it fits a phone\'s screen, and dark rooms', { timeout }, async () => {
  const page = await softphone('chromium', 'kim', 'lee');
  for (const [name, width, height] of [['narrow', 360, 740], ['wide', 1280, 800]]) {
    await page.setViewport({ width, height });
    for (const value of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      await screenshot(page, `softphone-${name}-${value}`);
      const { overflow, background } = await page.evaluate(() => ({
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        background: getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number),
      }));
      assert.ok(overflow <= 0, `${name}: ${overflow} px too wide`);
      const bright = background.reduce((sum, part) => sum + part) / 3 > 127;
      assert.equal(bright, value === 'light', `${value}: ${background}`);
    }
  }
});
