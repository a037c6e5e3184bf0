/* Which codecs a call is offered with, and in what order. The one thing to know: nothing is left out. The order is a
 * wish; the gateway picks what the other side has as well, so that nothing is translated that need not be. */

/* G.711 is what telephone networks speak and what the ecosystem's SDK offers first. Opus first sounds better between
 * browsers (16 kHz and more in place of 3.4) and bears more loss. */
const DEFAULT_PREFERENCES = ['pcmu', 'opus'];

/* What is not named comes behind, in the browser's order; an empty list leaves all to the browser. */
export function preferCodecs(transceiver, { RTCRtpReceiver }, preferences) {
  const names = preferences ?? DEFAULT_PREFERENCES;
  const codecs = RTCRtpReceiver?.getCapabilities?.('audio')?.codecs;
  if (names.length === 0 || !codecs || !transceiver.setCodecPreferences) return;
  const rank = (codec) => {
    const index = names.findIndex((name) => codec.mimeType.toLowerCase() === `audio/${name.toLowerCase()}`);
    return index < 0 ? names.length : index;
  };
  transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
}
