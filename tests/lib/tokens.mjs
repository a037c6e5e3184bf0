// Tokens for the tests, made by the ecosystem's own library and by jose, never by the code under test.
// The one thing to know: the ids and secrets here are those of lib/gateway.mjs's configuration.
import { SignJWT } from 'jose';
import twilio from 'twilio';

export const ACCOUNT = `AC${'0'.repeat(31)}1`;
export const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
export const KEY = `SK${'0'.repeat(31)}1`;
export const SECRET = 'a secret of the tests, longer than 32 bytes';
export const APPLICATION = `AP${'0'.repeat(31)}1`;

const { AccessToken, ClientCapability } = twilio.jwt;

/** An access token as a customer's back end makes it with the `twilio` package.
 *  @param {{incoming?: boolean, outgoing?: boolean, params?: object, ttl?: number, secret?: string, algorithm?: string}} options */
export function accessToken(identity, options = {}) {
  const { incoming = true, outgoing = true, params, ttl = 3600, secret = SECRET, key = KEY, account = ACCOUNT } = options;
  const token = new AccessToken(account, key, secret, { identity, ttl });
  token.addGrant(new AccessToken.VoiceGrant({
    incomingAllow: incoming,
    ...(outgoing && { outgoingApplicationSid: options.application ?? APPLICATION }),
    ...(params && { outgoingApplicationParams: params }),
  }));
  return token.toJwt(options.algorithm);
}

/** A capability token (the older kind, signed with the account's auth token). */
export function capabilityToken(identity, { ttl = 3600, params } = {}) {
  const capability = new ClientCapability({ accountSid: ACCOUNT, authToken: AUTH_TOKEN, ttl });
  capability.addScope(new ClientCapability.IncomingClientScope(identity));
  capability.addScope(new ClientCapability.OutgoingClientScope({ applicationSid: APPLICATION, clientName: identity, params }));
  return capability.toJwt();
}

/** A token with any header and claims, for what no honest library would sign. `signingKey`: Uint8Array or KeyObject. */
export function customToken(claims, { header = {}, signingKey = new TextEncoder().encode(SECRET) } = {}) {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1', ...header }).sign(signingKey);
}

/** The claims of an honest access token, to change one of. */
export function accessClaims(identity, changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  return {
    jti: `${KEY}-${now}`, iss: KEY, sub: ACCOUNT, iat: now, exp: now + 3600,
    grants: { identity, voice: { incoming: { allow: true }, outgoing: { application_sid: APPLICATION } } },
    ...changes,
  };
}
