// What a person sees of a page. The one thing to know: an element that is hidden, or not there, shows nothing (null).
import { until } from './wait.mjs';

/** The text of an element that is shown. */
export const visible = (page, selector) => page.evaluate((s) => {
  const element = document.querySelector(s);
  return element?.checkVisibility() ? element.innerText.trim() : null;
}, selector);

export const sees = (page, selector, pattern, wait = 15000) => until(
  async () => pattern.test(await visible(page, selector) ?? ''), `${pattern} in ${selector}`, wait,
).catch(async (error) => { throw new Error(`${error.message}; it shows: ${await visible(page, selector)}\n${await visible(page, 'body')}`); });

export const gone = (page, selector) => until(async () => await visible(page, selector) === null, `${selector} to go`);

/** Where the focus is: an id. */
export const focused = (page) => page.evaluate(() => document.activeElement.id);

export const errorsOf = (...pages) => pages.flatMap((page) => [...page.errors, ...page.console.filter((line) => line.startsWith('error'))]);
