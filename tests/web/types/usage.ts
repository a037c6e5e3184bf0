// An application in TypeScript that uses all of callgate.js; compiled, never run. Where a line must not compile, the
// compiler is told to expect it: should the types grow too wide, "expect-error" itself becomes an error.
import {
  AudioDevices, Call, CallgateError, Device, Emitter, estimateMos, Sounds, VERSION,
  type AudioEvents, type CallEvents, type CallMessage, type CallStatus, type ConnectOptions, type DeviceConnection,
  type DeviceEvents, type DeviceOptions, type DeviceState, type Logger, type Platform, type QualitySample, type WarningName,
} from '../../../web-demo/callgate.js';

declare function fetchToken(): Promise<string>;
/** Fails unless the value has exactly this type. */
declare function expectType<Wanted>(): <Given>(
  value: (<T>() => T extends Given ? 1 : 2) extends (<T>() => T extends Wanted ? 1 : 2) ? Given : never,
) => void;

// --- as the README shows it ---

const token = await fetchToken();
const device = new Device(token, { gateway: 'https://gateway.example.com' });
device.on('incoming', (call) => call.accept());
device.on('tokenWillExpire', async () => device.updateToken(await fetchToken()));
device.on('error', (error) => console.warn(error.explanation, error.solution));
await device.register();

const call = await device.connect({ params: { To: 'client:bob' } });
call.on('accept', () => console.log('talking'));
call.on('disconnect', () => console.log('over'));

// --- the device ---

const platform: Partial<Platform> = { random: () => 0.5 };
const logger: Logger = console;
const options: DeviceOptions = {
  gateway: new URL('wss://gateway.example.com/signal'),
  rtcConfiguration: { iceServers: [{ urls: 'turn:turn.example.com' }] },
  codecPreferences: ['opus', 'pcmu'],
  audioConstraints: { deviceId: 'usb', echoCancellation: false },
  allowIncomingWhileBusy: false,
  closeProtection: true,
  sounds: false,
  logger,
  platform,
};
const other: Device = new Device(token, options);
const anonymous: ConnectOptions = {};
expectType<Promise<Call>>()(other.connect(anonymous));
expectType<boolean>()(Device.isSupported);
expectType<string>()(Device.version);
expectType<string>()(VERSION);
expectType<string | null>()(device.identity);
expectType<Call[]>()(device.calls);
expectType<DeviceState>()(device.state);
expectType<DeviceConnection>()(device.connection);
expectType<AudioDevices>()(device.audio);
expectType<Sounds>()(device.sounds);
await device.unregister();
device.disconnectAll();
device.destroy();

device
  .on('registering', () => {})
  .on('registered', () => {})
  .on('unregistered', () => {})
  .on('reconnecting', (error) => expectType<CallgateError>()(error))
  .on('reconnected', () => {})
  .on('destroyed', () => {})
  .once('tokenWillExpire', (which, seconds) => { expectType<Device>()(which); expectType<number>()(seconds); })
  .once('error', (error, about) => { expectType<CallgateError>()(error); expectType<Call | undefined>()(about); })
  .off('registered', () => {})
  .removeAllListeners('incoming')
  .removeAllListeners();
expectType<number>()(device.listenerCount('incoming'));
const everyDeviceEvent: Record<keyof DeviceEvents, true> = {
  registering: true, registered: true, unregistered: true, incoming: true, tokenWillExpire: true, reconnecting: true,
  reconnected: true, error: true, destroyed: true,
};

// --- a call ---

expectType<'incoming' | 'outgoing'>()(call.direction);
expectType<string | null>()(call.callSid);
expectType<Record<string, string>>()(call.parameters);
expectType<Map<string, string>>()(call.customParameters);
expectType<Date | null>()(call.openedAt);
expectType<CallgateError | null>()(call.endReason);
expectType<QualitySample | null>()(call.quality);
expectType<WarningName[]>()(call.warnings);
expectType<MediaStream | null>()(call.remoteStream);
expectType<CallStatus>()(call.status());
expectType<boolean>()(call.isMuted());
expectType<boolean>()(call.isOnHold());
expectType<boolean>()(call.isHeldByRemote());
await call.accept();
call.reject();
call.ignore();
call.mute();
call.mute(false);
await call.hold();
await call.hold(false);
await call.transfer('client:carol');
await call.transferTo(call);
expectType<string>()(call.party);
call.sendDigits('12w3#');
expectType<string>()(call.sendMessage({ content: { note: 'hello' } }));
call.sendMessage({ content: 'hello', contentType: 'text/plain', messageType: 'user-defined-message' });
expectType<Promise<Record<string, unknown>>>()(call.serverStats());
call.disconnect();

call
  .on('ringing', (which) => expectType<Call>()(which))
  .on('accept', (which) => expectType<Call>()(which))
  .on('disconnect', (which, error) => { expectType<Call>()(which); expectType<CallgateError | undefined>()(error); })
  .on('cancel', (which) => expectType<Call>()(which))
  .on('reject', (which) => expectType<Call>()(which))
  .on('mute', (on, which) => { expectType<boolean>()(on); expectType<Call>()(which); })
  .on('transfer', (state, _, error) => { expectType<'ringing' | 'completed' | 'failed'>()(state); expectType<CallgateError | undefined>()(error); })
  .on('transferred', (party) => expectType<string>()(party))
  .on('hold', (on, origin) => { expectType<boolean>()(on); expectType<'local' | 'remote'>()(origin); })
  .on('digits', (digits) => expectType<string>()(digits))
  .on('messageReceived', (message) => expectType<CallMessage>()(message))
  .on('messageSent', ({ voiceEventSid }) => expectType<string>()(voiceEventSid))
  .on('volume', (input, output) => { expectType<number>()(input); expectType<number>()(output); })
  .on('sample', (sample) => {
    expectType<number | null>()(sample.rtt);
    expectType<number | null>()(sample.mos);
    expectType<number>()(sample.packetsReceivedDelta);
    expectType<string | null>()(sample.codec);
  })
  .on('warning', (name, sample) => { expectType<WarningName>()(name); expectType<QualitySample | undefined>()(sample); })
  .on('warningCleared', (name) => expectType<WarningName>()(name))
  .on('reconnecting', (error) => expectType<CallgateError>()(error))
  .on('reconnected', (which) => expectType<Call>()(which))
  .on('error', ({ code, title, explanation, solution, isTokenError, cause }) => {
    expectType<number>()(code);
    expectType<boolean>()(isTokenError);
    expectType<string>()(title + explanation + solution);
    expectType<unknown>()(cause);
  });
const everyCallEvent: Record<keyof CallEvents, true> = {
  ringing: true, accept: true, disconnect: true, cancel: true, reject: true, mute: true, hold: true, transfer: true, transferred: true, digits: true,
  messageReceived: true, messageSent: true, volume: true, sample: true, warning: true, warningCleared: true,
  reconnecting: true, reconnected: true, error: true,
};

// --- microphones, loudspeakers, sounds, figures ---

const { audio, sounds } = device;
expectType<Map<string, MediaDeviceInfo>>()(audio.availableInputDevices);
expectType<Map<string, MediaDeviceInfo>>()(audio.availableOutputDevices);
expectType<MediaDeviceInfo | null>()(audio.inputDevice ?? audio.outputDevice ?? audio.ringtoneDevice);
expectType<boolean>()(audio.isOutputSelectionSupported);
await audio.refresh();
await audio.setInputDevice('usb');
await audio.setOutputDevice(null);
await audio.setRingtoneDevice(null);
await audio.startInputMeter();
audio.stopInputMeter();
audio
  .on('deviceChange', (lost) => expectType<MediaDeviceInfo[]>()(lost))
  .on('inputVolume', (level) => expectType<number>()(level))
  .on('error', (error) => expectType<CallgateError>()(error));
const everyAudioEvent: Record<keyof AudioEvents, true> = { deviceChange: true, inputVolume: true, error: true };

sounds.enabled = !sounds.blocked;
await sounds.unlock();
sounds.play('ringback');
sounds.stop('incoming');
sounds.key('5');

expectType<number | null>()(estimateMos({ rtt: 40, jitter: 3, loss: 0.5, codec: 'opus' }));
const failure: Error = new CallgateError(31005, { message: 'm', explanation: 'e', solution: 's', cause: new Error() });
const emitter = new Emitter<{ tick: [count: number] }>();
emitter.on('tick', (count) => expectType<number>()(count));
emitter.emit('tick', 1);

// --- and what nobody may write ---

// @ts-expect-error a device needs a token
new Device();
// @ts-expect-error there is no such option
new Device(token, { gatway: 'https://gateway.example.com' });
// @ts-expect-error calls are made by devices
new Call();
// @ts-expect-error audio devices belong to devices
new AudioDevices();
// @ts-expect-error sounds belong to devices
new Sounds();
// @ts-expect-error there is no such event
device.on('incomming', () => {});
// @ts-expect-error nor such an event of a call
call.on('answer', () => {});
// @ts-expect-error its argument is text
call.on('digits', (digits: number) => digits);
// @ts-expect-error parameters are text
await device.connect({ params: { To: 5 } });
// @ts-expect-error only the call itself changes its state
call.endReason = null;
// @ts-expect-error and so the device
device.state = 'registered';
// @ts-expect-error there is no such sound
sounds.play('fanfare');
// @ts-expect-error the count is missing
emitter.emit('tick');

export { everyAudioEvent, everyCallEvent, everyDeviceEvent, failure };
