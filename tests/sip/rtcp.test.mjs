// RTCP of phones without ICE: where reports go to and come from, and what is learned from them.
// The one thing to know: the gateway's first regular report is 1.25 to 3.75 s behind the description; its goodbye comes at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SLOWNESS } from '../lib/gateway.mjs';
import { answerTo, BYE, DESCRIPTION, fullReport, parts } from '../lib/rtcp.mjs';
import { description, mediaPort, RtpSocket } from '../lib/sipp.mjs';
import { dropped, talkToPhone } from '../lib/trunks.mjs';
import { until } from '../lib/wait.mjs';

const timeout = 60000 * SLOWNESS;

const goodbyes = ({ reports }) => reports.filter(({ data }) => parts(data).some(({ type }) => type === BYE));

async function hangUp({ client, callsid, sipp, gateway }) {
  client.send('hangup', { callsid });
  await sipp.finished();
  return (await gateway.logged('call.ended'))[0];
}

test('a report arrives on the second port; an answer tells round trip and loss, and from where reports are to go', { timeout }, async (t) => {
  const [phone, control] = await RtpSocket.pair(t);
  const [moved, late, stranger] = await Promise.all(['127.0.0.1', '127.0.0.1', '127.0.0.7'].map((address) => RtpSocket.open(t, address)));
  const call = await talkToPhone(t, () => [], { phone });
  const port = mediaPort(call.sipp.messages, phone.port);
  phone.talk(port);
  const report = await until(() => fullReport(control), 'a sender report', 20000 * SLOWNESS);
  const [sender, more] = parts(report.data);
  assert.equal(report.source, `127.0.0.1:${port + 1}`);
  assert.equal(sender.ssrc, phone.received[0].ssrc);
  assert.ok(sender.packets > 0 && sender.octets === 160 * sender.packets, `${sender.packets} packets, ${sender.octets} octets`);
  assert.ok(Math.abs(sender.seconds - Date.now() / 1000) < 5 * SLOWNESS, `sent at ${sender.seconds}`);
  assert.deepEqual([more.type, more.ssrc], [DESCRIPTION, sender.ssrc]);
  assert.match(more.cname, /./);
  const [{ ssrc, lost, highest }] = sender.blocks;
  assert.deepEqual([ssrc, lost], [phone.ssrc, 0]);
  assert.ok((highest & 0xffff) >= 1000, `heard up to ${highest}`);

  stranger.report(port + 1, answerTo(report, 900, { lost: 99 }));
  moved.report(port + 1, answerTo(report, 100, { lost: 7, fraction: 3 }));
  late.report(port + 1, answerTo(report, 900, { lost: 99 }));
  await until(async () => await dropped(call.gateway, 'unknown_source') === 2, 'two reports to be dropped');
  const record = await hangUp(call);
  assert.equal(record.callee_lost_remote, 7);
  assert.ok(record.callee_rtt_us >= 100000 && record.callee_rtt_us < 600000 * SLOWNESS, `a round trip of ${record.callee_rtt_us} us`);
  await until(() => goodbyes(moved).length === 1, 'the goodbye');
  assert.deepEqual([control, phone, late, stranger].map((socket) => goodbyes(socket).length), [0, 0, 0, 0]);
  assert.equal(phone.reports.length, 0);
});

test('a=rtcp names another port', { timeout }, async (t) => {
  const [phone, control] = await Promise.all([RtpSocket.open(t), RtpSocket.open(t)]);
  const says = (port) => description(port, { extra: [`a=rtcp:${control.port} IN IP4 127.0.0.1`] });
  await hangUp(await talkToPhone(t, () => [], { phone, says }));
  await until(() => goodbyes(control).length === 1, 'the goodbye');
  assert.equal(phone.reports.length, 0);
});
