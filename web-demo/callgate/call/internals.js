/* What a Device says to its Calls and nobody else does; symbols, so that they are no part of the API. */

export const dial = Symbol('dial');
export const deliver = Symbol('deliver');
export const newTrack = Symbol('newTrack');
export const sessionLost = Symbol('sessionLost');
export const nudge = Symbol('nudge');
export const networkChanged = Symbol('networkChanged');
export const renewIceServers = Symbol('renewIceServers');
