// A phone (sipp) that is called, speaks with a tone, and changes the direction of its media when the test says so.
// The one thing to know: how often it will do so must be known when it starts; between that it only waits.
import assert from 'node:assert/strict';
import { GW_ADDRESS } from './netns.mjs';
import { awaitNudge, description, expect, expectInvite, expectStatus, mediaPort, reply, request, RtpSocket, Sipp } from './sipp.mjs';
import { hears, sendsMore } from './tone.mjs';
import { until } from './wait.mjs';

export class HoldingPhone {
  /** At `address`:5070, with a tone of `tone` Hz; it is held and resumes `changes` times, and is hung up on. */
  static async start(t, { address, tone, changes }) {
    const phone = new HoldingPhone();
    phone.media = await RtpSocket.open(t, address);
    const sdp = (version, direction) => description(phone.media.port, { address, direction, version });
    const change = (sequence) => [awaitNudge(), request('INVITE', sequence, { sdp: sdp(sequence, '[$told]') }), expectStatus(100, { optional: true }),
      expectStatus(200), request('ACK', sequence)];
    const steps = Array.from({ length: changes }, (_, i) => change(i + 2)).flat();
    phone.sipp = await Sipp.called(t, [expectInvite(), reply('200 OK', { first: true, sdp: sdp(1) }), expect('ACK'), ...steps,
      expect('BYE'), reply('200 OK')], { port: 5070, address, seconds: 80 });
    phone.tone = tone;
    return phone;
  }

  #talk() { this.media.talk(mediaPort(this.sipp.messages, this.media.port), { tone: this.tone, address: GW_ADDRESS }); }

  /** The browser hears the phone, and the phone the browser, in a second from now on. */
  async bothHear(browser) {
    this.#talk();
    const before = this.media.received.length;
    await until(() => this.media.received.length >= before + 50, 'a second of sound at the phone', 15000);
    await Promise.all([hears(browser.page, this.tone), this.media.hears(browser.frequency)]);
  }

  /** Offers another direction, and sends nothing if that is "inactive". */
  async turn(direction) {
    if (direction === 'inactive') this.media.hush();
    await this.sipp.nudge(direction);
  }

  /** A second in which the browser speaks, and nothing of it comes to the phone, nor anything else. */
  async getsNothing(browser) {
    await sendsMore(browser.page, 10000, 10); // what was on its way arrives
    const before = this.media.received.length;
    await sendsMore(browser.page);
    assert.equal(this.media.received.length, before);
  }

  finished() { return this.sipp.finished(); }
}
