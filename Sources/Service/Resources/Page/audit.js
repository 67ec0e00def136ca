// What people changed.

import { attempt, h, moment } from "./dom.js";
import { get } from "./server.js";

/** Lines that went and lines that came; what is in both is left out. */
function difference(before, after) {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  return [...old.filter((line) => line && !fresh.includes(line)).map((line) => h("del", {}, line)), ...fresh.filter((line) => line && !old.includes(line)).map((line) => h("ins", {}, line))];
}

export async function open(place) {
  const list = h("tbody", {}), more = h("button", { type: "button", onclick: () => attempt(load) }, "Earlier ones");
  let before;
  place.append(h("div", { class: "bar" }, h("h2", {}, "What people changed"), h("a", { href: "/api/audit.csv", download: "flawd-changes.csv" }, "All of it as a table (CSV)")),
    h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ["When", "Who", "What", "Of", "Change"].map((text) => h("th", { scope: "col" }, text)))), list)), more);

  async function load() {
    const entries = await get("/api/audit", { before });
    before = entries.at(-1)?.id;
    more.hidden = entries.length < 100;
    list.append(...entries.map((entry) => h("tr", {}, h("td", {}, moment(entry.utc_ns)), h("td", {}, entry.who), h("td", {}, entry.action), h("td", {}, entry.subject), h("td", { class: "change" }, difference(entry.before, entry.after)))));
    if (!list.children.length) list.append(h("tr", {}, h("td", { colspan: 5, class: "empty" }, "Nobody has changed anything yet.")));
  }

  await attempt(load);
  return () => {};
}
