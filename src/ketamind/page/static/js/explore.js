/**
 * Explore: what does this dose do, when, through what? The sentence is the state, the picture the answer, the curves
 * the proof. A run travels once; time, theme, ghost and hover never ask the server.
 */
import { onlyNewest } from "./api.js";
import { h, s, say } from "./dom.js";
import { exportsOf } from "./explore-exports.js";
import { askedOf, fields, protocolOf, SETTING } from "./explore-state.js";
import { Fields } from "./fields.js";
import { Panel } from "./panel.js";
import { Picture, VIGNETTES, WHOLE } from "./picture.js";
import { Sentence } from "./sentence.js";
import { Strip } from "./strip.js";
import { setAxis } from "./timeaxis.js";
import { figure } from "./words.js";

const WAITING_MS = 150;
const BAND_AFTER_MS = 110;
const LINKS_AFTER_MS = 700;
const SAME_GESTURE_MS = 1200;
const AT_H = 24;
const NARROW = matchMedia("(max-width: 719px)");
const WIDE = matchMedia("(min-width: 1440px)");

let view = null;
/** The last run and what followed it, so that coming back to Explore asks nothing. */
let last = { key: "", table: null, points: null, links: null };

export async function mount(element, context) {
  view = new Explore(element, context);
  await view.tellEdition();
  await view.ask();
}

export function unmount() {
  view?.destroy();
  view = null;
}

export const exports = () => (view ? exportsOf(view) : []);

const withView = (does, run) => ({ does, run: (event) => view && run(view, event) });
export const keys = {
  " ": withView("play or pause", (v) => v.strip.toggle()),
  "[": withView("previous moment", (v) => v.strip.step(-1)),
  "]": withView("next moment", (v) => v.strip.step(1)),
  ...Object.fromEntries(VIGNETTES.map((g) => [String(g.stage), withView(`to ${g.title.toLowerCase()}`, (v) => v.go(g.stage))])),
  g: withView("pin or drop the ghost", (v) => v.pin()),
  r: withView("receipts of the mood curve", (v) => v.context.openReceipt("madrs", v.panel.element)),
};

class Explore {
  constructor(element, context) {
    this.context = context;
    this.state = context.state;
    this.past = [];
    this.stops = [];
    this.gesture = { at: 0, keys: "" };
    this.ghost = null;
    this.#build(element);
    this.stops.push(
      this.state.subscribe(SETTING, (_, changed) => this.#changed(changed)),
      this.state.subscribe(["t"], (values) => this.#time(values.t)),
      this.state.subscribe(["axis"], (values) => this.#axis(values.axis)),
    );
    this.#axis(this.state.get("axis"));
    this.resized = () => this.#fold();
    addEventListener("resize", this.resized);
    this.#fold();
    this.askNewest = onlyNewest((question) => this.#run(question));
  }

  /** The static edition says how far its runs can be from direct ones. */
  async tellEdition() {
    if (this.context.edition !== "static") return;
    const { madrs } = await this.context.api.error();
    this.edition = `Between computed doses MADRS is within ${figure(madrs.max, 1)} points of a direct run · `;
  }

  /** Ask for the present setting. */
  async ask() {
    this.number = (this.number ?? 0) + 1;
    const question = { asked: this.context.asked(), number: this.number, begun: performance.now() };
    this.#wait(question);
    await this.askNewest(question);
  }

  /** To a vignette: on a phone the picture is cropped to it, elsewhere its first part takes the focus. */
  go(stage) {
    const vignette = VIGNETTES.find((g) => g.stage === stage);
    this.stage = stage;
    for (const stop of this.stopsNode.children) stop.setAttribute("aria-selected", String(Number(stop.dataset.stage) === stage));
    if (NARROW.matches) this.picture.look(vignette.view, 0, stage);
    else this.picture.svg.querySelector(`[data-part="${{ 1: "vessel", 2: "pyramidal", 3: "glutamate", 4: "dendrite", 5: "mood" }[stage]}"]`)?.focus();
  }

  /** Keep the ghost and name it, or drop it. */
  pin() {
    if (this.ghost?.pinned) this.#dropGhost();
    else if (this.ghost) this.ghost.pinned = true;
    else if (this.table) this.ghost = { table: this.table, name: this.#nameOf(), pinned: true };
    this.#showGhost();
  }

  destroy() {
    setAxis("log");
    for (const stop of this.stops) stop();
    removeEventListener("resize", this.resized);
    clearTimeout(this.waiting);
    clearTimeout(this.bandTimer);
    clearTimeout(this.linksTimer);
    this.picture.destroy();
    this.strip.destroy();
    this.panel.destroy();
    this.sheet?.remove();
  }

  #build(element) {
    const { context } = this;
    this.fields = new Fields(context);
    this.undo = h("button", { type: "button", disabled: true, onclick: () => this.#undo() }, "↶ Undo");
    const reset = h("button", { type: "button", onclick: () => this.#reset() }, "Reset all");
    const words = h("button", { type: "button", onclick: () => context.copy(protocolOf(this.state.values, context.catalogue), "Protocol copied as text") }, "Protocol as text");
    this.railFoot = h("div", { class: "rail-foot" }, this.undo, reset, words);
    this.rail = h("aside", { class: "rail", "aria-label": "Setting" }, ...Object.values(this.fields.nodes), this.railFoot);
    this.bar = h("div", { class: "busy-bar", "aria-hidden": "true" });
    this.difference = h("p", { class: "difference", hidden: true });
    this.ghostChip = h("p", { class: "ghost-chip", hidden: true });
    this.sentenceBar = h("header", { class: "sentence-bar" });
    this.sentence = new Sentence(this.sentenceBar, context, (field, anchor) => this.#openField(field, anchor));
    this.sentenceBar.append(this.ghostChip, this.bar);
    this.sentence.node.after(this.difference);
    this.closeLens = h("button", { class: "button close-lens", type: "button", onclick: () => this.picture.zoom(false) }, "Close the lens");
    this.stageNode = h("section", { class: "stage", "aria-label": "Picture" }, this.closeLens);
    this.stopsNode = h("div", { class: "stops", role: "tablist", "aria-label": "Parts of the picture" }, ...VIGNETTES.map((g) =>
      h("button", { type: "button", role: "tab", "aria-selected": "false", "data-stage": g.stage, vars: { "--tone": `var(--${g.colour})` }, onclick: () => this.go(g.stage) }, g.title)));
    this.stripNode = h("section", { class: "strip", "aria-label": "Time" });
    this.curvesNode = h("section", { class: "curves", "aria-label": "Curves" });
    element.append(this.rail, this.sentenceBar, h("div", { class: "work" }, h("div", { class: "centre" }, this.stageNode, this.stopsNode, this.stripNode), this.curvesNode));
    this.picture = new Picture(this.stageNode, { theme: context.theme, onPick: (part) => this.#picked(part) });
    this.strip = new Strip(this.stripNode, { onTime: (t) => this.state.set({ t }), onAxis: (axis) => this.state.set({ axis }), announce: context.announce });
    this.panel = new Panel(this.curvesNode, { onScrub: (t) => { this.strip.stop(); this.state.set({ t }); }, onReceipt: context.openReceipt, onNearest: () => this.#reset() });
    this.picture.start();
    this.#swipes();
  }

  #changed(changed) {
    this.fields.show();
    this.sentence.show();
    const now = performance.now();
    const keysChanged = changed.filter((k) => SETTING.includes(k)).join();
    const same = keysChanged === this.gesture.keys && now - this.gesture.at < SAME_GESTURE_MS;
    if (!same) {
      if (this.table && !this.ghost?.pinned) this.ghost = { table: this.table, name: this.shownName ?? "", pinned: false };
      if (!this.undoing && this.shown) this.past.push(this.shown);
      this.past = this.past.slice(-50);
      this.undo.disabled = !this.past.length;
    }
    this.gesture = { at: now, keys: keysChanged };
    this.ask();
  }

  #axis(kind) {
    setAxis(kind);
    this.strip.setAxis(kind);
    if (this.table) this.#draw();
  }

  #time(t) {
    this.picture.at(t);
    this.strip.at(t);
    this.panel.at(t);
  }

  async #run({ asked, number, begun }) {
    try {
      const key = JSON.stringify(asked);
      const table = last.key === key && last.table ? last.table : await this.context.api.run(asked);
      if (last.key !== key) last = { key, table, points: null, links: null };
      if (number < this.number - 1 && this.table) return;
      this.#show(table, asked, begun);
      if (number === this.number) this.#follow(asked, number);
    } catch (problem) {
      if (number === this.number) this.#failed(problem);
    }
  }

  #show(table, asked, begun) {
    const received = performance.now();
    if (this.table?.banded && this.table.sameTimes(table)) {
      for (const layer of ["low", "high"]) table.layers.set(layer, this.table.layers.get(layer));
      table.stale = true;
    }
    this.table = table;
    this.shown = Object.fromEntries(SETTING.map((k) => [k, this.state.get(k)]));
    this.shownName = this.#nameOf();
    this.#ready();
    this.problem?.remove();
    this.#draw();
    const t = Math.min(this.state.get("t"), table.last);
    if (t !== this.state.get("t")) this.state.set({ t });
    else if (this.picture.time !== t) this.#time(t);
    performance.measure("draw", { start: received, end: performance.now() });
    const redrawn = performance.now() - begun;
    this.latency = redrawn;
    const solved = table.header.solve_ms;
    this.context.status(`${solved === undefined ? this.edition ?? "" : `Solved in ${Math.max(1, Math.round(solved))} ms · `}redrawn in ${Math.round(redrawn)} ms · ${this.context.edition === "static" ? "Static edition" : "Nothing leaves this machine"}`);
    document.documentElement.dataset.redrawn = String(Number(document.documentElement.dataset.redrawn ?? 0) + 1);
    performance.measure("redraw", { start: begun, end: performance.now() });
  }

  #draw() {
    const ghost = this.ghost?.table ?? null;
    this.strip.set(this.table);
    this.picture.set(this.table, { off: this.state.get("off"), links: this.links, ghost });
    this.panel.set(this.table, { ghost, stale: Boolean(this.table.stale) });
    this.#showGhost();
  }

  /** Band, published points and what each link carries come after the curves. */
  #follow(asked, number) {
    clearTimeout(this.bandTimer);
    clearTimeout(this.linksTimer);
    const current = () => number === this.number;
    const kept = last;
    if (kept.points && kept.links && this.table.banded && !this.table.stale) {
      this.#setPoints(kept.points, number);
      this.#setLinks(kept.links);
      return;
    }
    this.bandTimer = setTimeout(async () => {
      const [band, points] = await Promise.allSettled([this.context.api.band(asked), this.context.api.postJson("api/points", asked)]);
      if (!current() || !this.table) return;
      if (band.status === "fulfilled") {
        this.table.addBand(band.value);
        this.table.stale = false;
        this.panel.set(this.table, { ghost: this.ghost?.table ?? null, stale: false });
        this.picture.at(this.state.get("t"));
      }
      kept.points = points.status === "fulfilled" ? points.value.points : null;
      this.#setPoints(kept.points, number);
    }, BAND_AFTER_MS);
    this.linksTimer = setTimeout(async () => {
      try {
        const links = await this.context.api.postJson("api/links", { ...asked, at_h: Math.min(AT_H, asked.days * 24) });
        if (!current()) return;
        kept.links = links;
        this.#setLinks(links);
      } catch {
        this.fields.showLinks(null);
      }
    }, LINKS_AFTER_MS);
    this.fields.showLinks(this.links);
  }

  #setPoints(points, number) {
    this.panel.pointsKnown = Boolean(points);
    this.panel.setPoints(points ?? []);
    document.documentElement.dataset.banded = String(number);
  }

  #setLinks(links) {
    this.links = links;
    this.fields.showLinks(links);
    this.picture.set(this.table, { off: this.state.get("off"), links, ghost: this.ghost?.table ?? null });
  }

  #wait(question) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (question.number !== this.number) return;
      this.stageNode.classList.add("waiting");
      this.bar.classList.add("on");
    }, WAITING_MS);
  }

  #ready() {
    clearTimeout(this.waiting);
    this.stageNode.classList.remove("waiting");
    this.bar.classList.remove("on");
  }

  #failed(problem) {
    this.#ready();
    this.problem?.remove();
    const back = h("button", { class: "button", type: "button", onclick: () => this.#undo() }, "Back to the setting before");
    this.problem = h("div", { class: "problem", role: "alert" }, h("p", {}, problem.message), this.past.length ? back : null);
    this.sentenceBar.after(this.problem);
    this.context.announce(problem.message);
  }

  #picked(part) {
    const inLens = ["glutamate", "ampa", "nmda", "bdnf", "mtor"].includes(part.id);
    if (inLens && !NARROW.matches && !this.picture.zoomed) this.picture.zoom(true);
    this.panel.open(part.row);
    this.context.openReceipt(part.receipts[0], this.curvesNode);
  }

  #showGhost() {
    this.difference.hidden = this.ghostChip.hidden = !this.ghost;
    if (!this.ghost || !this.table) return;
    const { table, name, pinned } = this.ghost;
    const at = Math.min(AT_H, this.table.last, table.last);
    const gap = this.table.at("madrs", at) - table.at("madrs", at);
    const size = Math.abs(gap);
    const words = size < 0.5 ? "same relief at 24 h" : `${figure(size, size < 9.5 ? 1 : 2)} points ${gap > 0 ? "less" : "more"} relief at 24 h`;
    say(this.difference, words);
    const line = s("svg", { width: 26, height: 6, "aria-hidden": "true" }, s("path", { d: "M0 3H26", stroke: "var(--neutral)", "stroke-width": 1.6, "stroke-dasharray": "4 3" }));
    const keep = h("button", { type: "button", "aria-pressed": String(pinned), title: "Keep this ghost (g)", onclick: () => { this.ghost.pinned = !pinned; this.#showGhost(); } }, pinned ? "pinned" : "pin");
    const drop = h("button", { type: "button", "aria-label": "Drop the ghost", onclick: () => { this.#dropGhost(); this.#draw(); } }, "×");
    this.ghostChip.replaceChildren(line, h("span", { class: "name" }, `Ghost: ${name || "the setting before"}`), keep, drop);
    if (words !== this.told) this.context.announce(`${words}, against ${name || "the setting before"}`);
    this.told = words;
  }

  #dropGhost() {
    this.ghost = null;
    this.#showGhost();
    if (this.table) this.#draw();
  }

  /** A short name of the present setting: what differs from the first one, or the dose. */
  #nameOf() {
    const { values } = this.state;
    const { catalogue } = this.context;
    const parts = [protocolOf({ ...values, besides: [] }, catalogue)];
    for (const b of values.besides) parts.push(`with ${b}`);
    if (values.off.length) parts.push(`without ${values.off.map((n) => catalogue.mechanisms.find((m) => m.name === n)?.label ?? n).join(", ")}`);
    return parts.join(", ");
  }

  #undo() {
    const before = this.past.pop();
    if (!before) return;
    this.undoing = true;
    this.state.set(before);
    this.undoing = false;
    this.undo.disabled = !this.past.length;
  }

  #reset() {
    this.state.set(Object.fromEntries(SETTING.map((k) => [k, fields[k].default])));
  }

  /** From 1100 to 1439 and on phones the rail is folded: a word opens its control. */
  #fold() {
    const folded = !WIDE.matches;
    document.querySelector(".view-explore")?.classList.toggle("folded", folded);
    if (NARROW.matches) this.go(this.stage ?? 2);
    else if (!this.picture.zoomed) this.picture.look(WHOLE);
    if (!folded) this.#closeSheet();
  }

  #openField(field, anchor) {
    const node = this.fields.nodes[field];
    if (WIDE.matches) {
      node.querySelector("input, select, button")?.focus();
      return;
    }
    const again = this.sheet?.dataset.field === field;
    this.#closeSheet();
    if (again) return;
    const close = h("button", { class: "button", type: "button", onclick: () => { this.#closeSheet(); anchor.focus(); } }, "Done");
    this.sheet = h("div", { class: "sheet", role: "dialog", "aria-label": field, "data-field": field }, node, close);
    this.sheet.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#closeSheet();
      anchor.focus();
    });
    document.body.append(this.sheet);
    const box = anchor.getBoundingClientRect();
    if (!NARROW.matches) Object.assign(this.sheet.style, { left: `${Math.min(box.left, innerWidth - 320)}px`, top: `${box.bottom + 8}px` });
    node.querySelector("input, select, button")?.focus();
  }

  #closeSheet() {
    if (!this.sheet) return;
    const order = Object.keys(this.fields.nodes);
    const at = order.indexOf(this.sheet.dataset.field);
    const next = order.slice(at + 1).map((k) => this.fields.nodes[k]).find((n) => n.parentNode === this.rail) ?? this.railFoot;
    this.rail.insertBefore(this.fields.nodes[order[at]], next);
    this.sheet.remove();
    this.sheet = null;
  }

  #swipes() {
    let from = null;
    this.stageNode.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch") from = event.clientX; });
    this.stageNode.addEventListener("pointerup", (event) => {
      if (from === null || !NARROW.matches) return;
      const by = event.clientX - from;
      from = null;
      if (Math.abs(by) > 40) this.go(Math.min(5, Math.max(1, (this.stage ?? 2) + (by < 0 ? 1 : -1))));
    });
    addEventListener("keydown", this.escape = (event) => {
      if (event.key === "Escape" && this.picture.zoomed) this.picture.zoom(false);
    });
    this.stops.push(() => removeEventListener("keydown", this.escape));
  }
}
