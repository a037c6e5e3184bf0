/* Which codecs a call is offered with, and in what order. */

export function preferCodecs(transceiver, names) {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('audio')?.codecs;
  if (names.length === 0 || !codecs || !transceiver.setCodecPreferences) return;
  const rank = (codec) => {
    const index = names.findIndex((name) => codec.mimeType.toLowerCase() === `audio/${name.toLowerCase()}`);
    return index < 0 ? names.length : index;
  };
  transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
}
