// Which words matter for a score, marked in the text.

import { ask } from "./ask.js";
import { make } from "./dom.js";

const LISTED = 5;
/** Less is shown as 0.0. */
const LEAST = 0.05;
/** A word is marked from this share of the heaviest word's weight: what `benchmarks/words.py` measures. */
const MARKED = 0.5;

/** Elements that show which words of `text` matter. */
export async function explained(text, model) {
  const explanation = await ask("/explain", { text, model: model.id });
  const points = Array.from(text); // places are counted in code points, JavaScript counts in halves of some
  const most = Math.max(0, ...explanation.words.map((word) => word.weight));
  const marked = make("p", { className: "words" });
  let at = explanation.begin;
  for (const word of explanation.words) {
    marked.append(points.slice(at, word.begin).join(""), highlighted(points.slice(word.begin, word.end).join(""), word.weight, most));
    at = word.end;
  }
  marked.append(points.slice(at, explanation.end).join(""));
  return [marked, list(explanation.words, points, explanation.label), make("p", { className: "hint" }, note(explanation, points.length))];
}

function highlighted(word, weight, most) {
  const share = most > 0 ? weight / most : 0;
  const level = share >= 0.75 ? 2 : share >= MARKED ? 1 : 0;
  if (!level) return word;
  const mark = make("mark", {}, word);
  mark.dataset.weight = level;
  return mark;
}

function list(words, points, label) {
  const heaviest = words.filter((word) => word.weight >= LEAST).sort((a, b) => b.weight - a.weight).slice(0, LISTED);
  if (!heaviest.length) return make("p", {}, `No single word speaks for ${label}.`);
  const named = heaviest.map((word) => `“${points.slice(word.begin, word.end).join("")}” ${word.weight.toFixed(1)}`);
  return make("p", {}, `For ${label}, strongest first: ${named.join(", ")}.`);
}

function note(explanation, length) {
  const part = explanation.begin > 0 || explanation.end < length ? ` The text is long: this is its strongest part, of ${explanation.words.length} words.` : "";
  return `Approximate: each word is left out once, and its figure is how much the log-odds fall. Words work together, so the figures do not add up.${part}`;
}
