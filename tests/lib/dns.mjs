// A name server of a test's own, and how to start what asks it.
// The one thing to know: that sees an /etc/resolv.conf and an /etc/hosts of its own, in a mount namespace; nothing else changes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SLOWNESS } from './gateway.mjs';
import { freePort } from './sipp.mjs';
import { until } from './wait.mjs';

const ENTER = 'mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/hosts" /etc/hosts && exec "$@"';
const hostsOf = (records) => records.map((record) => /^host-record=(.*),(.*)$/.exec(record)).filter(Boolean).map(([, name, address]) => `${address} ${name}\n`).join('');

/** Starts dnsmasq with these records, options of its own: `host-record=NAME,ADDRESS`, `srv-host=NAME,TARGET,PORT,PRIORITY,WEIGHT`,
 *  `naptr-record=NAME,ORDER,PREFERENCE,FLAGS,SERVICE,REGEXP,REPLACEMENT`. Returns the command to start a gateway with. */
export async function startDns(t, records) { return (await start(t, records)).enter; }

/** One that knows `name` for a second at a time: {enter, move}, where `move` has it at another address from then on. */
export async function startMovingDns(t, name, address) {
  const file = (directory) => join(directory, 'moving');
  const write = (directory, at) => writeFileSync(file(directory), `${at} ${name}\n`);
  const { enter, server, directory } = await start(t, [], (made) => {
    write(made, address);
    return [`--addn-hosts=${file(made)}`, '--local-ttl=1'];
  });
  return { enter, move(to) { write(directory, to); server.kill('SIGHUP'); } };
}

async function start(t, records, options = () => []) {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'callgate-dns-'));
  writeFileSync(join(directory, 'hosts'), hostsOf(records)); // for what asks the C library, which knows no port there
  writeFileSync(join(directory, 'resolv.conf'), `nameserver 127.0.0.1\nport ${port}\n`);
  const server = spawn('dnsmasq', ['--keep-in-foreground', '--log-facility=-', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--user=',
    '--group=', '--pid-file=', '--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`, '--local=/example/', ...records.map((record) => `--${record}`), ...options(directory)],
  { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(server, 'exit');
  let said = '';
  server.stderr.on('data', (data) => { said += data; });
  t.after(async () => {
    if (server.exitCode === null && server.signalCode === null) server.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true, force: true });
  });
  await until(() => said.includes('started'), 'dnsmasq', 10000 * SLOWNESS).catch((error) => { throw new Error(`${error.message}: ${said}`); });
  const user = process.getuid() === 0 ? [] : ['--user', '--map-root-user'];
  return { enter: ['unshare', ...user, '--mount', 'sh', '-c', ENTER, directory], server, directory };
}
