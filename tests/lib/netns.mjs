// The network that tests/lib/in-netns made, seen from a test inside it, and what can be broken in it.
// The one thing to know: this process is at the browsers' end; the gateway's end is the namespace `GW`.
import { execFileSync } from 'node:child_process';

export const GW = process.env.CALLGATE_NETNS;
export const GW_ADDRESS = '10.77.0.1';
export const GW_ADDRESS6 = 'fd77::1';
export const BROWSER_ADDRESSES = ['10.77.0.2', '10.77.0.3'];

export function requireNetns() {
  if (!GW) throw new Error('this test needs the network of tests/lib/in-netns; start it through tests/run');
}

const run = (command, args, input) => execFileSync(command, args, { input, stdio: ['pipe', 'pipe', 'pipe'], encoding: 'utf8' });

/** Drops the packets that match the nft expression, in both directions, until the returned function is called.
 *  `drop('tcp dport 8443')` also drops what comes back from that port: connections hang. */
export const drop = (expression) => rules({ out: `${expression} drop`, in: `${mirrored(expression)} drop` });

/** Loses `percent` of the datagrams that match the nft expression, by chance and in both directions, where they arrive:
 *  a sender whose own kernel drops its packets is told so, and may send the next in their place, with their timestamp. */
export function lose(expression, percent) {
  const chance = `numgen random mod 100 < ${percent} drop`;
  const restores = [rules({ in: `${mirrored(expression)} ${chance}` }), rules({ in: `${expression} ${chance}` }, GW)];
  return () => restores.forEach((restore) => restore());
}

/** Answers TCP that this end sends with a reset: connections break, at the latest with the next heartbeat's echo. */
export const reset = (expression) => rules({ out: `${expression} reject with tcp reset` });

/** Counts packets that match and pass, as their senders and receivers see them on this end: read() gives {out, in}. */
export function count(expression) {
  const remove = rules({ out: `${expression} counter`, in: `${mirrored(expression)} counter` });
  const packetsOf = (chain) => Number(/counter packets (\d+)/.exec(run('nft', ['list', 'chain', ...remove.table, chain]))[1]);
  return { read: () => ({ out: packetsOf('out'), in: packetsOf('in') }), remove };
}

function rules({ out, in: inward }, netns) {
  const table = `inet cut${process.hrtime.bigint()}`;
  const nft = netns ? ['ip', ['netns', 'exec', netns, 'nft']] : ['nft', []];
  run(nft[0], [...nft[1], '-f', '-'], [
    `add table ${table}`,
    `add chain ${table} out { type filter hook output priority 0; }`,
    `add chain ${table} in { type filter hook input priority 0; }`,
    ...(out ? [`add rule ${table} out ${out}`] : []),
    ...(inward ? [`add rule ${table} in ${inward}`] : []),
    '',
  ].join('\n'));
  const remove = () => run(nft[0], [...nft[1], 'delete', 'table', ...remove.table]);
  remove.table = table.split(' ');
  return remove;
}

const MIRROR = { dport: 'sport', sport: 'dport', daddr: 'saddr', saddr: 'daddr' };
const mirrored = (expression) => expression.replace(/\b(dport|sport|daddr|saddr)\b/g, (word) => MIRROR[word]);

/** Addresses of the browsers' end, to take one away in the middle of a call. */
export const removeAddress = (address) => run('ip', ['addr', 'del', `${address}/24`, 'dev', 'browser0']);
export function addAddress(address) {
  run('ip', ['addr', 'add', `${address}/24`, 'dev', 'browser0']);
  restoreRoutes();
}

/** Takes the cable out, and puts it in again. */
export const linkDown = () => run('ip', ['link', 'set', 'browser0', 'down']);
export function linkUp() {
  run('ip', ['link', 'set', 'browser0', 'up']);
  run('ip', ['-6', 'addr', 'replace', 'fd77::2/64', 'dev', 'browser0', 'nodad']); // the kernel forgot it with the link
  restoreRoutes();
}

function restoreRoutes() {
  run('ip', ['route', 'replace', 'default', 'via', GW_ADDRESS]);
  run('ip', ['-6', 'route', 'replace', 'default', 'via', GW_ADDRESS6]);
}
