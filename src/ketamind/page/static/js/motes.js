/**
 * What moves by itself in the picture, on one canvas: drifting dots and scrolling ticks, thirty frames a second.
 * How many there are comes from the run; where they are is fixed by a seed. Nothing flashes.
 */
import { PLACE, seeded } from "./artwork.js";
import { clamp } from "./words.js";

export const NG_PER_DOT = 5;
export const UM_PER_DOT = 0.04;
export const COARSER = 10;
const MOST_DOTS = 80;
const FRAME_MS = 33;
const TICK_WIDTH = 72;
const SUBSTANCES = ["s_ketamine", "r_ketamine", "norketamine", "dehydronorketamine", "hydroxynorketamine"];
const TONE = { s_ketamine: "s-ketamine", r_ketamine: "r-ketamine", norketamine: "norketamine", dehydronorketamine: "dehydronorketamine", hydroxynorketamine: "hydroxynorketamine" };
export const TICKS = {
  pyramidal: { x: 398, y: 246 },
  pv: { x: 202, y: 368 },
  sst: { x: 410, y: 406 },
  vip: { x: 483, y: 204 },
};

export class Motes {
  constructor(canvas, theme) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.theme = theme;
    this.seats = new Map();
    this.spikes = new Map(Object.keys(TICKS).map((cell, i) => [cell, { now: [], before: [], random: seeded(100 + i) }]));
    this.counts = { vessel: {}, tissue: {}, glutamate: 0, bdnf: 0, rates: {} };
    this.view = { x: 0, y: 0, width: 804, height: 576 };
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.clock = 0;
    this.last = 0;
    this.running = false;
    this.frame = (now) => this.#frame(now);
  }

  /** What a moment shows: see `countsAt`. */
  show(counts) {
    this.counts = counts;
    if (this.still.matches || !this.running) this.#settle();
  }

  start() {
    if (this.running || this.still.matches) return;
    this.running = true;
    requestAnimationFrame(this.frame);
  }

  stop() {
    this.running = false;
  }

  /** The canvas follows the size of the picture on screen. */
  fit(width, height) {
    const scale = Math.min(devicePixelRatio || 1, 2);
    if (this.canvas.width !== Math.round(width * scale)) this.canvas.width = Math.round(width * scale);
    if (this.canvas.height !== Math.round(height * scale)) this.canvas.height = Math.round(height * scale);
    this.#settle();
  }

  look(view) {
    this.view = view;
    this.#settle();
  }

  /** Draw once without waiting for the next frame. */
  #settle() {
    if (this.still.matches) this.#fillSpikes();
    this.#draw();
  }

  #frame(now) {
    if (!this.running) return;
    requestAnimationFrame(this.frame);
    if (document.hidden || now - this.last < FRAME_MS) return;
    const step = clamp((now - this.last) / 1000, 0, 0.2);
    this.last = now;
    this.clock += step;
    this.#moveSpikes(step);
    this.#draw();
    this.onStep?.(this.clock);
  }

  #draw() {
    const { context: c, view } = this;
    const { width, height } = this.canvas;
    const scale = Math.min(width / view.width, height / view.height);
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, width, height);
    c.setTransform(scale, 0, 0, scale, (width - scale * view.width) / 2 - view.x * scale, (height - scale * view.height) / 2 - view.y * scale);
    if (this.#shows(1)) {
      this.#vessel();
      this.#tissue();
    }
    if (this.#shows(2)) this.#ticks();
    if (this.#shows(3)) this.#cleft();
  }

  #shows(stage) {
    return !this.only || this.only === stage;
  }

  #vessel() {
    const box = PLACE.vessel;
    for (const { substance, i, alpha } of this.#dots(this.counts.vessel, 1)) {
      const seat = this.#seat(`vessel-${substance}`, i);
      const y = box.y + 6 + ((seat.b + this.clock * (0.02 + 0.012 * seat.c)) % 1) * (box.height - 12);
      this.#mark(substance, box.x + 7 + seat.a * (box.width - 14), y, alpha);
    }
  }

  #tissue() {
    const box = PLACE.tissue;
    for (const { substance, i, alpha } of this.#dots(this.counts.tissue, 1)) {
      const seat = this.#seat(`tissue-${substance}`, i);
      const way = (seat.a + this.clock * (0.012 + 0.008 * seat.c)) % 1;
      const edge = Math.min(1, way * 8, (1 - way) * 8);
      this.#mark(substance, box.x + way * box.width, box.y + seat.b * box.height + Math.sin(this.clock * 0.5 + seat.c * 7) * 3, alpha * edge);
    }
  }

  #cleft() {
    const { x, y } = PLACE.lens;
    this.#cloud("glutamate", this.counts.glutamate, "circuit", 2.1, (seat) => {
      const sway = Math.sin(this.clock * 0.6 + seat.c * 9) * 2;
      return [x - 58 + seat.a * 116 + sway, y - 26 + seat.b * 22];
    });
    this.#cloud("bdnf", this.counts.bdnf, "plasticity", 2.7, (seat) => {
      const side = seat.c < 0.5 ? -1 : 1;
      const sway = Math.sin(this.clock * 0.5 + seat.a * 9) * 2;
      return [x + side * (84 + seat.a * 17) + sway, y - 22 + seat.b * 84];
    });
  }

  #cloud(name, count, token, radius, place) {
    const c = this.context;
    c.fillStyle = this.theme.colour(this.counts.off?.has(name) ? "neutral" : token);
    for (let i = 0; i < Math.ceil(count); i++) {
      const [px, py] = place(this.#seat(name, i));
      c.globalAlpha = Math.min(1, count - i) * 0.9;
      c.beginPath();
      c.arc(px, py, radius, 0, 7);
      c.fill();
    }
    c.globalAlpha = 1;
  }

  /** Dots of all substances; the last of each is as opaque as its share. */
  *#dots(counts) {
    for (const substance of SUBSTANCES) {
      const count = counts[substance] ?? 0;
      for (let i = 0; i < Math.ceil(count - 1e-3); i++) yield { substance, i, alpha: Math.min(1, count - i) };
    }
  }

  #mark(substance, x, y, alpha) {
    const c = this.context;
    c.globalAlpha = alpha;
    drawMark(c, substance, x, y, this.theme);
    c.globalAlpha = 1;
  }

  /** A fixed seat in the unit cube for the i-th dot of a kind. */
  #seat(kind, i) {
    if (!this.seats.has(kind)) {
      let seed = 17;
      for (const letter of kind) seed = (seed * 31 + letter.charCodeAt(0)) >>> 0;
      const random = seeded(seed);
      this.seats.set(kind, Array.from({ length: 200 }, () => ({ a: random(), b: random(), c: random() })));
    }
    const seats = this.seats.get(kind);
    return seats[i % seats.length];
  }

  #moveSpikes(step) {
    for (const [cell, train] of this.spikes) {
      const rates = this.counts.rates[cell];
      if (!rates) continue;
      for (const which of ["now", "before"]) {
        const kept = train[which].map((age) => age + step).filter((age) => age < 1);
        for (let k = poisson(rates[which] * step, train.random); k > 0; k--) kept.push(train.random() * step);
        train[which] = kept;
      }
    }
  }

  /** A whole last second at once: for a still picture. */
  #fillSpikes() {
    for (const [cell, train] of this.spikes) {
      const rates = this.counts.rates[cell];
      if (!rates) continue;
      const random = seeded(cell.length * 7919);
      for (const which of ["now", "before"]) {
        train[which] = Array.from({ length: poisson(rates[which], random) }, () => random());
      }
    }
  }

  #ticks() {
    const c = this.context;
    c.lineWidth = 1.6;
    for (const [cell, train] of this.spikes) {
      const { x, y } = TICKS[cell];
      this.#row(train.now, x, y, 9, this.theme.colour(cell));
      this.#row(train.before, x, y + 12, 5, this.theme.colour("neutral"));
    }
  }

  #row(ages, x, y, height, colour) {
    const c = this.context;
    c.strokeStyle = colour;
    c.beginPath();
    for (const age of ages) {
      const at = x + (1 - age) * TICK_WIDTH;
      c.moveTo(at, y);
      c.lineTo(at, y + height);
    }
    c.stroke();
  }
}

/** How many dots, ticks and so on a moment has. `vesselScale` and `tissueScale` say what a dot stands for. */
export function countsAt(table, t) {
  const blood = Object.fromEntries(SUBSTANCES.map((n) => [n, table.at(`venous_${n}`, t)]));
  const brain = Object.fromEntries(SUBSTANCES.filter((n) => table.has(`brain_unbound_${n}`)).map((n) => [n, table.at(`brain_unbound_${n}`, t)]));
  const vesselScale = scaleFor(blood, NG_PER_DOT);
  const tissueScale = scaleFor(brain, UM_PER_DOT);
  const rates = Object.fromEntries(Object.keys(TICKS).map((cell) => [cell, { now: table.at(`rate_${cell}`, t), before: table.before(`rate_${cell}`) }]));
  return {
    vessel: divided(blood, vesselScale),
    tissue: divided(brain, tissueScale),
    vesselScale,
    tissueScale,
    glutamate: clamp(13 + (table.relative("extracellular_glutamate", t) - 1) / 0.03, 0, 60),
    bdnf: clamp(6 + (table.relative("bdnf_extracellular", t) - 1) / 0.1, 0, 50),
    rates,
  };
}

function scaleFor(levels, fine) {
  const total = Object.values(levels).reduce((sum, v) => sum + Math.max(0, v), 0);
  let scale = fine;
  while (total / scale > MOST_DOTS) scale *= COARSER;
  return scale;
}

function divided(levels, scale) {
  return Object.fromEntries(Object.entries(levels).map(([name, v]) => [name, Math.max(0, v) / scale]));
}

function poisson(mean, random) {
  const limit = Math.exp(-mean);
  let [k, p] = [0, random()];
  while (p > limit) {
    k += 1;
    p *= random();
  }
  return k;
}

/** One substance's mark: disc, ring, triangle, square, diamond. */
export function drawMark(c, substance, x, y, theme) {
  const colour = theme.colour(TONE[substance]);
  c.fillStyle = colour;
  c.strokeStyle = colour;
  c.lineWidth = 1.7;
  c.beginPath();
  if (substance === "s_ketamine") c.arc(x, y, 3.3, 0, 7);
  else if (substance === "r_ketamine") c.arc(x, y, 2.7, 0, 7);
  else if (substance === "norketamine") { c.moveTo(x, y - 3.9); c.lineTo(x + 3.7, y + 2.9); c.lineTo(x - 3.7, y + 2.9); c.closePath(); }
  else if (substance === "dehydronorketamine") c.rect(x - 2.7, y - 2.7, 5.4, 5.4);
  else { c.moveTo(x, y - 4.2); c.lineTo(x + 4.2, y); c.lineTo(x, y + 4.2); c.lineTo(x - 4.2, y); c.closePath(); }
  if (substance === "r_ketamine") c.stroke();
  else c.fill();
}
