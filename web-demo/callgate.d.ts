/* Types of callgate.js. The one thing to know: every promise's rejection is also emitted as `error`, so an application
 * may await, or listen, or both. */

export declare const VERSION: string;

/** An error with its code, what happened and what to do about it. */
export declare class CallgateError extends Error {
  constructor(
    code: number,
    options?: { message?: string; explanation?: string; solution?: string; cause?: unknown },
  );
  readonly name: 'CallgateError';
  /** As the ecosystem's SDKs number them: 20101, 31401, 31486, 53405 ... */
  readonly code: number;
  /** Two or three words for a headline. */
  readonly title: string;
  /** What happened, in a sentence for the user. */
  readonly explanation: string;
  /** What the user can do. */
  readonly solution: string;
  /** The gateway refused the token: device.updateToken() with a new one may help. */
  readonly isTokenError: boolean;
  readonly cause?: unknown;
}

type Listener<Arguments extends unknown[]> = (...args: Arguments) => void;

/** `Events` maps an event's name to its listener's arguments. */
export declare class Emitter<Events extends { [event: string]: unknown[] } = { [event: string]: unknown[] }> {
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this;
  once<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this;
  off<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this;
  removeAllListeners(event?: keyof Events): this;
  listenerCount(event: keyof Events): number;
  emit<Name extends keyof Events>(event: Name, ...args: Events[Name]): void;
}

export type DeviceState = 'unregistered' | 'registering' | 'registered' | 'destroyed';
export type DeviceConnection = 'disconnected' | 'connecting' | 'connected' | 'reconnecting';
export type CallStatus = 'pending' | 'connecting' | 'ringing' | 'open' | 'reconnecting' | 'closed';
export type WarningName =
  | 'high-rtt'
  | 'high-jitter'
  | 'high-loss'
  | 'low-mos'
  | 'no-audio'
  | 'constant-silence'
  | 'playback-blocked';

export interface Logger {
  info?(text: string): void;
  warn?(text: string): void;
}

/** What the browser gives; tests pass their own members. */
export interface Platform {
  WebSocket: unknown;
  RTCPeerConnection: unknown;
  RTCRtpReceiver: unknown;
  MediaStream: unknown;
  AudioContext: unknown;
  mediaDevices: unknown;
  connection: unknown;
  userAgent: string;
  events: EventTarget;
  createAudio: () => unknown;
  location: { protocol: string; origin: string };
  random: () => number;
}

export interface DeviceOptions {
  /** "https://gateway.example", "wss://gateway.example/signal"; the page's own origin if absent. */
  gateway?: string | URL;
  /** For RTCPeerConnection. TURN servers here stand in place of those that the gateway tells of. */
  rtcConfiguration?: RTCConfiguration;
  /** The order in which calls are offered codecs; what is not named comes behind, none is left out. ['pcmu', 'opus'] if
   *  absent: what telephone networks speak first, as the ecosystem's SDK does. ['opus', 'pcmu'] is wideband between
   *  browsers, and bears more loss; a phone that has no Opus is still spoken with in its own codec, untranslated. [] is
   *  the browser's order. Calls that are taken follow the order of who called. */
  codecPreferences?: string[];
  /** Joined with echo cancellation, noise suppression and gain control. */
  audioConstraints?: MediaTrackConstraints;
  /** Call waiting (default); false rejects further calls while there is one. */
  allowIncomingWhileBusy?: boolean;
  /** Ask before the page is closed during a call. */
  closeProtection?: boolean;
  /** Ringtone, ringback, key tones; true if absent. */
  sounds?: boolean;
  /** For example `console`; silent if absent. */
  logger?: Logger;
  platform?: Partial<Platform>;
}

export interface ConnectOptions {
  /** Sent with the call; `To` names the destination: "client:bob". What the token fixes wins. */
  params?: Record<string, string>;
}

export type DeviceEvents = {
  registering: [];
  registered: [];
  unregistered: [];
  incoming: [call: Call];
  /** Time for updateToken(); `seconds` are left. */
  tokenWillExpire: [device: Device, seconds: number];
  /** The connection to the gateway broke; calls go on, and the device is at work to come back. */
  reconnecting: [error: CallgateError];
  reconnected: [];
  error: [error: CallgateError, call?: Call];
  destroyed: [];
};

/** One signed-in client of the gateway. */
export declare class Device extends Emitter<DeviceEvents> {
  constructor(token: string, options?: DeviceOptions);
  static readonly isSupported: boolean;
  static readonly version: string;
  readonly audio: AudioDevices;
  readonly sounds: Sounds;
  /** As the gateway read it from the token; null before the first connection. */
  readonly identity: string | null;
  /** All that have not ended, ringing ones included. */
  readonly calls: Call[];
  readonly state: DeviceState;
  readonly connection: DeviceConnection;
  /** Resolves when calls ring here; from then on over every reconnection, until unregister(). */
  register(): Promise<void>;
  unregister(): Promise<void>;
  /** Resolves with the call once the microphone is open; rejects if it is refused. */
  connect(options?: ConnectOptions): Promise<Call>;
  /** Resolves when the gateway has taken it. Calls and registration stay as they are. */
  updateToken(token: string): Promise<void>;
  disconnectAll(): void;
  /** Hangs up, signs off and frees everything. */
  destroy(): void;
}

/** One second of a call. Milliseconds and percent; null where the browser does not say. */
export interface QualitySample {
  timestamp: number;
  rtt: number | null;
  jitter: number | null;
  /** Lost packets of this second's incoming ones, percent. */
  loss: number;
  /** The same for what we send, as the gateway reports it. */
  remoteLoss: number | null;
  /** "opus", "pcmu", ... */
  codec: string | null;
  /** What the browser's jitter buffer added; not part of `mos`, which is about the line. */
  bufferDelay: number | null;
  packetsReceived: number;
  packetsReceivedDelta: number;
  packetsLost: number;
  packetsSent: number;
  bytesReceived: number;
  bytesSent: number;
  /** 1 (bad) to 4.5, see estimateMos. */
  mos: number | null;
}

export interface CallMessage {
  content: unknown;
  contentType: string;
  messageType: string;
  voiceEventSid: string;
}

export type CallEvents = {
  /** The other side rings. */
  ringing: [call: Call];
  /** Answered, and audio flows. */
  accept: [call: Call];
  /** Over; with an error if it did not end by somebody's wish (or was busy, declined, not found). */
  disconnect: [call: Call, error?: CallgateError];
  /** An incoming call ended before it was accepted: the caller gave up, or another device answered. */
  cancel: [call: Call];
  reject: [call: Call];
  mute: [on: boolean, call: Call];
  hold: [on: boolean, origin: 'local' | 'remote', call: Call];
  /** How a transfer that this side asked for goes; the call ends by itself behind `completed`. */
  transfer: [state: 'ringing' | 'completed' | 'failed', call: Call, error?: CallgateError];
  /** The other side was transferred: this call is with `party` from now on. */
  transferred: [party: string, call: Call];
  /** The other side pressed keys. */
  digits: [digits: string, call: Call];
  messageReceived: [message: CallMessage, call: Call];
  messageSent: [message: { voiceEventSid: string }, call: Call];
  /** Microphone and loudspeaker, 0 to 1, ten times a second. */
  volume: [input: number, output: number];
  sample: [sample: QualitySample];
  warning: [name: WarningName, sample?: QualitySample];
  warningCleared: [name: WarningName, sample?: QualitySample];
  /** The audio path was lost and is being restored. */
  reconnecting: [error: CallgateError, call: Call];
  reconnected: [call: Call];
  error: [error: CallgateError, call: Call];
};

/** One call, made by Device.connect or given by its `incoming` event. */
export declare class Call extends Emitter<CallEvents> {
  private constructor();
  readonly direction: 'incoming' | 'outgoing';
  /** "CA..."; null until the gateway has named an outgoing call. */
  readonly callSid: string | null;
  /** CallSid, From, To, AccountSid of incoming calls; what was passed to connect of outgoing ones. */
  readonly parameters: Record<string, string>;
  /** Whom the call is with: "client:bob". Another than at first after a transfer. */
  readonly party: string;
  /** The application's own parameters. */
  readonly customParameters: Map<string, string>;
  /** When audio began to flow. */
  readonly openedAt: Date | null;
  readonly endReason: CallgateError | null;
  /** The last sample. */
  readonly quality: QualitySample | null;
  /** Warnings raised and not cleared. */
  readonly warnings: WarningName[];
  readonly remoteStream: MediaStream | null;
  status(): CallStatus;
  /** While it rings: whether the other side is heard already, by an announcement or a ringing tone of its own. */
  hasEarlyMedia(): boolean;
  isMuted(): boolean;
  isOnHold(): boolean;
  isHeldByRemote(): boolean;
  /** Never rejects: failures are emitted as `error`. After a refused microphone the call still rings. */
  accept(): Promise<void>;
  reject(): void;
  /** Stops ringing here and tells nobody. */
  ignore(): void;
  disconnect(): void;
  mute(on?: boolean): void;
  hold(on?: boolean): Promise<void>;
  /** Has the other side connected to `to` ("client:carol", a number). Resolves when `to` is being called, `transfer` tells
   *  the rest; rejects if it cannot be. */
  transfer(to: string): Promise<void>;
  /** Connects the other side with that of another open call; both end here. Rejects, and they go on, if it cannot be. */
  transferTo(call: Call): Promise<void>;
  /** 0-9 A-D * #, `w` to wait half a second, `,` to wait two. */
  sendDigits(digits: string): void;
  /** Returns the id that `messageSent` carries when the gateway has taken it. */
  sendMessage(message: { content: unknown; contentType?: string; messageType?: string }): string;
  /** The gateway's figures of this leg. */
  serverStats(): Promise<Record<string, unknown>>;
}

export type AudioEvents = {
  /** Devices came or went; `lost` are those that were in use. */
  deviceChange: [lost: MediaDeviceInfo[]];
  inputVolume: [level: number];
  error: [error: CallgateError];
};

/** Microphone and loudspeaker choice, shared by all calls of a device. */
export declare class AudioDevices extends Emitter<AudioEvents> {
  private constructor();
  readonly availableInputDevices: Map<string, MediaDeviceInfo>;
  readonly availableOutputDevices: Map<string, MediaDeviceInfo>;
  readonly inputDevice: MediaDeviceInfo | null;
  readonly outputDevice: MediaDeviceInfo | null;
  readonly ringtoneDevice: MediaDeviceInfo | null;
  readonly isOutputSelectionSupported: boolean;
  refresh(): Promise<void>;
  /** null: the system's default. Calls in progress change over. */
  setInputDevice(deviceId: string | null): Promise<void>;
  setOutputDevice(deviceId: string | null): Promise<void>;
  setRingtoneDevice(deviceId: string | null): Promise<void>;
  /** `inputVolume` ten times a second, to try the microphone outside a call. */
  startInputMeter(): Promise<void>;
  stopInputMeter(): void;
}

/** Ringtone and tones. */
export declare class Sounds {
  private constructor();
  enabled: boolean;
  /** The browser wants a click or key before anything may sound. */
  readonly blocked: boolean;
  /** To be called from a click or key. */
  unlock(): Promise<void>;
  play(name: 'incoming' | 'waiting' | 'ringback' | 'ended'): void;
  stop(name: 'incoming' | 'waiting' | 'ringback' | 'ended'): void;
  /** The feedback of a dial pad. */
  key(digit: string): void;
}

/** Mean opinion score from the E-model (ITU-T G.107); null if a figure is missing. Milliseconds, percent. */
export declare function estimateMos(figures: {
  rtt: number;
  jitter: number;
  loss: number;
  codec?: string | null;
}): number | null;
