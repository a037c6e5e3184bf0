// Twenty clients do at random what clients may do, and what they may not, for a while; then all go, and nothing is left.
// The one thing to know: STRESS_SEED repeats the choices (not the timing) of a run that failed, STRESS_SECONDS sets how long.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SLOWNESS, startGateway } from '../lib/gateway.mjs';
import * as sdp from '../lib/sdp.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { bindingRequest, candidateOf } from '../lib/stun.mjs';
import { accessToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const CLIENTS = 20;
const IDENTITIES = 6; // fewer than clients: devices that ring together, calls to oneself
const SECONDS = Number(process.env.STRESS_SECONDS ?? 15);
const SEED = Number(process.env.STRESS_SEED ?? randomInt(2 ** 31));
const RECONNECT_REFUSED = 31209;
const ALERT = Buffer.from('15fefd000000000000000000020228', 'hex'); // fatal, handshake_failure

// Every time that a call waits for something is short, so that they all run out within the walk.
const config = {
  server: { drain_timeout_s: 1 },
  limits: {
    messages_per_second: 300, message_burst: 300, connections_per_ip: 1000, devices_per_identity: 4,
    resume_window_s: 1, replay_bytes: 65536, heartbeat_interval_ms: 200, heartbeat_timeout_ms: 3000 * SLOWNESS,
  },
  calls: { ring_timeout_s: 1, reconnect_window_s: 1, calls_per_client: 6 },
  media: { setup_timeout_ms: 1500, max_legs: 60 },
};

/** Numbers in [0, 1) from a seed (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a leg needs to know of a description of its own. */
const own = (text) => ({ fingerprint: sdp.fingerprintOf(text), ufrag: sdp.ufragOf(text) });

/** What all clients have seen: the reconnect tokens anyone of them may try, and how often each leg was ended. */
class World {
  legs = []; // {identity, callsid, reconnect, fingerprint}, newest last
  ends = new Map(); // callsid of a leg -> how many times its client was told of the end
  faults = [];

  // Peers whose checks succeed and whose DTLS is nonsense: handshakes begin, fail, and are given up in the middle.
  media = Array.from({ length: 3 }, () => createSocket('udp4'));
  handshakes = 0;

  constructor(gateway) {
    this.gateway = gateway;
    for (const socket of this.media) socket.on('message', (data, { port, address }) => this.#answerMedia(socket, data, port, address));
  }

  #answerMedia(socket, data, port, address) {
    if (data[0] < 20 || data[0] > 63) return; // RFC 7983: not DTLS
    this.handshakes += 1;
    const nonsense = [ALERT, data, data.subarray(0, 30), Buffer.concat([data.subarray(0, 13), Buffer.alloc(100)])];
    if (this.handshakes % 3 === 0) socket.send(nonsense[Math.floor(this.handshakes / 3) % nonsense.length], port, address);
  }

  remember(leg) {
    this.legs.push(leg);
    if (this.legs.length > 100) this.legs.shift();
  }
}

class Walker {
  online = false;
  legs = new Map(); // callsid -> leg; temporary ones too
  #seq = 0; // of the last numbered message
  #temporary = 0;

  constructor(world, index) {
    this.world = world;
    this.name = `walker ${index}`;
    this.identity = `person-${index % IDENTITIES}`;
    this.random = numbers(SEED + index);
  }

  chance(probability) { return this.random() < probability; }
  pick(list) { return list[Math.floor(this.random() * list.length)]; }
  aLeg() { return this.pick([...this.legs.keys(), 'CA-nobody']); }
  send(type, payload, extra) { this.client.send(type, payload, extra); }
  token(identity = this.identity, options = {}) { return accessToken(identity, options); }

  /** On a new socket: a new session, or the old one if there is one to resume. */
  async come() {
    const client = await SignalClient.open(this.world.gateway.socketUrl);
    const session = this.client?.connected?.session;
    const resume = session && this.chance(0.8) ? { id: session.id, epoch: session.epoch, seq: this.pick([this.#seq, this.#seq, 0]) } : {};
    client.socket.on('message', (data) => this.#hear(client, data.toString(), resume.seq));
    client.closed.then(() => { if (this.client === client) this.online = false; });
    this.client = client;
    this.online = true;
    client.send('listen', { token: this.token(), ...(this.chance(0.8) && { resume }) });
    if (this.chance(0.9)) this.send('register', { media: { audio: true } }); // not waiting for anything
  }

  #hear(client, text, resumedFrom) {
    if (text === '\n') return;
    const { type, payload, seq, id } = JSON.parse(text);
    if (type === 'connected' && !client.connected) {
      client.connected = payload;
      this.#seq = payload.session.recovered ? resumedFrom : 0;
      if (!payload.session.recovered) this.legs.clear();
    }
    if (seq !== undefined) {
      if (seq !== this.#seq + 1) this.world.faults.push(`${this.name}: number ${seq} after ${this.#seq}`);
      this.#seq = seq;
    }
    this.#understand(type, payload, `${client.connected?.session.id} ${seq}`, id);
  }

  #understand(type, payload, number, id) {
    const { callsid, reconnect, error } = payload ?? {};
    if (type === 'result' && this.legs.has(id)) this.legs.set(callsid, this.legs.get(id));
    if (type === 'invite' || type === 'answer' || type === 'ringing') {
      const leg = this.legs.get(callsid) ?? this.last ?? {};
      this.legs.set(callsid, { ...leg, callsid, identity: this.identity, ...(payload.sdp && { theirs: payload.sdp, reconnect }) });
      if (reconnect) this.world.remember(this.legs.get(callsid));
    }
    if ((type === 'hangup' || type === 'cancel') && error?.code !== RECONNECT_REFUSED) {
      this.legs.delete(callsid);
      if (!callsid.startsWith('CA')) return;
      const told = this.world.ends.get(callsid) ?? new Set();
      this.world.ends.set(callsid, told.add(number)); // a resume may say it again under its number
    }
  }

  invite() {
    const callsid = this.pick([`T-${this.name}-${this.#temporary++}`, 'T-again']);
    const offer = sdp.offer({ codecs: this.pick([undefined, ['pcmu'], ['opus', 'red', 'pcmu']]) });
    this.last = own(offer);
    this.legs.set(callsid, this.last);
    const to = this.chance(0.9) ? `client:person-${Math.floor(this.random() * (IDENTITIES + 1))}` : this.pick(['', 'client:', 'tel:1', undefined]);
    this.send('invite', {
      callsid, sdp: this.chance(0.95) ? offer : 'v=0\r\n',
      twilio: { params: new URLSearchParams({ ...(to !== undefined && { To: to }), Tag: 'x'.repeat(this.random() * 2000) }).toString() },
    }, this.chance(0.5) ? { id: callsid } : {});
  }

  answer() {
    const callsid = this.aLeg();
    const answer = sdp.answer({ codecs: this.pick([undefined, ['pcmu'], ['g722']]) });
    Object.assign(this.legs.get(callsid) ?? {}, own(answer));
    this.send('answer', { callsid, sdp: this.chance(0.9) ? answer : 'nothing' });
  }

  /** Takes a call over: its own, that of another device, or one that is long gone. */
  reconnect() {
    const leg = this.pick(this.world.legs.filter(({ identity }) => identity === this.identity || this.chance(0.1)));
    if (!leg) return;
    this.legs.set(leg.callsid, leg);
    const reconnect = this.chance(0.9) ? leg.reconnect : 'x'.repeat(32);
    const offer = sdp.offer({ fingerprint: leg.fingerprint });
    this.send('invite', { callsid: leg.callsid, reconnect, sdp: offer }, this.chance(0.5) ? { id: 'again' } : {});
  }

  reinvite() {
    const callsid = this.aLeg();
    const offer = sdp.offer({ fingerprint: this.legs.get(callsid)?.fingerprint, direction: this.pick(['sendrecv', 'sendonly', 'inactive']) });
    Object.assign(this.legs.get(callsid) ?? {}, own(offer));
    this.send('reinvite', { callsid, sdp: offer });
  }

  /** Lets the gateway believe that there is a peer. */
  check() {
    const leg = this.pick([...this.legs.values()].filter(({ theirs }) => theirs));
    if (!leg) return;
    const { theirs, ufrag = 'none' } = leg;
    const { address, port } = candidateOf(theirs);
    this.pick(this.world.media).send(bindingRequest(theirs, ufrag, { nominate: this.chance(0.5) }), port, address);
  }

  message() {
    const content = { text: 'x'.repeat(this.random() * 9000) };
    this.send('message', { callsid: this.aLeg(), content, messagetype: 'user-defined-message', voiceeventsid: 'KX1' });
  }

  renew() {
    const other = this.chance(0.1) ? 'person-0' : this.identity;
    const token = this.token(other, { incoming: this.chance(0.8), outgoing: this.chance(0.9) });
    this.send('listen', { token: this.chance(0.9) ? token : 'no.token.this' });
  }

  garbage() {
    const what = this.pick(['{', '[]', '"', '{"type":5}', '{"type":"invite"}', '{"type":"answer","payload":{"callsid":[]}}',
      '{"type":"message","payload":{"callsid":"\\u0000"}}', '{"type":"hold","id":{}}', ' '.repeat(70000), Buffer.from([0, 1, 2]), '']);
    this.client.sendRaw(what);
  }

  /** Does not read for a moment, while others talk to it. */
  async sleep() {
    const { socket } = this.client;
    socket.pause();
    await delay(this.random() * 1500);
    if (socket.readyState === socket.OPEN) socket.resume();
  }

  async leave() {
    if (this.chance(0.3)) await this.client.close(this.pick([1000, 1001, 4000]));
    else await this.client.cut();
  }
}

// How often each is done, and what it is.
const ACTIONS = [
  [4, (w) => w.invite()],
  [9, (w) => w.answer()],
  [1, (w) => w.send('reject', { callsid: w.aLeg(), ...(w.chance(0.5) && { reason: 'busy' }) })],
  [1, (w) => w.send('hangup', { callsid: w.aLeg() }, w.chance(0.5) ? { id: 1 } : {})],
  [2, (w) => w.reinvite()],
  [6, (w) => w.check()],
  [2, (w) => w.reconnect()],
  [2, (w) => w.send('dtmf', { callsid: w.aLeg(), dtmf: w.pick(['1', '12w#*ABCD', '', 'x', '1'.repeat(64)]) })],
  [2, (w) => w.send('hold', { callsid: w.aLeg(), on: w.chance(0.5) }, { id: 2 })],
  [2, (w) => w.send('stats', { callsid: w.aLeg() }, w.chance(0.9) ? { id: w.pick([3, 'three']) } : {})],
  [2, (w) => w.message()],
  [1, (w) => w.send('register', { media: { audio: w.chance(0.8) } })],
  [1, (w) => w.renew()],
  [0.3, (w) => w.garbage()],
  [0.2, (w) => w.sleep()],
  [0.3, (w) => w.leave()],
  [0.05, (w) => w.world.gateway.reload()],
];
const TOTAL = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

function choose(walker) {
  let left = walker.random() * TOTAL;
  return ACTIONS.find(([weight]) => (left -= weight) < 0)[1];
}

async function walk(walker, end) {
  while (Date.now() < end) {
    if (!walker.online) await walker.come();
    else await choose(walker)(walker);
    await delay(walker.random() * 40 * SLOWNESS);
  }
  if (walker.online) await walker.leave();
}

const GAUGES = /^callgate_(calls\{|legs$|sessions$|websockets$|registered_clients$|send_queue_bytes$|mailbox_depth\{|handshake_queue_depth$)/;

test('clients at random leave nothing behind', { timeout: (SECONDS + 60) * 1000 * SLOWNESS }, async (t) => {
  t.diagnostic(`STRESS_SEED=${SEED}`);
  const gateway = await startGateway({ config }, t);
  gateway.expectWarning(/^peer\.rejected$/, /^calls\.refused$/);
  const before = gateway.resources().descriptors;
  const world = new World(gateway);
  t.after(() => world.media.forEach((socket) => socket.close()));
  const end = Date.now() + SECONDS * 1000;
  const walkers = Array.from({ length: CLIENTS }, (_, index) => new Walker(world, index));
  await Promise.all(walkers.map((walker) => walk(walker, end).catch((error) => world.faults.push(`${walker.name}: ${error.stack}`))));

  assert.ok(gateway.running, `the gateway ended:\n${gateway.tail(80)}`);
  let gauges;
  const atRest = async () => {
    gauges = [...await gateway.metrics()].filter(([name]) => GAUGES.test(name));
    return gauges.every(([, value]) => value === 0);
  };
  await until(atRest, 'everything to be gone', 20000 * SLOWNESS).catch((error) => assert.fail(`${error.message}: ${JSON.stringify(gauges)}`));
  assert.equal(gauges.length, 11);
  await until(() => gateway.resources().descriptors === before, 'descriptors to be closed');

  const metrics = await gateway.metrics();
  const created = gateway.logs('call.created').map(({ call }) => call).sort();
  const ended = gateway.logs('call.ended').map(({ call }) => call).sort();
  assert.ok(created.length > SECONDS, `only ${created.length} calls`);
  assert.ok(world.handshakes > 0, 'no handshake began');
  assert.deepEqual(ended, created, 'each call has one record');
  assert.equal(metrics.get('callgate_calls_created_total'), created.length);
  const counted = [...metrics].filter(([name]) => name.startsWith('callgate_calls_ended_total{'));
  assert.equal(counted.reduce((sum, [, value]) => sum + value, 0), created.length);
  assert.deepEqual([...world.ends].filter(([, told]) => told.size > 1).map(([callsid]) => callsid), [], 'legs that ended twice');
  assert.deepEqual(world.faults, []);
  assert.deepEqual(gateway.logs().filter(({ level }) => level === 'error'), []);
  const reasons = counted.filter(([, value]) => value > 0).map(([name, value]) => `${/"(.*)"/.exec(name)[1]} ${value}`);
  t.diagnostic(`${created.length} calls: ${reasons.join(', ')}`);
  t.diagnostic(`${metrics.get('callgate_messages_received_total')} messages, ${metrics.get('callgate_resumes_total')} resumes, ` +
    `${gateway.logs('call.reconnected').length} calls taken over, ${world.handshakes} handshake datagrams`);
});
