// One model's answers: the label, the probability, the bar, the threshold, the words that matter.

import { capital, make, percent } from "./dom.js";
import { explained } from "./words.js";

/** In place of a label where the server answers null. */
const UNREAD = "No answer: there is nothing in this text that the model can read";

/**
 * What one model says, in an element of its own; `trouble` is shown and cleared where its own requests fail and succeed,
 * `moved()` is called where another threshold changes its answer.
 */
export class Card {
  #texts = [];
  /** Counts up with every change, so that a late explanation can tell that it is one. */
  #version = 0;
  #results = [];
  #place;
  #explain;
  #explanation;

  constructor(model, alone, trouble, moved) {
    this.model = model;
    this.moved = moved;
    this.threshold = model.threshold?.value ?? null;
    this.#place = make("div");
    this.#explain = make("button", { type: "button", onclick: () => this.#explainWords(trouble) }, "Which words matter?");
    this.#explanation = make("div", { ariaLive: "polite" });
    this.element = make("article", { className: "card", hidden: true, ariaLabel: `Answer of ${model.id}` });
    if (!alone) this.element.append(make("h3", {}, model.id), make("p", { className: "hint" }, capital(model.words)));
    this.element.append(this.#place, ...this.#slider(), this.#explain, this.#explanation);
  }

  /** Show the answers to `texts`. */
  show(texts, results) {
    this.#texts = texts;
    this.#version++;
    this.#results = results;
    this.element.hidden = false;
    this.element.classList.remove("old");
    this.element.ariaBusy = "false";
    this.#explanation.replaceChildren();
    this.#explain.hidden = texts.length > 1 || results[0] === null;
    this.#draw();
  }

  /** What is shown belongs to a text that has changed. */
  becomeOld() {
    this.#version++;
    this.element.classList.add("old");
    this.element.ariaBusy = "true";
    this.#explain.hidden = true;
    this.#explanation.replaceChildren();
  }

  /** Nothing to show. */
  hide() {
    this.element.hidden = true;
  }

  /** The answer in words, for screen readers. */
  get said() {
    const { positive, multilabel } = this.model;
    const flagged = this.#results.filter((result) => result && this.#isFlagged(result)).length;
    const lines = `${this.#results.length} lines`;
    if (this.#results.length > 1) return positive || multilabel ? `${flagged} of ${lines} ${positive ?? "flagged"}` : lines;
    if (this.#results[0] === null) return UNREAD;
    if (!this.#results.length) return "";
    const [result] = this.#results;
    const warning = result.foreign_language ? `. ${foreign(result.foreign_language, this.model.languages)}` : "";
    return `${capital(this.#label(result))}, ${this.#probability(result)}${warning}`;
  }

  #draw() {
    this.#place.replaceChildren(this.#results.length === 1 ? this.#single(this.#results[0]) : this.#list());
  }

  #single(result) {
    if (result === null) return make("div", { className: "single" }, make("p", { className: "share" }, UNREAD));
    const word = make("p", { className: `word ${this.#tone(result)}` }, capital(this.#label(result)));
    const share = make("p", { className: "share" }, this.#probability(result), result.truncated ? " · only the start was read" : "");
    return make("div", { className: "single" }, word, share, this.#bar(result), ...this.#warning(result));
  }

  #list() {
    const lines = this.#results.map((result, n) => make("li", {}, make("span", { className: "text" }, this.#texts[n]), ...this.#line(result)));
    const percents = make("p", { className: "hint" }, `The percentage is the probability of ${this.#of("the label")}.`);
    return make("div", {}, make("p", { className: "word" }, this.said), percents, make("ol", { className: "lines" }, ...lines));
  }

  #line(result) {
    if (result === null) return [make("span", { className: "small" }, UNREAD)];
    const words = make("span", { className: `small ${this.#tone(result)}` }, `${capital(this.#label(result))}, ${percent(result.score)}`);
    return [words, this.#bar(result), ...this.#warning(result)];
  }

  #warning({ foreign_language }) {
    return foreign_language ? [make("p", { className: "hint" }, foreign(foreign_language, this.model.languages))] : [];
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

  #label(result) {
    const { positive, labels } = this.model;
    if (positive === null || this.threshold === null) return result.label;
    return result.score >= this.threshold ? positive : labels.find((label) => label !== positive);
  }

  #tone(result) {
    return this.#isFlagged(result) ? "flagged" : "clear";
  }

  /** The threshold on the page counts where one label is looked for; else what the server said. */
  #isFlagged(result) {
    return this.model.positive === null ? result.flagged : this.#label(result) === this.model.positive;
  }

  #probability(result) {
    return `probability of ${this.#of(result.label)}: ${percent(result.score)}`;
  }

  /** What a probability is that of, where the answer is `label`. */
  #of(label) {
    const { positive, multilabel } = this.model;
    return multilabel ? "the likeliest label" : (positive ?? label);
  }

  #slider() {
    const { curve, threshold, positive, id } = this.model;
    if (!threshold || !curve.length) return [];
    const original = nearest(curve, threshold.value);
    const slider = make("input", { type: "range", id: `threshold-${id}`, min: 0, max: curve.length - 1, step: 1, value: original });
    const words = make("p", { className: "hint" });
    const reset = make("button", { type: "button", hidden: true }, "Reset the threshold");
    const moved = () => {
      const point = curve[slider.value];
      this.threshold = point.threshold;
      words.textContent = meaning(point, positive);
      slider.ariaValueText = words.textContent;
      reset.hidden = Number(slider.value) === original;
      if (!this.#results.length) return;
      this.#draw();
      this.moved();
    };
    slider.addEventListener("input", moved);
    reset.addEventListener("click", () => {
      slider.value = original;
      moved();
      slider.focus();
    });
    moved();
    const label = make("label", { htmlFor: slider.id }, `Threshold for ${positive}`);
    return [make("div", { className: "threshold" }, label, slider, words, reset)];
  }

  async #explainWords(trouble) {
    const version = this.#version;
    this.#explanation.replaceChildren(make("p", { className: "hint" }, "Leaving out each word in turn…"));
    try {
      const elements = await explained(this.#texts[0], this.model);
      trouble.clear();
      if (version === this.#version) this.#explanation.replaceChildren(...elements);
    } catch (error) {
      this.#explanation.replaceChildren();
      trouble.show(error);
    }
  }
}

/** That a text is in a language that the model was not made for; the codes are ISO 639. */
function foreign(code, served) {
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  const itself = code === "und" ? "another language" : names.of(code);
  return `This seems to be ${itself}, the model is for ${served.map((each) => names.of(each)).join(", ")}: the score means little`;
}

function nearest(curve, value) {
  const distances = curve.map((point) => Math.abs(point.threshold - value));
  return distances.indexOf(Math.min(...distances));
}

/** What a threshold meant on validation. */
export function meaning({ threshold, precision, recall }, positive) {
  const detected = `${Math.round(100 * recall)} of 100 ${positive} comments were found`;
  if (precision === null) return `${threshold.toFixed(2)}: on validation nothing was flagged`;
  return `${threshold.toFixed(2)}: on validation ${detected} (recall ${recall.toFixed(2)}), and ${Math.round(100 * precision)} of 100 flagged were ${positive} (precision ${precision.toFixed(2)})`;
}
