// What flawd is asked, and who asks.

import { h, notice } from "./dom.js";

export class Refusal extends Error {
  constructor(status, problem, findings) {
    super(problem);
    this.status = status;
    this.findings = findings ?? [];
  }
}

export const session = { who: null, needsLogin: false, mayChange: false, keepsVerdicts: false, recordsFrames: false };

export function address(path, parameters = {}) {
  const query = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  return query ? `${path}?${query}` : path;
}

async function answer(response) {
  const text = await response.text();
  let body;
  try { body = text ? JSON.parse(text) : null; } catch { body = { problem: text }; }
  if (!response.ok) throw new Refusal(response.status, body?.problem ?? `flawd answers ${response.status}`, body?.findings);
  return body;
}

async function ask(path, options) {
  try { return await fetch(path, { cache: "no-store", ...options }); } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "flawd does not answer");
  }
}

/** Who looks from another machine needs a token for that, too. */
export async function get(path, parameters) {
  const read = async () => answer(await ask(address(path, parameters)));
  try { return await read(); } catch (error) {
    if (error.status !== 401 || !await logIn()) throw error;
    return read();
  }
}

/** A frame's picture, as a blob. */
export async function picture(parameters) {
  const response = await ask(address("/api/picture", parameters));
  return response.ok ? response.blob() : answer(response);
}

async function send(path, body) {
  return answer(await ask(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Flawd-Command": "1" }, body: JSON.stringify(body) }));
}

/** Asks for a token where one is needed, once. */
export async function post(path, body) {
  try { return await send(path, body); } catch (error) {
    if (error.status !== 401 || path === "/api/login") throw error;
    if (!await logIn()) throw error;
    return send(path, body);
  }
}

/**
 * Saves a camera's entry into the region file. `file`: what `/api/regions` said of it when it was looked at.
 * Where somebody has changed another camera's entry meanwhile, this one goes into the new file.
 */
export async function saveEntry(file, camera, entry) {
  const save = (base) => post("/api/regions/save", { camera, entry, base });
  try { return await save(file.revision); } catch (error) {
    if (error.status !== 409) throw error;
    const fresh = await get("/api/regions"), entryIn = ({ cameras }) => JSON.stringify(cameras.find((item) => item.camera === camera));
    if (fresh.revision === file.revision || entryIn(fresh) !== entryIn(file)) throw error;
    return save(fresh.revision);
  }
}

/** Every camera that is known by its name: those that sent frames, those that the file names, those that the journal has. */
export async function knownCameras(file) {
  const [{ cameras }, kept] = await Promise.all([get("/status"), get("/api/cameras")]);
  const named = file.cameras.map(({ camera }) => camera).filter((name) => !name.endsWith("*"));
  return [...new Set([...cameras.map(({ camera }) => camera), ...named, ...kept])].sort();
}

export async function refreshSession() {
  Object.assign(session, await get("/api/session"));
  const button = document.getElementById("who");
  button.hidden = !session.needsLogin;
  button.textContent = session.who ? `${session.who}: log out` : "Log in";
  button.onclick = async () => {
    if (session.who) { await send("/api/logout", {}); await refreshSession(); } else if (!await logIn()) { return; }
    dispatchEvent(new Event("flawd-session"));
  };
}

let asking;

/** Resolves to whether somebody is logged in now. Asks once, however many want to know. */
export function logIn() { return asking ??= askForToken().finally(() => { asking = undefined; }); }

function askForToken() {
  return new Promise((resolve) => {
    const token = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
    const problem = h("p", { class: "problem", role: "alert" });
    const dialog = h("dialog", { "aria-labelledby": "login-title" }, h("form", { method: "dialog" },
      h("h2", { id: "login-title" }, "Log in"), h("p", {}, "This needs a token. ", h("code", {}, "flawd tokens add NAME"), " makes one."), h("label", { for: "token" }, "Token"), token, problem,
      h("menu", {}, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "submit", class: "main" }, "Log in"))));
    dialog.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await send("/api/login", { token: token.value.trim() });
        await refreshSession();
        dialog.close("in");
        notice(`Logged in as ${session.who}`);
      } catch (error) { problem.textContent = error.message; token.select(); }
    });
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "in"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
