/* The call that is shown, and the strip of the others. Draws what it is told; decides nothing. */
import { $, LevelBars, clockTime, element, partyOf, setChildren } from './softphone-dom.js';
import { QualityView } from './softphone-quality.js';

const DIGITS_SHOWN = 20; // the last ones

export class CallView {
  #actions; // {mute(), hold(), keypad(), newCall(), transfer(), hangup(),switchTo(call), end(call)}
  #call = null;
  #input = new LevelBars($('level-in'));
  #output = new LevelBars($('level-out'));
  #quality = new QualityView();
  #heard = new WeakMap(); // call -> digits that the other side pressed
  #pressed = new WeakMap(); // call -> those that were pressed here
  #keypad = false; // it is open, and there is to be no line more when a key of it is pressed
  #strips = new WeakMap(); // call -> its strip

  constructor(actions) {
    this.#actions = actions;
    $('mute').addEventListener('click', actions.mute);
    $('hold').addEventListener('click', actions.hold);
    $('keypad').addEventListener('click', actions.keypad);
    $('new-call').addEventListener('click', actions.newCall);
    $('transfer').addEventListener('click', actions.transfer);
    $('hangup').addEventListener('click', actions.hangup);
    setInterval(() => this.#tick(), 500);
  }

  /* From now on this call's levels, samples and digits are drawn whenever it is the one shown. */
  watch(call) {
    const shown = () => this.#call === call;
    call.on('volume', (input, output) => shown() && this.#levels(input, output));
    call.on('sample', (sample) => shown() && this.#sample(sample));
    for (const event of ['warning', 'warningCleared']) call.on(event, () => shown() && this.#drawQuality());
    call.on('digits', (digits) => {
      addDigits(this.#heard, call, digits);
      if (shown()) this.#drawDigits();
    });
  }

  /* Here, and sent. */
  press(call, digit) {
    addDigits(this.#pressed, call, digit);
    this.#drawDigits();
  }

  /* `call` is shown (null: none), `others` stand below it; `keypad`: with its own. */
  draw(call, others, keypad) {
    if (call !== this.#call) {
      this.#quality.reset();
      this.#levels(0, 0);
    }
    this.#call = call;
    this.#keypad = keypad;
    $('call').hidden = call === null;
    if (call) this.#drawCall(call);
    setChildren($('other-calls'), others.map((other) => this.#strip(other)));
  }

  #drawCall(call) {
    const status = call.status();
    const up = status === 'open' || status === 'reconnecting';
    $('call').dataset.status = status;
    $('call-name').textContent = $('line-name').textContent = partyOf(call);
    $('call-state').textContent = stateText(call);
    $('gate').classList.toggle('open', up && !call.isOnHold() && !call.isHeldByRemote());
    $('level-in').classList.toggle('muted', call.isMuted() || call.isOnHold());
    toggle('mute', call.isMuted(), call.isMuted() ? 'Unmute' : 'Mute', call.isMuted() ? 'mic-off' : 'mic');
    toggle('hold', call.isOnHold(), call.isOnHold() ? 'Resume' : 'Hold', call.isOnHold() ? 'play' : 'pause');
    for (const id of ['hold', 'keypad', 'new-call', 'transfer']) $(id).disabled = !up;
    $('quality').hidden = !up;
    if (!up) $('quality-details').hidden = true;
    $('quality').setAttribute('aria-expanded', String(!$('quality-details').hidden));
    this.#tick();
    this.#drawQuality();
    this.#drawDigits();
  }

  #levels(input, output) {
    this.#input.show(input);
    this.#output.show(output);
  }

  #sample(sample) {
    this.#quality.add(sample);
    this.#drawQuality();
  }

  #drawQuality() {
    if (this.#call) this.#quality.show(this.#call.quality, this.#call.warnings);
  }

  #drawDigits() {
    showDigits('call-digits', this.#heard.get(this.#call) ?? '');
    showDigits('call-pressed', this.#pressed.get(this.#call) ?? '', this.#keypad);
  }

  #tick() {
    const opened = this.#call?.openedAt;
    $('call-timer').textContent = opened ? clockTime(Date.now() - opened) : '00:00';
    for (const time of document.querySelectorAll('#other-calls time')) {
      time.textContent = clockTime(Date.now() - Number(time.dataset.since));
    }
  }

  /* The same one as long as the call lasts. */
  #strip(call) {
    const strip = this.#strips.get(call) ?? this.#newStrip(call);
    this.#strips.set(call, strip);
    const name = partyOf(call);
    strip.querySelector('b').textContent = name;
    strip.querySelector('.hint').replaceChildren(`${stateText(call)} `, ...since(call));
    strip.querySelector('.change').setAttribute('aria-label', `Switch to ${name}`);
    strip.querySelector('.stop').setAttribute('aria-label', `End the call with ${name}`);
    return strip;
  }

  #newStrip(call) {
    const words = element('div', {}, element('b'), element('span', { className: 'hint' }));
    const change = element('button', { type: 'button', textContent: 'Switch', className: 'change' });
    change.addEventListener('click', () => this.#actions.switchTo(call));
    const end = element('button', { type: 'button', textContent: 'End', className: 'stop' });
    end.addEventListener('click', () => this.#actions.end(call));
    return element('li', {}, words, change, end);
  }
}

function since(call) {
  if (!call.openedAt) return [];
  const time = element('time', { textContent: clockTime(Date.now() - call.openedAt) });
  time.dataset.since = String(call.openedAt.getTime());
  return [time];
}

function addDigits(map, call, digits) {
  map.set(call, ((map.get(call) ?? '') + digits).slice(-DIGITS_SHOWN));
}

function showDigits(id, digits, always = false) {
  $(id).hidden = digits === '' && !always;
  $(id).lastElementChild.textContent = [...digits].join(' ') || '–';
}

function toggle(id, on, text, iconName) {
  const button = $(id);
  button.setAttribute('aria-pressed', String(on));
  button.querySelector('span').textContent = text;
  button.querySelector('use').setAttribute('href', `#i-${iconName}`);
}

/* In the words of the one who looks. */
export function stateText(call) {
  switch (call.status()) {
    case 'pending': return 'Calling you';
    case 'connecting': return call.direction === 'outgoing' ? 'Calling' : 'Connecting';
    case 'ringing': return 'Ringing there';
    case 'reconnecting': return 'Audio lost, reconnecting';
    case 'closed': return 'Ended';
    default:
      if (call.isOnHold()) return 'On hold';
      if (call.isHeldByRemote()) return 'You are on hold';
      return call.isMuted() ? 'Connected, you are muted' : 'Connected';
  }
}
