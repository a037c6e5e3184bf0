// Starts tests/tools/signal-echo: the signalling server with an echo for a gateway.
// The one thing to know: stop() fails the test on a sanitizer's report, a leaked loop handle or an unclean exit.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BINARY, keyFile } from './gateway.mjs';
import { ACCOUNT, APPLICATION, KEY, SECRET } from './tokens.mjs';

const PROGRAM = join(dirname(BINARY), '../tests/tools/signal-echo');
export const OTHER_ACCOUNT = `AC${'0'.repeat(31)}2`;
export const OTHER_KEY = `SK${'0'.repeat(31)}2`;
export const OTHER_APPLICATION = `AP${'0'.repeat(31)}2`;

const ACCOUNTS = {
  account1: { sid: ACCOUNT, key: KEY, secret: SECRET, application: APPLICATION },
  account2: { sid: OTHER_ACCOUNT, key: OTHER_KEY, secret: SECRET, application: OTHER_APPLICATION },
};

export class EchoServer {
  lines = []; // standard output
  log = []; // standard error
  #waiting = [];
  #config;

  /** A running server that ends with the test `t`. `config`: {server, limits, tokens, account1, account2}. */
  static async start(t, config = {}, options = {}) {
    const server = new EchoServer(config);
    t?.after(() => server.stop());
    const line = await server.#launch(options);
    if (line.startsWith('failed ')) server.failure = line.slice(7);
    server.port = Number(line.slice(5));
    return server;
  }

  constructor(config) {
    this.directory = mkdtempSync(join(tmpdir(), 'callgate-echo-'));
    this.#config = { server: {}, ...ACCOUNTS };
    this.change(config);
  }

  /** Writes the configuration with `changes` on top; `reload` applies it. */
  change(changes) {
    for (const [section, options] of Object.entries(changes)) this.#config[section] = { ...this.#config[section], ...options };
    writeFileSync(join(this.directory, 'echo.conf'), keyFile(this.#config));
  }

  #launch({ env = {} }) {
    this.process = spawn(PROGRAM, [join(this.directory, 'echo.conf')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, G_DEBUG: 'fatal-warnings', UBSAN_OPTIONS: 'halt_on_error=1',
        ASAN_OPTIONS: 'quarantine_size_mb=1', ...env }, // a larger one would hide what memory it uses
    });
    this.exited = once(this.process, 'exit');
    createInterface(this.process.stderr).on('line', (line) => this.log.push(line));
    createInterface(this.process.stdout).on('line', (line) => {
      const waiting = this.#waiting.findIndex(({ pattern }) => pattern.test(line));
      if (waiting >= 0) this.#waiting.splice(waiting, 1)[0].resolve(line);
      else this.lines.push(line);
    });
    this.exited.then(() => this.#waiting.splice(0).forEach(({ reject }) => reject(new Error(this.log.join('\n')))));
    return this.said(/^(port|failed) /);
  }

  /** The next line it says (or has said and nobody asked for) that matches. */
  said(pattern, timeout = 10000) {
    const index = this.lines.findIndex((line) => pattern.test(line));
    if (index >= 0) return Promise.resolve(this.lines.splice(index, 1)[0]);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it did not say ${pattern}; ${this.lines.join(', ')}`)), timeout);
      this.#waiting.push({ pattern, reject, resolve: (line) => { clearTimeout(timer); resolve(line); } });
    });
  }

  command(line) { this.process.stdin.write(`${line}\n`); }

  async reload(changes) {
    this.change(changes);
    this.command('reload');
    return this.said(/^(reloaded|refused )/);
  }

  get url() { return `ws://127.0.0.1:${this.port}/signal`; }
  get httpUrl() { return `http://127.0.0.1:${this.port}`; }
  async stats() { return (await fetch(`${this.httpUrl}/stats`)).json(); }

  resources() {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return {
      descriptors: readdirSync(`/proc/${this.process.pid}/fd`).length,
      resident: Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024,
    };
  }

  async stop() {
    if (this.process.exitCode === null) this.process.stdin.end();
    const [code, signal] = await this.exited;
    rmSync(this.directory, { recursive: true, force: true });
    assert.equal(code, this.failure ? 1 : 0, `it ended with ${code ?? signal}:\n${this.log.slice(-60).join('\n')}`);
  }
}
