/* The few figures we use, out of the report's many. Browsers leave members out: null where unknown. */
import { estimateMos } from './mos.js';

export function readStats(report) {
  const all = [...report.values()];
  const audio = (type) => all.find((stat) => stat.type === type && (stat.kind ?? stat.mediaType) === 'audio');
  const inbound = audio('inbound-rtp') ?? {};
  const outbound = audio('outbound-rtp') ?? {};
  const remote = audio('remote-inbound-rtp') ?? {};
  const source = audio('media-source') ?? {};
  const transport = all.find((stat) => stat.type === 'transport' && stat.selectedCandidatePairId);
  const pair = (transport && report.get(transport.selectedCandidatePairId))
    ?? all.find((stat) => stat.type === 'candidate-pair' && stat.nominated && stat.state === 'succeeded') ?? {};
  const rtt = remote.roundTripTime ?? pair.currentRoundTripTime;
  return {
    timestamp: Date.now(),
    rtt: rtt === undefined ? null : rtt * 1000,
    jitter: inbound.jitter === undefined ? null : inbound.jitter * 1000,
    codec: report.get(inbound.codecId)?.mimeType?.replace(/^audio\//i, '').toLowerCase() ?? null,
    packetsReceived: inbound.packetsReceived ?? 0,
    packetsLost: Math.max(0, inbound.packetsLost ?? 0), // negative when duplicates outnumber losses (RFC 3550, 6.4.1)
    packetsSent: outbound.packetsSent ?? 0,
    bytesReceived: inbound.bytesReceived ?? 0,
    bytesSent: outbound.bytesSent ?? 0,
    remoteLoss: remote.fractionLost === undefined ? null : remote.fractionLost * 100,
    bufferDelay: inbound.jitterBufferDelay ?? null, // seconds, summed over bufferCount samples
    bufferCount: inbound.jitterBufferEmittedCount ?? 0,
    inputEnergy: source.totalAudioEnergy ?? null,
  };
}

export function compareStats(before, now) {
  const received = Math.max(0, now.packetsReceived - before.packetsReceived);
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  const emitted = now.bufferCount - before.bufferCount;
  const loss = received + lost > 0 ? (100 * lost) / (received + lost) : 0;
  const measured = emitted > 0 && now.bufferDelay !== null;
  const bufferDelay = measured ? (1000 * (now.bufferDelay - before.bufferDelay)) / emitted : null;
  const { rtt, jitter, codec } = now;
  return {
    ...now,
    loss,
    bufferDelay,
    packetsReceivedDelta: received,
    mos: estimateMos({ rtt: rtt ?? NaN, jitter: jitter ?? NaN, loss, codec }),
  };
}
