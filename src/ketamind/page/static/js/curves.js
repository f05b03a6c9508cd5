/**
 * Line charts in SVG: bands, lines, a ghost, published points, one playhead, direct labels.
 *
 *   const chart = lineChart(element, spec);   chart.update(spec);   chart.playhead(t);   chart.destroy();
 *
 * spec = {
 *   width, height,                    drawing size in px (the chart scales to its container's width if `width` is left out)
 *   left: 36, right: 8, top: 8, bottom: 20,                                   margins; bottom 6 without an axis
 *   x: {kind: "time", last} | {kind: "linear" | "log", min, max, ticks: [[value, label]], label},
 *   y: {min, max, ticks: [[value, label]], kind: "linear" | "log"},           ticks are chosen if left out
 *   axis: true,                       whether the x labels are written
 *   series: [{id, label, colour: "pv", dash: "6 3", width: 2, x: [], y: [], low: [], high: [], labelAt: 0..1, ringed}],
 *   ghost:  [{x, y, label}],
 *   points: [{x, y, half, title, detail, pale, onOpen}],                      hollow diamonds
 *   spans:  [{from, to}],                                                     when something is given
 *   marks:  [{y, label}],                                                     horizontal reference lines
 *   t, onScrub(t), stale, name                                                playhead; name for screen readers
 * }
 * x and y are plain or typed arrays of equal length; of a "time" axis x is in hours. `colour` is a palette token.
 */
import { h, s, set, tone } from "./dom.js";
import { fromU, ticks as timeTicks, toU } from "./timeaxis.js";
import { clamp, figure, minus } from "./words.js";

/** About how wide a letter of a label is, and how far above or below its line it may stand, px. */
const LETTER = 6;
const LIFTS = [-6, 13, -12, 19];
const COLUMNS = 80;

export function lineChart(element, spec) {
  return new LineChart(element, spec);
}

class LineChart {
  constructor(element, spec) {
    this.element = element;
    this.svg = s("svg", { class: "chart", role: "group" });
    this.under = s("g");
    this.plot = s("g");
    this.head = s("g", { class: "head", "pointer-events": "none" });
    this.over = s("g");
    this.svg.append(this.under, this.plot, this.head, this.over);
    element.append(this.svg);
    this.tip = null;
    this.#listen();
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(element);
    this.update(spec);
  }

  update(spec) {
    this.spec = { left: 36, right: 8, top: 8, bottom: spec.axis === false ? 6 : 22, points: [], ghost: [], spans: [], marks: [], ...spec };
    this.width = this.spec.width ?? Math.max(160, Math.round(this.element.clientWidth || 320));
    this.#draw();
  }

  /** Move the playhead only. */
  playhead(t) {
    this.spec.t = t;
    this.#drawHead();
  }

  destroy() {
    this.observer.disconnect();
    this.#hideTip();
    this.svg.remove();
  }

  #resized() {
    if (this.spec.width) return;
    const width = Math.max(160, Math.round(this.element.clientWidth || 320));
    if (width !== this.width) {
      this.width = width;
      this.#draw();
    }
  }

  #draw() {
    const { spec } = this;
    set(this.svg, { viewBox: `0 0 ${this.width} ${spec.height}`, width: this.width, height: spec.height, "aria-label": spec.name ?? "" });
    this.svg.classList.toggle("stale", Boolean(spec.stale));
    this.#scales();
    this.under.replaceChildren(...this.#frame());
    this.plot.replaceChildren(...this.#bands(), ...this.#ghosts(), ...this.#lines(), ...this.#labels());
    this.over.replaceChildren(...spec.points.map((p) => this.#point(p)));
    this.#drawHead();
  }

  #scales() {
    const { spec } = this;
    const [x0, x1] = [spec.left, this.width - spec.right];
    const [y0, y1] = [spec.height - spec.bottom, spec.top];
    this.box = { x0, x1, y0, y1 };
    const across = placer(spec.x);
    this.unplace = spec.x.kind === "time" ? (u) => fromU(u, spec.x.last) : spec.x.kind === "log" ? (u) => spec.x.min * (spec.x.max / spec.x.min) ** u : (u) => spec.x.min + u * (spec.x.max - spec.x.min);
    this.px = (v) => x0 + clamp(across(v), -0.02, 1.02) * (x1 - x0);
    const range = spec.y.ticks ? spec.y : { ...spec.y, ...niceTicks(spec.y.min, spec.y.max, spec.y.count ?? 3, spec.y.kind) };
    this.y = range;
    const up = placer(range);
    this.py = (v) => y0 + clamp(up(v), -0.05, 1.05) * (y1 - y0);
  }

  #frame() {
    const { spec, box } = this;
    const parts = spec.spans.map((span) => {
      const left = this.px(span.from);
      return s("rect", { class: "span", x: left, y: box.y1, width: Math.max(1.5, this.px(span.to) - left), height: box.y0 - box.y1 });
    });
    for (const [value, label] of this.y.ticks) {
      const y = Math.round(this.py(value)) + 0.5;
      parts.push(s("line", { class: "grid", x1: box.x0, x2: box.x1, y1: y, y2: y }));
      parts.push(s("text", { x: box.x0 - 6, y: y + 3.5, "text-anchor": "end" }, label));
    }
    for (const { at, label } of this.#xTicks()) {
      const x = Math.round(at) + 0.5;
      parts.push(s("line", { class: "grid", x1: x, x2: x, y1: box.y1, y2: box.y0 }));
      if (spec.axis !== false) parts.push(s("text", { x: clamp(at, box.x0 + 4, box.x1 - 4), y: box.y0 + 16, "text-anchor": anchor(at, box) }, label));
    }
    for (const mark of spec.marks) {
      const y = this.py(mark.y);
      parts.push(s("line", { x1: box.x0, x2: box.x1, y1: y, y2: y, stroke: tone("neutral"), "stroke-dasharray": "2 3" }));
      if (mark.label) parts.push(s("text", { x: box.x1 - 2, y: y - 4, "text-anchor": "end" }, mark.label));
    }
    return parts;
  }

  #xTicks() {
    const { x } = this.spec;
    if (x.kind === "time") {
      const gap = 46 / (this.box.x1 - this.box.x0);
      return timeTicks(x.last, gap).map((tick) => ({ at: this.px(tick.t), label: tick.label }));
    }
    const chosen = x.ticks ?? niceTicks(x.min, x.max, 5, x.kind).ticks;
    return chosen.map(([value, label]) => ({ at: this.px(value), label }));
  }

  #bands() {
    return this.spec.series.filter((c) => c.low && c.high).map((c) => s("path", { class: "band", fill: tone(c.colour), d: this.#area(c) }));
  }

  #ghosts() {
    return this.spec.ghost.map((g) => s("path", { class: "ghost", d: this.#path(g.x, g.y) }));
  }

  #lines() {
    return this.spec.series.map((c) =>
      s("path", { class: "line", stroke: tone(c.colour), "stroke-width": c.width ?? 1.6, "stroke-dasharray": c.dash ?? "none", d: this.#path(c.x, c.y) }));
  }

  #labels() {
    const places = [];
    this.heights = new Map(this.spec.series.map((c) => [c, columnsOf(c, this)]));
    return this.spec.series.filter((c) => c.label).map((c) => {
      const { x, y } = labelPlace(c, this, places);
      places.push({ x, y, width: c.label.length * LETTER + 4 });
      return s("text", { class: "label", x, y, style: { fill: tone(c.colour) } }, c.label);
    });
  }

  #path(x, y) {
    let d = "";
    for (let i = 0; i < x.length; i++) {
      if (!Number.isFinite(y[i])) continue;
      d += `${d ? "L" : "M"}${this.px(x[i]).toFixed(1)} ${this.py(y[i]).toFixed(1)}`;
    }
    return d;
  }

  #area(c) {
    let d = "";
    for (let i = 0; i < c.x.length; i++) d += `${i ? "L" : "M"}${this.px(c.x[i]).toFixed(1)} ${this.py(c.high[i]).toFixed(1)}`;
    for (let i = c.x.length - 1; i >= 0; i--) d += `L${this.px(c.x[i]).toFixed(1)} ${this.py(c.low[i]).toFixed(1)}`;
    return `${d}Z`;
  }

  #point(p) {
    const [x, y] = [this.px(p.x), this.py(p.y)];
    const group = s("g", { class: "published", tabindex: 0, role: "button", "aria-label": `${p.title}. ${p.detail ?? ""}` });
    if (p.half) {
      group.append(s("line", { class: `spread ${p.pale ? "pale" : ""}`, x1: x, x2: x, y1: this.py(p.y - p.half), y2: this.py(p.y + p.half) }));
    }
    group.append(s("circle", { cx: x, cy: y, r: 12, fill: "transparent" }));
    group.append(s("path", { class: `point ${p.pale ? "pale" : ""}`, d: `M${x} ${y - 5.5}L${x + 5.5} ${y}L${x} ${y + 5.5}L${x - 5.5} ${y}Z` }));
    const show = () => this.#showTip(group, p);
    group.addEventListener("pointerenter", show);
    group.addEventListener("focus", show);
    group.addEventListener("pointerleave", () => this.#hideTip());
    group.addEventListener("blur", () => this.#hideTip());
    group.addEventListener("click", () => p.onOpen?.());
    group.addEventListener("keydown", (e) => { if (e.key === "Enter") p.onOpen?.(); });
    return group;
  }

  #showTip(group, p) {
    this.#hideTip();
    const box = group.getBoundingClientRect();
    this.tip = h("div", { class: "tip", role: "tooltip" }, h("b", {}, p.title), p.detail ?? "");
    document.body.append(this.tip);
    const size = this.tip.getBoundingClientRect();
    const left = clamp(box.left + box.width / 2 - size.width / 2, 8, innerWidth - size.width - 8);
    const above = box.top - size.height - 8;
    Object.assign(this.tip.style, { left: `${left}px`, top: `${above > 8 ? above : box.bottom + 8}px` });
  }

  #hideTip() {
    this.tip?.remove();
    this.tip = null;
  }

  #drawHead() {
    const { spec, box } = this;
    if (spec.t === undefined || spec.t === null) {
      this.head.replaceChildren();
      return;
    }
    const x = this.px(spec.t);
    const dots = spec.series.filter((c) => c.ringed !== false).map((c) =>
      s("circle", { class: "dot", cx: x, cy: this.py(valueAt(c, spec.t)), r: 3.5, fill: tone(c.colour) }));
    this.head.replaceChildren(s("line", { class: "playhead", x1: x, x2: x, y1: box.y1 - 4, y2: box.y0 }), ...dots);
  }

  #listen() {
    const move = (event) => {
      if (!this.spec.onScrub) return;
      const box = this.svg.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * this.width;
      const share = clamp((at - this.box.x0) / (this.box.x1 - this.box.x0), 0, 1);
      this.spec.onScrub(this.spec.x.kind === "time" ? fromU(share, this.spec.x.last) : this.spec.x.min + share * (this.spec.x.max - this.spec.x.min));
    };
    this.svg.addEventListener("pointerdown", (event) => {
      if (!this.spec.onScrub || event.target.closest(".published")) return;
      this.svg.setPointerCapture(event.pointerId);
      move(event);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (this.svg.hasPointerCapture(event.pointerId)) move(event);
    });
  }
}

/** Where a value lies on an axis, 0..1. */
function placer(axis) {
  if (axis.kind === "time") return (t) => toU(t, axis.last);
  if (axis.kind === "log") {
    const [low, span] = [Math.log10(axis.min), Math.log10(axis.max) - Math.log10(axis.min)];
    return (v) => (Math.log10(Math.max(v, 1e-12)) - low) / span;
  }
  const span = axis.max - axis.min || 1;
  return (v) => (v - axis.min) / span;
}

/** The series' value at x, between neighbours. */
export function valueAt(c, at) {
  const { x, y } = c;
  let low = 0;
  let high = x.length - 1;
  if (at <= x[0]) return y[0];
  if (at >= x[high]) return y[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= at) low = middle;
    else high = middle;
  }
  return y[low] + ((y[high] - y[low]) * (at - x[low])) / (x[high] - x[low] || 1);
}

/**
 * Where a label disturbs least: beside its own line, near `labelAt` (0..1 of the axis), off other lines, other labels
 * and the playhead.
 */
function labelPlace(c, chart, taken) {
  const { x0, x1, y0, y1 } = chart.box;
  const width = c.label.length * LETTER + 4;
  const head = chart.spec.t === undefined || chart.spec.t === null ? -1e3 : chart.px(chart.spec.t);
  let best = { cost: Infinity };
  for (let share = 0.01; share < 0.97; share += 0.04) {
    const x = clamp(x0 + share * (x1 - x0), x0 + 2, x1 - width);
    for (const lift of LIFTS) {
      const y = clamp(heightAt(c, x + width / 2, chart) + lift, y1 + 8, y0 - 2);
      let cost = 5 * Math.abs(share - (c.labelAt ?? 0.6)) + (head > x - 4 && head < x + width + 4 ? 4 : 0);
      for (const q of taken) if (Math.abs(y - q.y) < 11 && x < q.x + q.width && q.x < x + width) cost += 20;
      for (const other of chart.spec.series) cost += crossings(other, x, x + width, y - 4, chart) * (other === c ? 0.7 : 1);
      if (cost < best.cost) best = { x, y, cost };
    }
  }
  return best;
}

/** How much of a label's width a line runs through, in eighths. */
function crossings(c, from, to, middle, chart) {
  let count = 0;
  for (let k = 0; k <= 8; k++) if (Math.abs(heightAt(c, from + ((to - from) * k) / 8, chart) - middle) < 6) count += 1;
  return count;
}

/** The pixel height of a series at each of some columns, looked up often while labels are placed. */
function columnsOf(c, chart) {
  return Float64Array.from({ length: COLUMNS + 1 }, (_, k) => chart.py(valueAt(c, chart.unplace(k / COLUMNS))));
}

/** The pixel height of a series near a pixel. */
function heightAt(c, x, chart) {
  const share = (x - chart.box.x0) / (chart.box.x1 - chart.box.x0);
  return chart.heights.get(c)[Math.round(clamp(share, 0, 1) * COLUMNS)];
}

function anchor(at, box) {
  if (at < box.x0 + 8) return "start";
  return at > box.x1 - 14 ? "end" : "middle";
}

/** Round ticks that cover a range: {min, max, ticks}. */
export function niceTicks(min, max, count = 3, kind = "linear") {
  if (kind === "log") {
    const ticks = [];
    for (let e = Math.ceil(Math.log10(min) - 1e-9); e <= Math.log10(max) + 1e-9; e++) ticks.push([10 ** e, figure(10 ** e)]);
    return { min, max, ticks, kind };
  }
  const span = max - min || Math.abs(max) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((v) => v >= rough * 0.999);
  const first = Math.ceil(min / step - 1e-9);
  const ticks = [];
  for (let k = first; k * step <= max + 1e-9 * span; k++) ticks.push([k * step, minus(String(Number((k * step).toPrecision(6))))]);
  return { min, max, ticks, kind };
}
