// Requests to the server, and every way in which they may fail.

import { keep, kept } from "./dom.js";

/** Why there is no answer. `kind` is busy, loading, offline, key, long, late or wrong; `seconds` is when to try again. */
export class RequestError extends Error {
  constructor(kind, message, seconds = null) {
    super(message);
    this.kind = kind;
    this.seconds = seconds;
  }
}

/** The key that this tab sends, where the server wants one. */
export function setKey(key) {
  keep("key", key);
}

/** The JSON that `path` answers, which is below the page's own folder: a proxy may have the server under another; a `body` is posted. Throws RequestError, or AbortError where `signal` says stop. */
export async function ask(path, body = undefined, signal = undefined) {
  const headers = {};
  const key = kept("key", "");
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const method = body === undefined ? "GET" : "POST";
  let response;
  try {
    response = await fetch(new URL(`.${path}`, document.baseURI), { method, headers, body: JSON.stringify(body), signal });
    if (response.ok) return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("offline", "The server does not answer.", 3);
  }
  throw await errorOf(response);
}

async function errorOf(response) {
  const message = await response.json().then((body) => body.error.message, () => `code ${response.status}`);
  const seconds = Number(response.headers.get("Retry-After")) || 1;
  switch (response.status) {
    case 401:
      return new RequestError("key", "This server needs a key.");
    case 413:
      return new RequestError("long", `This is too long for one request: ${message}.`);
    case 429:
      return new RequestError("busy", "The server is busy.", seconds);
    case 503:
      return new RequestError("loading", message.includes("loaded") ? "The model is being loaded." : `Not ready: ${message}.`, seconds);
    case 502: // of a proxy before a server that restarts
      return new RequestError("offline", "The server does not answer.", 3);
    case 408:
    case 504:
      return new RequestError("late", "The server took too long.", 3);
    default:
      return new RequestError("wrong", `The server refused this: ${message}.`);
  }
}

/** How often in a row a request may take too long. */
const MOST_LATE = 2;

/** `request()` until it is answered; `waiting(error, secondsLeft)` is called each second while the server is not ready. */
export async function askUntilAnswered(request, waiting, signal = undefined) {
  for (let late = 0; ; ) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof RequestError) || error.seconds === null) throw error;
      late = error.kind === "late" ? late + 1 : 0;
      if (late === MOST_LATE) throw error;
      for (let left = error.seconds; left > 0; left--) {
        waiting(error, left);
        await pause(1000, signal);
      }
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException("stopped", "AbortError"));
    if (signal?.aborted) return stop();
    setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
