// What people changed.

import { attempt, fill, h, moment } from "./dom.js";
import { get } from "./server.js";

/** The lines of an entry by region: what stands before the regions is the camera's own. */
function byRegion(text) {
  const parts = new Map();
  let name = "";
  for (const line of text.split("\n")) {
    const start = line.match(/^\s*-\s*(?:name:\s*(.*)|(\{.*name:\s*("[^"]*"|[^,}]*).*))$/);
    if (start) name = `region ${(start[1] ?? start[3]).replace(/^"|"$/g, "")}`;
    if (!parts.has(name)) parts.set(name, []);
    if (line.trim()) parts.get(name).push(line.trim().replace(/^- /, ""));
  }
  return parts;
}

/** Lines that went and lines that came, of each region that changed. */
function difference(before, after) {
  const [old, fresh] = [byRegion(before), byRegion(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((name) => {
    const [was, is] = [old.get(name) ?? [], fresh.get(name) ?? []];
    const lines = [...was.filter((line) => !is.includes(line)).map((line) => h("del", {}, line)), ...is.filter((line) => !was.includes(line)).map((line) => h("ins", {}, line))];
    return lines.length && name ? [h("strong", {}, name), ...lines] : lines;
  });
}

export async function open(place) {
  const list = h("tbody", {}), more = h("button", { type: "button", onclick: () => attempt(load) }, "Earlier ones");
  let before;
  place.append(h("div", { class: "bar" }, h("h2", {}, "What people changed"), h("a", { href: "/api/audit.csv", download: "flawd-changes.csv" }, "The last 10,000 as a table (CSV)")),
    h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ["When", "Who", "What", "Of", "Change"].map((text) => h("th", { scope: "col" }, text)))), list)), more);

  async function load() {
    const entries = await get("/api/audit", { before });
    before = entries.at(-1)?.id;
    more.hidden = entries.length < 100;
    list.append(...entries.map((entry) => {
      const change = h("td", { class: "change" });
      fill(change, difference(entry.before, entry.after));
      return h("tr", {}, h("td", {}, moment(entry.utc_ns)), h("td", {}, entry.who), h("td", {}, entry.action), h("td", {}, entry.subject), change);
    }));
    if (!list.children.length) list.append(h("tr", {}, h("td", { colspan: 5, class: "empty" }, "Nobody has changed anything yet.")));
  }

  await attempt(load);
  return () => {};
}
