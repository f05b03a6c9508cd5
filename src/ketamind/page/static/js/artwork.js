/**
 * The fixed drawing behind the living picture: line art grown once from a seed, so that only data moves.
 * Measures are those of the 804 x 576 drawing. Nothing here depends on a run.
 */
import { s, tone } from "./dom.js";

export const SIZE = { width: 804, height: 576 };

/** Where things are. */
export const PLACE = {
  vessel: { x: 38, y: 62, width: 64, height: 290 },
  tissue: { x: 116, y: 152, width: 96, height: 156 },
  pyramidal: { x: 372, y: 280, pores: 14, ring: 44 },
  pv: { x: 254, y: 304, pores: 12, ring: 26 },
  sst: { x: 462, y: 342, pores: 12, ring: 30 },
  vip: { x: 524, y: 262, pores: 8, ring: 25 },
  lens: { x: 676, y: 166, r: 112 },
  ring: { x: 700, y: 456, r: 72 },
  dendrite: { x: 234, y: 492, width: 300 },
  cups: [{ x: 60, y: 512 }, { x: 106, y: 512 }, { x: 152, y: 512 }],
};

/** A seeded source of numbers 0..1 (mulberry32). */
export function seeded(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Grow one tapered branch from a point; each piece is kept as {x1, y1, x2, y2, w}. */
function grow(out, random, { x, y, angle, length, width, splits, curl = 0.35, spread = 0.55 }) {
  const steps = Math.max(3, Math.round(length / 9));
  for (let i = 0; i < steps; i++) {
    angle += (random() - 0.5) * curl;
    const piece = length / steps;
    const [x2, y2] = [x + Math.cos(angle) * piece, y + Math.sin(angle) * piece];
    out.push({ x1: x, y1: y, x2, y2, w: width * (1 - (0.45 * i) / steps), angle });
    [x, y] = [x2, y2];
  }
  if (splits <= 0) return;
  for (const side of [-1, 1]) {
    const share = 0.62 + random() * 0.2;
    grow(out, random, { x, y, angle: angle + side * spread * (0.7 + random() * 0.6), length: length * share, width: width * 0.58, splits: splits - 1, curl, spread });
  }
}

/** Pieces as few paths, by width. */
function paths(pieces, colour) {
  const byWidth = new Map();
  for (const p of pieces) {
    const w = Math.max(0.8, Math.round(p.w * 2.5) / 2.5);
    byWidth.set(w, `${byWidth.get(w) ?? ""}M${p.x1.toFixed(1)} ${p.y1.toFixed(1)}L${p.x2.toFixed(1)} ${p.y2.toFixed(1)}`);
  }
  return [...byWidth].map(([w, d]) => s("path", { d, fill: "none", stroke: tone(colour), "stroke-width": w, "stroke-linecap": "round" }));
}

/** Little spines along thin pieces, as one path. */
function studs(pieces, random, colour, share) {
  let d = "";
  for (const p of pieces) {
    if (p.w > 4 || random() > share) continue;
    const side = random() < 0.5 ? 1 : -1;
    const [x, y] = [(p.x1 + p.x2) / 2 - Math.sin(p.angle) * side * 3.4, (p.y1 + p.y2) / 2 + Math.cos(p.angle) * side * 3.4];
    d += `M${x.toFixed(1)} ${y.toFixed(1)}h.01`;
  }
  return s("path", { d, fill: "none", stroke: tone(colour), "stroke-width": 3.1, "stroke-linecap": "round" });
}

/** Pyramidal cell: apical trunk with obliques and tuft, basal dendrites, axon. The soma is drawn by the picture. */
export function pyramidalArt() {
  const { x, y } = PLACE.pyramidal;
  const random = seeded(7);
  const pieces = [];
  for (let i = 0; i < 14; i++) pieces.push({ x1: x + 2, y1: y - 20 - i * 9, x2: x + 2, y2: y - 29 - i * 9, w: 7.6 - i * 0.2, angle: -Math.PI / 2 });
  const top = y - 146;
  grow(pieces, random, { x: x + 2, y: top, angle: -Math.PI / 2 - 0.5, length: 34, width: 4, splits: 3, spread: 0.5 });
  grow(pieces, random, { x: x + 2, y: top, angle: -Math.PI / 2 + 0.45, length: 34, width: 4, splits: 3, spread: 0.5 });
  for (const [rise, angle] of [[60, -2.75], [92, -0.45], [112, -2.6]]) {
    grow(pieces, random, { x: x + 2, y: y - rise, angle, length: 26, width: 2.6, splits: 1, spread: 0.5 });
  }
  for (const angle of [2.75, 2.25, 0.4, 0.9]) {
    grow(pieces, random, { x: x + Math.cos(angle) * 16, y: y + 12, angle, length: 24, width: 3.4, splits: 2, spread: 0.5 });
  }
  const axon = s("path", { d: `M${x} ${y + 20}C${x + 1} ${y + 60} ${x - 3} ${y + 80} ${x - 1} ${y + 112}`, fill: "none", stroke: tone("pyramidal"), "stroke-width": 1.8 });
  return s("g", {}, axon, ...paths(pieces, "pyramidal"), studs(pieces, random, "pyramidal", 0.85));
}

/** An interneuron's dendrites: curly branches around its soma. */
export function radialArt(cell, colour, { count, length, seed, width = 2, flat = 1, only = null }) {
  const { x, y } = PLACE[cell];
  const random = seeded(seed);
  const pieces = [];
  for (let i = 0; i < count; i++) {
    const angle = only ? only[i] : (i / count) * 2 * Math.PI + random() * 0.4;
    grow(pieces, random, { x: x + Math.cos(angle) * 12 * flat, y: y + Math.sin(angle) * 12, angle, length, width, splits: 1, curl: 0.9, spread: 0.6 });
  }
  return s("g", {}, ...paths(pieces, colour));
}

/** The vessel: two rows of wall cells and faint blood cells. */
export function vesselArt() {
  const { x, y, width, height } = PLACE.vessel;
  const random = seeded(3);
  const cells = [];
  for (let i = 0; i < 8; i++) {
    const top = y + (i * height) / 8 + 1.5;
    for (const [side, bow] of [[x - 3, -3], [x + width + 3, 3]]) {
      cells.push(s("path", { d: `M${side} ${top}q${bow} ${height / 16 - 1.5} 0 ${height / 8 - 3}`, fill: "none", stroke: tone("blood"), "stroke-width": 4.6, "stroke-linecap": "round", opacity: 0.6 }));
    }
  }
  for (let i = 0; i < 11; i++) {
    const [cx, cy] = [x + 12 + random() * (width - 24), y + 14 + ((height - 28) * i) / 10];
    cells.push(s("ellipse", { cx, cy, rx: 8, ry: 5, fill: tone("blood"), opacity: 0.14, transform: `rotate(${random() * 60 - 30} ${cx} ${cy})` }));
  }
  return s("g", {}, s("rect", { x, y, width, height, fill: tone("blood"), opacity: 0.09 }), ...cells);
}

/** What stays the same in the lens: bulb with vesicles, spine, membranes. */
export function synapseArt() {
  const { x, y, r } = PLACE.lens;
  const bulb = `M${x - 76} ${y - r - 6}C${x - 78} ${y - 62} ${x - 66} ${y - 32} ${x} ${y - 32}C${x + 66} ${y - 32} ${x + 78} ${y - 62} ${x + 76} ${y - r - 6}Z`;
  const spine = `M${x - 44} ${y + r + 6}C${x - 44} ${y + 76} ${x - 84} ${y + 60} ${x - 74} ${y + 34}C${x - 68} ${y + 14} ${x - 32} ${y + 10} ${x} ${y + 10}C${x + 32} ${y + 10} ${x + 68} ${y + 14} ${x + 74} ${y + 34}C${x + 84} ${y + 60} ${x + 44} ${y + 76} ${x + 44} ${y + r + 6}Z`;
  const vesicles = [[-52, -78], [-30, -72], [-8, -80], [14, -70], [36, -80], [55, -72], [-44, -56], [-18, -52], [8, -50], [32, -54], [-6, -96], [22, -94], [-34, -94]];
  return s("g", {},
    s("path", { d: bulb, fill: tone("circuit"), "fill-opacity": 0.14, stroke: tone("circuit"), "stroke-width": 1.6 }),
    ...vesicles.map(([dx, dy]) => s("circle", { cx: x + dx, cy: y + dy, r: 6.5, fill: tone("circuit"), "fill-opacity": 0.2, stroke: tone("circuit"), "stroke-width": 1.2 })),
    s("path", { d: spine, fill: tone("plasticity"), "fill-opacity": 0.1, stroke: tone("plasticity"), "stroke-width": 1.6 }));
}

/** A receptor that spans the membrane: four staves. `colour` by state is set on the group. */
export function receptor(x, y, colour, height = 24) {
  const staves = [-5.1, -1.7, 1.7, 5.1].map((dx) => s("rect", { x: x + dx - 1.4, y: y - height / 2, width: 2.8, height, rx: 1.4 }));
  return s("g", { class: "receptor", fill: tone(colour) }, ...staves);
}

/** One pore on a soma: an open capsule pointing away from the cell. */
export function pore(cell, index, colour) {
  const { x, y, pores, ring } = PLACE[cell];
  const angle = ((index + 0.5) / pores) * 2 * Math.PI - Math.PI / 2;
  const flat = cell === "sst" ? 1.12 : cell === "vip" ? 0.8 : cell === "pyramidal" ? 0.92 : 1;
  const [cx, cy] = [x + Math.cos(angle) * ring * flat, y + (cell === "pyramidal" ? 6 : 0) + Math.sin(angle) * ring * (cell === "pyramidal" ? 0.82 : 1)];
  const turn = (angle * 180) / Math.PI + 90;
  const shell = s("rect", { x: cx - 2.9, y: cy - 5, width: 5.8, height: 10, rx: 2.9, fill: tone("paper"), stroke: tone(colour), "stroke-width": 1.3, transform: `rotate(${turn} ${cx} ${cy})` });
  const plug = s("circle", { cx, cy, r: 3.5, class: "plug", stroke: tone("paper"), "stroke-width": 0.8, opacity: 0 });
  return { node: s("g", { class: "pore" }, shell, plug), plug };
}

/** The dendrite's shaft. */
export function dendriteArt() {
  const { x, y, width } = PLACE.dendrite;
  const d = `M${x} ${y - 8}C${x + 60} ${y - 2} ${x + 100} ${y - 12} ${x + 150} ${y - 7}S${x + 240} ${y + 3} ${x + width} ${y - 6}V${y + 4}C${x + 250} ${y + 12} ${x + 200} ${y + 3} ${x + 150} ${y + 2}S${x + 60} ${y + 9} ${x} ${y + 5}Z`;
  return s("path", { d, fill: tone("pyramidal") });
}

/** A cup: an opioid receptor in its membrane. */
export function cup(index) {
  const { x, y } = PLACE.cups[index];
  const d = `M${x - 12} ${y - 16}C${x - 12} ${y + 4} ${x - 11} ${y + 14} ${x - 6} ${y + 14}S${x - 2} ${y} ${x} ${y - 2}S${x + 1} ${y + 14} ${x + 6} ${y + 14}S${x + 12} ${y + 4} ${x + 12} ${y - 16}`;
  return s("path", { d, fill: "none", stroke: tone("opioid"), "stroke-width": 3.2, "stroke-linecap": "round", class: "cup" });
}

/** The membrane behind the cups. */
export function membraneArt() {
  const heads = [];
  for (let x = 26; x <= 186; x += 8) {
    for (const y of [506, 518]) heads.push(`M${x} ${y}h.01`);
  }
  return s("g", { opacity: 0.55 },
    s("path", { d: "M24 506H188M24 518H188", stroke: tone("control"), "stroke-width": 1 }),
    s("path", { d: heads.join(""), stroke: tone("neutral"), "stroke-width": 4.4, "stroke-linecap": "round" }));
}

/** The ways between stages: each ribbon's path. */
export const RIBBONS = {
  entry: "M104 226C150 214 166 250 216 282",
  circuit: "M384 210C440 150 490 140 562 152",
  mood: "M604 262C566 320 560 392 552 462",
  dendrite: "M542 492C580 494 594 488 618 480",
  opioid: "M188 514C214 514 210 564 250 564H520C580 564 572 500 620 492",
};

/** An arc of the mood ring between two scores. */
export function arc(from, to, radius, most = 60) {
  const { x, y } = PLACE.ring;
  const at = (score) => ((-225 + (270 * Math.min(Math.max(score, 0), most)) / most) * Math.PI) / 180;
  const [a, b] = [at(from), at(to)];
  const point = (angle) => `${(x + radius * Math.cos(angle)).toFixed(2)} ${(y + radius * Math.sin(angle)).toFixed(2)}`;
  return `M${point(a)}A${radius} ${radius} 0 ${b - a > Math.PI ? 1 : 0} 1 ${point(b)}`;
}

/** A point on the mood ring. */
export function onRing(score, radius, most = 60) {
  const { x, y } = PLACE.ring;
  const angle = ((-225 + (270 * score) / most) * Math.PI) / 180;
  return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
}
