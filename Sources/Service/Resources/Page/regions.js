// Regions drawn on a frame, tried with the real model, and saved into the region file.

import { attempt, badge, colours, fill, h, moment, notice, short } from "./dom.js";
import { Drawing } from "./drawing.js";
import { defectMasks, entryOf, paint } from "./masks.js";
import { address, get, knownCameras, post, saveEntry } from "./server.js";

const limitFields = [["fail_score", "Fail score", "0 to 1"], ["review_score", "Review score", "0 to 1"], ["max_defects", "Defects allowed", "0"],
  ["min_area_px", "Smallest defect, px", "any"], ["min_area_mm2", "Smallest defect, mm²", "any"], ["max_area_px", "Largest defect, px", "any"], ["max_area_mm2", "Largest defect, mm²", "any"],
  ["min_agreement", "Least agreement of draft and refined mask", "any"]];
const shapeHints = { box: "Drag a box over the picture", ellipse: "Drag an ellipse over the picture", polygon: "Press at each corner; the first one again, Enter or “Close” ends it", frame: "The region is the whole frame" };
const copy = (value) => JSON.parse(JSON.stringify(value));
const numbersIn = (text) => text.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
const inGroups = (numbers, size) => Array.from({ length: Math.ceil(numbers.length / size) }, (_, index) => numbers.slice(index * size, (index + 1) * size));

class Editor {
  constructor(place) {
    this.history = [];
    this.chosen = 0;
    this.problems = [];
    this.canvas = h("canvas", { width: 640, height: 480, role: "img", "aria-label": "the frame that regions are drawn on" });
    this.drawing = new Drawing({
      size: () => this.entry?.reference_size ?? [this.canvas.width, this.canvas.height],
      items: () => this.entry?.regions ?? [],
      selected: () => this.chosen,
      onselect: (index) => { this.chosen = index; this.later(); },
      onchange: (shape, points, isDone) => this.reshape(shape, points, isDone),
      ontool: (tool, corners) => this.showTools(tool, corners),
    });
    this.camera = h("select", { id: "camera", onchange: () => attempt(() => this.chooseIfWanted()) });
    this.tools = h("div", { class: "bar", role: "toolbar", "aria-label": "Tools" });
    this.form = h("div", { class: "form" });
    this.answer = h("div", { class: "answer", role: "status" });
    this.warning = h("div", { role: "status" });
    this.saving = h("button", { type: "button", class: "main", onclick: () => attempt(() => this.save()) }, "Save");
    this.following = h("input", { type: "checkbox", onchange: () => this.follow() });
    this.past = h("details", { ontoggle: () => this.past.open && attempt(() => this.showHistory()) }, h("summary", {}, "Earlier region files"));
    this.stage = h("div", { class: "stage" }, this.canvas, this.drawing.element);
    place.append(h("div", { class: "bar" }, h("label", { for: "camera" }, "Camera "), this.camera,
      h("button", { type: "button", onclick: () => attempt(() => this.freeze()) }, "Take the newest frame"), h("label", { class: "toggle" }, this.following, "Follow the line"),
      h("button", { type: "button", class: "main", onclick: () => attempt(() => this.preview()) }, "Preview"),
      this.saving, h("button", { type: "button", onclick: () => this.undo() }, "Undo")), this.warning, this.tools, this.answer,
    h("div", { class: "split" }, this.stage, this.form), this.past);
    // A field that loses the focus to a button changes before the button is pressed wholly: what is pressed stays until it is let go.
    this.ending = new AbortController();
    const when = { signal: this.ending.signal, capture: true };
    addEventListener("pointerdown", () => { this.isPressed = true; }, when);
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => { this.isPressed = false; if (this.isWaiting) this.render(); }), when);
    addEventListener("keydown", (event) => { if (event.key === "z" && (event.ctrlKey || event.metaKey) && event.target.tagName !== "INPUT") { event.preventDefault(); this.undo(); } }, when);
    addEventListener("beforeunload", (event) => { if (this.isDirty()) event.preventDefault(); }, when);
    this.observer = new ResizeObserver(() => this.drawing.render());
    this.observer.observe(this.stage);
  }

  close() {
    this.ending.abort();
    this.observer.disconnect();
    clearTimeout(this.next);
    this.isClosed = true;
  }

  isDirty() { return Boolean(this.entry) && JSON.stringify(this.entry) !== this.saved; }

  async start(wanted) {
    await this.load();
    const all = await knownCameras(this.file);
    fill(this.camera, all.map((name) => h("option", { value: name }, name)));
    if (!all.length) { this.answer.textContent = "No camera has sent a frame, and the region file names none."; return; }
    await this.choose(all.includes(wanted) ? wanted : all[0]);
  }

  async load() {
    this.file = await get("/api/regions");
    this.tellProblems();
  }

  /** What keeps the file from being saved, and what is wrong with the one on the disk. */
  tellProblems() {
    fill(this.warning, [this.file.obstacle, this.file.problem && `The file on the disk is not usable, so the one before stays in force: ${this.file.problem}`]
      .filter(Boolean).map((text) => h("p", { class: "problem" }, text)));
    this.saving.disabled = Boolean(this.file.obstacle);
  }

  async chooseIfWanted() {
    const wanted = this.camera.value;
    if (this.isDirty() && !confirm("What was drawn is not saved. Leave it?")) { this.camera.value = this.shown; return; }
    await this.choose(wanted);
  }

  async choose(camera) {
    this.camera.value = this.shown = camera;
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
    const camera = this.shown;
    let frame;
    try { frame = await post("/api/freeze", { camera }); } catch (error) {
      if (error.status !== 404) throw error;
      this.answer.textContent = "No frame of this camera is here yet: numbers can be edited, and saved.";
      return;
    }
    const image = new Image();
    image.src = address("/api/picture", { frozen: frame.id });
    await image.decode();
    if (camera !== this.shown || this.isClosed) return;
    const isClean = !this.isDirty();
    if (!this.entry.reference_size) this.entry.reference_size = [frame.width, frame.height];
    if (isClean) this.saved = JSON.stringify(this.entry);
    this.frame = frame;
    this.put(image);
    this.later();
  }

  put(image) {
    this.image = image;
    this.canvas.width = image.naturalWidth;
    this.canvas.height = image.naturalHeight;
    this.canvas.getContext("2d").drawImage(image, 0, 0);
  }

  /** The picture under the shapes becomes the newest one, again and again; the last one is kept when that ends. */
  follow() {
    clearTimeout(this.next);
    if (!this.following.checked) { attempt(() => this.freeze()); return; }
    const camera = this.shown, image = new Image();
    const again = () => { if (this.following.checked && !this.isClosed) this.next = setTimeout(() => this.follow(), 500); };
    image.onload = () => { if (camera === this.shown && this.following.checked) { this.put(image); this.drawing.render(); } again(); };
    image.onerror = again;
    if (document.hidden) again(); else image.src = address("/api/picture", { camera, at: Date.now() });
  }

  // Changing

  remember() { this.history.push({ entry: copy(this.entry), chosen: this.chosen }); if (this.history.length > 200) this.history.shift(); }

  undo() {
    const last = this.history.pop();
    if (!last) { notice("Nothing to undo"); return; }
    Object.assign(this, last);
    this.render();
  }

  change(body) { this.remember(); body(this.entry); this.later(); }

  reshape(shape, points, isDone) {
    const region = this.entry.regions[this.chosen];
    if (!region) return;
    if (!this.isReshaping) { this.remember(); this.isReshaping = true; }
    region.shape = shape;
    region.points = points?.length ? points : undefined;
    if (region.points && region.prompt !== "points" && region.prompt !== "box") { region.prompt = "points"; region.grid = undefined; }
    if (isDone) { this.isReshaping = false; this.render(); } else { this.drawing.render(); this.measures?.(); }
  }

  add(tool) {
    let number = this.entry.regions.length + 1;
    while (this.entry.regions.some((region) => region.name === `region${number}`)) number += 1;
    const [width, height] = this.drawing.size();
    const shape = tool === "frame" ? { frame: true } : { box: [0.3, 0.3, 0.7, 0.7].map((part, index) => Math.round(part * (index % 2 ? height : width))) };
    this.change((entry) => { entry.regions.push({ name: `region${number}`, shape, prompt: "box", view: "crop", limits: { fail_score: 0.6, review_score: 0.4 } }); this.chosen = entry.regions.length - 1; });
    this.drawing.tool = null;
    if (tool !== "frame") this.drawing.use(tool);
    notice(shapeHints[tool]);
  }

  // Asking flawd

  async preview() {
    if (this.following.checked) { this.following.checked = false; clearTimeout(this.next); await this.freeze(); }
    const { frame, image } = this;
    if (!frame) { notice("There is no frame to try it on", true); return; }
    this.answer.replaceChildren("Asking the model…");
    const trial = await this.refusable(() => post("/api/preview", { frozen: frame.id, camera: this.shown, entry: this.entry }));
    if (!trial || this.image !== image) { this.answer.replaceChildren(); return; }
    this.put(image);
    paint(this.canvas, defectMasks(trial.regions), colours.mask);
    if (trial.draft) paint(this.canvas, [trial.draft], colours.draft, { outline: true });
    fill(this.answer, h("p", {}, badge(trial.verdict), ` in ${short(trial.milliseconds, 0)} ms${trial.detail ? `: ${trial.detail}` : ""}`),
      h("ul", {}, trial.regions.map((region) => h("li", {}, badge(region.verdict), ` ${region.name}: score ${short(region.score)}, agreement ${short(region.agreement)}, `,
        region.defects.length ? `defects of ${region.defects.slice(0, 5).map((defect) => `${defect.area_px} px${defect.area_mm2 ? ` (${short(defect.area_mm2)} mm²)` : ""}`).join(", ")}` : "no defect",
        region.because.length ? h("small", {}, ` — ${region.because.join("; ")}`) : null))));
  }

  async save() {
    const saved = await this.refusable(() => saveEntry(this.file, this.pattern, this.entry.regions.length ? this.entry : undefined));
    if (!saved) return;
    this.file = saved.regions;
    this.tellProblems();
    this.saved = JSON.stringify(this.entry);
    notice(`Saved, and in force as revision ${saved.revision.slice(0, 12)}${saved.keepsText ? "" : "; some of its comments could not be kept (the earlier file is below)"}`);
    if (this.past.open) await this.showHistory();
    this.render();
  }

  /** What is wrong shows at its field. */
  async refusable(work) {
    this.problems = [];
    try { return await work(); } catch (error) {
      this.problems = error.findings ?? [];
      const index = Number(this.problems[0]?.key.match(/\.regions\[(\d+)\]/)?.[1] ?? NaN);
      if (this.entry.regions[index]) this.chosen = index;
      notice(error.message, true);
      return undefined;
    } finally {
      this.render();
      this.form.querySelector("[aria-invalid=true]")?.focus();
    }
  }

  async showHistory() {
    const list = await get("/api/regions/history");
    fill(this.past, this.past.querySelector("summary"), h("ul", {}, list.map((item) => h("li", {}, `${moment(item.since_utc_ns)} · ${item.revision.slice(0, 12)} `,
      h("a", { href: address("/api/regions/text", { revision: item.revision }), target: "_blank", rel: "noopener" }, "look"), " ",
      item.in_force ? h("strong", {}, "in force") : h("button", { type: "button", onclick: () => attempt(async () => {
        if (this.isDirty() && !confirm("What was drawn is not saved. Leave it?")) return;
        this.file = (await post("/api/regions/restore", { revision: item.revision })).regions;
        this.tellProblems();
        await this.choose(this.shown);
        await this.showHistory();
        notice(`Revision ${item.revision.slice(0, 12)} is in force again`);
      }) }, "put in force again")))));
  }

  // Showing

  /** Problems of a field: of its path or of something within it that has no field of its own. Each is shown once. */
  problemOf(path) {
    const within = (key) => key === path || key.startsWith(`${path}[`) || key.startsWith(`${path}.`);
    const mine = this.open.filter(({ at }) => within(at));
    this.open = this.open.filter(({ at }) => !within(at));
    return mine.map(({ at, problem }) => (at === path || at.slice(path.length).match(/^\.(box|ellipse|polygon)$/) ? problem : `${at.slice(path.length).replace(/^\./, "")}: ${problem}`)).join("; ");
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

  text(path, label, value, set) { return this.field(path, label, h("input", { type: "text", value, onchange: (event) => this.change(() => set(event.target.value)) })); }

  /** Draws the form anew, once nothing is being pressed in it. */
  later() {
    this.drawing.render();
    if (this.isPressed) { this.isWaiting = true; return; }
    // A field changes before the focus is where it goes; that field then keeps it.
    setTimeout(() => this.render());
  }

  showTools(tool = this.drawing.tool, corners = this.drawing.corners.length) {
    const region = this.entry?.regions[this.chosen];
    const pointer = (name, text) => h("button", { type: "button", id: `tool-${name}`, disabled: !region, "aria-pressed": String(tool === name), onclick: () => this.drawing.use(name) }, text);
    fill(this.tools, ["box", "ellipse", "polygon", "frame"].map((name) => h("button", { type: "button", id: `add-${name}`, "aria-pressed": String(tool === name), onclick: () => this.add(name) }, name === "frame" ? "+ whole frame" : `+ ${name}`)),
      pointer("foreground", "+ defect point"), pointer("background", "+ background point"),
      tool === "polygon" ? h("button", { type: "button", class: "main", disabled: corners < 3, onclick: () => this.drawing.closePolygon() }, `Close the polygon of ${corners} corners`) : null,
      h("span", { class: "facts" }, this.isDirty() ? "changed, not saved" : "as in the file"));
  }

  render() {
    if (!this.entry || this.isClosed) return;
    this.isWaiting = false;
    const focus = document.activeElement?.id, region = this.entry.regions[this.chosen], key = `regions[${this.chosen}]`;
    this.open = this.problems.map(({ key: path, problem }) => {
      const start = path.indexOf(".regions[");
      return { at: start >= 0 ? path.slice(start + 1) : path.replace(/^cameras\..*\.(?=(reference_size|pixels_per_mm|encode|regions))/, ""), problem };
    });
    this.showTools();
    const parts = [h("h2", {}, this.pattern === this.shown ? this.pattern : `${this.pattern}, which is meant for ${this.shown}, too`),
      this.text("reference_size", "Drawn on, px", this.entry.reference_size?.join(" × ") ?? "", (text) => { const size = numbersIn(text); this.entry.reference_size = size.length ? size : undefined; }),
      this.number("pixels_per_mm", "Pixels in one mm", this.entry.pixels_per_mm, (value) => { this.entry.pixels_per_mm = value; }, "unknown"), h("h3", {}, "Regions"),
      h("ul", { class: "regions" }, this.entry.regions.map((item, index) => h("li", {}, h("button", { type: "button", id: `region-${index}`, "aria-pressed": String(index === this.chosen), onclick: () => { this.chosen = index; this.render(); } }, item.name || "unnamed")))),
      ...(region ? this.regionFields(region, key) : [h("p", { class: "empty" }, "Add a region with the buttons above. Saved without one, the camera's entry goes.")])];
    // Of regions that are not shown, and of the file as a whole.
    const rest = this.open.map(({ at, problem }) => h("p", { class: "problem" }, at ? `${at}: ${problem}` : problem));
    fill(this.form, parts.slice(0, 1), rest, parts.slice(1));
    if (focus) document.getElementById(focus)?.focus();
    this.drawing.render();
  }

  regionFields(region, key) {
    const choice = (name, label, values) => this.field(`${key}.${name}`, label, h("select", { onchange: (event) => this.change(() => {
      region[name] = event.target.value;
      // What the other prompts have no use for is refused.
      if (name === "prompt" && region.prompt !== "grid") region.grid = undefined;
      if (name === "prompt" && (region.prompt === "grid" || region.prompt === "auto")) region.points = undefined;
    }) }, values.map(([value, text]) => h("option", { value, selected: region[name] === value }, text))));
    const size = h("p", { class: "facts" });
    this.measures = () => {
      const bounds = region.shape.box ? [region.shape.box[2] - region.shape.box[0], region.shape.box[3] - region.shape.box[1]] : region.shape.ellipse ? [2 * region.shape.ellipse[2], 2 * region.shape.ellipse[3]]
        : region.shape.polygon?.length ? [0, 1].map((axis) => Math.max(...region.shape.polygon.map((p) => p[axis])) - Math.min(...region.shape.polygon.map((p) => p[axis]))) : this.entry.reference_size ?? [0, 0];
      const scale = Number(this.entry.pixels_per_mm);
      size.textContent = `${short(bounds[0], 1)} × ${short(bounds[1], 1)} px${scale > 0 ? `, ${short(bounds[0] / scale, 2)} × ${short(bounds[1] / scale, 2)} mm` : ""}`;
    };
    this.measures();
    region.limits ??= {};
    const [kind] = Object.keys(region.shape), { box, ellipse, polygon } = region.shape;
    const shape = box || ellipse ? this.text(`${key}.shape`, box ? "Left, top, right, bottom" : "Centre x, y, radius x, y", (box ?? ellipse).join(", "), (text) => { region.shape = { [kind]: numbersIn(text) }; })
      : polygon ? this.text(`${key}.shape`, "Corners, x y of each", polygon.map((point) => point.join(" ")).join(", "), (text) => { region.shape = { polygon: inGroups(numbersIn(text), 2) }; })
        : h("p", { class: "facts" }, "The whole frame");
    const points = region.prompt === "points" || region.prompt === "box"
      ? this.text(`${key}.points`, "Points, x y and 1 (defect) or 0 (background) of each", (region.points ?? []).map((point) => point.join(" ")).join(", "), (text) => { const list = inGroups(numbersIn(text), 3); region.points = list.length ? list : undefined; }) : null;
    const grid = region.prompt === "grid" ? ["columns", "rows"].map((name) => this.number(`${key}.grid.${name}`, `Grid ${name}`, region.grid?.[name], (value) => { region.grid = { ...region.grid, [name]: value }; }, "4")) : [];
    const whole = [this.text(`${key}.name`, "Name", region.name, (text) => { region.name = text; }), shape, size,
      choice("prompt", "Asks the model by", [["box", "its box"], ["points", "its points"], ["grid", "a grid of points"], ["auto", "its box, then what that finds"]]), points, ...grid,
      choice("view", "Shows the model", [["crop", "the region alone, enlarged"], ["frame", "the whole frame"]]), h("h3", {}, "Limits"),
      ...limitFields.map(([name, label, hint]) => this.number(`${key}.limits.${name}`, label, region.limits[name], (value) => { region.limits[name] = value; }, hint))];
    const own = this.problemOf(key);
    return [own ? h("p", { class: "problem" }, own) : null, ...whole, h("p", { class: "bar" }, h("a", { href: `#limits/${encodeURIComponent(this.shown)}` }, "Limits by evidence"),
      h("button", { type: "button", id: "remove", onclick: () => this.change((entry) => { entry.regions.splice(this.chosen, 1); this.chosen = Math.max(0, this.chosen - 1); }) }, "Remove this region"))];
  }
}

export async function open(place, camera) {
  const editor = new Editor(place);
  try { await editor.start(camera); } catch (error) { notice(error.message, true); }
  return Object.assign(() => editor.close(), { isDirty: () => editor.isDirty() });
}
