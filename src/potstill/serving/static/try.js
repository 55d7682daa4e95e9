// The page on which comments are tried.

import { ask, askUntilAnswered, RequestError } from "./ask.js";
import { Card } from "./card.js";
import { find, keep, kept, make } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { FileScoring } from "./file.js";
import { History } from "./history.js";
import { clearNotice, showError } from "./notice.js";
import { Typing } from "./typing.js";

/** What one request may hold. */
const MOST_LINES = 256;
const box = find("comment");
const eachLine = find("each-line");
const offer = find("offer");
let cards = [];
let files = null;
let asked = false;

// A request that the server refuses may have been made for a bundle that it no longer has: ask for the models again, too.
const again = (error) => (error instanceof RequestError && error.kind === "wrong" ? start() : typing.now());
const trouble = { show: (error) => showError(error, () => again(error)), clear: clearNotice };
const typing = new Typing({ send: score, show: showAnswers, fail: trouble.show });
const history = new History(put);

/** The texts that the box holds: one, or one a line. */
function texts() {
  const given = eachLine.checked ? box.value.split("\n") : [box.value];
  return given.filter((text) => text.trim());
}

/** Several lines at once are more often several comments than one: offer to read them so. */
function pasted() {
  const lines = box.value.split("\n").filter((line) => line.trim()).length;
  offer.textContent = `Score these ${lines} lines as ${lines} comments`;
  offer.hidden = lines < 2 || eachLine.checked;
}

function accept() {
  eachLine.checked = true;
  box.focus();
  changed();
}

async function score(signal) {
  const given = texts();
  if (given.length > MOST_LINES) throw new RequestError("long", `More than ${MOST_LINES} lines: drop them as a file below.`);
  const waiting = (error, left) => showError(error, () => typing.now(), left);
  const answers = await Promise.all(cards.map((card) =>
    askUntilAnswered(() => ask("/score", { texts: given, model: card.model.id }, signal), waiting, signal)));
  return { given, answers };
}

function showAnswers({ given, answers }) {
  clearNotice();
  // The server was started again with other bundles of the same names: their thresholds are others.
  const renewed = cards.some((card, n) => card.model.digest !== answers[n].digest);
  if (renewed && !asked) {
    asked = true; // once: behind a balancer there may be two servers
    return start();
  }
  asked = false;
  cards.forEach((card, n) => card.show(given, answers[n].results));
  say();
  if (given.length === 1) history.settle(box.value, cards[0].said);
}

/** The answers in words, for screen readers. */
function say() {
  find("said").textContent = cards.map((card) => (cards.length > 1 ? `${card.model.id}: ${card.said}` : card.said)).join(". ");
}

function changed() {
  keep("draft", box.value);
  keep("each-line", eachLine.checked);
  history.forget();
  offer.hidden ||= eachLine.checked || !box.value.trim().includes("\n");
  const empty = !texts().length;
  find("nothing").hidden = !empty;
  if (empty || !cards.length) {
    typing.stop();
    if (cards.length) clearNotice();
    cards.forEach((card) => card.hide());
    find("said").textContent = "";
    return;
  }
  cards.forEach((card) => card.becomeOld());
  typing.changed();
}

function put(text) {
  eachLine.checked = false;
  box.value = text;
  box.focus();
  changed();
}

async function start() {
  try {
    const { models } = await askUntilAnswered(() => ask("/models"), (error, left) => showError(error, start, left));
    clearNotice();
    cards = models.map((model) => new Card(model, models.length === 1, trouble, say));
    find("cards").replaceChildren(...cards.map((card) => card.element));
    files ??= new FileScoring();
    files.model = models[0];
    changed();
  } catch (error) {
    showError(error, start);
  }
}

find("examples").append(...EXAMPLES.map(([name, text]) => make("button", { type: "button", onclick: () => put(text) }, name)));
box.value = kept("draft", "");
eachLine.checked = kept("each-line", false);
box.addEventListener("input", changed);
box.addEventListener("paste", () => setTimeout(pasted)); // the box has its new text only then
offer.addEventListener("click", accept);
eachLine.addEventListener("change", changed);
start();
