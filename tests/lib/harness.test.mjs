// The harness itself: two people talk directly, without a gateway, and the ear tells their tones apart.
// The one thing to know: when this fails, the browsers or the namespace are at fault, not the product.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person } from './browsers.mjs';
import { requireNetns } from './netns.mjs';
import { serve } from './static-server.mjs';
import { hear, hears, hearsNothing, missedTenths, packets } from './tone.mjs';

const TONES = { chromium: 400, firefox: 600 };
const people = [];
let server;

before(async () => {
  requireNetns();
  server = await serve({ '/': '<!doctype html><title>direct</title>' });
  people.push(...await Promise.all(Object.entries(TONES).map(([kind, tone]) => Person.launch(kind, tone))));
}, { timeout: 90000 });
after(async () => {
  await Promise.all(people.map((person) => person.close()));
  server.close();
});

// In the page: a connection with the microphone on it, its description complete with candidates.
async function describe(remote) {
  const peer = new RTCPeerConnection();
  globalThis.peer = peer;
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  peer.addTrack(microphone.getAudioTracks()[0], microphone);
  globalThis.microphone = microphone;
  if (remote) await peer.setRemoteDescription(remote);
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
  return peer.localDescription.toJSON();
}

for (const [index, kind] of Object.keys(TONES).entries()) {
  test(`in ${kind} there is no silence without a connection, nor with a recorder that records nothing`, { timeout: 90000 }, async () => {
    const page = await people[index].open(server.url);
    await assert.rejects(hearsNothing(page, 2000), /nothing was recorded/);
    await page.evaluate(describe); // a track that is there, but
    await page.evaluate(() => { globalThis.MediaRecorder.prototype.start = function start() { setTimeout(() => this.onstop(), 0); }; });
    await assert.rejects(hearsNothing(page, 2000), /nothing was recorded/);
  });
}

test("chromium and firefox hear each other's tone, and silence when it stops", { timeout: 150000 }, async () => {
  const pages = await Promise.all(people.map((person) => person.open(server.url)));
  const [a, b] = pages;
  const offer = await a.evaluate(describe);
  assert.match(offer.sdp, /a=candidate/);
  const answer = await b.evaluate(describe, offer);
  await a.evaluate((description) => globalThis.peer.setRemoteDescription(description), answer);
  await Promise.all([hears(a, TONES.firefox), hears(b, TONES.chromium)]);
  for (const [page, own, other] of [[a, TONES.chromium, TONES.firefox], [b, TONES.firefox, TONES.chromium]]) {
    assert.ok((await packets(page)).packetsReceived > 0);
    // What must be told apart: not every frequency passes for the right one.
    assert.ok(Math.abs((await hear(page)).frequency - own) > 100);
    assert.equal(await missedTenths(page, other, 2000), 0);
  }
  const setMicrophone = (page, on) => page.evaluate((value) => { globalThis.microphone.getAudioTracks()[0].enabled = value; }, on);
  for (const [talks, listens, tone] of [[a, b, TONES.chromium], [b, a, TONES.firefox]]) {
    await setMicrophone(talks, false);
    await hearsNothing(listens);
    await setMicrophone(talks, true);
    await hears(listens, tone);
  }
  assert.deepEqual(pages.map((page) => page.errors), [[], []]);
});
