// Invites that come to nothing: destinations that are none, what is refused and why, limits, no room, no media.
// The one thing to know: whoever made the invite without an id is told by a hangup, under the only name it has for the call.
import assert from 'node:assert/strict';
import test, { after, before, beforeEach } from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import * as description from '../lib/sdp.mjs';
import { connect, failure, hangUp, invite, OFFER, registered, ring, sdp, startPatientGateway, talk, typesOf } from '../lib/signal-calls.mjs';
import { APPLICATION } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';

let gateway;
let alice;
let bob;

before(async () => { gateway = await startPatientGateway(); });
// New people for every test and every subtest: what one leaves behind never meets the next.
beforeEach(async () => {
  await Promise.all([alice?.close(), bob?.close()]);
  alice = await connect(gateway, 'alice');
  bob = await registered(gateway, 'bob');
});
after(() => gateway.stop());

const record = (callsid) => until(
  () => gateway.logs('call.ended').find((entry) => [entry.call, entry.callee_call].includes(callsid)), `the record of ${callsid}`);

test('destinations that are none', async (t) => {
  const cases = [
    ['nobody there', 'client:nobody', 31480],
    ['only the caller there', 'client:alice', 31480],
    ['another case', 'client:BOB', 31480],
    ['a line for the log', 'client:x"\n{"event":"forged","level":"error"}', 31480],
    ['60 kB', `client:${'x'.repeat(50000)}`, 31480],
    ['no identity', 'client:', 31404],
    ['an unknown scheme', 'sip:bob@example.com', 31404],
    ['a number', '+15551234', 31404],
    ['no scheme', 'bob', 31404],
    ['an empty To', '', 31404],
    ['no To', undefined, 31400],
  ];
  for (const [name, to, code] of cases) {
    await t.test(name, async () => {
      const started = performance.now();
      const callsid = invite(alice, to);
      assert.equal((await failure(alice, callsid)).code, code);
      assert.ok(performance.now() - started < 1000 * SLOWNESS, 'it takes long');
    });
    await t.test(`${name}, asked with an id`, async () => {
      invite(alice, to, { extra: { id: name } });
      const answer = await alice.next(({ id }) => id === name);
      if (answer.type === 'error') assert.equal(answer.payload.error.code, code);
      else assert.equal((await failure(alice, answer.payload.callsid)).code, code);
    });
  }
});

test('invites that are refused', async (t) => {
  const created = () => gateway.logs('call.created').length;
  const before = created();
  const refused = async (payload, code, client = alice) => {
    await assert.rejects(client.request('invite', { callsid: 'TJS1', sdp: OFFER, twilio: { params: 'To=client:bob' }, ...payload }), { code });
  };
  await t.test('no outgoing grant', async () => refused({}, 31201, await connect(gateway, 'mute', { token: { outgoing: false } })));
  await t.test('no callsid', () => refused({ callsid: undefined }, 31100));
  await t.test('an empty callsid', () => refused({ callsid: '' }, 31100));
  await t.test('a callsid that is no text', () => refused({ callsid: 5 }, 31100));
  await t.test('a callsid too long', () => refused({ callsid: 'x'.repeat(129) }, 31100));
  await t.test('no twilio', () => refused({ twilio: undefined }, 31400));
  await t.test('params that are no text', () => refused({ twilio: { params: { To: 'client:bob' } } }, 31100));
  await t.test('params that are no list', () => refused({ twilio: { params: 'To=%zz' } }, 31100));
  await t.test('too many params', () => refused({ twilio: { params: Array.from({ length: 200 }, (_, i) => `p${i}=`).join('&') } }, 31100));
  await t.test('no sdp', () => refused({ sdp: undefined }, 53402));
  await t.test('without an id the call ends under its own name, with the reason', async () => {
    assert.equal((await failure(alice, invite(alice, 'client:bob', { offer: 'v=0' }))).code, 53402);
  });
  await t.test('without any name there is at least an error', async () => {
    alice.send('invite', { sdp: OFFER });
    assert.equal((await alice.next('error')).payload.error.code, 31100);
  });
  await t.test('no call came of any of these', () => assert.equal(created(), before));
  await t.test('a name in use: an error, and the call of that name goes on', async () => {
    const { temporary, callsid } = await ring(alice, [bob], 'client:bob');
    for (const name of [temporary, callsid]) {
      invite(alice, 'client:bob', { callsid: name });
      const { payload } = await alice.next('error');
      assert.equal(payload.error.code, 31400);
      assert.equal(payload.callsid, undefined);
    }
    assert.deepEqual(typesOf(alice, temporary), []);
    alice.send('hangup', { callsid });
    await bob.next('cancel');
  });
  await t.test('a name of a call that is over may be used again', async () => {
    const { temporary, callsid } = await ring(alice, [bob], 'client:bob');
    alice.send('hangup', { callsid });
    await bob.next('cancel');
    const again = await ring(alice, [bob], 'client:bob', { callsid: temporary });
    assert.notEqual(again.callsid, callsid);
    alice.send('hangup', { callsid: temporary });
    await bob.next('cancel');
  });
});

test('codecs of the two sides', async (t) => {
  await t.test('Firefox calls, Chromium answers: what they share is what each is told', async () => {
    const { callsid, rings: [ringing] } = await ring(alice, [bob], 'client:bob', { offer: sdp('firefox-offer') });
    bob.send('answer', { callsid: ringing.callsid, sdp: sdp('chromium-answer') });
    const { payload: answer } = await alice.next('answer');
    assert.match(answer.sdp, /a=rtpmap:109 opus\/48000\/2/);
    await hangUp(alice, bob, { callsid });
  });
  await t.test('the callee leaves one codec: the caller is answered with that one', async () => {
    const { callsid, rings: [ringing] } = await ring(alice, [bob], 'client:bob');
    const only = sdp('chromium-answer').replace(/^(m=audio \d+ \S+) .*$/m, '$1 8')
      .replace(/^a=(rtpmap|fmtp|rtcp-fb):(?!8 ).*\r?\n/gm, '');
    bob.send('answer', { callsid: ringing.callsid, sdp: only });
    const { payload: answer } = await alice.next('answer');
    assert.match(answer.sdp, /^m=audio \d+ UDP\/TLS\/RTP\/SAVPF 8 126\r$/m);
    await hangUp(alice, bob, { callsid });
    const { codec, caller_codec: callers, translated } = await record(callsid);
    assert.deepEqual([codec, callers, translated], ['PCMA', 'PCMA', 0]);
  });
});

test('parties without a common codec', async (t) => {
  const formats = (text) => /^m=audio \d+ \S+ (.*?)\r?$/m.exec(text)[1];
  const [PCMU, OPUS] = [['pcmu', 'telephone-event'], ['opus', 'telephone-event']];
  const call = (offer) => ring(alice, [bob], 'client:bob', { offer });
  await t.test('each speaks its own, and the record tells', async () => {
    const before = (await gateway.metrics()).get('callgate_calls_translated_total');
    const { callsid, rings: [ringing] } = await call(description.offer({ codecs: PCMU }));
    assert.equal(formats(ringing.sdp), '0 101 111 9 8 110'); // the caller's own stand first
    await bob.request('answer', { callsid: ringing.callsid, sdp: description.answer({ codecs: OPUS }) });
    assert.equal(formats((await alice.next('answer')).payload.sdp), '0 126');
    assert.equal((await gateway.metrics()).get('callgate_calls_translated_total'), before + 1);
    await hangUp(alice, bob, { callsid });
    const { codec, caller_codec: callers, translated } = await record(callsid);
    assert.deepEqual([codec, callers, translated], ['opus', 'PCMU', 1]);
  });
  await t.test('the caller is answered with its best one only', async () => {
    const { callsid, rings: [ringing] } = await call(description.offer({ codecs: ['g722', 'pcmu', 'telephone-event'] }));
    await bob.request('answer', { callsid: ringing.callsid, sdp: description.answer({ codecs: OPUS }) });
    assert.equal(formats((await alice.next('answer')).payload.sdp), '9 126');
    await hangUp(alice, bob, { callsid });
  });
  await t.test('one that comes to have a common codec later is not translated any more', async () => {
    const offer = description.offer({ codecs: PCMU });
    const { callsid, rings: [ringing] } = await call(offer);
    await bob.request('answer', { callsid: ringing.callsid, sdp: description.answer({ codecs: OPUS }) });
    await alice.next('answer');
    const again = description.offer({ codecs: ['opus', ...PCMU], fingerprint: description.fingerprintOf(offer) });
    await alice.request('reinvite', { callsid, sdp: again });
    assert.equal(formats((await alice.next('answer')).payload.sdp), '111 126');
    await hangUp(alice, bob, { callsid });
    assert.deepEqual((({ codec, translated }) => [codec, translated])(await record(callsid)), ['opus', 0]);
  });
  await t.test('where the application forbids it, the callee is offered no more than the caller has', async (t2) => {
    const strict = await startPatientGateway({ [`application ${APPLICATION}`]: { transcode: false } }, t2);
    const [carol, dave] = [await connect(strict, 'carol'), await registered(strict, 'dave')];
    const { rings: [ringing] } = await ring(carol, [dave], 'client:dave', { offer: description.offer({ codecs: PCMU }) });
    assert.equal(formats(ringing.sdp), '0 101');
    const answer = dave.request('answer', { callsid: ringing.callsid, sdp: description.answer({ codecs: OPUS }) });
    await assert.rejects(answer, { code: 53402 });
  });
});

test('limits', async (t) => {
  const limited = await startPatientGateway({ calls: { calls_per_client: 2, calls_per_account: 3, ring_timeout_s: 1 } }, t);
  const [one, two] = [await connect(limited, 'one'), await connect(limited, 'two')];
  const callee = await registered(limited, 'callee');
  await t.test('calls per client', async () => {
    const calls = [invite(one, 'client:callee'), invite(one, 'client:callee')];
    const error = await failure(one, invite(one, 'client:callee'));
    assert.deepEqual([error.code, /client/.test(error.message)], [31206, true]);
    for (const callsid of calls) one.send('hangup', { callsid });
    for (let i = 0; i < 2; i++) await callee.next('cancel');
    await ring(one, [], 'client:callee');
  });
  await t.test('calls per account', async () => {
    invite(one, 'client:callee');
    await registered(limited, 'other'); // the callee has as many as a client may have
    invite(two, 'client:other');
    await two.next('ringing');
    const error = await failure(two, invite(two, 'client:other'));
    assert.deepEqual([error.code, /account/.test(error.message)], [31206, true]);
  });
  await t.test('nobody answers: all of them end by themselves', async () => {
    const error = (await two.next('hangup')).payload.error;
    assert.deepEqual([error.code, error.message], [31480, 'The called party did not answer']);
    await until(() => limited.logs('call.ended').filter(({ reason }) => reason === 'no_answer').length === 3, 'three records');
    assert.equal((await limited.metrics()).get('callgate_legs'), 0);
  });
  await t.test('an application may have a ring timeout of its own', async () => {
    limited.writeConfig({ [`application ${APPLICATION}`]: { ring_timeout_s: 1 }, calls: { ring_timeout_s: 600 } });
    limited.reload();
    await until(() => limited.logs('config.reloaded').length === 1, 'the reload');
    const three = await connect(limited, 'three');
    const { callsid } = await ring(three, [], 'client:callee');
    assert.equal((await failure(three, callsid)).code, 31480);
  });
});

test('no room for another leg', async (t) => {
  const small = await startPatientGateway({ media: { max_legs: 2, workers: 1 } }, t);
  small.expectWarning(/^calls\.refused$/);
  const [caller, callee] = [await connect(small, 'caller'), await registered(small, 'callee')];
  const { callsid } = await ring(caller, [callee], 'client:callee');
  assert.equal((await failure(caller, invite(caller, 'client:callee'))).code, 31206);
  caller.send('hangup', { callsid });
  await callee.next('cancel');
  await until(async () => (await small.metrics()).get('callgate_legs') === 0, 'the legs to close');
  await ring(caller, [callee], 'client:callee');
});

test('media that never comes', async (t) => {
  const hasty = await startPatientGateway({ media: { setup_timeout_ms: 200 } }, t);
  hasty.expectWarning(/call.media_ended/);
  const [caller, callee] = [await connect(hasty, 'caller'), await registered(hasty, 'callee')];
  const { callsid, ring: ringing } = await talk(caller, callee, 'client:callee');
  assert.equal((await failure(caller, callsid)).code, 53405);
  assert.equal((await failure(callee, ringing.callsid)).code, 53405);
  const ended = await until(() => hasty.logs('call.ended')[0], 'the record');
  assert.deepEqual([ended.reason, ended.status], ['media_failed', 'failed']);
  assert.ok([ended.caller_media_end, ended.callee_media_end].includes('ice_timeout'));
});
