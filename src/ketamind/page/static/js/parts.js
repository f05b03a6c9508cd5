/**
 * The named parts of the picture: what each is bound to, in words, for hover, screen readers, curves and receipts.
 *
 * {id, title, stage: vignette 1..5, row: the curve it belongs to, receipts: observables, off: mechanisms that take it
 *  away, lines(table, t) -> [text]}
 */
import { banded, figure, signed } from "./words.js";
import { COARSER, NG_PER_DOT, UM_PER_DOT, countsAt } from "./motes.js";

export const CELLS = [
  { id: "pyramidal", title: "Pyramidal", site: "synaptic" },
  { id: "pv", title: "PV", site: "tonic" },
  { id: "sst", title: "SST", site: "tonic" },
  { id: "vip", title: "VIP", site: "tonic" },
];

const percent = (share) => `${figure(100 * share)} %`;
const times = (value) => `× ${value.toFixed(value < 9.95 ? 1 : 0)}`;

/** NMDA current lost at a site of a cell, 0..1. */
export function lost(table, cell, site, t) {
  return Math.max(0, 1 - table.at(`nmda_${site}_${cell}`, t));
}

function cellPart({ id, title, site }) {
  return {
    id, title: `${title} ${id === "pyramidal" ? "cell" : "neuron"}`, stage: 2, row: "firing", receipts: [`rate_${id}`, `nmda_${site}_${id}`], off: [],
    lines: (table, t) => [
      `Fires at ${figure(table.at(`rate_${id}`, t), 3)} Hz, ${signed(100 * (table.relative(`rate_${id}`, t) - 1))} % against before${range(table, `rate_${id}`, t, "Hz")}.`,
      `NMDA current lost: ${percent(lost(table, id, "synaptic", t))} at synapses, ${percent(lost(table, id, "tonic", t))} tonic. The ring shows the ${site} site.`,
    ],
  };
}

function range(table, name, t, unit, decimals = 1) {
  if (!table.banded) return "";
  return `; 90 % of virtual patients ${table.at(name, t, "low").toFixed(decimals)} to ${table.at(name, t, "high").toFixed(decimals)} ${unit}`.replace(/-/g, "−");
}

export const PARTS = [
  {
    id: "vessel", title: "Blood", stage: 1, row: "blood", receipts: ["venous_ketamine"], off: [],
    lines: (table, t) => {
      const { vesselScale } = countsAt(table, t);
      return [
        `Ketamine ${figure(table.at("venous_ketamine", t), 3)} ng/mL, norketamine ${figure(table.at("venous_norketamine", t))}, hydroxynorketamine ${figure(table.at("venous_hydroxynorketamine", t))} ng/mL in venous plasma${range(table, "venous_ketamine", t, "ng/mL", 0)}.`,
        `One dot is ${figure(vesselScale)} ng/mL${vesselScale > NG_PER_DOT ? `, ${Math.round(vesselScale / NG_PER_DOT)} times coarser than usual` : ""}.`,
      ];
    },
  },
  {
    id: "tissue", title: "Brain tissue", stage: 1, row: "blood", receipts: ["brain_unbound_ketamine"], off: [],
    lines: (table, t) => {
      const { tissueScale } = countsAt(table, t);
      return [
        `Unbound ketamine ${figure(table.at("brain_unbound_ketamine", t))} µM${range(table, "brain_unbound_ketamine", t, "µM", 2)}.`,
        `One dot is ${figure(tissueScale)} µM${tissueScale > UM_PER_DOT ? `, ${COARSER} times coarser than usual` : ""}.`,
      ];
    },
  },
  ...CELLS.map(cellPart),
  {
    id: "inhibition", title: "Inhibition", stage: 2, row: "firing", receipts: ["inhibitory_conductance"], off: [],
    lines: (table, t) => [
      `Onto the soma ${percent(table.at("inhibitory_conductance", t) / table.before("inhibitory_conductance"))} of before, onto the tuft ${percent(tuft(table, t))} (SST firing times the strength of its synapses).`,
    ],
  },
  {
    id: "glutamate", title: "Glutamate", stage: 3, row: "signals", receipts: ["extracellular_glutamate"], off: ["disinhibition"],
    lines: (table, t) => [`Extracellular glutamate ${times(table.relative("extracellular_glutamate", t))} of before. Thirteen dots are the level before; each further dot is 3 %.`],
  },
  {
    id: "ampa", title: "AMPA receptors", stage: 3, row: "synapses", receipts: ["surface_ampar", "synaptic_strength"], off: ["potentiation"],
    lines: (table, t) => [`At the surface ${times(table.relative("surface_ampar", t))} of before. Three are the number before.`],
  },
  {
    id: "nmda", title: "NMDA receptors", stage: 3, row: "block", receipts: ["nmda_synaptic_pyramidal", "nmda_occupancy"], off: ["nmda"],
    lines: (table, t) => [`${percent(lost(table, "pyramidal", "synaptic", t))} of the synaptic current of pyramidal cells is blocked.`],
  },
  {
    id: "bdnf", title: "BDNF and TrkB", stage: 3, row: "signals", receipts: ["bdnf_extracellular", "p_trkb"], off: ["bdnf_release"],
    lines: (table, t) => [`BDNF ${times(table.relative("bdnf_extracellular", t))}, active TrkB ${times(table.relative("p_trkb", t))} of before. Six dots are the level before; each further dot is 10 %.`],
  },
  {
    id: "mtor", title: "mTORC1", stage: 3, row: "signals", receipts: ["mtorc1_activity"], off: ["mtorc1"],
    lines: (table, t) => [`Active share above rest ${percent(table.at("mtorc1_activity", t))}.`],
  },
  {
    id: "dendrite", title: "Dendrite", stage: 4, row: "synapses", receipts: ["spine_density"], off: ["spines"],
    lines: (table, t) => [
      `Spines ${signed(100 * (table.relative("spine_density", t) - 1), 1)} % against before, ${percent(table.at("spine_density", t))} of a healthy density${range(table, "spine_density", t, "of healthy", 2)}. One spine is 5 % of those before.`,
    ],
  },
  {
    id: "opioid", title: "Opioid path", stage: 5, row: "mood", receipts: ["mor_occupancy", "mu_tone"], off: ["opioid"],
    lines: (table, t) => [
      `Ketamine holds ${percent(Math.max(0, table.at("mor_occupancy", t) - table.at("mor_blockade", t)))} of µ receptors, a blocker ${percent(table.at("mor_blockade", t))}. Own opioid tone ${times(table.at("mu_tone", t))}.`,
    ],
  },
  {
    id: "mood", title: "Mood", stage: 5, row: "mood", receipts: ["madrs"], off: [],
    lines: (table, t) => [
      `MADRS ${figure(table.at("madrs", t), 2)} of 60, ${changeWords(table, t)} points against before.`,
    ],
  },
  {
    id: "dissociation", title: "Dissociation", stage: 5, row: "dissociation", receipts: ["cadss"], off: [],
    lines: (table, t) => [`CADSS ${figure(table.at("cadss", t))} of 92${range(table, "cadss", t, "points", 0)}.`],
  },
];

/** SST inhibition of the tuft over before. */
export function tuft(table, t) {
  return table.relative("rate_sst", t) * table.relative("sst_output", t) * table.relative("gaba_gain", t);
}

/** Change of MADRS with its band: "−16 (−21 to −11)". */
export function changeWords(table, t) {
  const before = table.before("madrs");
  const change = (layer) => table.at("madrs", t, layer) - before;
  return table.banded ? banded(change("middle"), change("low"), change("high")) : banded(change("middle"));
}
