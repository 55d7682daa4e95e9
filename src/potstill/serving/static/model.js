// The page about the model.

import { ask, askUntilAnswered } from "./ask.js";
import { meaning } from "./card.js";
import { capital, find, make } from "./dom.js";
import { clearNotice, showError } from "./notice.js";

async function start() {
  try {
    const { models } = await askUntilAnswered(() => ask("/models"), (error, left) => showError(error, start, left));
    clearNotice();
    find("models").replaceChildren(...models.map(described));
  } catch (error) {
    showError(error, start);
  }
}

function described(model) {
  const section = make("section", { ariaLabel: model.id });
  section.append(make("h2", {}, model.id), make("p", {}, `${capital(model.words)}.`), facts(model));
  if (Object.keys(model.measures).length) section.append(make("h3", {}, "How good it is"), measures(model));
  if (model.curve.length) section.append(make("h3", {}, "What a threshold means, on validation"), curve(model));
  section.append(make("h3", {}, "Engines"), engines(model));
  return section;
}

function facts(model) {
  const long = model.long === "windows" ? "read in overlapping windows, the strongest counts" : "cut";
  const pairs = [
    ["Labels", model.labels.join(", ")],
    ["Languages", languages(model)],
    ["Layers kept", model.layers || "all"],
    ["Longer texts", `more than ${model.max_length} tokens: ${long}`],
    ["Engine here", `${model.engine}, ${(model.engines[model.engine].bytes / 1e6).toFixed(1)} MB`],
    ["Bundle", model.digest.slice(0, 12)],
  ];
  if (model.threshold) pairs.splice(1, 0, ["Decision", `${model.positive} from a probability of ${model.threshold.value.toFixed(3)} (${model.threshold.rule})`]);
  return make("dl", {}, ...pairs.flatMap(([name, words]) => [make("dt", {}, name), make("dd", {}, words)]));
}

function languages(model) {
  if (!model.languages.length) return "not declared, so texts are not checked for theirs";
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  return model.languages.map((code) => names.of(code)).join(", ") + (model.checks_languages ? "; a text in another is told" : "");
}

function measures(model) {
  const rows = Object.entries(model.measures).map(([split, values]) => [
    split, values.rows.toLocaleString("en"), figure(values.pr_auc), figure(values.roc_auc), figure(values.accuracy), figure(values.macro_f1),
    figure(values.mcc), values.agreement === null ? "-" : `${(100 * values.agreement).toFixed(1)} %`,
  ]);
  return table(["split", "rows", "PR-AUC", "ROC-AUC", "accuracy", "macro F1", "MCC", "same as teacher"], rows, `Measures of ${model.id}`);
}

function curve(model) {
  const step = Math.max(1, Math.floor(model.curve.length / 10));
  const points = model.curve.filter((_, n) => n % step === 0);
  return make("ul", {}, ...points.map((point) => make("li", {}, meaning(point, model.positive))));
}

function engines(model) {
  const rows = Object.entries(model.engines).map(([name, engine]) => [
    name, (engine.bytes / 1e6).toFixed(1), `${(100 * engine.checks.flips).toFixed(2)} %`,
    engine.checks.pr_auc_change === null ? "-" : engine.checks.pr_auc_change.toFixed(4),
    Object.entries(engine.texts_per_second).map(([cpu, speed]) => `${speed.toFixed(0)} on ${cpu}`).join("; "),
  ]);
  return table(["engine", "MB", "decided otherwise than fp32", "change of PR-AUC", "texts/s where it was made"], rows, `Engines of ${model.id}`);
}

function table(titles, rows, name) {
  const head = make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title)));
  const body = rows.map((row) => make("tr", {}, ...row.map((field) => make("td", {}, field))));
  // A region that scrolls must be reachable by keyboard.
  return make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: name }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function figure(value) {
  return value === null ? "-" : value.toFixed(3);
}

start();
