// Which words weigh on a score, marked in the text.

import { ask } from "./ask.js";
import { make } from "./dom.js";

const LISTED = 5;
/** Less is shown as 0.0. */
const LEAST = 0.05;
/** A word is marked from this share of the heaviest word's weight: what `benchmarks/words.py` measures. */
const MARKED = 0.5;

/** Elements that show which words of `text` weigh. */
export async function weighed(text, model) {
  const found = await ask("/explain", { text, model: model.id });
  const points = Array.from(text); // places are counted in code points, JavaScript counts in halves of some
  const most = Math.max(0, ...found.words.map((word) => word.weight));
  const marked = make("p", { className: "words" });
  let at = found.begin;
  for (const word of found.words) {
    marked.append(points.slice(at, word.begin).join(""), highlighted(points.slice(word.begin, word.end).join(""), word.weight, most));
    at = word.end;
  }
  marked.append(points.slice(at, found.end).join(""));
  return [marked, list(found.words, points, found.label), make("p", { className: "hint" }, note(found, points.length))];
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
  return make("p", {}, `For ${label}, heaviest first: ${named.join(", ")}.`);
}

function note(found, length) {
  const part = found.begin > 0 || found.end < length ? ` The text is long: this is its strongest part, of ${found.words.length} words.` : "";
  return `Approximate: each word is left out once, and its figure is how much the log-odds fall. Words work together, so the figures do not add up.${part}`;
}
