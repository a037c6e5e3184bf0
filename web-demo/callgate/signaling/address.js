/* Where the gateway listens: http(s) and bare hosts are taken as well as ws(s); without a path it is /signal. */

export function signalUrl(gateway, location) {
  if (!gateway && !location) throw new TypeError('options.gateway is needed outside a browser');
  const text = gateway ? String(gateway) : location.origin;
  const scheme = location?.protocol === 'http:' ? 'ws://' : 'wss://';
  const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : scheme + text);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new TypeError(`not a gateway address: ${text}`);
  if (url.pathname === '/') url.pathname = '/signal';
  return url.href;
}
