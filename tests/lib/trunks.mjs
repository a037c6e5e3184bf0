// A gateway with trunks, and calls over them.
// The one thing to know: every port is a free one of loopback, so that test files may run beside each other.
import { startGateway } from './gateway.mjs';
import { MediaPeers } from './media-peers.mjs';
import { connect, invite } from './signal-calls.mjs';
import { description, expect, expectInvite, freePort, reply, RtpSocket, Sipp } from './sipp.mjs';
import { ACCOUNT } from './tokens.mjs';
import { until } from './wait.mjs';

/** How many datagrams of media it has dropped for that reason. */
export const dropped = async (gateway, reason) => (await gateway.metrics()).get(`callgate_media_packets_dropped_total{reason="${reason}"}`);

/** A gateway that listens for SIP. `trunks`: {NAME: options}; `numbers`: {DIGITS: to}. It has `sip` "host:port". */
export async function startTelephony(t, trunks, { numbers = {}, config = {}, enter, leaks } = {}) {
  const port = await freePort();
  const groups = Object.entries(trunks).map(([name, options]) => [`trunk ${name}`, { account: ACCOUNT, ...options }]);
  const listed = Object.entries(numbers).map(([digits, to]) => [`number ${digits}`, { account: ACCOUNT, to }]);
  const gateway = await startGateway({ enter, leaks, config: {
    ...config, sip: { listen: '127.0.0.1', port, timeout_ms: 1000, ...config.sip }, ...Object.fromEntries([...groups, ...listed]) } }, t);
  gateway.sip = `127.0.0.1:${port}`;
  return gateway;
}

/** alice calls a phone, which answers as `says` describes (PCMU) and plays `steps(port of its media)` and its `ending` behind the ACK;
 *  `before` that, what it says to. `offer`: options of alice's peer. {gateway, client, media, phone, sipp, callsid}. */
export async function talkToPhone(t, steps, { trunk, config, phone, says, before = [], offer = { narrow: true }, ending = [expect('BYE'), reply('200 OK')] } = {}) {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+', ...trunk } }, { config });
  const own = phone ?? await RtpSocket.open(t);
  const sipp = await Sipp.called(t, [...before, expectInvite(), reply('200 OK', { first: true, sdp: says?.(own.port) ?? description(own.port) }),
    expect('ACK'), ...steps(own.port), ...ending], { port });
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  invite(client, '+15551234567', { offer: await media.offer('alice', offer) });
  const { payload } = await client.next('answer');
  await media.accept('alice', payload.sdp);
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  return { gateway, client, media, phone: own, sipp, callsid: payload.callsid };
}
