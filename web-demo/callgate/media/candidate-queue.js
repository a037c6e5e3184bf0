/* Candidates wait until the other side's description is there, and with it what becomes of them. */

export class CandidateQueue {
  #waiting = [];
  #use;
  #wanted = null; // not known yet

  constructor(use) {
    this.#use = use;
  }

  push(candidate) {
    if (this.#wanted === null) this.#waiting.push(candidate);
    else if (this.#wanted) this.#use(candidate);
  }

  open(wanted) {
    this.#wanted = wanted;
    for (const candidate of this.#waiting.splice(0)) this.push(candidate);
  }
}
