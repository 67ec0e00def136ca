// Draws and edits shapes and points over a picture, with a pointer or with keys.

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

const whole = (shape) => JSON.parse(JSON.stringify(shape, (key, value) => (typeof value === "number" ? Math.round(value * 10) / 10 : value)));

/**
 * An SVG over a picture. `size()`: width and height of what is drawn on. `items()`: [{shape, points, name}]. `selected()`: the index of the one that can be
 * changed. `onselect(index)`, `onchange(shape, points, isDone)`.
 */
export class Drawing {
  constructor({ size, items, selected, onselect, onchange }) {
    Object.assign(this, { size, items, selected, onselect, onchange });
    this.tool = null;
    this.element = h("svg", { class: "drawing", preserveAspectRatio: "none", tabindex: 0, role: "application", "aria-label": "Shapes: arrow keys move the selected one, with Shift ten pixels at a time; Delete takes its last point away" });
    this.element.addEventListener("pointerdown", (event) => this.down(event));
    this.element.addEventListener("pointermove", (event) => this.drag?.(this.place(event)));
    for (const end of ["pointerup", "pointercancel"]) this.element.addEventListener(end, () => this.up());
    this.element.addEventListener("dblclick", () => this.closePolygon());
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  /** box, ellipse, polygon, foreground, background; null: selects and moves. */
  use(tool) {
    this.tool = tool;
    this.corners = [];
    set(this.element, { class: tool ? "drawing busy" : "drawing" });
    this.render();
  }

  place(event) {
    const [width, height] = this.size(), frame = this.element.getBoundingClientRect();
    return [(event.clientX - frame.left) / frame.width * width, (event.clientY - frame.top) / frame.height * height];
  }

  down(event) {
    const [x, y] = this.place(event), item = this.items()[this.selected()];
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    if (this.tool === "foreground" || this.tool === "background") {
      if (item) this.onchange(item.shape, [...(item.points ?? []), [Math.round(x), Math.round(y), this.tool === "foreground" ? 1 : 0]], true);
    } else if (this.tool === "polygon") {
      this.corners.push([x, y]);
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
        const shape = item.shape;
        this.drag = ([px, py]) => this.change(moved(shape, px - x, py - y));
      }
    }
  }

  change(shape, points) {
    this.isChanged = true;
    this.onchange(whole(shape), points ?? this.items()[this.selected()]?.points, false);
  }

  up() {
    const item = this.items()[this.selected()];
    this.drag = undefined;
    if (this.isChanged && item) this.onchange(item.shape, item.points, true);
    this.isChanged = false;
    if (this.tool === "box" || this.tool === "ellipse") this.use(null);
  }

  closePolygon() {
    // The second press of a double click is no corner of its own.
    const corners = this.corners?.filter(([x, y], index) => index === 0 || Math.hypot(x - this.corners[index - 1][0], y - this.corners[index - 1][1]) > 1) ?? [];
    if (this.tool !== "polygon" || corners.length < 3) return;
    this.onchange(whole({ polygon: corners }), this.items()[this.selected()]?.points, true);
    this.use(null);
  }

  key(event) {
    const item = this.items()[this.selected()], step = event.shiftKey ? 10 : 1;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    if (dx !== undefined && item) {
      event.preventDefault();
      this.onchange(whole(moved(item.shape, dx, dy)), item.points, true);
    } else if (event.key === "Enter") {
      this.closePolygon();
    } else if (event.key === "Escape") {
      this.use(null);
    } else if (event.key === "Delete" && item?.points?.length) {
      this.onchange(item.shape, item.points.slice(0, -1), true);
    }
  }

  render() {
    const [width, height] = this.size(), chosen = this.selected();
    set(this.element, { viewBox: `0 0 ${width} ${height}` });
    const frame = this.element.getBoundingClientRect(), unit = frame.width ? width / frame.width : 1, tall = frame.height ? height / frame.height : 1;
    const parts = this.items().flatMap((item, index) => {
      const isChosen = index === chosen;
      return [outline(item.shape, [width, height], { class: isChosen ? "shape chosen" : "shape", "data-item": index, "vector-effect": "non-scaling-stroke" }),
        ...(item.points ?? []).map(([x, y, label], at) => h("ellipse", { cx: x, cy: y, rx: 5 * unit, ry: 5 * tall, class: label ? "prompt foreground" : "prompt background", "data-point": isChosen ? at : null, "vector-effect": "non-scaling-stroke" })),
        ...(isChosen ? handles(item.shape).map(({ at }, number) => h("rect", { x: at[0] - 5 * unit, y: at[1] - 5 * tall, width: 10 * unit, height: 10 * tall, class: "handle", "data-handle": number, "vector-effect": "non-scaling-stroke" })) : [])];
    });
    if (this.corners?.length) parts.push(h("polyline", { points: this.corners.map((point) => point.join(",")).join(" "), class: "shape chosen", "vector-effect": "non-scaling-stroke" }));
    this.element.replaceChildren(...parts);
  }
}
