// Headless Chromium and Firefox with a tone instead of a microphone.
// The one thing to know: one browser is one person; its tone is fixed at launch, so each side of a call needs its own.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { SLOWNESS } from './gateway.mjs';
import { giveEar, writeTone } from './tone.mjs';

const EXECUTABLE = {
  chromium: process.env.CHROMIUM ?? '/usr/bin/chromium',
  firefox: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
};

/** For a browser that starts beside others on a busy machine. */
const START_TIMEOUT = 60000 * SLOWNESS;

const chromiumFlags = (tone, refused) => [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--mute-audio',
  // A page in the background keeps its timers, as a call in a background tab does through its audio.
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
  '--autoplay-policy=no-user-gesture-required',
  refused ? '--deny-permission-prompts' : '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${tone}`,
];

const firefoxPrefs = (frequency, refused) => ({
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': !refused,
  'permissions.default.microphone': refused ? 2 : 0, // 2: no
  'media.navigator.audio.fake_frequency': frequency,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // A page with a real microphone has its real addresses in its candidates; one with a fake one would have names (mDNS).
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // Nothing leaves the namespace anyway; this spares the attempts.
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.normandy.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
});

export class Person {
  /** @param {'chromium'|'firefox'} kind  @param {number} frequency of the microphone's tone
   *  @param {{refused?: boolean}} options  refused: this person lets no page have the microphone */
  static async launch(kind, frequency, options = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'callgate-browser-'));
    const common = { executablePath: EXECUTABLE[kind], headless: true, acceptInsecureCerts: true,
      timeout: START_TIMEOUT, protocolTimeout: START_TIMEOUT,
      // Firefox keeps things beside its profile too, in HOME.
      env: { ...process.env, HOME: directory } };
    const own = kind === 'firefox'
      ? { browser: 'firefox', extraPrefsFirefox: firefoxPrefs(frequency, options.refused) }
      : { args: chromiumFlags(writeTone(join(directory, 'tone.wav'), frequency), options.refused) };
    const browser = await puppeteer.launch({ ...common, ...own });
    return new Person(kind, frequency, browser, directory);
  }

  constructor(kind, frequency, browser, directory) {
    Object.assign(this, { kind, frequency, browser, directory });
    this.name = `${kind} at ${frequency} Hz`;
  }

  /** A page with the ear in it; what it says on its console and every uncaught error goes to page.console. */
  async open(url) {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    page.console = [];
    page.errors = [];
    page.on('console', (message) => page.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => page.errors.push(String(error?.stack ?? error)));
    await giveEar(page);
    await page.goto(url, { waitUntil: 'load' });
    page.end = () => context.close();
    return page;
  }

  async close() {
    await this.browser.close();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Keeps a screenshot where tests/run --keep-artifacts asks for it; else takes it and throws it away. */
export async function screenshot(page, name) {
  const directory = process.env.CALLGATE_ARTIFACTS;
  if (directory) mkdirSync(directory, { recursive: true });
  return page.screenshot(directory ? { path: join(directory, `${name}.png`) } : {});
}
