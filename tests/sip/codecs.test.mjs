// Phones with each codec and clients with each, both ways, in real sound: a tone of its own is heard from either.
// The one thing to know: what both have passes through as it is, everything else is translated; keys are events at the
// clock of the codec that they come beside.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { CODECS } from '../lib/sound.mjs';
import { startTelephony, talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;
const NUMBER = '+15550001111';
const [PHONE, CLIENT] = [440, 620]; // Hz, that each says
const hungUp = [expect('BYE'), reply('200 OK')];
/** A phone with this codec alone, and events at its clock: what it describes itself with. Payload types of its own where it
 *  offers them, the gateway's where it answers. */
function kind(codec, calls) {
  const { type: own, rtpmap, advance } = CODECS[codec];
  const [type, events] = codec !== 'opus' ? [own, 101] : calls ? [own, 100] : [111, 110];
  const extra = [`a=rtpmap:${type} ${rtpmap}`, `a=rtpmap:${events} telephone-event/${advance * 50}`];
  return { codec, type, events, advance, says: (port) => description(port, { formats: `${type} ${events}`, extra }) };
}

/** The phone calls bob. */
async function calling(t, { says }, options) {
  const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1' } }, { numbers: { [NUMBER]: 'client:bob' } });
  const client = await registered(gateway, 'bob');
  t.after(() => client.close());
  const [phone, media] = [await RtpSocket.open(t), new MediaPeers(t)];
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: says(phone.port) }), expectStatus(100, { optional: true }), expectStatus(180),
    expectStatus(200), call('ACK', NUMBER, 1, { established: true }), ...hungUp], { port: await freePort(), remote: gateway.sip });
  const { payload: { callsid, sdp } } = await client.next('invite');
  client.send('answer', { callsid, sdp: await media.answer('bob', sdp, options) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  return { gateway, client, media, peer: 'bob', phone, sipp, callsid };
}

/** alice calls the phone. */
const called = async (t, { says }, offer) => ({ ...await talkToPhone(t, () => [], { says, offer }), peer: 'alice' });

/** A key in either direction. */
async function press({ client, media, peer, phone, port }, { advance }) {
  phone.press(port, 7, { advance });
  assert.equal((await client.next('dtmf')).payload.dtmf, '7');
  await media.press(peer, 5);
  const end = await until(() => phone.received.find(({ type, payload }) => type === phone.events && payload[1] & 0x80), 'a key at the phone');
  const milliseconds = end.payload.readUInt16BE(2) * 20 / advance;
  assert.ok(milliseconds >= 80 && milliseconds <= 240, `${milliseconds} ms by the phone's clock`);
  assert.deepEqual(phone.keys, [5]);
}

for (const codec of Object.keys(CODECS)) {
  for (const [other, narrow] of [['opus', {}], ['PCMU', { narrow: true }]]) {
    for (const [what, calls] of [['calls', true], ['is called by', false]]) {
      test(`a phone with ${codec} ${what} a client with ${other}: each hears the other's tone and key`, { timeout }, async (t) => {
        const it = kind(codec, calls);
        const talk = await (calls ? calling : called)(t, it, { tone: CLIENT, ...narrow });
        const { gateway, client, media, peer, phone, sipp, callsid } = talk;
        talk.port = mediaPort(sipp.messages, phone.port);
        phone.events = it.events;
        phone.talk(talk.port, { codec, tone: PHONE, type: it.type });
        await Promise.all([media.hears(peer, PHONE), phone.hears(CLIENT, codec, it.type)]);
        await press(talk, it);
        client.send('hangup', { callsid });
        await sipp.finished();
        const record = await until(() => gateway.logs('call.ended')[0], 'the record');
        const both = [record.caller_codec, record.codec];
        assert.deepEqual([...(calls ? both : both.reverse()), record.translated], [codec, other, codec === other ? 0 : 1]);
        assert.deepEqual([...new Set(phone.received.map(({ type }) => type))].sort(), [it.type, it.events].sort());
      });
    }
  }
}
