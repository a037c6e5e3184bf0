// The torture messages of RFC 4475 and RFC 5118, each with what comes back, and a call after all of them.
// The one thing to know: they come from the address of a trunk, so nothing keeps them from the parser. Their numbers are
// nobody's: an INVITE that is understood is answered 404; where the trunk's calls are for somebody who is not there, 480.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { MediaPeers } from '../lib/media-peers.mjs';
import { registered } from '../lib/signal-calls.mjs';
import { call, description, expect, expectStatus, freePort, mediaPort, reply, RtpSocket, Sipp } from '../lib/sipp.mjs';
import { Sender } from '../lib/torture.mjs';
import { startTelephony } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 120000 * SLOWNESS;
const NUMBER = '+15550001111';
/** What an INVITE gets: from a gateway that knows the number of nobody, and from one that takes every number. */
const [UNKNOWN, NO_CODEC, FOREIGN_BODY] = [[404, 480], [404, 488], [404, 415]];
const NOTHING = [];
const REASON = {
  noStartLine: 'the RFC: 400. Sofia drops a request whose start line or topmost Via it cannot read: it would have to guess where to answer',
  lenient: 'the RFC: 400, or taken by who can: Sofia can',
};

/** Name: [what is expected, where that is not what the RFC asks for: why]. A number stands for that status, a pair for an
 *  INVITE's. */
const RFC4475 = {
  // 3.1.1 Valid messages. There is no registrar: REGISTER is 405.
  wsinv: [481, 'its To has a tag: it is well understood, but of no dialog'],
  intmeth: [NOTHING, 'the RFC: to be refused by its method only. Sofia ends a message at a NUL, which this one has in a quoted string', ['/TCP', '/UDP']],
  esc01: [UNKNOWN],
  escnull: [405],
  esc02: [501],
  lwsdisp: [200],
  longreq: [UNKNOWN],
  dblreq: [405, 'the INVITE in the same datagram is not looked at'],
  semiuri: [200],
  transports: [200],
  mpart01: [405],
  unreason: [NOTHING],
  noreason: [NOTHING],
  // 3.1.2 Invalid messages
  badinv01: [NOTHING, REASON.noStartLine],
  clerr: [400],
  ncl: [400],
  scalar02: ['closed', 'the RFC: 400. Sofia gives up the connection when it cannot tell which transaction a request is of'],
  scalarlg: [NOTHING],
  quotbal: [400],
  ltgtruri: [400],
  lwsruri: [NOTHING, REASON.noStartLine],
  lwsstart: [UNKNOWN, REASON.lenient],
  trws: [200, REASON.lenient],
  escruri: [UNKNOWN, 'the RFC: 400, or taken without the headers in the URI'],
  baddate: [UNKNOWN, 'the RFC: 400, or taken by who has no use for the Date'],
  regbadct: [400],
  badaspec: [200, REASON.lenient],
  baddn: [400],
  badvers: [505],
  mismatch01: [400],
  mismatch02: [400],
  bigcode: [NOTHING],
  // 3.2 Transaction layer semantics
  badbranch: [200],
  // 3.3 Application-layer semantics
  insuf: [400],
  unkscm: [416],
  novelsc: [416],
  unksm2: [405],
  bext01: [420, 'sent over UDP, which its Via says TLS for', ['/TLS', '/UDP']],
  invut: [FOREIGN_BODY],
  regaut01: [405],
  multi01: [400],
  mcl01: [400],
  bcast: [NOTHING],
  zeromf: [200, 'it is for us: nothing is forwarded'],
  cparam01: [405],
  cparam02: [405],
  regescrt: [405],
  sdp01: [UNKNOWN, 'the RFC: 406, as it accepts no description in an answer; the number comes first'],
  // 3.4 Backward compatibility
  inv2543: [UNKNOWN],
};

const RFC5118 = {
  'ipv6-good': [405],
  'ipv6-bad': [NOTHING, REASON.noStartLine],
  'port-ambiguous': [405],
  'port-unambiguous': [405],
  'via-received-param-with-delim': [481],
  'via-received-param-no-delim': [200],
  'ipv6-in-sdp': [NO_CODEC],
  'mult-ip-in-header': [481],
  'mult-ip-in-sdp': [UNKNOWN, 'the audio over IPv4 is taken, though s= is empty'],
  'ipv4-mapped-ipv6': [NO_CODEC],
  'ipv6-bug-abnf-3-colons': [200],
  'ipv6-correct-abnf-2-colons': [200],
};

const folder = (rfc) => new URL(`torture/${rfc}/`, import.meta.url);

/** One of `reaction` for the gateway of this `kind` (0: knows no number, 1: takes every one). */
const expectation = ([reaction], kind) => (Array.isArray(reaction) ? reaction.slice(kind, kind + 1) : [reaction]);

async function torture(sender, kind) {
  const different = [];
  for (const [rfc, messages] of Object.entries({ rfc4475: RFC4475, rfc5118: RFC5118 })) {
    for (const [name, row] of Object.entries(messages)) {
      const [from, to] = row[2] ?? ['', ''];
      const octets = readFileSync(new URL(`${name}.sip`, folder(rfc)), 'latin1').replace(from, to);
      const [got, wanted] = [await sender.reactions(name, Buffer.from(octets, 'latin1')), expectation(row, kind)];
      if (String(got) !== String(wanted)) different.push(`${name}: ${got} in place of ${wanted}`);
    }
  }
  assert.deepEqual(different, []);
}

/** A phone calls bob, and both hear something. */
async function normalCall(t, gateway) {
  const bob = await registered(gateway, 'bob');
  t.after(() => bob.close());
  const media = new MediaPeers(t);
  const phone = await RtpSocket.open(t);
  const sipp = new Sipp(t, [call('INVITE', NUMBER, 1, { sdp: description(phone.port) }), expectStatus(100, { optional: true }),
    expectStatus(180, { optional: true }), expectStatus(200), call('ACK', NUMBER, 1, { established: true }), expect('BYE'), reply('200 OK')],
  { port: await freePort(), remote: gateway.sip });
  const { payload: { callsid, sdp } } = await bob.next('invite');
  bob.send('answer', { callsid, sdp: await media.answer('bob', sdp, { narrow: true }) });
  await until(() => /^ACK/m.test(sipp.messages), 'the ACK');
  phone.talk(mediaPort(sipp.messages, phone.port));
  await media.receive(['bob'], 20);
  await until(() => phone.received.length > 20, 'packets at the phone');
  bob.send('hangup', { callsid });
  await sipp.finished();
}

test('every message of both RFCs is here', () => {
  for (const [rfc, messages, count] of [['rfc4475', RFC4475, 49], ['rfc5118', RFC5118, 12]]) {
    assert.deepEqual(readdirSync(folder(rfc)).sort(), Object.keys(messages).map((name) => `${name}.sip`).sort());
    assert.equal(Object.keys(messages).length, count);
  }
});

// An address of this process' own, so that whoever else runs this has the ports that the messages answer to.
const own = (last) => `127.${1 + (process.pid >> 8) % 250}.${process.pid & 255}.${last}`;

for (const [kind, what, inbound] of [[0, 'numbers of nobody', undefined], [1, 'numbers of somebody', 'client:nobody']]) {
  test(`each gets its answer or none, and calls go on: ${what}`, { timeout }, async (t) => {
    const source = own(10 + kind);
    const gateway = await startTelephony(t, { carrier: { hosts: '127.0.0.1', sources: source, inbound } }, { numbers: { [NUMBER]: 'client:bob' } });
    const sender = await Sender.open(t, source, gateway.sip);
    await torture(sender, kind);
    await normalCall(t, gateway);
    await until(async () => (await gateway.metrics()).get('callgate_sip_dialogs') === 0, 'the last dialog to end', 20000 * SLOWNESS);
  });
}
