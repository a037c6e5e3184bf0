// Signing in to the softphone with a token of one's own, right and wrong.
// The one thing to know: whoever is not let in stays at the form, and reads there what the gateway said.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { screenshot } from '../lib/browsers.mjs';
import { drop } from '../lib/netns.mjs';
import { errorsOf, focused, gone, sees, visible } from '../lib/sight.mjs';
import { softphoneStage } from '../lib/softphone.mjs';
import { PORT, TIMEOUT as timeout } from '../lib/stage.mjs';
import { accessClaims, accessToken, customToken } from '../lib/tokens.mjs';

const { set } = softphoneStage();
beforeEach(() => set.gateway.expectWarning(/^peer\.rejected$/));

const past = Math.floor(Date.now() / 1000) - 7200;
const expired = (identity) => customToken(accessClaims(identity, { iat: past, nbf: past, exp: past + 3600 }));
const stranger = (identity) => customToken(accessClaims(identity), { signingKey: new TextEncoder().encode('another secret, also longer than 32 bytes') });

async function paste(page, token) {
  await page.$eval('#token', (field) => { field.value = ''; });
  await page.type('#token', token);
  await page.click('#signin-token button');
}

/** The form says so, the field is named as the wrong one and has the focus, and there is no desk. */
async function turnedAway(page, pattern) {
  await sees(page, '#token-error', pattern);
  assert.deepEqual([await focused(page), await page.$eval('#token', (field) => field.getAttribute('aria-invalid'))], ['token', 'true']);
  assert.deepEqual([await visible(page, '#desk'), await visible(page, '#presence-toggle'), await visible(page, '#presence-text')], [null, null, 'Not signed in']);
  const describedBy = await page.$eval('#token', (field) => document.getElementById(field.getAttribute('aria-describedby')).getAttribute('role'));
  assert.equal(describedBy, 'alert');
}

test('a token of one\'s own lets one in, and is gone from the address', { timeout }, async () => {
  const page = await set.page('chromium', `/softphone.html#token=${accessToken('with-token')}`);
  await sees(page, '#presence-text', /Ready for calls/);
  assert.equal(await page.evaluate(() => location.hash), '');
  assert.equal(await visible(page, '#identity'), 'with-token');
  assert.equal(await visible(page, '#signin'), null);
  assert.equal(await focused(page), 'to');
});

for (const who of ['chromium', 'firefox']) {
  test(`garbage, an expired token and one of another key are refused at the form, a right one is taken there: ${who}`, { timeout }, async () => {
    const page = await set.page(who, '/softphone.html');
    await paste(page, 'this is no token');
    await turnedAway(page, /^Invalid token \(31204\) This is not a token: /);
    await screenshot(page, `softphone-token-refused-${who}`);
    assert.equal(await page.$eval('#token', (field) => field.value), 'this is no token', 'it can be corrected');
    await paste(page, await expired('late'));
    await turnedAway(page, /^Token expired \(31205\) The token has expired/);
    await paste(page, await stranger('eve'));
    await turnedAway(page, /^Invalid signature \(31202\) \S+/);
    await page.type('#token', 'x');
    await gone(page, '#token-error');
    await paste(page, accessToken('right'));
    await sees(page, '#presence-text', /Ready for calls/);
    await gone(page, '#signin');
    assert.deepEqual([await visible(page, '#identity'), await page.$eval('#token', (field) => field.value)], ['right', '']);
    assert.deepEqual(page.errors, []);
  });
}

test('a link with an expired token leads to the form, not to a desk that does not work', { timeout }, async () => {
  const page = await set.page('chromium', `/softphone.html#token=${await expired('late')}`);
  await turnedAway(page, /\(31205\)/);
  await paste(page, accessToken('in-time'));
  await sees(page, '#presence-text', /Ready for calls/);
  assert.deepEqual(errorsOf(page), []);
});

test('a name that is none is refused at its field', { timeout }, async () => {
  const page = await set.page('chromium', '/softphone.html');
  await page.type('#name', 'José Pérez');
  await page.click('#signin-name button');
  await sees(page, '#name-error', /^Invalid client name \(31105\) \S+/);
  assert.equal(await focused(page), 'name');
  await page.$eval('#name', (field) => { field.value = 'jose'; });
  await page.click('#signin-name button');
  await sees(page, '#presence-text', /Ready for calls/);
});

test('who may only call gets the desk all the same, and is told', { timeout }, async () => {
  const page = await set.page('chromium', `/softphone.html#token=${accessToken('caller', { incoming: false })}`);
  await sees(page, '#presence-text', /Not taking calls/);
  await sees(page, '#place', /Call/);
  await sees(page, '#notices', /Not allowed/);
  assert.equal(await visible(page, '#signin'), null);
});

test('a gateway that cannot be reached is waited for at the form', { timeout }, async () => {
  const page = await set.page('chromium', '/softphone.html');
  const restore = drop(`tcp dport ${PORT}`);
  try {
    await paste(page, accessToken('patient'));
    await sees(page, '#notices', /The gateway cannot be reached/, 30000);
    assert.equal(await visible(page, '#desk'), null);
    assert.notEqual(await visible(page, '#signin'), null);
  } finally {
    restore();
  }
  await sees(page, '#presence-text', /Ready for calls/, 30000);
  await gone(page, '#signin');
  await gone(page, '#notices .notice');
});

test('in a desk whose token ends, a wrong one is refused at the form, a lesser one is told of, and a right one goes on', { timeout }, async () => {
  const page = await set.page('chromium', `/softphone.html#token=${accessToken('renewing', { ttl: 60 })}`);
  await sees(page, '#presence-text', /Ready for calls/);
  await sees(page, '#notices', /Your token ends/, 75000); // when a fifth of its life is left
  await page.click('#notices button');
  await sees(page, '#signin', /token/);
  await paste(page, 'nonsense');
  await sees(page, '#token-error', /\(31204\)/);
  assert.equal(await focused(page), 'token');
  assert.equal(await visible(page, '#notices .notice'), null, 'told once');
  await paste(page, accessToken('renewing', { incoming: false }));
  await gone(page, '#signin');
  await sees(page, '#notices', /Calls do not reach you any more/);
  await sees(page, '#presence-text', /^Not taking calls$/);
  await page.click('#notices button');
  await paste(page, accessToken('renewing'));
  await gone(page, '#signin');
  await gone(page, '#notices .notice');
  await sees(page, '#presence-text', /Ready for calls/);
});
