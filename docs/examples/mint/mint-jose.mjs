// Node, with the `jose` package (npm install jose). For ES256 and RS256 give sign() a private key instead:
// await importPKCS8(pem, 'ES256'), and name that algorithm in the header.
// node mint-jose.mjs alice
import { SignJWT } from 'jose';

const { CALLGATE_ACCOUNT, CALLGATE_KEY, CALLGATE_SECRET, CALLGATE_APPLICATION } = process.env;

const now = Math.floor(Date.now() / 1000);
const claims = {
  jti: `${CALLGATE_KEY}-${now}`,
  iss: CALLGATE_KEY,
  sub: CALLGATE_ACCOUNT,
  iat: now,
  exp: now + 3600,
  grants: {
    identity: process.argv[2],
    voice: {
      incoming: { allow: true },
      outgoing: { application_sid: CALLGATE_APPLICATION, params: { campaign: 'spring' } },
    },
  },
};
const token = await new SignJWT(claims)
  .setProtectedHeader({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })
  .sign(new TextEncoder().encode(CALLGATE_SECRET));
console.log(token);
