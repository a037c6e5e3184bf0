// SRTP and SRTCP for phones of tests, with Node's own ciphers: nothing of it is the gateway's code, or its libraries'.
// The one thing to know: it counts no wraps of the sequence number; a test's call is shorter than that.
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';

const TAGS = { AES_CM_128_HMAC_SHA1_80: 10, AES_CM_128_HMAC_SHA1_32: 4 };
const [RTP, RTCP] = [{ cipher: 0, auth: 1, salt: 2 }, { cipher: 3, auth: 4, salt: 5 }];

const keystream = (key, iv, size) => createCipheriv('aes-128-ctr', key, iv).update(Buffer.alloc(size));
const xor = (a, b) => Buffer.from(a.map((octet, i) => octet ^ b[i]));

/** RFC 3711, section 4.3.1, without key derivation rate. */
export function derive(master, label, size) {
  const iv = Buffer.concat([master.subarray(16, 30), Buffer.alloc(2)]);
  iv[7] ^= label;
  return keystream(master.subarray(0, 16), iv, size);
}

/** Section 4.1.1. */
function initial(salt, ssrc, index) {
  const iv = Buffer.concat([salt, Buffer.alloc(2)]);
  const mixed = Buffer.alloc(16);
  mixed.writeUInt32BE(ssrc, 4);
  mixed.writeUIntBE(index, 8, 6);
  return xor(iv, mixed);
}

/** One sender's key. */
export class SrtpKey {
  constructor({ tag = 1, suite = 'AES_CM_128_HMAC_SHA1_80', inline = randomBytes(30).toString('base64') } = {}) {
    Object.assign(this, { tag, suite, inline });
    const master = Buffer.from(inline, 'base64');
    const keys = ({ cipher, auth, salt }) => ({ cipher: derive(master, cipher, 16), auth: derive(master, auth, 20), salt: derive(master, salt, 14) });
    [this.rtp, this.rtcp, this.size, this.rtcpIndex] = [keys(RTP), keys(RTCP), TAGS[suite], 0];
  }

  /** The last key in a text that is none of `own` and has that tag; undefined if there is none. */
  static read(text, own, wanted) {
    const lines = [...text.matchAll(/^a=crypto:(\d+) (\S+) inline:([A-Za-z0-9+/]{40})\r?$/gm)]
      .map(([, tag, suite, inline]) => ({ tag: Number(tag), suite, inline }))
      .filter(({ tag, inline }) => tag === wanted && !own.some((key) => key.inline === inline));
    return lines.length > 0 ? new SrtpKey(lines.at(-1)) : undefined;
  }

  get line() { return `a=crypto:${this.tag} ${this.suite} inline:${this.inline}`; }

  #tag(key, size, ...parts) {
    return createHmac('sha1', key).update(Buffer.concat(parts)).digest().subarray(0, size);
  }

  #crypt(packet) {
    const body = packet.subarray(12);
    const stream = keystream(this.rtp.cipher, initial(this.rtp.salt, packet.readUInt32BE(8), packet.readUInt16BE(2)), body.length);
    return Buffer.concat([packet.subarray(0, 12), xor(body, stream)]);
  }

  protect(packet) {
    const sealed = this.#crypt(packet);
    return Buffer.concat([sealed, this.#tag(this.rtp.auth, this.size, sealed, Buffer.alloc(4))]);
  }

  /** undefined: not under this key. */
  unprotect(packet) {
    const [sealed, tag] = [packet.subarray(0, -this.size), packet.subarray(-this.size)];
    return this.#tag(this.rtp.auth, this.size, sealed, Buffer.alloc(4)).equals(tag) ? this.#crypt(sealed) : undefined;
  }

  #cryptRtcp(packet, index) {
    const stream = keystream(this.rtcp.cipher, initial(this.rtcp.salt, packet.readUInt32BE(4), index), packet.length - 8);
    return Buffer.concat([packet.subarray(0, 8), xor(packet.subarray(8), stream)]);
  }

  protectRtcp(packet) {
    const index = Buffer.alloc(4);
    index.writeUInt32BE((0x80000000 | this.rtcpIndex) >>> 0);
    const sealed = Buffer.concat([this.#cryptRtcp(packet, this.rtcpIndex++), index]);
    return Buffer.concat([sealed, this.#tag(this.rtcp.auth, 10, sealed)]);
  }

  unprotectRtcp(packet) {
    const [sealed, tag] = [packet.subarray(0, -10), packet.subarray(-10)];
    if (!this.#tag(this.rtcp.auth, 10, sealed).equals(tag)) return undefined;
    return this.#cryptRtcp(sealed.subarray(0, -4), sealed.readUInt32BE(sealed.length - 4) & 0x7fffffff);
  }
}
