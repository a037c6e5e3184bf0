// How long packets are (a=ptime, a=maxptime): what a phone asks for is what it gets, where it has to be translated.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { description, mediaPort, RtpSocket } from '../lib/sipp.mjs';
import { talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

/** The payload sizes of translated speech that the phone has got, and by how much timestamps advance. */
function packetsAt(phone) {
  const speech = phone.received.filter(({ type }) => type !== 101);
  const advances = speech.slice(1).map(({ timestamp }, i) => (timestamp - speech[i].timestamp) >>> 0);
  return [new Set(speech.map(({ payload }) => payload.length)), new Set(advances)];
}

for (const [says, octets, format = '0'] of [
  [['a=ptime:40'], 320], [['a=ptime:30'], 240], [['a=ptime:30'], 240, '9'], [['a=maxptime:10'], 80], [['a=ptime:60', 'a=maxptime:50'], 400], [[], 160]]) {
  test(`a client's Opus goes to a phone that says ${says.join(' and ') || 'nothing'} in packets of ${octets} octets (format ${format})`, { timeout }, async (t) => {
    const { client, media, phone, sipp, callsid } = await talkToPhone(t, () => [],
      { offer: {}, says: (port) => description(port, { formats: `${format} 101`, extra: says }) });
    phone.talk(mediaPort(sipp.messages, phone.port), { codec: format === '9' ? 'G722' : 'PCMU' });
    await until(() => phone.received.length > 20, 'packets at the phone');
    assert.deepEqual(packetsAt(phone), [new Set([octets]), new Set([octets])]);
    await media.receive(['alice'], 20);
    client.send('hangup', { callsid });
    await sipp.finished();
  });
}

test('what a phone asks for is told to the client', { timeout }, async (t) => {
  const phone = await RtpSocket.open(t);
  const { client, sipp, callsid } = await talkToPhone(t, () => [], { phone, says: (port) => description(port, { extra: ['a=ptime:40', 'a=maxptime:60'] }) });
  const answer = client.messages.find(({ type }) => type === 'answer').payload.sdp;
  assert.match(answer, /^a=ptime:40\r\na=maxptime:60\r$/m);
  client.send('hangup', { callsid });
  await sipp.finished();
});
