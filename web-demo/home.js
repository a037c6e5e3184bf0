/* The start page: two links with two names, and a word of help where this gateway or browser cannot do the demo. */
import { Device } from './callgate.js';

const $ = (id) => document.getElementById(id);

function trouble(title, text, { token = false } = {}) {
  $('trouble-title').textContent = title;
  $('trouble-text').textContent = text;
  $('trouble-token').hidden = !token;
  $('trouble').hidden = false;
}

function link(anchor, identity, to) {
  anchor.href = `softphone.html?${new URLSearchParams({ identity, to })}`;
  anchor.querySelector('b').textContent = identity;
}

function updateLinks() {
  const first = $('first').value.trim() || 'alice';
  const second = $('second').value.trim() || 'bob';
  link($('open-first'), first, second);
  link($('open-second'), second, first);
}

async function checkDemo() {
  try {
    const answer = await fetch('demo/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ identity: 'alice' }),
    });
    if (answer.ok) return;
    if (answer.status !== 404) throw new Error(`status ${answer.status}`);
    $('steps').hidden = $('names').hidden = true;
    const text = 'So it gives no tokens away: you need one of your own.';
    trouble('This gateway runs without the demo', text, { token: true });
  } catch (error) {
    trouble('The gateway does not answer', `Is it running? (${error.message})`);
  }
}

if (!window.isSecureContext) {
  trouble('The browser will refuse the microphone here',
    'Browsers give it to secure pages only: open this page over https, or as http://localhost on its own machine.');
} else if (!Device.isSupported) {
  trouble('This browser cannot make calls', 'It has no WebRTC. A current Chromium, Firefox or Safari has.');
}
$('names').addEventListener('input', updateLinks);
$('names').addEventListener('submit', (event) => event.preventDefault());
updateLinks();
checkDemo();
