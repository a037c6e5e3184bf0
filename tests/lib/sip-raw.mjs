// SIP written octet by octet: requests of whoever, from whatever address of loopback.
// The one thing to know: nothing is sent again and nothing answered; a test says every step itself.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection } from 'node:net';

let made = 0;

/** A request without dialog, as text. `to`: its user; `extra`: headers; `call`: Call-ID and tags' stem. */
export function sipRequest(method, { to = '+15550001111', address = '127.0.0.1', port = 9, transport = 'UDP', call = `raw-${++made}`, sequence = 1,
  toTag, fromTag = call, branch = `z9hG4bK${call.replaceAll(/\W/g, '')}-${sequence}-${method}`, extra = [], body = '' } = {}) {
  return [`${method} sip:${to}@127.0.0.1 SIP/2.0`, `Via: SIP/2.0/${transport} ${address}:${port};branch=${branch};rport`, 'Max-Forwards: 70',
    `From: <sip:raw@${address}>;tag=${fromTag}`, `To: <sip:${to}@127.0.0.1>${toTag ? `;tag=${toTag}` : ''}`, `Call-ID: ${call}`,
    `CSeq: ${sequence} ${method}`, `Contact: <sip:raw@${address}:${port}>`, ...extra, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

/** Call-ID and tags of the call in what a calling phone sent and got, for requests of that phone. */
export function dialogOf(messages) {
  const answer = messages.split(/(?=^SIP\/2\.0 )/m).find((text) => /^SIP\/2.0 (180|200)/.test(text));
  const field = (pattern) => pattern.exec(answer)[1];
  return { call: field(/^Call-ID: *(\S+)/im), fromTag: field(/^From:.*;tag=(\S+)/im), toTag: field(/^To:.*;tag=(\S+)/im) };
}

const hostAndPort = (gateway) => [gateway.split(':')[0], Number(gateway.split(':')[1])];

/** A socket that sends datagrams to the gateway ("host:port") and keeps what comes back. */
export class SipSocket {
  received = []; // text

  static async open(t, gateway, address = '127.0.0.1') {
    const socket = new SipSocket();
    [socket.host, socket.remote] = hostAndPort(gateway);
    socket.address = address;
    socket.socket = createSocket('udp4');
    socket.socket.on('message', (data) => socket.received.push(data.toString('latin1')));
    socket.socket.bind(0, address);
    await once(socket.socket, 'listening');
    socket.port = socket.socket.address().port;
    t.after(() => socket.socket.close());
    return socket;
  }

  send(text) {
    return new Promise((resolve, reject) => {
      this.socket.send(Buffer.from(text, 'latin1'), this.remote, this.host, (error) => (error ? reject(error) : resolve()));
    });
  }

  request(method, options) { return this.send(sipRequest(method, { address: this.address, port: this.port, ...options })); }

  /** The first line of a response to that call, once it is here. */
  statusOf(call) {
    const response = this.received.find((text) => text.startsWith('SIP/2.0') && text.includes(`Call-ID: ${call}\r\n`) && !/^SIP\/2.0 100/.test(text));
    return response && Number(response.slice(8, 11));
  }
}

/** A TCP connection to it: {socket, text, closed}. */
export async function sipConnection(t, gateway, address = '127.0.0.1') {
  const [host, port] = hostAndPort(gateway);
  const connection = { text: '', closed: false };
  connection.socket = createConnection({ host, port, localAddress: address });
  connection.socket.on('data', (data) => { connection.text += data.toString('latin1'); });
  connection.socket.on('error', () => {}); // told by the close
  connection.socket.on('close', () => { connection.closed = true; });
  t.after(() => connection.socket.destroy());
  await once(connection.socket, 'connect');
  return connection;
}
