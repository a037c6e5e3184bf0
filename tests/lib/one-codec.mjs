// Browsers that speak one codec only, whatever they can: how a test decides what is translated and what passes through.
// The one thing to know: the page is made to forget the others, in what it offers and in what it reads of an offer.

// In the page: it offers one codec and telephone events only, and of an offer it sees no more than that.
function forgetOtherCodecs(name) {
  const { setCodecPreferences } = RTCRtpTransceiver.prototype;
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  const kept = [name, 'telephone-event'];
  RTCRtpTransceiver.prototype.setCodecPreferences = function prefer(list) {
    setCodecPreferences.call(this, list.filter(({ mimeType }) => kept.includes(mimeType.toLowerCase().slice('audio/'.length))));
  };
  const strip = (sdp) => {
    const known = [...sdp.matchAll(/^a=rtpmap:(\d+) ([^/]+)/gm)].filter(([, , codec]) => kept.includes(codec.toLowerCase())).map(([, number]) => number);
    return sdp.replace(/^(m=audio \d+ \S+) .*$/m, `$1 ${known.join(' ')}`)
      .replace(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) .*\r\n/gm, (line, number) => (known.includes(number) ? line : ''));
  };
  RTCPeerConnection.prototype.setRemoteDescription = function read(description) {
    const offer = description.type === 'offer';
    return setRemoteDescription.call(this, offer ? { type: 'offer', sdp: strip(description.sdp) } : description);
  };
}

/** A registered phone of the stage `set` that knows this codec only. */
export async function phoneWith(set, who, codec, options) {
  const one = await set.phone(who, { ...options, codecPreferences: [codec] });
  await one.page.evaluate(forgetOtherCodecs, codec);
  return one;
}

/** What the page counts as sent and received in a call with this codec. */
export const used = (codec) => ({ sent: `audio/${codec}`, received: `audio/${codec}` });
