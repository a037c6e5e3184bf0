// The minting examples of docs/examples/mint and the README's, run and judged by `callgate token inspect`.
// The one thing to know: docs/tokens.md shows the same files, word for word; tests/packages has every interpreter.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BINARY, TOP } from '../lib/gateway.mjs';

const EXAMPLES = join(TOP, 'docs/examples/mint');
const environment = {
  ...process.env,
  CALLGATE_ACCOUNT: `AC${'0'.repeat(32)}`,
  CALLGATE_KEY: `SK${'1'.repeat(32)}`,
  CALLGATE_APPLICATION: `AP${'2'.repeat(32)}`,
  CALLGATE_SECRET: 'a sécret of the examples with "odd" \\x41 %s bytes',
};

// The examples find their npm packages as in a customer's directory.
const scratch = mkdtempSync(join(tmpdir(), 'callgate-mint-'));
after(() => rmSync(scratch, { recursive: true }));
cpSync(EXAMPLES, scratch, { recursive: true });
symlinkSync(join(TOP, 'tests/node_modules'), join(scratch, 'node_modules'));

const run = (command, args, options = {}) => spawnSync(command, args, { cwd: scratch, env: environment, encoding: 'utf8', ...options });
const PYTHON = '/usr/bin/python3'; // Debian's: the one that has Debian's PyJWT

/** How to run each file. */
const EXAMPLES_BY_FILE = {
  'mint.mjs': [process.execPath, 'mint.mjs'],
  'mint-jose.mjs': [process.execPath, 'mint-jose.mjs'],
  'mint.py': [PYTHON, 'mint.py'],
  'mint-pyjwt.py': [PYTHON, 'mint-pyjwt.py'],
  'mint.php': ['php', 'mint.php'],
  'mint.go': ['go', 'run', 'mint.go'],
  'mint.sh': ['bash', 'mint.sh'],
};

function inspect(token) {
  const { status, stdout, stderr } = run(BINARY, ['token', 'inspect', '--json', '--secret-env', 'CALLGATE_SECRET'], { input: token });
  assert.equal(status, 0, stdout + stderr);
  return JSON.parse(stdout);
}

test('every example is run here and shown in docs/tokens.md', () => {
  const docs = readFileSync(join(TOP, 'docs/tokens.md'), 'utf8');
  assert.deepEqual(readdirSync(EXAMPLES).sort(), Object.keys(EXAMPLES_BY_FILE).sort());
  for (const file of readdirSync(EXAMPLES)) {
    assert.ok(docs.includes(readFileSync(join(EXAMPLES, file), 'utf8')), `docs/tokens.md shows another ${file}`);
  }
});

for (const [file, [command, ...args]] of Object.entries(EXAMPLES_BY_FILE)) {
  test(`${file} makes the token that all of them make`, () => {
    const { status, stdout, stderr, error } = run(command, [...args, 'alice']);
    assert.equal(status, 0, `${error ?? ''}${stderr}`);
    const { header, claims } = inspect(stdout);
    assert.deepEqual(header, { alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' });
    assert.deepEqual(claims, {
      jti: `${environment.CALLGATE_KEY}-${claims.iat}`,
      iss: environment.CALLGATE_KEY,
      sub: environment.CALLGATE_ACCOUNT,
      iat: claims.iat,
      exp: claims.iat + 3600,
      grants: {
        identity: 'alice',
        voice: {
          incoming: { allow: true },
          outgoing: { application_sid: environment.CALLGATE_APPLICATION, params: { campaign: 'spring' } },
        },
      },
    });
  });
}

test('the README\'s Python makes a token that is accepted', () => {
  const [, code] = /```python\n([^]*?)```/.exec(readFileSync(join(TOP, 'README.md'), 'utf8'));
  const { CALLGATE_ACCOUNT, CALLGATE_KEY, CALLGATE_SECRET, CALLGATE_APPLICATION } = environment;
  const given = [CALLGATE_ACCOUNT, CALLGATE_KEY, CALLGATE_SECRET, CALLGATE_APPLICATION, 'alice'];
  const { status, stdout, stderr, error } = run(PYTHON, ['-c', `${code}\nimport sys\nprint(access_token(*sys.argv[1:]))`, ...given]);
  assert.equal(status, 0, `${error ?? ''}${stderr}`);
  const { claims } = inspect(stdout);
  assert.deepEqual([claims.iss, claims.sub, claims.exp - claims.iat], [CALLGATE_KEY, CALLGATE_ACCOUNT, 3600]);
  assert.deepEqual(claims.grants, { identity: 'alice', voice: { incoming: { allow: true }, outgoing: { application_sid: CALLGATE_APPLICATION } } });
});
