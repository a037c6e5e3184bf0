// A gateway with trunks, and calls over them.
// The one thing to know: every port is a free one of loopback, so that test files may run beside each other.
import { startGateway } from './gateway.mjs';
import { freePort } from './sipp.mjs';
import { ACCOUNT } from './tokens.mjs';

/** A gateway that listens for SIP. `trunks`: {NAME: options}; `numbers`: {DIGITS: to}. It has `sip` "host:port". */
export async function startTelephony(t, trunks, { numbers = {}, config = {}, enter, leaks } = {}) {
  const port = await freePort();
  const groups = Object.entries(trunks).map(([name, options]) => [`trunk ${name}`, { account: ACCOUNT, ...options }]);
  const listed = Object.entries(numbers).map(([digits, to]) => [`number ${digits}`, { account: ACCOUNT, to }]);
  const gateway = await startGateway({ enter, leaks, config: {
    ...config, sip: { listen: '127.0.0.1', port, timeout_ms: 1000, ...config.sip }, ...Object.fromEntries([...groups, ...listed]) } }, t);
  gateway.sip = `127.0.0.1:${port}`;
  return gateway;
}
