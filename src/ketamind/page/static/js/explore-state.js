/** The fields of a setting, and the request that they make. */
import { list, number, optional, text } from "./state.js";

const MINUTE = 1 / 60;

/** Defaults: a finished run, 0.5 mg/kg over 40 min, seen at the end of the infusion. */
export const fields = {
  dose: optional(0, 10_000),
  route: text("iv"),
  drug: text("ketamine"),
  minutes: number(40, 1, 1440),
  schedule: text(""),
  population: text("trd"),
  weight: optional(2, 350),
  age: optional(0, 120),
  besides: list(),
  off: list(),
  days: number(14, 1, 366),
  axis: text("log"),
  t: number(40 * MINUTE, 0, 366 * 24),
};

/** The fields that make a new run when they change. */
export const SETTING = ["dose", "route", "drug", "minutes", "schedule", "population", "weight", "age", "besides", "off", "days"];

export function routeOf(values, catalogue) {
  return catalogue.routes.find((r) => r.route === values.route) ?? catalogue.routes[0];
}

/** The dose in words: what was chosen, or what is usual on this route. */
export function doseOf(values, catalogue) {
  return values.dose ?? routeOf(values, catalogue).usual;
}

/** The protocol in the grammar of the command line. */
export function protocolOf(values, catalogue) {
  const route = routeOf(values, catalogue);
  const over = route.minutes ? ` over ${values.minutes} min` : "";
  const often = values.schedule ? ` ${values.schedule}` : "";
  const main = `${doseOf(values, catalogue)} ${route.unit} ${values.drug} ${route.route}${over}${often}`;
  const besides = catalogue.besides.filter((b) => values.besides.includes(b.drug)).map((b) => b.words);
  return [...besides, main].join(" + ");
}

export function patientOf(values) {
  const pairs = [values.population, "setting=parallel"];
  if (values.weight !== null) pairs.push(`weight_kg=${values.weight}`);
  if (values.age !== null) pairs.push(`age=${values.age}`);
  return pairs.join(";");
}

/** The body of a request for a run. */
export function askedOf(state, catalogue) {
  const { values } = state;
  return { protocol: protocolOf(values, catalogue), patient: patientOf(values), without: [...values.off], days: values.days };
}
