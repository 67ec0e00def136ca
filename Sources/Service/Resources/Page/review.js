// Verdicts that were given: found, looked at, marked right or wrong, and exported for tuning.

import { attempt, badge, clock, colours, fill, h, moment, notice, short, verdicts } from "./dom.js";
import { Drawing } from "./drawing.js";
import { defectMasks, outlines, paint } from "./masks.js";
import { get, picture, post, session } from "./server.js";

const filter = { camera: "", verdict: "", region: "", marked: "", from: "", to: "" };
const looks = { masks: true, full: false };
/** Outlines as text, and text as outlines: `x y, x y, x y; x y, …`. */
const written = (outlinesOf) => outlinesOf.map(({ shape }) => shape.polygon.map((point) => point.join(" ")).join(", ")).join("; ");
const read = (text) => text.split(";").map((part) => part.split(",").map((corner) => corner.match(/\d+(\.\d+)?/g)?.map(Number) ?? []).filter((corner) => corner.length === 2))
  .filter((polygon) => polygon.length >= 3).map((polygon) => ({ shape: { polygon } }));
/** What a verdict says of a part; nil: it does not say. */
const claim = (verdict) => ({ pass: "good", fail: "defective" })[verdict];

class Review {
  constructor(place, cameras) {
    this.cameras = cameras;
    this.events = [];
    this.list = h("ul", { class: "events", "aria-label": "Verdicts" });
    this.more = h("button", { type: "button", onclick: () => attempt(() => this.load(false)) }, "Earlier ones");
    this.detail = h("section", { class: "detail", "aria-label": "The frame" });
    const choice = (name, label, values) => h("label", {}, label, " ", h("select", { "aria-label": label, onchange: (event) => { filter[name] = event.target.value; attempt(() => this.load(true)); } }, values.map(([value, text]) => h("option", { value, selected: filter[name] === value }, text))));
    const text = (name, label, type, hint, list) => h("label", {}, label, " ", h("input", { type, list: list ?? null, "aria-label": label, value: filter[name], placeholder: hint ?? null, onchange: (event) => { filter[name] = event.target.value; attempt(() => this.load(true)); } }));
    place.append(h("form", { class: "bar", role: "search", onsubmit: (event) => event.preventDefault() },
      choice("verdict", "Verdict", [["", "all"], ["fail,review", "fail or review"], ...verdicts.map((word) => [word, word])]), text("camera", "Camera", "text", "all", "review-cameras"), h("datalist", { id: "review-cameras" }, this.cameras.map((value) => h("option", { value }))), text("region", "Region that did not pass", "text", "any"),
      choice("marked", "Reviewed", [["", "or not"], ["good,defective", "yes"], ["good", "as good"], ["defective", "as defective"]]), text("from", "From", "datetime-local"), text("to", "To", "datetime-local")),
    h("div", { class: "split review" }, h("div", {}, this.list, this.more), this.detail), h("section", { class: "card", "aria-label": "Data set" }, h("h2", {}, "A data set of what was marked"), this.exporting()));
    this.onkey = (event) => this.key(event);
    addEventListener("keydown", this.onkey);
  }

  close() { removeEventListener("keydown", this.onkey); clearTimeout(this.polling); this.observer?.disconnect(); }

  async load(isNew) {
    const seconds = (value) => (value ? new Date(value).getTime() / 1000 : null);
    const number = this.asked = (this.asked ?? 0) + 1;
    const page = await get("/api/events", { ...filter, from: seconds(filter.from), to: seconds(filter.to), before: isNew ? null : this.next, limit: 50 });
    // An answer that comes late is to an older question.
    if (number !== this.asked) return;
    this.next = page.next;
    this.more.hidden = !page.next;
    this.events = isNew ? page.events : [...this.events, ...page.events];
    this.listAll();
  }

  listAll() {
    this.list.replaceChildren(...(this.events.length ? this.events.map((event) => h("li", {}, h("a", { href: `#review/${event.seq}`, "aria-current": event.seq === this.seq ? "true" : null, onclick: (click) => { click.preventDefault(); attempt(() => this.show(event.seq)); } },
      h("span", {}, badge(event.verdict, event.reason ? ` (${event.reason})` : "")), h("span", {}, event.camera), h("span", {}, clock(event.received_utc_ns)), h("span", {}, event.part_id ?? `frame ${event.sequence}`),
      h("span", { class: "facts" }, event.regions.length ? `score ${short(Math.max(...event.regions.map((region) => region.score)))}` : ""), event.mark ? h("span", { class: "mark" }, `marked ${event.mark.truth}`) : null)))
      : [h("li", { class: "empty" }, "No verdict matches these filters.")]));
  }

  async show(seq) {
    if (this.isDrawn && seq !== this.seq && !confirm("The outline is kept once you say what the part is. Leave it?")) return;
    this.isDrawn = false;
    this.seq = seq;
    // Without another entry in the history for each step through the list.
    history.replaceState(null, "", `#review/${seq}`);
    const { event, mark, regions } = await get("/api/event", { seq });
    if (this.seq !== seq) return;
    Object.assign(this, { event, mark, outlinesOf: mark?.outlines ? mark.outlines.map((polygon) => ({ shape: { polygon } })) : [], chosen: 0 });
    const note = h("input", { type: "text", value: mark?.note ?? "", maxlength: 400, "aria-label": "Note" });
    this.canvas = h("canvas", { width: 320, height: 240, role: "img", "aria-label": `frame ${event.sequence} of ${event.camera}` });
    this.layer = h("div", { class: "layer" });
    this.drawing = new Drawing({ size: () => [this.canvas.width, this.canvas.height], items: () => this.outlinesOf, selected: () => this.chosen, onselect: (index) => { this.chosen = index; this.drawing.render(); },
      ontool: (tool) => { if (!tool) this.isAdding = false; },
      onchange: (shape) => { this.isDrawn = true; if (this.isAdding) { this.outlinesOf.push({ shape }); this.chosen = this.outlinesOf.length - 1; this.isAdding = false; } else { this.outlinesOf[this.chosen] = { shape }; } this.corners.value = written(this.outlinesOf); this.drawing.render(); } });
    // What a pointer draws, and another way to it.
    this.corners = h("input", { type: "text", placeholder: "x y, x y, x y; the next one's", value: written(this.outlinesOf), onchange: () => {
      this.outlinesOf = read(this.corners.value);
      this.isDrawn = true;
      this.drawing.render();
    } });
    const masks = h("input", { type: "checkbox", checked: looks.masks, onchange: () => { looks.masks = masks.checked; this.draw(); } });
    this.detail.classList.toggle("full", looks.full);
    const says = claim(event.verdict), button = (truth, text, key) => h("button", { type: "button", class: this.mark?.truth === truth ? "main" : null, "aria-pressed": String(this.mark?.truth === truth), onclick: () => attempt(() => this.give(truth, note.value)), "aria-keyshortcuts": key }, text);
    fill(this.detail, h("h2", {}, `${event.camera}, frame ${event.sequence} `, badge(event.verdict, event.reason ? ` (${event.reason})` : "")),
      h("p", {}, `${moment(event.received_utc_ns)} · event ${event.seq}${event.part_id ? ` · part ${event.part_id}` : ""} · model ${event.model.slice(0, 12)} · regions ${(event.roi_revision ?? "none").slice(0, 12)}`),
      event.detail || event.withheld ? h("p", {}, event.withheld ?? event.detail) : null,
      h("div", { class: "scroll" }, h("div", { class: "stage" }, this.canvas, this.layer, this.drawing.element)),
      h("p", { class: "bar" }, h("label", { class: "toggle" }, masks, "Masks"),
        h("label", { class: "toggle" }, h("input", { type: "checkbox", checked: looks.full, onchange: (event) => { looks.full = event.target.checked; this.detail.classList.toggle("full", looks.full); } }), "Full size"),
        h("button", { type: "button", onclick: () => { this.drawing.tool = null; this.drawing.use("polygon"); this.isAdding = true; notice("Press around the defect; the first corner again, or Enter, ends the outline. Then say that the part is defective."); } }, "Outline a defect"),
        h("button", { type: "button", onclick: () => { this.outlinesOf = []; this.corners.value = ""; this.drawing.use(null); } }, "No outlines"),
        h("label", {}, "Outlines ", this.corners)),
      h("p", { class: "bar" }, ...(says ? [button(says, `✓ The verdict is right: ${says}`, "r"), button(says === "good" ? "defective" : "good", `✕ It is wrong: ${says === "good" ? "defective" : "good"}`, "w")] : [button("good", "The part is good", "g"), button("defective", "The part is defective", "d")]),
        h("label", {}, "Note ", note), mark ? h("button", { type: "button", onclick: () => attempt(() => this.give(null, "")) }, "Take the mark away") : null),
      h("p", { class: "facts" }, "Keys: j and k for the next and the one before, ", says ? "r if the verdict is right, w if it is wrong" : "g for good, d for defective"),
      mark ? h("p", { class: "facts" }, `marked ${mark.truth} by ${mark.who}, ${moment(mark.utc_ns)}`) : null,
      h("ul", {}, event.regions.map((region) => h("li", {}, badge(region.verdict), ` ${region.name}: score ${short(region.score)}, agreement ${short(region.agreement)}, ${region.defect_count} defects`, region.because.length ? h("small", {}, ` — ${region.because.join("; ")}`) : null))));
    this.regions = regions;
    this.listAll();
    this.observer?.disconnect();
    this.observer = new ResizeObserver(() => this.drawing.render());
    this.observer.observe(this.canvas);
    await this.picture();
  }

  async picture() {
    const seq = this.seq;
    try {
      const image = await createImageBitmap(await picture({ seq }));
      if (seq !== this.seq) return;
      this.image = image;
      this.canvas.width = image.width;
      this.canvas.height = image.height;
      this.draw();
    } catch (error) {
      if (seq !== this.seq) return;
      this.image = null;
      this.layer.replaceChildren(h("p", { class: "nothing" }, error.message));
    }
  }

  draw() {
    if (!this.image) return;
    this.canvas.getContext("2d").drawImage(this.image, 0, 0);
    if (looks.masks) paint(this.canvas, defectMasks(this.event.regions), colours.mask);
    this.layer.replaceChildren(...(looks.masks ? [outlines(this.regions, [this.image.width, this.image.height], this.event.regions)] : []));
    this.drawing.render();
  }

  async give(truth, note) {
    const outlinesOf = truth === "defective" ? this.outlinesOf.map(({ shape }) => shape.polygon) : [], seq = this.seq;
    this.isDrawn = false;
    const mark = await post("/api/mark", { seq, truth: truth ?? undefined, note, outlines: outlinesOf });
    const listed = this.events.find((event) => event.seq === seq);
    if (listed) listed.mark = mark ?? undefined;
    notice(mark ? `Marked ${mark.truth}` : "The mark is gone");
    if (this.seq === seq) await this.show(seq); else this.listAll();
  }

  key(event) {
    if (["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const step = { j: 1, k: -1 }[event.key];
    if (step) {
      const next = this.events[this.events.findIndex(({ seq }) => seq === this.seq) + step];
      if (next) attempt(() => this.show(next.seq));
      document.getElementById("main").focus();
    } else if (["r", "w", "g", "d"].includes(event.key)) {
      this.detail.querySelector(`[aria-keyshortcuts="${event.key}"]`)?.click();
    }
  }

  exporting() {
    const name = h("input", { type: "text", id: "export-name", value: `marked-${new Date().toISOString().slice(0, 10)}` }), answer = h("p", { role: "status" });
    const follow = async () => {
      const { isRunning, report, problem } = await get("/api/export");
      if (isRunning) { answer.textContent = "Writing…"; this.polling = setTimeout(() => attempt(follow), 500); return; }
      if (problem || !report) { answer.textContent = problem ?? "flawd was started anew while it wrote; write it again, under another name"; return; }
      answer.replaceChildren(`${report.folder}: ${report.good} good and ${report.defective} defective parts, ready for `, h("code", {}, `flawd tune --data ${report.folder}`),
        ...(report.skipped.length ? [h("ul", {}, report.skipped.slice(0, 20).map(({ seq, problem: why }) => h("li", {}, `event ${seq} is left out: ${why}`)))] : []));
    };
    return h("div", { class: "bar" }, h("label", { for: "export-name" }, "Name "), name, h("button", { type: "button", onclick: () => attempt(async () => { await post("/api/export", { name: name.value }); await follow(); }) }, "Write the data set"), answer);
  }
}

export async function open(place, seq) {
  if (!session.keepsVerdicts && !(await get("/api/session")).keepsVerdicts) {
    place.append(h("p", { class: "empty" }, "Verdicts are not kept: the configuration has no journal."));
    return () => {};
  }
  const review = new Review(place, await get("/api/cameras"));
  await attempt(() => review.load(true));
  const first = Number(seq) || review.events[0]?.seq;
  if (first) await attempt(() => review.show(first));
  return () => review.close();
}
