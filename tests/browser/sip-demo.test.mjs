// A newcomer starts gateway/run --sip-demo, opens the softphone and calls the demo's phones.
// The one thing to know: it runs in the checkout as it is, with baresip as the phones; what is heard is proved by frequency.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Person, screenshot } from '../lib/browsers.mjs';
import { TOP } from '../lib/gateway.mjs';
import { requireNetns } from '../lib/netns.mjs';
import { sees } from '../lib/sight.mjs';
import { TIMEOUT as timeout } from '../lib/stage.mjs';
import { hears, receivesMore } from '../lib/tone.mjs';
import { until } from '../lib/wait.mjs';

const RUN = join(TOP, 'gateway/run');
const [VOICE, TONE] = [600, 440];

/** The demo: {url, process, exited, phones, directory}. `phones`: process ids; `directory`: where its temporary files go. */
async function startDemo(t) {
  const directory = mkdtempSync(join(tmpdir(), 'callgate-demo-'));
  const process = spawn(RUN, ['--sip-demo', '--port', '0', '--udp-port', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...globalThis.process.env, TMPDIR: directory } });
  const exited = once(process, 'exit');
  t.after(() => {
    process.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });
  let said = '';
  process.stderr.on('data', (data) => { said += data; });
  const [line] = await Promise.race([once(createInterface(process.stdout), 'line'), exited.then(() => assert.fail(said))]);
  const phones = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);
  return { url: line.replace('listening on ', ''), process, exited, phones, directory };
}

/** Whether `pid` is a process that has not ended. It may end between any two looks at it, so there is only one. */
function runs(pid) {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return false;
    throw error;
  }
}

async function hangUp(page) {
  await page.click('#hangup');
  await sees(page, '#presence-text', /^Ready for calls$/);
}

test('gateway/run --sip-demo: echo is heard as one\'s own voice, a number as a tone', { timeout }, async (t) => {
  requireNetns();
  const demo = await startDemo(t);
  assert.deepEqual(readdirSync(demo.directory), [], 'files left behind');
  assert.equal(demo.phones.length, 2);
  const person = await Person.launch('chromium', VOICE);
  t.after(() => person.close());
  const page = await person.open(`${demo.url}/softphone.html?identity=newcomer`);
  await sees(page, '#presence-text', /^Ready for calls$/);
  await sees(page, '#offers', /echo\s+lets you hear yourself\s+\+15550100\s+plays a tone/);
  await screenshot(page, 'softphone-sip-demo');

  await page.type('#to', 'echo');
  await page.keyboard.press('Enter');
  await hears(page, VOICE, 20000);
  await receivesMore(page);
  await hangUp(page);

  await page.$eval('#to', (field) => { field.value = '+1 555 0100'; });
  await page.click('#place');
  await hears(page, TONE, 20000);
  await hangUp(page);

  await (await page.waitForSelector('#offers li:first-child button')).click();
  await hears(page, VOICE, 20000);
  await hangUp(page);
  assert.deepEqual(page.errors, []);

  demo.process.kill('SIGTERM');
  const [code] = await demo.exited;
  assert.equal(code, 0);
  await until(() => !demo.phones.some(runs), 'the phones to end');
});

test('the phones end with a gateway that is killed, too', { timeout }, async (t) => {
  const demo = await startDemo(t);
  assert.ok(demo.phones.every(runs));
  demo.process.kill('SIGKILL');
  await until(() => !demo.phones.some(runs), 'the phones to end');
});

test('--sip-demo is no part of a gateway with a configuration of its own', () => {
  const process = spawn(RUN, ['--sip-demo', '--config', '/nonexistent'], { stdio: 'ignore' });
  return once(process, 'exit').then(([code]) => assert.equal(code, 2));
});
