/* How loud a stream is, 0 to 1. One AudioContext serves all meters and lives while there are any. */
import { ignore } from '../base/promises.js';

export const VOLUME_INTERVAL = 100; // ms, between two levels that are told

export class LevelMeters {
  #platform;
  #context = null;
  #meters = new Set();

  constructor(platform) {
    this.#platform = platform;
  }

  /* One that always says 0. */
  mute() {
    return { level: () => 0, stop: ignore };
  }

  /* {level(), stop()}; a mute one where there is no WebAudio. */
  open(stream) {
    const { AudioContext } = this.#platform;
    if (!AudioContext || stream.getAudioTracks().length === 0) return this.mute();
    this.#context ??= new AudioContext();
    this.#context.resume().catch(ignore); // waits for a user's gesture where the browser asks for one
    const source = this.#context.createMediaStreamSource(stream);
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const meter = { level: () => loudness(analyser, samples), stop: () => this.#close(meter, source) };
    this.#meters.add(meter);
    return meter;
  }

  #close(meter, source) {
    if (!this.#meters.delete(meter)) return;
    source.disconnect();
    if (this.#meters.size > 0) return;
    this.#context.close().catch(ignore);
    this.#context = null;
  }
}

/* RMS on a decibel scale: -60 dB is 0, 0 dB is 1, as ears have it. */
function loudness(analyser, samples) {
  analyser.getFloatTimeDomainData(samples);
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  return rms === 0 ? 0 : Math.min(1, Math.max(0, 1 + (20 * Math.log10(rms)) / 60));
}
