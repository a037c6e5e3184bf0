// The gateway over HTTP: health, metrics, log level, demo tokens, pages, telemetry, TLS, and starting with a bad configuration.
// The one thing to know: what the HTTP server itself does with requests is signal-http.test.mjs's matter; here it is the
// gateway's own paths and what they say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { bodyOf, shownAt } from '../lib/certificates.mjs';
import { BINARY, configuration, makeCertificate, startGateway, TOP } from '../lib/gateway.mjs';
import { connect, failure, hangUp, invite, registered, startPatientGateway, talk } from '../lib/signal-calls.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { APPLICATION, KEY } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

let gateway;
before(async () => { gateway = await startPatientGateway({ server: { allowed_origins: 'https://app.example' } }); });
after(() => gateway.stop());

/** fetch() sets Host and Origin itself; this does as it is told. */
function request(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const asked = (url.startsWith('https') ? https : http).request(url, { method, headers, rejectUnauthorized: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

test('/healthz', async (t) => {
  const { status, headers, text } = await request(`${gateway.url}/healthz`);
  assert.deepEqual([status, headers['content-type'], headers['cache-control']], [200, 'application/json; charset=utf-8', 'no-store']);
  const { version, ...body } = JSON.parse(text);
  assert.deepEqual(body, { status: 'ok', calls: 0 });
  assert.equal(spawnSync(BINARY, ['--version'], { encoding: 'utf8' }).stdout, `callgate ${version}\n`);
  await t.test('HEAD has no body', async () => {
    assert.equal((await request(`${gateway.url}/healthz`, { method: 'HEAD' })).text, '');
  });
  await t.test('POST is not for it', async () => {
    const answer = await request(`${gateway.url}/healthz`, { method: 'POST', body: '{}' });
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'OPTIONS, GET, HEAD']);
    assert.deepEqual(JSON.parse(answer.text), { code: 405, message: 'method not allowed' });
  });
  await t.test('a path that is not there', async () => {
    assert.deepEqual(JSON.parse((await request(`${gateway.url}/healthy`)).text), { code: 404, message: 'not found' });
  });
});

/** The metrics page, every line checked against the text format 0.0.4: {name: {type, samples: Map}}. */
function parsePrometheus(text) {
  assert.ok(text.endsWith('\n'));
  const families = {};
  let current;
  for (const line of text.split('\n').slice(0, -1)) {
    const help = /^# HELP (callgate_[a-z_]+) (\S.*\.)$/.exec(line);
    const type = /^# TYPE (callgate_[a-z_]+) (gauge|counter|histogram)$/.exec(line);
    if (help) {
      assert.ok(!(help[1] in families), `${help[1]} is described twice`);
      current = families[help[1]] = { name: help[1], samples: new Map() };
    } else if (type) {
      assert.equal(type[1], current.name, 'TYPE follows HELP of the same name');
      [, , current.type] = type;
    } else {
      const sample = /^(callgate_[a-z_]+)(\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})? (\d+(?:\.\d+)?)$/.exec(line);
      assert.ok(sample, `no sample: ${line}`);
      const [, name, labels = '', value] = sample;
      const suffixes = current.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      assert.ok(suffixes.some((suffix) => name === current.name + suffix), `${line} under ${current.name}`);
      assert.ok(!current.samples.has(name + labels), `${line} twice`);
      current.samples.set(name + labels, Number(value));
    }
  }
  return families;
}

test('/metrics', async (t) => {
  const page = async () => {
    const { status, headers, text } = await request(`${gateway.url}/metrics`);
    assert.deepEqual([status, headers['content-type']], [200, 'text/plain; version=0.0.4; charset=utf-8']);
    return parsePrometheus(text);
  };
  const families = await page();
  await t.test('every family has a type, samples, and a name as its type asks', () => {
    for (const { name, type, samples } of Object.values(families)) {
      assert.ok(type && samples.size > 0, name);
      assert.equal(type === 'counter', name.endsWith('_total'), name);
    }
    const buckets = [...families.callgate_handshake_seconds.samples].filter(([name]) => name.includes('_bucket'));
    assert.match(buckets.at(-1)[0], /le="\+Inf"/);
    assert.equal(buckets.at(-1)[1], families.callgate_handshake_seconds.samples.get('callgate_handshake_seconds_count'));
  });
  const value = async (sample) => (await page())[sample.replace(/\{.*/, '')].samples.get(sample);

  await t.test('its values move with what happens', async () => {
    const [alice, bob] = [await connect(gateway, 'alice'), await registered(gateway, 'bob')];
    assert.deepEqual([await value('callgate_sessions'), await value('callgate_websockets'), await value('callgate_registered_clients')], [2, 2, 1]);
    const call = await talk(alice, bob, 'client:bob');
    assert.equal(await value('callgate_calls{state="in-progress"}'), 1);
    assert.equal(await value('callgate_legs'), 2);
    assert.equal(await value('callgate_calls_created_total'), 1);
    await hangUp(alice, bob, call);
    assert.equal((await failure(alice, invite(alice, 'client:nobody'))).code, 31480);
    await until(async () => await value('callgate_legs') === 0, 'the legs to close');
    assert.equal(await value('callgate_calls_ended_total{reason="caller_hangup"}'), 1);
    assert.equal(await value('callgate_calls_ended_total{reason="unavailable"}'), 1);
    assert.equal(await value('callgate_calls{state="in-progress"}'), 0);
    assert.equal(await value('callgate_calls{state="ended"}'), 0);
    assert.ok(await value('callgate_messages_received_total') >= 6);
    assert.ok(await value('callgate_messages_sent_total') >= 7);
    await Promise.all([alice.close(), bob.close()]);
    await until(async () => await value('callgate_sessions') === 0, 'the sessions to end');
    assert.deepEqual([await value('callgate_websockets'), await value('callgate_registered_clients'), await value('callgate_websockets_total')], [0, 0, 2]);
  });
});

const LOCAL = ['/metrics', '/admin/log-level'];

test('what is for this machine only', async (t) => {
  for (const path of LOCAL) {
    await t.test(`${path}: not for pages of other sites, open in a browser here`, async () => {
      for (const origin of ['https://evil.example', 'https://app.example', 'null'])
        assert.equal((await request(gateway.url + path, { headers: { origin } })).status, 403, origin);
    });
    await t.test(`${path}: not under a name that was made to resolve to this machine`, async () => {
      assert.equal((await request(gateway.url + path, { headers: { host: `evil.example:${gateway.port}` } })).status, 403);
    });
    await t.test(`${path}: not through a proxy on this machine`, async () => {
      for (const header of ['x-forwarded-for', 'forwarded'])
        assert.equal((await request(gateway.url + path, { headers: { [header]: 'for=192.0.2.1' } })).status, 403, header);
    });
    await t.test(`${path}: under localhost`, async () => {
      assert.equal((await request(gateway.url + path, { headers: { host: `localhost:${gateway.port}` } })).status, 200);
    });
  }
  const outside = Object.values(networkInterfaces()).flat().find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  await t.test('not from another address', { skip: outside ? false : 'this machine has no address but loopback' }, async (t2) => {
    const open = await startGateway({ config: { server: { listen: '0.0.0.0', allow_plain: true } } }, t2);
    const at = (host, path, options) => request(`http://${host}:${open.port}${path}`, options);
    for (const path of LOCAL) {
      const refused = await at(outside, path);
      assert.deepEqual([refused.status, JSON.parse(refused.text).message], [403, 'only from this machine']);
      assert.equal((await at('127.0.0.1', path)).status, 200);
    }
    assert.equal((await at(outside, '/admin/log-level', { method: 'PUT', body: '{"level":"debug"}' })).status, 403);
    assert.equal((await at(outside, '/healthz')).status, 200);
  });
});

test('/admin/log-level', async (t) => {
  gateway.expectWarning(/log.level_changed/);
  const url = `${gateway.url}/admin/log-level`;
  const put = (body) => request(url, { method: 'PUT', body });
  const level = async () => JSON.parse((await request(url)).text).level;
  assert.equal(await level(), 'info');
  await t.test('is changed, and what is logged with it', async () => {
    for (const wanted of ['error', 'debug', 'warning']) {
      assert.deepEqual(JSON.parse((await put(JSON.stringify({ level: wanted }))).text), { level: wanted });
      assert.equal(await level(), wanted);
    }
    const before = gateway.logs('session.opened').length;
    await (await connect(gateway, 'unheard')).close();
    await put('{"level":"info"}');
    await (await connect(gateway, 'heard')).close();
    const opened = (await gateway.logged('session.opened', before + 1)).slice(before);
    assert.deepEqual(opened.map(({ identity }) => identity), ['heard']);
  });
  await t.test('who did it is logged', async () => {
    assert.deepEqual((await gateway.logged('log.level_changed')).map(({ peer }) => peer)[0], '127.0.0.1');
  });
  for (const body of ['', 'debug', '{}', '{"level":"loud"}', '{"level":5}', '{"level":"DEBUG"}', '[]', '{"level":"debug"']) {
    await t.test(`refused: ${body}`, async () => {
      const { status, text } = await put(body);
      assert.deepEqual([status, JSON.parse(text).code], [400, 400]);
      assert.equal(await level(), 'info');
    });
  }
  await t.test('too long', async () => {
    assert.equal((await put(`{"level":"${'x'.repeat(70000)}"}`)).status, 413);
  });
  await t.test('a reload sets what the file says', async () => {
    await put('{"level":"debug"}');
    gateway.reload();
    await until(async () => await level() === 'info', 'the level of the file');
  });
});

test('/demo/token', async (t) => {
  const post = (url, body) => request(`${url}/demo/token`, { method: 'POST', body });
  await t.test('is not there outside the demo', async () => {
    const { status, text } = await post(gateway.url, '{"identity":"alice"}');
    assert.equal(status, 404);
    assert.match(JSON.parse(text).message, /no demo here/);
  });
  await t.test('gives tokens to programs and to its own pages only', async (t2) => {
    const demo = { enabled: true, key: KEY, application: APPLICATION };
    const { port } = await startGateway({ config: { demo } }, t2);
    const open = await startGateway({ config: { demo, server: { listen: '0.0.0.0', allow_plain: true } } }, t2);
    const ask = async (at, headers) => {
      const { status, text } = await request(`http://127.0.0.1:${at}/demo/token`, { method: 'POST', headers, body: '{"identity":"alice"}' });
      assert.equal(status === 200, 'token' in JSON.parse(text));
      return status;
    };
    const page = (host) => ({ host, origin: `http://${host}` });
    assert.equal(await ask(port, {}), 200, 'a program');
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) assert.equal(await ask(port, page(host)), 200, host);
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
      assert.equal(await ask(port, { host: `127.0.0.1:${port}`, origin }), 403, origin);
    // A name that was made to resolve to loopback: its page is of the same origin as what it asks.
    assert.equal(await ask(port, page(`evil.example:${port}`)), 403);
    assert.equal(await ask(port, { host: `evil.example:${port}` }), 403);
    // A gateway for other machines too goes by any name, but its pages are its own.
    assert.equal(await ask(open.port, page(`demo.lan:${open.port}`)), 200);
    assert.equal(await ask(open.port, { host: `demo.lan:${open.port}`, origin: 'https://evil.example' }), 403);
  });
  await t.test('tells what else than names can be called', async (t2) => {
    const dial = 'sip:echo@192.0.2.1 says it again,+15550100';
    const demo = await startGateway({ config: { demo: { enabled: true, key: KEY, application: APPLICATION, dial } } }, t2);
    const { text } = await post(demo.url, '{"identity":"alice"}');
    assert.deepEqual(JSON.parse(text).destinations, [{ address: 'sip:echo@192.0.2.1', text: 'says it again' }, { address: '+15550100', text: '' }]);
  });
  for (const [name, options] of [
    ['the demo configuration', { args: ['--demo', '--port', '0', '--udp-port', '0', '--web-root', join(TOP, 'web-demo')] }],
    ['a configuration that enables it', { config: { demo: { enabled: true, key: KEY, application: APPLICATION } } }],
  ]) {
    await t.test(`${name}: its tokens call each other`, async (t2) => {
      const demo = await startGateway(options, t2);
      const people = {};
      for (const identity of ['alice', 'bob']) {
        const { status, text } = await post(demo.url, JSON.stringify({ identity }));
        const { token, ...rest } = JSON.parse(text);
        assert.deepEqual([status, rest], [200, { identity, ttl: 3600, destinations: [] }]);
        people[identity] = await SignalClient.connect(demo.socketUrl, token);
        assert.equal(people[identity].connected.token.identity, identity);
      }
      people.bob.send('register', { media: { audio: true } });
      await people.bob.next('ready');
      await hangUp(people.alice, people.bob, await talk(people.alice, people.bob, 'client:bob'));
      for (const body of ['', '{}', '{"identity":""}', '{"identity":"a/b"}', '{"identity":5}', `{"identity":"${'x'.repeat(200)}"}`, 'identity=alice'])
        assert.equal((await post(demo.url, body)).status, 400, body);
      assert.equal((await request(`${demo.url}/demo/token`)).status, 405);
      demo.expectWarning(/config.no_file/);
      demo.reload();
      await until(() => demo.lines.some((line) => /config\.(no_file|reloaded)/.test(line)), 'what became of the reload');
      assert.equal((await post(demo.url, '{"identity":"carol"}')).status, 200);
    });
  }
});

test('pages', async (t) => {
  for (const path of ['callgate.js', 'callgate/device.js', 'callgate/call/call.js']) {
    await t.test(`${path} as it is in the tree, with an ETag`, async () => {
      const { status, headers, text } = await request(`${gateway.url}/${path}`);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'text/javascript; charset=utf-8');
      assert.equal(headers['cache-control'], 'no-cache');
      assert.equal(text, readFileSync(join(TOP, 'web-demo', path), 'utf8'));
      const again = await request(`${gateway.url}/${path}`, { headers: { 'if-none-match': headers.etag } });
      assert.deepEqual([again.status, again.text], [304, '']);
    });
  }
  await t.test('/ is a page with a policy', async () => {
    const { status, headers } = await request(`${gateway.url}/`);
    assert.equal(status, 200);
    assert.match(headers['content-security-policy'], /default-src 'self'/);
  });
  for (const path of ['/nothing.html', '/../CONTRIBUTING.md', '/%2e%2e/CONTRIBUTING.md', '/callgate.js/', '/.git/config', '/../.git/config']) {
    await t.test(`404: ${path}`, async () => { assert.equal((await request(gateway.url + path)).status, 404); });
  }
  await t.test('cannot be written', async () => {
    assert.equal((await request(`${gateway.url}/callgate.js`, { method: 'PUT', body: 'x' })).status, 405);
    assert.equal((await request(`${gateway.url}/callgate.js`, { method: 'DELETE' })).status, 405);
  });
});

test('telemetry of the ecosystem\'s SDK is taken', async (t) => {
  for (const path of ['/v4/EndpointEvents', '/v4/EndpointMetrics']) {
    const { status, text } = await request(gateway.url + path, { method: 'POST', body: '{"group":"x"}' });
    assert.deepEqual([status, text], [204, '']);
    await t.test(`${path}: from allowed origins only`, async () => {
      const preflight = (origin) => request(gateway.url + path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
      assert.equal((await preflight('https://app.example')).headers['access-control-allow-origin'], 'https://app.example');
      assert.equal((await preflight('https://evil.example')).headers['access-control-allow-origin'], undefined);
    });
  }
});

test('TLS', async (t) => {
  const secure = await startGateway({ tls: true }, t);
  assert.match(secure.url, /^https:/);
  assert.equal((await request(`${secure.url}/healthz`)).status, 200);
  const client = await connect(secure, 'alice');
  assert.equal(await shownAt(secure.port), bodyOf(secure.certificate));
  await t.test('plain HTTP is not understood there', async () => {
    await assert.rejects(request(`http://127.0.0.1:${secure.port}/healthz`));
  });
  const fresh = mkdtempSync(join(secure.directory, 'fresh-'));
  const next = makeCertificate(fresh);
  await t.test('a new certificate is shown after a reload, and open sockets stay', async () => {
    copyFileSync(next.certificate, join(secure.directory, 'certificate.pem'));
    copyFileSync(next.key, join(secure.directory, 'key.pem'));
    secure.reload();
    await until(() => secure.logs('config.reloaded').length === 1, 'the reload');
    assert.equal(await shownAt(secure.port), bodyOf(readFileSync(next.certificate)));
    await assert.rejects(client.request('hangup', { callsid: 'none' }), { code: 31404 });
  });
  await t.test('one that does not fit its key is refused, and the old one stays', async () => {
    secure.expectWarning(/config.refused/);
    const other = makeCertificate(mkdtempSync(join(secure.directory, 'other-')));
    copyFileSync(other.certificate, join(secure.directory, 'certificate.pem'));
    secure.reload();
    await until(() => secure.logs('config.refused').length === 1, 'the refusal');
    assert.equal(await shownAt(secure.port), bodyOf(readFileSync(next.certificate)));
    writeFileSync(join(secure.directory, 'certificate.pem'), 'no certificate');
    secure.reload();
    await until(() => secure.logs('config.refused').length === 2, 'the refusal');
    await (await connect(secure, 'bob')).close();
  });
});
