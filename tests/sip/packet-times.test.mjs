// How long packets are (a=ptime, a=maxptime): what a phone asks for is what it gets, where it has to be translated or hears music.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { awaitNudge, description, expect, expectStatus, mediaPort, reply, request, RtpSocket } from '../lib/sipp.mjs';
import { writeTone } from '../lib/tone.mjs';
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

test('music on hold comes in packets of what the phone asks for, also when it asks for something else', { timeout }, async (t) => {
  const music = mkdtempSync(join(tmpdir(), 'callgate-music-'));
  t.after(() => rmSync(music, { recursive: true }));
  const says = (port, ptime, direction, version) => description(port, { extra: [`a=ptime:${ptime}`], direction, version });
  const { client, phone, sipp, callsid } = await talkToPhone(t, (port) => [
    expect('INVITE'), reply('200 OK', { sdp: says(port, 40, 'recvonly', 2) }), expect('ACK'), awaitNudge(),
    request('INVITE', 1, { sdp: says(port, 30, 'recvonly', 3) }), expectStatus(100, { optional: true }), expectStatus(200), request('ACK', 1)],
  { says: (port) => says(port, 40), config: { media: { hold_music: writeTone(join(music, 'tone.wav'), 440, { seconds: 2 }) } } });
  phone.talk(mediaPort(sipp.messages, phone.port));
  await client.request('hold', { callsid, on: true });
  const hearsMusic = async (octets) => {
    const from = phone.received.length;
    const speech = () => phone.received.slice(from).filter(({ type, payload }) => type !== 101 && payload.length === octets);
    await until(() => speech().length > 40, `packets of ${octets} octets`, 10000 * SLOWNESS);
    speech().slice(1).forEach(({ sequence, timestamp }, i) => {
      assert.equal((sequence - speech()[i].sequence) & 0xffff, 1, 'none of another length between');
      assert.equal(((timestamp - speech()[i].timestamp) >>> 0) % octets, 0); // who is late misses one
    });
  };
  await hearsMusic(320);
  await sipp.nudge();
  await hearsMusic(240);
  client.send('hangup', { callsid });
  await sipp.finished();
});
