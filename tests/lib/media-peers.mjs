// WebRTC peers without browsers: real ICE, DTLS and SRTP for calls that a test signals itself.
// The one thing to know: all peers live in one process, tests/tools/media-peer, which tells all it understands.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { strongest } from './baresip.mjs';
import { BINARY, SLOWNESS } from './gateway.mjs';
import { ring as signalRing } from './signal-calls.mjs';
import { samplesOf } from './sound.mjs';
import { until } from './wait.mjs';

const PROGRAM = process.env.MEDIA_PEER ?? join(dirname(BINARY), '../tests/tools/media-peer');

export class MediaPeers {
  #process = spawn(PROGRAM, { stdio: ['pipe', 'pipe', 'pipe'] });
  #asked = []; // {resolve, reject} of the commands that have no answer yet
  #said = '';
  #exited = once(this.#process, 'exit');

  /** Ends with the test `t`. */
  constructor(t) {
    createInterface(this.#process.stdout).on('line', (line) => this.#asked.shift().resolve(JSON.parse(line)));
    this.#process.stderr.on('data', (data) => { this.#said += data; });
    this.#process.stdin.on('error', () => {}); // told by the exit
    this.#exited.then(([code, signal]) => {
      for (const { reject } of this.#asked.splice(0)) reject(new Error(`media-peer ended with ${code ?? signal}: ${this.#said}`));
    });
    t.after(() => this.stop());
  }

  #ask(command) {
    if (this.#process.exitCode !== null) return Promise.reject(new Error(`media-peer has ended: ${this.#said}`));
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    return new Promise((resolve, reject) => { this.#asked.push({ resolve, reject }); });
  }

  /** A new peer's offer. `options`: {narrow: true} is one with PCMU in place of Opus, {tone} what it says, in Hz. */
  offer = async (peer, options) => (await this.#ask({ do: 'offer', peer, ...options })).sdp;
  /** A new peer's answer to an offer. */
  answer = async (peer, sdp, options) => (await this.#ask({ do: 'answer', peer, sdp, ...options })).sdp;
  /** A peer presses a key. */
  press = (peer, digit) => this.#ask({ do: 'press', peer, digit });
  /** Gives a peer the answer to its offer. */
  accept = (peer, sdp) => this.#ask({ do: 'accept', peer, sdp });
  /** An offer with new ICE credentials, to be accepted like the first. */
  restart = async (peer) => (await this.#ask({ do: 'restart', peer })).sdp;
  /** {connected, failed, sent, received, lost, refused, keys, key} */
  count = (peer) => this.#ask({ do: 'count', peer });
  replay = (peer, times) => this.#ask({ do: 'replay', peer, times });
  remove = (peer) => this.#ask({ do: 'remove', peer });

  /** Waits until each of these has received so many packets more than now. */
  async receive(peers, packets = 10, timeout = 10000 * SLOWNESS) {
    await Promise.all(peers.map(async (peer) => {
      const { received } = await this.count(peer);
      await until(async () => (await this.count(peer)).received >= received + packets, `${packets} packets at ${peer}`, timeout);
    }));
  }

  /** Waits until a peer hears a tone of `tone` Hz. */
  async hears(peer, tone, timeout = 10000 * SLOWNESS) {
    let last;
    const hears = async () => {
      last = strongest(samplesOf(Buffer.from((await this.#ask({ do: 'hear', peer })).pcm, 'base64')));
      return Math.abs(last.frequency - tone) <= 8 && last.amplitude > 300;
    };
    await until(hears, `a tone of ${tone} Hz at ${peer}`, timeout).catch((error) => {
      throw new Error(`${error.message}; it heard ${JSON.stringify(last)}`);
    });
  }

  async stop() {
    this.#process.stdin.end();
    const [code, signal] = await this.#exited;
    if (code !== 0) throw new Error(`media-peer ended with ${code ?? signal}: ${this.#said}`);
  }
}

let calls = 0;

/** An answered call with a peer at either end. The callee has registered; `tamper` may change {offer, answer} on the way
 *  from the peers to the gateway. Returns {callsid, ring, offer, answerOfGateway, peers: [caller's, callee's]}. */
export async function mediaCall(media, caller, callee, to, tamper = {}) {
  const peers = [`caller-${calls}`, `callee-${calls++}`];
  const offer = await media.offer(peers[0]);
  const { callsid, rings: [ring] } = await signalRing(caller, [callee], to, { offer: tamper.offer?.(offer) ?? offer });
  const answer = await media.answer(peers[1], ring.sdp);
  callee.send('answer', { callsid: ring.callsid, sdp: tamper.answer?.(answer) ?? answer });
  const { payload } = await caller.next(({ type, payload: { callsid: sid } }) => type === 'answer' && sid === callsid);
  await media.accept(peers[0], payload.sdp);
  return { callsid, ring, offer, answerOfGateway: payload.sdp, peers };
}
