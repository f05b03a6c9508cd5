/**
 * My data: a CSV is dropped, its columns are guessed and wait to be confirmed, then stand as points in the axes of the
 * model's curves, and a few parameters can be fitted. The table goes to this machine's own server and is not kept there.
 */
import { h, say } from "./dom.js";
import { exportsOf, instead, link, number, numbers } from "./kit.js";
import { label } from "./listen.js";
import { words as timeWords } from "./timeaxis.js";
import { figure, minus } from "./words.js";

const LARGEST = 8_000_000;
const STAGES = { venous: "blood", madrs: "mood", hamd17: "mood", cadss: "mood", power: "circuit" };
const EXAMPLE = "person,time (h),ketamine (ng/mL),MADRS\np1,0,,34\np1,0.67,180,31\np1,2,55,24\np1,24,,18\np1,168,,26\n";

let view = null;

export function mount(element, context) {
  view = new MyData(element, context);
}

export function unmount() {
  view?.destroy();
  view = null;
}

export const exports = () => (view?.shown ? view.exports() : []);

class MyData {
  constructor(element, context) {
    this.context = context;
    this.charts = [];
    this.input = h("input", { type: "file", accept: ".csv,.txt,.tsv,text/csv", class: "visually-hidden", id: "csv-file" });
    this.input.addEventListener("change", () => this.#take(this.input.files[0]));
    this.problem = h("div", { class: "refusal", role: "alert", hidden: true });
    this.zone = h("label", { class: "drop", for: "csv-file" }, h("b", {}, "Drop a CSV here, or choose a file"), h("span", { class: "second" }, "Concentrations, MADRS or EEG band power over time, up to 8 MB and 100,000 rows. Nothing leaves this machine, and nothing is kept."), this.input);
    for (const event of ["dragenter", "dragover"]) this.zone.addEventListener(event, (e) => { e.preventDefault(); this.zone.classList.add("over"); });
    for (const event of ["dragleave", "drop"]) this.zone.addEventListener(event, () => this.zone.classList.remove("over"));
    this.zone.addEventListener("drop", (e) => { e.preventDefault(); this.#take(e.dataTransfer.files[0]); });
    this.columnsNode = h("section", { class: "columns", "aria-label": "Columns", hidden: true });
    this.resultNode = h("section", { class: "my-results", "aria-label": "Own points beside the model" });
    const example = link("Try an example", () => this.#read(EXAMPLE, "made-up example"));
    element.append(h("div", { class: "my-head" }, h("h1", { class: "headline" }, "Does it fit what you measured?"), example), this.zone, this.problem, this.columnsNode, this.resultNode);
    this.stop = context.state.subscribe(null, () => { if (this.shown && this.confirmed) this.#overlay(); });
  }

  destroy() {
    this.stop();
    this.charts.forEach((c) => c.destroy());
  }

  async #take(file) {
    if (!file) return;
    this.input.value = "";
    if (file.size > LARGEST) return this.#refuse(`'${file.name.slice(0, 60)}' is ${(file.size / 1e6).toFixed(0)} MB; at most 8 MB (100,000 rows) are taken. Average or thin the table first.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    try {
      await this.#read(new TextDecoder("utf-8", { fatal: true }).decode(bytes), file.name);
    } catch (problem) {
      this.#refuse(problem instanceof TypeError ? "This is not UTF-8 text. Save the table as CSV in UTF-8." : problem.message);
    }
  }

  #refuse(words) {
    this.problem.replaceChildren(h("b", {}, "The file was refused. "), words);
    this.problem.hidden = false;
    this.context.announce(words);
  }

  async #read(csv, name) {
    this.problem.hidden = true;
    this.confirmed = false;
    try {
      this.table = await this.context.api.postBytes("api/mydata/read", csv, "text/csv");
    } catch (problem) {
      return this.#refuse(problem.message);
    }
    this.csv = csv;
    this.name = name;
    this.resultNode.replaceChildren();
    this.shown = null;
    this.#drawColumns();
  }

  #drawColumns() {
    const { columns, first, roles, units, rows } = this.table;
    this.choices = columns.map((c, i) => {
      const role = h("select", { class: "select", "aria-label": `What column ${i + 1}, ${c.name}, is` }, ...Object.entries(roles).map(([value, words]) => h("option", { value }, words)));
      const unit = h("select", { class: "select", "aria-label": `Unit of column ${i + 1}, ${c.name}` });
      const fill = (chosen) => {
        const allowed = units[role.value] ?? [];
        unit.replaceChildren(...(allowed.length > 1 && !allowed.includes(chosen) ? [h("option", { value: "" }, "which unit?")] : []), ...allowed.map((u) => h("option", { value: u }, shownUnit(u))));
        unit.value = allowed.includes(chosen) ? chosen : "";
        unit.hidden = !allowed.length;
        unit.classList.toggle("asked", allowed.length > 0 && !unit.value);
      };
      role.value = c.role;
      role.addEventListener("change", () => fill(""));
      unit.addEventListener("change", () => unit.classList.toggle("asked", !unit.value));
      fill(c.unit);
      return { role, unit };
    });
    const head = h("tr", {}, ...columns.map((c, i) => h("th", { scope: "col" }, h("span", { class: "column-name" }, c.name || `column ${i + 1}`), this.choices[i].role, this.choices[i].unit)));
    const body = first.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))));
    this.wrong = h("p", { class: "warning", role: "alert", hidden: true });
    this.columnsNode.hidden = false;
    this.columnsNode.replaceChildren(h("div", { class: "chart-head" }, h("h2", {}, "What the columns are"), h("span", { class: "caption" }, `${this.name}: ${rows} rows; the first ${first.length} are shown`)),
      h("p", { class: "second" }, "These are guesses. Change what is wrong, then confirm."),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "First rows" }, h("table", { class: "columns-table" }, h("thead", {}, head), h("tbody", {}, ...body))),
      this.wrong, h("div", { class: "buttons" }, link("Confirm and overlay", () => this.#confirm(), { class: "button primary" })));
    this.columnsNode.querySelector("select").focus({ preventScroll: true });
  }

  #asked() {
    return { csv: this.csv, columns: this.choices.map(({ role, unit }) => ({ role: role.value, unit: unit.value })), asked: this.context.asked() };
  }

  async #confirm() {
    this.confirmed = true;
    await this.#overlay();
  }

  async #overlay() {
    try {
      this.shown = await this.context.api.postJson("api/mydata/overlay", this.#asked());
      this.wrong.hidden = true;
      this.#draw();
    } catch (problem) {
      this.wrong.textContent = problem.message;
      this.wrong.hidden = false;
      this.confirmed = Boolean(this.shown);
    }
  }

  #draw() {
    this.charts.forEach((c) => c.destroy());
    this.charts = [];
    const fitButton = link("Fit this person's numbers", () => this.#fit(fitButton), { class: "button primary" });
    this.fitPlace = h("div", { class: "fit" });
    const plots = this.shown.series.map((one) => this.#series(one));
    this.resultNode.replaceChildren(
      h("div", { class: "chart-head" }, h("h2", {}, "Own points in the model's axes"), h("span", { class: "second" }, "Model: the typical patient under ", h("button", { class: "plain word", type: "button", onclick: () => this.context.goTo("explore") }, this.context.asked().protocol))),
      h("div", { class: "my-plots" }, ...plots.map((p) => p.node)), h("div", { class: "buttons" }, fitButton), this.fitPlace);
    plots.forEach((p) => p.draw());
  }

  #series(one, ghost = null) {
    const colour = STAGES[one.observable.split("_")[0]] ?? "ink";
    const place = h("div", { class: "plot" });
    const apart = one.apart === null ? "no point after time 0" : one.apart_is === "ratio" ? `measured × ${figure(one.apart)} of the model, on average` : `measured ${minus(figure(one.apart))} points from the model, on average`;
    const rows = one.points.time_h.slice(0, 200).map((t, i) => [timeWords(t), one.points.person[i] || "–", figure(one.points.value[i], 3)]);
    const node = h("figure", { class: "my-plot" }, h("figcaption", {}, h("b", {}, capital(one.label)), h("span", { class: "caption" }, `${shownUnit(one.unit)} · ${one.all_points} points, ${one.people} ${one.people === 1 ? "person" : "people"}`)), place, h("p", { class: "second" }, apart), numbers(`${one.label}, own points`, ["time", "person", shownUnit(one.unit)], rows));
    const draw = () => {
      const all = [...one.curve, ...one.points.value, ...(ghost ?? [])].filter(Number.isFinite);
      const points = one.points.time_h.slice(0, 400).map((t, i) => ({ x: t, y: one.points.value[i], title: `${figure(one.points.value[i], 3)} ${shownUnit(one.unit)}`, detail: `${one.points.person[i] ? `${one.points.person[i]}, ` : ""}${timeWords(t)}` }));
      const chart = this.context.lineChart(place, {
        height: 200, x: { kind: "time", last: one.times_h.at(-1) }, y: { min: Math.min(0, ...all), max: Math.max(...all) * 1.05 },
        series: [{ label: "model", colour, width: 2, x: one.times_h, y: one.curve, labelAt: 0.7 }], ghost: ghost ? [{ x: one.times_h, y: ghost }] : [], points,
        name: `${one.label}: the model's curve with ${one.all_points} own points. ${apart}.`,
      });
      one.svg = chart.svg;
      this.charts.push(chart);
    };
    return { node, draw };
  }

  async #fit(button) {
    button.disabled = true;
    say(button, "Fitting …");
    try {
      const before = new Map(this.shown.series.map((one) => [one.observable, one.curve]));
      const found = await this.context.api.postJson("api/mydata/fit", this.#asked());
      this.shown = found;
      this.charts.forEach((c) => c.destroy());
      this.charts = [];
      const plots = found.series.map((one) => this.#series(one, before.get(one.observable)));
      this.resultNode.querySelector(".my-plots").replaceChildren(...plots.map((p) => p.node));
      plots.forEach((p) => p.draw());
      this.#tellFit(found);
      say(button, "Fit again");
    } catch (problem) {
      this.fitPlace.replaceChildren(instead(problem.message));
      say(button, "Fit this person's numbers");
    }
    button.disabled = false;
  }

  #tellFit(found) {
    const rows = found.fitted.map((f) => h("tr", {}, h("th", { scope: "row" }, f.what), h("td", {}, number(minus(figure(f.usual, 3)), f.parameters[0], this.context)), h("td", {}, h("b", {}, minus(figure(f.value, 3)))), h("td", {}, `× ${figure(f.factor)} (${figure(f.low)} to ${figure(f.high)})`), h("td", {}, f.at_limit ? "at the end of its range" : f.identified ? "told by the data" : "hardly told by the data")));
    this.fitPlace.replaceChildren(h("h2", {}, "What was fitted"),
      h("p", { class: "second" }, `${found.points} points, all taken as one person; least squares of log ratios for concentrations and of points for scales. Misfit ${figure(found.misfit_before, 3)} before, ${figure(found.misfit_after, 3)} after. Dashed: the typical patient.`),
      h("div", { class: "scroll" }, h("table", { class: "beside-table fitted" }, h("thead", {}, h("tr", {}, ...["number", "usual", "fitted", "factor, 95 %", ""].map((t) => h("th", { scope: "col" }, t)))), h("tbody", {}, ...rows))));
    this.fitPlace.scrollIntoView({ block: "nearest" });
    this.context.announce(`Fitted: ${found.fitted.map((f) => `${f.what} times ${figure(f.factor)}`).join("; ")}`);
  }

  exports() {
    const rows = () => [["observable", "time [h]", "person", "measured", "unit"], ...this.shown.series.flatMap((one) => one.points.time_h.map((t, i) => [label(one.observable), t, one.points.person[i], one.points.value[i], one.unit]))];
    return exportsOf({
      name: "mydata", context: this.context, title: () => "Own points beside the model", rows,
      figures: () => this.shown.series.map((one) => ({ title: capital(one.label), svg: one.svg })),
      wanted: () => ({ view: "mydata", asked: { ...this.context.asked(), values: this.shown.values ?? {} }, observe: this.shown.series.map((one) => one.observable) }),
    });
  }
}

function shownUnit(unit) {
  return unit.replace("uM", "µM").replace("ug", "µg").replace("uV2", "µV²");
}

function capital(words) {
  return words[0].toUpperCase() + words.slice(1);
}
