// The line as it is: a tile a camera, counters, the last failures, the shift's yield.

import { badge, clock, colours, fill, h, set, short, signs, verdicts } from "./dom.js";
import { address, get, picture } from "./server.js";
import { defectMasks, entryOf, outlines, paint } from "./masks.js";

const options = { masks: true, draft: false, regions: true };
const shiftHours = 12;

/** One camera. Its pictures load one after the other: what comes meanwhile replaces what waits. */
class Tile {
  constructor(camera) {
    this.camera = camera;
    this.canvas = h("canvas", { width: 320, height: 240, role: "img", "aria-label": `the newest frame of ${camera}` });
    this.layer = h("div", { class: "layer" });
    this.verdict = h("span", {});
    this.facts = h("span", { class: "facts" });
    this.rate = h("span", { class: "facts" });
    this.because = h("p", { class: "because" });
    this.element = h("article", { class: "tile" }, h("h2", {}, camera, " ", this.verdict), h("div", { class: "picture" }, this.canvas, this.layer), h("p", {}, this.facts, " ", this.rate), this.because);
  }

  show(shown, entries) {
    this.waiting = { shown, entries };
    if (!this.isLoading) this.next();
  }

  next() {
    const { shown, entries } = this.waiting ?? {};
    this.waiting = undefined;
    if (!shown) return;
    if (!shown.hasPicture || document.hidden) { this.draw(shown, entries, null); return; }
    this.isLoading = true;
    // A bitmap is let go as soon as the next one is drawn; the browser would keep images for as long as it likes.
    picture({ seq: shown.event.seq, live: 1, longest: 640 }).then(createImageBitmap).catch(() => null).then((bitmap) => {
      this.isLoading = false;
      // A picture that is gone already is left out, with its verdict, where a newer one waits.
      if (bitmap || !this.waiting) this.draw(shown, entries, bitmap);
      this.next();
    });
  }

  redraw() { if (this.last) this.draw(...this.last); }

  tell(event) {
    this.element.classList.remove(...verdicts);
    this.element.classList.add(event.verdict);
    this.verdict.replaceChildren(badge(event.verdict, event.reason ? ` (${event.reason})` : ""));
    const score = Math.max(...event.regions.map((region) => region.score));
    this.facts.textContent = [`frame ${event.sequence}`, Number.isFinite(score) ? `score ${short(score)}` : null, `${short((event.latency_ns.total ?? 0) / 1e6, 0)} ms`].filter(Boolean).join(" · ");
    this.because.textContent = event.withheld ?? event.detail ?? event.regions.flatMap((region) => region.because.map((text) => `${region.name}: ${text}`)).join("; ");
  }

  /** A camera that sends nothing looks like one that does not. */
  tellRate({ frames_per_second: rate, queue, last_frame_age_seconds: age }) {
    const isSilent = age > 10;
    this.element.classList.toggle("silent", isSilent);
    this.rate.textContent = isSilent ? `· no frame for ${age < 120 ? `${short(age, 0)} s` : `${short(age / 60, 0)} min`}` : `· ${short(rate, 1)}/s · queue ${queue}`;
  }

  /** Verdict, picture and masks are of one frame. */
  draw(shown, entries, image) {
    const { event, draft, size } = shown;
    if (this.last?.[2] !== image) this.last?.[2]?.close();
    this.last = [shown, entries, image];
    this.tell(event);
    const segmentations = defectMasks(event.regions);
    const frame = size ?? (segmentations[0] ? [segmentations[0].size[1], segmentations[0].size[0]] : image ? [image.width, image.height] : [320, 240]);
    if (image) {
      if (this.canvas.width !== image.width || this.canvas.height !== image.height) set(this.canvas, { width: image.width, height: image.height });
      this.canvas.getContext("2d").drawImage(image, 0, 0);
      if (options.masks) paint(this.canvas, segmentations, colours.mask);
      if (options.draft && draft) paint(this.canvas, [draft], colours.draft, { outline: true });
    } else {
      this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    }
    fill(this.layer, image ? null : h("p", { class: "nothing" }, "no picture of this frame"), options.regions ? outlines(entryOf(event.camera, entries), frame, event.regions) : null);
  }
}

function counters(frames) {
  const uninspected = Object.values(frames.uninspected).reduce((a, b) => a + b, 0);
  const item = (name, value, cls = "") => h("div", { class: `counter ${cls}` }, h("dt", {}, name), h("dd", {}, value.toLocaleString()));
  return [item(`${signs.pass} pass`, frames.pass, "pass"), item(`${signs.review} review`, frames.review, "review"), item(`${signs.fail} fail`, frames.fail, "fail"),
    item(`${signs.uninspected} uninspected`, uninspected, "uninspected"), item("missing", frames.missing), item("received", frames.received)];
}

/** Bars of five minutes, and the yield in words. */
function yieldChart(spans) {
  const width = 720, height = 90, end = Math.floor(Date.now() / 300000) * 300, begin = end - shiftHours * 3600, step = width / (shiftHours * 12 + 1);
  spans = spans.filter((span) => span.start >= begin);
  const highest = Math.max(1, ...spans.map((span) => verdicts.reduce((sum, name) => sum + span[name], 0)));
  const chart = h("svg", { viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": "verdicts of the last twelve hours, by five minutes" });
  for (const span of spans) {
    let top = height;
    for (const name of verdicts) {
      const part = span[name] / highest * height;
      if (!part) continue;
      top -= part;
      chart.append(h("rect", { x: (span.start - begin) / 300 * step, y: top, width: Math.max(1, step - 0.5), height: part, fill: colours[name] },
        h("title", {}, `${clock(span.start * 1e9)}: ${verdicts.map((word) => `${word} ${span[word]}`).join(", ")}`)));
    }
  }
  for (let hour = 0; hour <= shiftHours; hour += 3) {
    chart.append(h("text", { x: Math.min(hour * 12 * step, width - 36), y: height + 13, class: "axis" }, new Date((begin + hour * 3600) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
  }
  const sum = (name) => spans.reduce((total, span) => total + span[name], 0), inspected = sum("pass") + sum("review") + sum("fail");
  return [h("p", {}, inspected ? `${short(100 * sum("pass") / inspected, 2)}% of ${inspected.toLocaleString()} inspected parts passed in the last ${shiftHours} hours` : "no part was inspected yet"), chart];
}

/** A small picture of a frame. An `img` would leave what it decoded to the browser, which keeps hundreds of megabytes of it. */
function thumbnail(seq) {
  const [width, height] = [160, 120], place = h("span", {}, h("canvas", { width, height, "aria-hidden": "true" }));
  picture({ seq, live: 1, longest: width }).then(createImageBitmap).then((bitmap) => {
    const scale = Math.max(width / bitmap.width, height / bitmap.height), [across, down] = [bitmap.width * scale, bitmap.height * scale];
    place.firstChild.getContext("2d").drawImage(bitmap, (width - across) / 2, (height - down) / 2, across, down);
    bitmap.close();
  }).catch(() => fill(place, h("span", { class: "nothing" }, "no picture")));
  return place;
}

function failure(shown) {
  const { event } = shown;
  return h("li", {}, h("a", { href: `#review/${event.seq}` }, shown.hasPicture ? thumbnail(event.seq) : h("span", { class: "nothing" }, "no picture"), h("span", {}, badge(event.verdict)), h("span", {}, event.camera), h("span", {}, clock(event.received_utc_ns))));
}

export async function open(place) {
  const tiles = new Map(), grid = h("section", { class: "tiles", "aria-label": "Cameras" });
  const counts = h("dl", { class: "counters", "aria-label": "Frames since flawd was started" }), chart = h("section", { class: "card", "aria-label": "Yield" });
  const strip = h("ul", { class: "strip" }), station = document.getElementById("station"), empty = h("p", { class: "empty" }, "No frame has come yet.");
  let entries = [], isClosed = false, revision, source, lost, newest = 0, epoch;

  const toggle = (name, text) => h("label", { class: "toggle" }, h("input", { type: "checkbox", checked: options[name], onchange: (event) => {
    options[name] = event.target.checked;
    if (name === "draft") listen();
    for (const tile of tiles.values()) tile.redraw();
  } }), text);
  place.append(counts, h("p", { class: "facts" }, "Counted since flawd was started."), h("p", { class: "bar" }, toggle("masks", "Refined mask"), toggle("draft", "Draft outline"), toggle("regions", "Regions")), empty, grid,
    h("section", { class: "card", "aria-label": "Last failures" }, h("h2", {}, "Last that did not pass"), strip), chart);

  async function follow(newRevision) {
    if (newRevision === revision) return;
    revision = newRevision;
    entries = (await get("/api/regions")).cameras;
  }

  function take(update) {
    for (const shown of update.cameras ?? []) {
      const name = shown.event.camera;
      if (!tiles.has(name)) {
        tiles.set(name, new Tile(name));
        grid.replaceChildren(...[...tiles.keys()].sort().map((key) => tiles.get(key).element));
        empty.hidden = true;
      }
      tiles.get(name).show(shown, entries);
    }
    // A stream that begins tells of all of them again.
    for (const shown of (update.failures ?? []).filter(({ event }) => event.epoch !== epoch || event.seq > newest).reverse()) {
      ({ seq: newest, epoch } = shown.event);
      strip.prepend(failure(shown));
    }
    while (strip.children.length > 24) strip.lastChild.remove();
    const figures = update.figures;
    if (!figures) return;
    follow(figures.revision).catch(() => { revision = undefined; });
    fill(counts, counters(figures.frames), h("div", { class: "counter" }, h("dt", {}, "frames/s"), h("dd", {}, short(figures.framesPerSecond, 1))));
    chart.replaceChildren(h("h2", {}, "Yield"), ...yieldChart(figures.yield));
    station.className = `station ${figures.station}`;
    // Said aloud when it changes, and not each second.
    const word = [figures.station, figures.detail, figures.problem].filter(Boolean).join(": ");
    if (station.textContent !== word) station.textContent = word;
    for (const camera of figures.cameras) {
      const tile = tiles.get(camera.camera);
      tile?.tellRate(camera);
    }
  }

  function listen() {
    source?.close();
    source = new EventSource(address("/api/live", { draft: options.draft ? 1 : null }));
    source.onmessage = (message) => { clearTimeout(lost); lost = undefined; take(JSON.parse(message.data)); };
    // A stream ends every few seconds, and the next begins.
    source.onerror = () => {
      lost ??= setTimeout(async () => {
        lost = undefined;
        station.className = "station error";
        // Refused, not lost: perhaps for want of a token. Whoever does not want to log in is not asked again.
        const isRefused = source.readyState === EventSource.CLOSED;
        try { if (isRefused) await get("/api/regions"); station.textContent = "flawd does not answer"; } catch (error) {
          station.textContent = error.message;
          if (error.status === 401) return;
        }
        if (isRefused && !isClosed) listen();
      }, 3000);
    };
  }

  listen();
  return () => {
    isClosed = true;
    source.close();
    clearTimeout(lost);
    station.textContent = "";
  };
}
