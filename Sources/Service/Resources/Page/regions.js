// Regions drawn on a frame, tried with the real model, and saved into the region file.

import { attempt, badge, colours, h, moment, notice, short } from "./dom.js";
import { Drawing } from "./drawing.js";
import { defectMasks, entryOf, paint } from "./masks.js";
import { address, get, post } from "./server.js";

const limitFields = [["fail_score", "Fail score", "0 to 1"], ["review_score", "Review score", "0 to 1"], ["max_defects", "Defects allowed", "a number"],
  ["min_area_px", "Smallest defect, px", "px"], ["min_area_mm2", "Smallest defect, mm²", "mm²"], ["max_area_px", "Largest defect, px", "px"], ["max_area_mm2", "Largest defect, mm²", "mm²"],
  ["min_agreement", "Least agreement", "0 to 1"]];
const copy = (value) => JSON.parse(JSON.stringify(value));

class Editor {
  constructor(place) {
    this.place = place;
    this.history = [];
    this.chosen = 0;
    this.canvas = h("canvas", { width: 640, height: 480 });
    this.drawing = new Drawing({
      size: () => this.entry?.reference_size ?? [this.canvas.width, this.canvas.height],
      items: () => this.entry?.regions ?? [],
      selected: () => this.chosen,
      onselect: (index) => { this.chosen = index; this.render(); },
      onchange: (shape, points, isDone) => this.reshape(shape, points, isDone),
    });
    this.camera = h("select", { id: "camera", onchange: () => attempt(() => this.choose(this.camera.value)) });
    this.stage = h("div", { class: "stage" }, this.canvas, this.drawing.element);
    this.tools = h("div", { class: "bar", role: "toolbar", "aria-label": "Tools" });
    this.form = h("div", { class: "form" });
    this.answer = h("div", { class: "answer", role: "status" });
    this.past = h("details", { ontoggle: () => this.past.open && attempt(() => this.showHistory()) }, h("summary", {}, "Earlier region files"));
    place.append(h("div", { class: "bar" }, h("label", { for: "camera" }, "Camera "), this.camera,
      h("button", { type: "button", onclick: () => attempt(() => this.freeze()) }, "Take the newest frame"),
      h("button", { type: "button", class: "main", onclick: () => attempt(() => this.preview()) }, "Preview"),
      h("button", { type: "button", class: "main", onclick: () => attempt(() => this.save()) }, "Save"),
      h("button", { type: "button", onclick: () => this.undo() }, "Undo")), this.tools,
    h("div", { class: "split" }, h("div", {}, this.stage, this.answer), this.form), this.past);
    this.onkey = (event) => { if (event.key === "z" && (event.ctrlKey || event.metaKey) && event.target.tagName !== "INPUT") { event.preventDefault(); this.undo(); } };
    addEventListener("keydown", this.onkey);
    this.observer = new ResizeObserver(() => this.drawing.render());
    this.observer.observe(this.stage);
  }

  close() { removeEventListener("keydown", this.onkey); this.observer.disconnect(); }

  async start(wanted) {
    await this.load();
    const cameras = (await get("/status")).cameras.map(({ camera }) => camera), named = this.file.cameras.map(({ camera }) => camera).filter((name) => !name.endsWith("*"));
    const all = [...new Set([...cameras, ...named])].sort();
    this.camera.replaceChildren(...all.map((name) => h("option", { value: name }, name)));
    if (!all.length) { this.answer.textContent = "No camera has sent a frame, and the region file names none."; return; }
    this.camera.value = all.includes(wanted) ? wanted : all[0];
    await this.choose(this.camera.value);
  }

  async load() {
    this.file = await get("/api/regions");
    if (this.file.obstacle) notice(this.file.obstacle, true);
  }

  async choose(camera) {
    const found = entryOf(camera, this.file.cameras);
    // Without an entry one of its own begins; a prefix's entry is edited for all that it is meant for.
    this.pattern = found?.camera ?? camera;
    this.entry = found ? copy(found) : { camera, regions: [] };
    this.saved = JSON.stringify(this.entry);
    this.history = [];
    this.chosen = 0;
    this.problems = [];
    this.frame = this.image = undefined;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.answer.replaceChildren();
    this.render();
    await this.freeze();
  }

  async freeze() {
    const camera = this.camera.value;
    let frame;
    try { frame = await post("/api/freeze", { camera }); } catch (error) {
      if (error.status !== 404) throw error;
      this.answer.textContent = "No frame of this camera is here yet: numbers can be edited, and saved.";
      return;
    }
    if (camera !== this.camera.value) return;
    this.frame = frame;
    if (!this.entry.reference_size) this.entry.reference_size = [this.frame.width, this.frame.height];
    const image = new Image();
    image.src = address("/api/picture", { frozen: this.frame.id });
    await image.decode();
    if (this.frame !== frame) return;
    this.image = image;
    this.canvas.width = image.naturalWidth;
    this.canvas.height = image.naturalHeight;
    this.canvas.getContext("2d").drawImage(image, 0, 0);
    this.render();
  }

  // Changing

  remember() { this.history.push({ entry: copy(this.entry), chosen: this.chosen }); if (this.history.length > 200) this.history.shift(); }

  undo() {
    const last = this.history.pop();
    if (!last) { notice("Nothing to undo"); return; }
    Object.assign(this, last);
    this.render();
  }

  change(body) { this.remember(); body(this.entry); this.render(); }

  reshape(shape, points, isDone) {
    const region = this.entry.regions[this.chosen];
    if (!region) return;
    if (!this.isReshaping) { this.remember(); this.isReshaping = true; }
    region.shape = shape;
    region.points = points?.length ? points : undefined;
    if (region.points && region.prompt !== "points" && region.prompt !== "box") region.prompt = "points";
    if (isDone) { this.isReshaping = false; this.render(); } else { this.drawing.render(); this.measures?.(); }
  }

  add(tool) {
    let number = this.entry.regions.length + 1;
    while (this.entry.regions.some((region) => region.name === `region${number}`)) number += 1;
    const [width, height] = this.drawing.size();
    const shape = tool === "frame" ? { frame: true } : { box: [0.3, 0.3, 0.7, 0.7].map((part, index) => Math.round(part * (index % 2 ? height : width))) };
    this.change((entry) => { entry.regions.push({ name: `region${number}`, shape, prompt: "box", view: "crop", limits: { fail_score: 0.6, review_score: 0.4 } }); this.chosen = entry.regions.length - 1; });
    if (tool !== "frame") this.drawing.use(tool);
    notice({ box: "Drag a box over the picture", ellipse: "Drag an ellipse over the picture", polygon: "Click the corners; a double click or Enter closes the polygon", frame: "The region is the whole frame" }[tool]);
  }

  // Asking flawd

  async preview() {
    if (!this.frame) { notice("There is no frame to try it on", true); return; }
    this.answer.replaceChildren("Asking the model…");
    const trial = await this.refusable(() => post("/api/preview", { frozen: this.frame.id, entry: this.entry }));
    if (!trial) { this.answer.replaceChildren(); return; }
    this.canvas.getContext("2d").drawImage(this.image, 0, 0);
    paint(this.canvas, defectMasks(trial.regions), colours.mask);
    if (trial.draft) paint(this.canvas, [trial.draft], colours.draft, { outline: true });
    this.answer.replaceChildren(h("p", {}, badge(trial.verdict), ` in ${short(trial.milliseconds, 0)} ms${trial.detail ? `: ${trial.detail}` : ""}`),
      h("ul", {}, trial.regions.map((region) => h("li", {}, badge(region.verdict), ` ${region.name}: score ${short(region.score)}, agreement ${short(region.agreement)}, `,
        region.defects.length ? `defects of ${region.defects.slice(0, 5).map((defect) => `${defect.area_px} px${defect.area_mm2 ? ` (${short(defect.area_mm2)} mm²)` : ""}`).join(", ")}` : "no defect",
        region.because.length ? h("small", {}, ` — ${region.because.join("; ")}`) : null))));
  }

  async save() {
    const saved = await this.refusable(() => post("/api/regions/save", { camera: this.pattern, entry: this.entry, base: this.file.revision }));
    if (!saved) return;
    this.file = saved.regions;
    this.saved = JSON.stringify(this.entry);
    notice(`Saved, and in force as revision ${saved.revision.slice(0, 12)}${saved.keepsText ? "" : "; its comments could not be kept (the earlier file is below)"}`);
    if (this.past.open) await this.showHistory();
    this.render();
  }

  /** What is wrong shows at its field. */
  async refusable(work) {
    this.problems = [];
    try { return await work(); } catch (error) {
      this.problems = error.findings ?? [];
      notice(error.message, true);
      return undefined;
    } finally {
      this.render();
      this.form.querySelector("[aria-invalid=true]")?.focus();
    }
  }

  async showHistory() {
    const list = await get("/api/regions/history");
    this.past.replaceChildren(this.past.querySelector("summary"), h("ul", {}, list.map((item) => h("li", {}, `${moment(item.since_utc_ns)} · ${item.revision.slice(0, 12)} `,
      h("a", { href: address("/api/regions/text", { revision: item.revision }), target: "_blank", rel: "noopener" }, "look"), " ",
      item.in_force ? h("strong", {}, "in force") : h("button", { type: "button", onclick: () => attempt(async () => {
        this.file = (await post("/api/regions/restore", { revision: item.revision })).regions;
        await this.choose(this.camera.value);
        await this.showHistory();
        notice(`Revision ${item.revision.slice(0, 12)} is in force again`);
      }) }, "put in force again")))));
  }

  // Showing

  problemOf(path) {
    return this.problems?.filter(({ key }) => { const at = key.indexOf(".regions["); const rest = at < 0 ? key.split(".").pop() : key.slice(at + 1); return rest === path; }).map(({ problem }) => problem).join("; ");
  }

  field(path, label, control) {
    const id = `field-${path.replace(/\W/g, "-")}`, problem = this.problemOf(path);
    control.id = id;
    if (problem) { control.setAttribute("aria-invalid", "true"); control.setAttribute("aria-describedby", `${id}-problem`); }
    return h("div", { class: "field" }, h("label", { for: id }, label), control, problem ? h("p", { class: "problem", id: `${id}-problem` }, problem) : null);
  }

  number(path, label, value, set, hint) {
    return this.field(path, label, h("input", { type: "text", inputmode: "decimal", value: value ?? "", placeholder: hint ?? "", onchange: (event) => {
      const text = event.target.value.trim().replace(",", ".");
      // What is no number goes to flawd as it is, which says what would be right.
      this.change(() => set(text === "" ? undefined : Number.isFinite(Number(text)) ? Number(text) : text));
    } }));
  }

  render() {
    if (!this.entry) return;
    const region = this.entry.regions[this.chosen], key = `regions[${this.chosen}]`;
    const tool = (name, text, disabled) => h("button", { type: "button", disabled, onclick: () => this.drawing.use(name) }, text);
    this.tools.replaceChildren(...["box", "ellipse", "polygon", "frame"].map((name) => h("button", { type: "button", onclick: () => this.add(name) }, name === "frame" ? "+ whole frame" : `+ ${name}`)),
      tool("foreground", "+ defect point", !region), tool("background", "+ background point", !region),
      h("span", { class: "facts" }, JSON.stringify(this.entry) === this.saved ? "as in the file" : "changed, not saved"));
    const general = [this.field("reference_size", "Drawn on, px", h("input", { type: "text", value: this.entry.reference_size?.join(" × ") ?? "", onchange: (event) => this.change((entry) => {
      const numbers = event.target.value.match(/\d+/g)?.map(Number);
      entry.reference_size = numbers?.length === 2 ? numbers : undefined;
    }) })), this.number("pixels_per_mm", "Pixels in one mm", this.entry.pixels_per_mm, (value) => { this.entry.pixels_per_mm = value; }, "unknown")];
    const list = h("ul", { class: "regions" }, this.entry.regions.map((item, index) => h("li", {}, h("button", { type: "button", "aria-pressed": String(index === this.chosen), onclick: () => { this.chosen = index; this.render(); } }, item.name))));
    this.form.replaceChildren(h("h2", {}, this.pattern === this.camera.value ? this.pattern : `${this.pattern}, which is meant for ${this.camera.value}, too`), ...general, h("h3", {}, "Regions"), list, ...(region ? this.regionFields(region, key) : [h("p", { class: "empty" }, "Add a region with the buttons above.")]));
    const general2 = this.problems?.filter(({ key: at }) => !at || at.endsWith("regions")).map(({ problem }) => h("p", { class: "problem" }, problem)) ?? [];
    this.form.append(...general2);
    this.drawing.render();
  }

  regionFields(region, key) {
    const choice = (name, label, values) => this.field(`${key}.${name}`, label, h("select", { onchange: (event) => this.change(() => {
      region[name] = event.target.value;
      // What the other prompts have no use for is refused.
      if (name === "prompt" && region.prompt !== "grid") region.grid = undefined;
      if (name === "prompt" && (region.prompt === "grid" || region.prompt === "auto")) region.points = undefined;
    }) },
      values.map(([value, text]) => h("option", { value, selected: region[name] === value }, text))));
    const size = h("p", { class: "facts" });
    this.measures = () => {
      const bounds = region.shape.box ? [region.shape.box[2] - region.shape.box[0], region.shape.box[3] - region.shape.box[1]] : region.shape.ellipse ? [2 * region.shape.ellipse[2], 2 * region.shape.ellipse[3]]
        : region.shape.polygon ? [0, 1].map((axis) => Math.max(...region.shape.polygon.map((p) => p[axis])) - Math.min(...region.shape.polygon.map((p) => p[axis]))) : this.entry.reference_size ?? [0, 0];
      const scale = Number(this.entry.pixels_per_mm);
      size.textContent = `${short(bounds[0], 1)} × ${short(bounds[1], 1)} px${scale > 0 ? `, ${short(bounds[0] / scale, 2)} × ${short(bounds[1] / scale, 2)} mm` : ""}`;
    };
    this.measures();
    const [kind] = Object.keys(region.shape), numbers = region.shape.box ?? region.shape.ellipse;
    const shape = numbers ? this.field(`${key}.shape.${kind}`, kind === "box" ? "Left, top, right, bottom" : "Centre x, y, radius x, y", h("input", { type: "text", value: numbers.join(", "), onchange: (event) => {
      const found = event.target.value.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
      this.change(() => { region.shape = { [kind]: found }; });
    } })) : this.field(`${key}.shape.${kind}`, "Shape", h("input", { type: "text", value: kind === "frame" ? "whole frame" : `polygon of ${region.shape.polygon.length} points`, disabled: true }));
    region.limits ??= {};
    return [this.field(`${key}.name`, "Name", h("input", { type: "text", value: region.name, onchange: (event) => this.change(() => { region.name = event.target.value; }) })), shape, size,
      choice("prompt", "Asks the model by", [["box", "its box"], ["points", "its points"], ["grid", "a grid of points"], ["auto", "its box, then what that finds"]]),
      choice("view", "Shows the model", [["crop", "the region alone, enlarged"], ["frame", "the whole frame"]]),
      ...(region.points?.length ? [h("p", { class: "facts" }, `${region.points.length} points `, h("button", { type: "button", onclick: () => this.change(() => { region.points = undefined; }) }, "take them away"))] : []),
      h("h3", {}, "Limits"), ...limitFields.map(([name, label, hint]) => this.number(`${key}.limits.${name}`, label, region.limits[name], (value) => { region.limits[name] = value; }, hint)),
      h("p", { class: "bar" }, h("a", { href: `#limits/${this.camera.value}` }, "Limits by evidence"),
        h("button", { type: "button", onclick: () => this.change((entry) => { entry.regions.splice(this.chosen, 1); this.chosen = Math.max(0, this.chosen - 1); }) }, "Remove this region"))];
  }
}

export async function open(place, camera) {
  const editor = new Editor(place);
  try { await editor.start(camera); } catch (error) { notice(error.message, true); }
  return () => editor.close();
}
