// Serves a few files or texts to test pages: the pages of the tests themselves and packages from node_modules.
// The one thing to know: it answers only for the paths it was given.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.html': 'text/html; charset=utf-8', '': 'text/html; charset=utf-8' };

/** @param {Record<string, string | URL>} files path to text, or to the URL of a file
 *  @returns {Promise<{url: string, close: () => void}>} listening on loopback, which browsers take as secure */
export async function serve(files) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (file === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(file instanceof URL ? readFileSync(file) : file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => { server.closeAllConnections(); server.close(); },
  };
}
