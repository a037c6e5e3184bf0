/* Stand-ins for what callgate.js takes from the browser besides WebSocket: peer connections, microphone, audio
 * elements. They keep the rules of the real ones that matter here (signalling states, clones, ended tracks) and record
 * what was done to them. */
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node 18 has it in a module only

export class FakeTrack extends EventTarget {
  kind = 'audio';
  enabled = true;
  readyState = 'live';

  constructor(label) {
    super();
    this.label = label;
  }

  clone() {
    return new FakeTrack(this.label);
  }

  stop() {
    this.readyState = 'ended';
  }

  /* The device is pulled out. */
  unplug() {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

export class FakeStream {
  constructor(tracks) {
    this.tracks = tracks;
  }

  getTracks() {
    return this.tracks;
  }

  getAudioTracks() {
    return this.tracks;
  }
}

class FakeDtmf {
  canInsertDTMF = true;
  toneBuffer = '';
  inserted = [];

  insertDTMF(tones) {
    this.inserted.push(tones);
    this.toneBuffer = tones;
  }
}

class FakeSender {
  dtmf = new FakeDtmf();

  constructor(track) {
    this.track = track;
  }

  async replaceTrack(track) {
    this.track = track;
  }
}

export class FakePeerConnection {
  signalingState = 'stable';
  connectionState = 'new';
  iceConnectionState = 'new';
  localDescription = null;
  remoteDescription = null;
  senders = [];
  stats = null; // a report; without one, packets come in as they should
  packets = 0;
  codecs = null; // in the order that was asked for; null: the browser's own
  offers = 0;
  restarts = 0;
  remoteCandidates = []; // as they were added

  constructor(configuration) {
    this.configuration = configuration;
  }

  setConfiguration(configuration) {
    if (this.signalingState === 'closed') throw new Error('the connection is closed');
    this.configuration = configuration;
  }

  addTransceiver(track, options) {
    this.senders.push(new FakeSender(track));
    this.transceiverOptions = options;
    return { setCodecPreferences: (codecs) => { this.codecs = codecs.map(({ mimeType }) => mimeType); } };
  }

  addTrack(track) {
    if (this.signalingState !== 'have-remote-offer') throw new Error('the offer must be set first');
    this.senders.push(new FakeSender(track));
  }

  getSenders() {
    return this.senders;
  }

  async getStats() {
    if (this.stats) return this.stats;
    return new Map([['in', { type: 'inbound-rtp', kind: 'audio', packetsReceived: (this.packets += 50) }]]);
  }

  async createOffer({ iceRestart = false } = {}) {
    this.offers += 1;
    this.restarts += iceRestart ? 1 : 0;
    return { type: 'offer', sdp: `offer ${this.offers}` };
  }

  async createAnswer() {
    if (this.signalingState !== 'have-remote-offer') throw new Error('no offer to answer');
    return { type: 'answer', sdp: 'an answer' };
  }

  async setLocalDescription(description) {
    this.signalingState = description.type === 'offer' ? 'have-local-offer' : 'stable';
    this.localDescription = description;
  }

  async setRemoteDescription(description) {
    if (description.sdp === 'bad') throw new Error('cannot parse');
    if (description.type === 'answer' && this.signalingState !== 'have-local-offer') throw new Error('wrong state');
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
    this.remoteDescription = description;
  }

  async addIceCandidate(candidate) {
    if (!this.remoteDescription) throw new Error('a description must be set first');
    if (candidate.candidate === 'bad') throw new Error('cannot parse');
    this.remoteCandidates.push(candidate);
  }

  close() {
    this.closed = true;
  }

  /* What tests do to it. */
  find(candidate) {
    this.onicecandidate?.({ candidate: candidate === null ? null : { candidate } });
  }

  become(connectionState, iceConnectionState = connectionState) {
    Object.assign(this, { connectionState, iceConnectionState });
    this.onconnectionstatechange?.();
  }
}

/* Chromium's, in its order. */
const CODECS = ['audio/opus', 'audio/red', 'audio/G722', 'audio/PCMU', 'audio/PCMA', 'audio/CN', 'audio/telephone-event'];

export class FakeMediaDevices extends EventTarget {
  streams = [];
  asked = []; // constraints
  refusal = null; // name of the DOMException
  devices = [
    { kind: 'audioinput', deviceId: 'default', label: 'Default' },
    { kind: 'audioinput', deviceId: 'headset', label: 'Headset' },
    { kind: 'audiooutput', deviceId: 'default', label: 'Default' },
    { kind: 'audiooutput', deviceId: 'speaker', label: 'Speaker' },
  ];

  async getUserMedia({ audio }) {
    this.asked.push(audio);
    if (this.refusal) throw Object.assign(new Error(this.refusal), { name: this.refusal });
    const stream = new FakeStream([new FakeTrack(audio.deviceId?.exact ?? 'default')]);
    this.streams.push(stream);
    return stream;
  }

  async enumerateDevices() {
    return this.devices;
  }

  change(devices) {
    this.devices = devices;
    this.dispatchEvent(new Event('devicechange'));
  }
}

class FakeAudio {
  sink = '';
  muted = false;
  srcObject = null;

  async play() {}

  async setSinkId(id) {
    this.sink = id;
  }
}

/* `options.platform` for a Device, and handles on all that is made through it. */
export function fakeBrowser(gateway) {
  const browser = {
    peers: [],
    audios: [],
    media: new FakeMediaDevices(),
    events: new EventTarget(),
    get peer() {
      return browser.peers.at(-1);
    },
  };
  browser.platform = {
    WebSocket: gateway.WebSocket,
    RTCPeerConnection: function RTCPeerConnection(configuration) {
      const peer = new FakePeerConnection(configuration);
      browser.peers.push(peer);
      return peer;
    },
    RTCRtpReceiver: { getCapabilities: () => ({ codecs: CODECS.map((mimeType) => ({ mimeType })) }) },
    MediaStream: FakeStream,
    AudioContext: undefined,
    mediaDevices: browser.media,
    connection: undefined,
    userAgent: 'a test',
    events: browser.events,
    createAudio: () => browser.audios[browser.audios.push(new FakeAudio()) - 1],
    location: { protocol: 'https:', origin: 'https://gateway.example' },
    random: () => 0.5,
  };
  return browser;
}
