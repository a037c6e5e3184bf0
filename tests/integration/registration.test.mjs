// Who can be called: register and its refusals, tokens that end or narrow, devices of one identity, lost sockets.
// The one thing to know: whether somebody is registered is asked by calling them, as a caller would find out.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS, startGateway } from '../lib/gateway.mjs';
import {
  connect, failure, hangUp, invite, PATIENCE, register, registered, resume, ring, startPatientGateway, talk,
} from '../lib/signal-calls.mjs';
import { SignalClient } from '../lib/signal-client.mjs';
import { accessClaims, accessToken, capabilityToken, customToken } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

const count = async (gateway) => (await gateway.metrics()).get('callgate_registered_clients');

/** Calls `to` and gives up again: true if it rang. */
async function rings(caller, to) {
  const callsid = invite(caller, to);
  const answer = await caller.next(({ type, payload }) => type === 'ringing' || payload.callsid === callsid);
  if (answer.type === 'ringing') caller.send('hangup', { callsid });
  else assert.equal(answer.payload.error.code, 31480);
  return answer.type === 'ringing';
}

test('register, repeated and taken back', async (t) => {
  const gateway = await startPatientGateway({}, t);
  const bob = await connect(gateway, 'bob');
  const caller = await connect(gateway, 'alice');
  assert.equal(await rings(caller, 'client:bob'), false);
  await register(bob);
  assert.equal(await rings(caller, 'client:bob'), true);
  await t.test('again and again counts once', async () => {
    for (let i = 0; i < 5; i++) await register(bob);
    assert.equal(await count(gateway), 1);
  });
  await t.test('with an id there is a result too', async () => {
    assert.deepEqual(await bob.request('register', { media: { audio: true } }), {});
    await bob.next('ready');
  });
  await t.test('false is answered with offline, also when nothing was registered', async () => {
    for (let i = 0; i < 2; i++) {
      bob.send('register', { media: { audio: false } });
      await bob.next('offline');
    }
    assert.equal(await rings(caller, 'client:bob'), false);
    assert.equal(await count(gateway), 0);
  });
  for (const payload of [{}, { media: true }, { media: {} }, { media: { audio: 'yes' } }, { media: { audio: 1 } }, { media: [] }]) {
    await t.test(`refused: ${JSON.stringify(payload)}`, async () => {
      await assert.rejects(bob.request('register', payload), { code: 31400, message: /media:\{audio:true\}/ });
    });
  }
});

test('what the token must allow', async (t) => {
  const gateway = await startPatientGateway({}, t);
  const refused = async (client) => assert.rejects(client.request('register', { media: { audio: true } }), { code: 31201 });
  await t.test('no incoming grant', async () => refused(await connect(gateway, 'bob', { token: { incoming: false } })));
  await t.test('no identity', async () => {
    const { grants: { voice: { outgoing } } } = accessClaims('x');
    const token = await customToken(accessClaims('x', { grants: { voice: { outgoing } } }));
    await refused(await SignalClient.connect(gateway.socketUrl, token));
  });
  await t.test('a capability token with an incoming scope registers', async () => {
    await register(await SignalClient.connect(gateway.socketUrl, capabilityToken('carol')));
    assert.equal(await rings(await connect(gateway, 'alice'), 'client:carol'), true);
  });
  await t.test('identities are of one account and of one spelling', async () => {
    await registered(gateway, 'Dave');
    const caller = await connect(gateway, 'alice');
    assert.equal(await rings(caller, 'client:dave'), false);
    assert.equal(await rings(caller, 'client:Dave'), true);
  });
});

test('a token that ends', async (t) => {
  const gateway = await startPatientGateway({ tokens: { leeway_s: 0 } }, t);
  const caller = await connect(gateway, 'alice');
  const now = Math.floor(Date.now() / 1000);
  const bob = await SignalClient.connect(gateway.socketUrl, await customToken(accessClaims('bob', { exp: now + 3 })));
  await register(bob);
  const call = await talk(caller, bob, 'client:bob');
  await t.test('the client is warned, then told, and is no longer registered', async () => {
    const { payload } = await bob.next('token.expiring');
    assert.ok(payload.in >= 0 && payload.in <= 3);
    assert.equal((await bob.next('error')).payload.error.code, 31205);
    await bob.next('offline');
    assert.equal(await rings(caller, 'client:bob'), false);
  });
  await t.test('its call goes on', async () => {
    await caller.request('dtmf', { callsid: call.callsid, dtmf: '1' });
    assert.equal((await bob.next('dtmf')).payload.callsid, call.ring.callsid);
    await bob.request('dtmf', { callsid: call.ring.callsid, dtmf: '2' });
    await hangUp(caller, bob, call);
  });
  await t.test('it can neither register nor call', async () => {
    await assert.rejects(bob.request('register', { media: { audio: true } }), { code: 31205 });
    assert.equal((await failure(bob, invite(bob, 'client:alice'))).code, 31205);
  });
  await t.test('a new token on the same socket makes it whole', async () => {
    await bob.listen(accessToken('bob'));
    await register(bob);
    assert.equal(await rings(caller, 'client:bob'), true);
  });
});

test('a new token on the same socket', async (t) => {
  const gateway = await startPatientGateway({}, t);
  gateway.expectWarning(/peer.rejected/);
  const caller = await connect(gateway, 'alice');
  const bob = await registered(gateway, 'bob');
  await t.test('as wide as before: the registration stays', async () => {
    const { token } = await bob.listen(accessToken('bob', { ttl: 1000 }));
    assert.ok(token.ttl > 900 && token.ttl <= 1000);
    assert.equal(await rings(caller, 'client:bob'), true);
  });
  await t.test('without incoming: offline', async () => {
    await bob.listen(accessToken('bob', { incoming: false }));
    await bob.next('offline');
    assert.equal(await rings(caller, 'client:bob'), false);
  });
  await t.test('without outgoing: no calls', async () => {
    await bob.listen(accessToken('bob', { outgoing: false }));
    assert.equal((await failure(bob, invite(bob, 'client:alice'))).code, 31201);
    await bob.listen(accessToken('bob'));
  });
  await t.test('of somebody else: refused, and all stays as it was', async () => {
    await register(bob);
    await assert.rejects(bob.listen(accessToken('mallory')), { code: 31201 });
    assert.equal(await rings(caller, 'client:bob'), true);
    assert.equal(await rings(caller, 'client:mallory'), false);
  });
});

test('several devices, up to the limit', async (t) => {
  const gateway = await startPatientGateway({ limits: { devices_per_identity: 3 } }, t);
  const devices = [];
  for (let i = 0; i < 3; i++) devices.push(await registered(gateway, 'bob'));
  const fourth = await connect(gateway, 'bob');
  await assert.rejects(fourth.request('register', { media: { audio: true } }), { code: 31206, message: /Too many devices/ });
  const caller = await connect(gateway, 'alice');
  const { callsid, rings: offers } = await ring(caller, devices, 'client:bob');
  assert.equal(new Set(offers.map((offer) => offer.callsid)).size, 3);
  caller.send('hangup', { callsid });
  await Promise.all(devices.map((device) => device.next('cancel')));
  await t.test('one goes, another may come', async () => {
    await devices[0].close();
    await until(async () => await count(gateway) === 2, 'two devices');
    await register(fourth);
  });
});

test('1,000 registrations of one identity', async (t) => {
  const gateway = await startPatientGateway({ limits: { connections_per_ip: 2000 } }, t);
  const bystander = await registered(gateway, 'bystander');
  const caller = await connect(gateway, 'alice');
  const before = gateway.resources();
  const token = accessToken('bob');
  const refusals = [];
  const clients = [];
  for (let batch = 0; batch < 10; batch++) {
    clients.push(...await Promise.all(Array.from({ length: 100 }, async () => {
      const client = await SignalClient.connect(gateway.socketUrl, token);
      await client.request('register', { media: { audio: true } }).catch((error) => refusals.push(error));
      return client;
    })));
  }
  assert.equal(refusals.length, 990);
  assert.ok(refusals.every(({ code }) => code === 31206));
  assert.equal(await count(gateway), 11);
  const during = gateway.resources();
  if (SLOWNESS === 1) assert.ok(during.resident - before.resident < 1000 * 40000, `${during.resident - before.resident} bytes`);
  assert.equal(await rings(caller, 'client:bystander'), true);
  await t.test('when they are gone, so is what they held', async () => {
    await Promise.all(clients.map((client) => client.cut()));
    await until(() => gateway.resources().descriptors <= before.descriptors, 'the sockets to be closed', 30000 * SLOWNESS);
    assert.equal(await count(gateway), 1);
    assert.equal(await rings(caller, 'client:bystander'), true);
  });
});

test('a lost socket', async (t) => {
  const gateway = await startPatientGateway({ limits: { resume_window_s: 1 } }, t);
  const caller = await connect(gateway, 'alice');
  await t.test('of a client that cannot resume ends its registration at once', async () => {
    const bob = await registered(gateway, 'bob');
    await bob.cut();
    await until(async () => await count(gateway) === 0, 'the end of the registration');
    assert.equal(await rings(caller, 'client:bob'), false);
  });
  await t.test('of a client that resumes keeps it, and what rings meanwhile rings then', async () => {
    const carol = await registered(gateway, 'carol', { resume: true });
    await carol.cut();
    const temporary = invite(caller, 'client:carol');
    const back = await resume(gateway, carol, 'carol');
    await caller.next('ringing');
    assert.equal(back.connected.session.recovered, true);
    assert.equal((await back.next('invite')).payload.parameters.From, 'client:alice');
    caller.send('hangup', { callsid: temporary });
    await back.next('cancel');
    assert.equal(await count(gateway), 1);
    await back.close();
  });
  await t.test('that does not come back in time ends it', async () => {
    const dave = await registered(gateway, 'dave', { resume: true });
    await dave.cut();
    assert.equal(await count(gateway), 1);
    await until(async () => await count(gateway) === 0, 'the end of the resume window');
    assert.equal(await rings(caller, 'client:dave'), false);
    const late = await resume(gateway, dave, 'dave');
    assert.equal(late.connected.session.recovered, false);
    assert.equal(await rings(caller, 'client:dave'), false);
  });
  await t.test('resumed with a narrower token: offline', async () => {
    const erin = await registered(gateway, 'erin', { resume: true });
    await erin.cut();
    const back = await resume(gateway, erin, 'erin', { incoming: false });
    await back.next('offline');
    assert.equal(await count(gateway), 0);
  });
});

test('a key that is taken away ends what it opened', async (t) => {
  const KEY2 = `SK${'0'.repeat(31)}9`;
  const secret = 'another secret of the tests, 32 bytes or more';
  const gateway = await startGateway({ config: { ...PATIENCE, [`key ${KEY2}`]: { account: `AC${'0'.repeat(31)}1`, secret } } }, t);
  const caller = await connect(gateway, 'alice');
  const bob = await registered(gateway, 'bob', { token: { key: KEY2, secret } });
  assert.equal(await rings(caller, 'client:bob'), true);
  gateway.writeConfig({ [`key ${KEY2}`]: null });
  gateway.reload();
  assert.equal((await bob.next('error')).payload.error.code, 20151);
  await bob.next('offline');
  assert.equal(await rings(caller, 'client:bob'), false);
});
