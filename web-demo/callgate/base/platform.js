/* Everything taken from the browser. Tests pass their own members as `options.platform`. */

export function browserPlatform(overrides) {
  const g = globalThis;
  return {
    WebSocket: g.WebSocket,
    RTCPeerConnection: g.RTCPeerConnection,
    RTCRtpReceiver: g.RTCRtpReceiver,
    MediaStream: g.MediaStream,
    AudioContext: g.AudioContext ?? g.webkitAudioContext,
    mediaDevices: g.navigator?.mediaDevices,
    connection: g.navigator?.['connection'], // Network Information, where there is one
    userAgent: g.navigator?.userAgent ?? 'unknown',
    events: typeof g.addEventListener === 'function' ? g : new EventTarget(), // online, offline, pagehide ...
    createAudio: () => new g.Audio(),
    location: g.location,
    random: Math.random,
    ...overrides,
  };
}
