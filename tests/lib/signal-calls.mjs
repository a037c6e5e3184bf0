// Calls at the signalling level: what browsers say over /signal, with descriptions that real browsers wrote.
// The one thing to know: no media ever comes; a gateway for these tests is given PATIENCE so that it waits for it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway, TOP } from './gateway.mjs';
import { SignalClient } from './signal-client.mjs';
import { accessToken } from './tokens.mjs';

/** A description of tests/fuzz/corpus/sdp, as a browser wrote it. */
export const sdp = (name) => readFileSync(join(TOP, 'tests/fuzz/corpus/sdp', `${name}.sdp`), 'utf8');
export const OFFER = sdp('chromium-offer');
export const ANSWER = sdp('firefox-answer');

/** Configuration for calls without media. */
export const PATIENCE = { media: { setup_timeout_ms: 120000 } };

/** A gateway with PATIENCE; `config` on top. */
export const startPatientGateway = (config = {}, t = undefined) =>
  startGateway({ config: { ...config, media: { ...PATIENCE.media, ...config.media } } }, t);

/** A client with a token, not registered. `token`: options of accessToken; `resume`: it announces that it resumes. */
export function connect(gateway, identity, { token = {}, resume = false, ...options } = {}) {
  return SignalClient.connect(gateway.socketUrl, accessToken(identity, token), { listen: resume ? { resume: {} } : {}, ...options });
}

export async function register(client) {
  client.send('register', { media: { audio: true } });
  await client.next('ready');
  return client;
}

/** A client that can be called. */
export const registered = async (gateway, identity, options) => register(await connect(gateway, identity, options));

/** The client on a new socket where the old one stopped. */
export async function resume(gateway, client, identity, token = {}) {
  return SignalClient.connect(gateway.socketUrl, accessToken(identity, token), { listen: { resume: client.resume } });
}

/** Places a call and returns the client's own name of it. */
export function invite(client, to, { params = {}, offer = OFFER, callsid = `TJS${randomUUID()}`, extra = {} } = {}) {
  const list = new URLSearchParams({ ...(to !== undefined && { To: to }), ...params });
  client.send('invite', { callsid, sdp: offer, twilio: { params: list.toString() } }, extra);
  return callsid;
}

/** What a refused or failed call is told: {code, message} of its hangup. */
export async function failure(client, callsid) {
  const hangup = await client.next((message) => message.type === 'hangup' && message.payload.callsid === callsid);
  return hangup.payload.error;
}

/** Places a call that rings at every one of `callees`: {temporary, callsid, rings: payloads of their invites}. */
export async function ring(caller, callees, to, options) {
  const temporary = invite(caller, to, options);
  const { payload: { callsid } } = await caller.next('ringing');
  const rings = await Promise.all(callees.map(async (callee) => (await callee.next('invite')).payload));
  return { temporary, callsid, rings };
}

/** A call that is answered: {callsid, answer, ring} of the caller's `answer` and the callee's `invite`. */
export async function talk(caller, callee, to, options) {
  const { temporary, callsid, rings: [ringing] } = await ring(caller, [callee], to, options);
  callee.send('answer', { callsid: ringing.callsid, sdp: ANSWER });
  const { payload: answer } = await caller.next('answer');
  return { temporary, callsid, answer, ring: ringing };
}

/** Ends an answered call from the caller's side, so that the next test begins without it. */
export async function hangUp(caller, callee, { callsid }) {
  caller.send('hangup', { callsid });
  return (await callee.next('hangup')).payload;
}

/** All messages handed over so far but those of `types`, asked behind a request that all others come before. */
export async function everything(client) {
  await client.request('hangup', { callsid: 'none' }).catch(() => {});
  return client.messages;
}

/** Types of the messages that speak of a call. */
export const typesOf = (client, callsid) =>
  client.messages.filter(({ payload }) => payload?.callsid === callsid).map(({ type }) => type);
