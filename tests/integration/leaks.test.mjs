// A thousand calls, a hundred of them with media, and a thousand connections, and the gateway is as it was before.
// The one thing to know: the same file serves a leak checker: in a build with LeakSanitizer, stop() reports what is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLOWNESS, startGateway } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import * as sdp from '../lib/sdp.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const CALLS = 1000;
const WARM_UP = 200;
const AT_ONCE = 10;
// What an allocator may keep for itself; a leak of two kilobytes a call would show.
const SLACK = 2 * 1024 * 1024;

const config = {
  limits: { messages_per_second: 100000, message_burst: 100000, connections_per_ip: 1000 },
  calls: { calls_per_client: 100 },
};

/** What a call is described with: words only, no packet ever comes ... */
function words() {
  const offer = sdp.offer();
  return {
    offer: async () => offer,
    answer: async () => sdp.answer(),
    flows: async () => {},
    restart: async () => sdp.offer({ fingerprint: sdp.fingerprintOf(offer) }),
    accept: async () => {},
    end: async () => {},
  };
}

/** ... or by two peers with ICE, DTLS and SRTP, who hear each other before the call may go on. */
function media(peers, name) {
  const [a, b] = [`${name}-a`, `${name}-b`];
  const made = [];
  const make = async (peer, sdpOf) => { made.push(peer); return sdpOf(peer); };
  return {
    offer: () => make(a, peers.offer),
    answer: (offer) => make(b, (peer) => peers.answer(peer, offer)),
    flows: () => peers.receive([a, b], 5),
    restart: () => peers.restart(a),
    accept: (answer) => peers.accept(a, answer),
    end: () => Promise.all(made.map(peers.remove)),
  };
}

/** One call, ended in one of the ways in which calls end. */
async function call(a, b, way, callsid, description) {
  const mine = ({ payload }) => payload.parameters?.Params?.includes(callsid);
  const { callsid: caller } = await a.request('invite', {
    callsid, sdp: await description.offer(), twilio: { params: new URLSearchParams({ To: 'client:b', Tag: callsid }).toString() } });
  const { callsid: callee, sdp: offered } = (await b.next((message) => message.type === 'invite' && mine(message))).payload;
  const told = (client, type, sid) => client.next((message) => message.type === type && message.payload.callsid === sid, 30000);
  if (way === 'rejected') {
    b.send('reject', { callsid: callee });
    return told(a, 'hangup', caller);
  }
  if (way === 'cancelled') {
    a.send('hangup', { callsid: caller });
    return told(b, 'cancel', callee);
  }
  b.send('answer', { callsid: callee, sdp: await description.answer(offered) });
  await description.accept((await told(a, 'answer', caller)).payload.sdp);
  await description.flows();
  if (way === 'with digits') {
    b.send('dtmf', { callsid: callee, dtmf: '123' });
    await told(a, 'dtmf', caller);
  }
  if (way === 'restarted') {
    a.send('reinvite', { callsid: caller, sdp: await description.restart() });
    await description.accept((await told(a, 'answer', caller)).payload.sdp);
    await description.flows();
  }
  (way === 'hung up by caller' ? a : b).send('hangup', { callsid: way === 'hung up by caller' ? caller : callee });
  return way === 'hung up by caller' ? told(b, 'hangup', callee) : told(a, 'hangup', caller);
}

const WAYS = ['hung up by caller', 'restarted', 'hung up by callee', 'with digits', 'rejected', 'cancelled'];

let number = 0;
/** Every tenth call has media, in each way in its turn. */
async function manyCalls(a, b, peers, count) {
  const one = async () => {
    const [n, callsid] = [number, `TJS${number++}`];
    const description = n % AT_ONCE === 0 ? media(peers, callsid) : words();
    await call(a, b, WAYS[(n + Math.floor(n / AT_ONCE)) % WAYS.length], callsid, description);
    await description.end();
  };
  for (let i = 0; i < count; i += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    a.messages.length = b.messages.length = 0;
  }
}

/** Gauges that are zero when nobody calls. */
const IDLE = ['callgate_legs', 'callgate_handshake_queue_depth', 'callgate_send_queue_bytes'];

/** Descriptors and memory once everything that ended is gone. */
async function atRest(gateway, clients) {
  await until(async () => {
    const metrics = await gateway.metrics();
    const gone = [...metrics].filter(([name]) => name.startsWith('callgate_calls{') || IDLE.includes(name));
    assert.equal(gone.length, 3 + IDLE.length);
    return gone.every(([, value]) => value === 0) && metrics.get('callgate_websockets') === clients;
  }, 'calls, legs and sockets to be gone', 20000 * SLOWNESS);
  return gateway.resources();
}

/** Sanitizers keep freed memory for a while: there the leak checker has the word. */
function assertSame(t, before, after) {
  t.diagnostic(`${after.descriptors - before.descriptors} descriptors and ${after.resident - before.resident} bytes more`);
  assert.ok(after.descriptors <= before.descriptors, `${after.descriptors - before.descriptors} descriptors leaked`);
  if (SLOWNESS === 1) assert.ok(after.resident - before.resident < SLACK, `grew by ${after.resident - before.resident} bytes`);
}

test('after a thousand calls nothing is left of them', { timeout: 240000 * SLOWNESS }, async (t) => {
  const gateway = await startGateway({ config }, t);
  const peers = new MediaPeers(t);
  const [a, b] = await Promise.all(['a', 'b'].map((name) => SignalClient.connect(gateway.socketUrl, accessToken(name))));
  b.send('register', { media: { audio: true } });
  await b.next('ready');
  await manyCalls(a, b, peers, WARM_UP); // what is allocated once, is allocated now
  const before = await atRest(gateway, 2);
  await manyCalls(a, b, peers, CALLS / 2);
  const half = await atRest(gateway, 2);
  await manyCalls(a, b, peers, CALLS / 2);
  const after = await atRest(gateway, 2);
  const ended = gateway.logs('call.ended');
  assert.equal(ended.length, CALLS + WARM_UP);
  const withMedia = ended.filter((record) => record.caller_packets >= 5 && record.callee_packets >= 5).length;
  assert.equal(withMedia, ((CALLS + WARM_UP) / AT_ONCE) * (4 / WAYS.length)); // the last two ways are never answered
  t.diagnostic(`${half.resident - before.resident} bytes after half`);
  assertSame(t, before, after);
  await Promise.all([a.close(), b.close()]);
});

test('after a thousand connections nothing is left of them', { timeout: 120000 * SLOWNESS }, async (t) => {
  const gateway = await startGateway({ config: { ...config, limits: { ...config.limits, resume_window_s: 0 } } }, t);
  const connections = async (count) => {
    for (let i = 0; i < count; i += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, async (_, j) => {
        const client = await SignalClient.connect(gateway.socketUrl, accessToken(`c${j}`), { listen: { resume: {} } });
        client.send('register', { media: { audio: true } });
        await client.next('ready');
        await (j % 2 ? client.close() : client.cut());
      }));
    }
  };
  await connections(200);
  const before = await atRest(gateway, 0);
  await connections(CALLS);
  assertSame(t, before, await atRest(gateway, 0));
});
