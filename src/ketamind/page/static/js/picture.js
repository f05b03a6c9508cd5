/**
 * The living picture: the chain from blood to mood at one moment of a run.
 *
 *   const picture = new Picture(element, {theme, onPick(part), receipts(name)});
 *   picture.set(table, {off, links, ghost});    a new run, mechanisms off, what each link carries, a run to compare
 *   picture.at(t);                              the moment, in hours
 *   picture.look(view, ms);                     {x, y, width, height} of the drawing to fill the element; WHOLE is all;
 *                                               a part shows the things of its own stage only
 *   picture.start(); picture.stop(); picture.destroy();
 *
 * SVG for what has structure, one canvas for dots and ticks (motes.js). Every moving thing follows a quantity of the
 * table; parts.js says which, and says it to a reader who hovers or listens.
 */
import { arc, cup, dendriteArt, membraneArt, onRing, PLACE, pore, pyramidalArt, radialArt, receptor, RIBBONS, seeded, SIZE, synapseArt, vesselArt } from "./artwork.js";
import { h, s, say, set, tone } from "./dom.js";
import { gain, share } from "./moment.js";
import { countsAt, Motes } from "./motes.js";
import { CELLS, changeWords, lost, PARTS, tuft } from "./parts.js";
import { clamp, figure, signed } from "./words.js";

export const WHOLE = { x: 0, y: 0, ...SIZE };
/** What each vignette shows when there is room for one only. */
export const VIGNETTES = [
  { stage: 1, title: "Blood", view: { x: 8, y: 8, width: 232, height: 400 }, colour: "blood" },
  { stage: 2, title: "Circuit", view: { x: 180, y: 8, width: 400, height: 416 }, colour: "circuit" },
  { stage: 3, title: "Synapse", view: { x: 544, y: 8, width: 256, height: 330 }, colour: "plasticity" },
  { stage: 4, title: "Dendrite", view: { x: 212, y: 412, width: 340, height: 150 }, colour: "plasticity" },
  { stage: 5, title: "Mood", view: { x: 572, y: 340, width: 232, height: 232 }, colour: "mood" },
];
const LENS = { x: PLACE.lens.x - 132, y: PLACE.lens.y - 128, width: 264, height: 256 };
const HEADS = [
  { x: 24, y: 31, n: "1", title: "Blood and brain", colour: "blood" },
  { x: 232, y: 31, n: "2", title: "Cortical circuit", colour: "circuit" },
  { x: 565, y: 31, n: "3", title: "Synapse", colour: "plasticity" },
  { x: 232, y: 442, n: "4", title: "Dendrite", colour: "plasticity" },
  { x: 588, y: 372, n: "5", title: "Mood", colour: "mood" },
  { x: 24, y: 442, n: "µ", title: "Opioid path", colour: "opioid" },
];
const [LEAST_PX, SMALL_PX] = [11, 12];
const [WHOLE_SHARE, LEAST_SHARE, OPIOID_STAGE] = [0.6, 0.35, 5];
const GLOW = 40;
const SPINES = 20;
const PLUG_S = 4;
const SUBSTANCE_TONE = { s_ketamine: "s-ketamine", r_ketamine: "r-ketamine", norketamine: "norketamine" };

export class Picture {
  constructor(element, { theme, onPick = () => {}, tips = true }) {
    this.element = element;
    this.onPick = onPick;
    this.view = WHOLE;
    this.svg = s("svg", { class: "art", viewBox: viewBox(WHOLE), preserveAspectRatio: "xMidYMid meet", role: "group", "aria-label": "The chain from blood to mood" });
    this.canvas = h("canvas", { class: "motes", "aria-hidden": "true" });
    this.box = h("div", { class: "picture" }, this.svg, this.canvas);
    element.append(this.box);
    this.motes = new Motes(this.canvas, theme);
    this.motes.onStep = (clock) => this.#plugs(clock);
    this.nodes = {};
    this.#draw();
    if (tips) this.#tips();
    this.stopTheme = theme.onChange(() => this.motes.fit(...this.#size()));
    this.observer = new ResizeObserver(() => this.#fit());
    this.observer.observe(this.box);
  }

  set(table, { off = [], links = null, ghost = null } = {}) {
    this.table = table;
    this.off = new Set(off);
    this.links = links;
    this.ghost = ghost;
    for (const part of PARTS) this.parts.get(part.id)?.classList.toggle("off", part.off.some((m) => this.off.has(m)));
    this.svg.classList.toggle("nmda-off", this.off.has("nmda"));
    if (this.time !== undefined) this.at(this.time);
  }

  at(t) {
    this.time = t;
    if (!this.table) return;
    const counts = countsAt(this.table, t);
    counts.off = new Set([...(this.off.has("bdnf_release") ? ["bdnf"] : []), ...(this.off.has("disinhibition") ? ["glutamate"] : [])]);
    this.#blood(t, counts);
    for (const cell of CELLS) this.#cell(cell, t);
    this.#axons(t);
    this.#synapse(t);
    this.#dendrite(t);
    this.#opioid(t);
    this.#mood(t);
    this.#ribbons(t);
    this.motes.show(counts);
    this.#plugs(this.motes.clock);
    this.#name(t);
  }

  start() { this.motes.start(); }

  stop() { this.motes.stop(); }

  /** Fill the element with a part of the drawing. */
  look(view, ms = 0, only = stageOf(view)) {
    this.motes.only = only;
    if (only) this.svg.dataset.only = String(only);
    else delete this.svg.dataset.only;
    const from = this.view;
    const begin = performance.now();
    cancelAnimationFrame(this.zooming);
    const step = (now) => {
      const share = ms ? clamp((now - begin) / ms, 0, 1) : 1;
      const ease = 1 - (1 - share) ** 3;
      this.view = Object.fromEntries(Object.keys(view).map((k) => [k, from[k] + (view[k] - from[k]) * ease]));
      set(this.svg, { viewBox: viewBox(this.view) });
      this.box.style.aspectRatio = `${this.view.width} / ${this.view.height}`;
      this.motes.look(this.view);
      if (share < 1) this.zooming = requestAnimationFrame(step);
      else this.#fit();
    };
    step(ms ? begin : begin + 1);
  }

  get zoomed() {
    return this.svg.classList.contains("zoomed");
  }

  /** Open the lens to full height, or close it. */
  zoom(open = !this.zoomed) {
    this.svg.classList.toggle("zoomed", open);
    this.look(open ? LENS : WHOLE, matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300, open ? 3 : null);
  }

  destroy() {
    this.stop();
    this.stopTheme();
    this.observer.disconnect();
    this.tip?.remove();
    this.box.remove();
  }

  #size() {
    const box = this.box.getBoundingClientRect();
    return [box.width, box.height];
  }

  /** Words keep at least eleven pixels, however small the picture is. */
  #fit() {
    const [width, height] = this.#size();
    const scale = Math.min(width / this.view.width, height / this.view.height) || 1;
    this.svg.style.setProperty("--k", this.zoomed ? "1" : clamp(LEAST_PX / (SMALL_PX * scale), 1, 1.35).toFixed(3));
    this.motes.look(this.view);
    this.motes.fit(width, height);
  }

  #part(id, ...children) {
    const part = PARTS.find((p) => p.id === id);
    const node = s("g", { class: `part part-${id}`, role: "button", tabindex: 0, "data-part": id, "aria-label": part.title }, ...children);
    node.addEventListener("click", () => this.#picked(part));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.#picked(part);
      }
    });
    this.parts.set(id, node);
    return node;
  }

  #picked(part) {
    this.onPick(part);
  }

  #draw() {
    this.parts = new Map();
    this.svg.append(
      s("defs", {}, ...CELLS.map((c) => glowOf(c.id)), s("clipPath", { id: "lens-clip" }, s("circle", { cx: PLACE.lens.x, cy: PLACE.lens.y, r: PLACE.lens.r }))),
      this.#drawRibbons(),
      ...HEADS.map(head),
      staged(1, this.#drawBlood()), staged(2, this.#drawAxons()),
      ...["vip", "sst", "pv", "pyramidal"].map((id) => staged(2, this.#drawCell(CELLS.find((c) => c.id === id)))),
      staged(3, this.#drawLens()), staged(4, this.#drawDendrite()), staged(5, this.#drawOpioid()), staged(5, this.#drawMood()),
    );
  }

  #drawRibbons() {
    this.ribbons = {};
    const nodes = Object.entries(RIBBONS).map(([id, d]) => {
      const colours = { entry: "blood", circuit: "plasticity", mood: "plasticity", dendrite: "plasticity", opioid: "opioid" };
      const path = s("path", { d, class: "ribbon", fill: "none", stroke: tone(colours[id]), "stroke-width": 3, "stroke-linecap": "round" });
      this.ribbons[id] = path;
      return path;
    });
    const { x, y, r } = PLACE.lens;
    const beam = s("path", { d: `M382 ${PLACE.pyramidal.y - 82}L${x - r * 0.93} ${y - r * 0.36}A${r} ${r} 0 0 0 ${x - r * 0.62} ${y + r * 0.78}Z`, fill: tone("plasticity"), opacity: 0.08 });
    return s("g", { class: "ribbons", "aria-hidden": "true" }, beam, ...nodes);
  }

  #drawBlood() {
    const label = (y, words) => s("text", { x: 116, y, class: "small" }, words);
    const value = (y) => s("text", { x: 116, y, class: "value" });
    Object.assign(this.nodes, { venous: value(94), brain: value(136) });
    const vessel = this.#part("vessel", vesselArt(), hit(32, 58, 76, 298), label(76, "In blood, venous"), this.nodes.venous);
    const tissue = this.#part("tissue", hit(112, 104, 108, 216), label(118, "In brain, unbound"), this.nodes.brain);
    this.nodes.scale = s("text", { x: 24, y: 418, class: "small" });
    return s("g", {}, vessel, tissue, keyOf(), this.nodes.scale);
  }

  #drawAxons() {
    const [pv, p, sst] = [PLACE.pv, PLACE.pyramidal, PLACE.sst];
    this.nodes.pvAxon = s("path", { d: `M${pv.x + 12} ${pv.y + 2}C${pv.x + 50} ${pv.y + 16} ${p.x - 60} ${p.y + 26} ${p.x - 20} ${p.y + 8}`, fill: "none", stroke: tone("pv"), "stroke-linecap": "round" });
    this.nodes.sstAxon = s("path", { d: `M${sst.x + 2} ${sst.y - 16}C${sst.x + 8} 120 ${sst.x - 54} 48 ${p.x + 6} 58C${p.x - 24} 62 ${p.x - 44} 84 ${p.x - 52} 100`, fill: "none", stroke: tone("sst"), "stroke-linecap": "round" });
    this.nodes.vipAxon = s("path", { d: `M${PLACE.vip.x - 4} ${PLACE.vip.y + 20}C${PLACE.vip.x - 6} ${PLACE.vip.y + 50} ${sst.x + 40} ${sst.y - 40} ${sst.x + 18} ${sst.y - 16}`, fill: "none", stroke: tone("vip"), "stroke-width": 1.4 });
    const boutons = (points, colour) => points.map(([x, y]) => s("circle", { cx: x, cy: y, r: 3.2, fill: tone(colour) }));
    this.nodes.pvBoutons = s("g", {}, ...boutons([[p.x - 20, p.y + 8], [p.x - 12, p.y + 20], [p.x - 8, p.y - 14]], "pv"));
    this.nodes.sstBoutons = s("g", {}, ...boutons([[p.x + 34, 62], [p.x + 6, 58], [p.x - 22, 66], [p.x - 52, 100], [p.x + 58, 80]], "sst"));
    return this.#part("inhibition", this.nodes.pvAxon, this.nodes.sstAxon, this.nodes.vipAxon, this.nodes.pvBoutons, this.nodes.sstBoutons);
  }

  #drawCell({ id, title }) {
    const { x, y } = PLACE[id];
    const art = {
      pyramidal: pyramidalArt,
      pv: () => radialArt("pv", "pv", { count: 9, length: 26, seed: 21 }),
      sst: () => radialArt("sst", "sst", { count: 7, length: 26, seed: 34, flat: 1.4 }),
      vip: () => radialArt("vip", "vip", { count: 6, length: 24, seed: 55, only: [-2.0, -1.57, -1.1, 1.1, 1.57, 2.0] }),
    }[id]();
    const soma = {
      pyramidal: () => s("path", { d: `M${x} ${y - 26}C${x + 4} ${y - 12} ${x + 20} ${y + 10} ${x + 20} ${y + 18}C${x + 10} ${y + 24} ${x - 10} ${y + 24} ${x - 20} ${y + 18}C${x - 20} ${y + 10} ${x - 4} ${y - 12} ${x} ${y - 26}Z` }),
      pv: () => s("circle", { cx: x, cy: y, r: 16 }),
      sst: () => s("ellipse", { cx: x, cy: y, rx: 20, ry: 13 }),
      vip: () => s("path", { d: `M${x} ${y - 19}L${x + 10} ${y}L${x} ${y + 19}L${x - 10} ${y}Z` }),
    }[id]();
    set(soma, { fill: tone(id), class: "soma" });
    const pores = Array.from({ length: PLACE[id].pores }, (_, i) => pore(id, i, id));
    const at = { pyramidal: { x: 398, y: 238, title: 223 }, pv: { x: 202, y: 360 }, sst: { x: 410, y: 398 }, vip: { x: 483, y: 197, title: 182 } }[id];
    const rate = s("tspan", at.title ? { x: at.x, dy: "1.22em" } : { dx: 6 });
    const name = s("text", { x: at.x, y: at.title ?? at.y, class: "rate" }, s("tspan", { class: "cell-name", style: { fill: tone(id) } }, title), rate);
    const glow = s("circle", { cx: x, cy: y, fill: `url(#glow-${id})`, class: "glow", "pointer-events": "none" });
    this.nodes[id] = { glow, plugs: pores.map((p) => p.plug), rate };
    const part = this.#part(id, glow, art, soma, s("g", { class: "pores" }, ...pores.map((p) => p.node)));
    return s("g", {}, part, s("g", { "pointer-events": "none" }, name));
  }

  #drawLens() {
    const { x, y, r } = PLACE.lens;
    this.nodes.ampa = Array.from({ length: 6 }, (_, i) => receptor(x - 66 + i * 15.6, y + 9, "circuit", 22));
    this.nodes.nmda = Array.from({ length: 3 }, (_, i) => receptor(x + 32 + i * 18, y + 9, "receptors", 22));
    this.nodes.nmdaPlugs = this.nodes.nmda.map((_, i) => s("circle", { cx: x + 32 + i * 18, cy: y + 5, r: 4, class: "plug", stroke: tone("paper"), "stroke-width": 0.8, opacity: 0 }));
    this.nodes.trkb = [-1, 1].map((side) => s("path", { d: `M${x + side * 96} ${y + 50}l${-side * 14} 6m${side * 2} -12l${-side * 5} 14M${x + side * 82} ${y + 56}h${-side * 10}`, fill: "none", "stroke-width": 3, "stroke-linecap": "round" }));
    this.nodes.mtor = s("circle", { cx: x, cy: y + 62, r: 17, fill: tone("plasticity") });
    const text = (id, dx, dy, words, colour, klass = "tag") => s("text", { x: x + dx, y: y + dy, class: klass, "text-anchor": "middle", style: { fill: tone(colour) } }, words);
    const inside = s("g", { "clip-path": "url(#lens-clip)" },
      s("circle", { cx: x, cy: y, r, fill: tone("surface") }), synapseArt(),
      this.#part("glutamate", hit(x - 62, y - 30, 124, 28)),
      this.#part("ampa", hit(x - 70, y - 4, 84, 44), ...this.nodes.ampa, text("ampa", -30, 34, "AMPA", "circuit")),
      this.#part("nmda", hit(x + 15, y - 4, 66, 44), ...this.nodes.nmda, ...this.nodes.nmdaPlugs, text("nmda", 47, 34, "NMDA", "receptors")),
      this.#part("bdnf", hit(x - 108, y - 26, 30, 96), hit(x + 78, y - 26, 30, 96), ...this.nodes.trkb, text("trkb", -58, 62, "TrkB", "plasticity")),
      this.#part("mtor", this.nodes.mtor, text("mtor", 0, 66, "mTORC1", "ink", "tag strong")),
    );
    const values = [["Glutamate", -70, "glutamateValue"], ["BDNF", 6, "bdnfValue"], ["p-TrkB", 70, "trkbValue"]].map(([words, dx, key]) => {
      this.nodes[key] = s("text", { x: x + dx, y: y + r + 38, class: "value mid", "text-anchor": "middle" });
      return s("g", { class: "outside" }, s("text", { x: x + dx, y: y + r + 21, class: "small", "text-anchor": "middle" }, words), this.nodes[key]);
    });
    const rim = s("circle", { cx: x, cy: y, r, fill: "none", stroke: tone("control"), "stroke-width": 1.4 });
    const circle = s("ellipse", { cx: 376, cy: PLACE.pyramidal.y - 82, rx: 9, ry: 9, fill: "none", stroke: tone("ink"), "stroke-width": 1.3 });
    return s("g", {}, circle, inside, rim, ...values, this.#drawDeep());
  }

  /** What has room only when the lens is open. */
  #drawDeep() {
    const { x, y } = PLACE.lens;
    const names = [["eef2", -74, 84, "eEF2"], ["eef2Value", -74, 94, ""], ["strength", 66, 84, "strength"], ["strengthValue", 66, 94, ""], ["mtorValue", 0, 90, ""]];
    return s("g", { class: "deep", "pointer-events": "none" }, ...names.map(([key, dx, dy, words]) => {
      this.nodes[key] = s("text", { x: x + dx, y: y + dy, class: "fine", "text-anchor": "middle" }, words);
      return this.nodes[key];
    }));
  }

  #drawDendrite() {
    const { x, y, width } = PLACE.dendrite;
    const random = seeded(12);
    const seats = Array.from({ length: 34 }, (_, i) => ({ at: x + 10 + (i * (width - 22)) / 33 + random() * 3, up: i % 2 === 0, tall: 13 + random() * 9 }));
    const order = seats.map((_, i) => i).sort((a, b) => ((a * 7) % 34) - ((b * 7) % 34));
    this.spines = order.map((i) => ({ ...seats[i], node: spineNode() }));
    this.nodes.dendriteValue = s("text", { x: 330, y: 442, class: "value" });
    this.nodes.dendriteNote = s("text", { x: 396, y: 442, class: "small" });
    const art = this.#part("dendrite", hit(x, y - 42, width, 84), ...this.spines.map((p) => p.node.group), dendriteArt(), this.nodes.dendriteValue, this.nodes.dendriteNote);
    const legend = s("g", { class: "legend", "pointer-events": "none" },
      s("circle", { cx: 238, cy: 545, r: 4, fill: tone("pyramidal") }), s("text", { x: 247, y: 549, class: "small" }, "kept"),
      s("circle", { cx: 290, cy: 545, r: 4, fill: tone("plasticity") }), s("text", { x: 299, y: 549, class: "small" }, "new since dose"),
      s("circle", { cx: 404, cy: 545, r: 4, fill: "none", stroke: tone("neutral"), "stroke-dasharray": "2 2" }), s("text", { x: 413, y: 549, class: "small" }, "missing by stress"));
    return s("g", {}, art, legend);
  }

  #drawOpioid() {
    this.nodes.cups = [0, 1, 2].map(cup);
    this.nodes.ketamineInCup = s("circle", { cx: PLACE.cups[0].x, cy: PLACE.cups[0].y - 12, r: 5, fill: tone("s-ketamine") });
    this.nodes.ownInCup = s("circle", { cx: PLACE.cups[2].x, cy: PLACE.cups[2].y - 12, r: 5, fill: tone("opioid") });
    this.nodes.bar = s("path", { d: "M34 492L184 534", stroke: tone("naltrexone"), "stroke-width": 4, "stroke-linecap": "round", opacity: 0 });
    this.nodes.occupied = s("text", { x: 24, y: 468, class: "small" });
    this.nodes.tone = s("text", { x: 24, y: 556, class: "small" });
    return this.#part("opioid", hit(20, 450, 172, 112), membraneArt(), ...this.nodes.cups, this.nodes.ketamineInCup, this.nodes.ownInCup, this.nodes.bar, this.nodes.occupied, this.nodes.tone);
  }

  #drawMood() {
    const { x, y, r } = PLACE.ring;
    const path = (colour, width, opacity = 1) => s("path", { fill: "none", stroke: tone(colour), "stroke-width": width, opacity });
    Object.assign(this.nodes, { band: path("mood", 14, 0.3), lower: path("mood", 14, 0.62), arc: path("mood", 14), ghostArc: path("neutral", 1.4), tick: s("path", { stroke: tone("ink"), "stroke-width": 2.4 }), score: s("text", { x, y: y + 10, class: "score", "text-anchor": "middle" }), change: s("text", { x, y: y + 75, class: "value mid", "text-anchor": "middle" }) });
    set(this.nodes.ghostArc, { "stroke-dasharray": "4 3" });
    const track = path("sunk", 14);
    set(track, { d: arc(0, 60, r) });
    const scale = [0, 10, 20, 40, 60].map((score) => {
      const [sx, sy] = onRing(score, r - 18);
      return s("text", { x: sx, y: sy + 4, class: "small", "text-anchor": "middle" }, String(score));
    });
    const mood = this.#part("mood", hit(x - r - 10, y - r - 10, 2 * r + 20, 2 * r + 14), track, this.nodes.band, this.nodes.lower, this.nodes.arc, this.nodes.ghostArc, this.nodes.tick, ...scale, this.nodes.score,
      s("text", { x, y: y + 28, class: "small", "text-anchor": "middle" }, "MADRS"), this.nodes.change);
    this.nodes.cadssBar = s("rect", { x: 730, y: 549, width: 0, height: 8, rx: 4, fill: tone("ink-2") });
    this.nodes.cadss = s("text", { x: 796, y: 557, class: "value", "text-anchor": "end" });
    const dissociation = this.#part("dissociation", hit(584, 542, 214, 22), s("text", { x: 588, y: 557, class: "small" }, "Dissociation (CADSS)"), s("rect", { x: 730, y: 549, width: 40, height: 8, rx: 4, fill: tone("sunk") }), this.nodes.cadssBar, this.nodes.cadss);
    return s("g", {}, mood, dissociation);
  }

  #blood(t, counts) {
    const { table, nodes } = this;
    say(nodes.venous, `${figure(table.at("venous_ketamine", t), 3)} ng/mL`);
    say(nodes.brain, `${table.at("brain_unbound_ketamine", t).toFixed(table.at("brain_unbound_ketamine", t) < 9.95 ? 2 : 1)} µM`);
    say(nodes.scale, `1 dot: ${figure(counts.vesselScale)} ng/mL; in brain ${figure(counts.tissueScale, 1)} µM`);
  }

  #cell({ id, site }, t) {
    const { table } = this;
    const node = this.nodes[id];
    const relative = table.relative(`rate_${id}`, t);
    set(node.glow, { r: clamp(GLOW + 60 * (relative - 1), 0, 110).toFixed(1) });
    node.blocked = lost(table, id, site, t) * node.plugs.length;
    const change = 100 * (relative - 1);
    node.rate.replaceChildren(s("tspan", { class: "strong" }, `${figure(table.at(`rate_${id}`, t), 3)} Hz`), s("tspan", { dx: 5 }, `${signed(change)} %`));
  }

  #axons(t) {
    const line = (node, boutons, level) => {
      const wide = clamp(1 + 2.8 * (level - 0.5), 1, 2.4);
      set(node, { "stroke-width": wide.toFixed(2), opacity: clamp(level, 0.35, 1).toFixed(2) });
      if (boutons) set(boutons, { opacity: clamp(level, 0.35, 1).toFixed(2) });
    };
    line(this.nodes.pvAxon, this.nodes.pvBoutons, this.table.relative("inhibitory_conductance", t));
    line(this.nodes.sstAxon, this.nodes.sstBoutons, tuft(this.table, t));
  }

  #synapse(t) {
    const { table, nodes } = this;
    const ampa = clamp(3 * table.relative("surface_ampar", t), 0, nodes.ampa.length);
    nodes.ampa.forEach((node, i) => shrink(node, clamp(ampa - i, 0, 1), PLACE.lens.y + 9));
    nodes.nmdaBlocked = lost(table, "pyramidal", "synaptic", t) * nodes.nmda.length;
    const lit = 2 * gain(table, "p_trkb", t);
    nodes.trkb.forEach((node, i) => node.style.setProperty("stroke", `color-mix(in srgb, var(--plasticity) ${Math.round(100 * clamp(lit - i, 0, 1))}%, var(--neutral))`));
    set(nodes.mtor, { opacity: (0.2 + 0.8 * clamp(table.at("mtorc1_activity", t), 0, 1)).toFixed(3) });
    say(nodes.glutamateValue, `× ${table.relative("extracellular_glutamate", t).toFixed(2)}`);
    say(nodes.bdnfValue, `× ${table.relative("bdnf_extracellular", t).toFixed(1)}`);
    say(nodes.trkbValue, `× ${table.relative("p_trkb", t).toFixed(1)}`);
    say(nodes.eef2Value, `p-eEF2 × ${table.relative("p_eef2", t).toFixed(2)}`);
    say(nodes.strengthValue, `AMPA × ${table.relative("surface_ampar", t).toFixed(2)}`);
    say(nodes.mtorValue, `active ${figure(100 * table.at("mtorc1_activity", t))} %`);
  }

  #dendrite(t) {
    const { table, nodes } = this;
    const before = table.before("spine_density");
    const change = table.at("spine_density", t) / before - 1;
    const kept = SPINES * Math.min(1, 1 + change);
    const fresh = SPINES * Math.max(0, change);
    const missing = Math.max(0, (SPINES * (1 - before)) / before);
    this.spines.forEach((spine, i) => {
      if (i < SPINES) placeSpine(spine, clamp(kept - i, 0, 1), "kept");
      else if (i < SPINES + Math.ceil(fresh)) placeSpine(spine, clamp(fresh - (i - SPINES), 0, 1), "new");
      else placeSpine(spine, clamp(missing - (this.spines.length - 1 - i), 0, 1), "missing");
    });
    say(nodes.dendriteValue, `${signed(100 * change, 1)} %`);
    say(nodes.dendriteNote, "spines against before");
  }

  #opioid(t) {
    const { table, nodes } = this;
    const blocked = clamp(table.at("mor_blockade", t), 0, 1);
    const held = Math.max(0, table.at("mor_occupancy", t) - blocked);
    nodes.cupShare = clamp(held, 0, 1);
    nodes.ownShare = this.off.has("opioid") ? 0 : clamp(0.5 * table.at("mu_tone", t), 0, 1);
    set(nodes.bar, { opacity: blocked.toFixed(2) });
    say(nodes.occupied, `Occupied by ketamine: ${held < 0.001 ? "under 0.1" : figure(100 * held)} %`);
    say(nodes.tone, blocked > 0.05 ? `A blocker holds ${figure(100 * blocked)} %` : `Own opioid tone × ${table.at("mu_tone", t).toFixed(2)}`);
  }

  #mood(t) {
    const { table, nodes, ghost } = this;
    const { r } = PLACE.ring;
    const score = table.at("madrs", t);
    const [low, high] = table.banded ? [table.at("madrs", t, "low"), table.at("madrs", t, "high")] : [score, score];
    set(nodes.arc, { d: arc(0, Math.max(0.01, Math.min(low, score)), r) });
    set(nodes.lower, { d: arc(Math.min(low, score), score + 0.01, r) });
    set(nodes.band, { d: arc(score, Math.max(high, score) + 0.01, r) });
    const [[x1, y1], [x2, y2]] = [onRing(score, r - 10), onRing(score, r + 10)];
    set(nodes.tick, { d: `M${x1} ${y1}L${x2} ${y2}` });
    if (ghost) set(nodes.ghostArc, { d: arc(0, ghost.at("madrs", Math.min(t, ghost.last)), r + 12), opacity: 1 });
    else set(nodes.ghostArc, { opacity: 0 });
    say(nodes.score, figure(score, 2));
    say(nodes.change, changeWords(table, t));
    const cadss = table.at("cadss", t);
    set(nodes.cadssBar, { width: clamp((40 * cadss) / 92, 0, 40).toFixed(1) });
    say(nodes.cadss, figure(Math.max(0, cadss) < 0.05 ? 0 : cadss));
  }

  #ribbons(t) {
    const { table, links } = this;
    const carried = { entry: "nmda", circuit: "bdnf_release", mood: "potentiation", dendrite: "spines", opioid: "opioid" };
    const active = {
      entry: share(table, "brain_unbound_ketamine", t),
      circuit: gain(table, "bdnf_extracellular", t),
      mood: gain(table, "synaptic_strength", t),
      dendrite: gain(table, "spine_density", t),
      opioid: share(table, "mor_occupancy", t),
    };
    for (const [id, path] of Object.entries(this.ribbons)) {
      const cut = this.off.has(carried[id]) || (id === "opioid" && table.at("mor_blockade", t) > 0.5);
      const lostShare = clamp(links?.lost?.[carried[id]] ?? 0, 0, 1);
      set(path, { "stroke-width": (3 + 9 * lostShare).toFixed(1), opacity: cut ? 0.5 : (0.16 + 0.5 * active[id]).toFixed(2) });
      path.classList.toggle("cut", cut);
    }
  }

  /** Whole plugs always; the next one for its share of the time, so that the mean is exact. */
  #plugs(clock) {
    if (!this.table) return;
    const colour = this.#mainSubstance();
    for (const { id } of CELLS) {
      const { plugs, blocked = 0 } = this.nodes[id];
      plugs.forEach((plug, i) => plugAt(plug, (i * 5) % plugs.length, blocked, clock + i, colour, this.motes.running));
    }
    this.nodes.nmdaPlugs.forEach((plug, i) => plugAt(plug, i, this.nodes.nmdaBlocked ?? 0, clock, colour, this.motes.running));
    plugAt(this.nodes.ketamineInCup, 0, this.nodes.cupShare ?? 0, clock, "s-ketamine", this.motes.running);
    plugAt(this.nodes.ownInCup, 0, this.nodes.ownShare ?? 0, clock + 1.3, "opioid", this.motes.running);
  }

  /** The substance that is most of what is in the brain now. */
  #mainSubstance() {
    const names = Object.keys(SUBSTANCE_TONE);
    const levels = names.map((n) => this.table.at(`brain_unbound_${n}`, this.time) ?? 0);
    return SUBSTANCE_TONE[names[levels.indexOf(Math.max(...levels))]];
  }

  /** Names of parts for screen readers, renewed when nothing has moved for a while. */
  #name(t) {
    clearTimeout(this.naming);
    this.naming = setTimeout(() => {
      for (const part of PARTS) {
        const off = part.off.some((m) => this.off.has(m)) ? " Switched off." : "";
        this.parts.get(part.id)?.setAttribute("aria-label", `${part.title}: ${part.lines(this.table, t).join(" ")}${off}`);
      }
    }, 200);
  }

  #tips() {
    const show = (event) => {
      const node = event.target.closest?.(".part");
      this.tip?.remove();
      if (!node || !this.table) return;
      const part = PARTS.find((p) => p.id === node.dataset.part);
      this.tip = h("div", { class: "tip", role: "tooltip" }, h("b", {}, part.title), ...part.lines(this.table, this.time).map((line) => h("div", {}, line)));
      document.body.append(this.tip);
      const box = node.getBoundingClientRect();
      const size = this.tip.getBoundingClientRect();
      const [left, top] = event.clientX === undefined || event.type === "focusin" ? [box.left, box.bottom + 6] : [event.clientX + 14, event.clientY + 16];
      Object.assign(this.tip.style, { left: `${clamp(left, 8, innerWidth - size.width - 8)}px`, top: `${top + size.height > innerHeight - 8 ? Math.max(8, top - size.height - 34) : top}px` });
    };
    const hide = () => this.tip?.remove();
    this.svg.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") show(event); });
    this.svg.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) show(event); });
    this.svg.addEventListener("focusout", hide);
    this.svg.addEventListener("pointerleave", hide);
  }
}

/** The stage that a crop shows: the one that fills most of it; null for the whole drawing. */
function stageOf(view) {
  if (view.width * view.height > WHOLE_SHARE * SIZE.width * SIZE.height) return null;
  const shares = VIGNETTES.map(({ stage, view: v }) => {
    const wide = Math.min(view.x + view.width, v.x + v.width) - Math.max(view.x, v.x);
    const high = Math.min(view.y + view.height, v.y + v.height) - Math.max(view.y, v.y);
    return { stage, share: Math.max(0, wide) * Math.max(0, high) / (view.width * view.height) };
  });
  const best = shares.reduce((a, b) => (b.share > a.share ? b : a));
  return best.share > LEAST_SHARE ? best.stage : OPIOID_STAGE;
}

function viewBox(view) {
  return `${view.x.toFixed(2)} ${view.y.toFixed(2)} ${view.width.toFixed(2)} ${view.height.toFixed(2)}`;
}

function hit(x, y, width, height) {
  return s("rect", { class: "hit", x, y, width, height, fill: "transparent" });
}

function staged(stage, node) {
  node.dataset.stage = stage;
  return node;
}

function head({ x, y, n, title, colour }) {
  return s("g", { class: "head", "data-stage": n === "µ" ? 5 : n }, s("circle", { cx: x + 9, cy: y - 5, r: 9, fill: tone(colour) }), s("text", { x: x + 9, y: y - 0.8, class: "number", "text-anchor": "middle" }, n), s("text", { x: x + 25, y, class: "title" }, title));
}

function glowOf(cell) {
  return s("radialGradient", { id: `glow-${cell}` }, s("stop", { offset: "0.15", "stop-color": tone(cell), "stop-opacity": 0.42 }), s("stop", { offset: "1", "stop-color": tone(cell), "stop-opacity": 0 }));
}

/** The key of the dots. */
function keyOf() {
  const item = (x, y, mark, words) => s("g", {}, mark, s("text", { x: x + 10, y: y + 4, class: "small" }, words));
  return s("g", { class: "legend" },
    item(29, 374, s("circle", { cx: 29, cy: 374, r: 3.5, fill: tone("s-ketamine") }), "S-ketamine"),
    item(118, 374, s("circle", { cx: 118, cy: 374, r: 3, fill: "none", stroke: tone("r-ketamine"), "stroke-width": 1.7 }), "R-ketamine"),
    item(29, 394, s("path", { d: "M29 390l3.8 7h-7.6Z", fill: tone("norketamine") }), "norketamine"),
    item(118, 394, s("path", { d: "M118 389.6l4.3 4.4l-4.3 4.4l-4.3 -4.4Z", fill: tone("hydroxynorketamine") }), "HNK"));
}

/** A receptor that grows in by its height. */
function shrink(node, share, middle) {
  set(node, { opacity: share > 0 ? 1 : 0, transform: `translate(0 ${(middle * (1 - share)).toFixed(2)}) scale(1 ${Math.max(share, 0.01).toFixed(3)})` });
}

function spineNode() {
  const stem = s("line", { "stroke-width": 2.2 });
  const halo = s("circle", { class: "halo" });
  const top = s("circle", {});
  return { stem, halo, top, group: s("g", { class: "spine" }, halo, stem, top) };
}

function placeSpine({ at, up, tall, node }, grown, kind) {
  const colour = { kept: "pyramidal", new: "plasticity", missing: "neutral" }[kind];
  const base = PLACE.dendrite.y + (up ? -6 : 4);
  const tip = base + (up ? -1 : 1) * tall * (0.25 + 0.75 * grown);
  set(node.group, { opacity: grown > 0.01 ? 1 : 0 });
  set(node.stem, { x1: at, x2: at, y1: base, y2: tip, stroke: tone(colour), "stroke-dasharray": kind === "missing" ? "2 2" : "none" });
  const radius = 4.6 * (0.45 + 0.55 * grown);
  set(node.top, { cx: at, cy: tip, r: radius.toFixed(2), fill: kind === "missing" ? tone("paper") : tone(colour), stroke: kind === "missing" ? tone("neutral") : "none", "stroke-dasharray": "2 2" });
  set(node.halo, { cx: at, cy: tip, r: kind === "new" ? 9 : 0, fill: tone("plasticity"), opacity: 0.22 });
}

function plugAt(plug, rank, blocked, clock, colour, moving) {
  const part = clamp(blocked - rank, 0, 1);
  const shown = part >= 1 || !moving ? part : Number((clock / PLUG_S) % 1 < part);
  set(plug, { opacity: shown, fill: tone(colour) });
}
