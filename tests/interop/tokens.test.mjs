// Tokens between Callgate and the ecosystem: what one side makes, the other's verifier takes, and both understand the same.
// The one thing to know: only the command line is under test here; no gateway runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLocalJWKSet, importSPKI, jwtVerify, SignJWT } from 'jose';
import twilio from 'twilio';
import { BINARY, TOP } from '../lib/gateway.mjs';

// The verifier that the `twilio` package itself stands on.
const jsonwebtoken = createRequire(createRequire(import.meta.url).resolve('twilio'))('jsonwebtoken');
const { AccessToken, ClientCapability } = twilio.jwt;

const ACCOUNT = `AC${'0'.repeat(32)}`;
const KEY = `SK${'1'.repeat(32)}`;
const APPLICATION = `AP${'2'.repeat(32)}`;
const SECRET = 'sécret of the interop tests, longer than the 64 bytes that HS512 likes to see';
const scratch = mkdtempSync(join(tmpdir(), 'callgate-tokens-'));
after(() => rmSync(scratch, { recursive: true }));

function callgate(args, { input = '', secret = SECRET } = {}) {
  const run = spawnSync(BINARY, ['token', ...args], { input, encoding: 'utf8', env: { ...process.env, CALLGATE_TEST_SECRET: secret } });
  assert.equal(run.signal, null, run.stderr);
  return run;
}

function mint(...args) {
  const run = callgate(['mint', '--account', ACCOUNT, '--key', KEY, ...args]);
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stderr, '');
  return run.stdout.trim();
}

/** The verdict on a token: {header, claims, status, code}; `exit` is the process's. */
function inspect(token, args = ['--secret-env', 'CALLGATE_TEST_SECRET'], options = {}) {
  const run = callgate(['inspect', '--json', ...args], { input: `${token}\n`, ...options });
  return { exit: run.status, stderr: run.stderr, ...(run.stdout && JSON.parse(run.stdout)) };
}

function accepted(verdict) {
  assert.equal(verdict.status, 'ok', `${verdict.text} ${verdict.stderr}`);
  assert.equal(verdict.exit, 0);
}

function refused(verdict, status) {
  assert.equal(verdict.status, status);
  assert.equal(verdict.exit, 1);
}

let pairs = 0;
function keyPair(algorithm) {
  const name = `${algorithm}-${pairs++}`;
  const { publicKey, privateKey } = algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const files = { public: join(scratch, `${name}.pub`), private: join(scratch, `${name}.pem`) };
  const pem = {
    public: publicKey.export({ type: 'spki', format: 'pem' }),
    private: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
  writeFileSync(files.public, pem.public);
  writeFileSync(files.private, pem.private);
  return { publicKey, pem, files };
}

const FULL = ['--identity', 'alice', '--incoming', '--application', APPLICATION, '--param', 'greeting=héllo "w\\orld" & more=less'];
const GRANTS = {
  identity: 'alice',
  voice: {
    incoming: { allow: true },
    outgoing: { application_sid: APPLICATION, params: { greeting: 'héllo "w\\orld" & more=less' } },
  },
};

function checkClaims(claims) {
  const now = Date.now() / 1000;
  assert.deepEqual(claims.grants, GRANTS);
  assert.equal(claims.exp - claims.iat, 1800);
  assert.ok(Math.abs(claims.iat - now) < 60);
  // The twilio package reads the clock once for each of the two: a second may begin between them.
  const [, minted] = claims.jti.match(`^${KEY}-([0-9]+)$`) ?? assert.fail(claims.jti);
  assert.ok(Math.abs(minted - claims.iat) <= 1, `${claims.jti} of ${claims.iat}`);
}

for (const algorithm of ['HS256', 'HS384', 'HS512']) {
  test(`what callgate mints with ${algorithm} is verified by jose and jsonwebtoken`, async () => {
    const token = mint('--secret-env', 'CALLGATE_TEST_SECRET', '--algorithm', algorithm, '--ttl', '1800', ...FULL);
    const { payload, protectedHeader } = await jwtVerify(token, new TextEncoder().encode(SECRET), {
      algorithms: [algorithm], issuer: KEY, subject: ACCOUNT, typ: 'JWT', requiredClaims: ['jti', 'iat', 'exp'],
    });
    assert.deepEqual(protectedHeader, { alg: algorithm, typ: 'JWT', cty: 'twilio-fpa;v=1' });
    checkClaims(payload);
    checkClaims(jsonwebtoken.verify(token, SECRET, { algorithms: [algorithm], issuer: KEY, subject: ACCOUNT }));
    assert.throws(() => jsonwebtoken.verify(token, `${SECRET}x`, { algorithms: [algorithm] }), /invalid signature/);
  });
}

for (const algorithm of ['ES256', 'RS256']) {
  test(`what callgate mints with ${algorithm} is verified by jose and jsonwebtoken`, async () => {
    const { pem, files } = keyPair(algorithm);
    const token = mint('--private-key', files.private, '--ttl', '1800', ...FULL);
    const { payload } = await jwtVerify(token, await importSPKI(pem.public, algorithm), { algorithms: [algorithm], issuer: KEY });
    checkClaims(payload);
    checkClaims(jsonwebtoken.verify(token, pem.public, { algorithms: [algorithm] }));
    accepted(inspect(token, ['--public-key', files.public]));
  });

  test(`what jose and jsonwebtoken sign with ${algorithm} is taken`, async () => {
    const { pem, files } = keyPair(algorithm);
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: KEY, sub: ACCOUNT, iat: now, exp: now + 600, grants: GRANTS };
    const byJose = await new SignJWT(claims).setProtectedHeader({ alg: algorithm }).sign(createPrivateKey(pem.private));
    const byJsonwebtoken = jsonwebtoken.sign(claims, pem.private, { algorithm, header: { cty: 'twilio-fpa;v=1' } });
    for (const token of [byJose, byJsonwebtoken]) {
      accepted(inspect(token, ['--public-key', files.public]));
      refused(inspect(token), 'algorithm'); // a secret never verifies it
      refused(inspect(token, ['--public-key', keyPair(algorithm).files.public]), 'signature');
    }
    // The forgery that gave algorithm confusion its name.
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(pem.public));
    refused(inspect(forged, ['--public-key', files.public]), 'algorithm');
  });
}

test('a token minted on a JWK set of the customer is verified by jose', async () => {
  const { publicKey, files } = keyPair('ES256');
  const keys = createLocalJWKSet({ keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] });
  const { payload } = await jwtVerify(mint('--private-key', files.private, '--identity', 'alice', '--incoming'), keys);
  assert.deepEqual(payload.grants, { identity: 'alice', voice: { incoming: { allow: true } } });
});

function accessToken(options = {}, voice = {}) {
  const token = new AccessToken(ACCOUNT, KEY, options.secret ?? SECRET, { identity: 'alice', ttl: 1800, ...options });
  token.addGrant(new AccessToken.VoiceGrant({
    incomingAllow: true, outgoingApplicationSid: APPLICATION, outgoingApplicationParams: { greeting: GRANTS.voice.outgoing.params.greeting }, ...voice,
  }));
  return token;
}

for (const algorithm of AccessToken.ALGORITHMS) {
  test(`the twilio package's access tokens with ${algorithm} are taken`, () => {
    const verdict = inspect(accessToken({ region: 'ie1' }).toJwt(algorithm), ['--secret-env', 'CALLGATE_TEST_SECRET', '--algorithm', algorithm]);
    accepted(verdict);
    checkClaims(verdict.claims);
    assert.equal(verdict.header.twr, 'ie1');
  });
}

test("the twilio package's other grants and odd parameters do no harm", () => {
  const token = accessToken({ identity: 42, nbf: Math.floor(Date.now() / 1000) - 1 }, {
    pushCredentialSid: `CR${'3'.repeat(32)}`, endpointId: 'ep1',
    outgoingApplicationParams: { text: '', number: 1.5, flag: false, nothing: null },
  });
  token.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid: `WS${'4'.repeat(32)}`, workerSid: `WK${'5'.repeat(32)}`, role: 'worker' }));
  token.addGrant(new AccessToken.VideoGrant({ room: 'room' }));
  const verdict = inspect(token.toJwt());
  accepted(verdict);
  assert.equal(verdict.claims.grants.identity, '42');
});

function capability(...scopes) {
  const token = new ClientCapability({ accountSid: ACCOUNT, authToken: SECRET, ttl: 600 });
  for (const scope of scopes) token.addScope(scope);
  return token.toJwt();
}

test("the twilio package's capability tokens are taken", () => {
  const incoming = new ClientCapability.IncomingClientScope('alice@example.com');
  const outgoing = new ClientCapability.OutgoingClientScope({
    applicationSid: APPLICATION, clientName: 'alice@example.com', params: { a: 'b c', 'd&e': '100%=ü' },
  });
  const events = new ClientCapability.EventStreamScope({ filter: 'x y' });
  for (const scopes of [[incoming], [outgoing], [incoming, outgoing], [events, outgoing, incoming]]) accepted(inspect(capability(...scopes)));
  refused(inspect(capability(events)), 'grants');
  refused(inspect(capability(incoming, new ClientCapability.OutgoingClientScope({ applicationSid: APPLICATION, clientName: 'bob' }))), 'identity');
  refused(inspect(capability(incoming), ['--secret-env', 'CALLGATE_TEST_SECRET', '--algorithm', 'HS512']), 'issuer');
});

/** The table of failures in docs/tokens.md: name -> {code, raises, precise}. */
function documentedFailures() {
  const docs = readFileSync(join(TOP, 'docs/tokens.md'), 'utf8');
  const rows = docs.matchAll(/^\| `(\w+)` \| (\d{5}) \| (\w+) \| (\w+) \|/gm);
  return new Map([...rows].map(([, name, code, raises, precise]) => [name, { code: Number(code), raises, precise }]));
}

async function refusedTokens() {
  const now = Math.floor(Date.now() / 1000);
  const sign = (changes, header = {}, secret = SECRET) => {
    const claims = { iss: KEY, sub: ACCOUNT, iat: now, exp: now + 600, grants: GRANTS, ...changes };
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(new TextEncoder().encode(secret));
  };
  const voice = (changes) => ({ grants: { identity: 'alice', voice: changes } });
  return {
    header: await sign({}, { cty: 'twilio-fpa;v=2' }),
    algorithm: await sign({}, { alg: 'HS512' }),
    audience: await sign({ aud: 'somebody else' }),
    issuer: await sign({ iss: 'https://example.com' }),
    account: await sign({ sub: 'nobody' }),
    signature: await sign({}, {}, `${SECRET}?`),
    expired: await sign({ exp: now - 1 }),
    not_yet_valid: await sign({ nbf: now + 300 }),
    ttl_too_long: await sign({ exp: now + 86401 }),
    grants: await sign(voice({ incoming: { allow: 'yes' } })),
    identity: await sign({ grants: { voice: { incoming: { allow: true } } } }),
    application: await sign(voice({ outgoing: { application_sid: 'AP1' } })),
    malformed: await sign({ exp: undefined }),
  };
}

test('every refusal is named, and has the code that docs/tokens.md says', async () => {
  const documented = documentedFailures();
  const tokens = await refusedTokens();
  for (const [status, token] of Object.entries(tokens)) {
    const verdict = inspect(token);
    refused(verdict, status);
    assert.equal(documented.get(status)?.code, verdict.code, `${status} in docs/tokens.md`);
  }
  assert.deepEqual([...documented.keys()].sort(), [...Object.keys(tokens), 'missing', 'too_long'].sort());
  assert.equal(new Set([...documented.values()].map((each) => each.code)).size, documented.size);
});

test('the browser SDK makes of each code what docs/tokens.md says', () => {
  const errors = join(TOP, 'tests/node_modules/@twilio/voice-sdk/es5/twilio/errors'); // not among its exports
  const { errorsByCode } = createRequire(import.meta.url)(join(errors, 'generated.js'));
  const { getPreciseSignalingErrorByCode } = createRequire(import.meta.url)(join(errors, 'index.js'));
  const special = { 31201: 20151, 31204: 20101, 31205: 20104 }; // in its Device, before anything else
  for (const [name, { code, raises, precise }] of documentedFailures()) {
    const raised = (precision) => {
      const Raised = special[code] ? errorsByCode.get(special[code]) : getPreciseSignalingErrorByCode(precision, code);
      return (Raised ? new Raised() : { name: 'ConnectionError' }).name;
    };
    assert.ok(errorsByCode.has(code), `${name}: ${code}`);
    assert.deepEqual([raised(false), raised(true)], [raises, precise], name);
  }
});

test('a token that can do nothing is made, with a warning', () => {
  const run = callgate(['mint', '--account', ACCOUNT, '--key', KEY, '--secret-env', 'CALLGATE_TEST_SECRET', '--identity', 'alice']);
  assert.deepEqual([run.status, run.stdout.split('.').length], [0, 3]);
  assert.match(run.stderr, /warning: this token can neither call nor be called/);
});

test('tokens that are none are refused without a trace of them on standard output', () => {
  for (const [input, name] of [['', 'missing'], ['x'.repeat(100_000), 'too_long'], ['not.a.token', 'malformed'], [`${mintOnce()}=`, 'malformed']]) {
    const run = callgate(['inspect', '--secret-env', 'CALLGATE_TEST_SECRET'], { input });
    assert.equal(run.status, 1);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, new RegExp(`^refused: ${name} \\(\\d{5}\\): `));
  }
});

let once;
function mintOnce() {
  once ??= mint('--secret-env', 'CALLGATE_TEST_SECRET', '--identity', 'alice', '--incoming');
  return once;
}

test('wrong command lines are refused with a reason, and no secret is ever an argument', () => {
  const cases = [
    [[], /^usage: /],
    [['melt'], /^usage: /],
    [['mint'], /--account takes/],
    [['mint', '--account', ACCOUNT, '--key', KEY], /one of --secret-file, --secret-env and --private-key/],
    [['mint', '--account', ACCOUNT, '--key', KEY, '--secret', SECRET], /Unknown option/],
    [['mint', '--account', ACCOUNT, '--key', KEY, '--secret-file', join(scratch, 'absent')], /absent cannot be read/],
    [['mint', '--account', ACCOUNT, '--key', KEY, '--secret-env', 'CALLGATE_TEST_ABSENT'], /has no CALLGATE_TEST_ABSENT/],
    [['mint', '--account', ACCOUNT, '--key', KEY, '--secret-env', 'CALLGATE_TEST_SECRET', '--algorithm', 'none'], /no algorithm "none"/],
    [['mint', '--account', ACCOUNT, '--key', KEY, '--secret-env', 'CALLGATE_TEST_SECRET', '--algorithm', 'ES256'], /does not go with a secret/],
    [['mint', '--account', ACCOUNT, '--key', KEY, '--secret-env', 'CALLGATE_TEST_SECRET', '--param', 'a=b'], /--param needs --application/],
    [['inspect', mintOnce(), 'more'], /one token/],
    [['inspect', '--secret-file', '-'], /standard input/],
    [['inspect', '--secret-env', 'CALLGATE_TEST_SECRET', '--public-key', 'x', mintOnce()], /one of --secret-file/],
  ];
  for (const [args, reason] of cases) {
    const run = callgate(args);
    assert.equal(run.status, 2, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
    assert.match(run.stderr, reason);
    assert.equal(run.stdout, '');
  }
  for (const args of [['--help'], ['mint', '--help'], ['inspect', '--help']]) {
    const run = callgate(args);
    assert.equal(run.status, 0);
    assert.match(run.stdout, /usage:/i);
  }
});

test('a hostile token cannot steer the terminal', () => {
  const token = jsonwebtoken.sign({ iss: KEY, 'na\u001b]0;me': '\u001b[2J\u202e\u0085\u007fend "quoted"' }, SECRET, { noTimestamp: true });
  const run = callgate(['inspect'], { input: token });
  assert.equal(run.status, 0, run.stderr);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(run.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  assert.match(run.stdout, /\\u\{1b\}\[2J\\u\{202e\}\\u\{85\}\\u\{7f\}end \\"quoted\\"/);
});

test('times are readable, secrets may come from a file with a line break', () => {
  const file = join(scratch, 'secret');
  writeFileSync(file, `${SECRET}\r\n`);
  const token = accessToken().toJwt();
  const run = callgate(['inspect', '--secret-file', file, token]);
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /^ {2}exp: \d+ {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z \(in 1[78]\d\d s\)$/m);
  assert.match(run.stdout, /^valid$/m);
});
