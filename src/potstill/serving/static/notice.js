// What went wrong, said in its place, with the way out.

import { RequestError, setKey } from "./ask.js";
import { find, make } from "./dom.js";

let shown = "";

/** Show why there is no answer; `again` is called when a key was entered or the button pressed. */
export function showError(error, again, secondsLeft = null) {
  const notice = find("notice");
  const kind = error instanceof RequestError ? error.kind : "wrong";
  if (!(error instanceof RequestError)) console.error(error);
  const message = error instanceof RequestError ? error.message : "Something in this page failed; your text is still here.";
  // Said once: a screen reader would read every second of the countdown.
  if (shown !== message) {
    shown = message;
    notice.replaceChildren(make("p", { role: "alert" }, message), make("p", { id: "countdown", ariaHidden: "true" }));
    if (kind === "key") notice.append(keyForm(again));
    if (kind === "offline" || kind === "wrong" || kind === "late") notice.append(make("button", { type: "button", onclick: again }, "Try again"));
  }
  find("countdown").textContent = secondsLeft === null ? "" : `Your text is kept. Trying again in ${secondsLeft} s.`;
  notice.dataset.kind = kind;
  notice.hidden = false;
}

/** Nothing is wrong any more. */
export function clearNotice() {
  shown = "";
  find("notice").hidden = true;
  find("notice").replaceChildren();
}

function keyForm(again) {
  const field = make("input", { type: "password", id: "key", autocomplete: "off" });
  const button = make("button", {}, "Use it");
  const form = make("form", { className: "row" }, make("label", { htmlFor: "key" }, "Key "), field, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setKey(field.value.trim());
    shown = ""; // said again where the key is a wrong one
    field.disabled = button.disabled = true; // until then: a late answer to this key would wipe out the next one
    again();
  });
  return form;
}
