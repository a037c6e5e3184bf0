// A person who uses the ecosystem's browser SDK, as published, pointed at the gateway by its own options.
// The one thing to know: it has the interface of lib/phone.mjs, so that a test can call between the two.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Phone } from './phone.mjs';
import { accessToken } from './tokens.mjs';

const require = createRequire(import.meta.url);
/** The SDK's one file for browsers, as npm installed it. */
export const SDK_FILE = join(dirname(require.resolve('@twilio/voice-sdk')), '../dist/twilio.js');

// In the page: the SDK's Device behind the names that lib/phone.mjs uses.
async function createInPage(token, { host, ...options }) {
  await new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script, { src: '/twilio.js', onload: resolve, onerror: reject });
    document.head.append(script);
  });
  const { Device } = globalThis.Twilio;
  const names = ['incoming', 'outgoing', 'disconnect', 'dtmfs', 'dtmfh', ...[...'0123456789'].map((digit) => `dtmf${digit}`)];
  const sounds = Object.fromEntries(names.map((name) => [name, '/tone.wav']));
  const device = new Device(token, { chunderw: host, eventgw: host, publishEvents: false, sounds, ...options });
  const phone = { device, calls: [], events: [] };
  globalThis.phone = phone;
  const note = (name, detail = {}) => phone.events.push({ name, ...detail });
  const fault = (error) => ({ code: error.code, message: error.message });
  phone.adopt = (call) => {
    const number = phone.calls.push(call) - 1;
    for (const name of ['ringing', 'accept', 'reject', 'cancel', 'disconnect', 'reconnecting', 'reconnected', 'mute']) {
      call.on(name, () => note(`call.${name}`, { call: number }));
    }
    call.on('error', (error) => note('call.error', { call: number, ...fault(error) }));
    call.on('messageReceived', (message) => note('call.message', { call: number, message }));
    call.on('messageSent', (message) => note('call.messageSent', { call: number, message }));
    return number;
  };
  for (const name of ['registered', 'registering', 'unregistered', 'destroyed', 'tokenWillExpire']) {
    device.on(name, () => note(name));
  }
  device.on('error', (error) => note('error', fault(error)));
  device.on('incoming', (call) => note('incoming', {
    call: phone.adopt(call), parameters: call.parameters, custom: Object.fromEntries(call.customParameters),
  }));
}

export class SdkPhone extends Phone {
  static async open(person, url, identity, { token = accessToken(identity), ...options } = {}) {
    const page = await person.open(url);
    page.hosts = new Set();
    page.on('request', (request) => page.hosts.add(new URL(request.url()).host));
    await page.evaluate(createInPage, token, { host: new URL(url).host, ...options });
    return new SdkPhone(person, page, identity);
  }
}
