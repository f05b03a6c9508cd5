/**
 * The sentence under the clock: at most sixty signs, from rules over the run, the first that applies.
 * It names the stage, and what has not happened yet.
 */

const GONE = 0.05;
const HALF = 0.5;
const RAISED = 1.2;
const GROWN = 1.01;
const NEAR_PEAK = 0.85;
const OUT = 0.5;
const RELIEF = 1;

export function sentence(table, t) {
  const relief = table.before("madrs") - table.at("madrs", t);
  const mostRelief = table.before("madrs") - table.peak("madrs", -1).value;
  const drug = share(table, "brain_unbound_ketamine", t);
  const given = table.peak("brain_unbound_ketamine").value > 0;
  const grown = table.relative("spine_density", t) > GROWN;
  const rules = [
    [() => table.at("loss_of_responsiveness", t) > OUT, "Anaesthesia: the person does not respond."],
    [() => !given && t === 0, "Before. Nothing has been given."],
    [() => !given, mostRelief > RELIEF ? "No ketamine: what moves is care and expectancy." : "No ketamine was given."],
    [() => t === 0, "Before. The drug has not reached the brain."],
    [() => drug >= NEAR_PEAK, relief > mostRelief * HALF && mostRelief > RELIEF ? "Block peaks; relief is already under way." : "Block peaks; mood has barely moved."],
    [() => gain(table, "extracellular_glutamate", t) >= NEAR_PEAK && drug > GONE, grown ? "Glutamate is high again; spines have grown already." : "Glutamate is at its peak; spines have not grown."],
    [() => table.at("bdnf_extracellular", t) / table.before("bdnf_extracellular") > RAISED, grown ? "BDNF is up again; spines have grown already." : "BDNF is up; new spines are still to come."],
    [() => drug < GONE && rising(table, "spine_density", t), "The drug is nearly gone; spines are still growing."],
    [() => drug < GONE && relief > mostRelief * HALF && mostRelief > RELIEF, "The drug is gone; more than half the relief stays."],
    [() => drug < GONE && relief > RELIEF, "Relief has fallen below half its peak."],
    [() => drug < GONE, "Back to before."],
  ];
  return rules.find(([applies]) => applies())?.[1] ?? "The drug is leaving the brain.";
}

/** Over the run's own peak, 0..1. */
export function share(table, name, t) {
  const peak = table.peak(name).value;
  return peak > 0 ? table.at(name, t) / peak : 0;
}

/** Rise over before, as a share of the largest rise of the run, 0..1. */
export function gain(table, name, t) {
  const before = table.before(name);
  const most = table.peak(name).value - before;
  return most > 1e-6 ? Math.max(0, (table.at(name, t) - before) / most) : 0;
}

function rising(table, name, t) {
  return table.at(name, t * 1.1) - table.at(name, t) > 1e-5 && table.at(name, t) > table.before(name) + 1e-4;
}
