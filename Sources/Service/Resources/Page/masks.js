// Masks as events carry them, and regions on a picture.

import { colours, h } from "./dom.js";

/** The runs inside of a COCO run-length code: [first, end) counted column by column. */
export function runs({ counts }) {
  const lengths = [];
  let at = 0;
  while (at < counts.length) {
    let value = 0, shift = 0, more = true;
    while (more && at < counts.length) {
      const code = counts.charCodeAt(at++) - 48;
      value += (code & 0x1f) * 2 ** shift;
      more = (code & 0x20) !== 0;
      shift += 5;
      if (!more && code & 0x10) value -= 2 ** shift;
    }
    if (lengths.length > 2) value += lengths[lengths.length - 2];
    lengths.push(value);
  }
  const inside = [];
  let place = 0;
  lengths.forEach((length, index) => {
    if (index % 2 && length > 0) inside.push([place, place + length]);
    place += length;
  });
  return inside;
}

/** Where masks are drawn before they lie over a picture: one for all, since each frame would leave behind another. */
const layer = document.createElement("canvas");
let bits = new Uint8Array(0), image;

/** Paints masks over a canvas: filled, or their outline alone. All have one size. */
export function paint(canvas, masks, colour, { outline = false, opacity = 0.5 } = {}) {
  if (!masks.length) return;
  const [height, width] = masks[0].size, context = layer.getContext("2d");
  if (image?.width !== width || image?.height !== height) {
    layer.width = width;
    layer.height = height;
    bits = new Uint8Array(width * height);
    image = context.createImageData(width, height);
  } else {
    bits.fill(0);
    image.data.fill(0);
  }
  for (const mask of masks) {
    for (const [first, end] of runs(mask)) {
      for (let place = first; place < end; place++) bits[(place % height) * width + Math.floor(place / height)] = 1;
    }
  }
  const pixels = image.data;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const reach = outline ? Math.max(1, Math.round(width / 400)) : 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (!bits[at]) continue;
      if (outline && x >= reach && y >= reach && x < width - reach && y < height - reach
        && bits[at - reach] && bits[at + reach] && bits[at - reach * width] && bits[at + reach * width]) continue;
      pixels[4 * at] = red;
      pixels[4 * at + 1] = green;
      pixels[4 * at + 2] = blue;
      pixels[4 * at + 3] = outline ? 255 : 255 * opacity;
    }
  }
  context.putImageData(image, 0, 0);
  canvas.getContext("2d").drawImage(layer, 0, 0, canvas.width, canvas.height);
}

export const defectMasks = (regions) => regions.flatMap((region) => region.defects.map((defect) => defect.segmentation));

/** The entry that counts for a camera: an exact name before prefixes, a longer prefix before a shorter one. */
export function entryOf(camera, entries) {
  const rank = ({ camera: pattern }) => (pattern === camera ? Infinity : pattern.endsWith("*") && camera.startsWith(pattern.slice(0, -1)) ? pattern.length : -1);
  return entries.filter((entry) => rank(entry) >= 0).sort((a, b) => rank(b) - rank(a))[0];
}

/** A region's outline as an SVG element, in pixels of the size it was drawn on. */
export function outline(shape, [width, height], properties) {
  if (shape.box) { const [x0, y0, x1, y1] = shape.box; return h("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, ...properties }); }
  if (shape.ellipse) { const [cx, cy, rx, ry] = shape.ellipse; return h("ellipse", { cx, cy, rx, ry, ...properties }); }
  if (shape.polygon) return h("polygon", { points: shape.polygon.map((point) => point.join(",")).join(" "), ...properties });
  return h("rect", { x: 0, y: 0, width, height, ...properties });
}

/** Outlines of all regions, coloured by their verdicts. */
export function outlines(entry, size, results = []) {
  const reference = entry?.reference_size ?? size;
  const picture = h("svg", { viewBox: `0 0 ${reference[0]} ${reference[1]}`, preserveAspectRatio: "none", class: "outlines", "aria-hidden": "true" });
  for (const region of entry?.regions ?? []) {
    const verdict = results.find((result) => result.name === region.name)?.verdict ?? "uninspected";
    picture.append(outline(region.shape, reference, { fill: "none", stroke: colours[verdict], "stroke-width": 2, "vector-effect": "non-scaling-stroke" }));
  }
  return picture;
}
