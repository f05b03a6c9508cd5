/** The controls of a setting: dose, route, form, schedule, patient, co-medication, mechanisms. One node each. */
import { h } from "./dom.js";
import { doseOf, routeOf } from "./explore-state.js";
import { figure } from "./words.js";

const MULTIPLES = [1, 1.2, 1.5, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 9];
const DAYS = [[1, "1 day"], [3, "3 days"], [7, "1 week"], [14, "2 weeks"], [28, "4 weeks"], [56, "8 weeks"], [182, "26 weeks"]];
const FEW = 2;
const WEIGHTS = { low: 40, high: 150 };

/** The doses that a slider stops at: even steps, or about eighteen a decade. */
export function ladder(route) {
  const found = new Set([route.usual]);
  if (route.step) for (let k = 1; k * route.step <= route.high + 1e-9; k++) found.add(Number((k * route.step).toPrecision(6)));
  else {
    for (let e = Math.floor(Math.log10(route.low)); e <= Math.log10(route.high); e++) {
      for (const m of MULTIPLES) found.add(Number((m * 10 ** e).toPrecision(6)));
    }
  }
  return [...found].filter((v) => v >= route.low - 1e-9 && v <= route.high + 1e-9).sort((a, b) => a - b);
}

/** The rung nearest to a dose. */
export function rung(steps, dose) {
  return steps.reduce((best, v, i) => (Math.abs(Math.log(v / dose)) < Math.abs(Math.log(steps[best] / dose)) ? i : best), 0);
}

/** What people have been given: the range of the shipped human experiments, or null. */
export function studiedRange(values, catalogue) {
  const route = routeOf(values, catalogue);
  return catalogue.studied[`${values.drug} ${route.route} ${route.unit}`] ?? null;
}

export function outsideStudied(values, catalogue) {
  const range = studiedRange(values, catalogue);
  const dose = doseOf(values, catalogue);
  return !range || dose < range[0] * 0.999 || dose > range[1] * 1.001;
}

export class Fields {
  constructor(context) {
    this.state = context.state;
    this.catalogue = context.catalogue;
    this.openReceipt = context.openReceipt;
    this.nodes = {
      dose: this.#dose(), route: this.#route(), form: this.#form(), schedule: this.#schedule(),
      patient: this.#patient(), besides: this.#besides(), mechanisms: this.#mechanisms(),
    };
    this.#fix();
    this.show();
  }

  /** What the static edition cannot change is shown, and cannot be moved. */
  #fix() {
    const fixed = this.catalogue.fixed ?? [];
    const inputs = { weight: "[data-key=weight]", age: "[data-key=age]", minutes: ".minutes input", days: "[data-key=days]" };
    for (const name of fixed) for (const node of Object.values(this.nodes)) node.querySelectorAll(inputs[name]).forEach((input) => { input.disabled = true; });
  }

  /** Show the present state in every control. */
  show() {
    for (const update of this.updates ?? []) update(this.state.values);
  }

  /** What each mechanism carries: shares of the mood effect that are lost without it. */
  showLinks(links) {
    for (const [name, row] of this.rows) {
      const share = links?.lost?.[name];
      const off = this.state.get("off").includes(name);
      row.share.textContent = off ? "off" : share === undefined ? "" : `${Math.round(100 * share) || 0} %`.replace("-", "−");
      row.bar.style.width = off || share === undefined ? "0" : `${Math.min(100, Math.max(0, 100 * share))}%`;
    }
  }

  #watch(update) {
    this.updates = [...(this.updates ?? []), update];
  }

  #dose() {
    const slider = h("input", { class: "slider", type: "range", min: 0, step: 1, "aria-label": "Dose" });
    const value = h("b", {});
    const [low, high] = [h("span", {}), h("span", {})];
    const warning = h("p", { class: "warning", hidden: true });
    slider.addEventListener("input", () => this.state.set({ dose: this.steps[Number(slider.value)] }));
    this.#watch((values) => {
      const route = routeOf(values, this.catalogue);
      const dose = doseOf(values, this.catalogue);
      this.steps = ladder(route);
      slider.max = this.steps.length - 1;
      slider.value = rung(this.steps, dose);
      slider.setAttribute("aria-valuetext", `${figure(dose)} ${route.unit}`);
      value.textContent = `${dose < 10 ? dose.toFixed(2) : figure(dose, 3)} ${route.unit}`;
      low.textContent = String(this.steps[0]);
      high.textContent = String(this.steps[this.steps.length - 1]);
      const range = studiedRange(values, this.catalogue);
      warning.hidden = !outsideStudied(values, this.catalogue);
      warning.textContent = range ? `Outside what was given in the human studies known here: ${figure(range[0])} to ${figure(range[1])} ${route.unit}.` : "No human study of this form and route is known here.";
    });
    return h("div", { class: "field", "data-field": "dose" }, h("p", { class: "name" }, "Dose", value), slider, h("div", { class: "scale", "aria-hidden": "true" }, low, high), warning);
  }

  #choices(name, legend, options, key, change) {
    const inputs = options.map((o) => h("input", { type: "radio", name, value: o.value }));
    inputs.forEach((input) => input.addEventListener("change", () => this.state.set(change(input.value))));
    this.#watch((values) => inputs.forEach((input) => { input.checked = input.value === values[key]; }));
    return h("fieldset", { class: "field bare", "data-field": name }, h("legend", { class: "name" }, legend),
      h("div", { class: `choices ${options.length === 1 ? "one" : options.length % 3 ? "two" : ""}` }, ...options.map((o, i) => h("label", { title: o.title }, inputs[i], o.label))));
  }

  #route() {
    const options = this.catalogue.routes.map((r) => ({ value: r.route, label: r.label, title: r.words }));
    const node = this.#choices("route", "Route", options, "route", (route) => ({ route, dose: null }));
    const minutes = h("input", { type: "number", min: 1, max: 1440, step: 1 });
    const label = h("label", { class: "minutes" }, "over", minutes, "min");
    minutes.addEventListener("change", () => this.state.set({ minutes: this.state.fields.minutes.read(minutes.value) }));
    this.#watch((values) => {
      label.hidden = !routeOf(values, this.catalogue).minutes;
      minutes.value = values.minutes;
    });
    node.querySelector("legend").append(label);
    return node;
  }

  #form() {
    return this.#choices("form", "Form", this.catalogue.forms.map((f) => ({ value: f.drug, label: f.label })), "drug", (drug) => ({ drug }));
  }

  #schedule() {
    const options = this.catalogue.schedules.map((s) => ({ value: s.words, label: s.label, title: s.words || "once" }));
    const node = this.#choices("schedule", "Schedule", options, "schedule", (schedule) => ({ schedule, days: schedule ? Math.max(56, this.state.get("days")) : this.state.get("days") }));
    const days = h("select", { class: "select", "aria-label": "Followed for", "data-key": "days" }, ...DAYS.map(([d, words]) => h("option", { value: d }, `followed for ${words}`)));
    days.addEventListener("change", () => this.state.set({ days: Number(days.value), t: Math.min(this.state.get("t"), Number(days.value) * 24) }));
    this.#watch((values) => {
      if (![...days.options].some((o) => Number(o.value) === values.days)) days.append(h("option", { value: values.days }, `followed for ${values.days} days`));
      days.value = String(values.days);
    });
    node.append(days);
    return node;
  }

  #patient() {
    const choice = h("select", { class: "select", "aria-label": "Patient" }, ...this.catalogue.populations.map((p) => h("option", { value: p.name }, `${p.label[0].toUpperCase()}${p.label.slice(1)}`)));
    choice.addEventListener("change", () => this.state.set({ population: choice.value, weight: null, age: null }));
    const number = (key, low, high) => {
      const input = h("input", { type: "number", min: low, max: high, step: 1, "data-key": key });
      input.addEventListener("change", () => this.state.set({ [key]: this.state.fields[key].read(input.value) }));
      return input;
    };
    const [weight, age] = [number("weight", ...this.catalogue.ranges.weight_kg), number("age", ...this.catalogue.ranges.age)];
    const shown = h("b", {});
    this.#watch((values) => {
      const who = this.catalogue.populations.find((p) => p.name === values.population) ?? this.catalogue.populations[0];
      choice.value = who.name;
      weight.value = values.weight ?? who.weight_kg;
      age.value = values.age ?? who.age;
      shown.textContent = `${weight.value} kg`;
    });
    return h("div", { class: "field", "data-field": "patient" }, h("p", { class: "name" }, "Patient", shown), choice,
      h("div", { class: "pair" }, h("label", {}, "weight, kg", weight), h("label", {}, "age, years", age)));
  }

  #besides() {
    const chips = this.catalogue.besides.map((b) => {
      const chip = h("button", { class: "chip", type: "button", "aria-pressed": "false", title: b.words }, b.label);
      chip.addEventListener("click", () => this.state.set({ besides: toggled(this.state.get("besides"), b.drug) }));
      this.#watch((values) => chip.setAttribute("aria-pressed", String(values.besides.includes(b.drug))));
      return chip;
    });
    chips.forEach((chip, i) => { chip.hidden = i >= FEW && !this.state.get("besides").includes(this.catalogue.besides[i].drug); });
    const other = h("button", { class: "chip", type: "button", "aria-expanded": "false" }, "+ other");
    other.addEventListener("click", () => {
      for (const chip of chips) chip.hidden = false;
      other.remove();
    });
    chips.push(other);
    return h("div", { class: "field", "data-field": "besides", role: "group", "aria-label": "Taken with it" }, h("p", { class: "name" }, "Taken with it"), h("div", { class: "chips" }, ...chips));
  }

  #mechanisms() {
    this.rows = new Map();
    const items = this.catalogue.mechanisms.map((m) => {
      const input = h("input", { class: "switch", type: "checkbox", role: "switch", "aria-label": `${m.label}: ${m.does}` });
      input.addEventListener("change", () => this.state.set({ off: toggled(this.state.get("off"), m.name) }));
      const guess = m.guessed.length ? h("span", { class: "guess", title: "rests on guessed numbers" }, " ○") : null;
      const label = h("button", { class: "label", type: "button", title: `${m.does}${guess ? ". Rests on guessed numbers." : ""}`, onclick: () => this.openReceipt(m.name, label) }, m.label, guess);
      const [bar, share] = [h("i", {}), h("span", { class: "share" })];
      const item = h("li", { vars: { "--tone": `var(--${m.stage})` } }, input, label, h("span", { class: "bar", "aria-hidden": "true" }, bar), share);
      this.#watch((values) => {
        input.checked = !values.off.includes(m.name);
        item.classList.toggle("is-off", !input.checked);
      });
      this.rows.set(m.name, { bar, share });
      return item;
    });
    return h("div", { class: "mechanisms", "data-field": "mechanisms" }, h("p", { class: "name" }, "Mechanisms", h("span", {}, "lost at 24 h without it")), h("ul", {}, ...items),
      h("p", { class: "caption" }, "○ rests on guessed numbers. Shares do not add up: links lie in a row."));
  }
}

function toggled(values, name) {
  return values.includes(name) ? values.filter((v) => v !== name) : [...values, name];
}

export const WEIGHT_RANGE = WEIGHTS;
