// Calls of phones that no address tells: they prove by digest who they are.
// The one thing to know: they come from an address of no trunk, so all but a right proof must lead to nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { registered } from '../lib/signal-calls.mjs';
import { sipConnection, sipRequest, SipSocket } from '../lib/sip-raw.mjs';
import { call, description, expectStatus, freePort, mediaPort, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { remains, until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const ELSEWHERE = '127.0.0.7';
const PBX = { user: 'pbx', password: 'a long secret' };

const start = (t, sip = {}) => startTelephony(t, {
  carrier: { hosts: '127.0.0.1' }, office: { inbound_user: PBX.user, inbound_password: PBX.password } },
{ numbers: { [NUMBER]: 'client:bob' }, config: { sip } });

/** Every way of asking for a proof in a response: {realm, nonce, algorithm, stale}. */
const challenges = (response) => [...response.matchAll(/^WWW-Authenticate: Digest (.*)$/gim)].map(([, text]) => Object.fromEntries(
  [...text.trim().matchAll(/(\w+)="?([^",]*)"?/g)].map(([, name, value]) => [name, value])));

/** The header that answers a challenge. */
function proof({ realm, nonce, algorithm }, { user = PBX.user, password = PBX.password, method = 'INVITE', uri = `sip:${NUMBER}@127.0.0.1`, count = 1 } = {}) {
  const hash = (text) => createHash(algorithm === 'MD5' ? 'md5' : 'sha256').update(text).digest('hex');
  const nc = count.toString(16).padStart(8, '0');
  const response = hash([hash(`${user}:${realm}:${password}`), nonce, nc, 'c0ffee', 'auth', hash(`${method}:${uri}`)].join(':'));
  return `Authorization: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", `
    + `algorithm=${algorithm}, cnonce="c0ffee", qop=auth, nc=${nc}`;
}

const response = (socket, id) => socket.received.find((text) => /^SIP\/2.0 [2-6]/.test(text) && text.includes(`Call-ID: ${id}\r\n`));
let asked = 0;
/** What comes back of a request, once it is here: its text. */
async function ask(socket, method, options = {}) {
  const id = options.call ?? `ask-${++asked}`;
  socket.received = [];
  await socket.request(method, { call: id, ...options });
  return until(() => response(socket, id), `an answer to ${method}`);
}
const statusOf = (text) => Number(text.slice(8, 11));
const challenged = async (socket) => challenges(await ask(socket, 'INVITE'));
const invite = (sdp = description(9)) => ({ body: sdp.replaceAll('\n', '\r\n') });
const headers = (...extra) => ({ extra: ['Content-Type: application/sdp', ...extra] });

test('a phone proves who it is, and calls, is held and hangs up from anywhere', { timeout }, async (t) => {
  const gateway = await start(t, { digest_algorithms: 'md5' }); // sipp knows no other
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  for (const transport of ['u1', 't1']) {
    const phone = await RtpSocket.open(t, ELSEWHERE);
    const sdp = (direction, version) => description(phone.port, { address: ELSEWHERE, direction, version });
    const sipp = new Sipp(t, [
      call('INVITE', NUMBER, 1, { sdp: sdp('sendrecv', 1) }), expectStatus(100, { optional: true }), expectStatus(401, { auth: true }),
      call('ACK', NUMBER, 1, { established: true, back: 3 }),
      call('INVITE', NUMBER, 2, { sdp: sdp('sendrecv', 1), extra: ['[authentication]'] }),
      expectStatus(100, { optional: true }), expectStatus(180, { optional: true }), expectStatus(200), call('ACK', NUMBER, 2, { established: true }),
      call('INVITE', NUMBER, 3, { established: true, sdp: sdp('sendonly', 2) }), expectStatus(100, { optional: true }), expectStatus(200),
      call('ACK', NUMBER, 3, { established: true }), call('BYE', NUMBER, 4, { established: true }), expectStatus(200)],
    { port: await freePort(ELSEWHERE), address: ELSEWHERE, remote: gateway.sip, transport, auth: PBX });
    const { payload: ring } = await bob.next('invite');
    const media = new MediaPeers(t);
    bob.send('answer', { callsid: ring.callsid, sdp: await media.answer('bob', ring.sdp, { narrow: true }) });
    assert.equal((await bob.next('hold')).payload.on, true);
    assert.equal((await bob.next('hangup')).payload.callsid, ring.callsid);
    await sipp.finished();
    assert.ok(mediaPort(sipp.messages, phone.port));
  }
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_trunk_answers_total{trunk="office",direction="in"}'), 2);
  assert.equal(metrics.get('callgate_sip_refused_sources_total'), 0);
});

test('a challenge is one datagram, for both algorithms, and is met once', { timeout }, async (t) => {
  const gateway = await start(t);
  const socket = await SipSocket.open(t, gateway.sip, ELSEWHERE);
  const first = await ask(socket, 'INVITE', { call: 'once' });
  assert.equal(statusOf(first), 401);
  assert.match(first, new RegExp(`^Via: SIP/2.0/UDP ${ELSEWHERE}:${socket.port};.*rport=${socket.port}`, 'm'));
  assert.match(first, /^To: .*;tag=\w+\r$/m);
  assert.deepEqual(challenges(first).map(({ algorithm }) => algorithm), ['SHA-256', 'MD5']);
  await remains(() => socket.received.length === 1, 'one answer', 1500);
  // Nobody is registered, so a call that is taken ends with 480.
  const [sha256, md5] = challenges(first);
  const prove = (challenge, options) => ask(socket, 'INVITE', { ...headers(proof(challenge, options)), ...invite() });
  const bytes = sipRequest('INVITE', { address: ELSEWHERE, port: socket.port, call: 'bytes', ...headers(proof(sha256)), ...invite() });
  for (let i = 0; i < 2; i++) { // byte for byte: the second time it is taken for one that was sent again
    socket.received = [];
    await socket.send(bytes);
    assert.equal(statusOf(await until(() => response(socket, 'bytes'), 'an answer')), 480);
  }
  const again = await prove(sha256); // of another call
  assert.equal(statusOf(again), 401);
  assert.ok(challenges(again).every(({ stale }) => stale === 'true'), again);
  assert.equal(statusOf(await prove(sha256, { count: 2 })), 480, 'the next count is another proof');
  assert.equal(statusOf(await prove(md5)), 480);
  assert.equal(statusOf(await prove(md5)), 401);
  const metrics = await gateway.metrics();
  assert.equal(metrics.get('callgate_trunk_attempts_total{trunk="office",direction="in"}'), 3);
  assert.equal(metrics.get('callgate_sip_auth_failures_total'), 0);
});

test('wrong users and wrong passwords look the same, and have only so many guesses', { timeout }, async (t) => {
  const gateway = await start(t);
  const socket = await SipSocket.open(t, gateway.sip, ELSEWHERE);
  const wrong = [{ user: 'nobody' }, { password: 'a short secret' }, { method: 'BYE' }, { user: 'nobody', password: '' }];
  const strip = (text) => text.replace(/^(Via|To|Call-ID|From):.*\r\n/gm, '');
  const answers = [];
  const [right] = await challenged(socket);
  for (let i = 0; i < 10; i++) answers.push(strip(await ask(socket, 'INVITE', headers(proof((await challenged(socket))[i % 2], wrong[i % wrong.length])))));
  assert.equal(statusOf(answers[0]), 403);
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
  assert.equal((await gateway.metrics()).get('callgate_sip_auth_failures_total'), 10);
  assert.equal((await gateway.logged('sip.auth_failed')).length, 1);
  assert.deepEqual([gateway.logs('sip.auth_failed')[0].peer, gateway.logs('sip.auth_failed')[0].user], [ELSEWHERE, 'nobody']);
  // That was enough for this address, even with the right password; others still may.
  await socket.request('INVITE', { call: 'enough', ...headers(proof(right)), ...invite() });
  const other = await SipSocket.open(t, gateway.sip, '127.0.0.6');
  assert.equal(statusOf(await ask(other, 'OPTIONS', headers(proof((await challenged(other))[0], { method: 'OPTIONS' })))), 200);
  assert.equal(socket.statusOf('enough'), undefined);
});

test('a proof is of one address, one method and one gateway, and nothing else lets anybody in', { timeout }, async (t) => {
  const gateway = await start(t);
  const [socket, other] = [await SipSocket.open(t, gateway.sip, ELSEWHERE), await SipSocket.open(t, gateway.sip, '127.0.0.6')];
  const [challenge] = await challenged(socket);
  const rejected = [
    [other, headers(proof(challenge))], // what was made for another address
    [socket, headers(proof({ ...challenge, nonce: `0${challenge.nonce}` }))], [socket, headers(proof({ ...challenge, realm: 'elsewhere' }))],
    [socket, headers('Authorization: Digest')], [socket, headers('Authorization: Basic cGJ4OmEgbG9uZyBzZWNyZXQ=')],
    [socket, headers(proof(challenge).replace(/nonce="[^"]*"/, 'nonce=""'))], [socket, headers(`Proxy-${proof(challenge)}`)],
    [socket, headers(proof(challenge).replace('qop=auth', 'qop=auth-int'))], [socket, headers(proof(challenge).replace('nc=00000001', 'nc=1'))],
  ];
  for (const [from, options] of rejected) {
    const got = await ask(from, 'INVITE', { ...options, ...invite() });
    assert.equal(statusOf(got), 401, options.extra[1]);
    assert.ok(challenges(got).every(({ stale }) => stale === undefined), options.extra[1]);
  }
  assert.equal(statusOf(await ask(socket, 'REGISTER')), 401);
  assert.equal(statusOf(await ask(socket, 'REGISTER', headers(proof(challenge, { method: 'REGISTER' })))), 405);
  assert.equal((await gateway.metrics()).get('callgate_trunk_attempts_total{trunk="office",direction="in"}'), undefined);
});

test('who never proves anything is challenged only so often', { timeout }, async (t) => {
  const gateway = await start(t);
  const socket = await SipSocket.open(t, gateway.sip, '127.0.0.5');
  for (let i = 0; i < 500; i++) await socket.request('INVITE');
  const [connection, other] = [await sipConnection(t, gateway.sip, ELSEWHERE), await sipConnection(t, gateway.sip, '127.0.0.6')];
  for (let i = 0; i < 1000; i++) connection.socket.write(sipRequest('INVITE', { transport: 'TCP' }));
  await until(() => connection.closed, 'the end of the connection');
  const count = connection.text.match(/^SIP\/2.0 401/gm)?.length ?? 0; // the end may overtake what was sent before
  assert.ok(count <= 200, `${count} challenges`);
  assert.ok(socket.received.length >= 1 && socket.received.length <= 300, `${socket.received.length} challenges`);
  assert.ok(socket.received.every((text) => /^SIP\/2.0 401/.test(text)));
  other.socket.write(sipRequest('OPTIONS', { transport: 'TCP' }));
  await until(() => /^SIP\/2.0 401/.test(other.text), 'a challenge for somebody else');
});
