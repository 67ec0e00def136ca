// Draws and edits shapes and points over a picture, with a pointer, a finger or keys.

import { h, set } from "./dom.js";
import { outline } from "./masks.js";

/** The corners by which a shape is changed: where they are, and what moving one of them makes of the shape. */
function handles(shape) {
  if (shape.box) {
    return [[0, 1], [2, 1], [2, 3], [0, 3]].map(([x, y]) => ({
      at: [shape.box[x], shape.box[y]],
      move: (px, py) => {
        const box = [...shape.box];
        box[x] = px;
        box[y] = py;
        return { box: [Math.min(box[0], box[2]), Math.min(box[1], box[3]), Math.max(box[0], box[2]), Math.max(box[1], box[3])] };
      },
    }));
  }
  if (shape.ellipse) {
    const [cx, cy, rx, ry] = shape.ellipse;
    return [{ at: [cx + rx, cy], move: (px) => ({ ellipse: [cx, cy, Math.max(1, Math.abs(px - cx)), ry] }) },
      { at: [cx, cy + ry], move: (px, py) => ({ ellipse: [cx, cy, rx, Math.max(1, Math.abs(py - cy))] }) }];
  }
  return (shape.polygon ?? []).map((point, index) => ({ at: point, move: (px, py) => ({ polygon: shape.polygon.map((old, at) => (at === index ? [px, py] : old)) }) }));
}

function moved(shape, dx, dy) {
  if (shape.box) return { box: shape.box.map((value, index) => value + (index % 2 ? dy : dx)) };
  if (shape.ellipse) { const [cx, cy, rx, ry] = shape.ellipse; return { ellipse: [cx + dx, cy + dy, rx, ry] }; }
  if (shape.polygon) return { polygon: shape.polygon.map(([x, y]) => [x + dx, y + dy]) };
  return shape;
}

/** Numbers that are being typed may not be all there. */
const isWhole = (shape) => [shape.box, shape.ellipse].every((numbers) => !numbers || numbers.length === 4) && (shape.polygon ?? []).every((point) => point.length === 2);

const rounded = (value) => JSON.parse(JSON.stringify(value ?? null, (key, part) => (typeof part === "number" ? Math.round(part * 10) / 10 : part))) ?? undefined;
const along = (points, dx, dy) => points?.map(([x, y, label]) => [x + dx, y + dy, label]);

/**
 * An SVG over a picture. `size()`: width and height of what is drawn on. `items()`: [{shape, points}]. `selected()`: the index of the one that can be
 * changed. `onselect(index)`, `onchange(shape, points, isDone)`, `ontool(tool, corners)` when another tool is in hand or a polygon has grown.
 */
export class Drawing {
  constructor({ size, items, selected, onselect, onchange, ontool }) {
    Object.assign(this, { size, items, selected, onselect, onchange, ontool });
    this.tool = null;
    this.corners = [];
    this.element = h("svg", { class: "drawing", preserveAspectRatio: "none", tabindex: 0, role: "application", "aria-label": "Shapes: arrow keys move the selected one, with Shift ten pixels at a time; Escape puts the tool away" });
    this.element.addEventListener("pointerdown", (event) => this.down(event));
    this.element.addEventListener("pointermove", (event) => this.drag?.(this.place(event)));
    for (const end of ["pointerup", "pointercancel"]) this.element.addEventListener(end, () => this.up());
    this.element.addEventListener("dblclick", () => this.closePolygon());
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  /** box, ellipse, polygon, foreground, background; null, or the one in hand again: selects and moves. */
  use(tool) {
    this.tool = tool === this.tool ? null : tool;
    this.corners = [];
    set(this.element, { class: this.tool ? "drawing busy" : "drawing" });
    this.ontool?.(this.tool, 0);
    this.render();
  }

  place(event) {
    const [width, height] = this.size(), frame = this.element.getBoundingClientRect();
    return [(event.clientX - frame.left) / frame.width * width, (event.clientY - frame.top) / frame.height * height];
  }

  /** Pixels of the drawing in one of the screen. */
  unit() {
    const [width, height] = this.size(), frame = this.element.getBoundingClientRect();
    return [frame.width ? width / frame.width : 1, frame.height ? height / frame.height : 1];
  }

  /** The selected item, unless its numbers are just being typed. */
  changeable() {
    const item = this.items()[this.selected()];
    return item && isWhole(item.shape) ? item : undefined;
  }

  isNear([x, y], [px, py], reach) {
    const [across, down] = this.unit();
    return Math.hypot((x - px) / across, (y - py) / down) <= reach;
  }

  down(event) {
    if (event.button !== 0) return;
    const [x, y] = this.place(event), item = this.changeable();
    this.element.setPointerCapture(event.pointerId);
    if (this.tool === "foreground" || this.tool === "background") {
      if (item) this.onchange(item.shape, [...(item.points ?? []), [Math.round(x), Math.round(y), this.tool === "foreground" ? 1 : 0]], true);
    } else if (this.tool === "polygon") {
      if (this.corners.length >= 3 && this.isNear(this.corners[0], [x, y], 14)) { this.closePolygon(); return; }
      // The second press of a double click is no corner of its own.
      if (!this.corners.length || !this.isNear(this.corners.at(-1), [x, y], 8)) this.corners.push([x, y]);
      this.ontool?.(this.tool, this.corners.length);
      this.render();
    } else if (this.tool) {
      this.drag = ([px, py]) => {
        const [x0, x1, y0, y1] = [Math.min(x, px), Math.max(x, px), Math.min(y, py), Math.max(y, py)];
        if (x1 - x0 < 2 || y1 - y0 < 2) return;
        this.change(this.tool === "box" ? { box: [x0, y0, x1, y1] } : { ellipse: [(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2] });
      };
    } else {
      const mark = event.target.dataset;
      if (mark.handle !== undefined && item) {
        const handle = handles(item.shape)[Number(mark.handle)];
        this.drag = ([px, py]) => this.change(handle.move(px, py));
      } else if (mark.point !== undefined && item) {
        const index = Number(mark.point);
        this.drag = ([px, py]) => this.change(item.shape, item.points.map((point, at) => (at === index ? [Math.round(px), Math.round(py), point[2]] : point)));
      } else if (mark.item !== undefined) {
        const index = Number(mark.item);
        if (index !== this.selected()) { this.onselect(index); return; }
        const { shape, points } = item;
        this.drag = ([px, py]) => this.change(moved(shape, px - x, py - y), shape.frame ? points : along(points, px - x, py - y));
      }
    }
  }

  change(shape, points) {
    this.isChanged = true;
    this.onchange(rounded(shape), rounded(points ?? this.items()[this.selected()]?.points), false);
  }

  up() {
    const item = this.items()[this.selected()];
    this.drag = undefined;
    if (this.isChanged && item) this.onchange(item.shape, item.points, true);
    this.isChanged = false;
    if (this.tool === "box" || this.tool === "ellipse") this.use(null);
  }

  closePolygon() {
    if (this.tool !== "polygon" || this.corners.length < 3) return;
    this.onchange(rounded({ polygon: this.corners }), this.items()[this.selected()]?.points, true);
    this.use(null);
  }

  key(event) {
    const item = this.changeable(), step = event.shiftKey ? 10 : 1;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    if (dx !== undefined && item && !item.shape.frame) {
      event.preventDefault();
      this.onchange(rounded(moved(item.shape, dx, dy)), rounded(along(item.points, dx, dy)), true);
    } else if (event.key === "Enter") {
      this.closePolygon();
    } else if (event.key === "Escape") {
      this.use(null);
    }
  }

  render() {
    const [width, height] = this.size(), chosen = this.selected(), [unit, tall] = this.unit();
    set(this.element, { viewBox: `0 0 ${width} ${height}` });
    const still = { "vector-effect": "non-scaling-stroke" };
    const draw = (item, index) => {
      const isChosen = index === chosen;
      return [outline(item.shape, [width, height], { class: isChosen ? "shape chosen" : "shape", "data-item": index, ...still }),
        ...(item.points ?? []).map(([x, y, label], at) => h("ellipse", { cx: x, cy: y, rx: 6 * unit, ry: 6 * tall, class: label ? "prompt foreground" : "prompt background", "data-point": isChosen ? at : null, ...still })),
        ...(isChosen ? handles(item.shape).flatMap(({ at: [x, y] }, number) => [
          h("rect", { x: x - 5 * unit, y: y - 5 * tall, width: 10 * unit, height: 10 * tall, class: "handle", ...still }),
          // What a finger hits.
          h("rect", { x: x - 14 * unit, y: y - 14 * tall, width: 28 * unit, height: 28 * tall, class: "reach", "data-handle": number })]) : [])];
    };
    // The one in hand lies over the others.
    const items = this.items().map((item, index) => [item, index]).filter(([{ shape }]) => isWhole(shape)), last = items.filter(([, index]) => index === chosen);
    const parts = [...items.filter(([, index]) => index !== chosen), ...last].flatMap(([item, index]) => draw(item, index));
    if (this.corners.length) {
      parts.push(h("polyline", { points: this.corners.map((point) => point.join(",")).join(" "), class: "shape chosen", ...still }),
        h("ellipse", { cx: this.corners[0][0], cy: this.corners[0][1], rx: 7 * unit, ry: 7 * tall, class: "handle" }));
    }
    this.element.replaceChildren(...parts);
  }
}
