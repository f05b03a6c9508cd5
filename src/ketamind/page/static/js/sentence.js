/** The sentence is the state: each underlined word is a control, and numbers can be dragged. */
import { h } from "./dom.js";
import { doseOf, routeOf } from "./explore-state.js";
import { ladder, outsideStudied, rung, WEIGHT_RANGE } from "./fields.js";
import { clamp } from "./words.js";

const PX_PER_STEP = 7;

export class Sentence {
  /** `onWord(field, anchor)` opens the control of a word. */
  constructor(element, context, onWord) {
    this.context = context;
    this.onWord = onWord;
    this.node = h("p", { class: "sentence" });
    element.append(this.node);
    this.words = {};
    this.#build();
  }

  #build() {
    const word = (field) => h("button", { class: "state", type: "button", "data-word": field, "aria-haspopup": "dialog", onclick: (event) => this.onWord(field, event.currentTarget) });
    for (const field of ["form", "route", "schedule", "patient", "besides", "mechanisms"]) this.words[field] = word(field);
    this.words.dose = this.#number("dose", "Dose", () => this.#doseScale());
    this.words.weight = this.#number("patient", "Weight", () => this.#weightScale());
    const { dose, form, route, schedule, weight, patient, besides, mechanisms } = this.words;
    this.extra = h("span", { class: "extra" }, ", taken with ", besides, "; ", mechanisms);
    this.node.append("Give ", dose, " ", form, " ", route, ", ", schedule, ", to ", "an adult of ", weight, " with ", patient, this.extra, ".");
    this.show();
  }

  show() {
    const { values } = this.context.state;
    const { catalogue } = this.context;
    const route = routeOf(values, catalogue);
    const dose = doseOf(values, catalogue);
    const who = catalogue.populations.find((p) => p.name === values.population) ?? catalogue.populations[0];
    const names = { ketamine: "racemic ketamine", esketamine: "S-ketamine", arketamine: "R-ketamine" };
    this.#say("dose", `${Number(dose.toPrecision(3))} ${route.unit}`);
    this.#say("form", names[values.drug] ?? values.drug);
    this.#say("route", route.minutes ? `${route.words} over ${values.minutes} min` : route.words);
    this.#say("schedule", values.schedule || "once");
    this.#say("weight", `${values.weight ?? who.weight_kg} kg`);
    this.#say("patient", who.label);
    const besides = catalogue.besides.filter((b) => values.besides.includes(b.drug)).map((b) => b.label);
    const off = catalogue.mechanisms.filter((m) => values.off.includes(m.name)).map((m) => m.label);
    this.#say("besides", besides.length ? besides.join(" and ") : "nothing else");
    this.#say("mechanisms", off.length ? `${off.length < 3 ? off.join(" and ") : `${off.length} mechanisms`} off` : "all mechanisms on");
    this.extra.classList.toggle("usual", !besides.length && !off.length);
    const outside = outsideStudied(values, catalogue);
    this.words.dose.classList.toggle("outside", outside);
    this.words.dose.title = outside ? "Outside the doses of the human studies known here" : "Drag to change";
    for (const word of [this.words.dose, this.words.weight]) this.#value(word);
  }

  #say(field, text) {
    if (this.words[field].textContent !== text) this.words[field].textContent = text;
  }

  #doseScale() {
    const { state, catalogue } = this.context;
    const steps = ladder(routeOf(state.values, catalogue));
    return { steps, at: rung(steps, doseOf(state.values, catalogue)), put: (i) => state.set({ dose: steps[i] }) };
  }

  #weightScale() {
    const { state, catalogue } = this.context;
    const who = catalogue.populations.find((p) => p.name === state.get("population")) ?? catalogue.populations[0];
    if (catalogue.fixed?.includes("weight")) return { steps: [who.weight_kg], at: 0, put: () => {} };
    const steps = Array.from({ length: WEIGHT_RANGE.high - WEIGHT_RANGE.low + 1 }, (_, i) => WEIGHT_RANGE.low + i);
    return { steps, at: rung(steps, state.get("weight") ?? who.weight_kg), put: (i) => state.set({ weight: steps[i] }) };
  }

  /** A number that is a slider: drag sideways, arrows, Page keys, Home and End; a plain click opens its control. */
  #number(field, name, scale) {
    const node = h("span", { class: "state", role: "slider", tabindex: 0, "aria-label": name, "data-word": field === "dose" ? "dose" : "weight" });
    node.scale = scale;
    let from = null;
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      from = { x: event.clientX, at: scale().at, moved: false };
    });
    node.addEventListener("pointermove", (event) => {
      if (!from) return;
      const { steps, put } = scale();
      const by = Math.trunc((event.clientX - from.x) / PX_PER_STEP);
      if (by || from.moved) {
        from.moved = true;
        put(clamp(from.at + by, 0, steps.length - 1));
      }
    });
    node.addEventListener("pointerup", () => {
      if (from && !from.moved) this.onWord(field, node);
      from = null;
    });
    node.addEventListener("keydown", (event) => {
      const { steps, at, put } = scale();
      const moves = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, PageUp: at + 10, PageDown: at - 10, Home: 0, End: steps.length - 1 };
      if (event.key === "Enter") this.onWord(field, node);
      else if (event.key in moves) put(clamp(moves[event.key], 0, steps.length - 1));
      else return;
      event.preventDefault();
    });
    return node;
  }

  #value(node) {
    const { steps, at } = node.scale();
    node.setAttribute("aria-valuemin", steps[0]);
    node.setAttribute("aria-valuemax", steps[steps.length - 1]);
    node.setAttribute("aria-valuenow", steps[at]);
    node.setAttribute("aria-valuetext", node.textContent);
  }
}
