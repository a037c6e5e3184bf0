// The stage of the softphone's tests: a gateway that gives tokens away, Chromium and Firefox, and people at their desks.
// The one thing to know: as stage(), which it is, it is called once at the top of a test file.
import { join } from 'node:path';
import { TOP } from './gateway.mjs';
import { sees } from './sight.mjs';
import { stage } from './stage.mjs';
import { APPLICATION, KEY } from './tokens.mjs';

/** {set, softphone, reach}; `demo`: more options of the demo. */
export function softphoneStage(demo = {}) {
  const set = stage({
    browsers: { chromium: 'chromium', firefox: 'firefox' },
    config: {
      server: { web_root: join(TOP, 'web-demo') },
      demo: { enabled: true, key: KEY, application: APPLICATION, ...demo },
    },
  });

  /** The softphone as `who`, signed in by name, ready for calls. */
  async function softphone(who, identity, to = '') {
    const page = await set.page(who, `/softphone.html?${new URLSearchParams({ identity, to })}`);
    await sees(page, '#presence-text', /^Ready for calls$/);
    return page;
  }

  return { set, softphone, reach };
}

/** `caller` calls whoever `to` is, ... */
export async function call(caller, to) {
  await caller.evaluate((text) => { document.querySelector('#to').value = text; }, to);
  await caller.click('#place');
}

/** ... and is answered there. `pattern`: what is seen of the caller. */
async function reach(caller, callee, to, pattern) {
  await call(caller, to);
  await sees(callee, '#incoming-name', pattern);
  await callee.click('#answer');
  await sees(caller, '#call-name', new RegExp(to));
  for (const page of [caller, callee]) await sees(page, '#call-state', /^Connected$/); // each in its own time
}
