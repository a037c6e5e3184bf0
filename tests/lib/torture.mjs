// Sends SIP messages octet by octet and collects what comes back.
// The one thing to know: behind each message goes a barrier, an INVITE that the control thread answers; once its answer is
// here, so is every answer to what was sent before it.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { SLOWNESS } from './gateway.mjs';
import { until } from './wait.mjs';

/** That the messages name in their topmost Via, and the default: responses go there (RFC 3261 section 18.2.2). */
const PORTS = [5060, 5050, 5070, 5080, 6050, 19823];

const header = (message, name) => new RegExp(`^(?:${name})\\s*:\\s*(.*?)\\s*$`, 'im').exec(message)?.[1];
const callId = (message) => header(message, 'call-id|i');
const sequence = (message) => Number(/^\d+/.exec(header(message, 'cseq') ?? '')?.[0]);

export class Sender {
  #sockets = [];
  #responses = []; // text
  #barriers = 0;

  /** @param {string} address of loopback that nobody else has  @param {string} gateway "host:port" */
  static async open(t, address, gateway) {
    const sender = new Sender();
    const [host, port] = gateway.split(':');
    Object.assign(sender, { address, host, port: Number(port) });
    t.after(() => { for (const socket of sender.#sockets) socket.close(); });
    for (const own of PORTS) {
      const socket = createSocket('udp4');
      sender.#sockets.push(socket);
      socket.on('message', (data) => sender.#responses.push(data.toString('latin1')));
      socket.bind(own, address);
      await once(socket, 'listening');
    }
    return sender;
  }

  /** The statuses that answer `message`, each once, and 'closed' if the gateway closes the connection. It goes over TCP if
   *  its Via says so, else over UDP. `name`: of the message. */
  async reactions(name, message) {
    const text = message.toString('latin1');
    this.#responses = [];
    const [, transport] = /^(?:via|v)\s*:\s*SIP\s*\/[^/]*\/\s*(\w+)/im.exec(text) ?? [];
    const closed = transport === 'TCP' ? await this.#stream(name, message) : await this.#datagram(name, message);
    const answers = this.#responses.filter((response) => this.#answers(response, text));
    return [...new Set(answers.map((response) => Number(response.slice(8, 11))).filter((status) => status >= 200)), ...closed];
  }

  /** One without a Call-ID is answered without one. */
  #answers(response, message) {
    const id = callId(message);
    return callId(response) === id && (id === undefined || sequence(response) === sequence(message) || Number.isNaN(sequence(message)));
  }

  #barrier(transport) {
    const id = `barrier-${this.address}-${++this.#barriers}`;
    const text = (method, to) => [`${method} sip:+19990000000@${this.host} SIP/2.0`,
      `Via: SIP/2.0/${transport} ${this.address};branch=z9hG4bK${id}`, 'Max-Forwards: 70', `From: <sip:barrier@${this.address}>;tag=${id}`,
      to, `Call-ID: ${id}`, `CSeq: 1 ${method}`, `Contact: <sip:barrier@${this.address}>`, 'Content-Length: 0', '', ''].join('\r\n');
    const answer = () => this.#responses.find((response) => callId(response) === id && /^SIP\/2\.0 4/.test(response));
    return { invite: text('INVITE', `To: <sip:+19990000000@${this.host}>`), answer, ack: () => text('ACK', /^To:.*$/m.exec(answer())[0].trim()) };
  }

  async #datagram(name, message) {
    const { invite, answer, ack } = this.#barrier('UDP');
    for (const bytes of [message, invite]) this.#sockets[0].send(bytes, this.port, this.host);
    await until(answer, `the answer to the barrier behind ${name}`, 10000 * SLOWNESS);
    this.#sockets[0].send(ack(), this.port, this.host);
    return [];
  }

  async #stream(name, message) {
    const { invite, answer, ack } = this.#barrier('TCP');
    const connection = createConnection({ host: this.host, port: this.port, localAddress: this.address });
    const [received, state] = [[], { closed: false }];
    connection.on('data', (data) => {
      received.push(data.toString('latin1'));
      this.#responses = received.join('').split(/(?=^SIP\/2\.0 \d{3} )/m);
    });
    connection.on('error', () => {}); // told by the close
    connection.on('close', () => { state.closed = true; });
    connection.write(message);
    connection.write(invite);
    await until(() => state.closed || answer(), `the answer to the barrier behind ${name}, or the end of the connection`, 10000 * SLOWNESS);
    if (!state.closed) connection.write(ack());
    connection.destroy();
    return answer() ? [] : ['closed'];
  }
}
