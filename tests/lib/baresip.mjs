// baresip, a real phone, that speaks with a tone and writes down what it hears.
// The one thing to know: it answers by itself, and its media stack, not ours, decides what its recording holds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SLOWNESS } from './gateway.mjs';
import { writeTone } from './tone.mjs';
import { until } from './wait.mjs';

const MODULES = ['g711', 'srtp', 'aufile', 'aubridge', 'sndfile', 'stdio'];

const CONFIG = ({ address, port, directory }) => `poll_method epoll
sip_listen ${address}:${port}
module_path /usr/lib/baresip/modules
${MODULES.map((name) => `module ${name}.so`).join('\n')}
module_app account.so
module_app menu.so
audio_source aufile,${directory}/tone.wav
audio_player aubridge,heard
audio_alert aubridge,alert
snd_path ${directory}
rtp_ports 31000-31100
call_max_calls 2
`;

export class Baresip {
  lines = [];
  #directory = mkdtempSync(join(tmpdir(), 'callgate-baresip-'));

  /** A phone at `address`:`port`, called `user`, whose microphone is a tone of `tone` Hz; it speaks PCMU only. `encryption`:
   *  baresip's mediaenc, like "srtp-mand" for RTP/SAVP and nothing else. */
  static async start(t, { address, port = 5070, user, tone, encryption }) {
    const phone = new Baresip();
    const directory = phone.#directory;
    writeFileSync(join(directory, 'config'), CONFIG({ address, port, directory }));
    writeFileSync(join(directory, 'accounts'), `<sip:${user}@${address}:${port}>;regint=0;answermode=auto;audio_codecs=PCMU${
      encryption ? `;mediaenc=${encryption}` : ''}\n`);
    writeTone(join(directory, 'tone.wav'), tone, { seconds: 60, rate: 8000 });
    phone.process = spawn('baresip', ['-f', directory, '-n', 'browser0'], { stdio: ['pipe', 'pipe', 'pipe'], cwd: directory });
    phone.exited = once(phone.process, 'exit');
    for (const stream of [phone.process.stdout, phone.process.stderr]) {
      createInterface(stream).on('line', (line) => phone.lines.push(line));
    }
    t.after(() => phone.stop());
    await phone.says(/baresip is ready/);
    return phone;
  }

  /** Waits for a line. */
  async says(pattern) {
    await until(() => this.lines.some((line) => pattern.test(line)), `${pattern} of baresip`, 15000 * SLOWNESS).catch((error) => {
      throw new Error(`${error.message}:\n${this.lines.join('\n')}`);
    });
  }

  /** Types a command. */
  tell(command) { this.process.stdin.write(`${command}\n`); }

  /** Samples of what it heard in the last call, at 8000 Hz, complete once the call is over. */
  heard() {
    const name = readdirSync(this.#directory).filter((file) => /-dec\.wav$/.test(file)).sort().at(-1);
    const bytes = name ? readFileSync(join(this.#directory, name)).subarray(44) : Buffer.alloc(0);
    return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(i * 2));
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    await this.exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The strongest frequency between 200 and 1600 Hz in samples taken 8000 times a second, and its amplitude. */
export function strongest(samples) {
  let best = { frequency: 0, amplitude: 0 };
  for (let frequency = 200; frequency <= 1600; frequency += 4) {
    const factor = 2 * Math.cos((2 * Math.PI * frequency) / 8000);
    let [before, last] = [0, 0];
    for (const sample of samples) [before, last] = [last, sample + factor * last - before];
    const amplitude = (2 * Math.sqrt(Math.max(0, last * last + before * before - factor * last * before))) / samples.length;
    if (amplitude > best.amplitude) best = { frequency, amplitude };
  }
  return best;
}
