// One model's verdicts: the word, the probability, the bar, the threshold, the words that weigh.

import { capital, make, percent } from "./dom.js";
import { weighed } from "./words.js";

/**
 * What one model says, in an element of its own; `trouble` is shown and cleared where its own questions fail and succeed,
 * `moved()` is called where another threshold turns its verdict.
 */
export class Card {
  #texts = [];
  /** Counts up with every change, so that a late explanation can tell that it is one. */
  #version = 0;
  #results = [];
  #place;
  #explain;
  #found;

  constructor(model, alone, trouble, moved) {
    this.model = model;
    this.moved = moved;
    this.threshold = model.threshold?.value ?? null;
    this.#place = make("div");
    this.#explain = make("button", { type: "button", onclick: () => this.#weigh(trouble) }, "Which words weigh?");
    this.#found = make("div", { ariaLive: "polite" });
    this.element = make("article", { className: "card", hidden: true, ariaLabel: `Verdict of ${model.id}` });
    if (!alone) this.element.append(make("h3", {}, model.id), make("p", { className: "hint" }, model.words));
    this.element.append(this.#place, ...this.#slider(), this.#explain, this.#found);
  }

  /** Show the answers to `texts`. */
  show(texts, results) {
    this.#texts = texts;
    this.#version++;
    this.#results = results;
    this.element.hidden = false;
    this.element.classList.remove("old");
    this.element.ariaBusy = "false";
    this.#found.replaceChildren();
    this.#explain.hidden = texts.length > 1;
    this.#draw();
  }

  /** What is shown belongs to a text that has changed. */
  becomeOld() {
    this.#version++;
    this.element.classList.add("old");
    this.element.ariaBusy = "true";
    this.#explain.hidden = true;
    this.#found.replaceChildren();
  }

  /** Nothing to show. */
  hide() {
    this.element.hidden = true;
  }

  /** The verdict in words, for those who listen. */
  get said() {
    const { positive, multilabel } = this.model;
    const flagged = this.#results.filter((result) => this.#isFlagged(result)).length;
    const lines = `${this.#results.length} lines`;
    if (this.#results.length > 1) return positive || multilabel ? `${flagged} of ${lines} ${positive ?? "flagged"}` : lines;
    return this.#results.length ? `${capital(this.#called(this.#results[0]))}, ${this.#probability(this.#results[0])}` : "";
  }

  #draw() {
    this.#place.replaceChildren(this.#results.length === 1 ? this.#one(this.#results[0]) : this.#several());
  }

  #one(result) {
    const word = make("p", { className: `word ${this.#tone(result)}` }, capital(this.#called(result)));
    const share = make("p", { className: "share" }, this.#probability(result), result.truncated ? " · only the start was read" : "");
    return make("div", { className: "one" }, word, share, this.#bar(result));
  }

  #several() {
    const lines = this.#results.map((result, n) =>
      make("li", {}, make("span", { className: "text" }, this.#texts[n]),
        make("span", { className: `small ${this.#tone(result)}` }, `${capital(this.#called(result))}, ${this.#probability(result)}`), this.#bar(result)));
    return make("div", {}, make("p", { className: "word" }, this.said), make("ol", { className: "lines" }, ...lines));
  }

  #bar(result) {
    const bar = make("div", { className: `bar ${this.#tone(result)}`, ariaHidden: "true" }, make("span"));
    bar.style.setProperty("--share", `${100 * result.score}%`);
    if (this.threshold !== null) {
      bar.append(make("i"));
      bar.style.setProperty("--threshold", `${100 * this.threshold}%`);
    }
    return bar;
  }

  #called(result) {
    const { positive, labels } = this.model;
    if (positive === null || this.threshold === null) return result.label;
    return result.score >= this.threshold ? positive : labels.find((label) => label !== positive);
  }

  #tone(result) {
    return this.#isFlagged(result) ? "flagged" : "clear";
  }

  /** The threshold on the page counts where one label is looked for; else what the server said. */
  #isFlagged(result) {
    return this.model.positive === null ? result.flagged : this.#called(result) === this.model.positive;
  }

  #probability(result) {
    const { positive, multilabel } = this.model;
    return `probability of ${multilabel ? "the likeliest label" : (positive ?? result.label)}: ${percent(result.score)}`;
  }

  #slider() {
    const { curve, threshold, positive, id } = this.model;
    if (!threshold || !curve.length) return [];
    const shipped = nearest(curve, threshold.value);
    const slider = make("input", { type: "range", id: `threshold-${id}`, min: 0, max: curve.length - 1, step: 1, value: shipped });
    const words = make("p", { className: "hint" });
    const reset = make("button", { type: "button", hidden: true }, "Back to the shipped threshold");
    const moved = () => {
      const point = curve[slider.value];
      this.threshold = point.threshold;
      words.textContent = meaning(point, positive);
      slider.ariaValueText = words.textContent;
      reset.hidden = Number(slider.value) === shipped;
      if (!this.#results.length) return;
      this.#draw();
      this.moved();
    };
    slider.addEventListener("input", moved);
    reset.addEventListener("click", () => {
      slider.value = shipped;
      moved();
      slider.focus();
    });
    moved();
    const label = make("label", { htmlFor: slider.id }, `Called ${positive} from`);
    return [make("div", { className: "threshold" }, label, slider, words, reset)];
  }

  async #weigh(trouble) {
    const version = this.#version;
    this.#found.replaceChildren(make("p", { className: "hint" }, "Leaving out each word in turn…"));
    try {
      const shown = await weighed(this.#texts[0], this.model);
      trouble.clear();
      if (version === this.#version) this.#found.replaceChildren(...shown);
    } catch (error) {
      this.#found.replaceChildren();
      trouble.show(error);
    }
  }
}

function nearest(curve, value) {
  const distances = curve.map((point) => Math.abs(point.threshold - value));
  return distances.indexOf(Math.min(...distances));
}

/** What a threshold meant on validation. */
export function meaning({ threshold, precision, recall }, positive) {
  const found = `${Math.round(100 * recall)} of 100 ${positive} comments were found`;
  if (precision === null) return `${threshold.toFixed(2)}: on validation nothing was flagged`;
  return `${threshold.toFixed(2)}: on validation ${found} (recall ${recall.toFixed(2)}), and ${Math.round(100 * precision)} of 100 flagged were ${positive} (precision ${precision.toFixed(2)})`;
}
