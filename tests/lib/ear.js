// Runs in the page before its own scripts: remembers every peer connection, and gives the tests an ear.
// The one thing to know: it records what a connection received with the browser's own recorder. Web Audio would be
// shorter, but in Firefox an AudioContext never starts on a machine without a sound card.
(() => {
  const peers = (globalThis.testPeers = []);
  globalThis.RTCPeerConnection = class extends globalThis.RTCPeerConnection {
    constructor(...args) {
      super(...args);
      peers.push(this);
    }
  };

  const openPeer = () => peers.filter((peer) => peer.connectionState !== 'closed').at(-1);
  const receivedTrack = () => openPeer()?.getReceivers().find(({ track }) => track.kind === 'audio')?.track;
  const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  async function record(track, duration) {
    const stream = new MediaStream([track]);
    const element = new Audio(); // Chromium decodes a remote track only while an element plays it
    element.srcObject = stream;
    element.muted = true;
    await element.play();
    const recorder = new MediaRecorder(stream);
    const chunks = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    await delay(duration);
    if (recorder.state !== 'inactive') recorder.stop();
    await stopped;
    element.srcObject = null;
    const recorded = await new Blob(chunks).arrayBuffer();
    if (recorded.byteLength === 0) return new Float32Array(0);
    const decoder = new OfflineAudioContext(1, 1, 48000);
    // What is too short to hold a sound cannot be decoded; who listens is told how long it was.
    return decoder.decodeAudioData(recorded).then((sound) => sound.getChannelData(0), () => new Float32Array(0));
  }

  /** Amplitude of one frequency in samples[from, to) (Goertzel's algorithm). */
  function amplitude(samples, from, to, frequency) {
    const factor = 2 * Math.cos((2 * Math.PI * frequency) / 48000);
    let [before, last] = [0, 0];
    for (let i = from; i < to; i++) [before, last] = [last, samples[i] + factor * last - before];
    return (2 * Math.sqrt(Math.max(0, last * last + before * before - factor * last * before))) / (to - from);
  }

  const decibels = (value) => Math.max(-200, 20 * Math.log10(value));

  /** The strongest frequency that is received now, its level, and of how much sound: {frequency, level, seconds}; no
   *  seconds mean that there was nothing to listen to, which is not silence. */
  globalThis.testHear = async () => {
    const track = receivedTrack();
    const samples = track ? await record(track, 400) : [];
    const [from, to] = [Math.floor(samples.length / 3), samples.length]; // the start of a recording fades in
    let strongest = { frequency: 0, level: -200, seconds: samples.length / 48000 };
    if (to - from < 4800) return { ...strongest, seconds: 0 };
    for (let frequency = 200; frequency <= 1600; frequency += 4) {
      const level = decibels(amplitude(samples, from, to, frequency));
      if (level > strongest.level) strongest = { ...strongest, frequency, level };
    }
    return strongest;
  };

  /** Listens for `duration` ms to the track received now: the level of `frequency` in each tenth of a second. */
  globalThis.testListen = async (frequency, duration) => {
    const samples = await record(receivedTrack(), duration);
    const levels = [];
    for (let from = 4800; from + 4800 <= samples.length; from += 4800) {
      levels.push(decibels(amplitude(samples, from, from + 4800, frequency)));
    }
    return levels;
  };

  /** Of the newest open connection: its audio streams' statistics, and all by id. */
  async function statistics() {
    const byId = (await openPeer()?.getStats()) ?? new Map();
    const stats = [...byId.values()];
    const inbound = stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
    const outbound = stats.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'audio');
    return { inbound, outbound, byId };
  }

  globalThis.testCodecs = async () => {
    const { inbound, outbound, byId } = await statistics();
    const nameOf = (stream) => byId.get(stream?.codecId)?.mimeType.toLowerCase();
    return { sent: nameOf(outbound), received: nameOf(inbound) };
  };

  /** What the newest open connection counted. */
  globalThis.testPackets = async () => {
    const { inbound, outbound } = await statistics();
    return {
      packetsReceived: inbound?.packetsReceived ?? 0,
      packetsLost: inbound?.packetsLost ?? 0,
      packetsSent: outbound?.packetsSent ?? 0,
    };
  };
})();
