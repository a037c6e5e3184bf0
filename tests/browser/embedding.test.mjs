// The code that people copy into their pages: the README's, on a page of another origin, and examples/embed.html.
// The one thing to know: both run as they stand there; the tests give them a token, the gateway's address, and clicks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TOP } from '../lib/gateway.mjs';
import { stage, TIMEOUT as timeout } from '../lib/stage.mjs';
import { serve } from '../lib/static-server.mjs';
import { accessToken, APPLICATION, KEY } from '../lib/tokens.mjs';
import { hears } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

// The customer's web server: up before the gateway, which must know its origin; what it serves comes when that is up.
const files = {};
const customer = await serve(files);
after(() => customer.close());
const set = stage({
  browsers: { chromium: 'chromium', firefox: 'firefox' },
  config: {
    server: { web_root: join(TOP, 'web-demo'), allowed_origins: customer.url },
    demo: { enabled: true, key: KEY, application: APPLICATION },
  },
});

const [, README] = /```js\n([^]*?)```/.exec(readFileSync(join(TOP, 'README.md'), 'utf8'));

/** A page whose script is the README's, with what it takes for given before it and its ends made visible after it. */
function readmePage(identity) {
  assert.equal(README.split('https://gateway.example.com').length, 3, 'its address is that of the module and of the gateway');
  const given = `const token = '${accessToken(identity)}', fetchToken = async () => token;`;
  const script = `${given}\n${README}\nglobalThis.ends = { device, call };`;
  return `<!doctype html><title>customer</title><script type="module">${script.replaceAll('https://gateway.example.com', set.gateway.url)}</script>`;
}

async function answered(phone, number) {
  await phone.tell(number, 'accept');
  await phone.wait('call.accept');
}

for (const [kind, other] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
  test(`the README's lines call and are called from a page of another origin: ${kind}`, { timeout }, async () => {
    const bob = await set.phone(other, { identity: 'bob' });
    files['/'] = readmePage('carol');
    const page = await set.people[kind].open(customer.url);
    const said = (word) => until(() => page.console.includes(`log: ${word}`), `"${word}"`)
      .catch((error) => { throw new Error(`${error.message}; it said: ${[...page.console, ...page.errors].join('\n')}`); });
    await answered(bob, (await bob.wait('incoming')).call);
    await said('talking');
    await Promise.all([hears(page, bob.frequency), hears(bob.page, set.people[kind].frequency)]);
    await page.evaluate(() => globalThis.ends.call.disconnect());
    await said('over');
    await bob.call('client:carol');
    await bob.wait('call.accept');
    await Promise.all([hears(page, bob.frequency), hears(bob.page, set.people[kind].frequency)]);
    assert.deepEqual(page.errors, []);
    await page.end();
  });

  test(`examples/embed.html calls and is called: ${kind}`, { timeout }, async () => {
    const bob = await set.phone(other, { identity: 'bob' });
    const page = await set.page(kind, '/examples/embed.html?identity=dave');
    page.on('dialog', (dialog) => dialog.accept());
    const says = (text) => page.waitForFunction((wanted) => document.getElementById('state').textContent === wanted, {}, text);
    await says('Ready as dave.');
    await page.click('#call');
    await answered(bob, (await bob.wait('incoming')).call);
    await says('You are talking.');
    await Promise.all([hears(page, bob.frequency), hears(bob.page, set.people[kind].frequency)]);
    await page.click('#hangup');
    await says('Over.');
    await bob.call('client:dave');
    await bob.wait('call.accept');
    await hears(bob.page, set.people[kind].frequency);
    assert.deepEqual(page.errors, []);
  });
}

test('callgate.js is given to pages of allowed origins, and to no others', { timeout }, async () => {
  files['/other'] = '<!doctype html><title>other</title>';
  const imports = async (origin) => {
    const page = await set.people.chromium.open(`${origin}/other`);
    const works = await page.evaluate((url) => import(url).then((module) => 'Device' in module, () => false), `${set.gateway.url}/callgate.js`);
    await page.end();
    return works;
  };
  assert.equal(await imports(customer.url), true);
  assert.equal(await imports(customer.url.replace('127.0.0.1', 'localhost')), false);
});
