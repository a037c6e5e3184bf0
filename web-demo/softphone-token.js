/* Where the softphone's token comes from: the demo endpoint (a name is enough), the address's fragment (#token=...), or
 * the user's clipboard. The one thing to know: a token in the address is taken out of it at once, so that it is neither
 * bookmarked nor shown over a shoulder. */
import { CallgateError } from './callgate.js';

/* {token} or {identity} or {}: what the address brings along. */
export function takeFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token) {
    history.replaceState(null, '', location.pathname + location.search);
    return { token };
  }
  return { identity: new URLSearchParams(location.search).get('identity') };
}

/* A token of the demo configuration, and what else than names it offers to call: {token, destinations: [{address, text}]}.
 * Code 31404 where there is no demo. */
export async function demoToken(identity) {
  let answer;
  try {
    answer = await fetch('demo/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ identity }),
    });
  } catch (cause) {
    throw new CallgateError(53000, { cause });
  }
  if (answer.ok) return answer.json();
  if (answer.status === 404) {
    throw new CallgateError(31404, {
      explanation: 'This gateway runs without the demo and gives no tokens away.',
      solution: 'Paste a token made by your own server, or by "callgate token mint" on the gateway\'s machine.',
    });
  }
  const { message } = await answer.json().catch(() => ({}));
  throw new CallgateError(31105, { explanation: message });
}
