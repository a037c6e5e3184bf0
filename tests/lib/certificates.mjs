// Certificates signed by an authority of a test's own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

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

/** The certificate that a port of 127.0.0.1 shows; bodyOf() makes the same of a file. */
export const shownAt = (port) => new Promise((resolve, reject) => {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    resolve(bodyOf(raw));
  });
  socket.on('error', reject);
});

/** Of a certificate as PEM or DER, in base64. */
export const bodyOf = (certificate) => {
  const text = certificate.toString();
  return text.startsWith('-----') ? text.replace(/-----.*-----|\s/g, '') : certificate.toString('base64');
};
