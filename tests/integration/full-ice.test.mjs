// A gateway with full ICE over the wire: candidates in descriptions and one by one, for clients that can take them so and
// for those that cannot; its media; and what clients can get wrong. NATs and real servers are in tests/networks/nat.test.mjs.
// The one thing to know: the STUN server of these tests never answers, so gathering ends late.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test, { after, before } from 'node:test';
import { SLOWNESS, startGateway } from '../lib/gateway.mjs';
import { mediaCall, MediaPeers } from '../lib/media-peers.mjs';
import { ANSWER, connect, everything, OFFER, PATIENCE, registered, resume, ring, talk } from '../lib/signal-calls.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const CANDIDATE = 'candidate:1 1 udp 2122260223 127.0.0.1 9 typ host';

let gateway; // knows all its candidates at once
let waiting; // hopes for those of a server that says nothing
let silent;
before(async () => {
  silent = createSocket('udp4');
  silent.bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const full = { ...PATIENCE.media, ice: 'full' };
  gateway = await startGateway({
    config: { media: { ...full, agent_ports: '45000-45999' }, limits: { messages_per_second: 1000, message_burst: 1000 } },
  });
  waiting = await startGateway({
    config: { media: { ...full, stun_server: `127.0.0.1:${silent.address().port}`, gather_timeout_ms: 700 } },
  });
});
after(async () => {
  await Promise.all([gateway.stop(), waiting.stop()]);
  silent.close();
});

let names = 0;
/** A caller and a callee; those that trickle say so. */
async function couple(t, at, trickle = false) {
  const name = `callee-${names++}`;
  const listen = { token: {}, listen: trickle ? { trickle: true, resume: {} } : {} };
  const [caller, callee] = await Promise.all([connect(at, `caller-of-${name}`, listen), registered(at, name, listen)]);
  t.after(() => Promise.all([caller.close(), callee.close()]));
  return { caller, callee, to: `client:${name}`, name };
}

const candidatesIn = (sdp) => [...sdp.matchAll(/^a=(candidate:.*)\r$/gm)].map(([, text]) => text);
const isComplete = (sdp) => sdp.includes('a=end-of-candidates\r\n');
const trickled = (client) => client.messages.filter(({ type }) => type === 'candidate').map(({ payload }) => payload);

test('who does not trickle gets descriptions with all candidates', { timeout }, async (t) => {
  const { caller, callee, to } = await couple(t, gateway);
  const call = await talk(caller, callee, to);
  for (const { sdp } of [call.ring, call.answer]) {
    assert.match(sdp, /a=ice-options:trickle\r\n/);
    assert.doesNotMatch(sdp, /ice-lite/);
    assert.equal(candidatesIn(sdp).length, 1);
    assert.match(candidatesIn(sdp)[0], /^candidate:\S+ 1 udp \d+ 127\.0\.0\.1 45\d\d\d typ host$/);
    assert.ok(isComplete(sdp));
  }
  assert.deepEqual([trickled(caller), trickled(callee)], [[], []]);
});

test('who trickles is told of each candidate, and of the end', { timeout }, async (t) => {
  const { caller, callee, to } = await couple(t, gateway, true);
  const { ring: { sdp, callsid } } = await talk(caller, callee, to);
  await until(() => isComplete(sdp) || trickled(callee).some(({ candidate }) => candidate === ''), 'the end of candidates');
  const told = [...candidatesIn(sdp), ...trickled(callee).map(({ candidate }) => candidate)].filter((text) => text !== '');
  assert.equal(told.length, 1, 'each once');
  assert.ok(trickled(callee).every((payload) => payload.callsid === callsid));
});

test('a silent STUN server holds up only who does not trickle, and not for long', { timeout }, async (t) => {
  const [patient, quick] = [await couple(t, waiting), await couple(t, waiting, true)];
  const order = [];
  const rings = [patient, quick].map(async ({ caller, callee, to }, index) => {
    const ringing = await ring(caller, [callee], to);
    order.push(index);
    return ringing.rings[0].sdp;
  });
  const [complete, begun] = await Promise.all(rings);
  assert.deepEqual(order, [1, 0]);
  assert.deepEqual([isComplete(complete), isComplete(begun)], [true, false]);
  assert.equal(candidatesIn(complete).length, 1);
  await until(() => candidatesIn(begun).length + trickled(quick.callee).length === 1, 'the host candidate');
});

test('a call that ends while it waits for candidates is never offered', { timeout }, async (t) => {
  const { caller, callee, to } = await couple(t, waiting);
  caller.send('invite', { callsid: 'TJS1', sdp: OFFER, twilio: { params: `To=${to}` } });
  caller.send('hangup', { callsid: 'TJS1' });
  await until(() => waiting.logs('call.ended').some((entry) => entry.to === to), 'the end of the call');
  assert.deepEqual((await everything(callee)).map(({ type }) => type).filter((type) => type === 'invite'), []);
});

test('what a resumed client says of trickling holds from then on', { timeout }, async (t) => {
  const { caller, callee, to, name } = await couple(t, waiting, true);
  await callee.cut();
  const back = await resume(waiting, callee, name); // without trickle
  t.after(() => back.close());
  const { rings: [{ sdp }] } = await ring(caller, [back], to);
  assert.ok(isComplete(sdp));
  await back.listen(accessToken(name), { trickle: true });
});

test('media flows both ways and survives an ICE restart', { timeout }, async (t) => {
  const peers = new MediaPeers(t);
  const { caller, callee, to } = await couple(t, gateway);
  const call = await mediaCall(peers, caller, callee, to);
  await peers.receive(call.peers, 30);
  const offer = await peers.restart(call.peers[0]);
  caller.send('reinvite', { callsid: call.callsid, sdp: offer });
  const { payload: { sdp } } = await caller.next('answer');
  assert.deepEqual(candidatesIn(sdp), candidatesIn(call.answerOfGateway));
  await peers.accept(call.peers[0], sdp);
  await peers.receive(call.peers, 30);
  const [a, b] = await Promise.all(call.peers.map((peer) => peers.count(peer)));
  assert.deepEqual([a.lost, b.lost, a.failed, b.failed], [0, 0, false, false]);
  await until(async () => (await gateway.metrics()).get('callgate_handshake_seconds_count') >= 2, 'handshakes in the metrics');
});

test('a client\'s candidates: right, useless, wrong in every way, and too many', { timeout }, async (t) => {
  const { caller, callee, to } = await couple(t, gateway, true);
  const { callsid, ring: { callsid: calleeSid } } = await talk(caller, callee, to, { offer: `${OFFER}a=${CANDIDATE}\r\n` });
  for (const candidate of [CANDIDATE, '', null, 'candidate:1 1 tcp 9 127.0.0.1 9 typ host tcptype active',
    'candidate:1 1 udp 9 f00.local 9 typ host', `${CANDIDATE} generation 0 ufrag other`]) {
    assert.deepEqual(await caller.request('candidate', { callsid, candidate }), {});
    assert.deepEqual(await callee.request('candidate', { callsid: calleeSid, candidate }), {});
  }
  for (const candidate of [undefined, 7, {}, 'candidate', `a=${CANDIDATE}`, 'candidate:1 1 udp 0 127.0.0.1 9 typ host', 'x'.repeat(600)]) {
    await assert.rejects(caller.request('candidate', { callsid, candidate }), { code: 31400 });
  }
  await assert.rejects(caller.request('candidate', { callsid: 'CA0', candidate: CANDIDATE }), { code: 31404 });
  await assert.rejects(caller.request('candidate', { candidate: CANDIDATE }), { code: 31400 });
  for (let port = 1; port <= 40; port++) {
    caller.send('candidate', { callsid, candidate: CANDIDATE.replace(' 9 ', ` ${port} `) });
  }
  assert.deepEqual(await caller.request('hangup', { callsid }), {});
});

test('candidates may come before the answer, and from who has not announced them', { timeout }, async (t) => {
  const { caller, callee, to } = await couple(t, gateway);
  const { callsid, rings: [{ callsid: calleeSid }] } = await ring(caller, [callee], to);
  assert.deepEqual(await caller.request('candidate', { callsid, candidate: CANDIDATE }), {});
  assert.deepEqual(await callee.request('candidate', { callsid: calleeSid, candidate: CANDIDATE }), {});
  callee.send('answer', { callsid: calleeSid, sdp: ANSWER });
  await caller.next('answer');
});

test('an ICE-lite gateway takes candidates and has no use for them', { timeout }, async (t) => {
  const lite = await startGateway({ config: PATIENCE }, t);
  const { caller, callee, to } = await couple(t, lite, true);
  const { callsid, answer } = await talk(caller, callee, to);
  assert.match(answer.sdp, /a=ice-lite\r\n/);
  assert.deepEqual(await caller.request('candidate', { callsid, candidate: CANDIDATE }), {});
  await assert.rejects(caller.request('candidate', { callsid, candidate: 'x' }), { code: 31400 });
  assert.deepEqual([trickled(caller), trickled(callee)], [[], []]);
});
