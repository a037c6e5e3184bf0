// A packaged installation: what `meson install` puts where, and that the installed program runs from it.
// The one thing to know: everything goes under a directory of the test's own, nothing into the system.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Gateway, TOP } from '../lib/gateway.mjs';
import { writeTone } from '../lib/tone.mjs';

const root = mkdtempSync(join(tmpdir(), 'callgate-install-'));
const at = (...parts) => join(root, 'usr/local', ...parts);
const output = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

before(() => output('meson', 'install', '-C', join(TOP, 'build'), '--no-rebuild', '--quiet', '--destdir', root));
after(() => rmSync(root, { recursive: true, force: true }));

test('every part is installed', () => {
  for (const file of ['bin/callgate', 'lib/systemd/system/callgate.service', 'lib/sysusers.d/callgate.conf',
    'etc/callgate/callgate.conf.sample', 'share/callgate/web/callgate.js', 'share/callgate/web/callgate.d.ts',
    'share/callgate/web/index.html']) {
    assert.ok(existsSync(at(file)), file);
  }
});

test('the sample configuration is valid and names every option with its default', () => {
  const sample = at('etc/callgate/callgate.conf.sample');
  assert.match(output(at('bin/callgate'), 'check-config', sample), /ok/);
  const lines = new Set(readFileSync(sample, 'utf8').split('\n').map((line) => line.trim()));
  const missing = output(at('bin/callgate'), 'check-config', '--list').split('\n').filter((line) => !lines.has(line.trim()));
  assert.deepEqual(missing, []);
});

test('the sample with every # taken away is valid too', () => {
  // Without the empty ones, the file names and the words that stand for a secret: those are the operator's to fill in.
  const text = readFileSync(at('etc/callgate/callgate.conf.sample'), 'utf8')
    .replace(/^#(\[|\w+ = ?)/gm, '$1')
    .replace(/^(\[sip\]\n(?:#.*\n)*listen =)\s*$/m, '$1 127.0.0.1') // trunks need it
    .replace(/^(tls_certificate|tls_key) =\s*$/gm, '$1 = $1.pem') // and those over TLS these
    .replace(/^hold_music = .*$/gm, 'hold_music = music.wav')
    .replace(/^\w+ =\s*$/gm, '')
    .replace(/^secret = .*$/m, 'secret = 0123456789abcdef0123456789abcdef');
  output('openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', join(root, 'private.pem'));
  output('openssl', 'ec', '-in', join(root, 'private.pem'), '-pubout', '-out', join(root, 'back-end.pem'));
  output('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=sip.example',
    '-keyout', join(root, 'tls_key.pem'), '-out', join(root, 'tls_certificate.pem'));
  writeTone(join(root, 'music.wav'), 440, { seconds: 2, rate: 44100 });
  const file = join(root, 'whole.conf');
  writeFileSync(file, text);
  assert.match(output(at('bin/callgate'), 'check-config', file), /ok/);
});

test('the README\'s commands make a configuration that only its group reads', () => {
  const readme = readFileSync(join(TOP, 'README.md'), 'utf8');
  const commands = readme.split('## Operate it')[1].match(/^ {4}.*$/gm).map((line) => line.trim().replace(/ +#.*/, ''));
  const index = (pattern) => commands.findIndex((command) => pattern.test(command));
  assert.ok(index(/^systemd-sysusers/) < index(/-g callgate/), 'the group is there before it is given the file');
  assert.ok(commands.includes('meson install -C build --no-rebuild'), 'an installation compiles no tests');
  const group = String(process.getgid());
  const script = commands.slice(index(/^cd /), index(/check-config/) + 1).join(' && ')
    .replaceAll('/usr/local', at()).replace('-g callgate', `-g ${group}`).replace('callgate check-config', `${at('bin/callgate')} check-config`);
  assert.match(output('bash', '-c', script), /^callgate\.conf: ok$/m);
  assert.equal(statSync(at('etc/callgate/callgate.conf')).mode & 0o777, 0o640);
});

test('the installed program serves the installed pages', async (t) => {
  const gateway = new Gateway({ binary: at('bin/callgate'), config: { server: { web_root: at('share/callgate/web') } } });
  t.after(() => gateway.stop());
  await gateway.start();
  assert.equal((await fetch(`${gateway.url}/healthz`)).status, 200);
  const parts = readdirSync(join(TOP, 'web-demo/callgate'), { recursive: true }).filter((name) => name.endsWith('.js'));
  assert.ok(parts.length > 20);
  for (const path of ['callgate.js', ...parts.map((name) => `callgate/${name}`)]) {
    const module = await fetch(`${gateway.url}/${path}`);
    assert.match(module.headers.get('content-type'), /javascript/, path);
    assert.equal(await module.text(), readFileSync(join(TOP, 'web-demo', path), 'utf8'), path);
  }
});

test('systemd accepts the unit and finds little exposed', () => {
  // With the paths of this installation: that the programs are there is part of what it verifies.
  const text = readFileSync(at('lib/systemd/system/callgate.service'), 'utf8');
  const unit = join(root, 'callgate.service');
  writeFileSync(unit, text.replaceAll('/usr/local/', `${at()}/`));
  output('systemd-analyze', 'verify', '--man=no', unit);
  const verdict = output('systemd-analyze', 'security', '--offline=true', '--no-pager', unit);
  const exposure = Number(/Overall exposure level for callgate\.service: ([\d.]+)/.exec(verdict)[1]);
  assert.ok(exposure < 2, `exposure level ${exposure}`);
});
