// How the softphone's page is laid out: nothing covers anything, at every width, in light and in the dark.
// The one thing to know: what is compared is where things are on the screen, and the colours that the browser computed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screenshot } from '../lib/browsers.mjs';
import { focused, gone, sees } from '../lib/sight.mjs';
import { call, softphoneStage } from '../lib/softphone.mjs';
import { TIMEOUT as timeout } from '../lib/stage.mjs';

const SIZES = [['1280', 1280, 800], ['768', 768, 1024], ['390', 390, 844], ['low', 844, 390]];
const { softphone } = softphoneStage({
  dial: ['sip:echo@127.0.0.1 lets you hear yourself', '+15550100 plays a tone', 'sip:a-name-as-long-as-few-are@127.0.0.1 is somebody whose line says more than goes into one of them'],
});

/** Calls `check(name)` at each size, in light and dark. */
async function everywhere(page, what, check) {
  for (const [size, width, height] of SIZES) {
    await page.setViewport({ width, height });
    for (const value of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      await screenshot(page, `softphone-${what}-${size}-${value}`);
      await check(`${what} at ${size}, ${value}`);
    }
  }
}

/** Pairs of these that lie over one another, and what is wider than the page. */
const collisions = (page, selectors) => page.evaluate((all) => {
  const boxes = all.map((selector) => [selector, document.querySelector(selector)]).filter(([, element]) => element?.checkVisibility())
    .map(([selector, element]) => ({ selector, ...element.getBoundingClientRect().toJSON() }));
  const over = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
  const found = boxes.flatMap((a, index) => boxes.slice(index + 1).filter((b) => over(a, b)).map((b) => `${a.selector} and ${b.selector}`));
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return wide > 0 ? [...found, `${wide} px too wide`] : found;
}, selectors);

/** Texts with less contrast than WCAG 2.1 wants (1.4.3): 4.5 to 1, or 3 to 1 if they are large. */
const faint = (page) => page.evaluate(() => {
  const parts = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = parts(colour).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return (parts(colour)[3] ?? 1) > 0 || !element.parentElement ? colour : behind(element.parentElement);
  };
  const isFaint = (element, style) => {
    const [a, b] = [luminance(style.color), luminance(behind(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    return (a + 0.05) / (b + 0.05) < (large ? 3 : 4.5);
  };
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== '');
  const shown = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.closest(':disabled'));
  const texts = shown.filter(own).filter((element) => isFaint(element, getComputedStyle(element)));
  const fields = shown.filter((element) => element.placeholder && isFaint(element, getComputedStyle(element, '::placeholder')));
  return [...texts, ...fields].map((element) => `${element.tagName} ${element.id} "${element.placeholder ?? element.textContent.trim().slice(0, 30)}"`);
});

test('messages and a call that comes in cover nothing, and every text can be read', { timeout }, async () => {
  const [page, caller] = [await softphone('chromium', 'ada'), await softphone('firefox', 'ben')];
  const parts = ['.bar', '#notices', '#incoming', 'main'];
  await page.evaluate(async () => {
    const { notice } = await import('./softphone-notices.js');
    notice('one', { title: 'Connection to the gateway lost', text: 'Trying again.', serious: false, dismissable: false });
    notice('two', { title: 'Microphone refused', text: 'Words that go on and on. '.repeat(8) });
  });
  await call(caller, 'ada');
  await sees(page, '#incoming-name', /ben/);
  assert.equal(await focused(page), 'incoming');
  await everywhere(page, 'incoming', async (where) => {
    assert.deepEqual(await collisions(page, parts), [], where);
    assert.deepEqual(await faint(page), [], where);
    for (const id of ['answer', 'decline', 'presence-toggle', 'place']) {
      await page.$eval(`#${id}`, (button) => button.scrollIntoView({ block: 'nearest' }));
      const there = await page.$eval(`#${id}`, (button) => {
        const { x, y, width, height } = button.getBoundingClientRect();
        return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
      });
      assert.ok(there, `${id} can be pressed: ${where}`);
    }
  });
  await page.click('#answer');
  await sees(page, '#call-state', /^Connected$/);
  await page.evaluate(async () => (await import('./softphone-notices.js')).dismiss('two'));
  await page.click('#keypad');
  await everywhere(page, 'keypad', async (where) => {
    assert.deepEqual(await collisions(page, parts), [], where);
    assert.deepEqual(await faint(page), [], where);
  });
  await page.click('#hangup');
  await gone(caller, '#call');
});

test('what the gateway offers to call stands in two columns', { timeout }, async () => {
  const page = await softphone('chromium', 'cora');
  await sees(page, '#offers', /echo\s+lets you hear yourself\s+\+15550100\s+plays a tone/);
  await everywhere(page, 'offers', async (where) => {
    const columns = await page.$$eval('#offers li', (items) => items.map((item) => [...item.children].map((child) => Math.round(child.getBoundingClientRect().x))));
    assert.equal(columns.length, 3);
    assert.equal(new Set(columns.map(String)).size, 1, `${where}: ${JSON.stringify(columns)}`);
    const inside = await page.$$eval('#offers li > *', (cells) => cells.every((cell) => cell.scrollWidth <= cell.clientWidth || getComputedStyle(cell).display === 'inline'));
    assert.ok(inside, where);
    assert.deepEqual(await collisions(page, ['#place', '#offers', '#pad']), [], where);
    assert.deepEqual(await faint(page), [], where);
  });
});
