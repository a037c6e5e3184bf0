/* A stand-in for WebAudio, as far as callgate.js plays with it. */

class FakeSource {
  loop = false;
  playing = false;

  connect() {}

  disconnect() {}

  start() {
    this.playing = true;
  }

  stop() {
    this.playing = false;
    this.onended?.();
  }
}

export class FakeAudioContext {
  sampleRate = 48000;
  destination = {};
  state = 'running';
  amplitude = 0; // of what every analyser hears
  sources = [];

  async resume() {
    if (this.state === 'suspended') this.state = 'running';
  }

  async suspend() {
    if (this.state === 'running') this.state = 'suspended';
  }

  async close() {
    this.state = 'closed';
  }

  createBuffer(channels, length, rate) {
    const samples = new Float32Array(length);
    return { samples, rate, duration: length / rate, getChannelData: () => samples };
  }

  createBufferSource() {
    const source = new FakeSource();
    this.sources.push(source);
    return source;
  }

  createMediaStreamSource() {
    return new FakeSource();
  }

  createAnalyser() {
    return { fftSize: 0, getFloatTimeDomainData: (samples) => samples.fill(this.amplitude) };
  }

  sounding() {
    return this.sources.filter((source) => source.playing);
  }
}
