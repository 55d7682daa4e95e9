// The page about the API: this server's address in every snippet, and a button that copies it.

import { make } from "./dom.js";

/** The address that the snippets are written with. */
const WRITTEN = "http://127.0.0.1:8000";
/** Where this server is, a proxy's path with it. */
const HERE = new URL(".", document.baseURI).href.slice(0, -1);

for (const snippet of document.querySelectorAll(".snippet")) {
  const code = snippet.querySelector("pre");
  code.textContent = code.textContent.replaceAll(WRITTEN, HERE);
  const button = make("button", { type: "button", ariaLabel: `Copy: ${code.ariaLabel}` }, "Copy");
  const status = make("span", { className: "unseen", role: "status" });
  button.addEventListener("click", async () => {
    button.textContent = (await copied(code)) ? "Copied" : "Selected: press Ctrl+C";
    status.textContent = button.textContent;
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  snippet.append(button, status);
}

/** Copy; where the browser does not let a page do that (no TLS, no permission), select instead. */
async function copied(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return false;
  }
}
