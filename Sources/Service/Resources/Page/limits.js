// Limits by evidence: what a region measured on recent frames, and what other limits would have made of it.

import { attempt, colours, fill, h, notice, short } from "./dom.js";
import { entryOf } from "./masks.js";
import { get, knownCameras, post, saveEntry } from "./server.js";

const kinds = [["defective", "marked defective", colours.fail], ["good", "marked good", colours.pass], ["unmarked", "not reviewed", "#9a9a9a"]];
const [height, bins] = [140, 60];
/** To hundredths at most, without what binary makes of them. */
const inSteps = (value, step) => Number((Math.round(value / step) * step).toFixed(2));

/** A histogram with lines that can be dragged; `limits`: [{name, value, onchange}]. */
function histogram(title, frames, value, { width, max, text, limits }) {
  const counts = Array.from({ length: bins }, () => ({ defective: 0, good: 0, unmarked: 0 }));
  for (const frame of frames) counts[Math.min(bins - 1, Math.floor(value(frame) / max * bins))][frame.truth ?? "unmarked"] += 1;
  // Few marked frames among thousands must still be seen.
  const highest = Math.max(1, ...counts.map((bin) => Math.sqrt(bin.defective) + Math.sqrt(bin.good) + Math.sqrt(bin.unmarked)));
  const tall = (count) => (count ? Math.max(2, Math.sqrt(count) / highest * height) : 0);
  const chart = h("svg", { viewBox: `0 0 ${width} ${height + 18}`, class: "histogram", role: "img", "aria-label": title });
  counts.forEach((bin, index) => {
    let top = height;
    for (const [kind, , colour] of kinds) {
      const part = tall(bin[kind]);
      top -= part;
      if (part) chart.append(h("rect", { x: index * width / bins, y: top, width: width / bins - 1, height: part, fill: colour }, h("title", {}, `${text(index / bins * max)} to ${text((index + 1) / bins * max)}: ${bin[kind]} ${kind}`)));
    }
  });
  for (const part of [0, 0.25, 0.5, 0.75, 1]) chart.append(h("text", { x: Math.min(part * width, width - 30), y: height + 14, class: "axis" }, text(part * max)));
  for (const limit of limits.filter(({ value: at }) => Number.isFinite(at))) {
    const x = Math.min(limit.value / max, 1) * width, line = h("g", { class: "limit" }, h("line", { x1: x, x2: x, y1: 0, y2: height }), h("rect", { x: x - 14, y: 0, width: 28, height, class: "grip" }), h("text", { x: Math.min(x + 4, width - 90), y: 12 }, limit.name));
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      // The chart is drawn anew with each step, where it was.
      const frame = chart.getBoundingClientRect(), ending = new AbortController();
      addEventListener("pointermove", (move) => limit.onchange(Math.max(0, Math.min(1, (move.clientX - frame.left) / frame.width)) * max), ending);
      for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { ending.abort(); limit.onchange(null); }, ending);
    });
    chart.append(line);
  }
  return h("figure", {}, h("figcaption", {}, title), chart);
}

export async function open(place, wanted) {
  const camera = h("select", { id: "limit-camera" }), region = h("select", { id: "limit-region" }), charts = h("div", {}), result = h("div", { class: "answer", role: "status" }), fields = h("div", { class: "fields" });
  place.append(h("div", { class: "bar" }, h("label", { for: "limit-camera" }, "Camera "), camera, h("label", { for: "limit-region" }, " Region "), region,
    h("button", { type: "button", class: "main", onclick: () => attempt(save) }, "Save these limits")),
  result, h("p", { class: "legend" }, ...kinds.flatMap(([, text, colour]) => [h("svg", { viewBox: "0 0 10 10", class: "key" }, h("rect", { width: 10, height: 10, fill: colour })), ` ${text} `])), charts, fields);
  const remarks = h("p", { class: "facts", role: "status" });
  charts.before(remarks);
  // What was chosen last: where somebody does not want to leave it, the lists go back there.
  const chosen = { camera: "", region: "" };
  let file, entry, saved, frames = [], left = 0, scale = 1, limits, waiting, leaving = false;

  const isDirty = () => Boolean(entry) && JSON.stringify(entry) !== saved;
  const mayLeave = () => !isDirty() || confirm("These limits are not saved. Leave them?");

  async function load(name) {
    file = await get("/api/regions");
    const cameras = (await knownCameras(file)).filter((item) => entryOf(item, file.cameras));
    camera.replaceChildren(...cameras.map((item) => h("option", { value: item }, item)));
    if (!cameras.length) { charts.textContent = "The region file names no camera, and none that it is meant for has sent a frame."; return; }
    camera.value = cameras.includes(name) ? name : cameras[0];
    await chooseCamera();
  }

  async function chooseCamera() {
    chosen.camera = camera.value;
    entry = JSON.parse(JSON.stringify(entryOf(camera.value, file.cameras)));
    region.replaceChildren(...entry.regions.map(({ name }) => h("option", { value: name }, name)));
    await chooseRegion();
  }

  async function chooseRegion() {
    chosen.region = region.value;
    // What was tried on another region is not saved with this one's.
    entry = JSON.parse(JSON.stringify(entryOf(camera.value, file.cameras)));
    saved = JSON.stringify(entry);
    limits = entry.regions.find(({ name }) => name === region.value).limits;
    ({ frames, left_out: left, area_scale: scale } = await get("/api/evidence", { camera: camera.value, region: region.value }));
    draw();
    await judge();
  }

  const control = (name, text, max, step) => {
    const label = h("label", { for: `limit-${name}`, "data-text": text }, `${text}: ${short(limits[name] ?? 0)}`);
    const range = h("input", { type: "range", id: `limit-${name}`, min: 0, max, step, value: limits[name] ?? 0, oninput: () => {
      give(name, Number(range.value));
      drawCharts();
      later();
    } });
    return h("div", { class: "field" }, label, range);
  };

  /** One score pushes the other before it: review lies below fail. */
  function give(name, value) {
    limits[name] = value;
    if (name === "fail_score" && limits.review_score > value) limits.review_score = value;
    if (name === "review_score" && limits.fail_score < value) limits.fail_score = value;
    // Without any: a limit of nothing would let no defect be.
    if (/_area_/.test(name) && value === 0) limits[name] = undefined;
    for (const range of fields.querySelectorAll("input")) {
      const value = limits[range.id.slice(6)] ?? 0, label = range.previousSibling;
      if (Number(range.value) !== value) range.value = value;
      label.textContent = `${label.dataset.text}: ${short(value)}`;
    }
  }

  const isSmaller = (name) => (limits[name] ?? 0) < (JSON.parse(saved).regions.find((item) => item.name === region.value)?.limits[name] ?? 0);
  const largest = () => Math.max(10, ...frames.map((frame) => frame.area));

  function draw() {
    fill(remarks, left ? `${left.toLocaleString()} frames are left out: another model judged them, or the region was drawn or shown to the model otherwise. ` : null);
    if (!frames.length) { charts.textContent = "The journal has no frame that was inspected by this region as it is now."; fields.replaceChildren(); return; }
    drawCharts();
    const areaControl = (which, text, note) => { const { key, unit, step, word } = areaLimit(which); return control(key, `${text}, ${word}${note}`, inSteps(largest() / unit + step, step), step); };
    fields.replaceChildren(control("review_score", "Review score", 1, 0.005), control("fail_score", "Fail score", 1, 0.005), areaControl("min", "Smallest defect", ""), areaControl("max", "Largest defect", " (0: any)"));
  }

  /** A limit of area: in mm² where the file has it so. `unit`: a frame's pixels in one. */
  function areaLimit(which) {
    const inMm = limits[`${which}_area_mm2`] !== undefined && entry.pixels_per_mm > 0;
    return inMm ? { key: `${which}_area_mm2`, unit: scale * entry.pixels_per_mm ** 2, step: 0.01, word: "mm²" } : { key: `${which}_area_px`, unit: scale, step: 1, word: "px" };
  }

  function drawCharts() {
    const width = Math.max(280, charts.clientWidth - 30);
    const score = (name, key) => ({ name, value: limits[key], onchange: (value) => { if (value === null) { later(); return; } give(key, Math.round(value * 1000) / 1000); draw(); later(); } });
    const area = (name, which) => {
      const { key, unit, step } = areaLimit(which);
      return { name, value: limits[key] * unit, onchange: (value) => { if (value === null) { later(); return; } give(key, inSteps(value / unit, step)); draw(); later(); } };
    };
    charts.replaceChildren(
      histogram(`Score of ${frames.length} frames (height: square root of the number)`, frames, (frame) => frame.score, { width, max: 1, text: (value) => short(value, 2), limits: [score("review", "review_score"), score("fail", "fail_score")] }),
      histogram("Largest defect, px", frames.filter((frame) => frame.area > 0), (frame) => frame.area, { width, max: largest(), text: (value) => short(value, 0), limits: [area("smallest", "min"), area("largest", "max")] }));
  }

  function later() { clearTimeout(waiting); waiting = setTimeout(() => attempt(judge), 150); }

  async function judge() {
    if (!frames.length || leaving) { result.replaceChildren(); return; }
    const outcome = await post("/api/evidence/outcome", { camera: camera.value, region: region.value, entry });
    const rate = (text, { count, of, interval }) => h("tr", {}, h("th", { scope: "row" }, text), h("td", {}, of ? `${count} of ${of}` : "–"), h("td", {}, of ? `${short(100 * interval.lower, 1)} to ${short(100 * interval.upper, 1)}%` : "mark frames in Review"));
    result.replaceChildren(h("table", {}, h("caption", {}, `Of ${outcome.frames} frames this region would with these limits have given`), h("thead", {}, h("tr", {}, ["", "frames", "95% interval"].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ["pass", "review", "fail"].map((word) => h("tr", {}, h("th", { scope: "row" }, word), h("td", {}, outcome.verdicts[word] ?? 0), h("td", {}, ""))), rate("Escapes (defective parts that pass)", outcome.escapes), rate("Overkill (good parts that do not)", outcome.overkill))),
      // Smaller ones were never listed.
      isSmaller("min_area_px") || isSmaller("min_area_mm2") ? h("p", { class: "facts" }, "Defects below the smallest size that was in force are in no verdict: with a smaller one more parts may fail than is said here.") : "");
  }

  async function save() {
    if (!entry) return;
    const answer = await saveEntry(file, entry.camera, entry);
    file = answer.regions;
    saved = JSON.stringify(entry);
    notice(`Saved, and in force as revision ${answer.revision.slice(0, 12)}`);
  }

  camera.onchange = () => { if (mayLeave()) attempt(chooseCamera); else camera.value = chosen.camera; };
  region.onchange = () => { if (mayLeave()) attempt(chooseRegion); else region.value = chosen.region; };
  const asking = new AbortController();
  addEventListener("beforeunload", (event) => { if (isDirty()) event.preventDefault(); }, asking);
  await attempt(() => load(wanted));
  return Object.assign(() => { leaving = true; clearTimeout(waiting); asking.abort(); }, { isDirty });
}
