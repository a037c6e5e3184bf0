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

const TONE_RATE = 8000; // Hz; baresip resamples it to what the codec takes
const MODULES = ['g711', 'g722', 'opus', 'srtp', 'aufile', 'aubridge', 'sndfile', 'stdio'];
/** What it can be told to speak, by the names that browsers have for it. */
const CODECS = { opus: 'opus/48000/2', g722: 'G722/16000/1', pcmu: 'PCMU', pcma: 'PCMA' };

const CONFIG = ({ address, port, directory }) => `poll_method epoll
sip_listen ${address}:${port}
module_path /usr/lib/baresip/modules
${MODULES.map((name) => `module ${name}.so`).join('\n')}
module_app account.so
module_app menu.so
audio_source aufile,${directory}/tone.wav
ausrc_srate ${TONE_RATE}
ausrc_channels 1
audio_player aubridge,heard
audio_alert aubridge,alert
snd_path ${directory}
rtp_ports 31000-31100
call_max_calls 2
`;

const account = ({ user, codec, address, port, encryption }) => `<sip:${user}@${address}:${port}>;regint=0;answermode=auto;audio_codecs=${CODECS[codec]}${
  encryption ? `;mediaenc=${encryption}` : ''}\n`;

export class Baresip {
  lines = [];
  #host;
  #directory = mkdtempSync(join(tmpdir(), 'callgate-baresip-'));

  /** A phone at `address`:`port`, called `user`, whose microphone is a tone of `tone` Hz; it speaks `codec` of CODECS only.
   *  `numbers`: of a phone with several, {USER: codec}. `encryption`: baresip's mediaenc, like "srtp-mand" for RTP/SAVP and
   *  nothing else. */
  static async start(t, { address, port = 5070, user, codec = 'pcmu', numbers = { [user]: codec }, tone, encryption }) {
    const phone = new Baresip();
    phone.#host = `${address}:${port}`;
    const directory = phone.#directory;
    writeFileSync(join(directory, 'config'), CONFIG({ address, port, directory }));
    const accounts = Object.entries(numbers).map(([name, only]) => account({ user: name, codec: only, address, port, encryption }));
    writeFileSync(join(directory, 'accounts'), accounts.join(''));
    writeTone(join(directory, 'tone.wav'), tone, { seconds: 60, rate: TONE_RATE });
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

  /** Calls `to` from its number `user`, where it has several. */
  dial(to, user) {
    if (user) this.tell(`/uafind sip:${user}@${this.#host}`);
    this.tell(`/dial ${to}`);
  }

  /** Samples of what it heard in the newest call, at 8000 Hz; up to now while that lasts, though not behind a re-INVITE. */
  heard() {
    const name = this.#recordings().at(-1);
    const bytes = name ? readFileSync(join(this.#directory, name)) : Buffer.alloc(0);
    const data = bytes.indexOf('data');
    return data < 0 ? new Int16Array(0) : thinned(bytes.subarray(data + 8), bytes.readUInt16LE(22), bytes.readUInt32LE(24));
  }

  #recordings() { return readdirSync(this.#directory).filter((file) => /-dec\.wav$/.test(file)).sort(); }

  /** Waits until half a second that it has heard from now on is a tone of `frequency` Hz. */
  async hears(frequency) {
    const [name, from] = [this.#recordings().at(-1), this.heard().length];
    let best;
    const hears = () => {
      const since = this.#recordings().at(-1) === name ? from : 0;
      const samples = this.heard();
      if (samples.length < since + 4000) return false;
      best = strongest(samples.subarray(-4000));
      return Math.abs(best.frequency - frequency) <= 12 && best.amplitude > 300;
    };
    await until(hears, `a tone of ${frequency} Hz at the phone`, 10000 * SLOWNESS).catch((error) => {
      throw new Error(`${error.message}; heard ${JSON.stringify(best)}\n${this.lines.join('\n')}`);
    });
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    await this.exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What was recorded with `channels` at `rate` Hz, as one channel at 8000 Hz: each sample the mean of those that it stands for. */
function thinned(bytes, channels, rate) {
  const each = (channels * rate) / 8000;
  const mean = (_, i) => {
    let sum = 0;
    for (let k = i * each; k < (i + 1) * each; k++) sum += bytes.readInt16LE(k * 2);
    return sum / each;
  };
  return Int16Array.from({ length: Math.floor(bytes.length / 2 / each) }, mean);
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
