/* callgate.js: the signalling channel. Sockets break in every possible moment; nothing may be lost or doubled. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Device } from '../../web-demo/callgate.js';
import { Bench, settle } from './lib/bench.mjs';

let bench;
beforeEach(() => { bench = new Bench(); });
afterEach(async () => assert.equal(await bench.end(), 0, 'timers are left behind'));

describe('connecting', () => {
  test('listen comes first and offers to resume', async () => {
    await bench.registered();
    const [listen, register] = bench.gateway.received;
    assert.equal(bench.gateway.socket.url, 'wss://gateway.example/signal');
    assert.equal(listen.type, 'listen');
    assert.equal(listen.version, '1.6');
    assert.equal(listen.payload.token, 'a-token');
    assert.deepEqual(listen.payload.resume, {});
    assert.deepEqual([register.type, register.payload], ['register', { media: { audio: true } }]);
    assert.deepEqual(bench.names(), ['registering', 'registered']);
    assert.deepEqual([bench.device.state, bench.device.connection, bench.device.identity],
      ['registered', 'connected', 'alice']);
  });

  for (const [gateway, url] of [
    ['https://h.example', 'wss://h.example/signal'],
    ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/signal'],
    ['h.example:1234', 'wss://h.example:1234/signal'],
    ['wss://h.example/elsewhere', 'wss://h.example/elsewhere'],
  ]) {
    test(`gateway ${gateway} is reached at ${url}`, async () => {
      const device = new Device('t', { platform: bench.browser.platform, gateway });
      device.register();
      await settle();
      assert.equal(bench.gateway.socket.url, url);
      device.destroy();
    });
  }

  test('a device without a token is refused at once', () => {
    assert.throws(() => new Device(''), { name: 'CallgateError', code: 31102 });
  });

  test('an unreachable gateway is told once and tried with growing, jittered pauses', async () => {
    bench.gateway.unreachable = true;
    bench.device.register();
    await bench.clock.advance(60_000);
    assert.deepEqual(bench.errors, [53000]);
    /* 250, then 750 and its doubles up to 7500: half of the time is jitter, and random() says 0.5. */
    assert.equal(bench.gateway.sockets.length, 12);
    bench.gateway.unreachable = false;
    await bench.clock.advance(10_000);
    assert.equal(bench.device.state, 'registered');
    assert.equal(bench.names().includes('reconnected'), false, 'it had never been connected');
  });

  test('a gateway that accepts and says nothing is given up after eight seconds', async () => {
    bench.gateway.silent = true;
    bench.device.register();
    await bench.clock.advance(7_999);
    assert.equal(bench.gateway.sockets.length, 1);
    await bench.clock.advance(1_000);
    assert.equal(bench.gateway.sockets.length, 2);
    assert.ok(bench.gateway.sockets[0].closed, 'the first one was closed');
  });

  test('a refused WebSocket constructor (ws: from an https page) ends with an explanation', async () => {
    const platform = { ...bench.browser.platform, WebSocket: function Refused() { throw new Error('mixed content'); } };
    const device = new Device('t', { platform });
    await assert.rejects(device.register(), { code: 53000, solution: /wss/ });
    device.destroy();
  });
});

describe('tokens', () => {
  test('a refused token ends the attempts and rejects register; a new one starts over', async () => {
    bench.gateway.on('listen', (message, socket) => {
      if (message.payload.token === 'a-token') {
        socket.say({ type: 'error', payload: { error: { code: 20104, message: 'It expired.' } } });
      } else bench.gateway.welcome(message, socket);
    });
    await assert.rejects(bench.device.register(), { code: 20104, explanation: 'It expired.' });
    await bench.clock.advance(60_000);
    assert.equal(bench.gateway.sockets.length, 1);
    assert.deepEqual(bench.names(), ['registering', 'error', 'unregistered']);
    await bench.device.updateToken('another');
    await settle();
    assert.equal(bench.device.state, 'registered');
  });

  test('a refusal for load is no refusal of the token: it waits as long as it is told', async () => {
    let refusals = 0;
    bench.gateway.on('listen', (message, socket) => {
      if (++refusals > 1) return bench.gateway.welcome(message, socket);
      return socket.say({ type: 'error', payload: { error: { code: 31206, message: 'busy', retryAfter: 20 } } });
    });
    bench.device.register();
    await bench.clock.advance(19_000);
    assert.equal(bench.gateway.sockets.length, 1);
    await bench.clock.advance(7_000);
    assert.equal(bench.device.state, 'registered');
  });

  test('updateToken renews on the same socket and touches nothing else', async () => {
    await bench.registered();
    await bench.device.updateToken('fresh');
    assert.equal(bench.gateway.sockets.length, 1);
    const renewal = bench.gateway.last('listen');
    assert.equal(renewal.payload.token, 'fresh');
    assert.equal('resume' in renewal.payload, false);
    assert.equal(bench.gateway.of('register').length, 1);
    bench.gateway.socket.cut();
    await bench.clock.advance(1_000);
    assert.equal(bench.gateway.last('listen').payload.token, 'fresh', 'later connections show the new one');
  });

  test('a refused renewal rejects and leaves the session alone', async () => {
    await bench.registered();
    bench.gateway.on('listen', (message) => bench.gateway.refuse(message, 31202, 'bad signature'));
    await assert.rejects(bench.device.updateToken('forged'), { code: 31202 });
    assert.equal(bench.device.state, 'registered');
  });

  test('token.expiring becomes tokenWillExpire; the registration ends, and returns with a new token', async () => {
    await bench.registered();
    bench.gateway.tell('token.expiring', { in: 30 });
    assert.deepEqual(bench.events.at(-1), ['tokenWillExpire', bench.device, 30]);
    bench.gateway.tell('offline');
    assert.equal(bench.device.state, 'registering');
    assert.equal(bench.names().at(-1), 'unregistered');
    await bench.device.updateToken('fresh');
    await settle();
    assert.equal(bench.device.state, 'registered');
  });

  test('register without the grant rejects with the reason', async () => {
    bench.gateway.on('register', (message) => bench.gateway.refuse(message, 31201, 'no incoming grant'));
    await assert.rejects(bench.device.register(), { code: 31201 });
    assert.equal(bench.device.state, 'unregistered');
    assert.deepEqual(bench.errors, [31201]);
  });
});

describe('a living socket', () => {
  beforeEach(() => bench.registered());

  test('heartbeats are echoed and keep it alive', async () => {
    for (let i = 0; i < 10; i++) {
      bench.gateway.socket.say('\n');
      await bench.clock.advance(10_000);
    }
    assert.equal(bench.gateway.sockets.length, 1);
    assert.equal(bench.gateway.socket.sent.filter((message) => message === '\n').length, 10);
  });

  test('fifteen seconds of silence are its death', async () => {
    await bench.clock.advance(15_000);
    assert.equal(bench.gateway.sockets.length, 1);
    await bench.clock.advance(4_000);
    assert.equal(bench.gateway.sockets.length, 2);
    assert.deepEqual(bench.names().slice(-2), ['reconnecting', 'reconnected']);
  });

  test('after sleep the dead socket is noticed as soon as the page is seen again', async () => {
    bench.clock.sleep(3_600_000);
    bench.browser.events.dispatchEvent(new Event('visibilitychange'));
    assert.equal(bench.device.connection, 'reconnecting');
  });

  test('coming online reconnects at once, if nothing was heard since going offline', async () => {
    bench.browser.events.dispatchEvent(new Event('offline'));
    await bench.clock.advance(1_000);
    bench.gateway.socket.say('\n');
    bench.browser.events.dispatchEvent(new Event('online'));
    assert.equal(bench.device.connection, 'connected', 'it had been heard: a loopback gateway, for example');
    await bench.clock.advance(1_000);
    bench.browser.events.dispatchEvent(new Event('offline'));
    bench.clock.sleep(1);
    bench.browser.events.dispatchEvent(new Event('online'));
    assert.equal(bench.device.connection, 'reconnecting');
  });

  test('nonsense is ignored', async () => {
    for (const nonsense of ['{', '[]', 'null', '3', '{"type":3}', '{"payload":{}}', '{"type":"unheard-of"}',
      '{"type":"invite"}', '{"type":"invite","payload":{"callsid":"CA1"}}',
      '{"type":"answer","payload":{"callsid":"CA9"}}',
      '{"type":"result","id":"c999"}', '{"type":"error","id":"c999","payload":{}}']) {
      bench.gateway.socket.say(nonsense);
    }
    await settle();
    assert.deepEqual(bench.names(), ['registering', 'registered']);
    assert.equal(bench.device.connection, 'connected');
  });

  test('an error that belongs to nothing is told', () => {
    bench.gateway.tell('error', { error: { code: 31206, message: 'slow down' } });
    assert.deepEqual(bench.errors, [31206]);
  });

  test('unregister waits for offline', async () => {
    await bench.device.unregister();
    assert.equal(bench.device.state, 'unregistered');
    assert.equal(bench.names().at(-1), 'unregistered');
    bench.gateway.socket.cut();
    await bench.clock.advance(1_000);
    assert.equal(bench.gateway.of('register').length, 2, 'and it stays so over a reconnection');
  });

  test('destroy says good-bye and forgets everything', () => {
    bench.device.destroy();
    assert.deepEqual(bench.gateway.socket.closed, { code: 1000, reason: 'client closed' });
    assert.equal(bench.device.state, 'destroyed');
    assert.equal(bench.names().at(-1), 'destroyed');
  });

  test('everything asked of a destroyed device is refused', async () => {
    bench.device.destroy();
    for (const name of ['register', 'unregister', 'connect', 'updateToken']) {
      await assert.rejects(bench.device[name]('x'), { code: 31009 });
    }
  });

  test('leaving the page destroys it, going into the back-forward cache does not', () => {
    bench.browser.events.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    assert.equal(bench.device.state, 'registered');
    bench.browser.events.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }));
    assert.equal(bench.device.state, 'destroyed');
  });
});
