// When to ask while the user types, and which answers still count.

/** Milliseconds after the last key. */
export const QUIET = 275;

/**
 * Calls `send(signal)` once nothing has changed for `QUIET`. A change makes whatever was asked before it stale: its
 * request is aborted, and its answer, should it come all the same, never reaches `show`.
 */
export class Typing {
  #timer = 0;
  #asked = null;

  constructor({ send, show, fail }) {
    this.send = send;
    this.show = show;
    this.fail = fail;
  }

  /** Something changed. */
  changed() {
    this.stop();
    this.#timer = setTimeout(() => this.now(), QUIET);
  }

  /** Forget what was asked. */
  stop() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#asked = null;
  }

  /** Ask without waiting. */
  async now() {
    this.stop();
    const asked = (this.#asked = new AbortController());
    try {
      const answer = await this.send(asked.signal);
      if (this.#asked === asked) this.show(answer);
    } catch (error) {
      if (this.#asked === asked && error.name !== "AbortError") this.fail(error);
    }
  }
}
