/* The WebSocket of the moment: JSON messages and heartbeats, and whether the gateway is still heard on it.
 *
 * The one thing to know: a dead connection often looks alive to the browser. So silence counts as its end, and the
 * events that come when a computer wakes or its network changes make us look at once. */

const SILENCE_LIMIT = 15000; // ms without a word: the socket is dead (the gateway's heartbeats come oftener)
const SILENCE_CHECK = 3000; // ms
const WAKE_EVENTS = ['online', 'offline', 'pageshow', 'visibilitychange'];

export class Socket {
  #platform;
  #url;
  #log;
  #on; // {open(), message(message), close(event), silent(), online()}
  #socket = null;
  #silence = null; // timer of the check; runs while watched
  #lastHeard = 0;
  #heard = 0;
  #offlineAt = 0;
  #wake = (event) => this.#onWake(event);

  constructor(platform, url, log, handlers) {
    this.#platform = platform;
    this.#url = url;
    this.#log = log;
    this.#on = handlers;
  }

  /* Frames on all sockets so far; two may come in one millisecond. */
  get heard() {
    return this.#heard;
  }

  /* Throws what the browser throws where it refuses. */
  open() {
    const socket = this.#socket = new this.#platform.WebSocket(this.#url);
    socket.onopen = () => this.#on.open();
    socket.onmessage = (event) => this.#onData(event.data);
    socket.onclose = (event) => this.#on.close(event);
  }

  send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  /* From now on the gateway has to be heard. */
  watch() {
    this.#silence = setInterval(() => this.check(), SILENCE_CHECK);
  }

  /* `suspect`: there is a reason to think it dead, whatever was heard of late. */
  check(suspect = false) {
    if (suspect || Date.now() - this.#lastHeard > SILENCE_LIMIT) this.#on.silent();
  }

  listenForWake() {
    for (const name of WAKE_EVENTS) this.#platform.events.addEventListener(name, this.#wake);
  }

  ignoreWake() {
    for (const name of WAKE_EVENTS) this.#platform.events.removeEventListener(name, this.#wake);
  }

  /* Nothing more is heard of it, its end neither. */
  close(...why) {
    const socket = this.#socket;
    clearInterval(this.#silence);
    this.#silence = this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(...why);
  }

  #onData(data) {
    this.#lastHeard = Date.now();
    this.#heard += 1;
    if (typeof data !== 'string') return;
    if (data.trim() === '') {
      this.#socket.send('\n');
      return;
    }
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      this.#log('warn', 'a message that is no JSON was ignored');
      return;
    }
    if (message && typeof message.type === 'string') this.#on.message(message);
  }

  /* Timers stand still in a sleeping computer and crawl in a hidden tab; these events come when it matters. */
  #onWake({ type }) {
    if (type === 'offline') this.#offlineAt = Date.now();
    else if (this.#silence !== null) this.check(type === 'online' && this.#lastHeard < this.#offlineAt);
    else if (type === 'online') this.#on.online();
  }
}
