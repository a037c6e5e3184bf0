// The harness itself: two people talk directly, without a gateway, and the ear tells their tones apart.
// The one thing to know: when this fails, the browsers or the namespace are at fault, not the product.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person } from './browsers.mjs';
import { requireNetns } from './netns.mjs';
import { serve } from './static-server.mjs';
import { hear, hears, hearsNothing, missedTenths, packets } from './tone.mjs';

let server;
const people = [];

before(async () => {
  requireNetns();
  server = await serve({ '/': '<!doctype html><title>direct</title>' });
});
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

for (const kind of ['chromium', 'firefox']) {
  test(`in ${kind} there is no silence without a connection, nor with a recorder that records nothing`, { timeout: 90000 }, async () => {
    const person = await Person.launch(kind, 400);
    people.push(person);
    const page = await person.open(server.url);
    await assert.rejects(hearsNothing(page, 2000), /nothing was recorded/);
    await page.evaluate(describe); // a track that is there, but
    await page.evaluate(() => { globalThis.MediaRecorder.prototype.start = function start() { setTimeout(() => this.onstop(), 0); }; });
    await assert.rejects(hearsNothing(page, 2000), /nothing was recorded/);
  });
}

for (const [first, second] of [['chromium', 'chromium'], ['firefox', 'firefox'], ['chromium', 'firefox']]) {
  test(`${first} and ${second} hear each other's tone, and silence when it stops`, { timeout: 150000 }, async () => {
    const [a, b] = await Promise.all([Person.launch(first, 400), Person.launch(second, 600)]);
    people.push(a, b);
    const [pageA, pageB] = await Promise.all([a.open(server.url), b.open(server.url)]);
    const offer = await pageA.evaluate(describe);
    assert.match(offer.sdp, /a=candidate/);
    const answer = await pageB.evaluate(describe, offer);
    await pageA.evaluate((description) => globalThis.peer.setRemoteDescription(description), answer);
    await Promise.all([hears(pageA, 600), hears(pageB, 400)]);
    assert.ok((await packets(pageB)).packetsReceived > 0);
    // What must be told apart: not every frequency passes for the right one.
    assert.ok(Math.abs((await hear(pageA)).frequency - 400) > 100);
    assert.equal(await missedTenths(pageB, 400, 2000), 0);
    await pageA.evaluate(() => { globalThis.microphone.getAudioTracks()[0].enabled = false; });
    await hearsNothing(pageB);
    await pageA.evaluate(() => { globalThis.microphone.getAudioTracks()[0].enabled = true; });
    await hears(pageB, 400);
    assert.deepEqual([pageA.errors, pageB.errors], [[], []]);
  });
}
