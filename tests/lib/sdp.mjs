// Session descriptions as a browser writes them, for clients that have no media.
// The one thing to know: they are valid and complete, so what a test breaks in one is all that is wrong with it.
import { randomBytes } from 'node:crypto';

const CODECS = {
  opus: ['111', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1'],
  red: ['63', 'a=rtpmap:63 red/48000/2', 'a=fmtp:63 111/111'],
  g722: ['9', 'a=rtpmap:9 G722/8000'],
  pcmu: ['0', 'a=rtpmap:0 PCMU/8000'],
  pcma: ['8', 'a=rtpmap:8 PCMA/8000'],
  'telephone-event': ['126', 'a=rtpmap:126 telephone-event/8000'],
};

const token = (length) => randomBytes(length).toString('base64').replace(/[+/=]/g, 'x').slice(0, length);
const digest = () => randomBytes(32).toString('hex').toUpperCase().match(/../g).join(':');

/** @param {{codecs?: string[], setup?: string, fingerprint?: string, direction?: string, version?: number}} options */
function describe({ codecs = ['opus', 'pcmu', 'telephone-event'], setup, fingerprint = digest(), direction = 'sendrecv', version = 2 }) {
  const formats = codecs.map((codec) => CODECS[codec]);
  return [
    'v=0', `o=- 4611731400430051336 ${version} IN IP4 127.0.0.1`, 's=-', 't=0 0',
    'a=group:BUNDLE 0', 'a=extmap-allow-mixed', 'a=msid-semantic: WMS stream',
    `m=audio 9 UDP/TLS/RTP/SAVPF ${formats.map(([payloadType]) => payloadType).join(' ')}`,
    'c=IN IP4 0.0.0.0', 'a=rtcp:9 IN IP4 0.0.0.0',
    `a=ice-ufrag:${token(4)}`, `a=ice-pwd:${token(24)}`, 'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${fingerprint}`, `a=setup:${setup}`, 'a=mid:0',
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    `a=${direction}`, 'a=msid:stream track', 'a=rtcp-mux', 'a=rtcp-rsize',
    ...formats.flatMap(([, ...lines]) => lines),
    'a=ssrc:1001 cname:someone', '',
  ].join('\r\n');
}

export const offer = (options = {}) => describe({ setup: 'actpass', ...options });
/** The gateway offers to be the DTLS client, so who answers is the server. */
export const answer = (options = {}) => describe({ setup: 'passive', ...options });

export const fingerprintOf = (sdp) => /a=fingerprint:sha-256 (\S+)/.exec(sdp)[1];
export const ufragOf = (sdp) => /a=ice-ufrag:(\S+)/.exec(sdp)[1];
