/**
 * The seven curves: which quantities each row draws, how they are shown, and the reading at the playhead.
 *
 * A line is {name, label, colour, dash, width, of(value, before), band, labelAt}; `of` turns a value of the table into
 * what the axis shows. `more` joins when the row is open.
 */
import { figure, signed } from "./words.js";

const as = (v) => v;
const lostPercent = (v) => 100 * (1 - v);
const ofBefore = (v, before) => (before ? (100 * v) / before : 100);
const times = (v, before) => (before ? v / before : 1);
const changePercent = (v, before) => (before ? 100 * (v / before - 1) : 0);
const change = (v, before) => v - before;
const percent = (v) => 100 * v;

export const ROWS = [
  {
    id: "blood", title: "Blood", colour: "blood", unit: "ng/mL", zero: true, receipt: "venous_ketamine",
    lines: [
      { name: "venous_ketamine", label: "ketamine", colour: "ink", width: 2, of: as, band: true, labelAt: 0.06 },
      { name: "venous_s_ketamine", label: "S", colour: "s-ketamine", of: as, labelAt: 0.33 },
      { name: "venous_r_ketamine", label: "R", colour: "r-ketamine", dash: "6 3", of: as, labelAt: 0.4 },
      { name: "venous_norketamine", label: "norketamine", colour: "norketamine", of: as, labelAt: 0.58 },
      { name: "venous_hydroxynorketamine", label: "HNK", colour: "hydroxynorketamine", dash: "8 2", of: as, labelAt: 0.8 },
    ],
    more: [
      { name: "venous_dehydronorketamine", label: "DHNK", colour: "dehydronorketamine", dash: "2 3", of: as, labelAt: 0.88 },
      { name: "venous_naltrexone", label: "naltrexone", colour: "naltrexone", dash: "4 2", of: as, labelAt: 0.1, hideIfZero: true },
    ],
    reading: (table, t) => [[figure(table.at("venous_ketamine", t), 3)], " ng/mL, venous"],
  },
  {
    id: "block", title: "NMDA block", colour: "receptors", unit: "% of current", zero: true, receipt: "nmda_tonic_pv",
    lines: [
      { name: "nmda_tonic_sst", label: "SST tonic", colour: "sst", dash: "2 2.5", width: 1.8, of: lostPercent, labelAt: 0.5 },
      { name: "nmda_tonic_pv", label: "PV tonic", colour: "pv", width: 2, of: lostPercent, band: true, labelAt: 0.14 },
      { name: "nmda_synaptic_pyramidal", label: "pyramidal", colour: "pyramidal", dash: "7 2", of: lostPercent, band: true, labelAt: 0.62 },
    ],
    more: [
      { name: "nmda_synaptic_pv", label: "PV synaptic", colour: "pv", dash: "1 3", of: lostPercent, labelAt: 0.3 },
      { name: "nmda_tonic_vip", label: "VIP tonic", colour: "vip", dash: "4 2 1 2", of: lostPercent, labelAt: 0.75 },
    ],
    reading: (table, t) => ["PV ", [figure(lostPercent(table.at("nmda_tonic_pv", t)))], ", pyramidal ", [figure(lostPercent(table.at("nmda_synaptic_pyramidal", t)))], " %"],
  },
  {
    id: "firing", title: "Firing", colour: "circuit", unit: "% of before", receipt: "rate_pyramidal",
    lines: [
      { name: "rate_pyramidal", label: "pyramidal", colour: "pyramidal", width: 2, of: ofBefore, band: true, labelAt: 0.25 },
      { name: "rate_vip", label: "VIP", colour: "vip", dash: "4 2 1 2", of: ofBefore, labelAt: 0.12 },
      { name: "rate_pv", label: "PV", colour: "pv", dash: "5 2", of: ofBefore, labelAt: 0.85 },
      { name: "rate_sst", label: "SST", colour: "sst", dash: "2 2.5", width: 1.8, of: ofBefore, labelAt: 0.66 },
    ],
    more: [
      { name: "power_gamma", label: "gamma power", colour: "ink", dash: "1 2", of: ofBefore, labelAt: 0.45 },
      { name: "extracellular_glutamate", label: "glutamate", colour: "circuit", dash: "9 3", of: ofBefore, labelAt: 0.75 },
      { name: "rate_lhb", label: "habenula", colour: "neutral", of: ofBefore, labelAt: 0.9 },
    ],
    reading: (table, t) => ["pyramidal ", [figure(ofBefore(table.at("rate_pyramidal", t), table.before("rate_pyramidal")), 3)], " % of before"],
  },
  {
    id: "signals", title: "Growth signals", colour: "plasticity", unit: "× before", receipt: "bdnf_extracellular",
    lines: [
      { name: "bdnf_extracellular", label: "BDNF", colour: "plasticity", width: 2, of: times, band: true, labelAt: 0.14 },
      { name: "p_trkb", label: "p-TrkB", colour: "plasticity", dash: "7 2", of: times, labelAt: 0.42 },
      { name: "p_mtor", label: "mTORC1", colour: "plasticity", dash: "2 2.5", width: 1.8, of: times, labelAt: 0.56 },
    ],
    more: [{ name: "p_eef2", label: "p-eEF2", colour: "receptors", dash: "4 2 1 2", of: times, labelAt: 0.75 }],
    reading: (table, t) => ["BDNF × ", [table.relative("bdnf_extracellular", t).toFixed(1)]],
  },
  {
    id: "synapses", title: "Synapses", colour: "plasticity", unit: "% against before", receipt: "spine_density",
    lines: [
      { name: "surface_ampar", label: "strength", colour: "plasticity", dash: "7 2", of: changePercent, labelAt: 0.32 },
      { name: "spine_density", label: "spines", colour: "plasticity", width: 2, of: changePercent, band: true, labelAt: 0.88 },
    ],
    more: [],
    reading: (table, t) => ["spines ", [signed(100 * (table.relative("spine_density", t) - 1), 1)], " %"],
  },
  {
    id: "dissociation", title: "Dissociation, CADSS", colour: "receptors", unit: "points", zero: true, receipt: "cadss",
    lines: [{ name: "cadss", label: "", colour: "ink-2", width: 2, of: as, band: true }],
    more: [{ name: "loss_of_responsiveness", label: "does not respond, %", colour: "neutral", dash: "4 2", of: percent, labelAt: 0.6 }],
    reading: (table, t) => [[figure(Math.abs(table.at("cadss", t)) < 0.05 ? 0 : table.at("cadss", t))], " points"],
  },
  {
    id: "mood", title: "Mood, change in MADRS", colour: "mood", unit: "points", receipt: "madrs", axis: true,
    lines: [{ name: "madrs", label: "", colour: "mood", width: 2.2, of: change, band: true }],
    more: [],
    reading: (table, t) => [[signed(table.at("madrs", t) - table.before("madrs"))], " points"],
  },
];

/** x and y of a line, with its band, ready for a chart. */
export function lineOf(line, table, hours) {
  const before = table.before(line.name);
  const turn = (layer) => {
    const series = table.series(line.name, layer);
    return series && Float64Array.from(series, (v) => line.of(v, before));
  };
  const [a, b] = line.band ? [turn("low"), turn("high")] : [];
  return { id: line.name, label: line.label, colour: line.colour, dash: line.dash, width: line.width, labelAt: line.labelAt, x: hours, y: turn("middle"), low: a, high: b };
}

/** A published point on a line's scale: a change from baseline is a change; a value is turned as the line is. */
export function pointOn(line, point, table) {
  const before = table.before(line.name);
  const y = point.relative ? (line.of === change ? point.value : point.value + before) : line.of(point.value, before);
  return { x: point.time_h, y, half: point.half_width };
}
