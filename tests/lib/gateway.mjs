// Starts a gateway of a test's own, listens to what it logs and ends it again.
// The one thing to know: stop() fails the test on an unexpected warning, an unclean exit or a sanitizer's report.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ACCOUNT, APPLICATION, AUTH_TOKEN, KEY, SECRET } from './tokens.mjs';
import { until } from './wait.mjs';

export const TOP = fileURLToPath(new URL('../../', import.meta.url));
/** The binary under test and a command before it (valgrind, say); tests/run sets both. */
export const BINARY = process.env.CALLGATE ?? join(TOP, 'build/gateway/callgate');
const WRAPPER = (process.env.CALLGATE_WRAPPER ?? '').split(' ').filter(Boolean);
/** A gateway under a sanitizer or valgrind is slower: waits grow by this factor. */
export const SLOWNESS = Number(process.env.CALLGATE_SLOWNESS ?? 1);

const SANITIZER_OPTIONS = {
  ASAN_OPTIONS: 'exitcode=99:detect_leaks=1:detect_stack_use_after_return=1',
  LSAN_OPTIONS: 'exitcode=99',
  UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  TSAN_OPTIONS: 'exitcode=99:halt_on_error=0:second_deadlock_stack=1',
  G_SLICE: 'always-malloc', // so that sanitizers see each piece of memory, not GLib's pool of them
};
const SANITIZER_REPORT = /ERROR: (Address|Leak|Thread)Sanitizer|WARNING: ThreadSanitizer|runtime error:|GLib.*-(CRITICAL|WARNING)/;

// From loopback to whatever address it listens on, in loopback's name; the certificate is of the test's own making.
const READ_METRICS = `
  const { get } = await import(process.argv[1].startsWith('https') ? 'node:https' : 'node:http');
  const options = { localAddress: '127.0.0.1', headers: { host: 'localhost' }, rejectUnauthorized: false };
  get(process.argv[1], options, (response) => response.pipe(process.stdout));`;

/** A configuration with one account, key and application, as `{section: {option: value}}`; `changes` wins. */
export function configuration(changes = {}) {
  const base = {
    server: { listen: '127.0.0.1', port: 0, drain_timeout_s: 2, web_root: join(TOP, 'web-demo') },
    limits: {},
    // Browsers and instruments on the same cores are no load that a gateway should refuse calls for.
    media: { workers: 2, udp_port: 0, addresses: '127.0.0.1', load_limit: 0 },
    log: { format: 'json', level: 'info' },
    [`account ${ACCOUNT}`]: { name: 'tests', auth_token: AUTH_TOKEN },
    [`key ${KEY}`]: { account: ACCOUNT, algorithm: 'HS256', secret: SECRET },
    [`application ${APPLICATION}`]: { account: ACCOUNT, name: 'direct', mode: 'direct' },
  };
  for (const [section, options] of Object.entries(changes)) base[section] = { ...base[section], ...options };
  return base;
}

/** The text of a key file; a value of undefined leaves the option out. */
export function keyFile(config) {
  const line = ([name, value]) => `${name}=${Array.isArray(value) ? value.join(';') : value}\n`;
  const section = ([name, options]) =>
    `[${name}]\n${Object.entries(options).filter(([, value]) => value !== undefined).map(line).join('')}`;
  return Object.entries(config).map(section).join('\n');
}

/** A self-made certificate for the addresses tests use: {certificate, key} as file names inside `directory`. */
export function makeCertificate(directory) {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=callgate test', '-addext', 'subjectAltName=IP:10.77.0.1,IP:127.0.0.1,IP:fd77::1,DNS:localhost',
    '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  return { certificate, key };
}

export class Gateway {
  #options;
  #process;
  #expected = [];
  #stopped = false;
  lines = []; // everything it wrote, both streams
  directory = mkdtempSync(join(tmpdir(), 'callgate-test-'));

  /** @param {{config?: object, netns?: string, enter?: string[], tls?: boolean, args?: string[], binary?: string,
   *  leaks?: string[]}} options
   *  `args` replaces `--config FILE`; `netns` is where it runs (default: here); `enter` is a command to run it with;
   *  `leaks` are functions of libraries that are known to lose what they allocate. */
  constructor(options = {}) {
    this.#options = options;
    this.configFile = join(this.directory, 'callgate.conf');
    if (options.tls) {
      const { certificate, key } = makeCertificate(this.directory);
      this.certificate = readFileSync(certificate);
      this.#options = { ...options, config: { ...options.config, server: { ...options.config?.server, tls_certificate: certificate, tls_key: key } } };
    }
    this.writeConfig();
  }

  /** Writes the configuration file anew, with `changes` on top of what it had (null takes a section out that a test
   *  added); reload() or killAndRestart() applies it. */
  writeConfig(changes = {}) {
    const config = { ...this.#options.config };
    for (const [section, options] of Object.entries(changes)) {
      if (options) config[section] = { ...config[section], ...options };
      else delete config[section];
    }
    this.#options = { ...this.#options, config };
    writeFileSync(this.configFile, keyFile(configuration(config)));
  }

  /** Starts the process and waits for its ready line. */
  async start() {
    const { netns, args, binary = BINARY, enter = netns ? ['ip', 'netns', 'exec', netns] : [] } = this.#options;
    const command = [...enter, ...WRAPPER, binary, 'serve', ...(args ?? ['--config', this.configFile])];
    // Warnings of GLib are programming errors here, as in the unit tests.
    const env = { ...process.env, G_DEBUG: 'fatal-warnings', ...SANITIZER_OPTIONS, ...this.#suppressions() };
    this.#process = spawn(command[0], command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = once(this.#process, 'close'); // and what it said is read
    this.#stopped = false;
    const ready = this.#collect();
    const failed = this.exited.then(([code, signal]) => {
      throw new Error(`gateway ended at start (${code ?? signal}):\n${this.lines.join('\n')}`);
    });
    failed.catch(() => {});
    this.url = await Promise.race([ready, failed]);
    this.port = Number(new URL(this.url).port || (this.url.startsWith('https') ? 443 : 80));
    return this;
  }

  /** Whole stacks, else the function in question is not in them. */
  #suppressions() {
    const { leaks } = this.#options;
    if (!leaks) return {};
    const file = join(this.directory, 'leaks');
    writeFileSync(file, leaks.map((name) => `leak:${name}\n`).join(''));
    return { ASAN_OPTIONS: `${SANITIZER_OPTIONS.ASAN_OPTIONS}:fast_unwind_on_malloc=0`,
      LSAN_OPTIONS: `${SANITIZER_OPTIONS.LSAN_OPTIONS}:print_suppressions=0:suppressions=${file}` };
  }

  /** Both outputs by line; resolves with the address of the ready line. */
  #collect() {
    return new Promise((resolve) => {
      for (const stream of [this.#process.stdout, this.#process.stderr]) {
        createInterface(stream).on('line', (line) => {
          this.lines.push(line);
          const ready = /^listening on (\S+)$/.exec(line);
          if (ready) resolve(ready[1]);
        });
      }
    });
  }

  get pid() { return this.#process.pid; }
  get socketUrl() { return `${this.url.replace(/^http/, 'ws')}/signal`; }
  get running() { return this.#process.exitCode === null && this.#process.signalCode === null; }

  /** Parsed log lines, those of one event only if it is named. */
  logs(event) {
    const parsed = this.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    return event ? parsed.filter((entry) => entry.event === event) : parsed;
  }

  /** The lines of `event` when there are `count` of them, or more: they come by a pipe, which nothing else waits for. */
  async logged(event, count = 1) {
    await until(() => this.logs(event).length >= count, `${count} lines of ${event}`);
    return this.logs(event);
  }

  /** Warnings whose event matches are part of the test. */
  expectWarning(...patterns) { this.#expected.push(...patterns); }

  reload() { this.#process.kill('SIGHUP'); }
  signal(name) { this.#process.kill(name); }

  /** Open descriptors and resident memory in bytes, as the kernel counts them. */
  resources() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return {
      descriptors: readdirSync(`/proc/${this.pid}/fd`).length,
      resident: Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024,
    };
  }

  /** The text of its /metrics, which only loopback may read: out of a namespace it takes a process inside. */
  async #readMetrics() {
    const { netns } = this.#options;
    if (!netns) return (await fetch(`${this.url}/metrics`)).text();
    const command = [process.execPath, '--input-type=module', '-e', READ_METRICS, `${this.url}/metrics`];
    return (await promisify(execFile)('ip', ['netns', 'exec', netns, ...command], { timeout: 20000 * SLOWNESS })).stdout;
  }

  /** The metrics page as a map from `name{labels}` to number. */
  async metrics() {
    const text = await this.#readMetrics();
    const entry = (line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))];
    return new Map(text.split('\n').filter((line) => line && !line.startsWith('#')).map(entry));
  }

  /** Ends it at once and starts it again on the same port, as after a crash. */
  async killAndRestart() {
    this.#process.kill('SIGKILL');
    await this.exited;
    this.writeConfig({ server: { port: this.port } });
    await this.start();
  }

  /** Ends it in good order and checks that nothing went wrong meanwhile. Safe to call twice. */
  async stop() {
    if (!this.#process || this.#stopped) return;
    this.#stopped = true;
    const hard = setTimeout(() => this.#process.kill('SIGKILL'), 15000 * SLOWNESS);
    if (this.running) {
      this.#process.kill('SIGTERM');
      // Calls still up would hold the drain: the second one means now.
      if (!(await Promise.race([this.exited, new Promise((resolve) => setTimeout(resolve, 500))]))) this.#process.kill('SIGTERM');
    }
    const [code, signal] = await this.exited;
    clearTimeout(hard);
    this.#keepLog();
    rmSync(this.directory, { recursive: true, force: true });
    this.assertClean();
    assert.equal(code, 0, `gateway ended with ${code ?? signal}:\n${this.tail()}`);
  }

  /** What it said goes to the artefacts, where they are kept, under the name of the test file. */
  #keepLog() {
    const directory = process.env.CALLGATE_ARTIFACTS;
    if (directory) writeFileSync(join(directory, `${basename(process.argv[1])}-gateway-${this.pid}.log`), `${this.lines.join('\n')}\n`);
  }

  tail(count = 40) { return this.lines.slice(-count).join('\n'); }

  /** No sanitizer report and no warning or error but the expected ones. */
  assertClean() {
    const report = this.lines.findIndex((line) => SANITIZER_REPORT.test(line));
    assert.equal(report, -1, `report in the gateway's output:\n${this.lines.slice(report, report + 60).join('\n')}`);
    const loud = this.logs().filter((entry) => /^(warning|error)$/.test(entry.level))
      .filter((entry) => !this.#expected.some((pattern) => pattern.test(entry.event)));
    assert.deepEqual(loud, [], 'unexpected warnings in the log');
  }
}

/** A running gateway that ends with the test `t` (or suite hook) it is given; `t` may be left out. */
export async function startGateway(options = {}, t = undefined) {
  const gateway = await new Gateway(options).start();
  t?.after(() => gateway.stop());
  return gateway;
}
