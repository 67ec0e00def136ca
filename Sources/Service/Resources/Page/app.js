// The page's frame: which view is shown.

import { attempt, h } from "./dom.js";
import { refreshSession } from "./server.js";

const views = { live: "./live.js", regions: "./regions.js", limits: "./limits.js", review: "./review.js", audit: "./audit.js" };
const main = document.getElementById("main");
let leave, showing = 0;

/** `#review/12`: the view and what it is to show. */
async function show() {
  if (location.hash === "#main") { main.focus(); return; }
  const number = ++showing;
  const [name, ...rest] = decodeURIComponent(location.hash.slice(1)).split("/");
  const view = views[name] ? name : "live";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  leave?.();
  leave = undefined;
  main.replaceChildren();
  const { open } = await import(views[view]);
  if (number !== showing) return;
  const place = h("div", { class: `view ${view}` });
  main.replaceChildren(place);
  const done = await attempt(() => open(place, rest.join("/")));
  if (number === showing) leave = done; else done?.();
}

addEventListener("hashchange", show);
attempt(refreshSession);
show();
