/* The choice of microphone and loudspeaker, and a meter to try the microphone with. */
import { $, LevelBars, element } from './softphone-dom.js';
import { notice, noticeError } from './softphone-notices.js';

export class AudioPanel {
  #audio;
  #device;
  #trying = false;
  #level = new LevelBars($('try-level'), 24);

  constructor(device) {
    this.#device = device;
    this.#audio = device.audio;
    this.#audio.on('deviceChange', (lost) => this.#onChange(lost));
    this.#audio.on('inputVolume', (level) => this.#level.show(level));
    this.#choose('input-device', (id) => this.#audio.setInputDevice(id));
    this.#choose('output-device', (id) => this.#audio.setOutputDevice(id));
    this.#choose('ring-device', (id) => this.#audio.setRingtoneDevice(id));
    $('try-microphone').addEventListener('click', () => this.#try(!this.#trying));
    $('sounds').addEventListener('change', () => this.#setSounds($('sounds').checked));
    this.#setSounds($('sounds').checked);
    this.#showOutputs();
    this.#fill();
  }

  #setSounds(on) {
    this.#device.sounds.enabled = on;
    if (!on) for (const name of ['incoming', 'waiting', 'ringback']) this.#device.sounds.stop(name);
  }

  #choose(id, set) {
    $(id).addEventListener('change', async () => {
      try {
        await set($(id).value || null);
      } catch (error) {
        noticeError(error);
        this.#fill();
      }
    });
  }

  #showOutputs() {
    const possible = this.#audio.isOutputSelectionSupported;
    for (const node of document.querySelectorAll('.output')) node.hidden = !possible;
    $('output-fixed').hidden = possible;
  }

  #onChange(lost) {
    this.#fill();
    if (lost.length === 0) return;
    const names = lost.map(({ label }) => label || 'A device').join(', ');
    const text = `${names} is gone; the default one is used now.`;
    notice('device lost', { title: 'Unplugged', text, serious: false });
  }

  #fill() {
    const { availableInputDevices, availableOutputDevices, inputDevice, outputDevice, ringtoneDevice } = this.#audio;
    fill($('input-device'), availableInputDevices, inputDevice, 'Microphone');
    fill($('output-device'), availableOutputDevices, outputDevice, 'Loudspeaker');
    fill($('ring-device'), availableOutputDevices, ringtoneDevice, 'Loudspeaker');
  }

  async #try(on) {
    this.#trying = on;
    try {
      if (on) await this.#audio.startInputMeter();
      else this.#audio.stopInputMeter();
    } catch (error) {
      this.#trying = false;
      noticeError(error);
    }
    $('try-microphone').setAttribute('aria-pressed', String(this.#trying));
    $('try-microphone').textContent = this.#trying ? 'Stop trying' : 'Try the microphone';
    if (!this.#trying) this.#level.show(0);
  }
}

/* Names appear once the microphone was allowed; until then there are numbers. */
function fill(select, devices, chosen, kind) {
  const options = [element('option', { value: '', textContent: 'System default' })];
  for (const [id, { label }] of devices) {
    if (id === 'default') continue;
    options.push(element('option', { value: id, textContent: label || `${kind} ${options.length}` }));
  }
  select.replaceChildren(...options);
  select.value = chosen && chosen.deviceId !== 'default' ? chosen.deviceId : '';
}
