// Node, with the `twilio` package (npm install twilio).
// node mint.mjs alice
import twilio from 'twilio';

const { CALLGATE_ACCOUNT, CALLGATE_KEY, CALLGATE_SECRET, CALLGATE_APPLICATION } = process.env;
const { AccessToken } = twilio.jwt;

const token = new AccessToken(CALLGATE_ACCOUNT, CALLGATE_KEY, CALLGATE_SECRET, { identity: process.argv[2], ttl: 3600 });
token.addGrant(new AccessToken.VoiceGrant({
  incomingAllow: true,
  outgoingApplicationSid: CALLGATE_APPLICATION,
  outgoingApplicationParams: { campaign: 'spring' },
}));
console.log(token.toJwt());
