// Waiting for a condition, never for a time.
import { setTimeout as delay } from 'node:timers/promises';

/** Asks `condition` again and again until it gives something truthy, and returns that; rejects after `timeout` ms. */
export async function until(condition, what, timeout = 10000) {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`gave up after ${timeout} ms waiting for ${what}`);
    await delay(50);
  }
}

/** Checks for `duration` ms that `condition` stays truthy. */
export async function remains(condition, what, duration) {
  const end = performance.now() + duration;
  while (performance.now() < end) {
    if (!(await condition())) throw new Error(`${what} did not last ${duration} ms`);
    await delay(50);
  }
}
