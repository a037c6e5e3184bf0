// A network between a phone and the gateway that keeps packets waiting, changes their order and doubles them.
// The one thing to know: the phone names the relay's port in its descriptions and sends to `inside`; by chance of a seed
// is decided what becomes of a packet, in the order in which packets come.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const LEAST_GAP = 15; // ms between two packets of one direction, of which there is one every 20 ms

/** Reproducible chance, from 0 to 1. */
function* chance(seed) {
  for (let x = seed; ;) {
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    yield (x >>> 0) / 2 ** 32;
  }
}

export class RoughNetwork {
  counts = { carried: 0, doubled: 0, overtaken: 0 };
  #random;
  #rough;
  #gateway; // [port, address]
  #timers = new Set();
  #entered = { in: 0, out: 0 }; // when the packet before came to the network: this machine may hand over many at once
  #due = { in: 0, out: 0 }; // when the last of those before arrives

  /** Between `phone` (RtpSocket) at `address` and the gateway at `gateway`. `jitter`: ms that a packet is late at the most;
   *  `reorder` and `duplicate`: the share of packets that is 50 ms later than all, or comes twice. */
  static async open(t, phone, { address, gateway, ...rough }) {
    const network = new RoughNetwork(rough);
    const bind = async () => { const socket = createSocket('udp4').bind(0, address); await once(socket, 'listening'); return socket; };
    const [outer, inner] = [await bind(), await bind()];
    network.port = outer.address().port;
    network.inside = inner.address().port;
    outer.on('message', (data) => network.#carry('in', () => inner.send(data, phone.port, address)));
    inner.on('message', (data) => { if (network.#gateway) network.#carry('out', () => outer.send(data, network.#gateway, gateway)); });
    t.after(() => {
      for (const timer of network.#timers) clearTimeout(timer);
      outer.close();
      inner.close();
    });
    return network;
  }

  constructor({ jitter = 0, reorder = 0, duplicate = 0, seed = 1 }) {
    this.#rough = { jitter, reorder, duplicate };
    this.#random = chance(seed);
  }

  /** Where the gateway has the phone's media, once it has said so. */
  towards(port) { this.#gateway = port; }

  #draw() { return this.#random.next().value; }

  #carry(way, deliver) {
    const copies = this.#draw() < this.#rough.duplicate ? 2 : 1;
    this.counts.carried++;
    this.counts.doubled += copies - 1;
    const entered = Math.max(performance.now(), this.#entered[way] + LEAST_GAP);
    this.#entered[way] = entered;
    for (let i = 0; i < copies; i++) {
      const late = this.#draw() * this.#rough.jitter + (this.#draw() < this.#rough.reorder ? 50 : 0);
      const due = entered + late;
      this.counts.overtaken += due < this.#due[way];
      this.#due[way] = Math.max(due, this.#due[way]);
      const timer = setTimeout(() => { this.#timers.delete(timer); deliver(); }, due - performance.now());
      this.#timers.add(timer);
    }
  }
}
