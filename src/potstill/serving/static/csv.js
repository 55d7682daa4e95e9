// CSV as spreadsheets and pandas write it: quoted fields may hold separators, quotes and line ends.

const SEPARATORS = [",", ";", "\t"];

/** The text below a first line such as `sep=;`, and the separator: what that line names, else the one of these that makes
 * the most columns of the header, where its quotes stand well. */
export function withSeparator(text) {
  const named = /^(?:\r\n|\r|\n)*"?sep=([^\w"\r\n])"?(?:\r\n|\r|\n|$)/i.exec(text);
  if (named) return { text: text.slice(named[0].length), separator: named[1], skipped: lineEnds(named[0]) };
  const counts = SEPARATORS.map((separator) => columns(text, separator));
  return { text, separator: SEPARATORS[counts.indexOf(Math.max(...counts))], skipped: 0 };
}

/** The columns of the header, less than one of each quote that stands where none may: there it is another separator's. */
function columns(text, separator) {
  let [count, odd, quoted, before] = [1, 0, false, separator];
  for (let at = text.search(/[^\r\n]/); at >= 0 && at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') continue;
      else if (text[at + 1] === '"') at++;
      else {
        quoted = false;
        if (![separator, "\n", "\r", undefined].includes(text[at + 1])) odd++;
      }
    } else if (letter === "\n" || letter === "\r") break;
    else if (letter === separator) count++;
    else if (letter === '"') {
      if (before === separator) quoted = true;
      else odd++;
    }
    before = letter;
  }
  return odd ? -1 / count : count;
}

function lineEnds(text) {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}

/** The rows of a text, arrays of strings. Throws Error with the line where a quote is never closed. */
export function parse(content) {
  const { text, separator, skipped } = withSeparator(content);
  const rows = [];
  let row = [];
  let field = "";
  let quoted = false;
  let anyQuoted = false; // in this row
  let line = 1 + skipped;
  let opened = 0;
  const endField = () => {
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (row.length > 1 || row[0] !== "" || anyQuoted) rows.push(row); // a blank line is no row, "" alone is an empty text
    row = [];
    anyQuoted = false;
  };
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    const ends = letter === "\n" || (letter === "\r" && text[at + 1] !== "\n");
    if (ends) line++;
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') field += text[++at];
      else quoted = false;
    } else if (letter === '"' && field === "") {
      quoted = anyQuoted = true;
      opened = line;
    } else if (letter === separator) endField();
    else if (ends) endRow();
    else if (letter === "\r") continue;
    else field += letter;
  }
  if (quoted) throw new Error(`line ${opened}: a quote is opened and never closed`);
  if (field !== "" || row.length || anyQuoted) endRow();
  return rows;
}

/** Rows as one CSV text. `safe` puts an apostrophe before what a spreadsheet would take for a formula. */
export function format(rows, safe) {
  return rows.map((row) => row.map((field) => quote(safe ? guard(field) : field)).join(",")).join("\r\n") + "\r\n";
}

/** A plain number stays one. Else an apostrophe stands wherever a spreadsheet may see a cell begin, whatever separator it
 * goes by, before what it would compute: as `scoring/spreadsheets.py` has it. */
function guard(field) {
  if (/^[+-]?\d+(\.\d+)?$/.test(field)) return field;
  return field.replace(BEFORE, (unseen, at) => {
    const begins = at === 0 || ",;|".includes(field[at - 1]);
    return (begins ? "'" : "") + unseen.replace(/\r\n|[\t\r\n]/g, "$&'");
  });
}

const UNSEEN = "[\\s\\p{Cc}\\p{Cf}\"]";
const FORMULA = "[=+\\-@\u207a\u207b\u207c\u208a\u208b\u208c\u2212\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]";
const BEFORE = new RegExp(`(?<!${UNSEEN})${UNSEEN}*(?=${FORMULA})|^(?=[\\t\\r\\n])`, "gu");

function quote(field) {
  return /[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
