// Certificates signed by an authority of a test's own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** An authority: {ca: its certificate, issue(name): {certificate, key}}, all of them file names. */
export function makeAuthority(t) {
  const directory = mkdtempSync(join(tmpdir(), 'callgate-ca-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [ca, caKey] = [join(directory, 'ca.pem'), join(directory, 'ca.key')];
  openssl('req', '-x509', ...NEW_KEY, '-days', '2', '-subj', '/CN=test authority', '-keyout', caKey, '-out', ca);
  return {
    ca,
    issue(name) {
      const [certificate, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((kind) => join(directory, `${name}.${kind}`));
      writeFileSync(extensions, `subjectAltName=DNS:${name}\n`);
      openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
      openssl('x509', '-req', '-in', request, '-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', extensions, '-out', certificate);
      return { certificate, key };
    },
  };
}
