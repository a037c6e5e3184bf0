// The one command of a newcomer: gateway/run starts the demo, and whoever opens its page gets a token.
// The one thing to know: it runs in the checkout as it is, so it shares build/ with the other tests.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { TOP } from '../lib/gateway.mjs';

const RUN = join(TOP, 'gateway/run');

test('gateway/run --help says what it takes', () => {
  const help = execFileSync(RUN, ['--help'], { encoding: 'utf8' });
  for (const word of ['--config', '--port', '--listen', '--build-only', 'http://127.0.0.1:8080']) assert.ok(help.includes(word), word);
});

test('gateway/run prints an address where the demo answers, and ends on Ctrl-C', { timeout: 120000 }, async (t) => {
  const demo = spawn(RUN, ['--port', '0', '--udp-port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(demo, 'exit');
  t.after(() => demo.kill('SIGKILL'));
  let said = '';
  demo.stderr.on('data', (data) => { said += data; });
  const [line] = await Promise.race([once(createInterface(demo.stdout), 'line'), exited.then(() => assert.fail(said))]);
  const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)[1];

  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<title>/);
  const answer = await fetch(`${url}/demo/token`, { method: 'POST', body: '{"identity":"alice"}' });
  const { token, identity } = await answer.json();
  assert.equal(identity, 'alice');
  assert.equal(token.split('.').length, 3);

  demo.kill('SIGINT');
  const [code] = await exited;
  assert.equal(code, 0, said);
});

test('a wrong option is refused with a word of why', () => {
  assert.throws(() => execFileSync(RUN, ['--no-such-option'], { stdio: 'pipe' }), /Unknown option --no-such-option/);
});
