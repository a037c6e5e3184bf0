// Kamailio, a real registrar and proxy, in front of the phones of a test.
// The one thing to know: what it is told of as a script line `xlog("...")` comes out as a line here; it keeps all in memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SLOWNESS } from './gateway.mjs';
import { freePort } from './sipp.mjs';
import { until } from './wait.mjs';

const MODULES = ['kex', 'tm', 'tmx', 'sl', 'rr', 'pv', 'maxfwd', 'textops', 'siputils', 'xlog', 'auth', 'usrloc', 'registrar'];

const CONFIG = ({ address, port, domain, password, phone, listen, core, modules, settings, nonceLife }) => `
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
${domain === address ? "" : `alias="${domain}:${port}"\nalias="${domain}"`}
listen=udp:${address}:${port}
listen=tcp:${address}:${port}
${core.join("\n")}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
${[...MODULES, ...modules].map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 1)
modparam("auth", "nonce_expire", ${nonceLife})
modparam("xlog", "force_color", 0)
${settings.join('\n')}
${listen.map((line) => `listen=${line}`).join('\n')}
request_route {
  xlog("L_ALERT", "saw $rm to=$tU expires=$hdr(Expires) from=$fu contact=$ct\\n");
  if (has_totag()) { loose_route(); t_relay(); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("${domain}", "${password}", "0")) { www_challenge("${domain}", "1"); exit; }
    if (!save("location")) exit;
    xlog("L_ALERT", "registered $tU $hdr(Expires)\\n");
    exit;
  }
  if (!is_method("INVITE")) exit;
  record_route();
  if (lookup("location")) { t_relay(); exit; }
  if (!pv_proxy_authenticate("${domain}", "${password}", "0")) { proxy_challenge("${domain}", "1"); exit; }
  consume_credentials();
  ${phone ? `$du = "sip:${phone}"; t_relay();` : 'sl_send_reply("404", "Not Found");'}
}
`;

/** Whether TCP connections to the port are taken here (state 0A of the kernel's table). */
const isListening = (port) => readFileSync('/proc/net/tcp', 'utf8').split('\n').some((line) =>
  line.slice(0, 24).includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `) && line.includes(' 00000000:0000 0A '));

export class Kamailio {
  lines = [];
  #directory = mkdtempSync(join(tmpdir(), 'callgate-kamailio-'));

  /** A registrar for `domain`, whose users all have that password, and a proxy: calls to who is registered go there, all
   *  others, if they have the password, to `phone` ("127.0.0.1:5070"). `listen`, `core` and `settings` are lines of its
   *  configuration file, `enter` a command to run it with. It has `host` "127.0.0.1:PORT". */
  static async start(t, { address = '127.0.0.1', port, domain = address, password = 'secret', phone, listen = [], core = [], modules = [],
    settings = [], nonceLife = 300, enter = [] } = {}) {
    const kamailio = new Kamailio();
    kamailio.port = port ?? await freePort(address);
    kamailio.host = `${address}:${kamailio.port}`;
    const directory = kamailio.#directory;
    writeFileSync(join(directory, 'kamailio.cfg'), CONFIG({ address, port: kamailio.port, domain, password, phone, listen, core, modules, settings, nonceLife }));
    const command = [...enter, 'kamailio', '-f', join(directory, 'kamailio.cfg'), '-DD', '-E', '-w', directory, '-Y', directory, '-m', '16', '-M', '4'];
    kamailio.process = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    kamailio.exited = once(kamailio.process, 'exit');
    for (const stream of [kamailio.process.stdout, kamailio.process.stderr]) {
      createInterface(stream).on('line', (line) => kamailio.lines.push(line));
    }
    t.after(() => kamailio.stop());
    const ports = [kamailio.port, ...listen.map((line) => Number(/:(\d+)( |$)/.exec(line)[1]))];
    await until(() => ports.every(isListening), 'the ports of Kamailio', 15000 * SLOWNESS).catch((error) => { throw new Error(`${error.message}:\n${kamailio.lines.join('\n')}`); });
    return kamailio;
  }

  /** What the script has said that matches, in order: the matches. */
  said(pattern) { return this.lines.map((line) => pattern.exec(line)).filter(Boolean); }

  /** Waits until the script has said `count` lines of that kind. */
  async says(pattern, count = 1) {
    await until(() => this.said(pattern).length >= count, `${pattern} of Kamailio`, 15000 * SLOWNESS).catch((error) => {
      throw new Error(`${error.message}:\n${this.lines.join('\n')}`);
    });
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    await this.exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
