/* callgate.d.ts as a TypeScript application sees it: types/usage.ts uses everything, and the compiler has the word. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const TOP = fileURLToPath(new URL('../../', import.meta.url));
const TYPES = 'web-demo/callgate.d.ts';

/* The compiler's complaints about the usage, with `change` applied to the types. */
function compile(t, change = (text) => text) {
  const directory = mkdtempSync(join(tmpdir(), 'callgate-types-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const folder of ['web-demo', 'tests/web']) mkdirSync(join(directory, folder), { recursive: true });
  cpSync(join(TOP, 'tests/web/types'), join(directory, 'tests/web/types'), { recursive: true });
  const original = readFileSync(join(TOP, TYPES), 'utf8');
  writeFileSync(join(directory, TYPES), change(original));
  const compiler = join(TOP, 'tests/node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '--pretty', 'false', '--project', join(directory, 'tests/web/types')],
    { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('an application that uses all of it compiles, strictly', (t) => {
  const { status, output } = compile(t);
  assert.equal(status, 0, output);
});

test('what the README shows is what is compiled', () => {
  const [, shown] = /```js\n(import \{ Device \}[\s\S]*?)```/.exec(readFileSync(join(TOP, 'README.md'), 'utf8'));
  const usage = readFileSync(join(TOP, 'tests/web/types/usage.ts'), 'utf8');
  for (const line of shown.split('\n').filter((text) => text && !text.startsWith('import'))) {
    assert.ok(usage.includes(line), `usage.ts lacks: ${line}`);
  }
});

test('a type that grew too wide, too narrow or away is noticed', (t) => {
  // All at once, for a compiler is slow to start.
  const changes = [
    ['  readonly identity: string | null;', '  readonly identity: any;'],
    ["  incoming: [call: Call];", "  incoming: [call: Call];\n  incomming: [];"],
    ["  play(name: 'incoming' | 'waiting' | 'ringback' | 'ended'): void;", '  play(name: string): void;'],
    ['  isOnHold(): boolean;\n', ''],
  ];
  const { status, output } = compile(t, (text) => changes.reduce((now, [from, to]) => {
    assert.ok(now.includes(from), from);
    return now.replace(from, to);
  }, text));
  assert.notEqual(status, 0);
  assert.equal(output.match(/TS2578/g)?.length, 2, output); // unused "expect-error": the event and the sound
  assert.match(output, /TS2345/); // the identity
  assert.match(output, /TS2741: Property 'incomming' is missing/);
  assert.match(output, /TS2339: Property 'isOnHold'/);
});
