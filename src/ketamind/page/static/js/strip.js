/**
 * The time strip, which is the slider: six ridges, each scaled to its own peak, one handle; play, jumps, the clock.
 */
import { h, s, say, set, tone } from "./dom.js";
import { sentence } from "./moment.js";
import { fromU, ticks, toU, words } from "./timeaxis.js";
import { clamp } from "./words.js";

const LEFT = 108;
const RIGHT = 10;
const AXIS = 20;
const PLAY_S = 24;
const STEP = 1 / 160;
const RIDGES = [
  { name: "brain_unbound_ketamine", label: "Ketamine in brain", colour: "blood", least: 0.005, of: (v) => v },
  { name: "nmda_tonic_pv", label: "NMDA block", colour: "receptors", least: 0.005, of: (v) => 1 - v },
  { name: "extracellular_glutamate", label: "Glutamate", colour: "circuit", least: 0.01, of: (v, before) => v - before },
  { name: "bdnf_extracellular", label: "BDNF, TrkB", colour: "plasticity", least: 0.02, of: (v, before) => v - before },
  { name: "spine_density", label: "New spines", colour: "plasticity", least: 0.003, of: (v, before) => v - before },
  { name: "madrs", label: "Relief", colour: "mood", least: 0.5, of: (v, before) => before - v },
];
/** On a phone three ridges are enough. */
const FEW = new Set(["brain_unbound_ketamine", "bdnf_extracellular", "madrs"]);

export class Strip {
  constructor(element, { onTime, onAxis, announce }) {
    this.onTime = onTime;
    this.announce = announce;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.icon = s("path", { d: "M2 0l10 6l-10 6Z" });
    this.play = h("button", { class: "play", type: "button", "aria-label": "Play", onclick: () => this.toggle() }, s("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, this.icon));
    this.clock = h("p", { class: "clock" });
    this.now = h("p", { class: "now" });
    this.jumps = h("div", { class: "jumps", role: "group", "aria-label": "Jump to" });
    this.linear = h("button", { class: "chip", type: "button", "aria-pressed": "false", hidden: true, onclick: () => onAxis(this.linear.getAttribute("aria-pressed") === "true" ? "log" : "linear") }, "linear");
    this.score = h("p", { class: "score-small" });
    this.svg = s("svg", { "aria-hidden": "true" });
    this.ridges = h("div", { class: "ridges", role: "slider", tabindex: 0, "aria-label": "Time", "aria-valuemin": 0 }, this.svg);
    element.append(h("div", { class: "row" }, this.play, this.clock, this.now, this.linear, this.jumps, this.score), this.ridges);
    this.#listen();
    this.observer = new ResizeObserver(() => this.#draw());
    this.observer.observe(this.ridges);
  }

  set(table) {
    this.table = table;
    this.moments = momentsOf(table);
    this.linear.hidden = !table.header.doses.some((d) => d.start_h > 12);
    this.ridges.setAttribute("aria-valuemax", table.last.toFixed(2));
    this.#drawJumps();
    this.#draw();
    if (this.time !== undefined) this.at(this.time);
  }

  /** Even hours, or stretched ones. */
  setAxis(kind) {
    this.linear.setAttribute("aria-pressed", String(kind === "linear"));
    this.#draw();
  }

  at(t) {
    this.time = t;
    if (!this.table) return;
    const spoken = sentence(this.table, t);
    say(this.clock, words(t));
    say(this.now, spoken);
    this.score.replaceChildren("MADRS ", h("b", {}, this.table.at("madrs", t).toFixed(0)));
    set(this.ridges, { "aria-valuenow": t.toFixed(2), "aria-valuetext": `${words(t)}. ${spoken}` });
    for (const jump of this.jumps.children) jump.setAttribute("aria-current", String(Math.abs(toU(Number(jump.dataset.t), this.table.last) - toU(t, this.table.last)) < 0.004));
    this.#place();
    if (spoken !== this.spoken) {
      this.spoken = spoken;
      this.announce(`${words(t)}. ${spoken}`);
    }
  }

  get playing() {
    return Boolean(this.timer);
  }

  toggle() {
    if (this.playing) this.stop();
    else if (this.still.matches) this.step(1);
    else this.#start();
  }

  stop() {
    cancelAnimationFrame(this.timer);
    this.timer = 0;
    this.#showPlay();
  }

  /** To the next (1) or previous (-1) moment. */
  step(way) {
    const u = toU(this.time, this.table.last);
    const places = this.moments.map((m) => m.t);
    const next = way > 0 ? places.find((t) => toU(t, this.table.last) > u + 0.003) : places.findLast((t) => toU(t, this.table.last) < u - 0.003);
    if (next !== undefined) this.onTime(next);
  }

  destroy() {
    this.stop();
    this.observer.disconnect();
  }

  #start() {
    let u = toU(this.time, this.table.last);
    if (u > 0.999) u = 0;
    let last = performance.now();
    const step = (now) => {
      u = Math.min(1, u + Math.min(now - last, 100) / 1000 / PLAY_S);
      last = now;
      this.onTime(fromU(u, this.table.last));
      if (u >= 1) this.stop();
      else this.timer = requestAnimationFrame(step);
    };
    this.timer = requestAnimationFrame(step);
    this.#showPlay();
  }

  #showPlay() {
    const name = this.playing ? "Pause" : "Play";
    this.play.setAttribute("aria-label", name);
    this.icon.setAttribute("d", this.playing ? "M1 0h3.4v12H1ZM7.6 0H11v12H7.6Z" : "M2 0l10 6l-10 6Z");
  }

  #listen() {
    const move = (event) => {
      const box = this.ridges.getBoundingClientRect();
      const u = clamp((event.clientX - box.left - this.left) / (box.width - this.left - RIGHT), 0, 1);
      this.hintSeen = true;
      this.onTime(fromU(u, this.table.last));
    };
    this.ridges.addEventListener("pointerdown", (event) => {
      if (!this.table) return;
      this.stop();
      this.ridges.setPointerCapture(event.pointerId);
      move(event);
    });
    this.ridges.addEventListener("pointermove", (event) => { if (this.ridges.hasPointerCapture(event.pointerId)) move(event); });
    this.ridges.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const u = toU(this.time, this.table.last);
    const next = event.key === "Home" ? 0 : event.key === "End" ? 1 : moves[event.key] ? clamp(u + moves[event.key] * STEP, 0, 1) : null;
    if (next === null) return;
    event.preventDefault();
    this.stop();
    this.onTime(fromU(next, this.table.last));
  }

  #drawJumps() {
    const wanted = this.moments.filter((m) => m.jump);
    this.jumps.replaceChildren(...wanted.map((m) => h("button", { class: "chip", type: "button", "data-t": m.t, onclick: () => { this.stop(); this.onTime(m.t); } }, m.label)));
  }

  #draw() {
    if (!this.table) return;
    const [width, height] = [this.ridges.clientWidth, this.ridges.clientHeight];
    if (!width || !height) return;
    this.narrow = width < 520;
    this.left = this.narrow ? 14 : LEFT;
    set(this.svg, { viewBox: `0 0 ${width} ${height}` });
    const shown = this.narrow ? RIDGES.filter((r) => FEW.has(r.name)) : RIDGES;
    const floor = height - AXIS;
    const px = (u) => this.left + u * (width - this.left - RIGHT);
    const gap = this.narrow ? 0 : (floor - 14) / shown.length;
    const rows = shown.map((r, i) => this.#ridge(r, px, this.narrow ? floor : 14 + gap * (i + 1), this.narrow ? floor - 6 : gap * 1.45));
    const marks = ticks(this.table.last, 56 / (width - this.left - RIGHT)).map((tick) => [
      s("line", { x1: px(tick.u), x2: px(tick.u), y1: 4, y2: floor, stroke: tone("hairline") }),
      s("text", { class: "axis", x: px(tick.u), y: height - 5, "text-anchor": tick.u > 0.96 ? "end" : tick.u < 0.02 && this.narrow ? "start" : "middle" }, tick.label)]);
    this.px = px;
    this.line = s("line", { y1: 0, y2: floor, stroke: tone("ink"), "stroke-width": 1.6 });
    this.handle = s("circle", { class: "handle", r: 7, cy: floor });
    this.svg.replaceChildren(...this.#doses(px, floor), ...marks.flat(), ...rows.flat(), ...this.#hint(px, floor), this.line, this.handle);
    this.#place();
  }

  #ridge({ name, label, colour, least, of }, px, base, tall) {
    const series = this.table.series(name);
    const before = series[0];
    let peak = least;
    for (const v of series) peak = Math.max(peak, of(v, before));
    let d = "";
    series.forEach((v, i) => { d += `${i ? "L" : "M"}${px(toU(this.table.hours[i], this.table.last)).toFixed(1)} ${(base - (clamp(of(v, before), 0, peak) / peak) * tall).toFixed(1)}`; });
    const parts = [
      s("path", { d: `${d}L${px(1).toFixed(1)} ${base}L${px(0).toFixed(1)} ${base}Z`, fill: tone(colour), opacity: 0.2 }),
      s("path", { d, fill: "none", stroke: tone(colour), "stroke-width": 1.5, "stroke-linejoin": "round" }),
    ];
    if (!this.narrow) parts.push(s("text", { x: LEFT - 10, y: base - 2, "text-anchor": "end" }, label));
    return parts;
  }

  #doses(px, floor) {
    const place = (t) => px(toU(Math.max(0, t), this.table.last));
    const given = this.table.header.doses.filter((d) => d.stop_h >= 0).slice(0, 120);
    return given.flatMap((dose, i) => {
      const [a, b] = [place(dose.start_h), place(dose.stop_h)];
      if (b - a > 30) return [s("rect", { x: a, y: 4, width: b - a, height: floor - 4, fill: tone("blood"), opacity: 0.05 }), ...(i === 0 || !this.narrow ? [s("text", { x: a + 6, y: 15, style: { fill: tone("blood") } }, this.narrow ? "" : "infusion")] : [])];
      return [s("path", { d: `M${a - 3} ${floor}h6l-3 -6Z`, fill: tone("blood") })];
    });
  }

  #hint(px, floor) {
    if (this.hintSeen) return [];
    const x = px(toU(this.time ?? 0, this.table.last));
    return [s("text", { class: "hint", x: x + 12, y: this.narrow ? floor - 10 : floor + 4 }, "Drag time")];
  }

  #place() {
    if (!this.px || this.time === undefined) return;
    const x = this.px(toU(this.time, this.table.last));
    set(this.line, { x1: x, x2: x });
    set(this.handle, { cx: x });
    const hint = this.svg.querySelector(".hint");
    if (hint) set(hint, { x: x + 14 });
    if (this.hintSeen) hint?.remove();
  }
}

/** Moments worth a stop: before, the end of the first dose, then hours to weeks; those with `jump` have a button. */
export function momentsOf(table) {
  const first = table.header.doses.find((d) => d.start_h >= 0 && d.stop_h > d.start_h);
  const end = first ? first.stop_h : 2 / 3;
  const all = [
    { t: 0, label: "before" }, { t: end, label: first ? "Infusion end" : "40 min", jump: true }, { t: 2, label: "2 h" }, { t: 4, label: "4 h", jump: true },
    { t: 24, label: "1 day", jump: true }, { t: 72, label: "3 d" }, { t: 168, label: "1 wk", jump: true }, { t: table.last, label: "end" },
  ];
  return all.filter((m) => m.t <= table.last).sort((a, b) => a.t - b.t);
}
