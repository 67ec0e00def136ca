// Elements, and how verdicts look.

const svgNames = new Set(["svg", "g", "path", "rect", "circle", "ellipse", "polygon", "polyline", "line", "text", "title"]);

/** An element: `h("p", {class: "x", onclick: f}, "text", child)`. A property that is null or false is left out. */
export function h(name, properties = {}, ...children) {
  const element = svgNames.has(name) && !(name === "title" && properties.document)
    ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  set(element, properties);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Replaces what is in an element; null and false are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

export function set(element, properties) {
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (["value", "checked", "disabled", "hidden", "textContent", "open"].includes(key)) element[key] = value ?? "";
    else if (value === null || value === undefined || value === false) element.removeAttribute(key);
    else element.setAttribute(key, value === true ? "" : value);
  }
  return element;
}

export const verdicts = ["pass", "review", "fail", "uninspected"];
// Told apart by form and word, not by colour alone.
export const signs = { pass: "✓", review: "▲", fail: "✕", uninspected: "○" };
// Colours of Okabe and Ito, which people with any colour vision tell apart.
export const colours = { pass: "#0072b2", review: "#e69f00", fail: "#d55e00", uninspected: "#7f7f7f", mask: "#cc79a7", draft: "#56b4e9" };

export function badge(verdict, more = "") {
  return h("span", { class: `badge ${verdict}` }, `${signs[verdict] ?? "?"} ${verdict}${more}`);
}

export const clock = (utcNs) => new Date(utcNs / 1e6).toLocaleTimeString();
export const moment = (utcNs) => new Date(utcNs / 1e6).toLocaleString();
export const short = (number, digits = 3) => (Number.isFinite(number) ? String(Math.round(number * 10 ** digits) / 10 ** digits) : "–");

let hiding;
/** Says something in the corner for a while; problems stay until somebody closes them. */
export function notice(text, isProblem = false) {
  const place = document.getElementById("notice");
  clearTimeout(hiding);
  place.replaceChildren(h("span", {}, text), h("button", { type: "button", "aria-label": "Close", onclick: () => { place.hidden = true; } }, "✕"));
  place.className = isProblem ? "notice problem" : "notice";
  place.hidden = false;
  if (!isProblem) hiding = setTimeout(() => { place.hidden = true; }, 5000);
}

/** Runs what may be refused, and says why it was. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") notice(error.message, true);
    return undefined;
  }
}
