// What was scored in this tab. It never leaves it.

import { find, keep, kept, make } from "./dom.js";

const MOST = 50;
/** Milliseconds that a text must stay unchanged to be remembered: half a sentence is not a comment. */
const SETTLED = 2000;

/** The list of earlier texts; `choose(text)` is called with one that is wanted back. */
export class History {
  #entries = kept("history", []);
  #timer = 0;

  constructor(choose) {
    this.choose = choose;
    find("clear").addEventListener("click", () => {
      this.forget();
      this.#entries = [];
      this.#changed();
      find("comment").focus();
    });
    this.#draw();
  }

  /** Remember this and its answer, once it has stayed for a while. */
  settle(text, said) {
    this.forget();
    this.#timer = setTimeout(() => {
      this.#entries = [{ text, said }, ...this.#entries.filter((entry) => entry.text !== text)].slice(0, MOST);
      this.#changed();
    }, SETTLED);
  }

  /** It changed before it was remembered. */
  forget() {
    clearTimeout(this.#timer);
  }

  #changed() {
    keep("history", this.#entries);
    this.#draw();
  }

  #draw() {
    const lines = this.#entries.map(({ text, said }) => {
      const short = Array.from(text).slice(0, 120).join("");
      const words = `${said}: ${short}${short.length < text.length ? "…" : ""}`;
      return make("li", {}, make("button", { type: "button", onclick: () => this.choose(text) }, words));
    });
    find("history").replaceChildren(...lines);
    find("history").hidden = find("clear").hidden = !lines.length;
    find("history-empty").hidden = lines.length > 0;
  }
}
