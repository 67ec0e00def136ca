// What people changed.

import { attempt, fill, h, moment } from "./dom.js";
import { get } from "./server.js";

/** The lines of an entry, or of a whole file, each with the camera and the region that it stands in. */
function placed(text) {
  const lines = text.split("\n").filter((line) => line.trim()), start = lines.findIndex((line) => /^cameras:/.test(line));
  const indent = (line) => line.match(/^ */)[0].length;
  // In a whole file cameras are what stands least deep below `cameras:`.
  const depth = start < 0 ? -1 : Math.min(...lines.slice(start + 1).filter((line) => indent(line) > 0 && !/^\s*#/.test(line)).map(indent));
  let camera = "", region = "";
  return lines.map((line, index) => {
    if (start >= 0 && index > start && indent(line) === depth && !/^\s*[-#]/.test(line)) [camera, region] = [line.trim().replace(/:(\s.*)?$/, "").replace(/^["']|["']$/g, ""), ""];
    const name = line.match(/^\s*-\s*(?:name:\s*(.*)|\{.*?name:\s*("[^"]*"|[^,}]*).*)$/);
    if (name) region = (name[1] ?? name[2]).trim().replace(/^"|"$/g, "");
    return { text: line.trim().replace(/^- /, ""), place: [camera, region && `region ${region}`].filter(Boolean).join(", ") };
  });
}

const most = 4_000_000;

/** [sign, line] of each line that went or came, in the order of the texts (longest common subsequence). */
function changes(was, is) {
  const same = (a, b) => a.text === b.text && a.place === b.place;
  let begin = 0, end = 0;
  while (begin < was.length && begin < is.length && same(was[begin], is[begin])) begin += 1;
  while (end < was.length - begin && end < is.length - begin && same(was.at(-1 - end), is.at(-1 - end))) end += 1;
  const [old, fresh] = [was.slice(begin, was.length - end), is.slice(begin, is.length - end)];
  const gone = (line) => ["del", line], come = (line) => ["ins", line];
  if (old.length * fresh.length > most) return [...old.map(gone), ...fresh.map(come)];
  const width = fresh.length + 1, common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      common[i * width + j] = same(old[i], fresh[j]) ? common[(i + 1) * width + j + 1] + 1 : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && same(old[i], fresh[j])) [i, j] = [i + 1, j + 1];
    else if (i < old.length && (j === fresh.length || common[(i + 1) * width + j] >= common[i * width + j + 1])) found.push(gone(old[i++]));
    else found.push(come(fresh[j++]));
  }
  return found;
}

/** Lines that went and lines that came, under the camera and the region that they are of. */
function difference(before, after) {
  let place = "";
  return changes(placed(before), placed(after)).flatMap(([sign, line]) => {
    const heading = line.place === place ? [] : [h("strong", {}, line.place || "the file itself")];
    place = line.place;
    return [...heading, h(sign, {}, line.text)];
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
