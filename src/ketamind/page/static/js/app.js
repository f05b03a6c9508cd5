/**
 * The shell of the page: six tabs, one state in the address, theme, keyboard, the live region, and the drawer.
 *
 * A view is a module `js/<name>.js` that exports
 *     mount(element, context)      draw into the empty element; may be async
 *     unmount()                    stop timers and subscriptions; the element is emptied by the shell
 *     exports(context)  optional   [{label, run()}] for the Export menu
 *     keys  optional               {"[": {does: "previous moment", run(event)}} single keys while the view is open
 * and finds in `context`
 *     state        Store (state.js): get, set, subscribe, register; the fields of Explore are in explore-state.js
 *     api          Api (api.js): getJson, postJson, postBytes, run(asked) and band(asked) -> Table
 *     catalogue    what /api/catalogue told: routes, forms, populations, mechanisms, quantities ...
 *     theme        Theme (theme.js): dark, colour(token) for canvas, onChange(callback) -> stop
 *     asked()      the present setting of Explore as a request body: {protocol, patient, without, days}
 *     lineChart(element, spec)     the reusable chart (curves.js); valueAt, niceTicks there too
 *     time         timeaxis.js: toU, fromU, ticks, words
 *     announce(text)               say it politely to screen readers, at most every 2 s
 *     status(text)                 the right end of the footer
 *     openReceipt(name, anchor)    the drawer with the sources of a number
 *     goTo(view, patch)            change the view, and the state with it
 *     copy(text, what)             to the clipboard, and say so
 *     edition                      "server", or "static" where there is no server
 */
import { Api } from "./api.js";
import { StaticApi } from "./static-api.js";
import { lineChart } from "./curves.js";
import { h, say } from "./dom.js";
import { askedOf, fields } from "./explore-state.js";
import { parseAddress, Store } from "./state.js";
import { Theme } from "./theme.js";
import * as time from "./timeaxis.js";

const VIEWS = [
  { name: "explore", title: "Explore", load: () => import("./explore.js"), still: true },
  { name: "listen", title: "Listen along", load: () => import("./listen.js"), still: true },
  { name: "theories", title: "Rival theories", load: () => import("./theories.js") },
  { name: "cortex", title: "Cortex", load: () => import("./cortex.js") },
  { name: "trial", title: "Trial", load: () => import("./trial.js") },
  { name: "mydata", title: "My data", load: () => import("./mydata.js") },
];
const EVERY_MS = 2000;
const find = (id) => document.getElementById(id);

const edition = document.documentElement.dataset.edition ?? "server";
const api = edition === "static" ? new StaticApi() : new Api();
const views = VIEWS.filter((v) => edition === "server" || v.still);
const theme = new Theme();
const state = new Store(fields);
const main = find("main");
const context = {
  state, api, theme, lineChart, time, announce, openReceipt, goTo, copy, edition,
  asked: () => askedOf(state, context.catalogue), status: (text) => say(find("status"), text), catalogue: null,
};
let open = { name: "", module: null };
let turn = 0;

async function start() {
  drawTabs();
  listen();
  try {
    context.catalogue = await api.getJson("api/catalogue");
  } catch (problem) {
    main.replaceChildren(message("The page cannot start.", problem.message));
    return;
  }
  await show();
}

/** Mount the view of the address, if it is not open already. */
async function show() {
  const wanted = views.find((v) => v.name === parseAddress(location.hash).view) ?? views[0];
  markTab(wanted);
  if (open.name === wanted.name) return;
  const mine = ++turn;
  open.module?.unmount?.();
  open = { name: wanted.name, module: null };
  let module;
  try {
    module = await wanted.load();
    if (mine !== turn) return;
    context.status(edition === "static" ? "Static edition" : "Nothing leaves this machine");
    main.className = `view view-${wanted.name}`;
    main.replaceChildren();
    open.module = module;
    await module.mount(main, context);
  } catch (problem) {
    if (mine !== turn) return;
    console.error(problem);
    main.replaceChildren(message(`${wanted.title} cannot be shown.`, problem.message));
  }
}

function drawTabs() {
  find("tabs").replaceChildren(...views.map((v) => h("a", { href: `#${v.name}`, "data-view": v.name, onclick: follow }, v.title)));
}

function follow(event) {
  event.preventDefault();
  goTo(event.currentTarget.dataset.view);
}

function markTab(view) {
  document.title = `${view.title} · ketamind`;
  for (const tab of find("tabs").children) {
    if (tab.dataset.view === view.name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function goTo(view, patch = {}) {
  state.set(patch, { quiet: true });
  history.pushState(null, "", state.address(view));
  find("tabs").classList.remove("open");
  find("menu").setAttribute("aria-expanded", "false");
  return show();
}

function listen() {
  for (const event of ["hashchange", "popstate"]) {
    addEventListener(event, () => {
      if (location.hash === "#main") return;
      state.readAddress();
      show();
    });
  }
  find("copy-link").addEventListener("click", () => copy(new URL(state.address(), location.href).href, "Link copied"));
  find("theme").addEventListener("click", () => theme.toggle());
  find("menu").addEventListener("click", toggleTabs);
  find("export").addEventListener("click", openExport);
  theme.onChange(showTheme);
  showTheme();
  document.addEventListener("keydown", onKey);
  api.onLost = () => lost(true);
  api.onBack = () => lost(false);
}

function showTheme() {
  const button = find("theme");
  button.setAttribute("aria-pressed", String(theme.dark));
  say(button.firstElementChild, theme.dark ? "☀" : "☾");
}

function toggleTabs() {
  const opened = find("tabs").classList.toggle("open");
  find("menu").setAttribute("aria-expanded", String(opened));
}

/** Single keys work outside fields, and can be turned off in the list that `?` shows. */
function onKey(event) {
  if (event.key === "Escape") document.querySelector(".menu")?.remove();
  if (event.ctrlKey || event.metaKey || event.altKey || quietKeys()) return;
  const field = event.target.closest?.("input:not([type=checkbox]), select, textarea, [contenteditable]");
  const pressed = event.target.closest?.("button, a, summary, input, [role=slider], [role=button]") && [" ", "Enter"].includes(event.key);
  if (field || pressed) return;
  const key = event.key === "?" ? { run: showKeys } : open.module?.keys?.[event.key];
  if (!key) return;
  event.preventDefault();
  key.run(event);
}

const KEYS_OFF = "ketamind-keys-off";

function quietKeys() {
  try { return localStorage.getItem(KEYS_OFF) === "1"; } catch { return false; }
}

function showKeys() {
  document.querySelector(".keys")?.remove();
  const rows = Object.entries({ ...open.module?.keys, "?": { does: "this list" } });
  const off = h("button", { class: "button", type: "button" }, "Turn single keys off");
  const panel = h("section", { class: "menu keys", "aria-label": "Keys" }, h("h2", {}, "Keys"),
    h("dl", {}, ...rows.map(([k, v]) => h("div", {}, h("dt", {}, k === " " ? "Space" : k), h("dd", {}, v.does)))), off);
  off.addEventListener("click", () => {
    try { localStorage.setItem(KEYS_OFF, "1"); } catch { /* they stay on */ }
    panel.remove();
    announce("Single keys are off");
  });
  document.body.append(panel);
  off.focus();
}

function openExport() {
  const button = find("export");
  document.querySelector(".menu")?.remove();
  const items = open.module?.exports?.(context) ?? [];
  const menu = h("div", { class: "menu export-menu", role: "menu" },
    ...(items.length ? items.map((item) => h("button", { type: "button", role: "menuitem", onclick: () => { close(); item.run(); } }, item.label))
      : [h("p", { class: "second" }, "There is nothing to export here yet.")]));
  const close = () => { menu.remove(); button.setAttribute("aria-expanded", "false"); };
  const box = button.getBoundingClientRect();
  Object.assign(menu.style, { top: `${box.bottom + 6}px`, right: `${innerWidth - box.right}px` });
  button.setAttribute("aria-expanded", "true");
  document.body.append(menu);
  menu.querySelector("button")?.focus();
  setTimeout(() => document.addEventListener("click", close, { once: true }));
}

async function copy(text, what = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "visually-hidden" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  announce(what);
  context.status(what);
}

let said = { at: 0, timer: 0 };

/** Say something to screen readers, at most every 2 s, the newest last. */
function announce(text) {
  clearTimeout(said.timer);
  const wait = Math.max(0, said.at + EVERY_MS - Date.now());
  said.timer = setTimeout(() => {
    said.at = Date.now();
    say(find("live"), text);
  }, wait);
}

async function openReceipt(name, anchor) {
  try {
    const drawer = await import("./receipts.js");
    await drawer.open(name, context, anchor);
  } catch (problem) {
    announce(problem.message);
    context.status(problem.message);
  }
}

function lost(yes) {
  const strip = document.querySelector(".offline");
  if (!yes) strip?.remove();
  else if (!strip) {
    const clock = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    main.before(h("p", { class: "offline", role: "alert" }, `Not connected: what you see is from ${clock}. Time can still be moved.`));
  }
}

function message(title, words) {
  return h("div", { class: "message" }, h("h2", {}, title), h("p", { class: "second" }, words));
}

start();
