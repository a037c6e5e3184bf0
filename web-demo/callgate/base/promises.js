/* Promises that may be awaited or not, and what to do with those that nobody awaits. */

export const ignore = () => {};

/* A promise that may be awaited or not: its rejection is reported through `report` and never "unhandled". */
export function heard(promise, report) {
  promise.catch(report);
  return promise;
}
