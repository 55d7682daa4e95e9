// A CSV file, scored row by row and given back.

import { ask, askUntilAnswered, RequestError } from "./ask.js";
import { format, parse } from "./csv.js";
import { find, make } from "./dom.js";

const MOST_BYTES = 20_000_000;
const ALWAYS_ADDED = ["label", "score", "flagged", "truncated"];
const USUAL = ["text", "comment", "comment_text", "tweet", "message", "body", "content"];
/** One request's worth: small enough that the page's own typing is answered between two. */
const AT_ONCE = { texts: 32, characters: 20_000 };

/** The part of the page that takes files. */
export class FileScoring {
  #work = find("file-work");
  #stop = null;

  /** Of the server's first bundle. */
  model = null;

  constructor() {
    const [drop, input] = [find("drop"), find("file")];
    input.addEventListener("click", () => (input.value = "")); // or the same file, mended, would be no change
    input.addEventListener("change", () => this.#take(input.files[0]));
    for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => this.#over(event, true));
    for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, (event) => this.#over(event, false));
    drop.addEventListener("drop", (event) => this.#take(event.dataTransfer.files[0]));
  }

  #over(event, over) {
    event.preventDefault();
    find("drop").classList.toggle("over", over);
  }

  async #take(file) {
    if (!file) return;
    try {
      if (file.size > MOST_BYTES) throw new Error("it has more than 20 MB; `potstill score` takes files of any size");
      this.#stop?.abort();
      this.#stop = null;
      const [header, ...rows] = parse(decoded(await file.arrayBuffer()));
      if (!header || !rows.length) throw new Error("it needs a line with the names of the columns and at least one row");
      const ragged = rows.findIndex((row) => row.length !== header.length);
      if (ragged >= 0) throw new Error(`row ${ragged + 1} has ${rows[ragged].length} fields, the first line has ${header.length}`);
      this.#offer(file.name, header, rows);
    } catch (error) {
      this.#say(`${file.name} cannot be scored: ${error.message}.`);
    }
  }

  #offer(name, header, rows) {
    const column = make("select", { id: "column" }, ...header.map((title, n) => make("option", { value: n }, title || `column ${n + 1}`)));
    column.value = likely(header, rows);
    const safe = make("input", { type: "checkbox", id: "safe" });
    const start = make("button", { type: "button" }, `Score ${rows.length.toLocaleString("en")} rows`);
    start.addEventListener("click", () => this.#score(name, header, rows, Number(column.value), safe.checked));
    this.#work.replaceChildren(
      make("p", { className: "row" }, make("label", { htmlFor: "column" }, `Text in ${name}:`), column, start),
      make("p", { className: "hint" }, `Scored by ${this.model.id}${atThreshold(this.model)}.`),
      make("label", { className: "check" }, safe, " Safe for spreadsheets: put ' before cells that look like formulas"));
    start.focus();
  }

  async #score(name, header, rows, column, safe) {
    const stop = (this.#stop = new AbortController());
    const bar = make("progress", { max: rows.length, value: 0, ariaLabel: `Scoring ${name}` });
    const words = make("p", { ariaLive: "off" });
    const cancel = make("button", { type: "button", onclick: () => stop.abort() }, "Stop");
    this.#work.replaceChildren(bar, words, cancel);
    cancel.focus();
    const started = performance.now();
    // For each row its result, or why it has none.
    const results = rows.map((row) => (row[column].trim() ? "not reached" : "with nothing to read"));
    const wanted = results.flatMap((result, n) => (result === "not reached" ? [n] : []));
    let done = 0;
    let ended = "";
    try {
      for (const batch of batches(wanted.map((n) => rows[n][column]))) {
        const waiting = (error, left) => (words.textContent = `${error.message} Continuing in ${left} s.`);
        for (const result of await this.#ask(batch, stop.signal, waiting)) results[wanted[done++]] = result ?? "with nothing to read";
        bar.value = done;
        words.textContent = progress(done, wanted.length, performance.now() - started);
      }
    } catch (error) {
      if (this.#stop !== stop) return; // another file was taken
      ended = `${name}: ${error.name === "AbortError" ? "stopped" : error.message} after ${done.toLocaleString("en")} rows.`;
      if (!done) return this.#say(ended);
    }
    this.#give(name, header, rows, results, safe, ended);
  }

  /** Results of some texts; what is too much together is asked in halves, what is too much alone has none. */
  async #ask(texts, signal, waiting) {
    try {
      const body = { texts, model: this.model.id };
      return (await askUntilAnswered(() => ask("/score", body, signal), waiting, signal)).results;
    } catch (error) {
      if (!(error instanceof RequestError) || !["long", "late"].includes(error.kind)) throw error;
      if (texts.length === 1) return ["too long to be scored"];
      const half = texts.length >> 1;
      return [...(await this.#ask(texts.slice(0, half), signal, waiting)), ...(await this.#ask(texts.slice(half), signal, waiting))];
    }
  }

  #give(name, header, rows, results, safe, ended) {
    const titles = [...ALWAYS_ADDED, ...(this.model.checks_languages ? ["foreign_language"] : [])];
    const prefix = titles.some((title) => header.includes(title)) ? "potstill_" : "";
    const added = results.map((result) => titles.map((title) => (typeof result === "string" ? "" : String(result[title] ?? ""))));
    const text = format([[...header, ...titles.map((title) => prefix + title)], ...rows.map((row, n) => [...row, ...added[n]])], safe);
    const link = make("a", { className: "button", href: URL.createObjectURL(new Blob([text], { type: "text/csv" })) }, "Download the scored file");
    link.download = name.replace(/(\.[^.]*)?$/, ".scored.csv");
    const counts = new Map([[`flagged${atThreshold(this.model)}`, results.filter((result) => result.flagged).length]]);
    for (const why of results.filter((result) => typeof result === "string")) counts.set(why, (counts.get(why) ?? 0) + 1);
    const summary = Array.from(counts, ([what, count]) => `${count.toLocaleString("en")} ${what}`).join(", ");
    // Whoever types meanwhile goes on typing.
    const free = document.activeElement === document.body || this.#work.contains(document.activeElement);
    this.#say(`${ended} ${results.length.toLocaleString("en")} rows, ${summary}.`.trim());
    this.#work.append(link);
    if (free) link.focus();
  }

  #say(words) {
    this.#work.replaceChildren(make("p", { role: "status" }, words));
  }
}

/** The threshold that a file is scored with: the bundle's own, wherever the slider stands. */
function atThreshold({ positive, threshold }) {
  return positive !== null && threshold ? ` (${positive} from ${threshold.value.toFixed(2)})` : "";
}

function decoded(bytes) {
  const start = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  const wide = start[0] === 0xff && start[1] === 0xfe ? "utf-16le" : start[0] === 0xfe && start[1] === 0xff ? "utf-16be" : null;
  try {
    return new TextDecoder(wide ?? "utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not UTF-8 text; save it as CSV in UTF-8");
  }
}

/** The column that holds the texts: by its name, else the one with the longest fields. */
function likely(header, rows) {
  const named = header.findIndex((title) => USUAL.includes(title.trim().toLowerCase()));
  if (named >= 0) return named;
  const lengths = header.map((_, n) => rows.slice(0, 200).reduce((sum, row) => sum + row[n].length, 0));
  return lengths.indexOf(Math.max(...lengths));
}

function* batches(texts) {
  let batch = [];
  let characters = 0;
  for (const text of texts) {
    if (batch.length && (batch.length === AT_ONCE.texts || characters + text.length > AT_ONCE.characters)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(text);
    characters += text.length;
  }
  if (batch.length) yield batch;
}

function progress(done, all, milliseconds) {
  const left = Math.ceil(((milliseconds / done) * (all - done)) / 1000);
  return `${done.toLocaleString("en")} of ${all.toLocaleString("en")} rows, about ${left} s left`;
}
