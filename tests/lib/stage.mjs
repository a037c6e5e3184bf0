// The stage of a browser test: a gateway with TLS in its namespace, people with browsers, and phones that are hung up
// after each test. The one thing to know: call `stage()` once at the top of a test file; it registers the hooks.
import { after, afterEach, before } from 'node:test';
import { Person } from './browsers.mjs';
import { SLOWNESS, startGateway } from './gateway.mjs';
import { GW, GW_ADDRESS, requireNetns } from './netns.mjs';
import { emptyPageRoot, Phone } from './phone.mjs';
import { hears, receivesMore } from './tone.mjs';
import { until } from './wait.mjs';

export const PORT = 8443;
export const MEDIA_PORT = 40000;
/** Of both workers, as nft writes it. */
export const MEDIA_PORTS = `${MEDIA_PORT}-${MEDIA_PORT + 1}`;
/** For a whole test, browsers' start included. */
export const TIMEOUT = 90000 * SLOWNESS;

const TONES = [400, 600, 800, 1000, 1200];

/** @param {{browsers: Record<string, 'chromium'|'firefox'>, files?: object, prepare?: (root: string) => void, config?: object,
 *  place?: {netns: string, address: string, url: string}}} options
 *  `browsers`: who takes part, by name; each gets a tone of its own. `files` and `prepare` add to what is served. `place`
 *  is where the gateway is, and where it is found from outside. */
export function stage({ browsers, files, prepare, config = {}, place = { netns: GW, address: GW_ADDRESS } }) {
  const phones = [];
  const pages = [];
  const set = { people: {} };
  let root;
  let number = 0;

  before(async () => {
    requireNetns();
    root = emptyPageRoot(files);
    prepare?.(root.path);
    set.gateway = await startGateway({
      netns: place.netns, tls: true,
      config: {
        ...config,
        server: { listen: place.address, port: PORT, web_root: root.path, ...config.server },
        media: { addresses: place.address, udp_port: MEDIA_PORT, ...config.media },
      },
    });
    set.url = place.url ?? set.gateway.url;
    const launch = async ([name, kind], index) => { set.people[name] = await Person.launch(kind, TONES[index]); };
    await Promise.all(Object.entries(browsers).map(launch));
  }, { timeout: TIMEOUT });

  afterEach(async () => {
    await Promise.all([...phones.splice(0).map((phone) => phone.close()), ...pages.splice(0).map((page) => page.end())]);
  });

  after(async () => {
    await Promise.all(Object.values(set.people).map((person) => person.close()));
    await set.gateway?.stop();
    root?.remove();
  });

  /** An open phone of this person; under a name that no other test uses, unless it is given. */
  set.open = async (who, { identity = `${who}-${number++}`, kind = Phone, url = set.url, ...options } = {}) => {
    const phone = await kind.open(set.people[who], url, identity, options);
    phones.push(phone);
    return phone;
  };

  /** The same, registered. */
  set.phone = async (who, options) => {
    const phone = await set.open(who, options);
    await phone.register();
    return phone;
  };

  /** Any page of the gateway in this person's browser. */
  set.page = async (who, path) => {
    const page = await set.people[who].open(`${set.url}${path}`);
    pages.push(page);
    return page;
  };

  /** The record that the gateway logs when a call is over, by the id that either end knows it by. */
  set.record = (callSid) => until(
    () => set.gateway.logs('call.ended').find((entry) => [entry.call, entry.callee_call].includes(callSid)),
    `the record of ${callSid}`);

  return set;
}

/** Each hears the other's tone. */
export const bothHear = (a, b, timeout) => Promise.all([hears(a.page, b.frequency, timeout), hears(b.page, a.frequency, timeout)]);

/** Media flows both ways again after whatever happened, and each hears the other's tone. */
export async function bothHearAgain(a, b, timeout) {
  await Promise.all([receivesMore(a.page, timeout), receivesMore(b.page, timeout)]);
  await bothHear(a, b);
}

/** Nothing went wrong that anybody was told of. */
export const complaints = async (...phones) => (await Promise.all(phones.map((phone) => phone.complaints()))).flat();
