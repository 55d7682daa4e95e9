// Elements from plain strings: whatever comes from a comment, a file or a model becomes text, never markup.

/** A new element; `properties` are set as they are, `children` are elements or strings. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** The element with this id. */
export function find(id) {
  return document.getElementById(id);
}

/** 0.853 as "85.3 %"; what is not quite 0 or 1 is not shown as 0 or 100. */
export function percent(share) {
  if (share > 0.999 && share < 1) return "over 99.9 %";
  if (share < 0.001 && share > 0) return "under 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** "not toxic" as "Not toxic". */
export function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What this tab keeps under a name, or `otherwise`; a browser may forbid it, and then nothing is kept. */
export function kept(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(`potstill.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Keep something in this tab. */
export function keep(name, value) {
  try {
    sessionStorage.setItem(`potstill.${name}`, JSON.stringify(value));
  } catch {
    // No room or not allowed: the page works all the same.
  }
}
