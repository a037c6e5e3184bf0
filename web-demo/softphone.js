/* The softphone: signs in, keeps the header and the messages true, and hands the device to the desk. */
import { Device } from './callgate.js';
import { AudioPanel } from './softphone-audio.js';
import { Desk } from './softphone-desk.js';
import { $ } from './softphone-dom.js';
import { dismiss, notice, noticeError } from './softphone-notices.js';
import { startShortcuts } from './softphone-shortcuts.js';
import { demoToken, takeFromAddress } from './softphone-token.js';

/* Told where they happen: at the call that ended. */
const CALL_ENDS = new Set([31404, 31480, 31486, 31603, 31008]);

const desk = new Desk(() => showPresence());
let device = null;
let demoIdentity = null; // set if the token can be fetched again without asking
let renewedAt = -Infinity;
const RENEWAL_PAUSE = 10000; // milliseconds between two tokens of the demo

/* --- signing in --- */

function showSignIn(text) {
  $('signin').hidden = false;
  if (text) $('signin-text').textContent = text;
  $('name').focus();
}

async function signInByName(identity) {
  try {
    const { token, destinations } = await demoToken(identity);
    desk.dialler.offer(destinations);
    demoIdentity = identity;
    start(token);
  } catch (error) {
    if (error.code === 31404) {
      $('signin-name').hidden = true;
      showSignIn(`${error.explanation} ${error.solution}`);
      $('token').focus();
    } else {
      noticeError(error, [{ label: 'Try again', run: () => signInByName(identity) }]);
      showSignIn();
    }
  }
}

function start(token) {
  $('signin').hidden = true;
  if (device) return renew(token);
  device = new Device(token, { closeProtection: true });
  listen();
  new AudioPanel(device);
  startShortcuts(desk);
  desk.open(device);
  $('to').focus();
  return goOnline();
}

function goOnline() {
  device.register().catch(() => {}); // the error event tells
  showPresence();
}

/* --- the token --- */

function renew(token) {
  return device.updateToken(token).then(() => dismiss('token'), () => {}); // the error event tells
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

function askForToken(title) {
  notice('token', {
    title,
    text: 'Calls in progress go on, but no new ones reach you without a new token.',
    serious: false,
    actions: [{ label: 'Paste a new one', run: () => {
      $('signin-name').hidden = true;
      $('signin').hidden = false;
      $('token').focus();
    } }],
  });
}

/* --- the device --- */

function listen() {
  for (const event of ['registering', 'registered', 'unregistered', 'destroyed']) device.on(event, showPresence);
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

function onConnectedAgain() {
  dismiss('network');
  dismiss('error 53000');
  showPresence();
}

async function onError(error, call) {
  showPresence();
  if (device.connection === 'disconnected') dismiss('network');
  if (CALL_ENDS.has(error.code) || (call && call.status() === 'closed')) return;
  const refused = error.isTokenError && !call && device.connection === 'disconnected';
  if (refused && demoIdentity !== null && await renewDemoToken()) return;
  if (refused) askForToken(error.title);
  else noticeError(error);
}

/* --- the header --- */

const PRESENCE = {
  registered: ['registered', 'Ready for calls', 'Pause'],
  busy: ['busy', 'In a call', 'Pause'],
  reconnecting: ['waiting', 'Reconnecting…', ''],
  connecting: ['waiting', 'Connecting…', ''],
  registering: ['waiting', 'Signing in…', ''],
  unregistered: ['offline', 'Not taking calls', 'Take calls'],
};

function presence() {
  if (device.connection === 'reconnecting' || device.connection === 'connecting') return device.connection;
  if (device.state === 'registered') return desk.busy ? 'busy' : 'registered';
  return device.state === 'registering' ? 'registering' : 'unregistered';
}

function showPresence() {
  if (!device) return;
  const [state, text, action] = PRESENCE[presence()];
  $('presence').dataset.state = state;
  $('identity').textContent = device.identity ?? demoIdentity ?? '';
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

$('signin-name').addEventListener('submit', (event) => {
  event.preventDefault();
  signInByName($('name').value.trim());
});
$('signin-token').addEventListener('submit', (event) => {
  event.preventDefault();
  start($('token').value.trim());
  $('token').value = '';
});
$('presence-toggle').addEventListener('click', () => {
  if (device.state === 'registered') device.unregister().catch(() => {});
  else goOnline();
});
/* Browsers let a page sound only after the user has touched it. */
for (const event of ['pointerdown', 'keydown']) {
  addEventListener(event, () => device?.sounds.unlock(), { once: true });
}

checkBrowser();
offerNotifications();
desk.dialler.prefill(new URLSearchParams(location.search).get('to') ?? '');
const { token, identity } = takeFromAddress();
if (token) start(token);
else if (identity) signInByName(identity);
else showSignIn();
