/* Every error an application meets: a code, what happened, and what to do about it. The one thing to know: texts are
 * written for the person in front of the page, and live in the table below. */

/* code: [title, what happened, what to do]. The codes are the ecosystem's. */
const ERRORS = {
  20101: ['Invalid access token', 'The gateway could not make sense of the token.',
    'Let your server mint a new token and check that nothing was cut off on the way.'],
  20104: ['Access token expired', 'The token was valid, but its time is over.',
    'Fetch a new token and pass it to device.updateToken().'],
  20151: ['Authentication failed', 'The gateway does not accept this token.',
    'Check account, key and secret where the token is minted.'],
  31000: ['Gateway error', 'The gateway could not do what was asked.', 'Try again; if it stays, read the gateway log.'],
  31001: ['Application not found', 'The token names an application that the gateway does not know.',
    'Check the application id in the token\'s voice grant.'],
  31002: ['Call declined', 'The gateway declined the call.', 'Check the destination and the token\'s grants.'],
  31003: ['Timeout', 'No answer came in time.', 'Check the network and try again.'],
  31005: ['Connection error', 'The call was cut off by an error.', 'Call again.'],
  31008: ['Call cancelled', 'The call ended before it could be answered.', 'Nothing to do.'],
  31009: ['Not connected', 'There is no connection to the gateway.', 'Wait until the device is connected again.'],
  31100: ['Malformed request', 'The gateway did not understand a message.',
    'Report this with the gateway\'s log line.'],
  31101: ['Missing parameter', 'The request lacks a parameter.', 'Pass what the call needs, for example params.To.'],
  31102: ['Token missing', 'No token was sent.', 'Create the Device with a token.'],
  31103: ['Too long', 'A message or parameter is larger than the gateway takes.', 'Send less in one message.'],
  31105: ['Invalid client name', 'The identity has characters that are not allowed.',
    'Use letters, digits and - _ . ~ in identities.'],
  31107: ['Call lost', 'The gateway no longer knows this call.', 'Call again.'],
  31201: ['Not allowed', 'The token does not grant this.',
    'Mint a token with the grant: incoming to be called, outgoing (with an application) to call.'],
  31202: ['Invalid signature', 'The token was not signed with the key it names.',
    'Check the key\'s secret where the token is minted.'],
  31203: ['No valid account', 'The account is unknown or suspended.', 'Check the account id in the token.'],
  31204: ['Invalid token', 'The token is not valid.', 'Mint a new one.'],
  31205: ['Token expired', 'The token was valid, but its time is over.',
    'Fetch a new token and pass it to device.updateToken().'],
  31206: ['Too many requests', 'A limit of the gateway was reached.',
    'Slow down, or let the operator raise the limit.'],
  31207: ['Token lives too long', 'The token\'s lifetime is longer than the gateway permits.',
    'Mint it with a shorter lifetime.'],
  31209: ['Call lost', 'The call is over, or this token may not take it over.', 'Call again.'],
  31400: ['Bad request', 'The destination was not understood.', 'Check the address you call, for example client:bob.'],
  31401: ['Microphone refused', 'The browser was not allowed to use the microphone.',
    'Allow the microphone for this site in the address bar and in the system\'s privacy settings, then try again.'],
  31402: ['Microphone unavailable', 'The microphone could not be opened.',
    'Plug one in, or close the program that uses it.'],
  31403: ['Not allowed', 'This destination may not be called.', 'Ask the operator which numbers the account may call.'],
  31404: ['Not found', 'Nobody is reachable under that address.', 'Check the name; the other side may be offline.'],
  31408: ['Call lost', 'The telephone network does not answer any more.', 'Call again.'],
  31480: ['No answer', 'The other side did not answer.', 'Try again later.'],
  31486: ['Busy', 'The other side is busy.', 'Try again later.'],
  31503: ['Network failed', 'The telephone network did not take the call.', 'Try again later.'],
  31603: ['Declined', 'The other side declined the call.', 'Nothing to do.'],
  53000: ['Gateway unreachable', 'No connection to the gateway could be made.',
    'Check the network and the gateway\'s address; the device keeps trying.'],
  53001: ['Connection lost', 'The connection to the gateway broke.', 'Nothing to do: the device reconnects by itself.'],
  53400: ['Local media error', 'The browser could not describe its media.', 'Update the browser; report the cause.'],
  53402: ['Remote media error', 'The browser could not use the gateway\'s media description.', 'Report the cause.'],
  53405: ['Media connection failed', 'No audio gets through between this browser and the gateway.',
    'Check that the firewall lets UDP or TCP to the gateway\'s media ports pass; where it does not, a TURN server helps.'],
};

/* The gateway refuses the token itself: trying again with the same one is pointless. */
const TOKEN_ERRORS = new Set([20101, 20104, 20151, 31001, 31102, 31105, 31201, 31202, 31203, 31204, 31205, 31207]);

export class CallgateError extends Error {
  /**
   * @param {number} code
   * @param {{ message?: string, explanation?: string, solution?: string, cause?: unknown }} [details]
   */
  constructor(code, { message, explanation, solution, cause } = {}) {
    const [title, what, remedy] = ERRORS[code] ?? ERRORS[31000];
    super(message ?? `${title}: ${explanation ?? what}`, cause === undefined ? undefined : { cause });
    this.name = 'CallgateError';
    this.code = code;
    this.title = title;
    this.explanation = explanation ?? what;
    this.solution = solution ?? remedy;
  }

  /* A new token may help; the same one will not. */
  get isTokenError() {
    return TOKEN_ERRORS.has(this.code);
  }
}

/* `payload.error` of the gateway's messages. */
export function errorFromGateway(error) {
  const code = Number.isInteger(error?.code) ? error.code : 31000;
  const explanation = typeof error?.message === 'string' && error.message !== '' ? error.message : undefined;
  return Object.assign(new CallgateError(code, { explanation }), { retryAfter: Number(error?.retryAfter) || 0 });
}

export function asCallgateError(error, code) {
  return error instanceof CallgateError ? error : new CallgateError(code, { cause: error });
}

/* What getUserMedia throws, by DOMException name (W3C Media Capture and Streams, 10.2.1). */
const MICROPHONE_ERRORS = {
  NotAllowedError: [31401],
  SecurityError: [31401, 'This page may not use the microphone.', 'Open the page over https, or on localhost.'],
  NotFoundError: [31402, 'No microphone was found.', 'Plug in a microphone or headset and try again.'],
  NotReadableError: [31402, 'The microphone is there but gives no sound: another program may hold it.',
    'Close other programs that use the microphone, or choose another one.'],
  AbortError: [31402, 'The system failed to open the microphone.', 'Unplug it, plug it in again, and retry.'],
  OverconstrainedError: [31402, 'The chosen microphone is gone.', 'Choose another microphone.'],
};

export function microphoneError(cause) {
  const [code, explanation, solution] = MICROPHONE_ERRORS[cause?.name] ?? [31402];
  return new CallgateError(code, { explanation, solution, cause });
}

export function noMicrophoneApi() {
  return new CallgateError(31401, {
    explanation: 'The browser offers no microphone to this page.',
    solution: 'Open the page over https (or on localhost): browsers give the microphone to secure pages only.',
  });
}
