// Session descriptions: what real browsers write, the gateway reads; what the gateway writes, real browsers take.
// The one thing to know: no gateway runs here, only sdp-tool, which prints its offers and answers. No media flows.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Person } from '../lib/browsers.mjs';
import { BINARY } from '../lib/gateway.mjs';
import { serve } from '../lib/static-server.mjs';

const TOOL = process.env.SDP_TOOL ?? join(dirname(BINARY), '../tests/tools/sdp-tool');

/** The tool's output for what it reads; a refusal throws its status. */
function tool(mode, input = '') {
  const { status, stdout, stderr, error } = spawnSync(TOOL, [mode], { input, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`sdp-tool ${mode}: ${stdout}${stderr}\n${input}`);
  return stdout;
}

/** Keeps a browser's description among the artefacts: that is where the unit tests' and fuzzer's seeds come from. */
function keep(name, sdp) {
  const directory = process.env.CALLGATE_ARTIFACTS;
  if (!directory) return;
  mkdirSync(join(directory, 'sdp'), { recursive: true });
  writeFileSync(join(directory, 'sdp', `${name}.sdp`), sdp);
}

// In the page: what every step starts from.
function prepare() {
  globalThis.microphone = navigator.mediaDevices.getUserMedia({ audio: true });
  globalThis.ways = {
    audio: (peer, track) => peer.addTransceiver(track),
    sendonly: (peer, track) => peer.addTransceiver(track, { direction: 'sendonly' }),
    recvonly: (peer) => peer.addTransceiver('audio', { direction: 'recvonly' }),
    inactive: (peer, track) => peer.addTransceiver(track, { direction: 'inactive' }),
    twoAudio: (peer, track) => { const first = peer.addTransceiver(track); peer.addTransceiver('audio'); return first; },
    audioVideoData: (peer, track) => {
      const audio = peer.addTransceiver(track);
      peer.addTransceiver('video');
      peer.createDataChannel('data');
      return audio;
    },
    audioLast: (peer, track) => {
      peer.createDataChannel('data');
      peer.addTransceiver('video');
      return peer.addTransceiver(track);
    },
  };
  // Until the candidates are there, as trickling clients do not and SIP-like ones do.
  globalThis.gathered = async (peer) => {
    while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
    return peer.localDescription.sdp;
  };
  globalThis.start = async (way, bundlePolicy) => {
    const [track] = (await globalThis.microphone).getAudioTracks();
    globalThis.peer = new RTCPeerConnection({ bundlePolicy });
    globalThis.audio = globalThis.ways[way](globalThis.peer, track);
    await globalThis.peer.setLocalDescription();
    return globalThis.peer.localDescription.sdp;
  };
  globalThis.take = async (sdp) => {
    await globalThis.peer.setRemoteDescription({ type: 'answer', sdp });
    return { direction: globalThis.audio.currentDirection,
      codecs: globalThis.audio.sender.getParameters().codecs.map(({ mimeType, clockRate }) => `${mimeType}/${clockRate}`) };
  };
  globalThis.offerAgain = async ({ direction, iceRestart }) => {
    if (direction) globalThis.audio.direction = direction;
    if (iceRestart) globalThis.peer.restartIce();
    await globalThis.peer.setLocalDescription();
    return globalThis.gathered(globalThis.peer);
  };
  globalThis.answerTo = async (sdp, peer) => {
    const [track] = (await globalThis.microphone).getAudioTracks();
    globalThis.peer = peer ?? new RTCPeerConnection();
    const streams = [];
    globalThis.peer.ontrack = (event) => streams.push(...event.streams.map(({ id }) => id));
    await globalThis.peer.setRemoteDescription({ type: 'offer', sdp });
    if (!peer) globalThis.peer.addTrack(track);
    await globalThis.peer.setLocalDescription();
    [globalThis.audio] = globalThis.peer.getTransceivers();
    return { sdp: await globalThis.gathered(globalThis.peer), streams };
  };
}

const ANSWERED = { audio: 'sendrecv', sendonly: 'sendonly', recvonly: 'recvonly', inactive: 'inactive' };
const sections = (sdp) => sdp.split(/\r\nm=/).length - 1;
// Chromium cannot lose the first section of a max-bundle offer, whatever the answer says (RFC 9143 section 7.3.1 allows it).
const possible = (kind, way, policy) => !(kind === 'chromium' && way === 'audioLast' && policy === 'max-bundle');

let server;
before(async () => { server = await serve({ '/': '<!doctype html><title>descriptions</title>' }); });
after(() => server.close());

for (const kind of ['chromium', 'firefox']) {
  describe(kind, { timeout: 90000 }, () => {
    let person, page;
    before(async () => {
      person = await Person.launch(kind, 440);
      page = await person.open(server.url);
      await page.evaluate(prepare);
    });
    after(() => person.close());

    const start = (way, policy = 'balanced') => page.evaluate((...args) => globalThis.start(...args), way, policy);
    const take = (sdp) => page.evaluate((answer) => globalThis.take(answer), sdp);
    const offerAgain = (what) => page.evaluate((change) => globalThis.offerAgain(change), what);

    for (const policy of ['balanced', 'max-bundle', 'max-compat']) {
      test(`takes our answers to its offers, ${policy}`, async () => {
        for (const way of ['audio', 'sendonly', 'recvonly', 'inactive', 'twoAudio', 'audioVideoData', 'audioLast']) {
          if (!possible(kind, way, policy)) continue;
          const offer = await start(way, policy);
          keep(`${kind}-${policy}-${way}`, offer);
          const answer = tool('answer', offer);
          assert.equal(sections(answer), sections(offer), way);
          const { direction, codecs } = await take(answer);
          assert.equal(direction, ANSWERED[way] ?? 'sendrecv', way);
          if (direction.startsWith('send')) assert.ok(codecs.includes('audio/telephone-event/8000'), `${way}: ${codecs}`);
        }
      });
    }

    test('takes our answer with fewer codecs', async () => {
      const { codecs } = await take(tool('answer-opus', await start('audio')));
      assert.equal(codecs[0], 'audio/opus/48000');
      assert.equal(codecs.length, 2, codecs.join());
      assert.match(codecs[1], /^audio\/telephone-event\//);
    });

    test('takes our answers to ICE restart, hold and resume', async () => {
      await take(tool('answer', await start('audio')));
      for (const [name, change] of [['restart', { iceRestart: true }], ['hold', { direction: 'sendonly' }],
        ['held', { direction: 'inactive' }], ['resume', { direction: 'sendrecv' }]]) {
        const offer = await offerAgain(change);
        keep(`${kind}-again-${name}`, offer);
        assert.equal((await take(tool('answer', offer))).direction, change.direction ?? 'sendrecv', name);
      }
    });

    test('answers our offer as DTLS server, and a second one, then offers itself', async () => {
      const first = await page.evaluate((offer) => globalThis.answerTo(offer), tool('offer'));
      keep(`${kind}-answer`, first.sdp);
      assert.match(first.sdp, /a=setup:passive/);
      assert.deepEqual(first.streams, ['callgate']);
      assert.match(tool('check-answer', first.sdp), /^111 opus\/48000/);
      const second = await page.evaluate((offer) => globalThis.answerTo(offer, globalThis.peer), tool('offer'));
      assert.match(tool('check-answer', second.sdp), /^111 opus\/48000/);
      const offer = await offerAgain({ iceRestart: true });
      assert.equal((await take(tool('answer', offer))).direction, 'sendrecv');
    });

    test('refuses an answer with a section missing, so that taking one means something', async () => {
      const answer = tool('answer', await start('audioVideoData'));
      await assert.rejects(take(answer.slice(0, answer.indexOf('m=application'))));
    });
  });
}

test('an offer of each browser, carried over, is answered by the other', { timeout: 90000 }, async () => {
  const people = await Promise.all([Person.launch('chromium', 440), Person.launch('firefox', 440)]);
  try {
    const pages = await Promise.all(people.map((person) => person.open(server.url)));
    await Promise.all(pages.map((page) => page.evaluate(prepare)));
    for (const [caller, callee] of [pages, [...pages].reverse()]) {
      const offer = await caller.evaluate(() => globalThis.start('audio', 'balanced'));
      const { sdp } = await callee.evaluate((ours) => globalThis.answerTo(ours), tool('offer-to', offer));
      const common = tool('check-answer', sdp);
      for (const codec of ['opus/48000', 'G722/8000', 'PCMU/8000', 'PCMA/8000', 'telephone-event/8000']) {
        assert.ok(common.includes(codec), `${codec} in ${common}`);
      }
    }
  } finally {
    await Promise.all(people.map((person) => person.close()));
  }
});
