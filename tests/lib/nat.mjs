// A gateway behind a NAT, beside the network that tests/lib/in-netns made: the namespace "lan" with the gateway, and the
// router "nat" before it. The gateway's end of the old network stands for the rest of the world: servers run there.
// The one thing to know: Linux's masquerade lets in only what answers something sent to the same address and port.
//
//   browsers' end 10.78.0.2  <-->  10.78.0.1  nat  192.168.77.1  <-->  192.168.77.2  lan
//   browsers' end 10.77.0.2  <-->  10.77.0.1  gw
import { execFileSync } from 'node:child_process';
import { GW, GW_ADDRESS, requireNetns } from './netns.mjs';

export const LAN = 'lan';
export const LAN_ADDRESS = '192.168.77.2';
export const NAT_ADDRESS = '10.78.0.1';
const NAT = 'nat';

const run = (command, args, input) => execFileSync(command, args, { input, stdio: ['pipe', 'pipe', 'pipe'], encoding: 'utf8' });
const ip = (...args) => run('ip', args.join(' ').split(' '));
const within = (netns, ...args) => run('ip', ['netns', 'exec', netns, ...args]);
const rules = (text) => run('ip', ['netns', 'exec', NAT, 'nft', '-f', '-'], text);

/** Builds it, for as long as the namespaces live; TCP to NAT_ADDRESS:port goes to the gateway. */
export function natNetwork(port) {
  requireNetns();
  for (const netns of [NAT, LAN]) {
    ip('netns add', netns);
    ip('-n', netns, 'link set lo up');
  }
  cable('browser1', null, '10.78.0.2/24', 'nat0', NAT, `${NAT_ADDRESS}/24`);
  cable('lan0', LAN, `${LAN_ADDRESS}/24`, 'nat1', NAT, '192.168.77.1/24');
  ip('-n', LAN, 'route add default via 192.168.77.1');
  ip('-n', NAT, 'route add default via 10.78.0.2');
  ip('-n', GW, 'route add 10.78.0.0/24 via 10.77.0.2');
  const forward = 'echo 1 >/proc/sys/net/ipv4/ip_forward';
  run('sh', ['-c', forward]);
  within(NAT, 'sh', '-c', forward);
  rules(`
    table ip nat {
      chain out { type nat hook postrouting priority srcnat; oifname nat0 masquerade; }
      chain in { type nat hook prerouting priority dstnat; iifname nat0 tcp dport ${port} dnat to ${LAN_ADDRESS}; }
    }
    table ip wall {
      chain forward { type filter hook forward priority 0; }
    }
`);
}

function cable(here, netns, address, there, thereNetns, thereAddress) {
  ip('link add', here, ...(netns ? ['netns', netns] : []), 'type veth peer name', there, 'netns', thereNetns);
  for (const [device, where, own] of [[here, netns, address], [there, thereNetns, thereAddress]]) {
    const inside = where ? ['-n', where] : [];
    // A second network with addresses that come and go would be news to Chromium in the middle of a test.
    const still = `echo 1 >/proc/sys/net/ipv6/conf/${device}/disable_ipv6`;
    if (where) within(where, 'sh', '-c', still);
    else run('sh', ['-c', still]);
    ip(...inside, 'addr add', own, 'dev', device);
    ip(...inside, 'link set', device, 'up');
  }
}

/** What the router stops on its way through, until the returned function is called; also what it has let through
 *  before. `wall('udp')` is a network without UDP, `wall('udp', '10.77.0.1')` one with UDP to that address only. */
export function wall(protocol, except = null) {
  for (const direction of ['saddr', 'daddr']) {
    const rest = except ? `ip ${direction} != ${except}` : '';
    const side = direction === 'daddr' ? 'iifname nat1' : 'oifname nat1';
    rules(`add rule ip wall forward ${side} meta l4proto ${protocol} ${rest} drop\n`);
  }
  return () => rules('flush chain ip wall forward\n');
}

export { GW, GW_ADDRESS };
