// Phones that do exactly what a test says: sipp for SIP, a datagram socket for their media.
// The one thing to know: a scenario is a list of steps, written out as sipp's XML; sipp fails at the first message that
// is not the expected one, and finished() rejects then with what it saw.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strongest } from './baresip.mjs';
import { SLOWNESS } from './gateway.mjs';
import { isRtcp, receiverReport } from './rtcp.mjs';
import { CODECS, hear, say } from './sound.mjs';
import { until } from './wait.mjs';

// Below the ports that the kernel gives to whoever asks for any: nobody takes one between our look and its use.
const FIRST_PORT = 10000;
const LAST_PORT = 31000;
let nextPort = FIRST_PORT + (process.pid * 101) % (LAST_PORT - FIRST_PORT);

const isIPv6 = (address) => address.includes(':');
const datagramSocket = (address) => createSocket(isIPv6(address) ? 'udp6' : 'udp4');

const isFree = (bind, socket) => new Promise((resolve) => {
  socket.once('error', () => { socket.close(() => resolve(false)); }); // else it keeps the process alive
  bind(() => { socket.close(() => resolve(true)); });
});

/** A port that is free now, of UDP and TCP. */
export async function freePort(address = '127.0.0.1') {
  for (;;) {
    const port = nextPort;
    nextPort = port === LAST_PORT ? FIRST_PORT : port + 1;
    const datagrams = datagramSocket(address);
    const connections = createServer();
    if (await isFree((bound) => datagrams.bind(port, address, bound), datagrams)
      && await isFree((bound) => connections.listen(port, address, bound), connections)) return port;
  }
}

/** An even port with the one behind it, for media and RTCP. */
export async function freePair() {
  for (;;) {
    const port = await freePort();
    if (port % 2 === 0 && await freePort() === port + 1) return port;
  }
}

// --- steps ---

/** As in o= and c=. */
const network = (address) => `IN IP${isIPv6(address) ? 6 : 4} ${address}`;

/** What a phone describes itself with; `port` is where its media is. */
export const description = (port, { address = '127.0.0.1', formats = '0 101', direction = 'sendrecv', version = 1, profile = 'AVP', extra = [] } = {}) => [
  'v=0', `o=phone 1 ${version} ${network(address)}`, 's=-', `c=${network(address)}`, 't=0 0', `m=audio ${port} RTP/${profile} ${formats}`,
  'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', ...extra, `a=${direction}`].join('\n');

const CONTACT = 'Contact: <sip:phone@[local_ip]:[local_port];transport=[transport]>';
const body = (sdp, type = 'application/sdp') => (sdp ? [`Content-Type: ${type}`, 'Content-Length: [len]', '', sdp] : ['Content-Length: 0', '']);
const send = (lines, attributes = '') => `<send ${attributes}><![CDATA[\n${lines.join('\n')}\n]]></send>`;
const TAG = 'tag=phone[call_number]';

/** Waits for a request. `actions`: XML. */
export const expect = (method, actions = '') =>
  `<recv request="${method}" rrs="true"${actions ? `><action>${actions}</action></recv>` : '/>'}`;
/** Waits for a response; `optional` ones may be left out. */
export const expectStatus = (status, { optional = false, auth = false } = {}) =>
  `<recv response="${status}" rrs="true"${optional ? ' optional="true"' : ''}${auth ? ' auth="true"' : ''}/>`;
export const pause = (milliseconds) => `<pause milliseconds="${milliseconds}"/>`;

/** Waits until the test says so: Sipp's nudge(), whose text is [$told] from then on. */
export const awaitNudge = () =>
  '<recv request="NUDGE"><action><ereg regexp="[^ ].*" search_in="hdr" header="X-Told:" assign_to="told"/></action></recv>';

/** Answers the request that came last. `first`: it has no tag of ours yet. */
export const reply = (status, { sdp, first = false, contact = CONTACT, extra = [] } = {}) => send([
  `SIP/2.0 ${status}`, '[last_Via:]', '[last_From:]', `[last_To:]${first ? `;${TAG}` : ''}`, '[last_Call-ID:]', '[last_CSeq:]',
  contact, ...extra, ...body(sdp)]);

/** Answers the INVITE although another request came after it: its Via and CSeq were kept by expectInvite(). */
export const replyToInvite = (status, sdp) => send([
  `SIP/2.0 ${status}`, 'Via: [$via]', 'From: [$remote]', `To: [$local];${TAG}`, '[last_Call-ID:]', 'CSeq: [$sequence]', CONTACT, ...body(sdp)]);

/** Answers the INVITE kept by expectInvite() as the branch `tag` of a call that was forked. */
export const replyAs = (tag, status, sdp, { extra = [] } = {}) => send([
  `SIP/2.0 ${status}`, 'Via: [$via]', 'From: [$remote]', `To: [$local];tag=${tag}[call_number]`, '[last_Call-ID:]', 'CSeq: [$sequence]',
  CONTACT, ...extra, ...body(sdp)]);

const KEEP_TRANSACTION = '<ereg regexp="SIP/2.0.*" search_in="hdr" header="Via:" assign_to="via"/>' +
  '<ereg regexp="[0-9]+ INVITE" search_in="hdr" header="CSeq:" assign_to="sequence"/>';
const KEEP = KEEP_TRANSACTION +
  '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>' +
  '<ereg regexp="sip:[^;>]*" search_in="hdr" header="Contact:" assign_to="target"/>' +
  '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>';
/** The INVITE of a call that the phone will say something in later. */
export const expectInvite = () => expect('INVITE', KEEP);
/** One within the call, which replyToInvite() answers after other things were said. */
export const expectOffer = () => expect('INVITE', KEEP_TRANSACTION);

/** A request of the called phone within the call. `sdp`: its body, of another `type` where that is given. */
export const request = (method, sequence, { sdp, type, extra = [] } = {}) => send([
  `${method} [$target] SIP/2.0`, 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]', `From: [$local];${TAG}`,
  'To: [$remote]', '[last_Call-ID:]', `CSeq: ${sequence} ${method === 'ACK' ? 'ACK' : method}`, CONTACT, 'Max-Forwards: 70', ...extra, ...body(sdp, type)],
  method === 'ACK' ? '' : 'retrans="500"');

/** A request of a calling phone. `to`: the number; `back`: steps back to the INVITE whose transaction it belongs to (CANCEL,
 *  ACK of a refusal); `routed`: to where the answer said, over the proxies that it came by. */
export const call = (method, to, sequence, { sdp, extra = [], established = false, routed = false, back } = {}) => send([
  `${method} ${routed ? '[next_url]' : `sip:${to}@[remote_ip]:[remote_port]`} SIP/2.0`, ...(routed ? ['[routes]'] : []),
  `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch${back ? `-${back}` : ''}]`,
  `From: "A Phone" <sip:+15550009999@[local_ip]:[local_port]>;${TAG}`,
  `To: <sip:${to}@[remote_ip]:[remote_port]>${established || routed ? '[peer_tag_param]' : ''}`, 'Call-ID: [call_id]',
  `CSeq: ${sequence} ${method}`, CONTACT, 'Max-Forwards: 70', ...extra, ...body(sdp)], back || method === 'ACK' ? '' : 'retrans="500"');

// --- sipp ---

export class Sipp {
  #process;
  #directory = mkdtempSync(join(tmpdir(), 'callgate-sipp-'));
  #said = '';

  /** A phone at `port` that plays `steps` with as many calls as `calls`. With `remote` it calls that "host:port"; with `auth`
   *  {user, password} it has what the header [authentication] is made of. It has failed after `seconds`. */
  constructor(t, steps, { port, address = '127.0.0.1', remote, calls = 1, transport = 'u1', auth, seconds = 20 }) {
    const used = [...new Set(steps.flatMap((step) => [...step.matchAll(/assign_to="(\w+)"/g)].map(([, name]) => name)))];
    const xml = `<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="test">\n${steps.join('\n')}\n${
      used.length > 0 ? `<Reference variables="${used}"/>` : ''}</scenario>\n`;
    writeFileSync(join(this.#directory, 'scenario.xml'), xml);
    this.port = port;
    this.address = address;
    this.#process = spawn('sipp', ['-sf', 'scenario.xml', '-i', address, '-p', String(port), '-t', transport, '-m', String(calls),
      '-nostdin', '-trace_err', '-trace_msg', '-message_file', 'messages', '-error_file', 'errors', '-timeout', `${seconds * SLOWNESS}s`,
      '-timeout_error', '-default_behaviors', '-bye,-abortunexp', ...(auth ? ['-au', auth.user, '-ap', auth.password] : []), ...(remote ? [remote] : [])],
    { cwd: this.#directory, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TERM: 'dumb' } });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (data) => { this.#said += data; });
    this.exited = once(this.#process, 'exit');
    t.after(() => this.stop());
  }

  /** A phone that waits to be called, once its port is open. */
  static async called(t, steps, options) {
    const sipp = new Sipp(t, steps, options);
    const port = `:${options.port.toString(16).toUpperCase().padStart(4, '0')} `;
    const tables = () => ['udp', 'udp6', 'tcp', 'tcp6'].map((table) => readFileSync(`/proc/net/${table}`, 'utf8')).join('');
    await until(() => tables().split('\n').some((line) => line.slice(0, 48).includes(port)), 'the port of sipp', 10000 * SLOWNESS);
    return sipp;
  }

  /** Every message it sent and got. */
  get messages() { return this.#read('messages'); }

  /** Those that begin with `start`, a text each. */
  told(start) { return this.messages.split(/^-{20,}.*$/m).filter((message) => new RegExp(`^${start}`, 'm').test(message)); }

  #read(name) {
    return readdirSync(this.#directory).includes(name) ? readFileSync(join(this.#directory, name), 'latin1') : '';
  }

  /** Lets a phone go on that waits in awaitNudge(): a request within its call, of a method that nobody else sends. */
  async nudge(text = 'go on') {
    const [, callId] = /^Call-ID: (\S+)/im.exec(this.messages);
    const socket = createSocket('udp4');
    const message = ['NUDGE sip:phone@127.0.0.1 SIP/2.0', `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKnudge${this.#nudges}`,
      'From: <sip:test@127.0.0.1>;tag=test', 'To: <sip:phone@127.0.0.1>', `Call-ID: ${callId}`, `CSeq: ${++this.#nudges} NUDGE`, `X-Told: ${text}`,
      'Content-Length: 0', '', ''].join('\r\n');
    await new Promise((resolve) => { socket.send(message, this.port, this.address, resolve); });
    socket.close();
  }

  #nudges = 0;

  /** Resolves when the scenario has been played to its end. */
  async finished() {
    const [code, signal] = await this.exited;
    if (code !== 0) throw new Error(`sipp ended with ${code ?? signal}:\n${this.#read('errors')}\n${this.messages}\n${this.#said.slice(-2000)}`);
  }

  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGKILL');
    await this.exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

// --- media ---

const SILENCE = Buffer.alloc(160, 0xff); // of PCMU

/** The media of a phone: packets out every 20 ms once it has been told where, and what comes. */
export class RtpSocket {
  received = []; // {source, type, marker, sequence, timestamp, ssrc, payload}
  reports = []; // RTCP packets that came here: {source, data, at}, the latter of performance.now()
  refused = 0; // packets that were not under the key that was expected
  events = 101; // payload type of its keys
  srtp = undefined; // {ours, theirs} of SRTP: SrtpKey; theirs may be missing until it is known
  #sequence = 1000;
  #timestamp = 16000;
  #ssrc = 0x1234abcd;
  #gateway; // where it sends to, unless it is told

  static async open(t, address = '127.0.0.1', own = 0) {
    const media = new RtpSocket();
    media.socket = datagramSocket(address);
    media.#gateway = isIPv6(address) ? '::1' : '127.0.0.1';
    media.socket.bind(own, address);
    await once(media.socket, 'listening');
    media.port = media.socket.address().port;
    media.socket.on('message', (sealed, { address: from, port }) => {
      const source = `${from}:${port}`;
      const data = media.#open(sealed);
      if (data && isRtcp(sealed)) media.reports.push({ source, data, at: performance.now() });
      else if (data?.length >= 12) {
        media.received.push({ source, type: data[1] & 0x7f, marker: data[1] >> 7, sequence: data.readUInt16BE(2),
          timestamp: data.readUInt32BE(4), ssrc: data.readUInt32BE(8), payload: data.subarray(12) });
      }
    });
    t.after(() => media.close());
    return media;
  }

  /** A socket for media, and one for RTCP at the port behind it, as phones have them: [media, control]. */
  static async pair(t) {
    const port = await freePair();
    return Promise.all([RtpSocket.open(t, '127.0.0.1', port), RtpSocket.open(t, '127.0.0.1', port + 1)]);
  }

  /** What came, in the clear; undefined if it is not the gateway's. */
  #open(sealed) {
    const theirs = this.srtp?.theirs;
    if (this.srtp && !theirs) return undefined;
    const data = !theirs ? sealed : isRtcp(sealed) ? theirs.unprotectRtcp(sealed) : theirs.unprotect(sealed);
    if (!data) this.refused++;
    return data;
  }

  send(port, { type = 0, payload = SILENCE, marker = false, advance = 160, address = this.#gateway } = {}) {
    const packet = Buffer.alloc(12 + payload.length);
    packet[0] = 0x80;
    packet[1] = type | (marker ? 0x80 : 0);
    packet.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    packet.writeUInt32BE(this.#timestamp >>> 0, 4);
    packet.writeUInt32BE(this.#ssrc, 8);
    payload.copy(packet, 12);
    this.#timestamp += advance;
    this.socket.send(this.srtp ? this.srtp.ours.protect(packet) : packet, port, address);
  }

  raw(port, octets) { this.socket.send(octets, port, this.#gateway); }

  get ssrc() { return this.#ssrc; }

  /** A receiver report with that block, protected if media is. */
  report(port, block) {
    const packet = receiverReport(this.#ssrc, block);
    this.socket.send(this.srtp ? this.srtp.ours.protectRtcp(packet) : packet, port, this.#gateway);
  }

  /** Sends until closed, or until it says something else: silence, or a tone of `tone` Hz, in this codec. */
  talk(port, { tone = 0, codec = 'PCMU', ...options } = {}) {
    const payloads = codec === 'PCMU' && tone === 0 ? [SILENCE] : say(codec, tone);
    const { type, advance } = CODECS[codec];
    let next = 0;
    this.#every20ms(() => this.send(port, { type, advance, ...options, payload: payloads[next++ % payloads.length] }));
  }

  /** Sends nothing any more. */
  hush() { clearInterval(this.#timer); }

  /** Says these payloads, a packet every 20 ms, in place of silence; then silence again. */
  async say(port, payloads, options = {}) {
    const rest = [...payloads];
    await new Promise((resolve) => {
      this.#every20ms(() => (rest.length > 0 ? this.send(port, { ...options, payload: rest.shift() }) : resolve()));
    });
    this.talk(port, options);
  }

  #timer;

  /** By the clock: a timer alone is late each time, as if the phone's samples were too slow. */
  #every20ms(act) {
    clearInterval(this.#timer);
    let due = performance.now() + 20;
    this.#timer = setInterval(() => {
      for (; performance.now() >= due; due += 20) act();
    }, 5);
  }

  /** So many packets are lost on their way. */
  lose(count) {
    this.#sequence += count;
    this.#timestamp += count * 160;
  }

  /** One key, as RFC 4733 has it: 120 ms, its end said three times; `advance`: the steps of its clock in 20 ms. */
  press(port, digit, { advance = 160, ...options } = {}) {
    for (let i = 1; i <= 8; i++) {
      const duration = Math.min(i, 6) * advance;
      this.send(port, { ...options, type: this.events, marker: i === 1, advance: 0, payload: Buffer.from([digit, i >= 6 ? 0x8a : 0x0a, duration >> 8, duration & 0xff]) });
    }
    this.#timestamp += 6 * advance;
  }

  /** The strongest frequency in the last second that came in this codec, and its amplitude. */
  heard(codec = 'PCMU', type = CODECS[codec].type) {
    return strongest(hear(codec, this.received.filter((packet) => packet.type === type).slice(-50).map(({ payload }) => payload)));
  }

  /** Waits until that is `tone`. */
  async hears(tone, codec, type) {
    let last;
    const hears = () => {
      last = this.received.length > 60 ? this.heard(codec, type) : undefined;
      return last && Math.abs(last.frequency - tone) <= 8 && last.amplitude > 300;
    };
    await until(hears, `a tone of ${tone} Hz at the phone`, 10000 * SLOWNESS).catch((error) => {
      throw new Error(`${error.message}; of ${this.received.length} packets it heard ${JSON.stringify(last)}`);
    });
  }

  /** The keys heard, each once. */
  get keys() {
    const events = this.received.filter(({ type }) => type === this.events);
    return [...new Map(events.map(({ timestamp, payload }) => [timestamp, payload[0]])).values()];
  }

  close() {
    clearInterval(this.#timer);
    if (this.socket) this.socket.close();
    this.socket = undefined;
  }
}

/** Where the gateway wants the media of a phone whose own is at `own`, by the last description of the gateway's. */
export const mediaPort = (messages, own) =>
  [...messages.matchAll(/^m=audio (\d+) RTP\/S?AVP/gm)].map(([, port]) => Number(port)).filter((port) => port !== own).at(-1);
