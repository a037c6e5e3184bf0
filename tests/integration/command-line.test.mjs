// Starting the program: configurations with a mistake, and the command line.
// The one thing to know: whoever gets it wrong is told which file, group and option it is, and nothing starts.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { BINARY, configuration, keyFile, makeCertificate, startGateway } from '../lib/gateway.mjs';
import { ACCOUNT, APPLICATION, KEY, SECRET } from '../lib/tokens.mjs';
import { writeTone } from '../lib/tone.mjs';

/** Starts the program with that configuration and expects it to refuse: what it said. `check-config` must have said so
 *  before, unless it cannot know. */
function refusal(config, { foreseeable = true } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'callgate-refused-'));
  const file = join(directory, 'callgate.conf');
  writeFileSync(file, typeof config === 'string' ? config : keyFile(configuration(config)));
  const run = (...args) => spawnSync(BINARY, [...args, file], { encoding: 'utf8', timeout: 20000 });
  const [started, checked] = [run('serve', '--config'), run('check-config')];
  rmSync(directory, { recursive: true });
  assert.ok(started.status > 0, `it ended with ${started.status}`);
  const why = started.stderr.trim().split('\n').at(-1).replace(/^callgate: /, '');
  assert.equal(checked.status, foreseeable ? 1 : 0, checked.stdout + checked.stderr);
  if (foreseeable) assert.ok(checked.stderr.includes(why) && checked.stderr.includes(file), `check-config: ${checked.stderr}serve: ${why}`);
  return started.stderr.replaceAll(file, 'FILE').replaceAll(directory, 'DIR');
}

test('a configuration with a mistake is named, and nothing starts', async (t) => {
  const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'callgate-made-')));
  t.after(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));
  const made = directories.map(makeCertificate);
  const cases = [
    ['plain on a public address', { server: { listen: '0.0.0.0' } }, /refusing to serve 0\.0\.0\.0 without TLS/],
    ['plain on every IPv6 address', { server: { listen: '::' } }, /refusing to serve :: without TLS/],
    ['an address that is none', { server: { listen: 'localhost' } }, /"localhost" is not an IPv4 or IPv6 address/],
    ['an unknown option', { server: { prot: 1 } }, /FILE: \[server\] prot: unknown option/],
    ['an unknown group', { sever: { port: 1 } }, /FILE: \[sever\]: unknown group/],
    ['a number out of bounds', { server: { port: 65536 } }, /\[server\] port: must be a whole number from 0 to 65535, not "65536"/],
    ['a number that is none', { limits: { message_burst: 'many' } }, /\[limits\] message_burst: must be a whole number/],
    ['a switch that is none', { server: { allow_plain: 'yes' } }, /\[server\] allow_plain: must be true or false/],
    ['an id that is none', { 'account AC1': { name: 'x' } }, /"AC1" is not an id/],
    ['a key without account', { [`key SK${'7'.repeat(32)}`]: { secret: 'x'.repeat(40) } }, /account must name the account/],
    ['a key of no account', { [`key SK${'7'.repeat(32)}`]: { account: `AC${'7'.repeat(32)}`, secret: 'x'.repeat(40) } }, /AC7{32}/],
    ['a public key that is not there', { [`key SK${'7'.repeat(32)}`]: { account: ACCOUNT, algorithm: 'ES256', public_key_file: 'no.pem' } }, /public_key_file: .*DIR\/no\.pem/],
    ['a certificate that is not there', { server: { tls_certificate: 'no.pem', tls_key: 'no.key' } }, /no\.pem/],
    ['a certificate without key', { server: { tls_certificate: 'no.pem' } }, /needs its key/],
    ['a web root that is not there', { server: { web_root: 'nowhere' } }, /web root DIR\/nowhere/],
    ['a key that is another certificate\'s', { server: { tls_certificate: made[0].certificate, tls_key: made[1].key } }, /not the key of the certificate/],
    ['a media address that is none', { media: { addresses: 'here' } }, /addresses: "here" is not an IP address/],
    ['an advertised address that is none', { media: { advertise: 'there' } }, /advertise: "there" is not an IP address/],
    ['more workers than ports', { media: { workers: 2, udp_port: 65535 } }, /2 workers have no room above UDP port 65535/],
    ['hold music that is not there', { media: { hold_music: 'no.wav' } }, /hold music DIR\/no\.wav: cannot be read \(.*No such file.*\); name a sound file: WAV, FLAC or Ogg/],
    ['hold music that is no sound', { media: { hold_music: 'callgate.conf' } }, /hold music FILE: cannot be read \(.*\); name a sound file/],
    ['hold music of an account that is a directory', { [`account ${ACCOUNT}`]: { hold_music: '.' } }, /hold music DIR: is no regular file/],
    ['hold music too short to be repeated', { media: { hold_music: writeTone(join(directories[0], 'short.wav'), 440, { seconds: 0.5 }) } }, /hold music .*: is too short: it must sound for a second/],
    ['a socket dead before its next heartbeat', { limits: { heartbeat_interval_ms: 5000, heartbeat_timeout_ms: 1000 } }, /heartbeat_timeout_ms must be longer than heartbeat_interval_ms/],
    ['a demo without key', { demo: { enabled: true, application: APPLICATION } }, /FILE: \[demo\] key: must name a key/],
    ['no key file at all', 'this is no configuration', /FILE: /],
  ];
  for (const [name, config, expected] of cases) {
    await t.test(name, () => { assert.match(refusal(config), expected); });
  }
  await t.test('no file', () => {
    const { status, stderr } = spawnSync(BINARY, ['serve', '--config', '/nowhere/callgate.conf'], { encoding: 'utf8' });
    assert.deepEqual([status > 0, /\/nowhere\/callgate\.conf/.test(stderr)], [true, true]);
  });
});

/** A port of 127.0.0.1 that somebody has, until the test is over. */
async function takenPort(t, transport) {
  const taken = transport === 'udp' ? createSocket('udp4').bind(0, '127.0.0.1') : createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  return taken.address().port;
}

/** One that nobody has. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Options of SIP with TLS. */
function secureSip(t) {
  const directory = mkdtempSync(join(tmpdir(), 'callgate-made-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { certificate, key } = makeCertificate(directory);
  return { listen: '127.0.0.1', tls_certificate: certificate, tls_key: key, tls_ca: certificate };
}

test('a port that is taken is named with its option, and so is an address that is not this machine\'s', async (t) => {
  const [udp, tcp, free] = [await takenPort(t, 'udp'), await takenPort(t, 'tcp'), await freePort()];
  const sip = { listen: '127.0.0.1' };
  const cases = [
    [{ server: { port: tcp } }, `server.port: cannot listen on 127.0.0.1 port ${tcp}: Address already in use`],
    [{ media: { workers: 1, udp_port: udp } }, `media.udp_port: cannot bind UDP port ${udp}: Address already in use`],
    [{ media: { tcp_port: tcp } }, `media.tcp_port: cannot bind TCP port ${tcp}: Address already in use`],
    [{ sip: { ...sip, port: udp } }, `sip.port: cannot listen on 127.0.0.1 UDP port ${udp}: Address already in use`],
    [{ sip: { ...sip, port: tcp } }, `sip.port: cannot listen on 127.0.0.1 TCP port ${tcp}: Address already in use`],
    [{ sip: { ...secureSip(t), port: free, tls_port: tcp } }, `sip.tls_port: cannot listen on 127.0.0.1 TLS port ${tcp}: Address already in use`],
    [{ server: { listen: '203.0.113.7', allow_plain: true, port: free } }, `server.listen: cannot listen on 203.0.113.7 port ${free}: Cannot assign`],
    [{ media: { workers: 1, addresses: '203.0.113.7', udp_port: free } }, `media.addresses: cannot bind UDP port ${free}: Cannot assign`],
    [{ sip: { listen: '203.0.113.7', port: free } }, `sip.listen: cannot listen on 203.0.113.7 UDP port ${free}: Cannot assign`],
  ];
  for (const [config, expected] of cases) {
    await t.test(expected, () => {
      const said = refusal(config, { foreseeable: false });
      assert.ok(said.includes(`callgate: ${expected}`), said);
    });
  }
});

test('the log says at start what is listened on', async (t) => {
  const [tlsPort, mediaPort] = [await freePort(), await freePort()];
  const gateway = await startGateway({
    config: { media: { tcp_port: mediaPort, rtp_port_min: 21000, rtp_port_max: 21999 }, sip: { ...secureSip(t), port: 0, tls_port: tlsPort } },
  }, t);
  const [http] = await gateway.logged('server.listening');
  assert.deepEqual([http.address, http.port, http.tls], ['127.0.0.1', gateway.port, 'no']);
  const sip = await gateway.logged('sip.listening', 3);
  assert.deepEqual(sip.map(({ transport, address }) => [transport, address]), ['udp', 'tcp', 'tls'].map((transport) => [transport, '127.0.0.1']));
  assert.equal(sip[2].port, tlsPort);
  const media = await gateway.logged('media.listening', 3);
  assert.deepEqual(media.map(({ transport, use, addresses }) => [transport, use, addresses]),
    [['udp', 'ice', '127.0.0.1'], ['tcp', 'ice', '127.0.0.1'], ['udp', 'rtp', '127.0.0.1']]);
  assert.match(media[0].ports, /^\d+[-,]\d+$/);
  assert.deepEqual([media[1].ports, media[2].ports], [String(mediaPort), '21000-21999']);
  for (const { port } of [sip[1], { port: mediaPort }]) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  }
  const datagrams = await createSocket('udp4');
  t.after(() => datagrams.close());
  datagrams.bind(sip[0].port, '127.0.0.1');
  const [error] = await once(datagrams, 'error');
  assert.equal(error.code, 'EADDRINUSE');
});

test('where there is no SIP, nothing is said of it; full ICE names its agents\' ports', async (t) => {
  const gateway = await startGateway({ config: { media: { ice: 'full', agent_ports: '50000-50999' } } }, t);
  const [media] = await gateway.logged('media.listening');
  assert.deepEqual([media.transport, media.use, media.ports], ['udp', 'ice', '50000-50999']);
  assert.deepEqual([gateway.logs('sip.listening'), gateway.logs('media.listening').length], [[], 1]);
});

test('the command line', async (t) => {
  const run = (...args) => spawnSync(BINARY, args, { encoding: 'utf8', timeout: 20000 });
  const cases = [
    [[], 2, /usage: callgate COMMAND/],
    [['sever'], 2, /usage: callgate COMMAND/],
    [['serve'], 2, /give either --config FILE or --demo/],
    [['serve', '--demo', '--config', 'x'], 2, /give either --config FILE or --demo/],
    [['serve', '--demo', 'more'], 2, /give either/],
    [['serve', '--prot', '1'], 2, /--prot/],
    [['serve', '--demo', '--port', 'x'], 2, /port|x/],
    [['serve', '--demo', '--port', '-5'], 2, /at least 0 and at most 65535/],
    [['serve', '--demo', '--udp-port', '-1'], 2, /at least 0 and at most 65535/],
    [['serve', '--demo', '--log-level', 'bogus'], 2, /debug, info, warning or error, not "bogus"/],
    [['check-config'], 2, /usage: callgate check-config/],
    [['check-config', '/nowhere'], 1, /\/nowhere/],
  ];
  for (const [args, code, expected] of cases) {
    await t.test(args.join(' ') || 'nothing', () => {
      const { status, stdout, stderr } = run(...args);
      assert.deepEqual([status, stdout], [code, '']);
      assert.match(stderr, expected);
    });
  }
  await t.test('the configuration of these tests is right, and the list of options names each of them', () => {
    const directory = mkdtempSync(join(tmpdir(), 'callgate-check-'));
    writeFileSync(join(directory, 'callgate.conf'), keyFile(configuration()));
    assert.equal(run('check-config', join(directory, 'callgate.conf')).status, 0);
    rmSync(directory, { recursive: true });
    const list = run('check-config', '--list').stdout;
    for (const group of ['server', 'limits', 'tokens', 'media', 'sip', 'calls', 'log', 'demo']) assert.match(list, new RegExp(`^\\[${group}\\]$`, 'm'));
    assert.match(list, /^#ring_timeout_s = 30$/m);
  });
});

test('a token that can do nothing is minted with a warning, any other without', async (t) => {
  const mint = (...grants) => spawnSync(BINARY, ['token', 'mint', '--account', ACCOUNT, '--key', KEY, '--secret-env', 'CALLGATE_SECRET',
    '--identity', 'alice', ...grants], { encoding: 'utf8', timeout: 20000, env: { ...process.env, CALLGATE_SECRET: SECRET } });
  const warning = /^callgate token mint: warning: this token can neither call nor be called: --application AP.* lets .*, --incoming lets .*\n$/;
  for (const [grants, expected] of [[[], warning], [['--incoming'], /^$/], [['--application', APPLICATION], /^$/]]) {
    await t.test(grants.join(' ') || 'nothing granted', () => {
      const { status, stdout, stderr } = mint(...grants);
      assert.equal(status, 0);
      assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      assert.match(stderr, expected);
    });
  }
});

test('a gateway may open what the hard limit allows, whatever the shell\'s soft one is', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'callgate-limits-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'callgate.conf');
  writeFileSync(file, keyFile(configuration()));
  const gateway = spawn('sh', ['-c', 'ulimit -S -n 200 && exec "$0" serve --config "$1"', BINARY, file], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => gateway.kill());
  await once(gateway.stdout, 'data'); // the ready line
  const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(readFileSync(`/proc/${gateway.pid}/limits`, 'utf8'));
  assert.ok(Number(soft) > 200, soft);
  assert.equal(soft, hard);
  gateway.kill();
  assert.deepEqual(await once(gateway, 'exit'), [0, null]);
});
