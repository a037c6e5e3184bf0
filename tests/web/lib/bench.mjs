/* A test's furniture: a still clock, a fake gateway, a fake browser and a Device between them, and a list of all events
 * in the order they came. */
import { Device } from '../../../web-demo/callgate.js';
import { Clock, settle } from './clock.mjs';
import { fakeBrowser } from './fake-browser.mjs';
import { FakeGateway } from './fake-gateway.mjs';

const DEVICE_EVENTS = ['registering', 'registered', 'unregistered', 'incoming', 'tokenWillExpire', 'reconnecting',
  'reconnected', 'error', 'destroyed'];
const CALL_EVENTS = ['ringing', 'accept', 'disconnect', 'cancel', 'reject', 'mute', 'hold', 'transfer', 'transferred', 'digits', 'messageReceived',
  'messageSent', 'warning', 'warningCleared', 'reconnecting', 'reconnected', 'error'];

export { settle };

export const BOB_PARAMETERS = {
  CallSid: 'CA1', From: 'client:bob', To: 'client:alice', AccountSid: 'AC1', Params: 'topic=tea%20%26%20cake&n=1',
};

export class Bench {
  clock = new Clock().install();
  gateway = new FakeGateway();
  browser = fakeBrowser(this.gateway);
  events = []; // [name, ...arguments]
  device = null;

  /* `platform`: members of the browser that this test brings itself. */
  constructor(options = {}, platform = {}) {
    this.device = new Device('a-token', { ...options, platform: { ...this.browser.platform, ...platform } });
    this.watch(this.device, DEVICE_EVENTS, this.events);
  }

  /* Adds every event to `list`. */
  watch(emitter, names, list) {
    for (const name of names) emitter.on(name, (...args) => list.push([name, ...args]));
  }

  watchCall(call) {
    const list = [];
    this.watch(call, CALL_EVENTS, list);
    return list;
  }

  names(list = this.events) {
    return list.map(([name]) => name);
  }

  get errors() {
    return this.events.filter(([name]) => name === 'error').map(([, error]) => error.code);
  }

  async registered() {
    const done = this.device.register();
    await settle();
    await done;
  }

  /* A call of ours, answered and with media. */
  async openCall(params = { To: 'client:bob' }) {
    const call = await this.device.connect({ params });
    await settle();
    this.gateway.tell('answer', { callsid: call.callSid, sdp: 'their answer', reconnect: 'reconnect-1' });
    await settle();
    this.browser.peer.become('connected');
    return call;
  }

  /* A call to us, ringing. */
  async ring(callsid = 'CA1', parameters = BOB_PARAMETERS) {
    this.gateway.tell('invite', { callsid, sdp: 'their offer', reconnect: 'reconnect-1', parameters });
    await settle();
    return this.device.calls.find((call) => call.callSid === callsid);
  }

  /* Destroys the device; returns how many timers are left, which should be none. */
  async end() {
    this.device.destroy();
    await settle();
    const { pending } = this.clock;
    this.clock.uninstall();
    return pending;
  }
}
