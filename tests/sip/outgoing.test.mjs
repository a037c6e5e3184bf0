// A client calls a phone through a trunk.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { connect, invite } from '../lib/signal-calls.mjs';
import { description, expect, expectInvite, freePort, mediaPort, pause, reply, request, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

/** A client that calls `to` with a peer that speaks PCMU: {client, callsid, media}. */
async function dial(t, gateway, to) {
  const media = new MediaPeers(t);
  const client = await connect(gateway, 'alice');
  t.after(() => client.close());
  const callsid = invite(client, to, { offer: await media.offer('alice', { narrow: true }) });
  return { client, callsid, media };
}

async function answered({ client, media }) {
  const { payload } = await client.next('answer');
  await media.accept('alice', payload.sdp);
  return payload;
}

test('a client calls a phone: media both ways, the client hangs up', { timeout }, async (t) => {
  const port = await freePort();
  const gateway = await startTelephony(t, { carrier: { hosts: `127.0.0.1:${port}`, prefixes: '+1', caller_id: '+15550001111' } });
  const phone = await RtpSocket.open(t);
  const sipp = new Sipp(t, [
    expectInvite(), reply('180 Ringing', { first: true }), reply('200 OK', { first: true, sdp: description(phone.port) }),
    expect('ACK'), expect('BYE'), reply('200 OK')], { port });
  const call = await dial(t, gateway, '+15551234567');
  await call.client.next('ringing');
  const answer = await answered(call);
  if (process.env.DEBUG) { console.error(sipp.messages); setTimeout(async () => console.error([...await gateway.metrics()].filter(([n,v])=>v&&/media|stun|legs/.test(n)), gateway.lines.join('\n'), phone.received.length, await call.media.count('alice')), 3000); }
  phone.talk(mediaPort(sipp.messages, phone.port));
  await call.media.receive(['alice'], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  assert.equal(phone.received[5].type, 0);
  assert.equal(phone.received[5].payload.length, 160);
  call.client.send('hangup', { callsid: answer.callsid });
  await sipp.finished();
  assert.match(sipp.messages, /INVITE sip:\+15551234567@127\.0\.0\.1/);
  assert.match(sipp.messages, /From: <sip:\+15550001111@/);
});
