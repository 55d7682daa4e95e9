// CSV as spreadsheets and pandas write it: quoted fields may hold separators, quotes and line ends.

/** The separator of a text: whichever of these the first line has most of, outside quotes. */
export function separatorOf(text) {
  const counts = { ",": 0, ";": 0, "\t": 0 };
  let quoted = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    else if (letter === "\n" && !quoted) break;
    else if (letter in counts && !quoted) counts[letter]++;
  }
  return Object.keys(counts).reduce((best, separator) => (counts[separator] > counts[best] ? separator : best));
}

/** The rows of a text, arrays of strings. Throws Error with the line where a quote is never closed. */
export function parse(text, separator) {
  const rows = [];
  let row = [];
  let field = "";
  let quoted = false;
  let anyQuoted = false; // in this row
  let line = 1;
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
    if (letter === "\n") line++;
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') field += text[++at];
      else quoted = false;
    } else if (letter === '"' && field === "") {
      quoted = anyQuoted = true;
      opened = line;
    } else if (letter === separator) endField();
    else if (letter === "\n") endRow();
    else if (letter === "\r" && text[at + 1] === "\n") continue;
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

function guard(field) {
  return /^[ \u00a0\u200b\ufeff\0]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(field) && !/^-?\d+(\.\d+)?$/.test(field) ? `'${field}` : field;
}

function quote(field) {
  return /[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
