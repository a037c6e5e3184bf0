// What bad input gets: a clear error on the channel it came by, a log line with the peer's address and the reason, and
// nothing else. The one thing to know: a call of two other people goes on through all of it, and is asked after each case.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { SignJWT } from 'jose';
import { SLOWNESS } from '../lib/gateway.mjs';
import { RawWebSocket } from '../lib/raw-websocket.mjs';
import { ANSWER, connect, failure, hangUp, invite, OFFER, registered, ring, sdp, startPatientGateway, talk } from '../lib/signal-calls.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessClaims, accessToken, capabilityToken, customToken, KEY, SECRET } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const OTHER_ACCOUNT = `AC${'0'.repeat(31)}2`;
const OTHER_KEY = `SK${'0'.repeat(31)}2`;
const [ES_KEY, RS_KEY] = [`SK${'e'.repeat(32)}`, `SK${'f'.repeat(32)}`];

const es = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rs = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (pair) => pair.publicKey.export({ type: 'spki', format: 'pem' });

let directory;
let gateway;
let alice;
let bob;
let call;
let descriptors;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'callgate-keys-'));
  writeFileSync(join(directory, 'es.pem'), pem(es));
  writeFileSync(join(directory, 'rs.pem'), pem(rs));
  gateway = await startPatientGateway({
    [`account ${OTHER_ACCOUNT}`]: { name: 'others' },
    [`key ${OTHER_KEY}`]: { account: OTHER_ACCOUNT, secret: SECRET },
    [`key ${ES_KEY}`]: { account: `AC${'0'.repeat(31)}1`, algorithm: 'ES256', public_key_file: join(directory, 'es.pem') },
    [`key ${RS_KEY}`]: { account: `AC${'0'.repeat(31)}1`, algorithm: 'RS256', public_key_file: join(directory, 'rs.pem') },
  });
  gateway.expectWarning(/peer.rejected/);
  alice = await connect(gateway, 'alice');
  bob = await registered(gateway, 'bob');
  call = await talk(alice, bob, 'client:bob');
  descriptors = gateway.resources().descriptors;
});

after(async () => {
  try {
    await hangUp(alice, bob, call);
  } finally {
    rmSync(directory, { recursive: true });
    await gateway.stop();
  }
});

/** The other people's call is there, and quick. */
async function callGoesOn() {
  const started = performance.now();
  await alice.request('dtmf', { callsid: call.callsid, dtmf: '1' });
  assert.equal((await bob.next('dtmf')).payload.callsid, call.ring.callsid);
  assert.ok(performance.now() - started < 1000 * SLOWNESS);
}

/** The log line of `event` that came after line `from`, with the peer's address and a reason that matches. */
async function logged(event, from, pattern) {
  const find = () => gateway.lines.slice(from).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    .find((entry) => entry.event === event && pattern.test(`${entry.reason} ${entry.detail ?? ''}`));
  const entry = await until(find, `${event} with ${pattern}`);
  assert.equal(entry.peer, '127.0.0.1');
}

const fingerprint = /a=fingerprint:.*\r?\n/;
const twice = (text) => text.replace(fingerprint, (line) => `${line}${line.replace(/[0-9A-F]{2}\r?\n$/, '00\r\n')}`);
const DESCRIPTIONS = [
  ['without audio', sdp('chromium-offer-no-audio'), /audio/],
  ['without audio, of Firefox', sdp('firefox-offer-no-audio'), /audio/],
  ['with two fingerprints', twice(OFFER), /fingerprint/],
  ['without fingerprint', OFFER.replace(fingerprint, ''), /fingerprint/],
  ['with a SHA-1 fingerprint', OFFER.replace(fingerprint, `a=fingerprint:sha-1 ${Array(20).fill('AB').join(':')}\r\n`), /sha-256, sha-384 or sha-512/],
  ['with half a fingerprint', OFFER.replace(/(a=fingerprint:sha-256 .{40}).*/, '$1'), /./],
  ['without ICE', OFFER.replace(/a=ice-(ufrag|pwd):.*\r?\n/g, ''), /ICE/i],
  ['without DTLS', OFFER.replace('UDP/TLS/RTP/SAVPF', 'RTP/AVP'), /./],
  ['without a codec of ours', OFFER.replace(/^(m=audio \d+ \S+) .*$/m, '$1 97').replace(/a=(rtpmap|fmtp|rtcp-fb):.*\r?\n/g, ''), /none of Opus, G.722, PCMU and PCMA/],
  ['longer than any browser writes', `${OFFER}${'a=x:y\r\n'.repeat(4000)}`, /./],
  ['that is an answer to nobody', 'v=0\r\n', /./],
  ['that is empty', '', /./],
  ['that is no SDP', '<xml/>', /./],
  ['with control characters', OFFER.replace('a=mid:0', 'a=mid:0\u0001'), /./],
];

test('descriptions that cannot be used', async (t) => {
  const mallory = await registered(gateway, 'mallory');
  for (const [name, offer, expected] of DESCRIPTIONS) {
    await t.test(`an offer ${name}`, async () => {
      const from = gateway.lines.length;
      const { code, message } = await failure(mallory, invite(mallory, 'client:bob', { offer }));
      assert.equal(code, 53402);
      assert.match(message, expected);
      await logged('message.refused', from, expected);
      await callGoesOn();
    });
  }
  await t.test('nobody rang', () => assert.equal(bob.messages.filter(({ type }) => type === 'invite').length, 1));
  await t.test('the same as answers: refused, and it rings on for a good one', async () => {
    const callee = await registered(gateway, 'callee');
    const caller = await connect(gateway, 'caller');
    const { callsid, rings: [{ callsid: theirs }] } = await ring(caller, [callee], 'client:callee');
    for (const [, answer] of DESCRIPTIONS) {
      const from = gateway.lines.length;
      await assert.rejects(callee.request('answer', { callsid: theirs, sdp: answer.replace('a=setup:actpass', 'a=setup:passive') }), { code: 53402 });
      await logged('message.refused', from, /./);
    }
    await callee.request('answer', { callsid: theirs, sdp: ANSWER });
    await caller.next('answer');
    await hangUp(caller, callee, { callsid });
    await Promise.all([caller.close(), callee.close(), mallory.close()]);
  });
});

const wide = `{"type":"dtmf","payload":{"a":[${'0,'.repeat(20000)}0]}}`;
const deep = `{"type":"dtmf","payload":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`;
const members = `{"type":"dtmf","payload":{${Array.from({ length: 4000 }, (_, i) => `"k${i}":0`).join(',')}}}`;
const same = `{"type":"dtmf","payload":{${Array.from({ length: 4000 }, () => '"k":0').join(',')}}}`;
const FRAMES = [
  ['2 MB', 'x'.repeat(2 << 20), 1009, /too long/],
  ['2 MB of good JSON', JSON.stringify({ type: 'dtmf', payload: { dtmf: '1'.repeat(2 << 20) } }), 1009, /too long/],
  ['a deep JSON bomb', deep, 1007, /JSON/],
  ['a deep bomb of arrays', `{"type":"dtmf","payload":${'['.repeat(30000)}${']'.repeat(30000)}}`, 1007, /JSON/],
  ['a wide JSON bomb', wide, 1007, /JSON/],
  ['an object of one name', same, 1007, /JSON/],
  ['invalid UTF-8', Buffer.from('7b2274797065223a22ff227d', 'hex'), 1007, /UTF-8/],
  ['overlong UTF-8', Buffer.from('7b2274797065223a22c0af227d', 'hex'), 1007, /UTF-8/],
  ['half a message', '{"type":"dtmf"', 1007, /JSON/],
  ['NUL bytes', Buffer.alloc(100), 1007, /./],
];

test('frames that are no messages', async (t) => {
  for (const [name, data, code, expected] of FRAMES) {
    await t.test(name, async () => {
      const from = gateway.lines.length;
      const client = await connect(gateway, 'mallory');
      client.sendRaw(data, { binary: false });
      const { payload } = await client.next('error');
      assert.match(payload.error.message, expected);
      const closed = await client.closed;
      assert.equal(closed.code, code);
      assert.match(closed.reason, expected);
      await logged('peer.rejected', from, expected);
      await callGoesOn();
    });
  }
  await t.test('2 MB without a token', async () => {
    const client = await SignalClient.open(gateway.socketUrl);
    client.sendRaw('x'.repeat(2 << 20));
    assert.equal((await client.closed).code, 1009);
    await callGoesOn();
  });
  await t.test('an object of many members is answered or refused in no time', async () => {
    const client = await connect(gateway, 'mallory');
    const started = performance.now();
    client.sendRaw(members);
    await Promise.race([client.next('error'), client.closed]);
    assert.ok(performance.now() - started < 1000 * SLOWNESS);
    await client.cut();
    await callGoesOn();
  });
  await t.test('2 MB that never end', async () => {
    const raw = await RawWebSocket.open(gateway.port);
    raw.message('listen', { token: accessToken('mallory') });
    raw.send('{"type":"', { fin: false });
    for (let i = 0; i < 200; i++) raw.send('x'.repeat(10000), { opcode: 0, fin: false });
    await until(() => raw.close, 'the close frame');
    assert.equal(raw.close.code, 1009);
    raw.destroy();
    await callGoesOn();
  });
});

/** An unsigned or self-signed token of any header and claims. */
const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const bare = (header, claims, signature = '') => `${part(header)}.${part(claims)}.${signature}`;
function confused(header, claims, secret) {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
const claimsOf = (key, changes = {}) => ({ ...accessClaims('mallory', changes), iss: key });
const now = () => Math.floor(Date.now() / 1000);

const TOKENS = [
  ['alg none', () => bare({ alg: 'none', typ: 'JWT' }, claimsOf(KEY)), 20101],
  ['alg None, with a signature', () => bare({ alg: 'None', typ: 'JWT' }, claimsOf(KEY), 'AAAA'), 20101],
  ['alg none for an ES256 key', () => bare({ alg: 'none', typ: 'JWT' }, claimsOf(ES_KEY)), 20101],
  ['HS256 made from the EC public key', () => confused({ alg: 'HS256', typ: 'JWT' }, claimsOf(ES_KEY), pem(es)), 20101],
  ['HS256 made from the RSA public key', () => confused({ alg: 'HS256', typ: 'JWT' }, claimsOf(RS_KEY), pem(rs)), 20101],
  ['HS256 made from the public key without its line ends', () => confused({ alg: 'HS256', typ: 'JWT' }, claimsOf(RS_KEY), pem(rs).trim()), 20101],
  ['HS256 made from its DER', () => confused({ alg: 'HS256', typ: 'JWT' }, claimsOf(RS_KEY), createPublicKey(pem(rs)).export({ type: 'spki', format: 'der' })), 20101],
  ['ES256 claimed for an RS256 key', async () => new SignJWT(claimsOf(RS_KEY)).setProtectedHeader({ alg: 'ES256', typ: 'JWT' }).sign(es.privateKey), 20101],
  ['signed with somebody else\'s ES256 key', async () => new SignJWT(claimsOf(ES_KEY)).setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), 31202],
  ['signed with another secret', () => accessToken('mallory', { secret: 'not the secret, but as long as that' }), 31202],
  ['no signature', () => `${accessToken('mallory').split('.').slice(0, 2).join('.')}.`, 31202],
  ['expired', () => customToken(accessClaims('mallory', { exp: now() - 60 })), 31205],
  ['not valid yet', () => customToken(accessClaims('mallory', { nbf: now() + 600 })), 20104],
  ['valid for ever', () => customToken(accessClaims('mallory', { exp: now() + 1e9 })), 31207],
  ['of another account\'s key', () => accessToken('mallory', { key: OTHER_KEY }), 31203],
  ['of an account that is not there', () => accessToken('mallory', { account: `AC${'9'.repeat(32)}` }), 31203],
  ['of a key that is not there', () => accessToken('mallory', { key: `SK${'9'.repeat(32)}` }), 20151],
  ['through another account\'s application', () => accessToken('mallory', { application: `AP${'9'.repeat(32)}` }), 31001],
  ['100 kB long', () => customToken(accessClaims('mallory', { filler: 'x'.repeat(100000) })), null],
  ['as long as a message may be', () => 'x'.repeat(60000), 31103],
  ['just over the limit of tokens', () => customToken(accessClaims('mallory', { filler: 'x'.repeat(7000) })), 31103],
  ['an identity with a slash', () => customToken(accessClaims('a/b')), 31105],
  ['a claim twice', () => confused({ alg: 'HS256', typ: 'JWT' }, JSON.stringify(accessClaims('mallory')).replace('{', '{"exp":9999999999,'), SECRET), 31204],
  ['garbage', () => 'not.a.token', 31204],
  ['none', () => undefined, 31102],
  ['a number', () => 5, 31102],
];

test('tokens', async (t) => {
  for (const [name, make, code] of TOKENS) {
    await t.test(name, async () => {
      const from = gateway.lines.length;
      const token = await make();
      const client = await SignalClient.open(gateway.socketUrl);
      client.send('listen', { token });
      const { payload } = await client.next('error');
      assert.ok(payload.error.message.length > 10);
      if (code) assert.equal(payload.error.code, code);
      else assert.equal((await client.closed).code, 1009); // the message was too long before its token was
      await logged('peer.rejected', from, /./);
      if (code) {
        await assert.rejects(client.request('register', { media: { audio: true } }), { code: 31201 });
        await client.cut();
      }
      await callGoesOn();
    });
  }
  await t.test('the honest ones of all kinds are taken', async () => {
    const honest = [
      accessToken('honest'), capabilityToken('honest'),
      await new SignJWT(claimsOf(ES_KEY)).setProtectedHeader({ alg: 'ES256', typ: 'JWT' }).sign(es.privateKey),
      await new SignJWT(claimsOf(RS_KEY)).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(rs.privateKey),
    ];
    for (const token of honest) await (await SignalClient.connect(gateway.socketUrl, token)).close();
  });
  await t.test('five refusals are enough for one socket', async () => {
    const client = await SignalClient.open(gateway.socketUrl);
    for (let i = 0; i < 5; i++) client.send('listen', { token: 'not.a.token' });
    assert.equal((await client.closed).code, 1008);
  });
});

test('nothing of it is left', async () => {
  await until(async () => (await gateway.metrics()).get('callgate_websockets') === 2, 'the sockets to be closed');
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_calls{state="in-progress"}'), 1);
  assert.equal(metrics.get('callgate_calls{state="ringing"}'), 0);
  assert.ok(metrics.get('callgate_rejected_total{reason="token"}') >= 25);
  assert.ok(metrics.get('callgate_rejected_total{reason="message"}') >= FRAMES.length);
  await until(() => gateway.resources().descriptors <= descriptors, 'the descriptors to be closed');
});
