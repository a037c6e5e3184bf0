/* The softphone: signs in, keeps the header and the messages true, and hands the device to the desk. */
import { Device } from './callgate.js';
import { AudioPanel } from './softphone-audio.js';
import { Desk } from './softphone-desk.js';
import { $ } from './softphone-dom.js';
import { dismiss, notice, noticeError } from './softphone-notices.js';
import { startShortcuts } from './softphone-shortcuts.js';
import { SignIn } from './softphone-signin.js';
import { demoToken, takeFromAddress } from './softphone-token.js';

/* Told where they happen: at the call that ended. */
const CALL_ENDS = new Set([31404, 31480, 31486, 31603, 31008]);

const desk = new Desk(() => showPresence());
const signIn = new SignIn({ name: signInByName, token: signInByToken });
let device = null; // one that the gateway has let in, or may yet
let askedAt = 'token'; // the field of the sign-in form that its token came by, or belongs to
let renewing = false; // with a token from the form
let announced = ''; // the last of the device's events of registration
let demoIdentity = null; // set if the token can be fetched again without asking
let renewedAt = -Infinity;
const RENEWAL_PAUSE = 10000; // milliseconds between two tokens of the demo

/* --- signing in --- */

async function signInByName(identity) {
  try {
    const { token, destinations } = await demoToken(identity);
    desk.dialler.offer(destinations);
    demoIdentity = identity;
    await start(token, 'name');
  } catch (error) {
    if (error.code === 31404) signIn.show({ byName: false, text: `${error.explanation} ${error.solution}` });
    else if (error.code === 31105) signIn.refuse('name', error);
    else {
      noticeError(error, [{ label: 'Try again', run: () => signInByName(identity) }]);
      signIn.show();
    }
  }
}

function signInByToken(token) {
  demoIdentity = null;
  return desk.isOpen ? renewByForm(token) : start(token, 'token');
}

/* Until the gateway has let us in, the form stays. One that cannot be reached is tried until it can, or another token is
 * given. */
async function start(token, field) {
  askedAt = field;
  if (device) return device.updateToken(token).catch(() => {}); // the first register() fails with it
  // Agents talk to agents, who hear each other in wideband. Calls to phones cost nothing by it: one without Opus is answered
  // with what it has, and nothing is translated.
  device = new Device(token, { closeProtection: true, codecPreferences: ['opus', 'pcmu'] });
  listen();
  try {
    await goOnline();
  } catch (error) {
    if (device.connection !== 'connected') return turnAway(error); // else it is only not to be called
  }
  return openDesk();
}

function turnAway(error) {
  const refused = device;
  device = null;
  refused.destroy();
  dismiss('network');
  showPresence();
  signIn.refuse(askedAt, error);
}

function openDesk() {
  signIn.done();
  new AudioPanel(device);
  startShortcuts(desk);
  desk.open(device);
  $('to').focus();
}

function goOnline() {
  const done = device.register();
  showPresence();
  return done;
}

/* --- the token --- */

function renew(token) {
  return device.updateToken(token).then(() => dismiss('token'), () => {}); // the error event tells
}

async function renewByForm(token) {
  renewing = true;
  try {
    await device.updateToken(token);
    signIn.done();
    dismiss('token');
  } catch (error) {
    signIn.refuse('token', error);
  }
  renewing = false;
}

/* A demo gateway that was restarted has new keys: the demo token is fetched again, but not over and over. */
async function renewDemoToken() {
  if (Date.now() - renewedAt < RENEWAL_PAUSE) return false;
  renewedAt = Date.now();
  try {
    await renew((await demoToken(demoIdentity)).token);
    return true;
  } catch (error) {
    noticeError(error, [{ label: 'Try again', run: renewDemoToken }]);
    return true;
  }
}

function onTokenWillExpire(seconds) {
  if (demoIdentity !== null) return renewDemoToken();
  return askForToken(`Your token ends in ${Math.ceil(seconds / 60)} min`);
}

function askForToken(title, text = 'Calls in progress go on, but no new ones reach you without a new token.') {
  notice('token', {
    title,
    text,
    serious: false,
    actions: [{ label: 'Paste a new one', run: () => signIn.show({ byName: false, text: 'Your calls go on meanwhile.' }) }],
  });
}

/* --- the device --- */

function listen() {
  for (const event of ['registering', 'registered', 'unregistered', 'destroyed']) device.on(event, () => onRegistration(event));
  device.on('tokenWillExpire', (_, seconds) => onTokenWillExpire(seconds));
  device.on('reconnecting', () => {
    showPresence();
    notice('network', {
      title: 'Connection to the gateway lost',
      text: desk.busy ? 'Trying again. Your call goes on meanwhile.' : 'Trying again. Calls to you wait a little.',
      serious: false,
      dismissable: false,
    });
  });
  device.on('reconnected', onConnectedAgain);
  device.on('registered', onConnectedAgain);
  device.on('error', onError);
}

function onRegistration(event) {
  announced = event;
  showPresence();
  if (event === 'unregistered' && wasTakenBack()) {
    askForToken('Calls do not reach you any more', 'Your token has ended, or does not grant it any more. Calls in progress go on.');
  }
}

/* The registration; by the gateway. */
function wasTakenBack() {
  return announced === 'unregistered' && device?.state === 'registering' && device.connection === 'connected';
}

function onConnectedAgain() {
  dismiss('network');
  dismiss('error 53000');
  showPresence();
}

function waitForGateway(error) {
  signIn.show();
  notice('network', {
    title: 'The gateway cannot be reached', text: `${error.explanation} Trying again.`, serious: false, dismissable: false,
  });
}

async function onError(error, call) {
  showPresence();
  if (device.connection === 'disconnected') dismiss('network');
  if (CALL_ENDS.has(error.code) || (call && call.status() === 'closed')) return;
  const refused = error.isTokenError && !call && device.connection === 'disconnected';
  if ((renewing && error.isTokenError && !call) || (refused && !desk.isOpen)) return; // told at the form
  if (!desk.isOpen && device.connection !== 'connected') return waitForGateway(error);
  if (refused && demoIdentity !== null && await renewDemoToken()) return;
  if (refused) askForToken(error.title);
  else noticeError(error);
}

/* --- the header --- */

const PRESENCE = {
  signedOut: ['offline', 'Not signed in', ''],
  registered: ['registered', 'Ready for calls', 'Pause'],
  busy: ['busy', 'In a call', 'Pause'],
  reconnecting: ['waiting', 'Reconnecting…', ''],
  connecting: ['waiting', 'Connecting…', ''],
  registering: ['waiting', 'Signing in…', ''],
  unregistered: ['offline', 'Not taking calls', 'Take calls'],
};

function presence() {
  if (!device) return 'signedOut';
  if (device.connection === 'reconnecting' || device.connection === 'connecting') return device.connection;
  if (device.state === 'registered') return desk.busy ? 'busy' : 'registered';
  return device.state === 'registering' && !wasTakenBack() ? 'registering' : 'unregistered';
}

function showPresence() {
  const [state, text, action] = PRESENCE[presence()];
  $('presence').dataset.state = state;
  $('identity').textContent = device ? device.identity ?? demoIdentity ?? '' : '';
  if ($('presence-text').textContent !== text) $('presence-text').textContent = text;
  $('presence-toggle').hidden = action === '';
  $('presence-toggle').textContent = action;
}

/* --- the page --- */

function offerNotifications() {
  const possible = 'Notification' in window && Notification.permission === 'default';
  $('notify').hidden = !possible;
  $('notify').addEventListener('click', async () => {
    await Notification.requestPermission();
    $('notify').hidden = true;
  });
}

function checkBrowser() {
  if (!window.isSecureContext) {
    notice('insecure', {
      title: 'The browser will refuse the microphone here',
      text: 'Open this page over https, or as http://localhost on the gateway\'s own machine.',
    });
  } else if (!Device.isSupported) {
    notice('unsupported', { title: 'This browser cannot make calls', text: 'It has no WebRTC.' });
  }
}

$('presence-toggle').addEventListener('click', () => {
  if (device.state === 'registered') device.unregister().catch(() => {});
  else goOnline().catch(() => {}); // the error event tells
});
/* Browsers let a page sound only after the user has touched it. */
for (const event of ['pointerdown', 'keydown']) {
  addEventListener(event, () => device?.sounds.unlock(), { once: true });
}

checkBrowser();
offerNotifications();
desk.dialler.prefill(new URLSearchParams(location.search).get('to') ?? '');
const { token, identity } = takeFromAddress();
if (token) signInByToken(token);
else if (identity) signInByName(identity);
else signIn.show();
