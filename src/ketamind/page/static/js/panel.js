/** The curves at the right: seven linked charts over one time axis, each openable, each with its numbers. */
import { lineChart } from "./curves.js";
import { h } from "./dom.js";
import { lineOf, pointOn, ROWS } from "./rows.js";
import { ticks, words } from "./timeaxis.js";
import { clamp, figure } from "./words.js";

const OPEN_HEIGHT = 230;
const MOST_PIECES = 40;
const STACKED = matchMedia("(max-width: 1099px)");
const STACKED_UNIT = 76;
const [FIXED, HEAD] = [56, 29];
const [SHORTEST, TALLEST, TALLER] = [46, 110, 1.8];

export class Panel {
  constructor(element, { onScrub, onReceipt, onNearest }) {
    this.onNearest = onNearest;
    this.element = element;
    this.onScrub = onScrub;
    this.onReceipt = onReceipt;
    this.rows = ROWS.map((row) => this.#build(row));
    this.points = [];
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(element);
    element.append(
      h("div", { class: "top-line" }, h("h2", {}, "Curves"), h("span", { class: "caption" }, "band: 90 % of virtual patients · ◇ published")),
      ...this.rows.map((r) => r.node));
  }

  set(table, { ghost = null, stale = false } = {}) {
    this.table = table;
    this.ghost = ghost;
    this.stale = stale;
    this.hours = table.hours;
    this.ghostHours = ghost?.hours;
    for (const row of this.rows) this.#draw(row);
  }

  setPoints(points) {
    this.points = points;
    if (this.table) for (const row of this.rows) this.#draw(row);
  }

  at(t) {
    this.time = t;
    for (const row of this.rows) {
      row.chart?.playhead(t);
      this.#read(row);
    }
  }

  /** Bring a row to sight and open it. */
  open(id) {
    const row = this.rows.find((r) => r.row.id === id);
    if (!row) return;
    if (!row.opened) this.#toggle(row);
    row.node.scrollIntoView({ block: "nearest", behavior: "auto" });
  }

  destroy() {
    this.observer.disconnect();
    for (const row of this.rows) row.chart?.destroy();
  }

  /** Rows share the height that there is; the last is taller and carries the time axis. */
  #resized() {
    const room = this.element.clientHeight - FIXED - this.rows.length * HEAD;
    if (STACKED.matches) return this.#setUnit(STACKED_UNIT);
    return this.#setUnit(Math.round(clamp(room / (this.rows.length - 1 + TALLER), SHORTEST, TALLEST)));
  }

  #setUnit(unit) {
    if (unit === this.unit) return;
    this.unit = unit;
    if (this.table) for (const row of this.rows) this.#draw(row);
  }

  #height({ row, opened }) {
    if (opened) return OPEN_HEIGHT;
    return Math.round((this.unit ?? SHORTEST) * (row.axis ? TALLER : 1));
  }

  #build(row) {
    const built = { row, opened: false, chart: null };
    built.reading = h("p", { class: "reading" });
    built.title = h("button", { class: "title", type: "button", "aria-expanded": "false", onclick: () => this.#toggle(built) }, row.title);
    built.plot = h("div", { class: "plot" });
    built.nothing = h("p", { class: "nothing", hidden: true });
    built.numbers = h("details", {}, h("summary", {}, "Show numbers"));
    built.numbers.addEventListener("toggle", () => this.#fillNumbers(built));
    built.tools = h("p", { hidden: true }, h("button", { class: "button", type: "button", onclick: () => this.onReceipt(row.receipt, built.plot) }, "Receipts"));
    built.node = h("section", { class: "curve", "data-row": row.id, "aria-label": row.title, vars: { "--tone": `var(--${row.colour})` } },
      h("header", {}, h("span", { class: "dot", "aria-hidden": "true" }), built.title, built.reading), built.plot, built.nothing, built.tools, built.numbers);
    built.numbers.hidden = true;
    return built;
  }

  #toggle(built) {
    built.opened = !built.opened;
    built.node.classList.toggle("open", built.opened);
    built.title.setAttribute("aria-expanded", String(built.opened));
    built.tools.hidden = !built.opened;
    built.numbers.hidden = !built.opened;
    if (this.table) this.#draw(built);
  }

  #lines({ row, opened }) {
    const lines = opened ? [...row.lines, ...row.more] : row.lines;
    return lines.filter((l) => this.table.has(l.name) && !(l.hideIfZero && !(this.table.peak(l.name).value > 0)));
  }

  #draw(built) {
    const { row } = built;
    const lines = this.#lines(built);
    const series = lines.map((l) => lineOf(l, this.table, this.hours));
    const ghost = this.ghost ? [{ x: this.ghostHours, y: lineOf(row.lines[0].band ? row.lines[0] : row.lines[1], this.ghost, this.ghostHours).y }] : [];
    const points = this.points.flatMap((p) => this.#point(p, lines));
    const spec = {
      height: this.#height(built), axis: Boolean(row.axis) || built.opened, left: 34, right: 12, top: 8,
      x: { kind: "time", last: this.table.last }, y: { ...rangeOf(series, ghost, points, row), count: built.opened || row.axis ? 4 : 2 },
      series, ghost, points, stale: this.stale, t: this.time, onScrub: this.onScrub, name: this.#summary(built, series[0]), spans: spansOf(this.table),
    };
    if (built.chart) built.chart.update(spec);
    else built.chart = lineChart(built.plot, spec);
    const missing = row.id === "mood" && this.pointsKnown && !points.some((p) => !p.pale);
    built.nothing.hidden = !missing;
    if (missing) built.nothing.replaceChildren("No published mood score for this setting. ", h("button", { class: "plain word", type: "button", onclick: this.onNearest }, "Show one that has"));
    if (built.numbers.open) this.#fillNumbers(built);
    this.#read(built);
  }

  #point(p, lines) {
    const line = lines.find((l) => l.name === p.observable);
    if (!line || p.time_h > this.table.last) return [];
    const who = `${p.citation}${p.n ? `, n = ${p.n}` : ""}`;
    const used = p.calibrated_on ? "used to calibrate" : "not used to calibrate";
    const near = p.difference ? `Near match: ${p.difference}. ` : "";
    const detail = `${near}${figure(p.value, 3)} ${p.relative ? "points of change " : ""}at ${words(p.time_h)}; ${p.verified}; ${used}`;
    return [{ ...pointOn(line, p, this.table), title: who, detail, pale: Boolean(near), onOpen: () => this.onReceipt(p.observable) }];
  }

  #read({ row, reading }) {
    if (!this.table || this.time === undefined) return;
    reading.replaceChildren(...row.reading(this.table, this.time).map((piece) => (Array.isArray(piece) ? h("b", {}, piece[0]) : piece)));
  }

  #summary({ row }, line) {
    const { y } = line;
    let best = 0;
    for (let i = 1; i < y.length; i++) if (Math.abs(y[i] - y[0]) > Math.abs(y[best] - y[0])) best = i;
    const when = words(this.hours[best]);
    const band = line.low ? ` Band there ${figure(line.low[best])} to ${figure(line.high[best])}.` : "";
    return `${row.title}, ${row.unit}: starts at ${figure(y[0])}, is farthest from it at ${when} with ${figure(y[best])}, ends at ${figure(y[y.length - 1])}.${band}`;
  }

  #fillNumbers(built) {
    if (!built.numbers.open || !this.table) return;
    const lines = this.#lines(built);
    const times = ticks(this.table.last, 0.02).map((tick) => tick.t);
    const rows = times.map((t) => h("tr", {}, h("th", { scope: "row" }, words(t)), ...lines.map((l) => h("td", {}, figure(l.of(this.table.at(l.name, t), this.table.before(l.name)), 3)))));
    const head = h("tr", {}, h("th", { scope: "col" }, "time"), ...lines.map((l) => h("th", { scope: "col" }, l.label || built.row.title)));
    built.numbers.replaceChildren(built.numbers.firstElementChild, h("table", {}, h("caption", { class: "caption" }, built.row.unit), h("thead", {}, head), h("tbody", {}, ...rows)));
  }
}

/** When something is given, as spans of a chart. */
export function spansOf(table) {
  const given = table.header.doses.filter((d) => d.stop_h > 0).slice(0, MOST_PIECES);
  return given.map((d) => ({ from: Math.max(0, d.start_h), to: Math.max(d.stop_h, d.start_h) }));
}

/** A range that holds lines, bands and points, with a little air; never a range so small that noise fills it. */
function rangeOf(series, ghost, points, row) {
  let [low, high] = [Infinity, -Infinity];
  const take = (values) => {
    for (const v of values ?? []) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
  };
  for (const c of series) for (const values of [c.y, c.low, c.high]) take(values);
  for (const g of ghost) take(g.y);
  for (const p of points) take([p.y - (p.half ?? 0), p.y + (p.half ?? 0)]);
  const least = LEAST[row.id];
  if (high - low < least) high = low + least;
  const air = 0.06 * (high - low);
  return { min: row.zero && low >= -air ? 0 : low - air, max: high + air };
}

const LEAST = { blood: 10, block: 5, firing: 10, signals: 0.4, synapses: 5, dissociation: 5, mood: 5 };
