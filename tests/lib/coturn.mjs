// A TURN server (coturn) of a test's own, in a namespace or here, that goes when the test does.
// The one thing to know: it says on standard output what it does, credentials it refuses included; `lines` has it all.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './wait.mjs';

export const REALM = 'turn.callgate.test';
export const TURN_PORT = 3478;

/** Credentials as coturn's use-auth-secret expects them: good for `ttl` seconds, or expired for as many if negative. */
export function turnCredentials(secret, ttl = 600, name = 'test') {
  const username = `${Math.floor(Date.now() / 1000) + ttl}:${name}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

export class Coturn {
  lines = []; // everything it wrote
  #process;
  #exited;
  #directory = mkdtempSync(join(tmpdir(), 'callgate-coturn-'));

  /** @param {{netns?: string, address: string, port?: number, secret?: string, users?: Record<string, string>,
   *  args?: string[]}} options  `address` is where it listens and what it relays from, UDP and TCP on `port`.
   *  `secret` for short-lived credentials, `users` (name to password) for lasting ones. */
  static async start({ netns, address, port = TURN_PORT, secret, users = {}, args = [] }, t = undefined) {
    const coturn = new Coturn();
    t?.after(() => coturn.stop());
    coturn.#spawn(netns, [
      '-n', '--no-cli', '--no-tls', '--no-dtls', '--fingerprint', `--realm=${REALM}`, `--listening-ip=${address}`,
      `--relay-ip=${address}`, `--listening-port=${port}`, '--log-file=stdout', '--simple-log', '--verbose',
      `--pidfile=${join(coturn.#directory, 'pid')}`, `--userdb=${join(coturn.#directory, 'db')}`,
      ...(secret ? ['--use-auth-secret', `--static-auth-secret=${secret}`] : ['--lt-cred-mech']),
      ...Object.entries(users).map(([name, password]) => `--user=${name}:${password}`), ...args,
    ]);
    await coturn.#listening(`${address.includes(':') ? `[${address}]` : address}:${port}`);
    return coturn;
  }

  #spawn(netns, args) {
    const enter = netns ? ['ip', 'netns', 'exec', netns] : [];
    const command = [...enter, 'turnserver', ...args];
    this.#process = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exited = once(this.#process, 'exit');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      createInterface(stream).on('line', (line) => this.lines.push(line));
    }
  }

  async #listening(where) {
    const opened = (kind) => this.said(new RegExp(`${kind} listener opened on ?: ?${where.replace(/[.[\]]/g, '\\$&')}`));
    const ready = () => {
      if (this.#process.exitCode !== null) throw new Error(`coturn ended at start:\n${this.lines.join('\n')}`);
      return opened('TCP') && opened('UDP');
    };
    await until(ready, `coturn on ${where}`).catch((error) => {
      throw new Error(`${error.message}; it said:\n${this.lines.join('\n')}`);
    });
  }

  /** Lines that match, or undefined if there is none. */
  said(pattern) {
    const found = this.lines.filter((line) => pattern.test(line));
    return found.length > 0 ? found : undefined;
  }

  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGTERM');
    const [code, signal] = await this.#exited;
    rmSync(this.#directory, { recursive: true, force: true });
    assert.ok(code === 0 || signal === 'SIGTERM', `coturn ended with ${code ?? signal}`);
  }
}
