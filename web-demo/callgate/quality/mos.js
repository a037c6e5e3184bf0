/* How good a call sounds, as one figure: the E-model (ITU-T G.107) over delay, loss and codec. */

/* Impairment of the codec itself and its robustness to loss: Ie and Bpl of ITU-T G.113 for G.711 with concealment.
 * There is no ITU value for Opus and G.722 on this scale: Opus is put between G.711 and G.729 (19), G.722 beside
 * G.711. */
const CODEC_IMPAIRMENT = {
  opus: { ie: 0, bpl: 20 },
  red: { ie: 0, bpl: 20 }, // RFC 2198 around Opus: the loss is what is left after the copies
  pcmu: { ie: 0, bpl: 25.1 },
  pcma: { ie: 0, bpl: 25.1 },
  g722: { ie: 0, bpl: 25.1 },
};
const CODEC_UNKNOWN = { ie: 0, bpl: 10 };
const CODEC_DELAY = 25; // packet of 20 ms and look-ahead

/* Mean opinion score, 1 to 4.5, from the E-model (ITU-T G.107) with all its defaults, delay simplified after Cole and
 * Rosenbluth:
 *     R = 93.2 - Id - Ie_eff
 *     Id = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)          d: one-way delay, mouth to ear, ms
 *     Ie_eff = Ie + (95 - Ie) Ppl / (Ppl + Bpl)             Ppl: loss in percent, taken as random (BurstR = 1)
 *     MOS = 1 + 0.035 R + 7e-6 R (R - 60) (100 - R)
 * The delay is that of this leg: half its round trip, a jitter buffer of twice the jitter, and codec; the gateway and
 * the ecosystem's SDK reckon in the same way. What the browser's own buffer really holds is left out: it grows to many
 * times that when the machine is busy or sound starts late, and says nothing of the line. */
export function estimateMos({ rtt, jitter, loss, codec }) {
  if (![rtt, jitter, loss].every((value) => Number.isFinite(value) && value >= 0)) return null;
  const { ie, bpl } = CODEC_IMPAIRMENT[codec] ?? CODEC_UNKNOWN;
  const delay = rtt / 2 + 2 * jitter + CODEC_DELAY;
  const delayImpairment = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0);
  const r = 93.2 - delayImpairment - (ie + ((95 - ie) * loss) / (loss + bpl));
  if (r <= 0) return 1;
  return 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r);
}
