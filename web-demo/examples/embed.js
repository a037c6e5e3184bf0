/* A caller and callee in a few lines. /demo/token stands for your own server: it knows who the user is and mints. */
import { Device } from '../callgate.js';

const say = (text) => { document.getElementById('state').textContent = text; };
const identity = new URLSearchParams(location.search).get('identity') ?? 'alice';
const answer = await fetch('/demo/token', { method: 'POST', body: JSON.stringify({ identity }) });
const device = new Device((await answer.json()).token);

device.on('incoming', (call) => (confirm(`${call.parameters.From} is calling. Answer?`) ? call.accept() : call.reject()));
device.on('error', (error) => say(`${error.title}. ${error.solution}`));
document.getElementById('hangup').onclick = () => device.disconnectAll();
document.getElementById('call').onclick = () => device.connect({ params: { To: 'client:bob' } }).then((call) => {
  call.on('accept', () => say('You are talking.'));
  call.on('disconnect', () => say('Over.'));
}, () => {}); // told by the error event
await device.register();
say(`Ready as ${device.identity}.`);
