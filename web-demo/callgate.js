/* callgate.js: the browser's side of a Callgate gateway, in ES modules without dependencies or build step.
 *
 *     import { Device } from './callgate.js';
 *     const device = new Device(token);                     // a token your server made
 *     device.on('incoming', (call) => call.accept());
 *     await device.register();                              // now it rings here
 *     const call = await device.connect({ params: { To: 'client:bob' } });
 *
 * The one thing to know: a Device outlives its sockets. A lost WebSocket is resumed (nothing the gateway said is
 * missed, nothing asked of it is asked twice), a lost media path is restarted, and a call ends only when somebody ends
 * it or neither could be mended in time.
 *
 * Two rules hold throughout. Nothing here touches a browser global before a Device is made, and then only through
 * `platform`, so that the module loads anywhere and tests can stand in for the browser. And no promise rejects unheard:
 * whatever a promise rejects with is also emitted as `error`.
 *
 * What it is made of is in callgate/, where nothing imports upwards in this list:
 *     device.js    one signed-in client: the way in
 *     call/        one call, from invite to hang-up
 *     signaling/   the conversation with the gateway, over as many sockets as it takes
 *     media/       the peer connection, its recovery, digits
 *     quality/     figures of a call, the score made of them, warnings
 *     audio/       microphones, loudspeakers, levels, sounds
 *     base/        errors, events, and what is taken from the browser */
export { AudioDevices } from './callgate/audio/audio-devices.js';
export { Sounds } from './callgate/audio/sounds.js';
export { Emitter } from './callgate/base/emitter.js';
export { CallgateError } from './callgate/base/errors.js';
export { VERSION } from './callgate/base/version.js';
export { Call } from './callgate/call/call.js';
export { Device } from './callgate/device.js';
export { estimateMos } from './callgate/quality/mos.js';
