/**
 * The one time axis: u = log10(1 + t / 0.1 h) / log10(1 + T / 0.1 h), so that minutes and weeks are seen at once.
 * Hours everywhere.
 */
const KNEES = { log: 0.1, linear: 1e6 };
let knee = KNEES.log;
const MINUTE = 1 / 60;
const TICKS = [
  [0, "0"], [10 * MINUTE, "10 min"], [40 * MINUTE, "40 min"], [2, "2 h"], [6, "6 h"], [24, "1 day"], [72, "3 d"],
  [168, "1 wk"], [336, "2 wk"], [672, "4 wk"], [1344, "8 wk"], [4368, "26 wk"], [8736, "52 wk"],
];

/** Stretch the axis ("log"), or not ("linear"): for the whole page, as there is one axis. */
export function setAxis(kind) {
  knee = KNEES[kind] ?? KNEES.log;
}

/** Place 0..1 of a time on an axis that ends at `last`. */
export function toU(t, last) {
  return Math.log10(1 + Math.max(t, 0) / knee) / Math.log10(1 + last / knee);
}

/** Time at a place 0..1. */
export function fromU(u, last) {
  return knee * (10 ** (u * Math.log10(1 + last / knee)) - 1);
}

/**
 * Ticks that do not touch: [{t, u, label}]. `gap` is the least distance between two labels, as a share of the axis.
 * Those of later rank give way; the first and the last always stay.
 */
export function ticks(last, gap = 0.07) {
  const all = TICKS.filter(([t]) => t <= last * 1.001).map(([t, label]) => ({ t, u: toU(t, last), label }));
  const end = all.length && all[all.length - 1].u > 0.97 ? all.pop() : null;
  const kept = [];
  for (const tick of all) {
    const clear = !kept.length || tick.u - kept[kept.length - 1].u >= gap;
    if (clear && (!end || end.u - tick.u >= gap)) kept.push(tick);
  }
  if (end) kept.push(end);
  return kept;
}

/** A time in words: "40 min", "4 h", "1 day", "2 wk". */
export function words(t) {
  if (t < 1 / 120) return "0 min";
  if (t < 1.5) return `${round(t * 60)} min`;
  if (t < 23.5) return `${round(t, 1)} h`;
  const days = t / 24;
  if (days < 6.75) return count(days, "day");
  const weeks = days / 7;
  return Math.abs(weeks - Math.round(weeks)) < 0.04 ? count(Math.round(weeks), "wk", "wk") : count(days, "day");
}

function count(value, one, many = `${one}s`) {
  const shown = round(value, value < 10 ? 1 : 0);
  return `${shown} ${shown === 1 ? one : many}`;
}

function round(value, digits = 0) {
  return Number(value.toFixed(digits));
}
