// The page's frame: which view is shown.

import { attempt, h, notice } from "./dom.js";
import { refreshSession } from "./server.js";

const views = { live: "./live.js", regions: "./regions.js", limits: "./limits.js", review: "./review.js", audit: "./audit.js" };
const main = document.getElementById("main");
let leave, shown = location.hash, showing = 0;

/** An address that somebody typed may be no code at all. */
function decoded(text) { try { return decodeURIComponent(text); } catch { return text; } }

/** `#review/12`: the view and what it is to show. */
async function show() {
  if (location.hash === "#main") { main.focus(); return; }
  if (leave?.isDirty?.() && !confirm("What was changed here is not saved. Leave it?")) { history.replaceState(null, "", shown || "#"); return; }
  shown = location.hash;
  const number = ++showing;
  const [name, ...rest] = location.hash.slice(1).split("/");
  const view = views[name] ? name : "live";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  leave?.();
  leave = undefined;
  main.replaceChildren();
  let open;
  try { ({ open } = await import(views[view])); } catch { notice("This view could not be loaded: flawd does not answer", true); return; }
  if (number !== showing) return;
  const place = h("div", { class: `view ${view}` });
  main.replaceChildren(place);
  const done = await attempt(() => open(place, decoded(rest.join("/"))));
  if (number === showing) leave = done; else done?.();
}

addEventListener("hashchange", show);
// Somebody who has just logged in sees more; what is being drawn stays.
addEventListener("flawd-session", () => { if (!leave?.isDirty?.()) show(); });
attempt(refreshSession);
show();
