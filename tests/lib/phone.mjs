// A person's callgate.js in a real browser, driven from the test: register, call, answer, and every event it tells.
// The one thing to know: the page is an empty one of the gateway's own origin that imports /callgate.js, as an embedding
// page would; nothing of the softphone takes part.
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SLOWNESS, TOP } from './gateway.mjs';
import { accessToken } from './tokens.mjs';
import { until } from './wait.mjs';

/** A directory to serve as web_root: the client as it is, an empty page, and other files by name. */
export function emptyPageRoot(files = {}) {
  const root = mkdtempSync(join(tmpdir(), 'callgate-root-'));
  writeFileSync(join(root, 'index.html'), '<!doctype html><html lang="en"><title>empty</title>');
  for (const part of ['callgate.js', 'callgate']) cpSync(join(TOP, 'web-demo', part), join(root, part), { recursive: true });
  for (const [name, file] of Object.entries(files)) copyFileSync(file, join(root, name));
  return { path: root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

// In the page: a Device whose events are noted in order, and its calls by number.
async function createInPage(token, options) {
  const { Device } = await import('/callgate.js');
  const phone = { device: new Device(token, options), calls: [], events: [] };
  globalThis.phone = phone;
  const note = (name, detail = {}) => phone.events.push({ name, ...detail });
  phone.adopt = (call) => {
    const number = phone.calls.push(call) - 1;
    for (const name of ['ringing', 'accept', 'reject', 'cancel', 'disconnect', 'reconnecting', 'reconnected', 'mute']) {
      call.on(name, () => note(`call.${name}`, { call: number }));
    }
    call.on('error', (error) => note('call.error', { call: number, code: error.code, message: error.message }));
    call.on('transfer', (state, _, error) => note('call.transfer', { call: number, state, code: error?.code }));
    call.on('transferred', (party) => note('call.transferred', { call: number, party }));
    call.on('digits', (digits) => note('call.digits', { call: number, digits }));
    call.on('hold', (on, by) => note('call.hold', { call: number, on, by }));
    call.on('messageReceived', (message) => note('call.message', { call: number, message }));
    call.on('messageSent', (message) => note('call.messageSent', { call: number, message }));
    call.on('warning', (warning) => note('call.warning', { call: number, warning }));
    return number;
  };
  const { device } = phone;
  for (const name of ['registered', 'registering', 'unregistered', 'reconnecting', 'reconnected', 'destroyed', 'tokenWillExpire']) {
    device.on(name, () => note(name));
  }
  device.on('error', (error) => note('error', { code: error.code, message: error.message }));
  device.on('incoming', (call) => note('incoming', {
    call: phone.adopt(call), parameters: call.parameters, custom: Object.fromEntries(call.customParameters),
  }));
}

/** Options of a phone whose calls are offered Opus first, which is not the default. */
export const WIDEBAND = { codecPreferences: ['opus', 'pcmu'] };

export class Phone {
  #seen = 0; // events that wait() has passed

  /** @param {import('./browsers.mjs').Person} person  @param {string} url of the gateway */
  static async open(person, url, identity, { token = accessToken(identity), ...options } = {}) {
    const page = await person.open(url);
    await page.evaluate(createInPage, token, { sounds: false, ...options });
    return new Phone(person, page, identity);
  }

  constructor(person, page, identity) {
    Object.assign(this, { person, page, identity, frequency: person.frequency });
  }

  /** What the page has told so far. */
  events() { return this.page.evaluate(() => globalThis.phone.events); }

  /** Waits for the next event of this name, after those that were waited for before, and returns it. */
  async wait(name, timeout = 15000) {
    let events = [];
    const next = async () => {
      events = await this.events();
      return events.findIndex((event, index) => index >= this.#seen && event.name === name) + 1;
    };
    const index = await until(next, `${name} at ${this.identity}`, timeout * SLOWNESS).catch((error) => {
      throw new Error(`${error.message}; it told: ${JSON.stringify(events)}\nconsole: ${this.page.console.join('\n')}`);
    });
    this.#seen = index;
    return events[index - 1];
  }

  /** Whether an event of this name was told at all. */
  async told(name) { return (await this.events()).some((event) => event.name === name); }

  async register() {
    await this.page.evaluate(() => globalThis.phone.device.register());
    await this.wait('registered');
  }

  /** Dials and returns the number of the call. */
  call(to, params = {}) {
    return this.page.evaluate(async (given) => {
      const call = await globalThis.phone.device.connect({ params: given });
      return globalThis.phone.adopt(call);
    }, { To: to, ...params });
  }

  /** Calls a method of a call: phone.tell(0, 'sendDigits', '12'). */
  tell(number, method, ...args) {
    return this.page.evaluate(async (n, name, list) => { await globalThis.phone.calls[n][name](...list); }, number, method, args);
  }

  /** Connects the other sides of two calls. */
  join(number, other) {
    return this.page.evaluate((n, m) => globalThis.phone.calls[n].transferTo(globalThis.phone.calls[m]), number, other);
  }

  status(number) { return this.page.evaluate((n) => globalThis.phone.calls[n].status(), number); }
  state() { return this.page.evaluate(() => globalThis.phone.device.state); }

  /** Errors that nobody expected, of the page as of the phone. */
  async complaints() {
    return [...this.page.errors, ...(await this.events()).filter(({ name }) => name === 'error' || name === 'call.error')];
  }

  async close() {
    await this.page.evaluate(() => globalThis.phone.device.destroy());
    await this.page.end();
  }
}

/** A call from one phone to another up to the point where both are in it: {caller, callee} are the calls' numbers. */
export async function connect(from, to, params = {}) {
  const caller = await from.call(`client:${to.identity}`, params);
  const incoming = await to.wait('incoming');
  await from.wait('call.ringing');
  await to.tell(incoming.call, 'accept');
  await Promise.all([from.wait('call.accept'), to.wait('call.accept')]);
  return { caller, callee: incoming.call, incoming };
}
