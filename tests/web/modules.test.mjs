/* The modules behind callgate.js: each is reached from it, none imports itself through others, and nothing but
 * relative files is imported, so that a browser takes them as they are. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../web-demo/callgate.js';

const TOP = fileURLToPath(new URL('../../', import.meta.url));
const WEB = join(TOP, 'web-demo');

const specifiers = (path) => [...readFileSync(join(WEB, path), 'utf8').matchAll(/^(?:import|export)\b[^;]*? from '([^']+)';/gm)];
const imports = (path) => specifiers(path).map(([, name]) => normalize(join(dirname(path), name)));

/* Depth first; `trail` is the way to `path`. */
function walk(path, seen, trail = []) {
  assert.ok(!trail.includes(path), `a circle: ${[...trail, path].join(' > ')}`);
  if (seen.has(path)) return;
  for (const next of imports(path)) walk(next, seen, [...trail, path]);
  seen.add(path);
}

test('all are reached from callgate.js, in no circle', () => {
  const seen = new Set();
  walk('callgate.js', seen);
  const files = readdirSync(join(WEB, 'callgate'), { recursive: true }).filter((name) => name.endsWith('.js'));
  assert.deepEqual([...seen].sort(), ['callgate.js', ...files.map((name) => `callgate/${name}`)].sort());
  for (const path of seen) {
    for (const [, name] of specifiers(path)) assert.match(name, /^\.\.?\/[\w./-]+\.js$/, path);
  }
});

test('the version is the project\'s', () => {
  const [, version] = /version: '([^']+)'/.exec(readFileSync(join(TOP, 'meson.build'), 'utf8'));
  assert.equal(VERSION, version);
});
